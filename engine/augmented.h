/* Predictions that are the mean of those for shifted copies of each image ("test-time
 * augmentation"; Krizhevsky, Sutskever and Hinton 2012). */
#ifndef DG_AUGMENTED_H
#define DG_AUGMENTED_H

#include "engine/learner.h"

enum { DG_MOST_SHIFTS = 8 };

/* As dg_learner_predict_proba and dg_learner_predict, by the mean of the outputs for the rows and
 * for `copies` (0 to DG_MOST_SHIFTS) copies, shifted by one pixel: down, up, right, left, and then
 * along the diagonals; the pixels at the edge are repeated. DG_INVALID if the rows are not images:
 * neither they nor the learner have a height and a width. */
dg_status dg_learner_augmented_proba(const dg_learner *learner, const dg_tensor *x, int copies,
                                     const dg_job *job, dg_tensor *out);
dg_status dg_learner_augmented_predict(const dg_learner *learner, const dg_tensor *x, int copies,
                                       const dg_job *job, dg_tensor *out);

#endif
