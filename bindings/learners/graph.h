/* Joining layers into networks: nn.Sequential, and nn.Model with layers called on what they
 * read. */
#ifndef DIGITS_BINDINGS_LEARNERS_GRAPH_H
#define DIGITS_BINDINGS_LEARNERS_GRAPH_H

#include <lua.h>

/* Registers the class of nodes, and sets Sequential and Model in the table nn on top of the
 * stack. */
void dg_open_graph(lua_State *L);

/* layer(input) or layer { input, input, ... }: pushes a node. The metamethod __call of parts. */
int dg_call_layer(lua_State *L);

#endif
