/* The logarithmic loss. */
#include <math.h>

#include "engine/base/math64.h"
#include "engine/metrics/labels.h"

static double clipped(double p)
{
    const double least = 0x1p-23; /* float32's epsilon */
    return p < least ? least : p > 1 - least ? 1 - least : p;
}

/* Probabilities are kept 2^-23 from 0 and 1 and then made to sum to 1, as scikit-learn does with
 * float32. */
static dg_status log_loss_score(const void *options, const dg_judged *judged, double *out)
{
    const dg_probabilities *probabilities = &judged->probabilities;
    (void)options;
    for (int64_t row = 0; row < probabilities->rows; row++) {
        const float *p = dg_floats(&probabilities->values) + row * probabilities->columns;
        double sum = 0;
        for (int64_t j = 0; j < probabilities->columns; j++) sum += clipped(p[j]);
        out[row] = -dg_log64(clipped(p[dg_int32s(&probabilities->positions)[row]]) / sum);
    }
    return DG_OK;
}

const dg_metric_type dg_log_loss = {
    DG_METRIC("log_loss", "The mean of minus the logarithm of the right label's probability.",
              .alias = "loss",
              .peers = (const char *const[]){ "log_likelihood", "categorical_crossentropy", NULL }),
    .of = DG_OF_PROBABILITIES,
    DG_LESS_IS_BETTER(0, INFINITY),
    .by_row = true,
    .compute = log_loss_score,
};
