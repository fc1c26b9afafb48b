/* IDX files, the format of MNIST (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist):
 *
 *     00 00 type axes | a big-endian 32-bit size for each axis | values, row-major, big-endian */
#include <inttypes.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/data/formats/idx.h"
#include "engine/data/packed.h"

enum { TYPE_UINT8 = 0x08, TYPE_INT32 = 0x0C, TYPE_FLOAT32 = 0x0D };

typedef struct idx_options {
    const char *images, *labels;
    int64_t max_bytes; /* as in dg_packed */
} idx_options;

enum wanted { IMAGES, LABELS, VALUES };

struct idx_file {
    dg_packed packed;
    const char *path;
    dg_dtype dtype;
    int axes;
    int64_t shape[DG_MAX_AXES];
    int64_t header_size; /* bytes, after unpacking */
};

static uint32_t big_endian(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The first four bytes: the type of the values, and the number of axes. */
static dg_status read_magic(struct idx_file *file, enum wanted wanted)
{
    unsigned char b[4];
    int64_t got;
    DG_TRY(dg_packed_read(&file->packed, 4, b, &got));
    if (got == 0) return dg_error(DG_FORMAT, "%s: is empty", file->path);
    if (got < 4)
        return dg_error(DG_FORMAT,
                        "%s: is truncated: it has %" PRId64 " bytes, fewer than any IDX file",
                        file->path, got);
    bool known = b[2] == TYPE_UINT8 || (b[2] == TYPE_INT32 && wanted != IMAGES) ||
                 (b[2] == TYPE_FLOAT32 && wanted != LABELS);
    static const char *const expected[] = {
        [IMAGES] = "00 00 08 03 (IDX images; other numbers of axes, and type 0D, are read too)",
        [LABELS] = "00 00 08 01 or 00 00 0C 01 (IDX labels)",
        [VALUES] = "00 00, 08, 0C or 0D, and the number of axes (IDX)",
    };
    if (b[0] || b[1] || !known || b[3] < 1 || b[3] > DG_MAX_AXES)
        return dg_error(DG_FORMAT, "%s: begins with the bytes %02X %02X %02X %02X, expected %s",
                        file->path, b[0], b[1], b[2], b[3], expected[wanted]);
    file->dtype = b[2] == TYPE_UINT8 ? DG_UINT8 : b[2] == TYPE_INT32 ? DG_INT32 : DG_FLOAT32;
    file->axes = b[3];
    file->header_size = 4 + 4 * file->axes;
    return DG_OK;
}

static dg_status read_header(struct idx_file *file, enum wanted wanted)
{
    unsigned char b[4 * DG_MAX_AXES];
    char shape[128];
    int64_t got;
    DG_TRY(read_magic(file, wanted));
    DG_TRY(dg_packed_read(&file->packed, file->header_size - 4, b, &got));
    if (got < file->header_size - 4)
        return dg_error(
            DG_FORMAT, "%s: is truncated: the header should have %" PRId64 " bytes, found %" PRId64,
            file->path, file->header_size, got + 4);
    for (int axis = 0; axis < file->axes; axis++) file->shape[axis] = big_endian(b + 4 * axis);
    dg_shape_text(file->axes, file->shape, shape, sizeof shape);
    if (wanted == LABELS && file->axes != 1)
        return dg_error(DG_FORMAT,
                        "%s: has values of shape %s, as images have; expected labels, on "
                        "one axis (were images and labels exchanged?)",
                        file->path, shape);
    if (wanted == IMAGES && file->axes == 1)
        return dg_error(DG_FORMAT,
                        "%s: has values of shape %s, as labels have; expected images, on "
                        "two or more axes (were images and labels exchanged?)",
                        file->path, shape);
    return DG_OK;
}

static dg_status read_data(struct idx_file *file, enum wanted wanted, dg_tensor *out)
{
    int64_t size;
    DG_TRY(dg_packed_check(&file->packed, file->header_size, (int64_t)dg_dtype_size(file->dtype),
                           file->axes, file->shape, &size));
    if (file->axes == 3 && wanted == IMAGES) /* grey images have one channel */
        file->shape[file->axes++] = 1;
    DG_TRY(dg_tensor_new(out, file->dtype, file->axes, file->shape));
    DG_TRY(dg_packed_read_data(&file->packed, size, out->data));
    if (file->dtype == DG_UINT8) return DG_OK;
    for (int64_t i = 0; i < size / 4; i++) {
        uint32_t value = big_endian((unsigned char *)out->data + 4 * i);
        memcpy((unsigned char *)out->data + 4 * i, &value, sizeof value);
    }
    return DG_OK;
}

static void idx_file_close(struct idx_file *file)
{
    dg_packed_close(&file->packed);
}

static dg_status read_file(dg_tensor *out, const char *path, enum wanted wanted, int64_t max_bytes)
{
    DG_CLEANUP(idx_file_close)
    struct idx_file file = { .packed = { .path = path, .max_bytes = max_bytes }, .path = path };
    DG_TRY(dg_packed_open(&file.packed));
    DG_TRY(read_header(&file, wanted));
    return read_data(&file, wanted, out);
}

dg_status dg_idx_values(dg_tensor *out, const char *path)
{
    return read_file(out, path, VALUES, 0);
}

static dg_status idx_read(dg_format_found *out, const void *options,
                          const dg_dataset_fields *record, const dg_job *job)
{
    const idx_options *o = options;
    (void)record;
    (void)job;
    DG_TRY(read_file(&out->x, o->images, IMAGES, o->max_bytes));
    return o->labels ? read_file(&out->y, o->labels, LABELS, o->max_bytes) : DG_OK;
}

static bool idx_knows(const unsigned char *b, size_t size)
{
    return size >= 4 && !b[0] && !b[1] &&
           (b[2] == TYPE_UINT8 || b[2] == TYPE_INT32 || b[2] == TYPE_FLOAT32) && b[3] >= 1 &&
           b[3] <= DG_MAX_AXES;
}

static const dg_param params[] = {
    DG_PATH(idx_options, images, .required = true, .doc = "the rows, gzipped or not"),
    DG_PATH(idx_options, labels, .doc = "the labels, gzipped or not"),
    DG_INT(
        idx_options, max_bytes, .named_only = true, DG_AT_LEAST(1), .optional = true,
        .doc =
            "how many bytes a .gz may unpack to; nil: a hundred times its size, at least 256 MiB"),
    DG_END,
};

/* Images are unsigned bytes or float32 with any axes; labels unsigned bytes or int32 with one axis.
 * No more is unpacked than the header says. */
const dg_format_type dg_idx = {
    .part = { .kind = "format",
              .name = "idx",
              .doc = "A dataset from IDX files, gzipped or not; {n, h, w} images become {n, h, w, "
                     "1}.",
              .example = "data.idx { images = \"train-images-idx3-ubyte\", labels = "
                         "\"train-labels-idx1-ubyte\" }",
              .params = params,
              .options_size = sizeof(idx_options) },
    .endings = (const char *const[]){ ".idx", "-ubyte", NULL },
    .knows = idx_knows,
    .read = idx_read,
};
