/* The room learners/ uses values/ and calls/.
 *
 * Learners as Lua values: what is the same for all. Each type of learner has a class of its own,
 * with the methods of its family (model.c, trees.c) beside these. */
#ifndef DIGITS_BINDINGS_LEARNERS_LEARNER_H
#define DIGITS_BINDINGS_LEARNERS_LEARNER_H

#include <lua.h>

#include "bindings/calls/class.h"
#include "bindings/calls/options.h"
#include "engine/learner.h"

extern const dg_lua_handle dg_learner_handle;

/* Registers a class whose objects are learners; the class of the learners of a type. */
void dg_register_learner_class(lua_State *L, const dg_class *class);
const dg_class *dg_learner_class_of(lua_State *L, const dg_learner_type *type);

/* Pushes an empty value of the class of that name, which is based on dg_learner_class, to be filled
 * at the address returned. */
dg_learner **dg_push_learner(lua_State *L, const char *class);

/* Pushes a new learner made as `options` say. */
void dg_push_learner_of(lua_State *L, const dg_part *options);

/* The learner at `index`; raises for another value, and for a closed one. */
dg_learner *dg_want_learner(lua_State *L, int index, const char *function);

/* is_model(value) */
int dg_lua_is_learner(lua_State *L);
/* is_model_path(path): whether files with such a name hold models. */
int dg_lua_is_learner_path(lua_State *L);

/* The table of Lua values that belongs to the learner at `index`: name, history. */
void dg_push_learner_values(lua_State *L, int index);

/* The getter of a property that is kept under its name in that table. */
int dg_lua_own_value(lua_State *L);

/* Arguments: a set to fit to or to evaluate on, or two tensors instead, and its `read`; rows, a
 * tensor or the x of a dataset. */
extern const dg_lua_handle dg_set_handle, dg_rows_handle;
bool dg_is_set(lua_State *L, int index, dg_value *out);

/* Says on standard error, once for the learner at place 1, that x is on another scale than the rows
 * that it was fitted on. */
void dg_tell_scale(lua_State *L, const dg_learner *learner, const dg_tensor *x,
                   const char *function);

int dg_lua_save_for(lua_State *L);  /* (learner, path, purpose) */
int dg_lua_saved_for(lua_State *L); /* (path) returns the purpose, or nothing */

/* model_text(path): the JSON text that describes the model in a file, or nothing.
 * model_difference(then, now): a line about the first difference of two files' tensors, or
 * nothing. */
int dg_lua_model_text(lua_State *L);
int dg_lua_model_difference(lua_State *L);

/* Takes the learner out of its value, which raises until it is put back, so that another thread can
 * use it. */
dg_learner *dg_take_learner(lua_State *L, int index, const char *function);
void dg_put_learner(lua_State *L, int index, dg_learner *learner);

extern const luaL_Reg dg_learner_metamethods[];

/* --- bindings/learners/learner_methods.c --- */

extern const dg_class dg_learner_class; /* the base of all classes of learners */

/* The index function of classes whose options and results are fields. */
int dg_lua_learner_index(lua_State *L);

/* Pushes the table that evaluate returns. */
void dg_push_scores(lua_State *L, const dg_learner *learner, const dg_scores *scores);

/* --- bindings/learners/classes.c --- */

/* Registers the classes, and adds load to the table on top of the stack. */
void dg_open_learner(lua_State *L);

#endif
