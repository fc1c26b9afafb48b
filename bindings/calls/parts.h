/* Parts as Lua values, and the values of their options. */
#ifndef DIGITS_BINDINGS_CALLS_PARTS_H
#define DIGITS_BINDINGS_CALLS_PARTS_H

#include <lauxlib.h>
#include <lua.h>

#include "engine/part/part.h"

/* What the parts of a kind do in Lua, beside having their options as fields. */
typedef struct dg_part_kind {
    const char *kind;   /* as in dg_descriptor */
    const char *module; /* the table that the constructors are in, "nn"; or NULL */
    const char *(*module_of)(const dg_descriptor *type); /* or this finds it for each type; if it
                                                            gives NULL, there is no constructor */
    bool named;           /* constructors take name = ..., which the value keeps */
    lua_CFunction call;   /* what calling a part does; NULL: it is an error */
    const dg_hint *hints; /* what to do instead of setting a field; or NULL */
    /* Pushes what a constructor returns for `part`; NULL: it returns the part itself. */
    void (*make)(lua_State *L, const dg_part *part);
    /* Adds further facts about the type to the table on top of the stack; or NULL. */
    void (*describe)(lua_State *L, const dg_descriptor *type);
} dg_part_kind;

/* Registers the class of parts; and kinds, in a list that ends with a NULL kind. */
void dg_open_parts(lua_State *L);
void dg_add_kinds(lua_State *L, const dg_part_kind *kinds);

/* The kind of the parts of a type; empty if it was not registered. */
const dg_part_kind *dg_kind_of(lua_State *L, const dg_descriptor *type);

/* The part at `index`, or NULL for another value. */
const dg_part *dg_test_part(lua_State *L, int index);

/* Pushes a Lua value for a part, with a reference of its own; or an empty one, to be filled with a
 * reference. */
void dg_push_part(lua_State *L, const dg_part *part);
const dg_part **dg_push_part_slot(lua_State *L);

/* What a part belongs to, a model its optimizer: the value then is whatever part the owner has now,
 * and its options may be set. */
typedef struct dg_part_owner {
    /* The part of the owner at index `owner`; NULL: the last one. Raises nothing. */
    const dg_part *(*part)(lua_State *L, int owner);
    /* Sets an option of it to the value at `index`, or raises. */
    void (*set)(lua_State *L, int owner, const char *option, int index);
} dg_part_owner;

/* Pushes the part of the value at index `owner`. */
void dg_push_owned_part(lua_State *L, int owner, const dg_part_owner *type);

/* The name that the user gave to the part at `index` (name = ...), or NULL. */
const char *dg_part_name(lua_State *L, int index);

/* Pushes the part of `kind` that the value at `index` is or names ("adam"); raises
 * "function: option ..." otherwise. */
const dg_part *dg_push_part_of(lua_State *L, int index, const char *kind, const char *function,
                               const char *option);

#define DG_CONSTRUCTOR "digits.constructor" /* the name of the class; user value 1: "nn.Adam" */

/* Raises if the value is a constructor (nn.Adam instead of nn.Adam {}), and says to call it. */
void dg_refuse_constructor(lua_State *L, int index, const char *function, const char *option);

enum { DG_MAX_OPTIONS_SIZE = 1024 }; /* bytes of the options struct of a function */

/* --- values of options ---------------------------------------------------------------------- */

/* Pushes a value of an option as Lua has it; that of option `index` of a part; a table of the
 * options from number `from` on. */
void dg_push_value(lua_State *L, const dg_value *value);
void dg_push_option(lua_State *L, const dg_part *part, int index);
void dg_push_options(lua_State *L, const dg_part *part, int from);

/* Adds a value as Lua code has it. */
void dg_write_value(luaL_Buffer *out, const dg_value *value);

#endif
