/* IDX files, the format of MNIST (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist):
 *
 *     00 00 type axes | a big-endian 32-bit size for each axis | values, row-major, big-endian
 *
 * zlib reads plain files and .gz alike. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/base/memory.h"
#include "engine/data/dataset.h"
#include "engine/base/file.h"

enum { TYPE_UINT8 = 0x08, TYPE_INT32 = 0x0C, TYPE_FLOAT32 = 0x0D };

/* No deflate stream is shorter than its content by a larger factor: 258 bytes for 2 bits. */
enum { DEFLATE_MOST = 1032 };

/* What a .gz may unpack to unless more is asked for: files of pictures shrink to a fifth. */
enum { MOST_FACTOR = 100, MOST_BYTES = 256 << 20 };

typedef struct idx_file {
    const char *path;
    gzFile gz;
    int64_t disk_size;
    int64_t max_bytes; /* as in dg_idx_options */
    dg_dtype dtype;
    int axes;
    int64_t shape[DG_MAX_AXES];
    int64_t header_size, data_size; /* bytes, after unpacking */
} idx_file;

static dg_status read_failure(const idx_file *file)
{
    int code;
    const char *text = gzerror(file->gz, &code);
    if (code == Z_OK) return DG_OK;
    if (code == Z_ERRNO) return dg_error(DG_IO, "cannot read %s: %s", file->path, strerror(errno));
    if (code == Z_BUF_ERROR)
        return dg_error(DG_FORMAT, "%s: the .gz is truncated: it ends within its data", file->path);
    if (code == Z_MEM_ERROR) return dg_error(DG_NO_MEMORY, "out of memory: %s", file->path);
    const char *reason = strstr(text, ": "); /* after zlib's own name for the file */
    return dg_error(DG_FORMAT, "%s: the .gz is damaged: %s", file->path,
                    reason ? reason + 2 : text);
}

/* Reads up to `count` bytes; `*got` is less only at the end of the file. */
static dg_status read_bytes(idx_file *file, int64_t count, void *out, int64_t *got)
{
    dg_job job = dg_job_default();
    for (*got = 0; *got < count;) {
        int64_t wanted = count - *got < 1 << 22 ? count - *got : 1 << 22;
        DG_TRY(dg_job_check(&job));
        int now = gzread(file->gz, (char *)out + *got, (unsigned)wanted);
        if (now > 0) *got += now;
        if (now < wanted) return read_failure(file);
    }
    return DG_OK;
}

static uint32_t big_endian(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The first four bytes: what the values are, and how many axes. */
static dg_status read_magic(idx_file *file, bool labels)
{
    unsigned char b[4];
    int64_t got;
    DG_TRY(read_bytes(file, 4, b, &got));
    if (got == 0) return dg_error(DG_FORMAT, "%s: is empty", file->path);
    if (got < 4)
        return dg_error(DG_FORMAT, "%s: is truncated: %" PRId64 " bytes are less than any IDX file",
                        file->path, got);
    bool known = labels ? b[2] == TYPE_UINT8 || b[2] == TYPE_INT32
                        : b[2] == TYPE_UINT8 || b[2] == TYPE_FLOAT32;
    if (b[0] || b[1] || !known || b[3] < 1 || b[3] > DG_MAX_AXES)
        return dg_error(DG_FORMAT, "%s: begins with the bytes %02X %02X %02X %02X, expected %s",
                        file->path, b[0], b[1], b[2], b[3],
                        labels ? "00 00 08 01 or 00 00 0C 01 (IDX labels)"
                               : "00 00 08 03 (IDX images) or another number of axes, or type 0D");
    file->dtype = b[2] == TYPE_UINT8 ? DG_UINT8 : b[2] == TYPE_INT32 ? DG_INT32 : DG_FLOAT32;
    file->axes = b[3];
    file->header_size = 4 + 4 * file->axes;
    return DG_OK;
}

static dg_status read_header(idx_file *file, bool labels)
{
    unsigned char b[4 * DG_MAX_AXES];
    char shape[128];
    int64_t got;
    bool overflow = false;
    DG_TRY(read_magic(file, labels));
    DG_TRY(read_bytes(file, file->header_size - 4, b, &got));
    if (got < file->header_size - 4)
        return dg_error(
            DG_FORMAT, "%s: is truncated: the header should have %" PRId64 " bytes, found %" PRId64,
            file->path, file->header_size, got + 4);
    file->data_size = (int64_t)dg_dtype_size(file->dtype);
    for (int axis = 0; axis < file->axes; axis++) {
        file->shape[axis] = big_endian(b + 4 * axis);
        overflow |= __builtin_mul_overflow(file->data_size, file->shape[axis], &file->data_size);
    }
    dg_shape_text(file->axes, file->shape, shape, sizeof shape);
    for (int axis = 0; axis < file->axes; axis++)
        if (file->shape[axis] == 0)
            return dg_error(DG_FORMAT, "%s: the header says %s: no values", file->path, shape);
    if (overflow || file->data_size > INT64_MAX - 64)
        return dg_error(DG_FORMAT, "%s: the header says %s: more than can be counted", file->path,
                        shape);
    if (labels && file->axes != 1)
        return dg_error(DG_FORMAT,
                        "%s: holds %s values, as images do; expected labels, on one "
                        "axis (were images and labels exchanged?)",
                        file->path, shape);
    if (!labels && file->axes == 1)
        return dg_error(DG_FORMAT,
                        "%s: holds %s values, as labels do; expected images, on two "
                        "axes or more (were images and labels exchanged?)",
                        file->path, shape);
    return DG_OK;
}

/* Before memory is taken: whether the file can hold what the header says. */
static dg_status check_size(const idx_file *file)
{
    char shape[128];
    int64_t whole = file->header_size + file->data_size;
    dg_shape_text(file->axes, file->shape, shape, sizeof shape);
    bool plain = gzdirect(file->gz);
    if (plain && file->disk_size > whole)
        return dg_error(DG_FORMAT,
                        "%s: has %" PRId64 " bytes after its data: the header says %s, "
                        "%" PRId64 " bytes in all, found %" PRId64,
                        file->path, file->disk_size - whole, shape, whole, file->disk_size);
    if (plain && file->disk_size < whole)
        return dg_error(DG_FORMAT,
                        "%s: is truncated: the header says %s, %" PRId64
                        " bytes in all, found %" PRId64,
                        file->path, shape, whole, file->disk_size);
    if (whole / DEFLATE_MOST > file->disk_size)
        return dg_error(DG_FORMAT,
                        "%s: is truncated: the header says %s, %" PRId64
                        " bytes in all, more than a .gz of %" PRId64 " bytes can hold",
                        file->path, shape, whole, file->disk_size);
    int64_t most = file->max_bytes;
    if (most == 0)
        most =
            file->disk_size > MOST_BYTES / MOST_FACTOR ? file->disk_size * MOST_FACTOR : MOST_BYTES;
    if (!plain && whole > most)
        return dg_error(DG_FORMAT,
                        "%s: the header says %s: this .gz of %" PRId64 " bytes unpacks to %" PRId64
                        ", expected at most %" PRId64 " (max_bytes = %" PRId64 " admits it)",
                        file->path, shape, file->disk_size, whole, most, whole);
    return DG_OK;
}

static dg_status read_data(idx_file *file, dg_tensor *out)
{
    int64_t got, extra;
    char more;
    DG_TRY(check_size(file));
    if (file->axes == 3) file->shape[file->axes++] = 1; /* grey images have one channel */
    DG_TRY(dg_tensor_new(out, file->dtype, file->axes, file->shape));
    DG_TRY(read_bytes(file, file->data_size, out->data, &got));
    if (got < file->data_size)
        return dg_error(DG_FORMAT,
                        "%s: is truncated: the header says %" PRId64
                        " bytes of data, found %" PRId64,
                        file->path, file->data_size, got);
    /* asking for one byte more makes zlib compare the checksum, too */
    DG_TRY(read_bytes(file, 1, &more, &extra));
    if (extra)
        return dg_error(DG_FORMAT,
                        "%s: has more bytes after its data than the header says: %" PRId64
                        " were expected",
                        file->path, file->header_size + file->data_size);
    if (file->dtype == DG_UINT8) return DG_OK;
    for (int64_t i = 0; i < file->data_size / 4; i++) {
        uint32_t value = big_endian((unsigned char *)out->data + 4 * i);
        memcpy((unsigned char *)out->data + 4 * i, &value, sizeof value);
    }
    return DG_OK;
}

static dg_status read_file(const dg_idx_options *options, bool labels, dg_tensor *out)
{
    const char *path = labels ? options->labels : options->images;
    idx_file file = { .path = path, .max_bytes = options->max_bytes };
    int descriptor;
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_file_open(path, &descriptor, &file.disk_size));
    file.gz = gzdopen(descriptor, "rb");
    if (!file.gz) {
        close(descriptor);
        return dg_error(DG_NO_MEMORY, "out of memory: %s", path);
    }
    gzbuffer(file.gz, 1 << 17);
    dg_status status = read_header(&file, labels);
    if (status == DG_OK) status = read_data(&file, out);
    gzclose_r(file.gz);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

dg_status dg_idx_open(const dg_dataset **out, const dg_idx_options *options)
{
    const char *images = options->images, *labels = options->labels;
    dg_tensor x, y = { 0 };
    *out = NULL;
    DG_TRY(read_file(options, false, &x));
    dg_status status = labels ? read_file(options, true, &y) : DG_OK;
    if (status == DG_OK && labels && x.shape[0] != y.shape[0])
        status = dg_error(DG_FORMAT, "%s has %" PRId64 " labels, %s has %" PRId64 " rows", labels,
                          y.shape[0], images, x.shape[0]);
    dg_dataset_parts parts = { .x = &x, .y = labels ? &y : NULL, .target = options->target };
    if (status == DG_OK) status = dg_dataset_make(out, &parts);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    return status;
}

dg_status dg_idx_read(const dg_dataset **out, const char *images, const char *labels)
{
    return dg_idx_open(out, &(dg_idx_options){ .images = images, .labels = labels });
}
