/* The body of product_columns.c for one level of kernels (engine/base/each_level.h). */

typedef float NAME(lanes) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define AT(x) (*(const NAME(lanes) *)&(x))

/* `rows` times `vectors` vectors of C, from column j on, kept in registers over all of k. */
TARGET DG_INLINE void NAME(tile)(const int rows, const int vectors, const dg_product *p, int64_t j,
                                 const float *const *row, float *c)
{
    NAME(lanes) sum[ROWS][2];
    const float *at[ROWS], *b = p->b + j;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        at[i] = row[i] + j;
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            if (p->accumulate)
                sum[i][v] = AT(c[i * p->c_step + j + v * LANES]);
            else if (p->bias)
                sum[i][v] = AT(p->bias[j + v * LANES]);
            else
                sum[i][v] = (NAME(lanes)){ 0 };
        }
    }
    for (int64_t t = 0; t < p->k; t++) {
        int64_t depth = p->a.depth ? p->a.depth[t] : t * p->a.depth_step;
        NAME(lanes) b0 = AT(b[0]), b1 = b0;
        if (vectors == 2) b1 = AT(b[LANES]);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            sum[i][0] = VECTOR_FMA_EACH(AT(at[i][depth]), b0, sum[i][0]);
            if (vectors == 2) sum[i][1] = VECTOR_FMA_EACH(AT(at[i][depth + LANES]), b1, sum[i][1]);
        }
        b += p->b_step;
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            *(NAME(lanes) *)&c[i * p->c_step + j + v * LANES] = sum[i][v];
    }
}

/* Columns j and after, fewer than a vector has lanes. */
TARGET DG_INLINE void NAME(last_columns)(int rows, const dg_product *p, int64_t j,
                                         const float *const *row, float *c)
{
    for (; j < p->n; j++) {
        float sum[ROWS] = { 0 };
        for (int i = 0; i < rows; i++)
            if (p->accumulate || p->bias)
                sum[i] = p->accumulate ? c[i * p->c_step + j] : p->bias[j];
        for (int64_t t = 0; t < p->k; t++) {
            int64_t depth = p->a.depth ? p->a.depth[t] : t * p->a.depth_step;
            float b = p->b[t * p->b_step + j];
            for (int i = 0; i < rows; i++)
                sum[i] = dg_fma_float(FUSES, row[i][depth + j], b, sum[i]);
        }
        for (int i = 0; i < rows; i++) c[i * p->c_step + j] = sum[i];
    }
}

TARGET DG_INLINE void NAME(some_rows)(const int rows, const dg_product *p, const float *const *row,
                                      float *c)
{
    int64_t j = 0;
    for (; j + 2 * LANES <= p->n; j += 2 * LANES) NAME(tile)(rows, 2, p, j, row, c);
    for (; j + LANES <= p->n; j += LANES) NAME(tile)(rows, 1, p, j, row, c);
    NAME(last_columns)(rows, p, j, row, c);
}

TARGET static void NAME(multiply)(const dg_product *p)
{
    int64_t tiles = (p->m + ROWS - 1) / ROWS;
    int64_t least = p->m / tiles, longer = p->m % tiles; /* so many tiles have a row more */
    for (int64_t tile = 0, begin = 0; tile < tiles; tile++) {
        int64_t rows = least + (tile < longer);
        const float *row[ROWS];
        for (int64_t i = 0; i < rows; i++)
            row[i] = p->a.at + (p->a.row ? p->a.row[begin + i] : (begin + i) * p->a.row_step);
        float *c = p->c + begin * p->c_step;
        switch (rows) {
        case 1: NAME(some_rows)(1, p, row, c); break;
        case 2: NAME(some_rows)(2, p, row, c); break;
        case 3: NAME(some_rows)(3, p, row, c); break;
        case 4: NAME(some_rows)(4, p, row, c); break;
        case 5: NAME(some_rows)(5, p, row, c); break;
        case 6: NAME(some_rows)(6, p, row, c); break;
        }
        begin += rows;
    }
}

#undef AT
