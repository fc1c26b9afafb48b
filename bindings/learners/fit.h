/* learner:fit, between its options (fit_options.c) and its run (fit.c). */
#ifndef DIGITS_BINDINGS_LEARNERS_FIT_H
#define DIGITS_BINDINGS_LEARNERS_FIT_H

#include "bindings/calls/described.h"
#include "engine/learner.h"

/* What all fits take; the options of the learner's type lie DG_FIT_OWN bytes behind its begin. */
typedef struct dg_fit_call {
    const dg_dataset *set, *validation;
    dg_optional_seed seed;
    int64_t verbose;
    const struct early_options *early_stopping;
    int on_epoch_end, on_batch_end, preparation; /* places on the stack, or 0 */
    bool resume;
    const dg_tensor *sample_weight;
} dg_fit_call;

enum { DG_FIT_OWN = (sizeof(dg_fit_call) + 15) / 16 * 16 };

/* Pushes what keeps the description of `fit` for learners of a type; NULL: of what all take. */
const dg_function *dg_push_fit(lua_State *L, const dg_learner_type *type);

/* The set to fit on, and what else the engine needs of a call, whose own options stay where they
 * are; may push what lives as long as the call. */
const dg_dataset *dg_fit_fill(lua_State *L, const dg_fit_call *call, dg_fit_options *options);

/* bindings/learners/fit.c: runs it. */
int dg_learner_fit_call(lua_State *L, const void *read);

#endif
