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

/* The sums of a block stay in cache while the rows pass by. Rows of a node lie apart: what they
 * need is fetched some rows ahead, the place of their entries before these. The entries leave out
 * the common bins, which in images hold most values. */
void dg_histogram_block(const dg_bin_block *block, const uint32_t *row, const int64_t *pair,
                        int64_t count, int64_t *restrict hist)
{
    enum { AHEAD = 16, LINE = 32 /* entries */ };
    const uint32_t *start = block->start;
    memset(hist, 0, (size_t)(block->end_bin - block->first_bin) * sizeof *hist);
    for (int64_t i = 0; i < count; i++) {
        if (i + 2 * AHEAD < count) __builtin_prefetch(start + row[i + 2 * AHEAD]);
        if (i + AHEAD < count) {
            __builtin_prefetch(block->entry + start[row[i + AHEAD]]);
            __builtin_prefetch(block->entry + start[row[i + AHEAD]] + LINE);
        }
        const uint16_t *entry = block->entry + start[row[i]],
                       *end = block->entry + start[row[i] + 1];
        int64_t here = pair[i];
        for (; entry + 4 <= end; entry += 4) {
            hist[entry[0]] += here;
            hist[entry[1]] += here;
            hist[entry[2]] += here;
            hist[entry[3]] += here;
        }
        for (; entry < end; entry++) hist[*entry] += here;
    }
}
