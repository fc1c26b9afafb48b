/* Ctrl-C: the handler, the hook, and the coroutine functions that know which thread runs. */
#include "bindings/calls/interrupt.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bindings/calls/check.h"
#include "engine/parallel.h"

/* The text of dg_job_check, too. */
#define INTERRUPTED "interrupted"

/* In nanoseconds. */
#define SAME_PRESS 300000000LL     /* apart, while the first is not answered */
#define SAME_SIGNAL 50000000LL     /* apart, in any case */
#define IMPATIENCE 2000000000LL    /* since the last answer */
#define AGAIN 1000000000LL         /* since the last that ended a fit */
#define LONG_AGO (-IMPATIENCE - 1) /* before any time on the monotonic clock, by enough */

static lua_State *_Atomic running;          /* the Lua thread that runs now */
static atomic_llong asked_at = LONG_AGO;    /* the last Ctrl-C that counted */
static atomic_llong answered_at = LONG_AGO; /* the last error that the hook raised */
static atomic_bool unwinding;               /* the error cannot be caught any more */
static atomic_bool arrived; /* a SIGINT, whether or not it counted, since dg_interrupt_answered */
static atomic_bool ever_asked;
static atomic_int fits;                 /* that run and end softly */
static atomic_bool softly;              /* the request is to end a fit, and raises no error */
static atomic_llong soft_at = LONG_AGO; /* the last such request */
static atomic_bool at_prompt, on_terminal;
static int whole_calls; /* that Ctrl-C ends as a whole */

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void stop(lua_State *L, lua_Debug *ar);

/* lua_sethook is one of the few functions that a signal handler may call. When unwinding, the hook
 * leaves calls of C functions alone: __close of a file must be able to run. */
static void set_hook(lua_State *L)
{
    lua_sethook(L, stop, LUA_MASKCOUNT | (atomic_load(&unwinding) ? 0 : LUA_MASKCALL), 1);
}

static void stop(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    if (atomic_load(&softly) && atomic_load(&fits)) return; /* a callback: the fit will see to it */
    if (atomic_exchange(&dg_interrupt, 0)) {
        if (now() - atomic_load(&answered_at) < IMPATIENCE) atomic_store(&unwinding, true);
        atomic_store(&answered_at, now());
    } else if (!atomic_load(&unwinding)) {
        return; /* answered elsewhere: by another coroutine, or by the engine */
    }
    if (atomic_load(&unwinding)) set_hook(L);
    lua_pushliteral(L, INTERRUPTED);
    lua_error(L);
}

static void set_action(void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler }; /* no SA_RESTART: io.read must return */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

/* From within the handler. */
static void say_soft(void)
{
    static const char script[] =
        "\n" DG_PROGRAM_NAME ": the fit ends after this step, and keeps what it has learnt; "
        "press Ctrl-C again within a second to end the program\n";
    static const char prompt[] =
        "\n" DG_PROGRAM_NAME ": the fit ends after this step, and keeps what it has learnt\n";
    bool typed = atomic_load(&at_prompt);
    const char *text = typed ? prompt : script;
    size_t size = (typed ? sizeof prompt : sizeof script) - 1;
    size_t skip = atomic_load(&on_terminal) ? 0 : 1; /* the line with ^C, and perhaps a bar */
    if (write(STDERR_FILENO, text + skip, size - skip) < 0) return; /* nobody listens */
}

static void on_interrupt(int number)
{
    int error = errno;
    long long time = now();
    bool waiting = atomic_load(&dg_interrupt), in_fit = atomic_load(&fits) > 0;
    atomic_store(&arrived, true);
    if (time - atomic_load(&asked_at) >= (waiting && !in_fit ? SAME_PRESS : SAME_SIGNAL)) {
        atomic_store(&asked_at, time);
        atomic_store(&ever_asked, true);
        if (waiting) {
            set_action(SIG_DFL);
            raise(number);
        }
        bool again = time - atomic_load(&soft_at) < AGAIN;
        if (again) atomic_store(&unwinding, true);
        atomic_store(&softly, in_fit && !again);
        if (in_fit && !again) {
            atomic_store(&soft_at, time);
            say_soft();
        }
        atomic_store(&dg_interrupt, 1);
        set_hook(atomic_load(&running));
    }
    errno = error;
}

bool dg_interrupt_begin_fit(void)
{
    bool soft = whole_calls == 0;
    if (soft) atomic_fetch_add(&fits, 1);
    return soft;
}

bool dg_interrupt_is_soft(void)
{
    return atomic_load(&softly);
}

bool dg_interrupt_end_fit(bool soft)
{
    if (!soft) return false;
    atomic_fetch_sub(&fits, 1);
    if (!atomic_exchange(&softly, false)) return false;
    atomic_store(&dg_interrupt, 0);
    return true;
}

void dg_interrupt_whole(bool begins)
{
    whole_calls += begins ? 1 : -1;
}

void dg_interrupt_at_prompt(void)
{
    atomic_store(&at_prompt, true);
}

bool dg_interrupt_arrived(void)
{
    return atomic_load(&arrived);
}

void dg_interrupt_answered(lua_State *L)
{
    atomic_store(&unwinding, false);
    atomic_store(&arrived, false);
    atomic_store(&softly, false);
    atomic_store(&answered_at, LONG_AGO);
    atomic_store(&dg_interrupt, 0);
    if (lua_gethook(L) == stop) lua_sethook(L, NULL, 0, 0);
}

bool dg_interrupt_is_error(lua_State *L, int index)
{
    if (!atomic_load(&ever_asked) || lua_type(L, index) != LUA_TSTRING) return false;
    const char *text = lua_tostring(L, index);
    const char *found = strstr(text, INTERRUPTED);
    return found && found < text + strcspn(text, "\n");
}

void dg_interrupt_remove(void)
{
    struct sigaction before;
    sigaction(SIGINT, NULL, &before);
    if (before.sa_handler == on_interrupt) set_action(SIG_DFL);
}

void dg_interrupt_exit(void)
{
    set_action(SIG_DFL);
    raise(SIGINT);
}

/* ---- coroutines ---- */

/* A Ctrl-C just before the switch has set its hook on the thread that is being left. */
static void switch_to(lua_State *L)
{
    atomic_store(&running, L);
    if (atomic_load(&dg_interrupt) || atomic_load(&unwinding)) set_hook(L);
}

static lua_State *check_thread(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    return lua_tothread(L, 1);
}

/* Resumes `co` with the `arguments` on top of L. Returns how many results it pushed, or -1 after
 * pushing the error value. */
static int resume_thread(lua_State *L, lua_State *co, int arguments)
{
    if (!lua_checkstack(co, arguments)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, arguments);
    int results = 1;
    switch_to(co);
    int status = lua_resume(co, L, arguments, &results);
    switch_to(L);
    bool failed = status != LUA_OK && status != LUA_YIELD;
    if (failed) results = 1;
    if (!lua_checkstack(L, results + 1)) { /* and one for the status */
        lua_pop(co, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, results);
    return failed ? -1 : results;
}

/* Closes what the coroutine left open; leaves its error value, if any, on top of `co`. */
static int close_thread(lua_State *L, lua_State *co)
{
    switch_to(co);
    int status = lua_resetthread(co);
    switch_to(L);
    return status;
}

static int coroutine_resume(lua_State *L)
{
    lua_State *co = check_thread(L);
    int results = resume_thread(L, co, lua_gettop(L) - 1);
    lua_pushboolean(L, results >= 0);
    if (results < 0) results = 1;
    lua_insert(L, -(results + 1));
    return results + 1;
}

static int wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int results = resume_thread(L, co, lua_gettop(L));
    if (results >= 0) return results;
    int status = lua_status(co);
    if (status != LUA_OK && status != LUA_YIELD) { /* it failed, and is not merely unfit to run */
        status = close_thread(L, co);
        lua_xmove(co, L, 1); /* closing may have raised another error */
    }
    if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int coroutine_wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static int coroutine_close(lua_State *L)
{
    lua_State *co = check_thread(L);
    lua_Debug ar;
    if (co == L) return luaL_error(L, "cannot close a running coroutine");
    if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar))
        return luaL_error(L, "cannot close a normal coroutine");
    bool ok = close_thread(L, co) == LUA_OK;
    lua_pushboolean(L, ok);
    if (ok) return 1;
    lua_xmove(co, L, 1);
    return 2;
}

static const luaL_Reg functions[] = {
    { "resume", coroutine_resume },
    { "wrap", coroutine_wrap },
    { "close", coroutine_close },
    { NULL, NULL },
};

void dg_interrupt_install(lua_State *L)
{
    atomic_store(&running, L);
    atomic_store(&on_terminal, isatty(STDERR_FILENO));
    lua_getglobal(L, LUA_COLIBNAME);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    struct sigaction before;
    sigaction(SIGINT, NULL, &before);
    if (before.sa_handler != SIG_IGN) set_action(on_interrupt);
}
