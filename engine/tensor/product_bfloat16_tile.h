/* The body of product_bfloat16.c, once in the instructions of the processor and once in plain C.
 *
 *     NAME(x)   x with the suffix of the one or the other, of what product_bfloat16.c defines, too
 *     TARGET    the attribute of its functions
 *     UNROLLED  whether to build the tile for each number of rows, to keep its sums in registers */

/* `rows` rows of C times `columns` columns, in one or two vectors, over all pairs of the block. */
TARGET DG_INLINE void NAME(sum_tile)(const int rows, const int vectors, const bool by_pairs,
                                     const struct block *block, const struct tile *tile,
                                     const struct strip *strip, float *c)
{
    NAME(sums) sum[TILE_ROWS][2];
    const int64_t c_step = block->p->c_step;
    const int count[2] = { strip->columns < LANES ? strip->columns : LANES,
                           strip->columns - LANES };
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            const float *from = block->begin == BEGIN_BIAS ? strip->bias : c + i * c_step;
            int meant = block->begin == BEGIN_ZERO ? 0 : count[v];
            sum[i][v] = NAME(get_sums)(from + v * LANES, meant);
        }
    }
    const uint32_t *b = strip->b, *a = tile->pair;
    for (int s = 0; s < block->pairs; s++) {
        NAME(pairs) b0 = NAME(get_pairs)(b), b1 = b0;
        if (vectors == 2) b1 = NAME(get_pairs)(b + LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            uint32_t pair = by_pairs ? a[i] : a[i * PAIRS];
            sum[i][0] = NAME(dot)(pair, b0, sum[i][0]);
            if (vectors == 2) sum[i][1] = NAME(dot)(pair, b1, sum[i][1]);
        }
        a += by_pairs ? TILE_ROWS : 1;
        b += STRIP;
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            NAME(put_sums)(c + i * c_step + v * LANES, sum[i][v], count[v]);
    }
}

TARGET static void NAME(sum)(const struct block *block, const struct tile *tile,
                             const struct strip *strip, float *c)
{
    int vectors = strip->columns > LANES ? 2 : 1;
    if (!UNROLLED) {
        NAME(sum_tile)(tile->rows, vectors, tile->by_pairs, block, tile, strip, c);
        return;
    }
#if UNROLLED
#define CASE(r)                                                                                    \
    case 4 * r: NAME(sum_tile)(r, 1, false, block, tile, strip, c); break;                         \
    case 4 * r + 1: NAME(sum_tile)(r, 1, true, block, tile, strip, c); break;                      \
    case 4 * r + 2: NAME(sum_tile)(r, 2, false, block, tile, strip, c); break;                     \
    case 4 * r + 3: NAME(sum_tile)(r, 2, true, block, tile, strip, c); break;
    switch (4 * tile->rows + 2 * (vectors == 2) + tile->by_pairs) {
        CASE(1)
        CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
    }
#undef CASE
#endif
}

/* --- packing ------------------------------------------------------------------------------ */

/* Vectors of neighbouring rows, for each pair. */
TARGET static void NAME(pack_by_pairs)(const struct block *block, int64_t row, struct tile *tile)
{
    for (int i = 0, rows; i < tile->rows; i += rows) {
        const float *at = block->p->a.at + row_offset(block->p, row + i);
        rows = joined_rows(block->p, row + i, tile->rows - i);
        for (int r = 0; r < block->runs; r++) {
            const struct run *run = &block->run[r];
            for (int s = 0; s < run->count; s++) {
                const float *low = at + run->low + 2 * s;
                const float *high = run->joined         ? low + 1
                                    : run->high == NONE ? NULL
                                                        : at + run->high;
                NAME(put_pairs)
                (&tile->pair[(run->first + s) * TILE_ROWS + i], NAME(pack)(low, high, rows), rows);
            }
        }
    }
}

/* Vectors of neighbouring pairs, for each row. */
TARGET static void NAME(pack_by_rows)(const struct block *block, int64_t row, struct tile *tile)
{
    for (int i = 0; i < tile->rows; i++) {
        const float *at = block->p->a.at + row_offset(block->p, row + i);
        for (int r = 0; r < block->runs; r++) {
            const struct run *run = &block->run[r];
            uint32_t *to = &tile->pair[i * PAIRS + run->first];
            if (!run->joined) {
                const float *high = run->high == NONE ? NULL : at + run->high;
                NAME(put_pairs)(to, NAME(pack)(at + run->low, high, 1), 1);
            }
            for (int s = 0; s < run->count && run->joined; s += LANES) {
                int count = run->count - s < LANES ? run->count - s : LANES;
                NAME(put_pairs)(to + s, NAME(pack_joined)(at + run->low + 2 * s, count), count);
            }
        }
    }
}

/* Columns first .. first+columns-1 of B: for each strip {pairs, STRIP}, where columns that are not
 * there are zero. */
TARGET static void NAME(pack_columns)(const struct block *block, int64_t first, int columns,
                                      uint32_t *panel)
{
    const dg_product *p = block->p;
    for (int j = 0; j < columns; j += STRIP)
        for (int s = 0; s < block->pairs; s++) {
            const float *low = p->b + (block->first + 2 * s) * p->b_step + first + j;
            const float *high = 2 * s + 1 < block->steps ? low + p->b_step : NULL;
            for (int v = 0; v < STRIP && j + v < columns; v += LANES) {
                int left = columns - j - v, count = left < LANES ? left : LANES;
                NAME(put_pairs)
                (panel + v, NAME(pack)(low + v, high ? high + v : NULL, count), LANES);
            }
            panel += STRIP;
        }
}

/* --- the whole ---------------------------------------------------------------------------- */

/* All rows of C for columns first .. first+columns-1, which are packed. */
TARGET static void NAME(all_rows)(const struct block *block, int64_t first, int columns,
                                  const uint32_t *panel)
{
    const dg_product *p = block->p;
    int64_t tiles = (p->m + TILE_ROWS - 1) / TILE_ROWS;
    struct tile tile;
    for (int64_t t = 0; t < tiles; t++) {
        int64_t row = dg_piece_begin(p->m, tiles, t);
        tile.rows = (int)(dg_piece_begin(p->m, tiles, t + 1) - row);
        tile.by_pairs = packs_by_pairs(block, row, tile.rows);
        if (tile.by_pairs)
            NAME(pack_by_pairs)(block, row, &tile);
        else
            NAME(pack_by_rows)(block, row, &tile);
        for (int j = 0; j < columns; j += STRIP) {
            struct strip strip = { .b = panel + (int64_t)j * block->pairs,
                                   .bias = p->bias ? p->bias + first + j : NULL,
                                   .columns = columns - j < STRIP ? columns - j : STRIP };
            NAME(sum)(block, &tile, &strip, p->c + row * p->c_step + first + j);
        }
    }
}

TARGET static void NAME(multiply)(const dg_product *p)
{
    uint32_t panel[PAIRS * PANEL] __attribute__((aligned(64)));
    struct block block = { .p = p };
    int64_t blocks = p->k > BLOCK ? (p->k + BLOCK - 1) / BLOCK : 1;
    for (int64_t n = 0; n < blocks; n++) {
        block.first = n * BLOCK;
        block.steps = (int)(p->k - block.first < BLOCK ? p->k - block.first : BLOCK);
        block.pairs = (block.steps + 1) / 2;
        block.begin = p->accumulate || n ? BEGIN_ADD : p->bias ? BEGIN_BIAS : BEGIN_ZERO;
        find_runs(&block);
        for (int64_t first = 0; first < p->n; first += PANEL) {
            int columns = (int)(p->n - first < PANEL ? p->n - first : PANEL);
            NAME(pack_columns)(&block, first, columns, panel);
            NAME(all_rows)(&block, first, columns, panel);
        }
    }
}
