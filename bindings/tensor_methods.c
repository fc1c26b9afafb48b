/* What can be done with a tensor: methods and operators. */
#include <math.h>

#include "bindings/check.h"
#include "bindings/tensor.h"
#include "engine/base/memory.h"

/* --- elementwise ---------------------------------------------------------------------------- */

/* Arguments 1 and 2: tensors, or one tensor and one number. */
static int binary(lua_State *L, dg_binary op, const char *name)
{
    const dg_tensor *a = dg_test_tensor(L, 1), *b = dg_test_tensor(L, 2);
    dg_tensor *out;
    if (a && b) {
        out = dg_push_tensor(L);
        dg_check_call(L, dg_tensor_binary(out, op, a, b), name);
        return 1;
    }
    if (!a && !b) dg_wrong_type(L, 1, name, "the value", "a tensor");
    int number = a ? 2 : 1;
    if (lua_type(L, number) != LUA_TNUMBER)
        dg_wrong_type(L, number, name, "the other operand", "a tensor or a number");
    out = dg_push_tensor(L);
    dg_check_call(L,
                  dg_tensor_binary_number(out, op, a ? a : b, lua_tonumber(L, number),
                                          lua_isinteger(L, number), !a),
                  name);
    return 1;
}

#define BINARY(function, op, name)                                                                 \
    static int function(lua_State *L)                                                              \
    {                                                                                              \
        return binary(L, op, name);                                                                \
    }
BINARY(tensor_add, DG_ADD, "+")
BINARY(tensor_sub, DG_SUB, "-")
BINARY(tensor_mul, DG_MUL, "*")
BINARY(tensor_div, DG_DIV, "/")
BINARY(tensor_mod, DG_MOD, "%")
BINARY(tensor_pow, DG_POW, "^")
BINARY(tensor_minimum, DG_MINIMUM, "minimum")
BINARY(tensor_maximum, DG_MAXIMUM, "maximum")
BINARY(tensor_eq, DG_EQ, "eq")
BINARY(tensor_ne, DG_NE, "ne")
BINARY(tensor_lt, DG_LT, "lt")
BINARY(tensor_le, DG_LE, "le")
BINARY(tensor_gt, DG_GT, "gt")
BINARY(tensor_ge, DG_GE, "ge")

static int unary(lua_State *L, dg_unary op, const char *name)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, name, "the value");
    dg_check_call(L, dg_tensor_unary(dg_push_tensor(L), op, tensor), name);
    return 1;
}

#define UNARY(function, op, name)                                                                  \
    static int function(lua_State *L)                                                              \
    {                                                                                              \
        return unary(L, op, name);                                                                 \
    }
UNARY(tensor_neg, DG_UNARY_NEG, "-")
UNARY(tensor_abs, DG_UNARY_ABS, "abs")
UNARY(tensor_exp, DG_UNARY_EXP, "exp")
UNARY(tensor_log, DG_UNARY_LOG, "log")
UNARY(tensor_sqrt, DG_UNARY_SQRT, "sqrt")
UNARY(tensor_tanh, DG_UNARY_TANH, "tanh")
UNARY(tensor_sigmoid, DG_UNARY_SIGMOID, "sigmoid")
UNARY(tensor_floor, DG_UNARY_FLOOR, "floor")
UNARY(tensor_ceil, DG_UNARY_CEIL, "ceil")
UNARY(tensor_round, DG_UNARY_ROUND, "round")
UNARY(tensor_logical_not, DG_UNARY_NOT, "logical_not")

static int tensor_clip(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "clip", "the value");
    double low = dg_want_number(L, 2, "clip", "the lower bound");
    double high = dg_want_number(L, 3, "clip", "the upper bound");
    if (!(low <= high)) dg_raise(L, "clip: the lower bound %f is above the upper %f", low, high);
    dg_tensor *raised = dg_push_tensor(L);
    dg_check_call(
        L, dg_tensor_binary_number(raised, DG_MAXIMUM, tensor, low, lua_isinteger(L, 2), false),
        "clip");
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(
        L, dg_tensor_binary_number(out, DG_MINIMUM, raised, high, lua_isinteger(L, 3), false),
        "clip");
    return 1;
}

/* --- reductions ----------------------------------------------------------------------------- */

static int reduce(lua_State *L, dg_reduction op, const char *name)
{
    static const char *const names[] = { "axis", "keep", NULL };
    static const char *const hints[] = { "keepdims", "use keep = true", "dim", "use axis = ...",
                                         NULL };
    const dg_tensor *tensor = dg_want_tensor(L, 1, name, "the value");
    int axis = DG_ALL_AXES;
    bool keep = false;
    if (lua_type(L, 2) == LUA_TNUMBER) {
        axis = dg_want_axis(L, 2, name, tensor->axes);
    } else {
        dg_args args = dg_args_open(L, 2, name, names, hints, 1);
        if (dg_args_push_either(&args, 1, "axis")) axis = dg_want_axis(L, -1, name, tensor->axes);
        dg_args_boolean(&args, "keep", &keep);
    }
    if (op == DG_SUM && axis == DG_ALL_AXES && !keep) {
        dg_push_element(L, tensor->dtype, dg_tensor_sum(tensor)); /* no limit of 32 bits */
        return 1;
    }
    dg_check_call(L, dg_tensor_reduce(dg_push_tensor(L), op, tensor, axis, keep, 1), name);
    return dg_return_tensor(L);
}

#define REDUCTION(function, op, name)                                                              \
    static int function(lua_State *L)                                                              \
    {                                                                                              \
        return reduce(L, op, name);                                                                \
    }
REDUCTION(tensor_sum, DG_SUM, "sum")
REDUCTION(tensor_mean, DG_MEAN, "mean")
REDUCTION(tensor_std, DG_STD, "std")
REDUCTION(tensor_var, DG_VAR, "var")
REDUCTION(tensor_min, DG_MIN, "min")
REDUCTION(tensor_max, DG_MAX, "max")
REDUCTION(tensor_argmin, DG_ARGMIN, "argmin")
REDUCTION(tensor_argmax, DG_ARGMAX, "argmax")

/* How many elements are zero (`op` DG_EQ) or not (DG_NE). */
static double count_where(lua_State *L, dg_binary op, const char *name)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, name, "the value");
    dg_tensor *flags = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_binary_number(flags, op, tensor, 0, true, false), name);
    return dg_tensor_sum(flags);
}

static int tensor_any(lua_State *L)
{
    lua_pushboolean(L, count_where(L, DG_NE, "any") > 0);
    return 1;
}

static int tensor_all(lua_State *L)
{
    lua_pushboolean(L, count_where(L, DG_EQ, "all") == 0);
    return 1;
}

static int tensor_nonzero(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "nonzero", "the value");
    dg_check_call(L, dg_tensor_nonzero(dg_push_tensor(L), tensor, 1), "nonzero");
    return 1;
}

/* --- shapes and copies ---------------------------------------------------------------------- */

/* Sizes given as a list or one by one, from argument 2 on. */
static int want_sizes(lua_State *L, const char *function, const char *name, int64_t *out)
{
    if (lua_type(L, 2) == LUA_TTABLE)
        return dg_want_integers(L, 2, function, name, out, DG_MAX_AXES);
    int count = lua_gettop(L) - 1;
    if (count > DG_MAX_AXES) dg_raise(L, "%s: at most %d axes", function, DG_MAX_AXES);
    if (count == 0) dg_raise(L, "%s: %s must be given, a list of whole numbers", function, name);
    for (int i = 0; i < count; i++)
        out[i] = dg_want_integer(L, i + 2, function, name, INT64_MIN, INT64_MAX);
    return count;
}

static int tensor_reshape(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "reshape", "the value");
    int64_t shape[DG_MAX_AXES];
    int axes = want_sizes(L, "reshape", "the shape", shape);
    dg_check_call(L, dg_tensor_reshape(dg_push_tensor(L), tensor, axes, shape), "reshape");
    return 1;
}

static int tensor_transpose(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "transpose", "the value");
    int order[DG_MAX_AXES];
    bool given = !lua_isnoneornil(L, 2);
    if (given) {
        int64_t axes[DG_MAX_AXES];
        int count = want_sizes(L, "transpose", "the order of the axes", axes);
        if (count != tensor->axes)
            dg_raise(L, "transpose: the order must name all %d axes, found %d", tensor->axes,
                     count);
        for (int i = 0; i < count; i++) {
            lua_pushinteger(L, axes[i]);
            order[i] = dg_want_axis(L, -1, "transpose", tensor->axes);
            lua_pop(L, 1);
        }
    }
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_transpose(out, tensor, given ? order : NULL), "transpose");
    return 1;
}

static int tensor_astype(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "astype", "the value");
    dg_dtype dtype = dg_want_dtype(L, 2, "astype");
    dg_check_call(L, dg_tensor_astype(dg_push_tensor(L), tensor, dtype), "astype");
    return 1;
}

static int tensor_copy(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "copy", "the value");
    dg_check_call(L, dg_tensor_copy(dg_push_tensor(L), tensor), "copy");
    return 1;
}

static int tensor_matmul(lua_State *L)
{
    const dg_tensor *a = dg_want_tensor(L, 1, "matmul", "the value");
    const dg_tensor *b = dg_want_tensor(L, 2, "matmul", "the other operand");
    dg_check_call(L, dg_tensor_matmul(dg_push_tensor(L), a, b), "matmul");
    return dg_return_tensor(L);
}

static int tensor_item(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "item", "the value");
    int64_t at[DG_MAX_AXES] = { 0 };
    double value;
    if (dg_tensor_count(tensor) != 1)
        dg_raise(L, "item: the tensor must have one element, found %I",
                 (lua_Integer)dg_tensor_count(tensor));
    dg_check_status(L, dg_tensor_get(tensor, at, &value));
    dg_push_element(L, tensor->dtype, value);
    return 1;
}

static int tensor_equal(lua_State *L)
{
    const dg_tensor *a = dg_test_tensor(L, 1), *b = dg_test_tensor(L, 2);
    lua_pushboolean(L, a && b && dg_tensor_equal(a, b));
    return 1;
}

/* --- the rest of a value -------------------------------------------------------------------- */

static int tensor_len(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "#", "the value");
    if (tensor->axes == 0) dg_raise(L, "a tensor without axes has no length");
    lua_pushinteger(L, tensor->shape[0]);
    return 1;
}

static int tensor_no_order(lua_State *L)
{
    return dg_raise(L, "tensors have no order: a:lt(b), le, gt, ge compare their elements");
}

static int tensor_tostring(lua_State *L)
{
    const dg_tensor *tensor = luaL_checkudata(L, 1, dg_tensor_class.name);
    if (!tensor->storage) {
        lua_pushliteral(L, "closed tensor");
        return 1;
    }
    dg_test_tensor(L, 1);
    dg_check_status(L, dg_tensor_text(tensor, dg_push_box(L)));
    dg_push_boxed(L);
    return 1;
}

const luaL_Reg dg_tensor_metamethods[] = {
    { "__add", tensor_add },
    { "__sub", tensor_sub },
    { "__mul", tensor_mul },
    { "__div", tensor_div },
    { "__mod", tensor_mod },
    { "__pow", tensor_pow },
    { "__unm", tensor_neg },
    { "__eq", tensor_equal },
    { "__lt", tensor_no_order },
    { "__le", tensor_no_order },
    { "__len", tensor_len },
    { "__tostring", tensor_tostring },
    { "__newindex", dg_tensor_newindex },
    { "__gc", dg_tensor_gc },
    { NULL, NULL },
};

#define AXIS_DOC " { axis = nil, keep = false } or (axis)\n"
#define COMPARE_DOC "(other)\nElementwise, 1 where true and 0 elsewhere, uint8: self "

const dg_function dg_tensor_methods[] = {
    { "reshape", tensor_reshape,
      "reshape { sizes... } or reshape(sizes...)\nThe same elements in another shape; one size may "
      "be -1, what remains. "
      "Shares memory where it can." },
    { "transpose", tensor_transpose,
      "transpose { axes... } or transpose(axes...)\nThe axes in another order, reversed unless it "
      "is given. Shares "
      "memory." },
    { "astype", tensor_astype,
      "astype(dtype)\nA copy of type \"float32\", \"uint8\" or \"int32\"; what does not fit is an "
      "error." },
    { "copy", tensor_copy, "copy()\nA copy that shares no memory." },
    { "matmul", tensor_matmul, "matmul(other)\nThe matrix product, float32." },
    { "item", tensor_item, "item()\nThe number in a tensor of one element." },
    { "totable", dg_tensor_totable, "totable()\nThe elements as nested Lua lists." },
    { "equal", tensor_equal,
      "equal(other)\nWhether type, shape and all elements are the same; as ==." },
    { "sum", tensor_sum, "sum" AXIS_DOC "The sum of all elements, or along an axis." },
    { "mean", tensor_mean, "mean" AXIS_DOC "The mean, float32." },
    { "std", tensor_std, "std" AXIS_DOC "The standard deviation (dividing by n), float32." },
    { "var", tensor_var, "var" AXIS_DOC "The variance (dividing by n), float32." },
    { "min", tensor_min, "min" AXIS_DOC "The smallest element." },
    { "max", tensor_max, "max" AXIS_DOC "The largest element." },
    { "argmin", tensor_argmin,
      "argmin" AXIS_DOC "Where the smallest element is, from 1: the first of equals." },
    { "argmax", tensor_argmax,
      "argmax" AXIS_DOC "Where the largest element is, from 1: the first of equals." },
    { "any", tensor_any, "any()\nWhether any element is not zero." },
    { "all", tensor_all, "all()\nWhether no element is zero." },
    { "nonzero", tensor_nonzero,
      "nonzero()\nThe positions of the elements that are not zero: {n} int32 for one axis, else "
      "{n, axes}." },
    { "eq", tensor_eq, "eq" COMPARE_DOC "== other." },
    { "ne", tensor_ne, "ne" COMPARE_DOC "~= other." },
    { "lt", tensor_lt, "lt" COMPARE_DOC "< other." },
    { "le", tensor_le, "le" COMPARE_DOC "<= other." },
    { "gt", tensor_gt, "gt" COMPARE_DOC "> other." },
    { "ge", tensor_ge, "ge" COMPARE_DOC ">= other." },
    { "logical_not", tensor_logical_not,
      "logical_not()\n1 where an element is zero, else 0; uint8." },
    { "minimum", tensor_minimum, "minimum(other)\nElementwise, the smaller of self and other." },
    { "maximum", tensor_maximum, "maximum(other)\nElementwise, the larger of self and other." },
    { "clip", tensor_clip,
      "clip(low, high)\nElements below low become low, those above high, high." },
    { "abs", tensor_abs, "abs()\nElementwise absolute value." },
    { "exp", tensor_exp, "exp()\nElementwise e^x, float32." },
    { "log", tensor_log, "log()\nElementwise natural logarithm, float32." },
    { "sqrt", tensor_sqrt, "sqrt()\nElementwise square root, float32." },
    { "tanh", tensor_tanh, "tanh()\nElementwise hyperbolic tangent, float32." },
    { "sigmoid", tensor_sigmoid, "sigmoid()\nElementwise 1 / (1 + e^-x), float32." },
    { "floor", tensor_floor, "floor()\nElementwise, the next whole number below." },
    { "ceil", tensor_ceil, "ceil()\nElementwise, the next whole number above." },
    { "round", tensor_round, "round()\nElementwise, the nearest whole number." },
    { NULL, NULL, NULL },
};
