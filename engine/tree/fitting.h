/* What the fits of tree learners share: checks before, classes, scores, callbacks. */
#ifndef DG_TREE_FITTING_H
#define DG_TREE_FITTING_H

#include "engine/fitting.h"
#include "engine/tree/learners.h"

static inline dg_tree_learner *dg_tree_learner_of(const dg_learner *learner)
{
    return (dg_tree_learner *)learner;
}

/* For descriptors (engine/learner.h). */
void dg_tree_learner_free(dg_learner *learner);
dg_status dg_tree_learner_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                        const dg_job *job, dg_tensor *out);
dg_status dg_tree_learner_summary(const dg_learner *learner, char **out);
dg_status dg_tree_learner_store(const dg_learner *learner, struct dg_tensor_file *file);
dg_status dg_tree_learner_restore(dg_learner *learner, const struct cJSON *root,
                                  const struct dg_tensor_file *file);

extern const dg_attribute dg_forest_attributes[], dg_gradient_boosting_attributes[];

/* The seed of a fit: given with it, or with the learner's options, or the learner's own. */
uint64_t dg_tree_learner_seed(const dg_learner *learner, const dg_fit_options *options);

/* Checks the set, the validation set (rows, labels, infinities) and what early stopping monitors;
 * changes nothing. stops: the learner, or NULL: its fits cannot stop early. target: what will be
 * predicted. known: a learner that goes on with its classes, or NULL: they will be the set's. */
dg_status dg_tree_learner_check_fit(const dg_dataset *set, const dg_fit_options *options,
                                    const dg_learner *stops, dg_target target,
                                    const dg_learner *known, const dg_job *job);

/* Drops the learner's trees; it takes on the shape of the set's rows, and its classes. */
dg_status dg_tree_learner_start_over(dg_tree_learner *learner, const dg_dataset *set);

/* Drops the out-of-bag scores: they are not those of the trees that the forest has now. */
void dg_tree_learner_forget_oob(dg_tree_learner *learner);

/* `margin` {rows, outputs} becomes what each row begins with before the first tree. */
void dg_tree_learner_begin_margins(const dg_tree_learner *learner, int64_t rows, float *margin);

#endif
