/* Folders that a program makes for itself, and removes. */
#ifndef DG_BASE_FOLDER_H
#define DG_BASE_FOLDER_H

#include <limits.h>

#include "engine/base/status.h"

/* Makes an empty folder of an unused name in TMPDIR, else in /tmp, for this user alone. */
dg_status dg_folder_make_temporary(char path[PATH_MAX]);

/* Removes the folder with all that is in it; links are not followed. One that is missing is not a
 * failure. */
dg_status dg_folder_remove(const char *path);

#endif
