/* What can be done with any learner, but for fit (bindings/learners/fit.c). */
#include "bindings/learners/learner.h"

#include <math.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/define.h"
#include "bindings/calls/memory.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/fit.h"
#include "bindings/learners/metric_functions.h"
#include "bindings/learners/model.h"
#include "bindings/learners/trees.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/base/random.h"
#include "engine/importance.h"
#include "engine/store/learner_file.h"

struct learner_value {
    dg_learner *learner; /* user value 1: the table of dg_push_learner_values */
    bool taken;          /* by dg_take_learner */
    bool told;           /* that rows were on another scale */
};

/* --- userdata ------------------------------------------------------------------------------- */

dg_learner **dg_push_learner(lua_State *L, const char *class)
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
} families[] = { { "network", &dg_model_class }, { "tree", &dg_tree_learner_class } };

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
    const void *key = type ? (const void *)type : &dg_learner_class;
    bool known = lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TNIL;
    lua_pop(L, 1);
    if (known) return; /* the library was opened before */
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
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void dg_push_new_learner(lua_State *L, const dg_part *options)
{
    dg_learner **out =
        dg_push_learner(L, class_of(L, (const dg_learner_type *)options->type)->name);
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

bool dg_read_set(lua_State *L, int index, dg_value *out)
{
    out->pointer = dg_test_dataset(L, index);
    return out->pointer != NULL;
}

const dg_lua_handle dg_set_handle = { { "dataset", "a dataset, or two tensors, x and y" },
                                      .read = dg_read_set,
                                      .join = dg_join_pair };

static bool read_rows(lua_State *L, int index, dg_value *out)
{
    const dg_dataset *set = dg_test_dataset(L, index);
    out->pointer = set ? &set->x : dg_test_tensor(L, index);
    return out->pointer != NULL;
}

const dg_lua_handle dg_rows_handle = { { "tensor", "a tensor or a dataset" }, read_rows };

void dg_push_scores(lua_State *L, const dg_learner *learner, const dg_scores *scores)
{
    dg_push_record(L, 3 + learner->metric_count);
    dg_set_number(L, "loss", scores->loss);
    dg_set_number(L, "seconds", scores->seconds);
    if (scores->has_accuracy) dg_set_number(L, "accuracy", scores->accuracy);
    for (int i = 0; i < learner->metric_count; i++) { /* a function may be named accuracy, too */
        if (learner->metrics[i].type == &dg_accuracy) continue;
        dg_set_number(L, learner->metrics[i].name, scores->metric[i]);
    }
}

void dg_tell_scale(lua_State *L, const dg_learner *learner, const dg_tensor *x,
                   const char *function)
{
    struct learner_value *value = test_learner(L, 1);
    char text[512];
    if (value->told || !dg_learner_range_differs(learner, x, text, sizeof text)) return;
    value->told = true;
    dg_tell(L, function, text);
}

/* What the methods take, each a part of it. */
typedef struct taken {
    const dg_dataset *set;
    const dg_tensor *rows;
    const char *path;
    int64_t repeats;
    dg_optional_seed seed;
    int options; /* place of a model */
} taken;

#define ROWS                                                                                       \
    DG_TAKES(taken, DG_HANDLE(taken, rows, .required = true, .handle = &dg_rows_handle.handle,     \
                              .doc = "{n, ...}, or one row")),                                     \
        .arguments = 1

static int evaluate(lua_State *L, const void *options)
{
    const dg_dataset *set = ((const taken *)options)->set;
    dg_learner *learner = dg_want_learner(L, 1, "evaluate");
    dg_tell_scale(L, learner, &set->x, "evaluate");
    dg_job job = dg_job_default();
    dg_scores scores;
    dg_asking asking;
    dg_asking_begin(&asking, L, learner, 1);
    dg_dataset_retain(set); /* a metric may close it by hand */
    dg_status status = dg_learner_evaluate(learner, set, &job, &scores);
    dg_dataset_release(set);
    dg_asking_end(&asking);
    if (asking.failed) return lua_error(L);
    dg_check_call(L, status, "evaluate");
    dg_push_scores(L, learner, &scores);
    return 1;
}

static int predict(lua_State *L, const void *options)
{
    const dg_tensor *x = ((const taken *)options)->rows;
    const dg_learner *learner = dg_want_learner(L, 1, "predict");
    dg_tell_scale(L, learner, x, "predict");
    dg_job job = dg_job_default();
    dg_check_call(L, dg_learner_predict(learner, x, &job, dg_push_tensor(L)), "predict");
    return 1;
}

static int predict_proba(lua_State *L, const void *options)
{
    const dg_tensor *x = ((const taken *)options)->rows;
    const dg_learner *learner = dg_want_learner(L, 1, "predict_proba");
    dg_tell_scale(L, learner, x, "predict_proba");
    dg_job job = dg_job_default();
    const char *who = learner->target == DG_TARGET_NUMBERS ? "predict_proba" : "predict";
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

static int save(lua_State *L, const void *options)
{
    const char *path = ((const taken *)options)->path;
    const dg_learner *learner = dg_want_learner(L, 1, "save");
    char text[512];
    dg_check_status(L, dg_learner_save(learner, path));
    if (dg_learner_save_loses(learner, path, text, sizeof text)) dg_tell(L, "save", text);
    if (dg_has_metric_functions(learner))
        dg_tell(L, "save",
                "metrics that are functions are not kept in files: compile again after "
                "digits.load");
    return 0;
}

static int permutation_importance(lua_State *L, const void *options)
{
    const taken *o = options;
    const dg_learner *learner = dg_want_learner(L, 1, "permutation_importance");
    dg_job job = dg_job_default();
    dg_check_call(L,
                  dg_permutation_importance(learner, o->set, o->repeats, dg_seed_or_next(&o->seed),
                                            &job, dg_push_tensor(L)),
                  "permutation_importance");
    return 1;
}

static const dg_function methods[] = {
    DG_FUNCTION(
        "evaluate", evaluate,
        "A table of loss (penalties included; of numbers the mean squared error), accuracy "
        "(not of numbers) and\nseconds. Two tensors will do as well: model:evaluate(x, y).",
        "print(model:evaluate(test).accuracy)",
        DG_TAKES(taken, DG_HANDLE(taken, set, .required = true, .handle = &dg_set_handle.handle,
                                  .doc = "the rows to judge by")),
        .arguments = 1),
    DG_FUNCTION(
        "predict", predict,
        "The most likely label of each row, {n} int32; the number expected, {n} float32, of "
        "models that were\nfitted on numbers or by squared error of one output.",
        "model:predict(test)", ROWS),
    DG_FUNCTION("predict_proba", predict_proba,
                "The probabilities of the classes for each row, {n, classes} float32; column k "
                "belongs to\nmodel.classes[k]. A model of numbers has none: predict gives its "
                "numbers.",
                "model:predict_proba(test.x)", ROWS),
    DG_FUNCTION(
        "permutation_importance", permutation_importance,
        "How much accuracy is lost, or of numbers how much the mean squared error grows, "
        "when a feature's\nvalues are shuffled among the rows (Breiman 2001): {features, "
        "2}, mean and standard deviation.",
        "forest:permutation_importance(test)[{ {}, 1 }]",
        DG_TAKES(taken,
                 DG_HANDLE(taken, set, .required = true, .handle = &dg_dataset_handle.handle,
                           .doc = "the rows to judge by"),
                 DG_INT(taken, repeats, DG_WITHIN(1, 1000000), .default_number = 5,
                        .doc = "shuffles of each feature"),
                 DG_SEED(taken, seed, .doc = "of the shuffles")),
        .arguments = 1, DG_HINTS({ "n_repeats", "use repeats = ..." })),
    DG_PLAIN_FUNCTION("summary", summary, "A text that says what it is made of.",
                      "print(model:summary())"),
    DG_FUNCTION(
        "save", save,
        "Writes all that is needed to predict (not the state of an optimizer), whole or not "
        "at all: as a\nsafetensors file or, if the path ends so, in a format of another program "
        "that help on the type\ntells of (tree.GradientBoosting: .json). Other programs' endings "
        "(.onnx, .h5, .pt ...) are refused.",
        "model:save \"cnn.safetensors\"",
        DG_TAKES(taken, DG_PATH(taken, path, .required = true,
                                .doc = "where to; the ending says the format")),
        .arguments = 1),
    { .name = NULL },
};

/* --- properties ----------------------------------------------------------------------------- */

int dg_learner_own_value(lua_State *L)
{
    dg_want_learner(L, 1, luaL_checkstring(L, 2));
    dg_push_learner_values(L, 1);
    lua_getfield(L, -1, lua_tostring(L, 2));
    return 1;
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

static int get_preparation(lua_State *L)
{
    const dg_preparation *preparation = &dg_want_learner(L, 1, "preparation")->preparation;
    lua_pushnil(L);
    if (preparation->count) dg_push_list(L, preparation->count);
    for (int i = 0; i < preparation->count; i++) {
        dg_push_part(L, preparation->steps[i]->options);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static const dg_property properties[] = {
    { "history", dg_learner_own_value, "history\nWhat the last fit returned, or nil." },
    { "classes", get_classes, "classes\nThe label of each output, once fitted." },
    { "class_names", get_class_names, "class_names\nA name for each class, or nil." },
    { "preparation", get_preparation,
      "preparation\nThe steps that rows go through first, or nil." },
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
    return dg_class_unknown(L, class_of(L, learner->type)->name, name, 1);
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

static int load(lua_State *L, const void *options)
{
    const taken *o = options;
    dg_learner **out = dg_push_learner(L, dg_learner_class.name);
    int place = lua_gettop(L);
    dg_check_status(L, dg_learner_load(out, o->path));
    luaL_setmetatable(L, class_of(L, (*out)->type)->name);
    if (o->options) {
        const dg_learner *other = dg_want_learner(L, o->options, "load");
        dg_check_call(L, dg_learner_take_options(*out, other), "load");
    }
    lua_settop(L, place);
    return 1;
}

static const dg_function load_function = DG_FUNCTION(
    "load", load,
    "A model that was saved, ready to predict, evaluate and fit. The state of a network's "
    "optimizer "
    "(Adam's\nmoments, momentum) is not in the file: a fit goes on from the weights, with a fresh "
    "optimizer.\nXGBoost's files (.json) do not say with which options a model was made: to fit "
    "one "
    "further, give a new\nmodel that has them: digits.load(\"xgboost.json\", "
    "tree.GradientBoosting { learning_rate = 0.1 })",
    "local cnn = digits.load \"cnn.safetensors\"",
    DG_TAKES(taken, DG_PATH(taken, path, .required = true, .doc = "the file"),
             DG_SLOT(taken, options, .handle = &dg_learner_handle.handle,
                     .doc = "a model that gives its options and seed to one whose file does not "
                            "say them")),
    .arguments = 2);

/* --- as parts ------------------------------------------------------------------------------- */

static const char *module_of(const dg_descriptor *type)
{
    return ((const dg_learner_type *)type)->module;
}

/* Sets the list of the formats of other programs: "XGBoost's JSON (.json)". */
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
    { "learner", .module_of = module_of, .make = dg_push_new_learner, .describe = set_formats },
    { NULL },
};

void dg_open_learner(lua_State *L)
{
    dg_add_word(L, "model", &dg_learner_handle);
    dg_add_kinds(L, kinds);
    register_type(L, NULL);
    for (int i = 0; dg_registry[i]; i++)
        if (strcmp(dg_registry[i]->kind, "learner") == 0)
            register_type(L, (const dg_learner_type *)dg_registry[i]);
    dg_push_described(L, &load_function, "digits.");
    lua_setfield(L, -2, "load");
}
