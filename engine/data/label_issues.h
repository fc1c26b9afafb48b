/* Finds doubtful labels by the probabilities of models for rows that they were not fitted on:
 * confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty
 * in dataset labels", JAIR 70, 2021), and a ranking by the noise that it estimates. */
#ifndef DG_DATA_LABEL_ISSUES_H
#define DG_DATA_LABEL_ISSUES_H

#include "engine/data/dataset.h"

typedef struct dg_label_issues {
    dg_tensor rows;       /* {n} int32: all rows, the most doubtful first, counted from `origin` */
    dg_tensor issues;     /* {m} int32: the rows that are issues, in the same order */
    dg_tensor confidence; /* {n} float32, by row: the probability of the given label */
    dg_tensor quality;    /* {n} float32, by row: the probability that the given label is right, by
                             these probabilities and the noise of the labels */
    dg_tensor suggested;  /* {n} int32, by row: for an issue the label of its confident class, for
                             any other row that of the likeliest class */
} dg_label_issues;

/* probabilities: {n, classes} float32, whose rows sum to 1; column k is that of classes[k] of the
 * set.
 *
 * The threshold of a class is its mean probability in the rows with its label. The
 * confident class of a row is the likeliest of those whose thresholds it reaches, within 1e-6. A
 * row is an issue if it has a confident class and that is not its own: these are the rows off the
 * diagonal of the confident joint C, which counts rows by given and confident class.
 *
 * Rows are ranked by Bayes' rule. With m, the mean of C off the diagonal, C + m + 1 by columns is
 * an estimate of the noise Q[g][k], the probability that a row of class k is given label g. A
 * label g is right with the probability p[g] Q[g][g] / sum over k of p[k] Q[g][k], the quality.
 * Labels that are often confused are doubted more than labels that hardly ever are; where the
 * joint shows no difference, this is the order of p[g]. (The numbers added keep the model's own
 * mistakes, which are in C as well, from passing for noise.) Of equal rows, the first comes first.
 *
 * DG_INVALID: other shapes, values that are not probabilities. On failure `*out` is empty. */
dg_status dg_find_label_issues(dg_label_issues *out, const dg_dataset *set,
                               const dg_tensor *probabilities, int origin);
void dg_label_issues_release(dg_label_issues *found);

#endif
