/* Optimizers, initialisers, regularisers and activations against Keras's formulas, written
 * out plainly in double precision. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/nn/activation.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/parts.h"
#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

/* --- optimizers ----------------------------------------------------------------------------- */

enum { WEIGHTS = 101, STEPS = 5 };

/* One weight through one step; s are its slots. */
typedef double plain_step(double w, double g, double *s, int t);

static double plain_sgd(double w, double g, double *s, int t)
{
    (void)s, (void)t;
    return w - 0.01 * g;
}

static double plain_momentum(double w, double g, double *s, int t)
{
    (void)t;
    s[0] = 0.9 * s[0] - 0.01 * g;
    return w + s[0];
}

static double plain_nesterov(double w, double g, double *s, int t)
{
    (void)t;
    s[0] = 0.9 * s[0] - 0.01 * g;
    return w + 0.9 * s[0] - 0.01 * g;
}

static double plain_rmsprop(double w, double g, double *s, int t)
{
    (void)t;
    s[0] = 0.9 * s[0] + 0.1 * g * g;
    return w - 0.001 * g / sqrt(s[0] + 1e-7);
}

static double plain_rmsprop_full(double w, double g, double *s, int t)
{
    (void)t;
    s[0] = 0.9 * s[0] + 0.1 * g * g;
    s[1] = 0.9 * s[1] + 0.1 * g;
    s[2] = 0.5 * s[2] + 0.001 * g / sqrt(s[0] - s[1] * s[1] + 1e-7);
    return w - s[2];
}

static double plain_adam(double w, double g, double *s, int t)
{
    s[0] = 0.9 * s[0] + 0.1 * g;
    s[1] = 0.999 * s[1] + 0.001 * g * g;
    double rate = 0.001 * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t));
    return w - rate * s[0] / (sqrt(s[1]) + 1e-7);
}

static double plain_amsgrad(double w, double g, double *s, int t)
{
    s[0] = 0.9 * s[0] + 0.1 * g;
    s[1] = 0.999 * s[1] + 0.001 * g * g;
    s[2] = fmax(s[2], s[1]);
    double rate = 0.001 * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t));
    return w - rate * s[0] / (sqrt(s[2]) + 1e-7);
}

static double plain_adamw(double w, double g, double *s, int t)
{
    return plain_adam(w - 0.001 * 0.004 * w, g, s, t);
}

/* Its steps do not shrink with the gradient, but 0 takes none. */
static double plain_lion(double w, double g, double *s, int t)
{
    double mixed = 0.9 * s[0] + 0.1 * g;
    (void)t;
    s[0] = 0.99 * s[0] + 0.01 * g;
    return w - 0.001 * (mixed > 0) + 0.001 * (mixed < 0);
}

static double plain_lion_decayed(double w, double g, double *s, int t)
{
    return plain_lion(w - 0.001 * 0.5 * w, g, s, t);
}

static const dg_optimizer_options *options_of(const dg_part *optimizer)
{
    return optimizer->options;
}

static void check_optimizer(const char *name, const char *options, int slots, plain_step *plain)
{
    uint64_t random = 1;
    const dg_part *part = network_part("optimizer", name, options);
    const dg_optimizer_type *type = (const dg_optimizer_type *)part->type;
    assert_int_equal(type->slots(part->options), slots);
    float w[WEIGHTS], g[WEIGHTS], slot[DG_MAX_SLOTS][WEIGHTS] = { 0 };
    double exact[WEIGHTS], states[WEIGHTS][DG_MAX_SLOTS] = { 0 };
    for (int i = 0; i < WEIGHTS; i++) exact[i] = w[i] = (float)layer_case_random(&random);
    for (int t = 1; t <= STEPS; t++) {
        for (int i = 0; i < WEIGHTS; i++) {
            g[i] = (float)layer_case_random(&random);
            if (i % 10 == t) g[i] = 0;
            if (i % 10 == 5) g[i] *= 1e-6f;
            exact[i] = plain(exact[i], (double)g[i], states[i], t);
        }
        double rate = dg_learning_rate(part, 0);
        /* in two parts, as different pieces would */
        for (int begin = 0; begin < WEIGHTS; begin += 37) {
            dg_update update = { .options = part->options,
                                 .learning_rate = rate,
                                 .step = t,
                                 .keep = (float)(1 - rate * options_of(part)->weight_decay),
                                 .count = WEIGHTS - begin < 37 ? WEIGHTS - begin : 37,
                                 .weight = w + begin,
                                 .gradient = g + begin };
            for (int k = 0; k < slots; k++) update.slot[k] = slot[k] + begin;
            type->update(&update);
        }
        for (int i = 0; i < WEIGHTS; i++)
            if (!(fabs((double)w[i] - exact[i]) < 5e-7))
                fail_msg("%s %s: weight %d is %.9g after step %d, expected %.9g", name, options, i,
                         (double)w[i], t, exact[i]);
    }
    dg_part_release(part);
}

static void test_optimizers(void **state)
{
    (void)state;
    check_optimizer("SGD", "", 0, plain_sgd);
    check_optimizer("SGD", "momentum=0.9", 1, plain_momentum);
    check_optimizer("SGD", "momentum=0.9 nesterov=true", 1, plain_nesterov);
    check_optimizer("RMSprop", "", 1, plain_rmsprop);
    check_optimizer("RMSprop", "momentum=0.5 centered=true", 3, plain_rmsprop_full);
    check_optimizer("Adam", "", 2, plain_adam);
    check_optimizer("Adam", "amsgrad=true", 3, plain_amsgrad);
    check_optimizer("AdamW", "", 2, plain_adamw);
    check_optimizer("Lion", "", 1, plain_lion);
    check_optimizer("Lion", "weight_decay=0.5", 1, plain_lion_decayed);
}

static const dg_param *param_of(const dg_descriptor *type, const char *name)
{
    int index = dg_descriptor_param_index(type, name);
    if (index < 0) fail_msg("%s has no %s", type->name, name);
    return &type->params[index];
}

/* The update reads them as dg_optimizer_options, whatever the optimizer. */
static void test_options_of_all(void **state)
{
    static const struct {
        const char *name;
        size_t offset;
    } shared[] = {
        { "weight_decay", offsetof(dg_optimizer_options, weight_decay) },
        { "clipnorm", offsetof(dg_optimizer_options, clipnorm) },
        { "clipvalue", offsetof(dg_optimizer_options, clipvalue) },
        { "global_clipnorm", offsetof(dg_optimizer_options, global_clipnorm) },
        { "use_ema", offsetof(dg_optimizer_options, use_ema) },
        { "ema_momentum", offsetof(dg_optimizer_options, ema_momentum) },
    };
    (void)state;
    for (int i = 0; dg_registry[i]; i++) {
        if (strcmp(dg_registry[i]->kind, "optimizer") != 0) continue;
        assert_string_equal(dg_registry[i]->params->name, "learning_rate");
        assert_true(dg_registry[i]->params->offset ==
                    offsetof(dg_optimizer_options, learning_rate));
        assert_true(dg_registry[i]->check == dg_check_optimizer);
        for (size_t k = 0; k < sizeof shared / sizeof *shared; k++)
            assert_true(param_of(dg_registry[i], shared[k].name)->offset == shared[k].offset);
        assert_true(param_of(dg_registry[i], "clipnorm")->later);
        assert_true(dg_registry[i]->options_size >= sizeof(dg_optimizer_options));
    }
}

/* Weights of 0 have no norm, nor has a step of 0: the ratio is 1 then. Else it is that of the norms
 * of the whole tensor, whatever part of it is updated. */
static void test_lamb(void **state)
{
    (void)state;
    const dg_part *part = network_part("optimizer", "Lamb", "weight_decay=0.5");
    const dg_optimizer_type *type = (const dg_optimizer_type *)part->type;
    for (int trial = 0; trial < 3; trial++) {
        float w[WEIGHTS], g[WEIGHTS], m[WEIGHTS] = { 0 }, v[WEIGHTS] = { 0 };
        double weights = 0, steps = 0, found[DG_MAX_FOUND] = { 0 };
        for (int i = 0; i < WEIGHTS; i++) {
            w[i] = trial == 1 ? 0 : 0.5f + (float)i / 100;
            g[i] = trial == 2 ? 0 : (i % 2 ? 0.25f : -2.0f);
            weights += (double)w[i] * (double)w[i];
            steps += trial != 2; /* the first step has one size, with the gradient's sign */
        }
        double keep = 1 - 0.001 * 0.5, ratio = trial ? 1 : keep * sqrt(weights / steps);
        dg_update update = { .options = part->options,
                             .learning_rate = 0.001,
                             .step = 1,
                             .keep = (float)keep,
                             .count = WEIGHTS,
                             .weight = w,
                             .gradient = g,
                             .slot = { m, v } };
        float first = w[40], other = w[41];
        assert_ok(type->begin(&update, found));
        assert_true(fabs(found[0] - ratio) < 1e-5 * ratio);
        memcpy(update.found, found, sizeof found);
        update.count = 1;
        update.weight = w + 40, update.gradient = g + 40;
        update.slot[0] = m + 40, update.slot[1] = v + 40;
        type->update(&update);
        double step = trial == 2 ? 0 : 0.001 * ratio;
        assert_true(fabs((double)w[40] - ((double)first * keep + step)) < 1e-6);
        assert_true(w[41] == other);
    }
    dg_part_release(part);
}

/* --- initialisers --------------------------------------------------------------------------- */

enum { DRAWN = 200000 };

static void check_initializer(const char *name, const char *options, double mean, double deviation,
                              double limit)
{
    static float w[DRAWN], again[DRAWN];
    const dg_part *part = network_part("initializer", name, options);
    dg_initialize(part, 5, 300, 100, DRAWN, w);
    dg_initialize(part, 6, 300, 100, DRAWN, again);
    bool seeded = strstr(options, "seed") != NULL;
    assert_true((memcmp(w, again, sizeof w) == 0) == (seeded || deviation == 0));
    double sum = 0, squares = 0;
    for (int i = 0; i < DRAWN; i++) {
        sum += (double)w[i];
        squares += pow((double)w[i] - mean, 2);
        assert_true(fabs((double)w[i] - mean) <= limit * (1 + 1e-6));
    }
    assert_true(fabs(sum / DRAWN - mean) <= 4 * deviation / sqrt(DRAWN));
    assert_true(fabs(sqrt(squares / DRAWN) - deviation) <= 0.01 * deviation);
    dg_part_release(part);
}

static void test_initializers(void **state)
{
    (void)state;
    const double cut = 0.87962566103423978; /* what truncation leaves of the deviation */
    check_initializer("zeros", "", 0, 0, 0);
    check_initializer("ones", "", 1, 0, 0);
    check_initializer("constant", "value=0.5", 0.5, 0, 0);
    check_initializer("glorot_uniform", "", 0, sqrt(2.0 / 400), sqrt(6.0 / 400));
    check_initializer("glorot_uniform", "seed=3", 0, sqrt(2.0 / 400), sqrt(6.0 / 400));
    check_initializer("he_uniform", "", 0, sqrt(2.0 / 300), sqrt(6.0 / 300));
    check_initializer("lecun_uniform", "", 0, sqrt(1.0 / 300), sqrt(3.0 / 300));
    check_initializer("glorot_normal", "", 0, sqrt(2.0 / 400), 2 * sqrt(2.0 / 400) / cut);
    check_initializer("he_normal", "", 0, sqrt(2.0 / 300), 2 * sqrt(2.0 / 300) / cut);
    check_initializer("lecun_normal", "", 0, sqrt(1.0 / 300), 2 * sqrt(1.0 / 300) / cut);
    check_initializer("random_uniform", "", 0, 0.1 / sqrt(12), 0.05);
    check_initializer("random_normal", "mean=0.5 stddev=0.1", 0.5, 0.1, 1);
    check_initializer("truncated_normal", "", 0, 0.05 * cut, 0.1);
    float w[3] = { 1, 1, 1 };
    dg_initialize(NULL, 1, 1, 1, 3, w);
    assert_true(w[0] == 0 && w[2] == 0);
}

/* --- regularisers and activations ----------------------------------------------------------- */

static void test_regularizers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *options;
        double l1, l2;
    } cases[] = { { "l1", "", 0.01, 0 },
                  { "l2", "", 0, 0.01 },
                  { "l2", "l2=0.5", 0, 0.5 },
                  { "l1_l2", "l1=0.25 l2=0.125", 0.25, 0.125 },
                  { "l1_l2", "", 0, 0 } };
    float w[101], g[101];
    uint64_t random = 3;
    for (int i = 0; i < 101; i++) w[i] = i ? (float)layer_case_random(&random) : 0;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const dg_part *part = network_part("regularizer", cases[k].name, cases[k].options);
        double expected = 0;
        for (int i = 0; i < 101; i++) {
            g[i] = 1;
            expected += cases[k].l1 * fabs((double)w[i]) + cases[k].l2 * pow((double)w[i], 2);
        }
        assert_true(fabs(dg_penalty(part, 101, w, NULL) - expected) < 1e-6);
        assert_true(fabs(dg_penalty(part, 101, w, g) - expected) < 1e-6);
        for (int i = 0; i < 101; i++) {
            double sign = w[i] > 0 ? 1 : w[i] < 0 ? -1 : 0;
            double slope = 1 + cases[k].l1 * sign + 2 * cases[k].l2 * (double)w[i];
            assert_true(fabs((double)g[i] - slope) < 1e-6);
        }
        dg_part_release(part);
    }
    assert_true(dg_penalty(NULL, 101, w, g) == 0);
}

/* The bias's gradient, over row counts around the sizes of blocks. */
static void test_biased_activations(void **state)
{
    (void)state;
    uint64_t random = 4;
    enum { MOST = 3000, WIDE = 41 };
    static float y[MOST], g[MOST], h[MOST];
    float sum[WIDE];
    for (int k = 0; k < 100; k++) {
        int64_t width = 1 + support_random(&random, WIDE);
        int64_t rows = 1 + support_random(&random, MOST / width);
        for (int64_t i = 0; i < rows * width; i++) {
            y[i] = (float)layer_case_random(&random);
            g[i] = h[i] = (float)layer_case_random(&random);
        }
        dg_activation activation = (dg_activation)(k % (DG_HARD_SIGMOID + 1));
        dg_activate(activation, y, rows, width);
        dg_activation_backward_biased(activation, y, g, rows, width, sum);
        dg_activation_backward(activation, y, h, rows, width);
        assert_memory_equal(g, h, (size_t)(rows * width) * sizeof *g);
        for (int64_t j = 0; j < width; j++) {
            double exact = 0;
            for (int64_t i = 0; i < rows; i++) exact += (double)g[i * width + j];
            assert_true(fabs(exact - (double)sum[j]) < 1e-4);
        }
    }
}

/* NaN goes through every activation, so that a fit that went wrong is noticed. */
static void test_nan_is_seen(void **state)
{
    (void)state;
    for (int k = 0; dg_activation_names[k]; k++) {
        float y[40] = { 0 };
        y[17] = NAN;
        dg_activate((dg_activation)k, y, 1, 40);
        assert_true(isnan(y[17]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_optimizers),
        leaving_nothing(test_options_of_all),
        leaving_nothing(test_lamb),

        leaving_nothing(test_initializers),
        leaving_nothing(test_regularizers),
        cmocka_unit_test(test_biased_activations),
        cmocka_unit_test(test_nan_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
