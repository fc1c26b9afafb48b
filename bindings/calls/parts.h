/* Parts as Lua values, and the values of their options. */
#ifndef DIGITS_BINDINGS_CALLS_PARTS_H
#define DIGITS_BINDINGS_CALLS_PARTS_H

#include <lauxlib.h>
#include <lua.h>

#include "engine/part/part.h"

/* What Lua makes of the parts of a kind, beside values that have their options as fields. */
typedef struct dg_part_kind {
    const char *kind;   /* as in dg_descriptor */
    const char *module; /* the table that the constructors are in, "nn"; or NULL: */
    const char *(*module_of)(const dg_descriptor *type); /* that of one; NULL: it has none */
    bool named;           /* constructors take name = ..., which the value keeps */
    lua_CFunction call;   /* what calling a part does; NULL: it is an error */
    const dg_hint *hints; /* about fields that users try to set, then an empty one; or NULL */
    /* Pushes what a constructor returns, made as `part` says; NULL: the part itself. */
    void (*make)(lua_State *L, const dg_part *part);
    /* Adds what else describes the type to the table on top of the stack; or NULL. */
    void (*describe)(lua_State *L, const dg_descriptor *type);
} dg_part_kind;

/* Registers the class of parts; and kinds, of which the last has no name. */
void dg_open_parts(lua_State *L);
void dg_add_kinds(lua_State *L, const dg_part_kind *kinds);

/* The kind of the parts of a type, without anything if it was not registered. */
const dg_part_kind *dg_kind_of(lua_State *L, const dg_descriptor *type);

/* The part at `index`, or NULL for another value. */
const dg_part *dg_test_part(lua_State *L, int index);

/* Pushes a Lua value for a part, with a reference of its own; or an empty one, to be filled with a
 * reference. */
void dg_push_part(lua_State *L, const dg_part *part);
const dg_part **dg_push_part_slot(lua_State *L);

/* The name that the user gave to the part at `index` (name = ...), or NULL. */
const char *dg_part_name(lua_State *L, int index);

/* Pushes the part of `kind` that the value at `index` is or names ("adam"); raises
 * "function: option ..." otherwise. */
const dg_part *dg_push_part_of(lua_State *L, int index, const char *kind, const char *function,
                               const char *option);

#define DG_CONSTRUCTOR "digits.constructor" /* the name of the class; user value 1: "nn.Adam" */

/* Raises for nn.Adam in place of nn.Adam {}: that a constructor is to be called. */
void dg_refuse_constructor(lua_State *L, int index, const char *function, const char *option);

/* --- values of options ---------------------------------------------------------------------- */

/* Pushes a value of an option as Lua has it; that of option `index` of a part; a table of the
 * options from number `from` on. */
void dg_push_value(lua_State *L, const dg_value *value);
void dg_push_option(lua_State *L, const dg_part *part, int index);
void dg_push_options(lua_State *L, const dg_part *part, int from);

/* Adds a value as Lua code has it. */
void dg_add_value(luaL_Buffer *out, const dg_value *value);

#endif
