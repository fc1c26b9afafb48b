/* The class of tensors, and the functions that make them. */
#include "bindings/tensor.h"

#include <math.h>
#include <string.h>

#include "bindings/check.h"
#include "bindings/memory.h"

/* --- userdata ------------------------------------------------------------------------------- */

/* A tensor among all that Lua has: a ring, whose head is kept in the registry. */
struct tensor_value {
    dg_tensor tensor; /* first */
    struct tensor_value *next, *previous;
};

static struct tensor_value *push_ring(lua_State *L)
{
    static const char key;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TNIL) {
        lua_pop(L, 1);
        struct tensor_value *head = lua_newuserdatauv(L, sizeof *head, 0);
        *head = (struct tensor_value){ .next = head, .previous = head };
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    }
    return lua_touserdata(L, -1);
}

dg_tensor *dg_push_tensor(lua_State *L)
{
    dg_memory_enter(L);
    luaL_checkstack(L, 4, NULL);
    struct tensor_value *head = push_ring(L);
    struct tensor_value *value = dg_class_push(L, &dg_tensor_class, sizeof *value, 0);
    *value = (struct tensor_value){ .next = head->next, .previous = head };
    value->next->previous = value->previous->next = value;
    lua_remove(L, -2);
    return &value->tensor;
}

int dg_tensor_gc(lua_State *L)
{
    struct tensor_value *value = luaL_checkudata(L, 1, dg_tensor_class.name);
    dg_tensor_release(&value->tensor);
    if (!value->next) return 0; /* was here before */
    value->next->previous = value->previous;
    value->previous->next = value->next;
    value->next = value->previous = NULL;
    return 0;
}

void dg_make_writable(lua_State *L, dg_tensor *tensor)
{
    if (!dg_tensor_is_shared(tensor)) return;
    const dg_storage *storage = tensor->storage;
    dg_tensor copy = { 0 };
    dg_check_status(L, dg_tensor_detach(tensor, &copy));
    const struct tensor_value *head = push_ring(L);
    for (struct tensor_value *value = head->next; value != head; value = value->next)
        if (value->tensor.storage == storage && !value->tensor.read_only)
            dg_tensor_detach(&value->tensor, &copy); /* no more memory is needed */
    dg_tensor_release(&copy);
    lua_pop(L, 1);
}

dg_tensor *dg_test_tensor(lua_State *L, int index)
{
    dg_tensor *tensor = dg_class_test(L, index, &dg_tensor_class);
    if (tensor && !tensor->storage) dg_raise(L, "the tensor was closed");
    dg_memory_enter(L);
    return tensor;
}

static bool read_handle(lua_State *L, int index, dg_value *out)
{
    return (out->pointer = dg_test_tensor(L, index)) != NULL;
}

const dg_lua_handle dg_tensor_handle = { { "tensor", "a tensor" }, read_handle };

dg_tensor *dg_want_tensor(lua_State *L, int index, const char *function, const char *name)
{
    dg_tensor *tensor = dg_test_tensor(L, index);
    if (!tensor) dg_wrong_type(L, index, function, name, "a tensor");
    return tensor;
}

void dg_push_element(lua_State *L, dg_dtype dtype, double value)
{
    if (dtype == DG_FLOAT32)
        dg_push_number(L, value);
    else
        lua_pushinteger(L, (lua_Integer)value);
}

int dg_return_tensor(lua_State *L)
{
    const dg_tensor *tensor = lua_touserdata(L, -1);
    if (tensor->axes > 0) return 1;
    double value;
    dg_check_status(L, dg_tensor_get(tensor, NULL, &value));
    dg_push_element(L, tensor->dtype, value);
    return 1;
}

int dg_want_axis(lua_State *L, int index, const char *function, int axes)
{
    int64_t axis;
    if (axes == 0) dg_raise(L, "%s: the tensor has no axes", function);
    if (!dg_is_integer(L, index, &axis) || axis == 0 || axis > axes || axis < -axes)
        dg_raise(L,
                 "%s: axis must be a whole number from 1 to %d, or -1 to -%d from the last, "
                 "found %s",
                 function, axes, axes, dg_push_found(L, index));
    return (int)(axis > 0 ? axis - 1 : axes + axis);
}

dg_dtype dg_want_dtype(lua_State *L, int index, const char *function)
{
    dg_dtype dtype = DG_FLOAT32;
    const char *name = dg_want_text(L, index, function, "dtype");
    dg_check_call(L, dg_dtype_find(name, &dtype), function);
    return dtype;
}

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

static const dg_function properties[] = {
    { "shape", tensor_shape, "shape\nThe sizes of the axes, a list: {2, 3}." },
    { "dtype", tensor_dtype,
      "dtype\nThe type of the elements: \"float32\", \"uint8\", \"int32\"." },
    { NULL, NULL, NULL },
};

const dg_class dg_tensor_class = {
    .name = "digits.tensor",
    .doc =
        "tensor\n"
        "An array of float32, uint8 or int32 numbers with up to 8 axes.\n"
        "t[i] is a number or a row, which shares its memory with t; t[{ 1, { 2, 5 }, {} }] picks "
        "an index,\nan inclusive range or all of each axis; negative indices count from the end; "
        "t[rows] with a\ntensor of row numbers copies these rows. All of them can be assigned to, "
        "a number or a tensor.\n"
        "+ - * / % ^ work elementwise and broadcast; == compares whole tensors.",
    .methods = dg_tensor_methods,
    .properties = properties,
    .metamethods = dg_tensor_metamethods,
    .index = dg_tensor_index,
};

/* --- making --------------------------------------------------------------------------------- */

/* Opens the options of a constructor and reads the shape before them: zeros { 2, 3, dtype = ... },
 * zeros { { 2, 3 } } or zeros(2, 3). Returns the number of axes. */
static int open_shape(lua_State *L, const char *function, const char *const *names,
                      const char *const *hints, dg_args *args, int64_t *shape)
{
    if (lua_type(L, 1) == LUA_TNUMBER) {
        int axes = lua_gettop(L);
        if (axes > DG_MAX_AXES)
            dg_raise(L, "%s: a shape has at most %d axes", function, DG_MAX_AXES);
        for (int i = 0; i < axes; i++)
            shape[i] = dg_want_integer(L, i + 1, function, "a size", 0, INT64_MAX);
        *args = dg_args_open(L, axes + 1, function, names, hints, -1);
        return axes;
    }
    if (lua_type(L, 1) != LUA_TTABLE) dg_wrong_type(L, 1, function, "the shape", "a list of sizes");
    *args = dg_args_open(L, 1, function, names, hints, -1);
    lua_rawgeti(L, 1, 1);
    bool nested = args->positional == 1 && lua_type(L, -1) == LUA_TTABLE;
    int axes = dg_want_integers(L, nested ? -1 : 1, function, "the shape", shape, DG_MAX_AXES);
    lua_pop(L, 1);
    for (int i = 0; i < axes; i++)
        if (shape[i] < 0)
            dg_raise(L, "%s: a size must be at least 0, found %I at place %d", function,
                     (lua_Integer)shape[i], i + 1);
    return axes;
}

static dg_dtype dtype_option(const dg_args *args, dg_dtype otherwise)
{
    if (!dg_args_push(args, "dtype")) return otherwise;
    dg_dtype dtype = dg_want_dtype(args->L, -1, args->function);
    lua_pop(args->L, 1);
    return dtype;
}

static int make_full(lua_State *L, const char *function, const char *const *names,
                     const char *const *hints, double value)
{
    int64_t shape[DG_MAX_AXES];
    dg_args args;
    bool second = lua_type(L, 1) == LUA_TTABLE && !lua_isnoneornil(L, 2);
    int axes = open_shape(L, function, names, hints, &args, shape);
    dg_dtype dtype = dtype_option(&args, DG_FLOAT32);
    bool named = dg_args_number(&args, "value", &value);
    if (second && named) dg_raise(L, "%s: value was given by position and by name", function);
    if (second) value = dg_want_number(L, 2, function, "value");
    if (isnan(value) && !named && !second)
        dg_raise(L, "%s: value is required (a number)", function);
    dg_check_call(L, dg_tensor_full(dg_push_tensor(L), dtype, axes, shape, value), function);
    return 1;
}

static const char *const plain_options[] = { "dtype", NULL };
static const char *const full_options[] = { "value", "dtype", NULL };
static const char *const full_hints[] = { "fill_value", "use value = ...", NULL };

static int make_zeros(lua_State *L)
{
    return make_full(L, "zeros", plain_options, NULL, 0);
}

static int make_ones(lua_State *L)
{
    return make_full(L, "ones", plain_options, NULL, 1);
}

static int make_filled(lua_State *L)
{
    return make_full(L, "full", full_options, full_hints, NAN);
}

static int make_range(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TNUMBER) {
        int count = lua_gettop(L);
        lua_createtable(L, count, 0);
        for (int i = 1; i <= count; i++) {
            lua_pushvalue(L, i);
            lua_rawseti(L, -2, i);
        }
        lua_replace(L, 1);
        lua_settop(L, 1);
    }
    dg_args args = dg_args_open(L, 1, "range", plain_options, NULL, 3);
    if (args.positional == 0) dg_raise(L, "range: expected { stop } or { start, stop, step }");
    double number[3] = { 0, 0, 1 };
    bool whole = true;
    for (int i = 0; i < args.positional; i++) {
        lua_rawgeti(L, 1, i + 1);
        number[i] = dg_want_number(L, -1, "range", "a positional value");
        whole = whole && lua_isinteger(L, -1);
    }
    if (args.positional == 1) {
        number[1] = number[0];
        number[0] = 0;
    }
    dg_dtype dtype = dtype_option(&args, whole ? DG_INT32 : DG_FLOAT32);
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_range(out, dtype, number[0], number[1], number[2]), "range");
    return 1;
}

static int make_uniform(lua_State *L)
{
    static const char *const names[] = { "low", "high", "seed", NULL };
    static const char *const hints[] = { "minval", "use low = ...", "maxval", "use high = ...",
                                         NULL };
    int64_t shape[DG_MAX_AXES];
    dg_args args;
    int axes = open_shape(L, "uniform", names, hints, &args, shape);
    double low = 0, high = 1;
    dg_args_number(&args, "low", &low);
    dg_args_number(&args, "high", &high);
    if (!(low <= high)) dg_raise(L, "uniform: low (%f) must not be above high (%f)", low, high);
    uint64_t seed = dg_args_seed_or_next(&args);
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_uniform(out, axes, shape, (float)low, (float)high, seed), "uniform");
    return 1;
}

static int make_normal(lua_State *L)
{
    static const char *const names[] = { "mean", "stddev", "seed", NULL };
    static const char *const hints[] = { "std", "use stddev = ...", "scale", "use stddev = ...",
                                         "loc", "use mean = ...",   NULL };
    int64_t shape[DG_MAX_AXES];
    dg_args args;
    int axes = open_shape(L, "normal", names, hints, &args, shape);
    double mean = 0, deviation = 1;
    dg_args_number(&args, "mean", &mean);
    dg_args_number(&args, "stddev", &deviation);
    if (!(deviation >= 0)) dg_raise(L, "normal: stddev must be at least 0, found %f", deviation);
    uint64_t seed = dg_args_seed_or_next(&args);
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_normal(out, axes, shape, (float)mean, (float)deviation, seed),
                  "normal");
    return 1;
}

static int make_tensor(lua_State *L)
{
    dg_dtype dtype;
    bool given = false;
    if (lua_type(L, 1) == LUA_TTABLE) {
        dg_args args = dg_args_open(L, 1, "tensor", plain_options, NULL, -1);
        given = dg_args_push(&args, "dtype");
        if (given) dtype = dg_want_dtype(L, -1, "tensor");
    }
    dg_push_tensor_of(L, 1, "tensor", given ? &dtype : NULL);
    return 1;
}

static int concat(lua_State *L)
{
    static const char *const names[] = { "axis", NULL };
    dg_args args = dg_args_open(L, 1, "concat", names, NULL, -1);
    if (args.positional == 0) dg_raise(L, "concat: expected a list of tensors, found none");
    const dg_tensor **tensors = dg_scratch(L, (size_t)args.positional, sizeof *tensors);
    for (int i = 0; i < args.positional; i++) {
        lua_rawgeti(L, 1, i + 1);
        tensors[i] = dg_want_tensor(L, -1, "concat", "each value");
        lua_pop(L, 1); /* the table keeps it */
    }
    int axis = 0;
    if (dg_args_push(&args, "axis")) axis = dg_want_axis(L, -1, "concat", tensors[0]->axes);
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_concat(out, args.positional, tensors, axis), "concat");
    return 1;
}

static const dg_function constructors[] = {
    { "tensor", make_tensor,
      "tensor { ..., dtype = nil }\n"
      "A tensor of the numbers in nested lists, or of a list of tensors of one shape. Without "
      "dtype,\n"
      "Lua integers make an int32 tensor and other numbers a float32 one.\n"
      "digits.tensor { { 0, 1 }, { 2, 3 }, dtype = \"uint8\" }" },
    { "zeros", make_zeros,
      "zeros { sizes..., dtype = \"float32\" } or zeros(sizes...)\nA tensor of "
      "zeros.\ndigits.zeros { 2, 3 }" },
    { "ones", make_ones,
      "ones { sizes..., dtype = \"float32\" } or ones(sizes...)\nA tensor of ones.\ndigits.ones { "
      "2, 3 }" },
    { "full", make_filled,
      "full { sizes..., value = v, dtype = \"float32\" } or full(shape, value)\n"
      "A tensor with the same value everywhere.\n"
      "digits.full { 2, 3, value = 0.5 }" },
    { "range", make_range,
      "range { start, stop, step, dtype = nil } or range { stop } or range(numbers...)\n"
      "start, start + step ... before stop; start is 0 and step 1 unless given.\n"
      "digits.range { 0, 10, 2 }" },
    { "uniform", make_uniform,
      "uniform { sizes..., low = 0, high = 1, seed = nil } or uniform(sizes...)\n"
      "Random numbers, evenly spread from low up to, not including, high.\n"
      "digits.uniform { 2, 3, seed = 1 }" },
    { "normal", make_normal,
      "normal { sizes..., mean = 0, stddev = 1, seed = nil } or normal(sizes...)\nNormally "
      "distributed random "
      "numbers.\n"
      "digits.normal { 2, 3, seed = 1 }" },
    { "concat", concat,
      "concat { tensors..., axis = 1 }\nTensors of one type, one after another along an axis.\n"
      "digits.concat { a, b }" },
    { NULL, NULL, NULL },
};

void dg_open_tensor(lua_State *L)
{
    dg_class_register(L, &dg_tensor_class);
    dg_push_functions(L, constructors, "digits.");
    for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 1);
}
