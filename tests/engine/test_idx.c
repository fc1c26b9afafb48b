/* IDX files, plain and .gz: what loads, and every way in which one can be wrong. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "engine/base/memory.h"
#include "engine/data/format.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

extern const dg_format_type dg_idx;

enum { SIZE = 1 << 16 };

/* A file in the making: a header of these sizes, then bytes 0, 1, 2 ... */
typedef struct draft {
    unsigned char bytes[SIZE];
    size_t size;
} draft;

static draft make(unsigned type, int axes, const uint32_t *shape, size_t data_size)
{
    draft d = { .bytes = { 0, 0, (unsigned char)type, (unsigned char)axes } };
    d.size = 4;
    for (int axis = 0; axis < axes; axis++)
        for (int shift = 24; shift >= 0; shift -= 8)
            d.bytes[d.size++] = (unsigned char)(shape[axis] >> shift);
    for (size_t i = 0; i < data_size; i++) d.bytes[d.size++] = (unsigned char)i;
    return d;
}

/* Five images of 4 x 3, and five labels. */
static draft make_images(void)
{
    return make(8, 3, (uint32_t[]){ 5, 4, 3 }, 60);
}

static draft make_labels(void)
{
    return make(8, 1, (uint32_t[]){ 5 }, 5);
}

static const char *save(const char *name, const draft *d)
{
    const char *path = scratch_path(name);
    scratch_write(path, d->bytes, d->size);
    return path;
}

static const char *save_gz(const char *name, const draft *d)
{
    const char *path = scratch_path(name);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, d->bytes, (unsigned)d->size), d->size);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

static void refuse_file(const char *path, const char *words)
{
    const dg_dataset *set;
    assert_fails_with(dg_format_open(&set, &dg_idx, path, NULL), DG_FORMAT, words);
    assert_fails_with(DG_FORMAT, DG_FORMAT, path);
    assert_null(set);
}

static void refuse(draft d, const char *words)
{
    refuse_file(save("images", &d), words);
}

/* Reads images with the option max_bytes, unless it is 0. */
static dg_status open_bounded(const dg_dataset **out, const char *path, int64_t max_bytes)
{
    _Alignas(16) char options[256] = { 0 };
    dg_part part;
    dg_part_open(&part, &dg_idx.part, options);
    assert_ok(dg_part_set(&part, "images", &(dg_value){ .type = DG_VALUE_TEXT, .text = path }));
    if (max_bytes)
        assert_ok(dg_part_set(&part, "max_bytes",
                              &(dg_value){ .type = DG_VALUE_INT, .integer = max_bytes }));
    return dg_format_read(out, &dg_idx, options, &(dg_dataset_fields){ 0 }, NULL);
}

/* --- what loads ----------------------------------------------------------------------------- */

static void expect_images(const dg_dataset *set)
{
    assert_int_equal(set->x.dtype, DG_UINT8);
    assert_int_equal(set->x.axes, 4);
    assert_int_equal(set->x.shape[0], 5);
    assert_int_equal(set->x.shape[1], 4);
    assert_int_equal(set->x.shape[2], 3);
    assert_int_equal(set->x.shape[3], 1);
    for (int i = 0; i < 60; i++) assert_int_equal(dg_bytes(&set->x)[i], i);
}

static void plain_and_gz_load(void **state)
{
    draft images = make_images(), labels = make_labels();
    const dg_dataset *set;
    (void)state;
    for (int gz = 0; gz < 4; gz++) {
        const char *x = gz & 1 ? save_gz("images", &images) : save("images", &images);
        const char *y = gz & 2 ? save_gz("labels", &labels) : save("labels", &labels);
        assert_ok(dg_format_open(&set, &dg_idx, x, y));
        expect_images(set);
        assert_int_equal(set->class_count, 5);
        for (int i = 0; i < 5; i++) assert_int_equal(dg_int32s(&set->labels)[i], i);
        dg_dataset_release(set);
        assert_ok(dg_format_open(&set, &dg_idx, x, NULL));
        expect_images(set);
        assert_int_equal(set->target, DG_TARGET_NONE);
        dg_dataset_release(set);
    }
}

static void other_axes_and_types_load(void **state)
{
    static const unsigned char floats[] = { 0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0 }; /* 1, -2.5 */
    static const unsigned char whole[] = { 0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFE };  /* 65536, -2 */
    draft table = make(8, 2, (uint32_t[]){ 3, 7 }, 21);
    draft colour = make(8, 4, (uint32_t[]){ 2, 2, 2, 3 }, 24);
    draft real = make(13, 2, (uint32_t[]){ 2, 1 }, 8), labels = make(12, 1, (uint32_t[]){ 2 }, 8);
    const dg_dataset *set;
    (void)state;
    assert_ok(dg_format_open(&set, &dg_idx, save("images", &table), NULL));
    assert_int_equal(set->x.axes, 2);
    assert_int_equal(dg_bytes(&set->x)[20], 20);
    dg_dataset_release(set);
    assert_ok(dg_format_open(&set, &dg_idx, save("images", &colour), NULL));
    assert_int_equal(set->x.axes, 4);
    assert_int_equal(set->x.shape[3], 3);
    dg_dataset_release(set);
    memcpy(real.bytes + 12, floats, 8);
    memcpy(labels.bytes + 8, whole, 8);
    assert_ok(dg_format_open(&set, &dg_idx, save("images", &real), save("labels", &labels)));
    assert_int_equal(set->x.dtype, DG_FLOAT32);
    assert_true(dg_floats(&set->x)[0] == 1 && dg_floats(&set->x)[1] == -2.5f);
    assert_int_equal(dg_int32s(&set->labels)[0], 65536);
    assert_int_equal(dg_int32s(&set->labels)[1], -2);
    dg_dataset_release(set);
}

/* The sample of MNIST that comes with the project; tests run from its top folder. */
static void the_sample_of_mnist_loads(void **state)
{
    const dg_dataset *set;
    int64_t counts[10], total = 0;
    (void)state;
    assert_ok(dg_format_open(&set, &dg_idx, "vendor/mnist/t10k-images-idx3-ubyte.gz",
                             "vendor/mnist/t10k-labels-idx1-ubyte.gz"));
    assert_int_equal(set->x.shape[0], 1000);
    assert_int_equal(dg_dataset_row_size(set), 784);
    assert_int_equal(set->class_count, 10);
    dg_dataset_counts(set, counts);
    for (int k = 0; k < 10; k++) total += counts[k];
    assert_int_equal(total, 1000);
    dg_dataset_release(set);
}

/* --- what is refused ------------------------------------------------------------------------ */

static void every_truncation_is_refused(void **state)
{
    draft whole = make_images();
    (void)state;
    for (size_t size = 0; size < whole.size; size++) {
        draft d = whole;
        d.size = size;
        refuse(d, size == 0 ? "is empty" : "is truncated");
        if (size > 0) refuse_file(save_gz("images.gz", &d), "is truncated");
        if (size == 0) refuse_file(save_gz("images.gz", &d), "is empty");
    }
    whole.size -= 10;
    refuse(whole, "the header says {5, 4, 3}, 76 bytes in all, found 66");
}

static void every_truncation_of_a_gz_is_refused(void **state)
{
    draft images = make_images(), cut;
    size_t size;
    char *gz = scratch_read(save_gz("images.gz", &images), &size);
    const dg_dataset *set;
    (void)state;
    for (cut.size = 0; cut.size < size; cut.size++) {
        memcpy(cut.bytes, gz, cut.size);
        assert_int_equal(dg_format_open(&set, &dg_idx, save("images", &cut), NULL), DG_FORMAT);
        assert_null(set);
    }
    cut.size = size - 12;
    refuse_file(save("images", &cut), "the .gz is truncated: it ends within its data");
    free(gz);
}

static void every_damaged_byte_of_a_gz_is_noticed(void **state)
{
    draft images = make_images(), damaged;
    size_t size;
    char *gz = scratch_read(save_gz("images.gz", &images), &size);
    const dg_dataset *set;
    (void)state;
    for (size_t i = 0; i < size; i++) {
        if (i > 3 && i < 10) continue; /* time and system: they change nothing */
        damaged.size = size;
        memcpy(damaged.bytes, gz, size);
        damaged.bytes[i] ^= 0x55;
        assert_int_equal(dg_format_open(&set, &dg_idx, save("images", &damaged), NULL), DG_FORMAT);
        assert_null(set);
    }
    damaged.bytes[size - 1] ^= 0x55;
    damaged.bytes[size - 5] ^= 0x55;
    refuse_file(save("images", &damaged), "the .gz is damaged: incorrect data check");
    free(gz);
}

static void bytes_after_the_data_are_refused(void **state)
{
    draft d = make_images();
    (void)state;
    d.size += 3;
    refuse(d, "has 3 bytes after its data: the header says {5, 4, 3}, 76 bytes in all, found 79");
    refuse_file(save_gz("images.gz", &d), "has more bytes after its data than the header says: 76");
}

/* A small .gz that says that it holds 300 MiB is refused before it is unpacked, unless asked for;
 * then it is found to hold less. */
static void bombs_are_refused(void **state)
{
    static const unsigned char header[] = { 0, 0, 8, 3, 0, 0, 1, 44, 0, 0, 4, 0, 0, 0, 4, 0 };
    enum { FILLING = 400 << 10 };
    const char *path = scratch_path("bomb.gz");
    const int64_t whole = ((int64_t)300 << 20) + 16;
    unsigned char *filling = calloc(FILLING, 1);
    const dg_dataset *set;
    gzFile gz = gzopen(path, "wb0");
    (void)state;
    assert_true(filling && gz);
    assert_int_equal(gzwrite(gz, header, sizeof header), sizeof header);
    assert_int_equal(gzwrite(gz, filling, FILLING), FILLING);
    assert_int_equal(gzclose(gz), Z_OK);
    free(filling);
    assert_fails_with(open_bounded(&set, path, 0), DG_FORMAT,
                      "unpacks to 314572816, expected at most 268435456 (max_bytes = 314572816 "
                      "allows it)");
    assert_fails_with(DG_FORMAT, DG_FORMAT, "bomb.gz: the header says {300, 1024, 1024}: this .gz");
    assert_fails_with(open_bounded(&set, path, whole - 1), DG_FORMAT, "expected at most 314572815");
    assert_fails_with(open_bounded(&set, path, whole), DG_FORMAT, "is truncated: the header says");
    draft d = make_images();
    assert_ok(open_bounded(&set, save("plain", &d), 1)); /* a plain file holds what its size says */
    dg_dataset_release(set);
}

static void wrong_magic_is_refused(void **state)
{
    static const unsigned char wrong[][4] = {
        { 1, 0, 8, 3 }, { 0, 1, 8, 3 }, { 0, 0, 9, 3 },   { 0, 0, 12, 3 },         { 0, 0, 14, 3 },
        { 0, 0, 8, 0 }, { 0, 0, 8, 9 }, { 0, 0, 8, 255 }, { 0x89, 'P', 'N', 'G' },
    };
    const dg_dataset *set;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        draft d = make_images();
        char words[64];
        memcpy(d.bytes, wrong[i], 4);
        snprintf(words, sizeof words, "begins with the bytes %02X %02X %02X %02X, expected 00 00",
                 d.bytes[0], d.bytes[1], d.bytes[2], d.bytes[3]);
        refuse(d, words);
    }
    draft images = make_images(), labels = make(13, 1, (uint32_t[]){ 5 }, 20);
    assert_fails_with(
        dg_format_open(&set, &dg_idx, save("images", &images), save("labels", &labels)), DG_FORMAT,
        "labels: begins with the bytes 00 00 0D 01, expected 00 00 08 01 or 00 00 0C 01");
}

static void exchanged_files_are_noticed(void **state)
{
    draft images = make_images(), labels = make_labels();
    const char *x = save("images", &images), *y = save("labels", &labels);
    const dg_dataset *set;
    (void)state;
    refuse_file(y, "labels: has values of shape {5}, as labels have; expected images");
    assert_fails_with(dg_format_open(&set, &dg_idx, x, x), DG_FORMAT,
                      "images: has values of shape {5, 4, 3}, as images have; expected labels");
    labels = make(8, 1, (uint32_t[]){ 4 }, 4);
    assert_fails_with(dg_format_open(&set, &dg_idx, x, save("labels", &labels)), DG_FORMAT,
                      "labels has 4 labels, ");
    assert_fails_with(DG_FORMAT, DG_FORMAT, "images has 5 rows");
}

static size_t largest; /* block of memory that was asked for */
static bool note_largest(void *context, size_t bytes, bool failed)
{
    (void)context;
    (void)failed;
    if (bytes > largest) largest = bytes;
    return false;
}

static void huge_sizes_ask_for_no_memory(void **state)
{
    static const uint32_t many = UINT32_MAX, shape[] = { many, many, many };
    draft d = make(8, 3, shape, 60);
    (void)state;
    largest = 0;
    dg_memory_set_hook(note_largest, NULL);
    refuse(d, "the header says {4294967295, 4294967295, 4294967295}, which is too large");
    d = make(13, 2, (uint32_t[]){ 0x80000000, 0x40000000 }, 60);
    refuse(d, "which is too large");
    d = make(8, 3, (uint32_t[]){ 1 << 20, 1 << 10, 1 << 10 }, 60);
    refuse(d, "is truncated");
    refuse_file(save_gz("images.gz", &d), "more than a .gz of ");
    dg_memory_set_hook(NULL, NULL);
    assert_true(largest < 1 << 16);
    for (int axis = 0; axis < 3; axis++) {
        uint32_t none[] = { 5, 4, 3 };
        none[axis] = 0;
        refuse(make(8, 3, none, 0), "no values");
    }
}

static void files_that_cannot_be_read_are_refused(void **state)
{
    const dg_dataset *set;
    draft images = make_images();
    const char *path = scratch_path("none"), *x = save("images", &images);
    (void)state;
    assert_fails_with(dg_format_open(&set, &dg_idx, path, NULL), DG_IO,
                      "none: No such file or directory");
    assert_fails_with(dg_format_open(&set, &dg_idx, x, path), DG_IO,
                      "none: No such file or directory");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_fails_with(dg_format_open(&set, &dg_idx, path, NULL), DG_IO, "it is a directory");
    assert_int_equal(rmdir(path), 0);
    assert_null(set);
}

static void memory_that_cannot_be_had_is_said(void **state)
{
    draft images = make_images(), labels = make_labels();
    const char *x = save("images", &images), *y = save_gz("labels", &labels);
    const dg_dataset *set;
    dg_status status;
    int64_t after = 0;
    (void)state;
    for (;; after++) {
        support_fail_allocation(after);
        status = dg_format_open(&set, &dg_idx, x, y);
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
        leaving_nothing(plain_and_gz_load),
        leaving_nothing(other_axes_and_types_load),
        leaving_nothing(the_sample_of_mnist_loads),
        leaving_nothing(every_truncation_is_refused),
        leaving_nothing(every_truncation_of_a_gz_is_refused),
        leaving_nothing(every_damaged_byte_of_a_gz_is_noticed),
        leaving_nothing(bytes_after_the_data_are_refused),
        leaving_nothing(bombs_are_refused),
        leaving_nothing(wrong_magic_is_refused),
        leaving_nothing(exchanged_files_are_noticed),
        leaving_nothing(huge_sizes_ask_for_no_memory),
        leaving_nothing(files_that_cannot_be_read_are_refused),
        leaving_nothing(memory_that_cannot_be_had_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
