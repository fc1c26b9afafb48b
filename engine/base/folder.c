/* Folders. */
#define _GNU_SOURCE /* nftw */
#include "engine/base/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dg_status dg_folder_make_temporary(char path[PATH_MAX])
{
    const char *parent = getenv("TMPDIR");
    char name[PATH_MAX];
    if (!parent || !*parent) parent = "/tmp";
    if (snprintf(name, sizeof name, "%s/digits-lua-XXXXXX", parent) >= PATH_MAX)
        errno = ENAMETOOLONG;
    else if (mkdtemp(name) && realpath(name, path))
        return DG_OK;
    return dg_error(DG_IO, "cannot make a folder in %s: %s", parent, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

dg_status dg_folder_remove(const char *path)
{
    enum { DESCRIPTORS = 16 };
    if (nftw(path, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return DG_OK;
    return dg_error(DG_IO, "cannot remove %s: %s", path, strerror(errno));
}
