/* What every binding uses: errors at the user's line, and single values that are checked.
 *
 * The room calls/ includes nothing of the other rooms. In it, each file uses those before it:
 * check, interrupt, memory, tables, documents; parts, signature, options, nested; described, class;
 * define, constructors, reference.
 *
 * Rules for a C function that Lua calls:
 * - push the userdata first (dg_push_tensor ...), fill it after, so that an error frees it;
 * - scratch memory is dg_scratch, which the collector frees;
 * - a failure of the engine goes through dg_check_status;
 * - one that Lua calls directly, and other files name, is called dg_lua_...;
 * - messages read "sum: axis must be a whole number from 1 to 2, found 3". */
#ifndef DIGITS_BINDINGS_CALLS_CHECK_H
#define DIGITS_BINDINGS_CALLS_CHECK_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"
#include "engine/part/param.h"

#define DG_PROGRAM_NAME "digits-lua" /* what lines on standard error begin with */

/* Raises a message (formatted as lua_pushfstring does) that begins with the line of the user's
 * code: the first Lua function on the stack that is not one of the library's scripts. */
int dg_raise(lua_State *L, const char *format, ...);

/* A message handler: errors that are texts keep the traceback of where they were raised. */
int dg_add_traceback(lua_State *L);

/* Raises the engine's message unless `status` is DG_OK. DG_CANCELLED answers Ctrl-C: the error is
 * "interrupted" and the request is forgotten. */
void dg_check_status(lua_State *L, dg_status status);

/* The same with "function: " before the message. */
void dg_check_call(lua_State *L, dg_status status, const char *function);

/* Pushes what the value at `index` is, in words: "'abc' (a string)", "a tensor", "nil". */
const char *dg_push_found(lua_State *L, int index);

/* Writes "digits-lua: warning: file.lua:12: function: text" to standard error, the same line only
 * once: for what is not an error but probably a mistake. */
void dg_tell(lua_State *L, const char *function, const char *text);

/* lua_pushnumber, but NaN has no sign, which print would show ("-nan"). */
void dg_push_number(lua_State *L, double value);

/* Pushes memory that the collector frees. */
void *dg_scratch(lua_State *L, size_t count, size_t size);

/* Pushes a userdata of `size` zeroed bytes and `values` user values. Its metatable is called `name`
 * and has these methods. */
void *dg_push_object(lua_State *L, const char *name, const luaL_Reg *methods, size_t size,
                     int values);

/* A box for a text from the engine (dg_alloc): fill `*box`, then dg_push_boxed replaces the box,
 * which is on top of the stack, by the text as a string. */
char **dg_push_box(lua_State *L);
void dg_push_boxed(lua_State *L);

/* --- single values; `function` and `name` are for the message ------------------------------- */

/* A float that is whole passes, a string never does. */
int64_t dg_want_integer(lua_State *L, int index, const char *function, const char *name,
                        int64_t low, int64_t high);
double dg_want_number(lua_State *L, int index, const char *function, const char *name);
const char *dg_want_text(lua_State *L, int index, const char *function, const char *name);
/* Raises "function: name must be EXPECTED, found ...". */
int dg_wrong_type(lua_State *L, int index, const char *function, const char *name,
                  const char *expected);
/* Whether the value is a whole number. */
bool dg_is_integer(lua_State *L, int index, int64_t *out);

/* A list of at most `most` whole numbers (a table) into `out`; returns how many. */
int dg_want_integers(lua_State *L, int index, const char *function, const char *name, int64_t *out,
                     int most);

/* The seed that was given, or else a new one from the global seed. */
uint64_t dg_seed_or_next(const dg_optional_seed *seed);

/* The place of `name` among `count` names; else raises "MESSAGE 'name', did you mean 'names'?". */
int dg_find_name(lua_State *L, const char *const *names, int count, const char *name,
                 const char *message);

/* --- suggestions ---------------------------------------------------------------------------- */

/* The string key nearest to `word` among those of the `tables` tables on top of the stack, or
 * NULL. */
const char *dg_suggest(lua_State *L, int tables, const char *word);

/* Raises "KIND has no field 'word', did you mean 'words'?", looking for it as dg_suggest does. */
int dg_unknown_field(lua_State *L, const char *kind, const char *word, int tables);

#endif
