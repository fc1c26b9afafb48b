/* The metrics of learners beside their loss: by name, or functions of the caller's. */
#ifndef DG_LEARNER_METRICS_H
#define DG_LEARNER_METRICS_H

#include "engine/learner.h"
#include "engine/metrics/metric.h"

/* Gives the learner copies of metrics; `name` of a function, which has no type, is what histories
 * call it. Two of one name, and more than DG_MAX_METRICS, are DG_INVALID, and change nothing. */
dg_status dg_learner_set_metrics(dg_learner *learner, int count, const dg_metric *metrics);

/* Whether the learner has the metric accuracy, which is counted during a fit; whether it has
 * others, which need its outputs. */
bool dg_learner_has_accuracy(const dg_learner *learner);
bool dg_learner_needs_outputs(const dg_learner *learner);

/* Whether one of its metrics is of labels; DG_INVALID, after `who`, where one is
 * not defined for this target. */
bool dg_learner_wants_labels(const dg_learner *learner);
dg_status dg_learner_check_metrics(const dg_learner *learner, dg_target target, const char *who);

/* Computes all metrics but accuracy from the outputs and the truth (labels {n} int32, or numbers
 * {n}) of some rows, each to its place in `out`. */
dg_status dg_learner_judge(const dg_learner *learner, const dg_tensor *truth,
                           const dg_tensor *outputs, double *out);

/* Adds all metrics to a log under their names, with "val_" before them for the validation set;
 * values NULL: accuracy alone. */
void dg_log_add_metrics(dg_log *log, const dg_learner *learner, bool validation, double accuracy,
                        const double *values);

/* The names of all scores that a log may have, the validation set's included, then NULL, once
 * it predicts this target. */
enum { DG_MAX_SCORE_NAMES = 2 * DG_MAX_METRICS + 3 };
void dg_learner_score_names(const dg_learner *learner, dg_target target, const char **out);

#endif
