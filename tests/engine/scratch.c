/* For tests: a folder for files. */
#include "tests/engine/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512, PATHS = 8 };

static char folder[PATH_SIZE / 2];

/* Calls for each file of the folder; removes them if `removing`. */
static int walk_folder(bool removing)
{
    int count = 0;
    DIR *open = opendir(folder);
    for (struct dirent *file; open && (file = readdir(open));) {
        if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0) continue;
        count++;
        if (removing && unlinkat(dirfd(open), file->d_name, 0) != 0)
            unlinkat(dirfd(open), file->d_name, AT_REMOVEDIR);
    }
    if (open) closedir(open);
    return count;
}

static void remove_folder(void)
{
    walk_folder(true);
    rmdir(folder);
}

const char *scratch_path(const char *name)
{
    static char paths[PATHS][PATH_SIZE];
    static int next;
    if (!*folder) {
        const char *root = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/digits-test-XXXXXX", root ? root : "/tmp");
        assert_non_null(mkdtemp(folder));
        atexit(remove_folder);
    }
    char *path = paths[next++ % PATHS];
    assert_true(snprintf(path, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE);
    return path;
}

void scratch_write(const char *path, const void *bytes, size_t count)
{
    unlink(path); /* some file systems wait for the disk when a file is emptied and written anew */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

char *scratch_read(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *count = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*count + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *count, file), *count);
    bytes[*count] = '\0';
    fclose(file);
    return bytes;
}

int scratch_files(void)
{
    return walk_folder(false);
}
