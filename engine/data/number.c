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

/* The digits of a number. */
struct decimal {
    uint64_t mantissa; /* of the first 18 significant digits */
    int digits;        /* how many of them there are */
    int dropped;       /* digits after those */
    int exponent;      /* of ten */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *scan_digits(const char *at, const char *end, struct decimal *d,
                               int exponent_step)
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

/* Whether the text up to `end` consists of digits, point and exponent. */
static bool scan_decimal(const char *at, const char *end, struct decimal *d)
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

static void trim(const char **text, size_t *size)
{
    while (*size > 0 && (**text == ' ' || **text == '\t')) ++*text, --*size;
    while (*size > 0 && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t')) --*size;
}

bool dg_is_integer_text(const char *text, size_t size)
{
    trim(&text, &size);
    if (size > 0 && (*text == '+' || *text == '-')) text++, size--;
    for (size_t i = 0; i < size; i++)
        if (!is_digit(text[i])) return false;
    return size > 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_hexadecimal(const char *text, size_t size)
{
    if (size > 0 && (*text == '+' || *text == '-')) text++, size--;
    if (size < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) return false;
    for (size_t i = 2; i < size; i++)
        if (!is_digit(text[i]) && !((text[i] | 32) >= 'a' && (text[i] | 32) <= 'f')) return false;
    return true;
}

/* What spreadsheets, databases, pandas and R write for missing or invalid values, and for truth
 * values. */
static bool is_value_word(const char *text, size_t size)
{
    static const char *const words[] = { "na",   "n/a",  "<na>", "#n/a", "#na",  "#n/a n/a",
                                         "null", "none", "nil",  "nat",  "true", "false" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(text, size, words[i])) return true;
    /* "#DIV/0!" and "#NAME?" of spreadsheets; "-1.#IND" of C programs */
    if (size > 1 && *text == '#' && (text[size - 1] == '!' || text[size - 1] == '?')) return true;
    size_t at = 0;
    while (at < size && (is_digit(text[at]) || text[at] == '-' || text[at] == '+')) at++;
    return at + 1 < size && text[at] == '.' && text[at + 1] == '#';
}

bool dg_is_name(const char *text, size_t size)
{
    double number;
    bool letters = false;
    trim(&text, &size);
    for (size_t i = 0; i < size; i++) letters = letters || is_letter(text[i]);
    if (!letters && !(size > 0 && *text == '_')) return false;
    return !dg_parse_number(text, size, &number) && !is_hexadecimal(text, size) &&
           !is_value_word(text, size);
}

bool dg_parse_number(const char *text, size_t size, double *out)
{
    static const double powers[] = { 1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    struct decimal d = { 0 };
    double sign = 1;
    trim(&text, &size);
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
