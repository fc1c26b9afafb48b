/* The types of numbers in safetensors files that are read, and what becomes of them. */
#ifndef DG_STORE_TENSOR_FORMAT_H
#define DG_STORE_TENSOR_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "engine/tensor/tensor.h"

/* The most bytes of a header, for reader and writer, as in the format's first implementation. */
enum { DG_HEADER_MOST = 100000000 };

typedef struct dg_tensor_format {
    const char *name; /* "F32" */
    int size;         /* bytes a value, in the file */
    dg_dtype dtype;   /* in memory */
    /* Turns `count` values at `from` (any alignment) into values of `dtype`; DG_FORMAT where one
     * does not fit. NULL: they are kept as they are. */
    dg_status (*convert)(const char *from, int64_t count, void *to);
} dg_tensor_format;

/* The format of that name, or NULL; the one in which a type is written. */
const dg_tensor_format *dg_tensor_format_find(const char *name);
const dg_tensor_format *dg_tensor_format_of(dg_dtype dtype);

/* Writes "F32, U8 ..." and returns `out`. */
const char *dg_tensor_format_names(char *out, size_t size);

#endif
