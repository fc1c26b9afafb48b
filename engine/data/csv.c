/* Datasets from CSV files: options are checked, tables become x and y. Reading is in csv_lines.c
 * and csv_rows.c. */
#include <inttypes.h>

#include "engine/base/memory.h"
#include "engine/data/csv_file.h"

/* An open file and what is to come of it. */
typedef struct table {
    dg_csv_file file;
    dg_tensor x, y;
} table;

static dg_status check_options(const dg_csv_options *options)
{
    if (!options->images) return dg_error(DG_INVALID, "csv: expected the path of a file");
    if (options->labels && options->label_column)
        return dg_error(DG_INVALID,
                        "csv: labels come from a file or from label_column = %" PRId64 ", not both",
                        options->label_column);
    if (options->label_column < 0)
        return dg_error(DG_INVALID, "csv: label_column counts from 1, found %" PRId64,
                        options->label_column);
    if (options->dtype_given && options->dtype == DG_INT32)
        return dg_error(DG_INVALID, "csv: dtype must be \"uint8\" or \"float32\", found \"int32\"");
    return DG_OK;
}

/* The shape of x: rows, then the shape of a row that was asked for, or its values. */
static dg_status find_shape(const dg_csv_file *file, const dg_csv_options *options, int64_t room,
                            int *axes, int64_t *shape)
{
    char text[128];
    int64_t width = file->columns - (options->label_column > 0), product = 1;
    if (options->label_column > file->columns)
        return dg_error(DG_INVALID,
                        "csv: label_column = %" PRId64 ", but %s has %" PRId64 " values a line",
                        options->label_column, file->path, file->columns);
    if (width == 0)
        return dg_error(DG_INVALID,
                        "csv: %s has one value a line: with label_column = 1, nothing "
                        "is left to learn from",
                        file->path);
    shape[0] = room;
    *axes = options->axes > 0 ? options->axes + 1 : 2;
    if (options->axes == 0) {
        shape[1] = width;
        return DG_OK;
    }
    if (options->axes >= DG_MAX_AXES)
        return dg_error(DG_INVALID, "csv: shape has %d axes, expected at most %d", options->axes,
                        DG_MAX_AXES - 1);
    bool fits = true;
    for (int i = 0; i < options->axes; i++) {
        shape[i + 1] = options->shape[i];
        fits = fits && shape[i + 1] > 0 && !__builtin_mul_overflow(product, shape[i + 1], &product);
    }
    if (fits && product == width) return DG_OK;
    return dg_error(
        DG_INVALID, "csv: shape = %s does not fit the %" PRId64 " values a line of %s%s",
        dg_shape_text(options->axes, options->shape, text, sizeof text), width, file->path,
        fits && product == width - 1 ? " (is one the label? say label_column = 1)" : "");
}

/* How many rows there is room to be made for: lines that are too short to hold the columns could
 * ask for more memory than the file has bytes, but a row takes two bytes a value at least. Where
 * rows do not fit, one before them is too short, and is found before it matters. */
static int64_t find_room(const dg_csv_file *file)
{
    int64_t most = (file->end - file->begin + 1) / (2 * file->columns) + 1;
    return file->rows < most ? file->rows : most;
}

/* y of the column that was read: labels or numbers, as its fields were written or as asked for. */
static dg_status make_y(table *t, dg_csv_target *target)
{
    int64_t rows = t->file.rows;
    if (target->as == DG_TARGET_BY_TYPE)
        target->as = target->fractions ? DG_TARGET_NUMBERS : DG_TARGET_LABELS;
    bool numbers = target->as == DG_TARGET_NUMBERS, fit = true;
    DG_TRY(dg_tensor_new(&t->y, numbers ? DG_FLOAT32 : DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows && fit; row++) {
        double value = target->targets[row];
        fit = numbers || (value >= INT32_MIN && value <= INT32_MAX);
        if (numbers)
            dg_floats(&t->y)[row] = (float)value;
        else if (fit)
            dg_int32s(&t->y)[row] = (int32_t)value;
    }
    if (fit) return DG_OK;
    return dg_csv_fill(&t->file, target); /* fails now, with a message that names the line */
}

static dg_status read_table(table *t, const dg_csv_options *options, bool only_labels,
                            const dg_job *job)
{
    const char *path = only_labels ? options->labels : options->images;
    dg_csv_target target = { .dtype = options->dtype_given ? options->dtype : DG_UINT8,
                             .label_column = only_labels ? 1 : options->label_column,
                             .as = options->target };
    int64_t shape[DG_MAX_AXES + 1];
    int axes;
    t->file.max_line = options->max_line;
    DG_TRY(dg_csv_open(&t->file, path, options->header, job));
    if (only_labels && t->file.columns != 1)
        return dg_error(DG_FORMAT, "%s:1: %" PRId64 " values, expected one label a line", path,
                        t->file.columns);
    if (!only_labels) DG_TRY(find_shape(&t->file, options, 0, &axes, shape));
    DG_TRY(dg_csv_cut(&t->file));
    target.room = shape[0] = find_room(&t->file);
    if (!only_labels) {
        DG_TRY(dg_tensor_new(&t->x, target.dtype, axes, shape));
        target.x = t->x.data;
    }
    if (!target.label_column) return dg_csv_fill(&t->file, &target);
    double *targets;
    DG_TRY(dg_alloc(&targets, target.room, sizeof *targets));
    target.targets = targets;
    dg_status status = dg_csv_fill(&t->file, &target);
    if (status == DG_OK) status = make_y(t, &target);
    dg_free(targets);
    return status;
}

dg_status dg_csv_read(const dg_dataset **out, const dg_csv_options *options, const dg_job *job)
{
    *out = NULL;
    DG_TRY(check_options(options));
    table images = { .file.descriptor = -1 }, labels = { .file.descriptor = -1 };
    dg_status status = read_table(&images, options, false, job);
    if (status == DG_OK && options->labels) status = read_table(&labels, options, true, job);
    if (status == DG_OK && options->labels && labels.file.rows != images.file.rows)
        status = dg_error(DG_FORMAT, "%s has %" PRId64 " labels, %s has %" PRId64 " rows",
                          options->labels, labels.file.rows, options->images, images.file.rows);
    const dg_tensor *y = options->labels ? &labels.y : options->label_column ? &images.y : NULL;
    if (status == DG_OK) status = dg_dataset_new(out, &images.x, y, 0, NULL);
    dg_csv_close(&images.file);
    dg_csv_close(&labels.file);
    dg_tensor_release(&images.x);
    dg_tensor_release(&images.y);
    dg_tensor_release(&labels.y);
    return status;
}
