/* digits-lua: a Lua interpreter with the library inside. Behaves as lua does, see lua(1), and adds
 * --threads, the library's modules, and a friendlier interactive mode. */
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/calls/interrupt.h"
#include "bindings/program/command_line.h"
#include "bindings/program/modules.h"
#include "bindings/program/program.h"
#include "bindings/program/repl.h"
#include "bindings/program/script.h"
#include "bindings/program/stack.h"
#include "engine/base/kernel.h"
#include "engine/base/redirect.h"
#include "engine/tensor/bfloat16.h"
#include "engine/parallel.h"

#define INIT_VARIABLE "LUA_INIT"
#define REDIRECT_VARIABLE "DIGITS_LUA_REDIRECT"
#define INIT_VARIABLE_VERSION INIT_VARIABLE "_" LUA_VERSION_MAJOR "_" LUA_VERSION_MINOR

/* ---- running what the command line says ---- */

/* How the program ends; main turns it into an exit status. */
enum outcome { SUCCESS, FAILURE, INTERRUPTED };

struct run {
    int argc;
    char **argv;
    const struct dg_command_line *options;
    enum outcome outcome;
};

/* Calls what luaL_load* left, if it succeeded, with its arguments. Reports a failure and returns
 * false. */
static bool finish_load(lua_State *L, struct run *run, int status, int arguments)
{
    if (status == LUA_OK) status = dg_program_call(L, arguments, 0);
    if (status == LUA_OK) return true;
    run->outcome = dg_interrupt_is_error(L, -1) ? INTERRUPTED : FAILURE;
    dg_program_report(L, status);
    return false;
}

static bool run_text(lua_State *L, struct run *run, const char *text, const char *name)
{
    return finish_load(L, run, luaL_loadbuffer(L, text, strlen(text), name), 0);
}

static bool run_init(lua_State *L, struct run *run)
{
    const char *name = "=" INIT_VARIABLE_VERSION;
    const char *text = getenv(name + 1);
    if (!text) {
        name = "=" INIT_VARIABLE;
        text = getenv(name + 1);
    }
    if (!text) return true;
    if (text[0] == '@') return finish_load(L, run, luaL_loadfile(L, text + 1), 0);
    return run_text(L, run, text, name);
}

/* "name=module", or "module", whose global is named as the module up to a "-" (a version). */
static int require_global(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);
    const char *equals = strchr(text, '=');
    const char *module = equals ? equals + 1 : text;
    size_t length = equals ? (size_t)(equals - text) : strcspn(text, "-");
    lua_pushglobaltable(L);
    lua_pushlstring(L, text, length);
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    lua_call(L, 1, 1);
    lua_settable(L, -3);
    return 0;
}

static bool run_actions(lua_State *L, struct run *run)
{
    for (int i = 0; i < run->options->action_count; i++) {
        const struct dg_action *action = &run->options->actions[i];
        bool ok = true;
        if (action->kind == 'W') lua_warning(L, "@on", 0);
        if (action->kind == 'e') ok = run_text(L, run, action->text, "=(command line)");
        if (action->kind == 'l') {
            lua_pushcfunction(L, require_global);
            lua_pushstring(L, action->text);
            ok = finish_load(L, run, LUA_OK, 1);
        }
        if (!ok) return false;
    }
    return true;
}

/* The global `arg`: the script at 0, its arguments after it, what comes before at negative keys. */
static void set_arguments(lua_State *L, const struct run *run)
{
    int script = run->options->script < run->argc ? run->options->script : 0;
    int after = run->argc - script - 1;
    lua_createtable(L, after > 0 ? after : 0, script + 1);
    for (int i = 0; i < run->argc; i++) {
        lua_pushstring(L, run->argv[i]);
        lua_rawseti(L, -2, i - script);
    }
    lua_setglobal(L, "arg");
}

/* The table may have been changed by -e or LUA_INIT. */
static int push_arguments(lua_State *L)
{
    if (lua_getglobal(L, "arg") != LUA_TTABLE) luaL_error(L, "'arg' is not a table");
    int count = (int)luaL_len(L, -1);
    luaL_checkstack(L, count + 3, "too many arguments to the script");
    for (int i = 1; i <= count; i++) lua_rawgeti(L, -i, i);
    lua_remove(L, -count - 1);
    return count;
}

/* Pushes a function of the library's module digits.commands. */
static void push_of_commands(lua_State *L, const char *name)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "digits.commands");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

static bool run_command(lua_State *L, struct run *run, const char *word)
{
    push_of_commands(L, "run");
    lua_pushstring(L, word);
    return finish_load(L, run, LUA_OK, 1 + push_arguments(L));
}

/* A word that the library knows is a command; a script of that name is run as ./WORD. */
static bool run_script(lua_State *L, struct run *run)
{
    char **argv = run->argv + run->options->script;
    if (dg_modules_have_command(argv[0])) return run_command(L, run, argv[0]);
    bool is_stdin = strcmp(argv[0], "-") == 0 && strcmp(argv[-1], "--") != 0;
    int status = dg_script_load(L, is_stdin ? NULL : argv[0]);
    const char *near = status == LUA_ERRFILE ? dg_modules_nearest_command(argv[0]) : NULL;
    if (near) {
        lua_pushfstring(L, "%s; did you mean the command '%s'?", lua_tostring(L, -1), near);
        lua_remove(L, -2);
    }
    return finish_load(L, run, status, status == LUA_OK ? push_arguments(L) : 0);
}

/* The global help outside the prompt: loads the library, which then explains. */
static int help(lua_State *L)
{
    int arguments = lua_gettop(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "digits");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "help");
    if (arguments > 0 && lua_tocfunction(L, 1) == help) { /* help(help) */
        lua_pushvalue(L, -1);
        lua_replace(L, 1);
    }
    lua_insert(L, 1);
    lua_settop(L, arguments + 1);
    lua_call(L, arguments, 0);
    return 0;
}

static void set_up(lua_State *L, const struct run *run)
{
    bool environment = !run->options->no_environment;
    if (!environment) {
        lua_pushboolean(L, 1);
        lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV"); /* package's paths ask for it */
    }
    luaL_openlibs(L);
    const char *folder = environment ? getenv("DIGITS_LUA_PATH") : NULL;
    dg_modules_register(L, folder && *folder ? folder : NULL);
    lua_register(L, "help", help);
    set_arguments(L, run);
    dg_interrupt_install(L);
}

/* In protected mode: main calls it with a struct run. */
static int run_all(lua_State *L)
{
    struct run *run = lua_touserdata(L, 1);
    const struct dg_command_line *options = run->options;
    bool has_script = options->script < run->argc;
    bool idle = !has_script && !options->executes && !options->version && !options->interactive;
    bool is_terminal = isatty(STDIN_FILENO);
    luaL_checkversion(L);
    if (options->version || options->interactive || (idle && is_terminal)) {
        puts(dg_program_version());
        fflush(stdout);
    }
    set_up(L, run);
    dg_script_begin(run->argc, run->argv, options->script);
    run->outcome = FAILURE;
    if (options->redirect) {
        lua_getglobal(L, "require");
        lua_pushliteral(L, "digits.redirect");
        lua_call(L, 1, 0);
    }
    bool ok = (options->no_environment || run_init(L, run)) && run_actions(L, run) &&
              (!has_script || run_script(L, run));
    /* after an error -i continues nevertheless; the exit status still shows it */
    if (!ok && options->interactive) run->outcome = FAILURE;
    if (options->interactive || (ok && idle && is_terminal)) {
        dg_script_prompt();
        dg_repl(L);
    } else if (ok && idle)
        ok = finish_load(L, run, dg_script_load(L, NULL), 0);
    if (ok) run->outcome = SUCCESS;
    return 0;
}

/* Output that could not be written is a failure; if the reader went away, there is no message. */
static bool flush_output(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    if (errno != EPIPE)
        fprintf(stderr, DG_PROGRAM_NAME ": cannot write to standard output%s%s\n",
                errno ? ": " : "", errno ? strerror(errno) : "");
    return false;
}

/* In protected mode: prints what --help says about the commands. */
static int print_commands(lua_State *L)
{
    struct run *run = lua_touserdata(L, 1);
    set_up(L, run);
    push_of_commands(L, "usage");
    dg_modules_push_commands(L);
    lua_call(L, 1, 0);
    run->outcome = SUCCESS;
    return 0;
}

static enum outcome run_program(int argc, char **argv, const struct dg_command_line *options)
{
    lua_State *L = luaL_newstate();
    if (!L) {
        fputs(DG_PROGRAM_NAME ": not enough memory to start\n", stderr);
        return FAILURE;
    }
    struct run run = { argc, argv, options, FAILURE };
    lua_pushcfunction(L, options->help ? print_commands : run_all);
    lua_pushlightuserdata(L, &run);
    if (dg_program_report(L, lua_pcall(L, 1, 0, 0)) != LUA_OK) run.outcome = FAILURE;
    dg_interrupt_remove();
    lua_close(L);
    return run.outcome;
}

/* The programs of ours that a redirected one starts are redirected as well. */
static bool redirect(struct dg_command_line *options)
{
    if (!options->redirect) options->redirect = getenv(REDIRECT_VARIABLE);
    if (!options->redirect) return true;
    if (dg_redirect_to(options->redirect) != DG_OK) return false;
    return setenv(REDIRECT_VARIABLE, dg_redirect_folder(), 1) == 0;
}

static int run_main(int argc, char **argv)
{
    struct dg_command_line options;
    bool understood = dg_command_line_read(&argc, argv, &options);
    if (understood && (dg_kernel_choose() != DG_OK || dg_bfloat16_choose() != DG_OK)) {
        fprintf(stderr, DG_PROGRAM_NAME ": %s\n", dg_error_message());
        understood = false;
    }
    enum outcome outcome = FAILURE;
    if (understood && options.help) dg_command_line_usage(stdout);
    if (understood) {
        if (options.threads) dg_set_threads(options.threads); /* the range was checked */
        if (!redirect(&options))
            fprintf(stderr, DG_PROGRAM_NAME ": --redirect: %s\n", dg_error_message());
        else
            outcome = run_program(argc, argv, &options);
    }
    free(options.actions);
    if (!flush_output() && outcome == SUCCESS) outcome = FAILURE;
    if (outcome == INTERRUPTED) dg_interrupt_exit();
    return outcome == SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    return dg_on_large_stack(run_main, argc, argv);
}
