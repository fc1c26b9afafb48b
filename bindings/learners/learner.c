/* Learners as userdata, whatever their class. */
#include "bindings/learners/learner.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/memory.h"
#include "bindings/calls/parts.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/store/compare.h"
#include "engine/store/learner_file.h"

struct learner_value {
    dg_learner *learner; /* user value 1: the table of dg_push_learner_values */
    bool taken;          /* by dg_take_learner */
    bool told;           /* that rows were on another scale */
};

static const char learner_key; /* in a metatable: its objects are learners */

/* --- userdata ------------------------------------------------------------------------------- */

dg_learner **dg_push_learner(lua_State *L, const char *class)
{
    dg_memory_enter(L);
    struct learner_value *value = dg_class_push(L, class, sizeof *value, 1);
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    return &value->learner;
}

const dg_class *dg_learner_class_of(lua_State *L, const dg_learner_type *type)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, type);
    const dg_class *class = lua_touserdata(L, -1); /* the registry keeps it */
    lua_pop(L, 1);
    return class;
}

void dg_push_learner_of(lua_State *L, const dg_part *options)
{
    dg_learner **out =
        dg_push_learner(L, dg_learner_class_of(L, (const dg_learner_type *)options->type)->name);
    dg_check_status(L, dg_learner_new(out, options, dg_next_seed()));
}

void dg_register_learner_class(lua_State *L, const dg_class *class)
{
    dg_class_register(L, class);
    luaL_getmetatable(L, class->name);
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &learner_key);
    lua_pop(L, 1);
}

static struct learner_value *test_learner(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return NULL;
    bool is = lua_rawgetp(L, -1, &learner_key) == LUA_TBOOLEAN;
    lua_pop(L, 2);
    return is ? lua_touserdata(L, index) : NULL;
}

static bool read_handle(lua_State *L, int index, dg_value *out)
{
    if (!test_learner(L, index)) return false;
    out->pointer = dg_want_learner(L, index, "the value");
    return true;
}

const dg_lua_handle dg_learner_handle = { { "model", "a model" }, read_handle };

dg_learner *dg_want_learner(lua_State *L, int index, const char *function)
{
    const struct learner_value *value = test_learner(L, index);
    if (!value) {
        dg_wrong_type(L, index, function, "the value", "a model");
        return NULL;
    }
    if (!value->learner)
        dg_raise(L, "%s: the model %s", function,
                 value->taken ? "is being fitted by a search" : "was closed");
    dg_memory_enter(L);
    return value->learner;
}

dg_learner *dg_take_learner(lua_State *L, int index, const char *function)
{
    dg_learner *learner = dg_want_learner(L, index, function);
    struct learner_value *value = test_learner(L, index);
    value->learner = NULL;
    value->taken = true;
    return learner;
}

void dg_put_learner(lua_State *L, int index, dg_learner *learner)
{
    struct learner_value *value = test_learner(L, index);
    value->learner = learner;
    value->taken = false;
}

int dg_lua_is_learner_path(lua_State *L)
{
    lua_pushboolean(L, dg_is_learner_path(luaL_checkstring(L, 1)));
    return 1;
}

int dg_lua_is_learner(lua_State *L)
{
    lua_pushboolean(L, test_learner(L, 1) != NULL);
    return 1;
}

void dg_push_learner_values(lua_State *L, int index)
{
    lua_getiuservalue(L, index, 1);
}

int dg_lua_own_value(lua_State *L)
{
    dg_want_learner(L, 1, luaL_checkstring(L, 2));
    dg_push_learner_values(L, 1);
    lua_getfield(L, -1, lua_tostring(L, 2));
    return 1;
}

/* --- judging and predicting ----------------------------------------------------------------- */

bool dg_is_set(lua_State *L, int index, dg_value *out)
{
    out->pointer = dg_test_dataset(L, index);
    return out->pointer != NULL;
}

const dg_lua_handle dg_set_handle = { { "dataset", "a dataset, or two tensors, x and y" },
                                      .read = dg_is_set,
                                      .join = dg_join_pair };

static bool read_rows(lua_State *L, int index, dg_value *out)
{
    const dg_dataset *set = dg_test_dataset(L, index);
    out->pointer = set ? &set->x : dg_test_tensor(L, index);
    return out->pointer != NULL;
}

const dg_lua_handle dg_rows_handle = { { "tensor", "a tensor or a dataset" }, read_rows };

void dg_tell_scale(lua_State *L, const dg_learner *learner, const dg_tensor *x,
                   const char *function)
{
    struct learner_value *value = test_learner(L, 1);
    char text[512];
    if (value->told || !dg_learner_range_differs(learner, x, text, sizeof text)) return;
    value->told = true;
    dg_tell(L, function, text);
}

/* --- what every class of learners has in common ---------------------------------------------- */

static int learner_tostring(lua_State *L)
{
    const struct learner_value *value = test_learner(L, 1);
    const dg_learner *learner = value ? value->learner : NULL;
    if (!value) return luaL_typeerror(L, 1, "model");
    if (!learner) {
        lua_pushstring(L, value->taken ? "model that is being fitted" : "closed model");
        return 1;
    }
    const char *options = learner->type->part.name;
    if (learner->options) {
        dg_push_part(L, learner->options);
        options = luaL_tolstring(L, -1, NULL);
    }
    lua_pushfstring(L, "%s%s", options, learner->fitted ? ", fitted" : "");
    return 1;
}

static int learner_newindex(lua_State *L)
{
    const struct learner_value *value = test_learner(L, 1);
    const dg_learner *learner = value ? value->learner : NULL;
    const char *name = luaL_tolstring(L, 2, NULL);
    bool option =
        learner && learner->options && dg_descriptor_param_index(learner->options->type, name) >= 0;
    return dg_raise(L, "the field '%s' of a model cannot be set%s", name,
                    option ? ": make a new model with this option" : "");
}

/* A model that is being fitted stays: __gc was then called by hand, from a callback. */
static int learner_gc(lua_State *L)
{
    struct learner_value *value = test_learner(L, 1);
    if (!value || (value->learner && value->learner->busy)) return 0;
    dg_learner_free(value->learner);
    value->learner = NULL;
    return 0;
}

const luaL_Reg dg_learner_metamethods[] = {
    { "__tostring", learner_tostring },
    { "__newindex", learner_newindex },
    { "__gc", learner_gc },
    { NULL, NULL },
};

int dg_lua_save_for(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "save");
    const char *path = dg_want_text(L, 2, "save", "the path");
    dg_save_options options = { .purpose = luaL_checkstring(L, 3) };
    dg_check_status(L, dg_learner_save_with(learner, path, &options));
    return 0;
}

/* Returns the text of a box, or nothing. */
static int return_boxed(lua_State *L, char **box)
{
    if (!*box) return 0;
    dg_push_boxed(L);
    return 1;
}

int dg_lua_saved_for(lua_State *L)
{
    char **box = dg_push_box(L);
    dg_check_status(L, dg_learner_purpose(box, dg_want_text(L, 1, "load", "the path")));
    return return_boxed(L, box);
}

int dg_lua_model_text(lua_State *L)
{
    char **box = dg_push_box(L);
    dg_check_status(L, dg_learner_text(box, luaL_checkstring(L, 1)));
    return return_boxed(L, box);
}

static dg_status difference(char **out, const char *then, const char *now)
{
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file before = { 0 };
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file after = { 0 };
    DG_TRY(dg_tensor_file_read(&before, then));
    DG_TRY(dg_tensor_file_read(&after, now));
    return dg_tensor_file_difference(out, &before, &after);
}

int dg_lua_model_difference(lua_State *L)
{
    char **box = dg_push_box(L);
    dg_check_status(L, difference(box, luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
    return return_boxed(L, box);
}
