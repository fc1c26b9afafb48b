/* KNeighbors: scikit-learn's answers (tests/golden/make_neighbors.py), those of plain loops, the
 * same bits, files. */
#include <math.h>
#include <stdio.h>

#include "tests/engine/learners.h"
#include "tests/engine/sets.h"

static const dg_tensor nothing;

/* --- scikit-learn's ------------------------------------------------------------------------- */

static void check_neighbors(const cJSON *example, bool numbers, dg_dtype dtype)
{
    int64_t columns = learners_member(example, "columns")->valueint;
    dg_tensor test = learners_tensor(learners_member(example, "test"), columns, dtype), out;
    const dg_dataset *set =
        learners_set(learners_tensor(learners_member(example, "x"), columns, dtype),
                     learners_tensor(learners_member(example, numbers ? "number" : "y"), 0,
                                     numbers ? DG_FLOAT32 : DG_INT32),
                     nothing);
    dg_learner *learner = learners_make("KNeighbors", learners_member(example, "options"));
    tree_fit(learner, set, 2);
    assert_int_equal(learner->target, numbers ? DG_TARGET_NUMBERS : DG_TARGET_LABELS);
    assert_ok(dg_learner_outputs(learner, &test, NULL, &out));
    learners_expect_near(dg_floats(&out), learners_member(example, numbers ? "numbers" : "proba"),
                         1e-6);
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
    cJSON_ArrayForEach(example, learners_member(golden, "neighbors"))
    {
        check_neighbors(example, false, DG_UINT8);
        check_neighbors(example, false, DG_FLOAT32);
        check_neighbors(example, true, DG_UINT8);
        check_neighbors(example, true, DG_FLOAT32);
    }
    cJSON_Delete(golden);
}

/* --- plain loops ---------------------------------------------------------------------------- */

/* The row, not yet in `taken`, nearest to the query; of equals the first. */
static int64_t nearest(const float *x, int64_t rows, int64_t columns, const float *query,
                       const bool *taken)
{
    double least = INFINITY;
    int64_t found = -1;
    for (int64_t i = 0; i < rows; i++) {
        double square = 0;
        for (int64_t j = 0; j < columns; j++) {
            double difference = (double)x[i * columns + j] - (double)query[j];
            square += difference * difference;
        }
        if (taken[i] || square >= least) continue;
        least = square;
        found = i;
    }
    return found;
}

/* Small whole numbers, so that many distances are equal, about `middle`, where products of floats
 * are far from exact. */
static void check_plain(int64_t rows, int64_t columns, int64_t neighbors, int values, float middle,
                        uint64_t *random)
{
    enum { QUERIES = 140, CLASSES = 5, MOST = 700 };
    dg_tensor x, y, queries, out;
    char options[64];
    assert_ok(dg_tensor_new(&x, DG_FLOAT32, 2, (int64_t[]){ rows, columns }));
    assert_ok(dg_tensor_new(&y, DG_INT32, 1, &rows));
    assert_ok(dg_tensor_new(&queries, DG_FLOAT32, 2, (int64_t[]){ QUERIES, columns }));
    for (int64_t i = 0; i < rows * columns; i++)
        dg_floats(&x)[i] = middle + (float)support_random(random, values);
    for (int64_t i = 0; i < QUERIES * columns; i++)
        dg_floats(&queries)[i] = middle + (float)support_random(random, values);
    for (int64_t i = 0; i < rows; i++)
        dg_int32s(&y)[i] = i < CLASSES ? (int32_t)i : (int32_t)support_random(random, CLASSES);
    dg_tensor kept = dg_tensor_retain(&x), labels = dg_tensor_retain(&y);
    const dg_dataset *set = learners_set(x, y, nothing);
    snprintf(options, sizeof options, "n_neighbors=%d", (int)neighbors);
    dg_learner *learner = tree_learner("KNeighbors", options);
    tree_fit(learner, set, 2);
    assert_ok(dg_learner_outputs(learner, &queries, NULL, &out));
    for (int64_t q = 0; q < QUERIES; q++) {
        bool taken[MOST] = { false };
        int votes[CLASSES] = { 0 };
        for (int64_t k = 0; k < neighbors; k++) {
            int64_t row =
                nearest(dg_floats(&kept), rows, columns, dg_floats(&queries) + q * columns, taken);
            taken[row] = true;
            votes[dg_int32s(&labels)[row]]++;
        }
        for (int c = 0; c < CLASSES; c++)
            assert_true(dg_floats(&out)[q * CLASSES + c] ==
                        (float)((double)votes[c] / (double)neighbors));
    }
    dg_tensor_release(&out);
    dg_tensor_release(&queries);
    dg_tensor_release(&kept);
    dg_tensor_release(&labels);
    dg_learner_free(learner);
    dg_dataset_release(set);
}

static void test_plain(void **state)
{
    (void)state;
    uint64_t random = 3;
    check_plain(600, 3, 5, 4, 0, &random);
    check_plain(600, 3, 5, 4, 100000, &random);
    check_plain(700, 40, 3, 3, 0, &random);
    check_plain(300, 9, 120, 3, 5000, &random);
    check_plain(20, 1, 20, 2, -7, &random);
    check_plain(500, 30, 9, 1, 3e38F, &random);
}

/* --- bits, files ---------------------------------------------------------------------------- */

static const dg_dataset *numbers_of(const dg_dataset *set)
{
    dg_tensor y;
    assert_ok(dg_tensor_uniform(&y, 1, set->x.shape, -1, 1, 3));
    return learners_set(dg_tensor_retain(&set->x), y, nothing);
}

static void test_bits(void **state)
{
    (void)state;
    const dg_dataset *bytes = tree_set(900, 37, 4, true, false, 1), *numbers = numbers_of(bytes);
    const dg_dataset *floats = tree_set(500, 150, 3, false, false, 2);
    learners_expect_same_bits("KNeighbors", "n_neighbors=3", bytes);
    learners_expect_same_bits("KNeighbors", "n_neighbors=4 weights=distance", floats);
    learners_expect_same_bits("KNeighbors", "weights=distance", numbers);
    dg_dataset_release(bytes);
    dg_dataset_release(floats);
    dg_dataset_release(numbers);
}

static void test_files(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(40, 5, 3, false, false, 1), *numbers = numbers_of(set);
    dg_learner *learner = tree_learner("KNeighbors", "");
    tree_fit(learner, set, 1);
    learners_expect_refused(learner, "rows", NULL, "the tensor 'rows' is missing");
    learners_expect_refused(learner, "rows", learners_make_nan, "a value that is not finite");
    learners_expect_refused(learner, "rows", learners_retype, "rows of 5 values");
    learners_expect_refused(learner, "rows", learners_shorten, "'classes' must be int32 {39}");
    learners_expect_refused(learner, "classes", learners_make_negative, "invalid value in row 1");
    learners_expect_refused(learner, "classes", learners_make_huge, "invalid value in row 1");
    learners_expect_refused(learner, "classes", learners_retype, "'classes' must be int32 {40}");
    learners_fuzz(learner, set, 300);
    tree_fit(learner, numbers, 1);
    learners_expect_refused(learner, "numbers", learners_make_infinite, "invalid value in row 1");
    dg_learner_free(learner);
    dg_dataset_release(set);
    dg_dataset_release(numbers);
}

/* --- what cannot be ------------------------------------------------------------------------- */

static void test_refused(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(6, 2, 3, false, false, 1), *weighted;
    const dg_dataset *holes = tree_set(60, 2, 3, false, true, 1);
    const dg_fit_options plain = { 0 }, stopping = { .monitor = "loss" };
    dg_tensor out, one;
    assert_ok(dg_tensor_full(&one, DG_FLOAT32, 1, (int64_t[]){ 6 }, 1));
    assert_ok(dg_dataset_with(&weighted, set, &(dg_dataset_fields){ .weights = &one }));
    learners_expect_unfit("KNeighbors", "n_neighbors=7", set, &plain,
                          "fit: n_neighbors is 7, the set has 6 rows");
    learners_expect_unfit("KNeighbors", "", holes, &plain, "is NaN or infinite");
    learners_expect_unfit("KNeighbors", "", set, &stopping, "early_stopping is not available");
    learners_expect_unfit("KNeighbors", "", weighted, &plain, "the rows have weights");
    dg_learner *learner = tree_learner("KNeighbors", "n_neighbors=1");
    tree_fit(learner, set, 1);
    assert_fails_with(dg_learner_outputs(learner, &holes->x, NULL, &out), DG_INVALID,
                      "predict: row");
    dg_learner_free(learner);
    dg_tensor_release(&one);
    dg_dataset_release(set);
    dg_dataset_release(weighted);
    dg_dataset_release(holes);
}

static void test_no_memory(void **state)
{
    (void)state;
    const dg_dataset *set = tree_set(40, 5, 3, true, false, 1);
    learners_expect_no_memory("KNeighbors", "n_neighbors=3", set);
    dg_dataset_release(set);
}

static void test_absent_class(void **state)
{
    (void)state;
    learners_expect_absent("KNeighbors", "");
}

/* Rows that equal the one that is judged outweigh all others; the rest count by 1 / distance. */
static void test_distance_weights(void **state)
{
    (void)state;
    const dg_dataset *set = make_set(4, (int32_t[]){ 0, 1, 1, 2 }); /* at i times (1, 10) */
    dg_learner *learner = tree_learner("KNeighbors", "n_neighbors=3 weights=distance");
    dg_tensor x = support_tensor(DG_FLOAT32, SHAPE(2, 2), VALUES(1, 10, 0.5, 5)), out;
    tree_fit(learner, set, 1);
    assert_ok(dg_learner_outputs(learner, &x, NULL, &out));
    assert_true(dg_floats(&out)[0] == 0 && dg_floats(&out)[1] == 1 && dg_floats(&out)[2] == 0);
    assert_true(fabsf(dg_floats(&out)[3] - 3.0F / 7) < 1e-6F); /* 2 of 2 + 2 + 2 / 3 */
    dg_tensor_release(&out);
    dg_tensor_release(&x);
    dg_learner_free(learner);
    dg_dataset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_golden),       leaving_nothing(test_plain),
        leaving_nothing(test_bits),         leaving_nothing(test_files),
        leaving_nothing(test_refused),      leaving_nothing(test_no_memory),
        leaving_nothing(test_absent_class), leaving_nothing(test_distance_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
