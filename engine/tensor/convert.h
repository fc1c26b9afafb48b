/* Elements of any type and stride, as a contiguous chunk of one type: what lets each kernel be
 * written for one type only. A chunk stays in the first-level cache between the two. */
#ifndef DG_TENSOR_CONVERT_H
#define DG_TENSOR_CONVERT_H

#include "engine/tensor/tensor.h"

enum { DG_CHUNK = 1024 };

/* Reads `n` elements of `dtype`, `stride` bytes apart, into `to`. To int32 from integers only. */
void dg_load_floats(float *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n);
void dg_load_int32s(int32_t *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n);
void dg_load_doubles(double *to, const char *from, int64_t stride, dg_dtype dtype, int64_t n);

/* The same for up to DG_CHUNK elements, but where they lie as wanted already, they stay there and
 * `buffer` is not used. */
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
 * fit (NaN, or out of range once its fraction is cut off); what follows it is not written. */
int64_t dg_convert(void *to, dg_dtype to_type, const void *from, dg_dtype from_type, int64_t n);

#endif
