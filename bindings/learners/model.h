/* Networks as Lua values. */
#ifndef DIGITS_BINDINGS_LEARNERS_MODEL_H
#define DIGITS_BINDINGS_LEARNERS_MODEL_H

#include <lua.h>

#include "bindings/calls/class.h"
#include "engine/nn/model.h"

#define DG_MODEL "digits.model" /* the name of the class */

/* Registers the class of layers, as models show them. */
void dg_open_model(lua_State *L);

/* The model at `index`; raises for another value, and for a closed one. */
dg_model *dg_want_model(lua_State *L, int index, const char *function);

/* Says in a line, if the learner at `index` is a network that is to be trained in a precision that
 * is not available here: once, until it is forgotten that it was said. */
void dg_tell_precision(lua_State *L, int index, const char *function);
void dg_forget_precision(lua_State *L, int index);

extern const dg_property dg_model_properties[];
extern const luaL_Reg dg_model_metamethods[];

/* --- bindings/learners/model_methods.c --- */

extern const dg_class dg_model_class;

#endif
