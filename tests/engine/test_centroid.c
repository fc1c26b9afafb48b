/* NearestCentroid: scikit-learn's answers (tests/golden/make_neighbors.py), the same bits,
 * files. */
#include <math.h>

#include "engine/store/learner_file.h"
#include "tests/engine/learners.h"
#include "tests/engine/scratch.h"

static const dg_tensor nothing;

static void check_centroids(const cJSON *example, dg_dtype dtype)
{
    int64_t columns = learners_member(example, "columns")->valueint;
    dg_tensor test = learners_tensor(learners_member(example, "test"), columns, dtype), out;
    const dg_dataset *set =
        learners_set(learners_tensor(learners_member(example, "x"), columns, dtype),
                     learners_tensor(learners_member(example, "y"), 0, DG_INT32), nothing);
    dg_learner *learner = learners_make("NearestCentroid", learners_member(example, "options"));
    tree_fit(learner, set, 2);
    assert_ok(learner->type->attributes[0].tensor(learner, &out));
    learners_expect_near(dg_floats(&out), learners_member(example, "centroids"), 1e-6);
    dg_tensor_release(&out);
    assert_ok(dg_learner_predict(learner, &test, NULL, &out));
    const cJSON *label = learners_member(example, "labels")->child;
    for (int64_t i = 0; i < out.shape[0]; i++, label = label->next)
        assert_int_equal(dg_int32s(&out)[i], label->valueint);
    dg_tensor_release(&out);
    dg_tensor_release(&test);
    dg_learner_free(learner);
    dg_dataset_release(set);
}

static void test_golden(void **state)
{
    (void)state;
    cJSON *golden = learners_read("tests/golden/neighbors.json");
    const cJSON *example;
    cJSON_ArrayForEach(example, learners_member(golden, "centroids"))
    {
        check_centroids(example, DG_UINT8);
        check_centroids(example, DG_FLOAT32);
    }
    cJSON_Delete(golden);
}

/* Two classes about 0 and 4 with variance 1: p of the second is 1 / (1 + exp(8 - 4 x)). */
static void test_probabilities(void **state)
{
    (void)state;
    dg_tensor x = support_tensor(DG_FLOAT32, SHAPE(4, 1), VALUES(-1, 1, 3, 5)), out;
    dg_tensor y = support_tensor(DG_INT32, SHAPE(4), VALUES(7, 7, 9, 9)), one;
    dg_tensor rows = support_tensor(DG_FLOAT32, SHAPE(3, 1), VALUES(2, 2.5, -90));
    dg_tensor single = support_tensor(DG_FLOAT32, SHAPE(2, 1), VALUES(1, 2));
    dg_tensor labels = support_tensor(DG_INT32, SHAPE(2), VALUES(7, 9));
    const dg_dataset *set = learners_set(x, y, nothing),
                     *few = learners_set(single, labels, nothing);
    dg_learner *learner = tree_learner("NearestCentroid", "");
    tree_fit(learner, set, 1);
    assert_ok(dg_learner_outputs(learner, &rows, NULL, &out));
    /* 4 rows less 2 classes: the variance within is 4 / 2 */
    const double wanted[] = { 0.5, 1 / (1 + exp(-1)), 0 };
    for (int i = 0; i < 3; i++)
        assert_true(fabs((double)dg_floats(&out)[2 * i + 1] - wanted[i]) < 1e-6);
    dg_tensor_release(&out);
    /* without any spread the nearest has it all, and equals share */
    tree_fit(learner, few, 1);
    one = support_tensor(DG_FLOAT32, SHAPE(2, 1), VALUES(1.6, 1.5));
    assert_ok(dg_learner_outputs(learner, &one, NULL, &out));
    support_expect(&out, DG_FLOAT32, SHAPE(2, 2), VALUES(0, 1, 0.5, 0.5));
    dg_tensor_release(&out);
    dg_tensor_release(&one);
    dg_tensor_release(&rows);
    dg_learner_free(learner);
    dg_dataset_release(set);
    dg_dataset_release(few);
}

static void test_bits(void **state)
{
    (void)state;
    const dg_dataset *bytes = tree_set(900, 37, 4, true, false, 1);
    const dg_dataset *floats = tree_set(500, 150, 3, false, false, 2);
    learners_expect_same_bits("NearestCentroid", "", bytes);
    learners_expect_same_bits("NearestCentroid", "shrink_threshold=0.5", floats);
    dg_dataset_release(bytes);
    dg_dataset_release(floats);
}

static void test_files(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(40, 5, 3, false, false, 1);
    dg_learner *learner = tree_learner("NearestCentroid", "");
    tree_fit(learner, set, 1);
    learners_expect_refused(learner, "centroids", NULL, "the tensor 'centroids' is missing");
    learners_expect_refused(learner, "centroids", learners_make_nan, "class 1 is not finite");
    learners_expect_refused(learner, "centroids", learners_shorten, "must be float32 {3, 5}");
    learners_expect_refused(learner, "variance", learners_make_negative, "at least 0");
    learners_expect_refused(learner, "variance", learners_make_infinite, "finite");
    learners_fuzz(learner, set, 300);
    dg_learner *again;
    const char *path = scratch_path("row.safetensors");
    learner->row = (dg_ints){ .count = 2, .at = { 65536, 65536 } };
    assert_ok(dg_learner_save(learner, path));
    assert_fails_with(dg_learner_load(&again, path), DG_FORMAT, "'row' has too many values");
    dg_learner_free(learner);
    dg_dataset_release(set);
}

static void test_refused(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(6, 2, 3, false, false, 1), *head, *weighted;
    const dg_dataset *holes = tree_set(60, 2, 3, false, true, 1), *short_set;
    const dg_fit_options plain = { 0 }, stopping = { .monitor = "loss" };
    dg_tensor one;
    assert_ok(dg_tensor_full(&one, DG_FLOAT32, 1, (int64_t[]){ 6 }, 1));
    assert_ok(dg_dataset_with(&weighted, set, &(dg_dataset_fields){ .weights = &one }));
    assert_ok(dg_dataset_head(&head, set, 1));
    assert_ok(dg_dataset_head(&short_set, set, 3));
    learners_expect_unfit("NearestCentroid", "", holes, &plain, "is NaN or infinite");
    learners_expect_unfit("NearestCentroid", "", set, &stopping, "early_stopping is not available");
    learners_expect_unfit("NearestCentroid", "", weighted, &plain, "the rows have weights");
    learners_expect_unfit("NearestCentroid", "", head, &plain, "at least two classes");
    learners_expect_unfit("NearestCentroid", "shrink_threshold=1", short_set, &plain,
                          "more rows than classes");
    dg_tensor_release(&one);
    dg_dataset_release(set);
    dg_dataset_release(head);
    dg_dataset_release(short_set);
    dg_dataset_release(weighted);
    dg_dataset_release(holes);
}

static void test_no_memory(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(40, 5, 3, true, false, 1);
    learners_expect_no_memory("NearestCentroid", "shrink_threshold=0.1", set);
    dg_dataset_release(set);
}

static void test_absent_class(void **state)
{
    (void)state;
    learners_expect_absent("NearestCentroid", "");
    learners_expect_absent("NearestCentroid", "shrink_threshold=0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_golden),       leaving_nothing(test_probabilities),
        leaving_nothing(test_bits),         leaving_nothing(test_files),
        leaving_nothing(test_refused),      leaving_nothing(test_no_memory),
        leaving_nothing(test_absent_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
