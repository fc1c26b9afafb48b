/* Growing: which node is split next, and what becomes of its rows. */
#include "engine/tree/cart.h"

#include <math.h>
#include <string.h>

#include "engine/base/math64.h"
#include "engine/base/memory.h"
#include "engine/tree/cart_split.h"

enum { NODES_BETWEEN_CHECKS = 64 };

/* --- memory ------------------------------------------------------------------------------- */

static dg_status cart_allocate(dg_cart *cart)
{
    const dg_cart_sample *sample = cart->sample;
    int64_t n = sample->count, features = sample->bins->features, classes = sample->classes;
    DG_TRY(dg_alloc(&cart->row, n, sizeof *cart->row));
    DG_TRY(dg_alloc(&cart->spare, n, sizeof *cart->spare));
    DG_TRY(dg_alloc(&cart->info, sample->bins->rows, sizeof *cart->info));
    DG_TRY(dg_alloc_zero(&cart->member, sample->bins->words, sizeof *cart->member));
    for (int i = 0; i < 2; i++) DG_TRY(dg_alloc(&cart->listed[i], n + 1, sizeof *cart->listed[i]));
    DG_TRY(dg_alloc(&cart->next, n + 1, sizeof *cart->next));
    DG_TRY(dg_alloc(&cart->bin, n + 1, sizeof *cart->bin));
    DG_TRY(dg_alloc(&cart->features, features, sizeof *cart->features));
    DG_TRY(dg_alloc(&cart->constant, features, sizeof *cart->constant));
    DG_TRY(dg_alloc(&cart->column_of, features, sizeof *cart->column_of));
    if (sample->number) {
        DG_TRY(dg_alloc_zero(&cart->sums, DG_MAX_BINS, sizeof *cart->sums));
        return dg_alloc(&cart->total, 1, sizeof *cart->total);
    }
    DG_TRY(dg_alloc(&cart->total, classes, sizeof *cart->total));
    DG_TRY(dg_alloc(&cart->moved, classes, sizeof *cart->moved));
    if (classes > DG_CART_TALLIED_CLASSES) return DG_OK;
    return dg_alloc_zero(&cart->tally, DG_MAX_BINS * classes, sizeof *cart->tally);
}

static void cart_release(dg_cart *cart)
{
    dg_free(cart->row);
    dg_free(cart->spare);
    dg_free(cart->info);
    dg_free(cart->member);
    dg_free(cart->listed[0]);
    dg_free(cart->listed[1]);
    dg_free(cart->next);
    dg_free(cart->bin);
    dg_free(cart->features);
    dg_free(cart->constant);
    dg_free(cart->column_of);
    dg_free(cart->total);
    dg_free(cart->moved);
    dg_free(cart->tally);
    dg_free(cart->sums);
}

/* Summed about their mean, numbers far from 0 lose no digits when they are squared. */
static void find_center(dg_cart *cart)
{
    const dg_cart_sample *sample = cart->sample;
    double sum = 0;
    for (int64_t i = 0; i < sample->count; i++) sum += (double)sample->number[sample->row[i]];
    cart->center = sum / (double)sample->count;
}

/* Features that are the same in all rows of the data are known to be constant from the start. */
static int64_t cart_begin(dg_cart *cart)
{
    const dg_cart_sample *sample = cart->sample;
    const dg_bins *bins = sample->bins;
    int64_t constants = 0, end = bins->features;
    for (int64_t i = 0; i < sample->count; i++) {
        uint32_t row = sample->row[i];
        cart->row[i] = row;
        cart->info[row].weight = sample->weight[i];
        if (sample->number)
            cart->info[row].number = sample->number[row];
        else
            cart->info[row].class = sample->position[row];
    }
    if (sample->number) find_center(cart);
    for (int64_t f = 0; f < bins->features; f++) cart->column_of[f] = -1;
    for (int32_t c = 0; c < bins->count; c++) cart->column_of[bins->columns[c].feature] = c;
    for (int64_t f = bins->features - 1; f >= 0; f--)
        if (cart->column_of[f] >= 0) cart->features[--end] = (int32_t)f;
    for (int64_t f = 0; f < bins->features; f++)
        if (cart->column_of[f] < 0) cart->constant[constants++] = (int32_t)f;
    memcpy(cart->features, cart->constant, (size_t)constants * sizeof *cart->features);
    return constants;
}

/* --- a node ------------------------------------------------------------------------------- */

/* Of a leaf that is not pure: shown where the tree is printed. */
static double impurity(const dg_cart *cart, const dg_cart_node *node)
{
    double sum = 0, mean = cart->total[0] / node->weight;
    if (cart->sample->number) return fmax(cart->squares / node->weight - mean * mean, 0);
    for (int64_t c = 0; c < cart->sample->classes; c++) {
        double p = cart->total[c] / node->weight;
        sum += cart->options->entropy ? (p > 0 ? -p * dg_log2_64(p) : 0) : p * (1 - p);
    }
    return sum;
}

/* Decides whether the node is to be split, and how: `split.column` is -1 if not. */
static void consider(dg_cart *cart, dg_cart_node *node)
{
    const dg_cart_options *options = cart->options;
    int64_t rows = node->end - node->begin;
    dg_tree_fact *fact = &cart->tree->fact[node->node];
    int64_t classes = dg_cart_count(cart, node);
    node->split = (dg_cart_split){ .score = -INFINITY, .column = -1 };
    node->score = 0;
    fact->cover = (float)node->weight;
    if (classes < 2 || rows < options->min_split || rows < 2 * options->min_leaf ||
        node->weight < 2 * options->min_weight_leaf ||
        (options->max_depth >= 0 && node->depth >= options->max_depth)) {
        fact->weight = classes > 1 ? (float)impurity(cart, node) : 0;
        return;
    }
    dg_cart_find_split(cart, node);
    double whole = cart->sample->number ? cart->squares : options->entropy ? 0 : node->weight;
    fact->weight = (float)((whole - node->score) / node->weight);
    double decrease = (node->split.score - node->score) / (double)cart->tree->fact[0].cover;
    /* with a limit of 0 a split without decrease is taken, even if rounding makes it negative */
    if (options->min_decrease > 0 && decrease + 0x1p-52 < options->min_decrease)
        node->split.column = -1;
}

/* Splits the node; `child` receives its two children, not yet considered. */
static dg_status split_node(dg_cart *cart, const dg_cart_node *node, dg_cart_node child[2])
{
    const dg_bins *bins = cart->sample->bins;
    const dg_cart_split *split = &node->split;
    const dg_bin_column *column = &bins->columns[split->column];
    int64_t middle = node->begin + dg_bins_partition(bins, split->column, split->left,
                                                     split->nan_left, cart->row + node->begin,
                                                     node->end - node->begin, cart->spare);
    float threshold = dg_bins_threshold(bins, column, split->left, split->right);
    bool nan_left = split->nan_left;
    /* NaN that was not seen here goes with the majority */
    const uint8_t *bin = bins->by_column + split->column * bins->rows;
    bool seen = false;
    for (int64_t i = node->begin; column->nan_bin >= 0 && !seen && i < node->end; i++)
        seen = bin[cart->row[i]] == column->nan_bin;
    if (!seen) nan_left = middle - node->begin > node->end - middle;
    int32_t left;
    DG_TRY(dg_tree_split(cart->tree, node->node, column->feature, threshold, nan_left, &left));
    cart->tree->fact[node->node].gain = (float)fmax(split->score - node->score, 0);
    child[0] = (dg_cart_node){ .node = left,
                               .depth = node->depth + 1,
                               .begin = node->begin,
                               .end = middle,
                               .constants = node->constants };
    child[1] = child[0];
    child[1].node++;
    child[1].begin = middle;
    child[1].end = node->end;
    return DG_OK;
}

/* --- the order of growing ----------------------------------------------------------------- */

/* The rows of a leaf, kept until the leaves have numbers. */
struct cart_leaf {
    int32_t node;
    int64_t begin, end;
};

struct cart_frontier {
    dg_cart_node *pending; /* {room}: a stack */
    int64_t count, room;
    struct cart_leaf *leaf; /* {leaves} */
    int64_t leaves;
};

static void frontier_release(struct cart_frontier *frontier)
{
    dg_free(frontier->pending);
    dg_free(frontier->leaf);
}

static dg_status push(struct cart_frontier *frontier, const dg_cart_node *node)
{
    if (frontier->count == frontier->room) {
        int64_t room = 2 * frontier->room + 32;
        DG_TRY(dg_resize(&frontier->pending, room, sizeof *frontier->pending));
        frontier->room = room;
    }
    frontier->pending[frontier->count++] = *node;
    return DG_OK;
}

static dg_status add_leaf(struct cart_frontier *frontier, const dg_cart_node *node)
{
    DG_TRY(dg_grow(&frontier->leaf, frontier->leaves, sizeof *frontier->leaf));
    frontier->leaf[frontier->leaves++] = (struct cart_leaf){ node->node, node->begin, node->end };
    return DG_OK;
}

/* Depth first, left before right: features known as constant stay known on the way down. */
static dg_status grow_down(dg_cart *cart, struct cart_frontier *frontier, const dg_job *job)
{
    for (int64_t done = 0; frontier->count > 0; done++) {
        dg_cart_node node = frontier->pending[--frontier->count], child[2];
        if (done % NODES_BETWEEN_CHECKS == 0) DG_TRY(dg_job_check(job));
        consider(cart, &node);
        if (node.split.column < 0) {
            DG_TRY(add_leaf(frontier, &node));
            continue;
        }
        DG_TRY(split_node(cart, &node, child));
        DG_TRY(push(frontier, &child[1]));
        DG_TRY(push(frontier, &child[0]));
    }
    return DG_OK;
}

/* The leaf whose split gains most is split first, until there are max_leaf_nodes. */
static dg_status grow_best(dg_cart *cart, struct cart_frontier *frontier, const dg_job *job)
{
    int64_t constants = frontier->pending[0].constants;
    consider(cart, &frontier->pending[0]);
    for (int64_t count = 1; frontier->count > 0;) {
        int64_t best = 0;
        for (int64_t i = 1; i < frontier->count; i++) {
            const dg_cart_node *a = &frontier->pending[i], *b = &frontier->pending[best];
            if (a->split.score - a->score > b->split.score - b->score) best = i;
        }
        dg_cart_node node = frontier->pending[best], child[2];
        frontier->pending[best] = frontier->pending[--frontier->count];
        DG_TRY(dg_job_check(job));
        if (node.split.column < 0 || count >= cart->options->max_leaf_nodes) {
            DG_TRY(add_leaf(frontier, &node));
            continue;
        }
        DG_TRY(split_node(cart, &node, child));
        count++;
        for (int i = 0; i < 2; i++) {
            child[i].constants = constants; /* the list in between is of other nodes */
            consider(cart, &child[i]);
            DG_TRY(push(frontier, &child[i]));
        }
    }
    return DG_OK;
}

static dg_status cart_finish(dg_cart *cart, const struct cart_frontier *frontier)
{
    int64_t classes = cart->sample->classes;
    DG_TRY(dg_tree_finish(cart->tree, cart->sample->number ? 1 : classes));
    for (int64_t l = 0; l < frontier->leaves; l++) {
        const struct cart_leaf *leaf = &frontier->leaf[l];
        dg_cart_node node = { .begin = leaf->begin, .end = leaf->end };
        int32_t number = cart->tree->fact[leaf->node].leaf;
        float *value = cart->tree->value + number * classes;
        dg_cart_count(cart, &node);
        if (cart->sample->number)
            cart->tree->value[number] = (float)(cart->center + cart->total[0] / node.weight);
        for (int64_t c = 0; c < classes; c++) value[c] = (float)(cart->total[c] / node.weight);
    }
    return DG_OK;
}

dg_status dg_cart_grow(dg_tree *out, const dg_cart_sample *sample, const dg_cart_options *options,
                       uint64_t key, const dg_job *job)
{
    DG_CLEANUP(dg_tree_free) dg_tree tree = { 0 };
    DG_CLEANUP(frontier_release) struct cart_frontier frontier = { 0 };
    DG_CLEANUP(cart_release)
    dg_cart cart = {
        .sample = sample, .options = options, .stream = dg_stream_of(key), .tree = &tree
    };
    *out = (dg_tree){ 0 };
    DG_TRY(cart_allocate(&cart));
    DG_TRY(dg_tree_begin(&tree, (int32_t)(sample->count / 4 + 16)));
    dg_cart_node root = { .end = sample->count, .constants = cart_begin(&cart) };
    DG_TRY(push(&frontier, &root));
    DG_TRY(options->max_leaf_nodes ? grow_best(&cart, &frontier, job)
                                   : grow_down(&cart, &frontier, job));
    DG_TRY(cart_finish(&cart, &frontier));
    *out = DG_TAKE(tree);
    return DG_OK;
}
