/* Where require finds the library: its C half as "digits.core", its Lua half inside the program. */
#ifndef DIGITS_BINDINGS_PROGRAM_MODULES_H
#define DIGITS_BINDINGS_PROGRAM_MODULES_H

#include <lua.h>
#include <stdbool.h>

/* Registers the C half in package.preload, and puts a searcher for the embedded scripts right
 * after the one for package.preload. `folder`, or NULL, is looked at before them: "digits" is
 * FOLDER/init.lua, "digits.a.b" is FOLDER/a/b.lua or FOLDER/a/b/init.lua. "experiments.a" is a.lua
 * beside the script, or else the one in the program, so that an experiment can be copied alone. */
void dg_modules_register(lua_State *L, const char *folder);

/* Whether the library has the command `word`, which is scripts/commands/WORD.lua. */
bool dg_modules_have_command(const char *word);
/* The command that `word` may be meant for, or NULL. */
const char *dg_modules_nearest_command(const char *word);

/* Pushes the list of all commands. */
void dg_modules_push_commands(lua_State *L);

#endif
