/* Journals, fingerprints of datasets, and scopes of seeds: what a search stands on. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/store/journal.h"
#include "tests/engine/scratch.h"
#include "tests/engine/sets.h"
#include "tests/engine/support.h"

static void expect_text(const dg_journal *journal, const char *wanted)
{
    char *text;
    assert_ok(dg_journal_read(journal, &text));
    assert_string_equal(text, wanted);
    assert_int_equal(journal->size, strlen(wanted));
    dg_free(text);
}

/* --- journals ----------------------------------------------------------------------------- */

static void test_lines(void **state)
{
    (void)state;
    dg_journal journal;
    const char *path = scratch_path("lines.jsonl");
    assert_ok(dg_journal_open(&journal, path));
    expect_text(&journal, "");
    assert_ok(dg_journal_append(&journal, "one", 3));
    assert_ok(dg_journal_append(&journal, "two", 3));
    expect_text(&journal, "one\ntwo\n");
    dg_journal_close(&journal);
    dg_journal_close(&journal);

    assert_ok(dg_journal_open(&journal, path));
    assert_ok(dg_journal_cut(&journal, 4));
    assert_ok(dg_journal_append(&journal, "", 0));
    expect_text(&journal, "one\n\n");
    dg_journal_close(&journal);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    dg_journal journal, other;
    const char *path = scratch_path("lock.jsonl");
    assert_ok(dg_journal_open(&journal, path));
    assert_fails_with(dg_journal_open(&other, path), DG_INVALID,
                      "lock.jsonl is being written by another program");
    assert_int_equal(other.descriptor, -1);
    dg_journal_close(&other);
    dg_journal_close(&journal);
    assert_ok(dg_journal_open(&other, path));
    dg_journal_close(&other);
}

static void test_no_journal(void **state)
{
    (void)state;
    dg_journal journal;
    assert_fails_with(dg_journal_open(&journal, scratch_path("none/a.jsonl")), DG_IO,
                      "there is no folder");
    assert_fails_with(dg_journal_open(&journal, ""), DG_IO, "its name is empty");
    assert_fails_with(dg_journal_open(&journal, "/"), DG_IO, "directory");
    assert_fails_with(dg_journal_open(&journal, "/dev/null"), DG_IO, "not a regular file");
    const char *pipe = scratch_path("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_fails_with(dg_journal_open(&journal, pipe), DG_IO, "not a regular file");
}

/* A disk that is full half way through a line. */
static void test_failing_append(void **state)
{
    (void)state;
    dg_journal journal;
    struct rlimit before, tight;
    char line[100];
    memset(line, 'x', sizeof line);
    assert_ok(dg_journal_open(&journal, scratch_path("full.jsonl")));
    assert_ok(dg_journal_append(&journal, "one", 3));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 50;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    dg_status status = dg_journal_append(&journal, line, sizeof line);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_fails_with(status, DG_IO, "full.jsonl: File too large");
    expect_text(&journal, "one\n");
    assert_ok(dg_journal_append(&journal, "two", 3));
    expect_text(&journal, "one\ntwo\n");
    dg_journal_close(&journal);
}

/* --- fingerprints ------------------------------------------------------------------------- */

static uint64_t print_of(int64_t rows, const int32_t *labels)
{
    const dg_dataset *set = make_set(rows, labels);
    uint64_t print = dg_dataset_fingerprint(set);
    dg_dataset_release(set);
    return print;
}

static void test_fingerprints(void **state)
{
    (void)state;
    const int32_t a[] = { 1, 2, 3, 1 }, b[] = { 1, 2, 3, 2 }, c[] = { 1, 2, 4, 1 };
    uint64_t prints[] = { print_of(4, a),    print_of(4, b), print_of(4, c),
                          print_of(4, NULL), print_of(3, a), print_of(0, NULL) };
    size_t count = sizeof prints / sizeof *prints;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) assert_true(prints[i] != prints[j]);
    assert_true(prints[0] == print_of(4, a));

    const dg_dataset *set = make_set(4, a), *turned;
    const int64_t rows[] = { 1, 0, 2, 3 };
    assert_ok(dg_dataset_take(&turned, set, rows, 4));
    assert_true(dg_dataset_fingerprint(turned) != dg_dataset_fingerprint(set));
    dg_dataset_release(turned);
    dg_dataset_release(set);
}

/* As data are to have it that were computed on processors whose 0 / 0 has the other sign. */
static void test_fingerprint_of_nan(void **state)
{
    (void)state;
    const uint32_t nans[] = { 0x7fc00000, 0xffc00000, 0x7f800001, 0xff812345 };
    uint64_t prints[4];
    for (int i = 0; i < 4; i++) {
        dg_tensor x = support_tensor(DG_FLOAT32, SHAPE(3, 1), VALUES(1, 2, 3));
        const dg_dataset *set;
        memcpy(dg_floats(&x) + 2 - i % 2, &nans[i], sizeof nans[i]);
        assert_ok(dg_dataset_new(&set, &x, NULL, 0, NULL));
        prints[i] = dg_dataset_fingerprint(set);
        dg_dataset_release(set);
        dg_tensor_release(&x);
    }
    const dg_dataset *plain;
    dg_tensor x = support_tensor(DG_FLOAT32, SHAPE(3, 1), VALUES(1, 2, 3));
    assert_ok(dg_dataset_new(&plain, &x, NULL, 0, NULL));
    assert_true(dg_dataset_fingerprint(plain) == 0xa8bfaf57e3ebf695); /* as old journals have it */
    dg_dataset_release(plain);
    dg_tensor_release(&x);
    assert_true(prints[0] == prints[2] && prints[1] == prints[3] && prints[0] != prints[1]);
}

/* --- seeds -------------------------------------------------------------------------------- */

static void test_scopes(void **state)
{
    (void)state;
    dg_set_seed(7);
    uint64_t first = dg_next_seed(), second = dg_next_seed(), third = dg_next_seed();
    dg_set_seed(7);
    assert_true(dg_next_seed() == first);
    dg_seed_scope outer = dg_seed_enter(9);
    uint64_t within = dg_next_seed();
    dg_seed_scope inner = dg_seed_enter(7);
    assert_true(dg_next_seed() == first);
    dg_seed_leave(inner);
    assert_true(dg_seed() == 9);
    assert_true(dg_next_seed() != within);
    dg_set_seed(100); /* ends with the scope */
    dg_seed_leave(outer);
    assert_true(dg_seed() == 7);
    assert_true(dg_next_seed() == second);
    assert_true(dg_next_seed() == third);
    dg_seed_scope again = dg_seed_enter(9);
    assert_true(dg_next_seed() == within);
    dg_seed_leave(again);
    dg_set_seed(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_lines),        leaving_nothing(test_one_at_a_time),
        leaving_nothing(test_no_journal),   leaving_nothing(test_failing_append),
        leaving_nothing(test_fingerprints), leaving_nothing(test_fingerprint_of_nan),
        leaving_nothing(test_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
