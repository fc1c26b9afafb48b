/* What belongs to a dataset beside x and y: groups, which splits and folds never part, names, and
 * that nothing is forgotten on the way. */
#include <stdlib.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/engine/sets.h"
#include "tests/engine/support.h"

enum { ROWS = 60, GROUPS = 9 };

/* Group g has these rows, in no order: sizes 13, 11, 9, 8, 7, 5, 4, 2, 1. */
static const int sizes[GROUPS] = { 13, 11, 9, 8, 7, 5, 4, 2, 1 };

/* Labels 0 and 1, groups 100 .. 108, two feature names. */
static const dg_dataset *grouped_set(void)
{
    int32_t labels[ROWS], left[GROUPS];
    double groups[ROWS];
    const dg_dataset *plain, *set;
    for (int g = 0; g < GROUPS; g++) left[g] = sizes[g];
    for (int i = 0, g = 0; i < ROWS; i++) {
        labels[i] = i % 2;
        for (g = (g + 1) % GROUPS; left[g] == 0;) g = (g + 1) % GROUPS;
        left[g]--;
        groups[i] = 100 + g;
    }
    plain = make_set(ROWS, labels);
    dg_tensor tensor = support_tensor(DG_INT32, 1, (int64_t[]){ ROWS }, groups);
    dg_dataset_fields parts = { .groups = &tensor,
                                .feature_count = 2,
                                .feature_names = (const char *const[]){ "width", "height" } };
    assert_ok(dg_dataset_with(&set, plain, &parts));
    dg_tensor_release(&tensor);
    dg_dataset_release(plain);
    return set;
}

/* Which of `parts` each group is in, all its rows with it. */
static void find_parts(const dg_dataset *const *parts, int count, int *part_of)
{
    int rows[GROUPS] = { 0 };
    for (int g = 0; g < GROUPS; g++) part_of[g] = -1;
    for (int part = 0; part < count; part++)
        for (int64_t i = 0; i < dg_dataset_rows(parts[part]); i++) {
            int g = dg_int32s(&parts[part]->groups)[i] - 100;
            assert_true(part_of[g] < 0 || part_of[g] == part);
            part_of[g] = part;
            rows[g]++;
        }
    for (int g = 0; g < GROUPS; g++) assert_int_equal(rows[g], sizes[g]);
}

static void splits_part_no_group(void **state)
{
    const dg_dataset *set = grouped_set(), *out[3], *again[3];
    int part_of[GROUPS], seen[GROUPS][3] = { { 0 } };
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        int in_part[3] = { 0 };
        assert_ok(dg_dataset_split(out, set, 3, (double[]){ 0.5, 0.3, 0.2 }, seed, 0));
        assert_ok(dg_dataset_split(again, set, 3, (double[]){ 5, 2, 2 }, seed, 0));
        find_parts(out, 3, part_of);
        for (int g = 0; g < GROUPS; g++) in_part[part_of[g]]++, seen[g][part_of[g]]++;
        assert_int_equal(in_part[0], 4); /* 4.5, 2.7 and 1.8 groups: by largest remainder */
        assert_int_equal(in_part[1], 3);
        assert_int_equal(in_part[2], 2);
        find_parts(again, 3, part_of);
        for (int i = 0; i < 3; i++) {
            dg_dataset_release(out[i]);
            dg_dataset_release(again[i]);
        }
    }
    for (int g = 0; g < GROUPS; g++)
        for (int i = 0; i < 3; i++) assert_true(seen[g][i] > 0); /* each goes anywhere */
    assert_fails_with(dg_dataset_split(out, set, 2, (double[]){ 30, 30 }, 1, 0), DG_INVALID,
                      "split: the counts sum to 60, the set has 9 groups");
    assert_fails_with(dg_dataset_split(out, set, 2, (double[]){ 0.99, 0.01 }, 1, 0), DG_INVALID,
                      "part 2 (0.01) gets none of the 9 groups");
    dg_dataset_release(set);
}

/* sklearn.model_selection.GroupKFold(4) holds these groups out together (scikit-learn 1.9.1); which
 * fold comes first is not compared. No two groups are equally large, so any seed gives them. */
static void folds_are_those_of_group_k_fold(void **state)
{
    static const int fold_of[GROUPS] = { 0, 1, 2, 3, 3, 2, 1, 0, 2 };
    const dg_dataset *set = grouped_set(), *training, *held_out;
    int place[4] = { -1, -1, -1, -1 };
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++)
        for (int fold = 0; fold < 4; fold++) {
            int part_of[GROUPS];
            assert_ok(dg_dataset_fold(&training, &held_out, set, 4, fold, seed, 0));
            find_parts((const dg_dataset *const[]){ training, held_out }, 2, part_of);
            for (int g = 0; g < GROUPS; g++) {
                if (part_of[g] == 0) continue;
                if (place[fold] < 0) place[fold] = fold_of[g];
                assert_int_equal(fold_of[g], place[fold]);
            }
            dg_dataset_release(training);
            dg_dataset_release(held_out);
        }
    assert_fails_with(dg_dataset_fold(&training, &held_out, set, 10, 0, 1, 0), DG_INVALID,
                      "folds must be from 2 to 9 (the groups), found 10");
    dg_dataset_release(set);
}

static dg_status derive(int what, const dg_dataset **out, const dg_dataset *set)
{
    const dg_dataset *other = NULL;
    dg_status status;
    switch (what) {
    case 0: return dg_dataset_take(out, set, (int64_t[]){ 2, 1 }, 2);
    case 1: return dg_dataset_head(out, set, 2);
    case 2: return dg_dataset_only(out, set, (int32_t[]){ 0, 1 }, 2);
    case 3: return dg_dataset_concat(out, 2, (const dg_dataset *[]){ set, set });
    case 4: return dg_dataset_one_hot(out, set);
    case 5: return dg_dataset_reshape(out, set, &(dg_ints){ 3, { 1, 2, 1 } });
    case 6: return dg_dataset_with(out, set, &(dg_dataset_fields){ .y = &set->y });
    case 7: return dg_dataset_split(out, set, 1, (double[]){ 1 }, 1, 0);
    case 8: return dg_dataset_split(out, set, 1, (double[]){ 1 }, 1, DG_SPLIT_STRATIFIED);
    default:
        status = dg_dataset_fold(out, &other, set, 4, 1, 1, what == 9 ? DG_SPLIT_STRATIFIED : 0);
        dg_dataset_release(other);
        return status;
    }
}

/* Allocation after allocation fails, until all succeed; then nothing is missing. */
static void nothing_is_forgotten(void **state)
{
    const dg_dataset *set = grouped_set(), *out;
    (void)state;
    for (int what = 0; what < 11; what++)
        for (int64_t after = 0;; after++) {
            support_fail_allocation(after);
            dg_status status = derive(what, &out, set);
            support_fail_allocation(-1);
            if (status != DG_OK) {
                assert_fails_with(status, DG_NO_MEMORY, "out of memory");
                assert_null(out);
                continue;
            }
            assert_string_equal(out->feature_names[1], "height");
            assert_int_equal(out->groups.shape[0], dg_dataset_rows(out));
            assert_true(out->target == DG_TARGET_LABELS && out->class_count == 2);
            assert_true(after > 0);
            dg_dataset_release(out);
            break;
        }
    dg_dataset_release(set);
}

static void rows_can_be_reshaped(void **state)
{
    const dg_dataset *set = grouped_set(), *out, *back;
    (void)state;
    assert_ok(dg_dataset_reshape(&out, set, &(dg_ints){ 3, { 1, 2, 1 } }));
    assert_int_equal(out->x.axes, 4);
    assert_ptr_equal(out->x.data, set->x.data);
    assert_ptr_equal(out->labels.data, set->labels.data);
    assert_ptr_equal(out->positions.data, set->positions.data);
    assert_ok(dg_dataset_reshape(&back, out, &(dg_ints){ 1, { 2 } }));
    assert_true(dg_tensor_same_shape(&back->x, &set->x));
    assert_true(dg_dataset_fingerprint(back) == dg_dataset_fingerprint(set));
    dg_dataset_release(back);
    dg_dataset_release(out);
    assert_fails_with(dg_dataset_reshape(&out, set, &(dg_ints){ 2, { INT64_MAX, 4 } }), DG_INVALID,
                      "does not fit the 2 values of a row");
    assert_fails_with(dg_dataset_reshape(&out, set, &(dg_ints){ 2, { -1, -2 } }), DG_INVALID,
                      "the shape {-1, -2} does not fit");
    assert_fails_with(dg_dataset_reshape(&out, set, &(dg_ints){ 8, { 1, 1, 1, 1, 1, 1, 1, 2 } }),
                      DG_INVALID, "it has too many axes");
    dg_dataset_release(set);
}

static void groups_tell_sets_apart(void **state)
{
    const dg_dataset *set = grouped_set(), *bare;
    (void)state;
    assert_ok(dg_dataset_with(&bare, set, &(dg_dataset_fields){ .no_groups = true }));
    assert_null(bare->groups.storage);
    assert_true(dg_dataset_fingerprint(bare) != dg_dataset_fingerprint(set));
    dg_dataset_release(bare);
    assert_fails_with(dg_dataset_with(&bare, set, &(dg_dataset_fields){ .groups = &set->x }),
                      DG_INVALID, "groups has the shape {60, 2}, expected {60}");
    dg_dataset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(splits_part_no_group),   leaving_nothing(folds_are_those_of_group_k_fold),
        leaving_nothing(nothing_is_forgotten),   leaving_nothing(rows_can_be_reshaped),
        leaving_nothing(groups_tell_sets_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
