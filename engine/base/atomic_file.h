/* Writing a file whole or not at all: the bytes go to a temporary file in the same folder, which
 * takes the place of the old one only when all of them are on the disk.
 *
 *     dg_atomic_file file;
 *     DG_TRY(dg_atomic_open(&file, path));
 *     status = dg_atomic_write(&file, bytes, count);
 *     if (status == DG_OK) status = dg_atomic_commit(&file);
 *     dg_atomic_abandon(&file);
 *
 * A file that is replaced hands on its permissions; a new one has those that the umask leaves. A
 * symbolic link stays, and what it points to is replaced. What is no regular file is refused.
 * A program that is killed while it writes leaves its temporary file, ".digits-lua-*.tmp": the next
 * that writes in the folder removes it (files of another user never; of another machine, which may
 * share the folder, when they are an hour old).
 * Messages (DG_IO) name the path and the reason. */
#ifndef DG_BASE_ATOMIC_FILE_H
#define DG_BASE_ATOMIC_FILE_H

#include <stddef.h>

#include "engine/base/status.h"

typedef struct dg_atomic_file {
    int descriptor;   /* -1 when there is nothing left to do */
    const char *name; /* the path as the caller says it, borrowed */
    char *target;     /* the same, symbolic links followed */
    char *temporary;
} dg_atomic_file;

/* On failure the struct is such that dg_atomic_abandon may be called. */
dg_status dg_atomic_open(dg_atomic_file *file, const char *path);
dg_status dg_atomic_write(dg_atomic_file *file, const void *bytes, size_t count);
/* fsync, rename, fsync of the folder. */
dg_status dg_atomic_commit(dg_atomic_file *file);
/* Removes what was not committed, and frees the struct's memory; may be called again. */
void dg_atomic_abandon(dg_atomic_file *file);

/* Makes the names in the folder of `path` last, a new file's among them. Some file systems cannot
 * do it: that is no failure. */
dg_status dg_sync_folder(const char *path);

#endif
