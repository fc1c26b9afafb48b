/* How a function or a constructor is called, in one line. */
#ifndef DIGITS_BINDINGS_CALLS_SIGNATURE_H
#define DIGITS_BINDINGS_CALLS_SIGNATURE_H

#include <lua.h>

#include "engine/part/part.h"

/* Pushes it: "split { parts..., seed = nil, stratify = false }". `arguments`: as in
 * dg_read_options. */
void dg_push_signature(lua_State *L, const dg_descriptor *type, int arguments);

#endif
