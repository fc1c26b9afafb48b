/* Numbers in text, whatever the locale: "7", " -0.5 ", "1e-3", "nan", "inf". */
#ifndef DG_DATA_NUMBER_H
#define DG_DATA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Whole numbers of one to three digits, of which files of images mostly consist. */
static inline bool dg_small_number(const unsigned char *text, size_t size, unsigned *out)
{
    unsigned value = 0;
    if (size - 1 > 2) return false;
    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned)text[i] - '0';
        if (digit > 9) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* Whether all of `text` is a decimal number, nan, inf or infinity (signs and spaces around allowed,
 * hexadecimal not), and its value, rounded to the nearest double. A number too large for a double
 * becomes DBL_MAX with its sign: only "inf" is infinite. */
bool dg_parse_number(const char *text, size_t size, double *out);

/* Whether a number is written as an integer: digits, with a sign or without. */
bool dg_is_integer_text(const char *text, size_t size);

/* Whether `text` can only be a name, such as "label", "1x1" or "Unnamed: 0", and not a value: it
 * begins with "_" or has a letter (any byte above ASCII counts), and is not a number, hexadecimal
 * or decimal, TRUE or FALSE, or a word for a missing value, such as NA, NaN, null, None or #N/A.
 * Case does not matter, nor do blanks around. */
bool dg_is_name(const char *text, size_t size);

#endif
