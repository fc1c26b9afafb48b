/* The product behind Dense and Conv2D, on each level of kernels that runs here. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/tensor/product.h"
#include "engine/tensor/product64.h"
#include "engine/tensor/product_columns.h"
#include "tests/engine/support.h"

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

static void check_product(uint64_t *random)
{
    enum { MOST = 620 };
    static float a[60 * MOST], b[MOST * 90], c[60 * 100], bias[90];
    static int32_t row[60], depth[MOST];
    int64_t m = between(random, 1, 50), n = between(random, 1, 80), k = between(random, 0, 40);
    if (support_random(random, 8) == 0) k = between(random, 250, MOST - 1);
    for (int64_t i = 0; i < 60 * MOST; i++) a[i] = (float)between(random, -4, 4);
    for (int64_t i = 0; i < k * 90; i++) b[i] = (float)between(random, -4, 4);
    for (int64_t i = 0; i < 60 * 100; i++) c[i] = (float)between(random, -4, 4);
    for (int64_t i = 0; i < n; i++) bias[i] = (float)between(random, -4, 4);
    for (int64_t i = 0; i < m; i++) row[i] = (int32_t)support_random(random, 59 * MOST);
    for (int64_t i = 0; i < k; i++) depth[i] = (int32_t)support_random(random, MOST);
    int form = (int)support_random(random, 6);
    dg_product p = { .m = m,
                     .n = n,
                     .k = k,
                     .b = b,
                     .b_step = 90,
                     .c = c,
                     .c_step = 100,
                     .bias = form % 3 == 1 ? bias : NULL,
                     .accumulate = form % 3 == 2,
                     .a = { .at = a, .row_step = k, .depth_step = 1 } };
    if (form >= 3) p.a.row = row, p.a.depth = depth;
    float expected[60 * 100];
    memcpy(expected, c, sizeof c);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = p.bias ? bias[j] : p.accumulate ? c[i * 100 + j] : 0;
            for (int64_t t = 0; t < k; t++)
                sum += a[form >= 3 ? row[i] + depth[t] : i * k + t] * b[t * 90 + j];
            expected[i * 100 + j] = sum; /* whole numbers: exact */
        }
    dg_multiply(&p);
    assert_memory_equal(c, expected, sizeof c);
}

/* Runs the check on each level of this processor. */
static void on_every_level(void (*check)(uint64_t *random), int times)
{
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        uint64_t random = 9;
        bool has = dg_has_level(level);
        printf("%s: %s\n", dg_level_name(level), has ? "checked" : "not on this machine");
        if (!has) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        for (int k = 0; k < times; k++) check(&random);
    }
    assert_ok(dg_kernel_choose());
}

static void test_products(void **state)
{
    (void)state;
    on_every_level(check_product, 400);
}

/* An element is one chain of FMAs over k, whatever m, n and the level are. */
static void check_chain(uint64_t *random)
{
    enum { MOST = 300 };
    static float a[20 * MOST], b[MOST * 40], c[20 * 40];
    static double a64[20 * MOST], b64[MOST * 40], c64[20 * 40];
    int64_t m = between(random, 1, 20), n = 4 * between(random, 1, 10);
    int64_t k = between(random, 1, MOST);
    for (int64_t i = 0; i < m * k; i++)
        a64[i] = a[i] = (float)support_random(random, 1 << 24) / 1e7f - 0.8f;
    for (int64_t i = 0; i < k * n; i++)
        b64[i] = b[i] = (float)support_random(random, 1 << 24) / 1e7f - 0.8f;
    for (int64_t i = 0; i < m * n; i++) c64[i] = 0.1;
    dg_multiply(&(dg_product){ .m = m,
                               .n = n,
                               .k = k,
                               .b = b,
                               .b_step = n,
                               .c = c,
                               .c_step = n,
                               .a = { .at = a, .row_step = k, .depth_step = 1 } });
    dg_multiply64(&(dg_product64){ m, n, k, a64, k, 1, b64, c64 });
    for (int64_t i = 0; i < m * n && dg_kernel_fuses(); i++) {
        float sum = 0;
        double sum64 = 0.1;
        for (int64_t t = 0; t < k; t++) {
            sum = fmaf(a[i / n * k + t], b[t * n + i % n], sum);
            sum64 = fma(a64[i / n * k + t], b64[t * n + i % n], sum64);
        }
        assert_memory_equal(&c[i], &sum, sizeof sum);
        assert_memory_equal(&c64[i], &sum64, sizeof sum64);
    }
}

static void test_chains(void **state)
{
    (void)state;
    on_every_level(check_chain, 60);
}

/* Each element is one chain of FMAs over k that begins with zero, the bias or C, whatever the level
 * is. */
static void check_columns(uint64_t *random)
{
    enum { MOST = 40, COLUMNS = 70, STEP = 75 };
    static float a[4000], b[MOST * STEP], c[20 * STEP], expected[20 * STEP], bias[COLUMNS];
    int32_t row[20], depth[MOST];
    int64_t m = between(random, 1, 20), n = between(random, 1, COLUMNS),
            k = between(random, 0, MOST);
    for (int i = 0; i < 4000; i++) a[i] = (float)support_random(random, 1 << 24) / 1e7f - 0.8f;
    for (int i = 0; i < MOST * STEP; i++)
        b[i] = (float)support_random(random, 1 << 24) / 1e7f - 0.8f;
    for (int i = 0; i < 20 * STEP; i++) c[i] = expected[i] = a[i];
    for (int i = 0; i < COLUMNS; i++) bias[i] = a[1000 + i];
    for (int i = 0; i < 20; i++) row[i] = (int32_t)support_random(random, 1900);
    for (int i = 0; i < MOST; i++) depth[i] = (int32_t)support_random(random, 1900);
    int form = (int)support_random(random, 6);
    dg_product p = { m,
                     n,
                     k,
                     .a = { a, row, depth },
                     .b = b,
                     STEP,
                     .bias = form % 3 == 1 ? bias : NULL,
                     form % 3 == 2,
                     c,
                     STEP };
    if (form >= 3) p.a = (dg_picked){ .at = a, .row_step = 9, .depth_step = 7 };
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = p.bias ? bias[j] : p.accumulate ? c[i * STEP + j] : 0;
            for (int64_t t = 0; t < k; t++) {
                float x = a[(form >= 3 ? i * 9 + t * 7 : row[i] + depth[t]) + j];
                sum = dg_fma_float(dg_kernel_fuses(), x, b[t * STEP + j], sum);
            }
            expected[i * STEP + j] = sum;
        }
    dg_multiply_columns(&p);
    assert_memory_equal(c, expected, sizeof c);
}

static void test_columns(void **state)
{
    (void)state;
    on_every_level(check_columns, 400);
}

/* Any sizes, A as it is and turned: whole numbers are exact. */
static void test_doubles(void **state)
{
    (void)state;
    enum { M = 11, N = 32, K = 50 };
    uint64_t random = 11;
    for (int trial = 0; trial < 300; trial++) {
        double a[M * K], b[K * N], c[M * N], expected[M * N];
        int64_t m = between(&random, 1, M), k = between(&random, 0, K);
        int64_t n = DG_LANES64 * between(&random, 1, N / DG_LANES64);
        for (int i = 0; i < M * K; i++) a[i] = (double)between(&random, -9, 9);
        for (int i = 0; i < K * N; i++) b[i] = (double)between(&random, -9, 9);
        for (int i = 0; i < M * N; i++) c[i] = expected[i] = (double)between(&random, -9, 9);
        bool turned = trial % 2;
        dg_product64 p = { m, n, k, a, turned ? 1 : k, turned ? m : 1, b, c };
        for (int64_t i = 0; i < m * n; i++)
            for (int64_t t = 0; t < k; t++)
                expected[i] += a[i / n * p.a_row + t * p.a_depth] * b[t * n + i % n];
        dg_multiply64(&p);
        assert_memory_equal(c, expected, sizeof c);
    }
}

static void test_transposition(void **state)
{
    (void)state;
    uint64_t random = 10;
    for (int k = 0; k < 200; k++) {
        float in[30 * 33], out[30 * 35];
        int64_t rows = between(&random, 1, 30), columns = between(&random, 1, 30);
        for (int i = 0; i < 30 * 33; i++) in[i] = (float)i;
        for (int i = 0; i < 30 * 35; i++) out[i] = -1;
        dg_transpose(rows, columns, in, 33, out, 35);
        for (int64_t i = 0; i < 30; i++)
            for (int64_t j = 0; j < 35; j++) {
                bool inside = i < columns && j < rows;
                assert_true(out[i * 35 + j] == (inside ? in[j * 33 + i] : -1));
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),      cmocka_unit_test(test_chains),
        cmocka_unit_test(test_columns),       cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_transposition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
