/* What the C tests share. Includes cmocka and what it needs. */
#ifndef TESTS_ENGINE_SUPPORT_H
#define TESTS_ENGINE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/status.h"
#include "engine/tensor/tensor.h"

/* The status is DG_OK; else the test fails with the engine's message. */
#define assert_ok(expression) support_ok((expression), #expression, __FILE__, __LINE__)
void support_ok(dg_status status, const char *expression, const char *file, int line);

/* The status is `wanted`, and the message is `text`, or contains it. */
#define assert_fails(expression, wanted, text)                                                     \
    support_fails((expression), (wanted), (text), true, #expression, __FILE__, __LINE__)
#define assert_fails_with(expression, wanted, part)                                                \
    support_fails((expression), (wanted), (part), false, #expression, __FILE__, __LINE__)
void support_fails(dg_status status, dg_status wanted, const char *text, bool whole,
                   const char *expression, const char *file, int line);

/* A shape written in place: SHAPE(2, 3) gives the two arguments `axes, sizes`. */
#define SHAPE(...)                                                                                 \
    (int)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)), (int64_t[])                       \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

#define VALUES(...) ((const double[]){ __VA_ARGS__ })

/* A test that fails if the engine holds more or less memory after it than before. */
#define leaving_nothing(test)                                                                      \
    cmocka_unit_test_setup_teardown(test, support_remember_memory, support_nothing_is_lost)
int support_remember_memory(void **state);
int support_nothing_is_lost(void **state);

/* Skips the test, or the group whose setup this is, in builds for a processor that this machine has
 * no OpenBLAS for; elsewhere it is always wanted. */
int support_needs_openblas(void **state);

/* The test proves something of every processor: to skip it for want of a library is a failure. */
void support_never_skip(void);

/* A tensor of `dtype` with the given elements, row-major; never fails. */
dg_tensor support_tensor(dg_dtype dtype, int axes, const int64_t *shape, const double *values);

/* The element at row-major position `position` of any view. */
double support_at(const dg_tensor *tensor, int64_t position);

/* The tensor has this type, this shape, and these elements (NaN equals NaN). */
void support_expect(const dg_tensor *tensor, dg_dtype dtype, int axes, const int64_t *shape,
                    const double *values);

/* A whole number from 0 to bound-1, the next of a stream that starts at `*state`. */
int64_t support_random(uint64_t *state, int64_t bound);

/* A tensor of up to 4 axes, of random sizes 0 .. 5 (0 seldom), type and small whole values
 * (negative ones too, except in uint8); often a view that is not contiguous. */
dg_tensor support_random_view(uint64_t *state);

/* From the next call on, the `after`-th allocation (from 0) fails, once; -1: none does. */
void support_fail_allocation(int64_t after);

#endif
