/* NumPy's .npy files: those that NumPy wrote (tests/golden/make_npy.py), and headers that lie. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/data/format.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

extern const dg_format_type dg_npy;

static const char *golden(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "tests/golden/npy/%s.npy", name);
    return path;
}

static dg_status read_rows(const dg_dataset **out, const char *path)
{
    return dg_format_open(out, &dg_npy, path, NULL);
}

/* Reads rows; the message must have the path and `words`. */
static void refuse_file(const char *path, const char *words)
{
    const dg_dataset *set;
    assert_fails_with(read_rows(&set, path), DG_FORMAT, words);
    assert_fails_with(DG_FORMAT, DG_FORMAT, path);
    assert_null(set);
}

/* A file with this text as its header, then `size` bytes, is refused. */
static void refuse_text(const char *text, size_t size, const char *words)
{
    char bytes[1024] = "\x93NUMPY\1\0";
    size_t length = strlen(text);
    bytes[8] = (char)(length & 255);
    bytes[9] = (char)(length >> 8);
    memcpy(bytes + 10, text, length);
    scratch_write(scratch_path("x.npy"), bytes, 10 + length + size);
    refuse_file(scratch_path("x.npy"), words);
}

static void files_of_numpy_load(void **state)
{
    static const struct {
        const char *name;
        dg_dtype dtype; /* of x: integers of 4 and 8 bytes become float32 */
    } cases[] = { { "u1", DG_UINT8 },          { "b1", DG_UINT8 },
                  { "i4", DG_FLOAT32 },        { "i8", DG_FLOAT32 },
                  { "f4", DG_FLOAT32 },        { "f8", DG_FLOAT32 },
                  { "version1", DG_UINT8 },    { "version2", DG_UINT8 },
                  { "version3", DG_UINT8 },    { "fortran_f4", DG_FLOAT32 },
                  { "fortran_i8", DG_FLOAT32 } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const dg_dataset *set;
        int modulo = strcmp(cases[i].name, "b1") == 0 ? 2 : 24;
        assert_ok(
            dg_format_open(&set, &dg_npy, golden(cases[i].name), "tests/golden/npy/labels.npy"));
        assert_int_equal(set->x.dtype, cases[i].dtype);
        assert_int_equal(set->x.axes, 3);
        assert_true(set->x.shape[0] == 2 && set->x.shape[1] == 3 && set->x.shape[2] == 4);
        for (int k = 0; k < 24; k++)
            assert_true((set->x.dtype == DG_UINT8 ? dg_bytes(&set->x)[k] : dg_floats(&set->x)[k]) ==
                        k % modulo);
        assert_true(dg_int32s(&set->labels)[0] == 7 && dg_int32s(&set->labels)[1] == -2);
        dg_dataset_release(set);
    }
}

static void packed_files_load(void **state)
{
    const dg_dataset *set, *plain;
    size_t size;
    char *bytes = scratch_read(golden("f8"), &size);
    const char *path = scratch_path("x.npy.gz");
    gzFile file = gzopen(path, "wb");
    (void)state;
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), size);
    assert_int_equal(gzclose(file), Z_OK);
    free(bytes);
    assert_ok(read_rows(&set, path));
    assert_ok(read_rows(&plain, golden("f8")));
    assert_true(dg_tensor_equal(&set->x, &plain->x));
    dg_dataset_release(set);
    dg_dataset_release(plain);
}

static void other_arrays_are_refused(void **state)
{
    (void)state;
    refuse_file(golden("big_endian"), "found ''>f4', 'fortran_orde' at byte 20, expected one of");
    refuse_file(golden("complex"), "'<c8'");
    refuse_file(golden("structured"), "found '[('a', '<f4'), ('b',' at byte 20, expected one of");
    refuse_file(golden("scalar"), "has an array of the shape {}, expected rows, {n, ...}");
    refuse_file(golden("labels"), "has an array of the shape {2}, expected rows, {n, ...}");
    refuse_file(golden("empty"), "the header says {0, 4}, which has no values");
    refuse_file(golden("large"), "found 2147483648 at byte 152, expected a number that fits int32");
    refuse_file("README.md", "does not begin with the bytes 93 'NUMPY'");
}

static void headers_that_lie_are_refused(void **state)
{
#define SHAPE(shape) "{'descr': '|u1', 'fortran_order': False, 'shape': " shape "}\n"
    (void)state;
    refuse_text(SHAPE("(2, 3)"), 5,
                "is truncated: the header says {2, 3}, 74 bytes in all, found 73");
    refuse_text(SHAPE("(2, 3)"), 7, "has 1 bytes after its data");
    refuse_text(SHAPE("(99999999999, 99999999999)"), 6, "which is too large");
    refuse_text(SHAPE("(9999999999, 2)"), 6, "is truncated: the header says {9999999999, 2}");
    refuse_text(SHAPE("(99999999999999999999, 2)"), 6, "expected a size that fits 63 bits");
    refuse_text(SHAPE("(1, 1, 1, 1, 1, 1, 1, 1, 1)"), 1, "expected at most 8 axes");
    refuse_text(SHAPE("(2, -3)"), 6, "found '-3)}?' at byte 64, expected the size of an axis");
    refuse_text(SHAPE("(2, 3"), 6, "expected a comma or ')'");
    refuse_text(SHAPE("6"), 6, "found '6}?' at byte 60, expected a tuple of sizes");
    refuse_text("{'descr': '|u1', 'shape': (2, 3)}", 6, "expected 'descr', 'fortran_order' and");
    refuse_text("{'descr': '|u1', 'descr': '|u1'}", 6, "found ''descr': '|u1'}' at byte 27");
    refuse_text("{'descr': '|u1', 'order': False}", 6, "expected 'descr', 'fortran_order' or");
    refuse_text("{'descr': '|u1', 'fortran_order': 0}", 6, "found '0}' at byte 44, expected True");
    refuse_text("{'descr': '|u1' 'shape'", 6, "expected a comma or '}'");
    refuse_text("{'descr' '|u1'}", 6, "expected a colon");
    refuse_text("{'descr': '|u1", 6, "expected one of '|u1'");
    refuse_text("[]", 6, "found '[]' at byte 10, expected a dictionary");
    refuse_text("", 0, "found '' at byte 10, expected a dictionary");
    refuse_text(SHAPE("(2, 3)") "x", 6, "expected nothing but blanks to the end");
    scratch_write(scratch_path("x.npy"), "\x93NUMPY\4\0\2\0{}", 12);
    refuse_file(scratch_path("x.npy"), "found version 4 at byte 6, expected 1, 2 or 3");
    scratch_write(scratch_path("x.npy"), "\x93NUMPY\2\0\377\377\377\377{}", 14);
    refuse_file(scratch_path("x.npy"), "found a header of 4294967295 bytes at byte 8");
    scratch_write(scratch_path("x.npy"), "\x93NUMPY\1\0\20\0{}", 12);
    refuse_file(scratch_path("x.npy"), "is truncated: the header should have 26 bytes, found 12");
}

static void values_that_do_not_fit_are_refused(void **state)
{
    size_t size;
    char *bytes = scratch_read(golden("f8"), &size);
    const double huge = 1e39;
    const char *path = scratch_path("x.npy");
    (void)state;
    memcpy(bytes + 128 + 16, &huge, sizeof huge);
    scratch_write(path, bytes, size);
    free(bytes);
    refuse_file(path,
                "found 9.9999999999999994e+38 at byte 144, expected a number that fits float32");
    bytes = scratch_read(golden("b1"), &size);
    bytes[128 + 5] = 2;
    scratch_write(path, bytes, size);
    free(bytes);
    refuse_file(path, "found 2 at byte 133, expected a bool, 0 or 1");
}

/* Every byte of the header in turn becomes another, and the file ends anywhere. */
static void damaged_files_are_read_or_refused(void **state)
{
    static const char others[] = { 0, '\'', '(', ')', ',', '9', '{', '}', '\\', (char)0xFF };
    size_t size;
    char *bytes = scratch_read(golden("fortran_i8"), &size);
    const char *path = scratch_path("x.npy");
    (void)state;
    for (size_t at = 0; at < 128; at++)
        for (size_t i = 0; i <= sizeof others; i++) {
            const dg_dataset *set;
            char kept = bytes[at];
            if (i < sizeof others) bytes[at] = others[i];
            unlink(path);
            scratch_write(path, bytes, i < sizeof others ? size : at + 1);
            dg_status status = read_rows(&set, path);
            bytes[at] = kept;
            if (status == DG_OK)
                dg_dataset_release(set);
            else
                assert_fails_with(status, DG_FORMAT, path);
        }
    free(bytes);
}

static void memory_that_cannot_be_had_is_said(void **state)
{
    const dg_dataset *set;
    dg_status status;
    int64_t after = 0;
    (void)state;
    for (;; after++) {
        support_fail_allocation(after);
        status = dg_format_open(&set, &dg_npy, golden("fortran_i8"), "tests/golden/npy/labels.npy");
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
        leaving_nothing(files_of_numpy_load),
        leaving_nothing(packed_files_load),
        leaving_nothing(other_arrays_are_refused),
        leaving_nothing(headers_that_lie_are_refused),
        leaving_nothing(values_that_do_not_fit_are_refused),
        leaving_nothing(damaged_files_are_read_or_refused),
        leaving_nothing(memory_that_cannot_be_had_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
