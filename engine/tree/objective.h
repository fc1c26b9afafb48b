/* What boosting minimises: derivatives of the loss, and chances from margins. */
#ifndef DG_TREE_OBJECTIVE_H
#define DG_TREE_OBJECTIVE_H

#include "engine/tree/learners.h"

/* The state of all rows. Arrays of outputs are {outputs, rows}: an output's rows lie together. */
typedef struct dg_derivatives {
    dg_objective objective;
    int64_t rows, outputs;
    const int32_t *target; /* {rows}: the class's position; NULL for squared errors */
    const float *number;   /* {rows}: what is to be met; for squared errors only */
    const float *weight;   /* {rows}, or NULL */
    const float *margin;
    float *gradient, *hessian;
    /* sums over rows, made in a fixed order */
    double loss, correct, total_weight;
    double *gradient_size, *hessian_sum; /* {outputs}: of absolute gradients, of hessians */
} dg_derivatives;

/* Softmax: the cross-entropy with g = p - y, h = 2 p (1 - p); logistic: the same of two classes
 * with h = p (1 - p); squared: half the squared error, g = margin - y, h = 1. Hessians are at least
 * 1e-16. All as XGBoost has them. `loss` sums log losses, or squared errors, by weight. */
dg_status dg_objective_derive(dg_derivatives *d, const dg_job *job);

/* `base` {outputs} becomes what fits all rows best, as XGBoost 3 has it, by weight: the mean of the
 * numbers; the log odds of the share of class 1; the logs of the classes' shares (each with 1e-6
 * more, so that a class without rows has one), less their mean. */
void dg_objective_fit_base(const dg_derivatives *d, float *base);

#endif
