/* Histograms of gradients: for each bin of each column, the sums over the rows that are in it. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/boost.h"

struct build {
    const dg_boost_sample *sample;
    const uint32_t *row;
    int64_t count;
    int64_t *hist;
    const int64_t *minus;
};

/* One block of columns: its sums stay in cache while the rows pass by. The bins that are common,
 * most of all in images, are not among the entries. */
static dg_status build_block(void *context, int64_t piece, int worker)
{
    const struct build *build = context;
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
    struct build build = { .sample = sample, .row = row, .count = count, .hist = hist };
    return dg_parallel(job, sample->bins->block_count, build_block, &build);
}

static dg_status subtract_block(void *context, int64_t piece, int worker)
{
    const struct build *build = context;
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
    struct build build = { .sample = &sample, .hist = from, .minus = minus };
    return dg_parallel(job, bins->block_count, subtract_block, &build);
}
