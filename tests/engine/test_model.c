/* Networks as a whole: graphs, fitting, early stopping, and the same bits on any threads. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "tests/engine/network.h"

static const dg_job one_thread = { .threads = 1 };

/* --- graphs ------------------------------------------------------------------------------- */

/* Two branches of different depth that meet, as in residual networks; the input feeds three. */
static dg_model *residual(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 3));
    int x = network_add(model, -1, "Input", "shape=5,5,2");
    int a =
        network_add(model, x, "Conv2D", "filters=3 kernel_size=3,3 padding=same activation=tanh");
    int b = network_add(model, a, "Conv2D", "filters=3 kernel_size=3,3 padding=same");
    int c = network_join(model, a, b, "Add", "");
    int d = network_add(model, x, "Conv2D", "filters=3 kernel_size=1,1");
    int e = network_join(model, c, d, "Add", "");
    int f = network_add(model, e, "Activation", "activation=tanh");
    int g = network_add(model, f, "Flatten", "");
    int h = network_add(model, g, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, h));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    return model;
}

/* One layer used twice, on the input and on its own output. */
static dg_model *shared(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 4));
    int node = network_add(model, -1, "Input", "shape=6"), x = node;
    const dg_part *dense = network_part("layer", "Dense", "units=6 activation=tanh");
    assert_ok(dg_model_add(model, dense, 1, &x, NULL, &node));
    assert_ok(dg_model_add(model, dense, 1, &node, NULL, &node));
    dg_part_release(dense);
    assert_int_equal(model->layer_count, 2);
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    return model;
}

/* The gradient along a random direction, against a central difference of the loss. */
static void check_direction(dg_model *model, uint64_t seed)
{
    const float step = 1e-2f;
    const dg_dataset *set = network_set(model, 7, 3, false, seed);
    double loss, above, below, slope = 0;
    float *direction, *start;
    assert_ok(dg_alloc(&direction, model->value_count, sizeof *direction));
    assert_ok(dg_alloc(&start, model->value_count, sizeof *start));
    dg_random_normal(seed, 0, 0.1f, 0, model->value_count, direction);
    memcpy(start, model->values, (size_t)model->value_count * sizeof *start);
    assert_ok(dg_model_compute_gradients(model, set, 1, &one_thread, &loss));
    for (int w = 0; w < model->weight_count; w++)
        for (int64_t i = 0; i < model->weights[w].size; i++)
            slope += (double)dg_model_gradient(model, w)[i] *
                     (double)direction[model->weights[w].offset + i];
    for (int64_t i = 0; i < model->value_count; i++)
        model->values[i] = start[i] + step * direction[i];
    assert_ok(dg_model_compute_gradients(model, set, 1, &one_thread, &above));
    for (int64_t i = 0; i < model->value_count; i++)
        model->values[i] = start[i] - step * direction[i];
    assert_ok(dg_model_compute_gradients(model, set, 1, &one_thread, &below));
    double numeric = (above - below) / (2 * (double)step);
    if (fabs(numeric - slope) > 1e-3 * (fabs(numeric) + fabs(slope)) + 1e-4)
        fail_msg("slope %.6g, by differences %.6g", slope, numeric);
    dg_free(direction);
    dg_free(start);
    dg_dataset_release(set);
}

static void test_branches(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        dg_model *model = residual();
        check_direction(model, seed);
        dg_model_free(model);
    }
}

static void test_shared_layer(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        dg_model *model = shared();
        check_direction(model, seed);
        dg_model_free(model);
    }
}

static void test_graph_errors(void **state)
{
    (void)state;
    dg_model *model;
    int node = 0, x;
    assert_ok(dg_model_new(&model, 0));
    const dg_part *dense = network_part("layer", "Dense", "units=3");
    assert_fails_with(dg_model_add(model, dense, 0, NULL, NULL, &node), DG_INVALID, "Dense");
    const dg_part *adam = network_part("optimizer", "Adam", "");
    assert_fails_with(dg_model_add(model, adam, 0, NULL, NULL, &node), DG_INVALID,
                      "expected a layer, found the optimizer Adam");
    x = network_add(model, -1, "Input", "shape=4");
    const dg_part *conv = network_part("layer", "Conv2D", "filters=3 kernel_size=3,3");
    assert_fails_with(dg_model_add(model, conv, 1, &x, NULL, &node), DG_INVALID,
                      "layer 2 (Conv2D 'conv2d', input {4})");
    assert_ok(dg_model_add(model, dense, 1, &x, "mine", &node));
    const dg_part *other = network_part("layer", "Dense", "units=3");
    assert_fails_with(dg_model_add(model, other, 1, &x, "mine", &node), DG_INVALID,
                      "two layers are named 'mine'");
    assert_ok(dg_model_add(model, other, 1, &x, NULL, &node));
    assert_fails_with(dg_model_finish(model, node), DG_INVALID,
                      "the output of layer 'mine' is never used");
    dg_part_release(dense);
    dg_part_release(other);
    dg_part_release(adam);
    dg_part_release(conv);
    dg_model_free(model);
}

/* --- the same bits ------------------------------------------------------------------------ */

static dg_model *with_everything(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 11));
    int n = network_add(model, -1, "Input", "shape=12,12,1");
    n = network_add(model, n, "Conv2D",
                    "filters=8 kernel_size=3,3 activation=relu kernel_regularizer=l2");
    n = network_add(model, n, "BatchNormalization", "");
    n = network_add(model, n, "MaxPooling2D", "");
    n = network_add(model, n, "Dropout", "rate=0.3");
    n = network_add(model, n, "Flatten", "");
    n = network_add(model, n, "Dense", "units=64 activation=relu kernel_regularizer=l1");
    n = network_add(model, n, "Dropout", "rate=0.5");
    n = network_add(model, n, "Dense", "units=4 activation=softmax");
    assert_ok(dg_model_finish(model, n));
    network_compile(model, "Adam", "", "categorical_crossentropy");
    return model;
}

static void test_same_bits(void **state)
{
    (void)state;
    enum { RUNS = 5 };
    dg_model *models[RUNS];
    dg_scores scores[RUNS];
    const int threads[RUNS] = { 1, 2, 3, 4, 2 };
    for (int i = 0; i < RUNS; i++) {
        models[i] = with_everything();
        const dg_dataset *set = network_set(models[i], 310, 4, true, 5);
        dg_job job = { .threads = threads[i] };
        dg_network_fit_options own = { 1, 32, true };
        dg_fit_options options = { .own = &own };
        dg_fit_result result;
        own.epochs = 2;
        own.batch_size = 50;
        options.validation = set;
        assert_ok(dg_learner_fit(&models[i]->base, set, &options, &job, &result));
        assert_ok(dg_learner_evaluate(&models[i]->base, set, &job, &scores[i]));
        dg_dataset_release(set);
    }
    for (int i = 1; i < RUNS; i++) {
        assert_memory_equal(models[0]->values, models[i]->values,
                            (size_t)models[0]->value_count * sizeof(float));
        assert_memory_equal(&scores[0].loss, &scores[i].loss, sizeof scores[0].loss);
    }
    for (int i = 0; i < RUNS; i++) dg_model_free(models[i]);
}

/* --- fitting ------------------------------------------------------------------------------ */

static dg_model *dense_network(int64_t seed, const char *optimizer, const char *options)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, (uint64_t)seed));
    int n = network_add(model, -1, "Input", "shape=8");
    n = network_add(model, n, "Dense", "units=32 activation=relu");
    n = network_add(model, n, "Dense", "units=4 activation=softmax");
    assert_ok(dg_model_finish(model, n));
    network_compile(model, optimizer, options, "categorical_crossentropy");
    return model;
}

static void test_learns(void **state)
{
    (void)state;
    static const char *const optimizers[] = { "SGD", "RMSprop", "Adam", "AdamW", "Lion", "Lamb" };
    static const char *const options[] = { "learning_rate=0.1 momentum=0.9",
                                           "learning_rate=0.01",
                                           "learning_rate=0.01",
                                           "learning_rate=0.01",
                                           "learning_rate=0.003",
                                           "learning_rate=0.01" };
    for (int i = 0; i < 6; i++) {
        dg_model *model = dense_network(1, optimizers[i], options[i]);
        const dg_dataset *set = network_set(model, 400, 4, false, 2);
        dg_network_fit_options own = { 1, 32, true };
        dg_fit_options fit = { .own = &own };
        dg_fit_result result;
        dg_scores before, after;
        own.epochs = 1;
        assert_fails_with(dg_learner_evaluate(&model->base, set, &one_thread, &before), DG_INVALID,
                          "never fitted");
        assert_ok(dg_learner_fit(&model->base, set, &fit, &one_thread, &result));
        assert_ok(dg_learner_evaluate(&model->base, set, &one_thread, &before));
        own.epochs = 30;
        assert_ok(dg_learner_fit(&model->base, set, &fit, &one_thread, &result));
        assert_ok(dg_learner_evaluate(&model->base, set, &one_thread, &after));
        assert_true(after.loss < before.loss);
        assert_true(after.accuracy > 0.9);
        assert_int_equal(model->epoch, 31);
        dg_dataset_release(set);
        dg_model_free(model);
    }
}

/* Scores that an epoch's callback saw. */
struct seen {
    int epochs, batches;
    int stop_after; /* epochs; 0: never */
    dg_status fail;
    double val_loss[64];
};

static dg_status on_epoch(void *context, const dg_log *log, bool *stop)
{
    struct seen *seen = context;
    assert_int_equal(log->epoch, ++seen->epochs);
    for (int i = 0; i < log->scores; i++)
        if (strcmp(log->score[i].name, "val_loss") == 0)
            seen->val_loss[log->epoch - 1] = log->score[i].value;
    *stop = seen->stop_after == seen->epochs;
    return seen->fail;
}

static dg_status on_batch(void *context, const dg_log *log, bool *stop)
{
    struct seen *seen = context;
    (void)stop;
    assert_int_equal(log->batch, seen->batches++ % log->batches + 1);
    assert_string_equal(log->score[0].name, "loss");
    return DG_OK;
}

static void test_callbacks(void **state)
{
    (void)state;
    struct seen seen = { .stop_after = 3 };
    dg_model *model = dense_network(1, "Adam", "");
    const dg_dataset *set = network_set(model, 100, 4, false, 2);
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options fit = { .own = &own };
    dg_fit_result result;
    own.epochs = 9;
    fit.on_epoch = on_epoch;
    fit.on_batch = on_batch;
    fit.context = &seen;
    assert_ok(dg_learner_fit(&model->base, set, &fit, &one_thread, &result));
    assert_int_equal(seen.epochs, 3);
    assert_int_equal(seen.batches, 3 * 4);
    seen = (struct seen){ .fail = DG_STOPPED };
    assert_int_equal(dg_learner_fit(&model->base, set, &fit, &one_thread, &result), DG_STOPPED);
    assert_int_equal(seen.epochs, 1);
    assert_false(model->base.busy);
    dg_dataset_release(set);
    dg_model_free(model);
}

static void test_early_stopping(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    dg_model *model = dense_network(1, "Adam", "learning_rate=0.05");
    const dg_dataset *set = network_set(model, 60, 4, false, 2);
    const dg_dataset *other = network_set(model, 200, 4, false, 3);
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options fit = { .own = &own };
    dg_fit_result result;
    dg_scores scores;
    own.epochs = 60;
    fit.validation = other;
    fit.monitor = "val_loss";
    fit.patience = 2;
    fit.restore_best = true;
    fit.on_epoch = on_epoch;
    fit.context = &seen;
    assert_ok(dg_learner_fit(&model->base, set, &fit, &one_thread, &result));
    assert_true(result.stopped_early);
    assert_int_equal(seen.epochs, result.best_epoch + 2);
    for (int i = 0; i < seen.epochs; i++)
        assert_true(seen.val_loss[i] >= seen.val_loss[result.best_epoch - 1]);
    assert_ok(dg_learner_evaluate(&model->base, other, &one_thread, &scores));
    assert_true(scores.loss == seen.val_loss[result.best_epoch - 1]);
    fit.monitor = "val_los";
    assert_fails_with(dg_learner_fit(&model->base, set, &fit, &one_thread, &result), DG_INVALID,
                      "did you mean 'val_loss'");
    dg_dataset_release(set);
    dg_dataset_release(other);
    dg_model_free(model);
}

static void test_fit_errors(void **state)
{
    (void)state;
    dg_model *model = dense_network(1, "SGD", "learning_rate=1e30");
    dg_model *wide;
    assert_ok(dg_model_new(&wide, 0));
    network_add(wide, -1, "Input", "shape=9");
    const dg_dataset *set = network_set(model, 50, 4, false, 2);
    const dg_dataset *large = network_set(wide, 50, 4, false, 2);
    const dg_dataset *more = network_set(model, 50, 5, false, 2);
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options fit = { .own = &own };
    dg_fit_result result;
    own.batch_size = 0;
    assert_fails_with(dg_learner_fit(&model->base, set, &fit, &one_thread, &result), DG_INVALID,
                      "batch_size must be at least 1, found 0");
    own.batch_size = 10;
    own.epochs = 0;
    assert_fails_with(dg_learner_fit(&model->base, set, &fit, &one_thread, &result), DG_INVALID,
                      "epochs must be at least 1, found 0");
    own.epochs = 5;
    assert_fails_with(dg_learner_fit(&model->base, large, &fit, &one_thread, &result), DG_INVALID,
                      "takes rows of shape {8} (8 values), the data has rows of shape {9}");
    assert_fails_with(dg_learner_fit(&model->base, more, &fit, &one_thread, &result), DG_INVALID,
                      "4 outputs, the set has 5 classes");
    dg_status status = dg_learner_fit(&model->base, set, &fit, &one_thread, &result);
    assert_int_equal(status, DG_NUMERIC);
    assert_non_null(strstr(dg_error_message(), "fit: epoch 1, batch 2: the loss is"));
    assert_fails_with(dg_learner_fit(&model->base, more, &fit, &one_thread, &result), DG_INVALID,
                      "has the label 4, which is not one of the 4 classes");
    dg_dataset_release(set);
    dg_dataset_release(large);
    dg_dataset_release(more);
    dg_model_free(model);
    dg_model_free(wide);
}

/* A fit that fails for want of memory leaves a model that can be fitted, or its classes
 * complete. */
static void test_memory_that_cannot_be_had(void **state)
{
    static const char *const names[] = { "nought", "one", "two", "three" };
    (void)state;
    dg_model *shaped = dense_network(1, "Adam", "");
    const dg_dataset *plain = network_set(shaped, 50, 4, false, 2), *set;
    assert_ok(dg_dataset_new(&set, &plain->x, &plain->labels, 4, names));
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options fit = { .own = &own };
    dg_fit_result result;
    for (int64_t after = 0;; after++) {
        dg_model *model = dense_network(1, "Adam", "");
        support_fail_allocation(after);
        dg_status status = dg_learner_fit(&model->base, set, &fit, &one_thread, &result);
        support_fail_allocation(-1);
        if (status != DG_OK) {
            assert_fails_with(status, DG_NO_MEMORY, "out of memory");
            assert_true(!model->base.classes == !model->base.class_names);
            assert_ok(dg_learner_fit(&model->base, set, &fit, &one_thread, &result));
        }
        for (int i = 0; i < 4; i++) assert_string_equal(model->base.class_names[i], names[i]);
        dg_model_free(model);
        if (status == DG_OK) break;
        assert_true(after < 1000);
    }
    dg_dataset_release(set);
    dg_dataset_release(plain);
    dg_model_free(shaped);
}

static void test_cancelled(void **state)
{
    (void)state;
    atomic_int cancel = 1;
    dg_job job = { .threads = 2, .cancel = &cancel };
    dg_model *model = dense_network(1, "Adam", "");
    const dg_dataset *set = network_set(model, 50, 4, false, 2);
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options fit = { .own = &own };
    dg_fit_result result;
    assert_int_equal(dg_learner_fit(&model->base, set, &fit, &job, &result), DG_CANCELLED);
    assert_false(model->base.busy);
    cancel = 0;
    assert_ok(dg_learner_fit(&model->base, set, &fit, &job, &result));
    dg_dataset_release(set);
    dg_model_free(model);
}

/* --- gradients ---------------------------------------------------------------------------- */

/* Two networks alike, of which one is asked for gradients before and between its fits: their
 * weights, running statistics and the optimizer's slots are the same bits, and so is what is drawn
 * afterwards for shuffles and dropout. */
static void test_gradients_change_nothing(void **state)
{
    (void)state;
    dg_model *model[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(dg_model_new(&model[i], 3));
        int n = network_add(model[i], -1, "Input", "shape=6");
        n = network_add(model[i], n, "Dense", "units=8 activation=relu");
        n = network_add(model[i], n, "BatchNormalization", "momentum=0.5");
        n = network_add(model[i], n, "Dropout", "rate=0.5");
        n = network_add(model[i], n, "Dense", "units=3 activation=softmax");
        assert_ok(dg_model_finish(model[i], n));
        network_compile(model[i], "Adam", "learning_rate=0.05", "categorical_crossentropy");
    }
    const dg_dataset *set = network_set(model[0], 40, 3, false, 2);
    size_t size = (size_t)model[0]->value_count * sizeof(float);
    for (int round = 0; round < 3; round++) {
        double loss;
        assert_ok(dg_model_compute_gradients(model[0], set, 9, &one_thread, &loss));
        assert_true(loss > 0);
        assert_memory_equal(model[0]->values, model[1]->values, size);
        for (int i = 0; i < DG_MAX_SLOTS; i++)
            if (model[1]->slots[i])
                assert_memory_equal(model[0]->slots[i], model[1]->slots[i], size);
        assert_true(model[0]->step == model[1]->step && model[0]->epoch == model[1]->epoch);
        assert_true(model[0]->base.fitted == model[1]->base.fitted);
        assert_int_equal(model[0]->base.class_count, round ? 3 : 0);
        for (int i = 0; i < 2; i++) {
            dg_network_fit_options own = { 1, 32, true };
            dg_fit_options fit = { .own = &own };
            dg_fit_result result;
            own.batch_size = 16;
            assert_ok(dg_learner_fit(&model[i]->base, set, &fit, &one_thread, &result));
        }
    }
    assert_memory_equal(model[0]->values, model[1]->values, size);
    dg_dataset_release(set);
    for (int i = 0; i < 2; i++) dg_model_free(model[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_branches),
        cmocka_unit_test(test_shared_layer),
        cmocka_unit_test(test_graph_errors),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_callbacks),
        cmocka_unit_test(test_early_stopping),
        cmocka_unit_test(test_fit_errors),
        leaving_nothing(test_memory_that_cannot_be_had),
        cmocka_unit_test(test_cancelled),
        leaving_nothing(test_gradients_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
