/* safetensors files: what is written, what is read, and every way in which a file can be wrong. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/memory.h"
#include "engine/store/safetensors.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

enum { DATA_SIZE = 64 };

/* A file of this header and `data_size` bytes of data 0, 1, 2 ... */
static const char *write_file(const char *header, size_t data_size)
{
    uint64_t length = strlen(header);
    size_t size = sizeof length + length + data_size;
    char *bytes = malloc(size);
    memcpy(bytes, &length, sizeof length);
    memcpy(bytes + sizeof length, header, length);
    for (size_t i = 0; i < data_size; i++) bytes[sizeof length + length + i] = (char)i;
    const char *path = scratch_path("file.safetensors");
    scratch_write(path, bytes, size);
    free(bytes);
    return path;
}

static void expect_refused(const char *header, size_t data_size, const char *words)
{
    dg_tensor_file file;
    const char *path = write_file(header, data_size);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT, words);
    assert_non_null(strstr(dg_error_message(), "file.safetensors: "));
    assert_int_equal(file.count, 0);
    assert_null(file.tensors);
}

/* --- round trips ---------------------------------------------------------------------------- */

/* Tensors of all types, one a view that is not contiguous, one empty, one a single value. */
static void make_tensors(dg_named_tensor tensors[])
{
    static const char *names[] = { "bytes", "floats", "whole", "none", "single" };
    dg_tensor wide = support_tensor(DG_FLOAT32, SHAPE(2, 3), VALUES(0.1, 2, -3, 4e30, 5e-40, 6));
    tensors[0].tensor = support_tensor(DG_UINT8, SHAPE(3), VALUES(0, 127, 255));
    assert_ok(dg_tensor_transpose(&tensors[1].tensor, &wide, NULL));
    tensors[2].tensor = support_tensor(DG_INT32, SHAPE(1, 2), VALUES(INT32_MIN, INT32_MAX));
    tensors[3].tensor = support_tensor(DG_FLOAT32, SHAPE(0, 7), NULL);
    tensors[4].tensor = support_tensor(DG_FLOAT32, 0, NULL, VALUES(-0.0));
    dg_tensor_release(&wide);
    for (int i = 0; i < 5; i++) tensors[i].name = (char *)names[i];
}

static void test_round_trip(void **state)
{
    (void)state;
    dg_named_tensor tensors[5];
    make_tensors(tensors);
    char *keys[] = { "format", "note" }, *values[] = { "pt", "\"quoted\"\n\\ \xC3\xA4 {}" };
    dg_tensor_file file = { 5, tensors, 2, keys, values }, again;
    const char *path = scratch_path("round.safetensors");
    assert_ok(dg_tensor_file_write(&file, path));
    assert_ok(dg_tensor_file_read(&again, path));
    assert_int_equal(again.count, 5);
    for (int i = 0; i < 5; i++) {
        const dg_tensor *found = dg_tensor_file_find(&again, tensors[i].name);
        assert_non_null(found);
        assert_true(dg_tensor_equal(found, &tensors[i].tensor));
    }
    assert_true(signbit(*dg_floats(dg_tensor_file_find(&again, "single"))));
    assert_null(dg_tensor_file_find(&again, "byte"));
    assert_string_equal(dg_tensor_file_metadata(&again, "format"), "pt");
    assert_string_equal(dg_tensor_file_metadata(&again, "note"), values[1]);
    assert_null(dg_tensor_file_metadata(&again, "n"));
    dg_tensor_file_release(&again);
    for (int i = 0; i < 5; i++) dg_tensor_release(&tensors[i].tensor);
}

/* The bytes as the format's description has them: header padded to a multiple of 8, wide types
 * first. */
static void test_written_bytes(void **state)
{
    (void)state;
    dg_named_tensor tensors[2] = { { .name = "b" }, { .name = "a" } };
    assert_ok(dg_tensor_full(&tensors[0].tensor, DG_UINT8, SHAPE(3), 7));
    assert_ok(dg_tensor_full(&tensors[1].tensor, DG_FLOAT32, SHAPE(1, 2), 1.5));
    char *keys[] = { "k" }, *values[] = { "v" };
    dg_tensor_file file = { 2, tensors, 1, keys, values };
    const char *path = scratch_path("bytes.safetensors");
    assert_ok(dg_tensor_file_write(&file, path));
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\"},"
                                 "\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                                 "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]}}";
    size_t length = (sizeof header - 1 + 7) / 8 * 8, size;
    char *bytes = scratch_read(path, &size);
    assert_int_equal(size, 8 + length + 11);
    assert_memory_equal(bytes, &length, 8);
    assert_memory_equal(bytes + 8, header, sizeof header - 1);
    for (size_t i = sizeof header - 1; i < length; i++) assert_int_equal(bytes[8 + i], ' ');
    assert_memory_equal(bytes + 8 + length, "\0\0\xC0\x3F\0\0\xC0\x3F\x07\x07\x07", 11);
    free(bytes);
    for (int i = 0; i < 2; i++) dg_tensor_release(&tensors[i].tensor);
}

static void test_nothing_in_it(void **state)
{
    (void)state;
    dg_tensor_file file = { 0 }, again;
    const char *path = scratch_path("empty.safetensors");
    assert_ok(dg_tensor_file_write(&file, path));
    assert_ok(dg_tensor_file_read(&again, path));
    assert_int_equal(again.count, 0);
    dg_tensor_file_release(&again);
    dg_tensor_file_release(&again);
}

static void expect_converted(const char *dtype, int size, const void *data, int count,
                             const float *expected)
{
    char header[200];
    snprintf(header, sizeof header,
             "{\"x\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}", dtype, count,
             count * size);
    const char *path = write_file(header, 0);
    FILE *to = fopen(path, "ab");
    fwrite(data, (size_t)size, (size_t)count, to);
    fclose(to);
    dg_tensor_file file;
    assert_ok(dg_tensor_file_read(&file, path));
    const dg_tensor *x = dg_tensor_file_find(&file, "x");
    assert_int_equal(x->dtype, DG_FLOAT32);
    assert_memory_equal(x->data, expected, (size_t)count * 4);
    dg_tensor_file_release(&file);
}

static void test_other_floats(void **state)
{
    (void)state;
    /* 1, -2, the greatest, the least normal, the least, -0, infinity */
    static const uint16_t halves[] = { 0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001, 0x8000, 0x7C00 };
    static const float half_values[] = { 1, -2, 65504, 0x1p-14f, 0x1p-24f, -0.0f, INFINITY };
    expect_converted("F16", 2, halves, 7, half_values);
    static const uint16_t bfloats[] = { 0x3F80, 0xC040, 0x7F80 };
    static const float bfloat_values[] = { 1, -3, INFINITY };
    expect_converted("BF16", 2, bfloats, 3, bfloat_values);
    /* more than are converted at once */
    static double doubles[10000];
    static float double_values[10000];
    for (int i = 0; i < 10000; i++) double_values[i] = (float)(doubles[i] = i / 7.0);
    expect_converted("F64", 8, doubles, 10000, double_values);
}

static void test_long_integers(void **state)
{
    (void)state;
    static const char header[] = "{\"x\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
    const char *path = write_file(header, 0);
    FILE *to = fopen(path, "ab");
    fwrite(&(int64_t){ -5 }, 8, 1, to);
    fclose(to);
    dg_tensor_file file;
    assert_ok(dg_tensor_file_read(&file, path));
    assert_int_equal(file.tensors[0].tensor.dtype, DG_INT32);
    assert_int_equal(*dg_int32s(&file.tensors[0].tensor), -5);
    dg_tensor_file_release(&file);
    expect_refused(header, 8, "tensor 'x': holds 506097522914230528, which does not fit int32");
}

static void test_order_and_extras(void **state)
{
    (void)state;
    /* in any order in the header, members in any order, whitespace, unknown members */
    const char *path = write_file(
        "{ \"b\" : {\"data_offsets\":[4,6], \"shape\":[2], \"dtype\":\"U8\", \"extra\":null},\n"
        "  \"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]} }   \n",
        6);
    dg_tensor_file file;
    assert_ok(dg_tensor_file_read(&file, path));
    assert_int_equal(file.count, 2);
    assert_string_equal(file.tensors[0].name, "a");
    assert_int_equal(file.tensors[0].tensor.axes, 0);
    assert_string_equal(file.tensors[1].name, "b");
    assert_memory_equal(file.tensors[1].tensor.data, "\4\5", 2);
    dg_tensor_file_release(&file);
}

/* --- damaged files -------------------------------------------------------------------------- */

#define TENSOR(name, dtype, shape, offsets)                                                        \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_lengths(void **state)
{
    (void)state;
    dg_tensor_file file;
    const char *path = scratch_path("short.safetensors");
    scratch_write(path, "", 0);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT, "short.safetensors: is empty");
    scratch_write(path, "1234567", 7);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT,
                      "it has 7 bytes, fewer than a header");
    scratch_write(path, "\0\0\0\0\1\0\0\0{}", 10);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT,
                      "the header has 4294967296 bytes");
    scratch_write(path, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT, "at most 100000000 are allowed");
    scratch_write(path, "\1\xE1\xF5\5\0\0\0\0{}", 10);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT,
                      "the header has 100000001 bytes");
    scratch_write(path, "\0\xE1\xF5\5\0\0\0\0{}", 10);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT,
                      "the header has 100000000 bytes, the file ends after 2 (truncated?)");
    scratch_write(path, "\0\0\0\0\0\0\0\0", 8);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT, "no header at byte 8");
    scratch_write(path, "\2\0\0\0\0\0\0\0[]", 10);
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT, "no header at byte 8");
}

static void test_json(void **state)
{
    (void)state;
    expect_refused("{\"x\":", 0, "the header is not valid JSON at byte");
    expect_refused("{} {}", 0, "not valid JSON at byte 3");
    expect_refused("{}]", 0, "not valid JSON");
    expect_refused("{\"x\":1e999}", 0, "tensor 'x': must be an object, found a number");
    expect_refused("{" TENSOR("x", "U8", "[1]", "[0,1]") "," TENSOR("x", "U8", "[1]", "[1,2]") "}",
                   2, "has two members named 'x'");
    expect_refused("{\"x\":{\"dtype\":\"U8\",\"dtype\":\"F32\"}}", 0, "two members named 'dtype'");
    expect_refused("{\"a\\u0000b\":{}}", 0, "the header has a NUL character at byte 3");
    expect_refused("{\"__metadata__\":[]}", 0, "'__metadata__' must be an object, found a list");
    expect_refused("{\"__metadata__\":{\"a\":1}}", 0, "'a' of '__metadata__' must be a string");
    char deep[400] = "{\"x\":";
    memset(deep + 5, '[', 300);
    expect_refused(deep, 0, "nested deeper than 64 levels");
    char nul[] = "\5\0\0\0\0\0\0\0{\"\0\"}";
    const char *path = scratch_path("file.safetensors");
    scratch_write(path, nul, sizeof nul - 1);
    dg_tensor_file file;
    assert_fails_with(dg_tensor_file_read(&file, path), DG_FORMAT, "has a NUL byte at byte 2");
}

static void test_members(void **state)
{
    (void)state;
    expect_refused("{\"x\":{}}", 0, "tensor 'x': 'dtype' must be a string, found nothing");
    expect_refused("{\"x\":{\"dtype\":3}}", 0, "'dtype' must be a string, found a number");
    expect_refused(
        "{" TENSOR("x", "F8_E4M3", "[1]", "[0,1]") "}", 1,
        "has the type 'F8_E4M3'; supported types are F32, U8, I32, I8, F16, BF16, F64, I64");
    expect_refused("{" TENSOR("x", "U8", "3", "[0,1]") "}", 1, "'shape' must be a list");
    expect_refused("{" TENSOR("x", "U8", "[-1]", "[0,1]") "}", 1, "each size of 'shape'");
    expect_refused("{" TENSOR("x", "U8", "[1.5]", "[0,1]") "}", 1, "found 1.5");
    expect_refused("{" TENSOR("x", "U8", "[\"1\"]", "[0,1]") "}", 1, "found a string");
    expect_refused("{" TENSOR("x", "U8", "[9007199254740992]", "[0,1]") "}", 1, "each size");
    expect_refused("{" TENSOR("x", "U8", "[4503599627370496,4503599627370496]", "[0,1]") "}", 1,
                   "a shape whose size overflows");
    expect_refused("{" TENSOR("x", "F64", "[2305843009213693952]", "[0,0]") "}", 0, "each size");
    expect_refused("{" TENSOR("x", "F64", "[4503599627370496,512]", "[0,0]") "}", 0, "has shape");
    expect_refused("{" TENSOR("x", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1,
                   "has 9 axes, at most 8");
    expect_refused("{" TENSOR("x", "U8", "[1]", "[0]") "}", 1, "must be two numbers, found 1");
    expect_refused("{" TENSOR("x", "U8", "[1]", "[0,1,2]") "}", 1, "must be two numbers, found 3");
    expect_refused("{" TENSOR("x", "U8", "[1]", "[0,1e300]") "}", 1, "the second of");
    expect_refused("{" TENSOR("x", "U8", "[1]", "[-1,0]") "}", 1, "the first of 'data_offsets'");
    expect_refused("{" TENSOR("x", "U8", "[1]", "[1,0]") "}", 1, "ends before it");
    expect_refused("{" TENSOR("x", "F32", "[3,4]", "[0,40]") "}", DATA_SIZE,
                   "has shape {3, 4} and type F32, 4 bytes per value, but its offsets give it 40");
}

static void test_offsets(void **state)
{
    (void)state;
    static const char one[] = "{" TENSOR("conv2d.kernel", "F32", "[4]", "[0,16]") "}";
    char expected[200];
    snprintf(expected, sizeof expected,
             "the header says tensor 'conv2d.kernel' ends at byte %zu, the file has %zu "
             "(truncated?)",
             8 + strlen(one) + 16, 8 + strlen(one) + 15);
    expect_refused(one, 15, expected);
    expect_refused(one, 17, "1 bytes follow the last tensor");
    expect_refused("{}", 3, "3 bytes follow the last tensor");
    expect_refused("{" TENSOR("x", "U8", "[2]", "[1,3]") "}", 3,
                   "before tensor 'x', belong to no tensor");
    expect_refused("{" TENSOR("x", "U8", "[2]", "[0,2]") "," TENSOR("y", "U8", "[2]", "[3,5]") "}",
                   5, "before tensor 'y', belong to no tensor");
    expect_refused("{" TENSOR("x", "U8", "[2]", "[0,2]") "," TENSOR("y", "U8", "[2]", "[1,3]") "}",
                   3, "within 'x'");
    expect_refused("{" TENSOR("x", "U8", "[2]", "[0,2]") "," TENSOR("y", "U8", "[2]", "[0,2]") "}",
                   2, "within 'x'");
}

static void test_not_there(void **state)
{
    (void)state;
    dg_tensor_file file;
    assert_fails_with(dg_tensor_file_read(&file, scratch_path("absent")), DG_IO, "No such file");
    assert_fails_with(dg_tensor_file_read(&file, scratch_path("")), DG_IO, "directory");
    assert_fails_with(dg_tensor_file_read(&file, "/dev/zero"), DG_IO, "not a regular file");
}

/* --- the writer ----------------------------------------------------------------------------- */

static dg_status write_one(const char *path, int64_t count)
{
    dg_named_tensor tensor = { .name = "x" };
    dg_tensor_file file = { .count = 1, .tensors = &tensor };
    assert_ok(dg_tensor_zeros(&tensor.tensor, DG_FLOAT32, 1, &count));
    dg_status status = dg_tensor_file_write(&file, path);
    dg_tensor_release(&tensor.tensor);
    return status;
}

static void test_refused_names(void **state)
{
    (void)state;
    dg_named_tensor tensors[2] = { { .name = "x" }, { .name = "x" } };
    dg_tensor_file file = { .count = 2, .tensors = tensors };
    for (int i = 0; i < 2; i++)
        assert_ok(dg_tensor_zeros(&tensors[i].tensor, DG_FLOAT32, SHAPE(1)));
    const char *path = scratch_path("names.safetensors");
    assert_fails_with(dg_tensor_file_write(&file, path), DG_INVALID, "two members named 'x'");
    tensors[1].name = "__metadata__";
    assert_fails_with(dg_tensor_file_write(&file, path), DG_INVALID, "'__metadata__'");
    assert_int_equal(access(path, F_OK), -1);
    for (int i = 0; i < 2; i++) dg_tensor_release(&tensors[i].tensor);
}

static void test_permissions(void **state)
{
    (void)state;
    const char *path = scratch_path("mode.safetensors");
    struct stat about;
    mode_t mask = umask(027);
    assert_ok(write_one(path, 1));
    umask(mask);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    chmod(path, 0600);
    assert_ok(write_one(path, 2));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void test_links(void **state)
{
    (void)state;
    const char *link = scratch_path("link"), *target = scratch_path("target.safetensors");
    assert_int_equal(symlink("target.safetensors", link), 0);
    struct stat about;
    for (int i = 1; i <= 2; i++) { /* first it points to nothing */
        assert_ok(write_one(link, i));
        assert_int_equal(lstat(link, &about), 0);
        assert_true(S_ISLNK(about.st_mode));
        dg_tensor_file file;
        assert_ok(dg_tensor_file_read(&file, target));
        assert_int_equal(file.tensors[0].tensor.shape[0], i);
        dg_tensor_file_release(&file);
    }
    const char *loop = scratch_path("loop");
    assert_int_equal(symlink("loop", loop), 0);
    assert_fails_with(write_one(loop, 1), DG_IO, strerror(ELOOP));
}

static void test_unwritable(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_fails_with(write_one(scratch_path("absent/x.safetensors"), 1), DG_IO,
                      "there is no folder");
    assert_fails_with(write_one(scratch_path(name), 1), DG_IO, strerror(ENAMETOOLONG));
    assert_fails_with(write_one(scratch_path(""), 1), DG_IO, "it is a directory");
    assert_fails_with(write_one("/dev/null", 1), DG_IO, "/dev/null: it is not a regular file");
    assert_fails_with(write_one("", 1), DG_IO, "its name is empty");
    /* the longest name there can be */
    name[255] = '\0';
    assert_ok(write_one(scratch_path(name), 1));
}

/* A disk that is full: the old file stays as it was, and nothing lies beside it. */
static void test_failing_write(void **state)
{
    (void)state;
    const char *path = scratch_path("full.safetensors");
    assert_ok(write_one(path, 5));
    size_t before, after;
    char *old = scratch_read(path, &before);
    int files = scratch_files();
    struct rlimit limit, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 4096;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    dg_status status = write_one(path, 10000);
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, handler);
    assert_fails_with(status, DG_IO, strerror(EFBIG));
    assert_non_null(strstr(dg_error_message(), path));
    char *now = scratch_read(path, &after);
    assert_int_equal(before, after);
    assert_memory_equal(old, now, before);
    assert_int_equal(scratch_files(), files);
    free(old);
    free(now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_round_trip),    leaving_nothing(test_written_bytes),
        leaving_nothing(test_nothing_in_it), leaving_nothing(test_other_floats),
        leaving_nothing(test_long_integers), leaving_nothing(test_order_and_extras),
        leaving_nothing(test_lengths),       leaving_nothing(test_json),
        leaving_nothing(test_members),       leaving_nothing(test_offsets),
        leaving_nothing(test_not_there),     leaving_nothing(test_refused_names),
        leaving_nothing(test_permissions),   leaving_nothing(test_links),
        leaving_nothing(test_unwritable),    leaving_nothing(test_failing_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
