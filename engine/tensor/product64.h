/* Products of matrices of doubles, where floats have too few digits: C += A B. An element of C
 * is summed in the order of k whatever m and n are. One call runs on one thread. */
#ifndef DG_TENSOR_PRODUCT64_H
#define DG_TENSOR_PRODUCT64_H

#include <stdint.h>

enum { DG_LANES64 = 4 }; /* n is a multiple of this */

typedef struct dg_product64 {
    int64_t m, n, k;
    const double *a; /* {m, k}: A[i][t] = a[i a_row + t a_depth] */
    int64_t a_row, a_depth;
    const double *b; /* {k, n} */
    double *c;       /* {m, n} */
} dg_product64;

void dg_multiply64(const dg_product64 *product);

#endif
