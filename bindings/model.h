/* Networks as Lua values. */
#ifndef DIGITS_BINDINGS_MODEL_H
#define DIGITS_BINDINGS_MODEL_H

#include <lua.h>

#include "bindings/class.h"
#include "engine/nn/model.h"

extern const dg_class dg_model_class;

/* Registers the class, and sets Sequential in the table nn on top of the stack. */
void dg_open_model(lua_State *L);

/* The model at `index`; raises for another value, and for a closed one. */
dg_model *dg_want_model(lua_State *L, int index, const char *function);

/* The table of Lua values that belongs to the model at `index`: name, history. */
void dg_push_model_values(lua_State *L, int index);

/* load(path) */
int dg_load_model(lua_State *L);

/* --- bindings/fit.c --- */

int dg_model_lua_fit(lua_State *L);

/* set_progress(function): what shows the progress of a fit. It is called with an event, "batch",
 * "epoch" or "end", the log, and whether it may redraw a line of a terminal. */
int dg_set_progress(lua_State *L);

/* --- bindings/model_methods.c --- */

extern const dg_function dg_model_methods[];

#endif
