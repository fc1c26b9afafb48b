/* Tensors as userdata: pushing, testing, and what of them options take. */
#include "bindings/values/tensor.h"

#include "bindings/calls/check.h"
#include "bindings/calls/memory.h"

/* All tensors of Lua form a ring, whose head is kept in the registry. */
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
    struct tensor_value *value = dg_class_push(L, DG_TENSOR, sizeof *value, 0);
    *value = (struct tensor_value){ .next = head->next, .previous = head };
    value->next->previous = value->previous->next = value;
    lua_remove(L, -2);
    return &value->tensor;
}

int dg_lua_tensor_gc(lua_State *L)
{
    struct tensor_value *value = luaL_checkudata(L, 1, DG_TENSOR);
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
    dg_tensor *tensor = luaL_testudata(L, index, DG_TENSOR);
    if (tensor && !tensor->storage) dg_raise(L, "the tensor was closed");
    dg_memory_enter(L);
    return tensor;
}

static bool read_handle(lua_State *L, int index, dg_value *out)
{
    return (out->pointer = dg_test_tensor(L, index)) != NULL;
}

static bool read_number(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return lua_type(L, index) == LUA_TNUMBER;
}

static bool read_axis(lua_State *L, int index, dg_value *out)
{
    return dg_is_integer(L, index, &out->integer) && out->integer != 0 &&
           out->integer >= -DG_MAX_AXES && out->integer <= DG_MAX_AXES;
}

const dg_lua_handle dg_tensor_handle = { { "tensor", "a tensor" }, read_handle };
const dg_lua_handle dg_number_handle = { { "any number", "a number" }, read_number };
const dg_lua_handle dg_axis_handle = { { "axis", "a whole number from 1, or from -1 for the last" },
                                       read_axis };

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
