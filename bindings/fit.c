/* learner:fit: options, callbacks, history and progress. */
#include <string.h>
#include <unistd.h>

#include "bindings/check.h"
#include "bindings/data.h"
#include "bindings/memory.h"
#include "bindings/program_interrupt.h"
#include "bindings/learner.h"
#include "bindings/tensor.h"
#include "engine/base/clock.h"
#include "engine/nn/model.h"
#include "engine/stopping.h"

#define PROGRESS "digits.progress"

/* Places on the stack of fit. */
enum {
    MODEL = 1,
    SET,
    OPTIONS,
    VALIDATION,
    WEIGHT,
    EARLY,
    HISTORY,
    ON_EPOCH,
    ON_BATCH,
    SHOW,
    LAST = SHOW
};

struct fit {
    lua_State *L;
    const dg_log *log;
    bool epoch_over, stop, failed;
    int verbose;
    bool terminal, drawn;
    const char *step; /* of the learner's type */
    double last_drawn;
};

int dg_set_progress(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, PROGRESS);
    return 0;
}

/* --- what callbacks get --------------------------------------------------------------------- */

static void set_integer(lua_State *L, const char *name, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

/* Boosting, whose epochs go by that name too. */
static bool counts_rounds(const char *step)
{
    return step && strcmp(step, "round") == 0;
}

static void push_log(lua_State *L, const dg_log *log, const char *step)
{
    lua_createtable(L, 0, 5 + log->scores);
    dg_set_printable(L, "digits.record");
    set_integer(L, "epoch", log->epoch);
    set_integer(L, "epochs", log->epochs);
    set_integer(L, "batch", log->batch);
    set_integer(L, "batches", log->batches);
    dg_push_number(L, log->seconds);
    lua_setfield(L, -2, "seconds");
    lua_pushstring(L, step); /* nil for NULL */
    lua_setfield(L, -2, "step");
    if (counts_rounds(step)) {
        set_integer(L, "round", log->epoch);
        set_integer(L, "rounds", log->epochs);
    }
    for (int i = 0; i < log->scores; i++) {
        dg_push_number(L, log->score[i].value);
        lua_setfield(L, -2, log->score[i].name);
    }
}

/* history[name][epoch] = value */
static void append(lua_State *L, int history, const char *name, int64_t epoch, double value)
{
    if (lua_getfield(L, history, name) == LUA_TNIL) {
        lua_pop(L, 1);
        dg_push_list(L, 0);
        lua_pushvalue(L, -1);
        lua_setfield(L, history, name);
    }
    dg_push_number(L, value);
    lua_rawseti(L, -2, epoch);
    lua_pop(L, 1);
}

void dg_record_epoch(lua_State *L, int model, int history, const dg_log *log, const char *step)
{
    for (int i = 0; i < log->scores; i++)
        append(L, history, log->score[i].name, log->epoch, log->score[i].value);
    append(L, history, "seconds", log->epoch, log->seconds);
    lua_pushvalue(L, history);
    set_integer(L, "epochs", log->epoch);
    if (counts_rounds(step)) set_integer(L, "rounds", log->epoch);
    lua_pop(L, 1);
    dg_push_learner_values(L, model);
    lua_pushvalue(L, history);
    lua_setfield(L, -2, "history");
    lua_pop(L, 1);
}

/* --- the protected part --------------------------------------------------------------------- */

static void show(lua_State *L, int function, const char *event, int log, const struct fit *fit)
{
    if (!lua_isfunction(L, function)) return;
    lua_pushvalue(L, function);
    lua_pushstring(L, event);
    lua_pushvalue(L, log);
    lua_pushboolean(L, fit->terminal);
    lua_call(L, 3, 0);
}

/* Arguments: struct fit, model, history, the user's function or nil, the function that shows
 * progress or nil. */
static int run_event(lua_State *L)
{
    struct fit *fit = lua_touserdata(L, 1);
    if (fit->epoch_over) dg_record_epoch(L, 2, 3, fit->log, fit->step);
    push_log(L, fit->log, fit->step);
    show(L, 5, fit->epoch_over ? "epoch" : "batch", 6, fit);
    if (!lua_isfunction(L, 4)) return 0;
    lua_pushvalue(L, 4);
    lua_pushvalue(L, 6);
    lua_call(L, 1, 1);
    fit->stop = lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    return 0;
}

/* Errors that are texts keep the traceback of where they were raised. */
static int add_traceback(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING) luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

/* Runs run_event such that no error passes through the engine; the error's value stays on top. */
static dg_status protected_event(struct fit *fit, int function, int shown, bool *stop)
{
    lua_State *L = fit->L;
    int top = lua_gettop(L);
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run_event);
    lua_pushlightuserdata(L, fit);
    lua_pushvalue(L, MODEL);
    lua_pushvalue(L, HISTORY);
    lua_pushvalue(L, function);
    if (shown)
        lua_pushvalue(L, shown);
    else
        lua_pushnil(L);
    int status = lua_pcall(L, 5, 0, top + 1);
    dg_memory_enter(L);
    if (status != LUA_OK && dg_interrupt_is_soft() && dg_interrupt_is_error(L, -1)) {
        lua_settop(L, top); /* of model:evaluate and the like, in a callback */
        return dg_error(DG_CANCELLED, "interrupted");
    }
    if (status != LUA_OK) {
        fit->failed = true;
        return dg_error(DG_STOPPED, "a callback failed");
    }
    lua_settop(L, top);
    *stop = fit->stop;
    return DG_OK;
}

static dg_status on_batch(void *context, const dg_log *log, bool *stop)
{
    struct fit *fit = context;
    bool draw = false;
    if (fit->terminal) {
        double now = dg_clock();
        draw = now - fit->last_drawn >= 0.1;
        if (draw) fit->last_drawn = now;
    }
    if (!draw && !lua_isfunction(fit->L, ON_BATCH)) return DG_OK;
    fit->drawn = fit->drawn || draw;
    fit->log = log;
    fit->epoch_over = false;
    return protected_event(fit, ON_BATCH, draw ? SHOW : 0, stop);
}

static dg_status on_epoch(void *context, const dg_log *log, bool *stop)
{
    struct fit *fit = context;
    fit->log = log;
    fit->epoch_over = true;
    /* rounds share one line of a terminal, which ends with the fit */
    fit->drawn = fit->terminal && counts_rounds(fit->step);
    return protected_event(fit, ON_EPOCH, fit->verbose ? SHOW : 0, stop);
}

/* --- options -------------------------------------------------------------------------------- */

static const char *const option_names[] = {
    "validation",   "epochs",       "batch_size",     "shuffle",  "seed", "verbose",
    "on_epoch_end", "on_batch_end", "early_stopping", "continue", NULL
};

static const char *const tree_option_names[] = { "validation",   "seed",          "verbose",
                                                 "on_epoch_end", "on_batch_end",  "early_stopping",
                                                 "continue",     "sample_weight", NULL };

static const char *const option_hints[] = {
    "validation_data",
    "use validation = ...",
    "validation_split",
    "split the set first: set:split { 0.8, 0.2 }, then validation = ...",
    "callbacks",
    "use on_epoch_end = function(log) ... end, or early_stopping = { ... }",
    "lr",
    "the optimizer has it: compile { optimizer = nn.Adam { learning_rate = ... } }",
    "learning_rate",
    "the optimizer has it: compile { optimizer = nn.Adam { learning_rate = ... } }",
    "batch",
    "use batch_size = ...",
    "nb_epoch",
    "use epochs = ...",
    "x",
    "give the tensors first: model:fit(x, y, { ... })",
    "y",
    "give the tensors first: model:fit(x, y, { ... })",
    NULL
};

static const char *const tree_option_hints[] = {
    "validation_data",
    "use validation = ...",
    "eval_set",
    "use validation = ...",
    "early_stopping_rounds",
    "use early_stopping = { patience = ... }",
    "sample_weights",
    "use sample_weight = ...",
    "epochs",
    "trees are not trained in epochs: give n_estimators to the constructor",
    "batch_size",
    "trees are not trained in batches",
    "callbacks",
    "use on_epoch_end = function(log) ... end, or early_stopping = { ... }",
    NULL
};

static const char *const early_names[] = { "monitor", "patience", "min_delta", "restore_best",
                                           NULL };

static const char *const early_hints[] = { "restore_best_weights", "use restore_best = ...", NULL };

/* Puts the option `name`, a function or nil, at `place`. */
static void read_function(const dg_args *args, const char *name, int place)
{
    lua_State *L = args->L;
    if (!dg_args_push(args, name)) return;
    if (lua_type(L, -1) != LUA_TFUNCTION) dg_wrong_type(L, -1, "fit", name, "a function");
    lua_replace(L, place);
}

/* A dataset, or a table of two tensors, x and y. */
static const dg_dataset *read_validation(const dg_args *args)
{
    lua_State *L = args->L;
    const dg_dataset *set;
    if (!dg_args_push(args, "validation")) return NULL;
    int value = lua_gettop(L);
    if (lua_type(L, value) == LUA_TTABLE) {
        static const char *const names[] = { "x", "y", NULL };
        dg_args pair = dg_args_open(L, value, "fit: validation", names, NULL, 2);
        if (!dg_args_push_either(&pair, 1, "x") || !dg_args_push_either(&pair, 2, "y"))
            dg_raise(L, "fit: validation must be a dataset, or a table with the tensors x and y");
        set = dg_push_pair(L, value + 1, value + 2, "fit: validation");
    } else {
        set = dg_want_dataset(L, value, "fit", "validation");
    }
    lua_replace(L, VALIDATION);
    return set;
}

/* Of any type and layout; the fit gets a copy in floats. */
static const dg_tensor *read_weight(const dg_args *args)
{
    lua_State *L = args->L;
    if (!dg_args_push(args, "sample_weight")) return NULL;
    const dg_tensor *given = dg_want_tensor(L, -1, "fit", "sample_weight");
    dg_tensor *weight = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_astype(weight, given, DG_FLOAT32), "fit");
    lua_replace(L, WEIGHT);
    return weight;
}

static void read_early_stopping(const dg_args *args, dg_fit_options *options)
{
    lua_State *L = args->L;
    if (!dg_args_push(args, "early_stopping")) return;
    if (lua_type(L, -1) != LUA_TTABLE)
        dg_wrong_type(L, -1, "fit", "early_stopping", "a table such as { patience = 2 }");
    lua_replace(L, EARLY);
    dg_args early = dg_args_open(L, EARLY, "fit: early_stopping", early_names, early_hints, 0);
    options->monitor = options->validation ? "val_loss" : "loss";
    dg_args_text(&early, "monitor", &options->monitor);
    dg_args_integer(&early, "patience", 0, INT64_MAX, &options->patience);
    dg_args_number(&early, "min_delta", &options->min_delta);
    dg_args_boolean(&early, "restore_best", &options->restore_best);
}

static dg_fit_options read_options(lua_State *L, struct fit *fit)
{
    dg_fit_options options = dg_fit_defaults();
    bool network = dg_model_of(dg_want_learner(L, MODEL, "fit")) != NULL;
    dg_args args = dg_args_open(L, OPTIONS, "fit", network ? option_names : tree_option_names,
                                network ? option_hints : tree_option_hints, 0);
    int64_t verbose = 1;
    bool resume = true;
    if (network) {
        dg_args_integer(&args, "epochs", 1, INT64_MAX, &options.epochs);
        dg_args_integer(&args, "batch_size", 1, INT64_MAX, &options.batch_size);
        dg_args_boolean(&args, "shuffle", &options.shuffle);
    } else {
        options.sample_weight = read_weight(&args);
    }
    if (dg_args_boolean(&args, "continue", &resume))
        options.resume = resume ? DG_RESUME_YES : DG_RESUME_NO;
    options.seeded = dg_args_seed(&args, &options.seed);
    dg_args_integer(&args, "verbose", 0, 2, &verbose);
    options.validation = read_validation(&args);
    read_early_stopping(&args, &options);
    read_function(&args, "on_epoch_end", ON_EPOCH);
    read_function(&args, "on_batch_end", ON_BATCH);
    lua_settop(L, LAST);
    fit->verbose = (int)verbose;
    fit->step = dg_want_learner(L, MODEL, "fit")->type->step;
    fit->terminal = verbose == 1 && isatty(STDOUT_FILENO);
    options.on_epoch = on_epoch;
    options.on_batch = fit->terminal || lua_isfunction(L, ON_BATCH) ? on_batch : NULL;
    options.context = fit;
    return options;
}

/* --- fit ------------------------------------------------------------------------------------ */

/* fit(model, set, options) or fit(model, x, y, options): leaves the former on the stack. */
static const dg_dataset *read_set(lua_State *L)
{
    if (!dg_test_tensor(L, SET)) {
        const dg_dataset *set = dg_want_dataset(L, SET, "fit", "the set");
        lua_settop(L, OPTIONS);
        return set;
    }
    lua_settop(L, OPTIONS + 1);
    const dg_dataset *set = dg_push_pair(L, SET, SET + 1, "fit");
    lua_replace(L, SET);
    lua_remove(L, SET + 1);
    return set;
}

/* Ends the line of a bar that was not finished. Not by Lua, which an unanswered Ctrl-C stops. */
static void end_progress(const struct fit *fit)
{
    if (fit->drawn) lua_writeline();
}

void dg_finish_history(lua_State *L, int history, const dg_fit_result *result, const char *step)
{
    char text[256];
    lua_pushvalue(L, history);
    dg_push_number(L, result->seconds);
    lua_setfield(L, -2, "total_seconds");
    if (result->best_epoch) set_integer(L, "best_epoch", result->best_epoch);
    if (result->best_epoch && counts_rounds(step)) set_integer(L, "best_round", result->best_epoch);
    lua_pushboolean(L, result->stopped_early);
    lua_setfield(L, -2, "stopped_early");
    lua_pop(L, 1);
    if (dg_stopping_doubts(result, step, text, sizeof text)) dg_tell(L, "fit", text);
}

/* A list in the history for each score that an epoch would have added to. */
static void add_empty_lists(lua_State *L, const dg_learner *learner, bool validation)
{
    bool steps = learner->type->step != NULL; /* else only what a fit ends with */
    static const char *const names[] = { "loss", "seconds", "accuracy", "val_loss",
                                         "val_accuracy" };
    const dg_model *model = dg_model_of((dg_learner *)learner);
    bool accuracy = model ? model->with_accuracy : !learner->numbers;
    for (int i = 0; i < 5; i++) {
        bool judged = strncmp(names[i], "val_", 4) == 0, share = strstr(names[i], "accuracy");
        if ((judged && !validation) || (share && !accuracy)) continue;
        if (!judged && !steps && strcmp(names[i], "seconds") != 0) continue;
        if (lua_getfield(L, HISTORY, names[i]) == LUA_TNIL) {
            dg_push_list(L, 0);
            lua_setfield(L, HISTORY, names[i]);
        }
        lua_pop(L, 1);
    }
}

/* A fit that Ctrl-C has ended has a history, too: of the epochs that are complete. */
static void finish_interrupted(lua_State *L, const dg_learner *learner, bool validation)
{
    if (lua_getfield(L, HISTORY, "epochs") == LUA_TNIL) {
        add_empty_lists(L, learner, validation);
        lua_pushvalue(L, HISTORY);
        set_integer(L, "epochs", 0);
        dg_push_learner_values(L, MODEL);
        lua_pushvalue(L, HISTORY);
        lua_setfield(L, -2, "history");
    }
    lua_pushliteral(L, "interrupted");
    lua_setfield(L, HISTORY, "stopped_early");
    lua_settop(L, LAST);
}

/* Trees would make hundreds of classes of numbers that came as integers, without a dataset before.
 */
static void warn_classes(lua_State *L, const dg_dataset *set)
{
    char text[256];
    if (dg_model_of(dg_want_learner(L, MODEL, "fit")) || !dg_dataset_doubts_labels(set)) return;
    snprintf(text, sizeof text,
             "y has %lld classes in %lld rows; if they are numbers, give them as "
             "y:astype \"float32\"",
             (long long)set->class_count, (long long)dg_dataset_rows(set));
    dg_tell(L, "fit", text);
}

/* fit's arguments in their places; what `options` refers to is among them. */
static const dg_dataset *read_arguments(lua_State *L, struct fit *fit, dg_fit_options *options)
{
    bool pair = dg_test_tensor(L, SET) != NULL;
    const dg_dataset *set = read_set(L);
    if (pair) warn_classes(L, set);
    lua_settop(L, LAST);
    lua_createtable(L, 0, 8);
    dg_set_printable(L, "digits.history");
    lua_replace(L, HISTORY);
    lua_getfield(L, LUA_REGISTRYINDEX, PROGRESS);
    lua_replace(L, SHOW);
    *options = read_options(L, fit);
    luaL_checkstack(L, 16, NULL);
    return set;
}

const dg_dataset *dg_read_fit(lua_State *L, dg_fit_options *options, int *history)
{
    struct fit fit = { .L = L };
    dg_want_learner(L, MODEL, "fit");
    const dg_dataset *set = read_arguments(L, &fit, options);
    if (!lua_isfunction(L, ON_EPOCH)) options->on_epoch = NULL;
    if (!lua_isfunction(L, ON_BATCH)) options->on_batch = NULL;
    options->context = NULL;
    *history = HISTORY;
    return set;
}

static void warn_bytes(lua_State *L, dg_learner *learner, const dg_tensor *x)
{
    const dg_model *model = dg_model_of(learner);
    char text[512];
    if (model && dg_model_doubts_bytes(model, x, text, sizeof text)) dg_tell(L, "fit", text);
}

int dg_learner_lua_fit(lua_State *L)
{
    struct fit fit = { .L = L, .last_drawn = dg_clock() };
    dg_fit_options options;
    dg_fit_result result;
    dg_learner *learner = dg_want_learner(L, MODEL, "fit");
    const dg_dataset *set = read_arguments(L, &fit, &options);
    dg_job job = dg_job_default();
    dg_memory_enter(L);
    /* a callback may close the sets by hand */
    dg_dataset_retain(set);
    if (options.validation) dg_dataset_retain(options.validation);
    warn_bytes(L, learner, &set->x);
    bool soft = dg_interrupt_begin_fit(), validated = options.validation != NULL;
    dg_status status = dg_learner_fit(learner, set, &options, &job, &result);
    bool asked = dg_interrupt_end_fit(soft);
    dg_dataset_release(set);
    dg_dataset_release(options.validation);
    if (fit.failed) {
        lua_insert(L, LAST + 1); /* the error's value */
        lua_settop(L, LAST + 1);
        end_progress(&fit);
        return lua_error(L);
    }
    end_progress(&fit);
    bool interrupted = status == DG_CANCELLED && asked && learner->fitted;
    if (!interrupted) dg_check_call(L, status, "fit");
    dg_finish_history(L, HISTORY, &result, fit.step);
    if (interrupted) finish_interrupted(L, learner, validated);
    lua_pushvalue(L, HISTORY);
    return 1;
}
