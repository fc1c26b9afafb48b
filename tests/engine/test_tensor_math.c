/* Tensors: arithmetic, comparison, functions and reductions, against plain loops. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/base/memory.h"
#include "tests/engine/support.h"

/* --- two operands ---------------------------------------------------------------------------- */

static double modulo(double a, double b)
{
    return a - floor(a / b) * b;
}

static double plain_binary(dg_binary op, double a, double b)
{
    switch (op) {
    case DG_BINARY_ADD: return a + b;
    case DG_BINARY_SUB: return a - b;
    case DG_BINARY_MUL: return a * b;
    case DG_BINARY_DIV: return (double)((float)a / (float)b);
    case DG_BINARY_MOD: return modulo(a, b);
    case DG_BINARY_POW: return pow(a, b);
    case DG_BINARY_MINIMUM: return a < b ? a : b;
    case DG_BINARY_MAXIMUM: return a > b ? a : b;
    case DG_BINARY_EQ: return a == b;
    case DG_BINARY_NE: return a != b;
    case DG_BINARY_LT: return a < b;
    case DG_BINARY_LE: return a <= b;
    case DG_BINARY_GT: return a > b;
    default: return a >= b;
    }
}

static bool near(double value, double wanted)
{
    if (isnan(wanted)) return isnan(value);
    return value == wanted || fabs(value - wanted) <= 1e-6 * fabs(wanted);
}

/* Row-major position `i` of `whole`, seen in an operand that was broadcast to it. */
static double broadcast_at(const dg_tensor *whole, const dg_tensor *operand, int64_t i)
{
    int64_t position = 0, step = 1;
    for (int k = 1; k <= whole->axes; k++) {
        int64_t at = i % whole->shape[whole->axes - k];
        i /= whole->shape[whole->axes - k];
        if (k > operand->axes) continue;
        int64_t size = operand->shape[operand->axes - k];
        position += size == 1 ? 0 : at * step;
        step *= size;
    }
    return support_at(operand, position);
}

static dg_dtype type_of(dg_binary op, dg_dtype a, dg_dtype b)
{
    if (op >= DG_BINARY_EQ) return DG_UINT8;
    bool floats = a == DG_FLOAT32 || b == DG_FLOAT32 || op == DG_BINARY_DIV || op == DG_BINARY_POW;
    return floats ? DG_FLOAT32 : DG_INT32;
}

/* A view of one shape, and another that goes with it: some axes missing, some of size 1. */
static void random_pair(uint64_t *random, dg_tensor *a, dg_tensor *b)
{
    dg_tensor other = support_random_view(random);
    *b = other;
    for (int axis = 0; axis < other.axes; axis++) {
        if (other.shape[axis] == 0 || support_random(random, 3)) continue;
        assert_ok(dg_tensor_slice(b, &other, axis, 0, 1));
        dg_tensor_release(&other);
        other = *b;
    }
    dg_tensor source, wide;
    int64_t shape[DG_MAX_AXES];
    int missing = other.axes ? (int)support_random(random, other.axes + 1) : 0;
    for (int i = missing; i < other.axes; i++) shape[i - missing] = other.shape[i];
    for (int i = 0; i < other.axes - missing; i++)
        if (shape[i] == 1) shape[i] = 1 + support_random(random, 3);
    assert_ok(dg_tensor_uniform(&source, other.axes - missing, shape, -4, 5, *random));
    if (support_random(random, 2)) {
        *a = source;
        return;
    }
    int64_t count = dg_tensor_count(&source);
    for (int64_t i = 0; i < count; i++) dg_floats(&source)[i] = (float)support_random(random, 9);
    assert_ok(dg_tensor_astype(&wide, &source, support_random(random, 2) ? DG_UINT8 : DG_INT32));
    dg_tensor_release(&source);
    *a = wide;
}

static bool has_zero(const dg_tensor *tensor)
{
    for (int64_t i = 0; i < dg_tensor_count(tensor); i++)
        if (support_at(tensor, i) == 0) return true;
    return false;
}

static void random_operations(void **state)
{
    (void)state;
    uint64_t random = 1;
    int refused = 0;
    for (int round = 0; round < 3000; round++) {
        dg_tensor a, b, out;
        dg_binary op = (dg_binary)support_random(&random, DG_BINARY_GE + 1);
        random_pair(&random, &a, &b);
        dg_dtype dtype = type_of(op, a.dtype, b.dtype);
        dg_status status = dg_tensor_binary(&out, op, &a, &b);
        if (status != DG_OK) { /* only this may go wrong */
            assert_true(op == DG_BINARY_MOD && dtype == DG_INT32 && has_zero(&b));
            refused++;
        } else {
            assert_int_equal(out.dtype, dtype);
            for (int64_t i = 0; i < dg_tensor_count(&out); i++) {
                double x = broadcast_at(&out, &a, i), y = broadcast_at(&out, &b, i);
                double wanted = plain_binary(op, x, y), value = support_at(&out, i);
                if (op == DG_BINARY_MOD) /* the plain remainder rounds */
                    assert_true(isnan(value) == isnan(wanted) &&
                                (isnan(wanted) || fabs(value - wanted) < 1e-5));
                else if (dtype == DG_FLOAT32)
                    assert_true(near(value, wanted));
                else
                    assert_true(value == wanted);
            }
        }
        dg_tensor_release(&a);
        dg_tensor_release(&b);
        dg_tensor_release(&out);
    }
    assert_true(refused > 0 && refused < 300);
}

static void shapes_must_go_together(void **state)
{
    (void)state;
    dg_tensor a, b, out;
    assert_ok(dg_tensor_zeros(&a, DG_FLOAT32, SHAPE(2, 3)));
    assert_ok(dg_tensor_zeros(&b, DG_FLOAT32, SHAPE(4)));
    assert_fails(dg_tensor_binary(&out, DG_BINARY_ADD, &a, &b), DG_INVALID,
                 "shapes {2, 3} and {4} cannot be broadcast together: axis -1 is 3 and 4");
    dg_tensor_release(&a);
    dg_tensor_release(&b);
}

static void integers_never_wrap(void **state)
{
    (void)state;
    dg_tensor a = support_tensor(DG_INT32, SHAPE(3), VALUES(1, 2147483647, -2147483648.0)), out;
    dg_tensor bytes = support_tensor(DG_UINT8, SHAPE(2), VALUES(200, 100));
    assert_ok(dg_tensor_binary(&out, DG_BINARY_ADD, &bytes, &bytes));
    support_expect(&out, DG_INT32, SHAPE(2), VALUES(400, 200));
    dg_tensor_release(&out);
    assert_fails(dg_tensor_binary_number(&out, DG_BINARY_ADD, &a, 1, true, false), DG_INVALID,
                 "2147483647 + 1 does not fit int32: convert with astype 'float32' first");
    assert_fails_with(dg_tensor_binary_number(&out, DG_BINARY_SUB, &a, 1, true, false), DG_INVALID,
                      "-2147483648 - 1 does not fit");
    assert_fails_with(dg_tensor_binary(&out, DG_BINARY_MUL, &a, &a), DG_INVALID,
                      "2147483647 * 2147483647");
    assert_fails_with(dg_tensor_binary_number(&out, DG_BINARY_MOD, &a, 0, true, false), DG_INVALID,
                      "1 % 0 is not defined for integers");
    assert_fails_with(dg_tensor_binary_number(&out, DG_BINARY_ADD, &a, 3e9, true, false),
                      DG_INVALID, "3000000000 does not fit int32");
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_MOD, &a, -1, true, false));
    support_expect(&out, DG_INT32, SHAPE(3), VALUES(0, 0, 0));
    dg_tensor_release(&out);
    assert_fails_with(dg_tensor_unary(&out, DG_UNARY_NEG, &a), DG_INVALID,
                      "the negative of -2147483648");
    assert_fails_with(dg_tensor_unary(&out, DG_UNARY_ABS, &a), DG_INVALID, "the absolute value");
    dg_tensor_release(&a);
    dg_tensor_release(&bytes);
}

static void numbers_as_operands(void **state)
{
    (void)state;
    dg_tensor a = support_tensor(DG_UINT8, SHAPE(3), VALUES(0, 51, 255)), out;
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_ADD, &a, 1, true, false));
    support_expect(&out, DG_INT32, SHAPE(3), VALUES(1, 52, 256));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_ADD, &a, 1, false, false));
    support_expect(&out, DG_FLOAT32, SHAPE(3), VALUES(1, 52, 256));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_DIV, &a, 255, true, false));
    support_expect(&out, DG_FLOAT32, SHAPE(3), VALUES(0, 0.2f, 1));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_SUB, &a, 1, true, true));
    support_expect(&out, DG_INT32, SHAPE(3), VALUES(1, -50, -254));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_POW, &a, 2, true, false));
    support_expect(&out, DG_FLOAT32, SHAPE(3), VALUES(0, 2601, 65025));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_LT, &a, 3e9, true, false));
    support_expect(&out, DG_UINT8, SHAPE(3), VALUES(1, 1, 1));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_LT, &a, 3e9, true, true));
    support_expect(&out, DG_UINT8, SHAPE(3), VALUES(0, 0, 0));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_binary_number(&out, DG_BINARY_GT, &a, 50.5, false, false));
    support_expect(&out, DG_UINT8, SHAPE(3), VALUES(0, 1, 1));
    dg_tensor_release(&out);
    dg_tensor_release(&a);
}

static void nan_is_passed_on(void **state)
{
    (void)state;
    dg_tensor a = support_tensor(DG_FLOAT32, SHAPE(3), VALUES(NAN, 1, NAN));
    dg_tensor b = support_tensor(DG_FLOAT32, SHAPE(3), VALUES(1, NAN, NAN)), out;
    const dg_binary ops[] = { DG_BINARY_MINIMUM, DG_BINARY_MAXIMUM };
    for (int i = 0; i < 2; i++) {
        assert_ok(dg_tensor_binary(&out, ops[i], &a, &b));
        support_expect(&out, DG_FLOAT32, SHAPE(3), VALUES(NAN, NAN, NAN));
        dg_tensor_release(&out);
    }
    assert_ok(dg_tensor_binary(&out, DG_BINARY_NE, &a, &a));
    support_expect(&out, DG_UINT8, SHAPE(3), VALUES(1, 0, 1));
    dg_tensor_release(&out);
    dg_tensor_release(&a);
    dg_tensor_release(&b);
}

/* --- one operand ----------------------------------------------------------------------------- */

static double plain_unary(dg_unary op, double a)
{
    switch (op) {
    case DG_UNARY_NEG: return -a;
    case DG_UNARY_ABS: return fabs(a);
    case DG_UNARY_EXP: return exp(a);
    case DG_UNARY_LOG: return log(a);
    case DG_UNARY_SQRT: return sqrt(a);
    case DG_UNARY_TANH: return tanh(a);
    case DG_UNARY_SIGMOID: return 1 / (1 + exp(-a));
    case DG_UNARY_FLOOR: return floor(a);
    case DG_UNARY_CEIL: return ceil(a);
    case DG_UNARY_ROUND: return rint(a);
    default: return a == 0;
    }
}

static void functions(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int round = 0; round < 500; round++) {
        dg_tensor a = support_random_view(&random), out;
        if (a.dtype == DG_FLOAT32) {
            dg_tensor half;
            assert_ok(dg_tensor_binary_number(&half, DG_BINARY_DIV, &a, 4, false, false));
            dg_tensor_release(&a);
            a = half;
        }
        for (int op = DG_UNARY_NEG; op <= DG_UNARY_NOT; op++) {
            bool whole = op <= DG_UNARY_ABS && a.dtype != DG_FLOAT32;
            dg_dtype dtype = op == DG_UNARY_NOT ? DG_UINT8 : whole ? DG_INT32 : DG_FLOAT32;
            assert_ok(dg_tensor_unary(&out, (dg_unary)op, &a));
            assert_int_equal(out.dtype, dtype);
            assert_true(dg_tensor_same_shape(&out, &a));
            for (int64_t i = 0; i < dg_tensor_count(&a); i++)
                assert_true(
                    near(support_at(&out, i), plain_unary((dg_unary)op, support_at(&a, i))));
            dg_tensor_release(&out);
        }
        dg_tensor_release(&a);
    }
}

static void positions_of_what_is_not_zero(void **state)
{
    (void)state;
    dg_tensor t = support_tensor(DG_UINT8, SHAPE(2, 3), VALUES(0, 1, 2, 3, 0, 0)), turned, row, out;
    assert_ok(dg_tensor_nonzero(&out, &t, 1));
    support_expect(&out, DG_INT32, SHAPE(3, 2), VALUES(1, 2, 1, 3, 2, 1));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_transpose(&turned, &t, NULL));
    assert_ok(dg_tensor_nonzero(&out, &turned, 0));
    support_expect(&out, DG_INT32, SHAPE(3, 2), VALUES(0, 1, 1, 0, 2, 0));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_select(&row, &t, 0, 0));
    assert_ok(dg_tensor_nonzero(&out, &row, 1));
    support_expect(&out, DG_INT32, SHAPE(2), VALUES(2, 3));
    dg_tensor_release(&out);
    dg_tensor_release(&row);
    dg_tensor_release(&turned);
    dg_tensor_release(&t);
    assert_ok(dg_tensor_zeros(&t, DG_FLOAT32, SHAPE(0, 4)));
    assert_ok(dg_tensor_nonzero(&out, &t, 1));
    support_expect(&out, DG_INT32, SHAPE(0, 2), NULL);
    dg_tensor_release(&out);
    dg_tensor_release(&t);
}

/* --- reductions ------------------------------------------------------------------------------ */

/* Over `n` values, `step` apart from position `first` on. */
static double plain_reduce(dg_reduction op, const dg_tensor *t, int64_t first, int64_t n,
                           int64_t step)
{
    double sum = 0, squares = 0, best = 0;
    int64_t place = 0;
    for (int64_t i = 0; i < n; i++) {
        double value = support_at(t, first + i * step);
        bool low = op == DG_REDUCE_MIN || op == DG_REDUCE_ARGMIN;
        sum += value;
        if (i == 0 || (low ? value < best : value > best) || (isnan(value) && !isnan(best))) {
            best = value;
            place = i;
        }
    }
    for (int64_t i = 0; i < n; i++)
        squares += pow(support_at(t, first + i * step) - sum / (double)n, 2);
    switch (op) {
    case DG_REDUCE_SUM: return sum;
    case DG_REDUCE_MEAN: return sum / (double)n;
    case DG_REDUCE_VAR: return squares / (double)n;
    case DG_REDUCE_STD: return sqrt(squares / (double)n);
    case DG_REDUCE_MIN:
    case DG_REDUCE_MAX: return best;
    default: return (double)(place + 1);
    }
}

static void check_reduction(dg_reduction op, const dg_tensor *t, int axis)
{
    int64_t outer = 1, n = 1, inner = 1;
    for (int i = 0; i < t->axes; i++)
        *(axis == DG_ALL_AXES || i == axis ? &n : i < axis ? &outer : &inner) *= t->shape[i];
    dg_tensor out, kept;
    dg_status status = dg_tensor_reduce(&out, op, t, axis, false, 1);
    if (op >= DG_REDUCE_MIN && n == 0 && outer * inner > 0) {
        assert_fails_with(status, DG_INVALID,
                          op == DG_REDUCE_MAX || op == DG_REDUCE_ARGMAX ? "to take the maximum of"
                                                                        : "to take the minimum of");
        return;
    }
    assert_ok(status);
    assert_int_equal(dg_tensor_count(&out), outer * inner);
    for (int64_t i = 0; i < outer * inner; i++) {
        int64_t first = i / inner * n * inner + i % inner;
        double wanted = plain_reduce(op, t, first, n, inner);
        assert_true(near(support_at(&out, i), wanted) || fabs(support_at(&out, i) - wanted) < 1e-6);
    }
    assert_ok(dg_tensor_reduce(&kept, op, t, axis, true, 1));
    assert_int_equal(kept.axes, t->axes);
    assert_int_equal(dg_tensor_count(&kept), dg_tensor_count(&out));
    dg_tensor_release(&out);
    dg_tensor_release(&kept);
}

static void random_reductions(void **state)
{
    (void)state;
    uint64_t random = 4;
    for (int round = 0; round < 600; round++) {
        dg_tensor t = support_random_view(&random);
        int axis = t.axes ? (int)support_random(&random, t.axes + 1) - 1 : -1;
        if (t.dtype == DG_FLOAT32 && dg_tensor_count(&t) && support_random(&random, 4) == 0) {
            int64_t at[DG_MAX_AXES] = { 0 };
            assert_ok(dg_tensor_set(&t, at, NAN));
        }
        for (int op = DG_REDUCE_SUM; op <= DG_REDUCE_ARGMAX; op++)
            check_reduction((dg_reduction)op, &t, axis < 0 ? DG_ALL_AXES : axis);
        double sum = plain_reduce(DG_REDUCE_SUM, &t, 0, dg_tensor_count(&t), 1);
        assert_true(near(dg_tensor_sum(&t), sum));
        dg_tensor_release(&t);
    }
}

/* Long enough for several pieces, over each axis; the same bits for one thread and for three. */
static void long_reductions(void **state)
{
    (void)state;
    const int64_t shapes[][3] = {
        { 1, 500000, 1 }, { 3, 90000, 2 }, { 700, 1, 700 }, { 2, 300, 1500 }, { 4000, 100, 1 }
    };
    int before = dg_threads();
    for (int i = 0; i < 5; i++) {
        dg_tensor t, one, three;
        assert_ok(dg_tensor_normal(&t, 3, shapes[i], 1, 2, 5));
        for (int op = DG_REDUCE_SUM; op <= DG_REDUCE_ARGMAX; op++) {
            assert_ok(dg_set_threads(1));
            assert_ok(dg_tensor_reduce(&one, (dg_reduction)op, &t, 1, false, 1));
            assert_ok(dg_set_threads(3));
            assert_ok(dg_tensor_reduce(&three, (dg_reduction)op, &t, 1, false, 1));
            assert_true(dg_tensor_equal(&one, &three));
            int64_t outer = shapes[i][0] - 1, inner = shapes[i][2] - 1;
            int64_t first = outer * shapes[i][1] * shapes[i][2] + inner;
            double wanted = plain_reduce((dg_reduction)op, &t, first, shapes[i][1], shapes[i][2]);
            double value = support_at(&one, dg_tensor_count(&one) - 1);
            assert_true(near(value, wanted));
            dg_tensor_release(&one);
            dg_tensor_release(&three);
        }
        dg_tensor_release(&t);
    }
    assert_ok(dg_set_threads(before));
}

static void integer_sums_are_exact(void **state)
{
    (void)state;
    dg_tensor t, out;
    assert_ok(dg_tensor_full(&t, DG_INT32, SHAPE(2, 3000000), 2147483647));
    assert_true(dg_tensor_sum(&t) == 6000000.0 * 2147483647.0);
    assert_fails_with(dg_tensor_reduce(&out, DG_REDUCE_SUM, &t, DG_ALL_AXES, false, 1), DG_INVALID,
                      "does not fit int32");
    for (int i = 0; i < 3000000; i++) dg_int32s(&t)[i] = -2147483646;
    assert_ok(dg_tensor_reduce(&out, DG_REDUCE_SUM, &t, DG_ALL_AXES, false, 1));
    support_expect(&out, DG_INT32, 0, NULL, VALUES(3000000));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_reduce(&out, DG_REDUCE_MEAN, &t, DG_ALL_AXES, false, 1));
    support_expect(&out, DG_FLOAT32, 0, NULL, VALUES(0.5));
    dg_tensor_release(&out);
    dg_tensor_release(&t);
}

static void wrong_axes(void **state)
{
    (void)state;
    dg_tensor t, out;
    assert_ok(dg_tensor_zeros(&t, DG_FLOAT32, SHAPE(2, 0)));
    assert_fails(dg_tensor_reduce(&out, DG_REDUCE_SUM, &t, 2, false, 1), DG_INVALID,
                 "axis must be 1 to 2 (or -1, the last) for shape {2, 0}, found 3");
    assert_fails(dg_tensor_reduce(&out, DG_REDUCE_MAX, &t, -1, false, 1), DG_INVALID,
                 "a tensor of shape {2, 0} has no elements to take the maximum of");
    assert_ok(dg_tensor_reduce(&out, DG_REDUCE_MIN, &t, 0, false, 1));
    support_expect(&out, DG_FLOAT32, SHAPE(0), NULL);
    dg_tensor_release(&out);
    dg_tensor_release(&t);
}

/* --- memory that runs out -------------------------------------------------------------------- */

static void running_out_of_memory_loses_nothing(void **state)
{
    support_needs_openblas(state);
    dg_tensor t = support_tensor(DG_INT32, SHAPE(2, 2), VALUES(1, 2, 3, 4)), turned;
    assert_ok(dg_tensor_transpose(&turned, &t, NULL));
    int64_t held = dg_memory_live();
    for (int which = 0; which < 6; which++) {
        int failures = 0;
        for (int after = 0;; after++) {
            dg_tensor out = { 0 };
            dg_status status = DG_OK;
            support_fail_allocation(after);
            switch (which) {
            case 0: status = dg_tensor_binary(&out, DG_BINARY_ADD, &t, &turned); break;
            case 1:
                status = dg_tensor_binary_number(&out, DG_BINARY_ADD, &t, 1, true, false);
                break;
            case 2: status = dg_tensor_unary(&out, DG_UNARY_EXP, &turned); break;
            case 3: status = dg_tensor_nonzero(&out, &turned, 1); break;
            case 4: status = dg_tensor_reduce(&out, DG_REDUCE_STD, &turned, 0, false, 1); break;
            default: status = dg_tensor_matmul(&out, &turned, &t); break;
            }
            support_fail_allocation(-1);
            dg_tensor_release(&out);
            assert_int_equal(dg_memory_live(), held);
            if (status == DG_OK) break;
            assert_int_equal(status, DG_NO_MEMORY);
            failures++;
        }
        assert_true(failures > 0);
    }
    dg_tensor_release(&t);
    dg_tensor_release(&turned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(random_operations),
        leaving_nothing(shapes_must_go_together),
        leaving_nothing(integers_never_wrap),
        leaving_nothing(numbers_as_operands),
        leaving_nothing(nan_is_passed_on),
        leaving_nothing(functions),
        leaving_nothing(positions_of_what_is_not_zero),
        leaving_nothing(random_reductions),
        leaving_nothing(long_reductions),
        leaving_nothing(integer_sums_are_exact),
        leaving_nothing(wrong_axes),
        leaving_nothing(running_out_of_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
