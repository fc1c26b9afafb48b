/* The methods and fields of all learners, except fit (bindings/learners/fit.c). */
#include <math.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/metric_functions.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/augmented.h"
#include "engine/base/random.h"
#include "engine/importance.h"
#include "engine/store/learner_file.h"

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

/* The options of all methods, each of which uses some of them. */
typedef struct learner_options {
    const dg_dataset *set;
    const dg_tensor *rows;
    const char *path;
    bool recipe, optimizer;
    int64_t augment;
    int64_t repeats;
    dg_optional_seed seed;
} learner_options;

/* Of predict and predict_proba. */
#define ROWS                                                                                       \
    DG_TAKES(learner_options,                                                                      \
             DG_HANDLE(learner_options, rows, .required = true, .handle = &dg_rows_handle.handle,  \
                       .doc = "{n, ...}, or one row"),                                             \
             DG_INT(learner_options, augment, DG_WITHIN(0, DG_MOST_SHIFTS), .named_only = true,    \
                    .doc = "average over so many more copies of each image, shifted by a pixel")), \
        .arguments = 1

static int evaluate(lua_State *L, const void *options)
{
    const dg_dataset *set = ((const learner_options *)options)->set;
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
    const dg_tensor *x = ((const learner_options *)options)->rows;
    const dg_learner *learner = dg_want_learner(L, 1, "predict");
    dg_tell_scale(L, learner, x, "predict");
    dg_job job = dg_job_default();
    int copies = (int)((const learner_options *)options)->augment;
    dg_check_call(L, dg_learner_augmented_predict(learner, x, copies, &job, dg_push_tensor(L)),
                  "predict");
    return 1;
}

static int predict_proba(lua_State *L, const void *options)
{
    const dg_tensor *x = ((const learner_options *)options)->rows;
    const dg_learner *learner = dg_want_learner(L, 1, "predict_proba");
    dg_tell_scale(L, learner, x, "predict_proba");
    dg_job job = dg_job_default();
    const char *who = learner->target == DG_TARGET_NUMBERS ? "predict_proba" : "predict";
    int copies = (int)((const learner_options *)options)->augment;
    dg_check_call(L, dg_learner_augmented_proba(learner, x, copies, &job, dg_push_tensor(L)), who);
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
    const learner_options *o = options;
    const char *path = o->path;
    const dg_learner *learner = dg_want_learner(L, 1, "save");
    char text[512];
    dg_save_options wanted = { .bare = !o->recipe, .optimizer = o->optimizer };
    dg_check_status(L, dg_learner_save_with(learner, path, &wanted));
    if (dg_learner_save_loses(learner, path, text, sizeof text)) dg_tell(L, "save", text);
    if (dg_has_metric_functions(learner))
        dg_tell(L, "save",
                "metrics that are functions are not kept in files: compile again after "
                "digits.load");
    return 0;
}

static int digest(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "digest");
    char hex[DG_SHA256_HEX];
    dg_check_call(L, dg_learner_digest(learner, hex), "digest");
    lua_pushstring(L, hex);
    return 1;
}

static int permutation_importance(lua_State *L, const void *options)
{
    const learner_options *o = options;
    const dg_learner *learner = dg_want_learner(L, 1, "permutation_importance");
    dg_job job = dg_job_default();
    dg_check_call(L,
                  dg_permutation_importance(learner, o->set, o->repeats, dg_seed_or_next(&o->seed),
                                            &job, dg_push_tensor(L)),
                  "permutation_importance");
    return 1;
}

static const dg_function methods[] = {
    DG_FUNCTION("evaluate", evaluate,
                "A table of loss (penalties included; for numeric targets the mean squared error), "
                "accuracy (for labels)\nand seconds. Two tensors may take the place of the set: "
                "model:evaluate(x, y).",
                "print(model:evaluate(test).accuracy)",
                DG_TAKES(learner_options, DG_HANDLE(learner_options, set, .required = true,
                                                    .handle = &dg_set_handle.handle,
                                                    .doc = "the rows to evaluate on")),
                .arguments = 1),
    DG_FUNCTION("predict", predict,
                "The most likely label of each row, {n} int32; or the predicted number, {n} "
                "float32, if the model\nwas fitted to numeric targets, or is a network of one "
                "output with loss = \"mean_squared_error\".",
                "model:predict(test)", ROWS),
    DG_FUNCTION(
        "predict_proba", predict_proba,
        "The probabilities of the classes for each row, {n, classes} float32; column k belongs "
        "to\nmodel.classes[k]. A model of numeric targets has no probabilities: use predict.",
        "model:predict_proba(test.x)", ROWS),
    DG_FUNCTION(
        "permutation_importance", permutation_importance,
        "How much accuracy is lost (for numeric targets: how much the mean squared error grows) "
        "when the values\nof a feature are shuffled among the rows (Breiman 2001): {features, 2}, "
        "mean and standard deviation.",
        "forest:permutation_importance(test)[{ {}, 1 }]",
        DG_TAKES(learner_options,
                 DG_HANDLE(learner_options, set, .required = true,
                           .handle = &dg_dataset_handle.handle, .doc = "the rows to evaluate on"),
                 DG_INT(learner_options, repeats, DG_WITHIN(1, 1000000), .default_number = 5,
                        .doc = "how often each feature is shuffled"),
                 DG_SEED(learner_options, seed, .doc = "for the shuffles")),
        .arguments = 1, DG_HINTS({ "n_repeats", "use repeats = ..." })),
    DG_PLAIN_FUNCTION("summary", summary, "A text that describes the structure of the model.",
                      "print(model:summary())"),
    DG_FUNCTION("save", save,
                "Writes everything needed to predict, completely or not at all, to a safetensors\n"
                "file. Some learners can also be saved in formats "
                "of other programs, which their help lists: the path of a\ntree.GradientBoosting "
                "may end in .json. Other endings (.onnx, .h5, .pt ...) are refused.\n"
                "The file remembers how the model was made: the script with its text, the words of "
                "the command line, options,\nseeds, and fingerprints of the data. "
                "`digits-lua reproduce FILE` makes it again and compares.",
                "model:save \"cnn.safetensors\"",
                DG_TAKES(learner_options,
                         DG_PATH(learner_options, path, .required = true,
                                 .doc = "the file to write; its ending selects the format"),
                         DG_BOOL(learner_options, recipe, .default_number = 1, .named_only = true,
                                 .doc = "remember how the model was made"),
                         DG_BOOL(learner_options, optimizer, .named_only = true,
                                 .doc = "keep the state of a network's optimizer: its moments or "
                                        "momentum and its step (Adam: 3 times the size). A fit "
                                        "after digits.load then continues bit by bit")),
                .arguments = 1),
    DG_PLAIN_FUNCTION(
        "digest", digest,
        "The SHA-256 of what the model has learnt, its tensors with their names and shapes, as 64 "
        "hexadecimal digits.\nModels with equal digests predict the same; options, labels and "
        "history do not count.",
        "print(model:digest())"),
    { .name = NULL },
};

/* --- properties ----------------------------------------------------------------------------- */

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
    if (preparation->count)
        dg_fix_list(L, "model.preparation cannot be changed: it is an option of fit, "
                       "model:fit(set, { preparation = { ... } })");
    return 1;
}

static const dg_property properties[] = {
    { "history", dg_lua_own_value, "history\nWhat the last fit returned, or nil." },
    { "classes", get_classes, "classes\nThe label of each output, once fitted; a copy." },
    { "class_names", get_class_names, "class_names\nA name for each class, or nil; a copy." },
    { "preparation", get_preparation,
      "preparation\nThe steps that are applied to all rows first, or nil." },
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
    if (!learner->options) return;
    const dg_descriptor *type = learner->options->type;
    for (int i = 0; i < dg_descriptor_param_count(type); i++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, type->params[i].name);
    }
}

int dg_lua_learner_index(lua_State *L)
{
    const dg_learner *learner = dg_want_learner(L, 1, "a field");
    if (lua_type(L, 2) != LUA_TSTRING)
        return dg_raise(L, "a %s cannot be indexed with %s", learner->type->part.name,
                        dg_push_found(L, 2));
    const char *name = lua_tostring(L, 2);
    for (const dg_attribute *a = learner->type->attributes; a && a->name; a++)
        if (strcmp(a->name, name) == 0) return push_attribute(L, learner, a);
    int option = learner->options ? dg_descriptor_param_index(learner->options->type, name) : -1;
    if (option >= 0) {
        dg_push_option(L, learner->options, option);
        return 1;
    }
    push_names(L, learner);
    return dg_class_unknown(L, dg_learner_class_of(L, learner->type)->name, name, 1);
}

const dg_class dg_learner_class = {
    .name = "digits.learner", /* a base, registered for help */
    .called = "model",
    .doc = "learner\nA model that learns from a dataset: fit it, then evaluate, predict and save. "
           "Its options are fields;\nafter a fit, so are its results.",
    .methods = methods,
    .properties = properties,
    .metamethods = dg_learner_metamethods,
    .index = dg_lua_learner_index,
};
