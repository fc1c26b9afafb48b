/* Products in bfloat16: the instructions in plain C, and the products made of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/tensor/product.h"
#include "tests/engine/network.h"
#include "tests/engine/support.h"

static float of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float widened(uint16_t half)
{
    return of_bits((uint32_t)half << 16);
}

/* --- the instructions --------------------------------------------------------------------- */

/* All upper halves, with lower halves around the tie. */
static void test_rounding(void **state)
{
    (void)state;
    const uint32_t lower[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff };
    for (uint32_t upper = 0; upper < 0x10000; upper++)
        for (int i = 0; i < 6; i++) {
            float value = of_bits(upper << 16 | lower[i]);
            uint16_t found = dg_bfloat16_of(value);
            if (isnan(value)) {
                assert_true(isnan(widened(found)));
                continue;
            }
            if (fabsf(value) < 0x1p-126f) {
                assert_int_equal(found, upper & 0x8000);
                continue;
            }
            bool up = lower[i] > 0x8000 || (lower[i] == 0x8000 && upper % 2 == 1);
            assert_int_equal(found, upper + up);
        }
    assert_true(isinf(widened(dg_bfloat16_of(3.4e38f)))); /* rounds beyond the greatest */
}

/* Against fmaf, where no denormal comes near. */
static void test_fused(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int n = 0; n < 100000; n++) {
        uint16_t a = (uint16_t)support_random(&random, 0x10000);
        uint16_t b = (uint16_t)support_random(&random, 0x10000);
        float c = of_bits((uint32_t)support_random(&random, 1ull << 32));
        if (n % 2) { /* of like size: the product and c may cancel */
            a = (uint16_t)((a & 0x80ff) | 0x3f00);
            b = (uint16_t)((b & 0x80ff) | 0x3f00);
            c = of_bits((bits_of(c) & 0x80ffffff) | 0x3f000000);
        }
        float x = widened(a), y = widened(b), expected = fmaf(x, y, c);
        if (fpclassify(x) == FP_SUBNORMAL || fpclassify(y) == FP_SUBNORMAL ||
            fpclassify(c) == FP_SUBNORMAL || (fabsf(expected) <= 0x1p-126f && expected != 0))
            continue;
        float found = dg_bfloat16_fma(a, b, c);
        if (isnan(expected))
            assert_true(isnan(found));
        else if (fabsf(expected) > 0)
            assert_int_equal(bits_of(found), bits_of(expected));
        else
            assert_true(found == 0);
    }
}

static void check_fused(float a, float b, float c, float expected)
{
    float found = dg_bfloat16_fma(dg_bfloat16_of(a), dg_bfloat16_of(b), c);
    assert_int_equal(bits_of(found), bits_of(expected));
}

static void test_denormals(void **state)
{
    (void)state;
    check_fused(0x1p-100f, 0x1p-26f, 0, 0x1p-126f);           /* the least normal number */
    check_fused(0x1p-100f, 0x1p-27f, 0, 0);                   /* below it */
    check_fused(-0x1p-100f, 0x1p-27f, 0, -0.0f);              /* with its sign */
    check_fused(0x1p-100f, 0x1p-27f, 0x1p-126f, 0x1.8p-126f); /* but not within the sum */
    check_fused(-0x1p-100f, 0x1p-51f, 0x1p-126f, 0x1p-126f);  /* a tie to the least normal */
    check_fused(-0x1.02p-100f, 0x1p-51f, 0x1p-126f, 0);       /* just below that tie */
    check_fused(0, 5, -0.0f, 0);
    check_fused(0, -5, -0.0f, -0.0f);
    assert_int_equal(bits_of(dg_bfloat16_dot(0, 0, 0x1p-127f)), 0); /* a denormal sum is zero */
    assert_int_equal(dg_bfloat16_of(-0x1p-127f), 0x8000);
    /* a sum that a product takes beyond the range, and back */
    check_fused(0x1p127f, 2, -0x1p127f, 0x1p127f);
    check_fused(0x1p127f, 2, 0, INFINITY);
}

/* The upper half goes first. */
static void test_order(void **state)
{
    (void)state;
    uint32_t low_is_large = dg_bfloat16_of(0x1p30f) | (uint32_t)dg_bfloat16_of(1) << 16;
    uint32_t ones = 0x3f803f80;
    assert_true(dg_bfloat16_dot(low_is_large, ones, -0x1p30f) == 0);
    uint32_t high_is_large = dg_bfloat16_of(1) | (uint32_t)dg_bfloat16_of(0x1p30f) << 16;
    assert_true(dg_bfloat16_dot(high_is_large, ones, -0x1p30f) == 1);
}

/* --- products ----------------------------------------------------------------------------- */

enum { MOST = 620, ROWS = 60, COLUMNS = 150 };

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

/* Offsets of rows and of steps, as a convolution has them, turned or not; without an order; or
 * none. */
static void choose_offsets(uint64_t *random, int64_t m, int64_t k, dg_product *p, int32_t *row,
                           int32_t *depth)
{
    int64_t channels = between(random, 1, 40), across = between(random, 1, 20);
    int form = (int)support_random(random, 5);
    p->a.row = form < 4 ? row : NULL;
    p->a.depth = form < 4 ? depth : NULL;
    p->a.row_step = form == 4 ? k : 0;
    p->a.depth_step = form == 4 ? 1 : 0;
    for (int64_t i = 0; i < m; i++)
        row[i] = (int32_t)(i / across * across * 3 + i % across * (form == 0 ? channels : 1));
    for (int64_t t = 0; t < k; t++)
        depth[t] = (int32_t)(t / across * across * 5 + t % across * (form == 1 ? channels : 1));
    if (form == 2)
        for (int64_t i = 0; i < m; i++) row[i] = (int32_t)support_random(random, ROWS * MOST / 2);
    if (form >= 2)
        for (int64_t t = 0; t < k; t++) depth[t] = (int32_t)support_random(random, MOST);
}

/* The plain version. */
static float expected_sum(const dg_product *p, int64_t i, int64_t j)
{
    float sum = p->accumulate ? p->c[i * p->c_step + j] : p->bias ? p->bias[j] : 0;
    for (int64_t t = 0; t < p->k; t += 2) {
        uint32_t pair[2] = { 0 };
        for (int64_t h = t; h < t + 2 && h < p->k; h++) {
            int64_t at = p->a.row ? p->a.row[i] : i * p->a.row_step;
            at += p->a.depth ? p->a.depth[h] : h * p->a.depth_step;
            pair[0] |= (uint32_t)dg_bfloat16_of(p->a.at[at]) << (h - t) * 16;
            pair[1] |= (uint32_t)dg_bfloat16_of(p->b[h * p->b_step + j]) << (h - t) * 16;
        }
        sum = dg_bfloat16_dot(pair[0], pair[1], sum);
    }
    return sum;
}

static float number(uint64_t *random)
{
    return (float)support_random(random, 1 << 24) / 1e7f - 0.8f;
}

/* Any shapes and offsets: the bits of the chain, and nothing written beside C. */
static void check_product(uint64_t *random)
{
    static float a[ROWS * MOST + MOST], b[MOST * (COLUMNS + 3)], c[ROWS * (COLUMNS + 5)];
    static float expected[ROWS * (COLUMNS + 5)], bias[COLUMNS];
    int32_t row[ROWS], depth[MOST];
    int64_t m = between(random, 1, ROWS), n = between(random, 1, COLUMNS);
    int64_t k = between(random, 0, 70);
    if (support_random(random, 4) == 0) k = between(random, 250, MOST - 1);
    for (size_t i = 0; i < sizeof a / sizeof *a; i++) a[i] = number(random);
    for (size_t i = 0; i < sizeof b / sizeof *b; i++) b[i] = number(random);
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) c[i] = expected[i] = number(random);
    for (int i = 0; i < COLUMNS; i++) bias[i] = number(random);
    int start = (int)support_random(random, 3);
    dg_product p = { .m = m,
                     .n = n,
                     .k = k,
                     .a = { .at = a },
                     .b = b,
                     .b_step = COLUMNS + 3,
                     .bias = start == 1 ? bias : NULL,
                     .accumulate = start == 2,
                     .c = c,
                     .c_step = COLUMNS + 5,
                     .precision = DG_PRECISION_BFLOAT16 };
    choose_offsets(random, m, k, &p, row, depth);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) expected[i * p.c_step + j] = expected_sum(&p, i, j);
    dg_multiply(&p);
    assert_memory_equal(c, expected, sizeof c);
}

/* Calls it for each mode that computes here. */
static void in_every_mode(void (*check)(void))
{
    const char *modes[] = { "emulated", "processor" };
    for (int i = 0; i < 2; i++) {
        assert_ok(dg_bfloat16_use(modes[i]));
        bool computes = dg_bfloat16() != DG_BFLOAT16_OFF;
        bool checks = computes && dg_bfloat16_is_exact();
        printf("%s: %s\n", modes[i],
               checks     ? "checked"
               : computes ? "this processor rounds otherwise"
                          : "not on this machine");
        if (checks) check();
    }
    assert_ok(dg_bfloat16_choose());
}

static void check_products(void)
{
    uint64_t random = 9;
    for (int i = 0; i < 100; i++) check_product(&random);
}

static void test_products(void **state)
{
    (void)state;
    in_every_mode(check_products);
}

/* Infinities and NaN reach the sums of their own rows and columns, no others. */
static void check_infinities(void)
{
    enum { M = 14, N = 37, K = 5 };
    float a[M * K], b[K * N], c[M * N];
    for (int i = 0; i < M * K; i++) a[i] = 1;
    for (int i = 0; i < K * N; i++) b[i] = 1;
    a[3 * K + 4] = INFINITY;
    b[2 * N + 36] = NAN;
    dg_multiply(&(dg_product){ .m = M,
                               .n = N,
                               .k = K,
                               .a = { .at = a, .row_step = K, .depth_step = 1 },
                               .b = b,
                               .b_step = N,
                               .c = c,
                               .c_step = N,
                               .precision = DG_PRECISION_BFLOAT16 });
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++)
            if (j == 36)
                assert_true(isnan(c[i * N + j]));
            else
                assert_true(c[i * N + j] == (i == 3 ? INFINITY : K));
}

static void test_infinities(void **state)
{
    (void)state;
    in_every_mode(check_infinities);
}

/* --- networks ----------------------------------------------------------------------------- */

/* Strides, groups, odd sizes; and windows of 1 x 1. */
static const char *const networks[] = {
    "Input shape=9,8,3; Conv2D filters=5 kernel_size=3,3 activation=tanh; "
    "Conv2D filters=6 kernel_size=2,3 strides=2,1 padding=same; "
    "Conv2D filters=6 kernel_size=3,3 padding=same groups=3 activation=tanh; Flatten; "
    "Dense units=35 activation=tanh; Dense units=4 activation=softmax",
    "Input shape=8,8,16; Conv2D filters=16 kernel_size=1,1; GlobalAveragePooling2D; "
    "Activation activation=softmax",
};

/* The model with the gradients of all weights, computed on three threads. */
static dg_model *model_in(const char *layers, dg_product_precision precision)
{
    dg_model *model = network_of(layers);
    double loss;
    assert_ok(dg_model_finish(model, model->node_count - 1));
    int64_t classes = dg_model_width(model);
    network_compile(model, "Adam", "", "categorical_crossentropy");
    dg_model_set_precision(model, precision);
    const dg_dataset *set = network_set(model, 50, (int)classes, false, 3);
    assert_ok(dg_model_compute_gradients(model, set, 1, &(dg_job){ .threads = 3 }, &loss));
    dg_dataset_release(set);
    return model;
}

/* Those of each weight are near those of float32, and not the same. */
static void check_gradients_of(const char *layers)
{
    dg_model *plain = model_in(layers, DG_PRECISION_FLOAT32);
    dg_model *rough = model_in(layers, DG_PRECISION_BFLOAT16);
    for (int i = 0; i < plain->weight_count; i++) {
        const dg_weight *weight = &plain->weights[i];
        double norm = 0, apart = 0;
        for (int64_t j = weight->offset; j < weight->offset + weight->size; j++) {
            double expected = (double)plain->gradients[j];
            norm += expected * expected;
            apart += pow((double)rough->gradients[j] - expected, 2);
        }
        assert_true(norm > 0);
        assert_true(apart > 0);
        if (!(sqrt(apart) < 0.02 * sqrt(norm)))
            fail_msg("%s: apart by %g of %g", weight->name, sqrt(apart), sqrt(norm));
    }
    dg_model_free(plain);
    dg_model_free(rough);
}

static void check_gradients(void)
{
    for (int i = 0; i < 2; i++) check_gradients_of(networks[i]);
}

static void test_gradients(void **state)
{
    (void)state;
    in_every_mode(check_gradients);
}

/* Off, it is float32 to the last bit. */
static void test_off(void **state)
{
    (void)state;
    char text[256];
    assert_ok(dg_bfloat16_use("off"));
    for (int i = 0; i < 2; i++) {
        dg_model *plain = model_in(networks[i], DG_PRECISION_FLOAT32);
        dg_model *asked = model_in(networks[i], DG_PRECISION_BFLOAT16);
        assert_memory_equal(asked->gradients, plain->gradients,
                            (size_t)plain->value_count * sizeof *plain->gradients);
        assert_true(dg_model_lacks_precision(asked, text, sizeof text));
        assert_false(dg_model_lacks_precision(plain, text, sizeof text));
        dg_model_free(plain);
        dg_model_free(asked);
    }
    assert_ok(dg_bfloat16_choose());
}

/* --- modes -------------------------------------------------------------------------------- */

static void test_modes(void **state)
{
    (void)state;
    assert_fails_with(dg_bfloat16_use("none"), DG_INVALID,
                      "there is no mode 'none': expected 'processor', 'off' or 'emulated'");
    assert_ok(dg_bfloat16_use("off"));
    assert_int_equal(dg_bfloat16(), DG_BFLOAT16_OFF);
    assert_string_equal(dg_bfloat16_products(), "float32");
    assert_ok(dg_bfloat16_use("emulated"));
    assert_int_equal(dg_bfloat16(), DG_BFLOAT16_EMULATED);
    assert_string_equal(dg_bfloat16_products(), "bfloat16");
    char before[32];
    const char *asked = getenv("DIGITS_BFLOAT16");
    snprintf(before, sizeof before, "%s", asked ? asked : "");
    setenv("DIGITS_BFLOAT16", "yes", 1);
    assert_fails_with(dg_bfloat16_choose(), DG_INVALID, "DIGITS_BFLOAT16: there is no mode 'yes'");
    setenv("DIGITS_BFLOAT16", before, 1);
    assert_ok(dg_bfloat16_choose());
}

/* Kernels of lower levels do not have it. */
static void test_levels(void **state)
{
    (void)state;
    assert_ok(dg_bfloat16_use("processor"));
    assert_ok(dg_kernel_use("default"));
    assert_int_equal(dg_bfloat16(), DG_BFLOAT16_OFF);
    assert_ok(dg_kernel_choose());
    assert_ok(dg_bfloat16_choose());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding),  cmocka_unit_test(test_fused),
        cmocka_unit_test(test_denormals), cmocka_unit_test(test_order),
        cmocka_unit_test(test_products),  cmocka_unit_test(test_infinities),
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_off),
        cmocka_unit_test(test_modes),     cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
