/* The product for each level of kernels. */
#include "engine/tensor/product.h"

#include <string.h>

#include "engine/parallel.h"
#include "engine/tensor/product_bfloat16.h"

/* Steps of k that are done before the next strip of columns: a strip of B then stays in the first
 * level of the cache. */
enum { BLOCK = 256, SHORT_BLOCK = 16, PACKED_TILES = 4 };

/* What is the same for all tiles of a strip of columns. */
struct strip {
    enum { BEGIN_ZERO, BEGIN_BIAS, BEGIN_ADD } begin; /* what the sums begin with */
    int64_t k, b_step, c_step;
    const int64_t *depth; /* of A, from `a` */
    const float *a, *b, *bias;
};

#define LEVEL_BODY "engine/tensor/product_tile.h"
#include "engine/base/each_level.h"

void dg_multiply(const dg_product *product)
{
    if (product->precision == DG_PRECISION_BFLOAT16) {
        dg_multiply_bfloat16(product);
        return;
    }
    LEVEL_CALL(multiply, (product));
}

/* Four by four within registers. */
void dg_transpose(int64_t rows, int64_t columns, const float *in, int64_t in_step, float *out,
                  int64_t out_step)
{
    typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) {
        int64_t j = 0;
        for (; j + 4 <= columns; j += 4) {
            const float *from = in + i * in_step + j;
            four a = *(const four *)from, b = *(const four *)(from + in_step);
            four c = *(const four *)(from + 2 * in_step), d = *(const four *)(from + 3 * in_step);
            four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            four ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
            four cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            float *to = out + j * out_step + i;
            *(four *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
            *(four *)(to + out_step) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
            *(four *)(to + 2 * out_step) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
            *(four *)(to + 3 * out_step) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
        }
        for (; j < columns; j++)
            for (int r = 0; r < 4; r++) out[j * out_step + i + r] = in[(i + r) * in_step + j];
    }
    for (; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) out[j * out_step + i] = in[i * in_step + j];
}
