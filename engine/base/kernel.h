/* Kernels: functions that are built for several levels of instruction sets, one of which is chosen
 * when the program starts. One binary runs on any x86-64 and uses the instructions it finds.
 *
 *     DG_KERNEL(void, scale, (float *x, float by, int64_t count), (x, by, count))
 *     {
 *         for (int64_t i = 0; i < count; i++) x[i] *= by;
 *     }
 *
 * defines a static function scale(x, by, count); DG_PUBLIC_KERNEL defines one that other files
 * can call. A kernel has the same bits on every level that has FMA, hence on every processor that
 * has it, x86-64 or arm64, whatever the width of its vectors:
 * - The project is compiled without contraction. What is fused is written DG_FMA.
 * - Sums are written with engine/base/lanes.h, in an order that depends on the count only.
 * - exp, log and the like come from engine/base/math.h, not from libm.
 * Machines without FMA are the exception: there DG_FMA rounds twice.
 *
 * Within a kernel `fused` is a constant: whether its level has FMA. A helper that fuses has it as
 * its first parameter. Helpers are DG_INLINE, or they are code for the default level. */
#ifndef DG_BASE_KERNEL_H
#define DG_BASE_KERNEL_H

#include <stdbool.h>

#include "engine/base/status.h"

#define DG_INLINE static inline __attribute__((always_inline))

typedef enum dg_level {
    DG_LEVEL_DEFAULT, /* what the compiler was told to build for: any x86-64, any arm64 */
    DG_LEVEL_V3,      /* x86-64-v3: AVX2 and FMA */
    DG_LEVEL_V4,      /* x86-64-v4: AVX-512 */
    DG_LEVELS
} dg_level;

/* The level in use; read it, do not set it. It is the highest that the processor has, or the one
 * that the environment variable DIGITS_KERNEL names when the program starts. */
extern dg_level dg_kernel_level;

/* "x86-64-v4", "x86-64-v3" or "default"; and that of the level in use. */
const char *dg_level_name(dg_level level);
const char *dg_kernel_name(void);

/* Whether this processor and this build have the level. */
bool dg_has_level(dg_level level);

/* Whether the level in use has FMA. */
bool dg_kernel_fuses(void);

/* Uses another level, by name: for tests, while no kernel is running. DG_INVALID: there is no level
 * of that name, or this processor does not have it. */
dg_status dg_kernel_use(const char *name);

/* Uses the level that DIGITS_KERNEL names, or the highest. Runs before main; a program calls it
 * again to hear of a name that is refused: DG_INVALID as from dg_kernel_use, and the highest is
 * used. */
dg_status dg_kernel_choose(void);

/* --- a * b + c, rounded once --------------------------------------------------------------- */

DG_INLINE float dg_fma_float(bool fused, float a, float b, float c)
{
    return fused ? __builtin_fmaf(a, b, c) : a * b + c;
}

DG_INLINE double dg_fma_double(bool fused, double a, double b, double c)
{
    return fused ? __builtin_fma(a, b, c) : a * b + c;
}

#define DG_FMA(a, b, c)                                                                            \
    _Generic((a) * (b) + (c), float : dg_fma_float, double : dg_fma_double)(fused, a, b, c)

/* --- levels --------------------------------------------------------------------------------- */

#if defined(__FMA__) || defined(__aarch64__)
#define DG_DEFAULT_FUSES true
#else
#define DG_DEFAULT_FUSES false
#endif

#define DG_KERNEL(type, name, parameters, arguments)                                               \
    DG_ANY_KERNEL(static inline, type, name, parameters, arguments)
#define DG_PUBLIC_KERNEL(type, name, parameters, arguments)                                        \
    DG_ANY_KERNEL(, type, name, parameters, arguments)

#define DG_ANY_KERNEL(linkage, type, name, parameters, arguments)                                  \
    DG_INLINE type name##_kernel DG_WITH_FUSED parameters;                                         \
    DG_LEVEL_FUNCTIONS(type, name, parameters, arguments)                                          \
    linkage type name parameters                                                                   \
    {                                                                                              \
        DG_CALL_LEVEL(name, arguments)                                                             \
        return name##_kernel DG_FUSED_IS_DEFAULT arguments;                                        \
    }                                                                                              \
    DG_INLINE type name##_kernel DG_WITH_FUSED parameters

#define DG_WITH_FUSED(...) (const bool fused __attribute__((unused)), __VA_ARGS__)
#define DG_FUSED_IS_DEFAULT(...) (DG_DEFAULT_FUSES, __VA_ARGS__)
#define DG_FUSED_IS_TRUE(...) (true, __VA_ARGS__)

#if defined(__x86_64__)
/* What dg_has_level asks for, and no more; by features, which are added to those of -march=..., not
 * by arch=..., which takes their place, so that helpers could not be inlined. */
#define DG_FEATURES_V3 "avx2,fma,bmi,bmi2"
#define DG_FEATURES_V4 DG_FEATURES_V3 ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#define DG_TARGET_V3 __attribute__((target(DG_FEATURES_V3)))
#define DG_TARGET_V4 __attribute__((target(DG_FEATURES_V4)))
#define DG_LEVEL_FUNCTIONS(type, name, parameters, arguments)                                      \
    DG_TARGET_V3 static type name##_v3 parameters                                                  \
    {                                                                                              \
        return name##_kernel DG_FUSED_IS_TRUE arguments;                                           \
    }                                                                                              \
    DG_TARGET_V4 static type name##_v4 parameters                                                  \
    {                                                                                              \
        return name##_kernel DG_FUSED_IS_TRUE arguments;                                           \
    }
#define DG_CALL_LEVEL(name, arguments)                                                             \
    if (dg_kernel_level == DG_LEVEL_V4) return name##_v4 arguments;                                \
    if (dg_kernel_level == DG_LEVEL_V3) return name##_v3 arguments;
#else
#define DG_LEVEL_FUNCTIONS(type, name, parameters, arguments)
#define DG_CALL_LEVEL(name, arguments)
#endif

#endif
