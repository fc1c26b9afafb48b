/* Elementwise operations on two tensors, or on a tensor and a number.
 *
 * Operands are read a chunk at a time as float32 or as int32, broadcast ones included, so that each
 * operation is one loop over contiguous numbers of one type. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/tensor/convert.h"
#include "engine/tensor/shape.h"
#include "engine/tensor/walk.h"

static const char *const names[] = {
    [DG_BINARY_ADD] = "+",       [DG_BINARY_SUB] = "-",       [DG_BINARY_MUL] = "*",
    [DG_BINARY_DIV] = "/",       [DG_BINARY_MOD] = "%",       [DG_BINARY_POW] = "^",
    [DG_BINARY_MINIMUM] = "min", [DG_BINARY_MAXIMUM] = "max", [DG_BINARY_EQ] = "eq",
    [DG_BINARY_NE] = "ne",       [DG_BINARY_LT] = "lt",       [DG_BINARY_LE] = "le",
    [DG_BINARY_GT] = "gt",       [DG_BINARY_GE] = "ge"
};

/* --- kernels -------------------------------------------------------------------------------- */

/* A loop of its own for each operation; a and b are the elements of the two operands. */
#define EACH(op, type, result)                                                                     \
    case op:                                                                                       \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const type a = left[i], b = right[i];                                                  \
            out[i] = result;                                                                       \
        }                                                                                          \
        break;

/* Lua's: the result has the sign of the divisor. */
static inline float float_mod(float a, float b)
{
    float rest = fmodf(a, b);
    if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
    return rest;
}

DG_KERNEL(void, float_kernel,
          (dg_binary op, float *out, const float *left, const float *right, int64_t n),
          (op, out, left, right, n))
{
    switch (op) {
        EACH(DG_BINARY_ADD, float, a + b)
        EACH(DG_BINARY_SUB, float, a - b)
        EACH(DG_BINARY_MUL, float, a *b)
        EACH(DG_BINARY_DIV, float, a / b)
        EACH(DG_BINARY_MOD, float, float_mod(a, b))
        EACH(DG_BINARY_MINIMUM, float, ((a < b) | (a != a)) ? a : b) /* NaN propagates */
        EACH(DG_BINARY_MAXIMUM, float, ((a > b) | (a != a)) ? a : b)
        EACH(DG_BINARY_POW, float, dg_powf(a, b))
    default: break;
    }
}

/* In 64 bits, so that overflow can be detected afterwards. */
#define EACH_WHOLE(op, result)                                                                     \
    case op:                                                                                       \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const int64_t a = left[i], b = right[i], exact = result;                               \
            out[i] = (int32_t)exact;                                                               \
            lost |= exact ^ out[i];                                                                \
        }                                                                                          \
        break;

DG_INLINE int64_t int_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
}

/* Whether every result fits. The divisor of DG_BINARY_MOD is not 0. */
DG_KERNEL(bool, int_kernel,
          (dg_binary op, int32_t *out, const int32_t *left, const int32_t *right, int64_t n),
          (op, out, left, right, n))
{
    int64_t lost = 0;
    switch (op) {
        EACH_WHOLE(DG_BINARY_ADD, a + b)
        EACH_WHOLE(DG_BINARY_SUB, a - b)
        EACH_WHOLE(DG_BINARY_MUL, a * b)
        EACH_WHOLE(DG_BINARY_MOD, int_mod(a, b))
        EACH_WHOLE(DG_BINARY_MINIMUM, a < b ? a : b)
        EACH_WHOLE(DG_BINARY_MAXIMUM, a > b ? a : b)
    default: break;
    }
    return lost == 0;
}

#define COMPARE(name, type)                                                                        \
    DG_KERNEL(void, name,                                                                          \
              (dg_binary op, uint8_t * out, const type *left, const type *right, int64_t n),       \
              (op, out, left, right, n))                                                           \
    {                                                                                              \
        switch (op) {                                                                              \
            EACH(DG_BINARY_EQ, type, a == b)                                                       \
            EACH(DG_BINARY_NE, type, a != b)                                                       \
            EACH(DG_BINARY_LT, type, a < b)                                                        \
            EACH(DG_BINARY_LE, type, a <= b)                                                       \
            EACH(DG_BINARY_GT, type, a > b)                                                        \
            EACH(DG_BINARY_GE, type, a >= b)                                                       \
        default: break;                                                                            \
        }                                                                                          \
    }
COMPARE(float_compare, float)
COMPARE(int_compare, int32_t)

/* --- runs ----------------------------------------------------------------------------------- */

struct binary {
    dg_binary op;
    dg_dtype left, right;
    bool floats; /* computed in float32, else in int32 */
};

static dg_status int_failure(dg_binary op, const int32_t *a, const int32_t *b, int64_t n)
{
    int32_t result;
    int64_t i = 0;
    while (i < n - 1 && int_kernel(op, &result, a + i, b + i, 1)) i++;
    return dg_error(DG_INVALID,
                    "%" PRId32 " %s %" PRId32
                    " does not fit int32: convert with astype 'float32' first",
                    a[i], names[op], b[i]);
}

static dg_status int_chunk(dg_binary op, void *out, const int32_t *a, const int32_t *b, int64_t n)
{
    if (op >= DG_BINARY_EQ) {
        int_compare(op, out, a, b, n);
        return DG_OK;
    }
    if (op == DG_BINARY_MOD)
        for (int64_t i = 0; i < n; i++)
            if (b[i] == 0)
                return dg_error(DG_INVALID, "%" PRId32 " %% 0 is not defined for integers", a[i]);
    return int_kernel(op, out, a, b, n) ? DG_OK : int_failure(op, a, b, n);
}

static void float_chunk(dg_binary op, void *out, const float *a, const float *b, int64_t n)
{
    if (op >= DG_BINARY_EQ)
        float_compare(op, out, a, b, n);
    else
        float_kernel(op, out, a, b, n);
}

static int64_t chunk_end(const dg_run *run, int64_t i)
{
    return run->n - i < DG_CHUNK ? run->n - i : DG_CHUNK;
}

/* A broadcast operand (stride 0) is read once. A square is computed as a product, since powf takes
 * forty times as long. */
static dg_status float_run(const struct binary *binary, const dg_run *run)
{
    float left[DG_CHUNK], right[DG_CHUNK];
    const float *a = NULL, *b = NULL;
    dg_binary op = binary->op;
    int64_t out_size = op >= DG_BINARY_EQ ? 1 : sizeof(float);
    bool square = false;
    for (int64_t i = 0; i < run->n; i += DG_CHUNK) {
        int64_t n = chunk_end(run, i);
        if (!a || run->stride[1])
            a = dg_as_floats(left, run->data[1] + i * run->stride[1], run->stride[1], binary->left,
                             n);
        if (!b || run->stride[2])
            b = dg_as_floats(right, run->data[2] + i * run->stride[2], run->stride[2],
                             binary->right, n);
        if (i == 0) square = op == DG_BINARY_POW && run->stride[2] == 0 && b[0] == 2;
        float_chunk(square ? DG_BINARY_MUL : op, run->data[0] + i * out_size, a, square ? a : b, n);
    }
    return DG_OK;
}

static dg_status int_run(const struct binary *binary, const dg_run *run)
{
    int32_t left[DG_CHUNK], right[DG_CHUNK];
    const int32_t *a = NULL, *b = NULL;
    int64_t out_size = binary->op >= DG_BINARY_EQ ? 1 : sizeof(int32_t);
    for (int64_t i = 0; i < run->n; i += DG_CHUNK) {
        int64_t n = chunk_end(run, i);
        if (!a || run->stride[1])
            a = dg_as_int32s(left, run->data[1] + i * run->stride[1], run->stride[1], binary->left,
                             n);
        if (!b || run->stride[2])
            b = dg_as_int32s(right, run->data[2] + i * run->stride[2], run->stride[2],
                             binary->right, n);
        DG_TRY(int_chunk(binary->op, run->data[0] + i * out_size, a, b, n));
    }
    return DG_OK;
}

static dg_status binary_run(void *context, const dg_run *run)
{
    const struct binary *binary = context;
    return binary->floats ? float_run(binary, run) : int_run(binary, run);
}

/* --- the operations ------------------------------------------------------------------------- */

dg_status dg_tensor_binary(dg_tensor *out, dg_binary op, const dg_tensor *a, const dg_tensor *b)
{
    int axes;
    int64_t shape[DG_MAX_AXES];
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_broadcast_shape(a, b, &axes, shape));
    struct binary binary = { .op = op, .left = a->dtype, .right = b->dtype };
    binary.floats = a->dtype == DG_FLOAT32 || b->dtype == DG_FLOAT32 || op == DG_BINARY_DIV ||
                    op == DG_BINARY_POW;
    dg_dtype dtype = op >= DG_BINARY_EQ ? DG_UINT8 : binary.floats ? DG_FLOAT32 : DG_INT32;
    DG_OWNED_TENSOR left = { 0 };
    DG_OWNED_TENSOR right = { 0 };
    DG_OWNED_TENSOR result = { 0 };
    DG_TRY(dg_tensor_broadcast(&left, a, axes, shape));
    DG_TRY(dg_tensor_broadcast(&right, b, axes, shape));
    DG_TRY(dg_tensor_new(&result, dtype, axes, shape));
    dg_walk walk;
    dg_walk_begin(&walk, 3, (const dg_tensor *[]){ &result, &left, &right });
    DG_TRY(dg_walk_all(&walk, binary_run, &binary));
    *out = DG_TAKE(result);
    return DG_OK;
}

/* An integer outside the range of int32 compares with every int32 as it does with 0. */
static dg_status compare_beyond(dg_tensor *out, dg_binary op, const dg_tensor *a, double number,
                                bool reversed)
{
    double left = reversed ? number : 0, right = reversed ? 0 : number;
    bool result = op == DG_BINARY_NE ||
                  ((op == DG_BINARY_LT || op == DG_BINARY_LE) && left < right) ||
                  ((op == DG_BINARY_GT || op == DG_BINARY_GE) && left > right);
    return dg_tensor_full(out, DG_UINT8, a->axes, a->shape, result);
}

dg_status dg_tensor_binary_number(dg_tensor *out, dg_binary op, const dg_tensor *a, double number,
                                  bool integer, bool reversed)
{
    *out = (dg_tensor){ 0 };
    bool whole = integer && a->dtype != DG_FLOAT32 && op != DG_BINARY_DIV && op != DG_BINARY_POW;
    if (whole && (number < INT32_MIN || number > INT32_MAX)) {
        if (op >= DG_BINARY_EQ) return compare_beyond(out, op, a, number, reversed);
        return dg_error(DG_INVALID, "%.0f does not fit int32: convert with astype 'float32' first",
                        number);
    }
    DG_OWNED_TENSOR single = { 0 };
    DG_TRY(dg_tensor_full(&single, whole ? DG_INT32 : DG_FLOAT32, 0, NULL, number));
    return reversed ? dg_tensor_binary(out, op, &single, a) : dg_tensor_binary(out, op, a, &single);
}
