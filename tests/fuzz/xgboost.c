/* libFuzzer: XGBoost's JSON files. */
#define ENDING ".json"
#include "tests/fuzz/target.h"

#include "engine/store/learner_file.h"

static void fuzz_file(const char *path)
{
    dg_learner *learner = NULL;
    dg_status status = dg_learner_load(&learner, path);
    check_refusal(status, path);
    if (status == DG_OK) dg_learner_free(learner);
}
