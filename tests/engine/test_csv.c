/* CSV: what loads, what is refused and how that is said, and that threads change nothing. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/memory.h"
#include "engine/data/dataset.h"
#include "engine/data/number.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

static dg_status read_path(const dg_dataset **out, dg_csv_options options)
{
    dg_job job = dg_job_default();
    return dg_csv_read(out, &options, &job);
}

/* Reads a file of these bytes. */
static dg_status read_bytes(const dg_dataset **out, const char *bytes, size_t size,
                            dg_csv_options options)
{
    const char *path = scratch_path("x.csv");
    scratch_write(path, bytes, size);
    options.images = path;
    return read_path(out, options);
}

/* The text loads, as rows times columns of these values. */
static void expect_values(const char *text, dg_csv_options options, int64_t rows, int64_t columns,
                          const double *values)
{
    const dg_dataset *set;
    assert_ok(read_bytes(&set, text, strlen(text), options));
    assert_int_equal(set->x.axes, 2);
    assert_int_equal(set->x.shape[0], rows);
    assert_int_equal(set->x.shape[1], columns);
    for (int64_t i = 0; i < rows * columns; i++) {
        double found = set->x.dtype == DG_UINT8 ? dg_bytes(&set->x)[i] : dg_floats(&set->x)[i];
        assert_true(found == values[i] || (isnan(found) && isnan(values[i])));
    }
    dg_dataset_release(set);
}

/* The bytes are refused; the message is "path" and `words`. */
static void refuse_bytes(const char *bytes, size_t size, dg_csv_options options, const char *words)
{
    const dg_dataset *set;
    char whole[512];
    dg_status status = read_bytes(&set, bytes, size, options);
    snprintf(whole, sizeof whole, "%s%s", scratch_path("x.csv"), words);
    assert_fails_with(status, DG_FORMAT, whole);
    assert_null(set);
}

static void refuse(const char *text, const char *words)
{
    refuse_bytes(text, strlen(text), (dg_csv_options){ 0 }, words);
}

static const dg_csv_options plain = { 0 };
static const dg_csv_options as_float = { .dtype = DG_FLOAT32, .dtype_given = true };
static const dg_csv_options with_header = { .header = DG_HEADER_YES };
static const dg_csv_options without_header = { .header = DG_HEADER_NO };

/* --- what loads ----------------------------------------------------------------------------- */

static void valid_forms_load(void **state)
{
    static const double v[] = { 1, 2, 3, 255 };
    (void)state;
    expect_values("1,2\n3,255\n", plain, 2, 2, v);
    expect_values("1,2\n3,255", plain, 2, 2, v);
    expect_values("1,2\r\n3,255\r\n", plain, 2, 2, v);
    expect_values("1,2\r\n3,255", plain, 2, 2, v);
    expect_values("1,2\r3,255\r", plain, 2, 2, v);
    expect_values("1,2\n3,255\n\n\n", plain, 2, 2, v);
    expect_values("1,2\r\n3,255\r\n\r\n \t\r\n", plain, 2, 2, v);
    expect_values("\"1\",2\n3,\"255\"\n", plain, 2, 2, v);
    expect_values("\"1\",\"2\"\r\n\"3\",\"255\"", plain, 2, 2, v);
    expect_values(" 1 ,\t2\n 3,255 \n", plain, 2, 2, v);
    expect_values("\xEF\xBB\xBF"
                  "1,2\n3,255\n",
                  plain, 2, 2, v);
    expect_values("001,2.0\n+3,2.55e2\n", plain, 2, 2, v);
    expect_values("1\n2\n3\n255", plain, 4, 1, v);
    expect_values("1,2,3,255", plain, 1, 4, v);
}

static void headers_are_found_or_told(void **state)
{
    static const double v[] = { 1, 2, 3, 4 };
    (void)state;
    expect_values("label,pixel\n1,2\n3,4\n", plain, 2, 2, v);
    expect_values("label,1x1\r\n1,2\r\n3,4\r\n", plain, 2, 2, v);
    expect_values("\"a, \"\"b\"\"\n and\r\n c\",d\n1,2\n3,4\n", plain, 2, 2, v);
    expect_values("8,9\n1,2\n3,4\n", with_header, 2, 2, v);
    expect_values("1,2\n3,4\n", without_header, 2, 2, v);
    expect_values("\xEF\xBB\xBF"
                  "8,9\n1,2\n3,4\n",
                  with_header, 2, 2, v);
    expect_values("label,0,1,2\n1,2,3,4\n", with_header, 1, 4, v);
    expect_values("NA,?\n1,2\n3,4\n", with_header, 2, 2, v);
}

/* A first row with a mistake is no header, which would be left out. */
static void mistakes_in_the_first_row_are_no_headers(void **state)
{
    (void)state;
    refuse("1,,3\n4,5,6\n", ":1: column 2: an empty field, expected a number "
                            "(if line 1 names the columns, say header = true)");
    refuse(",2,3\n4,5,6\n", ":1: column 1: an empty field");
    refuse("NA,2,3\n4,5,6\n", ":1: column 1: 'NA' is not a number");
    refuse("1,2,?\n4,5,6\n", ":1: column 3: '?' is not a number");
    refuse("TRUE,2,3\n4,5,6\n", ":1: column 1: 'TRUE' is not a number");
    refuse("0x10,2,3\n4,5,6\n", ":1: column 1: '0x10' is not a number");
    refuse_bytes("1,O,3\n4,5,6\n", 12, without_header,
                 ":1: column 2: 'O' is not a number "
                 "(if line 1 names the columns, say header = true)");
    refuse("1;2;3\n4;5;6\n", ":1: '1;2;3' is one value: separate values by commas");
    refuse("a\tb\n1\t2\n", ":1: 'a\\x09b' is one value: separate values by commas");
}

/* Names and values in one line: it is for the user to say what it is. */
static void lines_that_may_be_headers_are_refused(void **state)
{
    static const char *const unclear[] = { "label,0,1,2\n1,2,3,4\n", "0,1,2,label\n1,2,3,4\n",
                                           "a,b,\n1,2,3\n",          "cat,2,3\n4,5,6\n",
                                           "a,NA,b\n1,2,3\n",        "a,0x1F,b\n1,2,3\n" };
    (void)state;
    for (size_t i = 0; i < sizeof unclear / sizeof *unclear; i++)
        refuse(unclear[i], ":1: is this line a header? column ");
    refuse("label,0,1\n1,2,3\n", ":1: is this line a header? column 1, 'label', looks like a name, "
                                 "but column 2, '0', like a value: say header = true or header = "
                                 "false");
    refuse(",\"O\",3\n4,5,6\n", ":1: is this line a header? column 2, 'O', looks like a name, but "
                                "column 1, '', like a value");
}

static void names_are_told_from_values(void **state)
{
    static const char *const names[] = { "label",   "pixel0", "1x1",      "28x28", "Unnamed: 0",
                                         "_1",      "3rd",    "y",        "T",     "no",
                                         "# label", "NAME",   "\xC3\xA9", "0xy",   "infra",
                                         "e5",      " x ",    "1_a" };
    static const char *const values[] = {
        "",        " \t",       "0",    "-1.5",     "1e5",     ".5",    "nan",        "-NaN",
        "inf",     "+Infinity", "NA",   "na",       " N/A ",   "NULL",  "none",       "?",
        "TRUE",    "false",     "0x10", "-0XfF",    "#N/A",    "<NA>",  "#DIV/0!",    "#NAME?",
        "1.#QNAN", "-1.#IND",   "-",    "--",       "1,5",     "12:30", "2026-11-25", "5%",
        "1_000",   "NaT",       "Nil",  "#N/A N/A", "1 000,5", "$5"
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!dg_is_name(names[i], strlen(names[i]))) fail_msg("'%s' is a name", names[i]);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (dg_is_name(values[i], strlen(values[i]))) fail_msg("'%s' is a value", values[i]);
}

static void float32_admits_any_number(void **state)
{
    static const double v[] = { -0.5, 1e-30f, NAN, INFINITY, -INFINITY, 300, 0, FLT_MAX };
    (void)state;
    expect_values("-.5,1E-30,nan,inf\n-Infinity,3e2,-0,3.4028235e38\n", as_float, 2, 4, v);
    expect_values("1,2.\n+0.25,999\n", as_float, 2, 2, (double[]){ 1, 2, 0.25, 999 });
}

static void numbers_are_those_of_strtod(void **state)
{
    static const char *const numbers[] = {
        "0.1",
        "123456789012345678",
        "1234567890123456789",
        "9007199254740993",
        "1e22",
        "1e23",
        "1.7976931348623157e308",
        "4.9e-324",
        "1e-400",
        "0.000000000000000000000000000001",
        "3.14159265358979323846264338327950288",
        "179769313486231570000000000000",
        "-7.5e-10",
        "00000000000000000000000000000000000012",
        "1e+5",
        "5e-1",
    };
    static const char *const others[] = {
        "",    " ",   "-",   "+",     ".",    "e5",      "1e", "1e+",   "0x10",
        "1,5", "1 2", "--1", "1.2.3", "nano", "infinit", "1f", "1e5.0", "٣",
    };
    double value;
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_true(dg_parse_number(numbers[i], strlen(numbers[i]), &value));
        assert_true(value == strtod(numbers[i], NULL));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(dg_parse_number(others[i], strlen(others[i]), &value));
    assert_true(dg_parse_number("-1e999", 6, &value) && value == -DBL_MAX);
    assert_true(dg_parse_number("15", 1, &value) && value == 1);
}

/* A locale with a decimal comma changes nothing. Where there is none, only the C locale is
 * tried. */
static void locales_do_not_matter(void **state)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "C" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_ALL, names[i])) continue;
        expect_values("0.5,3.14159265358979323846\n", as_float, 1, 2,
                      (double[]){ 0.5, 3.14159265358979323846f });
        setlocale(LC_ALL, "C");
        return;
    }
}

static void a_column_can_be_the_label(void **state)
{
    static const char text[] = "y,a,b,c,d\n7,1,2,3,4\n200,5,6,7,8\n7,9,10,11,12\n";
    const dg_dataset *set;
    (void)state;
    assert_ok(read_bytes(&set, text, strlen(text),
                         (dg_csv_options){ .label_column = 1, .axes = 3, .shape = { 2, 2, 1 } }));
    assert_int_equal(set->x.axes, 4);
    assert_int_equal(set->x.shape[1], 2);
    assert_int_equal(set->x.shape[3], 1);
    for (int i = 0; i < 12; i++) assert_int_equal(dg_bytes(&set->x)[i], i + 1);
    assert_int_equal(dg_int32s(&set->y)[1], 200);
    assert_int_equal(set->class_count, 2);
    dg_dataset_release(set);
    assert_ok(read_bytes(&set, text, strlen(text), (dg_csv_options){ .label_column = 5 }));
    assert_int_equal(dg_int32s(&set->y)[1], 8);
    assert_int_equal(dg_bytes(&set->x)[0], 7);
    assert_int_equal(dg_bytes(&set->x)[3], 3);
    dg_dataset_release(set);
}

static void labels_can_be_a_file(void **state)
{
    const dg_dataset *set;
    const char *images = scratch_path("images.csv"), *labels = scratch_path("labels.csv");
    dg_csv_options options = { .images = images, .labels = labels };
    (void)state;
    scratch_write(images, "1,2\n3,4\n", 8);
    scratch_write(labels, "label\n5\n-70000\n\n", 16);
    assert_ok(read_path(&set, options));
    assert_int_equal(dg_int32s(&set->labels)[0], 5);
    assert_int_equal(dg_int32s(&set->labels)[1], -70000);
    dg_dataset_release(set);
    scratch_write(labels, "5\n6\n7", 5);
    assert_fails_with(read_path(&set, options), DG_FORMAT, "labels.csv has 3 labels, ");
    assert_fails_with(DG_FORMAT, DG_FORMAT, "images.csv has 2 rows");
    scratch_write(labels, "5,6\n6,7\n", 8);
    assert_fails_with(read_path(&set, options), DG_FORMAT,
                      "labels.csv:1: 2 values, expected one label a line");
    scratch_write(labels, "5\n1.5\n", 6);
    options.target = DG_TARGET_LABELS;
    assert_fails_with(read_path(&set, options), DG_FORMAT,
                      "labels.csv:2: column 1: label '1.5' is not a whole number");
    options.target = DG_TARGET_BY_TYPE;
    scratch_write(labels, "5\n3000000000\n", 13);
    assert_fails_with(read_path(&set, options), DG_FORMAT,
                      "label '3000000000' is not a whole number");
    assert_null(set);
}

/* --- what is refused ------------------------------------------------------------------------ */

static void rows_of_other_lengths_are_refused(void **state)
{
    (void)state;
    refuse("1,2\n3,4\n5\n", ":3: 1 value, expected 2 as in line 1");
    refuse("1,2\n3,4,5\n5,6\n", ":2: 3 values, expected 2 as in line 1");
    refuse("a,b,c\n3,4\n", ":2: 2 values, expected 3 as in line 1");
    refuse("1,2\n\n3,4\n", ":2: an empty line between rows");
    refuse("1\r\n2\r\n\r\n3\r\n", ":3: an empty line between rows");
    refuse("\n1,2\n", ":1: an empty line");
    refuse("1,2\n3,\n", ":2: column 2: an empty field, expected a number");
    refuse("1,2\n,\n", ":2: column 1: an empty field");
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    refuse("1,2\n3,4\n5,abc\n", ":3: column 2: 'abc' is not a number");
    refuse("1,2\r\n3,4\r\n5,abc\r\n", ":3: column 2: 'abc' is not a number");
    refuse("1,2\n3,0x1F\n", ":2: column 2: '0x1F' is not a number");
    refuse("1,2\n3,\"4\n\"\n", ":2: column 2: '4\\x0A' is not a number (is a quote not closed?)");
    refuse("1,2\n3,\xFF\n", ":2: column 2: '\\xFF' is not a number");
    refuse("1,2\n3,1;2\n", ":2: column 2: '1;2' is not a number");
    refuse_bytes(
        "a,2\n3,4\n", 8, without_header,
        ":1: column 1: 'a' is not a number (if line 1 names the columns, say header = true)");
    refuse("1,2\n3,"
           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
           ":2: column 2: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is not");
}

static void what_fits_no_byte_is_refused(void **state)
{
    (void)state;
    refuse("1,2\n3,300\n",
           ":2: column 2: 300 is outside 0..255 (use dtype = \"float32\" for other numbers)");
    refuse("1,2\n3,256\n", ":2: column 2: 256 is outside 0..255");
    refuse("-1,2\n3,25\n", ":1: column 1: -1 is outside 0..255");
    refuse("1,2\n0.5,3\n", ":2: column 1: 0.5 is no whole number of 0..255 (use dtype");
    refuse("1,2\nnan,3\n", ":2: column 1: nan is no whole number of 0..255");
    refuse_bytes("1,2\n3,1e39\n", 11, as_float,
                 ":2: column 2: '1e39' is outside the range of float32");
    refuse_bytes("1,2\n3,-1e999\n", 13, as_float, ":2: column 2: '-1e999' is outside the range");
}

static void wrong_quotes_are_refused(void **state)
{
    (void)state;
    refuse("1,2\n3,4\n5,6\n7,\"8\n9,10\n", ":4: a quote is not closed (column 2)");
    refuse("1,2\n3,4\n5,6\n7,\"8", ":4: a quote is not closed (column 2)");
    refuse("1,2\n3,\"4\n5,6\n\"7\",8\n", ":2: a quote is not closed (column 2)");
    refuse("\"a,b\n1,2\n3,4\n", ":1: a quote is not closed (column 1)");
    refuse("1,2\n3,4\"\n", ":2: column 2: a quote inside a field that does not begin with one");
    refuse("1,2\n\"3\"4,5\n", ":2: column 1: text after a closing quote, expected a comma");
}

static void nul_bytes_are_refused(void **state)
{
    static const char utf16[] = { '\xFF', '\xFE', '1', 0, ',', 0, '2', 0, '\n', 0 };
    (void)state;
    refuse_bytes("1,2,3\n4,5,\0\n", 12, plain, ":2: a NUL byte at column 3");
    refuse_bytes("1,2,3\n4,\"5\0\",6\n", 15, plain, ":2: a NUL byte at column 2");
    refuse_bytes("a,b\0,3\n4,5,6\n", 13, plain, ":1: a NUL byte at column 2");
    refuse_bytes(utf16, sizeof utf16, plain, ":1: a NUL byte at column 1");
    refuse_bytes("1,2\n3,4\n\0\n", 10, plain, ":3: a NUL byte at column 1");
}

static void files_without_rows_are_refused(void **state)
{
    (void)state;
    refuse("", ": is empty");
    refuse("\n \r\n\t\n", ": is empty: there are only blank lines");
    refuse("a,b\n", ":1: column 1: 'a' is not a number, so this is a header line, and no rows");
    refuse("a,b", ":1: column 1: 'a' is not a number, so this is a header line, and no rows");
    refuse_bytes("1,2\n", 4, with_header, ": holds a header line, but no rows");
    refuse_bytes("\x1F\x8B\x08 and so on", 14, plain, ": is a .gz, expected CSV");
    refuse("1,2\r \n3,4\n",
           ": from line 1 on, blanks stand between a carriage return and its line");
}

static void files_that_cannot_be_read_are_refused(void **state)
{
    const dg_dataset *set;
    const char *path = scratch_path("none.csv");
    (void)state;
    assert_fails_with(read_path(&set, (dg_csv_options){ .images = path }), DG_IO, "cannot open ");
    assert_fails_with(DG_IO, DG_IO, "none.csv: No such file or directory");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_fails_with(read_path(&set, (dg_csv_options){ .images = path }), DG_IO,
                      "is no regular file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_fails_with(read_path(&set, (dg_csv_options){ .images = path }), DG_IO, "is a directory");
    assert_int_equal(rmdir(path), 0);
    if (geteuid() == 0) return; /* root may read everything */
    scratch_write(path, "1", 1);
    chmod(path, 0);
    assert_fails_with(read_path(&set, (dg_csv_options){ .images = path }), DG_IO,
                      "Permission denied");
}

static void wrong_options_are_refused(void **state)
{
    static const char text[] = "1,2,3\n";
    const dg_dataset *set;
    (void)state;
    assert_fails_with(read_bytes(&set, text, 6, (dg_csv_options){ .label_column = 4 }), DG_INVALID,
                      "label_column = 4, but ");
    assert_fails_with(read_bytes(&set, text, 6, (dg_csv_options){ .label_column = -1 }), DG_INVALID,
                      "label_column counts from 1, found -1");
    assert_fails_with(read_bytes(&set, "1\n", 2, (dg_csv_options){ .label_column = 1 }), DG_INVALID,
                      "has one value a line");
    assert_fails_with(
        read_bytes(&set, text, 6, (dg_csv_options){ .label_column = 1, .labels = "y" }), DG_INVALID,
        "not both");
    assert_fails_with(
        read_bytes(&set, text, 6, (dg_csv_options){ .dtype = DG_INT32, .dtype_given = true }),
        DG_INVALID, "found \"int32\"");
    assert_fails_with(read_bytes(&set, text, 6, (dg_csv_options){ .axes = 2, .shape = { 2, 2 } }),
                      DG_INVALID, "shape = {2, 2} does not fit the 3 values a line");
    assert_fails_with(read_bytes(&set, text, 6, (dg_csv_options){ .axes = 2, .shape = { 2, 1 } }),
                      DG_INVALID, "(is one the label? say label_column = 1)");
    assert_fails_with(read_bytes(&set, text, 6, (dg_csv_options){ .axes = 2, .shape = { -3, -1 } }),
                      DG_INVALID, "shape = {-3, -1} does not fit");
    assert_fails_with(
        read_bytes(&set, text, 6,
                   (dg_csv_options){ .axes = 3, .shape = { INT64_MAX, INT64_MAX, 3 } }),
        DG_INVALID, "does not fit");
    assert_fails_with(read_path(&set, (dg_csv_options){ 0 }), DG_INVALID, "expected the path");
    assert_null(set);
}

/* --- large files ---------------------------------------------------------------------------- */

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
                     "4194304 admits longer ones)");
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
    assert_fails_with(dg_csv_read(&set, &options, &job), DG_CANCELLED, "interrupted");
    assert_null(set);
}

static void memory_that_cannot_be_had_is_said(void **state)
{
    const dg_dataset *set;
    const char *path = scratch_path("x.csv");
    dg_status status;
    int64_t after = 0;
    (void)state;
    scratch_write(path, "1,2\n3,4\n", 8);
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
        leaving_nothing(valid_forms_load),
        leaving_nothing(headers_are_found_or_told),
        leaving_nothing(mistakes_in_the_first_row_are_no_headers),
        leaving_nothing(lines_that_may_be_headers_are_refused),
        leaving_nothing(names_are_told_from_values),
        leaving_nothing(float32_admits_any_number),
        leaving_nothing(numbers_are_those_of_strtod),
        leaving_nothing(locales_do_not_matter),
        leaving_nothing(a_column_can_be_the_label),
        leaving_nothing(labels_can_be_a_file),
        leaving_nothing(rows_of_other_lengths_are_refused),
        leaving_nothing(what_is_no_number_is_refused),
        leaving_nothing(what_fits_no_byte_is_refused),
        leaving_nothing(wrong_quotes_are_refused),
        leaving_nothing(nul_bytes_are_refused),
        leaving_nothing(files_without_rows_are_refused),
        leaving_nothing(files_that_cannot_be_read_are_refused),
        leaving_nothing(wrong_options_are_refused),
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
