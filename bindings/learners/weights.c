/* Weights of networks as tables of tensors. */
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/model.h"
#include "bindings/values/tensor.h"

const dg_lua_handle dg_weights_handle = { { "table", "a table from names to tensors" },
                                          dg_is_table };

dg_weights dg_weights_of_model(dg_model *model)
{
    return (dg_weights){ .model = model, .count = model->weight_count, .of = "the model" };
}

dg_weights dg_weights_of_layer(lua_State *L, dg_model *model, int layer)
{
    const dg_layer *which = &model->layers[layer];
    return (dg_weights){ .model = model,
                         .first = which->first_weight,
                         .count = which->weights,
                         .prefix = strlen(which->name) + 1,
                         .of = lua_pushfstring(L, "the layer '%s'", which->name) };
}

static const char *name_of(const dg_weights *weights, int place)
{
    return weights->model->weights[weights->first + place].name + weights->prefix;
}

void dg_push_weights(lua_State *L, const dg_weights *weights, bool gradients)
{
    const dg_model *model = weights->model;
    int place = 0;
    lua_createtable(L, weights->count, weights->count);
    dg_set_printable(L, "digits.weights");
    for (int i = 0; i < weights->count; i++) {
        int number = weights->first + i;
        const dg_weight *weight = &model->weights[number];
        if (gradients && weight->frozen) continue;
        dg_tensor *out = dg_push_tensor(L);
        dg_check_status(L, dg_tensor_new(out, DG_FLOAT32, weight->shape.count, weight->shape.at));
        memcpy(dg_floats(out),
               gradients ? dg_model_gradient(model, number) : dg_model_weight(model, number),
               (size_t)weight->size * sizeof(float));
        lua_setfield(L, -2, name_of(weights, i));
        lua_pushstring(L, name_of(weights, i));
        lua_rawseti(L, -2, ++place);
    }
}

static int find_weight(lua_State *L, const dg_weights *weights, const char *name)
{
    int top = lua_gettop(L);
    const char **names = dg_scratch(L, (size_t)weights->count, sizeof *names);
    const char *message = lua_pushfstring(L, "set_weights: %s has no weight", weights->of);
    for (int i = 0; i < weights->count; i++) names[i] = name_of(weights, i);
    int found = dg_find_name(L, names, weights->count, name, message);
    lua_settop(L, top);
    return weights->first + found;
}

/* Checks the name and the tensor on top of the stack, and puts the tensor as contiguous float32
 * into the table at `values`, under the number of the weight. */
static void check_weight(lua_State *L, const dg_weights *weights, int values)
{
    const char *name = lua_tostring(L, -2);
    int number = find_weight(L, weights, name);
    const dg_weight *weight = &weights->model->weights[number];
    const dg_tensor *given = dg_want_tensor(L, -1, "set_weights", name);
    char found[160], expected[160];
    if (given->axes != weight->shape.count ||
        memcmp(given->shape, weight->shape.at, (size_t)given->axes * sizeof *given->shape) != 0)
        dg_raise(L, "set_weights: %s must have shape %s, found %s", name,
                 dg_shape_text(weight->shape.count, weight->shape.at, expected, sizeof expected),
                 dg_shape_text(given->axes, given->shape, found, sizeof found));
    dg_check_call(L, dg_tensor_astype(dg_push_tensor(L), given, DG_FLOAT32), "set_weights");
    lua_rawseti(L, values, number + 1);
}

void dg_set_weights(lua_State *L, const dg_weights *weights, int index)
{
    lua_newtable(L);
    int values = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING)
            check_weight(L, weights, values);
        else if (lua_type(L, -1) != LUA_TSTRING) /* weights() lists its names */
            dg_raise(L, "set_weights: expected a table from names to tensors, found the key %s",
                     dg_push_found(L, -2));
    }
    for (lua_pushnil(L); lua_next(L, values); lua_pop(L, 1)) {
        int number = (int)lua_tointeger(L, -2) - 1;
        const dg_tensor *value = lua_touserdata(L, -1);
        memcpy(dg_model_change_weight(weights->model, number), dg_floats(value),
               (size_t)weights->model->weights[number].size * sizeof(float));
    }
}
