/* Numbers in text, whatever the locale. */
#define _GNU_SOURCE /* uselocale, strtod_l */
#include "engine/base/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

dg_c_locale dg_c_locale_enter(void)
{
    pthread_once(&once, make_locale);
    return (dg_c_locale){ c_locale ? uselocale(c_locale) : (locale_t)0 };
}

void dg_c_locale_leave(dg_c_locale locale)
{
    if (locale.before) uselocale((locale_t)locale.before);
}

int dg_vsnprintf(char *out, size_t size, const char *format, va_list arguments)
{
    dg_c_locale locale = dg_c_locale_enter();
    int length = vsnprintf(out, size, format, arguments);
    dg_c_locale_leave(locale);
    return length;
}

int dg_snprintf(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = dg_vsnprintf(out, size, format, arguments);
    va_end(arguments);
    return length;
}

double dg_strtod(const char *text, char **end)
{
    dg_c_locale locale = dg_c_locale_enter();
    double number = strtod(text, end);
    dg_c_locale_leave(locale);
    return number;
}

void dg_number_text(double number, char *out, size_t size)
{
    if (!isfinite(number)) {
        dg_snprintf(out, size, "%s", isnan(number) ? "nan" : number < 0 ? "-1e999" : "1e999");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        dg_snprintf(out, size, "%.*g", digits, number);
        if (dg_strtod(out, NULL) == number) break;
    }
}
