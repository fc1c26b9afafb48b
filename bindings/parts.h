/* Parts of networks as Lua values: one constructor for each descriptor of the engine's registry. */
#ifndef DIGITS_BINDINGS_PARTS_H
#define DIGITS_BINDINGS_PARTS_H

#include <lua.h>

#include "bindings/class.h"
#include "engine/base/part.h"

/* Registers the classes, and pushes the table nn with a constructor for each part. */
void dg_open_parts(lua_State *L);

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

/* describe(constructor or part), for help(): a table of its descriptor. nil for other values. */
int dg_describe_part(lua_State *L);

#endif
