/* Datasets: made from tensors, and from each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/data/dataset.h"
#include "tests/engine/sets.h"
#include "tests/engine/support.h"

static const int32_t labels[] = { 7, -2, 7, 3, 3, 7 };
static const int32_t classes[] = { -2, 3, 7 };

/* A set of three rows with this y. */
static dg_status set_with(const dg_dataset **out, dg_dtype dtype, int axes, const int64_t *shape,
                          const double *values)
{
    static const double zeros[3];
    dg_tensor x = support_tensor(DG_UINT8, 2, (int64_t[]){ 3, 1 }, zeros);
    dg_tensor y = support_tensor(dtype, axes, shape, values);
    dg_status status = dg_dataset_new(out, &x, &y, 0, NULL);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    return status;
}

/* --- from tensors --------------------------------------------------------------------------- */

static void classes_are_the_labels_found_ascending(void **state)
{
    const dg_dataset *set = make_set(6, labels);
    (void)state;
    expect_set(set, 6, (int64_t[]){ 0, 1, 2, 3, 4, 5 }, 3, classes, (int64_t[]){ 1, 2, 3 });
    assert_int_equal(dg_dataset_row_size(set), 2);
    assert_false(set->one_hot);
    dg_dataset_release(set);
}

static void labels_of_any_type_are_read(void **state)
{
    const dg_dataset *set;
    (void)state;
    for (int dtype = DG_UINT8; dtype <= DG_INT32; dtype++)
        for (int axes = 1; axes <= 2; axes++) {
            assert_ok(set_with(&set, (dg_dtype)dtype, axes, (int64_t[]){ 3, 1 },
                               (double[]){ 200, 0, 200 }));
            expect_set(set, 3, NULL, 2, (int32_t[]){ 0, 200 }, (int64_t[]){ 1, 2 });
            assert_int_equal(set->y.axes, 1);
            dg_dataset_release(set);
        }
}

/* They are numbers, which stay with their rows whatever is made of the set. */
static void floats_are_numbers(void **state)
{
    static const double y[] = { 1, 0.5, 3e9 };
    const dg_dataset *set, *other, *both, *parts[2];
    (void)state;
    assert_ok(set_with(&set, DG_FLOAT32, 2, (int64_t[]){ 3, 1 }, y));
    assert_int_equal(set->target, DG_TARGET_NUMBERS);
    assert_int_equal(set->class_count, 0);
    assert_ok(dg_dataset_take(&other, set, (int64_t[]){ 2, 0 }, 2));
    assert_true(other->target == DG_TARGET_NUMBERS && other->y.axes == 1 &&
                dg_floats(&other->y)[0] == 3e9f);
    assert_true(dg_dataset_fingerprint(other) != dg_dataset_fingerprint(set));
    assert_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ set, other }));
    assert_int_equal(both->y.shape[0], 5);
    assert_true(dg_floats(&both->y)[1] == 0.5f && dg_floats(&both->y)[4] == 1);
    dg_dataset_release(both);
    dg_dataset_release(other);
    assert_ok(dg_dataset_head(&other, set, 2));
    assert_true(other->target == DG_TARGET_NUMBERS && other->y.shape[0] == 2);
    dg_dataset_release(other);
    assert_fails_with(dg_dataset_one_hot(&other, set), DG_INVALID,
                      "one_hot: the set has numbers, not labels: its y is float32, and row 2 has "
                      "0.5, which cannot be a label");
    assert_fails_with(dg_dataset_split(parts, set, 2, (double[]){ 2, 1 }, 1, DG_SPLIT_STRATIFIED),
                      DG_INVALID,
                      "split: stratify = true needs labels: the set has numbers, not labels");
    assert_ok(set_with(&other, DG_INT32, 1, (int64_t[]){ 3 }, (double[]){ 1, 2, 1 }));
    assert_fails_with(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ set, other }), DG_INVALID,
                      "concat: set 1 has numbers, set 2 has labels");
    dg_dataset_release(other);
    dg_dataset_release(set);
}

static void targets_that_are_not_finite_are_refused(void **state)
{
    static const double wrong[] = { NAN, INFINITY };
    const dg_dataset *set;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_fails_with(
            set_with(&set, DG_FLOAT32, 1, (int64_t[]){ 3 }, (double[]){ 1, wrong[i], 1 }),
            DG_INVALID, "number 2 is ");
        assert_null(set);
    }
    assert_fails_with(set_with(&set, DG_UINT8, 1, (int64_t[]){ 2 }, (double[]){ 1, 1 }), DG_INVALID,
                      "x has 3 rows, y has 2 labels");
    assert_fails_with(set_with(&set, DG_UINT8, 3, (int64_t[]){ 3, 1, 1 }, (double[]){ 1, 1, 1 }),
                      DG_INVALID, "y has the shape {3, 1, 1}");
}

static void one_hot_labels_are_positions(void **state)
{
    static const double y[] = { 0, 0, 1, 1, 0, 0, 0, 0, 1 };
    const dg_dataset *set;
    (void)state;
    for (int dtype = DG_FLOAT32; dtype <= DG_INT32; dtype++) {
        assert_ok(set_with(&set, (dg_dtype)dtype, 2, (int64_t[]){ 3, 3 }, y));
        expect_set(set, 3, NULL, 3, (int32_t[]){ 0, 1, 2 }, (int64_t[]){ 1, 0, 2 });
        assert_true(set->one_hot);
        assert_int_equal(set->y.dtype, DG_FLOAT32);
        dg_dataset_release(set);
    }
}

static void one_hot_labels_are_checked(void **state)
{
    const dg_dataset *set;
    int64_t shape[] = { 3, 2 };
    (void)state;
    assert_fails_with(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0, 1, 0, 0, 1, 0 }),
                      DG_INVALID, "row 2 of the one-hot labels has 0 ones");
    assert_fails_with(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0, 1, 1, 0, 1, 1 }),
                      DG_INVALID, "row 3 of the one-hot labels has 2 ones");
    assert_fails_with(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0.5, 0.5, 1, 0, 1, 0 }),
                      DG_INVALID, "row 1 of the one-hot labels has the value 0.5");
    assert_fails_with(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0, 1, 0, NAN, 1, 0 }),
                      DG_INVALID, "row 2 of the one-hot labels has the value nan");
}

static void x_is_made_contiguous_and_never_int32(void **state)
{
    const dg_dataset *set;
    dg_tensor x = support_tensor(DG_INT32, 2, (int64_t[]){ 2, 3 }, (double[]){ 1, 2, 3, 4, 5, 6 });
    dg_tensor turned;
    (void)state;
    assert_ok(dg_tensor_transpose(&turned, &x, NULL));
    assert_ok(dg_dataset_new(&set, &turned, NULL, 0, NULL));
    assert_int_equal(set->x.dtype, DG_FLOAT32);
    assert_true(dg_tensor_is_contiguous(&set->x));
    assert_true(dg_floats(&set->x)[1] == 4 && dg_floats(&set->x)[2] == 2);
    expect_set(set, 3, NULL, 0, NULL, NULL);
    assert_int_equal(set->target, DG_TARGET_NONE);
    dg_dataset_release(set);
    dg_tensor_release(&turned);
    assert_ok(dg_tensor_reshape(&turned, &x, 1, (int64_t[]){ 6 }));
    assert_fails_with(dg_dataset_new(&set, &turned, NULL, 0, NULL), DG_INVALID,
                      "x has the shape {6}");
    dg_tensor_release(&turned);
    dg_tensor_release(&x);
}

static void storage_is_shared_where_types_allow(void **state)
{
    const dg_dataset *set;
    dg_tensor x = support_tensor(DG_UINT8, 2, (int64_t[]){ 2, 1 }, (double[]){ 1, 2 });
    dg_tensor y = support_tensor(DG_INT32, 1, (int64_t[]){ 2 }, (double[]){ 1, 2 });
    (void)state;
    assert_ok(dg_dataset_new(&set, &x, &y, 0, NULL));
    assert_ptr_equal(set->x.data, x.data);
    assert_ptr_equal(set->y.data, y.data);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    assert_int_equal(dg_bytes(&set->x)[1], 2);
    dg_dataset_release(dg_dataset_retain(set));
    assert_int_equal(dg_int32s(&set->y)[1], 2);
    dg_dataset_release(set);
}

/* --- class names ---------------------------------------------------------------------------- */

static const dg_dataset *named_set(const int32_t *of, int64_t rows, int64_t count,
                                   const char *const *names)
{
    const dg_dataset *plain = make_set(rows, of), *set;
    assert_ok(dg_dataset_new(&set, &plain->x, &plain->y, count, names));
    dg_dataset_release(plain);
    return set;
}

static void class_names_follow_their_classes(void **state)
{
    static const char *const names[] = { "minus", "three", "seven" };
    const dg_dataset *set = named_set(labels, 6, 3, names), *some, *few;
    (void)state;
    assert_ok(dg_dataset_only(&some, set, (int32_t[]){ 7, 3, 7 }, 3));
    expect_set(some, 5, (int64_t[]){ 0, 2, 3, 4, 5 }, 2, classes + 1, (int64_t[]){ 2, 3 });
    assert_string_equal(some->class_names[0], "three");
    assert_string_equal(some->class_names[1], "seven");
    assert_ok(dg_dataset_head(&few, some, 2));
    dg_dataset_release(some);
    dg_dataset_release(set);
    expect_set(few, 2, (int64_t[]){ 0, 2 }, 2, classes + 1, (int64_t[]){ 0, 2 });
    assert_string_equal(few->class_names[1], "seven");
    dg_dataset_release(few);
}

static void class_names_must_be_as_many_as_classes(void **state)
{
    static const char *const names[] = { "a", "b" };
    const dg_dataset *plain = make_set(6, labels), *set;
    (void)state;
    assert_fails_with(dg_dataset_new(&set, &plain->x, &plain->y, 2, names), DG_INVALID,
                      "2 class_names were given, the labels have 3 classes: {-2, 3, 7}");
    assert_fails_with(dg_dataset_new(&set, &plain->x, NULL, 2, names), DG_INVALID, "no labels");
    dg_dataset_release(plain);
}

static void concat_unites_names(void **state)
{
    static const char *const first[] = { "one", "two" }, *const other[] = { "two", "four" };
    static const char *const wrong[] = { "deux", "four" };
    const dg_dataset *a = named_set((int32_t[]){ 1, 2 }, 2, 2, first);
    const dg_dataset *b = named_set((int32_t[]){ 4, 2 }, 2, 2, other);
    const dg_dataset *c = named_set((int32_t[]){ 4, 2 }, 2, 2, wrong);
    const dg_dataset *d = make_set(2, (int32_t[]){ 9, 1 }), *both;
    (void)state;
    assert_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, b }));
    expect_set(both, 4, (int64_t[]){ 0, 1, 0, 1 }, 3, (int32_t[]){ 1, 2, 4 },
               (int64_t[]){ 1, 2, 1 });
    assert_string_equal(both->class_names[0], "one");
    assert_string_equal(both->class_names[1], "two");
    assert_string_equal(both->class_names[2], "four");
    dg_dataset_release(both);
    assert_fails_with(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, c }), DG_INVALID,
                      "class 2 is named 'two' in one set and 'deux' in another");
    assert_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, d }));
    assert_null(both->class_names); /* 9 has none */
    dg_dataset_release(both);
    dg_dataset_release(a);
    dg_dataset_release(b);
    dg_dataset_release(c);
    dg_dataset_release(d);
}

/* --- from each other ------------------------------------------------------------------------ */

static void take_gives_rows_in_order_and_keeps_classes(void **state)
{
    const dg_dataset *set = make_set(6, labels), *taken;
    (void)state;
    assert_ok(dg_dataset_take(&taken, set, (int64_t[]){ 5, 0, 5 }, 3));
    expect_set(taken, 3, (int64_t[]){ 5, 0, 5 }, 3, classes, (int64_t[]){ 0, 0, 3 });
    dg_dataset_release(taken);
    assert_ok(dg_dataset_take(&taken, set, NULL, 0));
    expect_set(taken, 0, NULL, 3, classes, (int64_t[]){ 0, 0, 0 });
    dg_dataset_release(taken);
    assert_fails_with(dg_dataset_take(&taken, set, (int64_t[]){ 1, 6 }, 2), DG_INVALID,
                      "row 7 is out of range: the set has 6 rows");
    assert_fails_with(dg_dataset_take(&taken, set, (int64_t[]){ -1 }, 1), DG_INVALID,
                      "row 0 is out");
    dg_dataset_release(set);
}

/* Large enough to be cut into pieces. */
static void take_is_the_same_for_any_threads(void **state)
{
    enum { ROWS = 300000 };
    const dg_dataset *set = make_set(ROWS, NULL), *one, *two;
    int threads = dg_threads();
    (void)state;
    assert_ok(dg_set_threads(1));
    assert_ok(dg_dataset_shuffle(&one, set, 3));
    assert_ok(dg_set_threads(4));
    assert_ok(dg_dataset_shuffle(&two, set, 3));
    assert_ok(dg_set_threads(threads));
    assert_true(dg_tensor_equal(&one->x, &two->x));
    char *seen = calloc(ROWS, 1);
    int64_t moved = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        int64_t name = row_name(one, row);
        assert_int_equal(seen[name]++, 0);
        moved += name != row;
    }
    assert_true(moved > ROWS - 100);
    free(seen);
    dg_dataset_release(one);
    dg_dataset_release(two);
    dg_dataset_release(set);
}

static void another_seed_shuffles_otherwise(void **state)
{
    const dg_dataset *set = make_set(100, NULL), *a, *b, *c;
    (void)state;
    assert_ok(dg_dataset_shuffle(&a, set, 1));
    assert_ok(dg_dataset_shuffle(&b, set, 1));
    assert_ok(dg_dataset_shuffle(&c, set, 2));
    assert_true(dg_tensor_equal(&a->x, &b->x));
    assert_false(dg_tensor_equal(&a->x, &c->x));
    dg_dataset_release(a);
    dg_dataset_release(b);
    dg_dataset_release(c);
    dg_dataset_release(set);
}

static void head_is_the_first_rows(void **state)
{
    const dg_dataset *set = make_set(6, labels), *head;
    (void)state;
    assert_ok(dg_dataset_head(&head, set, 2));
    expect_set(head, 2, (int64_t[]){ 0, 1 }, 3, classes, (int64_t[]){ 1, 0, 1 });
    assert_ptr_equal(head->x.data, set->x.data);
    dg_dataset_release(head);
    assert_fails_with(dg_dataset_head(&head, set, 7), DG_INVALID,
                      "take: n must be from 0 to 6, the number of rows, found 7");
    assert_fails_with(dg_dataset_head(&head, set, -1), DG_INVALID, "found -1");
    dg_dataset_release(set);
}

static void only_shrinks_classes(void **state)
{
    const dg_dataset *set = make_set(6, labels), *some;
    (void)state;
    assert_ok(dg_dataset_only(&some, set, (int32_t[]){ 7, -2 }, 2));
    expect_set(some, 4, (int64_t[]){ 0, 1, 2, 5 }, 2, (int32_t[]){ -2, 7 }, (int64_t[]){ 1, 3 });
    dg_dataset_release(some);
    assert_fails_with(dg_dataset_only(&some, set, (int32_t[]){ 7, 8 }, 2), DG_INVALID,
                      "only: 8 is not one of the classes {-2, 3, 7}");
    assert_fails_with(dg_dataset_only(&some, set, NULL, 0), DG_INVALID, "at least one label");
    dg_dataset_release(set);
    set = make_set(2, NULL);
    assert_fails_with(dg_dataset_only(&some, set, labels, 1), DG_INVALID, "no labels");
    assert_fails_with(dg_dataset_one_hot(&some, set), DG_INVALID, "no labels");
    dg_dataset_release(set);
}

static void one_hot_lasts(void **state)
{
    const dg_dataset *set = make_set(6, labels), *hot, *some, *both;
    (void)state;
    assert_ok(dg_dataset_one_hot(&hot, set));
    assert_true(hot->one_hot);
    expect_set(hot, 6, NULL, 3, classes, (int64_t[]){ 1, 2, 3 });
    assert_ok(dg_dataset_only(&some, hot, (int32_t[]){ 3, 7 }, 2));
    assert_true(some->one_hot);
    assert_int_equal(some->y.shape[1], 2);
    expect_set(some, 5, NULL, 2, classes + 1, (int64_t[]){ 2, 3 });
    assert_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ some, hot }));
    assert_true(both->one_hot);
    expect_set(both, 11, (int64_t[]){ 0, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5 }, 3, classes,
               (int64_t[]){ 1, 4, 6 });
    dg_dataset_release(both);
    assert_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ some, set }));
    assert_false(both->one_hot);
    expect_set(both, 11, NULL, 3, classes, (int64_t[]){ 1, 4, 6 });
    dg_dataset_release(both);
    dg_dataset_release(some);
    dg_dataset_release(hot);
    dg_dataset_release(set);
}

static void sets_that_differ_are_not_joined(void **state)
{
    const dg_dataset *a = make_set(6, labels), *b = make_set(6, NULL), *bytes, *narrow, *both;
    (void)state;
    assert_ok(set_with(&narrow, DG_UINT8, 1, (int64_t[]){ 3 }, (double[]){ 1, 2, 3 }));
    dg_tensor x = support_tensor(DG_UINT8, 2, (int64_t[]){ 1, 2 }, (double[]){ 1, 2 });
    assert_ok(dg_dataset_new(&bytes, &x, NULL, 0, NULL));
    dg_tensor_release(&x);
    assert_fails_with(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, narrow }), DG_INVALID,
                      "set 1 has rows of the shape {2}, set 2 of {1}");
    assert_fails_with(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ b, bytes }), DG_INVALID,
                      "set 1 is float32, set 2 is uint8");
    assert_fails_with(dg_dataset_concat(&both, 3, (const dg_dataset *[]){ a, a, b }), DG_INVALID,
                      "set 1 has labels, set 3 has none");
    assert_fails_with(dg_dataset_concat(&both, 0, &a), DG_INVALID, "at least one set");
    assert_null(both);
    dg_dataset_release(a);
    dg_dataset_release(b);
    dg_dataset_release(bytes);
    dg_dataset_release(narrow);
}

static dg_status derive(int what, const dg_dataset **out, const dg_dataset *set)
{
    switch (what) {
    case 0: return dg_dataset_take(out, set, (int64_t[]){ 2, 1 }, 2);
    case 1: return dg_dataset_head(out, set, 2);
    case 2: return dg_dataset_shuffle(out, set, 1);
    case 3: return dg_dataset_only(out, set, (int32_t[]){ 3, 7 }, 2);
    case 4: return dg_dataset_concat(out, 2, (const dg_dataset *[]){ set, set });
    case 5: return dg_dataset_one_hot(out, set);
    default:
        return dg_dataset_new(out, &set->x, &set->y, 3, (const char *const[]){ "a", "b", "c" });
    }
}

/* Allocation after allocation fails, until all succeed. */
static void memory_that_cannot_be_had_is_said(void **state)
{
    static const char *const names[] = { "minus", "three", "seven" };
    const dg_dataset *set = named_set(labels, 6, 3, names), *out;
    (void)state;
    for (int what = 0; what < 7; what++)
        for (int64_t after = 0;; after++) {
            support_fail_allocation(after);
            dg_status status = derive(what, &out, set);
            support_fail_allocation(-1);
            if (status == DG_OK) {
                dg_dataset_release(out);
                assert_true(after > 0);
                break;
            }
            assert_fails_with(status, DG_NO_MEMORY, "out of memory");
            assert_null(out);
        }
    dg_dataset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(classes_are_the_labels_found_ascending),
        leaving_nothing(labels_of_any_type_are_read),
        leaving_nothing(floats_are_numbers),
        leaving_nothing(targets_that_are_not_finite_are_refused),
        leaving_nothing(one_hot_labels_are_positions),
        leaving_nothing(one_hot_labels_are_checked),
        leaving_nothing(x_is_made_contiguous_and_never_int32),
        leaving_nothing(storage_is_shared_where_types_allow),
        leaving_nothing(class_names_follow_their_classes),
        leaving_nothing(class_names_must_be_as_many_as_classes),
        leaving_nothing(concat_unites_names),
        leaving_nothing(take_gives_rows_in_order_and_keeps_classes),
        leaving_nothing(take_is_the_same_for_any_threads),
        leaving_nothing(another_seed_shuffles_otherwise),
        leaving_nothing(head_is_the_first_rows),
        leaving_nothing(only_shrinks_classes),
        leaving_nothing(one_hot_lasts),
        leaving_nothing(sets_that_differ_are_not_joined),
        leaving_nothing(memory_that_cannot_be_had_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
