/* Networks as Lua values: their fields, and their layers. */
#include "bindings/learners/model.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/options.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/learner.h"

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

/* --- more properties of a model -------------------------------------------------------------- */

static int model_layers(lua_State *L)
{
    const dg_model *model = dg_want_model(L, 1, "layers");
    dg_push_list(L, model->node_count);
    for (int i = 0; i < model->node_count; i++) {
        dg_push_layer(L, 1, i);
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
      "layers\nA list of its layers: name, type, part, output_shape, parameters, trainable, "
      "output." },
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
