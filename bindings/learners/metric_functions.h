/* Metrics of a learner that are Lua functions: compile { metrics = { function(t, p) ... end } }.
 * The engine calls them in the middle of a fit or an evaluation, where no Lua error may pass. */
#ifndef DIGITS_BINDINGS_LEARNERS_METRIC_FUNCTIONS_H
#define DIGITS_BINDINGS_LEARNERS_METRIC_FUNCTIONS_H

#include <lua.h>

#include "engine/learner_metrics.h"

/* Reads the list at `list` (0: none) of names, functions, and functions by name, into `out`, room
 * for DG_MAX_METRICS; returns how many. Pushes the table of the functions by name. */
int dg_read_metrics(lua_State *L, int list, dg_metric *out);

/* Pops the table of functions on top of the stack, and keeps it for the learner at `model`. */
void dg_keep_metric_functions(lua_State *L, int model);

/* Whether the learner, which lies at `model`, has such functions. */
bool dg_has_metric_functions(const dg_learner *learner);

/* For scripts: asks_functions(model). */
int dg_lua_asks_functions(lua_State *L);

/* Between begin and end the engine can call the functions of the learner at stack index `model`,
 * and these can neither close nor compile it. Pairs may be nested. */
typedef struct dg_asking {
    lua_State *L;
    dg_learner *learner;
    int model;
    bool failed; /* a function has: its error is on top of the stack */
    struct dg_asking *outer;
} dg_asking;
void dg_asking_begin(dg_asking *asking, lua_State *L, dg_learner *learner, int model);
void dg_asking_end(dg_asking *asking);

#endif
