/* Writing a file completely or not at all: the bytes go to a temporary file in the same folder,
 * which replaces the old one only when all of them are on the disk.
 *
 *     DG_CLEANUP(dg_atomic_abandon) dg_atomic_file file = DG_ATOMIC_CLOSED;
 *     DG_TRY(dg_atomic_open(&file, path));
 *     DG_TRY(dg_atomic_write(&file, bytes, count));
 *     return dg_atomic_commit(&file);
 *
 * A replaced file passes on its permissions; a new one has those that the umask leaves. A symbolic
 * link is kept, and the file it points to is replaced. Only regular files can be replaced.
 * A program that is killed while it writes leaves its temporary file, ".digits-lua-*.tmp": the next
 * program that writes in the folder removes it (never a file of another user; one of another
 * machine, which may share the folder, when it is an hour old).
 * Messages (DG_IO) name the path and the reason. */
#ifndef DG_BASE_ATOMIC_FILE_H
#define DG_BASE_ATOMIC_FILE_H

#include <stddef.h>

#include "engine/base/status.h"

typedef struct dg_atomic_file {
    int descriptor;   /* -1: closed */
    const char *name; /* the path as the caller gave it, borrowed */
    char *target;     /* the same with symbolic links followed */
    char *temporary;
} dg_atomic_file;

/* A closed file, on which dg_atomic_abandon has no effect. */
#define DG_ATOMIC_CLOSED                                                                           \
    (dg_atomic_file)                                                                               \
    {                                                                                              \
        .descriptor = -1                                                                           \
    }

/* On failure the struct is closed. */
dg_status dg_atomic_open(dg_atomic_file *file, const char *path);
dg_status dg_atomic_write(dg_atomic_file *file, const void *bytes, size_t count);
/* fsync, rename, fsync of the folder. */
dg_status dg_atomic_commit(dg_atomic_file *file);
/* Removes the temporary file if it was not committed, and closes the struct; may be called
 * again. */
void dg_atomic_abandon(dg_atomic_file *file);

/* Writes the folder of `path`, with the names of new files in it, to the disk. On a file system
 * that cannot do so this has no effect. */
dg_status dg_sync_folder(const char *path);

#endif
