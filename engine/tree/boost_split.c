/* The best split of a node, from its histogram. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/tree/boost.h"

/* XGBoost's kRtEps: a smaller gain counts as none. */
static const double LEAST_GAIN = 1e-6;

struct split_search {
    const dg_boost_sample *sample;
    const dg_boost_options *options;
    const uint8_t *allowed;
    int64_t total;
    double total_score;
    int64_t *hist;
    dg_boost_split *best; /* of each block */
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

/* What the kernel needs, in floats. */
struct units {
    float gradient, hessian, lambda, alpha, least_hessian;
};

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
        float tl = fabsf(gl) - u.alpha, tr = fabsf(gr) - u.alpha;
        tl = tl > 0 ? tl : 0;
        tr = tr > 0 ? tr : 0;
        float s = tl * tl / (hl + u.lambda) + tr * tr / (hr + u.lambda);
        s = hl >= u.least_hessian ? s : -1;
        s = hr >= u.least_hessian ? s : -1;
        score[b] = s;
        best = s > best ? s : best; /* NaN is none, in any order */
    }
    return best;
}

static double exact_gain(const struct split_search *search, int64_t left)
{
    const dg_boost_sample *s = search->sample;
    int64_t right = search->total - left;
    return dg_boost_score(search->options, dg_boost_pair_gradient(left) * s->gradient_unit,
                          dg_boost_pair_hessian(left) * s->hessian_unit) +
           dg_boost_score(search->options, dg_boost_pair_gradient(right) * s->gradient_unit,
                          dg_boost_pair_hessian(right) * s->hessian_unit) -
           search->total_score;
}

/* The next bin above `b` that has rows; `bins` if none has. */
static int next_bin(const int64_t *hist, int bins, int b)
{
    for (b++; b < bins && hist[b] == 0; b++) continue;
    return b;
}

/* `shift`: the sum of NaN where it goes left. `ends`: how many boundaries there are. */
static void try_bins(struct split_search *search, int32_t column, const int64_t *hist, int ends,
                     int64_t shift, struct units units, dg_boost_split *best)
{
    const dg_bin_column *described = &search->sample->bins->columns[column];
    int64_t left[DG_MAX_BINS], sum = shift;
    float score[DG_MAX_BINS];
    for (int b = 0; b < ends; b++) left[b] = sum += hist[b];
    float most = score_bins(left, ends, search->total, units, score);
    /* floats are compared with some slack, then doubles decide */
    if (most < 0 || (double)most * (1 + 1e-6) - search->total_score <= best->gain) return;
    int at = 0;
    while (score[at] != most) at++;
    double gain = exact_gain(search, left[at]);
    if (gain <= best->gain) return;
    int right = next_bin(hist, described->bins, at);
    if (right == described->bins) right = described->nan_bin;
    *best = (dg_boost_split){ gain, column, at, right, shift != 0, left[at] };
}

static void search_column(struct split_search *search, int32_t column, struct units units,
                          dg_boost_split *best)
{
    const dg_bin_column *described = &search->sample->bins->columns[column];
    int64_t *hist = search->hist + described->first;
    int bins = described->bins;
    int64_t nan = described->nan_bin >= 0 ? hist[bins] : 0;
    hist[described->common] = 0;
    hist[described->common] = search->total - nan - sum_bins(hist, bins);
    try_bins(search, column, hist, nan ? bins : bins - 1, 0, units, best);
    if (nan) try_bins(search, column, hist, bins - 1, nan, units, best);
}

/* --- a node ------------------------------------------------------------------------------- */

static dg_status search_block(void *context, int64_t piece, int worker)
{
    struct split_search *search = context;
    const dg_boost_options *options = search->options;
    const dg_bin_block *block = &search->sample->bins->blocks[piece];
    double least = options->min_child_weight;
    struct units units = { (float)search->sample->gradient_unit,
                           (float)search->sample->hessian_unit, (float)options->reg_lambda,
                           (float)options->reg_alpha, (float)least };
    /* a side without any hessian has too little, whatever min_child_weight says */
    if (least < search->sample->hessian_unit) units.least_hessian = units.hessian;
    dg_boost_split *best = &search->best[piece];
    (void)worker;
    *best = (dg_boost_split){ .gain = LEAST_GAIN, .column = -1 };
    for (int32_t c = block->first_column; c < block->end_column; c++)
        if (!search->allowed || search->allowed[c]) search_column(search, c, units, best);
    return DG_OK;
}

dg_status dg_boost_find_split(const dg_boost_sample *sample, const dg_boost_options *options,
                              int64_t total, const uint8_t *allowed, int64_t *hist,
                              dg_boost_split *out, const dg_job *job)
{
    int32_t blocks = sample->bins->block_count;
    DG_OWNED dg_boost_split *best = NULL;
    *out = (dg_boost_split){ .column = -1 };
    DG_TRY(dg_alloc(&best, blocks, sizeof *best));
    struct split_search search = {
        .sample = sample,
        .options = options,
        .allowed = allowed,
        .total = total,
        .total_score =
            dg_boost_score(options, dg_boost_pair_gradient(total) * sample->gradient_unit,
                           dg_boost_pair_hessian(total) * sample->hessian_unit),
        .hist = hist,
        .best = best,
    };
    DG_TRY(dg_parallel(job, blocks, search_block, &search));
    for (int32_t b = 0; b < blocks; b++)
        if (best[b].column >= 0 && best[b].gain > out->gain) *out = best[b];
    if (out->gain < options->gamma) *out = (dg_boost_split){ .column = -1 };
    return DG_OK;
}
