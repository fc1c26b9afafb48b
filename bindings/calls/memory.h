/* Tells Lua's collector about the memory that tensors hold outside its heap. There is a full
 * collection before an allocation that would take the live bytes beyond twice those after the last
 * one (and beyond 64 MB), after very many small allocations, and when malloc fails. It happens only
 * on the thread that runs Lua, outside parallel regions, and not during a collection. A collector
 * that the script has stopped runs only when malloc fails. */
#ifndef DIGITS_BINDINGS_CALLS_MEMORY_H
#define DIGITS_BINDINGS_CALLS_MEMORY_H

#include <lua.h>

/* Begins to watch, for the time that L lives. */
void dg_memory_watch(lua_State *L);

/* Says that L is the Lua thread (coroutine) that runs now. The functions that check and push
 * userdata say it; who calls back into Lua says it again afterwards. */
void dg_memory_enter(lua_State *L);

#endif
