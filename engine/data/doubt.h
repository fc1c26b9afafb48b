/* Which labels are doubtful, by probabilities that models gave to rows that they were not fitted
 * on: confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty
 * in dataset labels", JAIR 70, 2021), and a ranking by the noise that it estimates. */
#ifndef DG_DATA_DOUBT_H
#define DG_DATA_DOUBT_H

#include "engine/data/dataset.h"

typedef struct dg_doubt {
    dg_tensor rows;       /* {n} int32: all rows, the most doubtful first, counted from `origin` */
    dg_tensor issues;     /* {m} int32: those of them that are issues, in the same order */
    dg_tensor confidence; /* {n} float32, by row: the probability of the given label */
    dg_tensor quality;    /* {n} float32, by row: how probable it is that the given label is right,
                             by these probabilities and by the noise of the labels */
    dg_tensor suggested;  /* {n} int32, by row: the label of the confident class of an issue; of
                             another row, the label of the likeliest class */
} dg_doubt;

/* chances: {n, classes} float32, each row probabilities that sum to 1; column k belongs to
 * classes[k] of the set.
 *
 * The threshold of a class is the mean probability of the class among the rows labelled so. The
 * confident class of a row is the likeliest of those whose thresholds it reaches, within 1e-6. A
 * row is an issue if it has a confident class and that is not its own: these are the rows off the
 * diagonal of the confident joint C, which counts rows by given and confident class.
 *
 * Rows are ranked by Bayes' rule. With m, the mean of C off the diagonal, C + m + 1 by columns is
 * an estimate of the noise Q[g][k], how probable it is that a row of class k is given label g. A
 * label g is right with the probability p[g] Q[g][g] / sum over k of p[k] Q[g][k], the quality.
 * Labels that are often confused are doubted more than labels that hardly ever are; where the
 * joint tells no difference, this is the order of p[g]. (The numbers added keep the model's own
 * mistakes, which are in C as well, from passing for noise.) Of equals, the first row comes first.
 *
 * DG_INVALID: other shapes, numbers that are no probabilities. On failure `*out` holds nothing. */
dg_status dg_label_doubt(dg_doubt *out, const dg_dataset *set, const dg_tensor *chances,
                         int origin);
void dg_doubt_release(dg_doubt *doubt);

#endif
