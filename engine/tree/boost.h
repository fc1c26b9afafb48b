/* Growing a tree of gradient boosting (Chen and Guestrin 2016): each row has the first and second
 * derivative of its loss, and the sums of these over the sides of a split say what it gains, as in
 * XGBoost's "hist".
 *
 * Sums are of whole numbers: the derivatives of a tree are scaled by a power of two so that the sum
 * of all fits 31 bits, and rounded, which is finer than a float. So a sum is the same in any order,
 * on any number of threads, and a sibling's histogram is exactly its parent's minus the other's.
 * Both sums stand in one 64-bit word, gradients above and hessians below: one addition adds
 * both. */
#ifndef DG_TREE_BOOST_H
#define DG_TREE_BOOST_H

#include "engine/data/dataset.h"
#include "engine/tree/bins.h"
#include "engine/tree/tree.h"

typedef struct dg_boost_options {
    int64_t max_depth;  /* 0: no limit */
    int64_t max_leaves; /* 0: no limit */
    bool loss_guided; /* the leaf with the greatest gain is split next; else the nearest the root */
    double learning_rate, reg_lambda, reg_alpha, gamma, min_child_weight;
    double by_tree, by_level, by_node; /* fractions of the columns that may be used */
} dg_boost_options;

/* The derivatives of one output, packed. */
typedef struct dg_boost_sample {
    const dg_bins *bins;                /* with blocks */
    const int64_t *pair;                /* {rows of the data} */
    double gradient_unit, hessian_unit; /* what 1 in the upper and the lower half stands for */
    int64_t count;
    const uint32_t *row; /* {count}, ascending: the rows that the tree is grown from */
    /* {rows}: leaves get the values that are best for these; NULL: for the rows that the tree is
     * grown from */
    const float *gradient, *hessian;
} dg_boost_sample;

static inline int64_t dg_boost_pair(int32_t gradient, int32_t hessian)
{
    return (int64_t)((uint64_t)(uint32_t)gradient << 32) + hessian;
}
static inline int32_t dg_boost_pair_hessian(int64_t pair)
{
    return (int32_t)pair;
}
static inline int32_t dg_boost_pair_gradient(int64_t pair)
{
    return (int32_t)((uint64_t)pair >> 32); /* hessians are not negative: no borrow from above */
}

/* Packs the derivatives of all rows into `pair` {rows}, scaled by their sums (of gradients without
 * signs), and sets pair and the units of a sample that has its bins. */
void dg_boost_pack(dg_boost_sample *sample, const float *gradient, const float *hessian,
                   double gradient_size, double hessian_sum, int64_t *pair);

/* The order {rows} in which trees are grown best: by class, so that rows of a node, which are
 * alike, lie side by side in memory; NULL, as they are, for a set without labels. */
dg_status dg_boost_order(const dg_dataset *set, uint32_t **out);

/* Rows drawn by the size of their derivatives, sqrt(g^2 + 0.1 h^2), as in XGBoost's
 * sampling_method = "gradient_based" (Ibragimov and Gusev 2019, minimal variance sampling). */
typedef struct dg_boost_drawn {
    uint32_t *row; /* {count} */
    int64_t count;
    float *gradient, *hessian;         /* {rows}: divided by the probability; 0 of rows not drawn */
    double gradient_size, hessian_sum; /* sums of these, of gradients without signs */
} dg_boost_drawn;

/* Draws about part * count of the rows from {count}, ascending, of `rows`: with probabilities in
 * proportion to their size, those of the largest are 1. */
dg_status dg_boost_draw(dg_boost_drawn *out, const uint32_t *from, int64_t count, double part,
                        uint64_t key, const float *gradient, const float *hessian, int64_t rows);
void dg_boost_drawn_free(dg_boost_drawn *drawn);

/* Grows a tree and adds to margin[row] (every row of the data, sampled or not) the value of the
 * leaf that the row falls into. Depends on sample, options and key only. */
dg_status dg_boost_grow(dg_tree *out, const dg_boost_sample *sample,
                        const dg_boost_options *options, uint64_t key, float *margin,
                        const dg_job *job);

/* --- parts of it ------------------------------------------------------------------------------ */

/* hist {bins of the block} becomes the sums over the rows of `row` {count}, whose derivatives are
 * pair {count}; those of common bins are left 0. */
void dg_histogram_block(const dg_bin_block *block, const uint32_t *row, const int64_t *pair,
                        int64_t count, int64_t *restrict hist);

typedef struct dg_boost_split {
    double gain; /* decrease of the loss; not above 0: no split */
    int32_t column;
    int left,
        right; /* neighbouring bins that the node has, on either side; right may be NaN's bin */
    bool nan_left;
    int64_t left_sum; /* a pair */
} dg_boost_split;

/* In a histogram, the common bin of a column that has too little outside this bin for a split; of
 * its other bins nothing is known then. So it is for all nodes below as well. */
#define DG_BOOST_CLOSED INT64_MIN

/* A node of a tree that grows. */
typedef struct dg_boost_node {
    int64_t sum;            /* of its rows, a pair */
    bool wanted;            /* whether it may be split */
    const uint8_t *allowed; /* {columns}: which a split may use; NULL: all */
    int64_t *hist;          /* {bins->total}: gets its histogram; NULL: that is of no use later */
    dg_boost_split split;   /* the best; column -1: none */
} dg_boost_node;

/* Finds the best splits of `built`, whose rows are row {count} with the derivatives pair {count},
 * and of `rest` (NULL: there is none), the other child of the node that has the histogram `parent`;
 * rest->hist may be `parent`. scratch: {job's threads, dg_boost_scratch}. */
dg_status dg_boost_search(const dg_boost_sample *sample, const dg_boost_options *options,
                          const uint32_t *row, const int64_t *pair, int64_t count,
                          dg_boost_node *built, dg_boost_node *rest, const int64_t *parent,
                          int64_t *scratch, const dg_job *job);
int64_t dg_boost_scratch(const dg_bins *bins);

/* The best value of a leaf with these sums, times the learning rate; twice the decrease of the loss
 * that this value brings. */
double dg_boost_weight(const dg_boost_options *options, double gradient, double hessian);
double dg_boost_score(const dg_boost_options *options, double gradient, double hessian);

#endif
