/* The functions of engine/base/math64.h against libm's in long double, within the errors that the
 * header states; special values; and a digest of many results, which is the same on every
 * processor, for every level of kernels. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/base/random.h"

enum { COUNT = 40000 };

static uint64_t word(uint64_t position)
{
    uint32_t block[4];
    dg_philox(64, 0, position, block);
    return (uint64_t)block[1] << 32 | block[0];
}

/* Of the numbers in (-1, 1) whose exponents are spread over `octaves`. */
static double spread(uint64_t i, int octaves)
{
    double u = (double)(int64_t)word(i) * 0x1p-63;
    return ldexp(u, -(int)(dg_random_word(65, i) % (uint32_t)octaves));
}

/* Units in the last place near `exact` of a type with `digits` digits and the least exponent. */
static double error_of(double found, long double exact, int digits, int least)
{
    int exponent;
    frexpl(exact, &exponent);
    exponent = exponent - digits < least ? least : exponent - digits;
    return (double)fabsl(ldexpl((long double)found - exact, -exponent));
}

#define NEAR(name, found, exact, limit, digits, least)                                             \
    do {                                                                                           \
        double worst = 0, at = 0;                                                                  \
        for (uint64_t i = 0; i < COUNT; i++) {                                                     \
            double x, y = found;                                                                   \
            double error = error_of(y, exact, digits, least);                                      \
            if (!(error <= worst)) worst = error, at = x;                                          \
        }                                                                                          \
        if (!(worst <= (limit))) fail_msg("%s: %.4f ulp at %a", name, worst, at);                  \
    } while (0)

#define NEAR64(function, input, exact, limit)                                                      \
    NEAR(#function ", " #input, (x = (input), function(x)), exact((long double)x), limit,          \
         DBL_MANT_DIG, -1074)
#define NEARF(function, input, exact, limit)                                                       \
    NEAR(#function ", " #input, (x = (double)(float)(input), (double)function((float)x)),          \
         exact((long double)x), limit, FLT_MANT_DIG, -149)

static void need_long_double(void)
{
    if (LDBL_MANT_DIG < 64) skip();
}

static void test_exp(void **state)
{
    (void)state;
    need_long_double();
    NEAR64(dg_exp64, spread(i, 1), expl, 0.65);
    NEAR64(dg_exp64, spread(i, 60), expl, 0.65);
    NEAR64(dg_exp64, spread(i, 1) * 708, expl, 0.65);
    NEAR64(dg_exp64, -727 + spread(i, 1) * 19, expl, 1.65);
}

static void test_log(void **state)
{
    (void)state;
    need_long_double();
    NEAR64(dg_log64, 1 + spread(i, 1) / 2, logl, 0.75);
    NEAR64(dg_log64, 1 + spread(i, 50), logl, 0.75);
    NEAR64(dg_log64, ldexp(fabs(spread(i, 2000)), 1000), logl, 0.75);
    NEAR64(dg_log2_64, 1 + spread(i, 1) / 2, log2l, 0.85);
    NEAR64(dg_log2_64, 1 + spread(i, 50), log2l, 0.85);
    NEAR64(dg_log2_64, ldexp(fabs(spread(i, 2000)), 1000), log2l, 0.85);
    NEAR64(dg_log1p64, spread(i, 60), log1pl, 1.5);
    NEAR64(dg_log1p64, ldexp(fabs(spread(i, 60)), 60), log1pl, 1.5);
    for (int k = -1074; k < 1024; k++) assert_true(dg_log2_64(ldexp(1, k)) == k);
}

static double sine(double v)
{
    return dg_circle64(v).sine;
}

static double cosine(double v)
{
    return dg_circle64(v).cosine;
}

/* sin(2 pi v + quarters pi / 2) */
static long double exact_sine(long double v, int quarters)
{
    const long double quarter = 1.57079632679489661923132169163975144L;
    long double nearest = rintl(4 * v), angle = (4 * v - nearest) * quarter;
    long double size = ((int)nearest + quarters) & 1 ? cosl(angle) : sinl(angle);
    return ((int)nearest + quarters) & 2 ? -size : size;
}

static void test_circle(void **state)
{
    (void)state;
    need_long_double();
#define SINE(v) exact_sine(v, 0)
#define COSINE(v) exact_sine(v, 1)
    NEAR64(sine, fabs(spread(i, 1)), SINE, 0.85);
    NEAR64(cosine, fabs(spread(i, 1)), COSINE, 0.85);
    NEAR64(sine, fabs(spread(i, 50)), SINE, 0.85);
    NEAR64(sine, 0.5 + spread(i, 50) / 2, SINE, 0.85);
    NEAR64(cosine, 0.25 + spread(i, 50) / 4, COSINE, 0.85);
    NEAR64(cosine, 0.75 + spread(i, 50) / 4, COSINE, 0.85);
    for (int i = 0; i <= 4; i++) {
        static const double at[] = { 1, 0, -1, 0, 1 }, sines[] = { 0, 1, 0, -1, 0 };
        assert_true(cosine(i / 4.0) == at[i] && sine(i / 4.0) == sines[i]);
        assert_true(!signbit(cosine(i / 4.0)) == (at[i] >= 0));
    }
}

static void test_power(void **state)
{
    (void)state;
    assert_true(dg_power64(3, 0) == 1 && dg_power64(3, 1) == 3 && dg_power64(-3, 5) == -243);
    assert_true(dg_power64(2, 1000) == 0x1p1000 && dg_power64(0.5, 2000) == 0);
    assert_true(fabs(dg_power64(0.999, 1000) / pow(0.999, 1000) - 1) < 1000 * 0x1p-53);
    assert_true(fabs(dg_power64(0.9999, 12345) / pow(0.9999, 12345) - 1) < 12345 * 0x1p-53);
}

static long double exact_sigmoid(long double x)
{
    return 1 / (1 + expl(-x));
}

static float to_three_halves(float x)
{
    return dg_powf(x, 1.5f);
}

static long double exact_three_halves(long double x)
{
    return x * sqrtl(x);
}

static float power_of_ten(float x)
{
    return dg_powf(10, x);
}

static long double exact_power_of_ten(long double x)
{
    return powl(10, x);
}

static void test_floats(void **state)
{
    (void)state;
    need_long_double();
    NEARF(dg_expf, spread(i, 40), expl, 0.501);
    NEARF(dg_expf, -8 + spread(i, 1) * 96, expl, 0.501);
    NEARF(dg_logf, 1 + spread(i, 24), logl, 0.501);
    NEARF(dg_logf, ldexp(fabs(spread(i, 270)), 127), logl, 0.501);
    NEARF(dg_tanhf, spread(i, 140), tanhl, 0.501);
    NEARF(dg_tanhf, spread(i, 8) * 10, tanhl, 0.501);
    NEARF(dg_sigmoidf, spread(i, 8) * 103, exact_sigmoid, 0.501);
    NEARF(to_three_halves, ldexp(fabs(spread(i, 140)), 84), exact_three_halves, 0.501);
    NEARF(power_of_ten, spread(i, 1) * 38, exact_power_of_ten, 0.501);
}

/* --- special values ------------------------------------------------------------------------- */

static void test_special_values(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    assert_true(dg_exp64(0) == 1 && dg_exp64(-0.0) == 1 && dg_exp64(inf) == inf);
    assert_true(dg_exp64(-inf) == 0 && !signbit(dg_exp64(-inf)) && isnan(dg_exp64(nan)));
    assert_true(dg_exp64(0x1.62e42fefa39efp+9) <= DBL_MAX);
    assert_true(dg_exp64(0x1.62e42fefa39f0p+9) == inf && dg_exp64(1e300) == inf);
    assert_true(dg_exp64(-745.13) == 0x1p-1074 && dg_exp64(-745.14) == 0);
    assert_true(dg_log64(1) == 0 && !signbit(dg_log64(1)) && dg_log64(inf) == inf);
    assert_true(dg_log64(0) == -inf && dg_log64(-0.0) == -inf && isnan(dg_log64(nan)));
    assert_true(isnan(dg_log64(-1)) && isnan(dg_log64(-inf)) && isnan(dg_log64(-0x1p-1074)));
    assert_true(dg_log2_64(0) == -inf && dg_log2_64(inf) == inf && isnan(dg_log2_64(-1)));
    assert_true(isnan(dg_log2_64(nan)) && !signbit(dg_log2_64(1)));
    assert_true(dg_log1p64(-1) == -inf && isnan(dg_log1p64(-1.5)) && dg_log1p64(inf) == inf);
    assert_true(isnan(dg_log1p64(nan)) && dg_log1p64(0x1p-1074) == 0x1p-1074);
    assert_true(signbit(dg_log1p64(-0.0)) && dg_log1p64(-0.0) == 0);
}

static void test_special_floats(void **state)
{
    (void)state;
    assert_true(dg_expf(INFINITY) == INFINITY && dg_expf(-INFINITY) == 0 && isnan(dg_expf(NAN)));
    assert_true(dg_expf(88.7228394f) == INFINITY && dg_expf(88.7228317f) <= FLT_MAX);
    assert_true(dg_logf(0) == -INFINITY && isnan(dg_logf(-1)) && dg_logf(1) == 0);
    assert_true(dg_tanhf(INFINITY) == 1 && dg_tanhf(-INFINITY) == -1 && isnan(dg_tanhf(NAN)));
    assert_true(signbit(dg_tanhf(-0.0f)) && !signbit(dg_tanhf(0)) && dg_tanhf(0) == 0);
    assert_true(dg_sigmoidf(INFINITY) == 1 && dg_sigmoidf(-INFINITY) == 0 &&
                dg_sigmoidf(0) == 0.5f);
    assert_true(isnan(dg_sigmoidf(NAN)));
}

static bool same(float a, float b)
{
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
    if (isinf(b) || b == 0) return a == b && !signbit(a) == !signbit(b);
    return fabsf(a - b) <= fabsf(b) * FLT_EPSILON;
}

/* dg_powf of all pairs of special numbers is powf, with its sign. */
static void test_special_powers(void **state)
{
    (void)state;
    const float special[] = { 0,         -0.0f,      1,       -1,       2,        -2,
                              0.5f,      -0.5f,      3,       -3,       2.5f,     -2.5f,
                              INFINITY,  -INFINITY,  NAN,     FLT_MAX,  -FLT_MAX, FLT_MIN,
                              0x1p-149f, -0x1p-149f, 0x1p24f, 16777215, -16777215 };
    enum { MANY = sizeof special / sizeof *special };
    for (int i = 0; i < MANY; i++)
        for (int j = 0; j < MANY; j++) {
            float found = dg_powf(special[i], special[j]), exact = powf(special[i], special[j]);
            if (!same(found, exact))
                fail_msg("%g to %g is %a, not %a", (double)special[i], (double)special[j],
                         (double)found, (double)exact);
        }
}

/* --- the same bits everywhere ---------------------------------------------------------------- */

struct results {
    double x[COUNT], y[COUNT];
};

#define LOOP(name, result)                                                                         \
    DG_KERNEL(void, many_##name, (struct results * r), (r))                                        \
    {                                                                                              \
        for (int i = 0; i < COUNT; i++) {                                                          \
            double x = r->x[i];                                                                    \
            r->y[i] = result;                                                                      \
        }                                                                                          \
    }
LOOP(exp, dg_exp64(x * 750))
LOOP(log, dg_log64(fabs(x)))
LOOP(log2, dg_log2_64(fabs(x)))
LOOP(log1p, dg_log1p64(x))
LOOP(cosine, dg_circle64(fabs(x)).cosine)
LOOP(sine, dg_circle64(fabs(x)).sine)
LOOP(power, dg_power64(x, 7))
LOOP(expf, (double)dg_expf((float)x * 100))
LOOP(logf, (double)dg_logf(fabsf((float)x)))
LOOP(tanhf, (double)dg_tanhf((float)x * 10))
LOOP(sigmoidf, (double)dg_sigmoidf((float)x * 100))
LOOP(powf, (double)dg_powf((float)fabs(x), 1 / (float)x))

/* FNV-1a of the bits, NaN as one number whatever its bits. */
static uint64_t digest(const double *y)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < COUNT; i++) {
        uint64_t bits = isnan(y[i]) ? 1 : dg_bits_of_double(y[i]);
        hash = (hash ^ bits ^ bits >> 32) * 0x100000001b3u;
    }
    return hash;
}

/* Whether each function has its digest on the level in use. */
static bool has_bits(void)
{
    static const struct {
        const char *name;
        void (*function)(struct results *r);
        uint64_t digest;
    } loops[] = {
        { "exp", many_exp, UINT64_C(0x1f11e4857d25f2ee) },
        { "log", many_log, UINT64_C(0xe00ba220db1f60e9) },
        { "log2", many_log2, UINT64_C(0x775ff8f154829763) },
        { "log1p", many_log1p, UINT64_C(0x89bd449983e021cf) },
        { "cosine", many_cosine, UINT64_C(0xc59d159ffc4f85c3) },
        { "sine", many_sine, UINT64_C(0x067121a188cf3b8d) },
        { "power", many_power, UINT64_C(0x1006a6fa978c621c) },
        { "expf", many_expf, UINT64_C(0x202e4dbfb9e6c97c) },
        { "logf", many_logf, UINT64_C(0x694ad0d21b5fd850) },
        { "tanhf", many_tanhf, UINT64_C(0x82de1945bd889d3f) },
        { "powf", many_powf, UINT64_C(0x28a0a5dcc8c4f0e1) },
        { "sigmoidf", many_sigmoidf, UINT64_C(0x4f1b48b2232f1048) },
    };
    static struct results r;
    bool right = true;
    for (uint64_t i = 0; i < COUNT; i++) r.x[i] = spread(i, 20);
    for (size_t k = 0; k < sizeof loops / sizeof *loops; k++) {
        loops[k].function(&r);
        uint64_t found = digest(r.y);
        if (found == loops[k].digest) continue;
        print_error("%s, %s: %#018" PRIx64 "\n", loops[k].name, dg_kernel_name(), found);
        right = false;
    }
    return right;
}

/* Nothing is fused, so the levels without FMA are no exception. */
static void test_bits(void **state)
{
    (void)state;
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_int_equal(dg_kernel_use(dg_level_name(level)), DG_OK);
        assert_true(has_bits());
    }
    assert_int_equal(dg_kernel_choose(), DG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_circle),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_special_values),
        cmocka_unit_test(test_special_floats),
        cmocka_unit_test(test_special_powers),
        cmocka_unit_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
