/* Writing a file completely or not at all. */
#include "engine/base/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/memory.h"
#include "engine/base/redirect.h"

enum { MOST_LINKS = 40, MOST_NAMES = 100, NAME_SIZE = 64, ABANDONED_AFTER = 3600 };

/* Of temporary files: PREFIX, the machine's number, the process, a number, SUFFIX. */
#define PREFIX ".digits-lua-"
#define SUFFIX ".tmp"

static dg_status refused(const char *path, int reason)
{
    return dg_error(DG_IO, "cannot write %s: %s", path, strerror(reason));
}

/* The length of the folder in `path`, its last slash included; 0 for the current folder. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Follows symbolic links from `name` on, including one whose target does not exist yet. */
static dg_status follow_links(const char *name, char path[PATH_MAX])
{
    if (strlen(name) >= PATH_MAX) return refused(name, ENAMETOOLONG);
    strcpy(path, name);
    struct stat about;
    for (int links = 0; lstat(path, &about) == 0 && S_ISLNK(about.st_mode); links++) {
        char to[PATH_MAX];
        ssize_t length = readlink(path, to, sizeof to - 1);
        if (length < 0 || links == MOST_LINKS) return refused(name, length < 0 ? errno : ELOOP);
        to[length] = '\0';
        size_t folder = to[0] == '/' ? 0 : folder_length(path);
        if (folder + (size_t)length >= PATH_MAX) return refused(name, ENAMETOOLONG);
        strcpy(path + folder, to);
    }
    return DG_OK;
}

/* Checks that the file at `path` may be replaced; `*mode` becomes its permissions, or -1 if
 * there is none. */
static dg_status check_target(const char *name, const char *path, int *mode)
{
    struct stat about;
    *mode = -1;
    if (*path == '\0') return dg_error(DG_IO, "cannot write a file: its name is empty");
    if (stat(path, &about) != 0) return errno == ENOENT ? DG_OK : refused(name, errno);
    if (S_ISDIR(about.st_mode))
        return dg_error(DG_IO, "cannot write %s: it is a directory, expected the name of a file",
                        name);
    if (!S_ISREG(about.st_mode))
        return dg_error(DG_IO, "cannot write %s: it is not a regular file", name);
    if (access(path, W_OK) != 0) return refused(name, errno);
    *mode = about.st_mode & 0777;
    return DG_OK;
}

static dg_status no_folder(const char *name, const char *path, int reason)
{
    size_t folder = folder_length(path);
    if (reason != ENOENT || folder == 0) return refused(name, reason);
    return dg_error(DG_IO, "cannot write %s: there is no folder %.*s", name, (int)folder, path);
}

/* --- temporary files ------------------------------------------------------------------------ */

static uint32_t add_to_hash(uint32_t hash, const char *text)
{
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 16777619u; /* FNV-1a */
    return hash;
}

/* Identifies this machine since its start: the locks of its processes are visible here. */
static uint32_t machine_number(void)
{
    char text[256] = "";
    gethostname(text, sizeof text - 1);
    uint32_t hash = add_to_hash(2166136261u, text);
    int descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = descriptor < 0 ? -1 : read(descriptor, text, sizeof text - 1);
    if (descriptor >= 0) close(descriptor);
    text[length > 0 ? length : 0] = '\0';
    return add_to_hash(hash, text);
}

static bool is_temporary_name(const char *name)
{
    size_t length = strlen(name), suffix = strlen(SUFFIX);
    return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && length > suffix &&
           strcmp(name + length - suffix, SUFFIX) == 0;
}

/* Removes the file if its writer has ended: it holds a lock until it ends, however it ends. The
 * locks of another machine may not be visible here; then only old files are removed. */
static void remove_if_abandoned(int folder, const char *name, const char *own)
{
    struct stat about;
    int flags = O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode) ||
        about.st_uid != geteuid())
        return;
    bool ours = strncmp(name, own, strlen(own)) == 0;
    if (!ours && time(NULL) - about.st_mtime < ABANDONED_AFTER) return;
    int descriptor = openat(folder, name, flags);
    if (descriptor < 0) return;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) unlinkat(folder, name, 0);
    close(descriptor);
}

/* Removes the files that killed programs have left in the folder of `path`. */
static void remove_abandoned(const char *path)
{
    char folder[PATH_MAX], own[NAME_SIZE];
    size_t length = folder_length(path);
    snprintf(folder, sizeof folder, "%.*s", length ? (int)length : 1, length ? path : ".");
    snprintf(own, sizeof own, PREFIX "%08x-", machine_number());
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
        if (is_temporary_name(entry->d_name))
            remove_if_abandoned(dirfd(entries), entry->d_name, own);
    closedir(entries);
}

/* Locks the new file; false if another program, which found it before that, took it for abandoned.
 * On file systems without locks it is not locked. */
static bool is_kept(const dg_atomic_file *file)
{
    struct stat about;
    if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    return fstat(file->descriptor, &about) != 0 || about.st_nlink > 0;
}

/* Creates a file beside the target; its name is short, since the target's may be as long as
 * allowed. */
static dg_status create_temporary(dg_atomic_file *file)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t folder = folder_length(file->target), size = folder + NAME_SIZE;
    DG_TRY(dg_alloc(&file->temporary, (int64_t)size, 1));
    memcpy(file->temporary, file->target, folder);
    int reason = EEXIST;
    for (int i = 0; i < MOST_NAMES && reason == EEXIST; i++) {
        snprintf(file->temporary + folder, size - folder, PREFIX "%08x-%lx-%lx" SUFFIX,
                 machine_number(), (unsigned long)getpid(),
                 (unsigned long)now.tv_nsec + (unsigned long)i);
        file->descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->descriptor >= 0 && is_kept(file)) return DG_OK;
        reason = file->descriptor >= 0 ? EEXIST : errno;
        if (file->descriptor >= 0) close(file->descriptor);
        file->descriptor = -1;
    }
    return no_folder(file->name, file->target, reason);
}

/* --- writing -------------------------------------------------------------------------------- */

dg_status dg_atomic_open(dg_atomic_file *file, const char *path)
{
    *file = (dg_atomic_file){ .descriptor = -1, .name = path };
    char target[PATH_MAX], room[PATH_MAX];
    const char *to;
    int mode;
    DG_TRY(dg_redirect_write(&to, path, room));
    DG_TRY(follow_links(to, target));
    DG_TRY(check_target(path, target, &mode));
    dg_status status = dg_copy_text(&file->target, target);
    remove_abandoned(target);
    if (status == DG_OK) status = create_temporary(file);
    if (status == DG_OK && mode >= 0 && fchmod(file->descriptor, (mode_t)mode) != 0)
        status = refused(path, errno);
    if (status != DG_OK) dg_atomic_abandon(file);
    return status;
}

dg_status dg_atomic_write(dg_atomic_file *file, const void *bytes, size_t count)
{
    const char *from = bytes;
    while (count > 0) {
        ssize_t done = write(file->descriptor, from, count);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return refused(file->name, errno);
        from += done;
        count -= (size_t)done;
    }
    return DG_OK;
}

dg_status dg_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    size_t length = folder_length(path);
    snprintf(folder, sizeof folder, "%.*s", length ? (int)length : 1, length ? path : ".");
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return DG_OK;
    int reason = fsync(descriptor) == 0 ? 0 : errno;
    close(descriptor);
    return reason == EIO ? refused(path, reason) : DG_OK;
}

dg_status dg_atomic_commit(dg_atomic_file *file)
{
    bool synced = fsync(file->descriptor) == 0 || errno == EINVAL;
    int reason = errno;
    /* keeps the lock: until the file has its name, it must not look abandoned */
    int lock = fcntl(file->descriptor, F_DUPFD_CLOEXEC, 0);
    bool closed = close(file->descriptor) == 0;
    if (synced && !closed) reason = errno;
    file->descriptor = -1;
    bool done = synced && closed;
    if (done && rename(file->temporary, file->target) != 0) {
        reason = errno;
        done = false;
    }
    if (!done) unlink(file->temporary);
    if (lock >= 0) close(lock);
    if (!done) return refused(file->name, reason);
    return dg_sync_folder(file->target);
}

void dg_atomic_abandon(dg_atomic_file *file)
{
    if (file->descriptor >= 0) {
        close(file->descriptor);
        unlink(file->temporary);
    }
    dg_free(file->target);
    dg_free(file->temporary);
    *file = (dg_atomic_file){ .descriptor = -1 };
}
