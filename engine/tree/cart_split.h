/* What the files that grow trees of forests share: cart.c grows, cart_split.c looks for the best
 * split of a node, cart_numbers.c judges the splits of a column where the targets are numbers. */
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
    int64_t constants;  /* how many features at the front of `features` are constant here */
    double weight;      /* of its rows */
    double score;       /* as of a split with all on one side */
    dg_cart_split split;
} dg_cart_node;

/* A row of the data in this tree. */
typedef struct dg_cart_row {
    union {
        int32_t class;
        float number;
    };
    float weight;
} dg_cart_row;

/* Rows in a bin or a node: sums of weights, and of weighted numbers less `center`. */
typedef struct dg_cart_sum {
    double weight, number;
    int64_t rows;
} dg_cart_sum;

/* With more classes, a table of bins and classes would not stay in cache. */
enum { DG_CART_TALLIED_CLASSES = 32 };

typedef struct dg_cart {
    const dg_cart_sample *sample;
    const dg_cart_options *options;
    dg_stream stream;
    dg_tree *tree;

    uint32_t *row;     /* {count}: rows in the order of nodes, ascending in each */
    uint32_t *spare;   /* {count}: for partitioning */
    dg_cart_row *info; /* {rows of the data} */
    uint64_t *member;  /* {words}: bits of the rows of a node with many; else all 0 */

    int32_t *features, *constant; /* {features}: in random order; those known as constant */
    int32_t *column_of;           /* {features}: its column, or -1 */
    double *total, *moved;        /* {classes}: of the node; of the side that rows move to */
    double *tally;       /* {bins, classes} weights in a column; NULL where classes are too many */
    dg_cart_sum *sums;   /* {bins}: of numbers; all 0 between columns */
    double center;       /* the mean of all numbers, about which they are summed */
    double squares;      /* of the node's numbers: weighted, about the center */
    uint32_t *listed[2]; /* {count + 1}: rows of the node whose bin is not common, of two columns */
    uint8_t *bin;        /* {count + 1}: their bins, */
    int32_t *next;       /* {count + 1}: and the next one in the same bin */
} dg_cart;

/* A column in a node. */
typedef struct dg_cart_scan {
    dg_cart *cart;
    const dg_cart_node *node;
    int32_t column;
    const uint32_t *row; /* {listed}: rows whose bin is not common; their bins are in cart->bin */
    int64_t listed;
    bool tallied; /* rows are counted in cart->tally and tally_rows, not linked to their bins */
    int32_t tally_rows[DG_MAX_BINS];
    uint64_t occurs[4];
    int32_t head[DG_MAX_BINS];
    uint8_t order[DG_MAX_BINS]; /* bins that occur, ascending, the common one too */
    int bins;
    int common; /* its place in `order`, or -1 */
    double sum; /* of the node */
    dg_cart_split best;
} dg_cart_scan;

/* Fills the score of a node that dg_cart_count has counted, and its best split among max_features
 * columns. */
void dg_cart_find_split(dg_cart *cart, dg_cart_node *node);
/* Sums the node's classes into `total`, or its numbers into total[0] and `squares`. Returns how
 * many classes the node has; where the targets are numbers 1 if all are the same, else 2. */
int64_t dg_cart_count(dg_cart *cart, dg_cart_node *node);

/* --- a column, for both kinds of targets ---------------------------------------------------- */

/* Lists the bins that occur, from `occurs`. */
static inline void dg_cart_list_bins(dg_cart_scan *scan)
{
    int common = scan->cart->sample->bins->columns[scan->column].common;
    bool all_listed = scan->listed == scan->node->end - scan->node->begin;
    if (!all_listed) scan->occurs[common >> 6] |= (uint64_t)1 << (common & 63);
    scan->bins = 0;
    scan->common = -1;
    for (int w = 0; w < 4; w++)
        for (uint64_t bits = scan->occurs[w]; bits; bits &= bits - 1) {
            int b = 64 * w + __builtin_ctzll(bits);
            if (b == common) scan->common = scan->bins; /* without rows it does not occur */
            scan->order[scan->bins++] = (uint8_t)b;
        }
}

/* Whether a side has too few rows or too little weight. */
static inline bool dg_cart_too_few(const dg_cart_options *options, int64_t rows, double weight)
{
    return rows < options->min_leaf || weight < options->min_weight_leaf;
}

/* Keeps a split whose score is the best so far. */
static inline void dg_cart_offer(dg_cart_scan *scan, double score, int left, bool nan_left)
{
    bool same = scan->best.column == scan->column; /* of equals the lowest */
    if (score < scan->best.score || (score == scan->best.score && !same)) return;
    scan->best =
        (dg_cart_split){ score, scan->column, scan->order[left], scan->order[left + 1], nan_left };
}

/* --- numbers (cart_numbers.c) ----------------------------------------------------------------- */

/* Offers the splits of a column whose rows and their bins are collected; false where all rows are
 * in one bin. nan_bin: of the column, or -1. */
bool dg_cart_scan_numbers(dg_cart_scan *scan, int nan_bin);
int64_t dg_cart_count_numbers(dg_cart *cart, dg_cart_node *node);

#endif
