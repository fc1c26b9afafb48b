/* Values that hold values, as parameters of functions that are written in Lua: lists, and tables
 * with fields ("records"). What they hold is described by parameters, too, and read by the one
 * reader; what a function gets is a new table of what has passed the check. */
#ifndef DIGITS_BINDINGS_CALLS_NESTED_H
#define DIGITS_BINDINGS_CALLS_NESTED_H

#include "bindings/calls/options.h"

/* What a parameter's handle points to that takes a list, or a tensor of one axis in its stead
 * (where its items are lists: of more). Items that are numbers may be NaN, and where there is no
 * range also infinite. Where items are records, one record stands for a list of one; and where
 * these have a field `label`, the table may name them instead, which gives their labels. */
typedef struct dg_list {
    dg_lua_handle handle;
    dg_param item;
    bool some; /* not empty; where items are numbers: one of them is finite */
} dg_list;

/* The same for a table with fields. */
typedef struct dg_record {
    dg_lua_handle handle;
    dg_descriptor type; /* `name` is empty */
    bool open;          /* it may have other fields, which are left out; or be an object of ours */
} dg_record;

/* The fields of the tables that a parameter takes, or that a list of it holds; or NULL. */
const dg_descriptor *dg_fields_of(const dg_param *param);

/* Completes what is set but for `handle`. Pushes a text that must live as long. */
void dg_list_init(lua_State *L, dg_list *list);
void dg_record_init(lua_State *L, dg_record *record);

#endif
