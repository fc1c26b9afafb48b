/* Agreement beyond chance (Cohen 1960, weighted: Cohen 1968). */
#include <math.h>

#include "engine/metrics/labels.h"

typedef struct kappa_options {
    int weights; /* -1: every disagreement weighs 1 */
} kappa_options;

enum { LINEAR, QUADRATIC };
static const char *const weights_words[] = { "linear", "quadratic", NULL };

static const dg_param params[] = {
    DG_CHOICE(kappa_options, weights, .optional = true, .choices = weights_words,
              .doc = "linear: a mistake weighs as much as the labels are apart in their list; "
                     "quadratic: the square of that; nil: all mistakes weigh the same"),
    DG_END,
};

static dg_status cohen_kappa_score(const void *options, const dg_judged *judged, double *out)
{
    const dg_confusion *c = &judged->confusion;
    int weights = ((const kappa_options *)options)->weights;
    double truths[DG_MAX_LABELS], predictions[DG_MAX_LABELS], found = 0, expected = 0;
    double all = dg_listed_sums(c, truths, predictions);
    for (int64_t i = 0; i < c->size; i++) {
        for (int64_t j = 0; j < c->size; j++) {
            double apart = fabs((double)(i - j));
            double weight = weights == LINEAR      ? apart
                            : weights == QUADRATIC ? apart * apart
                                                   : i != j;
            found += weight * (double)c->counts[i * c->size + j];
            expected += weight * truths[i] * predictions[j] / all;
        }
    }
    *out = expected == 0 ? NAN : 1 - found / expected;
    return DG_OK;
}

const dg_metric_type dg_cohen_kappa = {
    DG_METRIC(
        "cohen_kappa",
        "Cohen's kappa, the agreement beyond chance: at most 1, and 0 for random guesses; NaN "
        "where both\nlists contain only one label, the same.",
        .params = params, .options_size = sizeof(kappa_options)),
    .of = DG_OF_CONFUSION,
    DG_GREATER_IS_BETTER(-1, 1),
    .compute = cohen_kappa_score,
};
