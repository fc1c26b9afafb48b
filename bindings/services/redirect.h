/* Running a script elsewhere: engine/base/redirect.h, for scripts/redirect.lua and the command
 * reproduce. */
#ifndef DIGITS_BINDINGS_SERVICES_REDIRECT_H
#define DIGITS_BINDINGS_SERVICES_REDIRECT_H

#include <lua.h>

/* Adds its functions to the table on top of the stack. */
void dg_open_redirect(lua_State *L);

#endif
