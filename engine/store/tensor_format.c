/* The element types of safetensors files. */
#include "engine/store/tensor_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
static float float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31;
    uint32_t fraction = half & 0x3FF;
    if (exponent == 31) return float_of_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent) return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float small = ldexpf((float)fraction, -24);
    return sign ? -small : small;
}

static dg_status convert_half(const char *from, int64_t count, void *to)
{
    float *out = to;
    for (int64_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, from + 2 * i, sizeof half);
        out[i] = float_of_half(half);
    }
    return DG_OK;
}

/* bfloat16: the upper half of a float32. */
static dg_status convert_bfloat(const char *from, int64_t count, void *to)
{
    float *out = to;
    for (int64_t i = 0; i < count; i++) {
        uint16_t upper;
        memcpy(&upper, from + 2 * i, sizeof upper);
        out[i] = float_of_bits((uint32_t)upper << 16);
    }
    return DG_OK;
}

static dg_status convert_double(const char *from, int64_t count, void *to)
{
    float *out = to;
    for (int64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, from + 8 * i, sizeof value);
        out[i] = (float)value;
        if (isinf(out[i]) && !isinf(value))
            return dg_error(DG_FORMAT, "holds %g, which is too large for float32", value);
    }
    return DG_OK;
}

static dg_status convert_long(const char *from, int64_t count, void *to)
{
    int32_t *out = to;
    for (int64_t i = 0; i < count; i++) {
        int64_t value;
        memcpy(&value, from + 8 * i, sizeof value);
        if (value < INT32_MIN || value > INT32_MAX)
            return dg_error(DG_FORMAT, "holds %" PRId64 ", which does not fit int32", value);
        out[i] = (int32_t)value;
    }
    return DG_OK;
}

static const dg_tensor_format formats[] = {
    { "F32", 4, DG_FLOAT32, NULL },
    { "U8", 1, DG_UINT8, NULL },
    { "I32", 4, DG_INT32, NULL },
    { "I8", 1, DG_UINT8, NULL, .is_int8 = true },
    { "F16", 2, DG_FLOAT32, convert_half },
    { "BF16", 2, DG_FLOAT32, convert_bfloat },
    { "F64", 8, DG_FLOAT32, convert_double },
    { "I64", 8, DG_INT32, convert_long },
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const dg_tensor_format *dg_tensor_format_find(const char *name)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0) return &formats[i];
    return NULL;
}

const dg_tensor_format *dg_tensor_format_of(dg_dtype dtype, bool is_int8)
{
    int i = 0;
    while (formats[i].dtype != dtype || formats[i].is_int8 != is_int8) i++;
    return &formats[i];
}

const char *dg_tensor_format_names(char *out, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < FORMATS && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", formats[i].name);
    return out;
}
