/* Which features matter to a learner of any type: permutation importance. */
#ifndef DG_IMPORTANCE_H
#define DG_IMPORTANCE_H

#include "engine/learner.h"

/* {features, 2} float32: mean and standard deviation, over `repeats` shuffles, of the accuracy that
 * is lost when a feature's values are shuffled among the rows (Breiman 2001); for numbers, of the
 * increase in mean squared error. job: NULL is dg_job_default(). */
dg_status dg_permutation_importance(const dg_learner *learner, const dg_dataset *set,
                                    int64_t repeats, uint64_t seed, const dg_job *job,
                                    dg_tensor *out);

#endif
