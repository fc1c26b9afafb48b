/* Tensors whose names share a prefix: "PREFIX/NAME". */
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/safetensors.h"

const char *dg_tensor_name_after(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 && name[length] == '/' ? name + length + 1 : NULL;
}

static dg_status put_one(dg_tensor_file *file, const char *prefix, const dg_named_tensor *named)
{
    DG_OWNED char *full = NULL;
    size_t size = strlen(prefix) + strlen(named->name) + 2;
    DG_TRY(dg_alloc(&full, (int64_t)size, 1));
    snprintf(full, size, "%s/%s", prefix, named->name);
    return named->is_int8 ? dg_tensor_file_add_int8(file, full, &named->tensor)
                          : dg_tensor_file_add(file, full, &named->tensor);
}

dg_status dg_tensor_file_nest(dg_tensor_file *file, const char *prefix, const dg_tensor_file *from)
{
    for (int i = 0; i < file->count; i++)
        if (dg_tensor_name_after(file->tensors[i].name, prefix))
            return dg_error(DG_INVALID, "the name of the tensor '%.100s' begins with '%s/'",
                            file->tensors[i].name, prefix);
    for (int i = 0; i < from->count; i++) DG_TRY(put_one(file, prefix, &from->tensors[i]));
    return DG_OK;
}

dg_status dg_tensor_file_view(dg_tensor_file *out, const char *prefix, const dg_tensor_file *file)
{
    *out = (dg_tensor_file){ 0 };
    DG_TRY(dg_alloc(&out->tensors, file->count, sizeof *out->tensors));
    for (int i = 0; i < file->count; i++) {
        const char *rest = dg_tensor_name_after(file->tensors[i].name, prefix);
        if (!rest) continue;
        out->tensors[out->count] = file->tensors[i];
        out->tensors[out->count++].name = (char *)rest;
    }
    return DG_OK;
}
