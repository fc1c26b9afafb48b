/* What the fits of tree learners share: checks before, classes, scores, callbacks. */
#ifndef DG_TREE_FITTING_H
#define DG_TREE_FITTING_H

#include "engine/fitting.h"
#include "engine/tree/learners.h"

static inline dg_tree_learner *dg_tree_learner_of(const dg_learner *learner)
{
    return (dg_tree_learner *)learner;
}

/* What it predicts; whether it is a forest, or one tree. */
static inline dg_target dg_objective_target(dg_objective objective)
{
    bool numbers = objective == DG_OBJECTIVE_SQUARED || objective == DG_OBJECTIVE_MEAN;
    return numbers ? DG_TARGET_NUMBERS : DG_TARGET_LABELS;
}
static inline bool dg_objective_averages(dg_objective objective)
{
    return objective == DG_OBJECTIVE_VOTE || objective == DG_OBJECTIVE_MEAN;
}

/* For descriptors (engine/learner.h). */
void dg_tree_learner_free(dg_learner *learner);
dg_status dg_tree_learner_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                        const dg_job *job, dg_tensor *out);
dg_status dg_tree_learner_summary(const dg_learner *learner, char **out);
dg_status dg_tree_learner_store(const dg_learner *learner, struct dg_tensor_file *file);
dg_status dg_tree_learner_restore(dg_learner *learner, const struct cJSON *root,
                                  const struct dg_tensor_file *file);
dg_status dg_tree_learner_take_options(dg_learner *learner, const dg_learner *other);

extern const dg_attribute dg_forest_attributes[], dg_gradient_boosting_attributes[];

/* The seed of a fit: given with it, or with the learner's options, or the learner's own. */
uint64_t dg_tree_learner_seed(const dg_learner *learner, const dg_fit_options *options);

/* Rows, classes and infinities of the validation set, and what early stopping watches;
 * stops NULL: it cannot stop early; target: what will be predicted. known: a learner
 * that goes on with its classes; NULL: they will be the set's. Changes nothing. */
dg_status dg_tree_learner_check_fit(const dg_dataset *set, const dg_fit_options *options,
                                    const dg_learner *stops, dg_target target,
                                    const dg_learner *known, const dg_job *job);

/* The learner forgets its trees and takes on the rows and classes of the set. */
dg_status dg_tree_learner_start_over(dg_tree_learner *learner, const dg_dataset *set);

/* The forest has no out-of-bag scores: it was not fitted, or has other trees now. */
void dg_tree_learner_forget_oob(dg_tree_learner *learner);

/* The margin that a base_score stands for, as XGBoost's options and files have it: for the logistic
 * objective a probability, else the margin itself (engine/tree/objective.c). */
float dg_objective_margin(dg_objective objective, double base_score);

/* `margin` {rows, outputs} becomes what each row begins with. */
void dg_tree_learner_begin_margins(const dg_tree_learner *learner, int64_t rows, float *margin);

/* Turns sums of margins {rows, outputs} into chances {rows, classes} (engine/tree/objective.c). */
dg_status dg_objective_probabilities(const dg_tree_learner *learner, const float *margins,
                                     int64_t rows, float *out, const dg_job *job);

#endif
