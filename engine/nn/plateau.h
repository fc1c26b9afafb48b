/* Learning rates that shrink when a score no longer improves: Keras's ReduceLROnPlateau. */
#ifndef DG_NN_PLATEAU_H
#define DG_NN_PLATEAU_H

#include "engine/nn/model.h"

/* Zero before the first epoch of a fit. */
typedef struct dg_plateau_state {
    bool began;
    double best;
    int64_t wait, cooldown; /* epochs without improvement; that are not counted, still to come */
} dg_plateau_state;

/* DG_INVALID unless fits of this model have the score, it is known which way it is better, and the
 * learning rate is a number. All is well if options->plateau is NULL. */
dg_status dg_plateau_check(const dg_fit_options *options, const dg_model *model);

/* Judges an epoch; whether the learning rate should be reduced now. */
bool dg_plateau_judge(dg_plateau_state *state, const dg_fit_options *options, const dg_log *log);

/* Reduces it, unless it is at its least. */
dg_status dg_plateau_reduce(const dg_plateau *plateau, dg_model *model);

#endif
