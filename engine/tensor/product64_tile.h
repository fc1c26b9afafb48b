/* The body of product64.c for one level of kernels (engine/base/each_level.h). */

typedef double NAME(lanes64) __attribute__((vector_size(8 * LANES64)));
typedef double NAME(unaligned64) __attribute__((vector_size(8 * LANES64), aligned(8), may_alias));

/* `rows` times `vectors` vectors of C, kept in registers over all of k. */
TARGET DG_INLINE void NAME(tile64)(const int rows, const int vectors, const dg_product64 *p,
                                   int64_t row, int64_t column)
{
    NAME(lanes64) sum[TILE_ROWS][TILE_VECTORS];
    const double *a = p->a + row * p->a_row, *b = p->b + column;
    double *c = p->c + row * p->n + column;
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++)
            sum[i][v] = *(const NAME(unaligned64) *)&c[i * p->n + v * LANES64];
    for (int64_t t = 0; t < p->k; t++, b += p->n) {
        NAME(lanes64) from[TILE_VECTORS];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) from[v] = *(const NAME(unaligned64) *)&b[v * LANES64];
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++)
                sum[i][v] = VECTOR_FMA64(a[i * p->a_row + t * p->a_depth], from[v], sum[i][v]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++)
            *(NAME(unaligned64) *)&c[i * p->n + v * LANES64] = sum[i][v];
}

TARGET static void NAME(multiply64)(const dg_product64 *p)
{
    for (int64_t column = 0; column < p->n;) {
        int64_t vectors = (p->n - column) / LANES64, row = 0;
        if (vectors > TILE_VECTORS) vectors = TILE_VECTORS;
        for (; row + TILE_ROWS <= p->m; row += TILE_ROWS) {
            if (vectors == 3)
                NAME(tile64)(TILE_ROWS, 3, p, row, column);
            else if (vectors == 2)
                NAME(tile64)(TILE_ROWS, 2, p, row, column);
            else
                NAME(tile64)(TILE_ROWS, 1, p, row, column);
        }
        for (; row < p->m; row++) {
            if (vectors == 3)
                NAME(tile64)(1, 3, p, row, column);
            else if (vectors == 2)
                NAME(tile64)(1, 2, p, row, column);
            else
                NAME(tile64)(1, 1, p, row, column);
        }
        column += vectors * LANES64;
    }
}
