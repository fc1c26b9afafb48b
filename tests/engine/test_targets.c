/* What y of a dataset is, that it never changes, and sets with other parts. */
#include <math.h>
#include <string.h>

#include "engine/data/formats/csv.h"
#include "tests/engine/scratch.h"
#include "tests/engine/sets.h"
#include "tests/engine/support.h"

/* A set of three rows with this y, in this sense. */
static dg_status set_of(const dg_dataset **out, dg_target target, dg_dtype dtype, int axes,
                        const int64_t *shape, const double *values)
{
    static const double zeros[3];
    dg_tensor x = support_tensor(DG_UINT8, 2, (int64_t[]){ 3, 1 }, zeros);
    dg_tensor y = support_tensor(dtype, axes, shape, values);
    dg_status status =
        dg_dataset_make(out, &(dg_dataset_fields){ .x = &x, .y = &y, .target = target });
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    return status;
}

static void the_type_of_y_says_what_it_is(void **state)
{
    static const int64_t three[] = { 3, 1 }, hot[] = { 3, 2 };
    const dg_dataset *set;
    (void)state;
    for (int dtype = DG_FLOAT32; dtype <= DG_INT32; dtype++)
        for (int target = DG_TARGET_NONE; target <= DG_TARGET_NUMBERS; target++) {
            bool numbers =
                target == DG_TARGET_NUMBERS || (target == DG_TARGET_NONE && dtype == DG_FLOAT32);
            assert_ok(set_of(&set, (dg_target)target, (dg_dtype)dtype, 1 + target % 2, three,
                             (double[]){ 7, 200, 7 }));
            assert_int_equal(set->target, numbers ? DG_TARGET_NUMBERS : DG_TARGET_LABELS);
            assert_int_equal(set->class_count, numbers ? 0 : 2);
            assert_int_equal(set->y.dtype, numbers ? DG_FLOAT32 : DG_INT32);
            assert_true(dg_dataset_number(set, 1) == 200);
            dg_dataset_release(set);
        }
    assert_ok(set_of(&set, DG_TARGET_NONE, DG_FLOAT32, 2, hot, (double[]){ 0, 1, 1, 0, 0, 1 }));
    assert_true(set->target == DG_TARGET_LABELS && set->one_hot);
    dg_dataset_release(set);
    assert_fails_with(
        set_of(&set, DG_TARGET_NUMBERS, DG_FLOAT32, 2, hot, (double[]){ 0, 1, 1, 0, 0, 1 }),
        DG_INVALID, "y has the shape {3, 2}, expected one number per row");
    assert_fails_with(set_of(&set, DG_TARGET_LABELS, DG_FLOAT32, 1, three, (double[]){ 1, 2.5, 1 }),
                      DG_INVALID, "label 2 is 2.5, expected a 32-bit integer");
    assert_fails_with(set_of(&set, DG_TARGET_LABELS, DG_FLOAT32, 1, three, (double[]){ 1, 3e9, 1 }),
                      DG_INVALID, "label 2 is 3e+09, expected a 32-bit integer");
}

static void labels_that_may_be_numbers_are_doubted(void **state)
{
    static const struct {
        int64_t rows, classes;
        bool doubted;
    } cases[] = { { 40, 40, false }, { 41, 11, true }, { 41, 10, false }, { 400, 100, false } };
    int32_t labels[400];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int64_t k = 0; k < cases[i].rows; k++) labels[k] = (int32_t)(k % cases[i].classes);
        const dg_dataset *set = make_set(cases[i].rows, labels);
        assert_int_equal(dg_dataset_seems_numeric(set), cases[i].doubted);
        dg_dataset_release(set);
    }
}

/* --- CSV ------------------------------------------------------------------------------------ */

static dg_status read_column(const dg_dataset **out, const char *text, dg_target target)
{
    dg_csv_options options = { .images = scratch_path("y.csv"), .label_column = 2 };
    scratch_write(options.images, text, strlen(text));
    return dg_format_read(out, &dg_csv, &options, &(dg_dataset_fields){ .target = target }, NULL);
}

/* Reads the text; y of its two rows must be numbers or labels, of these values. */
static void expect_column(const char *text, dg_target target, bool numbers, float a, float b)
{
    const dg_dataset *set;
    assert_ok(read_column(&set, text, target));
    assert_int_equal(set->target, numbers ? DG_TARGET_NUMBERS : DG_TARGET_LABELS);
    assert_true(dg_dataset_number(set, 0) == a && dg_dataset_number(set, 1) == b);
    dg_dataset_release(set);
}

static void labels_of_csv_are_as_they_are_written(void **state)
{
    const dg_dataset *set;
    (void)state;
    expect_column("1,151\n2,+75\n", DG_TARGET_NONE, false, 151, 75);
    expect_column("1,151.0\n2,75\n", DG_TARGET_NONE, true, 151, 75);
    expect_column("1,151\n2,75.\n", DG_TARGET_NONE, true, 151, 75);
    expect_column("1,\"151\"\n2,1e2\n", DG_TARGET_NONE, true, 151, 100);
    expect_column("1,0.1\n2,3000000000\n", DG_TARGET_NONE, true, 0.1f, 3e9f);
    expect_column("1,151.0\n2,75\n", DG_TARGET_LABELS, false, 151, 75);
    expect_column("1,151\n2,75\n", DG_TARGET_NUMBERS, true, 151, 75);
    assert_fails_with(read_column(&set, "1,1\n2,3000000000\n", DG_TARGET_NONE), DG_FORMAT,
                      ":2: column 2: label '3000000000' is not a 32-bit integer (target = "
                      "\"numbers\" allows it)");
    assert_fails_with(read_column(&set, "1,1\n2,1.5\n", DG_TARGET_LABELS), DG_FORMAT,
                      ":2: column 2: label '1.5' is not a 32-bit integer");
    assert_fails_with(read_column(&set, "1,1.5\n2,nan\n", DG_TARGET_NONE), DG_FORMAT,
                      ":2: column 2: label 'nan' is not a finite float32 number");
    assert_fails_with(read_column(&set, "1,1.5\n2,1e39\n", DG_TARGET_NUMBERS), DG_FORMAT,
                      ":2: column 2: label '1e39' is not a finite float32 number");
    assert_null(set);
}

/* --- who may write -------------------------------------------------------------------------- */

static void tensors_of_a_set_are_read_only(void **state)
{
    static const int32_t labels[] = { 4, 9, 4 };
    const dg_dataset *set = make_set(3, labels), *head, *taken;
    dg_tensor view, part, one = support_tensor(DG_INT32, 0, NULL, (double[]){ 1 });
    (void)state;
    assert_ok(dg_dataset_head(&head, set, 2));
    assert_ok(dg_dataset_take(&taken, set, (int64_t[]){ 2 }, 1));
    const dg_tensor *tensors[] = { &set->x,  &set->y,  &set->labels, &set->positions,
                                   &head->x, &head->y, &taken->x,    &taken->y };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        view = dg_tensor_retain(tensors[i]);
        assert_fails_with(dg_tensor_set(&view, (int64_t[]){ 0, 0 }, 1), DG_INVALID,
                          "belongs to a dataset, which never changes");
        assert_fails_with(dg_tensor_assign(&view, &one), DG_INVALID, "set:with { y = y }");
        assert_ok(dg_tensor_reshape(&part, &view, 1, (int64_t[]){ -1 }));
        assert_fails_with(dg_tensor_assign(&part, &one), DG_INVALID, "never changes");
        dg_tensor_release(&part);
        assert_ok(dg_tensor_copy(&part, &view));
        assert_ok(dg_tensor_assign(&part, &one));
        dg_tensor_release(&part);
        dg_tensor_release(&view);
    }
    dg_tensor_release(&one);
    dg_dataset_release(taken);
    dg_dataset_release(head);
    dg_dataset_release(set);
}

/* The owner of the tensors that a set was made of moves away with its views; when the set is gone,
 * it need not. */
static void what_a_set_was_made_of_can_move_away(void **state)
{
    static const double values[] = { 1, 2, 3, 4 };
    const int64_t corner[] = { 0, 0 }, place[] = { 0 };
    dg_tensor x = support_tensor(DG_FLOAT32, 2, (int64_t[]){ 2, 2 }, values), row, copy = { 0 };
    const dg_dataset *set;
    double found;
    (void)state;
    assert_ok(dg_tensor_select(&row, &x, 0, 1));
    assert_false(dg_tensor_is_shared(&x));
    assert_ok(dg_dataset_new(&set, &x, NULL, 0, NULL));
    assert_ptr_equal(set->x.data, x.data);
    assert_true(dg_tensor_is_shared(&x) && dg_tensor_is_shared(&row));
    assert_false(dg_tensor_is_shared(&set->x));
    assert_fails_with(dg_tensor_set(&row, place, 7), DG_INVALID,
                      "shares its memory with a dataset");
    assert_ok(dg_tensor_detach(&x, &copy));
    assert_ok(dg_tensor_detach(&row, &copy));
    dg_tensor_release(&copy);
    assert_ok(dg_tensor_set(&row, place, 7));
    assert_ok(dg_tensor_get(&x, (int64_t[]){ 1, 0 }, &found));
    assert_true(found == 7);
    assert_ok(dg_tensor_get(&set->x, (int64_t[]){ 1, 0 }, &found));
    assert_true(found == 3);
    dg_dataset_release(set);
    assert_ok(dg_dataset_new(&set, &x, NULL, 0, NULL));
    dg_dataset_release(set);
    assert_false(dg_tensor_is_shared(&x));
    assert_ok(dg_tensor_set(&x, corner, 5));
    dg_tensor_release(&row);
    dg_tensor_release(&x);
}

/* --- with other parts ----------------------------------------------------------------------- */

static const char *const two_names[] = { "four", "nine" };

/* The labels 4, 9, 4 with names. */
static const dg_dataset *named_set(void)
{
    const dg_dataset *plain = make_set(3, (int32_t[]){ 4, 9, 4 }), *set;
    assert_ok(dg_dataset_with(&set, plain,
                              &(dg_dataset_fields){ .name_count = 2, .class_names = two_names }));
    dg_dataset_release(plain);
    assert_string_equal(set->class_names[1], "nine");
    return set;
}

/* The set with this y of three rows. */
static dg_status with_y(const dg_dataset **out, const dg_dataset *set, dg_dataset_fields parts,
                        dg_dtype dtype, int axes, const double *values)
{
    dg_tensor y = support_tensor(dtype, axes, (int64_t[]){ 3, 2 }, values);
    parts.y = &y;
    dg_status status = dg_dataset_with(out, set, &parts);
    dg_tensor_release(&y);
    return status;
}

static void names_stay_while_each_label_has_one(void **state)
{
    const dg_dataset *set = named_set(), *other;
    dg_dataset_fields same = { 0 }, none = { .no_names = true },
                      named = { .name_count = 2, .class_names = two_names };
    (void)state;
    assert_ok(with_y(&other, set, same, DG_INT32, 1, (double[]){ 9, 9, 9 }));
    expect_set(other, 3, (int64_t[]){ 0, 1, 2 }, 2, (int32_t[]){ 4, 9 }, (int64_t[]){ 0, 3 });
    assert_string_equal(other->class_names[0], "four");
    assert_ptr_equal(other->x.data, set->x.data);
    dg_dataset_release(other);
    assert_fails_with(with_y(&other, set, same, DG_INT32, 1, (double[]){ 9, 5, 9 }), DG_INVALID,
                      "the label 5 has no name: give class_names");
    assert_fails_with(with_y(&other, set, same, DG_FLOAT32, 1, (double[]){ 9, 4, 9 }), DG_INVALID,
                      "y has numbers now, which have no names");
    assert_fails_with(with_y(&other, set, named, DG_FLOAT32, 1, (double[]){ 9, 4, 9 }), DG_INVALID,
                      "class_names were given, but y has numbers");
    assert_ok(with_y(&other, set, none, DG_FLOAT32, 1, (double[]){ 9, 4, 9 }));
    assert_true(other->target == DG_TARGET_NUMBERS && !other->class_names);
    dg_dataset_release(other);
    assert_ok(with_y(&other, set, none, DG_INT32, 1, (double[]){ 1, 5, 1 }));
    expect_set(other, 3, NULL, 2, (int32_t[]){ 1, 5 }, (int64_t[]){ 2, 1 });
    assert_null(other->class_names);
    dg_dataset_release(other);
    assert_ok(with_y(&other, set, named, DG_INT32, 1, (double[]){ 1, 5, 1 }));
    expect_set(other, 3, NULL, 2, (int32_t[]){ 1, 5 }, (int64_t[]){ 2, 1 });
    dg_dataset_release(other);
    assert_ok(with_y(&other, set, named, DG_INT32, 1, (double[]){ 4, 4, 4 }));
    expect_set(other, 3, NULL, 2, (int32_t[]){ 4, 9 }, (int64_t[]){ 3, 0 });
    dg_dataset_release(other);
    dg_dataset_release(set);
}

/* Columns of the set's own one-hot y are its classes, not 0 and 1. */
static void one_hot_columns_are_the_classes(void **state)
{
    const dg_dataset *set = named_set(), *other;
    (void)state;
    assert_ok(with_y(&other, set, (dg_dataset_fields){ 0 }, DG_FLOAT32, 2,
                     (double[]){ 0, 1, 0, 1, 1, 0 }));
    expect_set(other, 3, NULL, 2, (int32_t[]){ 4, 9 }, (int64_t[]){ 1, 2 });
    assert_true(other->one_hot && dg_int32s(&other->labels)[0] == 9);
    dg_dataset_release(other);
    dg_dataset_release(set);
}

static void rows_and_targets_can_be_replaced(void **state)
{
    const dg_dataset *set = named_set(), *other;
    dg_tensor x = support_tensor(DG_UINT8, 3, (int64_t[]){ 3, 1, 1 }, (double[]){ 1, 2, 3 }), few;
    (void)state;
    assert_ok(dg_dataset_with(&other, set, &(dg_dataset_fields){ .x = &x }));
    assert_int_equal(other->x.axes, 3);
    assert_string_equal(other->class_names[1], "nine");
    assert_int_equal(dg_int32s(&other->labels)[1], 9);
    dg_dataset_release(other);
    assert_ok(dg_tensor_slice(&few, &x, 0, 0, 2));
    assert_fails_with(dg_dataset_with(&other, set, &(dg_dataset_fields){ .x = &few }), DG_INVALID,
                      "x has 2 rows, y has 3 labels");
    assert_ok(dg_dataset_with(
        &other, set, &(dg_dataset_fields){ .target = DG_TARGET_NUMBERS, .no_names = true }));
    assert_true(other->target == DG_TARGET_NUMBERS && dg_floats(&other->y)[1] == 9);
    dg_dataset_release(set);
    assert_ok(dg_dataset_with(&set, other, &(dg_dataset_fields){ .target = DG_TARGET_LABELS }));
    expect_set(set, 3, (int64_t[]){ 0, 1, 2 }, 2, (int32_t[]){ 4, 9 }, (int64_t[]){ 2, 1 });
    dg_dataset_release(set);
    dg_dataset_release(other);
    assert_ok(dg_dataset_new(&set, &x, NULL, 0, NULL));
    assert_fails_with(dg_dataset_with(&other, set, &(dg_dataset_fields){ .target = 1 }), DG_INVALID,
                      "target was given, but no y");
    assert_ok(dg_dataset_with(&other, set, &(dg_dataset_fields){ .x = &few }));
    assert_int_equal(dg_dataset_rows(other), 2);
    dg_dataset_release(other);
    dg_dataset_release(set);
    dg_tensor_release(&few);
    dg_tensor_release(&x);
}

/* Rows 0 .. 3 with the labels 4, 9, 4, 9 and these weights. */
static dg_status weighted_set(const dg_dataset **out, dg_dtype dtype, const double *weights)
{
    dg_tensor x = support_tensor(DG_UINT8, 2, (int64_t[]){ 4, 1 }, (double[]){ 0, 1, 2, 3 });
    dg_tensor y = support_tensor(DG_INT32, 1, (int64_t[]){ 4 }, (double[]){ 4, 9, 4, 9 });
    dg_tensor w = support_tensor(dtype, 1, (int64_t[]){ 4 }, weights);
    dg_status status =
        dg_dataset_make(out, &(dg_dataset_fields){ .x = &x, .y = &y, .weights = &w });
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_tensor_release(&w);
    return status;
}

/* Rows hold their numbers, from 0: row i is to have the weight of i. Releases the set. */
static void expect_weights(const dg_dataset *set, int64_t rows, const double *weight_of)
{
    assert_int_equal(dg_dataset_rows(set), rows);
    assert_int_equal(set->weights.shape[0], rows);
    assert_int_equal(set->weights.axes, 1);
    assert_int_equal(set->weights.dtype, DG_FLOAT32);
    dg_tensor view = dg_tensor_retain(&set->weights);
    assert_fails_with(dg_tensor_set(&view, (int64_t[]){ 0 }, 1), DG_INVALID, "never changes");
    dg_tensor_release(&view);
    for (int64_t i = 0; i < rows; i++)
        assert_true(dg_floats(&set->weights)[i] == (float)weight_of[dg_bytes(&set->x)[i]]);
    dg_dataset_release(set);
}

static void weights_stay_with_their_rows(void **state)
{
    static const double weights[] = { 0.5, 0, 3, 7 };
    const dg_dataset *set, *out[2], *both[2];
    int32_t nine = 9;
    (void)state;
    assert_ok(weighted_set(&set, DG_FLOAT32, weights));
    expect_weights(dg_dataset_retain(set), 4, weights);
    assert_ok(dg_dataset_take(out, set, (int64_t[]){ 3, 0, 3 }, 3));
    expect_weights(out[0], 3, weights);
    assert_ok(dg_dataset_head(out, set, 3));
    expect_weights(out[0], 3, weights);
    assert_ok(dg_dataset_shuffle(out, set, 1));
    expect_weights(out[0], 4, weights);
    assert_ok(dg_dataset_only(out, set, &nine, 1));
    expect_weights(out[0], 2, weights);
    assert_ok(dg_dataset_one_hot(out, set));
    expect_weights(out[0], 4, weights);
    assert_ok(dg_dataset_split(out, set, 2, (double[]){ 0.5, 0.5 }, 3, DG_SPLIT_STRATIFIED));
    expect_weights(out[0], 2, weights);
    expect_weights(out[1], 2, weights);
    assert_ok(dg_dataset_fold(&out[0], &out[1], set, 2, 1, 3, 0));
    expect_weights(out[0], 2, weights);
    both[0] = set;
    both[1] = out[1];
    assert_ok(dg_dataset_concat(out, 2, both));
    dg_dataset_release(both[1]);
    expect_weights(out[0], 6, weights);
    dg_dataset_release(set);
}

static void weights_can_be_replaced(void **state)
{
    static const double weights[] = { 0.5, 0, 3, 7 }, others[] = { 1, 2, 3, 4 };
    const dg_dataset *set, *bare, *other;
    dg_tensor w = support_tensor(DG_INT32, 1, (int64_t[]){ 4 }, others), few, x;
    (void)state;
    assert_ok(weighted_set(&set, DG_FLOAT32, weights));
    assert_ok(dg_dataset_with(&other, set, &(dg_dataset_fields){ .x = &set->x, .y = &set->y }));
    assert_true(dg_dataset_fingerprint(other) == dg_dataset_fingerprint(set));
    expect_weights(other, 4, weights);
    assert_ok(dg_dataset_with(&other, set, &(dg_dataset_fields){ .weights = &w }));
    assert_true(dg_dataset_fingerprint(other) != dg_dataset_fingerprint(set));
    expect_weights(other, 4, others);
    assert_ok(dg_dataset_with(&bare, set, &(dg_dataset_fields){ .no_weights = true }));
    assert_null(bare->weights.storage);
    assert_true(dg_dataset_fingerprint(bare) != dg_dataset_fingerprint(set));
    assert_fails_with(dg_dataset_concat(&other, 2, (const dg_dataset *[]){ bare, set }), DG_INVALID,
                      "concat: set 2 has weights, set 1 has none");
    dg_dataset_release(set);
    assert_ok(dg_tensor_slice(&x, &bare->x, 0, 0, 2));
    assert_ok(dg_dataset_new(&other, &bare->x, NULL, 0, NULL));
    assert_ok(dg_dataset_with(&set, other, &(dg_dataset_fields){ .weights = &w }));
    dg_dataset_release(other);
    assert_fails_with(dg_dataset_with(&other, set, &(dg_dataset_fields){ .x = &x }), DG_INVALID,
                      "x has 2 rows, the set has 4 weights: give weights = a tensor too");
    assert_fails_with(dg_dataset_with(&other, set, &(dg_dataset_fields){ .x = &x, .weights = &w }),
                      DG_INVALID, "weights has the shape {4}, expected {2}");
    assert_ok(dg_tensor_slice(&few, &w, 0, 1, 3));
    assert_ok(dg_dataset_with(&other, set, &(dg_dataset_fields){ .x = &x, .weights = &few }));
    expect_weights(other, 2, others + 1);
    dg_dataset_release(set);
    dg_dataset_release(bare);
    dg_tensor_release(&few);
    dg_tensor_release(&x);
    dg_tensor_release(&w);
}

static void weights_that_are_none_are_refused(void **state)
{
    const dg_dataset *set;
    (void)state;
    assert_fails_with(weighted_set(&set, DG_FLOAT32, (double[]){ 1, -1, 1, 1 }), DG_INVALID,
                      "weights: row 2 has the weight -1, expected a finite number of at least 0");
    assert_fails_with(weighted_set(&set, DG_FLOAT32, (double[]){ 1, 1, INFINITY, 1 }), DG_INVALID,
                      "weights: row 3 has the weight inf");
    assert_fails_with(weighted_set(&set, DG_FLOAT32, (double[]){ 1, 1, 1, NAN }), DG_INVALID,
                      "weights: row 4 has the weight");
    assert_fails_with(weighted_set(&set, DG_UINT8, (double[]){ 0, 0, 0, 0 }), DG_INVALID,
                      "weights: all rows have the weight 0");
    assert_null(set);
}

static void memory_that_cannot_be_had_is_said(void **state)
{
    const dg_dataset *set = named_set(), *other;
    dg_tensor y = support_tensor(DG_INT32, 1, (int64_t[]){ 3 }, (double[]){ 9, 9, 9 });
    dg_status status;
    int64_t after = 0;
    (void)state;
    for (;; after++) {
        support_fail_allocation(after);
        status = dg_dataset_with(&other, set, &(dg_dataset_fields){ .y = &y });
        support_fail_allocation(-1);
        if (status == DG_OK) break;
        assert_fails_with(status, DG_NO_MEMORY, "out of memory");
        assert_null(other);
    }
    assert_true(after > 3);
    dg_dataset_release(other);
    dg_dataset_release(set);
    dg_tensor_release(&y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(the_type_of_y_says_what_it_is),
        leaving_nothing(labels_that_may_be_numbers_are_doubted),
        leaving_nothing(labels_of_csv_are_as_they_are_written),
        leaving_nothing(tensors_of_a_set_are_read_only),
        leaving_nothing(what_a_set_was_made_of_can_move_away),
        leaving_nothing(names_stay_while_each_label_has_one),
        leaving_nothing(one_hot_columns_are_the_classes),
        leaving_nothing(rows_and_targets_can_be_replaced),
        leaving_nothing(weights_stay_with_their_rows),
        leaving_nothing(weights_can_be_replaced),
        leaving_nothing(weights_that_are_none_are_refused),
        leaving_nothing(memory_that_cannot_be_had_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
