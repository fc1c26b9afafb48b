/* Text that grows. */
#include "engine/base/text.h"

#include "engine/base/memory.h"
#include "engine/base/number.h"

void dg_text_add(dg_text *text, const char *format, ...)
{
    if (text->status != DG_OK) return;
    for (int attempt = 0; attempt < 2; attempt++) {
        size_t room = text->capacity - text->length;
        va_list arguments;
        va_start(arguments, format);
        int length = dg_vsnprintf(room ? text->data + text->length : NULL, room, format, arguments);
        va_end(arguments);
        if (length < 0) {
            text->status = dg_error(DG_INVALID, "text cannot be formatted");
            return;
        }
        if ((size_t)length < room) {
            text->length += (size_t)length;
            return;
        }
        size_t capacity = 2 * (text->length + (size_t)length + 1);
        text->status = dg_resize(&text->data, (int64_t)capacity, 1);
        if (text->status != DG_OK) return;
        text->capacity = capacity;
    }
}

dg_status dg_text_take(dg_text *text, char **out)
{
    *out = NULL;
    if (text->length == 0) dg_text_add(text, "%s", "");
    if (text->status == DG_OK)
        *out = text->data;
    else
        dg_free(text->data);
    dg_status status = text->status;
    *text = (dg_text){ 0 };
    return status;
}
