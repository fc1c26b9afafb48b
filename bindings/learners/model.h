/* Networks as Lua values. */
#ifndef DIGITS_BINDINGS_LEARNERS_MODEL_H
#define DIGITS_BINDINGS_LEARNERS_MODEL_H

#include <lua.h>

#include "bindings/calls/class.h"
#include "bindings/calls/options.h"
#include "engine/nn/model.h"

#define DG_MODEL "digits.model" /* the name of the class */

/* The model at `index`; raises for another value, and for a closed one. */
dg_model *dg_want_model(lua_State *L, int index, const char *function);

/* Says in a line, if the learner at `index` is a network that is to be trained in a precision that
 * is not available here: once, until it is forgotten that it was said. */
void dg_tell_precision(lua_State *L, int index, const char *function);
void dg_forget_precision(lua_State *L, int index);

extern const dg_property dg_model_properties[];
extern const luaL_Reg dg_model_metamethods[];

/* --- bindings/learners/layer.c --- */

/* Registers the class of layers, as models show them. */
void dg_open_model(lua_State *L);

/* Pushes the layer that node `node` of the model at `index` applies. */
void dg_push_layer(lua_State *L, int index, int node);

/* --- bindings/learners/weights.c --- */

/* Some weights of a network: all, or those of a layer, which then have the names that they have in
 * it: "kernel" for "conv2d.kernel". */
typedef struct dg_weights {
    dg_model *model;
    int first, count;
    size_t prefix;  /* characters that are left out of each name */
    const char *of; /* "the model", "the layer 'conv2d'" */
} dg_weights;

dg_weights dg_weights_of_model(dg_model *model);
dg_weights dg_weights_of_layer(lua_State *L, dg_model *model, int layer);

/* Pushes a table name -> tensor, whose list part has the names in order. `gradients`: of those that
 * are trained. */
void dg_push_weights(lua_State *L, const dg_weights *weights, bool gradients);

/* Sets them from the table at `index`; if there is an error, no weight changes. */
void dg_set_weights(lua_State *L, const dg_weights *weights, int index);

extern const dg_lua_handle dg_weights_handle; /* such a table */

/* --- bindings/learners/model_methods.c --- */

extern const dg_class dg_model_class;

#endif
