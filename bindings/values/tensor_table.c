/* Nested Lua tables to tensors and back. */
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/values/tensor.h"

/* One reading of a nested table: first its shape and type, then its values. */
struct reader {
    lua_State *L;
    const char *function;
    int axes, table_axes; /* axes of tables come before those of tensors in them */
    int64_t shape[DG_MAX_AXES];
    bool fractions, numbers, bytes_only; /* seen: a float; any number; only uint8 tensors */
    dg_tensor *out;
};

/* Follows the first values down to find the shape. */
static void measure(struct reader *reader, int index)
{
    lua_State *L = reader->L;
    luaL_checkstack(L, DG_MAX_AXES + 8, NULL);
    int top = lua_gettop(L);
    lua_pushvalue(L, index);
    while (lua_type(L, -1) == LUA_TTABLE) {
        if (reader->axes == DG_MAX_AXES)
            dg_raise(L, "%s: tables are nested deeper than %d", reader->function, DG_MAX_AXES);
        reader->shape[reader->axes++] = (int64_t)lua_rawlen(L, -1);
        lua_rawgeti(L, -1, 1);
    }
    reader->table_axes = reader->axes;
    const dg_tensor *leaf = dg_test_tensor(L, -1);
    if (leaf) {
        if (reader->axes + leaf->axes > DG_MAX_AXES)
            dg_raise(L, "%s: a tensor has at most %d axes", reader->function, DG_MAX_AXES);
        memcpy(reader->shape + reader->axes, leaf->shape, (size_t)leaf->axes * sizeof *leaf->shape);
        reader->axes += leaf->axes;
    }
    lua_settop(L, top);
}

/* A value at the depth of the leaves. */
static void check_leaf(struct reader *reader)
{
    lua_State *L = reader->L;
    const dg_tensor *leaf = dg_test_tensor(L, -1);
    int leaf_axes = reader->axes - reader->table_axes;
    if (leaf) {
        bool same =
            leaf->axes == leaf_axes && memcmp(leaf->shape, reader->shape + reader->table_axes,
                                              (size_t)leaf_axes * sizeof *leaf->shape) == 0;
        if (!same)
            dg_raise(L, "%s: the tensors in a list must have the same shape", reader->function);
        if (leaf->dtype == DG_FLOAT32) reader->fractions = true;
        if (leaf->dtype != DG_UINT8) reader->bytes_only = false;
    } else if (lua_type(L, -1) == LUA_TNUMBER && leaf_axes == 0) {
        reader->numbers = true;
        if (!lua_isinteger(L, -1)) reader->fractions = true;
    } else {
        dg_raise(L, "%s: expected a %s in the table, found %s", reader->function,
                 leaf_axes ? "tensor" : "number", dg_push_found(L, -1));
    }
}

/* The table on top of the stack, at depth `axis`. */
static void check_table(struct reader *reader, int axis)
{
    lua_State *L = reader->L;
    if (axis == reader->table_axes) {
        check_leaf(reader);
        return;
    }
    if (lua_type(L, -1) != LUA_TTABLE)
        dg_raise(L, "%s: expected a table of %I values, found %s", reader->function,
                 (lua_Integer)reader->shape[axis], dg_push_found(L, -1));
    int64_t count = (int64_t)lua_rawlen(L, -1);
    if (count != reader->shape[axis])
        dg_raise(L, "%s: the tables on axis %d must have the same length, found %I and %I",
                 reader->function, axis + 1, (lua_Integer)reader->shape[axis], (lua_Integer)count);
    for (int64_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        check_table(reader, axis + 1);
        lua_pop(L, 1);
    }
}

/* Writes a tensor to where `at`, the indices of the table axes, points. */
static dg_status write_tensor(const struct reader *reader, const dg_tensor *leaf, const int64_t *at)
{
    DG_OWNED_TENSOR view = dg_tensor_retain(reader->out);
    for (int i = 0; i < reader->table_axes; i++) {
        dg_tensor next;
        DG_TRY(dg_tensor_select(&next, &view, 0, at[i]));
        dg_tensor_release(&view);
        view = next;
    }
    return dg_tensor_assign(&view, leaf);
}

static void fill(const struct reader *reader, int axis, int64_t *at)
{
    lua_State *L = reader->L;
    if (axis == reader->table_axes) {
        const dg_tensor *leaf = dg_test_tensor(L, -1);
        dg_status status = leaf ? write_tensor(reader, leaf, at)
                                : dg_tensor_set(reader->out, at, lua_tonumber(L, -1));
        dg_check_call(L, status, reader->function);
        return;
    }
    for (at[axis] = 0; at[axis] < reader->shape[axis]; at[axis]++) {
        lua_rawgeti(L, -1, at[axis] + 1);
        fill(reader, axis + 1, at);
        lua_pop(L, 1);
    }
}

void dg_push_tensor_of(lua_State *L, int index, const char *function, const dg_dtype *dtype)
{
    struct reader reader = { .L = L, .function = function, .bytes_only = true };
    int64_t at[DG_MAX_AXES] = { 0 };
    measure(&reader, index);
    lua_pushvalue(L, index);
    check_table(&reader, 0);
    dg_dtype chosen = reader.fractions                       ? DG_FLOAT32
                      : !reader.numbers && reader.bytes_only ? DG_UINT8
                                                             : DG_INT32;
    bool empty = !reader.numbers && reader.table_axes == reader.axes;
    if (empty && reader.axes > 0) chosen = DG_FLOAT32;
    if (dtype) chosen = *dtype;
    reader.out = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_new(reader.out, chosen, reader.axes, reader.shape), function);
    lua_insert(L, -2);
    fill(&reader, 0, at);
    lua_pop(L, 1);
}

static void push_nested(lua_State *L, const dg_tensor *tensor, int axis, int64_t *at)
{
    if (axis == tensor->axes) {
        double value;
        dg_check_status(L, dg_tensor_get(tensor, at, &value));
        dg_push_element(L, tensor->dtype, value);
        return;
    }
    int64_t size = tensor->shape[axis];
    lua_createtable(L, size < INT32_MAX ? (int)size : 0, 0);
    for (at[axis] = 0; at[axis] < size; at[axis]++) {
        push_nested(L, tensor, axis + 1, at);
        lua_rawseti(L, -2, at[axis] + 1);
    }
}

int dg_lua_tensor_elements(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "totable", "the value");
    bool nested = lua_toboolean(L, 2);
    if (tensor->axes < 1 || (tensor->axes > 1 && !nested)) return 0;
    return dg_lua_tensor_totable(L);
}

int dg_lua_tensor_totable(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "totable", "the value");
    int64_t at[DG_MAX_AXES] = { 0 };
    luaL_checkstack(L, DG_MAX_AXES + 8, NULL);
    push_nested(L, tensor, 0, at);
    return 1;
}
