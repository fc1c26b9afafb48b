/* The product in whole numbers for each level of kernels, and what surrounds it. */
#include "engine/tensor/product8.h"

#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/math.h"
#include "engine/base/memory.h"
#include "engine/parallel.h"

enum {
    COLUMNS = DG_PRODUCT8_COLUMNS,
    PANEL_STEP = 4 * COLUMNS
}; /* bytes of four rows of a panel */

static int64_t groups_of(int64_t k)
{
    return (k + 3) / 4;
}

static int64_t panels_of(int64_t n)
{
    return (n + COLUMNS - 1) / COLUMNS;
}

/* What is the same for all tiles of a strip of panels. */
struct strip8 {
    const int8_t *b;
    const int32_t *begin;
    int64_t panel_bytes, runs, groups, run_step; /* groups: of four bytes, in a run */
    int64_t sums_step;                           /* from a row of sums to the next */
};

static struct strip8 strip_of(const dg_product8 *p)
{
    return (struct strip8){ .panel_bytes = groups_of(p->b->k) * PANEL_STEP,
                            .runs = p->a.runs,
                            .groups = groups_of(p->b->k / p->a.runs),
                            .run_step = p->a.run_step };
}

/* min(y, 127), rounded to the nearest, ties to even, and at least `least`; no y is NaN. */
DG_INLINE uint8_t byte_of(float y, uint8_t least)
{
    y = y < DG_PRODUCT8_MOST ? y : DG_PRODUCT8_MOST;
    y = y > least ? y : least;
    /* a float of 2^23 or more has no fraction: what was added has rounded it */
    return (uint8_t)dg_bits_of_float(y + 0x1p23f);
}

/* --- levels --------------------------------------------------------------------------------- */

#define LEVEL_BODY "engine/tensor/product8_tile.h"
#include "engine/base/each_level.h"

#if defined(__x86_64__)
/* AVX-512 with the instruction vpdpbusd, and AVX2 with it. */
#define VNNI
#define NAME(x) x##_v4_vnni
#define TARGET __attribute__((target(DG_FEATURES_V4 ",avx512vnni")))
#define LANES 16
#include "engine/tensor/product8_tile.h"
#undef NAME
#undef TARGET
#undef LANES

#define NAME(x) x##_v3_vnni
#define TARGET __attribute__((target(DG_FEATURES_V3 ",avxvnni")))
#define LANES 8
#include "engine/tensor/product8_tile.h"
#undef NAME
#undef TARGET
#undef LANES
#undef VNNI

#include <cpuid.h>

static bool vnni[DG_LEVELS];

__attribute__((constructor)) static void find_vnni(void)
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        vnni[DG_LEVEL_V4] = dg_has_level(DG_LEVEL_V4) && (c >> 11 & 1);
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d))
        vnni[DG_LEVEL_V3] = dg_has_level(DG_LEVEL_V3) && (a >> 4 & 1);
}

bool dg_product8_has_vnni(void)
{
    return vnni[dg_kernel_level];
}
#else
bool dg_product8_has_vnni(void)
{
    return false;
}
#endif

void dg_multiply8(const dg_product8 *product)
{
#if defined(__x86_64__)
    if (vnni[dg_kernel_level]) {
        if (dg_kernel_level == DG_LEVEL_V4)
            multiply8_v4_vnni(product);
        else
            multiply8_v3_vnni(product);
        return;
    }
#endif
    LEVEL_CALL(multiply8, (product));
}

/* --- B ------------------------------------------------------------------------------------ */

static int64_t place_of(const dg_factor8 *factor, int64_t t, int64_t j)
{
    int64_t step = j / COLUMNS * groups_of(factor->k) + t / 4;
    return step * PANEL_STEP + j % COLUMNS * 4 + t % 4;
}

dg_status dg_factor8_new(dg_factor8 *out, int64_t k, int64_t n, const int8_t *b)
{
    int64_t columns = panels_of(n) * COLUMNS, groups = groups_of(k);
    char *memory;
    *out = (dg_factor8){ 0 };
    DG_TRY(dg_alloc_zero(&memory, columns * (groups * 4 + 12), 1));
    *out = (dg_factor8){ .k = k, .n = n, .panels = (int8_t *)memory };
    out->begin = (int32_t *)(memory + columns * groups * 4);
    out->scale = (float *)(out->begin + columns);
    out->shift = out->scale + columns;
    for (int64_t t = 0; t < k; t++)
        for (int64_t j = 0; j < n; j++) out->panels[place_of(out, t, j)] = b[t * n + j];
    return DG_OK;
}

void dg_factor8_begin(dg_factor8 *factor, int zero)
{
    for (int64_t j = 0; j < factor->n; j++) {
        int32_t sum = 0;
        for (int64_t t = 0; t < factor->k; t++) sum += factor->panels[place_of(factor, t, j)];
        factor->begin[j] = -zero * sum;
    }
}

void dg_factor8_values(const dg_factor8 *factor, int8_t *out)
{
    for (int64_t t = 0; t < factor->k; t++)
        for (int64_t j = 0; j < factor->n; j++)
            out[t * factor->n + j] = factor->panels[place_of(factor, t, j)];
}

void dg_factor8_free(dg_factor8 *factor)
{
    dg_free(factor->panels);
    *factor = (dg_factor8){ 0 };
}

/* --- bytes and floats --------------------------------------------------------------------- */

DG_PUBLIC_KERNEL(void, dg_bytes_of_floats,
                 (const float *restrict y, int64_t count, float inverse, float zero,
                  uint8_t *restrict out),
                 (y, count, inverse, zero, out))
{
    for (int64_t i = 0; i < count; i++) out[i] = byte_of(y[i] * inverse + zero, 0);
}

DG_PUBLIC_KERNEL(void, dg_floats_of_bytes,
                 (const uint8_t *restrict bytes, int64_t count, int zero, float scale,
                  float *restrict out),
                 (bytes, count, zero, scale, out))
{
    for (int64_t i = 0; i < count; i++) out[i] = (float)(bytes[i] - zero) * scale;
}
