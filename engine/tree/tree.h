/* Trees as flat arrays of nodes, and many trees as one function of a row. */
#ifndef DG_TREE_TREE_H
#define DG_TREE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/base/status.h"
#include "engine/base/text.h"
#include "engine/tensor/tensor.h"
#include "engine/tree/byte_tree.h"

enum { DG_NAN_LEFT = (int)0x80000000 }; /* in `feature`: NaN goes left, not right */

/* A row at a node goes left when its value in `feature` is at most `threshold`; the right child is
 * the one after the left. A leaf's children are itself, its threshold is infinite and it sends NaN
 * left, so that rows that have arrived stay. */
typedef struct dg_tree_rule {
    float threshold;
    int32_t feature; /* or-ed with DG_NAN_LEFT */
    int32_t left;
} dg_tree_rule;

/* What is known of a node besides its rule. */
typedef struct dg_tree_fact {
    float gain;   /* of its split: the decrease of the objective; 0 for a leaf */
    float cover;  /* weight of the rows that came here; for boosting the sum of their hessians */
    float weight; /* boosting: the output it would have as a leaf; else its impurity */
    int32_t leaf; /* which of the tree's leaves; -1: none */
} dg_tree_fact;

typedef struct dg_tree {
    int32_t nodes, leaves, capacity;
    dg_tree_rule *rule;
    dg_tree_fact *fact;
    float *value;       /* {leaves, width of the ensemble} */
    dg_byte_tree bytes; /* made by dg_trees_add */
} dg_tree;

static inline int32_t dg_tree_rule_feature(const dg_tree_rule *rule)
{
    return rule->feature & 0x7fffffff;
}

/* A tree with room for `capacity` nodes and one node, a leaf without facts. */
dg_status dg_tree_begin(dg_tree *tree, int32_t capacity);
/* Makes `node` an inner node with two new leaves, the left of which is `*left`. */
dg_status dg_tree_split(dg_tree *tree, int32_t node, int32_t feature, float threshold,
                        bool nan_left, int32_t *left);
/* Numbers the leaves, makes room for their values, and gives back what was not needed. */
dg_status dg_tree_finish(dg_tree *tree, int64_t width);
void dg_tree_free(dg_tree *tree);
int32_t dg_tree_depth(const dg_tree *tree); /* splits from the root to the deepest leaf */

/* What the values of leaves are. */
typedef struct dg_tree_words {
    const int32_t *classes;   /* probabilities of these (a leaf says which is likeliest), or NULL */
    const char *const *names; /* of the classes, or NULL */
    bool sums;                /* numbers that are added up: printed with their sign */
} dg_tree_words;

/* Adds the tree to `text`, one line per node, down to `depth` splits (-1: all). */
void dg_tree_print(dg_text *text, const dg_tree *tree, int64_t width, int depth,
                   const dg_tree_words *words);

/* --- many trees (engine/tree/trees.c, trees_sum.c) ------------------------------------------ */

/* What a row gets: with `group` 0, the sum over all trees of their leaves' values, {width}; with
 * group k, {k} sums of single values, tree t adding to sum t % k. */
typedef struct dg_trees {
    int64_t features; /* values in a row */
    int64_t count;
    dg_tree *tree; /* {count} */
    int64_t width; /* of a leaf's values */
    int64_t group;
} dg_trees;

/* Takes over `*tree`, which becomes empty, and is finished: its values are there. */
dg_status dg_trees_add(dg_trees *trees, dg_tree *tree);
void dg_trees_keep(dg_trees *trees, int64_t count); /* the first ones; others are freed */
void dg_trees_free(dg_trees *trees);
int64_t dg_trees_outputs(const dg_trees *trees); /* width, or group */

/* Adds the outputs of trees begin .. end-1 for each row of x (contiguous {n, ...}, bytes or floats)
 * to out {n, outputs}. `skip`: NULL, or for each tree the bits of rows that it must leave out. */
dg_status dg_trees_sum(const dg_trees *trees, int64_t begin, int64_t end, const dg_tensor *x,
                       const uint64_t *const *skip, float *out, const dg_job *job);

/* For a file: all trees as tensors, and trees from such tensors, of which nothing is trusted.
 *   nodes {n, 3} int32: feature (or-ed with DG_NAN_LEFT), left child, leaf (-1)
 *   facts {n, 4} float32: threshold, gain, cover, weight
 *   sizes {trees, 2} int32: nodes and leaves of each
 *   values {leaves, width} float32 */
enum { DG_TREES_TENSORS = 4 };
extern const char *const dg_trees_tensor_names[DG_TREES_TENSORS];
dg_status dg_trees_pack(const dg_trees *trees, dg_tensor *out); /* DG_TREES_TENSORS of them */
/* features, width and group of `trees` are set by the caller. DG_FORMAT says which tree is
 * wrong. */
dg_status dg_trees_unpack(dg_trees *trees, const dg_tensor in[DG_TREES_TENSORS]);
/* DG_FORMAT unless every walk down the tree ends in a leaf of its own. */
dg_status dg_tree_check(const dg_tree *tree, int64_t features);

#endif
