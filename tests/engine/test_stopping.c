/* Early stopping: what counts as an improvement, in networks and in boosting alike. */
#include <math.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/stopping.h"
#include "tests/engine/network.h"
#include "tests/engine/trees.h"

static const dg_job one_thread = { .threads = 1 };

struct judged {
    int64_t epochs; /* seen before the end */
    double best;
    dg_fit_result result;
};

/* Judges val_loss (or, negated, val_accuracy) until told to stop. */
static struct judged judge(const char *monitor, int64_t patience, int count, const double *scores)
{
    dg_fit_options options = { 0 };
    struct judged judged = { 0 };
    bool stop = false;
    options.monitor = monitor;
    options.patience = patience;
    while (judged.epochs < count && !stop) {
        dg_log log = { .epoch = judged.epochs + 1, .epochs = count };
        dg_log_add(&log, "loss", 1);
        dg_log_add(&log, monitor ? monitor : "loss", scores[judged.epochs++]);
        dg_stopping_judge(&options, &log, &judged.best, &judged.result, &stop);
    }
    return judged;
}

#define JUDGE(monitor, patience, ...)                                                              \
    judge(monitor, patience, (int)(sizeof VALUES(__VA_ARGS__) / sizeof(double)),                   \
          VALUES(__VA_ARGS__))

static void test_nan_is_no_improvement(void **state)
{
    (void)state;
    struct judged j = JUDGE("val_loss", 2, 3, 2, NAN, 2.5, 1);
    assert_int_equal(j.epochs, 4);
    assert_int_equal(j.result.best_epoch, 2);
    assert_true(j.best == 2 && j.result.stopped_early);
    assert_string_equal(j.result.nan_score, "val_loss");
    assert_int_equal(j.result.first_nan, 3);
    assert_int_equal(j.result.nan_epochs, 1);

    j = JUDGE("val_accuracy", 2, NAN, 0.5, NAN, NAN, 0.9);
    assert_int_equal(j.epochs, 4);
    assert_int_equal(j.result.best_epoch, 2);
    assert_true(j.best == -0.5);
    assert_int_equal(j.result.nan_epochs, 3);

    /* the direction is the metric's, whatever its name */
    j = JUDGE("val_f1_weighted", 4, 0.5, 0.75, 0.25);
    assert_int_equal(j.result.best_epoch, 2);
    j = JUDGE("log_loss", 4, 0.5, 0.75, 0.25);
    assert_int_equal(j.result.best_epoch, 3);
    j = JUDGE("val_expected_calibration_error", 4, 0.5, 0.75, 0.25);
    assert_int_equal(j.result.best_epoch, 3);

    j = JUDGE("val_loss", 3, NAN, NAN, NAN, NAN, 1);
    assert_int_equal(j.epochs, 3);
    assert_int_equal(j.result.best_epoch, 0);
    assert_true(j.result.stopped_early);

    j = JUDGE("val_loss", 0, NAN, 1, 2); /* after one epoch there is nothing to compare */
    assert_int_equal(j.result.best_epoch, 2);
    assert_int_equal(j.epochs, 3);

    j = JUDGE("val_loss", 1, INFINITY, 4, 3);
    assert_int_equal(j.result.best_epoch, 3);
    assert_null(j.result.nan_score);
    j = JUDGE("val_loss", 5, INFINITY, INFINITY);
    assert_int_equal(j.result.best_epoch, 1);
}

static void test_what_is_said_of_nan(void **state)
{
    (void)state;
    char text[256];
    dg_fit_result result = { 0 };
    assert_false(dg_stopping_doubts(&result, "epoch", text, sizeof text));
    result = (dg_fit_result){ .nan_score = "val_loss", .first_nan = 3, .nan_epochs = 2 };
    assert_true(dg_stopping_doubts(&result, "round", text, sizeof text));
    assert_string_equal(text, "val_loss is NaN in round 3 and 1 more, which never counts as an "
                              "improvement: look for NaN or huge values in the data");
}

/* Validation data of which a network makes NaN: the first epoch is not taken for the best. */
static void test_network(void **state)
{
    (void)state;
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int node = network_add(model, -1, "Input", "shape=4");
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "Adam", "learning_rate=0.05", "CategoricalCrossentropy");
    const dg_dataset *set = network_set(model, 40, 3, false, 2);
    const dg_dataset *other = network_set(model, 20, 3, false, 3);
    dg_floats(&other->x)[5] = NAN;
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options fit = { .own = &own };
    dg_fit_result result;
    own.epochs = 9;
    fit.validation = other;
    fit.monitor = "val_loss";
    fit.patience = 3;
    fit.restore_best = true;
    assert_ok(dg_learner_fit(&model->base, set, &fit, &one_thread, &result));
    assert_true(result.stopped_early);
    assert_int_equal(result.best_epoch, 0);
    assert_string_equal(result.nan_score, "val_loss");
    assert_int_equal(result.nan_epochs, 3);
    for (int64_t i = 0; i < model->value_count; i++) assert_true(isfinite(model->values[i]));
    dg_dataset_release(set);
    dg_dataset_release(other);
    dg_model_free(model);
}

/* Targets of the validation set that are NaN: all trees stay, and no round is the best. */
static void test_boosting(void **state)
{
    (void)state;
    double values[24], numbers[12];
    for (int i = 0; i < 24; i++) values[i] = i % 7;
    for (int i = 0; i < 12; i++) numbers[i] = i * 0.5;
    dg_tensor x = support_tensor(DG_FLOAT32, SHAPE(12, 2), values);
    dg_tensor y = support_tensor(DG_FLOAT32, SHAPE(12), numbers);
    numbers[3] = 0.25;
    dg_tensor other = support_tensor(DG_FLOAT32, SHAPE(12), numbers);
    const dg_dataset *set, *held;
    assert_ok(dg_dataset_new(&set, &x, &y, 0, NULL));
    assert_ok(dg_dataset_new(&held, &x, &other, 0, NULL));
    dg_floats(&held->y)[3] = NAN;
    dg_learner *boost = tree_learner("GradientBoosting", "n_estimators=8 max_depth=2");
    dg_fit_options fit = { 0 };
    dg_fit_result result;
    fit.validation = held;
    fit.monitor = "val_loss";
    fit.patience = 4;
    assert_ok(dg_learner_fit(boost, set, &fit, &one_thread, &result));
    assert_true(result.stopped_early);
    assert_int_equal(result.best_epoch, 0);
    assert_string_equal(result.nan_score, "val_loss");
    assert_int_equal(dg_tree_learner_of(boost)->trees.count, 4);
    dg_learner_free(boost);
    dg_dataset_release(set);
    dg_dataset_release(held);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_tensor_release(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nan_is_no_improvement),
        cmocka_unit_test(test_what_is_said_of_nan),
        leaving_nothing(test_network),
        leaving_nothing(test_boosting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
