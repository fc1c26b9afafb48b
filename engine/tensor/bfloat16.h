/* Products in bfloat16, as the instruction vdpbf16ps of AVX512_BF16 computes them: factors of 8
 * bits, sums in float32. Intel's manual defines the instruction exactly, so processors that keep to
 * it give the same bits. bfloat16 is the upper half of a float32.
 *
 * Here is the instruction in plain C. It is the reference of the tests, and with
 * DIGITS_BFLOAT16=emulated takes the place of the instruction, on any processor, slowly. */
#ifndef DG_TENSOR_BFLOAT16_H
#define DG_TENSOR_BFLOAT16_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/status.h"

/* What the factors of products are rounded to. */
typedef enum dg_product_precision {
    DG_PRECISION_FLOAT32,
    DG_PRECISION_BFLOAT16
} dg_product_precision;

/* "float32", "bfloat16", NULL. */
extern const char *const dg_precision_names[];

/* How products in bfloat16 are computed. */
typedef enum dg_bfloat16_mode {
    DG_BFLOAT16_OFF,       /* not at all: this processor has no instructions for it */
    DG_BFLOAT16_PROCESSOR, /* by the processor, in kernels of the level x86-64-v4 */
    DG_BFLOAT16_EMULATED,  /* in plain C, with the same bits: for tests */
} dg_bfloat16_mode;

dg_bfloat16_mode dg_bfloat16(void);

/* Whether products in bfloat16 have the bits that are defined here: on all processors that keep to
 * the definition of the instruction. It is tried out when the program starts. */
bool dg_bfloat16_is_exact(void);

/* What products asked for in bfloat16 are computed in: "bfloat16"; "float32" where the mode is off;
 * "bfloat16, rounded otherwise" where they do not have the bits that are defined here. */
const char *dg_bfloat16_products(void);

/* Uses another mode, by name: "processor" (off where the processor cannot), "off" or "emulated"; of
 * anything else DG_INVALID. For tests, while no product is computed. */
dg_status dg_bfloat16_use(const char *name);

/* Tells once, before main, whether this processor has the instructions, and whether what it
 * computes from a number of samples is what is defined here. */
void dg_bfloat16_found(bool on_processor, bool is_exact);

/* Uses the mode that the environment variable DIGITS_BFLOAT16 names, or "processor". Runs before
 * main; a program calls it again to hear of a name that is refused, after which it is
 * "processor". */
dg_status dg_bfloat16_choose(void);

/* --- the instructions in plain C ------------------------------------------------------------ */

/* As vcvtneps2bf16: rounded to nearest, ties to even; denormals are zero. */
static inline uint16_t dg_bfloat16_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    if (magnitude < 0x00800000) return (uint16_t)(bits >> 16 & 0x8000);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float dg_float_without_denormals(uint32_t bits)
{
    float value;
    if ((bits & 0x7f800000) == 0) bits &= 0x80000000;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* a * b + c rounded once to float32, nearest, ties to even; denormal factors and results are zero.
 * The product is exact in double, and so is its sum with c once it is rounded to odd (S. Boldo, G.
 * Melquiond 2008): what is lost then decides no tie. */
static inline float dg_bfloat16_fma(uint16_t a, uint16_t b, float c)
{
    double product = (double)dg_float_without_denormals((uint32_t)a << 16) *
                     (double)dg_float_without_denormals((uint32_t)b << 16);
    double sum = product + (double)c, shift = sum - product;
    double lost = (product - (sum - shift)) + ((double)c - shift);
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if (isfinite(sum) && lost != 0 && !(bits & 1)) {
        bits += (lost > 0) == (sum > 0) ? 1 : UINT64_MAX;
        memcpy(&sum, &bits, sizeof sum);
    }
    /* what would round to the least normal number if exponents had no bound is not denormal */
    if (fabs(sum) < 0x1p-126 - 0x1p-151) return sum < 0 || (sum == 0 && signbit(sum)) ? -0.0f : 0;
    return (float)sum;
}

/* As vdpbf16ps, for one sum: of a pair, whose lower half is the earlier one, the upper half is
 * multiplied and added first. */
static inline float dg_bfloat16_dot(uint32_t a, uint32_t b, float sum)
{
    uint32_t bits;
    memcpy(&bits, &sum, sizeof bits);
    sum = dg_float_without_denormals(bits);
    sum = dg_bfloat16_fma((uint16_t)(a >> 16), (uint16_t)(b >> 16), sum);
    return dg_bfloat16_fma((uint16_t)a, (uint16_t)b, sum);
}

#endif
