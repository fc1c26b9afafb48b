/* The product for each instruction set, and the choice among them. */
#include "engine/tensor/product.h"

#include <stdatomic.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/base/kernel.h"

/* Steps of k that are done before the next strip of columns: a strip of B then stays in the first
 * level of the cache. */
enum { BLOCK = 256 };

/* What is the same for all tiles of a strip of columns. */
struct strip {
    enum { BEGIN_ZERO, BEGIN_BIAS, BEGIN_ADD } begin; /* what the sums begin with */
    int64_t k, b_step, c_step;
    const int64_t *depth;
    const float *b, *bias;
};

#define LANES 4
#define TILE_ROWS 6
#define TARGET
#define NAME(x) x##_default
#include "engine/tensor/product_tile.h"

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(DG_NO_CLONES)
#define HAS_LEVELS 1

#define LANES 8
#define TILE_ROWS 6
#define TARGET __attribute__((target("arch=x86-64-v3")))
#define NAME(x) x##_v3
#include "engine/tensor/product_tile.h"

#define LANES 16
#define TILE_ROWS 12
#define TARGET __attribute__((target("arch=x86-64-v4")))
#define NAME(x) x##_v4
#include "engine/tensor/product_tile.h"
#endif

dg_multiply_function *dg_multiply_for(const char *kernel_name)
{
#ifdef HAS_LEVELS
    __builtin_cpu_init();
    if (strcmp(kernel_name, "x86-64-v4") == 0)
        return __builtin_cpu_supports("x86-64-v4") ? multiply_v4 : NULL;
    if (strcmp(kernel_name, "x86-64-v3") == 0)
        return __builtin_cpu_supports("x86-64-v3") ? multiply_v3 : NULL;
#endif
    return strcmp(kernel_name, "default") == 0 ? multiply_default : NULL;
}

/* Chosen by the first product. Threads that race for it store the same. */
static _Atomic(dg_multiply_function *) chosen;

void dg_multiply(const dg_product *product)
{
    dg_multiply_function *multiply = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!multiply) {
        multiply = dg_multiply_for(dg_kernel_name());
        atomic_store_explicit(&chosen, multiply, memory_order_relaxed);
    }
    multiply(product);
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
