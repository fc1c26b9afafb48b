/* Metrics of right and wrong: accuracy, by classes, and among the k greatest scores. */
#include <inttypes.h>

#include "engine/metrics/labels.h"

static dg_status accuracy_score(const void *options, const dg_judged *judged, double *out)
{
    (void)options;
    for (int64_t row = 0; row < judged->rows; row++)
        out[row] = judged->truth[row] == judged->predicted[row];
    return DG_OK;
}

const dg_metric_type dg_accuracy = {
    DG_METRIC("accuracy", "The share of rows with the right label.",
              .peers =
                  (const char *const[]){ "acc", "accuracy_score", "categorical_accuracy",
                                         "binary_accuracy", "sparse_categorical_accuracy", NULL }),
    .of = DG_OF_LABELS,
    DG_GREATER_IS_BETTER(0, 1),
    .by_row = true,
    .compute = accuracy_score,
};

static dg_status balanced_accuracy_score(const void *options, const dg_judged *judged, double *out)
{
    const dg_confusion *c = &judged->confusion;
    double recalls[DG_MAX_LABELS];
    int64_t count = 0;
    (void)options;
    for (int64_t i = 0; i < c->size; i++)
        if (c->truths[i])
            recalls[count++] = (double)c->counts[i * c->size + i] / (double)c->truths[i];
    *out = dg_numpy_sum(recalls, count) / (double)count;
    return DG_OK;
}

const dg_metric_type dg_balanced_accuracy = {
    DG_METRIC("balanced_accuracy", "The mean recall of the labels in truth."),
    .of = DG_OF_CONFUSION,
    DG_GREATER_IS_BETTER(0, 1),
    .compute = balanced_accuracy_score,
};

/* --- among the k greatest ----------------------------------------------------------------- */

typedef struct top_options {
    int64_t k;
} top_options;

static const dg_param top_params[] = {
    DG_INT(top_options, k, DG_WITHIN(1, INT32_MAX), .default_number = 2,
           .doc = "how many of the greatest scores count; at most the number of classes"),
    DG_END,
};

/* Of equals the last column goes first, but with two columns the first does, as in scikit-learn. */
static dg_status top_k_accuracy_score(const void *options, const dg_judged *judged, double *out)
{
    const dg_probabilities *probabilities = &judged->probabilities;
    int64_t k = ((const top_options *)options)->k, columns = probabilities->columns;
    if (k > columns)
        return dg_error(DG_INVALID,
                        "k must be at most %" PRId64 ", the number of classes, found %" PRId64,
                        columns, k);
    for (int64_t row = 0; row < probabilities->rows; row++) {
        const float *p = dg_floats(&probabilities->values) + row * columns;
        int64_t at = dg_int32s(&probabilities->positions)[row], before = 0;
        for (int64_t j = 0; j < columns; j++)
            before += p[j] > p[at] || (p[j] == p[at] && (columns == 2 ? j < at : j > at));
        out[row] = before < k;
    }
    return DG_OK;
}

const dg_metric_type dg_top_k_accuracy = {
    DG_METRIC("top_k_accuracy",
              "The share of rows whose label is among the k greatest scores; equal "
              "scores are\nranked from the last column to the first, as in scikit-learn. By name: "
              "\"top_3_accuracy\".",
              .params = top_params, .options_size = sizeof(top_options),
              .peers = (const char *const[]){ "top_k_categorical_accuracy",
                                              "sparse_top_k_categorical_accuracy", NULL }),
    .of = DG_OF_SCORES,
    DG_GREATER_IS_BETTER(0, 1),
    .by_row = true,
    .compute = top_k_accuracy_score,
};
