/* What the files of losses share. All are as Keras defines them: a mean over the batch, which is
 * why gradients carry a scale. */
#ifndef DG_NN_LOSSES_LOSS_H
#define DG_NN_LOSSES_LOSS_H

#include <math.h>

#include "engine/base/math64.h"
#include "engine/nn/parts.h"

/* The target of output j of row i: one-hot where classes are given by their positions. */
static inline double dg_target_at(const dg_loss_pass *pass, int64_t i, int64_t j)
{
    if (pass->positions) return pass->positions[i] == j ? 1 : 0;
    return (double)pass->targets[i * pass->width + j];
}

/* Targets t become t * keep + share: certain ones a little less so (Szegedy et al. 2016). */
typedef struct dg_smoothing {
    double keep, share;
} dg_smoothing;

static inline dg_smoothing dg_smoothing_of(double amount, double classes)
{
    return (dg_smoothing){ 1 - amount, amount / classes };
}

static inline double dg_smooth_target(const dg_loss_pass *pass, dg_smoothing smoothing, int64_t i,
                                      int64_t j)
{
    return dg_target_at(pass, i, j) * smoothing.keep + smoothing.share;
}

#define DG_LABEL_SMOOTHING(options, ...)                                                           \
    DG_FLOAT(options, label_smoothing, DG_WITHIN(0, 1), .named_only = true, __VA_ARGS__)

/* Keras's epsilon: probabilities stay this far from 0 and 1. */
#define DG_LEAST_PROBABILITY 1e-7

static inline bool dg_is_clipped(double q)
{
    return q < DG_LEAST_PROBABILITY || q > 1 - DG_LEAST_PROBABILITY;
}

static inline double dg_clipped(double q)
{
    return q < DG_LEAST_PROBABILITY       ? DG_LEAST_PROBABILITY
           : q > 1 - DG_LEAST_PROBABILITY ? 1 - DG_LEAST_PROBABILITY
                                          : q; /* NaN stays */
}

#endif
