/* Learners as Lua values: what is the same for networks, forests and boosted trees. Networks are of
 * the class digits.model, which adds to it (bindings/model.c); all others of digits.learner. */
#ifndef DIGITS_BINDINGS_LEARNER_H
#define DIGITS_BINDINGS_LEARNER_H

#include <lua.h>

#include "bindings/class.h"
#include "engine/learner.h"

extern const dg_class dg_learner_class;

void dg_open_learner(lua_State *L);

/* Pushes an empty value of a class that is based on dg_learner_class, to be filled at the address
 * returned. */
dg_learner **dg_push_learner(lua_State *L, const dg_class *class);

/* Pushes a new learner made as `options` say. */
void dg_push_new_learner(lua_State *L, const dg_part *options);

/* The learner at `index`; raises for another value, and for a closed one. */
dg_learner *dg_want_learner(lua_State *L, int index, const char *function);

/* The table of Lua values that belongs to the learner at `index`: name, history. */
void dg_push_learner_values(lua_State *L, int index);

/* The dataset at `index`, or one made of the tensors x and y there and behind it. */
const dg_dataset *dg_want_set(lua_State *L, int index, const char *function);

/* The rows of the tensor or dataset at `index`; a warning when they are on another scale than those
 * that the learner was fitted on. */
const dg_tensor *dg_want_inputs(lua_State *L, int index, const dg_learner *learner,
                              const char *function);

/* load(path) */
int dg_load_learner(lua_State *L);

/* bindings/fit.c: fit(learner, set, options) */
int dg_learner_lua_fit(lua_State *L);

/* bindings/fit.c: set_progress(function): what shows the progress of a fit. It is called with an
 * event, "batch", "epoch" or "end", the log, and whether it may redraw a line of a terminal. */
int dg_set_progress(lua_State *L);

#endif
