/* Lines that survive the program that wrote them. */
#include "engine/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/atomic_file.h"
#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/base/redirect.h"

static dg_status refused(const dg_journal *journal, int reason)
{
    return dg_error(DG_IO, "cannot write %s: %s", journal->path, strerror(reason));
}

static dg_status no_file(const char *path, int reason)
{
    const char *slash = strrchr(path, '/');
    if (*path == '\0') return dg_error(DG_IO, "cannot write a journal: its name is empty");
    if (reason != ENOENT || !slash)
        return dg_error(DG_IO, "cannot write %s: %s", path, strerror(reason));
    return dg_error(DG_IO, "cannot write %s: there is no folder %.*s", path,
                    (int)(slash - path) + 1, path);
}

/* Locks the file and reads its size. */
static dg_status lock_journal(dg_journal *journal)
{
    struct stat about;
    if (fstat(journal->descriptor, &about) != 0) return refused(journal, errno);
    if (!S_ISREG(about.st_mode))
        return dg_error(DG_IO, "cannot write %s: it is not a regular file", journal->path);
    if (flock(journal->descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return dg_error(DG_INVALID, "%s is being written by another program", journal->path);
    journal->size = about.st_size;
    return dg_sync_folder(journal->path);
}

dg_status dg_journal_open(dg_journal *journal, const char *path)
{
    *journal = (dg_journal){ .descriptor = -1 };
    DG_TRY(dg_copy_text(&journal->path, path));
    /* without O_NONBLOCK, opening a named pipe would wait */
    int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK;
    char room[PATH_MAX];
    const char *to;
    dg_status status = dg_redirect_write(&to, path, room);
    if (status == DG_OK) {
        journal->descriptor = open(to, flags, 0666);
        status = journal->descriptor < 0 ? no_file(path, errno) : lock_journal(journal);
    }
    if (status != DG_OK) dg_journal_close(journal);
    return status;
}

dg_status dg_journal_read(const dg_journal *journal, char **out)
{
    DG_OWNED char *text = NULL;
    *out = NULL;
    DG_TRY(dg_alloc(&text, journal->size + 1, 1));
    DG_TRY(dg_file_read(journal->path, journal->descriptor, 0, (size_t)journal->size, text));
    text[journal->size] = '\0';
    *out = DG_TAKE(text);
    return DG_OK;
}

static dg_status synced(const dg_journal *journal)
{
    while (fsync(journal->descriptor) != 0) {
        if (errno == EINTR) continue;
        return errno == EINVAL ? DG_OK : refused(journal, errno);
    }
    return DG_OK;
}

dg_status dg_journal_cut(dg_journal *journal, int64_t size)
{
    if (ftruncate(journal->descriptor, size) != 0) return refused(journal, errno);
    journal->size = size;
    return synced(journal);
}

static dg_status write_all(const dg_journal *journal, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t done = write(journal->descriptor, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return refused(journal, errno);
        bytes += done;
        count -= (size_t)done;
    }
    return DG_OK;
}

dg_status dg_journal_append(dg_journal *journal, const char *line, size_t length)
{
    dg_status status = write_all(journal, line, length);
    if (status == DG_OK) status = write_all(journal, "\n", 1);
    if (status == DG_OK) status = synced(journal);
    if (status == DG_OK) {
        journal->size += (int64_t)length + 1;
        return DG_OK;
    }
    int left = ftruncate(journal->descriptor, journal->size);
    (void)left; /* readers of the journal ignore an incomplete line */
    return status;
}

void dg_journal_close(dg_journal *journal)
{
    if (journal->path && journal->descriptor >= 0) close(journal->descriptor);
    dg_free(journal->path);
    *journal = (dg_journal){ .descriptor = -1 };
}
