/* What trees are grown for: what the values of their leaves are, the derivatives of the loss that
 * boosting minimises, and probabilities from margins. */
#ifndef DG_TREE_OBJECTIVE_H
#define DG_TREE_OBJECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/base/status.h"
#include "engine/data/target.h"

typedef enum dg_objective {
    DG_OBJECTIVE_VOTE,     /* forests, of labels: leaves are probabilities, averaged */
    DG_OBJECTIVE_SOFTMAX,  /* boosting: a margin for each class, summed over trees */
    DG_OBJECTIVE_LOGISTIC, /* boosting: one margin, the log odds of the second of two classes */
    DG_OBJECTIVE_SQUARED,  /* boosting, of numbers: one margin, the prediction */
    DG_OBJECTIVE_MEAN,     /* forests, of numbers: leaves are means, averaged */
} dg_objective;

/* What it predicts; whether it is that of a forest, or of one tree. */
static inline dg_target dg_objective_target(dg_objective objective)
{
    bool numbers = objective == DG_OBJECTIVE_SQUARED || objective == DG_OBJECTIVE_MEAN;
    return numbers ? DG_TARGET_NUMBERS : DG_TARGET_LABELS;
}
static inline bool dg_objective_averages(dg_objective objective)
{
    return objective == DG_OBJECTIVE_VOTE || objective == DG_OBJECTIVE_MEAN;
}

/* The state of all rows. Arrays of outputs are {outputs, rows}: an output's rows lie together. */
typedef struct dg_derivatives {
    dg_objective objective;
    int64_t rows, outputs;
    const int32_t *target; /* {rows}: the class's position; NULL for squared errors */
    const float *number;   /* {rows}: the target; for squared errors only */
    const float *weight;   /* {rows}, or NULL */
    const float *margin;
    float *gradient, *hessian;
    /* sums over rows, in a fixed order */
    double loss, correct, total_weight;
    double *gradient_size, *hessian_sum; /* {outputs}: of absolute gradients, of hessians */
} dg_derivatives;

/* Softmax: the cross-entropy with g = p - y, h = 2 p (1 - p); logistic: the same of two classes
 * with h = p (1 - p); squared: half the squared error, g = margin - y, h = 1. Hessians are at least
 * 1e-16. All as in XGBoost. `loss` sums log losses, or squared errors, by weight. */
dg_status dg_objective_derive(dg_derivatives *d, const dg_job *job);

/* `base` {outputs} becomes what fits all rows best, as in XGBoost 3, by weight: the mean of the
 * numbers; the log odds of the share of class 1; the logs of the classes' shares (each with 1e-6
 * more, so that a class without rows has one), less their mean. */
void dg_objective_fit_base(const dg_derivatives *d, float *base);

/* The margin that a base_score stands for, as in XGBoost's options and files: for the logistic
 * objective a probability, else the margin itself. */
float dg_objective_margin(dg_objective objective, double base_score);

/* Turns sums of margins {rows, outputs} into probabilities {rows, classes}, or into numbers. */
dg_status dg_objective_probabilities(dg_objective objective, const float *margins, int64_t rows,
                                     int64_t outputs, float *out, const dg_job *job);

#endif
