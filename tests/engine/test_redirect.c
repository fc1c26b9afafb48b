/* Writing elsewhere, and temporary folders. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/atomic_file.h"
#include "engine/base/file.h"
#include "engine/base/folder.h"
#include "engine/base/memory.h"
#include "engine/base/redirect.h"
#include "engine/store/journal.h"
#include "tests/engine/support.h"

static char home[PATH_MAX], away[PATH_MAX]; /* what the user has, and where files go */

static const char *at(const char *folder, const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    DG_CLEANUP(dg_atomic_abandon) dg_atomic_file file = DG_ATOMIC_CLOSED;
    assert_ok(dg_atomic_open(&file, path));
    assert_ok(dg_atomic_write(&file, text, strlen(text)));
    assert_ok(dg_atomic_commit(&file));
}

static void expect_text(const char *path, const char *text)
{
    char found[64] = "";
    int descriptor;
    int64_t size;
    assert_ok(dg_file_open(path, &descriptor, &size));
    assert_int_equal(size, strlen(text));
    assert_ok(dg_file_read(path, descriptor, 0, (size_t)size, found));
    close(descriptor);
    assert_string_equal(found, text);
}

static int set_up(void **state)
{
    (void)state;
    assert_ok(dg_folder_make_temporary(home));
    assert_ok(dg_folder_make_temporary(away));
    write_file(at(home, "old"), "then");
    assert_int_equal(mkdir(at(home, "out"), 0777), 0);
    assert_ok(dg_redirect_to(away));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_ok(dg_redirect_to(NULL));
    assert_ok(dg_folder_remove(home));
    assert_ok(dg_folder_remove(away));
    assert_int_not_equal(access(home, F_OK), 0);
    return 0;
}

static void test_writing(void **state)
{
    (void)state;
    char there[PATH_MAX], room[PATH_MAX];
    expect_text(at(home, "old"), "then");
    write_file(at(home, "old"), "now");
    write_file(at(home, "out/new"), "new");
    expect_text(at(home, "old"), "now");
    expect_text(at(home, "out/../out//./new"), "new");
    snprintf(there, sizeof there, "%s%s/out/new", away, home);
    assert_string_equal(dg_redirect_read(at(home, "out/new"), room), there);
    expect_text(there, "new"); /* is not redirected again */
    assert_ok(dg_redirect_to(NULL));
    assert_null(dg_redirect_folder());
    expect_text(at(home, "old"), "then");
    assert_int_not_equal(access(at(home, "out/new"), F_OK), 0);
}

static void test_links(void **state)
{
    (void)state;
    assert_int_equal(symlink("old", at(home, "link")), 0);
    assert_int_equal(symlink("out", at(home, "to")), 0);
    write_file(at(home, "link"), "through a link");
    expect_text(at(home, "old"), "through a link");
    write_file(at(home, "to/new"), "new");
    expect_text(at(home, "out/new"), "new");
    assert_ok(dg_redirect_to(NULL));
    expect_text(at(home, "old"), "then");
}

static void test_relative(void **state)
{
    (void)state;
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(home), 0);
    write_file("old", "now");
    write_file("out/new", "new");
    expect_text(at(home, "out/new"), "new");
    expect_text("./out/new", "new");
    assert_int_equal(chdir("out"), 0);
    expect_text("../old", "now");
    assert_int_equal(chdir(before), 0);
}

static void test_hiding(void **state)
{
    (void)state;
    int descriptor;
    int64_t size;
    assert_ok(dg_redirect_hide(at(home, "old")));
    assert_fails_with(dg_file_open(at(home, "old"), &descriptor, &size), DG_IO, "No such file");
    write_file(at(home, "old"), "again");
    expect_text(at(home, "old"), "again");
    assert_ok(dg_redirect_hide(at(home, "old")));
    assert_fails_with(dg_file_open(at(home, "old"), &descriptor, &size), DG_IO, "No such file");
    assert_ok(dg_redirect_hide(at(home, "no/such/file")));
}

static void test_journal(void **state)
{
    (void)state;
    dg_journal journal = { 0 };
    assert_ok(dg_journal_open(&journal, at(home, "old")));
    assert_int_equal(journal.size, 0); /* not the old one */
    assert_ok(dg_journal_append(&journal, "line", 4));
    dg_journal_close(&journal);
    expect_text(at(home, "old"), "line\n");
    assert_ok(dg_redirect_to(NULL));
    expect_text(at(home, "old"), "then");
}

static void test_refusals(void **state)
{
    (void)state;
    dg_atomic_file file;
    assert_fails_with(dg_atomic_open(&file, at(home, "none/new")), DG_IO, "there is no folder");
    assert_fails_with(dg_redirect_to(at(home, "none")), DG_IO, "No such file or directory");
    assert_null(dg_redirect_folder());
    assert_fails_with(dg_redirect_to(at(home, "old")), DG_IO, "Not a directory");
    setenv("TMPDIR", at(home, "none"), 1);
    char path[PATH_MAX];
    assert_fails_with(dg_folder_make_temporary(path), DG_IO, "cannot make a folder in ");
    unsetenv("TMPDIR");
}

/* What a link in the folder points to stays. */
static void test_removing(void **state)
{
    (void)state;
    assert_ok(dg_redirect_to(NULL));
    assert_int_equal(symlink(home, at(away, "link")), 0);
    assert_int_equal(mkdir(at(away, "deep"), 0777), 0);
    write_file(at(away, "deep/file"), "text");
    assert_ok(dg_folder_remove(away));
    assert_ok(dg_folder_remove(away));
    expect_text(at(home, "old"), "then");
}

#define in_folders(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folders(test_writing),  in_folders(test_links),   in_folders(test_relative),
        in_folders(test_hiding),   in_folders(test_journal), in_folders(test_refusals),
        in_folders(test_removing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
