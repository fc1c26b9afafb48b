/* What the C tests use of cmocka, for processors that this machine has no cmocka for. Prints TAP. A
 * test that calls a function of a library which is absent (tests/cross/absent) is skipped, by
 * name. */
#ifndef TESTS_CROSS_CMOCKA_H
#define TESTS_CROSS_CMOCKA_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    int (*setup_func)(void **state);
    int (*teardown_func)(void **state);
};
#define cmocka_unit_test(test) cmocka_unit_test_setup_teardown(test, NULL, NULL)
#define cmocka_unit_test_setup_teardown(test, setup, teardown)                                     \
    {                                                                                              \
#test, test, setup, teardown                                                               \
    }

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    cross_run((tests), sizeof(tests) / sizeof *(tests), (setup), (teardown))
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
    cmocka_run_group_tests(tests, setup, teardown)
int cross_run(const struct CMUnitTest *tests, size_t count, int (*setup)(void **state),
              int (*teardown)(void **state));

#define assert_true(what) cross_true((what) ? 1 : 0, #what, __FILE__, __LINE__)
#define assert_false(what) cross_true((what) ? 0 : 1, "not " #what, __FILE__, __LINE__)
#define assert_null(what) cross_true((what) == NULL, #what " is NULL", __FILE__, __LINE__)
#define assert_non_null(what) cross_true((what) != NULL, #what " is not NULL", __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                                     \
    cross_true((const void *)(a) == (const void *)(b), #a " is " #b, __FILE__, __LINE__)
#define assert_ptr_not_equal(a, b)                                                                 \
    cross_true((const void *)(a) != (const void *)(b), #a " is not " #b, __FILE__, __LINE__)
void cross_true(int holds, const char *what, const char *file, int line);

#define assert_int_equal(a, b) cross_int((int64_t)(a), (int64_t)(b), #a, __FILE__, __LINE__)
void cross_int(int64_t found, int64_t wanted, const char *what, const char *file, int line);
#define assert_int_not_equal(a, b)                                                                 \
    cross_true((int64_t)(a) != (int64_t)(b), #a " is not " #b, __FILE__, __LINE__)
#define assert_in_range(a, low, high)                                                              \
    cross_range((int64_t)(a), (int64_t)(low), (int64_t)(high), #a, __FILE__, __LINE__)
void cross_range(int64_t value, int64_t low, int64_t high, const char *what, const char *file,
                 int line);

#define assert_string_equal(a, b) cross_text((a), (b), #a, __FILE__, __LINE__)
#define assert_string_not_equal(a, b)                                                              \
    cross_true(strcmp((a), (b)) != 0, #a " is not " #b, __FILE__, __LINE__)
void cross_text(const char *found, const char *wanted, const char *what, const char *file,
                int line);

#define assert_memory_equal(a, b, size) cross_bytes((a), (b), (size), 1, #a, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, size) cross_bytes((a), (b), (size), 0, #a, __FILE__, __LINE__)
void cross_bytes(const void *a, const void *b, size_t size, int equal, const char *what,
                 const char *file, int line);

#define fail_msg(...)                                                                              \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (0)
_Noreturn void _fail(const char *file, int line);

#define test_calloc calloc
#define test_free free

#define skip() cross_skip("as it asks")
_Noreturn void cross_skip(const char *why);

void print_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What stands in for each function of an absent library calls this. */
_Noreturn void cross_absent(const char *function);

/* From here on the running test fails where that would skip it. */
void cross_never_skip(void);

#endif
