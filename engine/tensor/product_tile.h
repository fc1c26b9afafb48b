/* The body of product.c for one level of kernels (engine/base/each_level.h).
 *
 * The compiler's own vector types are what pays here: it does not vectorise these sums by itself.
 * 223 GFLOP/s a core against 103 of OpenBLAS's AVX2 kernel, for 48x4608x128 on a Zen 5. */

/* Rows of C that are held in registers, times two vectors; of fewer rows more vectors. */
#define TILE_ROWS (VECTOR_REGISTERS == 32 ? 12 : 6)
enum { NAME(most_vectors) = 8 };

typedef float NAME(lanes) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* `rows` times `vectors` vectors of C, kept in registers over all of k. */
TARGET DG_INLINE void NAME(tile)(const int rows, const int vectors, const struct strip *strip,
                                 const float *const *row, float *c)
{
    NAME(lanes) sum[TILE_ROWS][NAME(most_vectors)], part[NAME(most_vectors)];
    const float *at[TILE_ROWS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        at[i] = row[i];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            if (strip->begin == BEGIN_ADD)
                sum[i][v] = *(const NAME(lanes) *)&c[i * strip->c_step + v * LANES];
            else if (strip->begin == BEGIN_BIAS)
                sum[i][v] = *(const NAME(lanes) *)&strip->bias[v * LANES];
            else
                sum[i][v] = (NAME(lanes)){ 0 };
        }
    }
    const float *b = strip->b;
    for (int64_t t = 0; t < strip->k; t++) {
        int64_t depth = strip->depth[t];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) part[v] = *(const NAME(lanes) *)&b[v * LANES];
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[i][v] = VECTOR_FMA(at[i][depth], part[v], sum[i][v]);
        }
        b += strip->b_step;
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            *(NAME(lanes) *)&c[i * strip->c_step + v * LANES] = sum[i][v];
    }
}

TARGET static void NAME(some_rows)(int rows, int vectors, const struct strip *strip,
                                   const float *const *row, float *c)
{
#define CASE(r)                                                                                    \
    case r:                                                                                        \
        if (r > TILE_ROWS) break;                                                                  \
        if (r == 1 && vectors == 8)                                                                \
            NAME(tile)(1, 8, strip, row, c);                                                       \
        else if (r <= 2 && vectors == 4)                                                           \
            NAME(tile)(r <= 2 ? r : 1, 4, strip, row, c);                                          \
        else if (vectors == 2)                                                                     \
            NAME(tile)(r > TILE_ROWS ? 1 : r, 2, strip, row, c);                                   \
        else                                                                                       \
            NAME(tile)(r > TILE_ROWS ? 1 : r, 1, strip, row, c);                                   \
        break;
    switch (rows) {
        CASE(1)
        CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
    }
#undef CASE
}

/* All rows of C for one strip of columns. */
TARGET static void NAME(all_rows)(const dg_product *p, int vectors, const struct strip *strip,
                                  float *c)
{
    int64_t tiles = 1, least = p->m, longer = 0;
    if (p->m > TILE_ROWS) { /* divisions take longer than a few rows */
        tiles = (p->m + TILE_ROWS - 1) / TILE_ROWS;
        least = p->m / tiles;
        longer = p->m % tiles; /* so many tiles have a row more */
    }
    const float *row[TILE_ROWS];
    for (int64_t tile = 0, begin = 0; tile < tiles; tile++) {
        int rows = (int)(least + (tile < longer));
        for (int i = 0; i < rows; i++)
            row[i] = strip->a + (p->a.row ? p->a.row[begin + i] : (begin + i) * p->a.row_step);
        NAME(some_rows)(rows, vectors, strip, row, c + begin * strip->c_step);
        begin += rows;
    }
}

/* Fewer columns than a vector has lanes: by way of copies filled up with zeros. */
TARGET static void NAME(few_columns)(const dg_product *p, int columns, const struct strip *strip,
                                     float *c)
{
    float b[BLOCK * LANES], sums[TILE_ROWS * LANES], bias[LANES] = { 0 };
    memset(b, 0, (size_t)strip->k * LANES * sizeof *b);
    for (int64_t t = 0; t < strip->k; t++)
        memcpy(&b[t * LANES], strip->b + t * strip->b_step, (size_t)columns * sizeof *b);
    if (strip->begin == BEGIN_BIAS) memcpy(bias, strip->bias, (size_t)columns * sizeof *b);
    struct strip wide = *strip;
    wide.b = b;
    wide.b_step = wide.c_step = LANES;
    wide.bias = bias;
    dg_product part = *p;
    for (int64_t i = 0; i < p->m; i += TILE_ROWS) {
        part.m = p->m - i < TILE_ROWS ? p->m - i : TILE_ROWS;
        if (p->a.row)
            part.a.row = p->a.row + i;
        else
            wide.a = strip->a + i * p->a.row_step;
        for (int64_t r = 0; r < part.m && strip->begin == BEGIN_ADD; r++) {
            memset(&sums[r * LANES], 0, LANES * sizeof *sums);
            memcpy(&sums[r * LANES], c + (i + r) * strip->c_step, (size_t)columns * sizeof *c);
        }
        NAME(all_rows)(&part, 1, &wide, sums);
        for (int64_t r = 0; r < part.m; r++)
            memcpy(c + (i + r) * strip->c_step, &sums[r * LANES], (size_t)columns * sizeof *c);
    }
}

/* Whether a strip of B is worth a copy without gaps: it is read for many tiles, and lines that lie
 * far apart would share a few places of the first level of the cache. */
static bool NAME(packs)(const dg_product *p, int64_t k)
{
    return p->m >= PACKED_TILES * TILE_ROWS && p->b_step > 2 * LANES && k > 16;
}

TARGET static void NAME(pack)(const dg_product *p, int vectors, struct strip *strip, float *to)
{
    enum { AHEAD = 16 }; /* rows: the processor does not foresee steps as long as theirs */
    const float *from = strip->b;
    for (int64_t t = 0; t < strip->k; t++, from += p->b_step) {
        __builtin_prefetch(from + AHEAD * p->b_step);
        for (int v = 0; v < vectors; v++)
            ((NAME(lanes) *)to)[t * vectors + v] = ((const NAME(lanes) *)from)[v];
    }
    strip->b = to;
    strip->b_step = vectors * LANES;
}

/* Few rows read each element of B once: in short blocks of all columns, that is in the order in
 * which they lie in memory. One row of 4608 by 128 columns: 34 against 55 us. */
TARGET static void NAME(multiply)(const dg_product *p)
{
    int widest = p->m == 1 ? NAME(most_vectors) : p->m == 2 ? 4 : 2;
    int64_t length = p->m <= TILE_ROWS && p->n > widest * LANES ? SHORT_BLOCK : BLOCK;
    int64_t blocks = p->k > length ? (p->k + length - 1) / length : 1;
    int64_t least = p->k / blocks, longer = p->k % blocks; /* so many blocks have a step more */
    int64_t depth[BLOCK];
    for (int64_t t = 0; !p->a.depth && t <= least && t < BLOCK; t++) depth[t] = t * p->a.depth_step;
    for (int64_t block = 0, first = 0; block < blocks; block++) {
        float packed[BLOCK * 2 * LANES] __attribute__((aligned(64)));
        struct strip strip = { .k = least + (block < longer),
                               .a = p->a.at + (p->a.depth ? 0 : first * p->a.depth_step),
                               .depth = depth,
                               .c_step = p->c_step };
        for (int64_t t = 0; p->a.depth && t < strip.k; t++) depth[t] = p->a.depth[first + t];
        strip.begin = p->accumulate || block ? BEGIN_ADD : p->bias ? BEGIN_BIAS : BEGIN_ZERO;
        for (int64_t j = 0; j < p->n;) {
            int64_t left = p->n - j;
            int vectors = widest;
            while (vectors > 1 && left < vectors * LANES) vectors /= 2;
            strip.b = p->b + first * p->b_step + j;
            strip.b_step = p->b_step;
            strip.bias = p->bias ? p->bias + j : NULL;
            if (left >= LANES && NAME(packs)(p, strip.k)) NAME(pack)(p, vectors, &strip, packed);
            if (left >= LANES)
                NAME(all_rows)(p, vectors, &strip, p->c + j);
            else
                NAME(few_columns)(p, (int)left, &strip, p->c + j);
            j += vectors * LANES;
        }
        first += strip.k;
    }
}

#undef TILE_ROWS
