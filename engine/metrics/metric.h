/* Metrics as parts: each is a number that says how good predictions are.
 *
 * The file of a metric ends in its descriptor; a line in engine/registry.list makes it known. It is
 * then a function in Lua, metrics.NAME(truth, predicted, options), and a name that metrics.score,
 * compile, histories, early stopping, search and the bootstrap know.
 *
 *     static dg_status hits_score(const void *options, const dg_judged *judged, double *out)
 *     {
 *         *out = (double)judged->confusion.right / (double)judged->confusion.rows;
 *         return DG_OK;
 *     }
 *     const dg_metric_type dg_hits = { DG_METRIC("hits", "The share of rows that are right."),
 *                                      .of = DG_OF_CONFUSION, DG_GREATER_IS_BETTER(0, 1),
 *                                      .compute = hits_score };
 */
#ifndef DG_METRICS_METRIC_H
#define DG_METRICS_METRIC_H

#include <stdalign.h>
#include <stddef.h>

#include "engine/data/target.h"
#include "engine/part/part.h"
#include "engine/metrics/metrics.h"

/* What a metric of labels is computed from. */
typedef enum dg_metric_input {
    DG_OF_LABELS,       /* truth[row] and predicted[row] */
    DG_OF_CONFUSION,    /* the confusion matrix of both */
    DG_OF_SCORES,       /* a number for each class in each row */
    DG_OF_PROBABILITIES /* the same, each row summing to 1 */
} dg_metric_input;

/* Predictions and the truth in the form that a metric takes; fields of other forms are zero. */
typedef struct dg_judged {
    int64_t rows;
    dg_tensor labels[2]; /* of truth and predicted; references */
    const int32_t *truth, *predicted;
    dg_confusion confusion;
    dg_probabilities probabilities;
    const int32_t *classes; /* of the columns; NULL: 0, 1 ... */
    double *true_numbers, *predicted_numbers;
} dg_judged;

typedef struct dg_metric_type {
    dg_descriptor part; /* kind "metric"; as a word of a name (dg_metric_find), its first option may
                           be a choice, or a whole number k */
    dg_target target;   /* of numbers: from true_numbers[row] and predicted_numbers[row] */
    dg_metric_input of; /* if of labels */
    bool greater_is_better;
    double low, high; /* which values it takes */
    bool by_row;      /* compute gives a number for each row, whose mean is the metric */
    /* Whether options ask for one value per label of the matrix, or per column, in place of one
     * number: then compute gives as many. NULL: never. */
    bool (*by_label)(const void *options);
    dg_status (*compute)(const void *options, const dg_judged *judged, double *out);
    /* Whether the value of the label at `place` calls for a warning that options ask for; then the
     * warning is written to `out`. NULL: never. */
    bool (*doubts)(const void *options, const dg_judged *judged, int64_t place, char *out,
                   size_t size);
} dg_metric_type;

/* What descriptors begin with, and which values a metric takes. */
#define DG_METRIC(word, text, ...)                                                                 \
    .target = DG_TARGET_LABELS, DG_METRIC_PART(word, text, __VA_ARGS__)
#define DG_METRIC_OF_NUMBERS(word, text, ...)                                                      \
    .target = DG_TARGET_NUMBERS, DG_METRIC_PART(word, text, __VA_ARGS__)
#define DG_METRIC_PART(word, text, ...)                                                            \
    .part = { .kind = "metric", .name = word, .doc = text, __VA_ARGS__ }
#define DG_GREATER_IS_BETTER(from, to) .greater_is_better = true, .low = from, .high = to
#define DG_LESS_IS_BETTER(from, to) .low = from, .high = to

/* A metric and its options. */
enum { DG_METRIC_OPTIONS_SIZE = 32, DG_METRIC_NAME_SIZE = 64 };
typedef struct dg_metric {
    const dg_metric_type *type;
    char name[DG_METRIC_NAME_SIZE]; /* the one it was found by, unless that was an alias */
    /* "val_" and this: what histories call it of validation */
    char val_name[4 + DG_METRIC_NAME_SIZE];
    alignas(8) char options[DG_METRIC_OPTIONS_SIZE];
} dg_metric;

/* By the name of its type, with its defaults; with a choice of its first option ("f1_macro",
 * "roc_auc_weighted"); or with a number in place of the k in its name ("top_3_accuracy").
 * DG_INVALID for an unknown name, with the nearest. */
dg_status dg_metric_find(dg_metric *out, const char *name);
/* For a metric that is a function of the caller's and has no type. */
void dg_metric_set_name(dg_metric *metric, const char *name);
/* The names in order, in DG_METRIC_NAME_SIZE bytes; false at the end. */
bool dg_metric_name(int index, char *out);
/* The targets that it is defined for; none: not known, as of a function of the caller's. */
dg_target dg_metric_target(const dg_metric *metric);
/* Whether it is computed from a number for each class, not from labels. */
bool dg_metric_takes_probabilities(const dg_metric_type *type);

/* The predictions of one model: one of the tensors, the others NULL. */
typedef struct dg_predictions {
    const dg_tensor *numbers; /* as dg_numbers_read takes them; then the truth is numbers, too */
    const dg_tensor *labels;
    const dg_tensor *probabilities; /* {n, k} */
    int64_t class_count;            /* as in dg_probabilities_new */
    const int32_t *classes;
    int64_t listed_count; /* as in dg_confusion_new */
    const int32_t *listed;
} dg_predictions;

/* Converts truth and predictions into the form that the metric takes; metrics of labels take the
 * class of the greatest probability. DG_INVALID where that is not possible. On failure `*out` is
 * safe to free. */
dg_status dg_judged_new(dg_judged *out, const dg_metric_type *type, const dg_tensor *truth,
                        const dg_predictions *predictions);
void dg_judged_free(dg_judged *judged);

/* The metric, one number. */
dg_status dg_metric_compute(double *out, const dg_metric *metric, const dg_judged *judged);
/* Both in one. */
dg_status dg_metric_score(double *out, const dg_metric *metric, const dg_tensor *truth,
                          const dg_predictions *predictions);

/* The option average of metrics that have a value for each label: a dg_average. */
typedef struct dg_average_options {
    int average;
} dg_average_options;
extern const char *const dg_average_words[];
bool dg_averages_nothing(const void *options); /* for .by_label */

/* The metric that learners count while they fit (engine/learner_metrics.h). */
extern const struct dg_metric_type dg_accuracy;

/* --- comparing two models (bootstrap.c) --------------------------------------- */

typedef struct dg_bootstrap_options {
    int64_t resamples; /* 1 .. DG_MAX_RESAMPLES */
    double level;      /* of confidence, above 0 and below 1 */
    uint64_t seed;
} dg_bootstrap_options;
enum { DG_MAX_RESAMPLES = 10000000 };

typedef struct dg_bootstrap_result {
    double a, b;       /* the metric on all rows */
    double difference; /* a - b */
    double low, high;  /* the percentile interval of the difference (Efron 1979) */
} dg_bootstrap_result;

/* Draws rows with replacement, the same for both models. The same seed gives the same bits on any
 * number of threads. DG_INVALID for a metric of probabilities that is not a mean over rows. */
dg_status dg_bootstrap(dg_bootstrap_result *out, const dg_metric *metric, const dg_tensor *truth,
                       const dg_predictions *a, const dg_predictions *b,
                       const dg_bootstrap_options *options, const dg_job *job);

#endif
