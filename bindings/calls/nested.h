/* Values that hold values, as parameters of functions that are written in Lua: lists, and tables
 * with fields ("records"). What they hold is described by parameters, too, and read by the one
 * reader; what a function gets is a new table of what has passed the check. */
#ifndef DIGITS_BINDINGS_CALLS_NESTED_H
#define DIGITS_BINDINGS_CALLS_NESTED_H

#include "bindings/calls/options.h"

/* The handle of a parameter that takes a list, or a tensor instead: of one axis, or of more if the
 * items are lists. Items that are numbers may be NaN and, without a range, infinite. If the items
 * are records, a single record stands for a list of one; if these have a field `label`, the table
 * may have names as keys, which become the labels. */
typedef struct dg_list {
    dg_lua_handle handle;
    dg_param item;
    bool some; /* the list is not empty; of numbers, at least one is finite */
} dg_list;

/* The same for a table with fields. */
typedef struct dg_record {
    dg_lua_handle handle;
    dg_descriptor type; /* `name` is empty */
    bool open;          /* it may have other fields, which are ignored, or be one of our objects */
} dg_record;

/* The fields of the tables that a parameter takes, or that a list of it holds; or NULL. */
const dg_descriptor *dg_fields_of(const dg_param *param);

/* Sets `handle`, after all other fields have been set. Pushes a text that must live as long. */
void dg_list_init(lua_State *L, dg_list *list);
void dg_record_init(lua_State *L, dg_record *record);

#endif
