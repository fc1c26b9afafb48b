/* Calls: the arguments of a documented function are those that its text shows.
 *
 * The text begins with one or more forms, "fit(set, options) or fit(x, y, options)": a function
 * with more arguments than any of them has is refused, never called without the surplus. What
 * stands in braces is one table; "sizes..." is any number of values, or one table of them. nil at
 * the end does not count. */
#ifndef DIGITS_BINDINGS_CALL_H
#define DIGITS_BINDINGS_CALL_H

#include "bindings/class.h"

/* Pushes `function` such that it is called with the arguments that its text shows. `function` must
 * live as long as L. */
void dg_push_exact(lua_State *L, const dg_function *function);

/* The same for a method, whose first argument is an object with the metatable at stack index
 * `meta`, or of another class with this method; else the error says to call it with a colon.
 * `prefix`: "model:". Classes that share a method share the value that is pushed. */
void dg_push_method(lua_State *L, const dg_function *function, int meta, const char *prefix);

/* exact(table): replaces each function of the table that has a document, and is written in Lua, by
 * one that takes what the document shows, after the object where the document's name has a colon.
 * Returns the table. */
int dg_exact(lua_State *L);

#endif
