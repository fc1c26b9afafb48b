/* Metrics by name, for all who let people choose one. A metric is a line in the table below. */
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/metrics/labels.h"

/* --- as functions of one kind ------------------------------------------------------------- */

static const dg_f_options plain = { .beta = 1 };

#define AVERAGES(score, field)                                                                     \
    static double score##_macro(const dg_confusion *c)                                             \
    {                                                                                              \
        return dg_f_average(c, DG_MACRO, &plain).field;                                            \
    }                                                                                              \
    static double score##_micro(const dg_confusion *c)                                             \
    {                                                                                              \
        return dg_f_average(c, DG_MICRO, &plain).field;                                            \
    }                                                                                              \
    static double score##_weighted(const dg_confusion *c)                                          \
    {                                                                                              \
        return dg_f_average(c, DG_WEIGHTED, &plain).field;                                         \
    }
AVERAGES(precision, precision)
AVERAGES(recall, recall)
AVERAGES(f1, f)

static double cohen_kappa(const dg_confusion *c)
{
    return dg_cohen_kappa(c, DG_KAPPA_PLAIN);
}

static void log_losses(const dg_chances *chances, int64_t k, double *out)
{
    (void)k;
    dg_log_losses(chances, out);
}

static dg_status roc_auc(double *out, const dg_chances *chances, const int32_t *classes)
{
    dg_job job = dg_job_default();
    return dg_roc_auc(out, chances, DG_MACRO, classes, &job);
}

static dg_status roc_auc_weighted(double *out, const dg_chances *chances, const int32_t *classes)
{
    dg_job job = dg_job_default();
    return dg_roc_auc(out, chances, DG_WEIGHTED, classes, &job);
}

static dg_status calibration_error(double *out, const dg_chances *chances, const int32_t *classes)
{
    dg_calibration_bin bins[DG_DEFAULT_BINS];
    (void)classes;
    dg_calibration(chances, DG_DEFAULT_BINS, bins);
    *out = dg_calibration_error(bins, DG_DEFAULT_BINS);
    return DG_OK;
}

/* --- the table ---------------------------------------------------------------------------- */

static const dg_metric_type types[] = {
    { "accuracy", "share of rows with the right label", true, .of_matches = true },
    { "balanced_accuracy", "mean recall of the labels in truth", true,
      .of_confusion = dg_balanced_accuracy },
    { "precision_macro", "mean precision of all labels", true, .of_confusion = precision_macro },
    { "precision_micro", "precision of all rows together", true, .of_confusion = precision_micro },
    { "precision_weighted", "precision of labels, weighted by their rows", true,
      .of_confusion = precision_weighted },
    { "recall_macro", "mean recall of all labels", true, .of_confusion = recall_macro },
    { "recall_micro", "recall of all rows together", true, .of_confusion = recall_micro },
    { "recall_weighted", "recall of labels, weighted by their rows", true,
      .of_confusion = recall_weighted },
    { "f1_macro", "mean F1 of all labels", true, .of_confusion = f1_macro },
    { "f1_micro", "F1 of all rows together", true, .of_confusion = f1_micro },
    { "f1_weighted", "F1 of labels, weighted by their rows", true, .of_confusion = f1_weighted },
    { "cohen_kappa", "agreement beyond chance", true, .of_confusion = cohen_kappa },
    { "matthews_corrcoef", "correlation of truth and prediction", true,
      .of_confusion = dg_matthews },
    { "top_k_accuracy",
      "share of rows whose label is among the k likeliest (top_3_accuracy; k = 2)", true,
      .of_rows = dg_top_k_hits },
    { "log_loss", "mean of minus the logarithm of the right label's chance; \"loss\" for short",
      false, .of_rows = log_losses },
    { "roc_auc", "mean area under the ROC curves, one label against the rest", true,
      .of_chances = roc_auc },
    { "roc_auc_weighted", "the same, weighted by the labels' rows", true,
      .of_chances = roc_auc_weighted },
    { "expected_calibration_error", "mean distance of confidence and accuracy, in 15 bins", false,
      .of_chances = calibration_error },
    { "r2", "coefficient of determination of numbers", true, .of_numbers = dg_numbers_r2 },
    { "mean_squared_error", "mean squared error of numbers", false,
      .of_numbers = dg_numbers_mean_squared_error },
    { "root_mean_squared_error", "its square root", false,
      .of_numbers = dg_numbers_root_mean_squared_error },
    { "mean_absolute_error", "mean distance of numbers", false,
      .of_numbers = dg_numbers_mean_absolute_error },
    { "mean_absolute_percentage_error", "mean distance of numbers as a share of the true one",
      false, .of_numbers = dg_numbers_mean_absolute_percentage_error },
};
enum { TYPES = sizeof types / sizeof *types, DEFAULT_K = 2, MOST_DIGITS = 9 };

const dg_metric_type *dg_metric_at(int index)
{
    return index >= 0 && index < TYPES ? &types[index] : NULL;
}

/* "top_3_accuracy": its k, or 0 for another name. */
static int64_t k_of(const char *name)
{
    int64_t k = 0;
    const char *at = name + 4;
    if (strncmp(name, "top_", 4) != 0) return 0;
    for (; *at >= '0' && *at <= '9' && at - name < 4 + MOST_DIGITS; at++) k = 10 * k + *at - '0';
    return strcmp(at, "_accuracy") == 0 ? k : 0;
}

static dg_status unknown(const char *name)
{
    const char *names[TYPES + 2];
    dg_text text = { 0 };
    char *list;
    for (int i = 0; i < TYPES; i++) {
        names[i] = types[i].name;
        dg_text_add(&text, "%s%s", i ? ", " : "", names[i]);
    }
    names[TYPES] = "loss";
    names[TYPES + 1] = "top_5_accuracy";
    const char *near = dg_nearest(name, names, TYPES + 2);
    DG_TRY(dg_text_take(&text, &list));
    if (near)
        dg_error(DG_INVALID, "unknown metric '%s', did you mean '%s'?", name, near);
    else
        dg_error(DG_INVALID, "unknown metric '%s'; there are %s", name, list);
    dg_free(list);
    return DG_INVALID;
}

dg_status dg_metric_find(dg_metric *out, const char *name)
{
    int64_t k = k_of(name);
    const char *wanted = k ? "top_k_accuracy" : strcmp(name, "loss") == 0 ? "log_loss" : name;
    for (int i = 0; i < TYPES; i++) {
        if (strcmp(types[i].name, wanted) != 0) continue;
        *out = (dg_metric){ &types[i], k ? k : DEFAULT_K };
        return DG_OK;
    }
    *out = (dg_metric){ 0 };
    return unknown(name);
}

bool dg_metric_of_chances(const dg_metric *metric)
{
    return metric->type->of_rows || metric->type->of_chances;
}

/* --- computing ---------------------------------------------------------------------------- */

dg_status dg_answers_labels(dg_tensor *out, const dg_answers *answers)
{
    if (answers->chances)
        return dg_chances_labels(out, answers->chances, answers->class_count, answers->classes);
    *out = dg_tensor_retain(answers->labels);
    return DG_OK;
}

dg_status dg_answers_chances(dg_chances *out, const dg_metric *metric, const dg_tensor *truth,
                             const dg_answers *answers)
{
    bool top_k = metric->type->of_rows == dg_top_k_hits;
    *out = (dg_chances){ 0 };
    if (!answers->chances)
        return dg_error(DG_INVALID, "%s needs probabilities {rows, classes}, found labels",
                        metric->type->name);
    DG_TRY(dg_chances_new(out, truth, answers->chances, answers->class_count, answers->classes,
                          top_k ? DG_ANY_SCORES : DG_PROBABILITIES));
    if (!top_k || metric->k <= out->columns) return DG_OK;
    int64_t columns = out->columns;
    dg_chances_free(out);
    return dg_error(DG_INVALID, "k must be at most %lld, the number of classes, found %lld",
                    (long long)columns, (long long)metric->k);
}

static dg_status score_labels(double *out, const dg_metric *metric, const dg_tensor *truth,
                              const dg_tensor *labels)
{
    dg_confusion confusion;
    if (metric->type->of_matches) return dg_accuracy(out, truth, labels);
    DG_TRY(dg_confusion_new(&confusion, truth, labels, 0, NULL));
    *out = metric->type->of_confusion(&confusion);
    dg_confusion_free(&confusion);
    return DG_OK;
}

static dg_status score_chances(double *out, const dg_metric *metric, const dg_chances *chances,
                               const int32_t *classes)
{
    double *values;
    if (metric->type->of_chances) return metric->type->of_chances(out, chances, classes);
    DG_TRY(dg_alloc(&values, chances->rows, sizeof *values));
    metric->type->of_rows(chances, metric->k, values);
    *out = dg_numpy_sum(values, chances->rows) / (double)chances->rows;
    dg_free(values);
    return DG_OK;
}

static dg_status score_numbers(double *out, const dg_metric *metric, const dg_tensor *truth,
                               const dg_tensor *predicted)
{
    double *t, *p;
    DG_TRY(dg_numbers_read(&t, &p, truth, predicted));
    *out = metric->type->of_numbers(t, p, truth->shape[0]);
    dg_free(t);
    dg_free(p);
    return DG_OK;
}

dg_status dg_metric_score(double *out, const dg_metric *metric, const dg_tensor *truth,
                          const dg_answers *answers)
{
    dg_tensor labels;
    dg_chances chances;
    dg_status status;
    *out = 0;
    if (metric->type->of_numbers) return score_numbers(out, metric, truth, answers->numbers);
    if (dg_metric_of_chances(metric)) {
        DG_TRY(dg_answers_chances(&chances, metric, truth, answers));
        status = score_chances(out, metric, &chances, answers->classes);
        dg_chances_free(&chances);
    } else {
        DG_TRY(dg_answers_labels(&labels, answers));
        status = score_labels(out, metric, truth, &labels);
        dg_tensor_release(&labels);
    }
    return status;
}
