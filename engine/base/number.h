/* Numbers in text with a decimal point, whatever locale the program has set: a file that was
 * written on a machine in Germany can be read on one in England. */
#ifndef DG_BASE_NUMBER_H
#define DG_BASE_NUMBER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"

/* snprintf, vsnprintf and strtod of the C locale. */
int dg_snprintf(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int dg_vsnprintf(char *out, size_t size, const char *format, va_list arguments);
double dg_strtod(const char *text, char **end);

/* The fewest digits that read back as the same number; 32 bytes suffice. Infinities are 1e999 and
 * -1e999, which every JSON reader reads as infinities; NaN is "nan". */
void dg_number_text(double number, char *out, size_t size);

/* The bits of a float as they are compared and hashed: every NaN is the same one, since the sign of
 * a NaN that was computed differs between processors. */
static inline uint32_t dg_bits_of_one_nan(uint32_t bits)
{
    bool nan = (bits & 0x7fffffff) > 0x7f800000;
    return nan ? 0x7fc00000 : bits;
}

/* Makes this thread use the C locale until it is left: for libraries that read or write numbers.
 * Calls may be nested. */
typedef struct dg_c_locale {
    void *before;
} dg_c_locale;
dg_c_locale dg_c_locale_enter(void);
void dg_c_locale_leave(dg_c_locale locale);

#endif
