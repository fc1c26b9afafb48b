/* What the two files that grow classifying trees share: cart.c grows, cart_split.c looks for the
 * best split of a node. */
#ifndef DG_TREE_CART_SPLIT_H
#define DG_TREE_CART_SPLIT_H

#include "engine/tree/cart.h"
#include "engine/tree/stream.h"

typedef struct dg_cart_split {
    double score; /* greater is better; -INFINITY: none */
    int32_t column;
    int left, right; /* neighbouring bins on either side; right may be the column's NaN bin */
    bool nan_left;   /* where the node has NaN */
} dg_cart_split;

/* A node that waits for its split. */
typedef struct dg_cart_node {
    int32_t node;
    int32_t depth;
    int64_t begin, end; /* its rows in `row` */
    int64_t constants;  /* features at the front of `features` that are constant here */
    double weight;      /* of its rows */
    double score;       /* as of a split with all on one side */
    dg_cart_split split;
} dg_cart_node;

/* A row of the data in this tree. */
typedef struct dg_cart_row {
    int32_t class;
    float weight;
} dg_cart_row;

/* With more classes, a table of bins and classes would not stay in cache. */
enum { DG_CART_TALLIED_CLASSES = 32 };

typedef struct dg_cart {
    const dg_cart_sample *sample;
    const dg_cart_options *options;
    dg_stream stream;
    dg_tree *tree;

    uint32_t *row;     /* {count}: rows in the order of nodes, ascending in each */
    uint32_t *spare;   /* {count}: for parting */
    dg_cart_row *info; /* {rows of the data} */
    uint64_t *member;  /* {words}: bits of the rows of a node with many; else all 0 */

    int32_t *features, *constant; /* {features}: in random order; those known to be constant */
    int32_t *column_of;           /* {features}: its column, or -1 */
    double *total, *moved;        /* {classes}: of the node; of the side that rows move to */
    double *tally;       /* {bins, classes} weights in a column; NULL where classes are too many */
    uint32_t *listed[2]; /* {count + 1}: rows of the node whose bin is not common, of two columns */
    uint8_t *bin;        /* {count + 1}: their bins, */
    int32_t *next;       /* {count + 1}: and the next one in the same bin */
} dg_cart;

/* The best split of `node` among max_features columns; fills `total`, weight and score of the node
 * as well. */
void dg_cart_find_split(dg_cart *cart, dg_cart_node *node);
/* Sums the node's classes into `total`; returns how many classes there are. */
int64_t dg_cart_count(dg_cart *cart, dg_cart_node *node);

#endif
