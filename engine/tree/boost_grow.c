/* Growing: which leaf is split next, whose histogram is built and whose follows by subtraction. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/boost.h"
#include "engine/tree/stream.h"

/* A leaf that may be split. */
struct open_leaf {
    int32_t node, depth;
    int64_t begin, end;  /* its rows */
    dg_boost_node found; /* hist is owned */
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
    int64_t *pair;    /* {count}: of the rows of a node */
    int64_t *scratch; /* {threads, dg_boost_scratch} */
    int64_t **pool;   /* histograms at rest */
    int64_t pool_count, pool_room;
    uint8_t *of_tree, *of_level; /* {columns}: allowed; NULL where all are */
    uint8_t *of_node;            /* {2, columns}: of the children of a node */
    int32_t *order;              /* {columns}, for drawing */
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
static const uint8_t *columns_for(struct boost_grower *g, const struct open_leaf *leaf, int side)
{
    const uint8_t *allowed = g->of_tree;
    if (g->of_level) {
        draw_fraction(g, dg_key(g->key, "level", (uint64_t)leaf->depth), allowed,
                      g->options->by_level, g->of_level);
        allowed = g->of_level;
    }
    if (g->of_node) {
        uint8_t *of_node = g->of_node + side * g->sample->bins->count;
        draw_fraction(g, dg_key(g->key, "node", (uint64_t)leaf->node), allowed, g->options->by_node,
                      of_node);
        allowed = of_node;
    }
    return allowed;
}

static dg_status draw_for_tree(struct boost_grower *g)
{
    int32_t columns = g->sample->bins->count;
    const dg_boost_options *options = g->options;
    DG_TRY(dg_alloc(&g->order, columns, sizeof *g->order));
    if (options->by_level < 1) DG_TRY(dg_alloc(&g->of_level, columns, 1));
    if (options->by_node < 1) DG_TRY(dg_alloc(&g->of_node, 2 * (int64_t)columns, 1));
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
    dg_free(leaf->found.hist);
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

/* Whether a leaf may be split; with `times` 2, whether that may leave one that may be split too.
 * What is enough by floats, by which sides are judged, may be a little less than that. */
static bool may_split(const struct boost_grower *g, const struct open_leaf *leaf, int times)
{
    const dg_boost_options *options = g->options;
    double hessian = hessian_of(g, leaf->found.sum);
    return (options->max_depth == 0 || leaf->depth + times - 1 < options->max_depth) &&
           leaf->end - leaf->begin > times && hessian > 0 &&
           hessian >= (times + 1) * options->min_child_weight * (times > 1 ? 1 - 1e-6 : 1);
}

static dg_status close_leaf(struct boost_grower *g, struct open_leaf *leaf)
{
    DG_TRY(rest_histogram(g, &leaf->found.hist));
    DG_TRY(dg_grow(&g->closed, g->closed_count, sizeof *g->closed));
    g->closed[g->closed_count++] = (struct closed_leaf){ leaf->node, leaf->begin, leaf->end };
    return DG_OK;
}

/* Puts a leaf among the open ones if it has a split, or closes it. Takes over the leaf with its
 * histogram. */
static dg_status open_leaf(struct boost_grower *g, struct open_leaf *given)
{
    DG_CLEANUP(release_leaf) struct open_leaf leaf = DG_TAKE(*given);
    if (!leaf.found.wanted || leaf.found.split.column < 0) return close_leaf(g, &leaf);
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
                         ? a->found.split.gain > b->found.split.gain ||
                               (a->found.split.gain == b->found.split.gain && a->node < b->node)
                         : a->depth < b->depth || (a->depth == b->depth && a->node < b->node);
        if (first) best = i;
    }
    return best;
}

/* --- splitting ---------------------------------------------------------------------------- */

static void state_facts(struct boost_grower *g, const struct open_leaf *leaf)
{
    double gradient = gradient_of(g, leaf->found.sum), hessian = hessian_of(g, leaf->found.sum);
    dg_tree_fact *fact = &g->tree->fact[leaf->node];
    fact->cover = (float)hessian;
    fact->weight = (float)dg_boost_weight(g->options, gradient, hessian);
}

static void prepare_search(struct boost_grower *g, struct open_leaf *leaf, int side)
{
    leaf->found.wanted = may_split(g, leaf, 1);
    if (leaf->found.wanted) leaf->found.allowed = columns_for(g, leaf, side);
}

/* Finds the split of `built` from its rows, and that of `rest` (NULL: of none) from what these
 * leave of their parent's histogram (NULL: there is no parent). */
static dg_status search(struct boost_grower *g, struct open_leaf *built, struct open_leaf *rest,
                        const int64_t *parent)
{
    const dg_boost_sample *s = g->sample;
    const uint32_t *row = g->row + built->begin;
    int64_t count = built->end - built->begin;
    if (may_split(g, built, 2)) DG_TRY(take_histogram(g, &built->found.hist));
    for (int64_t i = 0; i < count; i++) g->pair[i] = s->pair[row[i]];
    return dg_boost_search(s, g->options, row, g->pair, count, &built->found,
                           rest ? &rest->found : NULL, parent, g->scratch, g->job);
}

/* Finds the splits of two children: the smaller's histogram is built, the other's, which takes the
 * place of their parent's, follows by subtraction. */
static dg_status search_children(struct boost_grower *g, struct open_leaf *parent,
                                 struct open_leaf child[2])
{
    int small = child[1].end - child[1].begin < child[0].end - child[0].begin;
    struct open_leaf *a = &child[small], *b = &child[!small];
    int64_t *hist = parent->found.hist;
    prepare_search(g, &child[0], 0);
    prepare_search(g, &child[1], 1);
    if (may_split(g, b, 2)) b->found.hist = DG_TAKE(parent->found.hist);
    if (a->found.wanted || b->found.wanted) DG_TRY(search(g, a, b->found.wanted ? b : NULL, hist));
    return rest_histogram(g, &parent->found.hist);
}

static dg_status split_leaf(struct boost_grower *g, struct open_leaf *leaf,
                            struct open_leaf child[2])
{
    const dg_bins *bins = g->sample->bins;
    const dg_boost_split *split = &leaf->found.split;
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
                                   .found.sum = split->left_sum };
    child[1] = (struct open_leaf){ .node = left + 1,
                                   .depth = leaf->depth + 1,
                                   .begin = middle,
                                   .end = leaf->end,
                                   .found.sum = leaf->found.sum - split->left_sum };
    state_facts(g, &child[0]);
    state_facts(g, &child[1]);
    return search_children(g, leaf, child);
}

static dg_status search_root(struct boost_grower *g, struct open_leaf *root)
{
    const dg_bins *bins = g->sample->bins;
    prepare_search(g, root, 0);
    if (!root->found.wanted) return DG_OK;
    DG_TRY(search(g, root, NULL, NULL));
    if (!g->of_tree || !root->found.hist) return DG_OK;
    for (int32_t c = 0; c < bins->count; c++)
        if (!g->of_tree[c])
            root->found.hist[bins->columns[c].first + bins->columns[c].common] = DG_BOOST_CLOSED;
    return DG_OK;
}

static dg_status grow_leaves(struct boost_grower *g)
{
    const dg_boost_sample *s = g->sample;
    DG_CLEANUP(release_leaf) struct open_leaf root = { .end = s->count };
    for (int64_t i = 0; i < s->count; i++) root.found.sum += s->pair[s->row[i]];
    state_facts(g, &root);
    DG_TRY(search_root(g, &root));
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

/* leaf[row] becomes the leaf of each row that the tree was not grown from: they walk down it. */
static dg_status walk_others(struct boost_grower *g, int32_t *leaf)
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
        leaf[row] = tree->fact[node].leaf;
    }
    return DG_OK;
}

/* The values of leaves from the derivatives of all rows. */
static dg_status renew_values(struct boost_grower *g, const int32_t *leaf)
{
    const dg_boost_sample *s = g->sample;
    dg_tree *tree = g->tree;
    DG_OWNED double *sum = NULL;
    DG_TRY(dg_alloc_zero(&sum, 2 * (int64_t)tree->leaves, sizeof *sum));
    for (int64_t i = 0; i < s->bins->rows; i++) {
        sum[2 * leaf[i]] += (double)s->gradient[i];
        sum[2 * leaf[i] + 1] += (double)s->hessian[i];
    }
    for (int32_t n = 0; n < tree->nodes; n++) {
        dg_tree_fact *fact = &tree->fact[n];
        if (fact->leaf < 0) continue;
        fact->cover = (float)sum[2 * fact->leaf + 1];
        fact->weight =
            (float)dg_boost_weight(g->options, sum[2 * fact->leaf], sum[2 * fact->leaf + 1]);
        tree->value[fact->leaf] = fact->weight;
    }
    return DG_OK;
}

static dg_status grower_finish(struct boost_grower *g, float *margin)
{
    const dg_boost_sample *s = g->sample;
    dg_tree *tree = g->tree;
    DG_OWNED int32_t *leaf = NULL;
    DG_TRY(dg_tree_finish(tree, 1));
    DG_TRY(dg_alloc(&leaf, s->bins->rows, sizeof *leaf));
    for (int64_t l = 0; l < g->closed_count; l++) {
        const struct closed_leaf *closed = &g->closed[l];
        const dg_tree_fact *fact = &tree->fact[closed->node];
        tree->value[fact->leaf] = fact->weight;
        for (int64_t i = closed->begin; i < closed->end; i++) leaf[g->row[i]] = fact->leaf;
    }
    if (s->count < s->bins->rows) DG_TRY(walk_others(g, leaf));
    if (s->gradient) DG_TRY(renew_values(g, leaf));
    for (int64_t i = 0; i < s->bins->rows; i++) margin[i] += tree->value[leaf[i]];
    return DG_OK;
}

static void grower_release(struct boost_grower *g)
{
    for (int64_t i = 0; i < g->open_count; i++) release_leaf(&g->open[i]);
    for (int64_t i = 0; i < g->pool_count; i++) dg_free(g->pool[i]);
    dg_free(g->open);
    dg_free(g->closed);
    dg_free(g->pool);
    dg_free(g->row);
    dg_free(g->spare);
    dg_free(g->pair);
    dg_free(g->scratch);
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
    dg_job room;
    int64_t threads = dg_job_or_default(job, &room)->threads;
    *out = (dg_tree){ 0 };
    DG_TRY(dg_alloc(&g.row, sample->count, sizeof *g.row));
    DG_TRY(dg_alloc(&g.spare, sample->count, sizeof *g.spare));
    DG_TRY(dg_alloc(&g.pair, sample->count, sizeof *g.pair));
    DG_TRY(dg_alloc(&g.scratch, threads * dg_boost_scratch(sample->bins), sizeof *g.scratch));
    DG_TRY(draw_for_tree(&g));
    DG_TRY(dg_tree_begin(&tree, 64));
    if (sample->count) memcpy(g.row, sample->row, (size_t)sample->count * sizeof *g.row);
    DG_TRY(grow_leaves(&g));
    DG_TRY(grower_finish(&g, margin));
    *out = DG_TAKE(tree);
    return DG_OK;
}
