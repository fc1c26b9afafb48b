/* Files that are written whole or not at all, and what killed programs leave of them. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/atomic_file.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

static void save(const char *path)
{
    dg_atomic_file file;
    assert_ok(dg_atomic_open(&file, path));
    assert_ok(dg_atomic_write(&file, "whole", 5));
    assert_ok(dg_atomic_commit(&file));
    dg_atomic_abandon(&file);
}

/* Copies the path of a temporary file in the folder of `path`; false: there is none. */
static bool find_temporary(const char *path, char out[512])
{
    char folder[400];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    DIR *entries = opendir(folder);
    bool found = false;
    for (const struct dirent *e = readdir(entries); e && !found; e = readdir(entries)) {
        found = strncmp(e->d_name, ".digits-lua-", 12) == 0;
        if (found) snprintf(out, 512, "%s/%.100s", folder, e->d_name);
    }
    closedir(entries);
    return found;
}

/* A process that holds a file half written; it ends when it is killed. */
static pid_t begin_in_another(const char *path)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dg_atomic_file file;
        alarm(60);
        if (dg_atomic_open(&file, path) != DG_OK) _exit(1);
        if (dg_atomic_write(&file, "half", 4) != DG_OK) _exit(1);
        if (write(ends[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void end_it(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void what_the_killed_left_goes_with_the_next_write(void **state)
{
    (void)state;
    const char *path = scratch_path("model");
    char left[512];
    int before = scratch_files();
    pid_t first = begin_in_another(path), second = begin_in_another(path);
    end_it(first);
    assert_int_equal(scratch_files(), before + 2);
    save(path); /* the second still writes */
    assert_int_equal(scratch_files(), before + 2);
    assert_true(find_temporary(path, left));
    end_it(second);
    save(path);
    assert_int_equal(scratch_files(), before + 1);
    assert_false(find_temporary(path, left));
}

static void set_age(const char *path, time_t seconds)
{
    struct timespec then[2] = { { .tv_sec = time(NULL) - seconds },
                                { .tv_sec = time(NULL) - seconds } };
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
}

static void other_files_stay(void **state)
{
    (void)state;
    const char *path = scratch_path("model"), *elsewhere = scratch_path(".digits-lua-0-1-2.tmp");
    const char *mine = scratch_path(".digits-lua-notes"), *link = scratch_path(".digits-lua-1.tmp");
    scratch_write(elsewhere, "x", 1);
    scratch_write(mine, "x", 1);
    assert_int_equal(symlink(mine, link), 0);
    set_age(mine, 100000);
    save(path);
    assert_int_equal(access(elsewhere, F_OK), 0); /* of another machine, and fresh */
    set_age(elsewhere, 4000);
    if (geteuid() == 0) {
        assert_int_equal(chown(elsewhere, 12345, 12345), 0);
        save(path);
        assert_int_equal(access(elsewhere, F_OK), 0); /* of another user */
        assert_int_equal(chown(elsewhere, geteuid(), getegid()), 0);
    }
    save(path);
    assert_int_not_equal(access(elsewhere, F_OK), 0);
    assert_int_equal(access(mine, F_OK), 0);
    assert_int_equal(access(link, F_OK), 0);
    unlink(link);
    unlink(mine);
}

/* Programs that save into one folder at the same time take nothing from each other. */
static void many_save_at_the_same_time(void **state)
{
    (void)state;
    enum { PROGRAMS = 4, SAVES = 60 };
    pid_t child[PROGRAMS];
    char left[512];
    for (int i = 0; i < PROGRAMS; i++) {
        char name[16];
        snprintf(name, sizeof name, "model%d", i);
        const char *path = scratch_path(name);
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] > 0) continue;
        for (int k = 0; k < SAVES; k++) {
            dg_atomic_file file;
            bool done = dg_atomic_open(&file, path) == DG_OK &&
                        dg_atomic_write(&file, "whole", 5) == DG_OK &&
                        dg_atomic_commit(&file) == DG_OK;
            dg_atomic_abandon(&file);
            if (!done) _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    assert_false(find_temporary(scratch_path("model0"), left));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_killed_left_goes_with_the_next_write),
        cmocka_unit_test(other_files_stay),
        cmocka_unit_test(many_save_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
