/* Whether tensors are equal. */
#include "engine/tensor/walk.h"

static bool same_values(dg_dtype dtype, const char *a, const char *b)
{
    if (dtype == DG_UINT8) return *a == *b;
    if (dtype == DG_INT32) return *(const int32_t *)a == *(const int32_t *)b;
    return *(const float *)a == *(const float *)b;
}

/* Stops the walk, without a message, at the first difference. */
static dg_status compare_run(void *context, const dg_run *run)
{
    dg_dtype dtype = *(const dg_dtype *)context;
    for (int64_t i = 0; i < run->n; i++)
        if (!same_values(dtype, run->data[0] + i * run->stride[0],
                         run->data[1] + i * run->stride[1]))
            return DG_STOPPED;
    return DG_OK;
}

bool dg_tensor_equal(const dg_tensor *a, const dg_tensor *b)
{
    if (a->dtype != b->dtype || !dg_tensor_same_shape(a, b)) return false;
    dg_walk walk;
    dg_walk_begin(&walk, 2, (const dg_tensor *[]){ a, b });
    dg_dtype dtype = a->dtype;
    return dg_walk_range(&walk, 0, walk.count, compare_run, &dtype) == DG_OK;
}
