/* What can be done with any learner, but for fit (bindings/fit.c). */
#include "bindings/learner.h"

#include <math.h>
#include <string.h>

#include "bindings/check.h"
#include "bindings/data.h"
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

void dg_push_new_learner(lua_State *L, const dg_part *options)
{
    dg_learner **out = dg_push_learner(L, &dg_tree_class);
    dg_check_status(L, dg_learner_new(out, options, dg_next_seed()));
}

static struct learner_value *test_learner(lua_State *L, int index)
{
    struct learner_value *value = dg_class_test(L, index, &dg_tree_class);
    return value ? value : dg_class_test(L, index, &dg_model_class);
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
    { "fit", dg_learner_lua_fit,
      "fit(set, options) or fit(x, y, options)\n"
      "Trains, and returns the history: lists loss, accuracy, val_loss, val_accuracy, seconds with "
      "an entry an\nepoch or round, and best_epoch, total_seconds, epochs\n(boosting: best_round "
      "and rounds, too).\n"
      "options: { validation = nil, seed = nil, verbose = 1, early_stopping = nil, continue = "
      "nil,\n"
      "  on_epoch_end = nil, on_batch_end = nil }\n"
      "Networks also take epochs = 1, batch_size = 32, shuffle = true, and go on where the last "
      "fit ended unless\ncontinue = false; trees take sample_weight = nil, a tensor {n} (nil: the "
      "weights of the set, if\nit has some), and begin anew; with continue = true RandomForest and "
      "GradientBoosting add n_estimators\ntrees or rounds to those they have.\n"
      "A network from digits.load goes on from its weights, but its optimizer begins anew: files "
      "do "
      "not keep Adam's\nmoments or momentum yet, so the first epochs differ from those of a fit "
      "that was not broken off.\n"
      "verbose: 0 silent, 1 a progress bar on a terminal, 2 a line an epoch. Callbacks get a table "
      "(epoch, epochs,\nbatch, batches, seconds and the scores; boosting: round, rounds, too); "
      "false ends the fit.\n"
      "early_stopping = { monitor = \"val_loss\", patience = 0, min_delta = 0, restore_best = "
      "false "
      "}; a score that is NaN\nis never an improvement, and a warning says that it was.\n"
      "Ctrl-C ends the fit after the batch, tree or round under way, with what was learnt (the "
      "best "
      "epoch,\nwhere restore_best is asked for); the history then has stopped_early = "
      "\"interrupted\".\n"
      "model:fit(train, { validation = validation, epochs = 12, batch_size = 50 })" },
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
        return dg_raise(L, "a learner cannot be indexed with %s", dg_push_found(L, 2));
    const char *name = lua_tostring(L, 2);
    for (const dg_attribute *a = learner->type->attributes; a && a->name; a++)
        if (strcmp(a->name, name) == 0) return push_attribute(L, learner, a);
    int option = learner->options ? dg_param_index(learner->options->type, name) : -1;
    if (option >= 0) {
        dg_push_option(L, learner->options, option);
        return 1;
    }
    push_names(L, learner);
    return dg_class_unknown(L, &dg_tree_class, name, 1);
}

/* --- the rest of a value -------------------------------------------------------------------- */

static int learner_tostring(lua_State *L)
{
    const struct learner_value *value = luaL_checkudata(L, 1, dg_tree_class.name);
    const dg_learner *learner = value->learner;
    if (!learner) {
        lua_pushstring(L, value->taken ? "model that is being fitted" : "closed model");
        return 1;
    }
    dg_push_part(L, learner->options);
    const char *options = luaL_tolstring(L, -1, NULL);
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
    .name = "digits.any_learner", /* only a base: never registered */
    .called = "model",
    .doc = "learner\n"
           "A model that learns from a dataset: fit it, then evaluate, predict and save. Its "
           "options are fields of it;\nafter a fit so is what it found.",
    .methods = methods,
    .properties = properties,
    .metamethods = metamethods,
    .index = dg_learner_index,
};

void dg_open_learner(lua_State *L)
{
    dg_class_register(L, &dg_tree_class);
}

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
    dg_learner **out = dg_push_learner(L, &dg_tree_class);
    dg_check_status(L, dg_learner_load(out, path));
    if (!lua_isnoneornil(L, 2)) {
        const dg_learner *options = dg_want_learner(L, 2, "load");
        dg_check_call(L, dg_tree_learner_take_options(*out, options), "load");
    }
    if (dg_model_of(*out)) luaL_setmetatable(L, dg_model_class.name);
    return 1;
}
