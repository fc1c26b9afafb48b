/* learner:fit: options, callbacks, history and progress. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bindings/calls/check.h"
#include "bindings/calls/interrupt.h"
#include "bindings/calls/memory.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/fit.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/metric_functions.h"
#include "bindings/learners/model.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/base/clock.h"
#include "engine/stopping.h"

#define PROGRESS "digits.progress"

enum { MODEL = 1 }; /* its place on the stack of fit */

struct fit {
    lua_State *L;
    const dg_log *log;
    bool epoch_over, stop, failed, shows;
    bool terminal;
    bool unfinished;  /* a line of the terminal */
    const char *step; /* of the learner's type */
    double last_drawn;
    /* places on the stack; of functions 0 where there is none */
    int history, on_epoch, on_batch, rate, show;
    int64_t at_step; /* what the function `rate` is asked for, and what it returned */
    double found;
};

int dg_lua_set_progress(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, PROGRESS);
    return 0;
}

/* --- what callbacks get --------------------------------------------------------------------- */

/* Sets a count of epochs a second time, under the name of the learner's own step: "best_%s" gives
 * "best_round". */
static void set_step(lua_State *L, const char *format, const char *step, int64_t value)
{
    if (!step) return;
    lua_pushfstring(L, format, step);
    lua_pushinteger(L, value);
    lua_settable(L, -3);
}

static void push_log(lua_State *L, const dg_log *log, const char *step)
{
    dg_push_record(L, 7 + log->scores);
    dg_set_integer(L, "epoch", log->epoch);
    dg_set_integer(L, "epochs", log->epochs);
    dg_set_integer(L, "batch", log->batch);
    dg_set_integer(L, "batches", log->batches);
    dg_set_number(L, "seconds", log->seconds);
    dg_set_text(L, "step", step);
    set_step(L, "%s", step, log->epoch);
    set_step(L, "%ss", step, log->epochs);
    for (int i = 0; i < log->scores; i++) dg_set_number(L, log->score[i].name, log->score[i].value);
}

/* Pushes history[name], a list, which is made if need be. */
static void push_list_of(lua_State *L, int history, const char *name)
{
    lua_pushstring(L, name);
    if (lua_rawget(L, history) != LUA_TNIL) return;
    lua_pop(L, 1);
    dg_push_list(L, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, history, name);
}

/* history[name][epoch] = value */
static void append(lua_State *L, int history, const char *name, int64_t epoch, double value)
{
    push_list_of(L, history, name);
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
    dg_set_integer(L, "epochs", log->epoch);
    set_step(L, "%ss", step, log->epoch);
    dg_set_text(L, "step", step);
    lua_pop(L, 1);
    dg_push_learner_values(L, model);
    lua_pushvalue(L, history);
    lua_setfield(L, -2, "history");
    lua_pop(L, 1);
}

/* --- the protected part --------------------------------------------------------------------- */

static void show(lua_State *L, int function, const char *event, int log, struct fit *fit)
{
    if (!lua_isfunction(L, function)) return;
    lua_pushvalue(L, function);
    lua_pushstring(L, event);
    lua_pushvalue(L, log);
    lua_pushboolean(L, fit->terminal);
    lua_call(L, 3, 1);
    if (lua_isboolean(L, -1)) fit->unfinished = lua_toboolean(L, -1);
    lua_pop(L, 1);
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

/* The same as run_event, for an epoch that lies behind. */
static int run_past(lua_State *L)
{
    struct fit *fit = lua_touserdata(L, 1);
    dg_record_epoch(L, 2, 3, fit->log, fit->step);
    return 0;
}

static void push_function(lua_State *L, int place)
{
    if (place)
        lua_pushvalue(L, place);
    else
        lua_pushnil(L);
}

/* Runs `event` so that no error passes through the engine; an error's value stays on top of the
 * stack. */
static dg_status protected_event(struct fit *fit, lua_CFunction event, int function, int shown,
                                 bool *stop)
{
    lua_State *L = fit->L;
    int top = lua_gettop(L);
    lua_pushcfunction(L, dg_add_traceback);
    lua_pushcfunction(L, event);
    lua_pushlightuserdata(L, fit);
    lua_pushvalue(L, MODEL);
    lua_pushvalue(L, fit->history);
    push_function(L, function);
    push_function(L, shown);
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
    if (!draw && !fit->on_batch) return DG_OK;
    fit->log = log;
    fit->epoch_over = false;
    return protected_event(fit, run_event, fit->on_batch, draw ? fit->show : 0, stop);
}

static dg_status on_epoch(void *context, const dg_log *log, bool *stop)
{
    struct fit *fit = context;
    fit->log = log;
    fit->epoch_over = true;
    return protected_event(fit, run_event, fit->on_epoch, fit->shows ? fit->show : 0, stop);
}

static dg_status on_past(void *context, const dg_log *log, bool *stop)
{
    struct fit *fit = context;
    fit->log = log;
    return protected_event(fit, run_past, 0, 0, stop);
}

/* Arguments as of run_event. */
static int run_rate(lua_State *L)
{
    struct fit *fit = lua_touserdata(L, 1);
    lua_pushvalue(L, 4);
    lua_pushinteger(L, fit->at_step);
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != LUA_TNUMBER)
        dg_raise(L, "fit: learning_rate must return a number, found %s", dg_push_found(L, -1));
    fit->found = lua_tonumber(L, -1);
    return 0;
}

static dg_status rate(void *context, int64_t step, double *out)
{
    struct fit *fit = context;
    bool stop;
    fit->at_step = step;
    DG_TRY(protected_event(fit, run_rate, fit->rate, 0, &stop));
    *out = fit->found;
    return DG_OK;
}

/* --- fit ------------------------------------------------------------------------------------ */

static int push_history(lua_State *L)
{
    luaL_checkstack(L, 16, NULL);
    lua_createtable(L, 0, 8);
    dg_set_printable(L, "digits.history");
    return lua_gettop(L);
}

void dg_finish_history(lua_State *L, int history, const dg_fit_result *result, const char *step)
{
    char text[256];
    lua_pushvalue(L, history);
    dg_set_number(L, "total_seconds", result->seconds);
    if (result->best_epoch) dg_set_integer(L, "best_epoch", result->best_epoch);
    if (result->best_epoch) set_step(L, "best_%s", step, result->best_epoch);
    lua_pushboolean(L, result->stopped_early);
    lua_setfield(L, -2, "stopped_early");
    lua_pop(L, 1);
    if (dg_stopping_doubts(result, step, text, sizeof text)) dg_tell(L, "fit", text);
}

/* Adds an empty list to the history for each score that an epoch would have added to. */
static void add_empty_lists(lua_State *L, const dg_learner *learner, int history, bool validation)
{
    bool steps = learner->type->step != NULL; /* else only what a fit ends with */
    const char *names[DG_MAX_SCORE_NAMES];
    dg_learner_score_names(learner, learner->target, names);
    for (int i = -1; i < 0 || names[i]; i++) {
        const char *name = i < 0 ? "seconds" : names[i];
        if (i >= 0 && (strncmp(name, "val_", 4) == 0 ? !validation : !steps)) continue;
        push_list_of(L, history, name);
        lua_pop(L, 1);
    }
}

/* Completes the history of a fit that Ctrl-C has ended: it has the epochs that were completed. */
static void finish_interrupted(lua_State *L, const dg_learner *learner, int history,
                               bool validation)
{
    if (lua_getfield(L, history, "epochs") == LUA_TNIL) {
        add_empty_lists(L, learner, history, validation);
        lua_pushvalue(L, history);
        dg_set_integer(L, "epochs", 0);
        dg_push_learner_values(L, MODEL);
        lua_pushvalue(L, history);
        lua_setfield(L, -2, "history");
    }
    lua_pushliteral(L, "interrupted");
    lua_setfield(L, history, "stopped_early");
}

const dg_dataset *dg_read_fit(lua_State *L, void *buffer, dg_fit_options *options, int *history)
{
    dg_part part;
    int arguments;
    dg_want_learner(L, MODEL, "fit");
    int top = lua_gettop(L);
    lua_getfield(L, MODEL, "fit");
    const dg_descriptor *type = dg_test_described(L, -1, &arguments); /* the class keeps it */
    lua_settop(L, top);
    memset(buffer, 0, type->options_size);
    dg_part_open(&part, type, buffer);
    dg_read_options(L, &part, arguments, MODEL + 1, 0);
    const dg_fit_call *call = buffer;
    const dg_dataset *set = dg_fit_fill(L, call, options);
    options->on_epoch = call->on_epoch_end ? on_epoch : NULL;
    options->on_batch = call->on_batch_end ? on_batch : NULL;
    options->rate = call->learning_rate ? rate : NULL;
    *history = push_history(L);
    return set;
}

/* What the callbacks need; `options` gets those that are wanted. */
static struct fit begin(lua_State *L, const dg_fit_call *call, const dg_learner *learner)
{
    return (struct fit){
        .L = L,
        .last_drawn = dg_clock(),
        .shows = call->verbose > 0,
        .terminal = call->verbose == 1 && isatty(STDOUT_FILENO),
        .step = learner->type->step,
        .on_epoch = call->on_epoch_end,
        .on_batch = call->on_batch_end,
        .rate = call->learning_rate,
    };
}

int dg_learner_fit_call(lua_State *L, const void *read)
{
    const dg_fit_call *call = read;
    dg_fit_options options;
    dg_fit_result result;
    char text[512];
    dg_learner *learner = dg_want_learner(L, MODEL, "fit");
    struct fit fit = begin(L, call, learner);
    const dg_dataset *set = dg_fit_fill(L, call, &options);
    options.on_epoch = on_epoch;
    options.on_past = on_past;
    options.rate = fit.rate ? rate : NULL;
    options.on_batch = fit.terminal || fit.on_batch ? on_batch : NULL;
    options.context = &fit;
    fit.history = push_history(L);
    lua_getfield(L, LUA_REGISTRYINDEX, PROGRESS);
    fit.show = lua_gettop(L);
    dg_job job = dg_job_default();
    dg_memory_enter(L);
    if (dg_learner_doubts(learner, &set->x, text, sizeof text)) dg_tell(L, "fit", text);
    dg_tell_precision(L, MODEL, "fit");
    /* a callback may close the sets by hand */
    dg_dataset_retain(set);
    if (options.validation) dg_dataset_retain(options.validation);
    bool soft = dg_interrupt_begin_fit(), validated = options.validation != NULL;
    dg_asking asking;
    dg_asking_begin(&asking, L, learner, MODEL);
    dg_status status = dg_learner_fit(learner, set, &options, &job, &result);
    dg_asking_end(&asking);
    bool asked = dg_interrupt_end_fit(soft);
    dg_dataset_release(set);
    dg_dataset_release(options.validation);
    /* ends the line of a bar; not from Lua, which an unanswered Ctrl-C would stop */
    if (fit.unfinished) lua_writeline();
    if (fit.failed || asking.failed) return lua_error(L); /* whose value is on top */
    bool interrupted = status == DG_CANCELLED && asked && learner->fitted;
    if (!interrupted) dg_check_call(L, status, "fit");
    dg_finish_history(L, fit.history, &result, fit.step);
    if (interrupted) finish_interrupted(L, learner, fit.history, validated);
    lua_pushvalue(L, fit.history);
    return 1;
}
