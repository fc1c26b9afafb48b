/* Journals and JSON, for scripts. */
#ifndef DIGITS_BINDINGS_SERVICES_JOURNAL_H
#define DIGITS_BINDINGS_SERVICES_JOURNAL_H

#include <lua.h>

/* open_journal(path) returns a journal, with the methods read(), which gives its text, cut(bytes),
 * append(line) and close(); or nil and a message. */
int dg_lua_open_journal(lua_State *L);

/* parse_json(text, what) returns the value, in which null is NaN, lists are lists and objects
 * tables with texts as keys; or nil and a message that begins with `what`. */
int dg_lua_parse_json(lua_State *L);

/* check_writable(path, who) tests whether a file can be written there, and leaves none; returns
 * true, or false and a message. The error for a value that is not a path begins with `who`, else
 * with "path". */
int dg_lua_check_writable(lua_State *L);

#endif
