/* Matthews's correlation for many classes (Gorodkin 2004). */
#include <math.h>

#include "engine/metrics/labels.h"

static dg_status matthews_score(const void *options, const dg_judged *judged, double *out)
{
    const dg_confusion *c = &judged->confusion;
    double truths[DG_MAX_LABELS], predictions[DG_MAX_LABELS], right = 0;
    double all = dg_listed_sums(c, truths, predictions), both = 0, tt = 0, pp = 0;
    (void)options;
    for (int64_t i = 0; i < c->size; i++) {
        right += (double)c->counts[i * c->size + i];
        both += truths[i] * predictions[i];
        tt += truths[i] * truths[i];
        pp += predictions[i] * predictions[i];
    }
    double below = (all * all - tt) * (all * all - pp);
    *out = below == 0 ? 0 : (right * all - both) / sqrt(below);
    return DG_OK;
}

const dg_metric_type dg_matthews_corrcoef = {
    DG_METRIC("matthews_corrcoef",
              "The correlation of truth and prediction, -1 to 1; 0 where it is not defined."),
    .of = DG_OF_CONFUSION,
    DG_GREATER_IS_BETTER(-1, 1),
    .compute = matthews_score,
};
