/* Numbers in text. What fits 19 digits and a small power of ten is exact in two steps (Clinger,
 * "How to read floating point numbers accurately", PLDI 1990); the rest goes through strtod. */
#include "engine/data/number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/base/number.h"

enum { LONGEST_NUMBER = 400 };

/* What a scan of digits found. */
typedef struct decimal {
    uint64_t mantissa; /* of the first 18 digits that count */
    int digits;        /* how many they are */
    int dropped;       /* digits after those */
    int exponent;      /* of ten */
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *scan_digits(const char *at, const char *end, decimal *d, int exponent_step)
{
    for (; at < end && is_digit(*at); at++) {
        if (d->digits < 18) {
            d->mantissa = d->mantissa * 10 + (uint64_t)(*at - '0');
            d->digits += d->mantissa != 0;
            d->exponent += exponent_step;
        } else {
            d->dropped++;
        }
    }
    return at;
}

/* Whether digits, point and exponent are all that stands before `end`. */
static bool scan_decimal(const char *at, const char *end, decimal *d)
{
    const char *begin = at;
    at = scan_digits(at, end, d, 0);
    int64_t count = at - begin;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = scan_digits(at, end, d, -1);
        count += at - fraction;
    }
    if (count == 0) return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        int exponent = 0, sign = 1;
        if (++at < end && (*at == '+' || *at == '-')) sign = *at++ == '-' ? -1 : 1;
        if (at == end) return false;
        for (; at < end && is_digit(*at); at++)
            if (exponent < 100000) exponent = exponent * 10 + (*at - '0');
        d->exponent += sign * exponent;
    }
    return at == end;
}

static bool is_word(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && strncasecmp(text, word, size) == 0;
}

static double convert(const char *text, size_t size)
{
    char copy[LONGEST_NUMBER + 1];
    memcpy(copy, text, size);
    copy[size] = 0;
    double value = dg_strtod(copy, NULL);
    return isinf(value) ? DBL_MAX : value;
}

bool dg_parse_number(const char *text, size_t size, double *out)
{
    static const double powers[] = { 1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    decimal d = { 0 };
    double sign = 1;
    while (size > 0 && (*text == ' ' || *text == '\t')) text++, size--;
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t')) size--;
    if (size > 0 && (*text == '+' || *text == '-')) {
        if (*text == '-') sign = -1;
        text++, size--;
    }
    if (size > LONGEST_NUMBER) return false;
    if (is_word(text, size, "nan")) {
        *out = NAN;
    } else if (is_word(text, size, "inf") || is_word(text, size, "infinity")) {
        *out = sign * INFINITY;
    } else if (!scan_decimal(text, text + size, &d)) {
        return false;
    } else if (d.dropped == 0 && d.mantissa <= (uint64_t)1 << 53 && abs(d.exponent) <= 22) {
        double value = (double)d.mantissa;
        *out = sign * (d.exponent < 0 ? value / powers[-d.exponent] : value * powers[d.exponent]);
    } else {
        *out = sign * convert(text, size);
    }
    return true;
}
