/* Copies: to contiguous memory, to another type, into a view, of chosen rows, one after another. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/tensor/convert.h"
#include "engine/tensor/shape.h"
#include "engine/tensor/walk.h"

struct copying {
    dg_dtype to, from;
    int axes; /* of the tensor, to say where something does not fit */
    const int64_t *shape;
};

/* Moves elements of `size` bytes between two strides. */
static void move_strided(const dg_run *run, size_t size)
{
    char *to = run->data[0];
    const char *from = run->data[1];
    for (int64_t i = 0; i < run->n; i++, to += run->stride[0], from += run->stride[1]) {
        if (size == 1)
            *to = *from;
        else
            memcpy(to, from, 4);
    }
}

static dg_status does_not_fit(const struct copying *copying, int64_t position, double value)
{
    char where[256];
    int64_t at[DG_MAX_AXES];
    for (int axis = copying->axes - 1; axis >= 0; axis--) {
        at[axis] = position % copying->shape[axis] + 1;
        position /= copying->shape[axis];
    }
    return dg_error(DG_INVALID, "element %s is %.10g, which %s cannot hold (%s)",
                    dg_shape_text(copying->axes, at, where, sizeof where), value,
                    dg_dtype_name(copying->to),
                    copying->to == DG_UINT8 ? "0 to 255" : "-2147483648 to 2147483647");
}

/* Gathers, converts and scatters a chunk at a time; what lies right already stays in place. */
static dg_status convert_run(const struct copying *copying, const dg_run *run)
{
    union chunk {
        float floats[DG_CHUNK];
        int32_t int32s[DG_CHUNK];
        uint8_t bytes[DG_CHUNK];
    } gathered, converted;
    int64_t to_size = (int64_t)dg_dtype_size(copying->to);
    int64_t from_size = (int64_t)dg_dtype_size(copying->from);
    bool to_dense = run->stride[0] == to_size, from_dense = run->stride[1] == from_size;
    for (int64_t i = 0; i < run->n; i += DG_CHUNK) {
        int64_t n = run->n - i < DG_CHUNK ? run->n - i : DG_CHUNK;
        char *to = run->data[0] + i * run->stride[0], *from = run->data[1] + i * run->stride[1];
        dg_run gather = { .n = n,
                          .data = { (char *)&gathered, from },
                          .stride = { from_size, run->stride[1] } };
        if (!from_dense) move_strided(&gather, (size_t)from_size);
        const void *source = from_dense ? (const void *)from : &gathered;
        int64_t fit =
            dg_convert(to_dense ? (void *)to : &converted, copying->to, source, copying->from, n);
        if (fit < n) {
            double value;
            dg_load_doubles(&value, (const char *)source + fit * from_size, from_size,
                            copying->from, 1);
            return does_not_fit(copying, run->first + i + fit, value);
        }
        dg_run scatter = { .n = n,
                           .data = { to, (char *)&converted },
                           .stride = { run->stride[0], to_size } };
        if (!to_dense) move_strided(&scatter, (size_t)to_size);
    }
    return DG_OK;
}

static dg_status copy_run(void *context, const dg_run *run)
{
    const struct copying *copying = context;
    if (copying->to != copying->from) return convert_run(copying, run);
    size_t size = dg_dtype_size(copying->to);
    if (run->stride[0] == (int64_t)size && run->stride[1] == (int64_t)size)
        memcpy(run->data[0], run->data[1], (size_t)run->n * size);
    else
        move_strided(run, size);
    return DG_OK;
}

/* `from` into `to`, of equal shape and not overlapping. */
static dg_status copy_elements(const dg_tensor *to, const dg_tensor *from)
{
    dg_walk walk;
    dg_walk_begin(&walk, 2, (const dg_tensor *[]){ to, from });
    struct copying copying = { to->dtype, from->dtype, to->axes, to->shape };
    return dg_walk_all(&walk, copy_run, &copying);
}

dg_status dg_tensor_astype(dg_tensor *out, const dg_tensor *tensor, dg_dtype dtype)
{
    DG_TRY(dg_tensor_new(out, dtype, tensor->axes, tensor->shape));
    dg_status status = copy_elements(out, tensor);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

dg_status dg_tensor_copy(dg_tensor *out, const dg_tensor *tensor)
{
    return dg_tensor_astype(out, tensor, tensor->dtype);
}

dg_status dg_tensor_contiguous(dg_tensor *out, const dg_tensor *tensor)
{
    if (!dg_tensor_is_contiguous(tensor)) return dg_tensor_copy(out, tensor);
    *out = dg_tensor_retain(tensor);
    /* axes of size 1 may have had any stride */
    dg_shape_strides(out->axes, out->shape, out->stride);
    return DG_OK;
}

/* What may fail, or be read after it was written, is converted aside first: `to` changes wholly
 * or not at all. */
dg_status dg_tensor_assign(dg_tensor *to, const dg_tensor *from)
{
    bool narrows = to->dtype != from->dtype && to->dtype != DG_FLOAT32 && from->dtype != DG_UINT8;
    dg_tensor view, aside = { 0 };
    DG_TRY(dg_tensor_check_writable(to));
    DG_TRY(dg_tensor_broadcast(&view, from, to->axes, to->shape));
    dg_status status = DG_OK;
    if (narrows || to->storage == from->storage) {
        status = dg_tensor_astype(&aside, from, to->dtype);
        dg_tensor_release(&view);
        if (status == DG_OK) status = dg_tensor_broadcast(&view, &aside, to->axes, to->shape);
    }
    if (status == DG_OK) status = copy_elements(to, &view);
    dg_tensor_release(&view);
    dg_tensor_release(&aside);
    return status;
}

/* --- rows ----------------------------------------------------------------------------------- */

struct taking {
    char *to;
    const char *from;
    const int64_t *rows;
    size_t row_bytes;
    int64_t count, pieces;
};

static dg_status take_piece(void *context, int64_t piece, int worker)
{
    (void)worker;
    const struct taking *taking = context;
    size_t bytes = taking->row_bytes;
    int64_t end = dg_piece_begin(taking->count, taking->pieces, piece + 1);
    for (int64_t i = dg_piece_begin(taking->count, taking->pieces, piece); i < end; i++)
        memcpy(taking->to + (size_t)i * bytes, taking->from + (size_t)taking->rows[i] * bytes,
               bytes);
    return DG_OK;
}

dg_status dg_tensor_take(dg_tensor *out, const dg_tensor *tensor, const int64_t *rows,
                         int64_t count)
{
    *out = (dg_tensor){ 0 };
    if (tensor->axes == 0)
        return dg_error(DG_INVALID, "rows can be taken of a tensor with axes, not of one value");
    for (int64_t i = 0; i < count; i++)
        if (rows[i] < 0 || rows[i] >= tensor->shape[0])
            return dg_error(DG_INVALID, "row %" PRId64 " is out of range 1 to %" PRId64,
                            rows[i] + 1, tensor->shape[0]);
    dg_tensor from;
    DG_TRY(dg_tensor_contiguous(&from, tensor));
    int64_t shape[DG_MAX_AXES], row = 1;
    memcpy(shape, tensor->shape, sizeof shape);
    shape[0] = count;
    for (int i = 1; i < from.axes; i++) row *= from.shape[i];
    dg_status status = dg_tensor_new(out, from.dtype, from.axes, shape);
    if (status == DG_OK && row > 0) {
        struct taking taking = { .to = out->data,
                                 .from = from.data,
                                 .rows = rows,
                                 .row_bytes = (size_t)row * dg_dtype_size(from.dtype),
                                 .count = count };
        int64_t most = dg_pieces(count, 1, 64);
        taking.pieces = dg_pieces(count * row, 256 * 1024, most);
        dg_job job = dg_job_default();
        status = dg_parallel(&job, taking.pieces, take_piece, &taking);
    }
    if (status != DG_OK) dg_tensor_release(out);
    dg_tensor_release(&from);
    return status;
}

static dg_status put_row(dg_tensor *to, int64_t at, const dg_tensor *values, int64_t row)
{
    dg_tensor target, value;
    DG_TRY(dg_tensor_select(&target, to, 0, at));
    dg_status status = dg_tensor_select(&value, values, 0, row);
    if (status == DG_OK) status = dg_tensor_assign(&target, &value);
    dg_tensor_release(&value);
    dg_tensor_release(&target);
    return status;
}

dg_status dg_tensor_put(dg_tensor *to, const int64_t *rows, int64_t count, const dg_tensor *from)
{
    dg_tensor values; /* one for each element that changes */
    DG_TRY(dg_tensor_take(&values, to, rows, count));
    dg_status status = dg_tensor_assign(&values, from);
    for (int64_t i = 0; i < count && status == DG_OK; i++)
        status = put_row(to, rows[i], &values, i);
    dg_tensor_release(&values);
    return status;
}

/* The shape of the whole, or what does not go together. */
static dg_status concat_shape(int count, const dg_tensor *const *tensors, int axis, int64_t *shape)
{
    const dg_tensor *first = tensors[0];
    memcpy(shape, first->shape, sizeof first->shape);
    for (int i = 1; i < count; i++) {
        const dg_tensor *next = tensors[i];
        if (next->dtype != first->dtype)
            return dg_error(DG_INVALID,
                            "concat: tensor %d is %s, the first is %s (convert with astype)", i + 1,
                            dg_dtype_name(next->dtype), dg_dtype_name(first->dtype));
        bool fits = next->axes == first->axes;
        for (int k = 0; k < first->axes && fits; k++)
            fits = k == axis || next->shape[k] == first->shape[k];
        if (!fits) {
            char one[256], other[256];
            return dg_error(
                DG_INVALID, "concat: tensor %d has shape %s, the first %s: only axis %d may differ",
                i + 1, dg_shape_text(next->axes, next->shape, one, sizeof one),
                dg_shape_text(first->axes, first->shape, other, sizeof other), axis + 1);
        }
        if (__builtin_add_overflow(shape[axis], next->shape[axis], &shape[axis]))
            return dg_error(DG_NO_MEMORY, "out of memory: the whole of concat is too large");
    }
    return DG_OK;
}

dg_status dg_tensor_concat(dg_tensor *out, int count, const dg_tensor *const *tensors, int axis)
{
    int64_t shape[DG_MAX_AXES], begin = 0;
    *out = (dg_tensor){ 0 };
    if (count < 1) return dg_error(DG_INVALID, "concat needs at least one tensor");
    DG_TRY(dg_axis_check(tensors[0], &axis));
    DG_TRY(concat_shape(count, tensors, axis, shape));
    DG_TRY(dg_tensor_new(out, tensors[0]->dtype, tensors[0]->axes, shape));
    dg_status status = DG_OK;
    for (int i = 0; i < count && status == DG_OK; i++) {
        dg_tensor part;
        int64_t end = begin + tensors[i]->shape[axis];
        status = dg_tensor_slice(&part, out, axis, begin, end);
        if (status == DG_OK) status = copy_elements(&part, tensors[i]);
        dg_tensor_release(&part);
        begin = end;
    }
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}
