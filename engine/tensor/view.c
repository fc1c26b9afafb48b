/* Views: other shapes and strides over the same elements. */
#include <inttypes.h>

#include "engine/tensor/shape.h"
#include "engine/tensor/tensor.h"

/* A retained copy of `tensor` that begins `elements` further on. */
static dg_tensor view_at(const dg_tensor *tensor, int64_t elements)
{
    dg_tensor view = dg_tensor_retain(tensor);
    view.data = (char *)view.data + elements * (int64_t)dg_dtype_size(view.dtype);
    return view;
}

dg_status dg_tensor_select(dg_tensor *out, const dg_tensor *tensor, int axis, int64_t at)
{
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_axis_check(tensor, &axis));
    int64_t size = tensor->shape[axis], place = at < 0 ? at + size : at;
    if (place < 0 || place >= size)
        return dg_error(DG_INVALID, "index %" PRId64 " is out of range 1 to %" PRId64 " of axis %d",
                        at < 0 ? at : at + 1, size, axis + 1);
    *out = view_at(tensor, place * tensor->stride[axis]);
    out->axes--;
    for (int i = axis; i < out->axes; i++) {
        out->shape[i] = tensor->shape[i + 1];
        out->stride[i] = tensor->stride[i + 1];
    }
    return DG_OK;
}

dg_status dg_tensor_slice(dg_tensor *out, const dg_tensor *tensor, int axis, int64_t begin,
                          int64_t end)
{
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_axis_check(tensor, &axis));
    int64_t size = tensor->shape[axis];
    if (begin < 0 || begin > end || end > size)
        return dg_error(DG_INVALID,
                        "the slice %" PRId64 " to %" PRId64 " is out of range 1 to %" PRId64
                        " of axis %d",
                        begin + 1, end, size, axis + 1);
    *out = view_at(tensor, begin < end ? begin * tensor->stride[axis] : 0);
    out->shape[axis] = end - begin;
    return DG_OK;
}

dg_status dg_tensor_transpose(dg_tensor *out, const dg_tensor *tensor, const int *order)
{
    *out = (dg_tensor){ 0 };
    bool seen[DG_MAX_AXES] = { false };
    dg_tensor view = *tensor;
    for (int i = 0; i < tensor->axes; i++) {
        int from = order ? order[i] : tensor->axes - 1 - i;
        DG_TRY(dg_axis_check(tensor, &from));
        if (seen[from])
            return dg_error(DG_INVALID,
                            "transpose: axis %d is named twice, expected each of 1 to "
                            "%d once",
                            from + 1, tensor->axes);
        seen[from] = true;
        view.shape[i] = tensor->shape[from];
        view.stride[i] = tensor->stride[from];
    }
    *out = dg_tensor_retain(&view);
    return DG_OK;
}

dg_status dg_tensor_broadcast(dg_tensor *out, const dg_tensor *tensor, int axes,
                              const int64_t *shape)
{
    *out = (dg_tensor){ 0 };
    int64_t count;
    DG_TRY(dg_shape_count(axes, shape, &count));
    dg_tensor view = *tensor;
    view.axes = axes;
    bool fits = tensor->axes <= axes;
    for (int i = 1; i <= axes && fits; i++) {
        int64_t size = i <= tensor->axes ? tensor->shape[tensor->axes - i] : 1;
        int64_t wanted = shape[axes - i];
        fits = size == wanted || size == 1;
        view.shape[axes - i] = wanted;
        view.stride[axes - i] =
            size == wanted && i <= tensor->axes ? tensor->stride[tensor->axes - i] : 0;
    }
    if (!fits) {
        char from[256], to[256];
        return dg_error(DG_INVALID, "shape %s cannot be broadcast to %s",
                        dg_shape_text(tensor->axes, tensor->shape, from, sizeof from),
                        dg_shape_text(axes, shape, to, sizeof to));
    }
    *out = dg_tensor_retain(&view);
    return DG_OK;
}
