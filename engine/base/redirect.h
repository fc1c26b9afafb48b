/* Writing elsewhere. A process that is redirected writes each file below a folder of its choice,
 * under the file's whole path, and reads from there what it wrote; all else is read where it lies.
 * So a script can be run again without touching what it wrote before, and without finding it.
 *
 * What opens, makes or asks for a file uses these functions; without a redirection they return the
 * path as it is. A path is compared in its canonical form, without links and dots. */
#ifndef DG_BASE_REDIRECT_H
#define DG_BASE_REDIRECT_H

#include <limits.h>

#include "engine/base/status.h"

/* From now on; NULL: no longer. DG_IO: there is no such folder. */
dg_status dg_redirect_to(const char *folder);

/* That folder, or NULL. */
const char *dg_redirect_folder(void);

/* The path to open for writing, whose folder is there if that of `path` is; DG_IO. May point to
 * `path` or into `room`. */
dg_status dg_redirect_write(const char **out, const char *path, char room[PATH_MAX]);

/* The path to read from. */
const char *dg_redirect_read(const char *path, char room[PATH_MAX]);

/* From now on the file is missing for this process, until it writes it. */
dg_status dg_redirect_hide(const char *path);

#endif
