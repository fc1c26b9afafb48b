/* Mutated CSV and IDX files, the same ones in every run: readers must give a sound set or a
 * message, and no memory must be lost. Most worth under AddressSanitizer and UBSan. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "engine/data/formats/csv.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

extern const dg_format_type dg_idx;

static const dg_dataset_fields none;

enum { ROUNDS = 3000, MOST = 1 << 13 };

typedef struct text {
    unsigned char bytes[MOST];
    size_t size;
} text;

static uint64_t draws;
static size_t draw(size_t bound)
{
    return (size_t)support_random(&draws, (int64_t)bound);
}

/* Rewriting a file in place makes ext4 flush it to the disk, which takes a thousand times
 * longer. */
static void write_new(const char *path, const void *bytes, size_t size)
{
    unlink(path);
    scratch_write(path, bytes, size);
}

static void insert(text *t, size_t at, const void *bytes, size_t size)
{
    if (t->size + size > MOST) return;
    memmove(t->bytes + at + size, t->bytes + at, t->size - at);
    memcpy(t->bytes + at, bytes, size);
    t->size += size;
}

/* One change: a bit, a byte, a piece cut out, doubled or taken from `words`. */
static void mutate(text *t, const char *const *words, size_t word_count)
{
    size_t at = draw(t->size + 1), size = 1 + draw(20);
    unsigned char piece[20], byte = (unsigned char)draw(256);
    if (size > t->size - at) size = t->size - at;
    switch (draw(7)) {
    case 0:
        if (at < t->size) t->bytes[at] ^= (unsigned char)(1 << draw(8));
        break;
    case 1:
        if (at < t->size) t->bytes[at] = byte;
        break;
    case 2: insert(t, at, &byte, 1); break;
    case 3:
        memmove(t->bytes + at, t->bytes + at + size, t->size - at - size);
        t->size -= size;
        break;
    case 4:
        memcpy(piece, t->bytes + at, size);
        insert(t, draw(t->size + 1), piece, size);
        break;
    case 5: t->size = at; break;
    default: {
        const char *word = words[draw(word_count)];
        insert(t, at, word, strlen(word));
    }
    }
}

/* What a reader gave: either nothing and a message, or a set in which all fits together. */
static void expect_sound(dg_status status, const dg_dataset *set, int64_t file_size)
{
    if (status != DG_OK) {
        assert_null(set);
        assert_true(status == DG_FORMAT || status == DG_INVALID);
        assert_true(strlen(dg_error_message()) > 10);
        return;
    }
    int64_t rows = dg_dataset_rows(set), values = rows * dg_dataset_row_size(set), sum = 0;
    assert_in_range(values, 1, file_size);
    for (int64_t i = 0; set->x.dtype == DG_UINT8 && i < values; i++) sum += dg_bytes(&set->x)[i];
    for (int64_t i = 0; set->x.dtype == DG_FLOAT32 && i < values; i++)
        sum += dg_floats(&set->x)[i] != 0;
    assert_in_range(sum, 0, 255 * values);
    for (int64_t row = 0; set->target == DG_TARGET_LABELS && row < rows; row++)
        assert_int_equal(set->classes[dg_int32s(&set->positions)[row]],
                         dg_int32s(&set->labels)[row]);
    dg_dataset_release(set);
}

/* --- CSV ------------------------------------------------------------------------------------ */

static const char *const csv_seeds[] = {
    "1,2,3\n4,5,6\n7,8,9\n",
    "label,a,b\r\n1,20,30\r\n2,255,0\r\n",
    "\"1\",\"2\"\n\"3\",\"4\"\n",
    "0.5,-1e3\nnan,inf\n",
    "5\n6\n7\n",
    "\xEF\xBB\xBF"
    "\"a\nb\",c\n1,2\n\n",
    "1,2\r3,4\r",
};
static const char *const csv_words[] = {
    "\"",
    ",",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\"\"",
    "256",
    "-1",
    "1e999",
    "nan",
    "\t",
    "0",
    "\n\n",
    "99999999999999999999",
    "\xEF\xBB\xBF",
    "\",\"",
    "1\n",
    "2,3\n",
};

static void mutated_csv_is_read_or_refused(void **state)
{
    const char *path = scratch_path("fuzz.csv");
    size_t loaded = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const char *seed = csv_seeds[draw(sizeof csv_seeds / sizeof *csv_seeds)];
        const dg_dataset *set;
        text t = { .size = strlen(seed) };
        memcpy(t.bytes, seed, t.size);
        for (size_t i = draw(6); i > 0; i--)
            mutate(&t, csv_words, sizeof csv_words / sizeof *csv_words);
        write_new(path, t.bytes, t.size);
        dg_csv_options options = { .images = path,
                                   .labels = draw(8) ? NULL : path,
                                   .label_column = 0,
                                   .dtype = draw(2) ? 0 : 1 };
        if (draw(3)) options.header = (dg_value){ .type = DG_VALUE_BOOL, .boolean = draw(2) };
        if (!options.labels) options.label_column = (int64_t)draw(3);
        dg_job job = { .threads = (int)draw(3) + 1 };
        dg_status status = dg_format_read(&set, &dg_csv, &options, &none, &job);
        loaded += status == DG_OK;
        expect_sound(status, set, (int64_t)t.size);
    }
    assert_in_range(loaded, ROUNDS / 20, ROUNDS - ROUNDS / 20); /* both ends are reached */
}

/* The wrong byte lies in a file of several chunks, anywhere: what is said does not depend on
 * threads. */
static void large_mutated_csv_reads_alike_with_any_threads(void **state)
{
    enum { LINES = 30000, LINE = 100 };
    static const unsigned char changes[] = "\"\r\n, x9\0";
    const char *path = scratch_path("large.csv");
    char *bytes = malloc(LINES * LINE);
    (void)state;
    assert_non_null(bytes);
    for (int round = 0; round < 30; round++) {
        const dg_dataset *set[2];
        char said[2][DG_ERROR_SIZE] = { "", "" };
        for (int i = 0; i < LINES * LINE; i++) bytes[i] = i % 2 ? ',' : (char)('0' + i % 10);
        for (int i = LINE - 1; i < LINES * LINE; i += LINE) bytes[i] = '\n';
        for (size_t i = draw(3); i > 0; i--)
            bytes[draw(LINES * LINE)] = (char)changes[draw(sizeof changes)];
        write_new(path, bytes, LINES * LINE);
        for (int k = 0; k < 2; k++) {
            dg_csv_options options = { .images = path };
            dg_job job = { .threads = 1 + 3 * k };
            if (dg_format_read(&set[k], &dg_csv, &options, &none, &job) != DG_OK)
                snprintf(said[k], sizeof said[k], "%s", dg_error_message());
        }
        assert_string_equal(said[0], said[1]);
        assert_int_equal(!set[0], !set[1]);
        if (set[0]) assert_true(dg_tensor_equal(&set[0]->x, &set[1]->x));
        dg_dataset_release(set[0]);
        dg_dataset_release(set[1]);
    }
    free(bytes);
}

/* --- IDX ------------------------------------------------------------------------------------ */

static void write_gz(const char *path, const text *t)
{
    unlink(path);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, t->bytes, (unsigned)t->size), t->size);
    assert_int_equal(gzclose(file), Z_OK);
}

static const char *const idx_words[] = { "\x01", "\x08",        "\x0C", "\x0D", "\xFF\xFF\xFF\xFF",
                                         "\x7F", "\x1F\x8B\x08" };

/* Images and labels of two rows; the first bytes are changed most, since sizes are there. */
static void mutated_idx_is_read_or_refused(void **state)
{
    static const unsigned char images[] = { 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                            0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    static const unsigned char labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 7, 9 };
    const char *x = scratch_path("images"), *y = scratch_path("labels");
    size_t loaded = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        text t[2] = { { .size = sizeof images }, { .size = sizeof labels } };
        const dg_dataset *set;
        memcpy(t[0].bytes, images, sizeof images);
        memcpy(t[1].bytes, labels, sizeof labels);
        for (size_t i = draw(4); i > 0; i--) {
            text *which = &t[draw(2)];
            if (draw(2) && which->size > 16)
                which->bytes[draw(16)] = (unsigned char)draw(6);
            else
                mutate(which, idx_words, sizeof idx_words / sizeof *idx_words);
        }
        for (int k = 0; k < 2; k++) {
            const char *path = k ? y : x;
            if (draw(2))
                write_new(path, t[k].bytes, t[k].size);
            else
                write_gz(path, &t[k]);
        }
        dg_status status = dg_format_open(&set, &dg_idx, x, draw(4) ? y : NULL);
        loaded += status == DG_OK;
        expect_sound(status, set, (int64_t)t[0].size);
    }
    assert_in_range(loaded, ROUNDS / 20, ROUNDS - ROUNDS / 20);
}

/* The compressed bytes themselves are changed. */
static void mutated_gz_is_read_or_refused(void **state)
{
    const char *path = scratch_path("images.gz");
    size_t size;
    text t = { .bytes = { 0, 0, 8, 2, 0, 0, 0, 40, 0, 0, 0, 100 }, .size = 4012 };
    (void)state;
    for (size_t i = 12; i < t.size; i++) t.bytes[i] = (unsigned char)(i * i / 7);
    write_gz(path, &t);
    char *gz = scratch_read(path, &size);
    assert_in_range(size, 20, MOST);
    for (int round = 0; round < ROUNDS; round++) {
        const dg_dataset *set;
        t.size = size;
        memcpy(t.bytes, gz, size);
        for (size_t i = 1 + draw(2); i > 0; i--)
            mutate(&t, idx_words, sizeof idx_words / sizeof *idx_words);
        write_new(path, t.bytes, t.size);
        dg_status status = dg_format_open(&set, &dg_idx, path, NULL);
        expect_sound(status, set, 4012);
    }
    free(gz);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(mutated_csv_is_read_or_refused),
        leaving_nothing(large_mutated_csv_reads_alike_with_any_threads),
        leaving_nothing(mutated_idx_is_read_or_refused),
        leaving_nothing(mutated_gz_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
