/* What help, completion and the reference manual show. */
#ifndef DIGITS_BINDINGS_CALLS_REFERENCE_H
#define DIGITS_BINDINGS_CALLS_REFERENCE_H

#include <lua.h>

/* describe(value): the table of a part, a constructor or a function that describes itself, or
 * nothing. */
int dg_lua_describe(lua_State *L);

#endif
