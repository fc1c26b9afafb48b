/* The element types of safetensors files, and how they are converted when read. */
#ifndef DG_STORE_TENSOR_FORMAT_H
#define DG_STORE_TENSOR_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "engine/tensor/tensor.h"

/* The largest header in bytes, for reader and writer, as in the format's reference
 * implementation. */
enum { DG_MAX_HEADER = 100000000 };

typedef struct dg_tensor_format {
    const char *name; /* "F32" */
    int size;         /* bytes per value, in the file */
    dg_dtype dtype;   /* in memory */
    /* Converts `count` values at `from` (any alignment) to `dtype`; DG_FORMAT if one does not fit.
     * NULL: they are read as they are. */
    dg_status (*convert)(const char *from, int64_t count, void *to);
    bool is_int8; /* as in dg_named_tensor */
} dg_tensor_format;

/* The format with that name, or NULL; the format in which a type, or int8, is written. */
const dg_tensor_format *dg_tensor_format_find(const char *name);
const dg_tensor_format *dg_tensor_format_of(dg_dtype dtype, bool is_int8);

/* Writes "F32, U8 ..." and returns `out`. */
const char *dg_tensor_format_names(char *out, size_t size);

#endif
