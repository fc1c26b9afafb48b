/* Fits on threads of their own. */
#include "bindings/learners/background.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bindings/calls/check.h"
#include "bindings/calls/class.h"
#include "bindings/calls/described.h"
#include "bindings/calls/interrupt.h"
#include "bindings/calls/parts.h"
#include "bindings/learners/fit.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/metric_functions.h"
#include "bindings/values/dataset.h"
#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/parallel.h"

#define FIT "digits.background"
#define SCOPE "digits.seed_scope"

/* How often a wait checks, and in how many steps progress is counted. */
enum { LOOK_NANOSECONDS = 2000000, WHOLE = 10000 };

struct background {
    dg_learner *learner; /* NULL: not taken, or put back */
    const dg_dataset *set, *judge;
    dg_fit_options options; /* refers to what is in user value 1, and is retained here */
    double buffer[DG_MAX_OPTIONS_SIZE / sizeof(double)]; /* aligned as Lua's memory is */
    dg_job job;
    atomic_int cancel, done, progress;
    pthread_t thread;
    bool running; /* not joined yet */
    int history;  /* its place in user value 1, where the learner's value is the first */
    dg_status status;
    char message[DG_ERROR_SIZE];
    dg_fit_result result;
    dg_scores scores;
    dg_log *logs; /* one per epoch */
    int64_t log_count;
};

/* --- on the thread -------------------------------------------------------------------------- */

static dg_status on_batch(void *context, const dg_log *log, bool *stop)
{
    struct background *fit = context;
    (void)stop;
    double epochs = (double)(log->epoch - 1) + (double)log->batch / (double)log->batches;
    atomic_store(&fit->progress, (int)(WHOLE * epochs / (double)log->epochs));
    return DG_OK;
}

static dg_status on_epoch(void *context, const dg_log *log, bool *stop)
{
    struct background *fit = context;
    (void)stop;
    DG_TRY(dg_grow(&fit->logs, fit->log_count, sizeof *fit->logs));
    fit->logs[fit->log_count++] = *log;
    if (log->epochs > 0) atomic_store(&fit->progress, (int)(WHOLE * log->epoch / log->epochs));
    return DG_OK;
}

static void *run(void *argument)
{
    struct background *fit = argument;
    const char *who = "fit";
    fit->status = dg_learner_fit(fit->learner, fit->set, &fit->options, &fit->job, &fit->result);
    if (fit->status == DG_OK && fit->judge) {
        who = "evaluate";
        fit->status = dg_learner_evaluate(fit->learner, fit->judge, &fit->job, &fit->scores);
    }
    if (fit->status != DG_OK) {
        const char *message = dg_error_message();
        bool told = strncmp(message, who, strlen(who)) == 0;
        snprintf(fit->message, sizeof fit->message, "%s%s%s", told ? "" : who, told ? "" : ": ",
                 message);
    }
    atomic_store(&fit->done, 1);
    return NULL;
}

/* --- the value ------------------------------------------------------------------------------ */

static struct background *want_fit(lua_State *L, int index)
{
    return luaL_checkudata(L, index, FIT);
}

/* Waits for the thread and gives back all that the fit has borrowed except its logs. */
static void join(lua_State *L, int index, struct background *fit)
{
    if (fit->running) pthread_join(fit->thread, NULL);
    fit->running = false;
    if (fit->learner) {
        lua_getiuservalue(L, index, 1);
        lua_rawgeti(L, -1, 1);
        dg_put_learner(L, -1, fit->learner);
        lua_pop(L, 2);
        fit->learner = NULL;
    }
    dg_dataset_release(fit->set);
    dg_dataset_release(fit->judge);
    dg_dataset_release(fit->options.validation);
    fit->set = fit->judge = fit->options.validation = NULL;
}

static int fit_close(lua_State *L)
{
    struct background *fit = want_fit(L, 1);
    atomic_store(&fit->cancel, 1);
    join(L, 1, fit);
    dg_free(fit->logs);
    fit->logs = NULL;
    fit->log_count = 0;
    return 0;
}

static int fit_cancel(lua_State *L)
{
    atomic_store(&want_fit(L, 1)->cancel, 1);
    return 0;
}

static int fit_done(lua_State *L)
{
    lua_pushboolean(L, atomic_load(&want_fit(L, 1)->done));
    return 1;
}

static int fit_progress(lua_State *L)
{
    lua_pushnumber(L, (double)atomic_load(&want_fit(L, 1)->progress) / WHOLE);
    return 1;
}

static int fit_finish(lua_State *L)
{
    struct background *fit = want_fit(L, 1);
    bool judged = fit->judge != NULL;
    const char *step = fit->learner ? fit->learner->type->step : NULL;
    join(L, 1, fit);
    if (fit->status != DG_OK) {
        lua_pushnil(L);
        lua_pushstring(L, fit->message);
        return 2;
    }
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, 1);
    lua_rawgeti(L, 2, 1);
    lua_rawgeti(L, 2, fit->history);
    for (int64_t i = 0; i < fit->log_count; i++) dg_record_epoch(L, 3, 4, &fit->logs[i], step);
    dg_finish_history(L, 4, &fit->result, step);
    if (!judged) return 1;
    dg_push_scores(L, dg_want_learner(L, 3, "evaluate"), &fit->scores);
    return 2;
}

static struct background *push_fit(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "done", fit_done },     { "progress", fit_progress },
        { "finish", fit_finish }, { "cancel", fit_cancel },
        { "close", fit_close },   { "__gc", fit_close },
        { "__close", fit_close }, { NULL, NULL },
    };
    return dg_push_object(L, FIT, methods, sizeof(struct background), 1);
}

/* --- starting ------------------------------------------------------------------------------- */

/* Moves all values of the stack into a table, user value 1 of the fit. */
static void keep_stack(lua_State *L, int fit)
{
    int count = lua_gettop(L);
    lua_createtable(L, count, 0);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--) lua_rawseti(L, 1, i);
    lua_setiuservalue(L, fit, 1);
}

/* fit's arguments; upvalue 1: the fit. */
static int start(lua_State *L)
{
    int place = lua_upvalueindex(1);
    struct background *fit = lua_touserdata(L, place);
    dg_fit_options options; /* borrowed until all is read, for the fit releases its own */
    const dg_dataset *set = dg_read_fit(L, fit->buffer, &options, &fit->history);
    if (options.on_epoch || options.on_batch || options.rate)
        dg_raise(L,
                 "fit: on_epoch_end, on_batch_end and learning_rate cannot be used while several "
                 "fits run at once");
    if (dg_has_metric_functions(dg_want_learner(L, 1, "fit")))
        dg_raise(L,
                 "fit: metrics that are functions cannot be used while several fits run at once");
    if (dg_want_learner(L, 1, "fit")->busy) dg_raise(L, "fit: this model is already being fitted");
    fit->learner = dg_take_learner(L, 1, "fit");
    keep_stack(L, place);
    fit->options = options;
    fit->set = dg_dataset_retain(set);
    if (options.validation) dg_dataset_retain(options.validation);
    fit->options.on_batch = on_batch;
    fit->options.on_epoch = fit->options.on_past = on_epoch;
    fit->options.context = fit;
    int reason = dg_thread_start(&fit->thread, run, fit);
    fit->running = reason == 0;
    if (reason != 0) dg_raise(L, "fit: cannot start a thread: %s", strerror(reason));
    return 0;
}

/* start_fit(learner, set, options, judge, threads) begins to fit as learner:fit does, on `threads`
 * threads, and then to judge the learner on the set `judge`, unless that is nil; returns the fit.
 * Raises what is wrong with the options, among which may be no functions. Methods:
 *   done()      whether it has ended
 *   progress()  the part of the fit that is done, 0 to 1
 *   finish()    waits, and returns the history and the scores (or nil); or nil and a message
 *   cancel()    asks it to end soon
 *   close()     cancel, and wait */
static int start_fit(lua_State *L)
{
    lua_settop(L, 5);
    struct background *fit = push_fit(L);
    if (!lua_isnil(L, 4))
        fit->judge = dg_dataset_retain(dg_want_dataset(L, 4, "evaluate", "the set"));
    int threads = (int)dg_want_integer(L, 5, "fit", "threads", 1, DG_MAX_THREADS);
    fit->job = (dg_job){ .threads = threads, .cancel = &fit->cancel };
    lua_pushvalue(L, 6);
    lua_pushcclosure(L, start, 1);
    for (int i = 1; i <= 3; i++) lua_pushvalue(L, i);
    lua_call(L, 3, 0);
    return 1;
}

/* check_fit(learner, set, options) raises what is wrong with the options of learner:fit. */
static int check_fit(lua_State *L)
{
    double buffer[DG_MAX_OPTIONS_SIZE / sizeof(double)];
    dg_fit_options options;
    int history;
    dg_read_fit(L, buffer, &options, &history);
    return 0;
}

/* --- waiting -------------------------------------------------------------------------------- */

static bool any_done(lua_State *L, int list)
{
    bool found = false;
    for (lua_Integer i = 1; !found && lua_rawgeti(L, list, i) != LUA_TNIL; i++) {
        found = atomic_load(&want_fit(L, -1)->done);
        lua_pop(L, 1);
    }
    if (!found) lua_pop(L, 1);
    return found;
}

/* wait_fits(list, seconds) returns when one of the fits has ended or the time is over; raises
 * "interrupted" on Ctrl-C. */
static int wait_fits(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    double until = dg_clock() + luaL_checknumber(L, 2);
    while (!any_done(L, 1) && dg_clock() < until) {
        if (atomic_load(&dg_interrupt)) dg_check_status(L, dg_error(DG_CANCELLED, "interrupted"));
        nanosleep(&(struct timespec){ .tv_nsec = LOOK_NANOSECONDS }, NULL);
    }
    return 0;
}

/* is_interrupt(value): whether an error's value says that the user pressed Ctrl-C. */
static int is_interrupt(lua_State *L)
{
    lua_pushboolean(L, dg_interrupt_is_error(L, 1));
    return 1;
}

/* --- calls that Ctrl-C ends as a whole ------------------------------------------------------ */

#define WHOLE_CALL "digits.whole_call"

static int whole_close(lua_State *L)
{
    luaL_checkudata(L, 1, WHOLE_CALL);
    dg_interrupt_whole(false);
    return 0;
}

/* whole_call() returns a value; until it is closed, Ctrl-C does not end single fits, but raises:
 * local _ <close> = whole_call() */
static int whole_call(lua_State *L)
{
    static const luaL_Reg methods[] = { { "__close", whole_close }, { NULL, NULL } };
    dg_push_object(L, WHOLE_CALL, methods, 1, 0);
    dg_interrupt_whole(true);
    return 1;
}

/* --- seeds ---------------------------------------------------------------------------------- */

static int scope_close(lua_State *L)
{
    const dg_seed_scope *scope = luaL_checkudata(L, 1, SCOPE);
    dg_seed_leave(*scope);
    return 0;
}

/* seed_scope(seed) opens a scope of seeds, which ends when the value is closed:
 * local scope <close> = seed_scope(seed) */
static int seed_scope(lua_State *L)
{
    /* and no __gc: a scope ends in its turn or never */
    static const luaL_Reg methods[] = { { "__close", scope_close }, { NULL, NULL } };
    lua_Integer seed = luaL_checkinteger(L, 1);
    dg_seed_scope *scope = dg_push_object(L, SCOPE, methods, sizeof *scope, 0);
    *scope = dg_seed_enter((uint64_t)seed);
    return 1;
}

/* key(seed, purpose, index) returns a seed for that purpose. */
static int seed_key(lua_State *L)
{
    uint64_t key = dg_key((uint64_t)luaL_checkinteger(L, 1), luaL_checkstring(L, 2),
                          (uint64_t)luaL_checkinteger(L, 3));
    lua_pushinteger(L, (lua_Integer)key);
    return 1;
}

/* next_seed() returns a seed for the next object. */
static int next_seed(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)dg_next_seed());
    return 1;
}

/* fingerprint(set) returns a number that differs between sets. */
static int fingerprint(lua_State *L)
{
    lua_pushinteger(
        L, (lua_Integer)dg_dataset_fingerprint(dg_want_dataset(L, 1, "search", "the set")));
    return 1;
}

void dg_open_background(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "start_fit", start_fit },       { "check_fit", check_fit },
        { "wait_fits", wait_fits },       { "whole_call", whole_call },
        { "seed_scope", seed_scope },     { "key", seed_key },
        { "next_seed", next_seed },       { "fingerprint", fingerprint },
        { "is_interrupt", is_interrupt }, { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
