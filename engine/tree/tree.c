/* One tree: making, measuring, printing. */
#include "engine/tree/tree.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"

static void make_leaf(dg_tree *tree, int32_t node)
{
    tree->rule[node] = (dg_tree_rule){ INFINITY, DG_NAN_LEFT, node };
    tree->fact[node] = (dg_tree_fact){ .leaf = -1 };
}

dg_status dg_tree_begin(dg_tree *tree, int32_t capacity)
{
    DG_CLEANUP(dg_tree_free) dg_tree made = { .nodes = 1, .capacity = capacity < 1 ? 1 : capacity };
    *tree = (dg_tree){ 0 };
    DG_TRY(dg_alloc(&made.rule, made.capacity, sizeof *made.rule));
    DG_TRY(dg_alloc(&made.fact, made.capacity, sizeof *made.fact));
    make_leaf(&made, 0);
    *tree = DG_TAKE(made);
    return DG_OK;
}

dg_status dg_tree_split(dg_tree *tree, int32_t node, int32_t feature, float threshold,
                        bool nan_left, int32_t *left)
{
    if (tree->nodes + 2 > tree->capacity) {
        if (tree->capacity > INT32_MAX / 2 - 2)
            return dg_error(DG_NO_MEMORY, "a tree of more than 2^30 nodes");
        int32_t capacity = 2 * tree->capacity + 2;
        DG_TRY(dg_resize(&tree->rule, capacity, sizeof *tree->rule));
        DG_TRY(dg_resize(&tree->fact, capacity, sizeof *tree->fact));
        tree->capacity = capacity;
    }
    *left = tree->nodes;
    make_leaf(tree, tree->nodes++);
    make_leaf(tree, tree->nodes++);
    tree->rule[node] = (dg_tree_rule){ threshold, feature | (nan_left ? DG_NAN_LEFT : 0), *left };
    return DG_OK;
}

dg_status dg_tree_finish(dg_tree *tree, int64_t width)
{
    tree->leaves = 0;
    for (int32_t i = 0; i < tree->nodes; i++)
        tree->fact[i].leaf = tree->rule[i].left == i ? tree->leaves++ : -1;
    DG_TRY(dg_resize(&tree->rule, tree->nodes, sizeof *tree->rule));
    DG_TRY(dg_resize(&tree->fact, tree->nodes, sizeof *tree->fact));
    tree->capacity = tree->nodes;
    return dg_alloc_zero(&tree->value, tree->leaves * width, sizeof *tree->value);
}

void dg_tree_free(dg_tree *tree)
{
    dg_free(tree->rule);
    dg_free(tree->fact);
    dg_free(tree->value);
    dg_byte_tree_free(&tree->bytes);
    *tree = (dg_tree){ 0 };
}

/* --- walking ------------------------------------------------------------------------------ */

/* Where a walk in the order of reading is: the way down to the node it stands at. Made so that a
 * chain of a million nodes needs no stack of C's. */
struct walk {
    const dg_tree *tree;
    int32_t *way; /* nodes from the root */
    int32_t depth, room;
};

static dg_status walk_begin(struct walk *walk, const dg_tree *tree)
{
    *walk = (struct walk){ .tree = tree, .room = 64 };
    DG_TRY(dg_alloc(&walk->way, walk->room, sizeof *walk->way));
    walk->way[0] = 0;
    return DG_OK;
}

/* To the next node; false after the last. `most`: how deep to go (-1: no limit). */
static dg_status walk_on(struct walk *walk, int32_t most, bool *more)
{
    const dg_tree_rule *rule = walk->tree->rule;
    int32_t here = walk->way[walk->depth];
    *more = true;
    if (rule[here].left != here && (most < 0 || walk->depth < most)) {
        if (walk->depth + 1 == walk->room) {
            DG_TRY(dg_resize(&walk->way, 2 * (int64_t)walk->room, sizeof *walk->way));
            walk->room *= 2;
        }
        walk->way[++walk->depth] = rule[here].left;
        return DG_OK;
    }
    while (walk->depth > 0 && walk->way[walk->depth] != rule[walk->way[walk->depth - 1]].left)
        walk->depth--;
    *more = walk->depth > 0;
    if (*more) walk->way[walk->depth]++;
    return DG_OK;
}

int32_t dg_tree_depth(const dg_tree *tree)
{
    struct walk walk;
    int32_t deepest = 0;
    bool more = true;
    dg_status status = walk_begin(&walk, tree);
    while (status == DG_OK && more) {
        if (walk.depth > deepest) deepest = walk.depth;
        status = walk_on(&walk, -1, &more);
    }
    dg_free(walk.way);
    return deepest;
}

/* --- printing ----------------------------------------------------------------------------- */

static void print_leaf(dg_text *text, const dg_tree *tree, int32_t node, int64_t width,
                       const dg_tree_words *words)
{
    const dg_tree_fact *fact = &tree->fact[node];
    const float *value = tree->value + fact->leaf * width;
    int64_t best = 0;
    for (int64_t k = 1; k < width; k++)
        if (value[k] > value[best]) best = k;
    if (!words->classes) {
        dg_text_add(text, words->sums ? "%+.6g (cover %g)" : "%.6g (cover %g)", (double)value[best],
                    (double)fact->cover);
        return;
    }
    if (words->names)
        dg_text_add(text, "%s", words->names[best]);
    else
        dg_text_add(text, "label %" PRId32, words->classes[best]);
    dg_text_add(text, " (%.3g%% of %g)", 100 * (double)value[best], (double)fact->cover);
}

void dg_tree_print(dg_text *text, const dg_tree *tree, int64_t width, int depth,
                   const dg_tree_words *words)
{
    struct walk walk;
    bool more = true;
    dg_status status = walk_begin(&walk, tree);
    while (status == DG_OK && more) {
        int32_t node = walk.way[walk.depth];
        for (int32_t i = 0; i < walk.depth; i++) dg_text_add(text, "|   ");
        if (walk.depth > 0) {
            const dg_tree_rule *above = &tree->rule[walk.way[walk.depth - 1]];
            bool left = above->left == node;
            dg_text_add(text, "x[%d] %s %g%s: ", dg_tree_rule_feature(above) + 1,
                        left ? "<=" : "> ", (double)above->threshold,
                        (above->feature < 0) == left ? " or missing" : "");
        }
        if (tree->fact[node].leaf >= 0)
            print_leaf(text, tree, node, width, words);
        else
            dg_text_add(text, walk.depth == depth ? "... (gain %g, cover %g)" : "gain %g, cover %g",
                        (double)tree->fact[node].gain, (double)tree->fact[node].cover);
        dg_text_add(text, "\n");
        status = walk_on(&walk, depth, &more);
    }
    if (status != DG_OK && text->status == DG_OK) text->status = status;
    dg_free(walk.way);
}

/* --- checking ----------------------------------------------------------------------------- */

dg_status dg_tree_check(const dg_tree *tree, int64_t features)
{
    int32_t expected = 1, leaves = 0;
    for (int32_t i = 0; i < tree->nodes; i++) {
        const dg_tree_rule *rule = &tree->rule[i];
        if (rule->left == i) {
            if (tree->fact[i].leaf != leaves++)
                return dg_error(DG_FORMAT, "node %d: its leaf should be number %d, found %d", i,
                                leaves - 1, tree->fact[i].leaf);
            if (rule->threshold != INFINITY || rule->feature != (int)DG_NAN_LEFT)
                return dg_error(DG_FORMAT, "node %d: a leaf with a split", i);
            continue;
        }
        if (tree->fact[i].leaf != -1)
            return dg_error(DG_FORMAT, "node %d: an inner node with the values of a leaf", i);
        if (rule->left <= i || (rule->left & 1) == 0 || rule->left >= tree->nodes - 1)
            return dg_error(DG_FORMAT, "node %d: its left child cannot be node %d", i, rule->left);
        if (dg_tree_rule_feature(rule) >= features)
            return dg_error(DG_FORMAT, "node %d: there is no feature %d", i,
                            dg_tree_rule_feature(rule));
        if (!isfinite(rule->threshold))
            return dg_error(DG_FORMAT, "node %d: its threshold is not finite", i);
        expected += 2;
    }
    if (expected != tree->nodes || leaves != tree->leaves)
        return dg_error(DG_FORMAT, "%d nodes and %d leaves do not make a tree", tree->nodes,
                        tree->leaves);
    return DG_OK;
}
