/* The product at the heart of learners (Dense, Conv2D, KNeighbors): C = A B (+ C, or + a bias),
 * where the elements of A are picked from an array by offsets, so that the windows of a convolution
 * need not be copied into a matrix first.
 *
 * An element of C is summed in the same order whatever m is: rows are independent. One call
 * runs on one thread. Twice as fast as OpenBLAS's AVX2 sgemm with AVX-512, as fast with AVX2. */
#ifndef DG_TENSOR_PRODUCT_H
#define DG_TENSOR_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/tensor/bfloat16.h"

/* A {m, k}: A[i][t] = at[row(i) + depth(t)]. */
typedef struct dg_picked {
    const float *at;
    const int32_t *row, *depth; /* offsets in floats; NULL: i * row_step, t * depth_step */
    int64_t row_step, depth_step;
} dg_picked;

typedef struct dg_product {
    int64_t m, n, k; /* k may be 0 */
    dg_picked a;
    const float *b; /* {k, n}, rows b_step apart */
    int64_t b_step;
    const float *bias; /* {n}, or NULL; not read when accumulating */
    bool accumulate;
    float *c; /* {m, n}, rows c_step apart */
    int64_t c_step;
    dg_product_precision precision; /* of the factors; the sums are float32 */
} dg_product;

/* The width that pieces of n should be multiples of. */
enum { DG_PRODUCT_COLUMNS = 32 };

void dg_multiply(const dg_product *product);

/* out {columns, rows} = in {rows, columns} transposed. */
void dg_transpose(int64_t rows, int64_t columns, const float *in, int64_t in_step, float *out,
                  int64_t out_step);

#endif
