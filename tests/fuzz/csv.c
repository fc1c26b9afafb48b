/* libFuzzer: CSV files of bytes or floats, with a label column, a header, or neither. */
#define ENDING ".csv"
#include "tests/fuzz/target.h"

#include "engine/data/formats/csv.h"

static void fuzz_file(const char *path)
{
    for (int way = 0; way < 4; way++) {
        const dg_dataset *set = NULL;
        dg_csv_options options = { .images = path,
                                   .labels = way == 3 ? path : NULL,
                                   .label_column = way == 1,
                                   .dtype = way & 1 };
        if (way % 3) options.header = (dg_value){ .type = DG_VALUE_BOOL, .boolean = way % 3 == 1 };
        dg_job job = { .threads = 1 };
        dg_status status = dg_format_read(&set, &dg_csv, &options, &(dg_dataset_fields){ 0 }, &job);
        check_refusal(status, path);
        if (status == DG_OK) dg_dataset_release(set);
    }
}
