/* Functions that describe themselves and are written in Lua. */
#ifndef DIGITS_BINDINGS_CALLS_DEFINE_H
#define DIGITS_BINDINGS_CALLS_DEFINE_H

#include "bindings/calls/options.h"

/* define(table, call): a function that describes itself and is written in Lua.
 *
 *     internals.define({ path = "plot.histogram", arguments = 1, doc = "...", example = "...",
 *       hints = { "nbins", "use bins = ..." }, params = {
 *         { "values", { "tensor", "table" }, required = true, doc = "numbers" },
 *         { "bins", "integer", low = 1, high = 1000, default = 30, doc = "how many" } } },
 *       function(values, options) ... end)
 *
 * Of a parameter: low, high, above, below, choices, count (of "integers"), default, required,
 * named_only, rest, doc; its type is one of words[] (define.c) or of dg_add_word, with `of`,
 * `fields`, `some` and `open` where that holds values, or a list of types, of which one fits (what
 * holds values stands last, for it raises where one of these does not fit); `expects` says it in
 * words of its own. Where nothing is given and there is no default, it is nil. `name` stands in
 * messages, by default the last word of the path. method = true and class = a metatable make a
 * method. The call gets the object of a method, the arguments, and a table of all other options. */
int dg_lua_define(lua_State *L);

/* From now on, `word` is the type of parameters whose values `handle` reads. */
void dg_add_word(lua_State *L, const char *word, const dg_lua_handle *handle);

#endif
