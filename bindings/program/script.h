/* The script that the program runs. Models that it saves remember it (engine/store/recipe.h). */
#ifndef DIGITS_BINDINGS_PROGRAM_SCRIPT_H
#define DIGITS_BINDINGS_PROGRAM_SCRIPT_H

#include <lua.h>

/* Tells the engine the words of the command line, which must live as long as the program; `script`
 * is the place of the script, argc if there is none. */
void dg_script_begin(int argc, char **argv, int script);

/* As luaL_loadfile does, NULL for standard input; tells the engine the text. */
int dg_script_load(lua_State *L, const char *path);

/* Tells the engine that the script has loaded the Lua file `path` by require. */
void dg_script_note_module(const char *path);

/* From now on the user goes on at the prompt. */
void dg_script_prompt(void);

#endif
