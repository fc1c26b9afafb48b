/* Reads files that may be gzipped. */
#include "engine/data/packed.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/parallel.h"
#include "engine/tensor/tensor.h"

/* The greatest ratio of deflate: 258 bytes for 2 bits. */
enum { DEFLATE_MOST = 1032 };

/* How many times its size, and how many bytes at least, a .gz may unpack to by default; pictures
 * shrink to a fifth. */
enum { MOST_FACTOR = 100, MOST_BYTES = 256 << 20 };

dg_status dg_packed_open(dg_packed *file)
{
    int descriptor;
    DG_TRY(dg_file_open(file->path, &descriptor, &file->disk_size));
    file->gz = gzdopen(descriptor, "rb");
    if (!file->gz) {
        close(descriptor);
        return dg_error(DG_NO_MEMORY, "out of memory: %s", file->path);
    }
    gzbuffer(file->gz, 1 << 17);
    return DG_OK;
}

void dg_packed_close(dg_packed *file)
{
    if (file->gz) gzclose_r(file->gz);
    file->gz = NULL;
}

static dg_status read_failure(const dg_packed *file)
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

dg_status dg_packed_read(dg_packed *file, int64_t count, void *out, int64_t *got)
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

static dg_status check_size(const dg_packed *file, int64_t whole, const char *says)
{
    bool plain = gzdirect(file->gz);
    if (plain && file->disk_size > whole)
        return dg_error(DG_FORMAT,
                        "%s: has %" PRId64 " bytes after its data: the header says %s, "
                        "%" PRId64 " bytes in all, found %" PRId64,
                        file->path, file->disk_size - whole, says, whole, file->disk_size);
    if (plain && file->disk_size < whole)
        return dg_error(DG_FORMAT,
                        "%s: is truncated: the header says %s, %" PRId64
                        " bytes in all, found %" PRId64,
                        file->path, says, whole, file->disk_size);
    if (whole / DEFLATE_MOST > file->disk_size)
        return dg_error(DG_FORMAT,
                        "%s: is truncated: the header says %s, %" PRId64
                        " bytes in all, more than a .gz of %" PRId64 " bytes can hold",
                        file->path, says, whole, file->disk_size);
    int64_t most = file->max_bytes;
    if (most == 0)
        most =
            file->disk_size > MOST_BYTES / MOST_FACTOR ? file->disk_size * MOST_FACTOR : MOST_BYTES;
    if (!plain && whole > most)
        return dg_error(DG_FORMAT,
                        "%s: the header says %s: this .gz of %" PRId64 " bytes unpacks to %" PRId64
                        ", expected at most %" PRId64 " (max_bytes = %" PRId64 " allows it)",
                        file->path, says, file->disk_size, whole, most, whole);
    return DG_OK;
}

dg_status dg_packed_check(const dg_packed *file, int64_t header, int64_t item, int axes,
                          const int64_t *shape, int64_t *size)
{
    char says[128];
    bool overflow = false;
    dg_shape_text(axes, shape, says, sizeof says);
    *size = item;
    for (int axis = 0; axis < axes; axis++)
        if (shape[axis] == 0)
            return dg_error(DG_FORMAT, "%s: the header says %s, which has no values", file->path,
                            says);
    for (int axis = 0; axis < axes; axis++)
        overflow |= __builtin_mul_overflow(*size, shape[axis], size);
    if (overflow || *size > INT64_MAX / 2)
        return dg_error(DG_FORMAT, "%s: the header says %s, which is too large", file->path, says);
    return check_size(file, header + *size, says);
}

dg_status dg_packed_read_data(dg_packed *file, int64_t size, void *out)
{
    int64_t got, extra;
    char more;
    DG_TRY(dg_packed_read(file, size, out, &got));
    if (got < size)
        return dg_error(DG_FORMAT,
                        "%s: is truncated: the header says %" PRId64
                        " bytes of data, found %" PRId64,
                        file->path, size, got);
    /* reading one byte more makes zlib check the checksum, too */
    DG_TRY(dg_packed_read(file, 1, &more, &extra));
    if (!extra) return DG_OK;
    return dg_error(DG_FORMAT,
                    "%s: has more bytes after its data than the header says: %" PRId64
                    " were expected",
                    file->path, (int64_t)gztell(file->gz) - 1);
}
