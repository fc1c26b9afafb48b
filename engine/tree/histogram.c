/* Histograms of gradients: for each bin of each column, the sums over the rows that are in it. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/boost.h"

/* --- packing ------------------------------------------------------------------------------ */

/* What 1 in a packed sum stands for: the least power of two with which `size` fits. So derivatives
 * such as 1 or 1/4 are packed as they are, and four rows of 1/4 have a min_child_weight of 1. */
static double unit_for(double size, double room)
{
    int exponent;
    if (!(size > 0)) return 1;
    return frexp(size / room, &exponent) > 0.5 ? ldexp(1, exponent) : ldexp(1, exponent - 1);
}

void dg_boost_pack(dg_boost_sample *sample, const float *gradient, const float *hessian,
                   double gradient_size, double hessian_sum, int64_t *pair)
{
    int64_t rows = sample->bins->rows;
    /* the sums over all rows fit, with a row's rounding to spare */
    const double room = 0x1p31 - 1 - (double)(rows < (1 << 30) ? rows : 1 << 30);
    sample->pair = pair;
    sample->gradient_unit = unit_for(gradient_size, room);
    sample->hessian_unit = unit_for(hessian_sum, room);
    double g = 1 / sample->gradient_unit, h = 1 / sample->hessian_unit;
    for (int64_t i = 0; i < rows; i++)
        pair[i] = dg_boost_pair((int32_t)lrint((double)gradient[i] * g),
                                (int32_t)lrint((double)hessian[i] * h));
}

/* --- histograms --------------------------------------------------------------------------- */

struct histogram_build {
    const dg_boost_sample *sample;
    const uint32_t *row;
    int64_t count;
    int64_t *hist;
    const int64_t *minus;
};

/* One block of columns: its sums stay in cache while the rows pass by. The entries leave out the
 * common bins, which in images hold most values. */
static dg_status build_block(void *context, int64_t piece, int worker)
{
    const struct histogram_build *build = context;
    const dg_bin_block *block = &build->sample->bins->blocks[piece];
    const int64_t *pair = build->sample->pair;
    const uint32_t *row = build->row, *start = block->start;
    int64_t *restrict hist = build->hist + block->first_bin;
    (void)worker;
    memset(hist, 0, (size_t)(block->end_bin - block->first_bin) * sizeof *hist);
    for (int64_t i = 0; i < build->count; i++) {
        enum { AHEAD = 8 };
        if (i + AHEAD < build->count) __builtin_prefetch(block->entry + start[row[i + AHEAD]]);
        const uint16_t *entry = block->entry + start[row[i]],
                       *end = block->entry + start[row[i] + 1];
        int64_t here = pair[row[i]];
        for (; entry + 4 <= end; entry += 4) {
            hist[entry[0]] += here;
            hist[entry[1]] += here;
            hist[entry[2]] += here;
            hist[entry[3]] += here;
        }
        for (; entry < end; entry++) hist[*entry] += here;
    }
    return DG_OK;
}

dg_status dg_histogram_build(const dg_boost_sample *sample, const uint32_t *row, int64_t count,
                             int64_t *hist, const dg_job *job)
{
    struct histogram_build build = { .sample = sample, .row = row, .count = count, .hist = hist };
    return dg_parallel(job, sample->bins->block_count, build_block, &build);
}

static dg_status subtract_block(void *context, int64_t piece, int worker)
{
    const struct histogram_build *build = context;
    const dg_bin_block *block = &build->sample->bins->blocks[piece];
    int64_t *restrict hist = build->hist;
    const int64_t *restrict minus = build->minus;
    (void)worker;
    for (int64_t b = block->first_bin; b < block->end_bin; b++) hist[b] -= minus[b];
    return DG_OK;
}

dg_status dg_histogram_subtract(const dg_bins *bins, int64_t *from, const int64_t *minus,
                                const dg_job *job)
{
    const dg_boost_sample sample = { .bins = bins };
    struct histogram_build build = { .sample = &sample, .hist = from, .minus = minus };
    return dg_parallel(job, bins->block_count, subtract_block, &build);
}
