/* Opening and reading files of any kind. */
#ifndef DG_BASE_FILE_H
#define DG_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

/* Opens a regular file for reading; `*size` becomes its size in bytes. DG_IO: it does not exist,
 * may not be read, or is a directory or a device. DG_FORMAT: it is empty. */
dg_status dg_file_open(const char *path, int *descriptor, int64_t *size);

/* Reads `count` bytes from `offset` on. DG_IO if the file ends before that, because it was
 * truncated in the meantime. */
dg_status dg_file_read(const char *path, int descriptor, int64_t offset, size_t count, void *out);

#endif
