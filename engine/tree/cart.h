/* Growing a tree that predicts classes or numbers (Breiman, Friedman, Olshen and Stone 1984), as
 * scikit-learn's DecisionTreeClassifier and DecisionTreeRegressor do: each node takes the best
 * split among some columns, drawn at random. */
#ifndef DG_TREE_CART_H
#define DG_TREE_CART_H

#include "engine/tree/bins.h"
#include "engine/tree/tree.h"

typedef struct dg_cart_options {
    bool entropy;           /* else Gini's impurity; of numbers their variance */
    int64_t max_depth;      /* -1: no limit */
    int64_t min_split;      /* rows that a node needs to be split */
    int64_t min_leaf;       /* rows that each side of a split needs */
    double min_weight_leaf; /* and their weight */
    int64_t max_features;   /* columns looked at in a node (more, while all are constant) */
    int64_t max_leaf_nodes; /* 0: no limit; else the best split of all leaves comes first */
    double min_decrease;    /* of impurity, weighted, that a split needs */
} dg_cart_options;

/* The rows that a tree is grown from. */
typedef struct dg_cart_sample {
    const dg_bins *bins;     /* with rows */
    int64_t classes;         /* 0 where the targets are numbers */
    const int32_t *position; /* {rows of the data}: the class of each, */
    const float *number;     /* or its number; the other is NULL */
    int64_t count;
    const uint32_t *row; /* {count}, ascending */
    const float *weight; /* {count}, above 0 */
    const double *plogp; /* n log2 n for n = 0 .. the sum of weights where all are whole; or NULL */
} dg_cart_sample;

/* The tree depends on sample, options and key only; a node's gain is how much its split reduces the
 * impurity, times the weight of its rows. DG_CANCELLED leaves nothing. */
dg_status dg_cart_grow(dg_tree *out, const dg_cart_sample *sample, const dg_cart_options *options,
                       uint64_t key, const dg_job *job);

#endif
