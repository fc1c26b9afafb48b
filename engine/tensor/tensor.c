/* Making tensors, owning their storage, and reading and writing single elements. */
#include "engine/tensor/tensor.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/tensor/shape.h"

/* The elements follow at DG_ALIGNMENT bytes, in the same allocation. */
struct dg_storage {
    int references;
    int read_only; /* the references that are held by read-only tensors */
    int64_t bytes; /* of the elements */
};
_Static_assert(sizeof(struct dg_storage) <= DG_ALIGNMENT, "the elements follow");

/* --- making --------------------------------------------------------------------------------- */

dg_status dg_tensor_new(dg_tensor *out, dg_dtype dtype, int axes, const int64_t *shape)
{
    int64_t sizes[DG_MAX_AXES] = { 0 }; /* `shape` may lie in `*out` */
    if (axes > 0 && axes <= DG_MAX_AXES) memcpy(sizes, shape, (size_t)axes * sizeof *sizes);
    *out = (dg_tensor){ 0 };
    int64_t count;
    DG_TRY(dg_shape_count(axes, sizes, &count));
    dg_storage *storage;
    int64_t bytes = count * (int64_t)dg_dtype_size(dtype);
    DG_TRY(dg_alloc(&storage, DG_ALIGNMENT + bytes, 1));
    *storage = (dg_storage){ .references = 1, .bytes = bytes };
    *out = (dg_tensor){ .dtype = dtype, .axes = axes, .storage = storage };
    out->data = (char *)storage + DG_ALIGNMENT;
    memcpy(out->shape, sizes, sizeof sizes);
    dg_shape_strides(axes, sizes, out->stride);
    return DG_OK;
}

dg_status dg_tensor_zeros(dg_tensor *out, dg_dtype dtype, int axes, const int64_t *shape)
{
    DG_TRY(dg_tensor_new(out, dtype, axes, shape));
    memset(out->data, 0, (size_t)dg_tensor_count(out) * dg_dtype_size(dtype));
    return DG_OK;
}

dg_status dg_tensor_full(dg_tensor *out, dg_dtype dtype, int axes, const int64_t *shape,
                         double value)
{
    dg_status status = dg_dtype_check(dtype, value);
    if (status != DG_OK) {
        *out = (dg_tensor){ 0 };
        return status;
    }
    DG_TRY(dg_tensor_new(out, dtype, axes, shape));
    int64_t count = dg_tensor_count(out);
    if (dtype == DG_UINT8) {
        memset(out->data, (int)value, (size_t)count);
    } else if (dtype == DG_INT32) {
        for (int64_t i = 0; i < count; i++) dg_int32s(out)[i] = (int32_t)value;
    } else {
        for (int64_t i = 0; i < count; i++) dg_floats(out)[i] = (float)value;
    }
    return DG_OK;
}

dg_status dg_tensor_range(dg_tensor *out, dg_dtype dtype, double start, double stop, double step)
{
    *out = (dg_tensor){ 0 };
    if (!isfinite(start) || !isfinite(stop) || !isfinite(step) || step == 0)
        return dg_error(DG_INVALID,
                        "range needs finite numbers and a step other than 0, found %g, %g, %g",
                        start, stop, step);
    double exact = ceil((stop - start) / step);
    if (exact > 0x1p48)
        return dg_error(DG_NO_MEMORY, "out of memory: a range of %g values is too large", exact);
    int64_t count = exact > 0 ? (int64_t)exact : 0;
    if (dtype != DG_FLOAT32 && step != floor(step))
        return dg_error(DG_INVALID, "the step of a %s range must be a whole number, found %g",
                        dg_dtype_name(dtype), step);
    if (count > 0) {
        DG_TRY(dg_dtype_check(dtype, start));
        DG_TRY(dg_dtype_check(dtype, start + (double)(count - 1) * step));
    }
    DG_TRY(dg_tensor_new(out, dtype, 1, &count));
    for (int64_t i = 0; i < count; i++) {
        double value = start + (double)i * step;
        if (dtype == DG_FLOAT32)
            dg_floats(out)[i] = (float)value;
        else if (dtype == DG_UINT8)
            dg_bytes(out)[i] = (uint8_t)value;
        else
            dg_int32s(out)[i] = (int32_t)value;
    }
    return DG_OK;
}

/* Random numbers in pieces: an element depends on its position only. */
struct fill {
    void (*draw)(uint64_t key, float a, float b, int64_t first, int64_t count, float *out);
    uint64_t key;
    float a, b;
    int64_t count;
    float *out;
};

enum { FILL_PIECE = 1 << 18 };

static dg_status fill_piece(void *context, int64_t piece, int worker)
{
    const struct fill *fill = context;
    int64_t first = piece * FILL_PIECE, left = fill->count - first;
    (void)worker;
    fill->draw(fill->key, fill->a, fill->b, first, left < FILL_PIECE ? left : FILL_PIECE,
               fill->out + first);
    return DG_OK;
}

static dg_status fill_tensor(dg_tensor *out, int axes, const int64_t *shape, struct fill fill)
{
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, axes, shape));
    fill.count = dg_tensor_count(out);
    fill.out = out->data;
    int64_t pieces = (fill.count + FILL_PIECE - 1) / FILL_PIECE;
    dg_status status = dg_parallel(NULL, pieces, fill_piece, &fill);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

dg_status dg_tensor_uniform(dg_tensor *out, int axes, const int64_t *shape, float low, float high,
                            uint64_t seed)
{
    if (!isfinite(low) || !isfinite(high) || low > high || !isfinite(high - low)) {
        *out = (dg_tensor){ 0 };
        return dg_error(DG_INVALID, "uniform: low must be at most high, both finite, found %g, %g",
                        (double)low, (double)high);
    }
    return fill_tensor(
        out, axes, shape,
        (struct fill){
            .draw = dg_random_uniform, .key = dg_key(seed, "uniform", 0), .a = low, .b = high });
}

dg_status dg_tensor_normal(dg_tensor *out, int axes, const int64_t *shape, float mean,
                           float deviation, uint64_t seed)
{
    if (!isfinite(mean) || !isfinite(deviation) || deviation < 0) {
        *out = (dg_tensor){ 0 };
        return dg_error(
            DG_INVALID,
            "normal: the mean and the deviation must be finite, the deviation at least 0, "
            "found %g, %g",
            (double)mean, (double)deviation);
    }
    return fill_tensor(out, axes, shape,
                       (struct fill){ .draw = dg_random_normal,
                                      .key = dg_key(seed, "normal", 0),
                                      .a = mean,
                                      .b = deviation });
}

dg_tensor dg_tensor_retain(const dg_tensor *tensor)
{
    dg_storage *storage = tensor->storage;
    if (storage) __atomic_fetch_add(&storage->references, 1, __ATOMIC_RELAXED);
    if (tensor->read_only) __atomic_fetch_add(&storage->read_only, 1, __ATOMIC_RELAXED);
    return *tensor;
}

void dg_tensor_release(dg_tensor *tensor)
{
    dg_storage *storage = tensor->storage;
    if (tensor->read_only) __atomic_fetch_sub(&storage->read_only, 1, __ATOMIC_RELAXED);
    *tensor = (dg_tensor){ 0 };
    if (storage && __atomic_sub_fetch(&storage->references, 1, __ATOMIC_ACQ_REL) == 0)
        dg_free(storage);
}

/* --- who may write -------------------------------------------------------------------------- */

void dg_tensor_freeze(dg_tensor *tensor)
{
    if (!tensor->storage || tensor->read_only) return;
    __atomic_fetch_add(&tensor->storage->read_only, 1, __ATOMIC_RELAXED);
    tensor->read_only = true;
}

bool dg_tensor_is_shared(const dg_tensor *tensor)
{
    return tensor->storage && !tensor->read_only &&
           __atomic_load_n(&tensor->storage->read_only, __ATOMIC_ACQUIRE) > 0;
}

dg_status dg_tensor_detach(dg_tensor *tensor, dg_tensor *copy)
{
    dg_storage *storage = tensor->storage;
    ptrdiff_t offset = (char *)tensor->data - (char *)storage;
    if (!copy->storage) {
        DG_TRY(dg_tensor_new(copy, DG_UINT8, 1, &storage->bytes));
        memcpy(copy->data, (char *)storage + DG_ALIGNMENT, (size_t)storage->bytes);
    }
    dg_tensor old = *tensor, held = dg_tensor_retain(copy);
    tensor->storage = held.storage;
    tensor->data = (char *)held.storage + offset;
    dg_tensor_release(&old);
    return DG_OK;
}

dg_status dg_tensor_check_writable(const dg_tensor *tensor)
{
    if (tensor->read_only)
        return dg_error(DG_INVALID,
                        "this tensor belongs to a dataset, which never changes: write to a copy, "
                        "y = set.y:copy(), and make a new set with it, set:with { y = y }");
    if (dg_tensor_is_shared(tensor))
        return dg_error(DG_INVALID,
                        "this tensor shares its memory with a dataset, which never changes: write "
                        "to a copy of it");
    return DG_OK;
}

/* --- elements ------------------------------------------------------------------------------- */

static dg_status element(const dg_tensor *tensor, const int64_t *at, char **out)
{
    int64_t offset = 0;
    for (int i = 0; i < tensor->axes; i++) {
        if (at[i] < 0 || at[i] >= tensor->shape[i])
            return dg_error(DG_INVALID,
                            "index %" PRId64 " is out of range 1 to %" PRId64 " of axis %d",
                            at[i] + 1, tensor->shape[i], i + 1);
        offset += at[i] * tensor->stride[i];
    }
    *out = (char *)tensor->data + offset * (int64_t)dg_dtype_size(tensor->dtype);
    return DG_OK;
}

dg_status dg_tensor_get(const dg_tensor *tensor, const int64_t *at, double *out)
{
    char *place = NULL;
    DG_TRY(element(tensor, at, &place));
    if (tensor->dtype == DG_UINT8)
        *out = *(uint8_t *)place;
    else if (tensor->dtype == DG_INT32)
        *out = *(int32_t *)place;
    else
        *out = (double)*(float *)place;
    return DG_OK;
}

dg_status dg_tensor_set(dg_tensor *tensor, const int64_t *at, double value)
{
    char *place = NULL;
    DG_TRY(dg_tensor_check_writable(tensor));
    DG_TRY(element(tensor, at, &place));
    DG_TRY(dg_dtype_check(tensor->dtype, value));
    if (tensor->dtype == DG_UINT8)
        *(uint8_t *)place = (uint8_t)value;
    else if (tensor->dtype == DG_INT32)
        *(int32_t *)place = (int32_t)value;
    else
        *(float *)place = (float)value;
    return DG_OK;
}
