/* What metrics are computed from: the truth and predictions, as scripts give them. */
#ifndef DIGITS_BINDINGS_METRICS_JUDGING_H
#define DIGITS_BINDINGS_METRICS_JUDGING_H

#include <lua.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/tables.h"
#include "engine/metrics/metric.h"

/* What the options of metrics begin with: places on the stack, 0 if not given. */
typedef struct dg_judge_options {
    int truth, predicted;
    int labels, classes; /* labels of the matrix; the classes of the columns of probabilities */
} dg_judge_options;

/* What metrics take: labels, probabilities, numbers, or any of these. */
extern const dg_lua_handle dg_labels_handle, dg_probabilities_handle, dg_numbers_handle,
    dg_predictions_handle;

/* Its parameters; dg_judge_options must come first in the options struct. */
#define DG_TRUTH_PARAM                                                                             \
    DG_SLOT(dg_judge_options, truth, .required = true, .handle = &dg_labels_handle.handle,         \
            .doc = "the labels: integers {n}, one-hot {n, k}, a list, or a dataset")
#define DG_PREDICTED_PARAM                                                                         \
    DG_SLOT(dg_judge_options, predicted, .required = true, .handle = &dg_labels_handle.handle,     \
            .doc = "the predicted labels")
#define DG_LABELS_PARAM                                                                            \
    DG_SLOT(dg_judge_options, labels, .handle = &dg_labels_handle.handle,                          \
            .doc = "only these, in this order; nil: all that are found")
#define DG_PROBABILITIES_PARAM                                                                     \
    {                                                                                              \
        .name = "probabilities", .type = DG_TYPE_SLOT,                                             \
        .offset = offsetof(dg_judge_options, predicted), .required = true,                         \
        .handle = &dg_probabilities_handle.handle,                                                 \
        .doc = "{n, k}: a number for each class and row"                                           \
    }
#define DG_CLASSES_PARAM                                                                           \
    DG_SLOT(dg_judge_options, classes, .handle = &dg_labels_handle.handle,                         \
            .doc = "the label of each column; nil: the classes of truth if it is a dataset, else " \
                   "0, 1 ...")
#define DG_ANY_PARAM(options, field, text)                                                         \
    DG_SLOT(options, field, .required = true, .handle = &dg_predictions_handle.handle, .doc = text)
#define DG_ANY_TRUTH_PARAM                                                                         \
    DG_ANY_PARAM(dg_judge_options, truth, "labels or numbers, or a dataset with them")

/* Peers' names for options of metrics. */
extern const dg_hint dg_metric_hints[];

/* The labels at `index` (a list, a tensor, a dataset) as {n} int32; may push what they belong
 * to. */
const dg_tensor *dg_want_labels(lua_State *L, int index, const char *function, const char *name);

/* The truth, and the predictions of a model (the argument `name`), in the form that the metric
 * takes; `any`: probabilities are also accepted in place of labels. */
const dg_tensor *dg_want_truth(lua_State *L, const dg_metric_type *type, const char *function,
                               const dg_judge_options *options);
dg_predictions dg_want_predictions(lua_State *L, const dg_metric_type *type, const char *function,
                                   const dg_judge_options *options, const char *name, bool any);
/* Both together, pushed, and freed by the collector. */
const dg_judged *dg_push_judged(lua_State *L, const dg_metric_type *type, const char *function,
                                const dg_judge_options *options);

/* A table that prints itself with a value for each label: t[label]. */
void dg_push_by_label(lua_State *L);

#endif
