/* LogisticRegression: scikit-learn's coefficients (tests/golden/make_linear.py), the same bits,
 * what it tells of its fit, files. */
#include <math.h>
#include <string.h>

#include "tests/engine/learners.h"

static const dg_job two_threads = { .threads = 2 };

static double number_of(const dg_learner *learner, const char *name)
{
    const dg_attribute *a = learner->type->attributes;
    while (strcmp(a->name, name) != 0) a++;
    return a->number(learner);
}

static dg_tensor tensor_of(const dg_learner *learner, const char *name)
{
    dg_tensor out;
    const dg_attribute *a = learner->type->attributes;
    while (strcmp(a->name, name) != 0) a++;
    assert_ok(a->tensor(learner, &out));
    return out;
}

/* --- scikit-learn's ------------------------------------------------------------------------- */

static void check_example(const cJSON *example)
{
    int64_t columns = learners_member(example, "columns")->valueint;
    bool bytes = cJSON_IsTrue(learners_member(example, "bytes"));
    const dg_dataset *set = learners_set(
        learners_tensor(learners_member(example, "x"), columns, bytes ? DG_UINT8 : DG_FLOAT32),
        learners_tensor(learners_member(example, "y"), 0, DG_INT32),
        learners_tensor(learners_member(example, "weight"), 0, DG_FLOAT32));
    dg_learner *learner = learners_make("LogisticRegression", learners_member(example, "options"));
    dg_fit_options fitting = { 0 };
    dg_fit_result result;
    assert_ok(dg_learner_fit(learner, set, &fitting, &two_threads, &result));
    assert_string_equal(result.warning, "");
    dg_tensor coef = tensor_of(learner, "coef"), intercept = tensor_of(learner, "intercept");
    dg_tensor proba = tree_chances(learner, set, 2);
    assert_int_equal(coef.shape[0], set->class_count == 2 ? 1 : set->class_count);
    assert_int_equal(coef.shape[1], columns);
    assert_int_equal(intercept.shape[0], coef.shape[0]);
    learners_expect_near(dg_floats(&coef), learners_member(example, "coef"), 1e-6);
    learners_expect_near(dg_floats(&intercept), learners_member(example, "intercept"), 1e-6);
    learners_expect_near(dg_floats(&proba), learners_member(example, "proba"), 1e-6);
    dg_tensor_release(&coef);
    dg_tensor_release(&intercept);
    dg_tensor_release(&proba);
    dg_learner_free(learner);
    dg_dataset_release(set);
}

static void test_golden(void **state)
{
    (void)state;
    cJSON *golden = learners_read("tests/golden/linear.json");
    const cJSON *example;
    cJSON_ArrayForEach(example, golden)
    {
        check_example(example);
    }
    cJSON_Delete(golden);
}

/* --- a fit ---------------------------------------------------------------------------------- */

struct history {
    int epochs, stop_at;
    dg_log last;
};

static dg_status remember(void *context, const dg_log *log, bool *stop)
{
    struct history *history = context;
    assert_int_equal(log->epoch, ++history->epochs);
    history->last = *log;
    *stop = log->epoch == history->stop_at;
    return DG_OK;
}

static void test_history(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(300, 8, 3, true, false, 4);
    const dg_dataset *other = tree_set(100, 8, 3, true, false, 5);
    struct history history = { 0 };
    dg_fit_options options = { .on_epoch = remember, .context = &history, .validation = other };
    dg_fit_result result;
    dg_scores scores;
    dg_learner *learner = tree_learner("LogisticRegression", "max_iter=4");
    assert_ok(dg_learner_fit(learner, set, &options, &two_threads, &result));
    assert_non_null(strstr(result.warning, "has not converged in 4 iterations"));
    assert_int_equal(history.epochs, 4);
    assert_true(number_of(learner, "n_iter") == 4);
    assert_ok(dg_learner_evaluate(learner, set, NULL, &scores));
    assert_true(fabs(scores.loss - dg_log_find(&history.last, "loss")) < 1e-6);
    assert_true(scores.accuracy == dg_log_find(&history.last, "accuracy"));
    assert_ok(dg_learner_evaluate(learner, other, NULL, &scores));
    assert_true(fabs(scores.loss - dg_log_find(&history.last, "val_loss")) < 1e-6);
    assert_true(scores.accuracy == dg_log_find(&history.last, "val_accuracy"));
    /* stopped by a callback: no warning */
    history = (struct history){ .stop_at = 2 };
    assert_ok(dg_learner_fit(learner, set, &options, &two_threads, &result));
    assert_true(history.epochs == 2 && !result.warning[0]);
    dg_learner_free(learner);
    dg_dataset_release(set);
    dg_dataset_release(other);
}

/* Early stopping gives back the best iteration. */
static void test_early_stopping(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(40, 30, 3, false, false, 4);
    const dg_dataset *other = tree_set(60, 30, 3, false, false, 5);
    struct history history = { 0 };
    dg_fit_options options = { .on_epoch = remember,
                               .context = &history,
                               .validation = other,
                               .monitor = "val_loss",
                               .patience = 3,
                               .restore_best = true };
    dg_fit_result result;
    dg_scores scores, best;
    dg_learner *learner = tree_learner("LogisticRegression", "C=1000 max_iter=500");
    assert_ok(dg_learner_fit(learner, set, &options, &two_threads, &result));
    assert_true(result.stopped_early && history.epochs == result.best_epoch + 3);
    assert_ok(dg_learner_evaluate(learner, other, NULL, &scores));
    history = (struct history){ .stop_at = (int)result.best_epoch };
    options.monitor = NULL;
    assert_ok(dg_learner_fit(learner, set, &options, &two_threads, &result));
    assert_ok(dg_learner_evaluate(learner, other, NULL, &best));
    assert_true(scores.loss == best.loss);
    dg_learner_free(learner);
    dg_dataset_release(set);
    dg_dataset_release(other);
}

/* Cancelled after some iterations: what was learnt stays; before the first: nothing is. */
static dg_status cancel(void *context, const dg_log *log, bool *stop)
{
    (void)stop;
    if (log->epoch == 3) atomic_store((atomic_int *)context, 1);
    return DG_OK;
}

static void test_cancel(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(300, 8, 3, true, false, 4);
    atomic_int asked = 0;
    dg_job job = { .threads = 2, .cancel = &asked };
    dg_fit_options options = { .on_epoch = cancel, .context = &asked };
    dg_fit_result result;
    dg_learner *learner = tree_learner("LogisticRegression", "");
    assert_int_equal(dg_learner_fit(learner, set, &options, &job, &result), DG_CANCELLED);
    assert_true(learner->fitted && number_of(learner, "n_iter") == 3);
    dg_tensor out = tree_chances(learner, set, 1);
    dg_tensor_release(&out);
    assert_int_equal(dg_learner_fit(learner, set, &options, &job, &result), DG_CANCELLED);
    assert_false(learner->fitted);
    assert_fails_with(dg_learner_outputs(learner, &set->x, NULL, &out), DG_INVALID, "never fitted");
    dg_learner_free(learner);
    dg_dataset_release(set);
}

/* Rows of weight 0 are as if they were not there; weights that are all 2 change nothing but C. */
static void test_weights(void **state)
{
    (void)state;
    enum { ROWS = 60 };
    const dg_dataset *set = tree_set(ROWS, 4, 3, false, false, 4), *head, *weighted[2];
    dg_tensor out[4];
    for (int i = 0; i < 2; i++) {
        dg_tensor weight;
        assert_ok(dg_tensor_full(&weight, DG_FLOAT32, 1, set->x.shape, i ? 2 : 1));
        for (int k = 40; k < ROWS && i == 0; k++) dg_floats(&weight)[k] = 0;
        assert_ok(dg_dataset_with(&weighted[i], set, &(dg_dataset_fields){ .weights = &weight }));
        dg_tensor_release(&weight);
    }
    assert_ok(dg_dataset_head(&head, set, 40));
    const dg_dataset *fitted[] = { head, weighted[0], set, weighted[1] };
    for (int i = 0; i < 4; i++) {
        dg_learner *learner = tree_learner(
            "LogisticRegression", i == 2 ? "C=2 tol=1e-9 max_iter=999" : "tol=1e-9 max_iter=999");
        tree_fit(learner, fitted[i], 2);
        out[i] = tree_chances(learner, set, 2);
        dg_learner_free(learner);
    }
    for (int i = 0; i < 4; i += 2)
        for (int k = 0; k < 3 * ROWS; k++)
            assert_true(fabsf(dg_floats(&out[i])[k] - dg_floats(&out[i + 1])[k]) < 1e-6F);
    for (int i = 0; i < 4; i++) dg_tensor_release(&out[i]);
    for (int i = 0; i < 2; i++) dg_dataset_release(weighted[i]);
    dg_dataset_release(head);
    dg_dataset_release(set);
}

/* Values that are all alike teach nothing but how often each class is. */
static void test_nothing_to_learn(void **state)
{
    (void)state;
    dg_tensor x, y = support_tensor(DG_INT32, SHAPE(4), VALUES(0, 1, 1, 1)), none = { 0 };
    struct history history = { 0 };
    dg_fit_options options = { .on_epoch = remember, .context = &history };
    dg_fit_result result;
    assert_ok(dg_tensor_zeros(&x, DG_FLOAT32, 2, (int64_t[]){ 4, 2 }));
    const dg_dataset *set = learners_set(x, y, none);
    dg_learner *learner = tree_learner("LogisticRegression", "tol=1e-7");
    assert_ok(dg_learner_fit(learner, set, &options, NULL, &result));
    dg_tensor out = tree_chances(learner, set, 1);
    assert_true(fabsf(dg_floats(&out)[1] - 0.75F) < 1e-5F);
    dg_tensor_release(&out);
    dg_learner_free(learner);
    /* without intercepts the first point is the last; a fit still tells of one iteration */
    history = (struct history){ 0 };
    learner = tree_learner("LogisticRegression", "fit_intercept=false");
    assert_ok(dg_learner_fit(learner, set, &options, NULL, &result));
    assert_true(history.epochs == 1 && number_of(learner, "n_iter") == 0);
    dg_learner_free(learner);
    dg_dataset_release(set);
}

/* --- bits, files, what cannot be ------------------------------------------------------------ */

static void test_bits(void **state)
{
    (void)state;
    const dg_dataset *bytes = tree_set(1500, 37, 4, true, false, 1);
    const dg_dataset *floats = tree_set(700, 150, 2, false, false, 2);
    learners_expect_same_bits("LogisticRegression", "max_iter=20", bytes);
    learners_expect_same_bits("LogisticRegression", "max_iter=20 fit_intercept=false", floats);
    dg_dataset_release(bytes);
    dg_dataset_release(floats);
}

static void test_files(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(40, 5, 3, false, false, 1);
    dg_learner *learner = tree_learner("LogisticRegression", "");
    tree_fit(learner, set, 1);
    learners_expect_refused(learner, "coef", NULL, "the tensor 'coef' is missing");
    learners_expect_refused(learner, "coef", learners_make_nan, "are not finite");
    learners_expect_refused(learner, "coef", learners_make_infinite, "are not finite");
    learners_expect_refused(learner, "coef", learners_shorten, "must be float32 {3, 5}");
    learners_expect_refused(learner, "coef", learners_retype, "must be float32 {3, 5}");
    learners_expect_refused(learner, "intercept", learners_make_infinite, "are not finite");
    learners_expect_refused(learner, "intercept", learners_make_nan, "are not finite");
    learners_expect_refused(learner, "intercept", learners_shorten, "must be float32 {3}");
    learners_expect_refused(learner, "n_iter", learners_make_negative, "'n_iter'");
    learners_fuzz(learner, set, 300);
    dg_learner_free(learner);
    dg_dataset_release(set);
}

static void test_refused(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(6, 2, 3, false, false, 1), *head;
    const dg_dataset *holes = tree_set(60, 2, 3, false, true, 1);
    const dg_fit_options plain = { 0 }, stopping = { .monitor = "los" };
    assert_ok(dg_dataset_head(&head, set, 1));
    learners_expect_unfit("LogisticRegression", "", holes, &plain, "is NaN or infinite");
    learners_expect_unfit("LogisticRegression", "", set, &stopping, "did you mean 'loss'?");
    learners_expect_unfit("LogisticRegression", "", head, &plain,
                          "rows of at least two classes, all rows have the label 0");
    dg_dataset_release(set);
    dg_dataset_release(head);
    dg_dataset_release(holes);
}

static void test_no_memory(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(40, 5, 3, true, false, 1);
    learners_expect_no_memory("LogisticRegression", "max_iter=3", set);
    dg_dataset_release(set);
}

static void test_absent_class(void **state)
{
    (void)state;
    learners_expect_absent("LogisticRegression", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_golden),         leaving_nothing(test_history),
        leaving_nothing(test_early_stopping), leaving_nothing(test_cancel),
        leaving_nothing(test_weights),        leaving_nothing(test_nothing_to_learn),
        leaving_nothing(test_bits),           leaving_nothing(test_files),
        leaving_nothing(test_refused),        leaving_nothing(test_no_memory),
        leaving_nothing(test_absent_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
