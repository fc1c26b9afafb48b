/* The preparation of a learner in its file: the options of each step, and its learnt values as
 * tensors "1/...", "2/..." */
#include <stdio.h>

#include "engine/base/memory.h"
#include "engine/fitting.h"
#include "engine/store/part_json.h"
#include "engine/store/sections.h"

static bool has_preparation(const dg_learner *learner, const dg_save_options *options)
{
    (void)options;
    return learner->preparation.count > 0;
}

static dg_status write_step(const dg_step *step, const char *name, cJSON *list,
                            dg_tensor_file *file)
{
    cJSON *object;
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file own = { 0 };
    DG_TRY(dg_json_add_object(list, NULL, &object));
    DG_TRY(dg_part_to_json(object, step->options));
    DG_TRY(step->type->store(step, &own));
    return dg_tensor_file_nest(file, name, &own);
}

static dg_status write_preparation(const dg_learner *learner, const dg_section_target *to,
                                   cJSON *object, dg_tensor_file *file)
{
    cJSON *list;
    (void)to;
    DG_TRY(dg_json_add_list(object, "steps", &list));
    for (int i = 0; i < learner->preparation.count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i + 1);
        DG_TRY(write_step(learner->preparation.steps[i], name, list, file));
    }
    return DG_OK;
}

static dg_status read_step(dg_learner *learner, const cJSON *item, int64_t values,
                           const dg_tensor_file *file)
{
    const dg_part *options;
    dg_step *step;
    DG_CLEANUP(dg_tensor_file_view_release) dg_tensor_file own = { 0 };
    char name[16];
    DG_TRY(dg_part_from_json(&options, "preparation", item));
    dg_status status = dg_preparation_add(&learner->preparation, options, &step);
    dg_part_release(options);
    DG_TRY(dg_as_format_error(status));
    snprintf(name, sizeof name, "%d", learner->preparation.count);
    DG_TRY(dg_tensor_file_view(&own, name, file));
    return step->type->restore(step, values, &own);
}

static dg_status read_preparation(dg_learner *learner, const cJSON *object,
                                  const dg_tensor_file *file)
{
    const cJSON *list, *item;
    int64_t values = dg_learner_row_size(learner);
    DG_TRY(dg_json_member(object, "steps", cJSON_Array, &list));
    cJSON_ArrayForEach(item, list)
    {
        dg_status status = read_step(learner, item, values, file);
        if (status != DG_OK) return dg_error_context(status, "step %d", learner->preparation.count);
    }
    return DG_OK;
}

static dg_status copy_step(dg_learner *to, const dg_step *step, int64_t values)
{
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file file = { 0 };
    dg_step *copy;
    DG_TRY(step->type->store(step, &file));
    DG_TRY(dg_preparation_add(&to->preparation, step->options, &copy));
    return step->type->restore(copy, values, &file);
}

dg_status dg_preparation_copy(dg_learner *to, const dg_learner *from)
{
    for (int i = 0; i < from->preparation.count; i++)
        DG_TRY(copy_step(to, from->preparation.steps[i], dg_learner_row_size(from)));
    return DG_OK;
}

const dg_section dg_preparation_section = {
    .name = "preparation",
    .required = true,
    .has = has_preparation,
    .write = write_preparation,
    .read = read_preparation,
};
