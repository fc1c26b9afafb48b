/* Predicted labels, probabilities and numbers compared with the truth. engine/metrics/metric.h has
 * the metrics that are one number and known by name.
 *
 * Labels are {n} int32 tensors, contiguous, as dg_labels_read gives them; probabilities are
 * dg_probabilities, as dg_probabilities_new gives them. Definitions, defaults and order of sums are
 * scikit-learn's (1.9), so that values equal its values; where they differ, the function says so.
 * Every function that takes two lists of labels gives DG_INVALID for lists of different lengths,
 * and for empty ones. */
#ifndef DG_METRICS_METRICS_H
#define DG_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/part/param.h"
#include "engine/base/status.h"
#include "engine/tensor/tensor.h"

/* --- labels (labels.c) -------------------------------------------------------------------- */

/* Reads {n} or {n, 1} integers, or one-hot {n, k} of any type (classes 0 .. k-1); float32 {n} are
 * numbers, not labels, even if they are whole. `name` begins the message of a failure
 * ("truth"). */
dg_status dg_labels_read(dg_tensor *out, const dg_tensor *labels, const char *name);

/* The rows where they differ, ascending, int32, counted from `origin`. */
dg_status dg_mistakes(dg_tensor *out, const dg_tensor *truth, const dg_tensor *predicted,
                      int origin);

/* --- the confusion matrix (confusion.c) --------------------------------------------------- */

enum { DG_MAX_LABELS = 4096 };

typedef struct dg_confusion {
    int64_t size;         /* labels */
    int32_t *labels;      /* ascending, or in the order given */
    int64_t *counts;      /* size * size: row for truth, column for predicted */
    int64_t *truths;      /* size: rows of that label, also where the other label is not listed */
    int64_t *predictions; /* size */
    int64_t rows;         /* of truth, listed or not */
    int64_t right;        /* of them, those with the same label in both, listed or not */
    bool given;           /* the labels were given; false: they are those found, and one without
                             rows (in a resample) counts in no average */
    bool complete;        /* the labels found are all listed */
} dg_confusion;

/* Counts. labels: NULL, or `label_count` different ones; rows with others are left out. More than
 * DG_MAX_LABELS labels are DG_INVALID. On failure `*out` is safe to free. */
dg_status dg_confusion_new(dg_confusion *out, const dg_tensor *truth, const dg_tensor *predicted,
                           int64_t label_count, const int32_t *labels);
void dg_confusion_free(dg_confusion *confusion);

/* The share of counts on the diagonal; NaN where there are none. */
double dg_confusion_accuracy(const dg_confusion *confusion);

/* Where `label` is in the list; -1: nowhere. */
int64_t dg_confusion_place(const dg_confusion *confusion, int32_t label);

/* Sets rows, right, truths and predictions from counts. */
void dg_confusion_add_up(dg_confusion *confusion);

/* Shares {size, size}, float32: of the row (truth), of the column (predicted), of all; 0 where
 * there is nothing to share. */
typedef enum dg_confusion_share {
    DG_SHARE_OF_TRUTH,
    DG_SHARE_OF_PREDICTED,
    DG_SHARE_OF_ALL
} dg_confusion_share;
dg_status dg_confusion_normalized(dg_tensor *out, const dg_confusion *confusion,
                                  dg_confusion_share share);

typedef struct dg_confused_pair {
    int32_t truth, predicted;
    int64_t count;
    double share; /* of all rows with that truth */
} dg_confused_pair;

/* The most frequent mistakes, at most `most` (at least 0), in `*out` (dg_free it): highest count
 * first, then highest share, then by place in the matrix. */
dg_status dg_confusion_most(dg_confused_pair **out, int64_t *found, const dg_confusion *confusion,
                            int64_t most);

/* A table for people; names: NULL, or one per label. dg_free the text. */
dg_status dg_confusion_text(char **out, const dg_confusion *confusion, const char *const *names);

/* --- precision, recall, F (f_scores.c) ---------------------------------------------------- */

typedef struct dg_f_options {
    double beta;          /* weight of recall against precision, at least 0; 1 for F1 */
    double zero_division; /* the score where nothing was predicted, or nothing true: 0, 1 or NaN,
                             which averages leave out */
} dg_f_options;

typedef struct dg_f_scores {
    double precision, recall, f;
    int64_t support; /* rows with that truth */
} dg_f_scores;

typedef enum dg_average { DG_MACRO, DG_WEIGHTED, DG_EACH, DG_MICRO } dg_average;

dg_f_scores dg_f_of_label(const dg_confusion *confusion, int64_t place,
                          const dg_f_options *options);
dg_f_scores dg_f_average(const dg_confusion *confusion, dg_average average,
                         const dg_f_options *options); /* not DG_EACH */

/* The option zero_division = 0 | 1 | NaN | "warn", and the numbers that its words stand for. With
 * "warn" the caller shows what dg_f_doubts writes to `out`: a warning if the precision or the
 * recall of the label at `place` is not defined. */
#define DG_ZERO_DIVISION(options)                                                                  \
    DG_CHOICE(options, zero_division, .choices = dg_zero_division_words, .default_text = "0",      \
              .doc = "the score of a label that was never predicted (for recall: that no row "     \
                     "has); averages leave NaN out, \"warn\" is 0 and says so")
enum { DG_ZERO_WARN = 3 };
extern const char *const dg_zero_division_words[];
double dg_zero_division(int word);
bool dg_f_doubts(const dg_confusion *confusion, int64_t place, char *out, size_t size);

/* scikit-learn's text, byte for byte, even where no row is right: supports have ".0" then. The line
 * of overall scores is "accuracy", or "micro avg" when asked for or when the matrix is not
 * complete. names: NULL, or one per label. dg_free the text. */
typedef struct dg_report_options {
    int digits; /* 0 .. DG_MAX_DIGITS */
    bool micro;
    double zero_division;
} dg_report_options;
enum { DG_MAX_DIGITS = 30 };
dg_status dg_classification_report(char **out, const dg_confusion *confusion,
                                   const char *const *names, const dg_report_options *options);

/* --- probabilities (probabilities.c) ------------------------------------------------------ */

typedef struct dg_probabilities {
    int64_t rows, columns;
    dg_tensor values;    /* {rows, columns} float32, contiguous */
    dg_tensor positions; /* {rows} int32: the column of the true label */
} dg_probabilities;

/* What a column of probabilities must be: any number but NaN; or 0 .. 1, and a row's sum within
 * DG_PROBABILITY_SLACK of 1. */
typedef enum dg_score_kind { DG_SCORES_ANY, DG_SCORES_PROBABILITIES } dg_score_kind;
#define DG_PROBABILITY_SLACK 1e-3

/* Column k belongs to classes[k]; classes NULL: to label k. DG_INVALID for a label that has no
 * column, and for numbers that are not what `kind` says. On failure `*out` is safe to free. */
dg_status dg_probabilities_new(dg_probabilities *out, const dg_tensor *truth,
                               const dg_tensor *values, int64_t class_count, const int32_t *classes,
                               dg_score_kind kind);
void dg_probabilities_free(dg_probabilities *probabilities);

/* The label of the greatest probability of each row, the first of equals, {rows} int32. */
dg_status dg_probabilities_labels(dg_tensor *out, const dg_tensor *values, int64_t class_count,
                                  const int32_t *classes);

/* One bin of a reliability diagram: rows whose greatest probability (their confidence) is in (low,
 * high]; 0 is in the first. */
typedef struct dg_calibration_bin {
    double low, high;
    int64_t count;
    double confidence, accuracy; /* means; 0 in an empty bin */
} dg_calibration_bin;

/* `bins` (1 .. DG_MAX_CALIBRATION_BINS) of equal width (calibration.c). */
enum { DG_MAX_CALIBRATION_BINS = 1000 };
#define DG_CALIBRATION_BINS(options)                                                               \
    DG_INT(options, bins, DG_WITHIN(1, DG_MAX_CALIBRATION_BINS), .default_number = 15,             \
           .doc = "bins of equal width")
void dg_calibration(const dg_probabilities *probabilities, int64_t bins, dg_calibration_bin *out);
/* The mean of |accuracy - confidence| over rows, and the greatest of any bin (Guo et al. 2017). */
double dg_calibration_error(const dg_calibration_bin *bins, int64_t count);
double dg_calibration_worst(const dg_calibration_bin *bins, int64_t count);

/* --- receiver operating characteristic (roc.c) -------------------------------------------- */

/* The area under the curve of each column against the rest; ties count one half. NaN for a column
 * without rows, or with all. `out` has room for all columns. job: NULL is
 * dg_job_default(), here and below. */
dg_status dg_roc_areas(double *out, const dg_probabilities *probabilities, const dg_job *job);

/* The points of one column's curve without those on a straight line, float32 {points}, from (0, 0)
 * at the threshold infinity on; a row is positive where its probability is at least the
 * threshold. */
typedef struct dg_roc {
    dg_tensor false_positives, true_positives, thresholds; /* rates */
    double area;
} dg_roc;
dg_status dg_roc_curve(dg_roc *out, const dg_probabilities *probabilities, int64_t column,
                       const int32_t *classes);

/* --- numbers (numbers.c) ------------------------------------------------------------------ */

/* Reads two lists of {n} or {n, 1} numbers of any type, as many in both, all finite. dg_free both;
 * on failure they are NULL. */
dg_status dg_numbers_read(double **truth_out, double **predicted_out, const dg_tensor *truth,
                          const dg_tensor *predicted);

/* --- how exact a share is (interval.c) ----------------------------------------------------- */

typedef struct dg_interval {
    double low, high;
} dg_interval;

/* Where the share of all rows lies of which `share` was found in `rows` rows drawn at random, with
 * the probability `level`, 0 < level < 1: Wilson's score interval (1927), as SciPy's
 * binomtest(...).proportion_ci(method="wilson"). share * rows need not be whole, so that the mean
 * of several models judged on the same rows has an interval, too. DG_INVALID: a share outside of 0
 * .. 1, or no rows. */
dg_status dg_wilson(dg_interval *out, double share, int64_t rows, double level);

/* --- comparing two models or methods (mcnemar.c, paired.c) ------------------------------- */

typedef struct dg_mcnemar_result {
    int64_t both, only_a, only_b, neither; /* rows that are right */
    bool exact;
    double statistic; /* chi-square, or the smaller of only_a and only_b when exact */
    double p; /* probability of a difference at least as large between models equally good */
} dg_mcnemar_result;

/* McNemar's test (1947). DG_MCNEMAR_AUTO is exact below 25 rows where just one is right, else
 * chi-square with continuity correction (Edwards 1948), which is 0 for equal counts. */
typedef enum dg_mcnemar_kind {
    DG_MCNEMAR_AUTO,
    DG_MCNEMAR_EXACT,
    DG_MCNEMAR_CHI_SQUARE,
} dg_mcnemar_kind;
dg_status dg_mcnemar(dg_mcnemar_result *out, const dg_tensor *truth, const dg_tensor *a,
                     const dg_tensor *b, dg_mcnemar_kind kind);

typedef struct dg_paired_t_result {
    double difference, deviation; /* mean of a - b, and its standard deviation */
    double statistic;             /* Student's t; 0 where the difference is */
    int64_t degrees;              /* of freedom */
    double p; /* probability of a difference at least as large between methods equally good */
} dg_paired_t_result;

/* Student's t-test on the scores of two methods in the same `count` trials (paired.c), at least 2.
 * McNemar's test and the bootstrap judge two fitted models on other rows; this one judges the
 * methods over other seeds, or other cuts of the data. test_ratio: 0 where only the seeds differ;
 * rows tested / rows trained on where the trials are cuts of the same rows, which overlap: the
 * corrected resampled t-test (Nadeau and Bengio, "Inference for the generalization error", Machine
 * Learning 52, 2003). */
dg_status dg_paired_t(dg_paired_t_result *out, const double *a, const double *b, int64_t count,
                      double test_ratio);

#endif
