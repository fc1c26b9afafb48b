/* The classes of learners, one for each type, and digits.load, which makes a model of any. */
#include <ctype.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/define.h"
#include "bindings/calls/described.h"
#include "bindings/calls/parts.h"
#include "bindings/learners/ensemble.h"
#include "bindings/learners/fit.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/model.h"
#include "bindings/learners/quantized.h"
#include "bindings/learners/trees.h"
#include "engine/store/learner_file.h"

/* --- classes: one for each type of learner -------------------------------------------------- */

static const dg_class plain_class = { .base = &dg_learner_class, .index = dg_lua_learner_index };

/* The classes of families, with methods beyond those of all learners. A class without a name gets
 * that of its type. */
static const struct family {
    const char *name;
    const dg_class *class;
} families[] = { { "network", &dg_model_class },
                 { "quantized", &dg_quantized_class },
                 { "tree", &dg_tree_learner_class } };

static const dg_class *family_class(const dg_learner_type *type)
{
    for (size_t i = 0; type->family && i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].name, type->family) == 0) return families[i].class;
    return &plain_class;
}

/* Pushes the methods of a family, and fit, whose description is user value 1. */
static const dg_function *push_methods(lua_State *L, const dg_function *family,
                                       const dg_learner_type *type)
{
    int count = 0;
    while (family && family[count].name) count++;
    dg_function *methods = lua_newuserdatauv(L, ((size_t)count + 2) * sizeof *methods, 1);
    if (count) memcpy(methods, family, (size_t)count * sizeof *methods);
    methods[count] = *dg_push_fit(L, type, dg_learner_fit_call);
    methods[count + 1] = (dg_function){ .name = NULL };
    lua_setiuservalue(L, -2, 1);
    return methods;
}

/* Registers the class of the learners of a type; or, for NULL, the base class, which help shows.
 * The registry keeps it. */
static void register_type(lua_State *L, const dg_learner_type *type)
{
    const dg_class *family = type ? family_class(type) : &dg_learner_class;
    const void *key = type ? (const void *)type : &dg_learner_class;
    bool known = lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TNIL;
    lua_pop(L, 1);
    if (known) return; /* the library was opened before */
    dg_class *own = lua_newuserdatauv(L, sizeof *own, 3);
    *own = *family;
    if (family->base && !family->name) {
        own->name = lua_pushfstring(L, "digits.%s", type->part.name);
        lua_setiuservalue(L, -2, 1);
        own->doc = lua_pushfstring(L, "%s\n%c%s.\n%s", type->part.name, toupper(*type->part.doc),
                                   type->part.doc + 1, strchr(dg_learner_class.doc, '\n') + 1);
        lua_setiuservalue(L, -2, 2);
    }
    own->methods = push_methods(L, family->methods, type);
    lua_setiuservalue(L, -2, 3);
    dg_register_learner_class(L, own);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* --- digits.load ----------------------------------------------------------------------------- */

typedef struct load_options {
    const char *path;
    int options; /* place of a model */
} load_options;

static int load(lua_State *L, const void *options)
{
    const load_options *o = options;
    dg_learner **out = dg_push_learner(L, dg_learner_class.name);
    int place = lua_gettop(L);
    dg_check_status(L, dg_learner_load(out, o->path));
    luaL_setmetatable(L, dg_learner_class_of(L, (*out)->type)->name);
    if (o->options) {
        const dg_learner *other = dg_want_learner(L, o->options, "load");
        dg_check_call(L, dg_learner_take_options(*out, other), "load");
    }
    lua_settop(L, place);
    return 1;
}

static const dg_function load_function = DG_FUNCTION(
    "load", load,
    "Loads a saved model, ready to predict, evaluate and fit. A further fit of a network starts "
    "from the weights with\na fresh optimizer, unless the file was saved with optimizer = true: "
    "then it continues bit by bit.\nXGBoost's files (.json) do not state the options that a model "
    "was "
    "made with: to fit it further, give a\nnew model that has them: digits.load(\"xgboost.json\", "
    "tree.GradientBoosting { learning_rate = 0.1 })",
    "local cnn = digits.load \"cnn.safetensors\"",
    DG_TAKES(
        load_options, DG_PATH(load_options, path, .required = true, .doc = "the file"),
        DG_SLOT(load_options, options, .handle = &dg_learner_handle.handle,
                .doc = "a model whose options and seed are used if the file does not state them")),
    .arguments = 2);

/* --- as parts ------------------------------------------------------------------------------- */

static const char *module_of(const dg_descriptor *type)
{
    return ((const dg_learner_type *)type)->module;
}

/* Sets the field formats, a list of formats of other programs: "XGBoost's JSON (.json)". */
static void set_formats(lua_State *L, const dg_descriptor *descriptor)
{
    const dg_learner_type *type = (const dg_learner_type *)descriptor;
    lua_newtable(L);
    for (int i = 0; type->formats && type->formats[i]; i++) {
        lua_pushfstring(L, "%s (%s)", type->formats[i]->name, type->formats[i]->ending);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "formats");
}

static const dg_part_kind kinds[] = {
    { "learner", .module_of = module_of, .make = dg_push_learner_of, .describe = set_formats },
    { NULL },
};

void dg_open_learner(lua_State *L)
{
    dg_add_word(L, "model", &dg_learner_handle);
    dg_add_kinds(L, kinds);
    register_type(L, NULL);
    const dg_descriptor *type;
    for (int at = 0; (type = dg_next_of_kind("learner", &at));)
        register_type(L, (const dg_learner_type *)type);
    dg_push_described(L, &load_function, "digits.");
    lua_setfield(L, -2, "load");
    dg_push_described(L, &dg_ensemble_function, "digits.");
    lua_setfield(L, -2, "ensemble");
}
