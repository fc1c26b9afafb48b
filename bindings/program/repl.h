/* The interactive mode: reads Lua from the user, runs it, prints what it gives. */
#ifndef DIGITS_BINDINGS_PROGRAM_REPL_H
#define DIGITS_BINDINGS_PROGRAM_REPL_H

#include <lua.h>

/* Returns at the end of input. On a terminal there is line editing, completion with Tab, and a
 * history kept in ${XDG_STATE_HOME:-~/.local/state}/digits-lua/history. Expressions are printed,
 * unfinished input goes on in the next line, and the globals _PROMPT and _PROMPT2 change the
 * prompts, as in lua. scripts/repl.lua prints values and finds completions. */
void dg_repl(lua_State *L);

#endif
