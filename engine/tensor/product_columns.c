/* The product of columns for each level of kernels. */
#include "engine/tensor/product_columns.h"

/* Rows of C that are held in registers, times two vectors. */
enum { ROWS = 6 };

#define LEVEL_BODY "engine/tensor/product_columns_tile.h"
#include "engine/base/each_level.h"

void dg_multiply_columns(const dg_product *product)
{
    LEVEL_CALL(multiply, (product));
}
