/* CSV: large files, in whatever pieces and with whatever threads they are read; bounds, and what is
 * said when reading must end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "tests/engine/csv_texts.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

/* A file of `rows` rows of 100 values, in which value j of row i is (7 i + j) % 256. `form` says
 * how a value and a line end are written. */
typedef struct form {
    const char *value, *line_end;
} form;

enum { COLUMNS = 100, ROWS = 30000 };

static char *make_text(form f, size_t *size)
{
    char *text = malloc((size_t)ROWS * COLUMNS * 6 + 2 * ROWS), *at = text;
    assert_non_null(text);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            at += sprintf(at, f.value, (7 * i + j) % 256);
            at += sprintf(at, "%s", j < COLUMNS - 1 ? "," : f.line_end);
        }
    *size = (size_t)(at - text);
    return text;
}

static void expect_large(const dg_dataset *set)
{
    assert_int_equal(set->x.shape[0], ROWS);
    assert_int_equal(set->x.shape[1], COLUMNS);
    int64_t wrong = 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            wrong += dg_bytes(&set->x)[i * COLUMNS + j] != (7 * i + j) % 256;
    assert_int_equal(wrong, 0);
}

static void large_files_load_in_any_form(void **state)
{
    static const form forms[] = {
        { "%d", "\n" }, { "%d", "\r\n" }, { "%d", "\r" }, { "\"%d\"", "\n" }, { "\"%d\"", "\r\n" },
    };
    int threads = dg_threads();
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t size;
        char *text = make_text(forms[i], &size);
        assert_true(size > 8 << 20); /* many chunks */
        for (int t = 1; t <= 4; t += 3) {
            const dg_dataset *set;
            assert_ok(dg_set_threads(t));
            assert_ok(read_bytes(&set, text, size, plain));
            expect_large(set);
            dg_dataset_release(set);
        }
        free(text);
    }
    assert_ok(dg_set_threads(threads));
}

/* Lines so short that some cut falls between a CR and its LF, or next to a quote. */
static void cuts_fall_anywhere(void **state)
{
    static const char *const lines[] = { "7\r\n", "\"7\"\r\n", "7\n", "\"7\"\n" };
    enum { SIZE = 3 << 20 };
    char *text = malloc(SIZE + 64);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < 4; i++)
        for (int more = 0; more < 8; more++) {
            size_t length = strlen(lines[i]), count = SIZE / length + (size_t)more;
            const dg_dataset *set;
            int64_t sum = 0;
            for (size_t line = 0; line < count; line++)
                memcpy(text + line * length, lines[i], length);
            assert_ok(read_bytes(&set, text, count * length, plain));
            assert_int_equal(set->x.shape[0], count);
            for (size_t row = 0; row < count; row++) sum += dg_bytes(&set->x)[row];
            assert_int_equal(sum, 7 * count);
            dg_dataset_release(set);
        }
    free(text);
}

/* The byte where line `line` begins. */
static char *line_of(char *text, int line)
{
    while (--line > 0) text = strchr(text, '\n') + 1;
    return text;
}

/* Two lines are wrong, far apart: the first is named, by its number, whoever finds it. */
static void the_first_wrong_line_is_named(void **state)
{
    size_t size;
    form f = { "%d", "\r\n" };
    char *text = make_text(f, &size);
    int threads = dg_threads();
    (void)state;
    *line_of(text, 20002) = 'x';
    *line_of(text, 27001) = 'y';
    for (int t = 1; t <= 4; t++) {
        assert_ok(dg_set_threads(t));
        refuse_bytes(text, size, plain, ":20002: column 1: 'x");
    }
    line_of(text, 15001)[-1] = ' '; /* a CR alone ends that line */
    refuse_bytes(text, size, plain, ":20002: column 1: 'x");
    *line_of(text, 11) = '"';
    refuse_bytes(text, size, plain, ":11: a quote is not closed (column 1)");
    assert_ok(dg_set_threads(threads));
    free(text);
}

static size_t largest; /* block of memory that was asked for */
static bool note_largest(void *context, size_t bytes, bool failed)
{
    (void)context;
    (void)failed;
    if (bytes > largest) largest = bytes;
    return false;
}

/* Far more lines than rows can be: memory follows from the size of the file. */
static void short_lines_ask_for_no_memory(void **state)
{
    enum { SIZE = 15 << 20, WIDE = 2000 };
    char *text = malloc(SIZE);
    const dg_dataset *set;
    (void)state;
    assert_non_null(text);
    largest = 0;
    dg_memory_set_hook(note_largest, NULL);
    for (int i = 0; i < 2 * WIDE; i++) text[i] = i % 2 ? ',' : '1';
    for (int i = 2 * WIDE - 1; i < SIZE; i++) text[i] = i % 2 ? '\n' : '1';
    refuse_bytes(text, SIZE, plain, ":2: 1 value, expected 2000 as in line 1");
    memset(text + 2 * WIDE - 1, '\n', SIZE - 2 * WIDE + 1); /* 40 GB, if lines were rows */
    assert_ok(read_bytes(&set, text, SIZE, plain));
    assert_int_equal(set->x.shape[0], 1);
    dg_memory_set_hook(NULL, NULL);
    assert_in_range(largest, WIDE, SIZE);
    dg_dataset_release(set);
    free(text);
}

static void huge_fields_and_rows_are_refused(void **state)
{
    enum { SIZE = 40 << 20 };
    char *text = malloc(SIZE);
    (void)state;
    assert_non_null(text);
    dg_csv_options long_lines = { .max_line = SIZE };
    memset(text, '1', SIZE);
    refuse_bytes(text, SIZE, long_lines, ":1: column 1: more than 65536 bytes, expected a number");
    memcpy(text, "1,2\n\"", 5);
    refuse_bytes(text, SIZE, plain, ":2: a quote is not closed (column 1)");
    memset(text, ',', SIZE);
    refuse_bytes(text, SIZE, long_lines, ":1: more than 16777216 values");
    free(text);
}

/* Whatever they hold, and wherever they stand; not more of them is read than the bound. */
static void endless_lines_are_refused(void **state)
{
    static const char *const forms[] = { "1", "1,", "\"\",", " " };
    enum { MOST = 1 << 20, SIZE = 4 << 20 };
    dg_csv_options most = { .max_line = MOST };
    char *text = malloc(SIZE);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t length = strlen(forms[i]);
        for (size_t at = 0; at < SIZE; at++) text[at] = forms[i][at % length];
        text[SIZE - 1] = '1';
        refuse_bytes(text, SIZE, most,
                     ":1: a line of more than 1048576 bytes (are there no line ends? max_line = "
                     "4194304 allows longer ones)");
    }
    for (size_t at = 0; at < SIZE; at++) text[at] = "1,"[at % 2];
    text[3] = '\n';
    refuse_bytes(text, SIZE, most, ":2: a line of more than 1048576 bytes");
    memset(text + 4, '\n', SIZE - 4);
    refuse_bytes(text, SIZE, most, ": ends in more than 1048576 blanks and line ends");
    free(text);
}

static void reading_can_be_stopped(void **state)
{
    const dg_dataset *set;
    atomic_int stop = 1;
    const char *path = scratch_path("x.csv");
    dg_csv_options options = { .images = path };
    dg_job job = { .threads = 2, .cancel = &stop };
    (void)state;
    scratch_write(path, "1,2\n", 4);
    assert_fails_with(dg_format_read(&set, &dg_csv, &options, &(dg_dataset_fields){ 0 }, &job),
                      DG_CANCELLED, "interrupted");
    assert_null(set);
}

static void memory_that_cannot_be_had_is_said(void **state)
{
    const dg_dataset *set;
    const char *path = scratch_path("x.csv");
    dg_status status;
    int64_t after = 0;
    (void)state;
    scratch_write(path, "a,b\n1,2\n3,4\n", 12);
    for (;; after++) {
        support_fail_allocation(after);
        status = read_path(&set, (dg_csv_options){ .images = path, .label_column = 2 });
        support_fail_allocation(-1);
        if (status == DG_OK) break;
        assert_fails_with(status, DG_NO_MEMORY, "out of memory");
        assert_null(set);
    }
    dg_dataset_release(set);
    assert_true(after > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(large_files_load_in_any_form),
        leaving_nothing(cuts_fall_anywhere),
        leaving_nothing(the_first_wrong_line_is_named),
        leaving_nothing(short_lines_ask_for_no_memory),
        leaving_nothing(huge_fields_and_rows_are_refused),
        leaving_nothing(endless_lines_are_refused),
        leaving_nothing(reading_can_be_stopped),
        leaving_nothing(memory_that_cannot_be_had_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
