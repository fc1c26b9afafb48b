/* The order of rows in boosting, and drawing them, against plain loops. */
#include <math.h>
#include <stdlib.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/tree/boost.h"
#include "tests/engine/trees.h"

/* Each row once, by class, and as they were within a class. */
static void test_rows_lie_by_class(void **state)
{
    uint32_t *order;
    const dg_dataset *set = tree_set(300, 3, 4, false, false, 5);
    const int32_t *class = dg_int32s(&set->positions);
    (void)state;
    assert_ok(dg_boost_order(set, &order));
    for (int i = 1; i < 300; i++) {
        int32_t before = class[order[i - 1]], here = class[order[i]];
        assert_true(before < here || (before == here && order[i - 1] < order[i]));
    }
    dg_free(order);
    dg_dataset_release(set);
}

enum { DRAWN_ROWS = 400 };

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The chances of all rows, from the sizes in order: the largest rows are sure as long as one's size
 * is more than its share of what is left. */
static void chances_by_hand(const float *g, const float *h, double part, double *chance)
{
    double ordered[DRAWN_ROWS], rest = 0, left = part * DRAWN_ROWS;
    for (int i = 0; i < DRAWN_ROWS; i++) {
        chance[i] = sqrt((double)g[i] * (double)g[i] + 0.1 * (double)h[i] * (double)h[i]);
        rest += ordered[i] = chance[i];
    }
    qsort(ordered, DRAWN_ROWS, sizeof *ordered, descending);
    for (int i = 0; i < DRAWN_ROWS && ordered[i] * left > rest; i++) {
        rest -= ordered[i];
        left--;
    }
    for (int i = 0; i < DRAWN_ROWS; i++) chance[i] = fmin(1, chance[i] * left / rest);
}

static void test_rows_are_drawn_by_their_derivatives(void **state)
{
    enum { DRAWS = 600 };
    const double part = 0.2;
    float g[DRAWN_ROWS], h[DRAWN_ROWS];
    double chance[DRAWN_ROWS], drawn[DRAWN_ROWS] = { 0 }, sum = 0;
    uint32_t from[DRAWN_ROWS];
    int sure = 0;
    (void)state;
    for (int i = 0; i < DRAWN_ROWS; i++) {
        float u = dg_unit_float(dg_random_word(9, (uint64_t)i)), p = u * u * u * u * u * u;
        from[i] = (uint32_t)i;
        g[i] = i % 3 ? p : -p;
        h[i] = 2 * p * (1 - p);
    }
    chances_by_hand(g, h, part, chance);
    for (uint64_t key = 0; key < DRAWS; key++) {
        dg_boost_drawn out;
        double size = 0, hessian = 0;
        assert_ok(dg_boost_draw(&out, from, DRAWN_ROWS, part, key, g, h, DRAWN_ROWS));
        for (int64_t i = 0, at = 0; i < DRAWN_ROWS; i++) {
            bool is = at < out.count && out.row[at] == i;
            at += is;
            drawn[i] += is;
            double times = is ? 1 / chance[i] : 0;
            assert_true(fabs((double)out.gradient[i] - times * (double)g[i]) < 1e-5);
            assert_true(fabs((double)out.hessian[i] - times * (double)h[i]) < 1e-5);
            size += fabs((double)out.gradient[i]);
            hessian += (double)out.hessian[i];
        }
        assert_true(size == out.gradient_size && hessian == out.hessian_sum);
        dg_boost_drawn_free(&out);
    }
    for (int i = 0; i < DRAWN_ROWS; i++) {
        double spread = sqrt(chance[i] * (1 - chance[i]) / DRAWS);
        double slack = chance[i] < 1 ? 5 * spread + 2.0 / DRAWS : 0; /* few draws are not normal */
        assert_true(fabs(drawn[i] / DRAWS - chance[i]) <= slack);
        sum += chance[i];
        sure += chance[i] == 1;
    }
    assert_true(fabs(sum - part * DRAWN_ROWS) < 1e-6 && sure > 3);
}

/* Where less than the wanted number have any derivatives, and where none has. */
static void test_rows_without_derivatives_may_be_drawn(void **state)
{
    (void)state;
    for (int some = 0; some < 2; some++) {
        float g[40] = { 0 }, h[40] = { 0 };
        uint32_t from[20];
        dg_boost_drawn out;
        for (uint32_t i = 0; i < 20; i++) from[i] = 2 * i + 1;
        for (int i = 0; some && i < 3; i++) g[from[5 * i]] = (float)(i + 1), h[from[5 * i]] = 1;
        assert_ok(dg_boost_draw(&out, from, 20, 0.5, 4, g, h, 40));
        assert_true(out.gradient_size == (some ? 6 : 0) && out.hessian_sum == (some ? 3 : 0));
        assert_true(out.count >= 3 * some && out.count <= 20);
        dg_boost_drawn_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_rows_lie_by_class),
        leaving_nothing(test_rows_are_drawn_by_their_derivatives),
        leaving_nothing(test_rows_without_derivatives_may_be_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
