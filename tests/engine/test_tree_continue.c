/* Forests and boosting that go on where they ended: after a failure, and from files. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/store/learner_file.h"
#include "engine/store/safetensors.h"
#include "tests/engine/scratch.h"
#include "tests/engine/trees.h"

static const dg_job one_thread = { .threads = 1 }, two_threads = { .threads = 2 };

static void expect_same_chances(const dg_learner *one, const dg_learner *other,
                                const dg_dataset *set)
{
    dg_tensor a = tree_chances(one, set, 2), b = tree_chances(other, set, 2);
    assert_true(dg_tensor_same_shape(&a, &b));
    assert_memory_equal(a.data, b.data, (size_t)dg_tensor_count(&a) * sizeof(float));
    dg_tensor_release(&a);
    dg_tensor_release(&b);
}

static dg_status go_on(dg_learner *learner, const dg_dataset *set)
{
    dg_fit_options options = { 0 };
    dg_fit_result result;
    options.resume = DG_RESUME_YES;
    return dg_learner_fit(learner, set, &options, &one_thread, &result);
}

/* --- interrupted -------------------------------------------------------------------------- */

struct alarm {
    atomic_int *flag;
    int turns;
};

static void *raise_flag(void *context)
{
    const struct alarm *alarm = context;
    for (volatile int i = 0; i < alarm->turns; i++) continue;
    atomic_store(alarm->flag, 1);
    return NULL;
}

/* Wherever the flag meets it, the trees that are kept are the first ones, and a fit that goes on
 * grows those that follow. */
static void test_an_interrupted_forest_goes_on_without_a_gap(void **state)
{
    enum { ATTEMPTS = 24, ROWS = 3000, MORE = 12 };
    const dg_dataset *set = tree_set(ROWS, 6, 3, false, false, 34);
    dg_learner *whole = tree_learner("RandomForest", "n_estimators=12 seed=5");
    (void)state;
    tree_fit(whole, set, 2);
    for (int i = 0; i < ATTEMPTS; i++) {
        dg_learner *forest = tree_learner("RandomForest", "n_estimators=12 seed=5");
        atomic_int flag = 0;
        struct alarm alarm = { &flag, 200000 * i };
        dg_job job = { .threads = 4, .cancel = &flag };
        dg_fit_options options = { 0 };
        dg_fit_result result;
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, raise_flag, &alarm), 0);
        dg_learner_fit(forest, set, &options, &job, &result);
        pthread_join(thread, NULL);
        dg_trees *trees = &dg_tree_learner_of(forest)->trees;
        options.resume = DG_RESUME_YES;
        assert_ok(dg_learner_fit(forest, set, &options, &two_threads, &result));
        assert_in_range(trees->count, MORE, 2 * MORE);
        dg_trees_keep(trees, MORE);
        expect_same_chances(forest, whole, set);
        dg_learner_free(forest);
    }
    dg_learner_free(whole);
    dg_dataset_release(set);
}

static void test_memory_that_runs_out_leaves_the_trees_there_were(void **state)
{
    const dg_dataset *set = tree_set(80, 4, 3, false, true, 2);
    dg_learner *whole = tree_learner("RandomForest", "n_estimators=6 seed=5");
    dg_status status = DG_NO_MEMORY;
    (void)state;
    tree_fit(whole, set, 2);
    for (int64_t after = 0; status != DG_OK; after++) {
        dg_learner *forest = tree_learner("RandomForest", "n_estimators=3 seed=5 oob_score=true");
        dg_trees *trees = &dg_tree_learner_of(forest)->trees;
        tree_fit(forest, set, 1);
        support_fail_allocation(after);
        status = go_on(forest, set);
        support_fail_allocation(-1);
        assert_true(status == DG_OK || status == DG_NO_MEMORY);
        assert_true(dg_tree_learner_of(forest)->has_oob == (status == DG_OK || trees->count == 3));
        assert_true(dg_tree_learner_of(forest)->has_oob ==
                    (dg_tree_learner_of(forest)->oob_proba.data != NULL));
        while (trees->count < 6) assert_ok(go_on(forest, set));
        dg_trees_keep(trees, 6);
        expect_same_chances(forest, whole, set);
        dg_learner_free(forest);
    }
    dg_learner_free(whole);
    dg_dataset_release(set);
}

static void test_memory_that_runs_out_leaves_whole_rounds(void **state)
{
    const dg_dataset *set = tree_set(80, 4, 3, false, true, 2);
    dg_learner *whole = tree_learner("GradientBoosting", "n_estimators=10 seed=5");
    dg_status status = DG_NO_MEMORY;
    (void)state;
    tree_fit(whole, set, 2);
    for (int64_t after = 0; status != DG_OK; after++) {
        dg_learner *boost = tree_learner("GradientBoosting", "n_estimators=5 seed=5");
        dg_trees *trees = &dg_tree_learner_of(boost)->trees;
        tree_fit(boost, set, 1);
        support_fail_allocation(after);
        status = go_on(boost, set);
        support_fail_allocation(-1);
        assert_true(status == DG_OK || status == DG_NO_MEMORY);
        assert_int_equal(trees->count % 3, 0);
        while (trees->count < 30) assert_ok(go_on(boost, set));
        dg_trees_keep(trees, 30);
        expect_same_chances(boost, whole, set);
        dg_learner_free(boost);
    }
    dg_learner_free(whole);
    dg_dataset_release(set);
}

/* --- from files --------------------------------------------------------------------------- */

static dg_tensor *tensor_of(dg_tensor_file *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i].tensor;
    fail_msg("the file has no tensor '%s'", name);
    return NULL;
}

static void test_a_file_without_draws_takes_no_more_scores(void **state)
{
    const dg_dataset *set = tree_set(300, 6, 3, false, false, 35);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=4 oob_score=true"), *again;
    const char *path = scratch_path("older.safetensors");
    dg_tensor_file file;
    (void)state;
    tree_fit(forest, set, 2);
    assert_ok(dg_learner_save(forest, path));
    assert_ok(dg_learner_load(&again, path));
    assert_ok(go_on(again, set));
    assert_int_equal(dg_tree_learner_of(again)->trees.count, 8);
    dg_learner_free(again);

    assert_ok(dg_tensor_file_read(&file, path)); /* as a version before would have written it */
    for (int i = 0; i < file.count; i++)
        if (strcmp(file.tensors[i].name, "drawn") == 0) memcpy(file.tensors[i].name, "later", 6);
    assert_ok(dg_tensor_file_write(&file, path));
    dg_tensor_file_release(&file);
    assert_ok(dg_learner_load(&again, path));
    expect_same_chances(again, forest, set);
    assert_fails_with(go_on(again, set), DG_INVALID, "4 earlier trees have seen: the model's file");
    assert_int_equal(dg_tree_learner_of(again)->trees.count, 4);
    dg_learner_free(again);
    dg_learner_free(forest);
    dg_dataset_release(set);
}

/* Earlier versions wrote them. */
static void test_gains_that_rounding_brought_below_zero_load(void **state)
{
    const dg_dataset *set = tree_set(60, 6, 3, false, false, 36);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=4"), *again;
    const char *path = scratch_path("below_zero.safetensors");
    dg_tensor_file file;
    dg_tensor importances;
    (void)state;
    tree_fit(forest, set, 2);
    assert_ok(dg_learner_save(forest, path));
    assert_ok(dg_tensor_file_read(&file, path));
    dg_floats(tensor_of(&file, "facts"))[1] = -8.88178e-16f;
    assert_ok(dg_tensor_file_write(&file, path));
    assert_ok(dg_learner_load(&again, path));
    assert_true(dg_tree_learner_of(again)->trees.tree[0].fact[0].gain == 0);
    assert_ok(dg_tree_learner_importances(again, NULL, &importances));
    for (int64_t f = 0; f < 6; f++) assert_true(dg_floats(&importances)[f] >= 0);
    expect_same_chances(again, forest, set);
    dg_tensor_release(&importances);
    dg_tensor_file_release(&file);
    dg_learner_free(again);
    dg_learner_free(forest);
    dg_dataset_release(set);
}

static void test_damaged_files_are_refused(void **state)
{
    const dg_dataset *set = tree_set(60, 6, 3, false, false, 36);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=4 oob_score=true"), *again;
    const char *path = scratch_path("damaged.safetensors");
    dg_tensor_file file;
    (void)state;
    tree_fit(forest, set, 2);
    assert_ok(dg_learner_save(forest, path));
    assert_ok(dg_tensor_file_read(&file, path));
    tensor_of(&file, "drawn")->dtype = DG_FLOAT32;
    assert_ok(dg_tensor_file_write(&file, path));
    assert_fails_with(dg_learner_load(&again, path), DG_FORMAT, "'drawn' must be 4 int32 numbers");
    tensor_of(&file, "drawn")->dtype = DG_INT32;
    for (int i = 0; i < 2; i++) {
        dg_floats(tensor_of(&file, "facts"))[1] = i ? -1 : NAN;
        assert_ok(dg_tensor_file_write(&file, path));
        assert_fails_with(dg_learner_load(&again, path), DG_FORMAT,
                          "tree 1, node 0: the gain cannot be");
    }
    dg_tensor_file_release(&file);
    dg_learner_free(forest);
    dg_dataset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_an_interrupted_forest_goes_on_without_a_gap),
        leaving_nothing(test_memory_that_runs_out_leaves_the_trees_there_were),
        leaving_nothing(test_memory_that_runs_out_leaves_whole_rounds),
        leaving_nothing(test_a_file_without_draws_takes_no_more_scores),
        leaving_nothing(test_gains_that_rounding_brought_below_zero_load),
        leaving_nothing(test_damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
