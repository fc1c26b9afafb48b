/* Networks as Lua values. */
#ifndef DIGITS_BINDINGS_LEARNERS_MODEL_H
#define DIGITS_BINDINGS_LEARNERS_MODEL_H

#include <lua.h>

#include "bindings/calls/class.h"
#include "engine/nn/model.h"

#define DG_MODEL "digits.model" /* the name of the class */

extern const dg_class dg_model_class;

/* Registers the class. */
void dg_open_model(lua_State *L);

/* The model at `index`; raises for another value, and for a closed one. */
dg_model *dg_want_model(lua_State *L, int index, const char *function);

/* --- bindings/learners/model_methods.c --- */

extern const dg_function dg_model_methods[];

#endif
