/* The product of engine/tensor/product.h with factors in bfloat16. */
#ifndef DG_TENSOR_PRODUCT_BFLOAT16_H
#define DG_TENSOR_PRODUCT_BFLOAT16_H

#include "engine/tensor/product.h"

/* As dg_multiply: an element of C is one chain of dg_bfloat16_dot over pairs of steps of k. Expects
 * that dg_bfloat16() is not DG_BFLOAT16_OFF. */
void dg_multiply_bfloat16(const dg_product *product);

#endif
