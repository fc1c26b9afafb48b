/* The methods and operators of tensors. */
#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/values/tensor.h"

typedef struct tensor_options {
    dg_ints sizes, axes;
    int other, low, high, axis, dtype;
    bool keep;
} tensor_options;

/* The object of a method, which its call has checked to be a tensor. */
static const dg_tensor *self(lua_State *L)
{
    return dg_want_tensor(L, 1, "the method", "the value");
}

/* --- elementwise ---------------------------------------------------------------------------- */

/* Values 1 and 2: tensors, or one tensor and one number. */
static int binary(lua_State *L, dg_binary op, const char *name)
{
    const dg_tensor *a = dg_test_tensor(L, 1), *b = dg_test_tensor(L, 2);
    int number = a ? 2 : 1;
    if (!a && !b) dg_wrong_type(L, 1, name, "the value", "a tensor");
    if (!(a && b) && lua_type(L, number) != LUA_TNUMBER)
        dg_wrong_type(L, number, name, "the other operand", "a tensor or a number");
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L,
                  a && b ? dg_tensor_binary(out, op, a, b)
                         : dg_tensor_binary_number(out, op, a ? a : b, lua_tonumber(L, number),
                                                   lua_isinteger(L, number), !a),
                  name);
    return 1;
}

static int call_binary(lua_State *L, const void *options)
{
    (void)options;
    return binary(L, (dg_binary)dg_called(L)->code, dg_called(L)->name);
}

/* Upvalues: the code of the operation and its sign. */
static int operate(lua_State *L)
{
    return binary(L, (dg_binary)lua_tointeger(L, lua_upvalueindex(1)),
                  lua_touserdata(L, lua_upvalueindex(2)));
}

void dg_set_tensor_operators(lua_State *L)
{
    static const struct {
        const char *event, *sign;
        dg_binary op;
    } operators[] = { { "__add", "+", DG_BINARY_ADD }, { "__sub", "-", DG_BINARY_SUB },
                      { "__mul", "*", DG_BINARY_MUL }, { "__div", "/", DG_BINARY_DIV },
                      { "__mod", "%", DG_BINARY_MOD }, { "__pow", "^", DG_BINARY_POW } };
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        lua_pushinteger(L, operators[i].op);
        lua_pushlightuserdata(L, (void *)operators[i].sign);
        lua_pushcclosure(L, operate, 2);
        lua_setfield(L, -2, operators[i].event);
    }
}

static int unary(lua_State *L)
{
    const dg_tensor *tensor = self(L);
    return dg_check_done(L,
                         dg_tensor_unary(dg_push_tensor(L), (dg_unary)dg_called(L)->code, tensor));
}

static int negate(lua_State *L)
{
    const dg_tensor *tensor = self(L);
    dg_check_call(L, dg_tensor_unary(dg_push_tensor(L), DG_UNARY_NEG, tensor), "-");
    return 1;
}

static int clip(lua_State *L, const void *options)
{
    const tensor_options *o = options;
    const dg_tensor *tensor = self(L);
    double low = lua_tonumber(L, o->low), high = lua_tonumber(L, o->high);
    if (!(low <= high)) dg_raise(L, "clip: low (%f) must not be above high (%f)", low, high);
    dg_tensor *raised = dg_push_tensor(L), *out = dg_push_tensor(L);
    bool whole[] = { lua_isinteger(L, o->low), lua_isinteger(L, o->high) };
    dg_check_done(L,
                  dg_tensor_binary_number(raised, DG_BINARY_MAXIMUM, tensor, low, whole[0], false));
    return dg_check_done(
        L, dg_tensor_binary_number(out, DG_BINARY_MINIMUM, raised, high, whole[1], false));
}

/* --- reductions ----------------------------------------------------------------------------- */

static int reduce(lua_State *L, const void *options)
{
    const tensor_options *o = options;
    const dg_tensor *tensor = self(L);
    dg_reduction op = (dg_reduction)dg_called(L)->code;
    int axis = o->axis ? dg_axis(lua_tointeger(L, o->axis)) : DG_ALL_AXES;
    if (op == DG_REDUCE_SUM && axis == DG_ALL_AXES && !o->keep) {
        dg_push_element(L, tensor->dtype, dg_tensor_sum(tensor)); /* no limit of 32 bits */
        return 1;
    }
    dg_check_done(L, dg_tensor_reduce(dg_push_tensor(L), op, tensor, axis, o->keep, 1));
    return dg_return_tensor(L);
}

/* The code says what is counted: elements other than zero (DG_BINARY_NE), of which there must be at
 * least one, or zeros (DG_BINARY_EQ), of which there must be none. */
static int any_or_all(lua_State *L)
{
    dg_binary op = (dg_binary)dg_called(L)->code;
    const dg_tensor *tensor = self(L);
    dg_tensor *flags = dg_push_tensor(L);
    dg_check_done(L, dg_tensor_binary_number(flags, op, tensor, 0, true, false));
    lua_pushboolean(L, (dg_tensor_sum(flags) > 0) == (op == DG_BINARY_NE));
    return 1;
}

static int nonzero(lua_State *L)
{
    const dg_tensor *tensor = self(L);
    return dg_check_done(L, dg_tensor_nonzero(dg_push_tensor(L), tensor, 1));
}

/* --- shapes and copies ---------------------------------------------------------------------- */

static int reshape(lua_State *L, const void *options)
{
    const tensor_options *o = options;
    const dg_tensor *tensor = self(L);
    return dg_check_done(L,
                         dg_tensor_reshape(dg_push_tensor(L), tensor, o->sizes.count, o->sizes.at));
}

static int transpose(lua_State *L, const void *options)
{
    const tensor_options *o = options;
    const dg_tensor *tensor = self(L);
    int order[DG_MAX_AXES], count = o->axes.count;
    if (count && count != tensor->axes)
        dg_raise(L, "transpose: axes must name all %d axes, found %d", tensor->axes, count);
    for (int i = 0; i < count; i++) {
        order[i] = dg_axis(o->axes.at[i]);
        if (o->axes.at[i] == 0)
            dg_raise(L, "transpose: axes count from 1, or from -1 for the last, found 0");
    }
    return dg_check_done(L, dg_tensor_transpose(dg_push_tensor(L), tensor, count ? order : NULL));
}

static int astype(lua_State *L, const void *options)
{
    const tensor_options *o = options;
    const dg_tensor *tensor = self(L);
    return dg_check_done(L, dg_tensor_astype(dg_push_tensor(L), tensor, (dg_dtype)o->dtype));
}

static int copy(lua_State *L)
{
    const dg_tensor *tensor = self(L);
    return dg_check_done(L, dg_tensor_copy(dg_push_tensor(L), tensor));
}

static int matmul(lua_State *L, const void *options)
{
    const tensor_options *o = options;
    const dg_tensor *tensor = self(L);
    dg_check_done(L, dg_tensor_matmul(dg_push_tensor(L), tensor, dg_test_tensor(L, o->other)));
    return dg_return_tensor(L);
}

static int item(lua_State *L)
{
    const dg_tensor *tensor = self(L);
    double value;
    if (dg_tensor_count(tensor) != 1)
        dg_raise(L, "item: the tensor must have one element, found %I",
                 (lua_Integer)dg_tensor_count(tensor));
    dg_check_status(L, dg_tensor_get(tensor, (int64_t[DG_MAX_AXES]){ 0 }, &value));
    dg_push_element(L, tensor->dtype, value);
    return 1;
}

static int equal(lua_State *L)
{
    const dg_tensor *a = dg_test_tensor(L, 1), *b = dg_test_tensor(L, 2);
    lua_pushboolean(L, a && b && dg_tensor_equal(a, b));
    return 1;
}

static int call_equal(lua_State *L, const void *options)
{
    (void)options;
    return equal(L);
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
    return dg_raise(L, "tensors have no order: a:lt(b), le, gt and ge compare elements");
}

static int tensor_tostring(lua_State *L)
{
    const dg_tensor *tensor = luaL_checkudata(L, 1, DG_TENSOR);
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
    { "__unm", negate },
    { "__eq", equal },
    { "__lt", tensor_no_order },
    { "__le", tensor_no_order },
    { "__len", tensor_len },
    { "__tostring", tensor_tostring },
    { "__newindex", dg_lua_tensor_newindex },
    { "__elements", dg_lua_tensor_elements },
    { "__gc", dg_lua_tensor_gc },
    { NULL, NULL },
};

/* --- the list ------------------------------------------------------------------------------- */

static bool read_operand(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return lua_type(L, index) == LUA_TNUMBER || dg_test_tensor(L, index);
}

static const dg_lua_handle operand_handle = { { "operand", "a tensor or a number" }, read_operand };

#define VALUE(field, kind, ...)                                                                    \
    DG_SLOT(tensor_options, field, .required = true, .handle = &kind.handle, __VA_ARGS__)

static const dg_param binary_params[] = {
    VALUE(other, operand_handle, .doc = "a number, or a tensor that broadcasts"),
    DG_END,
};

static const dg_param reduce_params[] = {
    DG_SLOT(tensor_options, axis, .handle = &dg_axis_handle.handle,
            .doc = "the axis to reduce; nil: all elements"),
    DG_BOOL(tensor_options, keep, .named_only = true, .doc = "keep the axis, with size 1"),
    DG_END,
};

static const dg_hint reduce_hints[] = {
    { "keepdims", "use keep = true" },
    { "dim", "use axis = ..." },
    { NULL },
};

#define PLAIN(word, called, text) DG_PLAIN_FUNCTION(word, called, text, "t:" word "()")
#define UNARY(word, op, text) DG_PLAIN_FUNCTION(word, unary, text, "t:" word "()", .code = op)
#define BINARY(word, op, text)                                                                     \
    DG_FUNCTION(word, call_binary, text, "t:" word "(2)", .params = binary_params,                 \
                .size = sizeof(tensor_options), .arguments = 1, .code = op)
#define COMPARISON(word, op, sign)                                                                 \
    BINARY(word, op, "Elementwise, 1 where true and 0 elsewhere, uint8: self " sign " other.")
#define REDUCTION(word, op, text)                                                                  \
    DG_FUNCTION(word, reduce, text, "t:" word "() or t:" word " { axis = -1 }",                    \
                .params = reduce_params, .size = sizeof(tensor_options), .hints = reduce_hints,    \
                .code = op)

const dg_function dg_tensor_methods[] = {
    DG_FUNCTION(
        "reshape", reshape, "The same elements in another shape. Shares memory where it can.",
        "t:reshape { 2, -1 } or t:reshape(2, -1)",
        DG_TAKES(tensor_options,
                 DG_INTS(tensor_options, sizes, .required = true, DG_AT_LEAST(-1),
                         .count_high = DG_MAX_AXES,
                         .doc = "the new sizes of the axes; one may be -1, which is inferred")),
        .arguments = DG_FREE_ARGUMENTS),
    DG_FUNCTION(
        "transpose", transpose, "The axes in another order. Shares memory.",
        "t:transpose() or t:transpose { 2, 1 }",
        DG_TAKES(tensor_options, DG_INTS(tensor_options, axes, DG_WITHIN(-DG_MAX_AXES, DG_MAX_AXES),
                                         .count_high = DG_MAX_AXES,
                                         .doc = "the axes in their new order; nil: reversed")),
        .arguments = DG_FREE_ARGUMENTS),
    DG_FUNCTION("astype", astype,
                "A copy with another type; a value that does not fit is an error.",
                "t:astype \"float32\"",
                DG_TAKES(tensor_options,
                         DG_CHOICE(tensor_options, dtype, .required = true,
                                   .choices = dg_dtype_words, .doc = "the type of the copy")),
                .arguments = 1),
    PLAIN("copy", copy, "A copy that shares no memory."),
    DG_FUNCTION(
        "matmul", matmul,
        "The matrix product, float32, by OpenBLAS, whose last bits differ between processors; "
        "no learner uses it.",
        "a:matmul(b)",
        DG_TAKES(tensor_options, VALUE(other, dg_tensor_handle, .doc = "the right factor")),
        .arguments = 1),
    PLAIN("item", item, "The number in a tensor of one element."),
    PLAIN("totable", dg_lua_tensor_totable, "The elements as nested Lua lists."),
    DG_FUNCTION("equal", call_equal, "Whether type, shape and all elements are the same; as ==.",
                "a:equal(b)",
                DG_TAKES(tensor_options, VALUE(other, dg_any_handle,
                                               .doc = "a tensor; nothing else is equal to one")),
                .arguments = 1),
    REDUCTION("sum", DG_REDUCE_SUM, "The sum of all elements, or along an axis."),
    REDUCTION("mean", DG_REDUCE_MEAN, "The mean, float32."),
    REDUCTION("std", DG_REDUCE_STD, "The standard deviation (dividing by n), float32."),
    REDUCTION("var", DG_REDUCE_VAR, "The variance (dividing by n), float32."),
    REDUCTION("min", DG_REDUCE_MIN, "The smallest element."),
    REDUCTION("max", DG_REDUCE_MAX, "The largest element."),
    REDUCTION("argmin", DG_REDUCE_ARGMIN,
              "The position of the smallest element, from 1; of equal ones, the first."),
    REDUCTION("argmax", DG_REDUCE_ARGMAX,
              "The position of the largest element, from 1; of equal ones, the first."),
    DG_PLAIN_FUNCTION("any", any_or_all, "Whether any element is not zero.", "t:any()",
                      .code = DG_BINARY_NE),
    DG_PLAIN_FUNCTION("all", any_or_all, "Whether no element is zero.", "t:all()",
                      .code = DG_BINARY_EQ),
    PLAIN("nonzero", nonzero,
          "The positions of the elements that are not zero: {n} int32 for one axis, else "
          "{n, axes}."),
    COMPARISON("eq", DG_BINARY_EQ, "=="),
    COMPARISON("ne", DG_BINARY_NE, "~="),
    COMPARISON("lt", DG_BINARY_LT, "<"),
    COMPARISON("le", DG_BINARY_LE, "<="),
    COMPARISON("gt", DG_BINARY_GT, ">"),
    COMPARISON("ge", DG_BINARY_GE, ">="),
    UNARY("logical_not", DG_UNARY_NOT, "1 where an element is zero, else 0; uint8."),
    BINARY("minimum", DG_BINARY_MINIMUM, "Elementwise, the smaller of self and other."),
    BINARY("maximum", DG_BINARY_MAXIMUM, "Elementwise, the larger of self and other."),
    DG_FUNCTION("clip", clip, "The elements, limited to the range from low to high.",
                "t:clip(0, 1)",
                DG_TAKES(tensor_options, VALUE(low, dg_number_handle, .doc = "the lower bound"),
                         VALUE(high, dg_number_handle, .doc = "the upper bound")),
                .arguments = 2),
    UNARY("abs", DG_UNARY_ABS, "Elementwise absolute value."),
    UNARY("exp", DG_UNARY_EXP, "Elementwise e^x, float32."),
    UNARY("log", DG_UNARY_LOG, "Elementwise natural logarithm, float32."),
    UNARY("sqrt", DG_UNARY_SQRT, "Elementwise square root, float32."),
    UNARY("tanh", DG_UNARY_TANH, "Elementwise hyperbolic tangent, float32."),
    UNARY("sigmoid", DG_UNARY_SIGMOID, "Elementwise 1 / (1 + e^-x), float32."),
    UNARY("floor", DG_UNARY_FLOOR, "Elementwise, rounded down to a whole number."),
    UNARY("ceil", DG_UNARY_CEIL, "Elementwise, rounded up to a whole number."),
    UNARY("round", DG_UNARY_ROUND, "Elementwise, the nearest whole number."),
    { NULL, NULL, NULL },
};
