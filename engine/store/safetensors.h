/* The safetensors format (https://huggingface.co/docs/safetensors): an 8-byte little-endian length,
 * a JSON header, then one buffer that the tensors cover without holes. Loading runs no code.
 *
 * The reader checks everything: lengths, offsets, shapes, types, duplicate names, holes, overlaps
 * and trailing bytes; messages name the file, the fault and its offset. */
#ifndef DG_STORE_SAFETENSORS_H
#define DG_STORE_SAFETENSORS_H

#include "engine/base/sha256.h"
#include "engine/base/status.h"
#include "engine/tensor/tensor.h"

typedef struct dg_named_tensor {
    char *name;
    dg_tensor tensor; /* F32, U8, I8 or I32 */
    bool is_int8;     /* the bytes of `tensor`, a uint8 one, are int8: I8 in the file */
} dg_named_tensor;

typedef struct dg_tensor_file {
    int count;
    dg_named_tensor *tensors; /* in the order of the buffer */
    int metadata_count;
    char **keys, **values; /* of __metadata__ */
} dg_tensor_file;

/* The header has at most 100 MB. F16, BF16, F64 and I64 are read too: floats become float32, I64
 * becomes int32, if it fits. */
dg_status dg_tensor_file_read(dg_tensor_file *out, const char *path);
void dg_tensor_file_release(dg_tensor_file *file);
const char *dg_tensor_file_metadata(const dg_tensor_file *file, const char *key);   /* or NULL */
const dg_tensor *dg_tensor_file_find(const dg_tensor_file *file, const char *name); /* or NULL */
/* The same with what the file says of it; dg_tensor_file_find does not find int8. */
const dg_named_tensor *dg_tensor_file_find_any(const dg_tensor_file *file, const char *name);
/* The same, borrowed; DG_FORMAT if there is none. */
dg_status dg_tensor_file_want(const dg_tensor_file *file, const char *name, dg_tensor *out);
/* DG_FORMAT also if it has another type or shape. */
dg_status dg_tensor_file_want_as(const dg_tensor_file *file, const char *name, dg_dtype dtype,
                                 int axes, const int64_t *shape, dg_tensor *out);

/* Adds a tensor to the file, in memory; its storage is shared. */
dg_status dg_tensor_file_add(dg_tensor_file *file, const char *name, const dg_tensor *tensor);
/* The same for a uint8 tensor whose bytes are int8. */
dg_status dg_tensor_file_add_int8(dg_tensor_file *file, const char *name, const dg_tensor *tensor);

/* `*out` (dg_free it) becomes the tensors in the order in which they are written: wide types first,
 * so that each value is at a multiple of its size. */
dg_status dg_tensor_file_order(const dg_named_tensor ***out, const dg_tensor_file *file);

/* Writes whole or not at all: a temporary file beside `path`, fsync, rename, fsync of the
 * folder. */
dg_status dg_tensor_file_write(const dg_tensor_file *file, const char *path);

/* The SHA-256 of the tensors, in the order of the file: of each the name, the element type as the
 * file names it (each with its NUL), the number of axes and the shape (uint64), and the values; all
 * in little-endian order, and NaN as 0x7fc00000. */
dg_status dg_tensor_file_digest(const dg_tensor_file *file, char hex[DG_SHA256_HEX]);

/* --- names with a prefix (engine/store/prefix.c) ---------------------------------------------- */

/* The part of `name` after "PREFIX/", or NULL. */
const char *dg_tensor_name_after(const char *name, const char *prefix);

/* Adds the tensors of `from` as "PREFIX/...". DG_INVALID if the file has tensors of such names. */
dg_status dg_tensor_file_nest(dg_tensor_file *file, const char *prefix, const dg_tensor_file *from);

/* `*out` becomes a view of the tensors "PREFIX/...", without the prefix: it owns its list of
 * tensors alone, and is released with dg_tensor_file_view_release. */
dg_status dg_tensor_file_view(dg_tensor_file *out, const char *prefix, const dg_tensor_file *file);

void dg_tensor_file_view_release(dg_tensor_file *view);

#endif
