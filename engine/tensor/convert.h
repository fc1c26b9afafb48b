/* Reads elements of any type and stride as a contiguous chunk of one type, so that each kernel is
 * written for one type only. A chunk stays in the first-level cache between the two. */
#ifndef DG_TENSOR_CONVERT_H
#define DG_TENSOR_CONVERT_H

#include "engine/tensor/tensor.h"

enum { DG_CHUNK = 1024 };

/* Reads `n` elements of `dtype`, `stride` bytes apart, into `to`. dg_load_int32s reads integers
 * only. */
void dg_load_floats(float *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n);
void dg_load_int32s(int32_t *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n);
void dg_load_doubles(double *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n);

/* The same for up to DG_CHUNK elements; if they are contiguous and of that type already, returns
 * their address and leaves `buffer` unused. */
static inline const float *dg_as_floats(float *buffer, const char *from, int64_t stride,
                                        dg_dtype dtype, int64_t n)
{
    if (dtype == DG_FLOAT32 && stride == sizeof *buffer) return (const float *)from;
    dg_load_floats(buffer, from, stride, dtype, n);
    return buffer;
}

static inline const int32_t *dg_as_int32s(int32_t *buffer, const char *from, int64_t stride,
                                          dg_dtype dtype, int64_t n)
{
    if (dtype == DG_INT32 && stride == sizeof *buffer) return (const int32_t *)from;
    dg_load_int32s(buffer, from, stride, dtype, n);
    return buffer;
}

/* Converts `n` contiguous elements. Returns n, or the position of the first element that does not
 * fit (NaN, or out of range after truncation); it and the elements after it are not written. */
int64_t dg_convert(void *to, dg_dtype to_type, const void *from, dg_dtype from_type, int64_t n);

#endif
