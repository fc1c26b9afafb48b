/* Writing safetensors files. */
#include "engine/store/safetensors.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/atomic_file.h"
#include "engine/base/memory.h"
#include "engine/store/json.h"
#include "engine/store/tensor_format.h"

dg_status dg_tensor_file_add(dg_tensor_file *file, const char *name, const dg_tensor *tensor)
{
    DG_TRY(dg_grow(&file->tensors, file->count, sizeof *file->tensors));
    DG_TRY(dg_copy_text(&file->tensors[file->count].name, name));
    file->tensors[file->count].is_int8 = false;
    file->tensors[file->count++].tensor = dg_tensor_retain(tensor);
    return DG_OK;
}

dg_status dg_tensor_file_add_int8(dg_tensor_file *file, const char *name, const dg_tensor *tensor)
{
    DG_TRY(dg_tensor_file_add(file, name, tensor));
    file->tensors[file->count - 1].is_int8 = true;
    return DG_OK;
}

static dg_status add_metadata(cJSON *header, const dg_tensor_file *file)
{
    if (file->metadata_count == 0) return DG_OK;
    cJSON *object = cJSON_CreateObject();
    DG_TRY(dg_json_add(header, "__metadata__", object));
    for (int i = 0; i < file->metadata_count; i++)
        DG_TRY(dg_json_add(object, file->keys[i], cJSON_CreateString(file->values[i])));
    return DG_OK;
}

static dg_status add_tensor(cJSON *header, const dg_named_tensor *named, int64_t *offset)
{
    const dg_tensor *tensor = &named->tensor;
    const dg_tensor_format *format = dg_tensor_format_of(tensor->dtype, named->is_int8);
    if (strcmp(named->name, "__metadata__") == 0)
        return dg_error(DG_INVALID, "a tensor cannot be named '__metadata__' in a file");
    cJSON *object = cJSON_CreateObject();
    DG_TRY(dg_json_add(header, named->name, object));
    DG_TRY(dg_json_add(object, "dtype", cJSON_CreateString(format->name)));
    cJSON *shape = cJSON_CreateArray();
    DG_TRY(dg_json_add(object, "shape", shape));
    for (int i = 0; i < tensor->axes; i++)
        DG_TRY(dg_json_add(shape, NULL, dg_json_integer(tensor->shape[i])));
    cJSON *offsets = cJSON_CreateArray();
    DG_TRY(dg_json_add(object, "data_offsets", offsets));
    DG_TRY(dg_json_add(offsets, NULL, dg_json_integer(*offset)));
    *offset += dg_tensor_count(tensor) * format->size;
    return dg_json_add(offsets, NULL, dg_json_integer(*offset));
}

static dg_status add_tensors(cJSON *header, const dg_tensor_file *file,
                             const dg_named_tensor *const *order)
{
    int64_t offset = 0;
    for (int i = 0; i < file->count; i++) DG_TRY(add_tensor(header, order[i], &offset));
    return dg_json_check_names(header);
}

/* The header as text, padded with spaces so that the data begin at a multiple of 8 bytes. */
static dg_status header_text(char **out, size_t *length, const dg_tensor_file *file,
                             const dg_named_tensor *const *order)
{
    DG_OWNED_JSON *header = cJSON_CreateObject();
    DG_OWNED char *text = NULL;
    DG_TRY(dg_json_made(header));
    DG_TRY(add_metadata(header, file));
    DG_TRY(add_tensors(header, file, order));
    DG_TRY(dg_json_text(&text, header));
    size_t bytes = strlen(text), padded = (bytes + 7) / 8 * 8;
    if (padded > DG_MAX_HEADER)
        return dg_error(DG_INVALID, "the header would have %zu bytes, at most %d are allowed",
                        padded, DG_MAX_HEADER);
    DG_TRY(dg_alloc(out, (int64_t)padded, 1));
    memcpy(*out, text, bytes);
    memset(*out + bytes, ' ', padded - bytes);
    *length = padded;
    return DG_OK;
}

static dg_status write_tensor(dg_atomic_file *to, const dg_tensor *tensor)
{
    size_t bytes = (size_t)dg_tensor_count(tensor) * dg_dtype_size(tensor->dtype);
    if (dg_tensor_is_contiguous(tensor)) return dg_atomic_write(to, tensor->data, bytes);
    DG_OWNED_TENSOR copy = { 0 };
    DG_TRY(dg_tensor_copy(&copy, tensor));
    return dg_atomic_write(to, copy.data, bytes);
}

static dg_status write_file(const dg_tensor_file *file, const char *path,
                            const dg_named_tensor *const *order, const char *header, size_t length)
{
    uint64_t size = length;
    DG_CLEANUP(dg_atomic_abandon) dg_atomic_file to = DG_ATOMIC_CLOSED;
    DG_TRY(dg_atomic_open(&to, path));
    DG_TRY(dg_atomic_write(&to, &size, sizeof size));
    DG_TRY(dg_atomic_write(&to, header, length));
    for (int i = 0; i < file->count; i++) DG_TRY(write_tensor(&to, &order[i]->tensor));
    return dg_atomic_commit(&to);
}

dg_status dg_tensor_file_order(const dg_named_tensor ***out, const dg_tensor_file *file)
{
    int count = 0;
    DG_TRY(dg_alloc(out, file->count, sizeof **out));
    for (int wide = 1; wide >= 0; wide--)
        for (int i = 0; i < file->count; i++)
            if ((dg_dtype_size(file->tensors[i].tensor.dtype) > 1) == wide)
                (*out)[count++] = &file->tensors[i];
    return DG_OK;
}

dg_status dg_tensor_file_write(const dg_tensor_file *file, const char *path)
{
    DG_OWNED const dg_named_tensor **order = NULL;
    DG_OWNED char *header = NULL;
    size_t length = 0;
    DG_TRY(dg_tensor_file_order(&order, file));
    dg_status status = header_text(&header, &length, file, order);
    if (status != DG_OK) return dg_error_context(status, "cannot write %s", path);
    return write_file(file, path, order, header, length);
}
