/* A file of lines that only grows: what was appended is on the disk before the call returns, so
 * that a program that is killed loses at most the line that it was writing.
 *
 * A journal is locked while it is open, since two writers would corrupt it. Messages name the path;
 * the status is DG_IO unless another is named. */
#ifndef DG_STORE_JOURNAL_H
#define DG_STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

typedef struct dg_journal {
    int descriptor; /* -1: closed; zero the struct before the first open */
    char *path;
    int64_t size;
} dg_journal;

/* Opens or creates the file. DG_INVALID: another program has it open. On failure the struct is
 * closed. */
dg_status dg_journal_open(dg_journal *journal, const char *path);

/* The whole text, followed by a NUL; free it with dg_free. */
dg_status dg_journal_read(const dg_journal *journal, char **out);

/* Cuts the file to its first `size` bytes. */
dg_status dg_journal_cut(dg_journal *journal, int64_t size);

/* Appends `line` (without line feeds) and a line feed, and waits until they are on the disk. On
 * failure the journal is cut to its former size. */
dg_status dg_journal_append(dg_journal *journal, const char *line, size_t length);

void dg_journal_close(dg_journal *journal); /* may be called again */

#endif
