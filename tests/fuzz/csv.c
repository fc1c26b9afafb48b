/* libFuzzer: CSV files of bytes or floats, with a label column, a header, or neither. */
#define ENDING ".csv"
#include "tests/fuzz/target.h"

#include "engine/data/dataset.h"

static void fuzz_file(const char *path)
{
    for (int way = 0; way < 4; way++) {
        const dg_dataset *set = NULL;
        dg_csv_options options = { .images = path,
                                   .labels = way == 3 ? path : NULL,
                                   .label_column = way == 1,
                                   .header = (dg_header)(way % 3),
                                   .dtype = way & 1 ? DG_FLOAT32 : DG_UINT8,
                                   .dtype_given = way > 0 };
        dg_job job = { .threads = 1 };
        dg_status status = dg_csv_read(&set, &options, &job);
        check_refusal(status, path);
        if (status == DG_OK) dg_dataset_release(set);
    }
}
