/* Trees laid out for rows of bytes: what dg_trees_sum walks where the data are images.
 *
 * A byte x is at most a threshold t just if it is at most the whole number floor(t), so that nodes
 * compare bytes and take 4 or 8 bytes each. A split that sends all bytes one way is left out, and
 * with it the side that no row reaches. Where a row ends, hence every output, is the same as by the
 * rules of the tree. */
#ifndef DG_TREE_BYTE_TREE_H
#define DG_TREE_BYTE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

struct dg_tree;

enum {
    DG_BYTE_TREE_FEATURES = 1 << 16, /* more are not laid out */
    DG_COMPLETE_DEPTH = 7,
    DG_COMPLETE_ROWS = 32, /* that go down a complete tree together */
    DG_CHOSEN_LEAVES = 256,
    DG_MIXED_LEAF = 0xfeff,
};

/* Of a complete tree: bytes from `right` on go right. */
typedef struct dg_byte_rule {
    uint16_t feature;
    uint8_t right;
    int8_t biased; /* right - 128 */
} dg_byte_rule;

/* A split as a choice between two places: those below DG_CHOSEN_LEAVES are leaves, and place
 * DG_CHOSEN_LEAVES + i is what choice i led to. */
typedef struct dg_byte_choice {
    uint16_t feature;
    int8_t biased; /* the least byte that goes right, less 128 */
    uint16_t left, right;
} dg_byte_choice;

/* A tree of at most DG_COMPLETE_DEPTH splits is filled up to a complete one, of which a row's path
 * is a number. A deeper one keeps its shape; one of few leaves is also laid out as choices. */
typedef struct dg_byte_tree {
    int32_t depth;      /* of a complete tree; else -1 */
    dg_byte_rule *rule; /* {2^depth - 1}, level by level; NULL if not laid out, or of depth 0 */
    /* {choices}, each behind those that it chooses from: the last one is the root's; NULL if the
     * tree is complete, or has more than DG_CHOSEN_LEAVES leaves. */
    dg_byte_choice *choice;
    int64_t choices;
    float *value; /* {2^depth, width}, from left to right, or {choices + 1, width}: of leaves */
    /* {nodes} of a deeper one, from the lowest bit: 16 bits of feature; 16 of the least byte that
     * goes right; 32 of the left child, which the right one follows. A leaf is its own left child,
     * and the least byte that goes right is 256 + the class whose value is 1 while all others are
     * 0, or 256 + DG_MIXED_LEAF. */
    uint64_t *node;
    int32_t *leaf; /* {nodes}: which of the tree's leaves; of inner nodes -1 */
} dg_byte_tree;

/* Lays out a finished tree; nothing if it has features beyond DG_BYTE_TREE_FEATURES. */
dg_status dg_byte_tree_make(dg_byte_tree *out, const struct dg_tree *tree, int64_t features,
                            int64_t width);
void dg_byte_tree_free(dg_byte_tree *tree);

/* Whether dg_byte_tree_make has laid it out. */
static inline bool dg_byte_tree_is_made(const dg_byte_tree *tree)
{
    return tree->value || tree->node;
}

/* The bytes x of DG_COMPLETE_ROWS rows {rows, features} by columns, each less 128: what
 * dg_complete_leaves takes. Fewer than DG_COMPLETE_ROWS rows are filled up with the last one. */
void dg_complete_columns(const uint8_t *x, int64_t rows, int64_t features, int8_t *columns);

/* `leaf[i]` becomes the number, from left to right, of the leaf of a complete tree that row i of
 * DG_COMPLETE_ROWS ends in. */
void dg_complete_leaves(const dg_byte_rule *rule, int depth, const int8_t *columns, uint8_t *leaf);

/* The same of a tree of choices. `place`: room for 2 * DG_CHOSEN_LEAVES * DG_COMPLETE_ROWS bytes,
 * aligned to 64, of which dg_chosen_places has filled the first half, once for all calls. */
void dg_chosen_leaves(const dg_byte_choice *choice, int64_t choices, const int8_t *columns,
                      uint8_t *place, uint8_t *leaf);
void dg_chosen_places(uint8_t *place);

/* The same of a complete tree for a single row. */
static inline int64_t dg_complete_leaf(const dg_byte_tree *tree, const uint8_t *x)
{
    int64_t at = 0;
    for (int level = 0; level < tree->depth; level++) {
        dg_byte_rule rule = tree->rule[((int64_t)1 << level) - 1 + at];
        at = 2 * at + (x[rule.feature] >= rule.right);
    }
    return at;
}

#endif
