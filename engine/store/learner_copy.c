/* Copies of learners. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/learner_file.h"

#define NAME "copy"

dg_status dg_learner_copy(dg_learner **out, const dg_learner *learner)
{
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file file = { 0 };
    DG_OWNED_JSON *root = NULL;
    DG_OWNED_JSON *read = NULL;
    DG_OWNED char *text = NULL;
    *out = NULL;
    if (!learner->fitted && learner->options)
        return dg_learner_new(out, learner->options, learner->seed);
    root = cJSON_CreateObject();
    DG_TRY(dg_json_made(root));
    DG_TRY(dg_learner_put(learner, NAME, root, &file));
    DG_TRY(dg_json_text(&text, root)); /* what a file would hold */
    DG_TRY(dg_json_parse(&read, NAME, text, strlen(text)));
    return dg_learner_get(out, NAME, read, &file);
}
