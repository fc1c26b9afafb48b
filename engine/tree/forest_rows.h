/* The rows that the trees of a forest are grown from: their order, their weights, and which of them
 * each tree draws. A draw depends on the seed, the tree's number and the rows only, so that it can
 * be repeated. */
#ifndef DG_TREE_FOREST_ROWS_H
#define DG_TREE_FOREST_ROWS_H

#include "engine/part/part.h"
#include "engine/base/status.h"
#include "engine/tensor/tensor.h"

typedef struct dg_forest_rows {
    int64_t count, classes; /* 0 classes where the targets are numbers */
    const int32_t *labels;  /* {classes} */
    uint64_t seed;
    bool bootstrap;      /* else every tree sees every row */
    bool single;         /* a single tree: classes are balanced by their rows, not by weights */
    int64_t draws;       /* with replacement */
    uint32_t *order;     /* {count}: which row of the set is row i here */
    int32_t *position;   /* {count}: and its class, */
    float *number;       /* or its number; the other is NULL */
    double *weight;      /* {count}, that of its class included; or NULL: all 1 */
    double *until;       /* {count}: sums of weights up to row i, where rows are drawn by them */
    bool balanced_trees; /* classes weigh the same in each tree's draw */
} dg_forest_rows;

/* What one tree sees. */
typedef struct dg_forest_sample {
    int64_t count;
    uint32_t *row; /* {count}, ascending: rows of weight above 0 */
    float *weight; /* {count} */
} dg_forest_sample;

/* Fills `order`, and `position` (rows by class) or `number` (rows as they are). position, number:
 * {count}, of the rows of the set, one of them NULL. */
dg_status dg_forest_rows_order(dg_forest_rows *rows, const int32_t *position, const float *number);
/* Fills the weights. given: {count} of the rows of the set, or NULL. DG_INVALID for a label that is
 * not among `labels`. With bootstrap, rows are then drawn with probabilities in proportion to
 * their weights, and each draw counts the same, as in scikit-learn since 1.9; else they are
 * weighted. */
dg_status dg_forest_rows_weigh(dg_forest_rows *rows, const dg_one_of *by_class, bool each_tree,
                               const dg_tensor *given);
/* What tree `tree` (from 0) sees; to be released after a failure, too. */
dg_status dg_forest_rows_draw(const dg_forest_rows *rows, int64_t tree, dg_forest_sample *out);
void dg_forest_sample_release(dg_forest_sample *sample);
/* A number that identifies the rows and the weights that trees draw from; set: the fingerprint of
 * the set (dg_dataset_fingerprint). */
uint64_t dg_forest_rows_fingerprint(const dg_forest_rows *rows, uint64_t set);
/* `*out` (dg_free it): bits of the rows of the set that tree `tree` draws. */
dg_status dg_forest_rows_bag(const dg_forest_rows *rows, int64_t tree, uint64_t **out);
void dg_forest_rows_release(dg_forest_rows *rows);

#endif
