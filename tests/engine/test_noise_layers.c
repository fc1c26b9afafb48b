/* Layers that are random in training: what they draw, that it does not depend on how rows are cut,
 * and that gradients take the same way. test_layers.c has Dropout. */
#include <math.h>
#include <string.h>

#include "engine/base/random.h"
#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

static float *copy_of(const float *values, int64_t count)
{
    float *out = test_calloc((size_t)count, sizeof *out);
    memcpy(out, values, (size_t)count * sizeof *out);
    return out;
}

/* The same bits whatever rows are computed together, and others with another key. */
static void check_stream(layer_case *c)
{
    int64_t count = c->rows * c->out_size, differ = 0;
    layer_case_forward(c, c->rows);
    float *whole = copy_of(c->y, count);
    for (int64_t range = 1; range < c->rows; range += 3) {
        layer_case_forward(c, range);
        assert_memory_equal(whole, c->y, (size_t)count * sizeof *whole);
    }
    c->key++;
    layer_case_forward(c, c->rows);
    for (int64_t i = 0; i < count; i++) differ += whole[i] != c->y[i];
    assert_true(differ > count / 8);
    c->key--;
    layer_case_forward(c, c->rows);
    test_free(whole);
}

/* Fails unless the mean of `count` numbers of the variance is that, within four deviations. */
static void expect_mean(double sum, double count, double mean, double variance)
{
    if (fabs(sum / count - mean) > 4 * sqrt(variance / count))
        fail_msg("the mean of %g is %g, expected %g", count, sum / count, mean);
}

static void test_spatial_dropout(void **state)
{
    (void)state;
    uint64_t random = 1;
    dg_shape shape = { 3, { 3, 2, 37 } };
    layer_case *c = layer_case_new("SpatialDropout2D", "rate=0.3", 1, &shape, 201, &random);
    for (int64_t i = 0; i < c->rows * c->in_size; i++) c->x[0][i] += 2;
    check_stream(c);
    layer_case_backward(c, 7, true);
    double kept = 0;
    for (int64_t row = 0; row < c->rows; row++)
        for (int64_t k = 0; k < 37; k++) {
            bool is_kept = c->y[row * c->out_size + k] != 0;
            kept += is_kept;
            for (int64_t i = row * c->out_size + k; i < (row + 1) * c->out_size; i += 37) {
                assert_true(fabsf(c->y[i] - (is_kept ? c->x[0][i] / 0.7f : 0)) < 1e-6f);
                assert_true(fabsf(c->dx[0][i] - (is_kept ? c->dy[i] / 0.7f : 0)) < 1e-6f);
            }
        }
    expect_mean(kept, 201 * 37, 0.7, 0.21);
    layer_case_free(c);
}

static void test_alpha_dropout(void **state)
{
    (void)state;
    uint64_t random = 2;
    dg_shape shape = { 1, { 997 } };
    layer_case *c = layer_case_new("AlphaDropout", "rate=0.25", 1, &shape, 60, &random);
    int64_t count = c->rows * c->out_size;
    const double lowest = -1.7580993408473766; /* of selu; the formula is that of the paper */
    double a = pow(0.75 * (1 + 0.25 * lowest * lowest), -0.5), b = -a * 0.25 * lowest;
    dg_random_normal(5, 0, 1, 0, count, c->x[0]);
    check_stream(c);
    layer_case_backward(c, 7, true);
    double kept = 0, sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        bool is_kept = fabs((double)c->y[i] - (a * lowest + b)) > 1e-6;
        double y = a * (is_kept ? (double)c->x[0][i] : lowest) + b;
        kept += is_kept;
        sum += y;
        squares += y * y;
        assert_true(fabs((double)c->y[i] - y) < 1e-6);
        assert_true(fabs((double)c->dx[0][i] - (is_kept ? a * (double)c->dy[i] : 0)) < 1e-6);
    }
    expect_mean(kept, (double)count, 0.75, 0.1875);
    expect_mean(sum, (double)count, 0, 1); /* mean and variance stay */
    expect_mean(squares, (double)count, 1, 3);
    layer_case_free(c);
}

static void test_gaussian_noise(void **state)
{
    (void)state;
    uint64_t random = 3;
    dg_shape shape = { 1, { 331 } };
    layer_case *c = layer_case_new("GaussianNoise", "stddev=0.5", 1, &shape, 150, &random);
    int64_t count = c->rows * c->out_size;
    float *noise = test_calloc((size_t)count, sizeof *noise);
    check_stream(c);
    layer_case_backward(c, 7, true);
    dg_random_normal(c->key, 0, 0.5f, 0, count, noise);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)noise[i];
        squares += pow((double)noise[i], 2);
        assert_true(c->y[i] == c->x[0][i] + noise[i]);
        assert_true(c->dx[0][i] == c->dy[i]);
    }
    expect_mean(sum, (double)count, 0, 0.25);
    expect_mean(squares, (double)count, 0.25, 0.125);
    test_free(noise);
    layer_case_free(c);
}

/* A seed gives another stream, of its own. */
static void test_seeds(void **state)
{
    (void)state;
    static const char *const options[][3] = {
        { "SpatialDropout2D", "rate=0.3", "rate=0.3 seed=4" },
        { "AlphaDropout", "rate=0.3", "rate=0.3 seed=4" },
        { "GaussianNoise", "stddev=1", "stddev=1 seed=4" },
    };
    dg_shape shape = { 3, { 2, 3, 50 } };
    for (int i = 0; i < 3; i++) {
        uint64_t one = 4, two = 4;
        layer_case *a = layer_case_new(options[i][0], options[i][1], 1, &shape, 20, &one);
        layer_case *b = layer_case_new(options[i][0], options[i][2], 1, &shape, 20, &two);
        assert_true(a->key == b->key);
        layer_case_forward(a, 20);
        check_stream(b);
        assert_memory_not_equal(a->y, b->y, (size_t)(20 * a->out_size) * sizeof *a->y);
        layer_case_free(a);
        layer_case_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_spatial_dropout),
        leaving_nothing(test_alpha_dropout),
        leaving_nothing(test_gaussian_noise),
        leaving_nothing(test_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
