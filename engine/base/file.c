/* Opening the files that datasets are read from. */
#include "engine/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/redirect.h"

dg_status dg_file_open(const char *path, int *descriptor, int64_t *size)
{
    /* without O_NONBLOCK, opening a named pipe waits for a writer */
    char room[PATH_MAX];
    int fd = open(dg_redirect_read(path, room), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return dg_error(DG_IO, "cannot open %s: %s", path, strerror(errno));
    struct stat about;
    dg_status status = DG_OK;
    if (fstat(fd, &about) != 0)
        status = dg_error(DG_IO, "cannot read %s: %s", path, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        status = dg_error(DG_IO, "cannot read %s: it is a directory, expected a file", path);
    else if (!S_ISREG(about.st_mode))
        status = dg_error(DG_IO, "cannot read %s: it is not a regular file", path);
    else if (about.st_size == 0)
        status = dg_error(DG_FORMAT, "%s: is empty", path);
    if (status != DG_OK) {
        close(fd);
        return status;
    }
    *descriptor = fd;
    *size = about.st_size;
    return DG_OK;
}

dg_status dg_file_read(const char *path, int descriptor, int64_t offset, size_t count, void *out)
{
    char *to = out;
    while (count > 0) {
        ssize_t got = pread(descriptor, to, count, offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return dg_error(DG_IO, "cannot read %s: %s", path, strerror(errno));
        if (got == 0) return dg_error(DG_IO, "%s was truncated while it was being read", path);
        to += got;
        offset += got;
        count -= (size_t)got;
    }
    return DG_OK;
}
