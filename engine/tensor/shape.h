/* Shapes, axes and element types, for the files of this folder. Messages count axes, rows and
 * elements from 1, as people do in Lua. */
#ifndef DG_TENSOR_SHAPE_H
#define DG_TENSOR_SHAPE_H

#include "engine/tensor/tensor.h"

/* `*axis` (negative counts from the end) becomes 0 .. axes-1, or DG_INVALID. */
dg_status dg_axis_check(const dg_tensor *tensor, int *axis);

/* The number of elements of a shape: DG_INVALID for a negative size or too many axes, DG_NO_MEMORY
 * where the product (sizes of 0 counted as 1, so that strides are safe too) overflows. */
dg_status dg_shape_count(int axes, const int64_t *shape, int64_t *out);

/* The strides of a contiguous tensor. */
void dg_shape_strides(int axes, const int64_t *shape, int64_t *stride);

/* The shape that `a` and `b` broadcast to, by numpy's rule; DG_INVALID names both shapes. */
dg_status dg_broadcast_shape(const dg_tensor *a, const dg_tensor *b, int *axes, int64_t *shape);

/* Whether a tensor of `dtype` can hold `value` exactly as it is (float32: any); else DG_INVALID. */
dg_status dg_dtype_check(dg_dtype dtype, double value);

/* DG_INVALID, with the way out, for a tensor that is read-only or shares its storage with one. */
dg_status dg_tensor_check_writable(const dg_tensor *tensor);

#endif
