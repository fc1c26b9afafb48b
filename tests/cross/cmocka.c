/* The runner of tests and the checks of cmocka.h. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cross/cmocka.h"

static struct {
    int running, needed;
    pthread_t thread;
    jmp_buf end;  /* 1: it failed; 2: it is skipped */
    char why[80]; /* it is skipped */
} test;

enum { FAILED = 1, SKIPPED = 2 };

_Noreturn void _fail(const char *file, int line)
{
    print_error("%s:%d: failed\n", file, line);
    if (!test.running) exit(1);
    longjmp(test.end, FAILED);
}

_Noreturn void cross_skip(const char *why)
{
    snprintf(test.why, sizeof test.why, "%s", why);
    longjmp(test.end, SKIPPED);
}

void cross_never_skip(void)
{
    test.needed = 1;
}

_Noreturn void cross_absent(const char *function)
{
    if (test.needed) fail_msg("%s was called in a test that must not be skipped", function);
    if (!test.running || !pthread_equal(test.thread, pthread_self())) {
        print_error("%s was called, but its library is not linked for this processor\n", function);
        abort();
    }
    char why[sizeof test.why];
    snprintf(why, sizeof why, "without %s", function);
    cross_skip(why);
}

/* Runs one test; gives 0, FAILED or SKIPPED. */
static int run(const struct CMUnitTest *one)
{
    void *state = NULL;
    test.running = 1;
    test.needed = 0;
    const int ended = setjmp(test.end);
    if (ended == 0) {
        if (one->setup_func && one->setup_func(&state) != 0) longjmp(test.end, FAILED);
        if (one->test_func) one->test_func(&state);
        if (one->teardown_func && one->teardown_func(&state) != 0) longjmp(test.end, FAILED);
    }
    test.running = 0;
    return ended;
}

int cross_run(const struct CMUnitTest *tests, size_t count, int (*setup)(void **state),
              int (*teardown)(void **state))
{
    int failed = 0;
    void *state = NULL;
    setvbuf(stdout, NULL, _IOLBF, 0);
    test.thread = pthread_self();
    printf("1..%zu\n", count);
    const int all = run(&(struct CMUnitTest){ .setup_func = setup });
    if (all == FAILED) return 1;
    for (size_t i = 0; i < count; i++) {
        const int ended = all == SKIPPED ? SKIPPED : run(&tests[i]);
        failed += ended == FAILED;
        printf("%s %zu - %s", ended == FAILED ? "not ok" : "ok", i + 1, tests[i].name);
        if (ended == SKIPPED) printf(" # SKIP %s", test.why);
        printf("\n");
    }
    if (all == 0 && teardown && teardown(&state) != 0) return 1;
    return failed;
}

/* --- checks --------------------------------------------------------------------------------- */

void cross_true(int holds, const char *what, const char *file, int line)
{
    if (holds) return;
    print_error("it does not hold that %s\n", what);
    _fail(file, line);
}

void cross_int(int64_t found, int64_t wanted, const char *what, const char *file, int line)
{
    if (found == wanted) return;
    print_error("%s is %lld, wanted %lld\n", what, (long long)found, (long long)wanted);
    _fail(file, line);
}

void cross_range(int64_t value, int64_t low, int64_t high, const char *what, const char *file,
                 int line)
{
    if (value >= low && value <= high) return;
    print_error("%s is %lld, wanted %lld to %lld\n", what, (long long)value, (long long)low,
                (long long)high);
    _fail(file, line);
}

void cross_text(const char *found, const char *wanted, const char *what, const char *file, int line)
{
    if (strcmp(found, wanted) == 0) return;
    print_error("%s is\n  %s\nwanted\n  %s\n", what, found, wanted);
    _fail(file, line);
}

void cross_bytes(const void *a, const void *b, size_t size, int equal, const char *what,
                 const char *file, int line)
{
    const unsigned char *x = a, *y = b;
    size_t at = 0;
    while (at < size && x[at] == y[at]) at++;
    if ((at == size) == equal) return;
    if (equal)
        print_error("%s differs from byte %zu of %zu on\n", what, at, size);
    else
        print_error("%s has the same %zu bytes\n", what, size);
    _fail(file, line);
}

void print_message(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
}

void print_error(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
}
