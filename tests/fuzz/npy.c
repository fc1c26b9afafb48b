/* libFuzzer: NumPy's .npy files, as rows and as labels; packed ones too. */
#define ENDING ".npy"
#include "tests/fuzz/target.h"

#include "engine/data/format.h"

extern const dg_format_type dg_npy;

static void fuzz_file(const char *path)
{
    for (int way = 0; way < 2; way++) {
        const dg_dataset *set = NULL;
        dg_status status = dg_format_open(&set, &dg_npy, path, way ? path : NULL);
        check_refusal(status, path);
        if (status == DG_OK) dg_dataset_release(set);
    }
}
