/* Products in bfloat16: by the processor, and in plain C.
 *
 * Both operands are packed into pairs: 32 bits hold the elements of two steps of k. k is cut into
 * blocks. For each block the rows of B are packed, PANEL columns at a time, and stay in the cache
 * while all rows of A pass: a tile of them is packed, and multiplied with each strip of the packed
 * columns. So the work of packing is small beside that of the products if m is large and n is 32 or
 * more. */
#include "engine/tensor/product_bfloat16.h"

#include "engine/base/kernel.h"
#include "engine/parallel.h"
#include "engine/tensor/bfloat16.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum {
    BLOCK = 256, /* steps of k */
    PAIRS = BLOCK / 2,
    LANES = 16,
    STRIP = 2 * LANES,
    PANEL = 4 * STRIP, /* columns that are packed at a time */
    TILE_ROWS = 12,
    NONE = -1,
};

/* A run of pairs of k. If `joined`, their elements lie one behind another from `low` on; else it is
 * one pair, of the elements at `low` and at `high` (NONE: there is none, it is zero). */
struct run {
    int first, count;
    bool joined;
    int64_t low, high;
};

/* One block of k. */
struct block {
    const dg_product *p;
    int64_t first; /* step of k */
    int steps, pairs, runs;
    enum { BEGIN_ZERO, BEGIN_BIAS, BEGIN_ADD } begin; /* what the sums begin with */
    struct run run[PAIRS];
};

/* A tile of A as it is packed: by_pairs {pairs, TILE_ROWS}, else {TILE_ROWS, PAIRS}. */
struct tile {
    bool by_pairs;
    int rows;
    uint32_t pair[PAIRS * TILE_ROWS];
};

/* A strip of columns of C: B as it is packed, {pairs, STRIP}. */
struct strip {
    const uint32_t *b;
    const float *bias; /* or NULL */
    int columns;
};

static int64_t row_offset(const dg_product *p, int64_t i)
{
    return p->a.row ? p->a.row[i] : i * p->a.row_step;
}

static int64_t depth_offset(const dg_product *p, int64_t t)
{
    return p->a.depth ? p->a.depth[t] : t * p->a.depth_step;
}

static void find_runs(struct block *block)
{
    block->runs = 0;
    struct run *last = NULL;
    for (int s = 0; s < block->pairs; s++) {
        int64_t low = depth_offset(block->p, block->first + 2 * s), high = NONE;
        if (2 * s + 1 < block->steps) high = depth_offset(block->p, block->first + 2 * s + 1);
        bool joined = high == low + 1;
        if (joined && last && last->joined && low == last->low + 2 * last->count) {
            last->count++;
            continue;
        }
        last = &block->run[block->runs++];
        *last = (struct run){ s, 1, joined, low, high };
    }
}

/* How many of the rows from `i` on, at most `most`, lie one behind another in the array. */
static int joined_rows(const dg_product *p, int64_t i, int most)
{
    int count = 1;
    int64_t first = row_offset(p, i);
    while (count < most && row_offset(p, i + count) == first + count) count++;
    return count;
}

/* Which way of packing takes fewer vectors for these rows. */
static bool packs_by_pairs(const struct block *block, int64_t row, int rows)
{
    int by_pairs = 0, by_rows = 0;
    for (int i = 0; i < rows; by_pairs += block->pairs)
        i += joined_rows(block->p, row + i, rows - i);
    for (int r = 0; r < block->runs; r++)
        by_rows += rows * ((block->run[r].count + LANES - 1) / LANES);
    return by_pairs < by_rows;
}

/* --- in plain C --------------------------------------------------------------------------- */

/* What engine/tensor/product_bfloat16_tile.h is written in, for LANES lanes. `count`: of them, the
 * first are meant; others are read as zeros, and not written. */

typedef struct pairs_plain {
    uint32_t at[LANES];
} pairs_plain;

typedef struct sums_plain {
    float at[LANES];
} sums_plain;

/* The pairs of low[i] and high[i], of zeros where that is NULL. */
DG_INLINE pairs_plain pack_plain(const float *low, const float *high, int count)
{
    pairs_plain pairs = { 0 };
    for (int i = 0; i < count; i++)
        pairs.at[i] = dg_bfloat16_of(low[i]) | (high ? (uint32_t)dg_bfloat16_of(high[i]) << 16 : 0);
    return pairs;
}

/* The pairs of from[0] and from[1], from[2] and from[3] ... */
DG_INLINE pairs_plain pack_joined_plain(const float *from, int count)
{
    pairs_plain pairs = { 0 };
    for (int i = 0; i < count; i++)
        pairs.at[i] = dg_bfloat16_of(from[2 * i]) | (uint32_t)dg_bfloat16_of(from[2 * i + 1]) << 16;
    return pairs;
}

DG_INLINE void put_pairs_plain(uint32_t *to, pairs_plain pairs, int count)
{
    memcpy(to, pairs.at, (size_t)count * sizeof *to);
}

DG_INLINE pairs_plain get_pairs_plain(const uint32_t *from)
{
    pairs_plain pairs;
    memcpy(pairs.at, from, sizeof pairs.at);
    return pairs;
}

DG_INLINE void put_sums_plain(float *to, sums_plain sums, int count)
{
    memcpy(to, sums.at, (size_t)count * sizeof *to);
}

DG_INLINE sums_plain get_sums_plain(const float *from, int count)
{
    sums_plain sums = { { 0 } };
    memcpy(sums.at, from, (size_t)count * sizeof *from);
    return sums;
}

/* One pair with each of LANES. */
DG_INLINE sums_plain dot_plain(uint32_t a, pairs_plain b, sums_plain sums)
{
    for (int i = 0; i < LANES; i++) sums.at[i] = dg_bfloat16_dot(a, b.at[i], sums.at[i]);
    return sums;
}

#define NAME(x) x##_plain
#define TARGET
#define UNROLLED false
#include "engine/tensor/product_bfloat16_tile.h"
#undef NAME
#undef TARGET
#undef UNROLLED

/* --- by the processor --------------------------------------------------------------------- */

#if defined(__x86_64__)

#define TARGET __attribute__((target(DG_FEATURES_V4 ",avx512bf16")))

typedef __m512i pairs_processor;
typedef __m512 sums_processor;

static inline __mmask16 first_lanes(int count)
{
    return (__mmask16)((1u << count) - 1);
}

TARGET DG_INLINE pairs_processor pack_processor(const float *low, const float *high, int count)
{
    short order[2 * LANES] = { 0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                               8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31 };
    __m512 lows = _mm512_maskz_loadu_ps(first_lanes(count), low), highs = _mm512_setzero_ps();
    if (high) highs = _mm512_maskz_loadu_ps(first_lanes(count), high);
    __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(highs, lows);
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(order), halves);
}

TARGET DG_INLINE pairs_processor pack_joined_processor(const float *from, int count)
{
    uint32_t mask = (uint32_t)((1ull << 2 * count) - 1);
    __m512 first = _mm512_maskz_loadu_ps((__mmask16)mask, from);
    __m512 rest = _mm512_maskz_loadu_ps((__mmask16)(mask >> LANES), from + LANES);
    return (__m512i)_mm512_cvtne2ps_pbh(rest, first);
}

TARGET DG_INLINE void put_pairs_processor(uint32_t *to, pairs_processor pairs, int count)
{
    _mm512_mask_storeu_epi32(to, first_lanes(count), pairs);
}

TARGET DG_INLINE pairs_processor get_pairs_processor(const uint32_t *from)
{
    return _mm512_loadu_si512(from);
}

TARGET DG_INLINE void put_sums_processor(float *to, sums_processor sums, int count)
{
    _mm512_mask_storeu_ps(to, first_lanes(count), sums);
}

TARGET DG_INLINE sums_processor get_sums_processor(const float *from, int count)
{
    return _mm512_maskz_loadu_ps(first_lanes(count), from);
}

TARGET DG_INLINE sums_processor dot_processor(uint32_t a, pairs_processor b, sums_processor sums)
{
    return _mm512_dpbf16_ps(sums, (__m512bh)_mm512_set1_epi32((int)a), (__m512bh)b);
}

#define NAME(x) x##_processor
#define UNROLLED true
#include "engine/tensor/product_bfloat16_tile.h"
#undef NAME
#undef UNROLLED

enum { SAMPLES = 4096 };

/* A number of either sign and 24 bits, from 1/8 to 32. */
static float sample(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    uint32_t random = (uint32_t)(*state >> 32), bits = random & 0x807fffff;
    float value;
    bits |= (124 + (random >> 23 & 7)) << 23;
    memcpy(&value, &bits, sizeof value);
    return value;
}

TARGET static bool computes_exactly(void)
{
    uint64_t state = 1;
    for (int n = 0; n < SAMPLES; n += LANES) {
        float low[LANES], high[LANES], a[2], sums[LANES], expected[LANES];
        for (int i = 0; i < LANES; i++) {
            low[i] = sample(&state);
            high[i] = sample(&state);
            sums[i] = expected[i] = sample(&state);
            a[i % 2] = sample(&state);
        }
        pairs_plain b = pack_plain(low, high, LANES);
        uint32_t pair = pack_joined_plain(a, 1).at[0];
        for (int i = 0; i < LANES; i++) expected[i] = dg_bfloat16_dot(pair, b.at[i], expected[i]);
        sums_processor found =
            dot_processor(pair, pack_processor(low, high, LANES), get_sums_processor(sums, LANES));
        put_sums_processor(sums, found, LANES);
        if (memcmp(sums, expected, sizeof sums) != 0) return false;
    }
    return true;
}

#undef TARGET

__attribute__((constructor)) static void try_processor(void)
{
    bool has = dg_has_level(DG_LEVEL_V4) && __builtin_cpu_supports("avx512bf16");
    dg_bfloat16_found(has, has && computes_exactly());
}

void dg_multiply_bfloat16(const dg_product *product)
{
    if (dg_bfloat16() == DG_BFLOAT16_PROCESSOR)
        multiply_processor(product);
    else
        multiply_plain(product);
}

#else

__attribute__((constructor)) static void try_processor(void)
{
    dg_bfloat16_found(false, false);
}

void dg_multiply_bfloat16(const dg_product *product)
{
    multiply_plain(product);
}

#endif
