/* Joining layers into networks: nn.Sequential, and nn.Model with layers called on what they
 * read. */
#ifndef DIGITS_BINDINGS_LEARNERS_GRAPH_H
#define DIGITS_BINDINGS_LEARNERS_GRAPH_H

#include <lua.h>

/* Registers the class of nodes and what networks are made of, and sets Sequential and Model in the
 * field nn of the table on top of the stack. */
void dg_open_graph(lua_State *L);

/* Pushes the output of node `node` of the model at `index`, to be read by layers and nn.Model,
 * which copies the weights of the layers that lead to it. */
void dg_push_model_node(lua_State *L, int index, int node);

#endif
