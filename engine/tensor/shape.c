/* Element types, shapes and axes. */
#include "engine/tensor/shape.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- types ---------------------------------------------------------------------------------- */

const char *const dg_dtype_words[] = { "float32", "uint8", "int32", NULL };

const char *dg_dtype_name(dg_dtype dtype)
{
    return dg_dtype_words[dtype];
}

size_t dg_dtype_size(dg_dtype dtype)
{
    return dtype == DG_UINT8 ? 1 : 4;
}

dg_status dg_dtype_check(dg_dtype dtype, double value)
{
    if (dtype == DG_FLOAT32) return DG_OK;
    double low = dtype == DG_UINT8 ? 0 : INT32_MIN, high = dtype == DG_UINT8 ? 255 : INT32_MAX;
    if (value >= low && value <= high && value == floor(value)) return DG_OK;
    return dg_error(DG_INVALID, "%s holds whole numbers from %.0f to %.0f, found %.10g",
                    dg_dtype_name(dtype), low, high, value);
}

/* --- shapes --------------------------------------------------------------------------------- */

const char *dg_shape_text(int axes, const int64_t *shape, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "{");
    for (int i = 0; i < axes && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%" PRId64, i ? ", " : "", shape[i]);
    if (used < size) snprintf(out + used, size - used, "}");
    return out;
}

dg_status dg_shape_count(int axes, const int64_t *shape, int64_t *out)
{
    if (axes < 0 || axes > DG_MAX_AXES)
        return dg_error(DG_INVALID, "a tensor has at most %d axes, found %d", DG_MAX_AXES, axes);
    int64_t product = 1;
    bool empty = false, overflow = false;
    for (int i = 0; i < axes; i++) {
        if (shape[i] < 0)
            return dg_error(DG_INVALID, "sizes must be at least 0, found %" PRId64 " for axis %d",
                            shape[i], i + 1);
        if (shape[i] == 0) empty = true;
        int64_t size = shape[i] ? shape[i] : 1;
        overflow = overflow || __builtin_mul_overflow(product, size, &product);
    }
    /* the bytes must not overflow either */
    if (overflow || product > INT64_MAX / 8) {
        char text[256];
        return dg_error(DG_NO_MEMORY, "out of memory: a tensor of shape %s is too large",
                        dg_shape_text(axes, shape, text, sizeof text));
    }
    *out = empty ? 0 : product;
    return DG_OK;
}

void dg_shape_strides(int axes, const int64_t *shape, int64_t *stride)
{
    int64_t step = 1;
    for (int i = axes - 1; i >= 0; i--) {
        stride[i] = step;
        step *= shape[i] ? shape[i] : 1;
    }
}

dg_status dg_axis_check(const dg_tensor *tensor, int *axis)
{
    int found = *axis;
    if (found < 0) found += tensor->axes;
    if (found < 0 || found >= tensor->axes) {
        char text[256];
        dg_shape_text(tensor->axes, tensor->shape, text, sizeof text);
        if (tensor->axes == 0)
            return dg_error(DG_INVALID, "a tensor of a single value has no axes, found axis %d",
                            *axis < 0 ? *axis : *axis + 1);
        return dg_error(DG_INVALID, "axis must be 1 to %d (or -1, the last) for shape %s, found %d",
                        tensor->axes, text, *axis < 0 ? *axis : *axis + 1);
    }
    *axis = found;
    return DG_OK;
}

dg_status dg_broadcast_shape(const dg_tensor *a, const dg_tensor *b, int *axes, int64_t *shape)
{
    *axes = a->axes > b->axes ? a->axes : b->axes;
    for (int i = 1; i <= *axes; i++) {
        int64_t left = i <= a->axes ? a->shape[a->axes - i] : 1;
        int64_t right = i <= b->axes ? b->shape[b->axes - i] : 1;
        if (left != right && left != 1 && right != 1) {
            char one[256], other[256];
            return dg_error(DG_INVALID,
                            "shapes %s and %s cannot be broadcast together: axis -%d is %" PRId64
                            " and %" PRId64,
                            dg_shape_text(a->axes, a->shape, one, sizeof one),
                            dg_shape_text(b->axes, b->shape, other, sizeof other), i, left, right);
        }
        shape[*axes - i] = left == 1 ? right : left;
    }
    return DG_OK;
}

/* --- shapes of tensors ------------------------------------------------------------------------ */

int64_t dg_tensor_count(const dg_tensor *tensor)
{
    if (!tensor->storage) return 0;
    int64_t count = 1;
    for (int i = 0; i < tensor->axes; i++) count *= tensor->shape[i];
    return count;
}

bool dg_tensor_is_contiguous(const dg_tensor *tensor)
{
    int64_t step = 1;
    for (int i = tensor->axes - 1; i >= 0; i--) {
        if (tensor->shape[i] == 0) return true;
        if (tensor->shape[i] != 1 && tensor->stride[i] != step) {
            return dg_tensor_count(tensor) == 0;
        }
        step *= tensor->shape[i];
    }
    return true;
}

bool dg_tensor_same_shape(const dg_tensor *a, const dg_tensor *b)
{
    return a->axes == b->axes &&
           memcmp(a->shape, b->shape, (size_t)a->axes * sizeof *a->shape) == 0;
}
