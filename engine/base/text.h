/* Text that grows. The first failure is kept, so that only the end need be checked:
 *
 *     dg_text text = { 0 };
 *     dg_text_add(&text, "%d rows\n", rows);
 *     return dg_text_take(&text, out);
 */
#ifndef DG_BASE_TEXT_H
#define DG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/status.h"

typedef struct dg_text {
    char *data; /* NULL, or ended by a NUL */
    size_t length, capacity;
    dg_status status;
} dg_text;

/* Appends, as printf writes. */
void dg_text_add(dg_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Hands the text over (free it with dg_free) and empties the struct; or returns the first
 * failure. */
dg_status dg_text_take(dg_text *text, char **out);

/* Whether the bytes are UTF-8 (RFC 3629). */
bool dg_is_utf8(const char *bytes, size_t count);

#endif
