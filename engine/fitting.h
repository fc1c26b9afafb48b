/* What the types of learners share: checks, what a learner takes over from its set, targets,
 * scores, the first line of a summary. */
#ifndef DG_FITTING_H
#define DG_FITTING_H

#include "engine/base/text.h"
#include "engine/learner.h"

/* DG_INVALID unless the rows of `validation` (NULL: there is none) have as many values as the
 * set's, finite values (holes: or NaN) and, if `target` is labels, only labels of the set, or of
 * `known`, the learner that the fit continues, if it is not NULL. */
dg_status dg_check_validation(const dg_dataset *set, const dg_dataset *validation,
                              const dg_learner *known, dg_target target, bool holes,
                              const dg_job *job);

/* The learner takes over the shape of the set's rows, and its classes if `target` is labels; from
 * here on it has changed. */
dg_status dg_learner_adopt(dg_learner *learner, const dg_dataset *set, dg_target target);

/* `*out` (dg_free it): for each row of `set`, the position of its label in the learner's
 * classes. */
dg_status dg_learner_positions(int32_t **out, const dg_learner *learner, const dg_dataset *set,
                               const char *who);

/* `*out` (dg_free it): dg_dataset_number of each row of `set`, which has y. */
dg_status dg_dataset_numbers(float **out, const dg_dataset *set);

/* `out` {classes}: weights by which classes that occur count the same in all, where `counts`
 * {classes} are their rows, or the weights of these. `out` may be `counts`. */
void dg_balance_classes(double *out, int64_t classes, const double *counts);

/* The same by the option class_weight, which is a map of weights by label, 1 for those that
 * it lacks, or a word: then they are balanced. DG_INVALID for a label that is not among `labels`
 * {classes}. */
dg_status dg_class_weights(double *out, const dg_one_of *by_class, int64_t classes,
                           const int32_t *labels, const double *counts);

/* The mean log loss and the accuracy of probabilities {rows, classes} against `positions`; or, if
 * the learner predicts numbers, the mean squared error of these {rows} against `numbers`. */
void dg_judge_outputs(const dg_learner *learner, const float *outputs, int64_t rows,
                      const int32_t *positions, const float *numbers, dg_scores *out);

/* Ends a fit of one epoch: evaluates the validation set, if there is one, and calls on_epoch. */
dg_status dg_finish_whole_fit(const dg_learner *learner, const dg_fit_options *options,
                              const dg_job *job, dg_log *log);

/* Adds the first line of a summary: its name, "rows of 784 values", what it predicts. */
void dg_describe_learner(const dg_learner *learner, dg_text *text);

/* For descriptors: evaluates the outputs of predict_proba. */
dg_status dg_evaluate_outputs(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out);

#endif
