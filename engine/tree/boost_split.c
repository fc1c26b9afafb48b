/* The best splits of nodes: block by block of columns, each histogram is built, or follows from two
 * others, and is searched while it is in cache. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/tree/boost.h"

/* XGBoost's kRtEps: a smaller gain counts as none. */
static const double LEAST_GAIN = 1e-6;

/* Bins that kernels take at once; arrays are filled up to a multiple of it. */
enum { STRIDE = 16 };

/* What the kernels need, in floats. */
struct units {
    float gradient, hessian, lambda, alpha, least_hessian;
};

/* The same with sums as they are packed, in whole units. */
struct whole_units {
    float lambda, alpha;
    int32_t least_hessian;
    double score; /* what a score of 1 is; 0: these numbers do not fit floats */
};

struct split_search {
    const dg_boost_sample *sample;
    const dg_boost_options *options;
    struct units units;
    struct whole_units whole;
    const uint32_t *row;
    const int64_t *pair;
    int64_t count;
    dg_boost_node *built, *rest;
    const int64_t *parent;
    int64_t *scratch;
    dg_boost_split *best; /* {blocks, 2}: of `built` and of `rest` */
};

/* The search of one node in one block. */
struct node_search {
    const struct split_search *search;
    const dg_boost_node *node;
    double score; /* of the node */
    dg_boost_split *best;
};

/* --- formulas ----------------------------------------------------------------------------- */

static double soften(double gradient, double alpha)
{
    double size = fabs(gradient) - alpha;
    return size > 0 ? copysign(size, gradient) : 0;
}

double dg_boost_weight(const dg_boost_options *options, double gradient, double hessian)
{
    if (!(hessian >= options->min_child_weight) || hessian <= 0) return 0;
    return -soften(gradient, options->reg_alpha) / (hessian + options->reg_lambda) *
           options->learning_rate;
}

double dg_boost_score(const dg_boost_options *options, double gradient, double hessian)
{
    double g = soften(gradient, options->reg_alpha);
    return hessian > 0 ? g * g / (hessian + options->reg_lambda) : 0;
}

/* --- a column ----------------------------------------------------------------------------- */

DG_KERNEL(int64_t, sum_bins, (const int64_t *hist, int bins), (hist, bins))
{
    int64_t sum = 0;
    for (int b = 0; b < bins; b++) sum += hist[b];
    return sum;
}

/* `to` may be `from`. */
DG_KERNEL(void, subtract_bins, (const int64_t *from, const int64_t *minus, int bins, int64_t *to),
          (from, minus, bins, to))
{
#pragma omp simd
    for (int b = 0; b < bins; b++) to[b] = from[b] - minus[b];
}

DG_INLINE float soften_float(float gradient, float alpha)
{
    float size = fabsf(gradient) - alpha;
    return size > 0 ? size : 0;
}

/* Whether a split after one of the bins may have a score above `bound`, where left[b] is the sum of
 * bins 0 .. b; all in whole units. Without the divisions of score_bins. */
DG_KERNEL(bool, may_exceed,
          (const int64_t *left, int bins, int64_t total, struct whole_units u, float bound),
          (left, bins, total, u, bound))
{
    int32_t found = 0, h = (int32_t)total, g = (int32_t)((uint64_t)total >> 32);
    for (int first = 0; first < bins; first += STRIDE)
#pragma omp simd reduction(| : found)
        for (int b = first; b < first + STRIDE; b++) {
            int32_t hl = (int32_t)left[b], gl = (int32_t)((uint64_t)left[b] >> 32);
            int32_t hr = h - hl, gr = g - gl;
            float tl = soften_float((float)gl, u.alpha), tr = soften_float((float)gr, u.alpha);
            float dl = (float)hl + u.lambda, dr = (float)hr + u.lambda;
            int32_t below = tl * tl * dr + tr * tr * dl < bound * (dl * dr);
            found |= (hl >= u.least_hessian) & (hr >= u.least_hessian) & !below;
        }
    return found;
}

/* score[b]: of a split after bin b, where left[b] is the sum of bins 0 .. b; -1 where a side has
 * too little. Returns the greatest. */
DG_KERNEL(float, score_bins,
          (const int64_t *restrict left, int bins, int64_t total, struct units u,
           float *restrict score),
          (left, bins, total, u, score))
{
    float best = -1;
#pragma omp simd reduction(max : best)
    for (int b = 0; b < bins; b++) {
        int64_t right = total - left[b];
        float gl = (float)(int32_t)((uint64_t)left[b] >> 32) * u.gradient;
        float gr = (float)(int32_t)((uint64_t)right >> 32) * u.gradient;
        float hl = (float)(int32_t)left[b] * u.hessian, hr = (float)(int32_t)right * u.hessian;
        float tl = soften_float(gl, u.alpha), tr = soften_float(gr, u.alpha);
        float s = tl * tl / (hl + u.lambda) + tr * tr / (hr + u.lambda);
        s = hl >= u.least_hessian ? s : -1;
        s = hr >= u.least_hessian ? s : -1;
        score[b] = s;
        best = s > best ? s : best; /* NaN is none, in any order */
    }
    return best;
}

static double exact_gain(const struct node_search *n, int64_t left)
{
    const dg_boost_sample *s = n->search->sample;
    const dg_boost_options *options = n->search->options;
    int64_t right = n->node->sum - left;
    return dg_boost_score(options, dg_boost_pair_gradient(left) * s->gradient_unit,
                          dg_boost_pair_hessian(left) * s->hessian_unit) +
           dg_boost_score(options, dg_boost_pair_gradient(right) * s->gradient_unit,
                          dg_boost_pair_hessian(right) * s->hessian_unit) -
           n->score;
}

/* The next bin above `b` that has rows; `bins` if none has. */
static int next_bin(const int64_t *hist, int bins, int b)
{
    for (b++; b < bins && hist[b] == 0; b++) continue;
    return b;
}

/* `shift`: the sum of NaN where it goes left. `ends`: how many boundaries there are. */
static void try_bins(const struct node_search *n, int32_t column, const int64_t *hist, int ends,
                     int64_t shift)
{
    const struct split_search *search = n->search;
    const dg_bin_column *described = &search->sample->bins->columns[column];
    dg_boost_split *best = n->best;
    int64_t left[DG_MAX_BINS], sum = shift, total = n->node->sum;
    float score[DG_MAX_BINS];
    for (int b = 0; b < ends; b++) left[b] = sum += hist[b];
    for (int b = ends; b % STRIDE; b++) left[b] = total; /* nothing goes right */
    /* the slack is far more than floats lose */
    float bound = (float)((n->score + best->gain) * search->whole.score * (1 - 1e-5));
    if (!may_exceed(left, ends, total, search->whole, bound)) return;
    float most = score_bins(left, ends, total, search->units, score);
    /* floats are compared with some slack, then doubles decide */
    if (most < 0 || (double)most * (1 + 1e-6) - n->score <= best->gain) return;
    int at = 0;
    while (score[at] != most) at++;
    double gain = exact_gain(n, left[at]);
    if (gain <= best->gain) return;
    int right = next_bin(hist, described->bins, at);
    if (right == described->bins) right = described->nan_bin;
    *best = (dg_boost_split){ gain, column, at, right, shift != 0, left[at] };
}

/* hist: of the column, its common bin filled. */
static void search_column(const struct node_search *n, int32_t column, const int64_t *hist)
{
    const dg_bin_column *described = &n->search->sample->bins->columns[column];
    int bins = described->bins;
    int64_t nan = described->nan_bin >= 0 ? hist[bins] : 0;
    if (!n->node->wanted || (n->node->allowed && !n->node->allowed[column])) return;
    try_bins(n, column, hist, nan ? bins : bins - 1, 0);
    if (nan) try_bins(n, column, hist, bins - 1, nan);
}

/* --- a block of columns ------------------------------------------------------------------- */

/* Whether enough is outside a column's common bin: one side of each split is without this bin. */
static bool may_divide(const struct split_search *search, int64_t outside)
{
    return (float)dg_boost_pair_hessian(outside) * search->units.hessian >=
           search->units.least_hessian;
}

/* The column of both nodes. hist: of the one that was built, without its common bin. */
static void search_both(const struct split_search *search, const struct node_search node[2],
                        int32_t column, int64_t *hist)
{
    const dg_bin_column *c = &search->sample->bins->columns[column];
    const int64_t *parent = search->parent ? search->parent + c->first : NULL;
    int64_t *rest = search->rest && search->rest->hist ? search->rest->hist + c->first : NULL;
    int64_t local[DG_MAX_BINS];
    int bins = c->bins + (c->nan_bin >= 0), common = c->common;
    if (parent && parent[common] == DG_BOOST_CLOSED) {
        hist[common] = DG_BOOST_CLOSED;
        if (rest) rest[common] = DG_BOOST_CLOSED;
        return;
    }
    hist[common] = 0;
    int64_t outside = sum_bins(hist, bins), whole = search->built->sum - outside;
    hist[common] = whole;
    if (search->rest) {
        if (may_divide(search, search->rest->sum - (parent[common] - whole))) {
            if (!rest) rest = local;
            subtract_bins(parent, hist, bins, rest);
            search_column(&node[1], column, rest);
        } else if (rest) {
            rest[common] = DG_BOOST_CLOSED;
        }
    }
    if (may_divide(search, outside))
        search_column(&node[0], column, hist);
    else
        hist[common] = DG_BOOST_CLOSED;
}

static struct node_search begin_node(const struct split_search *search, const dg_boost_node *node,
                                     dg_boost_split *best)
{
    const dg_boost_sample *s = search->sample;
    *best = (dg_boost_split){ .gain = LEAST_GAIN, .column = -1 };
    return (struct node_search){
        .search = search,
        .node = node,
        .score = node ? dg_boost_score(search->options,
                                       dg_boost_pair_gradient(node->sum) * s->gradient_unit,
                                       dg_boost_pair_hessian(node->sum) * s->hessian_unit)
                      : 0,
        .best = best,
    };
}

static dg_status search_block(void *context, int64_t piece, int worker)
{
    const struct split_search *search = context;
    const dg_bins *bins = search->sample->bins;
    const dg_bin_block *block = &bins->blocks[piece];
    dg_boost_split *best = search->best + 2 * piece;
    const struct node_search node[] = { begin_node(search, search->built, &best[0]),
                                        begin_node(search, search->rest, &best[1]) };
    int64_t *hist = search->built->hist ? search->built->hist + block->first_bin
                                        : search->scratch + worker * dg_boost_scratch(bins);
    dg_histogram_block(block, search->row, search->pair, search->count, hist);
    for (int32_t c = block->first_column; c < block->end_column; c++)
        search_both(search, node, c, hist + (bins->columns[c].first - block->first_bin));
    return DG_OK;
}

/* --- nodes -------------------------------------------------------------------------------- */

int64_t dg_boost_scratch(const dg_bins *bins)
{
    int64_t most = 0;
    for (int32_t b = 0; b < bins->block_count; b++) {
        int64_t size = bins->blocks[b].end_bin - bins->blocks[b].first_bin;
        if (size > most) most = size;
    }
    return (most + 7) / 8 * 8; /* whole cache lines */
}

static void set_units(struct split_search *search)
{
    const dg_boost_options *options = search->options;
    double g = search->sample->gradient_unit, h = search->sample->hessian_unit;
    double least = options->min_child_weight;
    struct units *u = &search->units;
    *u = (struct units){ (float)g, (float)h, (float)options->reg_lambda, (float)options->reg_alpha,
                         (float)least };
    /* a side without any hessian has too little, whatever min_child_weight says */
    if (least < h) u->least_hessian = u->hessian;
    double whole_least = (double)u->least_hessian / h * (1 - 1e-6);
    /* where the penalty is of another order than hessians are, may_exceed says yes: bound is 0 */
    bool fits = options->reg_lambda <= h * 0x1p40 && options->reg_alpha <= g * 0x1p40;
    search->whole = (struct whole_units){
        .lambda = fits ? (float)(options->reg_lambda / h) : 0,
        .alpha = fits ? (float)(options->reg_alpha / g) : 0,
        .least_hessian = whole_least < INT32_MAX ? (int32_t)ceil(whole_least) : INT32_MAX,
        .score = fits ? h / g / g : 0,
    };
}

static void take_best(const struct split_search *search, int which, dg_boost_node *node)
{
    node->split = (dg_boost_split){ .column = -1 };
    for (int32_t b = 0; b < search->sample->bins->block_count; b++) {
        const dg_boost_split *best = &search->best[2 * b + which];
        if (best->column >= 0 && best->gain > node->split.gain) node->split = *best;
    }
    if (node->split.gain < search->options->gamma) node->split.column = -1;
}

dg_status dg_boost_search(const dg_boost_sample *sample, const dg_boost_options *options,
                          const uint32_t *row, const int64_t *pair, int64_t count,
                          dg_boost_node *built, dg_boost_node *rest, const int64_t *parent,
                          int64_t *scratch, const dg_job *job)
{
    int32_t blocks = sample->bins->block_count;
    DG_OWNED dg_boost_split *best = NULL;
    DG_TRY(dg_alloc(&best, 2 * (int64_t)blocks, sizeof *best));
    struct split_search search = {
        .sample = sample,
        .options = options,
        .row = row,
        .pair = pair,
        .count = count,
        .built = built,
        .rest = rest,
        .parent = parent,
        .scratch = scratch,
        .best = best,
    };
    set_units(&search);
    DG_TRY(dg_parallel(job, blocks, search_block, &search));
    take_best(&search, 0, built);
    if (rest) take_best(&search, 1, rest);
    return DG_OK;
}
