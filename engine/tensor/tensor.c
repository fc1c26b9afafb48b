/* Making tensors, and asking them. */
#include "engine/tensor/tensor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/tensor/shape.h"
#include "engine/tensor/walk.h"

/* The elements follow at DG_ALIGNMENT bytes, in the same allocation. */
struct dg_storage {
    int references;
    int read_only; /* how many of them are of read-only tensors */
    int64_t bytes; /* of the elements */
};
_Static_assert(sizeof(struct dg_storage) <= DG_ALIGNMENT, "the elements follow");

/* --- types and shapes ----------------------------------------------------------------------- */

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
    /* 4 bytes an element must fit too */
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

/* Random numbers in pieces: an element depends on its place only. */
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
    dg_job job = dg_job_default();
    dg_status status =
        dg_parallel(&job, (fill.count + FILL_PIECE - 1) / FILL_PIECE, fill_piece, &fill);
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
        return dg_error(DG_INVALID,
                        "normal: the deviation must be at least 0 and both finite, found %g, %g",
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
                        "this tensor belongs to a dataset, which never changes: write into a copy, "
                        "y = set.y:copy(), and make another set of it, set:with { y = y }");
    if (dg_tensor_is_shared(tensor))
        return dg_error(DG_INVALID,
                        "this tensor shares its memory with a dataset, which never changes: write "
                        "into a copy of it");
    return DG_OK;
}

/* --- asking --------------------------------------------------------------------------------- */

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

static bool same_values(dg_dtype dtype, const char *a, const char *b)
{
    if (dtype == DG_UINT8) return *a == *b;
    if (dtype == DG_INT32) return *(const int32_t *)a == *(const int32_t *)b;
    return *(const float *)a == *(const float *)b;
}

/* Stops the walk, without a message, at the first difference. */
static dg_status compare_run(void *context, const dg_run *run)
{
    dg_dtype dtype = *(const dg_dtype *)context;
    for (int64_t i = 0; i < run->n; i++)
        if (!same_values(dtype, run->data[0] + i * run->stride[0],
                         run->data[1] + i * run->stride[1]))
            return DG_STOPPED;
    return DG_OK;
}

bool dg_tensor_equal(const dg_tensor *a, const dg_tensor *b)
{
    if (a->dtype != b->dtype || !dg_tensor_same_shape(a, b)) return false;
    dg_walk walk;
    dg_walk_begin(&walk, 2, (const dg_tensor *[]){ a, b });
    dg_dtype dtype = a->dtype;
    return dg_walk_range(&walk, 0, walk.count, compare_run, &dtype) == DG_OK;
}

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
