/* Numbers of all kinds from Philox's bits. */
#include "engine/base/random.h"

#include <math.h>
#include <stdatomic.h>

#include "engine/base/math64.h"

#define LEVEL_BODY "engine/base/random_blocks.h"
#include "engine/base/each_level.h"

static _Atomic uint64_t global_seed;
static _Atomic uint64_t objects;

uint64_t dg_key(uint64_t seed, const char *purpose, uint64_t index)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a of the purpose */
    for (const char *c = purpose; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    uint32_t block[4];
    dg_philox(seed, hash, index, block);
    return (uint64_t)block[1] << 32 | block[0];
}

void dg_philox_blocks(uint64_t key, uint64_t first, uint32_t *out)
{
    LEVEL_CALL(philox_blocks, (key, first, out));
}

uint32_t dg_random_word(uint64_t key, uint64_t position)
{
    uint32_t block[4];
    dg_philox(key, 0, position / 4, block);
    return block[position % 4];
}

uint64_t dg_random_below(uint64_t key, uint64_t position, uint64_t bound)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    for (uint64_t attempt = 0;; attempt++) {
        uint32_t block[4];
        dg_philox(key, attempt + 1, position, block);
        uint64_t word = (uint64_t)block[1] << 32 | block[0];
        if (word < limit) return word % bound;
        word = (uint64_t)block[3] << 32 | block[2];
        if (word < limit) return word % bound;
    }
}

void dg_random_uniform(uint64_t key, float low, float high, int64_t first, int64_t count,
                       float *out)
{
    for (int64_t i = 0; i < count; i += 4) {
        uint32_t block[4];
        dg_philox(key, 0, (uint64_t)(first + i) / 4, block);
        for (int64_t j = i; j < count && j < i + 4; j++) {
            float value = low + (high - low) * dg_unit_float(block[j - i]);
            out[j] = value < high ? value : nextafterf(high, low);
        }
    }
}

/* Two normal numbers by Box and Muller (1958) from the block at (attempt, position). */
static void normal_pair(uint64_t key, uint64_t attempt, uint64_t position, double out[2])
{
    uint32_t block[4];
    dg_philox(key, attempt, position, block);
    uint64_t a = (uint64_t)block[0] << 32 | block[1], b = (uint64_t)block[2] << 32 | block[3];
    double u = ((double)(a >> 11) + 1) * 0x1p-53, v = (double)(b >> 11) * 0x1p-53;
    double radius = sqrt(-2 * dg_log64(u));
    struct dg_circle at = dg_circle64(v);
    out[0] = radius * at.cosine;
    out[1] = radius * at.sine;
}

void dg_random_normal(uint64_t key, float mean, float deviation, int64_t first, int64_t count,
                      float *out)
{
    for (int64_t i = 0; i < count; i += 2) {
        double pair[2];
        normal_pair(key, 0, (uint64_t)(first + i) / 2, pair);
        out[i] = mean + deviation * (float)pair[0];
        if (i + 1 < count) out[i + 1] = mean + deviation * (float)pair[1];
    }
}

void dg_random_truncated_normal(uint64_t key, float mean, float deviation, int64_t count,
                                float *out)
{
    for (int64_t i = 0; i < count; i++) {
        double pair[2] = { 3, 3 };
        for (uint64_t attempt = 0; fabs(pair[0]) >= 2; attempt++) {
            normal_pair(key, attempt, (uint64_t)i, pair);
            if (fabs(pair[0]) >= 2) pair[0] = pair[1];
        }
        out[i] = mean + deviation * (float)pair[0];
    }
}

/* A number in (0, 1]. */
static double unit(uint64_t key, uint64_t attempt)
{
    uint32_t block[4];
    dg_philox(key, attempt, 0, block);
    return (double)((((uint64_t)block[0] << 32 | block[1]) >> 11) + 1) * 0x1p-53;
}

/* The logarithm of a number of the distribution Gamma(shape, 1), by rejection (Marsaglia and Tsang,
 * "A simple method for generating gamma variables", 2000). */
static double log_gamma(uint64_t key, double shape)
{
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d), v = 0;
    double small = shape < 1 ? dg_log64(unit(dg_key(key, "small", 0), 0)) / shape : 0;
    uint64_t uniform = dg_key(key, "uniform", 0), normal = dg_key(key, "normal", 0);
    for (uint64_t attempt = 0;; attempt++) {
        double x[2], u = unit(uniform, attempt);
        normal_pair(normal, attempt, 0, x);
        v = 1 + c * x[0];
        v = v * v * v;
        if (v > 0 && dg_log64(u) < 0.5 * x[0] * x[0] + d * (1 - v + dg_log64(v))) break;
    }
    return small + dg_log64(d * v);
}

double dg_random_beta(uint64_t key, double a, double b)
{
    double x = log_gamma(dg_key(key, "beta", 0), a), y = log_gamma(dg_key(key, "beta", 1), b);
    return 1 / (1 + dg_exp64(y - x));
}

double dg_log_uniform(double low, double high, double u)
{
    double from = dg_log64(low), to = dg_log64(high);
    return fmax(low, fmin(dg_exp64(from + (to - from) * u), high));
}

void dg_random_permutation(uint64_t key, int64_t count, int64_t *out)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t j = (int64_t)dg_random_below(key, (uint64_t)i, (uint64_t)i + 1);
        out[i] = out[j];
        out[j] = i;
    }
}

void dg_set_seed(uint64_t seed)
{
    atomic_store(&global_seed, seed);
    atomic_store(&objects, 0);
}

uint64_t dg_seed(void)
{
    return atomic_load(&global_seed);
}

uint64_t dg_next_seed(void)
{
    return dg_key(dg_seed(), "object", atomic_fetch_add(&objects, 1));
}

dg_seed_scope dg_seed_enter(uint64_t seed)
{
    dg_seed_scope before = { atomic_load(&global_seed), atomic_load(&objects) };
    dg_set_seed(seed);
    return before;
}

void dg_seed_leave(dg_seed_scope before)
{
    atomic_store(&global_seed, before.seed);
    atomic_store(&objects, before.objects);
}
