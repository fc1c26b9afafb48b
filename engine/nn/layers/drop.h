/* What layers that drop values at random share.
 *
 * Value i of the batch is kept by 16 random bits. Values go in groups of 128, groups share 16
 * blocks of Philox: value r of group g takes half word r / 16 of block 16 g + r % 16. */
#ifndef DG_NN_LAYERS_DROP_H
#define DG_NN_LAYERS_DROP_H

#include "engine/base/kernel.h"
#include "engine/base/random.h"
#include "engine/nn/layer.h"

enum { DG_DROP_HALVES = 8, DG_DROP_GROUP = DG_PHILOX_BLOCKS * DG_DROP_HALVES };

/* Which values of a group are kept, as bytes 0 or 1; `limit` is the rate in 65536ths. */
DG_INLINE void dg_drop_draw(uint64_t key, uint64_t group, uint32_t limit, uint8_t *restrict kept)
{
    uint32_t words[4 * DG_PHILOX_BLOCKS];
    dg_philox_blocks(key, group * DG_PHILOX_BLOCKS, words);
    for (int word = 0; word < DG_DROP_HALVES / 2; word++) {
        uint8_t *low = kept + 2 * word * DG_PHILOX_BLOCKS, *high = low + DG_PHILOX_BLOCKS;
#pragma omp simd
        for (int b = 0; b < DG_PHILOX_BLOCKS; b++) {
            uint32_t bits = words[word * DG_PHILOX_BLOCKS + b];
            low[b] = (uint16_t)bits >= (uint16_t)limit;
            high[b] = (uint16_t)(bits >> 16) >= (uint16_t)limit;
        }
    }
}

static inline uint32_t dg_drop_limit(double rate)
{
    uint32_t limit = (uint32_t)(rate * 65536 + 0.5);
    return limit > 65535 ? 65535 : limit;
}

/* The key of a layer's random numbers in this step: that of the pass, with the seed that was given,
 * if one was. */
static inline uint64_t dg_layer_key(const dg_pass *pass, dg_optional_seed seed, const char *purpose)
{
    return seed.given ? dg_key(seed.value, purpose, pass->key) : pass->key;
}

/* Draws for values first .. first+count-1 of the batch; `kept` begins at the first. */
void dg_drop_marks(uint64_t key, uint32_t limit, int64_t first, int64_t count, uint8_t *kept);

/* y = x * scale where it is kept, else 0. */
void dg_drop_apply(float scale, int64_t count, const uint8_t *kept, const float *x, float *y);

/* Doc of a `seed` by which values are drawn. */
#define DG_LAYER_SEED_DOC                                                                          \
    "seed for choosing the values, combined with the seed of fit; default: the layer's place in "  \
    "the model"

#endif
