/* Networks as Lua values: their fields, and their layers. */
#include "bindings/learners/model.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/options.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/learner.h"

#define LAYER "digits.layer"

dg_model *dg_want_model(lua_State *L, int index, const char *function)
{
    if (!luaL_testudata(L, index, DG_MODEL))
        dg_wrong_type(L, index, function, "the value", "a network");
    return dg_model_of(dg_want_learner(L, index, function));
}

/* --- properties ----------------------------------------------------------------------------- */

static int push_recipe(lua_State *L, const dg_part *part)
{
    if (part)
        dg_push_part(L, part);
    else
        lua_pushnil(L);
    return 1;
}

/* A model that is closed, or away in a fit of its own thread, has none to show. */
static const dg_part *optimizer_of(lua_State *L, int owner)
{
    dg_learner **learner = luaL_testudata(L, owner, DG_MODEL);
    return learner && *learner ? dg_model_of(*learner)->optimizer : NULL;
}

static void set_optimizer(lua_State *L, int owner, const char *option, int index)
{
    dg_model *model = dg_want_model(L, owner, option);
    const dg_descriptor *type = model->optimizer->type;
    if (strcmp(option, "learning_rate") != 0)
        dg_raise(L,
                 "%s: only the learning rate of a model's optimizer can be set: to change %s, "
                 "compile again",
                 type->name, option);
    dg_value value = dg_read_value(L, index, type->name, &type->params[0]);
    dg_check_status(L, dg_model_set_learning_rate(model, &value));
}

static const dg_part_owner optimizer_owner = { optimizer_of, set_optimizer };

static int model_optimizer(lua_State *L)
{
    if (!dg_want_model(L, 1, "optimizer")->optimizer) return push_recipe(L, NULL);
    dg_push_owned_part(L, 1, &optimizer_owner);
    return 1;
}

static int model_loss(lua_State *L)
{
    return push_recipe(L, dg_want_model(L, 1, "loss")->loss);
}

static int model_parameters(lua_State *L)
{
    const dg_model *model = dg_want_model(L, 1, "parameters");
    int64_t count = 0;
    for (int i = 0; i < model->layer_count; i++) count += model->layers[i].parameters;
    lua_pushinteger(L, count);
    return 1;
}

static int model_multiply_adds(lua_State *L)
{
    lua_pushinteger(L, dg_model_multiply_adds(dg_want_model(L, 1, "multiply_adds")));
    return 1;
}

static int model_precision(lua_State *L)
{
    const dg_model *model = dg_want_model(L, 1, "precision");
    if (!model->optimizer) return push_recipe(L, NULL);
    lua_pushstring(L, dg_precision_names[model->precision]);
    return 1;
}

#define PRECISION_TOLD "precision_told" /* in the values of a model: whether this was said */

void dg_tell_precision(lua_State *L, int index, const char *function)
{
    char text[256];
    dg_learner *learner = dg_want_learner(L, index, function);
    const dg_model *model = dg_model_of(learner);
    if (!model || !dg_model_lacks_precision(model, text, sizeof text)) return;
    dg_push_learner_values(L, index);
    if (lua_getfield(L, -1, PRECISION_TOLD) == LUA_TNIL) {
        dg_tell(L, function, text);
        lua_pushboolean(L, true);
        lua_setfield(L, -3, PRECISION_TOLD);
    }
    lua_pop(L, 2);
}

void dg_forget_precision(lua_State *L, int index)
{
    dg_push_learner_values(L, index);
    lua_pushnil(L);
    lua_setfield(L, -2, PRECISION_TOLD);
    lua_pop(L, 1);
}

/* --- a layer of a model, as model.layers shows it ------------------------------------------- */

/* User value 1: a table of its fields. */
static void push_fields(lua_State *L, int index)
{
    if (!luaL_testudata(L, index, LAYER))
        dg_wrong_type(L, index, "layer", "the value", "a layer of a model");
    lua_getiuservalue(L, index, 1);
}

static int layer_field(lua_State *L)
{
    push_fields(L, 1);
    lua_getfield(L, -1, luaL_checkstring(L, 2));
    return 1;
}

static const dg_property layer_properties[] = {
    { "name", layer_field, "name\nIts name in the model." },
    { "type", layer_field, "type\nIts type, such as \"Dense\"." },
    { "part", layer_field, "part\nIts description, with its options: model.layers[2].part.units." },
    { "output_shape", layer_field, "output_shape\nThe shape of its output for one row." },
    { "parameters", layer_field,
      "parameters\nThe number of its parameters, that is, of all elements of its weights." },
    { "trainable", layer_field, "trainable\nHow many of its parameters are trained." },
    { NULL, NULL, NULL },
};

static int layer_tostring(lua_State *L)
{
    push_fields(L, 1);
    luaL_tolstring(L, -1, NULL);
    return 1;
}

static int layer_newindex(lua_State *L)
{
    if (!luaL_testudata(L, 1, LAYER))
        dg_wrong_type(L, 1, "layer", "the value", "a layer of a model");
    const char *name = luaL_tolstring(L, 2, NULL);
    bool trainable = strcmp(name, "trainable") == 0;
    return dg_raise(L, "the field '%s' of a layer cannot be set: %s", name,
                    trainable ? "layers cannot be frozen yet, all weights are trained"
                              : "it describes the model; make another model");
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

static const luaL_Reg layer_metamethods[] = {
    { "__tostring", layer_tostring },
    { "__newindex", layer_newindex },
    { "__pairs", layer_pairs },
    { NULL, NULL },
};

static const dg_class layer_class = {
    .name = LAYER,
    .doc = "layer\nA layer of a model, as model.layers shows it; it cannot be changed.\n\n"
           "print(model.layers[2].output_shape)",
    .properties = layer_properties,
    .metamethods = layer_metamethods,
};

static void push_layer(lua_State *L, const dg_model *model, const dg_node *node)
{
    const dg_layer *layer = &model->layers[node->layer];
    dg_class_push(L, LAYER, 1, 1);
    dg_push_record(L, 6);
    dg_set_text(L, "name", layer->name);
    dg_set_text(L, "type", layer->part->type->name);
    dg_push_part(L, layer->part);
    lua_setfield(L, -2, "part");
    dg_push_list(L, node->build.output.count);
    for (int i = 0; i < node->build.output.count; i++) {
        lua_pushinteger(L, node->build.output.at[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "output_shape");
    dg_set_integer(L, "parameters", layer->parameters);
    dg_set_integer(L, "trainable", layer->trainable);
    lua_setiuservalue(L, -2, 1);
}

/* --- more properties of a model -------------------------------------------------------------- */

static int model_layers(lua_State *L)
{
    const dg_model *model = dg_want_model(L, 1, "layers");
    dg_push_list(L, model->node_count);
    for (int i = 0; i < model->node_count; i++) {
        push_layer(L, model, &model->nodes[i]);
        lua_rawseti(L, -2, i + 1);
    }
    dg_fix_list(L, "model.layers cannot be changed: make another model");
    return 1;
}

const dg_property dg_model_properties[] = {
    { "name", dg_lua_own_value, "name\nThe name given to nn.Sequential, or nil." },
    { "optimizer", model_optimizer,
      "optimizer\nThe optimizer given to compile, or nil. Its learning rate can be set, also in "
      "the "
      "callbacks of fit:\nmodel.optimizer.learning_rate = 1e-4" },
    { "loss", model_loss, "loss\nThe loss given to compile, or nil." },
    { "precision", model_precision,
      "precision\nThe precision given to compile, \"float32\" or \"bfloat16\", or nil." },
    { "parameters", model_parameters,
      "parameters\nThe number of its parameters, that is, of all elements of its weights." },
    { "multiply_adds", model_multiply_adds,
      "multiply_adds\nMultiply-adds of the products with its kernels, for one row forward." },
    { "layers", model_layers,
      "layers\nA list of its layers: name, type, part, output_shape, parameters, trainable." },
    { NULL, NULL, NULL },
};

/* --- the rest of a value -------------------------------------------------------------------- */

static int model_len(lua_State *L)
{
    lua_pushinteger(L, dg_want_model(L, 1, "#")->node_count);
    return 1;
}

static int model_tostring(lua_State *L)
{
    const dg_learner *learner = *(dg_learner **)luaL_checkudata(L, 1, DG_MODEL);
    if (!learner) {
        lua_pushliteral(L, "closed model");
        return 1;
    }
    const dg_model *model = dg_want_model(L, 1, "tostring");
    dg_push_learner_values(L, 1);
    lua_getfield(L, -1, "name");
    const char *name = lua_tostring(L, -1);
    model_parameters(L);
    lua_pushfstring(L, "model%s%s%s: %d layers, %I parameters%s%s", name ? " '" : "",
                    name ? name : "", name ? "'" : "", model->node_count, lua_tointeger(L, -1),
                    model->optimizer ? "" : ", not compiled", learner->fitted ? ", fitted" : "");
    return 1;
}

/* model(rows, { training = true }) is model:features(rows, { training = true }). */
static int model_call(lua_State *L)
{
    lua_getfield(L, 1, "features");
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

const luaL_Reg dg_model_metamethods[] = {
    { "__call", model_call },
    { "__len", model_len },
    { "__tostring", model_tostring },
    { NULL, NULL },
};

void dg_open_model(lua_State *L)
{
    dg_class_register(L, &layer_class);
}
