/* The body of product8.c for one level of kernels (engine/base/each_level.h); with VNNI, for one
 * that has vpdpbusd. */

/* Rows of C that are held in registers, times two vectors. */
#if LANES == 16
#define TILE_ROWS 12
#elif LANES == 8
#define TILE_ROWS 5
#else
#define TILE_ROWS 1
#endif

/* Vectors of sums in a panel, and in a tile. */
#define WIDE (COLUMNS / LANES)
#define MOST_VECTORS (LANES == 16 ? 2 : WIDE)

/* --- vectors ------------------------------------------------------------------------------ */

#if LANES == 16
typedef __m512i NAME(sums);
#define LOAD(at) _mm512_loadu_si512(at)
#define STORE(at, value) _mm512_storeu_si512(at, value)
#elif LANES == 8
typedef __m256i NAME(sums);
#define LOAD(at) _mm256_loadu_si256((const __m256i *)(at))
#define STORE(at, value) _mm256_storeu_si256((__m256i *)(at), value)
#else
typedef int32_t NAME(sums) __attribute__((vector_size(16), aligned(4), may_alias));
#define LOAD(at) (*(const NAME(sums) *)(at))
#define STORE(at, value) (*(NAME(sums) *)(at) = (value))
#endif

/* sum[j] += the four bytes at `a` times the four of column j. */
TARGET DG_INLINE NAME(sums) NAME(dot)(NAME(sums) sum, const uint8_t *a, const int8_t *b)
{
    int32_t four;
    memcpy(&four, a, sizeof four);
#if LANES == 16 && defined(VNNI)
    return _mm512_dpbusd_epi32(sum, _mm512_set1_epi32(four), LOAD(b));
#elif LANES == 16
    __m512i pairs = _mm512_maddubs_epi16(_mm512_set1_epi32(four), LOAD(b));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#elif LANES == 8 && defined(VNNI)
    return _mm256_dpbusd_avx_epi32(sum, _mm256_set1_epi32(four), LOAD(b));
#elif LANES == 8
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi32(four), LOAD(b));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#elif defined(__aarch64__)
    int8x16_t columns = vld1q_s8(b);
    int8x8_t bytes = vreinterpret_s8_s32(vdup_n_s32(four));
    int16x8_t first = vmull_s8(bytes, vget_low_s8(columns));
    int16x8_t second = vmull_s8(bytes, vget_high_s8(columns));
    return (NAME(sums))vpadalq_s16((int32x4_t)sum, vpaddq_s16(first, second));
#else
    for (int j = 0; j < LANES; j++)
        sum[j] += a[0] * b[4 * j] + a[1] * b[4 * j + 1] + a[2] * b[4 * j + 2] + a[3] * b[4 * j + 3];
    return sum;
#endif
}

/* --- sums become numbers ------------------------------------------------------------------ */

/* The floats of LANES columns. */
TARGET DG_INLINE void NAME(keep)(NAME(sums) sum, const float *scale, const float *shift, float *out)
{
#if LANES == 16
    __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(scale));
    _mm512_storeu_ps(out, _mm512_add_ps(y, _mm512_loadu_ps(shift)));
#elif LANES == 8
    __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(scale));
    _mm256_storeu_ps(out, _mm256_add_ps(y, _mm256_loadu_ps(shift)));
#else
    for (int j = 0; j < LANES; j++) out[j] = (float)sum[j] * scale[j] + shift[j];
#endif
}

/* The bytes of a panel. Conversions to whole numbers round to nearest even, and what is too small
 * for them becomes the least one; packing clips at 127. */
TARGET DG_INLINE void NAME(narrow)(const NAME(sums) * sum, const float *scale, const float *shift,
                                   uint8_t least, uint8_t *out)
{
#if LANES == 16
    __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(*sum), _mm512_loadu_ps(scale));
    y = _mm512_min_ps(_mm512_add_ps(y, _mm512_loadu_ps(shift)), _mm512_set1_ps(DG_PRODUCT8_MOST));
    __m128i bytes = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(y));
    _mm_storeu_si128((__m128i *)out, _mm_max_epi8(bytes, _mm_set1_epi8((char)least)));
#elif LANES == 8
    __m256i whole[WIDE];
    for (int v = 0; v < WIDE; v++) {
        __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[v]), _mm256_loadu_ps(scale + v * LANES));
        y = _mm256_add_ps(y, _mm256_loadu_ps(shift + v * LANES));
        whole[v] = _mm256_cvtps_epi32(_mm256_min_ps(y, _mm256_set1_ps(DG_PRODUCT8_MOST)));
    }
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(whole[0], whole[1]), 0xD8);
    __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)out, _mm_max_epi8(bytes, _mm_set1_epi8((char)least)));
#else
    for (int j = 0; j < COLUMNS; j++)
        out[j] = byte_of((float)sum[j / LANES][j % LANES] * scale[j] + shift[j], least);
#endif
}

/* Sums of `rows` rows {rows, COLUMNS} go to C, from row `row` and column `first` on. */
TARGET static void NAME(finish)(const dg_product8 *p, const struct strip8 *strip, int64_t first,
                                const int32_t *sums, int64_t row, int rows)
{
    const float *scale = p->b->scale + first, *shift = p->b->shift + first;
    int64_t n = p->b->n, columns = n - first < COLUMNS ? n - first : COLUMNS;
    for (int i = 0; i < rows; i++, sums += strip->sums_step) {
        int64_t at = (row + i) * n + first;
        NAME(sums) sum[WIDE];
        float floats[COLUMNS];
        uint8_t bytes[COLUMNS];
        for (int v = 0; v < WIDE; v++) sum[v] = LOAD(sums + v * LANES);
        if (p->floats) {
            for (int v = 0; v < WIDE; v++)
                NAME(keep)(sum[v], scale + v * LANES, shift + v * LANES, floats + v * LANES);
            memcpy(p->floats + at, floats, (size_t)columns * sizeof *floats);
        } else if (columns == COLUMNS) {
            NAME(narrow)(sum, scale, shift, p->least, p->bytes + at);
        } else {
            NAME(narrow)(sum, scale, shift, p->least, bytes);
            memcpy(p->bytes + at, bytes, (size_t)columns);
        }
    }
}

/* --- tiles -------------------------------------------------------------------------------- */

/* `rows` times `vectors` vectors of sums, kept in registers over all of k. */
TARGET DG_INLINE void NAME(tile)(const int rows, const int vectors, const struct strip8 *strip,
                                 const uint8_t *const *row, int32_t *sums)
{
    const int8_t *b = strip->b;
    const int64_t next = LANES == COLUMNS ? strip->panel_bytes : 4 * LANES; /* vector of b */
    NAME(sums) sum[TILE_ROWS][MOST_VECTORS];
    const uint8_t *at[TILE_ROWS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        at[i] = row[i];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sum[i][v] = LOAD(strip->begin + v * LANES);
    }
    for (int64_t run = 0; run < strip->runs; run++) {
        int64_t depth = run * strip->run_step;
        for (int64_t t = 0; t < strip->groups; t++, b += PANEL_STEP, depth += 4) {
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
                for (int v = 0; v < vectors; v++)
                    sum[i][v] = NAME(dot)(sum[i][v], at[i] + depth, b + v * next);
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) STORE(sums + i * vectors * LANES + v * LANES, sum[i][v]);
    }
}

TARGET static void NAME(some_rows)(int rows, int vectors, const struct strip8 *strip,
                                   const uint8_t *const *row, int32_t *sums)
{
#define CASE(r)                                                                                    \
    case r:                                                                                        \
        if (r > TILE_ROWS) break;                                                                  \
        if (vectors == MOST_VECTORS)                                                               \
            NAME(tile)(r > TILE_ROWS ? 1 : r, MOST_VECTORS, strip, row, sums);                     \
        else                                                                                       \
            NAME(tile)(r > TILE_ROWS ? 1 : r, WIDE, strip, row, sums);                             \
        break;
    switch (rows) {
        CASE(1)
        CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
    }
#undef CASE
}

/* All rows of C for one strip of panels. */
TARGET static void NAME(strip)(const dg_product8 *p, int vectors, const struct strip8 *strip,
                               int64_t first)
{
    int32_t sums[TILE_ROWS * MOST_VECTORS * LANES];
    int64_t tiles = (p->m + TILE_ROWS - 1) / TILE_ROWS;
    for (int64_t tile = 0; tile < tiles; tile++) {
        int64_t begin = dg_piece_begin(p->m, tiles, tile);
        int rows = (int)(dg_piece_begin(p->m, tiles, tile + 1) - begin);
        const uint8_t *row[TILE_ROWS];
        for (int i = 0; i < rows; i++)
            row[i] = p->a.at + (p->a.row ? p->a.row[begin + i] : (begin + i) * p->a.row_step);
        NAME(some_rows)(rows, vectors, strip, row, sums);
        for (int panel = 0; panel < vectors / WIDE; panel++)
            NAME(finish)(p, strip, first + panel * COLUMNS, sums + panel * COLUMNS, begin, rows);
    }
}

TARGET static void NAME(multiply8)(const dg_product8 *p)
{
    const dg_factor8 *b = p->b;
    struct strip8 strip = strip_of(p);
    int64_t panels = panels_of(b->n);
    for (int64_t panel = 0; panel < panels;) {
        int vectors = panels - panel >= MOST_VECTORS / WIDE ? MOST_VECTORS : WIDE;
        strip.b = b->panels + panel * strip.panel_bytes;
        strip.begin = b->begin + panel * COLUMNS;
        strip.sums_step = vectors * LANES;
        NAME(strip)(p, vectors, &strip, panel * COLUMNS);
        panel += vectors / WIDE;
    }
}

#undef TILE_ROWS
#undef WIDE
#undef MOST_VECTORS
#undef LOAD
#undef STORE
