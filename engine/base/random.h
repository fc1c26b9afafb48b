/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011). A number is a function of a key and a position, so any
 * thread can make any number in any order. */
#ifndef DG_BASE_RANDOM_H
#define DG_BASE_RANDOM_H

#include <stdint.h>

/* One block of random bits: four words from the 64-bit `key` and the 128-bit position. */
static inline void dg_philox(uint64_t key, uint64_t high, uint64_t low, uint32_t out[4])
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)low, c1 = (uint32_t)(low >> 32);
    uint32_t c2 = (uint32_t)high, c3 = (uint32_t)(high >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

enum { DG_PHILOX_BLOCKS = 16 };

/* The blocks at the positions first .. first + DG_PHILOX_BLOCKS - 1, whose high half is 0, side by
 * side: word w of block b is out[w * DG_PHILOX_BLOCKS + b]. A third of dg_philox's time. */
void dg_philox_blocks(uint64_t key, uint64_t first, uint32_t *out);

/* A key for one purpose, from a seed, the purpose in words ("shuffle", "dropout") and an index
 * (epoch, layer, trial). Other purposes and other indices give unrelated keys. */
uint64_t dg_key(uint64_t seed, const char *purpose, uint64_t index);

/* The word at `position` of the stream of `key`. */
uint32_t dg_random_word(uint64_t key, uint64_t position);

/* A whole number 0 .. bound-1 without bias (bound at least 1), from position on. Uses the
 * positions of one block only, so positions need not be counted. */
uint64_t dg_random_below(uint64_t key, uint64_t position, uint64_t bound);

/* A word as a float in [0, 1), from its upper 24 bits. */
static inline float dg_unit_float(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

/* Fills `count` floats with uniform numbers in [low, high), or with normal numbers: elements first,
 * first + 1 ... of the stream of `key` (first a multiple of 4); each depends on key and place only.
 * A truncated normal draws again beyond two standard deviations, as Keras's TruncatedNormal
 * does. */
void dg_random_uniform(uint64_t key, float low, float high, int64_t first, int64_t count,
                       float *out);
void dg_random_normal(uint64_t key, float mean, float deviation, int64_t first, int64_t count,
                      float *out);
void dg_random_truncated_normal(uint64_t key, float mean, float deviation, int64_t count,
                                float *out);

/* A number from 0 to 1 of the distribution Beta(a, b), a and b above 0: the first of the stream of
 * `key`. */
double dg_random_beta(uint64_t key, double a, double b);

/* A number from low to high (above 0), whose logarithm is uniformly distributed if `u` is in
 * [0, 1). */
double dg_log_uniform(double low, double high, double u);

/* Fills `out` with 0 .. count-1 in random order (Fisher and Yates). */
void dg_random_permutation(uint64_t key, int64_t count, int64_t *out);

/* The process-wide seed from which objects without a seed of their own derive theirs, together with
 * the number of such objects so far. Setting the seed resets the count. Initially the seed is 0. */
void dg_set_seed(uint64_t seed);
uint64_t dg_seed(void);

/* The seed for the next object that was not given one: derived from dg_seed() and the count. */
uint64_t dg_next_seed(void);

/* A scope: objects made in it derive their seeds from `seed`, counted from the first, whatever was
 * made before; leaving it restores the former seed and count. Scopes nest. */
typedef struct dg_seed_scope {
    uint64_t seed, objects;
} dg_seed_scope;
dg_seed_scope dg_seed_enter(uint64_t seed);
void dg_seed_leave(dg_seed_scope before);

#endif
