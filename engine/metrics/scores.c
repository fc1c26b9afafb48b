/* Scores of a confusion matrix, in scikit-learn's formulas and order of operations. */
#include <math.h>
#include <stddef.h>

#include "engine/metrics/labels.h"

/* --- precision, recall, F ----------------------------------------------------------------- */

static double divide(double part, double whole, const dg_f_options *options)
{
    return whole != 0 ? part / whole : options->zero_division;
}

static dg_f_scores score(int64_t right, int64_t predicted, int64_t true_rows,
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
    return score(c->counts[place * c->size + place], c->predictions[place], c->truths[place],
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

static dg_f_scores micro(const dg_confusion *c, const dg_f_options *options)
{
    int64_t right = 0;
    for (int64_t i = 0; i < c->size; i++) right += c->counts[i * c->size + i];
    return score(right, sum_of(c->predictions, c->size), sum_of(c->truths, c->size), options);
}

/* The mean of one of the three scores, by its place in the struct, over the labels where it is not
 * NaN. The weight of a label is its rows; if all have none, and for the plain mean, it is 1. */
static double average_of(const dg_confusion *c, size_t field, bool weighted,
                         const dg_f_options *options)
{
    double values[DG_MOST_LABELS], weights[DG_MOST_LABELS];
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
    dg_f_scores out = micro(c, options);
    bool weighted = average == DG_WEIGHTED;
    if (average == DG_MICRO) return out;
    out.precision = average_of(c, offsetof(dg_f_scores, precision), weighted, options);
    out.recall = average_of(c, offsetof(dg_f_scores, recall), weighted, options);
    out.f = average_of(c, offsetof(dg_f_scores, f), weighted, options);
    return out;
}

/* --- one number --------------------------------------------------------------------------- */

double dg_confusion_accuracy(const dg_confusion *c)
{
    int64_t right = 0, all = 0;
    for (int64_t i = 0; i < c->size * c->size; i++) {
        all += c->counts[i];
        if (i / c->size == i % c->size) right += c->counts[i];
    }
    return all ? (double)right / (double)all : NAN;
}

double dg_balanced_accuracy(const dg_confusion *c)
{
    double values[DG_MOST_LABELS];
    int64_t count = 0;
    for (int64_t i = 0; i < c->size; i++)
        if (c->truths[i])
            values[count++] = (double)c->counts[i * c->size + i] / (double)c->truths[i];
    return dg_numpy_sum(values, count) / (double)count;
}

/* Sums of the listed rows and columns alone, unlike c->truths and c->predictions. */
static double listed(const dg_confusion *c, double *truths, double *predictions)
{
    double all = 0;
    for (int64_t i = 0; i < c->size; i++) truths[i] = predictions[i] = 0;
    for (int64_t i = 0; i < c->size; i++) {
        for (int64_t j = 0; j < c->size; j++) {
            double count = (double)c->counts[i * c->size + j];
            truths[i] += count;
            predictions[j] += count;
            all += count;
        }
    }
    return all;
}

double dg_cohen_kappa(const dg_confusion *c, dg_kappa_weights weights)
{
    double truths[DG_MOST_LABELS], predictions[DG_MOST_LABELS], found = 0, expected = 0;
    double all = listed(c, truths, predictions);
    for (int64_t i = 0; i < c->size; i++) {
        for (int64_t j = 0; j < c->size; j++) {
            double apart = fabs((double)(i - j));
            double weight = weights == DG_KAPPA_PLAIN    ? i != j
                            : weights == DG_KAPPA_LINEAR ? apart
                                                         : apart * apart;
            found += weight * (double)c->counts[i * c->size + j];
            expected += weight * truths[i] * predictions[j] / all;
        }
    }
    return expected == 0 ? NAN : 1 - found / expected;
}

double dg_matthews(const dg_confusion *c)
{
    double truths[DG_MOST_LABELS], predictions[DG_MOST_LABELS], right = 0;
    double all = listed(c, truths, predictions), both = 0, tt = 0, pp = 0;
    for (int64_t i = 0; i < c->size; i++) {
        right += (double)c->counts[i * c->size + i];
        both += truths[i] * predictions[i];
        tt += truths[i] * truths[i];
        pp += predictions[i] * predictions[i];
    }
    double below = (all * all - tt) * (all * all - pp);
    return below == 0 ? 0 : (right * all - both) / sqrt(below);
}
