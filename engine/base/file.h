/* Opening and reading files of any kind. */
#ifndef DG_BASE_FILE_H
#define DG_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

/* Opens a regular file for reading; `*size` becomes its bytes. DG_IO: no such file, no right to
 * read it, a directory or a device. DG_FORMAT: it is empty. */
dg_status dg_file_open(const char *path, int *descriptor, int64_t *size);

/* Reads `count` bytes from `offset` on. DG_IO where the file ends before, as it does when someone
 * cut it meanwhile. */
dg_status dg_file_read(const char *path, int descriptor, int64_t offset, size_t count, void *out);

#endif
