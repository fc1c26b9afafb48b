/* Comparing files of tensors. */
#include "engine/store/compare.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/number.h"
#include "engine/base/text.h"

enum { SHAPE_SIZE = 160 };

/* The bits of a value; all NaNs are one. */
static uint32_t bits_at(const dg_tensor *tensor, int64_t index)
{
    uint32_t bits;
    if (tensor->dtype == DG_UINT8) return dg_bytes(tensor)[index];
    memcpy(&bits, (const char *)tensor->data + 4 * index, sizeof bits);
    return tensor->dtype == DG_FLOAT32 ? dg_bits_of_one_nan(bits) : bits;
}

static void add_value(dg_text *text, const dg_named_tensor *named, int64_t index)
{
    char number[40];
    const dg_tensor *tensor = &named->tensor;
    double value = named->is_int8              ? (int8_t)dg_bytes(tensor)[index]
                   : tensor->dtype == DG_UINT8 ? dg_bytes(tensor)[index]
                   : tensor->dtype == DG_INT32 ? dg_int32s(tensor)[index]
                                               : (double)dg_floats(tensor)[index];
    dg_number_text(value, number, sizeof number);
    dg_text_add(text, "%s", number);
}

static void add_place(dg_text *text, const dg_named_tensor *named, int64_t index)
{
    int64_t place[DG_MAX_AXES];
    for (int i = named->tensor.axes - 1; i >= 0; i--) {
        place[i] = index % named->tensor.shape[i] + 1;
        index /= named->tensor.shape[i];
    }
    dg_text_add(text, "'%s'[", named->name);
    for (int i = 0; i < named->tensor.axes; i++)
        dg_text_add(text, "%s%" PRId64, i ? ", " : "", place[i]);
    dg_text_add(text, "]");
}

static const char *type_of(const dg_named_tensor *named)
{
    return named->is_int8 ? "int8" : dg_dtype_name(named->tensor.dtype);
}

/* Whether the tensors have the same type and shape; else says so, if it is the first difference. */
static bool comparable(dg_text *text, const dg_named_tensor *named, const dg_named_tensor *found)
{
    const dg_tensor *own = &named->tensor, *other = found ? &found->tensor : NULL;
    char then[SHAPE_SIZE], now[SHAPE_SIZE];
    bool same = other && other->dtype == own->dtype && found->is_int8 == named->is_int8 &&
                other->axes == own->axes &&
                memcmp(own->shape, other->shape, sizeof *own->shape * (size_t)own->axes) == 0;
    if (same || text->length) return same;
    dg_shape_text(own->axes, own->shape, then, sizeof then);
    if (!other) {
        dg_text_add(text, "'%s' %s is no longer there", named->name, then);
        return false;
    }
    dg_shape_text(other->axes, other->shape, now, sizeof now);
    dg_text_add(text, "'%s' was %s %s, is now %s %s", named->name, type_of(named), then,
                type_of(found), now);
    return false;
}

/* How many values differ; describes the first if it is the first difference. */
static int64_t compare(dg_text *text, const dg_named_tensor *named, const dg_named_tensor *other)
{
    int64_t differing = 0, count = dg_tensor_count(&named->tensor);
    for (int64_t i = 0; i < count; i++) {
        if (bits_at(&named->tensor, i) == bits_at(&other->tensor, i)) continue;
        if (differing++ || text->length) continue;
        add_place(text, named, i);
        dg_text_add(text, " was ");
        add_value(text, named, i);
        dg_text_add(text, ", is now ");
        add_value(text, other, i);
    }
    return differing;
}

dg_status dg_tensor_file_difference(char **out, const dg_tensor_file *then,
                                    const dg_tensor_file *now)
{
    dg_text text = { 0 };
    int64_t values = 0, differing = 0;
    int tensors = 0;
    *out = NULL;
    for (int i = 0; i < then->count; i++) {
        const dg_named_tensor *named = &then->tensors[i];
        const dg_named_tensor *other = dg_tensor_file_find_any(now, named->name);
        values += dg_tensor_count(&named->tensor);
        int64_t found = comparable(&text, named, other) ? compare(&text, named, other) : 0;
        differing += found;
        tensors += found > 0;
    }
    for (int i = 0; i < now->count && !text.length; i++)
        if (!dg_tensor_file_find_any(then, now->tensors[i].name))
            dg_text_add(&text, "'%s' was not there", now->tensors[i].name);
    if (!text.length) return DG_OK;
    if (differing)
        dg_text_add(&text, "; %" PRId64 " of %" PRId64 " values differ, in %d of %d tensors",
                    differing, values, tensors, then->count);
    return dg_text_take(&text, out);
}
