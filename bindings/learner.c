/* What can be done with any learner, but for fit (bindings/fit.c). */
#include "bindings/learner.h"

#include <math.h>
#include <string.h>

#include "bindings/check.h"
#include "bindings/data.h"
#include "bindings/fit.h"
#include "bindings/memory.h"
#include "bindings/model.h"
#include "bindings/parts.h"
#include "bindings/tensor.h"
#include "bindings/tree.h"
#include "engine/base/random.h"
#include "engine/store/learner_file.h"
#include "engine/tree/learners.h"

struct learner_value {
    dg_learner *learner; /* user value 1: the table of dg_push_learner_values */
    bool taken;          /* by dg_take_learner */
    bool told;           /* that rows were on another scale */
};

/* --- userdata ------------------------------------------------------------------------------- */

dg_learner **dg_push_learner(lua_State *L, const dg_class *class)
{
    dg_memory_enter(L);
    struct learner_value *value = dg_class_push(L, class, sizeof *value, 1);
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    return &value->learner;
}

/* --- classes: one for each type of learner -------------------------------------------------- */

static const dg_class plain_class = { .base = &dg_learner_class, .index = dg_learner_index };

/* What learners of a family can do beyond the common. Without a name, a class has its type's. */
static const struct family {
    const char *name;
    const dg_class *class;
} families[] = { { "network", &dg_model_class }, { "tree", &dg_tree_class } };

static const dg_class *family_class(const dg_learner_type *type)
{
    for (size_t i = 0; type->family && i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].name, type->family) == 0) return families[i].class;
    return &plain_class;
}

static const dg_class *class_of(lua_State *L, const dg_learner_type *type)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, type);
    const dg_class *class = lua_touserdata(L, -1); /* the registry keeps it */
    lua_pop(L, 1);
    return class;
}

/* Pushes the methods of a family, and fit, whose description is user value 1. */
static const dg_function *push_methods(lua_State *L, const dg_function *family,
                                       const dg_learner_type *type)
{
    int count = 0;
    while (family && family[count].name) count++;
    dg_function *methods = lua_newuserdatauv(L, ((size_t)count + 2) * sizeof *methods, 1);
    if (count) memcpy(methods, family, (size_t)count * sizeof *methods);
    methods[count] = *dg_push_fit(L, type);
    methods[count + 1] = (dg_function){ .name = NULL };
    lua_setiuservalue(L, -2, 1);
    return methods;
}

/* The class of the learners of a type, or (NULL) what help says of all. The registry keeps it. */
static void register_type(lua_State *L, const dg_learner_type *type)
{
    const dg_class *family = type ? family_class(type) : &dg_learner_class;
    dg_class *own = lua_newuserdatauv(L, sizeof *own, 3);
    *own = *family;
    if (family->base && !family->name) {
        own->name = lua_pushfstring(L, "digits.%s", type->part.name);
        lua_setiuservalue(L, -2, 1);
        own->doc = lua_pushfstring(L, "%s\n%s: %s.\n%s", type->part.name, type->part.name,
                                   type->part.doc, strchr(dg_learner_class.doc, '\n') + 1);
        lua_setiuservalue(L, -2, 2);
    }
    own->methods = push_methods(L, family->methods, type);
    lua_setiuservalue(L, -2, 3);
    dg_class_register(L, own);
    luaL_getmetatable(L, own->name);
    lua_pushboolean(L, 1); /* its objects are learners */
    lua_rawsetp(L, -2, &dg_learner_class);
    lua_pop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, type ? (const void *)type : &dg_learner_class);
}

void dg_open_learner(lua_State *L)
{
    register_type(L, NULL);
    for (int i = 0; dg_registry[i]; i++)
        if (strcmp(dg_registry[i]->kind, "learner") == 0)
            register_type(L, (const dg_learner_type *)dg_registry[i]);
}

void dg_push_new_learner(lua_State *L, const dg_part *options)
{
    dg_learner **out = dg_push_learner(L, class_of(L, (const dg_learner_type *)options->type));
    dg_check_status(L, dg_learner_new(out, options, dg_next_seed()));
}

static struct learner_value *test_learner(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return NULL;
    bool is = lua_rawgetp(L, -1, &dg_learner_class) == LUA_TBOOLEAN;
    lua_pop(L, 2);
    return is ? lua_touserdata(L, index) : NULL;
}

static bool read_handle(lua_State *L, int index, dg_value *out)
{
    if (!test_learner(L, index)) return false;
    out->pointer = dg_want_learner(L, index, "the value");
    return true;
}

const dg_lua_handle dg_model_handle = { { "model", "a model" }, read_handle };

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

int dg_is_learner(lua_State *L)
{
    lua_pushboolean(L, test_learner(L, 1) != NULL);
    return 1;
}

void dg_push_learner_values(lua_State *L, int index)
{
    lua_getiuservalue(L, index, 1);
}

/* --- judging and predicting ----------------------------------------------------------------- */

/* The dataset at `index`, or one made of the tensors x and y there and behind it. */
static const dg_dataset *want_set(lua_State *L, int index, const char *function)
{
    return dg_test_tensor(L, index) ? dg_push_pair(L, index, index + 1, function)
                                    : dg_want_dataset(L, index, function, "the set");
}

void dg_push_scores(lua_State *L, const dg_scores *scores)
{
    lua_createtable(L, 0, 3);
    dg_set_printable(L, "digits.record");
    dg_push_number(L, scores->loss);
    lua_setfield(L, -2, "loss");
    dg_push_number(L, scores->seconds);
    lua_setfield(L, -2, "seconds");
    if (!scores->has_accuracy) return;
    dg_push_number(L, scores->accuracy);
    lua_setfield(L, -2, "accuracy");
}

/* Says on standard error, once for each learner (at place 1), that x is on another scale. */
static void tell_scale(lua_State *L, const dg_learner *learner, const dg_tensor *x,
                       const char *function)
{
    struct learner_value *value = test_learner(L, 1);
    char text[512];
    if (value->told || !dg_learner_range_differs(learner, x, text, sizeof text)) return;
    value->told = true;
    dg_tell(L, function, text);
}

static int evaluate(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "evaluate");
    const dg_dataset *set = want_set(L, 2, "evaluate");
    tell_scale(L, learner, &set->x, "evaluate");
    dg_job job = dg_job_default();
    dg_scores scores;
    dg_check_call(L, dg_learner_evaluate(learner, set, &job, &scores), "evaluate");
    dg_push_scores(L, &scores);
    return 1;
}

const dg_tensor *dg_want_inputs(lua_State *L, int index, const dg_learner *learner,
                                const char *function)
{
    const dg_dataset *set = dg_test_dataset(L, index);
    const dg_tensor *x = set ? &set->x : dg_test_tensor(L, index);
    if (!x) dg_wrong_type(L, index, function, "the rows", "a tensor or a dataset");
    tell_scale(L, learner, x, function);
    return x;
}

static int predict(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "predict");
    const dg_tensor *x = dg_want_inputs(L, 2, learner, "predict");
    dg_job job = dg_job_default();
    dg_check_call(L, dg_learner_predict(learner, x, &job, dg_push_tensor(L)), "predict");
    return 1;
}

static int predict_proba(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "predict_proba");
    const dg_tensor *x = dg_want_inputs(L, 2, learner, "predict_proba");
    dg_job job = dg_job_default();
    const char *who = learner->numbers ? "predict_proba" : "predict";
    dg_check_call(L, dg_learner_predict_proba(learner, x, &job, dg_push_tensor(L)), who);
    return 1;
}

static int summary(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "summary");
    dg_check_status(L, dg_learner_summary(learner, dg_push_box(L)));
    dg_push_boxed(L);
    return 1;
}

static int save(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "save");
    const char *path = dg_want_text(L, 2, "save", "the path");
    char text[512];
    dg_check_status(L, dg_learner_save(learner, path));
    if (dg_learner_save_loses(learner, path, text, sizeof text)) dg_tell(L, "save", text);
    return 0;
}

static int permutation_importance(lua_State *L)
{
    static const char *const names[] = { "repeats", "seed", NULL };
    static const char *const hints[] = { "n_repeats", "use repeats = ...", NULL };
    const dg_learner *learner = dg_want_learner(L, 1, "permutation_importance");
    const dg_dataset *set = dg_want_dataset(L, 2, "permutation_importance", "the set");
    dg_args args = dg_args_open(L, 3, "permutation_importance", names, hints, 0);
    int64_t repeats = 5;
    dg_args_integer(&args, "repeats", 1, 1000000, &repeats);
    uint64_t seed = dg_args_seed_or_next(&args);
    dg_job job = dg_job_default();
    dg_check_call(L,
                  dg_permutation_importance(learner, set, repeats, seed, &job, dg_push_tensor(L)),
                  "permutation_importance");
    return 1;
}

static const dg_function methods[] = {
    { "evaluate", evaluate,
      "evaluate(set) or evaluate(x, y)\nA table of loss (penalties included; of numbers the mean "
      "squared error), accuracy\n(not of numbers) and seconds.\n"
      "print(model:evaluate(test).accuracy)" },
    { "predict", predict,
      "predict(rows)\nThe most likely label of each row of a tensor or dataset, {n} int32; the "
      "number expected,\n{n} float32, of models that were fitted on numbers or by squared error "
      "of one output.\n"
      "model:predict(test)" },
    { "predict_proba", predict_proba,
      "predict_proba(rows)\nThe probabilities of the classes for each row of a tensor or dataset, "
      "{n, classes} float32; column k\nbelongs to model.classes[k]. A model of numbers has none: "
      "predict gives its numbers.\nmodel:predict_proba(test.x)" },
    { "permutation_importance", permutation_importance,
      "permutation_importance(set, { repeats = 5, seed = nil })\nHow much accuracy is lost, or of "
      "numbers how much the mean squared error grows, when a feature's\nvalues are shuffled among "
      "the rows (Breiman 2001): {features, 2}, mean and standard deviation.\n"
      "forest:permutation_importance(test)[{ {}, 1 }]" },
    { "summary", summary,
      "summary()\nA text that says what it is made of.\nprint(model:summary())" },
    { "save", save,
      "save(path)\nWrites all that is needed to predict (not the state of an optimizer), whole or "
      "not "
      "at all: as a safetensors "
      "file; "
      "gradient boosting\nwith a path that ends in .json as XGBoost does. The endings of other "
      "formats (.onnx, .h5, .pt ...)\nare refused.\n"
      "model:save \"cnn.safetensors\"" },
    { NULL, NULL, NULL },
};

/* --- properties ----------------------------------------------------------------------------- */

static int push_own_value(lua_State *L, const char *name)
{
    dg_want_learner(L, 1, name);
    dg_push_learner_values(L, 1);
    lua_getfield(L, -1, name);
    return 1;
}

static int get_history(lua_State *L)
{
    return push_own_value(L, "history");
}

static int get_classes(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "classes");
    if (learner->classes)
        dg_push_labels(L, learner->class_count, learner->classes);
    else
        lua_pushnil(L);
    return 1;
}

static int get_class_names(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "class_names");
    dg_push_names(L, learner->class_count, learner->class_names);
    return 1;
}

static const dg_function properties[] = {
    { "history", get_history, "history\nWhat the last fit returned, or nil." },
    { "classes", get_classes, "classes\nThe label of each output, once fitted." },
    { "class_names", get_class_names, "class_names\nA name for each class, or nil." },
    { NULL, NULL, NULL },
};

/* --- what a learner names itself: its options, and what it knows after a fit ---------------- */

static int push_attribute(lua_State *L, const dg_learner *learner, const dg_attribute *attribute)
{
    if (!learner->fitted) {
        lua_pushnil(L);
    } else if (attribute->tensor) {
        dg_check_call(L, attribute->tensor(learner, dg_push_tensor(L)), attribute->name);
    } else {
        double number = attribute->number(learner);
        if (isnan(number))
            lua_pushnil(L);
        else if (number == floor(number) && fabs(number) < 0x1p53)
            lua_pushinteger(L, (lua_Integer)number);
        else
            dg_push_number(L, number);
    }
    return 1;
}

/* Pushes a table whose keys are the names of options and attributes. */
static void push_names(lua_State *L, const dg_learner *learner)
{
    lua_newtable(L);
    for (const dg_attribute *a = learner->type->attributes; a && a->name; a++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, a->name);
    }
    for (int i = 0; learner->options && i < dg_param_count(learner->options->type); i++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, learner->options->type->params[i].name);
    }
}

int dg_learner_index(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "a field");
    if (lua_type(L, 2) != LUA_TSTRING)
        return dg_raise(L, "a %s cannot be indexed with %s", learner->type->part.name,
                        dg_push_found(L, 2));
    const char *name = lua_tostring(L, 2);
    for (const dg_attribute *a = learner->type->attributes; a && a->name; a++)
        if (strcmp(a->name, name) == 0) return push_attribute(L, learner, a);
    int option = learner->options ? dg_param_index(learner->options->type, name) : -1;
    if (option >= 0) {
        dg_push_option(L, learner->options, option);
        return 1;
    }
    push_names(L, learner);
    return dg_class_unknown(L, class_of(L, learner->type), name, 1);
}

/* --- the rest of a value -------------------------------------------------------------------- */

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
    luaL_tolstring(L, 2, NULL);
    return dg_raise(L, "the field '%s' of a model cannot be set", lua_tostring(L, -1));
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

static const luaL_Reg metamethods[] = {
    { "__tostring", learner_tostring },
    { "__newindex", learner_newindex },
    { "__gc", learner_gc },
    { NULL, NULL },
};

const dg_class dg_learner_class = {
    .name = "digits.learner", /* a base, registered for help */
    .called = "model",
    .doc = "learner\n"
           "A model that learns from a dataset: fit it, then evaluate, predict and save. Its "
           "options are fields of it;\nafter a fit so is what it found.",
    .methods = methods,
    .properties = properties,
    .metamethods = metamethods,
    .index = dg_learner_index,
};

int dg_save_learner_for(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "save");
    const char *path = dg_want_text(L, 2, "save", "the path");
    dg_check_status(L, dg_learner_save_for(learner, path, luaL_checkstring(L, 3)));
    return 0;
}

int dg_learner_saved_for(lua_State *L)
{
    char **box = dg_push_box(L);
    dg_check_status(L, dg_learner_purpose(box, dg_want_text(L, 1, "load", "the path")));
    if (!*box) return 0;
    dg_push_boxed(L);
    return 1;
}

int dg_load_learner(lua_State *L)
{
    const char *path = dg_want_text(L, 1, "load", "the path");
    lua_settop(L, 2);
    dg_learner **out = dg_push_learner(L, &dg_learner_class);
    dg_check_status(L, dg_learner_load(out, path));
    luaL_setmetatable(L, class_of(L, (*out)->type)->name);
    if (!lua_isnoneornil(L, 2)) {
        const dg_learner *options = dg_want_learner(L, 2, "load");
        dg_check_call(L, dg_learner_take_options(*out, options), "load");
    }
    return 1;
}
