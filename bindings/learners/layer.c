/* A layer of a model, as model.layers and model:layer show it. */
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/graph.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/model.h"

#define LAYER "digits.layer"

/* User values: 1 a table of its fields, 2 the model. In the userdata: the number of its node. */
enum { FIELDS = 1, MODEL = 2 };

static int want_layer(lua_State *L, int index)
{
    if (!luaL_testudata(L, index, LAYER))
        dg_wrong_type(L, index, "layer", "the value", "a layer of a model");
    return *(int *)lua_touserdata(L, index);
}

/* Its model, and in `*layer` its number there. */
static dg_model *model_of(lua_State *L, int index, int *layer)
{
    int node = want_layer(L, index);
    lua_getiuservalue(L, index, MODEL);
    dg_model *model = dg_want_model(L, lua_gettop(L), "layer");
    lua_pop(L, 1); /* the layer keeps it */
    *layer = model->nodes[node].layer;
    return model;
}

/* Pushes the fields as they are now. */
static void push_fields(lua_State *L, int index)
{
    int layer;
    const dg_model *model = model_of(L, index, &layer);
    lua_getiuservalue(L, index, FIELDS);
    lua_pushboolean(L, !model->layers[layer].frozen);
    lua_setfield(L, -2, "trainable");
    dg_set_integer(L, "trainable_parameters", model->layers[layer].trainable);
}

/* --- fields ---------------------------------------------------------------------------------- */

static int layer_field(lua_State *L)
{
    push_fields(L, 1);
    lua_getfield(L, -1, luaL_checkstring(L, 2));
    return 1;
}

static int layer_output(lua_State *L)
{
    int node = want_layer(L, 1);
    lua_getiuservalue(L, 1, MODEL);
    dg_push_model_node(L, lua_gettop(L), node);
    return 1;
}

static const dg_property properties[] = {
    { "name", layer_field, "name\nIts name in the model." },
    { "type", layer_field, "type\nIts type, such as \"Dense\"." },
    { "part", layer_field, "part\nIts description, with its options: model.layers[2].part.units." },
    { "output_shape", layer_field, "output_shape\nThe shape of its output for one row." },
    { "parameters", layer_field,
      "parameters\nThe number of its parameters, that is, of all elements of its weights." },
    { "trainable", layer_field,
      "trainable\nWhether fit trains it; set it to false to freeze the layer: further fits do not "
      "change its weights,\nand BatchNormalization uses its running mean and variance, as in "
      "Keras." },
    { "trainable_parameters", layer_field,
      "trainable_parameters\nHow many of its parameters are trained." },
    { "output", layer_output,
      "output\nIts output, for nn.Model and layers that are called on it. A model that is made of "
      "it "
      "begins with copies of the\nweights of all layers up to this one; from then on the two "
      "models "
      "do not depend on each other." },
    { NULL, NULL, NULL },
};

static int layer_newindex(lua_State *L)
{
    int layer;
    want_layer(L, 1);
    lua_pushvalue(L, 2);
    const char *name = luaL_tolstring(L, -1, NULL);
    if (strcmp(name, "trainable") != 0)
        return dg_raise(L,
                        "the field '%s' of a layer cannot be set: it describes the model; make "
                        "another model",
                        name);
    if (!lua_isboolean(L, 3))
        return dg_raise(L, "trainable must be true or false, found %s", dg_push_found(L, 3));
    dg_model *model = model_of(L, 1, &layer);
    dg_check_status(L, dg_model_set_trainable(model, layer, lua_toboolean(L, 3)));
    return 0;
}

/* --- weights --------------------------------------------------------------------------------- */

static dg_weights weights_of(lua_State *L)
{
    int layer;
    dg_model *model = model_of(L, 1, &layer);
    return dg_weights_of_layer(L, model, layer);
}

static int layer_weights(lua_State *L)
{
    dg_weights weights = weights_of(L);
    dg_push_weights(L, &weights, false);
    return 1;
}

typedef struct layer_options {
    int weights; /* place of the table */
} layer_options;

static int layer_set_weights(lua_State *L, const void *options)
{
    dg_weights weights = weights_of(L);
    dg_set_weights(L, &weights, ((const layer_options *)options)->weights);
    return 0;
}

static const dg_function methods[] = {
    DG_PLAIN_FUNCTION("weights", layer_weights,
                      "Copies of its weights, a table from names to tensors; its list part has the "
                      "names in order.",
                      "model:layer(\"dense\"):weights().kernel"),
    DG_FUNCTION("set_weights", layer_set_weights,
                "Sets the given weights; if there is an error, no weight changes.",
                "model:layer(\"dense\"):set_weights { bias = digits.zeros { 10 } }",
                DG_TAKES(layer_options,
                         DG_SLOT(layer_options, weights, .required = true,
                                 .handle = &dg_weights_handle.handle,
                                 .doc = "new values by name, as from weights(); other weights "
                                        "stay as they are")),
                .arguments = 1),
    { .name = NULL },
};

/* --- the value ------------------------------------------------------------------------------- */

static int layer_tostring(lua_State *L)
{
    push_fields(L, 1);
    luaL_tolstring(L, -1, NULL);
    return 1;
}

/* pairs(layer): over a copy of its fields. */
static int layer_pairs(lua_State *L)
{
    push_fields(L, 1);
    lua_getglobal(L, "next");
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -4); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    return 2;
}

static const luaL_Reg metamethods[] = {
    { "__tostring", layer_tostring },
    { "__newindex", layer_newindex },
    { "__pairs", layer_pairs },
    { NULL, NULL },
};

static const dg_class layer_class = {
    .name = LAYER,
    .doc = "layer\nA layer of a model, as model.layers and model:layer show it.\n\n"
           "model:layer(\"conv2d\").trainable = false",
    .methods = methods,
    .properties = properties,
    .metamethods = metamethods,
};

void dg_open_model(lua_State *L)
{
    dg_class_register(L, &layer_class);
}

void dg_push_layer(lua_State *L, int index, int node)
{
    index = lua_absindex(L, index);
    const dg_model *model = dg_want_model(L, index, "layer");
    const dg_layer *layer = &model->layers[model->nodes[node].layer];
    const dg_shape *output = &model->nodes[node].build.output;
    int *number = dg_class_push(L, LAYER, sizeof *number, 2);
    *number = node;
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, MODEL);
    dg_push_record(L, 7);
    dg_set_text(L, "name", layer->name);
    dg_set_text(L, "type", layer->part->type->name);
    dg_push_part(L, layer->part);
    lua_setfield(L, -2, "part");
    dg_push_list(L, output->count);
    for (int i = 0; i < output->count; i++) {
        lua_pushinteger(L, output->at[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "output_shape");
    dg_set_integer(L, "parameters", layer->parameters);
    lua_setiuservalue(L, -2, FIELDS);
}
