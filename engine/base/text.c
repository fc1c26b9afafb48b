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

/* How many bytes the character at `at` has, of the `count` bytes left; 0 if it is not UTF-8. */
static size_t character_size(const unsigned char *at, size_t count)
{
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] > 0xf4 || size == 0 || size > count) return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] >= 0xa0, beyond = at[0] == 0xf4 && at[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : size;
}

bool dg_is_utf8(const char *bytes, size_t count)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + count;
    while (at < end) {
        size_t size = character_size(at, (size_t)(end - at));
        if (size == 0) return false;
        at += size;
    }
    return true;
}
