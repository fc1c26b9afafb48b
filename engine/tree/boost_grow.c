/* Growing: which leaf is split next, whose histogram is built and whose follows by subtraction. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/boost.h"
#include "engine/tree/stream.h"

/* A leaf that may be split. */
struct open_leaf {
    int32_t node, depth;
    int64_t begin, end; /* its rows */
    int64_t sum;        /* a pair */
    int64_t *hist;      /* owned; NULL where none is needed */
    dg_boost_split split;
};

/* A leaf that stays one. */
struct closed_leaf {
    int32_t node;
    int64_t begin, end;
};

struct boost_grower {
    const dg_boost_sample *sample;
    const dg_boost_options *options;
    const dg_job *job;
    dg_tree *tree;
    uint64_t key;
    uint32_t *row, *spare; /* {count} */
    struct open_leaf *open;
    int64_t open_count, open_room;
    struct closed_leaf *closed;
    int64_t closed_count;
    int64_t **pool; /* histograms at rest */
    int64_t pool_count, pool_room;
    uint8_t *of_tree, *of_level, *of_node; /* {columns}: allowed; NULL where all are */
    int32_t *order;                        /* {columns}, for drawing */
};

/* --- columns ------------------------------------------------------------------------------ */

/* A random fraction of the columns that `from` allows (NULL: all), at least one. */
static void draw_fraction(struct boost_grower *g, uint64_t key, const uint8_t *from,
                          double fraction, uint8_t *to)
{
    int32_t columns = g->sample->bins->count, among = 0;
    dg_stream stream = dg_stream_of(key);
    for (int32_t c = 0; c < columns; c++)
        if (!from || from[c]) g->order[among++] = c;
    int32_t wanted = (int32_t)(fraction * among);
    if (wanted < 1) wanted = 1;
    for (int32_t c = 0; c < columns; c++) to[c] = 0;
    for (int32_t i = 0; i < wanted && i < among; i++) {
        int32_t other = i + (int32_t)dg_stream_below(&stream, (uint64_t)(among - i));
        int32_t kept = g->order[i];
        to[g->order[i] = g->order[other]] = 1;
        g->order[other] = kept;
    }
}

/* The columns that a node may use: some of its level's, which are some of the tree's. A level has
 * the same columns each time. */
static const uint8_t *columns_for(struct boost_grower *g, const struct open_leaf *leaf)
{
    const uint8_t *allowed = g->of_tree;
    if (g->of_level) {
        draw_fraction(g, dg_key(g->key, "level", (uint64_t)leaf->depth), allowed,
                      g->options->by_level, g->of_level);
        allowed = g->of_level;
    }
    if (g->of_node) {
        draw_fraction(g, dg_key(g->key, "node", (uint64_t)leaf->node), allowed, g->options->by_node,
                      g->of_node);
        allowed = g->of_node;
    }
    return allowed;
}

static dg_status draw_for_tree(struct boost_grower *g)
{
    int32_t columns = g->sample->bins->count;
    const dg_boost_options *options = g->options;
    DG_TRY(dg_alloc(&g->order, columns, sizeof *g->order));
    if (options->by_level < 1) DG_TRY(dg_alloc(&g->of_level, columns, 1));
    if (options->by_node < 1) DG_TRY(dg_alloc(&g->of_node, columns, 1));
    if (options->by_tree >= 1) return DG_OK;
    DG_TRY(dg_alloc(&g->of_tree, columns, 1));
    draw_fraction(g, dg_key(g->key, "columns", 0), NULL, options->by_tree, g->of_tree);
    return DG_OK;
}

/* --- histograms at rest ------------------------------------------------------------------- */

static dg_status take_histogram(struct boost_grower *g, int64_t **out)
{
    if (g->pool_count > 0) {
        *out = g->pool[--g->pool_count];
        return DG_OK;
    }
    return dg_alloc(out, g->sample->bins->total, sizeof **out);
}

/* Takes over `*hist`, which becomes NULL. */
static dg_status rest_histogram(struct boost_grower *g, int64_t **hist)
{
    DG_OWNED int64_t *given = DG_TAKE(*hist);
    if (!given) return DG_OK;
    if (g->pool_count == g->pool_room) {
        int64_t room = 2 * g->pool_room + 8;
        DG_TRY(dg_resize(&g->pool, room, sizeof *g->pool));
        g->pool_room = room;
    }
    g->pool[g->pool_count++] = DG_TAKE(given);
    return DG_OK;
}

/* --- leaves ------------------------------------------------------------------------------- */

static void release_leaf(struct open_leaf *leaf)
{
    dg_free(leaf->hist);
}

static void release_children(struct open_leaf (*child)[2])
{
    release_leaf(&(*child)[0]);
    release_leaf(&(*child)[1]);
}

static double gradient_of(const struct boost_grower *g, int64_t pair)
{
    return dg_boost_pair_gradient(pair) * g->sample->gradient_unit;
}

static double hessian_of(const struct boost_grower *g, int64_t pair)
{
    return dg_boost_pair_hessian(pair) * g->sample->hessian_unit;
}

static bool may_split(const struct boost_grower *g, const struct open_leaf *leaf)
{
    const dg_boost_options *options = g->options;
    double hessian = hessian_of(g, leaf->sum);
    return (options->max_depth == 0 || leaf->depth < options->max_depth) &&
           leaf->end - leaf->begin > 1 && hessian > 0 && hessian >= 2 * options->min_child_weight;
}

static dg_status close_leaf(struct boost_grower *g, struct open_leaf *leaf)
{
    DG_TRY(rest_histogram(g, &leaf->hist));
    DG_TRY(dg_grow(&g->closed, g->closed_count, sizeof *g->closed));
    g->closed[g->closed_count++] = (struct closed_leaf){ leaf->node, leaf->begin, leaf->end };
    return DG_OK;
}

/* Finds the split of a leaf that has its histogram, and puts it among the open ones, or closes it.
 * Takes over the leaf with its histogram. */
static dg_status open_leaf(struct boost_grower *g, struct open_leaf *given)
{
    DG_CLEANUP(release_leaf) struct open_leaf leaf = DG_TAKE(*given);
    if (leaf.hist)
        DG_TRY(dg_boost_find_split(g->sample, g->options, leaf.sum, columns_for(g, &leaf),
                                   leaf.hist, &leaf.split, g->job));
    if (!leaf.hist || leaf.split.column < 0) return close_leaf(g, &leaf);
    if (g->open_count == g->open_room) {
        int64_t room = 2 * g->open_room + 16;
        DG_TRY(dg_resize(&g->open, room, sizeof *g->open));
        g->open_room = room;
    }
    g->open[g->open_count++] = DG_TAKE(leaf);
    return DG_OK;
}

/* Which open leaf is split next. Where leaves are not limited the order does not change the tree,
 * and to take the last opened keeps the fewest histograms waiting. */
static int64_t choose_leaf(const struct boost_grower *g)
{
    int64_t best = g->open_count - 1;
    if (g->options->max_leaves == 0 && !g->options->loss_guided) return best;
    for (int64_t i = best - 1; i >= 0; i--) {
        const struct open_leaf *a = &g->open[i], *b = &g->open[best];
        bool first = g->options->loss_guided
                         ? a->split.gain > b->split.gain ||
                               (a->split.gain == b->split.gain && a->node < b->node)
                         : a->depth < b->depth || (a->depth == b->depth && a->node < b->node);
        if (first) best = i;
    }
    return best;
}

/* --- splitting ---------------------------------------------------------------------------- */

static void state_facts(struct boost_grower *g, const struct open_leaf *leaf)
{
    double gradient = gradient_of(g, leaf->sum), hessian = hessian_of(g, leaf->sum);
    dg_tree_fact *fact = &g->tree->fact[leaf->node];
    fact->cover = (float)hessian;
    fact->weight = (float)dg_boost_weight(g->options, gradient, hessian);
}

/* Histograms of two children from their parent's, which they take: the smaller's is built, the
 * other's follows by subtraction. */
static dg_status share_histogram(struct boost_grower *g, struct open_leaf *parent,
                                 struct open_leaf child[2])
{
    const dg_boost_sample *s = g->sample;
    bool use[2] = { may_split(g, &child[0]), may_split(g, &child[1]) };
    int small = child[1].end - child[1].begin < child[0].end - child[0].begin;
    struct open_leaf *a = &child[small], *b = &child[!small];
    if (!use[0] && !use[1]) return rest_histogram(g, &parent->hist);
    if (!use[!small]) {
        a->hist = DG_TAKE(parent->hist);
        return dg_histogram_build(s, g->row + a->begin, a->end - a->begin, a->hist, g->job);
    }
    DG_TRY(take_histogram(g, &a->hist));
    DG_TRY(dg_histogram_build(s, g->row + a->begin, a->end - a->begin, a->hist, g->job));
    b->hist = DG_TAKE(parent->hist);
    DG_TRY(dg_histogram_subtract(s->bins, b->hist, a->hist, g->job));
    return use[small] ? DG_OK : rest_histogram(g, &a->hist);
}

static dg_status split_leaf(struct boost_grower *g, struct open_leaf *leaf,
                            struct open_leaf child[2])
{
    const dg_bins *bins = g->sample->bins;
    const dg_boost_split *split = &leaf->split;
    const dg_bin_column *column = &bins->columns[split->column];
    float threshold = dg_bins_threshold(bins, column, split->left, split->right);
    int64_t middle =
        leaf->begin + dg_bins_partition(bins, split->column, split->left, split->nan_left,
                                        g->row + leaf->begin, leaf->end - leaf->begin, g->spare);
    int32_t left;
    DG_TRY(dg_tree_split(g->tree, leaf->node, column->feature, threshold, split->nan_left, &left));
    g->tree->fact[leaf->node].gain = (float)split->gain;
    child[0] = (struct open_leaf){ .node = left,
                                   .depth = leaf->depth + 1,
                                   .begin = leaf->begin,
                                   .end = middle,
                                   .sum = split->left_sum };
    child[1] = (struct open_leaf){ .node = left + 1,
                                   .depth = leaf->depth + 1,
                                   .begin = middle,
                                   .end = leaf->end,
                                   .sum = leaf->sum - split->left_sum };
    state_facts(g, &child[0]);
    state_facts(g, &child[1]);
    return share_histogram(g, leaf, child);
}

static dg_status grow_leaves(struct boost_grower *g)
{
    const dg_boost_sample *s = g->sample;
    DG_CLEANUP(release_leaf) struct open_leaf root = { .end = s->count };
    for (int64_t i = 0; i < s->count; i++) root.sum += s->pair[s->row[i]];
    state_facts(g, &root);
    if (may_split(g, &root)) {
        DG_TRY(take_histogram(g, &root.hist));
        DG_TRY(dg_histogram_build(s, g->row, s->count, root.hist, g->job));
    }
    DG_TRY(open_leaf(g, &root));
    for (int64_t leaves = 1; g->open_count > 0;) {
        int64_t at = choose_leaf(g);
        DG_CLEANUP(release_leaf) struct open_leaf leaf = g->open[at];
        DG_CLEANUP(release_children) struct open_leaf child[2] = { { 0 } };
        memmove(g->open + at, g->open + at + 1, (size_t)(--g->open_count - at) * sizeof *g->open);
        if (g->options->max_leaves && leaves >= g->options->max_leaves) {
            DG_TRY(close_leaf(g, &leaf));
            continue;
        }
        DG_TRY(dg_job_check(g->job));
        DG_TRY(split_leaf(g, &leaf, child));
        leaves++;
        DG_TRY(open_leaf(g, &child[0]));
        DG_TRY(open_leaf(g, &child[1]));
    }
    return DG_OK;
}

/* --- margins ------------------------------------------------------------------------------ */

/* The bin up to which a column goes left, from the threshold. */
static int left_bin(const dg_bins *bins, const dg_bin_column *column, float threshold)
{
    int low = 0, high = column->bins - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (bins->low[column->first + middle] <= threshold)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Rows that the tree was not grown from walk down it. */
static dg_status walk_others(struct boost_grower *g, float *margin)
{
    const dg_bins *bins = g->sample->bins;
    const dg_tree *tree = g->tree;
    DG_OWNED int32_t *column_of = NULL;
    int32_t *left;
    DG_TRY(dg_alloc_zero(&column_of, bins->features + tree->nodes, sizeof *column_of));
    left = column_of + bins->features;
    for (int32_t c = 0; c < bins->count; c++) column_of[bins->columns[c].feature] = c;
    for (int32_t n = 0; n < tree->nodes; n++)
        if (tree->fact[n].leaf < 0)
            left[n] =
                left_bin(bins, &bins->columns[column_of[dg_tree_rule_feature(&tree->rule[n])]],
                         tree->rule[n].threshold);
    for (int64_t row = 0, used = 0; row < bins->rows; row++) {
        if (used < g->sample->count && g->sample->row[used] == row) {
            used++;
            continue;
        }
        int32_t node = 0;
        while (tree->fact[node].leaf < 0) {
            const dg_tree_rule *rule = &tree->rule[node];
            int32_t c = column_of[dg_tree_rule_feature(rule)];
            int bin = bins->by_column[c * bins->rows + row];
            bool right = bin == bins->columns[c].nan_bin ? rule->feature >= 0 : bin > left[node];
            node = rule->left + right;
        }
        margin[row] += tree->value[tree->fact[node].leaf];
    }
    return DG_OK;
}

static dg_status grower_finish(struct boost_grower *g, float *margin)
{
    dg_tree *tree = g->tree;
    DG_TRY(dg_tree_finish(tree, 1));
    for (int64_t l = 0; l < g->closed_count; l++) {
        const struct closed_leaf *leaf = &g->closed[l];
        const dg_tree_fact *fact = &tree->fact[leaf->node];
        float value = tree->value[fact->leaf] = fact->weight;
        for (int64_t i = leaf->begin; i < leaf->end; i++) margin[g->row[i]] += value;
    }
    return g->sample->count < g->sample->bins->rows ? walk_others(g, margin) : DG_OK;
}

static void grower_release(struct boost_grower *g)
{
    for (int64_t i = 0; i < g->open_count; i++) dg_free(g->open[i].hist);
    for (int64_t i = 0; i < g->pool_count; i++) dg_free(g->pool[i]);
    dg_free(g->open);
    dg_free(g->closed);
    dg_free(g->pool);
    dg_free(g->row);
    dg_free(g->spare);
    dg_free(g->of_tree);
    dg_free(g->of_level);
    dg_free(g->of_node);
    dg_free(g->order);
}

dg_status dg_boost_grow(dg_tree *out, const dg_boost_sample *sample,
                        const dg_boost_options *options, uint64_t key, float *margin,
                        const dg_job *job)
{
    DG_CLEANUP(dg_tree_free) dg_tree tree = { 0 };
    DG_CLEANUP(grower_release)
    struct boost_grower g = {
        .sample = sample, .options = options, .job = job, .tree = &tree, .key = key
    };
    *out = (dg_tree){ 0 };
    DG_TRY(dg_alloc(&g.row, sample->count, sizeof *g.row));
    DG_TRY(dg_alloc(&g.spare, sample->count, sizeof *g.spare));
    DG_TRY(draw_for_tree(&g));
    DG_TRY(dg_tree_begin(&tree, 64));
    if (sample->count) memcpy(g.row, sample->row, (size_t)sample->count * sizeof *g.row);
    DG_TRY(grow_leaves(&g));
    DG_TRY(grower_finish(&g, margin));
    *out = DG_TAKE(tree);
    return DG_OK;
}
