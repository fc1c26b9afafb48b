/* Reading safetensors files (https://huggingface.co/docs/safetensors). */
#include "engine/store/safetensors.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/memory.h"
#include "engine/base/file.h"
#include "engine/store/json.h"
#include "engine/store/tensor_format.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little-endian, and so are we");

enum { TEXT_SIZE = 256 };

/* A tensor as the header describes it; begin and end count from the start of the data. */
struct tensor_entry {
    const char *name;
    const dg_tensor_format *format;
    int axes;
    int64_t shape[DG_MAX_AXES];
    int64_t count; /* elements */
    int64_t begin, end;
};

/* A file being read. */
struct tensor_reader {
    const char *path;
    int descriptor;
    int64_t data_start, data_size;
    cJSON *header;
    int count;
    struct tensor_entry *entries;
};

/* --- the header ----------------------------------------------------------------------------- */

static dg_status read_header(struct tensor_reader *reader, int64_t file_size)
{
    uint64_t length;
    if (file_size < (int64_t)sizeof length)
        return dg_error(DG_FORMAT,
                        "%s: is not a safetensors file: it has %" PRId64
                        " bytes, fewer than a header",
                        reader->path, file_size);
    DG_TRY(dg_file_read(reader->path, reader->descriptor, 0, sizeof length, &length));
    if (length > DG_MAX_HEADER)
        return dg_error(DG_FORMAT,
                        "%s: is not a safetensors file or is damaged: the header has %" PRIu64
                        " bytes, at most %d are allowed",
                        reader->path, length, DG_MAX_HEADER);
    if ((int64_t)length > file_size - (int64_t)sizeof length)
        return dg_error(DG_FORMAT,
                        "%s: the header has %" PRIu64 " bytes, the file ends after %" PRId64
                        " (truncated?)",
                        reader->path, length, file_size - (int64_t)sizeof length);
    reader->data_start = (int64_t)sizeof length + (int64_t)length;
    reader->data_size = file_size - reader->data_start;
    DG_OWNED char *text = NULL;
    DG_TRY(dg_alloc(&text, (int64_t)length, 1));
    DG_TRY(dg_file_read(reader->path, reader->descriptor, sizeof length, (size_t)length, text));
    if (length == 0 || text[0] != '{')
        return dg_error(DG_FORMAT, "%s: is not a safetensors file: no header at byte 8",
                        reader->path);
    char what[PATH_MAX + 64];
    snprintf(what, sizeof what, "%s: the header", reader->path);
    return dg_json_parse(&reader->header, what, text, (size_t)length);
}

static dg_status read_shape(const cJSON *list, struct tensor_entry *entry)
{
    const cJSON *item;
    entry->count = 1;
    cJSON_ArrayForEach(item, list)
    {
        if (entry->axes == DG_MAX_AXES)
            return dg_error(DG_FORMAT, "has %d axes, at most %d are supported",
                            cJSON_GetArraySize(list), DG_MAX_AXES);
        int64_t *size = &entry->shape[entry->axes++];
        DG_TRY(dg_json_whole(item, "each size of 'shape'", 0, INT64_MAX, size));
        if (__builtin_mul_overflow(entry->count, *size, &entry->count))
            return dg_error(DG_FORMAT, "has a shape whose size overflows");
    }
    return DG_OK;
}

static dg_status read_offsets(const struct tensor_reader *reader, const cJSON *list,
                              struct tensor_entry *entry)
{
    if (cJSON_GetArraySize(list) != 2)
        return dg_error(DG_FORMAT, "'data_offsets' must be two numbers, found %d",
                        cJSON_GetArraySize(list));
    DG_TRY(dg_json_whole(list->child, "the first of 'data_offsets'", 0, INT64_MAX, &entry->begin));
    DG_TRY(dg_json_whole(list->child->next, "the second of 'data_offsets'", 0, INT64_MAX,
                         &entry->end));
    if (entry->end < entry->begin)
        return dg_error(DG_FORMAT, "begins at byte %" PRId64 " and ends before it, at %" PRId64,
                        reader->data_start + entry->begin, reader->data_start + entry->end);
    int64_t bytes;
    if (__builtin_mul_overflow(entry->count, (int64_t)entry->format->size, &bytes) ||
        bytes != entry->end - entry->begin) {
        char shape[TEXT_SIZE];
        dg_shape_text(entry->axes, entry->shape, shape, sizeof shape);
        return dg_error(
            DG_FORMAT,
            "has shape %s and type %s, %d bytes per value, but its offsets give it %" PRId64
            " bytes",
            shape, entry->format->name, entry->format->size, entry->end - entry->begin);
    }
    return DG_OK;
}

static dg_status read_entry(const struct tensor_reader *reader, const cJSON *item,
                            struct tensor_entry *entry)
{
    if (!cJSON_IsObject(item))
        return dg_error(DG_FORMAT, "must be an object, found %s", dg_json_kind(item));
    const cJSON *dtype, *shape, *offsets;
    DG_TRY(dg_json_member(item, "dtype", cJSON_String, &dtype));
    DG_TRY(dg_json_member(item, "shape", cJSON_Array, &shape));
    DG_TRY(dg_json_member(item, "data_offsets", cJSON_Array, &offsets));
    entry->format = dg_tensor_format_find(dtype->valuestring);
    if (!entry->format) {
        char known[TEXT_SIZE];
        return dg_error(DG_FORMAT, "has the type '%.100s'; supported types are %s",
                        dtype->valuestring, dg_tensor_format_names(known, sizeof known));
    }
    DG_TRY(read_shape(shape, entry));
    return read_offsets(reader, offsets, entry);
}

static dg_status read_entries(struct tensor_reader *reader)
{
    const cJSON *item;
    DG_TRY(dg_alloc_zero(&reader->entries, cJSON_GetArraySize(reader->header),
                         sizeof *reader->entries));
    cJSON_ArrayForEach(item, reader->header)
    {
        if (strcmp(item->string, "__metadata__") == 0) continue;
        struct tensor_entry *entry = &reader->entries[reader->count++];
        entry->name = item->string;
        dg_status status = read_entry(reader, item, entry);
        if (status != DG_OK)
            return dg_error_context(status, "%s: the header: tensor '%.100s'", reader->path,
                                    entry->name);
    }
    return DG_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct tensor_entry *left = a, *right = b;
    if (left->begin != right->begin) return left->begin < right->begin ? -1 : 1;
    if (left->end != right->end) return left->end < right->end ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* The tensors in order must cover the data: no overlap, no hole, nothing before or after. */
static dg_status check_cover(struct tensor_reader *reader)
{
    qsort(reader->entries, (size_t)reader->count, sizeof *reader->entries, compare_entries);
    int64_t at = 0;
    for (int i = 0; i < reader->count; i++) {
        const struct tensor_entry *entry = &reader->entries[i];
        if (entry->end > reader->data_size)
            return dg_error(DG_FORMAT,
                            "%s: the header says tensor '%.100s' ends at byte %" PRId64
                            ", the file has %" PRId64 " (truncated?)",
                            reader->path, entry->name, reader->data_start + entry->end,
                            reader->data_start + reader->data_size);
        if (entry->begin < at)
            return dg_error(DG_FORMAT,
                            "%s: the header says tensor '%.100s' begins at byte %" PRId64
                            ", within '%.100s', which ends at %" PRId64,
                            reader->path, entry->name, reader->data_start + entry->begin,
                            reader->entries[i - 1].name, reader->data_start + at);
        if (entry->begin > at)
            return dg_error(DG_FORMAT,
                            "%s: bytes %" PRId64 " to %" PRId64
                            ", before tensor '%.100s', belong to no tensor",
                            reader->path, reader->data_start + at,
                            reader->data_start + entry->begin, entry->name);
        at = entry->end;
    }
    if (at < reader->data_size)
        return dg_error(DG_FORMAT, "%s: %" PRId64 " bytes follow the last tensor, at byte %" PRId64,
                        reader->path, reader->data_size - at, reader->data_start + at);
    return DG_OK;
}

/* --- taking over ---------------------------------------------------------------------------- */

static dg_status take_metadata(const struct tensor_reader *reader, dg_tensor_file *out)
{
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(reader->header, "__metadata__"), *item;
    if (!object) return DG_OK;
    if (!cJSON_IsObject(object))
        return dg_error(DG_FORMAT, "%s: the header: '__metadata__' must be an object, found %s",
                        reader->path, dg_json_kind(object));
    int count = cJSON_GetArraySize(object);
    DG_TRY(dg_alloc_zero(&out->keys, count, sizeof *out->keys));
    DG_TRY(dg_alloc_zero(&out->values, count, sizeof *out->values));
    cJSON_ArrayForEach(item, object)
    {
        if (!cJSON_IsString(item))
            return dg_error(DG_FORMAT,
                            "%s: the header: '%.100s' of '__metadata__' must be a string, found %s",
                            reader->path, item->string, dg_json_kind(item));
        int at = out->metadata_count++;
        DG_TRY(dg_copy_text(&out->keys[at], item->string));
        DG_TRY(dg_copy_text(&out->values[at], item->valuestring));
    }
    return DG_OK;
}

/* Reads values that are converted, one chunk at a time. */
static dg_status read_converted(const struct tensor_reader *reader,
                                const struct tensor_entry *entry, dg_tensor *tensor)
{
    enum { CHUNK = 4096 };
    char buffer[CHUNK * 8];
    int64_t at = reader->data_start + entry->begin;
    for (int64_t i = 0; i < entry->count; i += CHUNK) {
        int64_t count = entry->count - i < CHUNK ? entry->count - i : CHUNK;
        size_t bytes = (size_t)count * (size_t)entry->format->size;
        DG_TRY(dg_file_read(reader->path, reader->descriptor, at, bytes, buffer));
        DG_TRY(entry->format->convert(buffer, count, (char *)tensor->data + 4 * i));
        at += (int64_t)bytes;
    }
    return DG_OK;
}

static dg_status take_tensor(const struct tensor_reader *reader, const struct tensor_entry *entry,
                             dg_named_tensor *out)
{
    DG_TRY(dg_copy_text(&out->name, entry->name));
    DG_TRY(dg_tensor_new(&out->tensor, entry->format->dtype, entry->axes, entry->shape));
    out->is_int8 = entry->format->is_int8;
    if (!entry->format->convert)
        return dg_file_read(reader->path, reader->descriptor, reader->data_start + entry->begin,
                            (size_t)(entry->end - entry->begin), out->tensor.data);
    dg_status status = read_converted(reader, entry, &out->tensor);
    if (status == DG_FORMAT)
        dg_error_context(status, "%s: tensor '%.100s'", reader->path, entry->name);
    return status;
}

static dg_status take_tensors(const struct tensor_reader *reader, dg_tensor_file *out)
{
    for (int i = 0; i < reader->count; i++) {
        DG_TRY(dg_grow(&out->tensors, i, sizeof *out->tensors));
        out->tensors[out->count++] = (dg_named_tensor){ .name = NULL };
        DG_TRY(take_tensor(reader, &reader->entries[i], &out->tensors[i]));
    }
    return DG_OK;
}

static void close_reader(struct tensor_reader *reader)
{
    if (reader->descriptor >= 0) close(reader->descriptor);
    cJSON_Delete(reader->header);
    dg_free(reader->entries);
}

dg_status dg_tensor_file_read(dg_tensor_file *out, const char *path)
{
    *out = (dg_tensor_file){ 0 };
    DG_CLEANUP(close_reader) struct tensor_reader reader = { .path = path, .descriptor = -1 };
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file file = { 0 };
    int64_t size;
    DG_TRY(dg_file_open(path, &reader.descriptor, &size));
    DG_TRY(read_header(&reader, size));
    DG_TRY(read_entries(&reader));
    DG_TRY(check_cover(&reader));
    DG_TRY(take_metadata(&reader, &file));
    DG_TRY(take_tensors(&reader, &file));
    *out = DG_TAKE(file);
    return DG_OK;
}

/* --- asking --------------------------------------------------------------------------------- */

void dg_tensor_file_release(dg_tensor_file *file)
{
    for (int i = 0; i < file->count; i++) {
        dg_free(file->tensors[i].name);
        dg_tensor_release(&file->tensors[i].tensor);
    }
    for (int i = 0; i < file->metadata_count; i++) {
        dg_free(file->keys[i]);
        dg_free(file->values[i]);
    }
    dg_free(file->tensors);
    dg_free(file->keys);
    dg_free(file->values);
    *file = (dg_tensor_file){ 0 };
}

void dg_tensor_file_view_release(dg_tensor_file *view)
{
    dg_free(view->tensors);
    *view = (dg_tensor_file){ 0 };
}

const char *dg_tensor_file_metadata(const dg_tensor_file *file, const char *key)
{
    for (int i = 0; i < file->metadata_count; i++)
        if (strcmp(file->keys[i], key) == 0) return file->values[i];
    return NULL;
}

const dg_named_tensor *dg_tensor_file_find_any(const dg_tensor_file *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const dg_tensor *dg_tensor_file_find(const dg_tensor_file *file, const char *name)
{
    const dg_named_tensor *found = dg_tensor_file_find_any(file, name);
    return found && !found->is_int8 ? &found->tensor : NULL;
}

dg_status dg_tensor_file_want(const dg_tensor_file *file, const char *name, dg_tensor *out)
{
    const dg_tensor *found = dg_tensor_file_find(file, name);
    if (!found) return dg_error(DG_FORMAT, "the tensor '%s' is missing", name);
    *out = *found;
    return DG_OK;
}

dg_status dg_tensor_file_want_as(const dg_tensor_file *file, const char *name, dg_dtype dtype,
                                 int axes, const int64_t *shape, dg_tensor *out)
{
    char wanted[160], found[160];
    DG_TRY(dg_tensor_file_want(file, name, out));
    size_t size = (size_t)axes * sizeof *shape;
    if (out->dtype == dtype && out->axes == axes && memcmp(out->shape, shape, size) == 0)
        return DG_OK;
    return dg_error(DG_FORMAT, "the tensor '%s' must be %s %s, found %s %s", name,
                    dg_dtype_name(dtype), dg_shape_text(axes, shape, wanted, sizeof wanted),
                    dg_dtype_name(out->dtype),
                    dg_shape_text(out->axes, out->shape, found, sizeof found));
}
