/* The product of quantised layers against plain C, on each level of kernels that runs here. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/tensor/product8.h"
#include "tests/engine/support.h"

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

/* Extremes are as likely as all other values together: their sums are the ones that saturate. */
static int extreme(uint64_t *random, int low, int high)
{
    int64_t which = support_random(random, 4);
    return which == 0 ? low : which == 1 ? high : (int)between(random, low, high);
}

static uint8_t plain_byte(float y, uint8_t least)
{
    float whole = rintf(y); /* to nearest, ties to even */
    return (uint8_t)(whole > 127 ? 127 : whole < least ? least : whole);
}

enum { MOST_M = 40, MOST_N = 70, MOST_K = 300, ROOM = 4096 };

struct case8 {
    dg_product8 p;
    dg_factor8 factor;
    uint8_t a[MOST_M * MOST_K + ROOM];
    int32_t row[MOST_M];
    int8_t b[MOST_K * MOST_N];
    uint8_t bytes[MOST_M * MOST_N + 1];
    float floats[MOST_M * MOST_N + 1];
};

static void make_case(struct case8 *c, uint64_t *random)
{
    int64_t m = between(random, 1, MOST_M), n = between(random, 1, MOST_N);
    int64_t runs = support_random(random, 3) ? 1 : between(random, 2, 5);
    int64_t run = runs > 1 ? 4 * between(random, 1, MOST_K / 20) : between(random, 1, MOST_K);
    int64_t k = run * runs;
    for (size_t i = 0; i < sizeof c->a; i++) c->a[i] = (uint8_t)extreme(random, 0, 127);
    for (int64_t i = 0; i < k * n; i++) c->b[i] = (int8_t)extreme(random, -127, 127);
    assert_ok(dg_factor8_new(&c->factor, k, n, c->b));
    for (int64_t j = 0; j < n; j++) {
        c->factor.begin[j] = (int32_t)between(random, -100000, 100000);
        c->factor.scale[j] = (float)between(random, 1, 1000) * 1e-6f;
        c->factor.shift[j] = (float)between(random, -100, 100) * 0.5f;
    }
    for (int64_t i = 0; i < m; i++) c->row[i] = (int32_t)support_random(random, ROOM - 700);
    c->p = (dg_product8){ .m = m,
                          .a = { .at = c->a, .row_step = k, .runs = runs, .run_step = run },
                          .b = &c->factor };
    if (support_random(random, 2)) c->p.a.row = c->row, c->p.a.run_step = run + 5;
    if (support_random(random, 2))
        c->p.bytes = c->bytes, c->p.least = (uint8_t)support_random(random, 2) * 40;
    else
        c->p.floats = c->floats;
    memset(c->bytes, 255, sizeof c->bytes);
    memset(c->floats, 255, sizeof c->floats);
}

static float plain_value(const struct case8 *c, int64_t i, int64_t j)
{
    const dg_picked8 *a = &c->p.a;
    int64_t k = c->factor.k, run = k / a->runs, sum = c->factor.begin[j];
    const uint8_t *at = a->at + (a->row ? a->row[i] : i * a->row_step);
    for (int64_t t = 0; t < k; t++)
        sum += at[t / run * a->run_step + t % run] * c->b[t * c->factor.n + j];
    float product = (float)(int32_t)sum * c->factor.scale[j];
    return product + c->factor.shift[j];
}

static void check_case(const struct case8 *c)
{
    int64_t n = c->factor.n;
    dg_multiply8(&c->p);
    for (int64_t i = 0; i < c->p.m * n; i++) {
        float expected = plain_value(c, i / n, i % n);
        if (c->p.bytes)
            assert_int_equal(c->bytes[i], plain_byte(expected, c->p.least));
        else
            assert_memory_equal(&c->floats[i], &expected, sizeof expected);
    }
    assert_int_equal(c->bytes[c->p.m * n], 255); /* nothing is written behind C */
    assert_true(isnan(c->floats[c->p.m * n]));
}

static void the_product_is_exact_on_every_level(void **state)
{
    (void)state;
    static struct case8 c;
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        uint64_t random = 3;
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        print_message("%s: checked%s\n", dg_kernel_name(),
                      dg_product8_has_vnni() ? ", with VNNI" : "");
        for (int trial = 0; trial < 300; trial++) {
            make_case(&c, &random);
            check_case(&c);
            dg_factor8_free(&c.factor);
        }
    }
    assert_ok(dg_kernel_choose());
}

/* The greatest sums that there are: of DG_PRODUCT8_DEPTH greatest products, from the least sum of a
 * zero point. */
static void the_greatest_sums_fit(void **state)
{
    (void)state;
    enum { K = DG_PRODUCT8_DEPTH };
    static uint8_t a[K + DG_PRODUCT8_SLACK];
    static int8_t b[2 * K];
    dg_factor8 factor;
    float out[2] = { 0 };
    memset(a, 127, K);
    for (int64_t t = 0; t < K; t++) b[2 * t] = 127, b[2 * t + 1] = -127;
    assert_ok(dg_factor8_new(&factor, K, 2, b));
    factor.scale[0] = factor.scale[1] = 1;
    factor.begin[0] = 127 * 127 * K;
    factor.begin[1] = -127 * 127 * K;
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        dg_multiply8(
            &(dg_product8){ .m = 1, .a = { .at = a, .runs = 1 }, .b = &factor, .floats = out });
        assert_true(out[0] == 2.0f * 127 * 127 * K && out[1] == -out[0]);
    }
    assert_ok(dg_kernel_choose());
    dg_factor8_free(&factor);
}

static void floats_become_bytes(void **state)
{
    (void)state;
    static const float y[] = { 0, 0.5f, 1.5f, 2.5f, -3, 126.5f, 127.4f, 1e30f, -1e30f, 3.7f };
    static const uint8_t expected[] = { 0, 0, 2, 2, 0, 126, 127, 127, 0, 4 };
    enum { COUNT = sizeof expected };
    uint8_t bytes[COUNT];
    float floats[COUNT];
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        dg_bytes_of_floats(y, COUNT, 1, 0, bytes);
        assert_memory_equal(bytes, expected, COUNT);
        dg_bytes_of_floats(y, COUNT, 2, 60, bytes);
        assert_int_equal(bytes[0], 60);
        assert_int_equal(bytes[4], 54);
        dg_floats_of_bytes(bytes, COUNT, 60, 0.5f, floats);
        assert_true(floats[0] == 0 && floats[4] == -3);
    }
    assert_ok(dg_kernel_choose());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_product_is_exact_on_every_level),
        cmocka_unit_test(the_greatest_sums_fit),
        cmocka_unit_test(floats_become_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
