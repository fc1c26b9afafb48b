/* Files of a header and data whose size the header gives, gzipped or not: zlib reads both. */
#ifndef DG_DATA_PACKED_H
#define DG_DATA_PACKED_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "engine/base/status.h"

typedef struct dg_packed {
    const char *path;
    gzFile gz;
    int64_t disk_size;
    int64_t max_bytes; /* how many bytes a .gz may unpack to; 0: a hundred times its size, at least
                          256 MiB */
} dg_packed;

/* Opens file->path. */
dg_status dg_packed_open(dg_packed *file);
void dg_packed_close(dg_packed *file);

/* Reads up to `count` bytes; `*got` is less only at the end of the file. */
dg_status dg_packed_read(dg_packed *file, int64_t count, void *out, int64_t *got);

/* Before memory is allocated: DG_FORMAT unless the shape in the header has values, of `item` bytes
 * each, which the file can have after `header` bytes, within max_bytes, and nothing after them.
 * `*size`: how many bytes the values have. */
dg_status dg_packed_check(const dg_packed *file, int64_t header, int64_t item, int axes,
                          const int64_t *shape, int64_t *size);

/* Reads the `size` bytes after the header; the file must end there. */
dg_status dg_packed_read_data(dg_packed *file, int64_t size, void *out);

#endif
