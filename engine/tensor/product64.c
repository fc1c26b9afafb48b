#include "engine/tensor/product64.h"

#include "engine/base/kernel.h"

enum { TILE_ROWS = 4, TILE_VECTORS = 3 };
typedef double lanes __attribute__((vector_size(8 * DG_LANES64), aligned(8), may_alias));

/* `rows` times `vectors` vectors of C, kept in registers over all of k. */
static inline __attribute__((always_inline)) void tile(const int rows, const int vectors,
                                                       const dg_product64 *p, int64_t row,
                                                       int64_t column)
{
    lanes sum[TILE_ROWS][TILE_VECTORS];
    const double *a = p->a + row * p->a_row, *b = p->b + column;
    double *c = p->c + row * p->n + column;
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) sum[i][v] = *(const lanes *)&c[i * p->n + v * DG_LANES64];
    for (int64_t t = 0; t < p->k; t++, b += p->n) {
        lanes from[TILE_VECTORS];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) from[v] = *(const lanes *)&b[v * DG_LANES64];
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++)
                sum[i][v] += a[i * p->a_row + t * p->a_depth] * from[v];
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) *(lanes *)&c[i * p->n + v * DG_LANES64] = sum[i][v];
}

DG_KERNEL void dg_multiply64(const dg_product64 *p)
{
    for (int64_t column = 0; column < p->n;) {
        int64_t vectors = (p->n - column) / DG_LANES64, row = 0;
        if (vectors > TILE_VECTORS) vectors = TILE_VECTORS;
        for (; row + TILE_ROWS <= p->m; row += TILE_ROWS) {
            if (vectors == 3)
                tile(TILE_ROWS, 3, p, row, column);
            else if (vectors == 2)
                tile(TILE_ROWS, 2, p, row, column);
            else
                tile(TILE_ROWS, 1, p, row, column);
        }
        for (; row < p->m; row++) {
            if (vectors == 3)
                tile(1, 3, p, row, column);
            else if (vectors == 2)
                tile(1, 2, p, row, column);
            else
                tile(1, 1, p, row, column);
        }
        column += vectors * DG_LANES64;
    }
}
