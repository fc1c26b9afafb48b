/* What learner:fit takes: the options that all learners have in common, and the learner's own. */
#include "bindings/learners/fit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/parts.h"
#include "bindings/learners/learner.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/stopping.h"

/* The table early_stopping, which is read by parameters of its own. */
typedef struct early_options {
    const char *monitor;
    int64_t patience;
    double min_delta;
    bool restore_best;
    int mode;
} early_options;

static const char *const mode_words[] = { "auto", "min", "max", NULL };

static const dg_param early_params[] = {
    DG_TEXT(early_options, monitor, .named_only = true,
            .doc = "the score to watch; nil: val_loss, or loss if there is no validation"),
    DG_INT(early_options, patience, DG_AT_LEAST(0), .named_only = true,
           .doc = "how many steps without improvement end the fit"),
    DG_FLOAT(early_options, min_delta, .named_only = true,
             .doc = "the least change that counts as an improvement"),
    DG_BOOL(early_options, restore_best, .named_only = true,
            .doc = "return to the state of the best step at the end"),
    DG_CHOICE(early_options, mode, .choices = mode_words, .named_only = true,
              .doc = "min: lower is better; max: greater is better; auto: as the metric defines (a "
                     "metric that is a function needs min or max)"),
    DG_END,
};

static const dg_descriptor early_stopping = {
    .kind = "function",
    .name = "fit: early_stopping",
    .params = early_params,
    .options_size = sizeof(early_options),
    .hints = (const dg_hint[]){ { "restore_best_weights", "use restore_best = ..." }, { NULL } },
};

static const dg_param plateau_params[] = {
    DG_TEXT(dg_plateau, monitor, .named_only = true,
            .doc = "the score to watch; nil: val_loss, or loss if there is no validation"),
    DG_FLOAT(dg_plateau, factor, DG_BETWEEN(0, 1), .named_only = true, .default_number = 0.1,
             .doc = "what the learning rate is multiplied by"),
    DG_INT(dg_plateau, patience, DG_AT_LEAST(0), .named_only = true, .default_number = 10,
           .doc = "how many epochs without improvement it waits for"),
    DG_CHOICE(dg_plateau, mode, .choices = mode_words, .named_only = true,
              .doc = "as in early_stopping"),
    DG_FLOAT(dg_plateau, min_delta, DG_AT_LEAST(0), .named_only = true, .default_number = 1e-4,
             .doc = "the least change that counts as an improvement"),
    DG_INT(dg_plateau, cooldown, DG_AT_LEAST(0), .named_only = true,
           .doc = "how many epochs after a reduction are not counted"),
    DG_FLOAT(dg_plateau, min_lr, DG_AT_LEAST(0), .named_only = true,
             .doc = "the least learning rate"),
    DG_END,
};

static const dg_descriptor plateau = {
    .kind = "function",
    .name = "fit: reduce_lr_on_plateau",
    .params = plateau_params,
    .options_size = sizeof(dg_plateau),
};

/* Reads a table of options, which lives as long as the call. */
static bool read_table(lua_State *L, int index, const dg_descriptor *type, dg_value *out)
{
    dg_part part;
    if (lua_type(L, index) != LUA_TTABLE) return false;
    void *options = memset(dg_scratch(L, 1, type->options_size), 0, type->options_size);
    dg_part_open(&part, type, options);
    lua_pushvalue(L, index);
    dg_read_options(L, &part, 0, lua_gettop(L), 0);
    out->pointer = options;
    return true;
}

static bool read_early_stopping(lua_State *L, int index, dg_value *out)
{
    return read_table(L, index, &early_stopping, out);
}

static bool read_plateau(lua_State *L, int index, dg_value *out)
{
    return read_table(L, index, &plateau, out);
}

static void fill_early_stopping(const early_options *early, dg_fit_options *options)
{
    if (!early) return;
    options->monitor = dg_monitor_or_default(early->monitor, options);
    options->patience = early->patience;
    options->min_delta = early->min_delta;
    options->restore_best = early->restore_best;
    options->mode = (dg_mode)early->mode;
}

/* { x, y }, or { x = ..., y = ... } */
typedef struct pair_options {
    int x, y;
} pair_options;

static const dg_param pair_params[] = {
    DG_SLOT(pair_options, x, .required = true, .handle = &dg_tensor_handle.handle, .doc = "rows"),
    DG_SLOT(pair_options, y, .required = true, .handle = &dg_tensor_handle.handle, .doc = "labels"),
    DG_END,
};

static const dg_descriptor pair = { .kind = "function",
                                    .name = "fit: validation",
                                    .params = pair_params,
                                    .options_size = sizeof(pair_options) };

static bool read_validation(lua_State *L, int index, dg_value *out)
{
    pair_options places = { 0 };
    dg_part part;
    if (lua_type(L, index) != LUA_TTABLE) {
        out->pointer = dg_test_dataset(L, index);
        return out->pointer != NULL;
    }
    dg_part_open(&part, &pair, &places);
    lua_pushvalue(L, index);
    dg_read_options(L, &part, 0, lua_gettop(L), 0);
    out->pointer = dg_push_pair(L, places.x, places.y, "fit: validation");
    return true;
}

/* A learner that starts again takes on the classes of its set; if they are numbers given as
 * integers, there may be hundreds, and no dataset was made before that could have warned. */
static bool join_set(lua_State *L, int index, const char *who)
{
    char text[256];
    if (!dg_join_pair(L, index, who)) return false;
    const dg_dataset *set = dg_test_dataset(L, index);
    if (dg_want_learner(L, 1, who)->type->resumes || !dg_dataset_seems_numeric(set)) return true;
    snprintf(text, sizeof text,
             "y has %lld classes in %lld rows; if they are numeric targets, give them as y:astype "
             "\"float32\"",
             (long long)set->class_count, (long long)dg_dataset_rows(set));
    dg_tell(L, who, text);
    return true;
}

static const dg_lua_handle set_handle = { { "dataset", "a dataset, or two tensors, x and y" },
                                          .read = dg_is_set,
                                          .join = join_set };
static const dg_lua_handle validation_handle = {
    { "dataset", "a dataset, or a table with the tensors x and y" }, .read = read_validation
};
static const dg_lua_handle early_handle = { { "table", "a table such as { patience = 2 }" },
                                            .read = read_early_stopping,
                                            .fields = &early_stopping };

static const dg_lua_handle plateau_handle = { { "table",
                                                "a table such as { factor = 0.5, patience = 3 }" },
                                              .read = read_plateau,
                                              .fields = &plateau };

static const dg_lua_handle steps_handle = {
    { "list", "a list of steps, { data.StandardScaler {} }" }, .read = dg_is_table
};

enum { RESUME = 4, WEIGHT = 7, PLATEAU = 11, RATE }; /* places in this list */

static const dg_param common_params[] = {
    DG_HANDLE(dg_fit_call, set, .required = true, .handle = &set_handle.handle, .doc = "the rows"),
    DG_HANDLE(dg_fit_call, validation, .named_only = true, .handle = &validation_handle.handle,
              .doc = "the rows to evaluate on after each step"),
    DG_SEED(dg_fit_call, seed, .named_only = true,
            .doc = "the seed of all random choices in the fit; nil: the model's seed"),
    DG_INT(dg_fit_call, verbose, DG_WITHIN(0, 2), .named_only = true, .default_number = 1,
           .doc = "0: silent; 1: a progress bar on a terminal; 2: one line per step"),
    { .name = "continue",
      .type = DG_TYPE_BOOL,
      .offset = offsetof(dg_fit_call, resume),
      .named_only = true,
      .doc = "continue where the last fit ended, or start again" },
    DG_SLOT(dg_fit_call, on_epoch_end, .named_only = true, .handle = &dg_function_handle.handle,
            .doc = "called with the log of each step; returning false ends the fit"),
    DG_SLOT(dg_fit_call, on_batch_end, .named_only = true, .handle = &dg_function_handle.handle,
            .doc = "called with the log of each batch or tree; returning false ends the fit"),
    DG_HANDLE(dg_fit_call, sample_weight, .named_only = true, .handle = &dg_tensor_handle.handle,
              .doc = "{n}: the weight of each row; nil: the weights of the set"),
    DG_SLOT(dg_fit_call, preparation, .named_only = true, .handle = &steps_handle.handle,
            .doc = "steps that are fitted to the rows and applied to them, and to all rows that "
                   "the model sees later"),
    DG_HANDLE(dg_fit_call, early_stopping, .named_only = true, .handle = &early_handle.handle,
              .doc = "ends the fit when the score no longer improves"),
    DG_PATH(dg_fit_call, log, .named_only = true,
            .doc =
                "a CSV file that gets a line with the scores of each step; with resume it begins "
                "with those of the steps that are done"),
    { .name = "reduce_lr_on_plateau",
      .type = DG_TYPE_HANDLE,
      .offset = offsetof(dg_fit_call, plateau),
      .named_only = true,
      .handle = &plateau_handle.handle,
      .doc = "reduces the learning rate when the score no longer improves" },
    DG_SLOT(dg_fit_call, learning_rate, .named_only = true, .handle = &dg_function_handle.handle,
            .doc = "called before each update with the number of those before it; returns the "
                   "learning rate"),
};

static const dg_hint common_hints[] = {
    { "validation_data", "use validation = ..." },
    { "eval_set", "use validation = ..." },
    { "early_stopping_rounds", "use early_stopping = { patience = ... }" },
    { "callbacks",
      "use on_epoch_end = function(log) ... end, early_stopping = { ... }, checkpoint = ..., "
      "or log = \"run.csv\"" },
    { "reduce_lr", "it is an option of networks, reduce_lr_on_plateau = { ... }" },
    { "sample_weights", "use sample_weight = ..." },
    { "x", "give the tensors first: model:fit(x, y, { ... })" },
    { "y", "give the tensors first: model:fit(x, y, { ... })" },
    { NULL }
};

/* --- fit of one type of learner ------------------------------------------------------------- */

enum { MOST_HINTS = 128 };

struct description {
    dg_function function;
    dg_param params[DG_MAX_PARAMS + 1];
    dg_hint hints[MOST_HINTS + 1];
    int hint_count;
};

static void add_hint(struct description *d, const char *name, const char *sentence)
{
    if (d->hint_count < MOST_HINTS) d->hints[d->hint_count++] = (dg_hint){ name, sentence };
}

static void copy_hints(struct description *d, const dg_hint *hints)
{
    for (; hints && hints->theirs; hints++) add_hint(d, hints->theirs, hints->ours);
}

/* Adds the sentence on top of the stack, which it pops, as a hint about each of the parameters that
 * this fit does not have; the table at `keeper` keeps it. */
static void add_foreign(lua_State *L, struct description *d, const dg_param *params, int keeper)
{
    const char *sentence = lua_tostring(L, -1);
    for (; params && params->name; params++)
        if (dg_params_index(d->params, params->name) < 0) add_hint(d, params->name, sentence);
    lua_rawseti(L, keeper, (lua_Integer)lua_rawlen(L, keeper) + 1);
}

/* Adds hints about options that belong to the learner's constructor or to another learner's fit. */
static void add_hints(lua_State *L, struct description *d, const dg_learner_type *type, int keeper)
{
    static const dg_param weight[] = { { .name = "sample_weight" }, DG_END };
    copy_hints(d, type->fit_hints);
    copy_hints(d, common_hints);
    if (type->module) {
        lua_pushfstring(L, "give it to the constructor, %s.%s { ... }", type->module,
                        type->part.name);
        add_foreign(L, d, type->part.params, keeper);
    }
    const dg_learner_type *other;
    for (int at = 0; (other = (const dg_learner_type *)dg_next_of_kind("learner", &at));) {
        if (other == type) continue;
        lua_pushfstring(L, "it is an option of %s, not of %s", other->part.name, type->part.name);
        add_foreign(L, d, other->fit_params, keeper);
        lua_pushfstring(L, "it is an option of learners such as %s, but %s cannot weight rows",
                        other->part.name, type->part.name);
        add_foreign(L, d, other->takes_weights ? weight : NULL, keeper);
    }
}

static void add_params(struct description *d, const dg_learner_type *type)
{
    int count = 0;
    const dg_param *own = type ? type->fit_params : NULL;
    for (size_t i = 0; i < sizeof common_params / sizeof *common_params; i++) {
        if (i == WEIGHT && type && !type->takes_weights) continue;
        if ((i == PLATEAU || i == RATE) && !(type && type->compiled)) continue;
        d->params[count] = common_params[i];
        if (i == RESUME) d->params[count].default_number = type && type->resumes;
        count++;
    }
    for (; own && own->name; own++) {
        d->params[count] = *own;
        d->params[count].named_only = true;
        d->params[count++].offset += DG_FIT_OWN;
    }
    d->params[count] = (dg_param)DG_END;
}

const dg_function *dg_push_fit(lua_State *L, const dg_learner_type *type, dg_call *call)
{
    struct description *d = lua_newuserdatauv(L, sizeof *d, 1);
    *d = (struct description){ .hint_count = 0 };
    add_params(d, type);
    lua_newtable(L);
    if (type) add_hints(L, d, type, lua_gettop(L));
    lua_setiuservalue(L, -2, 1);
    d->function = (dg_function){
        .name = "fit",
        .call = call,
        .params = d->params,
        .size = DG_FIT_OWN + (type ? type->fit_size : 0),
        .arguments = 1,
        .hints = d->hints,
        .doc =
            "Trains, and returns the history: the lists loss, accuracy, val_loss, val_accuracy and "
            "seconds with one entry\nper step (epoch, round or iteration), and best_epoch, "
            "total_seconds, epochs and step. best_epoch and\nepochs are also there under the name "
            "of the step: for boosting, best_round and rounds.\nTwo tensors may take the place of "
            "the set: model:fit(x, y, { ... }). Callbacks are called with a table of\nepoch, "
            "epochs, batch, batches, seconds, step and the scores (for boosting, also round and "
            "rounds).\nA network continues where the last fit ended; trees start again. With "
            "continue = true, RandomForest and\nGradientBoosting add n_estimators trees or rounds "
            "to those they "
            "have. A network from digits.load continues\nfrom its weights with a fresh optimizer, "
            "unless it was saved with optimizer = true.\nA network can go on with a fit that was "
            "killed, bit by bit: fit { checkpoint = \"run.safetensors\", resume =\n"
            "\"run.safetensors\" } begins where there is no such file, and else continues after "
            "the "
            "last epoch that it holds,\nto the same end, whatever the number of threads; the "
            "history "
            "has all epochs. Another model, set, seed or option\nthan before is refused; epochs "
            "may "
            "grow. A fit that a callback or Ctrl-C ended goes on, one that early stopping\nended "
            "does not.\nEarly stopping: a score that is "
            "NaN never counts as an improvement, and a warning reports it.\nCtrl-C ends the fit "
            "after the current batch, tree or round, and keeps what was learnt (the best step "
            "if\nrestore_best is true); the history then has stopped_early = \"interrupted\".",
        .example = "model:fit(train, { validation = validation })",
    };
    return &d->function;
}

/* The steps in the list, for the engine; what is pushed lives as long as the call. */
static void read_preparation(lua_State *L, int list, dg_fit_options *options)
{
    int count = list ? (int)lua_rawlen(L, list) : 0;
    if (count > DG_MAX_STEPS)
        dg_raise(L, "fit: preparation: at most %d steps are allowed", DG_MAX_STEPS);
    luaL_checkstack(L, 2 * count + 8, NULL);
    const dg_part **steps = dg_scratch(L, (size_t)count, sizeof *steps);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, list, i + 1);
        steps[i] = dg_push_part_of(L, -1, "preparation", "fit", "preparation");
    }
    options->steps = count;
    options->step = steps;
}

const dg_dataset *dg_fit_fill(lua_State *L, const dg_fit_call *call, dg_fit_options *options)
{
    *options = (dg_fit_options){
        .resume = call->resume ? DG_RESUME_YES : DG_RESUME_NO,
        .validation = call->validation,
        .own = (const char *)call + DG_FIT_OWN,
        .log = call->log,
        .seeded = call->seed.given,
        .seed = call->seed.value,
    };
    fill_early_stopping(call->early_stopping, options);
    options->plateau = call->plateau;
    read_preparation(L, call->preparation, options);
    if (!call->sample_weight) return call->set;
    dg_tensor *weight = dg_push_tensor(L); /* a copy, for a set makes its tensors read-only */
    dg_check_call(L, dg_tensor_copy(weight, call->sample_weight), "fit");
    const dg_dataset **weighted = dg_push_dataset(L);
    dg_check_call(L,
                  dg_dataset_with(weighted, call->set, &(dg_dataset_fields){ .weights = weight }),
                  "fit: sample_weight");
    return *weighted;
}
