/* Elementwise functions of one tensor, and the positions of its non-zero elements. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/tensor/convert.h"
#include "engine/tensor/walk.h"

struct unary {
    dg_unary op;
    dg_dtype from;
};

/* A loop of its own for each operation, which vectorises. */
#define EACH(op, result)                                                                           \
    case op:                                                                                       \
        for (int64_t i = 0; i < n; i++) out[i] = result;                                           \
        break;

DG_KERNEL(void, float_kernel, (dg_unary op, float *out, const float *a, int64_t n), (op, out, a, n))
{
    switch (op) {
        EACH(DG_UNARY_NEG, -a[i])
        EACH(DG_UNARY_ABS, fabsf(a[i]))
        EACH(DG_UNARY_EXP, dg_expf(a[i]))
        EACH(DG_UNARY_LOG, dg_logf(a[i]))
        EACH(DG_UNARY_SQRT, sqrtf(a[i]))
        EACH(DG_UNARY_TANH, dg_tanhf(a[i]))
        EACH(DG_UNARY_SIGMOID, dg_sigmoidf(a[i]))
        EACH(DG_UNARY_FLOOR, floorf(a[i]))
        EACH(DG_UNARY_CEIL, ceilf(a[i]))
        EACH(DG_UNARY_ROUND, rintf(a[i]))
    default: break;
    }
}

static dg_status int_run(const struct unary *unary, const dg_run *run)
{
    int32_t buffer[DG_CHUNK];
    for (int64_t i = 0; i < run->n; i += DG_CHUNK) {
        int64_t n = run->n - i < DG_CHUNK ? run->n - i : DG_CHUNK;
        const int32_t *a =
            dg_as_int32s(buffer, run->data[1] + i * run->stride[1], run->stride[1], unary->from, n);
        int32_t *out = (int32_t *)(void *)run->data[0] + i;
        for (int64_t k = 0; k < n; k++) {
            if (a[k] == INT32_MIN)
                return dg_error(DG_INVALID, "%s of %d does not fit int32",
                                unary->op == DG_UNARY_NEG ? "the negative" : "the absolute value",
                                a[k]);
            out[k] = unary->op == DG_UNARY_NEG || a[k] < 0 ? -a[k] : a[k];
        }
    }
    return DG_OK;
}

static dg_status unary_run(void *context, const dg_run *run)
{
    const struct unary *unary = context;
    float buffer[DG_CHUNK];
    if ((unary->op == DG_UNARY_NEG || unary->op == DG_UNARY_ABS) && unary->from != DG_FLOAT32)
        return int_run(unary, run);
    for (int64_t i = 0; i < run->n; i += DG_CHUNK) {
        int64_t n = run->n - i < DG_CHUNK ? run->n - i : DG_CHUNK;
        const float *a =
            dg_as_floats(buffer, run->data[1] + i * run->stride[1], run->stride[1], unary->from, n);
        if (unary->op == DG_UNARY_NOT) {
            uint8_t *out = (uint8_t *)run->data[0] + i;
            for (int64_t k = 0; k < n; k++) out[k] = a[k] == 0;
        } else {
            float_kernel(unary->op, (float *)(void *)run->data[0] + i, a, n);
        }
    }
    return DG_OK;
}

dg_status dg_tensor_unary(dg_tensor *out, dg_unary op, const dg_tensor *a)
{
    bool whole = (op == DG_UNARY_NEG || op == DG_UNARY_ABS) && a->dtype != DG_FLOAT32;
    dg_dtype dtype = op == DG_UNARY_NOT ? DG_UINT8 : whole ? DG_INT32 : DG_FLOAT32;
    DG_OWNED_TENSOR result = { 0 };
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_tensor_new(&result, dtype, a->axes, a->shape));
    struct unary unary = { op, a->dtype };
    dg_walk walk;
    dg_walk_begin(&walk, 2, (const dg_tensor *[]){ &result, a });
    DG_TRY(dg_walk_all(&walk, unary_run, &unary));
    *out = DG_TAKE(result);
    return DG_OK;
}

/* --- non-zero elements ---------------------------------------------------------------------- */

/* Counts while `out` is NULL; then writes positions. */
struct finding {
    dg_dtype dtype;
    int axes, origin;
    const int64_t *shape;
    int64_t found;
    int32_t *out;
};

static dg_status find_run(void *context, const dg_run *run)
{
    struct finding *finding = context;
    float buffer[DG_CHUNK];
    for (int64_t i = 0; i < run->n; i += DG_CHUNK) {
        int64_t n = run->n - i < DG_CHUNK ? run->n - i : DG_CHUNK;
        const float *a = dg_as_floats(buffer, run->data[0] + i * run->stride[0], run->stride[0],
                                      finding->dtype, n);
        for (int64_t k = 0; k < n; k++) {
            if (a[k] == 0) continue;
            if (finding->out) {
                int32_t *at = finding->out + finding->found * finding->axes;
                int64_t position = run->first + i + k;
                for (int axis = finding->axes - 1; axis >= 0; axis--) {
                    at[axis] = (int32_t)(position % finding->shape[axis]) + finding->origin;
                    position /= finding->shape[axis];
                }
            }
            finding->found++;
        }
    }
    return DG_OK;
}

dg_status dg_tensor_nonzero(dg_tensor *out, const dg_tensor *tensor, int origin)
{
    *out = (dg_tensor){ 0 };
    for (int i = 0; i < tensor->axes; i++)
        if (tensor->shape[i] > INT32_MAX - 1)
            return dg_error(DG_INVALID,
                            "nonzero: positions along an axis of %" PRId64 " do not fit int32",
                            tensor->shape[i]);
    struct finding finding = { tensor->dtype, tensor->axes, origin, tensor->shape, 0, NULL };
    dg_walk walk;
    dg_walk_begin(&walk, 1, &tensor);
    DG_TRY(dg_walk_range(&walk, 0, walk.count, find_run, &finding));
    int64_t shape[2] = { finding.found, tensor->axes };
    DG_TRY(dg_tensor_new(out, DG_INT32, tensor->axes == 1 ? 1 : 2, shape));
    finding.found = 0;
    finding.out = dg_int32s(out);
    return dg_walk_range(&walk, 0, walk.count, find_run, &finding);
}
