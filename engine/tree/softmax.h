/* Margins into probabilities, many rows at once. */
#ifndef DG_TREE_SOFTMAX_H
#define DG_TREE_SOFTMAX_H

#include <stdint.h>

enum { DG_SOFTMAX_BLOCK = 256 };

/* For n <= DG_SOFTMAX_BLOCK rows: output k of row i is margin[k * rows + i], and its probability
 * becomes p[k * DG_SOFTMAX_BLOCK + i]; best[i]: the likeliest output, the first of equals. */
void dg_softmax_block(const float *margin, int64_t rows, int64_t outputs, int64_t n, float *p,
                      int32_t *best);
void dg_sigmoid_block(const float *margin, int64_t n, float *p);

/* One row with its outputs side by side. */
void dg_softmax_row(const float *margin, int64_t count, float *out);

#endif
