/* Tensors: making, asking, views, copies, and how they print. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "tests/engine/support.h"

static dg_tensor range(int axes, const int64_t *shape)
{
    dg_tensor flat, tensor;
    int64_t count = 1;
    for (int i = 0; i < axes; i++) count *= shape[i];
    assert_ok(dg_tensor_range(&flat, DG_INT32, 0, (double)count, 1));
    assert_ok(dg_tensor_reshape(&tensor, &flat, axes, shape));
    dg_tensor_release(&flat);
    return tensor;
}

/* --- making and asking ----------------------------------------------------------------------- */

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(dg_dtype_name(DG_FLOAT32), "float32");
    assert_string_equal(dg_dtype_name(DG_UINT8), "uint8");
    assert_string_equal(dg_dtype_name(DG_INT32), "int32");
    assert_null(dg_dtype_words[3]);
}

static void making(void **state)
{
    (void)state;
    dg_tensor t;
    assert_ok(dg_tensor_zeros(&t, DG_FLOAT32, SHAPE(2, 2)));
    support_expect(&t, DG_FLOAT32, SHAPE(2, 2), VALUES(0, 0, 0, 0));
    dg_tensor_release(&t);
    dg_tensor_release(&t); /* allowed */
    assert_ok(dg_tensor_full(&t, DG_UINT8, SHAPE(3), 255));
    support_expect(&t, DG_UINT8, SHAPE(3), VALUES(255, 255, 255));
    dg_tensor_release(&t);
    assert_ok(dg_tensor_full(&t, DG_FLOAT32, 0, NULL, 2.5));
    support_expect(&t, DG_FLOAT32, 0, NULL, VALUES(2.5));
    assert_int_equal(dg_tensor_count(&t), 1);
    dg_tensor_release(&t);
    assert_int_equal(dg_tensor_count(&t), 0);
    assert_fails(dg_tensor_full(&t, DG_UINT8, SHAPE(3), 256), DG_INVALID,
                 "uint8 holds whole numbers from 0 to 255, found 256");
    assert_fails(dg_tensor_full(&t, DG_INT32, SHAPE(3), 0.5), DG_INVALID,
                 "int32 holds whole numbers from -2147483648 to 2147483647, found 0.5");
    assert_fails_with(dg_tensor_full(&t, DG_INT32, SHAPE(3), NAN), DG_INVALID, "found nan");
    dg_tensor_release(&t);
}

static void impossible_shapes(void **state)
{
    (void)state;
    dg_tensor t;
    const int64_t big = (int64_t)1 << 40, ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    assert_fails(dg_tensor_new(&t, DG_UINT8, SHAPE(2, -1)), DG_INVALID,
                 "sizes must be at least 0, found -1 for axis 2");
    assert_fails(dg_tensor_new(&t, DG_UINT8, 9, ones), DG_INVALID,
                 "a tensor has at most 8 axes, found 9");
    assert_fails_with(dg_tensor_new(&t, DG_UINT8, SHAPE(big, big)), DG_NO_MEMORY,
                      "{1099511627776, 1099511627776} is too large");
    assert_fails_with(dg_tensor_new(&t, DG_UINT8, SHAPE(big, 0, big)), DG_NO_MEMORY, "too large");
    assert_fails_with(dg_tensor_new(&t, DG_INT32, SHAPE(INT64_MAX)), DG_NO_MEMORY, "too large");
    assert_null(t.storage);
    dg_tensor_release(&t);
}

static void ranges(void **state)
{
    (void)state;
    dg_tensor t;
    assert_ok(dg_tensor_range(&t, DG_FLOAT32, 0, 1, 0.25));
    support_expect(&t, DG_FLOAT32, SHAPE(4), VALUES(0, 0.25, 0.5, 0.75));
    dg_tensor_release(&t);
    assert_ok(dg_tensor_range(&t, DG_INT32, 5, -2, -3));
    support_expect(&t, DG_INT32, SHAPE(3), VALUES(5, 2, -1));
    dg_tensor_release(&t);
    assert_ok(dg_tensor_range(&t, DG_UINT8, 5, 5, 1));
    support_expect(&t, DG_UINT8, SHAPE(0), NULL);
    dg_tensor_release(&t);
    assert_fails_with(dg_tensor_range(&t, DG_UINT8, 0, 9, 0), DG_INVALID, "step other than 0");
    assert_fails_with(dg_tensor_range(&t, DG_UINT8, 0, 257, 1), DG_INVALID, "found 256");
    assert_fails_with(dg_tensor_range(&t, DG_INT32, 0, 9, 0.5), DG_INVALID, "whole number");
    assert_fails_with(dg_tensor_range(&t, DG_FLOAT32, 0, 1e300, 1), DG_NO_MEMORY, "too large");
    assert_fails_with(dg_tensor_range(&t, DG_FLOAT32, 0, NAN, 1), DG_INVALID, "finite");
}

static void random_fills(void **state)
{
    (void)state;
    dg_tensor a, b, row;
    assert_ok(dg_tensor_uniform(&a, SHAPE(10, 3), 2, 4, 1));
    assert_ok(dg_tensor_uniform(&b, SHAPE(5, 3), 2, 4, 1));
    for (int i = 0; i < 30; i++) assert_true(dg_floats(&a)[i] >= 2 && dg_floats(&a)[i] < 4);
    assert_ok(dg_tensor_slice(&row, &a, 0, 0, 5));
    assert_true(dg_tensor_equal(&row, &b)); /* element i depends on seed and i only */
    dg_tensor_release(&b);
    assert_ok(dg_tensor_uniform(&b, SHAPE(5, 3), 2, 4, 2));
    assert_false(dg_tensor_equal(&row, &b));
    dg_tensor_release(&a);
    dg_tensor_release(&b);
    dg_tensor_release(&row);
    assert_ok(dg_tensor_normal(&a, SHAPE(4), 3, 0, 1));
    support_expect(&a, DG_FLOAT32, SHAPE(4), VALUES(3, 3, 3, 3));
    dg_tensor_release(&a);
    assert_fails_with(dg_tensor_uniform(&a, SHAPE(4), 1, 0, 1), DG_INVALID, "low");
    assert_fails_with(dg_tensor_normal(&a, SHAPE(4), 0, -1, 1), DG_INVALID, "deviation");
}

static void elements(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(2, 3));
    double value;
    assert_ok(dg_tensor_get(&t, (int64_t[]){ 1, 2 }, &value));
    assert_true(value == 5);
    assert_ok(dg_tensor_set(&t, (int64_t[]){ 1, 0 }, -7));
    support_expect(&t, DG_INT32, SHAPE(2, 3), VALUES(0, 1, 2, -7, 4, 5));
    assert_fails(dg_tensor_get(&t, (int64_t[]){ 0, 3 }, &value), DG_INVALID,
                 "index 4 is out of range 1 to 3 of axis 2");
    assert_fails_with(dg_tensor_set(&t, (int64_t[]){ -1, 0 }, 0), DG_INVALID, "out of range");
    assert_fails_with(dg_tensor_set(&t, (int64_t[]){ 0, 0 }, 1e10), DG_INVALID, "found 1e+10");
    dg_tensor_release(&t);
}

static void equality(void **state)
{
    (void)state;
    dg_tensor a = range(SHAPE(2, 3)), b = range(SHAPE(2, 3)), c = range(SHAPE(3, 2)), d;
    assert_true(dg_tensor_equal(&a, &b));
    assert_false(dg_tensor_equal(&a, &c));
    assert_ok(dg_tensor_astype(&d, &a, DG_UINT8));
    assert_false(dg_tensor_equal(&a, &d));
    assert_ok(dg_tensor_set(&b, (int64_t[]){ 1, 2 }, 6));
    assert_false(dg_tensor_equal(&a, &b));
    dg_tensor_release(&d);
    assert_ok(dg_tensor_full(&d, DG_FLOAT32, SHAPE(2), NAN));
    assert_false(dg_tensor_equal(&d, &d));
    dg_tensor_release(&a);
    dg_tensor_release(&b);
    dg_tensor_release(&c);
    dg_tensor_release(&d);
}

/* --- views ----------------------------------------------------------------------------------- */

static void views_share_elements(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(3, 4)), row, part, turned;
    assert_ok(dg_tensor_select(&row, &t, 0, -1));
    support_expect(&row, DG_INT32, SHAPE(4), VALUES(8, 9, 10, 11));
    assert_ok(dg_tensor_slice(&part, &row, 0, 1, 3));
    support_expect(&part, DG_INT32, SHAPE(2), VALUES(9, 10));
    assert_ok(dg_tensor_set(&part, (int64_t[]){ 0 }, 90));
    assert_true(support_at(&t, 9) == 90);
    assert_ok(dg_tensor_transpose(&turned, &t, NULL));
    support_expect(&turned, DG_INT32, SHAPE(4, 3), VALUES(0, 4, 8, 1, 5, 90, 2, 6, 10, 3, 7, 11));
    assert_true(dg_tensor_is_contiguous(&row));
    assert_false(dg_tensor_is_contiguous(&turned));
    dg_tensor_release(&t); /* the views hold the storage */
    assert_true(support_at(&turned, 5) == 90);
    dg_tensor_release(&row);
    dg_tensor_release(&part);
    dg_tensor_release(&turned);
}

static void views_refuse_what_is_not_there(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(3, 4)), v;
    assert_fails(dg_tensor_select(&v, &t, 1, 4), DG_INVALID,
                 "index 5 is out of range 1 to 4 of axis 2");
    assert_fails(dg_tensor_select(&v, &t, 0, -4), DG_INVALID,
                 "index -4 is out of range 1 to 3 of axis 1");
    assert_fails(dg_tensor_select(&v, &t, 2, 0), DG_INVALID,
                 "axis must be 1 to 2 (or -1, the last) for shape {3, 4}, found 3");
    assert_fails(dg_tensor_slice(&v, &t, 0, 1, 4), DG_INVALID,
                 "the slice 2 to 4 is out of range 1 to 3 of axis 1");
    assert_fails_with(dg_tensor_slice(&v, &t, 0, 2, 1), DG_INVALID, "out of range");
    assert_fails(dg_tensor_transpose(&v, &t, (int[]){ 1, 1 }), DG_INVALID,
                 "transpose: axis 2 is named twice, expected each of 1 to 2 once");
    assert_fails(dg_tensor_broadcast(&v, &t, SHAPE(3, 5)), DG_INVALID,
                 "shape {3, 4} cannot be broadcast to {3, 5}");
    assert_fails_with(dg_tensor_broadcast(&v, &t, SHAPE(4)), DG_INVALID, "cannot be broadcast");
    assert_fails(dg_tensor_reshape(&v, &t, SHAPE(5, 2)), DG_INVALID,
                 "reshape: shape {3, 4} of 12 values cannot become {5, 2}");
    assert_fails_with(dg_tensor_reshape(&v, &t, SHAPE(5, -1)), DG_INVALID, "cannot become {5, -1}");
    assert_fails_with(dg_tensor_reshape(&v, &t, SHAPE(-1, -1)), DG_INVALID, "only one size");
    assert_fails_with(dg_tensor_reshape(&v, &t, SHAPE(-2, -6)), DG_INVALID, "at least 0");
    assert_null(v.storage);
    dg_tensor_release(&t);
}

static void broadcasting_repeats(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(2, 1)), v, copy;
    assert_ok(dg_tensor_broadcast(&v, &t, SHAPE(2, 2, 3)));
    support_expect(&v, DG_INT32, SHAPE(2, 2, 3), VALUES(0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1));
    assert_ok(dg_tensor_copy(&copy, &v));
    assert_true(dg_tensor_is_contiguous(&copy));
    assert_true(dg_tensor_equal(&copy, &v));
    dg_tensor_release(&t);
    dg_tensor_release(&v);
    dg_tensor_release(&copy);
}

static void reshaping(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(2, 6)), v, turned;
    assert_ok(dg_tensor_reshape(&v, &t, SHAPE(3, -1)));
    support_expect(&v, DG_INT32, SHAPE(3, 4), VALUES(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    assert_ptr_equal(v.data, t.data);
    dg_tensor_release(&v);
    assert_ok(dg_tensor_transpose(&turned, &t, NULL));
    assert_ok(dg_tensor_reshape(&v, &turned, SHAPE(12)));
    support_expect(&v, DG_INT32, SHAPE(12), VALUES(0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11));
    assert_ptr_not_equal(v.data, t.data);
    dg_tensor_release(&t);
    dg_tensor_release(&v);
    dg_tensor_release(&turned);
    assert_ok(dg_tensor_zeros(&t, DG_UINT8, SHAPE(0, 3)));
    assert_ok(dg_tensor_reshape(&v, &t, SHAPE(-1, 2)));
    support_expect(&v, DG_UINT8, SHAPE(0, 2), NULL);
    dg_tensor_release(&v);
    assert_fails_with(dg_tensor_reshape(&v, &t, SHAPE(0, -1)), DG_INVALID, "cannot become");
    dg_tensor_release(&t);
}

/* Each view, element by element, against indices worked out here. */
static void random_views(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int round = 0; round < 500; round++) {
        dg_tensor t = support_random_view(&random), v, copy;
        int64_t at[DG_MAX_AXES] = { 0 };
        assert_ok(dg_tensor_contiguous(&copy, &t));
        assert_true(dg_tensor_is_contiguous(&copy) && dg_tensor_equal(&copy, &t));
        if (t.axes > 0) {
            int axis = (int)support_random(&random, t.axes);
            assert_ok(dg_tensor_transpose(&v, &t, NULL));
            for (int64_t i = 0; i < dg_tensor_count(&v); i++) {
                int64_t rest = i;
                for (int k = v.axes - 1; k >= 0; k--) {
                    at[v.axes - 1 - k] = rest % v.shape[k];
                    rest /= v.shape[k];
                }
                double value;
                assert_ok(dg_tensor_get(&t, at, &value));
                assert_true(value == support_at(&v, i));
            }
            dg_tensor_release(&v);
            int64_t size = t.shape[axis], inner = 1, place = support_random(&random, size + 1);
            for (int k = axis + 1; k < t.axes; k++) inner *= t.shape[k];
            if (place < size) {
                assert_ok(dg_tensor_select(&v, &t, axis, place));
                for (int64_t i = 0; i < dg_tensor_count(&v); i++) {
                    int64_t outer = i / inner;
                    assert_true(support_at(&v, i) ==
                                support_at(&t, (outer * size + place) * inner + i % inner));
                }
                dg_tensor_release(&v);
            }
        }
        dg_tensor_release(&copy);
        dg_tensor_release(&t);
    }
}

/* --- copies ---------------------------------------------------------------------------------- */

static void converting(void **state)
{
    (void)state;
    dg_tensor f, t, large;
    f = support_tensor(DG_FLOAT32, SHAPE(2, 2), VALUES(-0.9, 255.9, 3, 1.5));
    assert_ok(dg_tensor_astype(&t, &f, DG_UINT8));
    support_expect(&t, DG_UINT8, SHAPE(2, 2), VALUES(0, 255, 3, 1));
    dg_tensor_release(&t);
    dg_tensor_release(&f);
    f = support_tensor(DG_FLOAT32, SHAPE(2, 2), VALUES(1, 2, 256, -1));
    assert_fails(dg_tensor_astype(&t, &f, DG_UINT8), DG_INVALID,
                 "element {2, 1} is 256, which uint8 cannot hold (0 to 255)");
    assert_ok(dg_tensor_astype(&t, &f, DG_INT32));
    dg_tensor_release(&f);
    assert_fails_with(dg_tensor_astype(&f, &t, DG_UINT8), DG_INVALID, "element {2, 1} is 256");
    dg_tensor_release(&t);
    f = support_tensor(DG_FLOAT32, SHAPE(2), VALUES(-2147483648.0, 2147483520.0));
    assert_ok(dg_tensor_astype(&t, &f, DG_INT32));
    support_expect(&t, DG_INT32, SHAPE(2), VALUES(-2147483648.0, 2147483520.0));
    dg_tensor_release(&t);
    dg_tensor_release(&f);
    const double wrong[] = { NAN, INFINITY, -INFINITY, 2147483648.0, -2147483904.0 };
    for (int i = 0; i < 5; i++) {
        f = support_tensor(DG_FLOAT32, SHAPE(2), VALUES(0, wrong[i]));
        assert_fails_with(dg_tensor_astype(&t, &f, DG_INT32), DG_INVALID, "element {2} is");
        dg_tensor_release(&f);
    }
    /* several pieces and many chunks: the first misfit is the one that is named */
    assert_ok(dg_tensor_zeros(&large, DG_FLOAT32, SHAPE(1000, 1000)));
    dg_floats(&large)[700000] = dg_floats(&large)[900000] = -1;
    assert_fails_with(dg_tensor_astype(&t, &large, DG_UINT8), DG_INVALID, "element {701, 1} is -1");
    dg_tensor_release(&large);
}

static void random_conversions(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int round = 0; round < 500; round++) {
        dg_tensor t = support_random_view(&random), converted;
        dg_dtype dtype = (dg_dtype)support_random(&random, 3);
        bool fits = true;
        for (int64_t i = 0; i < dg_tensor_count(&t); i++)
            fits = fits && (dtype != DG_UINT8 || support_at(&t, i) >= 0);
        if (fits) {
            assert_ok(dg_tensor_astype(&converted, &t, dtype));
            assert_int_equal(converted.dtype, dtype);
            assert_true(dg_tensor_same_shape(&converted, &t));
            for (int64_t i = 0; i < dg_tensor_count(&t); i++)
                assert_true(support_at(&converted, i) == support_at(&t, i));
            dg_tensor_release(&converted);
        } else {
            assert_fails_with(dg_tensor_astype(&converted, &t, dtype), DG_INVALID, "cannot hold");
        }
        dg_tensor_release(&t);
    }
}

static void assigning(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(2, 3)), column, from, wide;
    assert_ok(dg_tensor_slice(&column, &t, 1, 1, 3));
    from = support_tensor(DG_FLOAT32, SHAPE(2), VALUES(-1.5, 9));
    assert_ok(dg_tensor_assign(&column, &from));
    support_expect(&t, DG_INT32, SHAPE(2, 3), VALUES(0, -1, 9, 3, -1, 9));
    dg_floats(&from)[1] = NAN;
    assert_fails_with(dg_tensor_assign(&column, &from), DG_INVALID, "element {2} is nan");
    support_expect(&t, DG_INT32, SHAPE(2, 3), VALUES(0, -1, 9, 3, -1, 9)); /* wholly or not */
    dg_tensor_release(&from);
    from = support_tensor(DG_UINT8, SHAPE(2, 1), VALUES(7, 8));
    assert_ok(dg_tensor_assign(&t, &from));
    support_expect(&t, DG_INT32, SHAPE(2, 3), VALUES(7, 7, 7, 8, 8, 8));
    wide = range(SHAPE(4));
    assert_fails_with(dg_tensor_assign(&t, &wide), DG_INVALID, "cannot be broadcast");
    dg_tensor_release(&from);
    dg_tensor_release(&wide);
    dg_tensor_release(&column);
    dg_tensor_release(&t);
}

static void assigning_to_oneself(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(5)), to, from;
    assert_ok(dg_tensor_slice(&to, &t, 0, 1, 5));
    assert_ok(dg_tensor_slice(&from, &t, 0, 0, 4));
    assert_ok(dg_tensor_assign(&to, &from));
    support_expect(&t, DG_INT32, SHAPE(5), VALUES(0, 0, 1, 2, 3));
    dg_tensor_release(&t);
    dg_tensor_release(&to);
    dg_tensor_release(&from);
}

static void taking_rows(void **state)
{
    (void)state;
    dg_tensor t = range(SHAPE(3, 2)), turned, rows;
    const int64_t order[] = { 2, 0, 2 };
    assert_ok(dg_tensor_take(&rows, &t, order, 3));
    support_expect(&rows, DG_INT32, SHAPE(3, 2), VALUES(4, 5, 0, 1, 4, 5));
    dg_tensor_release(&rows);
    assert_ok(dg_tensor_transpose(&turned, &t, NULL));
    assert_ok(dg_tensor_take(&rows, &turned, (int64_t[]){ 1 }, 1));
    support_expect(&rows, DG_INT32, SHAPE(1, 3), VALUES(1, 3, 5));
    dg_tensor_release(&rows);
    assert_ok(dg_tensor_take(&rows, &t, NULL, 0));
    support_expect(&rows, DG_INT32, SHAPE(0, 2), NULL);
    dg_tensor_release(&rows);
    assert_fails(dg_tensor_take(&rows, &t, (int64_t[]){ 0, 3, -9 }, 3), DG_INVALID,
                 "row 4 is out of range 1 to 3");
    dg_tensor_release(&turned);
    dg_tensor_release(&t);
    /* many rows, in several pieces */
    int64_t many[3000];
    t = range(SHAPE(3000, 200));
    for (int i = 0; i < 3000; i++) many[i] = 2999 - i;
    assert_ok(dg_tensor_take(&rows, &t, many, 3000));
    for (int i = 0; i < 3000; i++)
        assert_int_equal(dg_int32s(&rows)[i * 200 + 7], many[i] * 200 + 7);
    dg_tensor_release(&rows);
    dg_tensor_release(&t);
}

static void joining(void **state)
{
    (void)state;
    dg_tensor a = range(SHAPE(2, 2)), b = range(SHAPE(2, 1)), f, all;
    assert_ok(dg_tensor_concat(&all, 3, (const dg_tensor *[]){ &b, &a, &b }, 1));
    support_expect(&all, DG_INT32, SHAPE(2, 4), VALUES(0, 0, 1, 0, 1, 2, 3, 1));
    dg_tensor_release(&all);
    assert_ok(dg_tensor_concat(&all, 2, (const dg_tensor *[]){ &a, &a }, -2));
    support_expect(&all, DG_INT32, SHAPE(4, 2), VALUES(0, 1, 2, 3, 0, 1, 2, 3));
    dg_tensor_release(&all);
    assert_fails(dg_tensor_concat(&all, 2, (const dg_tensor *[]){ &a, &b }, 0), DG_INVALID,
                 "concat: tensor 2 has shape {2, 1}, the first has {2, 2}: only axis 1 may differ");
    assert_ok(dg_tensor_zeros(&f, DG_FLOAT32, SHAPE(2, 2)));
    assert_fails(dg_tensor_concat(&all, 2, (const dg_tensor *[]){ &a, &f }, 0), DG_INVALID,
                 "concat: tensor 2 is float32, the first is int32 (convert with astype)");
    assert_fails_with(dg_tensor_concat(&all, 0, NULL, 0), DG_INVALID, "at least one");
    dg_tensor_release(&a);
    dg_tensor_release(&b);
    dg_tensor_release(&f);
}

/* --- printing -------------------------------------------------------------------------------- */

static void expect_text(dg_tensor t, const char *wanted)
{
    char *text;
    assert_ok(dg_tensor_text(&t, &text));
    assert_string_equal(text, wanted);
    dg_free(text);
    dg_tensor_release(&t);
}

static void printing(void **state)
{
    (void)state;
    expect_text(range(SHAPE(2, 6)), "int32 tensor {2, 6}\n"
                                    "  0  1  2  3  4  5\n"
                                    "  6  7  8  9 10 11");
    expect_text(support_tensor(DG_FLOAT32, SHAPE(2, 2), VALUES(0.5, -1.25, NAN, -INFINITY)),
                "float32 tensor {2, 2}\n"
                "  0.50 -1.25\n"
                "   nan  -inf");
    expect_text(support_tensor(DG_FLOAT32, SHAPE(3), VALUES(1, 20, -3)), "float32 tensor {3}\n"
                                                                         "  1 20 -3");
    expect_text(support_tensor(DG_FLOAT32, SHAPE(2), VALUES(1.0 / 3, 2)), "float32 tensor {2}\n"
                                                                          " 0.3333 2.0000");
    expect_text(support_tensor(DG_FLOAT32, SHAPE(2), VALUES(1.5e-5, 3e-7)), "float32 tensor {2}\n"
                                                                            " 1.5e-05 3.0e-07");
    expect_text(support_tensor(DG_FLOAT32, SHAPE(2), VALUES(0.00123456, 0.00654321)),
                "float32 tensor {2}\n"
                " 0.001235 0.006543");
    expect_text(support_tensor(DG_FLOAT32, SHAPE(1), VALUES(12345678.5)), "float32 tensor {1}\n"
                                                                          " 12345678");
    expect_text(support_tensor(DG_FLOAT32, SHAPE(2), VALUES(1e30, 0.5)), "float32 tensor {2}\n"
                                                                         " 1e+30 5e-01");
    expect_text(support_tensor(DG_FLOAT32, 0, NULL, VALUES(2.5)), "float32 tensor {}\n 2.5");
    expect_text(range(SHAPE(0, 3)), "int32 tensor {0, 3}");
    expect_text(range(SHAPE(2, 2, 2, 1)), "int32 tensor {2, 2, 2, 1}\n"
                                          "(1, ., ., 1)\n"
                                          " 0 1\n"
                                          " 2 3\n"
                                          "(2, ., ., 1)\n"
                                          " 4 5\n"
                                          " 6 7");
}

static void printing_leaves_out_the_middle(void **state)
{
    (void)state;
    expect_text(range(SHAPE(1, 100)), "int32 tensor {1, 100}\n"
                                      "  0  1  2  3  4  5  6  7  ... 92 93 94 95 96 97 98 99");
    dg_tensor t = range(SHAPE(1000, 1000));
    char *text;
    assert_ok(dg_tensor_text(&t, &text));
    assert_non_null(strstr(text, "\n ...\n"));
    assert_non_null(strstr(text, " 999999"));
    int lines = 0;
    size_t longest = 0;
    for (const char *line = text; line; line = strchr(line + 1, '\n')) {
        size_t length = strcspn(line + 1, "\n");
        if (length > longest) longest = length;
        lines++;
    }
    assert_int_equal(lines, 1 + 8 + 1 + 8);
    assert_true(longest <= 120);
    dg_free(text);
    dg_tensor_release(&t);
    t = range(SHAPE(100, 2, 2));
    assert_ok(dg_tensor_text(&t, &text));
    assert_non_null(strstr(text, "(3, ., .)"));
    assert_null(strstr(text, "(4, ., .)"));
    assert_non_null(strstr(text, "\n...\n(98, ., .)"));
    dg_free(text);
    dg_tensor_release(&t);
}

/* --- memory that runs out -------------------------------------------------------------------- */

static void running_out_of_memory_loses_nothing(void **state)
{
    (void)state;
    int64_t before = dg_memory_live();
    dg_tensor t = range(SHAPE(3, 4)), turned;
    assert_ok(dg_tensor_transpose(&turned, &t, NULL));
    int64_t held = dg_memory_live();
    for (int which = 0; which < 7; which++) {
        dg_tensor out = { 0 };
        char *text = NULL;
        int failures = 0;
        for (int after = 0;; after++) {
            dg_status status = DG_OK;
            support_fail_allocation(after);
            switch (which) {
            case 0: status = dg_tensor_copy(&out, &turned); break;
            case 1: status = dg_tensor_reshape(&out, &turned, SHAPE(12)); break;
            case 2: status = dg_tensor_take(&out, &turned, (int64_t[]){ 0 }, 1); break;
            case 3: status = dg_tensor_concat(&out, 2, (const dg_tensor *[]){ &t, &t }, 0); break;
            case 4: status = dg_tensor_assign(&t, &t); break;
            case 5: status = dg_tensor_text(&t, &text); break;
            default: status = dg_tensor_uniform(&out, SHAPE(5), 0, 1, 1); break;
            }
            support_fail_allocation(-1);
            dg_tensor_release(&out);
            dg_free(text);
            text = NULL;
            assert_int_equal(dg_memory_live(), held);
            if (status == DG_OK) break;
            assert_int_equal(status, DG_NO_MEMORY);
            failures++;
        }
        assert_true(failures > 0);
    }
    dg_tensor_release(&t);
    dg_tensor_release(&turned);
    assert_int_equal(dg_memory_live(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(types_have_names),
        leaving_nothing(making),
        leaving_nothing(impossible_shapes),
        leaving_nothing(ranges),
        leaving_nothing(random_fills),
        leaving_nothing(elements),
        leaving_nothing(equality),
        leaving_nothing(views_share_elements),
        leaving_nothing(views_refuse_what_is_not_there),
        leaving_nothing(broadcasting_repeats),
        leaving_nothing(reshaping),
        leaving_nothing(random_views),
        leaving_nothing(converting),
        leaving_nothing(random_conversions),
        leaving_nothing(assigning),
        leaving_nothing(assigning_to_oneself),
        leaving_nothing(taking_rows),
        leaving_nothing(joining),
        leaving_nothing(printing),
        leaving_nothing(printing_leaves_out_the_middle),
        leaving_nothing(running_out_of_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
