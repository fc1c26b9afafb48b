/* Parts as Lua values: one constructor for each descriptor of the engine's registry. */
#ifndef DIGITS_BINDINGS_CALLS_PARTS_H
#define DIGITS_BINDINGS_CALLS_PARTS_H

#include <lua.h>

#include "bindings/calls/class.h"
#include "engine/part/part.h"

/* Registers the classes. */
void dg_open_parts(lua_State *L);

/* Adds the constructors to the modules, "nn" and others, in the table on top of the stack. */
void dg_add_constructors(lua_State *L);

/* Pushes the value of option `index` of a part. */
void dg_push_option(lua_State *L, const dg_part *part, int index);

/* The part at `index`, or NULL for another value. */
const dg_part *dg_test_part(lua_State *L, int index);

/* Pushes a Lua value for a part, with a reference of its own. */
void dg_push_part(lua_State *L, const dg_part *part);

/* The name that the user gave to the layer at `index` (name = ...), or NULL. */
const char *dg_layer_name(lua_State *L, int index);

/* Pushes the part of `kind` that the value at `index` is or names ("adam"); raises
 * "function: option ..." otherwise. */
const dg_part *dg_push_part_of(lua_State *L, int index, const char *kind, const char *function,
                               const char *option);

/* Raises for nn.Adam in place of nn.Adam {}: that a constructor is to be called. */
void dg_refuse_constructor(lua_State *L, int index, const char *function, const char *option);

#endif
