/* For tests: CSV files of a few bytes or many, read with some options. */
#include "tests/engine/csv_texts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

const dg_csv_options plain = { 0 };
const dg_csv_options as_float = { .dtype = 1 };
const dg_csv_options with_header = { .header = { .type = DG_VALUE_BOOL, .boolean = true } };
const dg_csv_options without_header = { .header = { .type = DG_VALUE_BOOL, .boolean = false } };

dg_status read_path(const dg_dataset **out, dg_csv_options options)
{
    return dg_format_read(out, &dg_csv, &options, &(dg_dataset_fields){ 0 }, NULL);
}

dg_status read_shaped(const dg_dataset **out, const char *text, dg_csv_options options,
                      dg_ints shape)
{
    options.images = scratch_path("x.csv");
    scratch_write(options.images, text, strlen(text));
    return dg_format_read(out, &dg_csv, &options, &(dg_dataset_fields){ .shape = shape }, NULL);
}

dg_status read_bytes(const dg_dataset **out, const char *bytes, size_t size, dg_csv_options options)
{
    const char *path = scratch_path("x.csv");
    scratch_write(path, bytes, size);
    options.images = path;
    return read_path(out, options);
}

void expect_values(const char *text, dg_csv_options options, int64_t rows, int64_t columns,
                   const double *values)
{
    const dg_dataset *set;
    assert_ok(read_bytes(&set, text, strlen(text), options));
    assert_int_equal(set->x.axes, 2);
    assert_int_equal(set->x.shape[0], rows);
    assert_int_equal(set->x.shape[1], columns);
    for (int64_t i = 0; i < rows * columns; i++) {
        double found = set->x.dtype == DG_UINT8 ? dg_bytes(&set->x)[i] : dg_floats(&set->x)[i];
        assert_true(found == values[i] || (isnan(found) && isnan(values[i])));
    }
    dg_dataset_release(set);
}

void refuse_bytes(const char *bytes, size_t size, dg_csv_options options, const char *words)
{
    const dg_dataset *set;
    char whole[512];
    dg_status status = read_bytes(&set, bytes, size, options);
    snprintf(whole, sizeof whole, "%s%s", scratch_path("x.csv"), words);
    assert_fails_with(status, DG_FORMAT, whole);
    assert_null(set);
}

void refuse(const char *text, const char *words)
{
    refuse_bytes(text, strlen(text), (dg_csv_options){ 0 }, words);
}
