/* The one reader of options: reads what scripts give, as arguments or in a table, against a list of
 * parameters (engine/part/param.h). Constructors of parts and functions are called in the same way,
 * and give the same messages when a value does not fit. */
#ifndef DIGITS_BINDINGS_CALLS_OPTIONS_H
#define DIGITS_BINDINGS_CALLS_OPTIONS_H

#include <lua.h>
#include <stdbool.h>

#include "engine/part/part.h"

/* A kind of value that only the bindings can look into, for DG_HANDLE and DG_SLOT. */
typedef struct dg_lua_handle {
    dg_handle handle;
    /* Returns whether the value at `index` is of this kind, and sets `out->pointer` to what it
     * stands for. May push what must live as long as the call. NULL: a value of any type but
     * nil. */
    bool (*read)(lua_State *L, int index, dg_value *out);
    /* Or, for values that hold values (bindings/calls/nested.h): the same, but raises if one of
     * these does not fit; `out->slot` is the stack index of the checked copy. */
    bool (*convert)(lua_State *L, int index, const char *who, const dg_param *param, dg_value *out);
    /* For an argument that can be made of two values, as a set is of x and y: replaces the value at
     * `index` and the one after it by one. Or NULL. */
    bool (*join)(lua_State *L, int index, const char *who);
    /* The fields that such a table has, for help and the reference. Or NULL. */
    const dg_descriptor *fields;
} dg_lua_handle;

extern const dg_lua_handle dg_any_handle;      /* any value */
extern const dg_lua_handle dg_function_handle; /* a Lua function */
extern const dg_lua_handle dg_table_handle;    /* a table */

/* The `read` of handles that take any table. */
bool dg_is_table(lua_State *L, int index, dg_value *out);

/* For `arguments` of dg_read_options. */
enum { DG_FREE_ARGUMENTS = -1 };

/* Sets the options of `part` (begun, or opened for a call) from the arguments at stack index
 * `first` to the top, and finishes it. `arguments`: how many of its parameters are arguments of
 * their own; the rest are given in a table after them. If it is 0, the table may also hold values
 * by position, and a single value of another type counts as the first of them; DG_FREE_ARGUMENTS:
 * any number of values by position, then a table of names. `object`: stack index of the part whose
 * option `name` is kept as its user value; or 0. What is pushed stays, because the options refer to
 * it. */
void dg_read_options(lua_State *L, dg_part *part, int arguments, int first, int object);

/* The value at `index`, for `param` (NULL: there is no such parameter), not yet checked. Texts are
 * borrowed from the stack; what the value refers to may be pushed. */
dg_value dg_read_value(lua_State *L, int index, const char *who, const dg_param *param);

#endif
