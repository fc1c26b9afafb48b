/* The interactive mode, on libedit where there is a terminal. */
#define _GNU_SOURCE /* getline */
#include "bindings/program/repl.h"

#include <editline/readline.h>
#include <errno.h>
#include <lauxlib.h>
#include <locale.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/calls/interrupt.h"
#include "bindings/program/line_history.h"
#include "bindings/program/program.h"

#define HELPERS "digits.repl" /* registry key of the module, too */

/* libedit's callbacks take no context: there is one interactive mode in a process. */
static struct {
    lua_State *L;
    bool editing;
    const char *pending; /* the lines before the one that is being typed, or NULL */
    int candidate;
} repl;

/* ---- completion ---- */

/* libedit calls it until it gives NULL; the table of candidates is on top of the stack. */
static char *next_candidate(const char *word, int state)
{
    (void)word;
    repl.candidate = state ? repl.candidate + 1 : 1;
    char *text = NULL;
    if (lua_geti(repl.L, -1, repl.candidate) == LUA_TSTRING) {
        text = strdup(lua_tostring(repl.L, -1));
    }
    lua_pop(repl.L, 1);
    return text;
}

/* In protected mode. Calls the helper with the word and all that stands before it; leaves a table,
 * or "files" where the word stands in a string. */
static int call_completion(lua_State *L)
{
    const char *word = lua_touserdata(L, 1);
    int start = (int)lua_tointeger(L, 2);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, HELPERS);
    lua_getfield(L, -1, "complete");
    lua_pushstring(L, word);
    lua_pushfstring(L, "%s\n", repl.pending ? repl.pending : "");
    lua_pushlstring(L, rl_line_buffer, (size_t)start);
    lua_concat(L, 2);
    lua_call(L, 2, 1);
    return 1;
}

static char **complete(const char *word, int start, int end)
{
    (void)end;
    lua_State *L = repl.L;
    int top = lua_gettop(L);
    char **matches = NULL;
    rl_attempted_completion_over = 1;
    if (!lua_checkstack(L, 8)) return NULL;
    lua_pushcfunction(L, call_completion);
    lua_pushlightuserdata(L, (void *)(uintptr_t)word);
    lua_pushinteger(L, start);
    int status = lua_pcall(L, 2, 1, 0);
    if (status == LUA_OK && lua_type(L, -1) == LUA_TSTRING) rl_attempted_completion_over = 0;
    if (status == LUA_OK && lua_istable(L, -1))
        matches = rl_completion_matches(word, next_candidate);
    lua_settop(L, top);
    return matches;
}

static void begin_editing(void)
{
    static char breaks[] = " \t\n\"'`=(){}[],;+*%^<>|&#";
    setlocale(LC_CTYPE, ""); /* libedit counts columns; numbers keep their point */
    rl_readline_name = DG_PROGRAM_NAME;
    rl_basic_word_break_characters = breaks;
    rl_completer_word_break_characters = breaks;
    rl_attempted_completion_function = complete;
    rl_completion_append_character = '\0';
    dg_line_history_open();
}

/* ---- reading ---- */

static int get_prompt(lua_State *L)
{
    lua_getglobal(L, lua_tostring(L, 1));
    if (!lua_isnil(L, -1)) luaL_tolstring(L, -1, NULL);
    return 1;
}

/* Leaves the text of the prompt on the stack. */
static const char *push_prompt(lua_State *L, bool first)
{
    lua_pushcfunction(L, get_prompt);
    lua_pushstring(L, first ? "_PROMPT" : "_PROMPT2");
    if (dg_program_call(L, 1, 1) != LUA_OK || !lua_isstring(L, -1)) {
        lua_pop(L, 1);
        lua_pushstring(L, first ? "> " : ">> ");
    }
    return lua_tostring(L, -1);
}

static char *read_plainly(const char *prompt)
{
    char *line = NULL;
    size_t size = 0;
    fputs(prompt, stdout);
    fflush(stdout);
    ssize_t length = getline(&line, &size, stdin);
    if (length < 0) {
        free(line);
        clearerr(stdin);
        return NULL;
    }
    if (length > 0 && line[length - 1] == '\n') line[length - 1] = '\0';
    return line;
}

enum input { LINE, END, CANCELLED };

/* Pushes a line, without its line break. libedit gives NULL for Ctrl-C as for the end of input. */
static enum input push_line(lua_State *L, bool first)
{
    const char *prompt = push_prompt(L, first);
    char *line = repl.editing ? readline(prompt) : read_plainly(prompt);
    lua_pop(L, 1);
    bool interrupted = dg_interrupt_arrived();
    dg_interrupt_answered(L);
    if (line && !interrupted) lua_pushstring(L, line);
    enum input input = interrupted ? CANCELLED : line ? LINE : END;
    free(line);
    if (input == CANCELLED) puts("^C");
    return input;
}

/* ---- compiling ---- */

/* Whether compiling failed because the text ends too early; the message is on top of the stack. */
static bool is_unfinished(lua_State *L, int status)
{
    static const char mark[] = "<eof>";
    size_t length;
    if (status != LUA_ERRSYNTAX) return false;
    const char *message = lua_tolstring(L, -1, &length);
    return length >= sizeof mark - 1 && strcmp(message + length - (sizeof mark - 1), mark) == 0;
}

static int load(lua_State *L, const char *text)
{
    return luaL_loadbuffer(L, text, strlen(text), "=stdin");
}

/* Compiles the text on top of the stack; where it succeeds, the text stays, else the message. */
static int try_text(lua_State *L)
{
    int status = load(L, lua_tostring(L, -1));
    if (status == LUA_OK)
        lua_pop(L, 1);
    else
        lua_remove(L, -2);
    return status;
}

/* Leaves the text as it is to be run, as an expression if it can be one, or the message. */
static int compile(lua_State *L, const char *text, bool *unfinished)
{
    const char *expression = text[0] == '=' ? text + 1 : text;
    lua_pushfstring(L, "return %s", expression);
    int status = try_text(L);
    *unfinished = is_unfinished(L, status);
    if (status == LUA_OK || expression != text) return status;
    lua_pop(L, 1);
    lua_pushstring(L, text);
    status = try_text(L);
    *unfinished = status != LUA_OK && (*unfinished || is_unfinished(L, status));
    return status;
}

/* Reads lines until they compile or cannot. LINE leaves the text or the message, and sets
 * `status`. */
static enum input read_chunk(lua_State *L, int *status)
{
    enum input input = push_line(L, true);
    if (input != LINE) return input;
    bool unfinished;
    for (;;) {
        const char *text = lua_tostring(L, -1);
        *status = compile(L, text, &unfinished);
        if (!unfinished) break;
        repl.pending = text;
        input = push_line(L, false);
        repl.pending = NULL;
        if (input == CANCELLED) {
            lua_pop(L, 2);
            return input;
        }
        if (input == END) break; /* the message says what is missing */
        lua_remove(L, -2);
        lua_pushliteral(L, "\n");
        lua_insert(L, -2);
        lua_concat(L, 3);
    }
    if (repl.editing) dg_line_history_add(lua_tostring(L, -2));
    lua_remove(L, -2);
    return LINE;
}

/* ---- running ---- */

/* Replaces the text on the stack by the function that the helper `chunk` makes of it. */
static int push_chunk(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, HELPERS);
    if (lua_getfield(L, -1, "chunk") != LUA_TFUNCTION)
        return luaL_error(L, "the module " HELPERS " has no function chunk");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

/* A piece is a function, in the first line; to the user it is the main chunk. */
static void name_main_chunk(lua_State *L)
{
    static const char ours[] = "in function <stdin:1>\n\t[C]: in ?";
    size_t length;
    const char *message = lua_tolstring(L, -1, &length);
    if (!message || length < sizeof ours) return;
    size_t before = length - (sizeof ours - 1);
    if (strcmp(message + before, ours) != 0) return;
    lua_pushlstring(L, message, before);
    lua_pushliteral(L, "in main chunk\n\t[C]: in ?");
    lua_concat(L, 2);
    lua_replace(L, -2);
}

/* Runs the text, which is all that the stack holds. Leaves what it returned, or the message. */
static int run_text(lua_State *L)
{
    lua_pushcfunction(L, push_chunk);
    lua_insert(L, 1);
    int status = lua_pcall(L, 1, 1, 0);
    while (status == LUA_OK) {
        lua_pushvalue(L, 1); /* what gives the next piece */
        lua_insert(L, 2);
        status = dg_program_call(L, lua_gettop(L) - 2, LUA_MULTRET);
        if (status != LUA_OK) return status;
        bool more = lua_toboolean(L, 2);
        lua_remove(L, 2);
        if (!more) {
            lua_remove(L, 1);
            return status;
        }
        status = dg_program_call(L, 0, LUA_MULTRET);
        if (status != LUA_OK) name_main_chunk(L);
    }
    return status;
}

/* ---- the loop ---- */

/* Calls show(...) of the helpers, or print where they are missing, with what is on the stack. */
static int print_values(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, HELPERS);
    if (lua_getfield(L, -1, "show") != LUA_TFUNCTION) lua_getglobal(L, "print");
    lua_replace(L, -2);
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 0);
    return 0;
}

static int load_helpers(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, HELPERS);
    lua_call(L, 1, 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, HELPERS);
    lua_getfield(L, -1, "start");
    lua_call(L, 0, 0);
    return 0;
}

void dg_repl(lua_State *L)
{
    const char *terminal = getenv("TERM");
    repl.L = L;
    dg_interrupt_at_prompt();
    repl.editing =
        isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    lua_pushcfunction(L, load_helpers);
    dg_program_report_plain(L, dg_program_call(L, 0, 0));
    if (repl.editing) begin_editing();
    lua_settop(L, 0);
    for (;;) {
        int status = LUA_OK;
        enum input input = read_chunk(L, &status);
        if (input == END) break;
        if (input == CANCELLED) continue;
        if (status == LUA_OK) status = run_text(L);
        if (status == LUA_OK && lua_gettop(L) > 0) {
            luaL_checkstack(L, LUA_MINSTACK, "too many results to print");
            lua_pushcfunction(L, print_values);
            lua_insert(L, 1);
            status = dg_program_call(L, lua_gettop(L) - 1, 0);
        }
        dg_program_report_plain(L, status);
        lua_settop(L, 0);
        fflush(stdout);
    }
    puts("");
    if (repl.editing) dg_line_history_close();
}
