/* Splits and folds: exact sizes, every row once, classes spread as evenly as can be. */
#include <math.h>
#include <stdlib.h>

#include "engine/data/dataset.h"
#include "tests/engine/sets.h"
#include "tests/engine/support.h"

enum { MOST_PARTS = 12, MOST_CLASSES = 12, MOST_ROWS = 400 };

static void release_all(const dg_dataset **sets, int count)
{
    for (int i = 0; i < count; i++) dg_dataset_release(sets[i]);
}

static void expect_sizes(int64_t rows, int count, const double *parts, const int64_t *sizes)
{
    const dg_dataset *set = make_set(rows, NULL), *out[MOST_PARTS];
    assert_ok(dg_dataset_split(out, set, count, parts, 1, 0));
    for (int i = 0; i < count; i++) assert_int_equal(dg_dataset_rows(out[i]), sizes[i]);
    release_all(out, count);
    dg_dataset_release(set);
}

static void sizes_are_by_largest_remainder(void **state)
{
    (void)state;
    expect_sizes(70000, 3, (double[]){ 0.56, 0.24, 0.20 }, (int64_t[]){ 39200, 16800, 14000 });
    expect_sizes(100, 2, (double[]){ 0.29, 0.71 }, (int64_t[]){ 29, 71 });
    expect_sizes(10, 3, (double[]){ 0.25, 0.25, 0.5 }, (int64_t[]){ 3, 2, 5 });
    expect_sizes(10, 3, (double[]){ 0.33, 0.33, 0.34 }, (int64_t[]){ 3, 3, 4 });
    expect_sizes(1, 1, (double[]){ 1 }, (int64_t[]){ 1 });
    expect_sizes(5, 3, (double[]){ 1, 0, 0 }, (int64_t[]){ 5, 0, 0 });
    expect_sizes(7, 3, (double[]){ 1, 4, 2 }, (int64_t[]){ 1, 4, 2 });
    expect_sizes(3, 3, (double[]){ 1.0 / 3, 1.0 / 3, 1.0 / 3 }, (int64_t[]){ 1, 1, 1 });
    expect_sizes(10, 10, (double[]){ .1, .1, .1, .1, .1, .1, .1, .1, .1, .1 },
                 (int64_t[]){ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 });
}

static void expect_split_error(int64_t rows, int count, const double *parts, const char *words)
{
    const dg_dataset *set = make_set(rows, NULL), *out[MOST_PARTS];
    assert_fails_with(dg_dataset_split(out, set, count, parts, 1, 0), DG_INVALID, words);
    for (int i = 0; i < count; i++) assert_null(out[i]);
    dg_dataset_release(set);
}

static void parts_that_do_not_add_up_are_refused(void **state)
{
    (void)state;
    expect_split_error(100, 2, (double[]){ 0.5, 0.4 },
                       "split: the fractions sum to 0.9, expected 1");
    expect_split_error(100, 2, (double[]){ 60, 30 },
                       "split: the counts sum to 90, the set has 100 rows");
    expect_split_error(100, 2, (double[]){ 0.5, 50 }, "found both kinds");
    expect_split_error(100, 2, (double[]){ 0.5, 0.5 + 3e-9 }, "the fractions sum to 1.000000003");
    expect_split_error(100, 2, (double[]){ 1.5, -0.5 }, "part 2 is -0.5");
    expect_split_error(100, 2, (double[]){ NAN, 0.5 }, "part 1 is nan");
    expect_split_error(100, 2, (double[]){ 0.5, INFINITY }, "part 2 is inf");
    expect_split_error(100, 0, NULL, "at least one");
    expect_split_error(100, 2, (double[]){ 0.999, 0.001 },
                       "split: part 2 (0.001) gets none of the 100 rows");
    expect_split_error(0, 2, (double[]){ 0.5, 0.5 }, "gets none of the 0 rows");
}

static void stratify_needs_labels(void **state)
{
    const dg_dataset *set = make_set(10, NULL), *out[2];
    (void)state;
    assert_fails_with(dg_dataset_split(out, set, 2, (double[]){ 5, 5 }, 1, DG_SPLIT_STRATIFIED),
                      DG_INVALID, "split: stratify = true needs labels");
    assert_fails_with(dg_dataset_fold(&out[0], &out[1], set, 2, 0, 1, DG_SPLIT_STRATIFIED),
                      DG_INVALID, "folds: stratify = true needs labels");
    dg_dataset_release(set);
}

static void splits_follow_their_seed(void **state)
{
    const dg_dataset *set = make_set(200, NULL), *a[2], *b[2], *c[2];
    const double parts[] = { 0.7, 0.3 };
    int64_t in_order = 0;
    (void)state;
    assert_ok(dg_dataset_split(a, set, 2, parts, 5, 0));
    assert_ok(dg_dataset_split(b, set, 2, parts, 5, 0));
    assert_ok(dg_dataset_split(c, set, 2, parts, 6, 0));
    assert_true(dg_tensor_equal(&a[0]->x, &b[0]->x) && dg_tensor_equal(&a[1]->x, &b[1]->x));
    assert_false(dg_tensor_equal(&a[0]->x, &c[0]->x));
    for (int64_t row = 1; row < 140; row++)
        in_order += row_name(a[0], row) > row_name(a[0], row - 1);
    assert_in_range(in_order, 50, 90); /* about half */
    release_all(a, 2);
    release_all(b, 2);
    release_all(c, 2);
    dg_dataset_release(set);
}

/* The first and the last rows of each part are of all classes, as if it had been drawn from a
 * hat. */
static void stratified_parts_are_in_random_order(void **state)
{
    enum { ROWS = 2000, CLASSES = 10, LOOK = 100 };
    int32_t labels[ROWS];
    const dg_dataset *out[3];
    (void)state;
    for (int i = 0; i < ROWS; i++) labels[i] = i * 7 % 53 % CLASSES; /* of unlike sizes */
    const dg_dataset *set = make_set(ROWS, labels);
    assert_ok(
        dg_dataset_split(out, set, 3, (double[]){ 0.56, 0.24, 0.20 }, 1, DG_SPLIT_STRATIFIED));
    for (int part = 0; part < 3; part++) {
        const int32_t *label = dg_int32s(&out[part]->labels);
        int first[CLASSES] = { 0 }, last[CLASSES] = { 0 };
        for (int i = 0; i < LOOK; i++) {
            first[label[i]]++;
            last[label[dg_dataset_rows(out[part]) - 1 - i]]++;
        }
        for (int k = 0; k < CLASSES; k++) {
            assert_in_range(first[k], 2, 25);
            assert_in_range(last[k], 2, 25);
        }
    }
    release_all(out, 3);
    dg_dataset_release(set);
}

/* --- any sizes ------------------------------------------------------------------------------ */

static uint64_t draws;
static int64_t draw(int64_t bound)
{
    return support_random(&draws, bound);
}

/* A set of some rows and classes, in which classes differ much in size. */
static const dg_dataset *random_set(void)
{
    int32_t labels[MOST_ROWS];
    int64_t rows = 2 + draw(draw(2) ? 30 : MOST_ROWS - 2), classes = 1 + draw(MOST_CLASSES);
    for (int64_t i = 0; i < rows; i++) labels[i] = (int32_t)(draw(1 + draw(classes)) * 3 - 4);
    return make_set(rows, labels);
}

/* Each row of `set` is once in all of `parts`, with its own label. */
static void expect_each_row_once(const dg_dataset *set, const dg_dataset *const *parts, int count)
{
    bool seen[MOST_ROWS] = { false };
    int64_t total = 0;
    for (int i = 0; i < count; i++)
        for (int64_t row = 0; row < dg_dataset_rows(parts[i]); row++, total++) {
            int64_t name = row_name(parts[i], row);
            assert_in_range(name, 0, dg_dataset_rows(set) - 1);
            assert_false(seen[name]);
            seen[name] = true;
            assert_int_equal(dg_int32s(&parts[i]->labels)[row], dg_int32s(&set->labels)[name]);
        }
    assert_int_equal(total, dg_dataset_rows(set));
}

/* Each class has its share of each part, rounded down or up. */
static void expect_even_spread(const dg_dataset *set, const dg_dataset *const *parts, int count)
{
    int64_t whole[MOST_CLASSES], found[MOST_CLASSES], rows = dg_dataset_rows(set);
    dg_dataset_counts(set, whole);
    for (int i = 0; i < count; i++) {
        assert_int_equal(parts[i]->class_count, set->class_count);
        dg_dataset_counts(parts[i], found);
        for (int64_t k = 0; k < set->class_count; k++) {
            int64_t product = whole[k] * dg_dataset_rows(parts[i]);
            assert_in_range(found[k], product / rows, (product + rows - 1) / rows);
        }
    }
}

static void random_splits_keep_their_promises(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        const dg_dataset *set = random_set(), *out[MOST_PARTS];
        double parts[MOST_PARTS];
        int64_t rows = dg_dataset_rows(set), left = rows;
        int count = (int)(1 + draw(MOST_PARTS));
        bool stratify = draw(4) > 0, fractions = draw(2);
        for (int i = 0; i < count; i++) {
            int64_t size = i == count - 1 ? left : draw(left + 1);
            parts[i] = fractions ? (double)size / (double)rows : (double)size;
            left -= size;
        }
        assert_ok(dg_dataset_split(out, set, count, parts, (uint64_t)round, stratify));
        for (int i = 0; i < count; i++)
            assert_int_equal(dg_dataset_rows(out[i]),
                             llround(fractions ? parts[i] * (double)rows : parts[i]));
        expect_each_row_once(set, out, count);
        if (stratify) expect_even_spread(set, out, count);
        release_all(out, count);
        dg_dataset_release(set);
    }
}

/* Fractions that fit no whole numbers: within one of the ideal, in each part. */
static void random_fractions_are_rounded(void **state)
{
    (void)state;
    for (int round = 0; round < 1000; round++) {
        const dg_dataset *set = random_set(), *out[MOST_PARTS];
        double parts[MOST_PARTS], sum = 0;
        int64_t rows = dg_dataset_rows(set);
        int count = (int)(1 + draw(3));
        for (int i = 0; i < count; i++) sum += parts[i] = (double)(draw(1000) + 400);
        for (int i = 0; i < count; i++) parts[i] /= sum;
        if (rows >= 3 * count) {
            assert_ok(dg_dataset_split(out, set, count, parts, 1, DG_SPLIT_STRATIFIED));
            for (int i = 0; i < count; i++)
                assert_true(fabs((double)dg_dataset_rows(out[i]) - parts[i] * (double)rows) < 1);
            expect_each_row_once(set, out, count);
            expect_even_spread(set, out, count);
            release_all(out, count);
        }
        dg_dataset_release(set);
    }
}

/* A class for each row or nearly so: the table is far larger than it has open classes. */
static void many_classes_are_stratified(void **state)
{
    enum { ROWS = 20000 };
    int32_t *labels = malloc(ROWS * sizeof *labels);
    const dg_dataset *out[3];
    (void)state;
    for (int32_t i = 0; i < ROWS; i++) labels[i] = i / 3 * 2;
    const dg_dataset *set = make_set(ROWS, labels);
    assert_ok(dg_dataset_split(out, set, 3, (double[]){ 0.5, 0.3, 0.2 }, 1, DG_SPLIT_STRATIFIED));
    assert_int_equal(dg_dataset_rows(out[0]), 10000);
    assert_int_equal(dg_dataset_rows(out[2]), 4000);
    int64_t *counts = calloc((size_t)set->class_count, sizeof *counts);
    dg_dataset_counts(out[0], counts);
    for (int64_t k = 0; k + 1 < set->class_count; k++) assert_in_range(counts[k], 1, 2);
    free(counts);
    free(labels);
    release_all(out, 3);
    dg_dataset_release(set);
}

/* --- folds ---------------------------------------------------------------------------------- */

static void expect_folds(const dg_dataset *set, int folds, bool stratify)
{
    const dg_dataset *training, *held_out[MOST_ROWS];
    int64_t rows = dg_dataset_rows(set);
    for (int fold = 0; fold < folds; fold++) {
        assert_ok(dg_dataset_fold(&training, &held_out[fold], set, folds, fold, 3, stratify));
        expect_each_row_once(set, (const dg_dataset *[]){ training, held_out[fold] }, 2);
        assert_in_range(dg_dataset_rows(held_out[fold]), rows / folds, (rows + folds - 1) / folds);
        dg_dataset_release(training);
    }
    expect_each_row_once(set, held_out, folds);
    for (int64_t k = 0; stratify && k < set->class_count; k++) {
        int64_t least = rows, most = 0, counts[MOST_CLASSES];
        for (int fold = 0; fold < folds; fold++) {
            dg_dataset_counts(held_out[fold], counts);
            if (counts[k] < least) least = counts[k];
            if (counts[k] > most) most = counts[k];
        }
        assert_true(most - least <= 1);
    }
    release_all(held_out, folds);
}

static void folds_hold_each_row_out_once(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        const dg_dataset *set = random_set();
        int64_t most = dg_dataset_rows(set) < 20 ? dg_dataset_rows(set) : 20;
        expect_folds(set, (int)(2 + draw(most - 1)), draw(2));
        dg_dataset_release(set);
    }
}

static void folds_shuffle_what_they_train_on(void **state)
{
    int32_t labels[100];
    const dg_dataset *training[2], *held_out[2];
    (void)state;
    for (int i = 0; i < 100; i++) labels[i] = i / 50;
    const dg_dataset *set = make_set(100, labels);
    for (int stratify = 0; stratify < 2; stratify++) {
        assert_ok(dg_dataset_fold(&training[0], &held_out[0], set, 4, 1, 1, stratify));
        assert_ok(dg_dataset_fold(&training[1], &held_out[1], set, 4, 1, 2, stratify));
        assert_false(dg_tensor_equal(&held_out[0]->x, &held_out[1]->x));
        const dg_dataset *sets[] = { training[0], held_out[0] };
        for (int i = 0; i < 2; i++) {
            int64_t changes = 0, rows = dg_dataset_rows(sets[i]);
            const int32_t *y = dg_int32s(&sets[i]->labels);
            for (int64_t row = 1; row < rows; row++) changes += y[row] != y[row - 1];
            assert_true(changes > rows / 4); /* classes are mixed, not one after another */
        }
        release_all(training, 2);
        release_all(held_out, 2);
    }
    dg_dataset_release(set);
}

static void wrong_folds_are_refused(void **state)
{
    const dg_dataset *set = make_set(100, NULL), *training, *held_out;
    (void)state;
    assert_fails_with(dg_dataset_fold(&training, &held_out, set, 1, 0, 1, 0), DG_INVALID,
                      "folds must be from 2 to 100 (the rows), found 1");
    assert_fails_with(dg_dataset_fold(&training, &held_out, set, 101, 0, 1, 0), DG_INVALID,
                      "found 101");
    assert_fails_with(dg_dataset_fold(&training, &held_out, set, 5, 5, 1, 0), DG_INVALID,
                      "fold 6 does not exist: there are 5");
    assert_fails_with(dg_dataset_fold(&training, &held_out, set, 5, -1, 1, 0), DG_INVALID,
                      "fold 0");
    assert_null(training);
    assert_null(held_out);
    dg_dataset_release(set);
}

/* Allocation after allocation fails, until all succeed. */
static void memory_that_cannot_be_had_is_said(void **state)
{
    const dg_dataset *set = make_set(6, (int32_t[]){ 1, 2, 1, 3, 2, 1 }), *out[3];
    (void)state;
    for (int what = 0; what < 3; what++)
        for (int64_t after = 0;; after++) {
            support_fail_allocation(after);
            dg_status status =
                what == 2 ? dg_dataset_fold(&out[0], &out[1], set, 3, 0, 1, DG_SPLIT_STRATIFIED)
                          : dg_dataset_split(out, set, 3, (double[]){ 0.5, 0.2, 0.3 }, 1, what);
            support_fail_allocation(-1);
            if (status == DG_OK) {
                release_all(out, what == 2 ? 2 : 3);
                assert_true(after > 10);
                break;
            }
            assert_fails_with(status, DG_NO_MEMORY, "out of memory");
            assert_null(out[0]);
            assert_null(out[1]);
        }
    dg_dataset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(sizes_are_by_largest_remainder),
        leaving_nothing(parts_that_do_not_add_up_are_refused),
        leaving_nothing(stratify_needs_labels),
        leaving_nothing(splits_follow_their_seed),
        leaving_nothing(stratified_parts_are_in_random_order),
        leaving_nothing(random_splits_keep_their_promises),
        leaving_nothing(random_fractions_are_rounded),
        leaving_nothing(many_classes_are_stratified),
        leaving_nothing(folds_hold_each_row_out_once),
        leaving_nothing(folds_shuffle_what_they_train_on),
        leaving_nothing(wrong_folds_are_refused),
        leaving_nothing(memory_that_cannot_be_had_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
