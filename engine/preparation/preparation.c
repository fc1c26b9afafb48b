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
    if (preparation->count == DG_MAX_STEPS)
        return dg_error(DG_INVALID, "there may be at most %d steps", DG_MAX_STEPS);
    DG_TRY(dg_grow(&preparation->steps, preparation->count, sizeof *preparation->steps));
    DG_TRY(dg_alloc_zero(&step, (int64_t)type->step_size, 1));
    *out = preparation->steps[preparation->count++] = (dg_step *)step;
    **out = (dg_step){ type, dg_part_retain(options) };
    return DG_OK;
}

/* A contiguous float32 copy of x that has no other owner; `*values`: how many make a row. */
static dg_status copy_rows(dg_tensor *out, const dg_tensor *x, int64_t *values)
{
    *values = 1;
    for (int i = 1; i < x->axes; i++) *values *= x->shape[i];
    return x->dtype == DG_FLOAT32 ? dg_tensor_copy(out, x) : dg_tensor_astype(out, x, DG_FLOAT32);
}

dg_status dg_preparation_fit(dg_preparation *out, int count, const dg_part *const *steps,
                             const dg_tensor *x, const dg_job *job)
{
    DG_OWNED_TENSOR rows = { 0 };
    DG_CLEANUP(dg_preparation_release) dg_preparation fresh = { 0 };
    int64_t values;
    *out = fresh;
    DG_TRY(copy_rows(&rows, x, &values));
    for (int i = 0; i < count; i++) {
        dg_step *step;
        DG_TRY(dg_preparation_add(&fresh, steps[i], &step));
        DG_TRY(step->type->fit(step, &rows, values, job));
        if (i + 1 < count) DG_TRY(step->type->apply(step, &rows, values, job));
    }
    *out = DG_TAKE(fresh);
    return DG_OK;
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
