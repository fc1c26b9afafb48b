/* Includes the file LEVEL_BODY once for each level of kernels, for bodies that use vectors
 * themselves where the compiler does not find them. For each level are defined:
 *     NAME(x)             x with the suffix of the level: x_default, x_v3, x_v4
 *     TARGET              the attribute of its functions
 *     VECTOR_REGISTERS    how many there are
 *     LANES, LANES64      floats, and doubles, in a vector
 *     VECTOR_FMA(a, b, c), VECTOR_FMA64(a, b, c)
 *                         a number times a vector plus a vector, rounded once
 *     VECTOR_FMA_EACH(a, b, c)
 *                         a vector times a vector plus a vector, likewise
 *     FUSES               whether the level has FMA: the first argument of dg_fma_float
 *     VECTOR_HALVES_PRODUCT(a, b)
 *                         the products of the lower halves of the 64-bit lanes of two vectors
 * LEVEL_CALL(x, (arguments)) calls the function of the level in use. */
#include "engine/base/kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#undef LEVEL_CALL
#if defined(__x86_64__)
#define LEVEL_CALL(x, arguments)                                                                   \
    (dg_kernel_level == DG_LEVEL_V4   ? x##_v4 arguments                                           \
     : dg_kernel_level == DG_LEVEL_V3 ? x##_v3 arguments                                           \
                                      : x##_default arguments)
#else
#define LEVEL_CALL(x, arguments) x##_default arguments
#endif

/* --- default ------------------------------------------------------------------------------ */

#define NAME(x) x##_default
#define TARGET
#if defined(__aarch64__)
#define VECTOR_REGISTERS 32
#define LANES64 2
#define VECTOR_FMA(a, b, c) vfmaq_n_f32(c, b, a)
#define VECTOR_FMA64(a, b, c) vfmaq_n_f64(c, b, a)
#define VECTOR_FMA_EACH(a, b, c) vfmaq_f32(c, b, a)
#define VECTOR_HALVES_PRODUCT(a, b) vmull_u32(vmovn_u64(a), vmovn_u64(b))
#else
#define VECTOR_REGISTERS 16
#define LANES64 4
#if defined(__FMA__)
#define VECTOR_FMA_EACH(a, b, c) _mm_fmadd_ps(a, b, c)
#define VECTOR_FMA(a, b, c) _mm_fmadd_ps(_mm_set1_ps(a), b, c)
#define VECTOR_FMA64(a, b, c) _mm256_fmadd_pd(_mm256_set1_pd(a), b, c)
#else
#define VECTOR_FMA_EACH(a, b, c) ((a) * (b) + (c))
#define VECTOR_FMA(a, b, c) ((a) * (b) + (c))
#define VECTOR_FMA64(a, b, c) ((a) * (b) + (c))
#endif
#if defined(__x86_64__)
#define VECTOR_HALVES_PRODUCT(a, b) (typeof(a))_mm_mul_epu32((__m128i)(a), (__m128i)(b))
#else
#define VECTOR_HALVES_PRODUCT(a, b) (((a)&UINT32_MAX) * ((b)&UINT32_MAX))
#endif
#endif
#define LANES 4
#define FUSES DG_DEFAULT_FUSES
#include LEVEL_BODY
#undef NAME
#undef TARGET
#undef VECTOR_REGISTERS
#undef LANES
#undef LANES64
#undef FUSES
#undef VECTOR_FMA
#undef VECTOR_FMA_EACH
#undef VECTOR_FMA64
#undef VECTOR_HALVES_PRODUCT

#if defined(__x86_64__)

/* --- x86-64-v3 ---------------------------------------------------------------------------- */

#define NAME(x) x##_v3
#define TARGET DG_TARGET_V3
#define VECTOR_REGISTERS 16
#define LANES 8
#define LANES64 4
#define FUSES true
#define VECTOR_FMA_EACH(a, b, c) _mm256_fmadd_ps(a, b, c)
#define VECTOR_FMA(a, b, c) _mm256_fmadd_ps(_mm256_set1_ps(a), b, c)
#define VECTOR_FMA64(a, b, c) _mm256_fmadd_pd(_mm256_set1_pd(a), b, c)
#define VECTOR_HALVES_PRODUCT(a, b) (typeof(a))_mm256_mul_epu32((__m256i)(a), (__m256i)(b))
#include LEVEL_BODY
#undef NAME
#undef TARGET
#undef VECTOR_REGISTERS
#undef LANES
#undef FUSES
#undef VECTOR_FMA
#undef VECTOR_FMA_EACH
#undef VECTOR_HALVES_PRODUCT

/* --- x86-64-v4: doubles as before ------------------------------------------------------------ */

#define NAME(x) x##_v4
#define TARGET DG_TARGET_V4
#define VECTOR_REGISTERS 32
#define LANES 16
#define FUSES true
#define VECTOR_FMA_EACH(a, b, c) _mm512_fmadd_ps(a, b, c)
#define VECTOR_FMA(a, b, c) _mm512_fmadd_ps(_mm512_set1_ps(a), b, c)
#define VECTOR_HALVES_PRODUCT(a, b) (typeof(a))_mm512_mul_epu32((__m512i)(a), (__m512i)(b))
#include LEVEL_BODY
#undef NAME
#undef TARGET
#undef VECTOR_REGISTERS
#undef LANES
#undef LANES64
#undef FUSES
#undef VECTOR_FMA
#undef VECTOR_FMA_EACH
#undef VECTOR_FMA64
#undef VECTOR_HALVES_PRODUCT

#endif

#undef LEVEL_BODY
