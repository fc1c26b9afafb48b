/* CSV: what loads, what is refused and how that is said. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/data/number.h"
#include "tests/engine/csv_texts.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

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
    assert_ok(read_shaped(&set, text, (dg_csv_options){ .label_column = 1 },
                          (dg_ints){ 3, { 2, 2, 1 } }));
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
                      "labels.csv:1: 2 values, expected one label per line");
    scratch_write(labels, "5\n1.5\n", 6);
    assert_fails_with(dg_format_read(&set, &dg_csv, &options,
                                     &(dg_dataset_fields){ .target = DG_TARGET_LABELS }, NULL),
                      DG_FORMAT, "labels.csv:2: column 1: label '1.5' is not a 32-bit integer");
    scratch_write(labels, "5\n3000000000\n", 13);
    assert_fails_with(read_path(&set, options), DG_FORMAT,
                      "label '3000000000' is not a 32-bit integer");
    assert_null(set);
}

static void header_names_are_of_features(void **state)
{
    static const char text[] = "\xEF\xBB\xBFlabel,\"a, \"\"b\"\"\",,\xC3\xA9\n7,1,2,3\n";
    dg_csv_options options = with_header;
    const dg_dataset *set;
    (void)state;
    options.label_column = 1;
    assert_ok(read_bytes(&set, text, strlen(text), options));
    assert_string_equal(set->feature_names[0], "a, \"b\"");
    assert_string_equal(set->feature_names[1], "");
    assert_string_equal(set->feature_names[2], "\xC3\xA9");
    dg_dataset_release(set);
    assert_ok(read_shaped(&set, text, options, (dg_ints){ 2, { 3, 1 } }));
    assert_null(set->feature_names);
    dg_dataset_release(set);
    options.label_column = 0;
    assert_ok(read_bytes(&set, text, strlen(text), options));
    assert_string_equal(set->feature_names[0], "label");
    assert_string_equal(set->feature_names[3], "\xC3\xA9");
    dg_dataset_release(set);
    assert_ok(read_bytes(&set, "1,2\n", 4, plain));
    assert_null(set->feature_names);
    dg_dataset_release(set);
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
    refuse("1,2\n3,300\n", ":2: column 2: 300 is not in the range from 0 to 255 (use dtype = "
                           "\"float32\" for other numbers)");
    refuse("1,2\n3,256\n", ":2: column 2: 256 is not in the range from 0 to 255");
    refuse("-1,2\n3,25\n", ":1: column 1: -1 is not in the range from 0 to 255");
    refuse("1,2\n0.5,3\n", ":2: column 1: 0.5 is not a whole number from 0 to 255 (use dtype");
    refuse("1,2\nnan,3\n", ":2: column 1: nan is not a whole number from 0 to 255");
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
    refuse_bytes("1,2\n", 4, with_header, ": has a header line, but no rows");
    refuse_bytes("\x1F\x8B\x08 and so on", 14, plain, ": is a .gz, expected CSV");
    refuse("1,2\r \n3,4\n",
           ": from line 1 on, there are blanks between a carriage return and its line");
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
                      "is not a regular file");
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
    assert_fails_with(read_bytes(&set, "1\n", 2, (dg_csv_options){ .label_column = 1 }), DG_INVALID,
                      "has one value per line");
    assert_fails_with(
        read_bytes(&set, text, 6, (dg_csv_options){ .label_column = 1, .labels = "y" }), DG_INVALID,
        "not both");
    assert_fails_with(read_shaped(&set, text, plain, (dg_ints){ 2, { 2, 2 } }), DG_INVALID,
                      "shape = {2, 2} does not fit the 3 values per line");
    assert_fails_with(read_shaped(&set, text, plain, (dg_ints){ 2, { 2, 1 } }), DG_INVALID,
                      "(is one the label? say label_column = 1)");
    assert_fails_with(read_shaped(&set, text, plain, (dg_ints){ 2, { -3, -1 } }), DG_INVALID,
                      "the shape {-3, -1} does not fit");
    assert_fails_with(read_shaped(&set, text, plain, (dg_ints){ 3, { INT64_MAX, INT64_MAX, 3 } }),
                      DG_INVALID, "does not fit");
    assert_null(set);
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
        leaving_nothing(header_names_are_of_features),
        leaving_nothing(rows_of_other_lengths_are_refused),
        leaving_nothing(what_is_no_number_is_refused),
        leaving_nothing(what_fits_no_byte_is_refused),
        leaving_nothing(wrong_quotes_are_refused),
        leaving_nothing(nul_bytes_are_refused),
        leaving_nothing(files_without_rows_are_refused),
        leaving_nothing(files_that_cannot_be_read_are_refused),
        leaving_nothing(wrong_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
