/* Tables as results: plain Lua tables, most of which print themselves. */
#ifndef DIGITS_BINDINGS_CALLS_TABLES_H
#define DIGITS_BINDINGS_CALLS_TABLES_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* Gives the table on top of the stack the metatable `name`, to which scripts add __tostring. */
void dg_set_printable(lua_State *L, const char *name);

/* Pushes a new list, with room for `count` values, that prints its values. */
void dg_push_list(lua_State *L, int count);

/* Replaces the list on top of the stack by a read-only one; a write into it raises `message`. For a
 * list that is made anew at each read, so that a write would be lost. dg_push_fixed pushes the list
 * behind a read-only one at `index`; returns false, and pushes nothing, for another value. */
void dg_fix_list(lua_State *L, const char *message);
bool dg_push_fixed(lua_State *L, int index);

/* Pushes a new table, with room for `fields` fields, that prints its fields. */
void dg_push_record(lua_State *L, int fields);

/* Each sets a field of the table on top of the stack; a text that is NULL is nil. */
void dg_set_number(lua_State *L, const char *field, double value);
void dg_set_integer(lua_State *L, const char *field, int64_t value);
void dg_set_text(lua_State *L, const char *field, const char *text);

#endif
