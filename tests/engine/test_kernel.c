/* Levels of kernels: their names and choice; that FMA and sums in lanes have the same bits on each
 * level that fuses, and those of a plain version. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/lanes.h"
#include "tests/engine/support.h"

enum { MOST = 200 };

DG_KERNEL(void, sums,
          (const float *x, const float *y, int64_t count, float *floats, double *doubles),
          (x, y, count, floats, doubles))
{
    float lane[DG_LANES] = { 0 };
    double wide[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, count, {
        lane[l] = DG_FMA(x[i], y[i], lane[l]);
        wide[l] = DG_FMA((double)x[i], (double)y[i] / 3, wide[l]);
    });
    *floats = DG_JOIN(lane);
    *doubles = DG_JOIN(wide);
}

static void plain_sums(const float *x, const float *y, int64_t count, float *floats,
                       double *doubles)
{
    float lane[16] = { 0 };
    double wide[16] = { 0 };
    for (int64_t i = 0; i < count; i++) {
        lane[i % 16] = fmaf(x[i], y[i], lane[i % 16]);
        wide[i % 16] = fma((double)x[i], (double)y[i] / 3, wide[i % 16]);
    }
    for (int half = 8; half > 0; half /= 2)
        for (int l = 0; l < half; l++) {
            lane[l] += lane[l + half];
            wide[l] += wide[l + half];
        }
    *floats = lane[0];
    *doubles = wide[0];
}

static void sums_have_one_order_on_every_level(void **state)
{
    (void)state;
    float x[MOST], y[MOST];
    uint64_t random = 4;
    for (int i = 0; i < MOST; i++) {
        x[i] = (float)support_random(&random, 1 << 24) / 3e6f - 2;
        y[i] = (float)support_random(&random, 1 << 24) / 7e6f - 1;
    }
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        for (int64_t count = 0; count <= MOST && dg_kernel_fuses(); count++) {
            float floats, expected;
            double doubles, exact;
            sums(x, y, count, &floats, &doubles);
            plain_sums(x, y, count, &expected, &exact);
            assert_memory_equal(&floats, &expected, sizeof floats);
            assert_memory_equal(&doubles, &exact, sizeof doubles);
        }
    }
    assert_ok(dg_kernel_choose());
}

static void levels_are_chosen_by_name(void **state)
{
    (void)state;
    char before[32];
    snprintf(before, sizeof before, "%s", dg_kernel_name());
    print_message("kernels run as %s\n", before);
    assert_ok(dg_kernel_use("default"));
    assert_string_equal(dg_kernel_name(), "default");
    assert_fails(dg_kernel_use("x86-64-v5"), DG_INVALID,
                 "there is no kernel level 'x86-64-v5': expected 'x86-64-v4', 'x86-64-v3' or "
                 "'default'");
    assert_string_equal(dg_kernel_name(), "default");
    for (dg_level level = DG_LEVEL_V3; level < DG_LEVELS; level++)
        if (!dg_has_level(level))
            assert_fails_with(dg_kernel_use(dg_level_name(level)), DG_INVALID,
                              "this processor does not have the instructions of kernel level");
    assert_ok(dg_kernel_use(before));
}

static void the_environment_is_checked(void **state)
{
    (void)state;
    char before[32];
    const char *asked = getenv("DIGITS_KERNEL");
    snprintf(before, sizeof before, "%s", asked ? asked : "");
    setenv("DIGITS_KERNEL", "avx2", 1);
    assert_fails_with(dg_kernel_choose(), DG_INVALID,
                      "DIGITS_KERNEL: there is no kernel level 'avx2'");
    setenv("DIGITS_KERNEL", before, 1);
    assert_ok(dg_kernel_choose());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_chosen_by_name),
        cmocka_unit_test(the_environment_is_checked),
        cmocka_unit_test(sums_have_one_order_on_every_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
