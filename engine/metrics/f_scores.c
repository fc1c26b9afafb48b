/* Precision, recall and F, in scikit-learn's formulas and order of operations. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "engine/metrics/labels.h"

static double divide(double part, double whole, const dg_f_options *options)
{
    return whole != 0 ? part / whole : options->zero_division;
}

static dg_f_scores score_counts(int64_t right, int64_t predicted, int64_t true_rows,
                                const dg_f_options *options)
{
    double precision = divide((double)right, (double)predicted, options);
    double recall = divide((double)right, (double)true_rows, options);
    double square = options->beta * options->beta;
    double f = isinf(square) ? recall
               : square == 0 ? precision
                             : divide((1 + square) * (double)right,
                                      square * (double)true_rows + (double)predicted, options);
    return (dg_f_scores){ precision, recall, f, true_rows };
}

dg_f_scores dg_f_of_label(const dg_confusion *c, int64_t place, const dg_f_options *options)
{
    return score_counts(c->counts[place * c->size + place], c->predictions[place], c->truths[place],
                        options);
}

static bool counts(const dg_confusion *c, int64_t i)
{
    return c->given || c->truths[i] + c->predictions[i] > 0;
}

static int64_t sum_of(const int64_t *values, int64_t count)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += values[i];
    return sum;
}

static dg_f_scores micro_average(const dg_confusion *c, const dg_f_options *options)
{
    int64_t right = 0;
    for (int64_t i = 0; i < c->size; i++) right += c->counts[i * c->size + i];
    return score_counts(right, sum_of(c->predictions, c->size), sum_of(c->truths, c->size),
                        options);
}

/* The mean of one of the three scores, by its place in the struct, over the labels where it is not
 * NaN. The weight of a label is its rows; if all have none, and for the plain mean, it is 1. */
static double average_of(const dg_confusion *c, size_t field, bool weighted,
                         const dg_f_options *options)
{
    double values[DG_MAX_LABELS], weights[DG_MAX_LABELS];
    int64_t count = 0, support = 0;
    for (int64_t i = 0; i < c->size; i++) {
        if (!counts(c, i)) continue;
        dg_f_scores scores = dg_f_of_label(c, i, options);
        double value = *(const double *)((const char *)&scores + field);
        if (isnan(value)) continue;
        values[count] = value;
        weights[count++] = (double)scores.support;
        support += scores.support;
    }
    if (count == 0) return NAN;
    for (int64_t i = 0; weighted && support > 0 && i < count; i++) values[i] *= weights[i];
    return dg_numpy_sum(values, count) / (double)(weighted && support > 0 ? support : count);
}

dg_f_scores dg_f_average(const dg_confusion *c, dg_average average, const dg_f_options *options)
{
    dg_f_scores out = micro_average(c, options);
    bool weighted = average == DG_WEIGHTED;
    if (average == DG_MICRO) return out;
    out.precision = average_of(c, offsetof(dg_f_scores, precision), weighted, options);
    out.recall = average_of(c, offsetof(dg_f_scores, recall), weighted, options);
    out.f = average_of(c, offsetof(dg_f_scores, f), weighted, options);
    return out;
}

/* --- as metrics --------------------------------------------------------------------------- */

const char *const dg_average_words[] = { "macro", "weighted", "none", "micro", NULL };

const char *const dg_zero_division_words[] = { "0", "1", "nan", "warn", NULL };

double dg_zero_division(int word)
{
    return ((const double[]){ 0, 1, NAN, 0 })[word];
}

bool dg_f_doubts(const dg_confusion *c, int64_t place, char *out, size_t size)
{
    bool predicted = c->predictions[place] > 0;
    if (predicted && c->truths[place] > 0) return false;
    snprintf(out, size, "the %s of label %" PRId32 " is not defined and counts as 0: %s",
             predicted ? "recall" : "precision", c->labels[place],
             predicted ? "no row has it" : "it was never predicted");
    return true;
}

typedef struct f_options {
    dg_average_options averaged;
    int zero_division;
} f_options;

static const dg_param f_params[] = {
    DG_CHOICE(dg_average_options, average, .choices = dg_average_words,
              .doc = "macro: the mean of labels; weighted: by their rows; micro: of all rows "
                     "together; none: a table, t[label]"),
    DG_ZERO_DIVISION(f_options),
    DG_END,
};

bool dg_averages_nothing(const void *options)
{
    return ((const dg_average_options *)options)->average == DG_EACH;
}

static bool f_scores_doubts(const void *options, const dg_judged *judged, int64_t place, char *out,
                            size_t size)
{
    return ((const f_options *)options)->zero_division == DG_ZERO_WARN &&
           dg_f_doubts(&judged->confusion, place, out, size);
}

static dg_status f_scores(const f_options *o, const dg_confusion *c, size_t field, double *out)
{
    const dg_f_options f = { .beta = 1, .zero_division = dg_zero_division(o->zero_division) };
    bool each = dg_averages_nothing(o);
    for (int64_t i = 0; i < (each ? c->size : 1); i++) {
        dg_f_scores scores =
            each ? dg_f_of_label(c, i, &f) : dg_f_average(c, (dg_average)o->averaged.average, &f);
        out[i] = *(const double *)((const char *)&scores + field);
    }
    return DG_OK;
}

#define F_METRIC(symbol, metric, field, text)                                                      \
    static dg_status metric(const void *options, const dg_judged *judged, double *out)             \
    {                                                                                              \
        return f_scores(options, &judged->confusion, offsetof(dg_f_scores, field), out);           \
    }                                                                                              \
    const dg_metric_type symbol = {                                                                \
        DG_METRIC(#metric, text, .params = f_params, .options_size = sizeof(f_options)),           \
        .of = DG_OF_CONFUSION,                                                                     \
        DG_GREATER_IS_BETTER(0, 1),                                                                \
        .by_label = dg_averages_nothing,                                                           \
        .compute = metric,                                                                         \
        .doubts = f_scores_doubts,                                                                 \
    };

F_METRIC(dg_precision, precision, precision,
         "Of the rows predicted as a label, the share that has it.")
F_METRIC(dg_recall, recall, recall, "Of the rows that have a label, the share predicted so.")
F_METRIC(dg_f1, f1, f, "The harmonic mean of precision and recall.")
