/* Files of a header and data of a size that the header says, plain or packed by gzip: zlib reads
 * both alike. */
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
    int64_t max_bytes; /* what a .gz may unpack to, at most; 0: a hundred times its size, or 256 MiB
                          if that is more */
} dg_packed;

/* Opens file->path. */
dg_status dg_packed_open(dg_packed *file);
void dg_packed_close(dg_packed *file);

/* Reads up to `count` bytes; `*got` is less only at the end of the file. */
dg_status dg_packed_read(dg_packed *file, int64_t count, void *out, int64_t *got);

/* Before memory is taken: DG_FORMAT unless there are values of `item` bytes in this shape, as the
 * header says, and the file can hold them after `header` bytes, may, and holds no more. `*size`:
 * their bytes. */
dg_status dg_packed_check(const dg_packed *file, int64_t header, int64_t item, int axes,
                          const int64_t *shape, int64_t *size);

/* Reads the `size` bytes after the header, with which the file must end. */
dg_status dg_packed_read_data(dg_packed *file, int64_t size, void *out);

#endif
