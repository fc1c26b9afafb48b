/* Writing elsewhere. */
#include "engine/base/redirect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char target[PATH_MAX]; /* canonical; "": not redirected */

static dg_status refused(const char *path, int reason)
{
    return dg_error(DG_IO, "cannot redirect %s: %s", path, strerror(reason));
}

dg_status dg_redirect_to(const char *folder)
{
    struct stat about;
    char found[PATH_MAX];
    target[0] = '\0';
    if (!folder) return DG_OK;
    if (!realpath(folder, found)) return refused(folder, errno);
    if (stat(found, &about) != 0 || !S_ISDIR(about.st_mode)) return refused(folder, ENOTDIR);
    strcpy(target, found);
    return DG_OK;
}

const char *dg_redirect_folder(void)
{
    return target[0] ? target : NULL;
}

/* --- canonical paths ---------------------------------------------------------------------- */

/* Appends the component of `length` bytes; ".." takes the last one away. */
static bool append(char path[PATH_MAX], const char *name, size_t length)
{
    size_t used = strcmp(path, "/") == 0 ? 0 : strlen(path);
    if (length == 0 || (length == 1 && name[0] == '.')) return true;
    if (length == 2 && name[0] == '.' && name[1] == '.') {
        while (used > 0 && path[used - 1] != '/') used--;
        path[used > 1 ? used - 1 : 1] = '\0';
        return true;
    }
    if (used + length + 2 > PATH_MAX) return false;
    snprintf(path + used, PATH_MAX - used, "/%.*s", (int)length, name);
    return true;
}

/* The path of a file that need not be there: as much of it as there is, resolved, then the rest. */
static bool canonical(const char *path, char out[PATH_MAX])
{
    char there[PATH_MAX];
    size_t end = strlen(path);
    if (end >= PATH_MAX) return false;
    strcpy(there, path);
    while (end > 0 && !realpath(there, out)) {
        while (end > 0 && there[end - 1] == '/') end--; /* those after the name */
        while (end > 0 && there[end - 1] != '/') end--;
        there[end] = '\0';
    }
    if (end == 0 && !realpath(path[0] == '/' ? "/" : ".", out)) return false;
    for (const char *at = path + end; *at;) {
        size_t length = strcspn(at, "/");
        if (!append(out, at, length)) return false;
        at += length + (at[length] == '/');
    }
    return true;
}

/* Where the file is below the folder; false: it is there already, or too long a name. */
static bool below(const char *path, char room[PATH_MAX])
{
    char whole[PATH_MAX];
    size_t length = strlen(target);
    if (!length || !*path || !canonical(path, whole)) return false;
    if (strncmp(whole, target, length) == 0 && (whole[length] == '/' || !whole[length]))
        return false;
    return snprintf(room, PATH_MAX, "%s%s", target, whole) < PATH_MAX;
}

/* --- folders ------------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Makes the folders that `path`, below the folder, stands in, if it may stand there. */
static dg_status make_folders(char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');
    *slash = '\0';
    const char *own = path + strlen(target);
    bool there = is_folder(path), wanted = is_folder(*own ? own : "/");
    for (char *at = path + strlen(target); !there && wanted && at;) {
        at = strchr(at + 1, '/');
        if (at) *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) return refused(path, errno);
        if (at) *at = '/';
    }
    *slash = '/';
    return DG_OK;
}

/* --- paths -------------------------------------------------------------------------------- */

dg_status dg_redirect_write(const char **out, const char *path, char room[PATH_MAX])
{
    *out = path;
    if (!below(path, room)) return DG_OK;
    DG_TRY(make_folders(room));
    *out = room;
    return DG_OK;
}

const char *dg_redirect_read(const char *path, char room[PATH_MAX])
{
    struct stat about;
    if (!below(path, room) || lstat(room, &about) != 0) return path;
    return S_ISDIR(about.st_mode) && is_folder(path) ? path : room;
}

/* The file becomes a link to one that does not exist; who writes through it makes that. */
dg_status dg_redirect_hide(const char *path)
{
    char room[PATH_MAX], link[PATH_MAX];
    const char *place;
    DG_TRY(dg_redirect_write(&place, path, room));
    if (place != room) return DG_OK;
    if (snprintf(link, sizeof link, "%s.hidden", room) >= PATH_MAX)
        return refused(path, ENAMETOOLONG);
    unlink(room);
    unlink(link);
    if (symlink(strrchr(link, '/') + 1, room) == 0) return DG_OK;
    return errno == ENOENT ? DG_OK : refused(path, errno); /* no folder: it is missing */
}
