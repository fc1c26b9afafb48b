/* The one reader of options: what scripts give, as arguments or in a table, against a list of
 * parameters (engine/part/param.h). Constructors of parts and functions are called in the same
 * way, and so are the messages when a value does not fit. */
#ifndef DIGITS_BINDINGS_CALLS_OPTIONS_H
#define DIGITS_BINDINGS_CALLS_OPTIONS_H

#include <lua.h>
#include <stdbool.h>

#include "engine/part/part.h"

/* A kind of value that only the bindings can look into, for DG_HANDLE and DG_SLOT. */
typedef struct dg_lua_handle {
    dg_handle handle;
    /* Whether the value at `index` is one: then `out->pointer` is what it stands for. What must
     * live as long as the call may be pushed. NULL: of any type but nil. */
    bool (*read)(lua_State *L, int index, dg_value *out);
    /* Or, for values that hold values (bindings/calls/nested.h): the same, but raises where one of
     * these does not fit; `out->slot` is where what it makes of them lies. */
    bool (*convert)(lua_State *L, int index, const char *who, const dg_param *param, dg_value *out);
    /* Of an argument: makes it one of the value at `index` and the one behind it, if it is read
     * from two, as a set is from x and y. Or NULL. */
    bool (*join)(lua_State *L, int index, const char *who);
    /* What a table that is one has: for help and the reference. Or NULL. */
    const dg_descriptor *fields;
} dg_lua_handle;

extern const dg_lua_handle dg_any_handle;      /* any value */
extern const dg_lua_handle dg_function_handle; /* a Lua function */
extern const dg_lua_handle dg_table_handle;    /* a table */

/* The `read` of handles that are tables. */
bool dg_is_table(lua_State *L, int index, dg_value *out);

/* How the values of a call stand. */
enum { DG_FREE_ARGUMENTS = -1 };

enum { DG_MAX_OPTIONS_SIZE = 1024 }; /* bytes of an options struct */

/* Sets the options of `part` (begun, or opened for a call) from the arguments from stack index
 * `first` to the top, and finishes it. `arguments`: so many of its parameters are arguments of
 * their own, and the rest stand in a table after them; with 0 the table may hold values by
 * position, too, and a single value of another type is the first of them; DG_FREE_ARGUMENTS: any
 * number of values by position, then a table of names. `object`: where the part lies whose option
 * `name` is kept as its user value; or 0. What is pushed stays, for the options refer to it. */
void dg_read_options(lua_State *L, dg_part *part, int arguments, int first, int object);

/* The value at `index`, for `param` (NULL: there is no such parameter), not yet checked. Texts are
 * borrowed from the stack; what the value refers to may be pushed. */
dg_value dg_read_value(lua_State *L, int index, const char *who, const dg_param *param);

#endif
