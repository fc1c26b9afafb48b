/* Ensembles: learners of any types that predict together, by the weighted mean of their
 * probabilities or numbers. */
#ifndef DG_ENSEMBLE_H
#define DG_ENSEMBLE_H

#include "engine/learner.h"

/* Of copies of the members (dg_learner_copy). weights: one for each, NULL: all alike. Members that
 * are fitted must know the same labels, or all predict numbers; it is fitted if all are.
 * DG_INVALID: there are no members, or too many, or weights below 0, or none above. */
dg_status dg_ensemble_new(dg_learner **out, int count, const dg_learner *const *members,
                          const double *weights);

extern const dg_learner_type dg_ensemble;

#endif
