/* Laying out trees for rows of bytes, and many rows' walks down a complete tree. */
#include "engine/tree/byte_tree.h"

#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/tree/tree.h"
#include "engine/tree/turn.h"

/* --- laying out --------------------------------------------------------------------------- */

enum { TOP_NODES = 512 };

/* A tree while it is laid out: its nodes that bytes reach, in their new order. */
struct layout {
    const dg_tree *tree;
    int64_t width, count;
    int64_t depth; /* if not deeper than complete trees are */
    bool deeper;
    int32_t *from; /* {count}: which of the tree's nodes, */
    int32_t *left; /* and where its left child is here; its own place, of a leaf */
};

static void layout_release(struct layout *layout)
{
    dg_free(layout->from);
    dg_free(layout->left);
}

/* The least byte that goes right: 0 .. 256. */
static int first_right(const dg_tree_rule *rule)
{
    if (rule->threshold < 0) return 0;
    return rule->threshold < 255 ? (int)rule->threshold + 1 : 256;
}

/* The node, or the one below it that all bytes go to. */
static int32_t reached(const dg_tree *tree, int32_t node)
{
    for (;;) {
        const dg_tree_rule *rule = &tree->rule[node];
        int first = first_right(rule);
        if (rule->left == node || (first > 0 && first < 256)) return node;
        node = rule->left + (first == 0);
    }
}

/* Lists node i's children, if it has any. */
static bool add_children(struct layout *layout, int64_t i)
{
    const dg_tree *tree = layout->tree;
    int32_t node = layout->from[i], left = tree->rule[node].left;
    layout->left[i] = (int32_t)(left == node ? i : layout->count);
    if (left == node) return false;
    layout->from[layout->count++] = reached(tree, left);
    layout->from[layout->count++] = reached(tree, left + 1);
    return true;
}

/* The first TOP_NODES level by level, for all rows pass some of them; what is below each of the
 * others depth first, so that the end of a walk is within few cache lines. */
static dg_status order_nodes(struct layout *layout)
{
    DG_OWNED int32_t *pending = NULL;
    int64_t i = 0, nodes = layout->tree->nodes;
    DG_TRY(dg_alloc(&layout->from, nodes, sizeof *layout->from));
    DG_TRY(dg_alloc(&layout->left, nodes, sizeof *layout->left));
    layout->from[0] = reached(layout->tree, 0);
    layout->count = 1;
    for (int64_t end = 1; i < layout->count && layout->count < TOP_NODES; i++) {
        if (i == end) layout->depth++;
        if (i == end) end = layout->count;
        add_children(layout, i);
    }
    layout->deeper = i < layout->count || layout->depth > DG_COMPLETE_DEPTH;
    if (i == layout->count) return DG_OK;
    DG_TRY(dg_alloc(&pending, nodes, sizeof *pending));
    for (int64_t end = layout->count; i < end; i++) {
        int64_t waiting = 0;
        pending[waiting++] = (int32_t)i;
        while (waiting > 0) {
            int32_t at = pending[--waiting];
            if (!add_children(layout, at)) continue;
            pending[waiting++] = layout->left[at] + 1;
            pending[waiting++] = layout->left[at];
        }
    }
    return DG_OK;
}

static const float *leaf_values(const struct layout *layout, int64_t i)
{
    const dg_tree *tree = layout->tree;
    return tree->value + tree->fact[layout->from[i]].leaf * layout->width;
}

/* Below a leaf that is not among the deepest, both sides are that leaf. */
static dg_status fill_complete(dg_byte_tree *out, const struct layout *layout)
{
    int32_t place[2][1 << DG_COMPLETE_DEPTH] = { { 0 } };
    int64_t width = layout->width, leaves = (int64_t)1 << layout->depth;
    const int32_t *last = place[layout->depth % 2];
    out->depth = (int32_t)layout->depth;
    DG_TRY(dg_alloc(&out->rule, leaves, sizeof *out->rule));
    DG_TRY(dg_alloc(&out->value, leaves * width, sizeof *out->value));
    for (int level = 0; level < layout->depth; level++) {
        const int32_t *here = place[level % 2];
        int32_t *below = place[(level + 1) % 2];
        for (int64_t p = 0; p < (int64_t)1 << level; p++) {
            dg_byte_rule *rule = &out->rule[((int64_t)1 << level) - 1 + p];
            const dg_tree_rule *from = &layout->tree->rule[layout->from[here[p]]];
            int32_t left = layout->left[here[p]];
            bool leaf = left == here[p];
            rule->feature = (uint16_t)(leaf ? 0 : dg_tree_rule_feature(from));
            rule->right = (uint8_t)(leaf ? 0 : first_right(from));
            rule->biased = (int8_t)(rule->right - 128);
            below[2 * p] = left;
            below[2 * p + 1] = left + !leaf;
        }
    }
    for (int64_t p = 0; p < leaves; p++)
        memcpy(out->value + p * width, leaf_values(layout, last[p]),
               (size_t)width * sizeof *out->value);
    return DG_OK;
}

/* The class whose value is 1 while all others are 0; DG_MIXED_LEAF: there is none. */
static int only_class(const float *value, int64_t width)
{
    int only = DG_MIXED_LEAF;
    for (int64_t k = 0; k < width; k++) {
        if (value[k] == 0) continue;
        if (value[k] != 1 || only != DG_MIXED_LEAF || k >= DG_MIXED_LEAF) return DG_MIXED_LEAF;
        only = (int)k;
    }
    return only;
}

static dg_status fill_deeper(dg_byte_tree *out, const struct layout *layout)
{
    out->depth = -1;
    DG_TRY(dg_alloc(&out->node, layout->count, sizeof *out->node));
    DG_TRY(dg_alloc(&out->leaf, layout->count, sizeof *out->leaf));
    for (int64_t i = 0; i < layout->count; i++) {
        const dg_tree_rule *rule = &layout->tree->rule[layout->from[i]];
        bool leaf = layout->left[i] == i;
        int feature = leaf ? 0 : dg_tree_rule_feature(rule);
        int right =
            leaf ? 256 + only_class(leaf_values(layout, i), layout->width) : first_right(rule);
        out->node[i] = (uint64_t)feature | (uint64_t)right << 16 | (uint64_t)layout->left[i] << 32;
        out->leaf[i] = layout->tree->fact[layout->from[i]].leaf;
    }
    return DG_OK;
}

/* Nodes follow those that they are below, so that from the last to the first each finds what it
 * chooses from. */
static dg_status fill_choices(dg_byte_tree *out, const struct layout *layout)
{
    DG_OWNED uint16_t *place = NULL;
    int64_t leaves = (layout->count + 1) / 2, width = layout->width, leaf = 0;
    if (leaves > DG_CHOSEN_LEAVES) return DG_OK;
    DG_TRY(dg_alloc(&place, layout->count, sizeof *place));
    DG_TRY(dg_alloc(&out->choice, leaves - 1, sizeof *out->choice));
    DG_TRY(dg_alloc(&out->value, leaves * width, sizeof *out->value));
    for (int64_t i = layout->count - 1; i >= 0; i--) {
        const dg_tree_rule *rule = &layout->tree->rule[layout->from[i]];
        int32_t left = layout->left[i];
        if (left == i) {
            memcpy(out->value + leaf * width, leaf_values(layout, i),
                   (size_t)width * sizeof *out->value);
            place[i] = (uint16_t)leaf++;
            continue;
        }
        place[i] = (uint16_t)(DG_CHOSEN_LEAVES + out->choices);
        out->choice[out->choices++] =
            (dg_byte_choice){ .feature = (uint16_t)dg_tree_rule_feature(rule),
                              .biased = (int8_t)(first_right(rule) - 128),
                              .left = place[left],
                              .right = place[left + 1] };
    }
    return DG_OK;
}

dg_status dg_byte_tree_make(dg_byte_tree *out, const dg_tree *tree, int64_t features, int64_t width)
{
    DG_CLEANUP(layout_release) struct layout layout = { .tree = tree, .width = width };
    DG_CLEANUP(dg_byte_tree_free) dg_byte_tree made = { 0 };
    *out = (dg_byte_tree){ 0 };
    if (features > DG_BYTE_TREE_FEATURES) return DG_OK;
    DG_TRY(order_nodes(&layout));
    DG_TRY(layout.deeper ? fill_deeper(&made, &layout) : fill_complete(&made, &layout));
    if (layout.deeper) DG_TRY(fill_choices(&made, &layout));
    *out = DG_TAKE(made);
    return DG_OK;
}

void dg_byte_tree_free(dg_byte_tree *tree)
{
    dg_free(tree->rule);
    dg_free(tree->choice);
    dg_free(tree->value);
    dg_free(tree->node);
    dg_free(tree->leaf);
    *tree = (dg_byte_tree){ 0 };
}

/* --- complete trees ----------------------------------------------------------------------- */

/* A byte for each row: -1 where it goes left, else 0. */
typedef int8_t rows_mask __attribute__((vector_size(DG_COMPLETE_ROWS), may_alias));

DG_INLINE void judge_one(const dg_byte_rule *rule, const int8_t *columns, rows_mask *out)
{
    *out = rule->biased > *(const rows_mask *)(columns + (int64_t)rule->feature * DG_COMPLETE_ROWS);
}

/* Of two nodes' masks, that of the node which each row is at. */
DG_INLINE void select_node(rows_mask *out, const rows_mask *left, const rows_mask *right,
                           const rows_mask *goes_left)
{
    *out = *right ^ ((*right ^ *left) & *goes_left);
}

/* The masks of that of two (four, eight, sixteen) neighbours which each row is at. `way`: behind
 * the masks of the levels above, of which the last one tells the left from the right of two. */
#define JUDGE(some, half, half_count, levels)                                                      \
    DG_INLINE void some(const dg_byte_rule *rule, const int8_t *columns, const rows_mask *way,     \
                        rows_mask *out)                                                            \
    {                                                                                              \
        rows_mask left, right;                                                                     \
        half(rule, columns, way, &left);                                                           \
        half(rule + half_count, columns, way, &right);                                             \
        select_node(out, &left, &right, way - levels);                                             \
    }
#define JUDGE_ONE(rule, columns, way, out) judge_one(rule, columns, out)
JUDGE(judge_two, JUDGE_ONE, 1, 1)
JUDGE(judge_four, judge_two, 2, 2)
JUDGE(judge_eight, judge_four, 4, 3)
JUDGE(judge_sixteen, judge_eight, 8, 4)

/* All nodes of a level are judged, for that takes less time than to follow each row's path. */
DG_PUBLIC_KERNEL(void, dg_complete_leaves,
                 (const dg_byte_rule *rule, int depth, const int8_t *columns, uint8_t *leaf),
                 (rule, depth, columns, leaf))
{
    rows_mask way[DG_COMPLETE_DEPTH], part[1 << (DG_COMPLETE_DEPTH - 5)], lefts = { 0 };
    for (int level = 0; level < depth; level++) {
        const dg_byte_rule *first = rule + ((1 << level) - 1);
        rows_mask *here = way + level;
        if (level == 0) judge_one(first, columns, here);
        if (level == 1) judge_two(first, columns, here, here);
        if (level == 2) judge_four(first, columns, here, here);
        if (level == 3) judge_eight(first, columns, here, here);
        for (int p = 0; p < 1 << level >> 4; p++)
            judge_sixteen(first + 16 * p, columns, here, &part[p]);
        if (level == 4) *here = part[0];
        for (int above = level - 5; above >= 0; above--)
            for (int p = 0; p < 1 << above; p++)
                select_node(above ? &part[p] : here, &part[2 * p], &part[2 * p + 1], way + above);
        lefts += lefts - *here;
    }
    lefts =
        (int8_t)((1 << depth) - 1) - lefts; /* counted from the right: rows that go left have 1s */
    memcpy(leaf, &lefts, sizeof lefts);
}

/* --- choices ------------------------------------------------------------------------------ */

/* All choices are made, for that takes less time than to follow each row's path. */
DG_PUBLIC_KERNEL(void, dg_chosen_leaves,
                 (const dg_byte_choice *choice, int64_t choices, const int8_t *columns,
                  uint8_t *place, uint8_t *leaf),
                 (choice, choices, columns, place, leaf))
{
    rows_mask *at = (rows_mask *)place, *chosen = at + DG_CHOSEN_LEAVES;
    for (int64_t i = 0; i < choices; i++, choice++) {
        const int8_t *column = columns + (int64_t)choice->feature * DG_COMPLETE_ROWS;
        rows_mask goes_left = choice->biased > *(const rows_mask *)column;
        select_node(chosen + i, at + choice->left, at + choice->right, &goes_left);
    }
    memcpy(leaf, chosen + choices - 1, DG_COMPLETE_ROWS);
}

void dg_chosen_places(uint8_t *place)
{
    for (int leaf = 0; leaf < DG_CHOSEN_LEAVES; leaf++)
        memset(place + leaf * DG_COMPLETE_ROWS, leaf, DG_COMPLETE_ROWS);
}

void dg_complete_columns(const uint8_t *x, int64_t rows, int64_t features, int8_t *columns)
{
    const uint8_t *row[DG_COMPLETE_ROWS];
    int64_t f = 0;
    for (int64_t i = 0; i < DG_COMPLETE_ROWS; i++)
        row[i] = x + (i < rows ? i : rows - 1) * features;
    for (; f + DG_TURN <= features; f += DG_TURN)
        for (int i = 0; i < DG_COMPLETE_ROWS; i += DG_TURN)
            dg_turn(row + i, f, 0x80, (uint8_t *)columns + f * DG_COMPLETE_ROWS + i,
                    DG_COMPLETE_ROWS);
    for (; f < features; f++)
        for (int i = 0; i < DG_COMPLETE_ROWS; i++)
            columns[f * DG_COMPLETE_ROWS + i] = (int8_t)(row[i][f] ^ 0x80);
}
