/* L-BFGS on functions whose minimum is known. */
#include <math.h>

#include "engine/linear/lbfgs.h"
#include "tests/engine/support.h"

struct counter {
    int64_t size, calls, steps, stop_at;
    double last;
};

/* Rosenbrock's valley, for any even number of coordinates. */
static dg_status valley(void *context, const double *x, double *value, double *gradient)
{
    struct counter *c = context;
    c->calls++;
    *value = 0;
    for (int64_t i = 0; i < c->size; i += 2) {
        double a = 1 - x[i], b = x[i + 1] - x[i] * x[i];
        *value += a * a + 100 * b * b;
        gradient[i] = -2 * a - 400 * x[i] * b;
        gradient[i + 1] = 200 * b;
    }
    return c->calls == 1000 ? dg_error(DG_CANCELLED, "enough") : DG_OK;
}

static dg_status count_step(void *context, int64_t iteration, const double *x, double value,
                            bool *stop)
{
    struct counter *c = context;
    (void)x;
    assert_int_equal(iteration, ++c->steps);
    assert_true(value <= c->last);
    c->last = value;
    *stop = iteration == c->stop_at;
    return DG_OK;
}

static void test_valley(void **state)
{
    (void)state;
    double x[6] = { -1.2, 1, 5, -7, 0, 0 };
    struct counter c = { .size = 6, .last = INFINITY };
    dg_lbfgs problem = { 6, 1000, 1e-9, 0, valley, count_step, &c };
    dg_lbfgs_result result;
    assert_ok(dg_lbfgs_minimise(&problem, x, &result));
    assert_true(result.converged);
    assert_true(result.iterations == c.steps && result.steepest <= 1e-9 && c.calls < 200);
    for (int i = 0; i < 6; i++) assert_true(fabs(x[i] - 1) < 1e-8);
}

static void test_limits(void **state)
{
    (void)state;
    double x[2] = { -1.2, 1 };
    struct counter c = { .size = 2, .last = INFINITY };
    dg_lbfgs problem = { 2, 3, 1e-9, 0, valley, count_step, &c };
    dg_lbfgs_result result;
    assert_ok(dg_lbfgs_minimise(&problem, x, &result));
    assert_true(!result.converged && result.iterations == 3 && result.steepest > 1e-9);
    c = (struct counter){ .size = 2, .last = INFINITY, .stop_at = 2 };
    problem.max_iter = 100;
    assert_ok(dg_lbfgs_minimise(&problem, x, &result));
    assert_true(!result.converged && result.iterations == 2);
    c = (struct counter){ .size = 2, .last = INFINITY, .calls = 994 };
    assert_fails(dg_lbfgs_minimise(&problem, x, &result), DG_CANCELLED, "enough");
    x[0] = x[1] = 1;
    c = (struct counter){ .size = 2 };
    assert_ok(dg_lbfgs_minimise(&problem, x, &result));
    assert_true(result.converged && result.iterations == 0 && x[0] == 1 && x[1] == 1);
}

/* A value that is not finite far out, and a slope without end. */
static dg_status barrier(void *context, const double *x, double *value, double *gradient)
{
    (void)context;
    *value = x[0] - log(x[0] + 1);
    gradient[0] = 1 - 1 / (x[0] + 1);
    return DG_OK;
}

static dg_status cliff(void *context, const double *x, double *value, double *gradient)
{
    (void)context;
    *value = -x[0];
    gradient[0] = -1;
    return DG_OK;
}

static void test_hard(void **state)
{
    (void)state;
    double x[1] = { 30 };
    dg_lbfgs problem = { 1, 100, 1e-10, 0, barrier, NULL, NULL };
    dg_lbfgs_result result;
    assert_ok(dg_lbfgs_minimise(&problem, x, &result));
    assert_true(result.converged && fabs(x[0]) < 1e-9);
    problem.evaluate = cliff;
    assert_ok(dg_lbfgs_minimise(&problem, x, &result));
    assert_false(result.converged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_valley),
        leaving_nothing(test_limits),
        leaving_nothing(test_hard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
