/* Reading elements of one type as another. */
#include "engine/tensor/convert.h"

#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"

#define CONVERT(name, to_type, from_type)                                                          \
    DG_KERNEL(void, name, (to_type * to, const from_type *from, int64_t n), (to, from, n))         \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++) to[i] = (to_type)from[i];                                  \
    }

CONVERT(bytes_to_floats, float, uint8_t)
CONVERT(int32s_to_floats, float, int32_t)
CONVERT(bytes_to_int32s, int32_t, uint8_t)
CONVERT(bytes_to_doubles, double, uint8_t)
CONVERT(int32s_to_doubles, double, int32_t)
CONVERT(floats_to_doubles, double, float)
CONVERT(floats_to_int32s, int32_t, float)
CONVERT(int32s_to_bytes, uint8_t, int32_t)

DG_KERNEL(void, floats_to_bytes, (uint8_t * to, const float *from, int64_t n), (to, from, n))
{
    for (int64_t i = 0; i < n; i++) to[i] = (uint8_t)(int32_t)from[i];
}

/* Has the contiguous loops, which vectorise, and a plain loop for other strides. The elements are
 * aligned to their own size only. */
#define LOADER(name, to_type, from_bytes, from_int32s, from_floats)                                \
    void name(to_type *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n)            \
    {                                                                                              \
        if (stride == (int64_t)dg_dtype_size(dtype)) {                                             \
            if (dtype == DG_UINT8)                                                                 \
                from_bytes(to, (const uint8_t *)from, n);                                          \
            else if (dtype == DG_INT32)                                                            \
                from_int32s(to, (const int32_t *)from, n);                                         \
            else                                                                                   \
                from_floats(to, (const float *)from, n);                                           \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++, from += stride) {                                          \
            if (dtype == DG_UINT8)                                                                 \
                to[i] = *(const uint8_t *)from;                                                    \
            else if (dtype == DG_INT32)                                                            \
                to[i] = (to_type) * (const int32_t *)from;                                         \
            else                                                                                   \
                to[i] = (to_type) * (const float *)from;                                           \
        }                                                                                          \
    }
#define COPY(to, from, n) memcpy(to, from, (size_t)(n) * sizeof *(to))

LOADER(dg_load_floats, float, bytes_to_floats, int32s_to_floats, COPY)
LOADER(dg_load_int32s, int32_t, bytes_to_int32s, COPY, floats_to_int32s)
LOADER(dg_load_doubles, double, bytes_to_doubles, int32s_to_doubles, floats_to_doubles)

/* Whether all of the values lie strictly between `low` and `high`; false for NaN. */
DG_KERNEL(bool, floats_between, (const float *from, float low, float high, int64_t n),
          (from, low, high, n))
{
    int bad = 0;
    for (int64_t i = 0; i < n; i++) bad |= !(from[i] > low) | !(from[i] < high);
    return !bad;
}

DG_KERNEL(bool, int32s_are_bytes, (const int32_t *from, int64_t n), (from, n))
{
    int32_t bad = 0;
    for (int64_t i = 0; i < n; i++) bad |= from[i] & ~255;
    return !bad;
}

/* From float32; -2147483904 is the next float below the least int32. */
static int64_t convert_floats(void *to, dg_dtype to_type, const float *from, int64_t n)
{
    float low = to_type == DG_UINT8 ? -1 : -2147483904.0f;
    float high = to_type == DG_UINT8 ? 256 : 2147483648.0f;
    int64_t fit = n;
    if (!floats_between(from, low, high, n))
        for (fit = 0; from[fit] > low && from[fit] < high;) fit++;
    if (to_type == DG_UINT8)
        floats_to_bytes(to, from, fit);
    else
        floats_to_int32s(to, from, fit);
    return fit;
}

int64_t dg_convert(void *to, dg_dtype to_type, const void *from, dg_dtype from_type, int64_t n)
{
    if (to_type == from_type) {
        memcpy(to, from, (size_t)n * dg_dtype_size(to_type));
        return n;
    }
    if (to_type == DG_FLOAT32) {
        dg_load_floats(to, from, (int64_t)dg_dtype_size(from_type), from_type, n);
        return n;
    }
    if (from_type == DG_FLOAT32) return convert_floats(to, to_type, from, n);
    if (to_type == DG_INT32) {
        dg_load_int32s(to, from, 1, from_type, n);
        return n;
    }
    const int32_t *numbers = from;
    int64_t fit = n;
    if (!int32s_are_bytes(numbers, n))
        for (fit = 0; numbers[fit] >= 0 && numbers[fit] <= 255;) fit++;
    int32s_to_bytes(to, numbers, fit);
    return fit;
}
