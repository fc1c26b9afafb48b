/* Chains of fitted steps. */
#include "engine/preparation/preparation.h"

#include <string.h>

#include "engine/base/memory.h"

static void free_step(dg_step *step)
{
    step->type->release(step);
    dg_part_release(step->options);
    dg_free(step);
}

void dg_preparation_release(dg_preparation *preparation)
{
    for (int i = 0; i < preparation->count; i++) free_step(preparation->steps[i]);
    dg_free(preparation->steps);
    *preparation = (dg_preparation){ 0 };
}

dg_status dg_preparation_add(dg_preparation *preparation, const dg_part *options, dg_step **out)
{
    const dg_preparation_type *type = (const dg_preparation_type *)options->type;
    char *step;
    if (strcmp(options->type->kind, "preparation") != 0)
        return dg_error(DG_INVALID, "a %s is not a preparation", options->type->name);
    if (preparation->count == DG_MOST_STEPS)
        return dg_error(DG_INVALID, "there may be %d steps at most", DG_MOST_STEPS);
    DG_TRY(dg_resize(&preparation->steps, preparation->count + 1, sizeof *preparation->steps));
    DG_TRY(dg_alloc_zero(&step, (int64_t)type->step_size, 1));
    *out = preparation->steps[preparation->count++] = (dg_step *)step;
    **out = (dg_step){ type, dg_part_retain(options) };
    return DG_OK;
}

/* Floats of x, contiguous and with no other owner; how many make a row. */
static dg_status copy_rows(dg_tensor *out, const dg_tensor *x, int64_t *values)
{
    *values = 1;
    for (int i = 1; i < x->axes; i++) *values *= x->shape[i];
    return x->dtype == DG_FLOAT32 ? dg_tensor_copy(out, x) : dg_tensor_astype(out, x, DG_FLOAT32);
}

dg_status dg_preparation_fit(dg_preparation *out, int count, const dg_part *const *steps,
                             const dg_tensor *x, const dg_job *job)
{
    dg_tensor rows;
    int64_t values;
    *out = (dg_preparation){ 0 };
    DG_TRY(copy_rows(&rows, x, &values));
    dg_status status = DG_OK;
    for (int i = 0; status == DG_OK && i < count; i++) {
        dg_step *step = NULL;
        status = dg_preparation_add(out, steps[i], &step);
        if (status == DG_OK) status = step->type->fit(step, &rows, values, job);
        if (status == DG_OK && i + 1 < count) status = step->type->apply(step, &rows, values, job);
    }
    dg_tensor_release(&rows);
    if (status != DG_OK) dg_preparation_release(out);
    return status;
}

dg_status dg_preparation_apply(const dg_preparation *preparation, const dg_tensor *x,
                               const dg_job *job, dg_tensor *out)
{
    int64_t values;
    DG_TRY(copy_rows(out, x, &values));
    dg_status status = DG_OK;
    for (int i = 0; status == DG_OK && i < preparation->count; i++)
        status = preparation->steps[i]->type->apply(preparation->steps[i], out, values, job);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}
