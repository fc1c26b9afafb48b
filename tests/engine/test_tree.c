/* Learners made of trees as a whole: the same bits on any threads, odd data, scores, refusals. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/importance.h"
#include "engine/base/memory.h"
#include "engine/store/learner_file.h"
#include "tests/engine/scratch.h"
#include "tests/engine/trees.h"

static const dg_job one_thread = { .threads = 1 }, two_threads = { .threads = 2 };

/* Options under which all that is random, and all that is cut into pieces, takes part. */
static const struct {
    const char *name, *options;
} kinds[] = {
    { "DecisionTree", "max_features=sqrt min_samples_leaf=2" },
    { "DecisionTree", "max_leaf_nodes=9 criterion=entropy" },
    { "RandomForest", "n_estimators=11 oob_score=true" },
    { "RandomForest",
      "n_estimators=5 criterion=entropy max_samples=0.6 class_weight=balanced_subsample" },
    { "GradientBoosting",
      "n_estimators=4 subsample=0.7 colsample_bytree=0.8 colsample_bylevel=0.8" },
    { "GradientBoosting",
      "n_estimators=3 grow_policy=lossguide max_leaves=8 max_depth=0 max_bin=16" },
    { "GradientBoosting", "n_estimators=3 objective=squared_error colsample_bynode=0.5" },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void expect_same(const dg_tensor *a, const dg_tensor *b)
{
    assert_true(dg_tensor_same_shape(a, b));
    assert_memory_equal(a->data, b->data, (size_t)dg_tensor_count(a) * sizeof(float));
}

static void test_threads_do_not_change_a_bit(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        const dg_dataset *set = tree_set(1500, 12, 5, k % 2, k % 2 == 0, 3);
        dg_tensor first = { 0 };
        for (int threads = 1; threads <= 4; threads++) {
            dg_learner *learner = tree_learner(kinds[k].name, kinds[k].options);
            tree_fit(learner, set, threads);
            dg_tensor now = tree_chances(learner, set, threads);
            if (threads > 1) expect_same(&now, &first);
            dg_tensor_release(&first);
            first = now;
            dg_learner_free(learner);
        }
        dg_tensor_release(&first);
        dg_dataset_release(set);
    }
}

static void test_seeds_change_what_is_random(void **state)
{
    const dg_dataset *set = tree_set(300, 8, 3, false, false, 4);
    (void)state;
    dg_learner *a = tree_learner("RandomForest", "n_estimators=3 seed=1");
    dg_learner *b = tree_learner("RandomForest", "n_estimators=3 seed=2");
    tree_fit(a, set, 1);
    tree_fit(b, set, 1);
    dg_tensor x = tree_chances(a, set, 1), y = tree_chances(b, set, 1);
    assert_false(dg_tensor_equal(&x, &y));
    tree_fit(b, set, 1); /* again, from the start */
    dg_tensor z = tree_chances(b, set, 1);
    expect_same(&y, &z);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_tensor_release(&z);
    dg_learner_free(a);
    dg_learner_free(b);
    dg_dataset_release(set);
}

/* --- odd data ----------------------------------------------------------------------------- */

static void check_odd(int64_t rows, int64_t columns, int classes, bool bytes, bool holes)
{
    const dg_dataset *set = tree_set(rows, columns, classes, bytes, holes, 9);
    for (int k = 0; k < KINDS; k++) {
        dg_learner *learner = tree_learner(kinds[k].name, kinds[k].options);
        tree_fit(learner, set, 2);
        dg_tensor chances = tree_chances(learner, set, 2), importances;
        assert_ok(dg_tree_learner_importances(learner, NULL, &importances));
        double sum = dg_tensor_sum(&importances);
        assert_true(fabs(sum - 1) < 1e-5 || sum == 0);
        dg_tensor_release(&importances);
        dg_tensor_release(&chances);
        dg_learner_free(learner);
    }
    dg_dataset_release(set);
}

static void test_odd_data_is_learnt(void **state)
{
    (void)state;
    check_odd(1, 3, 1, true, false);     /* a row */
    check_odd(40, 3, 1, false, false);   /* a class */
    check_odd(60, 1, 2, false, true);    /* a column */
    check_odd(20, 3, 2, false, true);    /* more bins than rows */
    check_odd(900, 4, 200, true, false); /* many classes */
}

/* Where rows differ nowhere there is nothing to split; where one column is constant it is not
 * used. */
static void test_constant_columns_are_not_used(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        const dg_dataset *made = tree_set(200, 4, 2, false, false, 5), *set;
        dg_tensor x = dg_tensor_retain(&made->x), importances;
        for (int64_t i = 0; i < 200; i++) dg_floats(&x)[4 * i] = dg_floats(&x)[4 * i + 3] = 7;
        assert_ok(dg_dataset_new(&set, &x, &made->y, 0, NULL));
        dg_learner *learner = tree_learner(kinds[k].name, kinds[k].options);
        tree_fit(learner, set, 2);
        assert_ok(dg_tree_learner_importances(learner, NULL, &importances));
        assert_true(fabs(dg_tensor_sum(&importances) - 1) < 1e-5);
        assert_true(support_at(&importances, 0) == 0 && support_at(&importances, 3) == 0);
        for (int64_t i = 0; i < 800; i++) dg_floats(&x)[i] = 3;
        tree_fit(learner, set, 2);
        assert_int_equal(dg_tree_learner_of(learner)->trees.tree[0].nodes, 1);
        dg_tensor_release(&importances);
        dg_learner_free(learner);
        dg_tensor_release(&x);
        dg_dataset_release(set);
        dg_dataset_release(made);
    }
}

/* A tree without limits knows its rows by heart, whatever their type. */
static void test_a_full_tree_is_right_on_its_rows(void **state)
{
    dg_scores scores;
    (void)state;
    for (int i = 0; i < 3; i++) {
        const dg_dataset *set = tree_set(250, i ? 9 : 60, 4, i == 0, i == 2, 12), *one_hot;
        dg_learner *learner = tree_learner("DecisionTree", "");
        assert_ok(dg_dataset_one_hot(&one_hot, set));
        tree_fit(learner, one_hot, 2);
        assert_ok(dg_learner_evaluate(learner, set, &two_threads, &scores));
        assert_true(scores.accuracy == 1 && scores.loss == 0);
        dg_learner_free(learner);
        dg_dataset_release(set);
        dg_dataset_release(one_hot);
    }
}

/* Chances of a fit on bytes are those of a fit on the same numbers as floats. */
static void test_bytes_and_floats_give_the_same_trees(void **state)
{
    const dg_dataset *bytes = tree_set(600, 7, 3, true, false, 6), *floats;
    dg_tensor x;
    (void)state;
    assert_ok(dg_tensor_astype(&x, &bytes->x, DG_FLOAT32));
    assert_ok(dg_dataset_new(&floats, &x, &bytes->y, 0, NULL));
    for (int k = 0; k < KINDS; k++) {
        dg_learner *a = tree_learner(kinds[k].name, kinds[k].options);
        dg_learner *b = tree_learner(kinds[k].name, kinds[k].options);
        tree_fit(a, bytes, 2);
        tree_fit(b, floats, 2);
        dg_tensor p = tree_chances(a, bytes, 1), q = tree_chances(b, floats, 1);
        dg_tensor r = tree_chances(a, floats, 1);
        expect_same(&p, &q);
        expect_same(&p, &r);
        dg_tensor_release(&p);
        dg_tensor_release(&q);
        dg_tensor_release(&r);
        dg_learner_free(a);
        dg_learner_free(b);
    }
    dg_tensor_release(&x);
    dg_dataset_release(bytes);
    dg_dataset_release(floats);
}

/* --- scores ------------------------------------------------------------------------------- */

static void test_out_of_bag_rows_judge_the_forest(void **state)
{
    const dg_dataset *set = tree_set(500, 6, 3, false, false, 8);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=40 oob_score=true");
    dg_scores own;
    (void)state;
    tree_fit(forest, set, 2);
    const dg_tree_learner *mine = dg_tree_learner_of(forest);
    assert_ok(dg_learner_evaluate(forest, set, &two_threads, &own));
    assert_true(mine->has_oob && mine->oob_score > 0.5 && mine->oob_score < own.accuracy);
    assert_int_equal(mine->oob_proba.shape[0], 500);
    for (int64_t i = 0; i < 500; i++) {
        const float *row = dg_floats(&mine->oob_proba) + 3 * i;
        assert_true(fabsf(row[0] + row[1] + row[2] - 1) < 1e-5f);
    }
    dg_learner_free(forest);
    dg_dataset_release(set);
}

static void test_shuffling_tells_what_matters(void **state)
{
    const dg_dataset *set = tree_set(400, 9, 3, false, false, 21);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=10");
    dg_tensor importance;
    double matters = 0, rest = 0;
    (void)state;
    tree_fit(forest, set, 2);
    assert_ok(dg_permutation_importance(forest, set, 3, 1, &two_threads, &importance));
    for (int f = 0; f < 9; f++) *(f < 6 ? &matters : &rest) += support_at(&importance, 2 * f);
    assert_true(matters > 2 * rest && matters > 0.1);
    dg_tensor_release(&importance);
    dg_learner_free(forest);
    dg_dataset_release(set);
}

struct heard {
    int64_t rounds, stop_after;
    double val_loss[64], loss[64];
    atomic_int *cancel;
};

static dg_status hear(void *context, const dg_log *log, bool *stop)
{
    struct heard *heard = context;
    for (int i = 0; i < log->scores; i++) {
        if (strcmp(log->score[i].name, "val_loss") == 0)
            heard->val_loss[log->epoch - 1] = log->score[i].value;
        if (strcmp(log->score[i].name, "loss") == 0)
            heard->loss[log->epoch - 1] = log->score[i].value;
    }
    heard->rounds = log->epoch;
    if (heard->cancel && log->epoch == heard->stop_after) atomic_store(heard->cancel, 1);
    *stop = !heard->cancel && log->epoch == heard->stop_after;
    return DG_OK;
}

/* The history's numbers are those of evaluate, and early stopping keeps the best round. */
static void test_boosting_stops_early_and_keeps_the_best(void **state)
{
    const dg_dataset *set = tree_set(150, 6, 3, false, true, 31),
                     *held = tree_set(150, 6, 3, false, true, 32);
    dg_learner *boost = tree_learner("GradientBoosting", "n_estimators=60 learning_rate=0.5");
    struct heard heard = { 0 };
    dg_fit_options options = { 0 };
    dg_fit_result result;
    dg_scores scores;
    (void)state;
    options.validation = held;
    options.monitor = "val_loss";
    options.patience = 3;
    options.on_epoch = hear;
    options.context = &heard;
    assert_ok(dg_learner_fit(boost, set, &options, &two_threads, &result));
    assert_true(result.stopped_early);
    assert_int_equal(heard.rounds, result.best_epoch + 3);
    assert_int_equal(dg_tree_learner_of(boost)->best_round, result.best_epoch);
    assert_int_equal(dg_tree_learner_of(boost)->trees.count, 3 * result.best_epoch);
    assert_ok(dg_learner_evaluate(boost, held, &two_threads, &scores));
    assert_true(fabs(scores.loss - heard.val_loss[result.best_epoch - 1]) < 1e-5);
    assert_ok(dg_learner_evaluate(boost, set, &two_threads, &scores));
    assert_true(fabs(scores.loss - heard.loss[result.best_epoch - 1]) < 1e-5);
    dg_learner_free(boost);
    dg_dataset_release(set);
    dg_dataset_release(held);
}

static void test_what_was_grown_is_kept(void **state)
{
    const dg_dataset *set = tree_set(150, 6, 3, false, false, 31);
    (void)state;
    for (int cancel = 0; cancel < 2; cancel++) {
        dg_learner *boost = tree_learner("GradientBoosting", "n_estimators=20");
        atomic_int flag = 0;
        dg_job job = { .threads = 2, .cancel = &flag };
        struct heard heard = { .stop_after = 4, .cancel = cancel ? &flag : NULL };
        dg_fit_options options = { 0 };
        dg_fit_result result;
        options.on_epoch = hear;
        options.context = &heard;
        dg_status status = dg_learner_fit(boost, set, &options, &job, &result);
        assert_int_equal(status, cancel ? DG_CANCELLED : DG_OK);
        assert_int_equal(dg_tree_learner_of(boost)->trees.count, 12);
        dg_tensor chances = tree_chances(boost, set, 1);
        dg_tensor_release(&chances);
        dg_learner_free(boost);
    }
    dg_dataset_release(set);
}

static dg_status cancel_forest(void *context, const dg_log *log, bool *stop)
{
    (void)stop;
    if (log->batch >= 16) atomic_store((atomic_int *)context, 1);
    return DG_OK;
}

static void test_an_interrupted_forest_is_a_smaller_one(void **state)
{
    const dg_dataset *set = tree_set(200, 6, 3, false, false, 33);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=50");
    dg_learner *small = tree_learner("RandomForest", "n_estimators=16");
    atomic_int flag = 0;
    dg_job job = { .threads = 2, .cancel = &flag };
    dg_fit_options options = { 0 };
    dg_fit_result result;
    (void)state;
    options.on_batch = cancel_forest;
    options.context = &flag;
    assert_int_equal(dg_learner_fit(forest, set, &options, &job, &result), DG_CANCELLED);
    assert_int_equal(dg_tree_learner_of(forest)->trees.count, 16);
    tree_fit(small, set, 1);
    dg_tensor a = tree_chances(forest, set, 1), b = tree_chances(small, set, 1);
    expect_same(&a, &b);
    dg_tensor_release(&a);
    dg_tensor_release(&b);
    dg_learner_free(forest);
    dg_learner_free(small);
    dg_dataset_release(set);
}

/* --- files, texts ------------------------------------------------------------------------- */

static void test_files_keep_all(void **state)
{
    const dg_dataset *set = tree_set(300, 6, 3, false, true, 41);
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        dg_learner *learner = tree_learner(kinds[k].name, kinds[k].options), *again;
        dg_tensor i, j;
        tree_fit(learner, set, 2);
        assert_ok(dg_learner_save(learner, scratch_path("tree.safetensors")));
        assert_ok(dg_learner_load(&again, scratch_path("tree.safetensors")));
        dg_tensor a = tree_chances(learner, set, 1), b = tree_chances(again, set, 1);
        expect_same(&a, &b);
        assert_ok(dg_tree_learner_importances(learner, NULL, &i));
        assert_ok(dg_tree_learner_importances(again, NULL, &j));
        expect_same(&i, &j);
        assert_true(dg_part_equal(learner->options, again->options));
        assert_int_equal(dg_tree_learner_of(learner)->best_round,
                         dg_tree_learner_of(again)->best_round);
        dg_tensor_release(&a);
        dg_tensor_release(&b);
        dg_tensor_release(&i);
        dg_tensor_release(&j);
        dg_learner_free(learner);
        dg_learner_free(again);
    }
    dg_dataset_release(set);
}

static void test_files_of_another_types_objective_are_refused(void **state)
{
    const struct {
        const char *name, *options, *words;
        dg_objective objective;
    } cases[] = {
        { "RandomForest", "n_estimators=2", "the objective cannot be 1", DG_OBJECTIVE_SOFTMAX },
        { "GradientBoosting", "n_estimators=2", "the objective cannot be 0", DG_OBJECTIVE_VOTE },
        { "GradientBoosting", "n_estimators=2", "the objective cannot have 3 classes",
          DG_OBJECTIVE_LOGISTIC },
    };
    const dg_dataset *set = tree_set(60, 4, 3, true, false, 5);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_learner *learner = tree_learner(cases[i].name, cases[i].options), *again;
        tree_fit(learner, set, 1);
        dg_tree_learner_of(learner)->objective = cases[i].objective;
        assert_ok(dg_learner_save(learner, scratch_path("objective.safetensors")));
        assert_fails_with(dg_learner_load(&again, scratch_path("objective.safetensors")), DG_FORMAT,
                          cases[i].words);
        dg_learner_free(learner);
    }
    dg_dataset_release(set);
}

static void test_trees_print_themselves(void **state)
{
    dg_tensor x = support_tensor(DG_FLOAT32, SHAPE(4, 2), VALUES(1, 5, 2, 5, 3, 5, 4, 5));
    dg_tensor y = support_tensor(DG_INT32, SHAPE(4), VALUES(3, 3, 8, 8));
    const dg_dataset *set;
    char *text;
    (void)state;
    assert_ok(dg_dataset_new(&set, &x, &y, 0, NULL));
    dg_learner *tree = tree_learner("DecisionTree", "");
    tree_fit(tree, set, 1);
    assert_ok(dg_tree_learner_print(tree, 0, -1, &text));
    assert_string_equal(text, "gain 2, cover 4\n"
                              "|   x[1] <= 2.5: label 3 (100% of 2)\n"
                              "|   x[1] >  2.5 or missing: label 8 (100% of 2)\n");
    dg_free(text);
    assert_ok(dg_learner_summary(tree, &text));
    assert_non_null(strstr(text, "trees: 1, nodes: 3, leaves: 2, greatest depth: 1"));
    dg_free(text);
    assert_fails_with(dg_tree_learner_print(tree, 1, -1, &text), DG_INVALID,
                      "trees 1 to 1, found 2");
    dg_learner_free(tree);
    dg_dataset_release(set);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
}

/* --- refusals ----------------------------------------------------------------------------- */

static dg_status set_option(const char *learner, const char *name, dg_value value)
{
    dg_part *part;
    assert_ok(dg_part_begin(dg_find_descriptor("learner", learner), &part));
    dg_status status = dg_part_set(part, name, &value);
    if (status == DG_OK) status = dg_part_finish(part);
    dg_part_release(part);
    return status;
}

static void test_options_are_checked(void **state)
{
    const dg_value zero = { .type = DG_VALUE_INT }, two = { .type = DG_VALUE_FLOAT, .number = 2.5 };
    const dg_value yes = { .type = DG_VALUE_BOOL, .boolean = true };
    const dg_value word = { .type = DG_VALUE_TEXT, .text = "sqr" };
    struct dg_map_entry pairs[] = { { 3, -1 } };
    const dg_value weights = { .type = DG_VALUE_MAP, .map = { 1, pairs } };
    (void)state;
    assert_fails_with(set_option("RandomForest", "n_estimator", zero), DG_INVALID,
                      "did you mean 'n_estimators'?");
    assert_fails_with(set_option("RandomForest", "n_estimators", zero), DG_INVALID, "from 1");
    assert_fails_with(set_option("RandomForest", "max_features", two), DG_INVALID, "found 2.5");
    assert_fails_with(set_option("RandomForest", "max_features", word), DG_INVALID, "'sqrt'?");
    assert_fails_with(set_option("RandomForest", "max_depth", zero), DG_INVALID, "at least 1");
    assert_fails_with(set_option("RandomForest", "class_weight", weights), DG_INVALID, "label 3");
    assert_fails_with(set_option("RandomForest", "n_jobs", zero), DG_INVALID, "digits.threads(n)");
    assert_fails_with(set_option("GradientBoosting", "eta", two), DG_INVALID, "learning_rate");
    assert_fails_with(set_option("GradientBoosting", "subsample", zero), DG_INVALID, "above 0");
    assert_fails_with(set_option("GradientBoosting", "max_depth", zero), DG_INVALID, "both 0");
    assert_ok(set_option("RandomForest", "oob_score", yes));
}

static void expect_unfit(const char *name, const char *options, const dg_dataset *set,
                         const dg_fit_options *how, const char *words)
{
    dg_learner *learner = tree_learner(name, options);
    dg_fit_result result;
    assert_fails_with(dg_learner_fit(learner, set, how, &one_thread, &result), DG_INVALID, words);
    assert_false(learner->fitted);
    dg_learner_free(learner);
}

static void test_fits_are_checked(void **state)
{
    const dg_dataset *set = tree_set(30, 4, 3, false, false, 1), *none, *other;
    const dg_dataset *more = tree_set(30, 4, 5, false, false, 1),
                     *wide = tree_set(30, 5, 3, false, false, 1);
    dg_fit_options plain = { 0 }, how = { 0 };
    dg_tensor weight = support_tensor(DG_FLOAT32, SHAPE(3), VALUES(1, 2, 3));
    (void)state;
    assert_fails_with(dg_dataset_with(&other, set, &(dg_dataset_fields){ .weights = &weight }),
                      DG_INVALID, "expected {30}, one weight per row");
    assert_ok(dg_dataset_take(&none, set, NULL, 0));
    assert_ok(dg_dataset_new(&other, &set->x, NULL, 0, NULL));
    static const char *const names[] = { "DecisionTree", "RandomForest", "GradientBoosting" };
    for (int k = 0; k < 3; k++) {
        expect_unfit(names[k], "", none, &plain, "has no rows");
        expect_unfit(names[k], "", other, &plain, "has no labels");
        how = plain;
        how.validation = more;
        expect_unfit(names[k], "", set, &how, "not one of the 3 classes");
        how.validation = wide;
        expect_unfit(names[k], "", set, &how, "validation set have 5");
    }
    how = plain;
    how.monitor = "val_los";
    expect_unfit("GradientBoosting", "", set, &how, "did you mean 'val_loss'?");
    expect_unfit("RandomForest", "", set, &how, "early_stopping is not available");
    expect_unfit("RandomForest", "max_features=9", set, &plain, "max_features is 9");
    expect_unfit("RandomForest", "max_samples=99", set, &plain, "max_samples is 99");
    expect_unfit("GradientBoosting", "objective=logistic", set, &plain, "has 3");
    dg_tensor_release(&weight);
    dg_dataset_release(set);
    dg_dataset_release(none);
    dg_dataset_release(other);
    dg_dataset_release(more);
    dg_dataset_release(wide);
}

/* Errors times weights are too large for float32, although the loss is not for a double. */
static void test_derivatives_must_be_finite(void **state)
{
    (void)state;
    dg_tensor x = support_tensor(DG_FLOAT32, SHAPE(4, 1), VALUES(1, 2, 3, 4));
    dg_tensor y = support_tensor(DG_FLOAT32, SHAPE(4), VALUES(3e38, -3e38, 3e38, -3e38));
    dg_tensor weights = support_tensor(DG_FLOAT32, SHAPE(4), VALUES(9, 9, 9, 9));
    const dg_dataset *set;
    const dg_fit_options plain = { 0 };
    dg_fit_result result;
    assert_ok(dg_dataset_make(&set, &(dg_dataset_fields){ .x = &x, .y = &y, .weights = &weights }));
    dg_learner *boost = tree_learner("GradientBoosting", "");
    assert_fails_with(dg_learner_fit(boost, set, &plain, &one_thread, &result), DG_NUMERIC,
                      "derivatives are not finite after 0 rounds");
    dg_learner_free(boost);
    dg_dataset_release(set);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_tensor_release(&weights);
}

static void test_predicting_other_rows_is_refused(void **state)
{
    const dg_dataset *set = tree_set(30, 4, 3, false, false, 1),
                     *wide = tree_set(30, 5, 3, false, false, 1);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=2");
    dg_tensor out;
    (void)state;
    assert_fails_with(dg_learner_predict_proba(forest, &set->x, &one_thread, &out), DG_INVALID,
                      "never fitted");
    tree_fit(forest, set, 1);
    assert_fails_with(dg_learner_predict_proba(forest, &wide->x, &one_thread, &out), DG_INVALID,
                      "5 values");
    dg_learner_free(forest);
    dg_dataset_release(set);
    dg_dataset_release(wide);
}

static void test_memory_that_runs_out_is_reported(void **state)
{
    const dg_dataset *set = tree_set(80, 4, 3, false, true, 2);
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        dg_status status = DG_NO_MEMORY;
        for (int64_t after = 0; status != DG_OK; after++) {
            dg_learner *learner = tree_learner(kinds[k].name, kinds[k].options);
            dg_fit_options options = { 0 };
            dg_fit_result result;
            support_fail_allocation(after);
            status = dg_learner_fit(learner, set, &options, &one_thread, &result);
            support_fail_allocation(-1);
            assert_true(status == DG_OK || status == DG_NO_MEMORY);
            dg_learner_free(learner);
        }
    }
    dg_dataset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_threads_do_not_change_a_bit),
        leaving_nothing(test_seeds_change_what_is_random),
        leaving_nothing(test_odd_data_is_learnt),
        leaving_nothing(test_constant_columns_are_not_used),
        leaving_nothing(test_a_full_tree_is_right_on_its_rows),
        leaving_nothing(test_bytes_and_floats_give_the_same_trees),
        leaving_nothing(test_out_of_bag_rows_judge_the_forest),
        leaving_nothing(test_shuffling_tells_what_matters),
        leaving_nothing(test_boosting_stops_early_and_keeps_the_best),
        leaving_nothing(test_what_was_grown_is_kept),
        leaving_nothing(test_an_interrupted_forest_is_a_smaller_one),
        leaving_nothing(test_files_keep_all),
        leaving_nothing(test_files_of_another_types_objective_are_refused),
        leaving_nothing(test_trees_print_themselves),
        leaving_nothing(test_options_are_checked),
        leaving_nothing(test_fits_are_checked),
        leaving_nothing(test_derivatives_must_be_finite),
        leaving_nothing(test_predicting_other_rows_is_refused),
        leaving_nothing(test_memory_that_runs_out_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
