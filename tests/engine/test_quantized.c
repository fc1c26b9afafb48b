/* Quantised networks: how near they are to the network they were made from, their bits, their
 * files. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/random.h"
#include "engine/nn/quantized/internal.h"
#include "engine/store/learner_file.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"

enum { ROWS = 96 };

/* Networks with every kind of role: folded and fused layers, what runs on bytes and in float32,
 * negative values, a shared value that is read in both ways. */
static const char *const networks[] = {
    "Input shape=9,8,3; Conv2D filters=6 kernel_size=3,3 padding=same; BatchNormalization; "
    "Activation activation=relu; MaxPooling2D pool_size=2,2; Conv2D filters=5 kernel_size=2,3 "
    "strides=2,1 activation=tanh; Flatten; Dropout rate=0.5; Dense units=7 activation=elu; "
    "Dense units=4",
    "Input shape=8,8,4; Conv2D filters=40 kernel_size=3,3 activation=relu; MaxPooling2D "
    "pool_size=3,3 strides=2,2 padding=same; Activation activation=relu; Conv2D filters=8 "
    "kernel_size=1,1 activation=linear; GlobalMaxPooling2D; Dense units=4",
    "Input shape=7,6,4; Conv2D filters=4 kernel_size=3,3 groups=2 activation=relu; "
    "LayerNormalization; AveragePooling2D pool_size=2,2; Flatten; Dense units=20 use_bias=false; "
    "BatchNormalization; BatchNormalization; Activation activation=sigmoid; Dense units=4",
    "Input shape=30; Rescaling scale=2 offset=-1; Dense units=33 activation=leaky_relu; "
    "Dense units=4",
};
enum { NETWORKS = sizeof networks / sizeof *networks };

static dg_model *fitted(const char *layers, const dg_dataset **set, bool bytes)
{
    dg_model *model = network_of(layers);
    dg_network_fit_options own = { 1, 16, true };
    dg_fit_options options = { .own = &own };
    dg_fit_result result;
    assert_ok(dg_model_finish(model, model->node_count - 1));
    network_compile(model, "Adam", "learning_rate=0.01", "mean_squared_error");
    *set = network_set(model, ROWS, 4, bytes, 3);
    assert_ok(dg_learner_fit(&model->base, *set, &options, NULL, &result));
    return model;
}

static dg_learner *quantized(const dg_model *model, const dg_tensor *x)
{
    dg_learner *out;
    assert_ok(dg_model_quantize(&out, model, x, NULL));
    return out;
}

static dg_tensor outputs_of(const dg_learner *learner, const dg_tensor *x, int threads)
{
    dg_tensor out;
    dg_job job = { .threads = threads };
    assert_ok(dg_learner_outputs(learner, x, &job, &out));
    return out;
}

static double norm_of(const dg_tensor *a, const dg_tensor *b)
{
    double sum = 0;
    for (int64_t i = 0; i < dg_tensor_count(a); i++) {
        double difference = (double)dg_floats(a)[i] - (b ? (double)dg_floats(b)[i] : 0);
        sum += difference * difference;
    }
    return sqrt(sum);
}

static void it_predicts_nearly_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < NETWORKS; i++)
        for (int bytes = 0; bytes < 2; bytes++) {
            const dg_dataset *set;
            dg_model *model = fitted(networks[i], &set, bytes);
            dg_learner *q = quantized(model, &set->x);
            dg_tensor expected = outputs_of(&model->base, &set->x, 1);
            dg_tensor found = outputs_of(q, &set->x, 1);
            dg_scores scores, own;
            double error = norm_of(&found, &expected) / norm_of(&expected, NULL);
            if (!(error < 0.06)) fail_msg("network %d: off by %g", i, error);
            assert_true(error > 0);
            assert_ok(dg_learner_evaluate(&model->base, set, NULL, &scores));
            assert_ok(dg_learner_evaluate(q, set, NULL, &own));
            assert_true(fabs(own.loss / scores.loss - 1) < 0.1);
            dg_tensor_release(&expected);
            dg_tensor_release(&found);
            dg_learner_free(q);
            dg_model_free(model);
            dg_dataset_release(set);
        }
}

/* One layer: each output is a sum of k products of a value that is off by half its scale at most,
 * and of a weight that is. */
static void one_layer_is_within_its_bound(void **state)
{
    static const char *const layers[] = { "Input shape=50; Dense units=9",
                                          "Input shape=6,5,3; Conv2D filters=9 kernel_size=3,3 "
                                          "padding=same strides=2,1; Flatten",
                                          "Input shape=6,5,8; Conv2D filters=20 "
                                          "kernel_size=2,2; Flatten" };
    (void)state;
    for (int i = 0; i < 3; i++) {
        dg_model *model = network_of(layers[i]);
        assert_ok(dg_model_finish(model, model->node_count - 1));
        const dg_dataset *set = network_set(model, ROWS, 2, false, 4);
        model->base.fitted = true;
        dg_learner *learner = quantized(model, &set->x);
        const dg_quantized *q = (const dg_quantized *)learner;
        dg_tensor expected = outputs_of(&model->base, &set->x, 1);
        dg_tensor found = outputs_of(learner, &set->x, 1);
        double k = (double)dg_int8_depth(model, 1), sx = (double)q->nodes[0].scale, greatest = 0;
        for (int64_t t = 0; t < dg_tensor_count(&set->x); t++)
            greatest = fmax(greatest, fabs((double)dg_floats(&set->x)[t]));
        for (int64_t t = 0; t < dg_tensor_count(&found); t++) {
            double sw = (double)q->weights[1].scale[t % dg_int8_channels(model, 1)];
            double bound = k * (sx / 2 * 127 * sw + sw / 2 * greatest + sx * sw / 4);
            double error = fabs((double)dg_floats(&found)[t] - (double)dg_floats(&expected)[t]);
            assert_true(error <= bound);
        }
        dg_tensor_release(&expected);
        dg_tensor_release(&found);
        dg_learner_free(learner);
        dg_model_free(model);
        dg_dataset_release(set);
    }
}

/* The bits of predictions are those of the first level, whatever the level, with FMA or without,
 * the threads and the rows that come with a row. */
static void check_bits(const dg_learner *q, const dg_tensor *x)
{
    assert_ok(dg_kernel_use("default"));
    dg_tensor expected = outputs_of(q, x, 1);
    size_t row = (size_t)dg_tensor_count(&expected) / ROWS * sizeof(float);
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        for (int threads = 1; threads <= 3; threads++) {
            dg_tensor found = outputs_of(q, x, threads);
            assert_memory_equal(found.data, expected.data, ROWS * row);
            dg_tensor_release(&found);
        }
        for (int64_t i = 0; i < ROWS; i += 1 + i % 5) {
            dg_tensor rows, found;
            int64_t end = i + 1 + i % 5 < ROWS ? i + 1 + i % 5 : ROWS;
            assert_ok(dg_tensor_slice(&rows, x, 0, i, end));
            found = outputs_of(q, &rows, 1);
            assert_memory_equal(found.data, (char *)expected.data + (size_t)i * row,
                                (size_t)(end - i) * row);
            dg_tensor_release(&found);
            dg_tensor_release(&rows);
        }
    }
    dg_tensor_release(&expected);
    assert_ok(dg_kernel_choose());
}

static void the_bits_are_the_same_everywhere(void **state)
{
    static const char layers[] =
        "Input shape=9,8,3; Conv2D filters=6 kernel_size=3,3 padding=same; BatchNormalization; "
        "Activation activation=relu; MaxPooling2D pool_size=2,2; Conv2D filters=40 "
        "kernel_size=2,2 activation=relu; Flatten; Dense units=4";
    (void)state;
    for (int bytes = 0; bytes < 2; bytes++) {
        const dg_dataset *set;
        dg_model *model = fitted(layers, &set, bytes);
        dg_learner *q = quantized(model, &set->x);
        check_bits(q, &set->x);
        dg_learner_free(q);
        dg_model_free(model);
        dg_dataset_release(set);
    }
}

static void files_keep_everything(void **state)
{
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        const dg_dataset *set;
        dg_model *model = fitted(networks[i], &set, true);
        dg_learner *q = quantized(model, &set->x), *again;
        const char *path = scratch_path("quantized.safetensors");
        char digest[DG_SHA256_HEX], digest_again[DG_SHA256_HEX];
        dg_scores scores, scores_again;
        assert_ok(dg_learner_save(q, path));
        assert_ok(dg_learner_load(&again, path));
        assert_ptr_equal(again->type, &dg_quantized_network);
        assert_ok(dg_learner_digest(q, digest));
        assert_ok(dg_learner_digest(again, digest_again));
        assert_string_equal(digest, digest_again);
        dg_tensor expected = outputs_of(q, &set->x, 1), found = outputs_of(again, &set->x, 1);
        assert_memory_equal(found.data, expected.data,
                            (size_t)dg_tensor_count(&found) * sizeof(float));
        assert_ok(dg_learner_evaluate(q, set, NULL, &scores));
        assert_ok(dg_learner_evaluate(again, set, NULL, &scores_again));
        assert_true(scores.loss == scores_again.loss && scores.accuracy == scores_again.accuracy);
        dg_tensor_release(&expected);
        dg_tensor_release(&found);
        dg_learner_free(again);
        dg_learner_free(q);
        dg_model_free(model);
        dg_dataset_release(set);
    }
}

/* What is not finite is refused: a byte cannot say so. */
static void what_is_not_finite_is_refused(void **state)
{
    const dg_dataset *set;
    dg_learner *q;
    dg_tensor x, out;
    (void)state;
    dg_model *model = fitted(networks[0], &set, false);
    assert_ok(dg_tensor_copy(&x, &set->x));
    dg_floats(&x)[7] = NAN;
    assert_int_equal(dg_model_quantize(&q, model, &x, NULL), DG_INVALID);
    assert_null(q);
    q = quantized(model, &set->x);
    assert_int_equal(dg_learner_outputs(q, &x, NULL, &out), DG_INVALID);
    dg_learner_free(q);
    dg_model_weight(model, 0)[1] = INFINITY;
    assert_int_equal(dg_model_quantize(&q, model, &set->x, NULL), DG_NUMERIC);
    assert_string_equal(dg_error_message(),
                        "quantize: the weight 'conv2d.kernel' has a value that is not finite");
    dg_tensor_release(&x);
    dg_model_free(model);
    dg_dataset_release(set);
}

/* Windows of more values than exact sums allow run in float32, here with a kernel that the layer
 * derives from its own. */
static void long_sums_run_in_float32(void **state)
{
    (void)state;
    const dg_dataset *set;
    dg_tensor x;
    dg_model *model =
        fitted("Input shape=4,4,7296; Conv2D filters=16 kernel_size=3,3 padding=same; "
               "GlobalAveragePooling2D; Dense units=4",
               &set, true);
    assert_ok(dg_tensor_slice(&x, &set->x, 0, 0, 8));
    dg_learner *q = quantized(model, &x);
    dg_tensor expected = outputs_of(&model->base, &x, 1), found = outputs_of(q, &x, 1);
    assert_true(norm_of(&found, &expected) / norm_of(&expected, NULL) < 0.06);
    dg_tensor_release(&expected);
    dg_tensor_release(&found);
    dg_tensor_release(&x);
    dg_learner_free(q);
    dg_dataset_release(set);
    dg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(it_predicts_nearly_the_same),
        leaving_nothing(long_sums_run_in_float32),
        leaving_nothing(one_layer_is_within_its_bound),
        leaving_nothing(the_bits_are_the_same_everywhere),
        leaving_nothing(files_keep_everything),
        leaving_nothing(what_is_not_finite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
