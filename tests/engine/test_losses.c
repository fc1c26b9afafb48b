/* Losses against Keras's formulas, written out plainly in double precision. */
#include <math.h>
#include <string.h>

#include "engine/nn/activation.h"
#include "engine/nn/parts.h"
#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

extern const dg_loss_type dg_categorical_crossentropy, dg_mean_squared_error;

enum { ROWS = 7, WIDTH = 5 };

/* The loss of an output p with the target t; q is p / sum p. */
typedef double plain_loss(double p, double q, double t);

static double plain_crossentropy(double p, double q, double t)
{
    (void)p;
    return -t * log(q);
}

static double plain_smoothed(double p, double q, double t)
{
    return plain_crossentropy(p, q, t * 0.75 + 0.25 / WIDTH);
}

static double plain_focal(double p, double q, double t)
{
    (void)p;
    return -0.25 * t * pow(1 - q, 2) * log(q);
}

static double plain_focal_full(double p, double q, double t)
{
    (void)p;
    return -0.5 * (t * 0.75 + 0.25 / WIDTH) * pow(1 - q, 1.5) * log(q);
}

static double plain_binary(double p, double q, double t)
{
    (void)q;
    return (-t * log(p) - (1 - t) * log(1 - p)) / WIDTH;
}

static double plain_binary_smoothed(double p, double q, double t)
{
    return plain_binary(p, q, t * 0.75 + 0.125);
}

static double plain_squared(double p, double q, double t)
{
    (void)q;
    return pow(p - t, 2) / WIDTH;
}

static double plain_absolute(double p, double q, double t)
{
    (void)q;
    return fabs(p - t) / WIDTH;
}

static double plain_huber(double p, double q, double t)
{
    double e = fabs(p - t);
    (void)q;
    return (e > 0.25 ? 0.25 * (e - 0.125) : 0.5 * e * e) / WIDTH;
}

static double plain_row(plain_loss *plain, const double *p, const float *t)
{
    double sum = 0, loss = 0;
    for (int j = 0; j < WIDTH; j++) sum += p[j];
    for (int j = 0; j < WIDTH; j++) loss += plain(p[j], p[j] / sum, (double)t[j]);
    return loss;
}

/* Weighted, each row counts as often as it says: alone, its loss and gradient are the same. */
static void check_weights(const dg_part *part, dg_loss_pass pass)
{
    const float weights[ROWS] = { 1, 0, 0.5f, 2, 1, 3, 0.25f };
    float g[ROWS * WIDTH] = { 0 }, weighted[ROWS * WIDTH] = { 0 };
    double expected = 0;
    for (int i = 0; i < ROWS; i++) {
        dg_loss_pass row = pass;
        row.rows = 1, row.gradient = g + i * WIDTH;
        row.output += i * WIDTH;
        if (row.logits) row.logits += i * WIDTH;
        if (row.positions) row.positions += i;
        if (row.targets) row.targets += i * WIDTH;
        expected += (double)weights[i] * dg_loss_of_rows(part, &row);
    }
    pass.gradient = weighted;
    pass.weights = weights;
    assert_true(fabs(dg_loss_of_rows(part, &pass) - expected) < 1e-12);
    for (int i = 0; i < ROWS * WIDTH; i++)
        assert_true(fabsf(weighted[i] - weights[i / WIDTH] * g[i]) < 1e-7f);
}

static void draw_rows(bool one_hot, float *p, float *t, int32_t *positions)
{
    uint64_t random = 2;
    for (int i = 0; i < ROWS; i++) {
        positions[i] = (int32_t)support_random(&random, WIDTH);
        for (int j = 0; j < WIDTH; j++) {
            p[i * WIDTH + j] = 0.1f + 0.8f * fabsf((float)layer_case_random(&random));
            t[i * WIDTH + j] =
                one_hot ? j == positions[i] : 0.2f + 0.1f * (float)layer_case_random(&random);
        }
    }
}

/* The loss of a row; its gradient g, of a quarter of it, must be that of the differences. */
static double check_row(plain_loss *plain, const float *p, const float *t, const float *g)
{
    double x[WIDTH];
    for (int j = 0; j < WIDTH; j++) x[j] = (double)p[j];
    for (int j = 0; j < WIDTH; j++) {
        const double h = 1e-6, before = x[j];
        x[j] = before + h;
        double above = plain_row(plain, x, t);
        x[j] = before - h;
        double below = plain_row(plain, x, t);
        x[j] = before;
        assert_true(fabs((double)g[j] - 0.25 * (above - below) / (2 * h)) < 1e-6);
    }
    return plain_row(plain, x, t);
}

static void check_loss(const char *name, const char *options, plain_loss *plain, bool one_hot,
                       bool with_positions, dg_activation last)
{
    const dg_part *part = network_part("loss", name, options);
    const dg_loss_type *type = (const dg_loss_type *)part->type;
    float z[ROWS * WIDTH], p[ROWS * WIDTH], t[ROWS * WIDTH], g[ROWS * WIDTH] = { 0 };
    int32_t positions[ROWS];
    draw_rows(one_hot, p, t, positions);
    memcpy(z, p, sizeof z);
    dg_activate(last, p, ROWS, WIDTH);
    dg_loss_pass pass = { .options = part->options,
                          .rows = ROWS,
                          .width = WIDTH,
                          .output = p,
                          .positions = with_positions ? positions : NULL,
                          .targets = with_positions ? NULL : t,
                          .gradient = g,
                          .scale = 0.25 };
    double found = type->rows(&pass), expected = 0;
    for (int i = 0; i < ROWS; i++)
        expected += check_row(plain, p + i * WIDTH, t + i * WIDTH, g + i * WIDTH);
    assert_true(fabs(found - expected) < 1e-6);
    check_weights(part, pass);
    if ((int)last == type->fuses) {
        float through[ROWS * WIDTH];
        memcpy(through, g, sizeof g);
        dg_activation_backward(last, p, through, ROWS, WIDTH);
        pass.logits = z;
        assert_true(fabs(type->rows(&pass) - expected) < 1e-6);
        for (int i = 0; i < ROWS * WIDTH; i++) assert_true(fabsf(through[i] - g[i]) < 1e-6f);
        check_weights(part, pass);
        pass.logits = NULL;
    }
    /* a part of the rows, without gradients, leaves these alone */
    pass.gradient = NULL;
    pass.rows = 3;
    double first = type->rows(&pass);
    pass.rows = ROWS - 3;
    pass.output += 3 * WIDTH;
    if (with_positions)
        pass.positions += 3;
    else
        pass.targets += 3 * WIDTH;
    assert_true(fabs(first + type->rows(&pass) - found) < 1e-9);
    dg_part_release(part);
}

static void test_losses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *options;
        plain_loss *plain;
    } cases[] = {
        { "CategoricalCrossentropy", "", plain_crossentropy },
        { "CategoricalCrossentropy", "label_smoothing=0.25", plain_smoothed },
        { "CategoricalFocalCrossentropy", "", plain_focal },
        { "CategoricalFocalCrossentropy", "alpha=0.5 gamma=1.5 label_smoothing=0.25",
          plain_focal_full },
        { "BinaryCrossentropy", "", plain_binary },
        { "BinaryCrossentropy", "label_smoothing=0.25", plain_binary_smoothed },
        { "MeanSquaredError", "", plain_squared },
        { "MeanAbsoluteError", "", plain_absolute },
        { "Huber", "delta=0.25", plain_huber },
    };
    const dg_activation lasts[] = { DG_LINEAR, DG_SOFTMAX, DG_SIGMOID };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < 3; k++) {
            check_loss(cases[i].name, cases[i].options, cases[i].plain, true, true, lasts[k]);
            check_loss(cases[i].name, cases[i].options, cases[i].plain, true, false, lasts[k]);
            check_loss(cases[i].name, cases[i].options, cases[i].plain, false, false, lasts[k]);
        }
}

/* Certain and wrong: of logits what they say, of probabilities as much as the clipping allows; NaN
 * is not hidden. */
static void test_loss_extremes(void **state)
{
    (void)state;
    float z[3] = { 90, -20, -30 }, p[3] = { 1, 0, 0 }, g[3] = { 0 };
    int32_t position = 1;
    const dg_part *loss = network_part("loss", "categorical_crossentropy", "");
    dg_loss_pass pass = { .options = loss->options,
                          .rows = 1,
                          .width = 3,
                          .output = p,
                          .logits = z,
                          .positions = &position,
                          .gradient = g,
                          .scale = 1 };
    assert_true(dg_categorical_crossentropy.rows(&pass) == 110);
    assert_true(g[0] == 1 && g[1] == -1 && g[2] == 0);
    position = 0;
    assert_true(dg_categorical_crossentropy.rows(&pass) == 0);
    pass.logits = NULL;
    assert_true(fabs(dg_categorical_crossentropy.rows(&pass) + log(1 - 1e-7)) < 1e-12);
    position = 1;
    assert_true(fabs(dg_categorical_crossentropy.rows(&pass) + log(1e-7)) < 1e-9);
    for (int j = 0; j < 3; j++) assert_true(isfinite(g[j]));
    p[2] = NAN;
    assert_true(isnan(dg_categorical_crossentropy.rows(&pass)));
    pass.logits = z;
    for (int j = 0; j < 3; j++) p[j] = z[j] = NAN;
    assert_true(isnan(dg_categorical_crossentropy.rows(&pass)));
    assert_true(isnan(dg_mean_squared_error.rows(&pass)));
    dg_part_release(loss);
}

/* Certain and wrong: what the logits say, not what float32 makes of the probability. */
static void test_binary_extremes(void **state)
{
    (void)state;
    float z[2] = { 90, -90 }, p[2] = { 1, 0 }, g[2] = { 0 }, target[2] = { 0, 1 };
    const dg_part *loss = network_part("loss", "binary_crossentropy", "");
    dg_loss_pass pass = { .options = loss->options,
                          .rows = 1,
                          .width = 2,
                          .output = p,
                          .logits = z,
                          .targets = target,
                          .gradient = g,
                          .scale = 1 };
    assert_true(dg_loss_of_rows(loss, &pass) == 90);
    assert_true(g[0] == 0.5f && g[1] == -0.5f);
    pass.logits = NULL;
    assert_true(fabs(dg_loss_of_rows(loss, &pass) + log(1e-7)) < 1e-6);
    assert_true(g[0] == 0 && g[1] == 0);
    z[0] = p[0] = NAN;
    assert_true(isnan(dg_loss_of_rows(loss, &pass)));
    pass.logits = z;
    assert_true(isnan(dg_loss_of_rows(loss, &pass)));
    dg_part_release(loss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_losses),
        leaving_nothing(test_loss_extremes),
        leaving_nothing(test_binary_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
