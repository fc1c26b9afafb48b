/* The room program/ uses the library through library.h, and calls/.
 *
 * What the files of digits-lua, the program, share: calling Lua safely and reporting errors. */
#ifndef DIGITS_BINDINGS_PROGRAM_PROGRAM_H
#define DIGITS_BINDINGS_PROGRAM_PROGRAM_H

#include <lua.h>

#include "bindings/calls/check.h" /* DG_PROGRAM_NAME */

/* Calls the function below its `arguments` as lua_call does, and returns a Lua status. A failure
 * leaves one value, the message with a traceback. Answers Ctrl-C: when the call is over, no
 * request to stop is left, whichever way it ended. */
int dg_program_call(lua_State *L, int arguments, int results);

/* Unless `status` is LUA_OK, pops the error value and writes it to stderr, after "digits-lua: "
 * or, from dg_program_report_plain, as it is. Returns `status`. */
int dg_program_report(lua_State *L, int status);
int dg_program_report_plain(lua_State *L, int status);

/* "digits-lua 0.1.0 (Lua 5.4.4)". */
const char *dg_program_version(void);

#endif
