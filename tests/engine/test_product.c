/* The product behind Dense and Conv2D, for each instruction set that runs here. */
#include <stdio.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/tensor/product.h"
#include "engine/tensor/product64.h"
#include "tests/engine/support.h"

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

static void check_product(dg_multiply_function *multiply, uint64_t *random)
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
    multiply(&p);
    assert_memory_equal(c, expected, sizeof c);
}

static void test_products(void **state)
{
    (void)state;
    static const char *const names[] = { "default", "x86-64-v3", "x86-64-v4" };
    for (int i = 0; i < 3; i++) {
        uint64_t random = 9;
        dg_multiply_function *multiply = dg_multiply_for(names[i]);
        for (int k = 0; multiply && k < 400; k++) check_product(multiply, &random);
        printf("%s: %s\n", names[i], multiply ? "checked" : "not on this machine");
    }
    assert_non_null(dg_multiply_for(dg_kernel_name()));
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
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_transposition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
