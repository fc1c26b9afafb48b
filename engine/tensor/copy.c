/* Copies: to contiguous memory, to another shape or type, into a view, of chosen rows, joined. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/tensor/convert.h"
#include "engine/tensor/shape.h"
#include "engine/tensor/walk.h"

struct copying {
    dg_dtype to, from;
    int axes; /* of the tensor, for the message about a value that does not fit */
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

/* Gathers, converts and scatters one chunk at a time; a contiguous side is used in place. */
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
    DG_OWNED_TENSOR copy = { 0 };
    DG_TRY(dg_tensor_new(&copy, dtype, tensor->axes, tensor->shape));
    dg_status status = copy_elements(&copy, tensor);
    *out = status == DG_OK ? DG_TAKE(copy) : (dg_tensor){ 0 };
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

/* Copies `shape` to `sizes`, with the size that fits in place of -1. */
static dg_status resolve_shape(const dg_tensor *tensor, int axes, const int64_t *shape,
                               int64_t *sizes)
{
    char from[256], to[256];
    if (axes < 0 || axes > DG_MAX_AXES)
        return dg_error(DG_INVALID, "a tensor has at most %d axes, found %d", DG_MAX_AXES, axes);
    int open = -1;
    for (int i = 0; i < axes; i++) {
        sizes[i] = shape[i];
        if (shape[i] != -1) continue;
        if (open >= 0)
            return dg_error(DG_INVALID, "reshape: only one size may be -1, found %s",
                            dg_shape_text(axes, shape, to, sizeof to));
        open = i;
        sizes[i] = 1;
    }
    int64_t known, count = dg_tensor_count(tensor);
    DG_TRY(dg_shape_count(axes, sizes, &known));
    if (open >= 0 && known > 0 && count % known == 0) {
        sizes[open] = count / known;
        known = count;
    } else if (open >= 0 && (known == 0 || count % known)) {
        known = -1;
    }
    if (known == count) return DG_OK;
    return dg_error(DG_INVALID, "reshape: shape %s of %" PRId64 " values cannot become %s",
                    dg_shape_text(tensor->axes, tensor->shape, from, sizeof from), count,
                    dg_shape_text(axes, shape, to, sizeof to));
}

dg_status dg_tensor_reshape(dg_tensor *out, const dg_tensor *tensor, int axes, const int64_t *shape)
{
    int64_t sizes[DG_MAX_AXES] = { 0 };
    *out = (dg_tensor){ 0 };
    DG_TRY(resolve_shape(tensor, axes, shape, sizes));
    DG_TRY(dg_tensor_contiguous(out, tensor));
    out->axes = axes;
    memcpy(out->shape, sizes, sizeof sizes);
    dg_shape_strides(axes, sizes, out->stride);
    return DG_OK;
}

/* Converts into a temporary first if the conversion can fail or the two overlap, so `to` is never
 * left half-written. */
dg_status dg_tensor_assign(dg_tensor *to, const dg_tensor *from)
{
    bool narrows = to->dtype != from->dtype && to->dtype != DG_FLOAT32 && from->dtype != DG_UINT8;
    DG_OWNED_TENSOR view = { 0 };
    DG_OWNED_TENSOR temporary = { 0 };
    DG_TRY(dg_tensor_check_writable(to));
    DG_TRY(dg_tensor_broadcast(&view, from, to->axes, to->shape));
    if (narrows || to->storage == from->storage) {
        DG_TRY(dg_tensor_astype(&temporary, from, to->dtype));
        dg_tensor_release(&view);
        DG_TRY(dg_tensor_broadcast(&view, &temporary, to->axes, to->shape));
    }
    return copy_elements(to, &view);
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
        return dg_error(DG_INVALID, "cannot take rows of a tensor without axes (a single value)");
    for (int64_t i = 0; i < count; i++)
        if (rows[i] < 0 || rows[i] >= tensor->shape[0])
            return dg_error(DG_INVALID, "row %" PRId64 " is out of range 1 to %" PRId64,
                            rows[i] + 1, tensor->shape[0]);
    DG_OWNED_TENSOR from = { 0 };
    DG_OWNED_TENSOR taken = { 0 };
    DG_TRY(dg_tensor_contiguous(&from, tensor));
    int64_t shape[DG_MAX_AXES], row = 1;
    memcpy(shape, tensor->shape, sizeof shape);
    shape[0] = count;
    for (int i = 1; i < from.axes; i++) row *= from.shape[i];
    DG_TRY(dg_tensor_new(&taken, from.dtype, from.axes, shape));
    if (row > 0) {
        struct taking taking = { .to = taken.data,
                                 .from = from.data,
                                 .rows = rows,
                                 .row_bytes = (size_t)row * dg_dtype_size(from.dtype),
                                 .count = count };
        int64_t most = dg_pieces(count, 1, 64);
        taking.pieces = dg_pieces(count * row, 256 * 1024, most);
        DG_TRY(dg_parallel(NULL, taking.pieces, take_piece, &taking));
    }
    *out = DG_TAKE(taken);
    return DG_OK;
}

static dg_status put_row(dg_tensor *to, int64_t at, const dg_tensor *values, int64_t row)
{
    DG_OWNED_TENSOR target = { 0 };
    DG_OWNED_TENSOR value = { 0 };
    DG_TRY(dg_tensor_select(&target, to, 0, at));
    DG_TRY(dg_tensor_select(&value, values, 0, row));
    return dg_tensor_assign(&target, &value);
}

dg_status dg_tensor_put(dg_tensor *to, const int64_t *rows, int64_t count, const dg_tensor *from)
{
    DG_OWNED_TENSOR values = { 0 }; /* one for each element that changes */
    DG_TRY(dg_tensor_take(&values, to, rows, count));
    DG_TRY(dg_tensor_assign(&values, from));
    for (int64_t i = 0; i < count; i++) DG_TRY(put_row(to, rows[i], &values, i));
    return DG_OK;
}

/* The shape of the result; DG_INVALID where the tensors do not match. */
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
                DG_INVALID,
                "concat: tensor %d has shape %s, the first has %s: only axis %d may differ", i + 1,
                dg_shape_text(next->axes, next->shape, one, sizeof one),
                dg_shape_text(first->axes, first->shape, other, sizeof other), axis + 1);
        }
        if (__builtin_add_overflow(shape[axis], next->shape[axis], &shape[axis]))
            return dg_error(DG_NO_MEMORY, "out of memory: the result of concat is too large");
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
    DG_OWNED_TENSOR whole = { 0 };
    DG_TRY(dg_tensor_new(&whole, tensors[0]->dtype, tensors[0]->axes, shape));
    for (int i = 0; i < count; i++) {
        DG_OWNED_TENSOR part = { 0 };
        int64_t end = begin + tensors[i]->shape[axis];
        DG_TRY(dg_tensor_slice(&part, &whole, axis, begin, end));
        DG_TRY(copy_elements(&part, tensors[i]));
        begin = end;
    }
    *out = DG_TAKE(whole);
    return DG_OK;
}
