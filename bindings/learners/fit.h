/* learner:fit: its options (fit_options.c), and its run (fit.c). */
#ifndef DIGITS_BINDINGS_LEARNERS_FIT_H
#define DIGITS_BINDINGS_LEARNERS_FIT_H

#include "bindings/calls/described.h"
#include "engine/learner.h"

/* What all fits take; the options of the learner's type follow at DG_FIT_OWN bytes from its
 * start. */
typedef struct dg_fit_call {
    const dg_dataset *set, *validation;
    dg_optional_seed seed;
    int64_t verbose;
    const struct early_options *early_stopping;
    const dg_plateau *plateau;
    int learning_rate;                           /* place on the stack, or 0 */
    int on_epoch_end, on_batch_end, preparation; /* places on the stack, or 0 */
    bool resume;
    const dg_tensor *sample_weight;
    const char *log;
} dg_fit_call;

enum { DG_FIT_OWN = (sizeof(dg_fit_call) + 15) / 16 * 16 };

/* Pushes a value that keeps the description of `fit`, which runs `call`, for learners of a type;
 * NULL: with the options that all learners take. */
const dg_function *dg_push_fit(lua_State *L, const dg_learner_type *type, dg_call *call);

/* Returns the set to fit on and fills `options` from a call; the options of the learner's type stay
 * where they are. May push what must live as long as the call. */
const dg_dataset *dg_fit_fill(lua_State *L, const dg_fit_call *call, dg_fit_options *options);

/* --- bindings/learners/fit.c --- */

/* Runs it. */
int dg_learner_fit_call(lua_State *L, const void *read);

/* For a fit that runs elsewhere (bindings/learners/background.c). Reads the arguments of
 * fit, from place 1 to the top, as learner:fit does; the stack and `buffer`, of
 * DG_MAX_OPTIONS_SIZE bytes, then hold all that `options` refers to, and at place `*history` stands
 * a new, empty history. Callbacks in `options` are NULL unless the user gave functions, which only
 * learner:fit can call. */
const dg_dataset *dg_read_fit(lua_State *L, void *buffer, dg_fit_options *options, int *history);

/* Adds an epoch's log to the history at `history`, which becomes the learner's; and
 * what is known at the end, with a warning where a score was NaN. `step`: of the learner's type. */
void dg_record_epoch(lua_State *L, int learner, int history, const dg_log *log, const char *step);
void dg_finish_history(lua_State *L, int history, const dg_fit_result *result, const char *step);

/* set_progress(function): what shows the progress of a fit. It is called with an
 * event, "batch" or "epoch", the log, and whether it may redraw a line of a terminal; it returns
 * whether that line is left unfinished, or nil if it wrote nothing. */
int dg_lua_set_progress(lua_State *L);

#endif
