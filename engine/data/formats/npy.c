/* NumPy's files with one array (.npy; numpy.lib.format, versions 1 to 3):
 *
 *     93 'NUMPY' major minor | size of the header, 2 bytes or from version 2 on 4, little-endian |
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), } and blanks | values */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/data/format.h"
#include "engine/data/packed.h"

enum { MAGIC_SIZE = 8, MOST_HEADER = 1 << 16 };

typedef struct npy_options {
    const char *x, *y;
    int64_t max_bytes; /* as in dg_packed */
} npy_options;

/* The types that a file may have, and what they become; all little-endian. */
static const struct npy_type {
    const char *descr;
    int64_t size;
    dg_dtype dtype;
} types[] = { { "|u1", 1, DG_UINT8 }, { "|b1", 1, DG_UINT8 },   { "<i4", 4, DG_INT32 },
              { "<i8", 8, DG_INT32 }, { "<f4", 4, DG_FLOAT32 }, { "<f8", 8, DG_FLOAT32 } };

enum { SEEN_DESCR = 1, SEEN_ORDER = 2, SEEN_SHAPE = 4, SEEN_ALL = 7 };

struct npy_file {
    dg_packed packed;
    const char *path;
    int64_t text_begin; /* the offset of the header's text in the file */
    char *text;         /* text_size bytes, then NUL */
    int64_t text_size;
    int64_t at; /* the next byte of the text to be read */
    int seen;
    const struct npy_type *type;
    bool fortran_order;
    int axes;
    int64_t shape[DG_MAX_AXES];
};

/* --- the header ------------------------------------------------------------------------------ */

static dg_status refuse(const struct npy_file *file, const char *expected)
{
    char found[24] = "";
    for (int i = 0; i < 20 && file->at + i < file->text_size; i++) {
        char c = file->text[file->at + i];
        found[i] = isprint((unsigned char)c) ? c : '?';
    }
    return dg_error(DG_FORMAT, "%s: found '%s' at byte %" PRId64 ", expected %s", file->path, found,
                    file->text_begin + file->at, expected);
}

/* The next character that is not blank; NUL at the end. */
static char peek(struct npy_file *file)
{
    while (file->at < file->text_size && strchr(" \t\r\n", file->text[file->at]) &&
           file->text[file->at])
        file->at++;
    return file->text[file->at];
}

/* Skips `word` if it comes next. */
static bool take(struct npy_file *file, const char *word)
{
    peek(file);
    size_t size = strlen(word);
    bool is_next = strncmp(file->text + file->at, word, size) == 0;
    if (is_next) file->at += (int64_t)size;
    return is_next;
}

/* The string that comes next, in quotes of either kind. */
static dg_status read_string(struct npy_file *file, char *out, size_t size, const char *expected)
{
    char quote = peek(file);
    const char *begin = file->text + file->at + 1;
    const char *end = quote == '\'' || quote == '"' ? strchr(begin, quote) : NULL;
    if (!end || (size_t)(end - begin) >= size) return refuse(file, expected);
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    file->at = end + 1 - file->text;
    return DG_OK;
}

static dg_status read_type(struct npy_file *file)
{
    static const char *const expected =
        "one of '|u1', '|b1', '<i4', '<i8', '<f4', '<f8' (in NumPy, "
        "array.astype('<f4') converts to one of them)";
    char descr[16];
    int64_t before = file->at;
    DG_TRY(read_string(file, descr, sizeof descr, expected));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].descr, descr) == 0) file->type = &types[i];
    if (file->type) return DG_OK;
    file->at = before;
    peek(file);
    return refuse(file, expected);
}

static dg_status read_shape(struct npy_file *file)
{
    if (!take(file, "(")) return refuse(file, "a tuple of sizes");
    while (!take(file, ")")) {
        int64_t size = 0;
        if (!isdigit((unsigned char)peek(file))) return refuse(file, "the size of an axis");
        if (file->axes == DG_MAX_AXES) return refuse(file, "at most 8 axes");
        for (; isdigit((unsigned char)file->text[file->at]); file->at++)
            if (__builtin_mul_overflow(size, 10, &size) ||
                __builtin_add_overflow(size, file->text[file->at] - '0', &size))
                return refuse(file, "a size that fits 63 bits");
        file->shape[file->axes++] = size;
        if (!take(file, ",") && peek(file) != ')') return refuse(file, "a comma or ')'");
    }
    return DG_OK;
}

static dg_status read_entry(struct npy_file *file)
{
    static const char *const expected = "'descr', 'fortran_order' or 'shape', each once";
    char key[16];
    int64_t before = file->at;
    DG_TRY(read_string(file, key, sizeof key, expected));
    int seen = strcmp(key, "descr") == 0           ? SEEN_DESCR
               : strcmp(key, "fortran_order") == 0 ? SEEN_ORDER
               : strcmp(key, "shape") == 0         ? SEEN_SHAPE
                                                   : 0;
    if (!seen || (file->seen & seen)) {
        file->at = before;
        return refuse(file, expected);
    }
    file->seen |= seen;
    if (!take(file, ":")) return refuse(file, "a colon");
    if (seen == SEEN_DESCR) return read_type(file);
    if (seen == SEEN_SHAPE) return read_shape(file);
    file->fortran_order = take(file, "True");
    return file->fortran_order || take(file, "False") ? DG_OK : refuse(file, "True or False");
}

static dg_status read_text(struct npy_file *file)
{
    if (!take(file, "{")) return refuse(file, "a dictionary");
    while (!take(file, "}")) {
        DG_TRY(read_entry(file));
        if (!take(file, ",") && peek(file) != '}') return refuse(file, "a comma or '}'");
    }
    if (file->seen != SEEN_ALL) return refuse(file, "'descr', 'fortran_order' and 'shape'");
    peek(file);
    return file->at == file->text_size ? DG_OK : refuse(file, "nothing but blanks to the end");
}

static dg_status read_header(struct npy_file *file)
{
    unsigned char b[MAGIC_SIZE + 4];
    int64_t got, more, size = 0;
    DG_TRY(dg_packed_read(&file->packed, MAGIC_SIZE, b, &got));
    if (got < MAGIC_SIZE || memcmp(b, "\x93NUMPY", 6) != 0)
        return dg_error(DG_FORMAT,
                        "%s: does not begin with the bytes 93 'NUMPY', as NumPy's .npy files do",
                        file->path);
    if (b[6] < 1 || b[6] > 3)
        return dg_error(DG_FORMAT, "%s: found version %d at byte 6, expected 1, 2 or 3", file->path,
                        b[6]);
    int bytes = b[6] == 1 ? 2 : 4;
    DG_TRY(dg_packed_read(&file->packed, bytes, b + MAGIC_SIZE, &more));
    for (int i = 0; i < more; i++) size |= (int64_t)b[MAGIC_SIZE + i] << 8 * i;
    file->text_begin = MAGIC_SIZE + bytes;
    if (more == bytes && size > MOST_HEADER)
        return dg_error(DG_FORMAT,
                        "%s: found a header of %" PRId64 " bytes at byte 8, expected at most %d",
                        file->path, size, MOST_HEADER);
    DG_TRY(dg_alloc_zero(&file->text, MOST_HEADER + 1, 1));
    got = 0;
    if (more == bytes) DG_TRY(dg_packed_read(&file->packed, size, file->text, &got));
    if (more < bytes || got < size)
        return dg_error(
            DG_FORMAT, "%s: is truncated: the header should have %" PRId64 " bytes, found %" PRId64,
            file->path, file->text_begin + size, MAGIC_SIZE + more + got);
    file->text_size = size;
    return read_text(file);
}

/* --- values ---------------------------------------------------------------------------------- */

/* Values of 8 bytes become values of 4. */
static dg_status narrow(const struct npy_file *file, const char *from, int64_t count,
                        dg_tensor *out)
{
    for (int64_t i = 0; i < count; i++) {
        double number;
        int64_t whole;
        bool fits;
        if (file->type->dtype == DG_FLOAT32) {
            memcpy(&number, from + 8 * i, sizeof number);
            dg_floats(out)[i] = (float)number;
            fits = isinf(number) || !isinf(dg_floats(out)[i]);
        } else {
            memcpy(&whole, from + 8 * i, sizeof whole);
            number = (double)whole;
            fits = whole >= INT32_MIN && whole <= INT32_MAX;
            dg_int32s(out)[i] = (int32_t)whole;
        }
        if (!fits)
            return dg_error(DG_FORMAT,
                            "%s: found %.17g at byte %" PRId64 ", expected a number that fits %s",
                            file->path, number, file->text_begin + file->text_size + 8 * i,
                            dg_dtype_name(file->type->dtype));
    }
    return DG_OK;
}

static dg_status check_bools(const struct npy_file *file, const dg_tensor *values)
{
    for (int64_t i = 0; file->type->descr[1] == 'b' && i < dg_tensor_count(values); i++)
        if (dg_bytes(values)[i] > 1)
            return dg_error(DG_FORMAT, "%s: found %d at byte %" PRId64 ", expected a bool, 0 or 1",
                            file->path, dg_bytes(values)[i],
                            file->text_begin + file->text_size + i);
    return DG_OK;
}

/* The values in the order of the file; in Fortran's order, the axes are reversed. */
static dg_status read_values(struct npy_file *file, dg_tensor *out)
{
    int64_t shape[DG_MAX_AXES], size;
    DG_OWNED char *wide = NULL;
    for (int i = 0; i < file->axes; i++)
        shape[i] = file->shape[file->fortran_order ? file->axes - 1 - i : i];
    DG_TRY(dg_packed_check(&file->packed, file->text_begin + file->text_size, file->type->size,
                           file->axes, file->shape, &size));
    DG_TRY(dg_tensor_new(out, file->type->dtype, file->axes, shape));
    if (file->type->size < 8) {
        DG_TRY(dg_packed_read_data(&file->packed, size, out->data));
        return check_bools(file, out);
    }
    DG_TRY(dg_alloc(&wide, size, 1));
    DG_TRY(dg_packed_read_data(&file->packed, size, wide));
    return narrow(file, wide, size / 8, out);
}

static void npy_file_close(struct npy_file *file)
{
    dg_free(file->text);
    dg_packed_close(&file->packed);
}

static dg_status read_file(const char *path, int64_t max_bytes, int least_axes, dg_tensor *out)
{
    DG_CLEANUP(npy_file_close)
    struct npy_file file = { .packed = { .path = path, .max_bytes = max_bytes }, .path = path };
    DG_OWNED_TENSOR values = { 0 };
    char says[128];
    DG_TRY(dg_packed_open(&file.packed));
    DG_TRY(read_header(&file));
    if (file.axes < least_axes)
        return dg_error(DG_FORMAT, "%s: has an array of the shape %s, expected %s", path,
                        dg_shape_text(file.axes, file.shape, says, sizeof says),
                        least_axes == 1 ? "labels, {n}" : "rows, {n, ...}");
    DG_TRY(read_values(&file, &values));
    if (file.fortran_order) return dg_tensor_transpose(out, &values, NULL);
    return dg_tensor_reshape(out, &values, file.axes, file.shape);
}

/* --- the format ------------------------------------------------------------------------------ */

static dg_status npy_read(dg_format_found *out, const void *options,
                          const dg_dataset_fields *record, const dg_job *job)
{
    const npy_options *o = options;
    (void)record;
    (void)job;
    DG_TRY(read_file(o->x, o->max_bytes, 2, &out->x));
    return o->y ? read_file(o->y, o->max_bytes, 1, &out->y) : DG_OK;
}

static bool npy_knows(const unsigned char *bytes, size_t size)
{
    return size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

static const dg_param params[] = {
    DG_PATH(npy_options, x, .required = true, .doc = "the rows, {n, ...}, gzipped or not"),
    DG_PATH(npy_options, y, .doc = "labels or numbers, {n}, or one-hot labels, {n, classes}"),
    DG_INT(
        npy_options, max_bytes, .named_only = true, DG_AT_LEAST(1), .optional = true,
        .doc =
            "how many bytes a .gz may unpack to; nil: a hundred times its size, at least 256 MiB"),
    DG_END,
};

const dg_format_type dg_npy = {
    .part = { .kind = "format",
              .name = "npy",
              .doc =
                  "A dataset from arrays that NumPy saved (np.save): little-endian bytes, bools, "
                  "int32, int64, float32 or\nfloat64. float64 becomes float32; int64 becomes "
                  "int32, and is refused where it does not fit.",
              .example = "data.npy { x = \"x_train.npy\", y = \"y_train.npy\" }",
              .params = params,
              .options_size = sizeof(npy_options) },
    .endings = (const char *const[]){ ".npy", NULL },
    .knows = npy_knows,
    .read = npy_read,
};
