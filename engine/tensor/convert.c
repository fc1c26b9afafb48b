/* Reading elements of one type as another. */
#include "engine/tensor/convert.h"

#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"

/* Each loader has the contiguous loops, which vectorise, and a plain loop for other strides. The
 * elements are aligned to their own size only. */

DG_KERNEL static void bytes_to_floats(float *to, const uint8_t *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

DG_KERNEL static void int32s_to_floats(float *to, const int32_t *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = (float)from[i];
}

void dg_load_floats(float *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n)
{
    if (stride == (int64_t)dg_dtype_size(dtype)) {
        if (dtype == DG_UINT8)
            bytes_to_floats(to, (const uint8_t *)from, n);
        else if (dtype == DG_INT32)
            int32s_to_floats(to, (const int32_t *)from, n);
        else
            memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < n; i++, from += stride) {
        if (dtype == DG_UINT8)
            to[i] = *(const uint8_t *)from;
        else if (dtype == DG_INT32)
            to[i] = (float)*(const int32_t *)from;
        else
            to[i] = *(const float *)from;
    }
}

DG_KERNEL static void bytes_to_int32s(int32_t *to, const uint8_t *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

void dg_load_int32s(int32_t *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n)
{
    if (dtype == DG_UINT8 && stride == 1) {
        bytes_to_int32s(to, (const uint8_t *)from, n);
        return;
    }
    for (int64_t i = 0; i < n; i++, from += stride)
        to[i] = dtype == DG_UINT8 ? *(const uint8_t *)from : *(const int32_t *)from;
}

DG_KERNEL static void bytes_to_doubles(double *to, const uint8_t *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

DG_KERNEL static void int32s_to_doubles(double *to, const int32_t *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

DG_KERNEL static void floats_to_doubles(double *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = (double)from[i];
}

void dg_load_doubles(double *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n)
{
    if (stride == (int64_t)dg_dtype_size(dtype)) {
        if (dtype == DG_UINT8)
            bytes_to_doubles(to, (const uint8_t *)from, n);
        else if (dtype == DG_INT32)
            int32s_to_doubles(to, (const int32_t *)from, n);
        else
            floats_to_doubles(to, (const float *)from, n);
        return;
    }
    for (int64_t i = 0; i < n; i++, from += stride) {
        if (dtype == DG_UINT8)
            to[i] = *(const uint8_t *)from;
        else if (dtype == DG_INT32)
            to[i] = *(const int32_t *)from;
        else
            to[i] = (double)*(const float *)from;
    }
}

/* Whether all of the values lie strictly between `low` and `high`; false for NaN. */
DG_KERNEL static bool floats_between(const float *from, float low, float high, int64_t n)
{
    int bad = 0;
    for (int64_t i = 0; i < n; i++) bad |= !(from[i] > low) | !(from[i] < high);
    return !bad;
}

DG_KERNEL static bool int32s_are_bytes(const int32_t *from, int64_t n)
{
    int32_t bad = 0;
    for (int64_t i = 0; i < n; i++) bad |= from[i] & ~255;
    return !bad;
}

DG_KERNEL static void floats_to_bytes(uint8_t *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = (uint8_t)(int32_t)from[i];
}

DG_KERNEL static void floats_to_int32s(int32_t *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = (int32_t)from[i];
}

DG_KERNEL static void int32s_to_bytes(uint8_t *to, const int32_t *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = (uint8_t)from[i];
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
