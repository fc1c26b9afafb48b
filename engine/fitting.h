/* What the fits of learners share beyond engine/learner.h: what a learner takes on from its set,
 * targets, scores. */
#ifndef DG_FITTING_H
#define DG_FITTING_H

#include "engine/base/text.h"
#include "engine/learner.h"

/* DG_INVALID unless the rows of `validation` (NULL: there is none) have as many values as the
 * set's, finite values (holes: or NaN) and, if `target` is labels, no label that the set does not
 * have, or `known`, the learner that a fit goes on with, if it is not NULL. */
dg_status dg_check_validation(const dg_dataset *set, const dg_dataset *validation,
                              const dg_learner *known, dg_target target, bool holes,
                              const dg_job *job);

/* The learner takes on the shape of the set's rows, and its classes if `target` is labels; it
 * counts as changed from here on. */
dg_status dg_learner_adopt(dg_learner *learner, const dg_dataset *set, dg_target target);

/* `*out` (dg_free it): for each row of `set`, the place of its label among the learner's
 * classes. */
dg_status dg_learner_positions(int32_t **out, const dg_learner *learner, const dg_dataset *set,
                               const char *who);

/* `*out` (dg_free it): the number that each row of `set`, which has y, is to meet. */
dg_status dg_dataset_numbers(float **out, const dg_dataset *set);

/* The mean log loss of probabilities {rows, classes} and the accuracy; of a learner of numbers the
 * mean squared error. positions: for probabilities; numbers: for numbers. */
void dg_judge_outputs(const dg_learner *learner, const float *outputs, int64_t rows,
                      const int32_t *positions, const float *numbers, dg_scores *out);

/* Ends a fit that is one step: judges the validation set, if there is one, and tells on_epoch. */
dg_status dg_finish_whole_fit(const dg_learner *learner, const dg_fit_options *options,
                              const dg_job *job, dg_log *log);

/* The first line of a summary: its name, "rows of 784 values", what it predicts. */
void dg_describe_learner(const dg_learner *learner, dg_text *text);

/* For descriptors: evaluates by what predict_proba gives. */
dg_status dg_evaluate_outputs(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out);

#endif
