/* Stratified splits and folds of sets in groups: against scikit-learn's, and of any set. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/random.h"
#include "engine/data/dataset.h"
#include "tests/engine/sets.h"
#include "tests/engine/support.h"

enum { MOST_GROUPS = 400, MOST_CLASSES = 4, MOST_PARTS = 4 };

/* The rows of each class in each group; the set has them shuffled. */
struct counts {
    int groups, classes, rows;
    int at[MOST_GROUPS][MOST_CLASSES];
};

static const dg_dataset *make_groups(const struct counts *c)
{
    dg_tensor groups, labels;
    const dg_dataset *plain, *sorted, *set;
    int64_t rows = c->rows, row = 0;
    assert_ok(dg_tensor_new(&groups, DG_INT32, 1, &rows));
    assert_ok(dg_tensor_new(&labels, DG_INT32, 1, &rows));
    for (int g = 0; g < c->groups; g++)
        for (int k = 0; k < c->classes; k++)
            for (int i = 0; i < c->at[g][k]; i++) {
                dg_int32s(&groups)[row] = 7 * g - 5;
                dg_int32s(&labels)[row++] = k;
            }
    assert_int_equal(row, rows);
    plain = make_set(rows, dg_int32s(&labels));
    assert_ok(dg_dataset_with(&sorted, plain, &(dg_dataset_fields){ .groups = &groups }));
    assert_ok(dg_dataset_shuffle(&set, sorted, 1));
    dg_dataset_release(plain);
    dg_dataset_release(sorted);
    dg_tensor_release(&groups);
    dg_tensor_release(&labels);
    return set;
}

/* The part of each group, -1 for none; each of its rows is there. Adds up `held` by class. */
static void find_parts(const struct counts *c, const dg_dataset *const *parts, int count,
                       int *part_of, int held[][MOST_CLASSES])
{
    int found[MOST_GROUPS] = { 0 };
    for (int g = 0; g < c->groups; g++) part_of[g] = -1;
    for (int part = 0; part < count; part++)
        for (int64_t i = 0; i < dg_dataset_rows(parts[part]); i++) {
            int g = (dg_int32s(&parts[part]->groups)[i] + 5) / 7;
            assert_true(part_of[g] < 0 || part_of[g] == part);
            part_of[g] = part;
            found[g]++;
            held[part][dg_int32s(&parts[part]->labels)[i]]++;
        }
    for (int g = 0; g < c->groups; g++) {
        int size = 0;
        for (int k = 0; k < c->classes; k++) size += c->at[g][k];
        assert_int_equal(found[g], part_of[g] < 0 ? 0 : size);
    }
}

/* sklearn.model_selection.StratifiedGroupKFold(4) of scikit-learn 1.9.1 puts these groups together;
 * which fold comes first is not compared. No two groups are equally uneven, so any seed gives
 * them. */
enum { FOLDS = 4, GROUPS = 12 };
static const struct counts theirs = { GROUPS,
                                      3,
                                      169,
                                      { { 19, 2, 1 },
                                        { 0, 14, 3 },
                                        { 8, 8, 3 },
                                        { 4, 2, 5 },
                                        { 4, 7, 1 },
                                        { 0, 7, 4 },
                                        { 8, 8, 4 },
                                        { 1, 4, 0 },
                                        { 5, 6, 7 },
                                        { 0, 7, 8 },
                                        { 1, 5, 3 },
                                        { 6, 1, 3 } } };
static const int their_fold[GROUPS] = { 0, 1, 3, 1, 0, 3, 2, 0, 3, 2, 0, 1 };

static void folds_are_those_of_scikit_learn(void **state)
{
    const dg_dataset *set = make_groups(&theirs), *training, *held_out;
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        int folds_seen = 0;
        for (int fold = 0; fold < FOLDS; fold++) {
            int part_of[GROUPS], held[2][MOST_CLASSES] = { { 0 } }, same = -1;
            assert_ok(dg_dataset_fold(&training, &held_out, set, FOLDS, fold, seed,
                                      DG_SPLIT_STRATIFIED | DG_SPLIT_GROUPS));
            find_parts(&theirs, (const dg_dataset *const[]){ training, held_out }, 2, part_of,
                       held);
            for (int g = 0; g < GROUPS; g++)
                if (part_of[g] == 1) same = their_fold[g];
            for (int g = 0; g < GROUPS; g++)
                assert_int_equal(part_of[g] == 1, their_fold[g] == same);
            folds_seen |= 1 << same;
            dg_dataset_release(training);
            dg_dataset_release(held_out);
        }
        assert_int_equal(folds_seen, 15);
    }
    dg_dataset_release(set);
}

/* Equal fractions are folds: the same rule, so the same groups together. */
static void equal_parts_are_folds(void **state)
{
    const dg_dataset *set = make_groups(&theirs), *parts[FOLDS];
    int part_of[GROUPS], held[FOLDS][MOST_CLASSES] = { { 0 } };
    (void)state;
    assert_ok(dg_dataset_split(parts, set, FOLDS, (double[]){ 0.25, 0.25, 0.25, 0.25 }, 4,
                               DG_SPLIT_STRATIFIED));
    find_parts(&theirs, parts, FOLDS, part_of, held);
    for (int g = 0; g < GROUPS; g++)
        for (int h = 0; h < GROUPS; h++)
            assert_int_equal(part_of[g] == part_of[h], their_fold[g] == their_fold[h]);
    for (int j = 0; j < FOLDS; j++) dg_dataset_release(parts[j]);
    dg_dataset_release(set);
}

/* Many sets: no group is parted, each row is somewhere once, each part has a group, and with many
 * small groups all shares come out within a hundredth. */
static void splits_hold_what_they_promise(void **state)
{
    static const double fractions[][MOST_PARTS] = {
        { 0.8, 0.2 }, { 0.56, 0.24, 0.20 }, { 0.1, 0.2, 0.3, 0.4 }, { 0.97, 0.01, 0.02 }
    };
    uint64_t draws = 0;
    uint32_t word[4];
    (void)state;
    for (int round = 0; round < 60; round++) {
        struct counts c = { .groups = round < 20 ? 4 + round % 7 : MOST_GROUPS,
                            .classes = 1 + round % MOST_CLASSES };
        const double *goal = fractions[round % 4];
        int count = 0, part_of[MOST_GROUPS], held[MOST_PARTS][MOST_CLASSES] = { { 0 } };
        int classes[MOST_CLASSES] = { 0 };
        const dg_dataset *parts[MOST_PARTS], *set;
        while (count < MOST_PARTS && goal[count] > 0) count++;
        for (int g = 0; g < c.groups; g++)
            for (int k = 0; k < c.classes; k++) {
                dg_philox(5, draws++, 0, word);
                c.at[g][k] = (int)(word[0] % 6) + (k == 0);
                classes[k] += c.at[g][k];
                c.rows += c.at[g][k];
            }
        set = make_groups(&c);
        assert_ok(dg_dataset_split(parts, set, count, goal, (uint64_t)round, DG_SPLIT_STRATIFIED));
        find_parts(&c, parts, count, part_of, held);
        for (int g = 0; g < c.groups; g++) assert_true(part_of[g] >= 0);
        for (int j = 0; j < count; j++) {
            assert_true(dg_dataset_rows(parts[j]) > 0);
            for (int k = 0; k < c.classes && c.groups == MOST_GROUPS; k++)
                assert_true(abs(held[j][k] - (int)(goal[j] * classes[k])) <= classes[k] / 100 + 1);
            dg_dataset_release(parts[j]);
        }
        dg_dataset_release(set);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct counts c = { 3, 2, 12, { { 2, 2 }, { 2, 2 }, { 2, 2 } } };
    const dg_dataset *set = make_groups(&c), *bare, *out[4];
    (void)state;
    assert_fails_with(dg_dataset_split(out, set, 2, (double[]){ 2, 1 }, 1, DG_SPLIT_STRATIFIED),
                      DG_INVALID, "split: stratify = true takes fractions of a set with groups");
    assert_fails_with(
        dg_dataset_split(out, set, 4, (double[]){ 0.25, 0.25, 0.25, 0.25 }, 1, DG_SPLIT_STRATIFIED),
        DG_INVALID, "split: 4 parts cannot share 3 groups");
    assert_ok(dg_dataset_with(&bare, set, &(dg_dataset_fields){ .no_groups = true }));
    assert_fails_with(
        dg_dataset_split(out, bare, 2, (double[]){ 0.5, 0.5 }, 1, DG_SPLIT_GROUPS), DG_INVALID,
        "split: groups = true, but the set has no groups: give it some by set:with { groups");
    assert_fails_with(dg_dataset_fold(&out[0], &out[1], bare, 2, 0, 1, DG_SPLIT_GROUPS), DG_INVALID,
                      "folds: groups = true, but the set has no groups");
    dg_dataset_release(bare);
    dg_dataset_release(set);
}

/* Rows are dealt as if there were no groups, and keep theirs. */
static void groups_can_be_ignored(void **state)
{
    static const struct counts c = { 3, 2, 12, { { 2, 2 }, { 2, 2 }, { 2, 2 } } };
    const dg_dataset *set = make_groups(&c), *bare, *out[4];
    (void)state;
    assert_ok(dg_dataset_with(&bare, set, &(dg_dataset_fields){ .no_groups = true }));
    int how = DG_SPLIT_ROWS | DG_SPLIT_STRATIFIED;
    assert_ok(dg_dataset_split(out, set, 2, (double[]){ 7, 5 }, 3, how));
    assert_ok(dg_dataset_split(out + 2, bare, 2, (double[]){ 7, 5 }, 3, how));
    for (int64_t i = 0; i < 7; i++) assert_int_equal(row_name(out[0], i), row_name(out[2], i));
    assert_int_equal(out[0]->groups.shape[0], 7);
    for (int j = 0; j < 4; j++) dg_dataset_release(out[j]);
    assert_ok(dg_dataset_fold(&out[0], &out[1], set, 12, 0, 3, DG_SPLIT_ROWS));
    assert_int_equal(dg_dataset_rows(out[1]), 1);
    for (int j = 0; j < 2; j++) dg_dataset_release(out[j]);
    dg_dataset_release(bare);
    dg_dataset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(folds_are_those_of_scikit_learn),
        leaving_nothing(equal_parts_are_folds),
        leaving_nothing(splits_hold_what_they_promise),
        leaving_nothing(what_cannot_be_is_refused),
        leaving_nothing(groups_can_be_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
