/* Fits on threads of their own, for the trials of a search, and the scopes of their seeds.
 *
 * Lua stays on its thread: what runs elsewhere is the engine's, on a learner that is taken out of
 * its Lua value meanwhile, and on sets that are retained. The thread tells its failure through the
 * fit, since the message slot of the engine belongs to a thread. */
#ifndef DIGITS_BINDINGS_LEARNERS_BACKGROUND_H
#define DIGITS_BINDINGS_LEARNERS_BACKGROUND_H

#include <lua.h>

/* Sets the functions for scripts in the table on top of the stack. */
void dg_open_background(lua_State *L);

#endif
