/* The safetensors format (https://huggingface.co/docs/safetensors): an 8-byte little-endian length,
 * a JSON header, then one buffer that the tensors cover without holes. Loading runs no code.
 *
 * The reader trusts nothing: lengths, offsets, shapes, types, duplicate names, holes, overlaps and
 * trailing bytes are checked, and messages name the file and what is wrong at which offset. */
#ifndef DG_STORE_SAFETENSORS_H
#define DG_STORE_SAFETENSORS_H

#include "engine/base/status.h"
#include "engine/tensor/tensor.h"

typedef struct dg_named_tensor {
    char *name;
    dg_tensor tensor; /* F32, U8 or I32 */
} dg_named_tensor;

typedef struct dg_tensor_file {
    int count;
    dg_named_tensor *tensors; /* in the order of the buffer */
    int metadata_count;
    char **keys, **values; /* of __metadata__ */
} dg_tensor_file;

/* Header at most 100 MB. F16, BF16, F64 and I64 are read too: floats become float32; I64 becomes
 * int32 where it fits. */
dg_status dg_tensor_file_read(dg_tensor_file *out, const char *path);
void dg_tensor_file_release(dg_tensor_file *file);
const char *dg_tensor_file_metadata(const dg_tensor_file *file, const char *key);   /* or NULL */
const dg_tensor *dg_tensor_file_find(const dg_tensor_file *file, const char *name); /* or NULL */
/* The same, borrowed; DG_FORMAT where there is none. */
dg_status dg_tensor_file_want(const dg_tensor_file *file, const char *name, dg_tensor *out);
/* DG_FORMAT also where it is of another type or shape. */
dg_status dg_tensor_file_want_as(const dg_tensor_file *file, const char *name, dg_dtype dtype,
                                 int axes, const int64_t *shape, dg_tensor *out);

/* Puts a tensor into a file that will be written; its storage is shared. */
dg_status dg_tensor_file_add(dg_tensor_file *file, const char *name, const dg_tensor *tensor);

/* Writes whole or not at all: a temporary file beside `path`, fsync, rename, fsync of the
 * folder. */
dg_status dg_tensor_file_write(const dg_tensor_file *file, const char *path);

#endif
