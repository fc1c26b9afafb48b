/* History in a file, over libedit's list. */
#define _GNU_SOURCE /* asprintf */
#include "bindings/program/line_history.h"

#include <editline/readline.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_ENTRIES = 1000 };

static char *path;     /* NULL: no file */
static char *previous; /* the entry added last */

/* Makes the folders above `file` that are missing. */
static void make_folders(char *file)
{
    for (char *slash = strchr(file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(file, 0700); /* if it fails, opening the file will too */
        *slash = '/';
    }
}

static char *find_path(void)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *found = NULL;
    int length = -1;
    if (state && state[0] == '/')
        length = asprintf(&found, "%s/digits-lua/history", state);
    else if (home && home[0] == '/')
        length = asprintf(&found, "%s/.local/state/digits-lua/history", home);
    return length < 0 ? NULL : found;
}

/* One line with its line break, to be freed; NULL without memory. */
static char *escape(const char *entry)
{
    char *line = malloc(2 * strlen(entry) + 2), *end = line;
    if (!line) return NULL;
    for (; *entry; entry++) {
        if (*entry == '\n' || *entry == '\\') *end++ = '\\';
        *end++ = *entry == '\n' ? 'n' : *entry;
    }
    strcpy(end, "\n");
    return line;
}

/* In place; also drops the line break. */
static void unescape(char *line)
{
    char *end = line;
    for (; *line && *line != '\n'; line++) {
        bool escaped = *line == '\\' && (line[1] == 'n' || line[1] == '\\');
        if (escaped) line++;
        *end++ = escaped && *line == 'n' ? '\n' : *line;
    }
    *end = '\0';
}

static bool write_entries(FILE *file)
{
    bool ok = true;
    for (int i = 0; ok && i < history_length; i++) {
        const HIST_ENTRY *entry = history_get(history_base + i);
        char *line = entry ? escape(entry->line) : NULL;
        ok = line && fputs(line, file) >= 0;
        free(line);
    }
    return ok;
}

/* Replaces the file by the list in memory, in one step. */
static void rewrite(void)
{
    char *temporary;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) return;
    int descriptor = mkstemp(temporary);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    bool ok = file && write_entries(file);
    if (file ? fclose(file) != 0 : descriptor >= 0 && close(descriptor) == 0) ok = false;
    if (descriptor >= 0 && (!ok || rename(temporary, path) != 0)) unlink(temporary);
    free(temporary);
}

void dg_line_history_open(void)
{
    using_history();
    stifle_history(MOST_ENTRIES);
    path = find_path();
    FILE *file = path ? fopen(path, "re") : NULL;
    if (!file) return;
    char *line = NULL;
    size_t size = 0;
    int entries = 0;
    while (getline(&line, &size, file) >= 0) {
        unescape(line);
        if (!*line) continue;
        add_history(line);
        entries++;
    }
    free(line);
    fclose(file);
    if (entries > MOST_ENTRIES) rewrite();
}

static void append_to_file(const char *entry)
{
    char *line = escape(entry);
    if (!line) return;
    make_folders(path);
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    /* a full disk may leave half a line: the history is not worth a message */
    if (file >= 0 && write(file, line, strlen(line)) < 0) path[0] = '\0';
    if (file >= 0) close(file);
    free(line);
}

void dg_line_history_add(const char *entry)
{
    if (entry[strspn(entry, " \t\n")] == '\0') return;
    if (previous && strcmp(previous, entry) == 0) return;
    free(previous);
    previous = strdup(entry);
    add_history(entry);
    if (path && *path) append_to_file(entry);
}

void dg_line_history_close(void)
{
    free(path);
    free(previous);
    path = previous = NULL;
}
