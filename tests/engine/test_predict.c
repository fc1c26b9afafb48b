/* Predictions of networks: what they keep for the next, and what they allocate. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/base/memory.h"
#include "tests/engine/network.h"

static const dg_job one_thread = { .threads = 1 };
static const dg_job two_threads = { .threads = 2 };

static void fit(dg_model *model, const dg_dataset *set, dg_callback *on_epoch)
{
    dg_network_fit_options own = { .epochs = 1, .batch_size = 20 };
    dg_fit_options options = { .own = &own, .on_epoch = on_epoch, .context = model };
    dg_fit_result result;
    assert_ok(dg_learner_fit(&model->base, set, &options, &one_thread, &result));
}

/* A fitted network, and the set. */
static dg_model *fitted(const char *layers, const dg_dataset **set)
{
    dg_model *model = network_of(layers);
    assert_ok(dg_model_finish(model, model->node_count - 1));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    *set = network_set(model, 200, 3, false, 1);
    fit(model, *set, NULL);
    return model;
}

static const char *small = "Input shape=12,12,1; Conv2D filters=8 kernel_size=5,5 activation=relu; "
                           "MaxPooling2D pool_size=2,2; Dropout rate=0.5; Flatten; "
                           "Dense units=16 activation=relu; Dense units=3 activation=softmax";

/* The outputs for rows first .. end-1, {rows, 3}; dg_free them. */
static float *outputs(const dg_model *model, const dg_tensor *x, int64_t first, int64_t end,
                      const dg_job *job)
{
    dg_tensor rows, out;
    float *copy;
    assert_ok(dg_tensor_slice(&rows, x, 0, first, end));
    assert_ok(dg_learner_predict_proba(&model->base, &rows, job, &out));
    assert_ok(dg_alloc(&copy, (end - first) * 3, sizeof *copy));
    memcpy(copy, dg_floats(&out), (size_t)((end - first) * 3) * sizeof *copy);
    dg_tensor_release(&rows);
    dg_tensor_release(&out);
    return copy;
}

static void assert_rows(const dg_model *model, const dg_tensor *x, int64_t first, int64_t end,
                        const dg_job *job, const float *expected)
{
    float *found = outputs(model, x, first, end, job);
    assert_memory_equal(found, expected + first * 3, (size_t)((end - first) * 3) * sizeof *found);
    dg_free(found);
}

/* --- what is allocated -------------------------------------------------------------------- */

static int allocations;

static bool count_one(void *context, size_t bytes, bool failed)
{
    (void)context;
    (void)bytes;
    (void)failed;
    allocations++;
    return false;
}

static int allocations_of(const dg_model *model, const dg_tensor *x, int64_t count,
                          const dg_job *job)
{
    dg_tensor rows, labels, proba;
    assert_ok(dg_tensor_slice(&rows, x, 0, 0, count));
    allocations = 0;
    dg_memory_set_hook(count_one, NULL);
    dg_status predicted = dg_learner_predict(&model->base, &rows, job, &labels);
    dg_status asked = dg_learner_predict_proba(&model->base, &rows, job, &proba);
    dg_memory_set_hook(NULL, NULL);
    assert_ok(predicted);
    assert_ok(asked);
    dg_tensor_release(&rows);
    dg_tensor_release(&labels);
    dg_tensor_release(&proba);
    return allocations;
}

static void test_a_second_prediction_allocates_its_results_alone(void **state)
{
    (void)state;
    const dg_dataset *set;
    dg_model *model = fitted(small, &set);
    assert_true(allocations_of(model, &set->x, 1, &one_thread) > 2);
    assert_int_equal(allocations_of(model, &set->x, 1, &one_thread), 2);
    assert_int_equal(allocations_of(model, &set->x, 1, &two_threads), 2);
    assert_true(allocations_of(model, &set->x, 150, &two_threads) > 2);
    assert_int_equal(allocations_of(model, &set->x, 150, &two_threads), 2);
    assert_int_equal(allocations_of(model, &set->x, 7, &two_threads), 2);
    assert_int_equal(allocations_of(model, &set->x, 1, &one_thread), 2);
    dg_dataset_release(set);
    dg_model_free(model);
}

/* Large plans are not kept: memory is given back when a prediction ends. */
static void test_large_plans_are_not_kept(void **state)
{
    (void)state;
    const dg_dataset *set;
    dg_model *model = fitted("Input shape=64,64,1; Conv2D filters=32 kernel_size=3,3; "
                             "GlobalAveragePooling2D; Dense units=3 activation=softmax",
                             &set);
    int64_t row = 62 * 62 * 32 * (int64_t)sizeof(float), before = dg_memory_live();
    dg_free(outputs(model, &set->x, 0, 1, &one_thread));
    int64_t after = dg_memory_live();
    assert_true(after > before && after < before + 4 * row);
    dg_free(outputs(model, &set->x, 0, 200, &two_threads));
    assert_true(dg_memory_live() < before + (5 << 20));
    dg_dataset_release(set);
    dg_model_free(model);
}

/* --- what is kept is right ---------------------------------------------------------------- */

static void test_what_is_kept_follows_the_model(void **state)
{
    (void)state;
    const dg_dataset *set;
    dg_model *model = fitted(small, &set);
    float *first = outputs(model, &set->x, 0, 200, &two_threads);
    for (int64_t i = 0; i < 5; i++) assert_rows(model, &set->x, i, i + 1, &two_threads, first);
    assert_rows(model, &set->x, 3, 100, &one_thread, first);
    network_compile(model, "SGD", "", "mean_squared_error"); /* not fused with softmax: no logits */
    assert_rows(model, &set->x, 0, 200, &two_threads, first);
    dg_scores scores, fresh;
    assert_ok(dg_learner_evaluate(&model->base, set, &two_threads, &scores));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    assert_ok(dg_learner_evaluate(&model->base, set, &two_threads, &scores));
    dg_free(outputs(model, &set->x, 0, 1, &two_threads));
    assert_ok(dg_learner_evaluate(&model->base, set, &two_threads, &fresh));
    assert_true(scores.loss == fresh.loss);
    fit(model, set, NULL);
    float *again = outputs(model, &set->x, 0, 200, &two_threads);
    assert_true(memcmp(first, again, 600 * sizeof *first) != 0);
    for (int i = 0; i < model->weight_count; i++)
        memset(dg_model_change_weight(model, i), 0, (size_t)model->weights[i].size * sizeof(float));
    dg_free(first);
    first = outputs(model, &set->x, 0, 2, &one_thread);
    assert_true(first[0] == first[1] && first[1] == first[2]);
    dg_free(first);
    dg_free(again);
    dg_dataset_release(set);
    dg_model_free(model);
}

/* --- what is folded ----------------------------------------------------------------------- */

/* A layer whose output is 2 x + 1. */
static atomic_int doublings;

static dg_status doubling_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    return DG_OK;
}

static void doubling_factors(const void *options, float *const *weight, int64_t size, float *a,
                             float *b)
{
    (void)options;
    (void)weight;
    for (int64_t i = 0; i < size; i++) {
        a[i] = 2;
        b[i] = 1;
    }
}

static dg_status doubling_forward(const dg_pass *pass)
{
    doublings++;
    for (int64_t i = 0; i < pass->rows * dg_shape_size(&pass->build->output); i++)
        pass->output[i] = 2 * pass->input[0][i] + 1;
    return DG_OK;
}

static const dg_param no_params[] = { DG_END };

static const dg_layer_type doubling = {
    .part = { .kind = "layer", .name = "Doubling", .params = no_params },
    .build = doubling_build,
    .factors = doubling_factors,
    .forward = doubling_forward,
};

static int add_doubling(dg_model *model, int input)
{
    dg_part *part;
    int node;
    assert_ok(dg_part_begin(&doubling.part, &part));
    assert_ok(dg_part_finish(part));
    assert_ok(dg_model_add(model, part, 1, &input, NULL, &node));
    dg_part_release(part);
    return node;
}

/* The output of a node for a set, {rows, size}; release it. */
static dg_tensor features(const dg_model *model, const dg_dataset *set, int node)
{
    dg_tensor out;
    assert_ok(dg_model_features(model, &set->x, node, &two_threads, &out));
    return out;
}

/* Whether a Doubling is called, that follows `options` of a Dense; its output is right either way.
 * With `joined`, another layer reads that Dense too. */
static bool is_called(const char *options, bool joined)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 3));
    int input = network_add(model, -1, "Input", "shape=5");
    int dense = network_add(model, input, "Dense", options);
    int doubled = add_doubling(model, dense), last = doubled;
    if (joined) last = network_join(model, doubled, dense, "Add", "");
    last = network_add(model, last, "Dense", "units=2");
    assert_ok(dg_model_finish(model, last));
    const dg_dataset *set = network_set(model, 20, 2, false, 1);
    dg_tensor before = features(model, set, dense);
    doublings = 0;
    dg_tensor after = features(model, set, doubled);
    doublings = 0;
    dg_tensor end = features(model, set, last);
    bool called = doublings > 0;
    for (int64_t i = 0; i < dg_tensor_count(&after); i++)
        assert_true(fabsf(dg_floats(&after)[i] - (2 * dg_floats(&before)[i] + 1)) < 1e-5f);
    dg_tensor_release(&before);
    dg_tensor_release(&after);
    dg_tensor_release(&end);
    dg_dataset_release(set);
    dg_model_free(model);
    return called;
}

static void test_factors_go_into_the_weights_before(void **state)
{
    (void)state;
    assert_false(is_called("units=3", false));
    assert_false(is_called("units=3 use_bias=false", false));
    assert_true(is_called("units=3 activation=relu", false));
    assert_true(is_called("units=3", true));
}

/* Node `norm` normalises the output of the node before: compared with doubles, to 1e-5 of the
 * greatest term of each sum. */
static void check_normalization(const dg_model *model, const dg_dataset *set, int norm, int gamma,
                                int beta, int mean)
{
    dg_tensor x = features(model, set, norm - 1), y = features(model, set, norm);
    int64_t channels = x.shape[x.axes - 1];
    for (int64_t i = 0; i < dg_tensor_count(&x); i++) {
        int64_t c = i % channels;
        double deviation = sqrt((double)dg_model_weight(model, mean + 1)[c] + 1e-3);
        double factor = (gamma ? (double)dg_model_weight(model, gamma)[c] : 1) / deviation;
        double shift = (double)dg_model_weight(model, beta)[c];
        double center = (double)dg_model_weight(model, mean)[c], value = (double)dg_floats(&x)[i];
        double expected = factor * (value - center) + shift;
        double terms = fabs(factor) * (1 + fabs(value) + fabs(center)) + fabs(shift);
        assert_true(fabs((double)dg_floats(&y)[i] - expected) < 1e-5 * terms);
    }
    dg_tensor_release(&x);
    dg_tensor_release(&y);
}

static void test_normalization_is_folded(void **state)
{
    (void)state;
    dg_model *model = network_of("Input shape=9,9,3; Conv2D filters=16 kernel_size=3,3 "
                                 "padding=same use_bias=false; BatchNormalization; "
                                 "Activation activation=relu; Conv2D filters=8 kernel_size=5,5; "
                                 "BatchNormalization; Flatten; Dense units=6; "
                                 "BatchNormalization scale=false; Dense units=3");
    assert_ok(dg_model_finish(model, model->node_count - 1));
    const dg_dataset *set = network_set(model, 70, 3, false, 1);
    uint64_t random = 5;
    for (int w = 0; w < model->weight_count; w++) {
        float *values = dg_model_change_weight(model, w);
        bool variance = strstr(model->weights[w].name, "variance");
        bool kernel = strstr(model->weights[w].name, "kernel");
        for (int64_t i = 0; i < model->weights[w].size && !kernel; i++)
            values[i] = (float)support_random(&random, 1 << 20) / (1 << 19) - (variance ? 0 : 1);
    }
    assert_string_equal(model->weights[1].name, "batch_normalization.gamma");
    assert_string_equal(model->weights[7].name, "batch_normalization_1.gamma");
    assert_string_equal(model->weights[13].name, "batch_normalization_2.beta");
    check_normalization(model, set, 2, 1, 2, 3);
    check_normalization(model, set, 5, 7, 8, 9);
    check_normalization(model, set, 8, 0, 13, 14);
    dg_dataset_release(set);
    dg_model_free(model);
}

/* --- predicting at the same time ---------------------------------------------------------- */

/* A prediction within a callback of a fit sees the weights of that time. */
static int64_t seen;
static float *of_epoch;
static const dg_dataset *asked;

static dg_status predict_inside(void *context, const dg_log *log, bool *stop)
{
    (void)log;
    (void)stop;
    seen++;
    dg_free(of_epoch);
    of_epoch = outputs(context, &asked->x, 0, 200, &one_thread);
    return DG_OK;
}

static void test_a_callback_may_predict(void **state)
{
    (void)state;
    const dg_dataset *set;
    dg_model *model = fitted(small, &set);
    asked = set;
    seen = 0;
    dg_free(outputs(model, &set->x, 0, 200, &one_thread));
    fit(model, set, predict_inside);
    assert_int_equal(seen, 1);
    assert_rows(model, &set->x, 0, 200, &two_threads, of_epoch);
    dg_free(DG_TAKE(of_epoch));
    dg_dataset_release(set);
    dg_model_free(model);
}

/* Threads that predict with one model at the same time. */
enum { ASKERS = 4, TIMES = 50 };

struct asker {
    const dg_model *model;
    const dg_dataset *set;
    const float *expected;
    int64_t row;
    int wrong;
};

static void *ask(void *context)
{
    struct asker *asker = context;
    for (int i = 0; i < TIMES; i++) {
        dg_tensor rows, out;
        int64_t first = asker->row, end = i % 2 ? first + 1 : first + 70;
        if (dg_tensor_slice(&rows, &asker->set->x, 0, first, end) != DG_OK) return NULL;
        dg_status status = dg_learner_predict_proba(&asker->model->base, &rows, &one_thread, &out);
        asker->wrong += status != DG_OK || memcmp(dg_floats(&out), asker->expected + first * 3,
                                                  (size_t)((end - first) * 3) * 4) != 0;
        dg_tensor_release(&rows);
        dg_tensor_release(&out);
    }
    return NULL;
}

static void test_several_threads_may_predict(void **state)
{
    (void)state;
    const dg_dataset *set;
    dg_model *model = fitted(small, &set);
    float *expected = outputs(model, &set->x, 0, 200, &one_thread);
    struct asker askers[ASKERS];
    pthread_t threads[ASKERS];
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){ model, set, expected, 10 * i, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].wrong, 0);
    }
    dg_free(expected);
    dg_dataset_release(set);
    dg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_a_second_prediction_allocates_its_results_alone),
        leaving_nothing(test_large_plans_are_not_kept),
        leaving_nothing(test_what_is_kept_follows_the_model),
        leaving_nothing(test_factors_go_into_the_weights_before),
        leaving_nothing(test_normalization_is_folded),
        leaving_nothing(test_a_callback_may_predict),
        leaving_nothing(test_several_threads_may_predict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
