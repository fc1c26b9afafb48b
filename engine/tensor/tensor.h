/* Tensors: float32, uint8 or int32 arrays of up to 8 axes, row-major, that share their storage
 * with their views. Axes and indices are counted from 0 here (from 1 in Lua).
 *
 * A dg_tensor is a small struct that its owner keeps by value. Functions that make one write it to
 * `out`, which need not be initialised, and which the caller releases with dg_tensor_release;
 * on failure `*out` is an empty tensor, safe to release. Inputs are never changed unless said. */
#ifndef DG_TENSOR_TENSOR_H
#define DG_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/memory.h"
#include "engine/base/status.h"

enum { DG_MAX_AXES = 8 };

typedef enum dg_dtype { DG_FLOAT32, DG_UINT8, DG_INT32 } dg_dtype;

typedef struct dg_storage dg_storage; /* counted, aligned memory */

typedef struct dg_tensor {
    dg_dtype dtype;
    int axes;                    /* 0 .. DG_MAX_AXES; 0 is a single value */
    int64_t shape[DG_MAX_AXES];  /* each at least 0 */
    int64_t stride[DG_MAX_AXES]; /* in elements; 0 along a broadcast axis */
    void *data;                  /* the first element of this view */
    dg_storage *storage;         /* NULL in an empty struct */
    bool read_only;              /* so are all views of this one; copies are not */
} dg_tensor;

/* --- making ------------------------------------------------------------------------------- */

/* "float32", "uint8", "int32"; all of them, in the order of dg_dtype, then NULL. */
const char *dg_dtype_name(dg_dtype dtype);
extern const char *const dg_dtype_words[];
size_t dg_dtype_size(dg_dtype dtype);

/* A contiguous tensor, not initialised. DG_INVALID for a negative size or too many axes,
 * DG_NO_MEMORY for a size that overflows. */
dg_status dg_tensor_new(dg_tensor *out, dg_dtype dtype, int axes, const int64_t *shape);
dg_status dg_tensor_zeros(dg_tensor *out, dg_dtype dtype, int axes, const int64_t *shape);
/* Every element `value` (checked as dg_tensor_set checks it). */
dg_status dg_tensor_full(dg_tensor *out, dg_dtype dtype, int axes, const int64_t *shape,
                         double value);
/* start, start + step ... before stop. */
dg_status dg_tensor_range(dg_tensor *out, dg_dtype dtype, double start, double stop, double step);
/* float32, from engine/base/random.h; element i (row-major) depends on seed and i only. */
dg_status dg_tensor_uniform(dg_tensor *out, int axes, const int64_t *shape, float low, float high,
                            uint64_t seed);
dg_status dg_tensor_normal(dg_tensor *out, int axes, const int64_t *shape, float mean,
                           float deviation, uint64_t seed);

/* Another struct for the same view of the same storage. */
dg_tensor dg_tensor_retain(const dg_tensor *tensor);
/* Releases the storage and empties the struct; may be called again. */
void dg_tensor_release(dg_tensor *tensor);
/* A local tensor that is released wherever its scope is left; initialised with { 0 } at the latest,
 * and handed over with DG_TAKE (engine/base/memory.h). */
#define DG_OWNED_TENSOR DG_CLEANUP(dg_tensor_release) dg_tensor

/* Makes the tensor read-only, and all views that are made of it from now on: dg_tensor_set and
 * dg_tensor_assign refuse it. While a read-only tensor exists, they also refuse every other tensor
 * of the same storage (which can be moved to a copy by dg_tensor_detach). */
void dg_tensor_freeze(dg_tensor *tensor);
/* Whether the tensor is not read-only itself but shares its storage with one that is. */
bool dg_tensor_is_shared(const dg_tensor *tensor);
/* Moves the tensor to the same position in a copy of its storage, which `*copy` holds: the first
 * call makes it (`*copy` is empty then, and its owner releases it), later calls with other tensors
 * of the same storage cannot fail. Views of each other remain so if all of them are moved. */
dg_status dg_tensor_detach(dg_tensor *tensor, dg_tensor *copy);

/* --- asking ------------------------------------------------------------------------------- */

int64_t dg_tensor_count(const dg_tensor *tensor); /* elements */
bool dg_tensor_is_contiguous(const dg_tensor *tensor);
bool dg_tensor_same_shape(const dg_tensor *a, const dg_tensor *b);
/* Same type, shape and values (NaN equals nothing). */
bool dg_tensor_equal(const dg_tensor *a, const dg_tensor *b);
/* Writes "{2, 3}" and returns `out`. */
const char *dg_shape_text(int axes, const int64_t *shape, char *out, size_t size);

/* Element `at` (one index per axis), as a double, which holds all three types exactly. */
dg_status dg_tensor_get(const dg_tensor *tensor, const int64_t *at, double *out);
/* DG_INVALID for a fraction, NaN or a number that does not fit an integer tensor, and for a
 * read-only tensor. */
dg_status dg_tensor_set(dg_tensor *tensor, const int64_t *at, double value);

/* Typed pointers to the first element, for contiguous tensors of that type. */
static inline float *dg_floats(const dg_tensor *tensor)
{
    return tensor->data;
}
static inline uint8_t *dg_bytes(const dg_tensor *tensor)
{
    return tensor->data;
}
static inline int32_t *dg_int32s(const dg_tensor *tensor)
{
    return tensor->data;
}

/* --- views: no element is copied ---------------------------------------------------------- */

/* The part of the tensor where axis `axis` is `at`: one axis fewer. A negative `at` counts from the
 * end. */
dg_status dg_tensor_select(dg_tensor *out, const dg_tensor *tensor, int axis, int64_t at);
/* Axis `axis` cut to [begin, end). */
dg_status dg_tensor_slice(dg_tensor *out, const dg_tensor *tensor, int axis, int64_t begin,
                          int64_t end);
/* Axes in another order; `order` NULL reverses them. */
dg_status dg_tensor_transpose(dg_tensor *out, const dg_tensor *tensor, const int *order);
/* The view with the shape of `shape`, following numpy's rule; DG_INVALID names both shapes. */
dg_status dg_tensor_broadcast(dg_tensor *out, const dg_tensor *tensor, int axes,
                              const int64_t *shape);
/* A view if the elements are contiguous, else a copy (engine/tensor/copy.c). One size may be -1:
 * the one that fits. */
dg_status dg_tensor_reshape(dg_tensor *out, const dg_tensor *tensor, int axes,
                            const int64_t *shape);

/* --- copies ------------------------------------------------------------------------------- */

dg_status dg_tensor_copy(dg_tensor *out, const dg_tensor *tensor);       /* contiguous */
dg_status dg_tensor_contiguous(dg_tensor *out, const dg_tensor *tensor); /* a copy if needed */
/* float32 to integers truncates towards zero as numpy does, but DG_INVALID for NaN and for values
 * that do not fit (the message says which element). */
dg_status dg_tensor_astype(dg_tensor *out, const dg_tensor *tensor, dg_dtype dtype);
/* Copies `from`, broadcast and converted as in dg_tensor_astype, into the elements of `to`, unless
 * it is read-only. */
dg_status dg_tensor_assign(dg_tensor *to, const dg_tensor *from);
/* Rows (axis 0) in the given order; DG_INVALID names the first that is out of range. */
dg_status dg_tensor_take(dg_tensor *out, const dg_tensor *tensor, const int64_t *rows,
                         int64_t count);
/* Copies `from`, broadcast and converted as in dg_tensor_assign, into these rows (axis 0) of `to`;
 * if a row is named twice, the last one counts. DG_INVALID for a value that does not fit: then no
 * row has changed. */
dg_status dg_tensor_put(dg_tensor *to, const int64_t *rows, int64_t count, const dg_tensor *from);
/* Tensors of one type, one after another along `axis`. */
dg_status dg_tensor_concat(dg_tensor *out, int count, const dg_tensor *const *tensors, int axis);

/* --- arithmetic (engine/tensor/arithmetic.c) ---------------------------------------------- */

/* Elementwise with broadcasting. Result types: float32 if either is; uint8 with uint8 or int32
 * gives int32; DG_BINARY_DIV gives float32, DG_BINARY_POW float32. int32 overflow is DG_INVALID,
 * never a wrap. DG_BINARY_MOD follows Lua (sign of the divisor); an integer zero divisor is
 * DG_INVALID. Comparisons give uint8, 0 or 1. */
typedef enum dg_binary {
    DG_BINARY_ADD,
    DG_BINARY_SUB,
    DG_BINARY_MUL,
    DG_BINARY_DIV,
    DG_BINARY_MOD,
    DG_BINARY_POW,
    DG_BINARY_MINIMUM,
    DG_BINARY_MAXIMUM,
    DG_BINARY_EQ,
    DG_BINARY_NE,
    DG_BINARY_LT,
    DG_BINARY_LE,
    DG_BINARY_GT,
    DG_BINARY_GE,
} dg_binary;
dg_status dg_tensor_binary(dg_tensor *out, dg_binary op, const dg_tensor *a, const dg_tensor *b);
/* With a number on the right, or (`reversed`) on the left. `integer`: the number is a Lua integer,
 * so that uint8 + 1 is int32; otherwise it is a float32. */
dg_status dg_tensor_binary_number(dg_tensor *out, dg_binary op, const dg_tensor *a, double number,
                                  bool integer, bool reversed);

/* Elementwise; float32, but NEG and ABS keep int32 (uint8 becomes int32). NOT is uint8. */
typedef enum dg_unary {
    DG_UNARY_NEG,
    DG_UNARY_ABS,
    DG_UNARY_EXP,
    DG_UNARY_LOG,
    DG_UNARY_SQRT,
    DG_UNARY_TANH,
    DG_UNARY_SIGMOID,
    DG_UNARY_FLOOR,
    DG_UNARY_CEIL,
    DG_UNARY_ROUND,
    DG_UNARY_NOT,
} dg_unary;
dg_status dg_tensor_unary(dg_tensor *out, dg_unary op, const dg_tensor *a);

/* The row-major positions (n, axes) of the elements that are not zero, int32, counted from
 * `origin`; for one axis the shape is (n). */
dg_status dg_tensor_nonzero(dg_tensor *out, const dg_tensor *tensor, int origin);

/* --- reductions (engine/tensor/reduce.c) -------------------------------------------------- */

/* Over one axis (which is removed, unless `keep`), or over all with axis DG_ALL_AXES (0 axes, or
 * all of size 1 with `keep`). Sums of integers run in 64 bits; DG_REDUCE_SUM of integers is int32,
 * DG_INVALID if it does not fit; DG_REDUCE_MEAN, DG_REDUCE_STD, DG_REDUCE_VAR (dividing by n) are
 * float32, accumulated in double. MIN and MAX keep the type and propagate NaN; over no elements
 * they are DG_INVALID. ARGMIN, ARGMAX are int32: the first of equals, counted from `origin`. Large
 * sums are cut into pieces by shape and added in order. */
typedef enum dg_reduction {
    DG_REDUCE_SUM,
    DG_REDUCE_MEAN,
    DG_REDUCE_STD,
    DG_REDUCE_VAR,
    DG_REDUCE_MIN,
    DG_REDUCE_MAX,
    DG_REDUCE_ARGMIN,
    DG_REDUCE_ARGMAX,
} dg_reduction;
enum { DG_ALL_AXES = -100 };
dg_status dg_tensor_reduce(dg_tensor *out, dg_reduction op, const dg_tensor *tensor, int axis,
                           bool keep, int origin);
/* The sum of any tensor as a double (exact for integers below 2^53). */
double dg_tensor_sum(const dg_tensor *tensor);
/* The position of the greatest of `count` values, at least one; the first of equals. */
int64_t dg_argmax(const float *values, int64_t count);
/* In how many of the rows of `values` (rows, width) the greatest value is at `positions[row]`. */
int64_t dg_count_correct(const float *values, const int32_t *positions, int64_t rows,
                         int64_t width);

/* --- products (engine/tensor/gemm.c) ------------------------------------------------------ */

/* (m, k) by (k, n); one axis stands for a row on the left or a column on the right, as numpy's
 * matmul. Converts to float32; cut into parallel pieces by shape. */
dg_status dg_tensor_matmul(dg_tensor *out, const dg_tensor *a, const dg_tensor *b);

/* --- printing (engine/tensor/print.c) ----------------------------------------------------- */

/* A readable text: header "float32 tensor {2, 3}", aligned columns, "..." beyond a bounded number
 * of rows and columns. Free it with dg_free. */
dg_status dg_tensor_text(const dg_tensor *tensor, char **out);

#endif
