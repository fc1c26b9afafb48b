/* Constructors of parts: one for each descriptor of the engine's registry. */
#ifndef DIGITS_BINDINGS_CALLS_CONSTRUCTORS_H
#define DIGITS_BINDINGS_CALLS_CONSTRUCTORS_H

#include <lua.h>

#include "engine/part/part.h"

/* Adds the constructors to the modules, "nn" and others, in the table on top of the stack. */
void dg_add_constructors(lua_State *L);

/* What the constructor at `index` makes, or NULL for another value. */
const dg_descriptor *dg_test_constructor(lua_State *L, int index);

#endif
