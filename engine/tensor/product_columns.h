/* Products of columns, for convolutions that do not mix channels: C = A B (+ C, or + a bias) where
 * every column has an A of its own, whose elements lie side by side with those of the others,
 *
 *     C[i][j] = sum over t of A[i][t][j] B[t][j],   A[i][t][j] = at[row(i) + depth(t) + j].
 *
 * Shapes, offsets and the order of the sums are those of dg_multiply (engine/tensor/product.h); the
 * precision is always float32. */
#ifndef DG_TENSOR_PRODUCT_COLUMNS_H
#define DG_TENSOR_PRODUCT_COLUMNS_H

#include "engine/tensor/product.h"

void dg_multiply_columns(const dg_product *product);

#endif
