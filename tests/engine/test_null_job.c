/* Every function that takes a job takes NULL for the default one, and gives the same bits. Those of
 * engine/metrics are called so in test_metrics.c. */
#include <stdio.h>
#include <string.h>

#include "engine/importance.h"
#include "engine/data/formats/csv.h"
#include "engine/base/memory.h"
#include "engine/base/process.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"
#include "tests/engine/trees.h"

static dg_status count(void *context, int64_t piece, int worker)
{
    (void)piece;
    (void)worker;
    atomic_fetch_add((atomic_int *)context, 1);
    return DG_OK;
}

static void test_jobs(void **state)
{
    (void)state;
    atomic_int pieces = 0;
    dg_job room, given = { .threads = 7 };
    assert_ok(dg_job_check(NULL));
    assert_ok(dg_parallel(NULL, 20, count, &pieces));
    assert_int_equal(pieces, 20);
    assert_ptr_equal(dg_job_or_default(&given, &room), &given);
    assert_int_equal(dg_job_or_default(NULL, &room)->threads, dg_threads());
    dg_interrupt = 1; /* the default job heeds it */
    assert_int_equal(dg_job_check(NULL), DG_CANCELLED);
    assert_int_equal(dg_parallel(NULL, 20, count, &pieces), DG_CANCELLED);
    dg_interrupt = 0;
}

static void expect_same(dg_tensor *a, dg_tensor *b)
{
    assert_int_equal(dg_tensor_count(a), dg_tensor_count(b));
    for (int64_t i = 0; i < dg_tensor_count(a); i++)
        assert_true(support_at(a, i) == support_at(b, i));
    dg_tensor_release(a);
    dg_tensor_release(b);
}

/* Fits two learners alike, one with a job and one with NULL, and asks them for all they can do. */
static void check_learners(dg_learner *with, dg_learner *without, const dg_dataset *set)
{
    const dg_job job = dg_job_default();
    dg_fit_options options = { 0 };
    dg_fit_result result;
    dg_scores scores[2];
    dg_tensor a, b;
    options.validation = set;
    assert_ok(dg_learner_fit(with, set, &options, &job, &result));
    assert_ok(dg_learner_fit(without, set, &options, NULL, &result));
    assert_ok(dg_learner_predict_proba(with, &set->x, &job, &a));
    assert_ok(dg_learner_predict_proba(without, &set->x, NULL, &b));
    expect_same(&a, &b);
    assert_ok(dg_learner_predict(with, &set->x, &job, &a));
    assert_ok(dg_learner_predict(without, &set->x, NULL, &b));
    expect_same(&a, &b);
    assert_ok(dg_learner_evaluate(with, set, &job, &scores[0]));
    assert_ok(dg_learner_evaluate(without, set, NULL, &scores[1]));
    assert_true(scores[0].loss == scores[1].loss && scores[0].accuracy == scores[1].accuracy);
    assert_ok(dg_permutation_importance(with, set, 2, 1, &job, &a));
    assert_ok(dg_permutation_importance(without, set, 2, 1, NULL, &b));
    expect_same(&a, &b);
}

static void test_named(void **state)
{
    (void)state;
    static const char *const names[] = { "DecisionTree", "RandomForest",       "GradientBoosting",
                                         "KNeighbors",   "LogisticRegression", "NearestCentroid" };
    static const char *const options[] = { "", "n_estimators=5 oob_score=true", "n_estimators=5" };
    const dg_dataset *holes = tree_set(60, 5, 3, false, true, 1);
    const dg_dataset *whole = tree_set(60, 5, 3, false, false, 1);
    for (int i = 0; i < 6; i++) {
        const dg_dataset *set = i < 3 ? holes : whole;
        dg_learner *with = tree_learner(names[i], i < 3 ? options[i] : "");
        dg_learner *without = tree_learner(names[i], i < 3 ? options[i] : "");
        check_learners(with, without, set);
        dg_learner_free(with);
        dg_learner_free(without);
    }
    dg_dataset_release(holes);
    dg_dataset_release(whole);
}

static dg_model *network(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int node = network_add(model, -1, "Input", "shape=6,6,1");
    node = network_add(model, node, "Conv2D", "filters=3 kernel_size=3,3 activation=relu");
    node = network_add(model, node, "BatchNormalization", "");
    node = network_add(model, node, "MaxPooling2D", "");
    node = network_add(model, node, "Flatten", "");
    node = network_add(model, node, "Dropout", "rate=0.25");
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "Adam", "", "categorical_crossentropy");
    return model;
}

static void test_networks(void **state)
{
    (void)state;
    const dg_job job = dg_job_default();
    dg_model *with = network(), *without = network();
    const dg_dataset *set = network_set(with, 70, 3, true, 2);
    dg_tensor a, b;
    double losses[2];
    check_learners(&with->base, &without->base, set);
    assert_ok(dg_model_features(with, &set->x, 2, &job, &a));
    assert_ok(dg_model_features(without, &set->x, 2, NULL, &b));
    expect_same(&a, &b);
    assert_ok(dg_model_compute_gradients(with, set, 1, &job, &losses[0]));
    assert_ok(dg_model_compute_gradients(without, set, 1, NULL, &losses[1]));
    assert_true(losses[0] == losses[1]);
    assert_memory_equal(with->gradients, without->gradients,
                        (size_t)with->value_count * sizeof(float));
    dg_dataset_release(set);
    dg_model_free(with);
    dg_model_free(without);
}

static void test_files_and_programs(void **state)
{
    (void)state;
    static const char text[] = "1,2\n3,4\n";
    const char *const arguments[] = { "cat", NULL };
    const dg_dataset *set;
    dg_process_result result;
    dg_csv_options options = { .images = scratch_path("x.csv") };
    scratch_write(options.images, text, strlen(text));
    assert_ok(dg_format_read(&set, &dg_csv, &options, &(dg_dataset_fields){ 0 }, NULL));
    assert_int_equal(set->x.shape[0], 2);
    dg_dataset_release(set);
    assert_ok(dg_process_run(&result, arguments, text, strlen(text), 60, NULL));
    assert_int_equal(result.status, 0);
    dg_process_release(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),
        leaving_nothing(test_named),
        leaving_nothing(test_networks),
        leaving_nothing(test_files_and_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
