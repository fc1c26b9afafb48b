/* Datasets: made from tensors, and from each other. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/data/dataset.h"
#include "tests/engine/scratch.h"
#include "tests/engine/sets.h"

static const int32_t labels[] = { 7, -2, 7, 3, 3, 7 };
static const int32_t classes[] = { -2, 3, 7 };

static dg_tensor tensor_of(dg_dtype dtype, int axes, const int64_t *shape, const double *values)
{
    dg_tensor tensor;
    expect_ok(dg_tensor_new(&tensor, dtype, axes, shape));
    for (int64_t i = 0; i < dg_tensor_count(&tensor); i++) {
        if (dtype == DG_FLOAT32)
            dg_floats(&tensor)[i] = (float)values[i];
        else if (dtype == DG_UINT8)
            dg_bytes(&tensor)[i] = (uint8_t)values[i];
        else
            dg_int32s(&tensor)[i] = (int32_t)values[i];
    }
    return tensor;
}

/* A set of three rows with this y. */
static dg_status set_with(const dg_dataset **out, dg_dtype dtype, int axes, const int64_t *shape,
                          const double *values)
{
    static const double zeros[3];
    dg_tensor x = tensor_of(DG_UINT8, 2, (int64_t[]){ 3, 1 }, zeros);
    dg_tensor y = tensor_of(dtype, axes, shape, values);
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
    for (int dtype = DG_FLOAT32; dtype <= DG_INT32; dtype++)
        for (int axes = 1; axes <= 2; axes++) {
            expect_ok(set_with(&set, (dg_dtype)dtype, axes, (int64_t[]){ 3, 1 },
                               (double[]){ 200, 0, 200 }));
            expect_set(set, 3, NULL, 2, (int32_t[]){ 0, 200 }, (int64_t[]){ 1, 2 });
            assert_int_equal(set->y.axes, 1);
            dg_dataset_release(set);
        }
}

static void labels_that_are_no_whole_numbers_are_refused(void **state)
{
    static const double wrong[] = { 0.5, NAN, INFINITY, 3e9 };
    const dg_dataset *set;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        expect_error(set_with(&set, DG_FLOAT32, 1, (int64_t[]){ 3 }, (double[]){ 1, wrong[i], 1 }),
                     DG_INVALID, "label 2 is ");
        assert_null(set);
    }
    expect_error(set_with(&set, DG_UINT8, 1, (int64_t[]){ 2 }, (double[]){ 1, 1 }), DG_INVALID,
                 "x has 3 rows, y has 2 labels");
    expect_error(set_with(&set, DG_UINT8, 3, (int64_t[]){ 3, 1, 1 }, (double[]){ 1, 1, 1 }),
                 DG_INVALID, "y has the shape {3, 1, 1}");
}

static void one_hot_labels_are_positions(void **state)
{
    static const double y[] = { 0, 0, 1, 1, 0, 0, 0, 0, 1 };
    const dg_dataset *set;
    (void)state;
    for (int dtype = DG_FLOAT32; dtype <= DG_INT32; dtype++) {
        expect_ok(set_with(&set, (dg_dtype)dtype, 2, (int64_t[]){ 3, 3 }, y));
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
    expect_error(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0, 1, 0, 0, 1, 0 }), DG_INVALID,
                 "row 2 of the one-hot labels holds 0 ones");
    expect_error(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0, 1, 1, 0, 1, 1 }), DG_INVALID,
                 "row 3 of the one-hot labels holds 2 ones");
    expect_error(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0.5, 0.5, 1, 0, 1, 0 }),
                 DG_INVALID, "row 1 of the one-hot labels holds 0.5");
    expect_error(set_with(&set, DG_FLOAT32, 2, shape, (double[]){ 0, 1, 0, NAN, 1, 0 }), DG_INVALID,
                 "row 2 of the one-hot labels holds nan");
}

static void x_is_made_contiguous_and_never_int32(void **state)
{
    const dg_dataset *set;
    dg_tensor x = tensor_of(DG_INT32, 2, (int64_t[]){ 2, 3 }, (double[]){ 1, 2, 3, 4, 5, 6 });
    dg_tensor turned;
    (void)state;
    expect_ok(dg_tensor_transpose(&turned, &x, NULL));
    expect_ok(dg_dataset_new(&set, &turned, NULL, 0, NULL));
    assert_int_equal(set->x.dtype, DG_FLOAT32);
    assert_true(dg_tensor_is_contiguous(&set->x));
    assert_true(dg_floats(&set->x)[1] == 4 && dg_floats(&set->x)[2] == 2);
    expect_set(set, 3, NULL, 0, NULL, NULL);
    assert_false(set->labelled);
    dg_dataset_release(set);
    dg_tensor_release(&turned);
    expect_ok(dg_tensor_reshape(&turned, &x, 1, (int64_t[]){ 6 }));
    expect_error(dg_dataset_new(&set, &turned, NULL, 0, NULL), DG_INVALID, "x has the shape {6}");
    dg_tensor_release(&turned);
    dg_tensor_release(&x);
}

static void storage_is_shared_where_types_allow(void **state)
{
    const dg_dataset *set;
    dg_tensor x = tensor_of(DG_UINT8, 2, (int64_t[]){ 2, 1 }, (double[]){ 1, 2 });
    dg_tensor y = tensor_of(DG_INT32, 1, (int64_t[]){ 2 }, (double[]){ 1, 2 });
    (void)state;
    expect_ok(dg_dataset_new(&set, &x, &y, 0, NULL));
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
    expect_ok(dg_dataset_new(&set, &plain->x, &plain->y, count, names));
    dg_dataset_release(plain);
    return set;
}

static void class_names_follow_their_classes(void **state)
{
    static const char *const names[] = { "minus", "three", "seven" };
    const dg_dataset *set = named_set(labels, 6, 3, names), *some, *few;
    (void)state;
    expect_ok(dg_dataset_only(&some, set, (int32_t[]){ 7, 3, 7 }, 3));
    expect_set(some, 5, (int64_t[]){ 0, 2, 3, 4, 5 }, 2, classes + 1, (int64_t[]){ 2, 3 });
    assert_string_equal(some->class_names[0], "three");
    assert_string_equal(some->class_names[1], "seven");
    expect_ok(dg_dataset_head(&few, some, 2));
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
    expect_error(dg_dataset_new(&set, &plain->x, &plain->y, 2, names), DG_INVALID,
                 "2 class_names were given, the labels have 3 classes: {-2, 3, 7}");
    expect_error(dg_dataset_new(&set, &plain->x, NULL, 2, names), DG_INVALID, "no labels");
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
    expect_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, b }));
    expect_set(both, 4, (int64_t[]){ 0, 1, 0, 1 }, 3, (int32_t[]){ 1, 2, 4 },
               (int64_t[]){ 1, 2, 1 });
    assert_string_equal(both->class_names[0], "one");
    assert_string_equal(both->class_names[1], "two");
    assert_string_equal(both->class_names[2], "four");
    dg_dataset_release(both);
    expect_error(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, c }), DG_INVALID,
                 "class 2 is named 'two' and 'deux'");
    expect_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, d }));
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
    expect_ok(dg_dataset_take(&taken, set, (int64_t[]){ 5, 0, 5 }, 3));
    expect_set(taken, 3, (int64_t[]){ 5, 0, 5 }, 3, classes, (int64_t[]){ 0, 0, 3 });
    dg_dataset_release(taken);
    expect_ok(dg_dataset_take(&taken, set, NULL, 0));
    expect_set(taken, 0, NULL, 3, classes, (int64_t[]){ 0, 0, 0 });
    dg_dataset_release(taken);
    expect_error(dg_dataset_take(&taken, set, (int64_t[]){ 1, 6 }, 2), DG_INVALID,
                 "row 7 is out of range: the set has 6 rows");
    expect_error(dg_dataset_take(&taken, set, (int64_t[]){ -1 }, 1), DG_INVALID, "row 0 is out");
    dg_dataset_release(set);
}

/* Large enough to be cut into pieces. */
static void take_is_the_same_for_any_threads(void **state)
{
    enum { ROWS = 300000 };
    const dg_dataset *set = make_set(ROWS, NULL), *one, *two;
    int threads = dg_threads();
    (void)state;
    expect_ok(dg_set_threads(1));
    expect_ok(dg_dataset_shuffle(&one, set, 3));
    expect_ok(dg_set_threads(4));
    expect_ok(dg_dataset_shuffle(&two, set, 3));
    expect_ok(dg_set_threads(threads));
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
    expect_ok(dg_dataset_shuffle(&a, set, 1));
    expect_ok(dg_dataset_shuffle(&b, set, 1));
    expect_ok(dg_dataset_shuffle(&c, set, 2));
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
    expect_ok(dg_dataset_head(&head, set, 2));
    expect_set(head, 2, (int64_t[]){ 0, 1 }, 3, classes, (int64_t[]){ 1, 0, 1 });
    assert_ptr_equal(head->x.data, set->x.data);
    dg_dataset_release(head);
    expect_error(dg_dataset_head(&head, set, 7), DG_INVALID, "the set has 6 rows, found 7");
    expect_error(dg_dataset_head(&head, set, -1), DG_INVALID, "found -1");
    dg_dataset_release(set);
}

static void only_shrinks_classes(void **state)
{
    const dg_dataset *set = make_set(6, labels), *some;
    (void)state;
    expect_ok(dg_dataset_only(&some, set, (int32_t[]){ 7, -2 }, 2));
    expect_set(some, 4, (int64_t[]){ 0, 1, 2, 5 }, 2, (int32_t[]){ -2, 7 }, (int64_t[]){ 1, 3 });
    dg_dataset_release(some);
    expect_error(dg_dataset_only(&some, set, (int32_t[]){ 7, 8 }, 2), DG_INVALID,
                 "only: 8 is not among the classes {-2, 3, 7}");
    expect_error(dg_dataset_only(&some, set, NULL, 0), DG_INVALID, "at least one label");
    dg_dataset_release(set);
    set = make_set(2, NULL);
    expect_error(dg_dataset_only(&some, set, labels, 1), DG_INVALID, "no labels");
    expect_error(dg_dataset_one_hot(&some, set), DG_INVALID, "no labels");
    dg_dataset_release(set);
}

static void one_hot_lasts(void **state)
{
    const dg_dataset *set = make_set(6, labels), *hot, *some, *both;
    (void)state;
    expect_ok(dg_dataset_one_hot(&hot, set));
    assert_true(hot->one_hot);
    expect_set(hot, 6, NULL, 3, classes, (int64_t[]){ 1, 2, 3 });
    expect_ok(dg_dataset_only(&some, hot, (int32_t[]){ 3, 7 }, 2));
    assert_true(some->one_hot);
    assert_int_equal(some->y.shape[1], 2);
    expect_set(some, 5, NULL, 2, classes + 1, (int64_t[]){ 2, 3 });
    expect_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ some, hot }));
    assert_true(both->one_hot);
    expect_set(both, 11, (int64_t[]){ 0, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5 }, 3, classes,
               (int64_t[]){ 1, 4, 6 });
    dg_dataset_release(both);
    expect_ok(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ some, set }));
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
    expect_ok(set_with(&narrow, DG_UINT8, 1, (int64_t[]){ 3 }, (double[]){ 1, 2, 3 }));
    dg_tensor x = tensor_of(DG_UINT8, 2, (int64_t[]){ 1, 2 }, (double[]){ 1, 2 });
    expect_ok(dg_dataset_new(&bytes, &x, NULL, 0, NULL));
    dg_tensor_release(&x);
    expect_error(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ a, narrow }), DG_INVALID,
                 "set 1 has rows of the shape {2}, set 2 of {1}");
    expect_error(dg_dataset_concat(&both, 2, (const dg_dataset *[]){ b, bytes }), DG_INVALID,
                 "set 1 is float32, set 2 is uint8");
    expect_error(dg_dataset_concat(&both, 3, (const dg_dataset *[]){ a, a, b }), DG_INVALID,
                 "set 1 has labels, set 3 has none");
    expect_error(dg_dataset_concat(&both, 0, &a), DG_INVALID, "at least one set");
    assert_null(both);
    dg_dataset_release(a);
    dg_dataset_release(b);
    dg_dataset_release(bytes);
    dg_dataset_release(narrow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        memory_test(classes_are_the_labels_found_ascending),
        memory_test(labels_of_any_type_are_read),
        memory_test(labels_that_are_no_whole_numbers_are_refused),
        memory_test(one_hot_labels_are_positions),
        memory_test(one_hot_labels_are_checked),
        memory_test(x_is_made_contiguous_and_never_int32),
        memory_test(storage_is_shared_where_types_allow),
        memory_test(class_names_follow_their_classes),
        memory_test(class_names_must_be_as_many_as_classes),
        memory_test(concat_unites_names),
        memory_test(take_gives_rows_in_order_and_keeps_classes),
        memory_test(take_is_the_same_for_any_threads),
        memory_test(another_seed_shuffles_otherwise),
        memory_test(head_is_the_first_rows),
        memory_test(only_shrinks_classes),
        memory_test(one_hot_lasts),
        memory_test(sets_that_differ_are_not_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
