/* What the C tests share. */
#define _GNU_SOURCE /* posix_memalign */
#include "tests/engine/support.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/tensor/blas.h"

void support_ok(dg_status status, const char *expression, const char *file, int line)
{
    if (status == DG_OK) return;
    print_error("%s gave status %d: %s\n", expression, (int)status, dg_error_message());
    _fail(file, line);
}

void support_fails(dg_status status, dg_status wanted, const char *text, bool whole,
                   const char *expression, const char *file, int line)
{
    const char *message = dg_error_message();
    bool same = whole ? strcmp(message, text) == 0 : strstr(message, text) != NULL;
    if (status == wanted && same) return;
    print_error("%s gave status %d, wanted %d\n  message: %s\n  wanted:  %s\n", expression,
                (int)status, (int)wanted, status == DG_OK ? "(none)" : message, text);
    _fail(file, line);
}

static int64_t live_before;

int support_remember_memory(void **state)
{
    (void)state;
    support_fail_allocation(-1); /* which a skipped test may have left */
    live_before = dg_memory_live();
    return 0;
}

int support_nothing_is_lost(void **state)
{
    (void)state;
    int64_t live = dg_memory_live();
    if (live == live_before) return 0;
    print_error("%lld bytes were lost\n", (long long)(live - live_before));
    return -1;
}

int support_needs_openblas(void **state)
{
    (void)state;
#ifdef TESTS_CROSS_CMOCKA_H
    dg_blas_facts facts;
    if (dg_blas_describe(&facts) == DG_IO) cross_absent("OpenBLAS");
#endif
    return 0;
}

void support_never_skip(void)
{
#ifdef TESTS_CROSS_CMOCKA_H
    cross_never_skip();
#endif
}

/* Sets the indices of row-major position `position`. */
static void unravel(const dg_tensor *tensor, int64_t position, int64_t *at)
{
    for (int axis = tensor->axes - 1; axis >= 0; axis--) {
        at[axis] = position % tensor->shape[axis];
        position /= tensor->shape[axis];
    }
}

dg_tensor support_tensor(dg_dtype dtype, int axes, const int64_t *shape, const double *values)
{
    dg_tensor tensor;
    int64_t at[DG_MAX_AXES];
    assert_ok(dg_tensor_new(&tensor, dtype, axes, shape));
    int64_t count = dg_tensor_count(&tensor);
    for (int64_t i = 0; i < count; i++) {
        unravel(&tensor, i, at);
        assert_ok(dg_tensor_set(&tensor, at, values[i]));
    }
    return tensor;
}

double support_at(const dg_tensor *tensor, int64_t position)
{
    int64_t at[DG_MAX_AXES];
    double value;
    unravel(tensor, position, at);
    assert_ok(dg_tensor_get(tensor, at, &value));
    return value;
}

void support_expect(const dg_tensor *tensor, dg_dtype dtype, int axes, const int64_t *shape,
                    const double *values)
{
    char found[256], wanted[256];
    assert_string_equal(dg_dtype_name(tensor->dtype), dg_dtype_name(dtype));
    assert_string_equal(dg_shape_text(tensor->axes, tensor->shape, found, sizeof found),
                        dg_shape_text(axes, shape, wanted, sizeof wanted));
    int64_t count = dg_tensor_count(tensor);
    for (int64_t i = 0; i < count; i++) {
        double value = support_at(tensor, i);
        double expected = dtype == DG_FLOAT32 ? (double)(float)values[i] : values[i];
        if (value == expected || (isnan(value) && isnan(expected))) continue;
        fail_msg("element %lld is %.9g, wanted %.9g", (long long)i, value, expected);
    }
}

int64_t support_random(uint64_t *state, int64_t bound)
{
    return (int64_t)dg_random_below(0x7e57, (*state)++, (uint64_t)bound);
}

dg_tensor support_random_view(uint64_t *state)
{
    int axes = (int)support_random(state, 5);
    int64_t shape[DG_MAX_AXES];
    for (int i = 0; i < axes; i++) {
        shape[i] = support_random(state, 6);
        if (shape[i] == 0) shape[i] = support_random(state, 4);
    }
    dg_tensor tensor;
    assert_ok(dg_tensor_new(&tensor, (dg_dtype)support_random(state, 3), axes, shape));
    int64_t count = dg_tensor_count(&tensor);
    for (int64_t i = 0; i < count; i++) {
        int64_t at[DG_MAX_AXES], low = tensor.dtype == DG_UINT8 ? 0 : -5;
        unravel(&tensor, i, at);
        assert_ok(dg_tensor_set(&tensor, at, (double)(low + support_random(state, 11))));
    }
    if (axes > 0 && support_random(state, 2)) { /* axes in another order, one of them shorter */
        dg_tensor turned, cut;
        int axis = (int)support_random(state, axes), order[DG_MAX_AXES];
        for (int i = 0; i < axes; i++) order[i] = (i + axis) % axes;
        assert_ok(dg_tensor_transpose(&turned, &tensor, order));
        int64_t begin = support_random(state, turned.shape[axis] + 1);
        int64_t end = begin + support_random(state, turned.shape[axis] - begin + 1);
        assert_ok(dg_tensor_slice(&cut, &turned, axis, begin, end));
        dg_tensor_release(&tensor);
        dg_tensor_release(&turned);
        tensor = cut;
    }
    return tensor;
}

/* --- memory that runs out ------------------------------------------------------------------- */

static atomic_llong allocations_left = -1;

void support_fail_allocation(int64_t after)
{
    atomic_store(&allocations_left, after);
}

/* Takes the place of libc's for all that is linked into a test. */
void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = NULL;
    long long left = atomic_load(&allocations_left);
    if (left >= 0 && atomic_fetch_sub(&allocations_left, 1) == 0) return NULL;
    return posix_memalign(&block, alignment, size) == 0 ? block : NULL;
}
