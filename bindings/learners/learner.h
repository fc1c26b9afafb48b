/* Learners as Lua values: what is the same for all. Each type of learner has a class of its own,
 * with the methods of its family (model.c, tree.c) beside these. */
#ifndef DIGITS_BINDINGS_LEARNERS_LEARNER_H
#define DIGITS_BINDINGS_LEARNERS_LEARNER_H

#include <lua.h>

#include "bindings/calls/class.h"
#include "bindings/calls/options.h"
#include "engine/learner.h"

extern const dg_class dg_learner_class;
extern const dg_lua_handle dg_learner_handle;

/* Registers the classes, and adds load to the table on top of the stack. */
void dg_open_learner(lua_State *L);

/* The index function of classes whose options and findings are fields. */
int dg_learner_index(lua_State *L);

/* Pushes an empty value of the class of that name, which is based on dg_learner_class, to be filled
 * at the address returned. */
dg_learner **dg_push_learner(lua_State *L, const char *class);

/* Pushes a new learner made as `options` say. */
void dg_push_new_learner(lua_State *L, const dg_part *options);

/* The learner at `index`; raises for another value, and for a closed one. */
dg_learner *dg_want_learner(lua_State *L, int index, const char *function);

/* is_model(value) */
int dg_is_learner(lua_State *L);
/* is_model_path(path): whether files with such a name hold models. */
int dg_lua_is_learner_path(lua_State *L);

/* The table of Lua values that belongs to the learner at `index`: name, history. */
void dg_push_learner_values(lua_State *L, int index);

/* A property that is the value of its name in that table. */
int dg_learner_own_value(lua_State *L);

/* An argument that is a set to learn from or to judge by, which two tensors stand for, too; and its
 * `read`. One that is rows: a tensor, or the x of a dataset. */
extern const dg_lua_handle dg_set_handle, dg_rows_handle;
bool dg_read_set(lua_State *L, int index, dg_value *out);

/* Says on standard error, once for the learner at place 1, that x is on another scale than the rows
 * that it was fitted on. */
void dg_tell_scale(lua_State *L, const dg_learner *learner, const dg_tensor *x,
                   const char *function);

/* Pushes the table that evaluate returns. */
void dg_push_scores(lua_State *L, const dg_learner *learner, const dg_scores *scores);

int dg_save_learner_for(lua_State *L);  /* (learner, path, purpose) */
int dg_learner_saved_for(lua_State *L); /* (path) returns the purpose, or nothing */

/* fit.c: for a fit that runs elsewhere (bindings/learners/background.c). Reads the arguments of
 * fit, from place 1 to the top, as learner:fit does; the stack and `buffer`, of
 * DG_MAX_OPTIONS_SIZE bytes, then hold all that `options` refers to, and at place `*history` stands
 * a new, empty history. Callbacks in `options` are NULL unless the user gave functions, which only
 * learner:fit can call. */
const dg_dataset *dg_read_fit(lua_State *L, void *buffer, dg_fit_options *options, int *history);

/* fit.c: adds an epoch's log to the history at `history`, which becomes the learner's; and
 * what is known at the end, with a warning where a score was NaN. `step`: of the learner's type. */
void dg_record_epoch(lua_State *L, int learner, int history, const dg_log *log, const char *step);
void dg_finish_history(lua_State *L, int history, const dg_fit_result *result, const char *step);

/* Takes the learner out of its value, which raises until it is put back: another thread uses it. */
dg_learner *dg_take_learner(lua_State *L, int index, const char *function);
void dg_put_learner(lua_State *L, int index, dg_learner *learner);

/* fit.c: set_progress(function): what shows the progress of a fit. It is called with an
 * event, "batch" or "epoch", the log, and whether it may redraw a line of a terminal. */
int dg_set_progress(lua_State *L);

#endif
