/* mixup (Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: Beyond Empirical Risk Minimization", 2018):
 * the rows of a batch are mixed with those of a permuted copy of it, and what the outputs should be
 * likewise, by a share from Beta(alpha, alpha) that is drawn for each batch.
 *
 * A row has at least half of itself: a smaller share is exchanged for the rest, which makes the
 * same batches, since of a random permutation the inverse is as likely. So the label of a row is
 * the one with the greater share, and counts as its true one. */
#ifndef DG_NN_MIXUP_H
#define DG_NN_MIXUP_H

#include "engine/nn/plan.h"

typedef struct dg_mixup {
    double alpha;
    float share;      /* of the row itself in the mixture, in this batch */
    int64_t *partner; /* {rows}: the row of the batch, from 0, that has the rest of the share */
    float *targets;   /* {rows, width}: mixed */
    float *weights;   /* {rows}: likewise */
} dg_mixup;

/* For batches of up to `rows` rows; to be released. */
dg_status dg_mixup_new(dg_mixup *out, double alpha, int64_t rows, int64_t width);
void dg_mixup_release(dg_mixup *mixup);

/* Draws the share and the partners of a batch. */
void dg_mixup_draw(dg_mixup *mixup, uint64_t key, int64_t rows);

/* What the outputs for the mixed rows should be; it stays in `mixup`. Where rows have weights, the
 * loss of a mixed row is the mixture of the weighted losses, if losses are linear in the targets:
 * its weight is the mixture of the two, and the labels mix by what each has of it. */
dg_truth dg_mixup_truth(const dg_mixup *mixup, const dg_truth *truth, int64_t rows, int64_t width);

/* Mixes row `row` of the batch that a source gives, {size} at `to`, with its partner. */
void dg_mixup_row(const dg_source *source, int64_t row, int64_t size, float *to);

#endif
