/* dg_exp, dg_log, dg_tanh and dg_sigmoid against libm in double precision, over floats of every
 * size and sign, within the errors that engine/base/math.h states. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/base/kernel.h"
#include "engine/base/math.h"

enum { CHUNK = 4096 };
static const uint32_t step = 509; /* a prime: every 509th float of all 2^32 */

static double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double exact_softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

/* Each function in loops, on the level in use. */
#define LOOPS(name)                                                                                \
    DG_KERNEL(void, many_##name, (const float *x, float *y), (x, y))                               \
    {                                                                                              \
        for (int i = 0; i < CHUNK; i++) y[i] = dg_##name(fused, x[i]);                             \
    }
LOOPS(exp)
LOOPS(log)
LOOPS(tanh)
LOOPS(sigmoid)
LOOPS(softplus)

/* Units in the last place of a float near `exact`; one denormal unit below FLT_MIN. */
static double unit(double exact)
{
    int exponent;
    frexp(exact, &exponent);
    return ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
}

struct worst {
    double error;
    float at;
};

static void judge(float x, float found, double exact, struct worst *normal, struct worst *denormal)
{
    float rounded = (float)exact;
    if (isnan(exact)) {
        assert_true(isnan(found));
        return;
    }
    if (isinf(rounded)) {
        /* within an ulp of the largest float either answer is right */
        if (isinf(exact) || fabs(exact) > FLT_MAX * (1 + 1e-6)) assert_true(found == rounded);
        return;
    }
    assert_true(isfinite(found));
    double error = fabs(found - exact) / unit(exact);
    struct worst *worst = fabs(exact) < FLT_MIN ? denormal : normal;
    if (error > worst->error) *worst = (struct worst){ error, x };
}

typedef void loop(const float *x, float *y);

/* Checks the level in use; returns a hash of all results but NaN. */
static uint64_t check_level(const char *name, loop *function, double (*exact)(double), double limit)
{
    static float x[CHUNK], y[CHUNK];
    struct worst normal = { 0 }, denormal = { 0 };
    uint64_t bits = 0, hash = 0;
    while (bits < UINT64_C(1) << 32) {
        for (int i = 0; i < CHUNK; i++, bits += step) x[i] = dg_float_of_bits((uint32_t)bits);
        function(x, y);
        for (int i = 0; i < CHUNK; i++) {
            judge(x[i], y[i], exact((double)x[i]), &normal, &denormal);
            if (!isnan(y[i])) hash = (hash ^ dg_bits_of_float(y[i])) * 0x100000001b3u;
        }
    }
    if (normal.error > limit || denormal.error > limit + 1)
        fail_msg("%s, %s: %.3f ulp at %a, denormal %.3f at %a, more than %.2f", name,
                 dg_kernel_name(), normal.error, (double)normal.at, denormal.error,
                 (double)denormal.at, limit);
    return hash;
}

/* On each level; those that fuse have the same bits. */
static void check(const char *name, loop *function, double (*exact)(double), double limit)
{
    uint64_t fused = 0;
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_int_equal(dg_kernel_use(dg_level_name(level)), DG_OK);
        uint64_t hash = check_level(name, function, exact, limit);
        if (!dg_kernel_fuses()) continue;
        if (fused) assert_int_equal(fused, hash);
        fused = hash;
    }
    assert_int_equal(dg_kernel_choose(), DG_OK);
}

static void test_exp(void **state)
{
    (void)state;
    check("exp", many_exp, exp, 1.1);
}

static void test_log(void **state)
{
    (void)state;
    check("log", many_log, log, 0.9);
}

static void test_tanh(void **state)
{
    (void)state;
    check("tanh", many_tanh, tanh, 1.4);
}

static void test_sigmoid(void **state)
{
    (void)state;
    check("sigmoid", many_sigmoid, exact_sigmoid, 2.7);
}

static void test_softplus(void **state)
{
    (void)state;
    check("softplus", many_softplus, exact_softplus, 2.9);
}

DG_KERNEL(void, many_normal, (const float *x, float *y, float *density), (x, y, density))
{
    for (int i = 0; i < CHUNK; i++) y[i] = dg_normal(fused, x[i], density + i);
}

/* The normal distribution from -13 to 13; farther out, it has too few bits to compare. */
static void test_normal(void **state)
{
    (void)state;
    static float x[CHUNK], y[CHUNK], density[CHUNK];
    double worst = 0, worst_density = 0;
    for (float first = -13; first < 13; first += 0.125f) {
        for (int i = 0; i < CHUNK; i++) x[i] = first + (float)i * 0.125f / CHUNK;
        many_normal(x, y, density);
        for (int i = 0; i < CHUNK; i++) {
            double exact = (double)x[i], scale = 1 + exact * exact / 2;
            double bell = exp(-exact * exact / 2) / sqrt(2 * acos(-1));
            worst = fmax(worst, fabs((double)y[i] / (erfc(-exact / sqrt(2)) / 2) - 1) / scale);
            worst_density = fmax(worst_density, fabs((double)density[i] / bell - 1) / scale);
        }
    }
    if (worst > 4e-7 || worst_density > 2e-7)
        fail_msg("errors of %g and, of the density, %g", worst, worst_density);
    float at;
    assert_true(fabsf(dg_normal(false, 0, &at) - 0.5f) < 1.2e-7f);
    assert_true(dg_normal(false, INFINITY, &at) == 1 && at == 0);
    assert_true(dg_normal(false, -INFINITY, &at) == 0 && at == 0);
    assert_true(isnan(dg_normal(false, NAN, &at)) && isnan(at));
}

static void test_special_values(void **state)
{
    (void)state;
    assert_true(isnan(dg_exp(false, NAN)) && isnan(dg_log(false, NAN)) &&
                isnan(dg_tanh(false, NAN)));
    assert_true(isnan(dg_sigmoid(false, NAN)) && isnan(dg_log(false, -1)) &&
                isnan(dg_log(false, -INFINITY)));
    assert_true(dg_exp(false, 0) == 1 && dg_exp(false, -INFINITY) == 0 &&
                dg_exp(false, INFINITY) == INFINITY);
    assert_true(dg_log(false, 1) == 0 && dg_log(false, 0) == -INFINITY &&
                dg_log(false, INFINITY) == INFINITY);
    assert_true(dg_tanh(false, 0) == 0 && dg_tanh(false, INFINITY) == 1 &&
                dg_tanh(false, -INFINITY) == -1);
    assert_true(signbit(dg_tanh(false, -0.0f)));
    assert_true(dg_sigmoid(false, 0) == 0.5f && dg_sigmoid(false, INFINITY) == 1 &&
                dg_sigmoid(false, -INFINITY) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_tanh),
        cmocka_unit_test(test_sigmoid),
        cmocka_unit_test(test_softplus),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_special_values),
    };
    printf("kernels: %s\n", dg_kernel_name());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
