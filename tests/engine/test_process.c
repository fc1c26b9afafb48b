/* Running another program: what it reads, writes and says, how it ends, and that it ends. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/process.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

static dg_job job(void)
{
    return (dg_job){ .threads = 1, .cancel = NULL };
}

/* Runs a script of the shell. */
static dg_status run(dg_process_result *out, const char *script, const void *input, size_t size)
{
    const char *const arguments[] = { "sh", "-c", script, NULL };
    dg_job plain = job();
    return dg_process_run(out, arguments, input, size, 60, &plain);
}

static void expect(const char *script, const char *output, const char *messages, int status)
{
    dg_process_result result;
    assert_ok(run(&result, script, "hello", 5));
    assert_string_equal(result.output, output);
    assert_string_equal(result.messages, messages);
    assert_int_equal(result.output_size, strlen(output));
    assert_int_equal(result.messages_size, strlen(messages));
    assert_int_equal(result.status, status);
    dg_process_release(&result);
}

static void collects_what_it_says(void **state)
{
    (void)state;
    expect("cat; echo no >&2", "hello", "no\n", 0);
    expect("exit 3", "", "", 3);
    expect("kill -TERM $$", "", "", 128 + SIGTERM);
    expect("exec >&- 2>&-; sleep 0.1; exit 4", "", "", 4);
}

/* More than pipes hold, both ways at once; bytes of every value. */
static void passes_large_data(void **state)
{
    (void)state;
    const size_t size = 3000001;
    char *input;
    dg_process_result result;
    assert_ok(dg_alloc(&input, (int64_t)size, 1));
    for (size_t i = 0; i < size; i++) input[i] = (char)(i * 7 + i / 256);
    assert_ok(run(&result, "tee /dev/stderr", input, size));
    assert_int_equal(result.output_size, size);
    assert_memory_equal(result.output, input, size);
    assert_int_equal(result.messages_size, size);
    assert_memory_equal(result.messages, input, size);
    dg_process_release(&result);
    dg_free(input);
}

static volatile sig_atomic_t pipe_signals;

static void count_signal(int number)
{
    (void)number;
    pipe_signals++;
}

/* It ends without reading: neither a failure nor a SIGPIPE. */
static void survives_a_deaf_program(void **state)
{
    (void)state;
    static char input[1 << 20];
    dg_process_result result;
    struct sigaction before, counting = { .sa_handler = count_signal };
    sigaction(SIGPIPE, &counting, &before);
    assert_ok(run(&result, "exec <&-; echo done; sleep 0.1", input, sizeof input));
    sigaction(SIGPIPE, &before, NULL);
    assert_string_equal(result.output, "done\n");
    assert_int_equal(result.status, 0);
    assert_int_equal(pipe_signals, 0);
    dg_process_release(&result);
}

static void says_why_it_cannot_start(void **state)
{
    (void)state;
    const char *const nothing[] = { "no-such-program-anywhere", NULL };
    const char *const folder[] = { "/tmp", NULL };
    dg_job plain = job();
    dg_process_result result;
    assert_fails(dg_process_run(&result, nothing, "", 0, 10, &plain), DG_IO,
                 "cannot start no-such-program-anywhere: No such file or directory");
    assert_true(result.missing);
    dg_process_release(&result);
    dg_process_release(&result);

    /* a folder that only root may look into */
    char *path = strdup(getenv("PATH"));
    const char *closed = scratch_path("closed");
    assert_int_equal(mkdir(closed, 0), 0);
    setenv("PATH", closed, 1);
    assert_fails(dg_process_run(&result, nothing, "", 0, 10, &plain), DG_IO,
                 "cannot start no-such-program-anywhere: No such file or directory");
    assert_true(result.missing);
    dg_process_release(&result);
    setenv("PATH", path, 1);
    free(path);
    rmdir(closed);

    assert_fails_with(dg_process_run(&result, folder, "", 0, 10, &plain), DG_IO,
                      "cannot start /tmp: ");
    assert_false(result.missing);
    dg_process_release(&result);
}

static void ends_what_takes_too_long(void **state)
{
    (void)state;
    const char *const slow[] = { "sh", "-c", "echo begun; sleep 60 & sleep 60", NULL };
    atomic_int cancel = 1;
    dg_job plain = job(), cancelled = { .threads = 1, .cancel = &cancel };
    dg_process_result result;
    double began = dg_clock();
    assert_fails(dg_process_run(&result, slow, "", 0, 0.3, &plain), DG_IO,
                 "sh did not end within 0.3 s");
    assert_string_equal(result.output, "begun\n");
    dg_process_release(&result);
    assert_fails(dg_process_run(&result, slow, "", 0, 60, &cancelled), DG_CANCELLED, "interrupted");
    dg_process_release(&result);
    assert_true(dg_clock() - began < 20);
}

static void survives_failed_allocations(void **state)
{
    (void)state;
    dg_process_result result;
    int failures = 0;
    for (;; failures++) {
        support_fail_allocation(failures);
        dg_status status = run(&result, "cat", "hello", 5);
        support_fail_allocation(-1);
        dg_process_release(&result);
        if (status == DG_OK) break;
        assert_int_equal(status, DG_NO_MEMORY);
    }
    assert_in_range(failures, 2, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(collects_what_it_says),    leaving_nothing(passes_large_data),
        leaving_nothing(survives_a_deaf_program),  leaving_nothing(says_why_it_cannot_start),
        leaving_nothing(ends_what_takes_too_long), leaving_nothing(survives_failed_allocations),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
