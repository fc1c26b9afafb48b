/* The class of tensors, and the functions that make them. */
#include "bindings/calls/check.h"
#include "bindings/calls/define.h"
#include "bindings/calls/described.h"
#include "bindings/calls/tables.h"
#include "bindings/values/tensor.h"

/* --- properties ----------------------------------------------------------------------------- */

static int tensor_shape(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "shape", "the tensor");
    dg_push_list(L, tensor->axes);
    for (int i = 0; i < tensor->axes; i++) {
        lua_pushinteger(L, tensor->shape[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int tensor_dtype(lua_State *L)
{
    lua_pushstring(L, dg_dtype_name(dg_want_tensor(L, 1, "dtype", "the tensor")->dtype));
    return 1;
}

static const dg_property properties[] = {
    { "shape", tensor_shape, "shape\nThe sizes of the axes, a list such as {2, 3}; a copy." },
    { "dtype", tensor_dtype,
      "dtype\nThe type of the elements: \"float32\", \"uint8\" or \"int32\"." },
    { NULL, NULL, NULL },
};

static const dg_class tensor_class = {
    .name = DG_TENSOR,
    .doc =
        "tensor\n"
        "An array of float32, uint8 or int32 numbers with up to 8 axes.\n"
        "t[i] is a number or a row, which shares its memory with t; t[{ 1, { 2, 5 }, {} }] picks "
        "an index,\nan inclusive range or all of each axis; negative indices count from the end; "
        "t[rows] with a\ntensor of row numbers copies these rows. All of these can be assigned a "
        "number or a tensor.\n"
        "+ - * / % ^ work elementwise and broadcast; == compares whole tensors.",
    .methods = dg_tensor_methods,
    .properties = properties,
    .metamethods = dg_tensor_metamethods,
    .index = dg_lua_tensor_index,
};

/* --- making --------------------------------------------------------------------------------- */

/* The options of all these functions; value, values, numbers, tensors and axis are places on the
 * stack. */
typedef struct making {
    dg_ints sizes;
    int value, values, numbers, tensors, axis, dtype;
    double low, high, mean, stddev;
    dg_optional_seed seed;
} making;

/* The code of the function is the value, unless one is given. */
static int make_filled(lua_State *L, const void *options)
{
    const making *o = options;
    const dg_function *called = dg_called(L);
    double value = o->value ? lua_tonumber(L, o->value) : called->code;
    dg_tensor *out = dg_push_tensor(L);
    return dg_check_done(
        L, dg_tensor_full(out, (dg_dtype)o->dtype, o->sizes.count, o->sizes.at, value));
}

static int make_range(lua_State *L, const void *options)
{
    const making *o = options;
    double number[3] = { 0, 0, 1 };
    int count = (int)lua_rawlen(L, o->numbers);
    bool whole = true;
    if (count < 1 || count > 3)
        dg_raise(L, "range: expected { stop } or { start, stop, step }, found %d numbers", count);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, o->numbers, i + 1);
        number[count == 1 ? 1 : i] = dg_want_number(L, -1, "range", "each of numbers");
        whole = whole && lua_isinteger(L, -1);
    }
    dg_dtype dtype = o->dtype >= 0 ? (dg_dtype)o->dtype : whole ? DG_INT32 : DG_FLOAT32;
    dg_tensor *out = dg_push_tensor(L);
    return dg_check_done(L, dg_tensor_range(out, dtype, number[0], number[1], number[2]));
}

static int make_uniform(lua_State *L, const void *options)
{
    const making *o = options;
    dg_tensor *out = dg_push_tensor(L);
    return dg_check_done(L, dg_tensor_uniform(out, o->sizes.count, o->sizes.at, (float)o->low,
                                              (float)o->high, dg_seed_or_next(&o->seed)));
}

static int make_normal(lua_State *L, const void *options)
{
    const making *o = options;
    dg_tensor *out = dg_push_tensor(L);
    return dg_check_done(L, dg_tensor_normal(out, o->sizes.count, o->sizes.at, (float)o->mean,
                                             (float)o->stddev, dg_seed_or_next(&o->seed)));
}

static int make_tensor(lua_State *L, const void *options)
{
    const making *o = options;
    dg_dtype dtype = (dg_dtype)o->dtype;
    if (!o->values && lua_type(L, 1) != LUA_TTABLE)
        dg_wrong_type(L, 1, "tensor", "values", "a number, a list of numbers or a list of tensors");
    dg_push_tensor_of(L, o->values ? o->values : 1, "tensor", o->dtype >= 0 ? &dtype : NULL);
    return 1;
}

static int concat(lua_State *L, const void *options)
{
    const making *o = options;
    int count = (int)lua_rawlen(L, o->tensors);
    const dg_tensor **tensors = dg_scratch(L, (size_t)count, sizeof *tensors);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, o->tensors, i + 1);
        tensors[i] = dg_want_tensor(L, -1, "concat", "each of tensors");
        lua_pop(L, 1); /* the table keeps it */
    }
    int axis = o->axis ? dg_axis(lua_tointeger(L, o->axis)) : 0;
    return dg_check_done(L, dg_tensor_concat(dg_push_tensor(L), count, tensors, axis));
}

#define SIZES                                                                                      \
    DG_INTS(making, sizes, .required = true, DG_AT_LEAST(0), .count_high = DG_MAX_AXES,            \
            .doc = "the size of each axis")
#define DTYPE(...)                                                                                 \
    DG_CHOICE(making, dtype, .named_only = true, .choices = dg_dtype_words, __VA_ARGS__)
#define ANY_DTYPE DTYPE(.optional = true, .doc = "nil: int32 for Lua integers, else float32")
#define A_DTYPE DTYPE(.doc = "the type of the elements")
#define NUMBER(field, ...) DG_FLOAT(making, field, .named_only = true, __VA_ARGS__)
#define RANDOM_SEED                                                                                \
    DG_SEED(making, seed, .named_only = true, .doc = "nil: derived from digits.seed")
#define LIST(field, ...)                                                                           \
    DG_SLOT(making, field, .rest = true, .handle = &dg_table_handle.handle, __VA_ARGS__)
#define FREE .arguments = DG_FREE_ARGUMENTS

static const dg_function constructors[] = {
    DG_FUNCTION("tensor", make_tensor, "A tensor from numbers, or from tensors of one shape.",
                "digits.tensor { { 0, 1 }, { 2, 3 }, dtype = \"uint8\" }",
                DG_TAKES(making,
                         DG_SLOT(making, values, .rest = true, .handle = &dg_any_handle.handle,
                                 .doc = "numbers, nested lists of them, or tensors"),
                         ANY_DTYPE)),
    DG_FUNCTION("zeros", make_filled, "A tensor of zeros.", "digits.zeros { 2, 3 }",
                DG_TAKES(making, SIZES, A_DTYPE), FREE, .code = 0),
    DG_FUNCTION("ones", make_filled, "A tensor of ones.", "digits.ones { 2, 3 }",
                DG_TAKES(making, SIZES, A_DTYPE), FREE, .code = 1),
    DG_FUNCTION(
        "full", make_filled, "A tensor with the same value everywhere.",
        "digits.full { 2, 3, value = 0.5 } or digits.full({ 2, 3 }, 0.5)",
        DG_TAKES(making, SIZES,
                 DG_SLOT(making, value, .required = true, .handle = &dg_number_handle.handle,
                         .doc = "the value of every element"),
                 A_DTYPE),
        FREE, DG_HINTS({ "fill_value", "use value = ..." })),
    DG_FUNCTION("range", make_range,
                "The numbers start, start + step ... up to but not including stop.",
                "digits.range { 0, 10, 2 }",
                DG_TAKES(making,
                         LIST(numbers, .required = true,
                              .doc = "stop; start and stop; or start, stop and step"),
                         ANY_DTYPE),
                FREE),
    DG_FUNCTION("uniform", make_uniform,
                "Random numbers, uniformly distributed from low up to but not including high.",
                "digits.uniform { 2, 3, seed = 1 }",
                DG_TAKES(making, SIZES, NUMBER(low, .doc = "the lower bound"),
                         NUMBER(high, .default_number = 1,
                                .doc = "the upper bound, which is never reached"),
                         RANDOM_SEED),
                FREE, DG_HINTS({ "minval", "use low = ..." }, { "maxval", "use high = ..." })),
    DG_FUNCTION("normal", make_normal, "Normally distributed random numbers.",
                "digits.normal { 2, 3, seed = 1 }",
                DG_TAKES(making, SIZES, NUMBER(mean, .doc = "the mean of the distribution"),
                         NUMBER(stddev, DG_AT_LEAST(0), .default_number = 1,
                                .doc = "the standard deviation"),
                         RANDOM_SEED),
                FREE,
                DG_HINTS({ "std", "use stddev = ..." }, { "scale", "use stddev = ..." },
                         { "loc", "use mean = ..." })),
    DG_FUNCTION(
        "concat", concat, "Tensors of one type, one after another along an axis.",
        "digits.concat { a, b }",
        DG_TAKES(making, LIST(tensors, .required = true, .doc = "tensors of one type"),
                 DG_SLOT(making, axis, .named_only = true, .handle = &dg_axis_handle.handle,
                         .default_text = "1", .doc = "the axis along which they are joined"))),
    { NULL, NULL, NULL },
};

void dg_open_tensor(lua_State *L)
{
    dg_add_word(L, "tensor", &dg_tensor_handle);
    dg_class_register(L, &tensor_class);
    luaL_getmetatable(L, DG_TENSOR);
    dg_set_tensor_operators(L);
    lua_pop(L, 1);
    dg_set_functions(L, constructors, "digits.");
}
