/* exp, log, log2, log1p, whole powers, cosine and sine in double precision, and exp, log, tanh, the
 * logistic function and pow of floats by way of doubles: what is learnt, predicted or judged calls
 * these instead of libm, whose results differ from one C library and processor to the next. They
 * consist of IEEE +, -, *, / and operations on bits, so the results have the same bits wherever
 * products and sums are not fused (the compiler is told -ffp-contract=off). Without branches: the
 * compiler vectorises loops of them in DG_KERNEL functions. math.h has polynomials of floats, which
 * are faster still and less exact.
 *
 * Largest errors in units in the last place of the result (tests/engine/test_math64.c):
 *
 *     dg_exp64      0.65  below DBL_MIN one unit more
 *     dg_log64      0.75
 *     dg_log2_64    0.85  exact for powers of two
 *     dg_log1p64    1.5
 *     dg_circle64   0.85  cosine and sine; exact at multiples of a quarter
 *     dg_expf, dg_logf, dg_tanhf, dg_sigmoidf, dg_powf: 0.501 of a float, denormal results too
 *
 * NaN gives NaN; infinities, zeros and numbers out of range give what C11's Annex F says.
 *
 * Reductions are those of Tang (ACM Transactions on Mathematical Software 15, 1989; 16, 1990)
 * without his tables, and of Sun's fdlibm (log through s = f / (2 + f)); sums of a large number and
 * a small one carry their rounding error along (Dekker 1971). Coefficients are made by
 * tests/golden/make_math64.py. */
#ifndef DG_BASE_MATH64_H
#define DG_BASE_MATH64_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/kernel.h"

DG_INLINE double dg_double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

DG_INLINE uint64_t dg_bits_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Its upper 26 bits, so that products of two such numbers are exact. */
DG_INLINE double dg_upper64(double value)
{
    return dg_double_of_bits(dg_bits_of_double(value) & ~UINT64_C(0x7ffffff));
}

/* Adding it rounds numbers below 2^51 to whole ones, which then are the low bits. */
#define DG_ROUND64 0x1.8p52

#define DG_LN2_HIGH 0x1.62e42fefa3800p-1 /* 42 bits: products with exponents are exact */
#define DG_LN2_LOW 0x1.ef35793c76730p-45

/* x = n ln 2 + r + c; e^x = 2^n (1 + r + c + r^2 P(r)), the power of two in two steps so that it
 * can leave the range of the exponents on either side. */
DG_INLINE double dg_exp64(double x)
{
    double y = x > 710 ? 710 : x; /* a comparison with NaN is false: NaN passes */
    y = y < -746 ? -746 : y;
    double shifted = y * 0x1.71547652b82fep+0 + DG_ROUND64, n = shifted - DG_ROUND64;
    double high = y - n * DG_LN2_HIGH, low = n * DG_LN2_LOW;
    double r = high - low, c = (high - r) - low;
    double r2 = r * r, r4 = r2 * r2;
    double p = (0x1.27e4db646b17ep-22 + 0x1.af4de97ca4194p-26 * r) + r2 * 0x1.1f730349868cep-29;
    double q = (0x1.6c16c16c162d4p-10 + 0x1.a01a01abe7fe1p-13 * r) +
               r2 * (0x1.a01a01a6d889cp-16 + 0x1.71de0231960ebp-19 * r);
    p = (0.5 + 0x1.5555555555557p-3 * r) + r2 * (0x1.5555555555556p-5 + 0x1.11111111100dcp-7 * r) +
        r4 * (q + r4 * p);
    double sum = 1 + r, rest = (1 - sum) + r;
    p = sum + (rest + (c * sum + r2 * p));
    uint64_t whole = dg_bits_of_double(shifted) - dg_bits_of_double(DG_ROUND64) + 2048;
    uint64_t half = whole >> 1;
    return p * dg_double_of_bits((half - 1) << 52) * dg_double_of_bits((whole - half - 1) << 52);
}

/* x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for a positive x. */
struct dg_logarithm {
    double k, f;
    double square; /* f^2 / 2 */
    double rest;   /* log(1 + f) - f + square */
};

DG_INLINE struct dg_logarithm dg_logarithm(double x)
{
    const uint64_t root = 0x3fe6a09e667f3bcd, one = UINT64_C(1023) << 52; /* root: sqrt(1/2) */
    double scaled = x < 0x1p-1022 ? x * 0x1p54 : x, lift = x < 0x1p-1022 ? 54 : 0;
    uint64_t bits = dg_bits_of_double(scaled) - root + one;
    double k = dg_double_of_bits(bits >> 52 | 0x4330000000000000) - (0x1p52 + 1023) - lift;
    double f = dg_double_of_bits((bits & 0x000fffffffffffff) + root) - 1;
    double s = f / (2 + f), z = s * s, z2 = z * z, square = 0.5 * f * f;
    double p =
        (0x1.5555555555558p-1 + 0x1.99999999952d7p-2 * z) +
        z2 * ((0x1.2492492df281ap-2 + 0x1.c71c62e3f11e6p-3 * z) +
              z2 * ((0x1.7462b51cb66b1p-3 + 0x1.39fe51a7c18f9p-3 * z) + z2 * 0x1.2b5900de53b32p-3));
    return (struct dg_logarithm){ k, f, square, s * (square + z * p) };
}

/* `y`, the logarithm of a positive finite x, or that of another x. */
DG_INLINE double dg_any_logarithm(double x, double y)
{
    y = x == 0 ? -(double)INFINITY : y;
    y = x < 0 ? (double)NAN : y;
    return x < (double)INFINITY ? y : x; /* infinity and NaN as they come */
}

DG_INLINE double dg_log64(double x)
{
    struct dg_logarithm l = dg_logarithm(x);
    double whole = l.k * DG_LN2_HIGH, sum = whole + l.f, high = sum - l.square;
    double low = ((whole - sum) + l.f) + ((sum - high) - l.square);
    return dg_any_logarithm(x, high + (low + (l.rest + l.k * DG_LN2_LOW)));
}

DG_INLINE double dg_log2_64(double x)
{
    struct dg_logarithm l = dg_logarithm(x);
    double high = dg_upper64(l.f - l.square), low = ((l.f - high) - l.square) + l.rest;
    const double factor = 0x1.7154768000000p+0, factor_low = -0x1.6a3e80f444178p-27; /* 1 / ln 2 */
    double part = high * factor, small = low * factor + (high + low) * factor_low;
    double sum = l.k + part;
    return dg_any_logarithm(x, sum + (((l.k - sum) + part) + small));
}

/* log(1 + x), also where x is small */
DG_INLINE double dg_log1p64(double x)
{
    double one = 1 + x, lost = x < 1 ? x - (one - 1) : 1 - (one - x);
    double y = dg_log64(one) + (one > 0 ? lost / one : 0);
    return fabs(x) < 0x1p-54 || x == (double)INFINITY ? x : y;
}

/* base to a whole power of at least 0, by squaring; relative error at most exponent * 2^-53 */
DG_INLINE double dg_power64(double base, int64_t exponent)
{
    double result = 1;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1) result *= base;
        base *= base;
    }
    return result;
}

struct dg_circle {
    double cosine, sine;
};

/* The cosine and the sine of `v` whole turns, that is of 2 pi v, for v in [0, 1]. */
DG_INLINE struct dg_circle dg_circle64(double v)
{
    double shifted = 4 * v + DG_ROUND64, f = 4 * v - (shifted - DG_ROUND64); /* of a quarter */
    const double quarter = 0x1.921fb54000000p+0, quarter_low = 0x1.10b4611a62633p-30; /* pi / 2 */
    double upper = dg_upper64(f), product = upper * quarter;                          /* exact */
    double high = dg_upper64(product);
    double low = (product - high) + ((f - upper) * quarter + f * quarter_low);
    double z = f * f, z2 = z * z, z4 = z2 * z2;
    double s =
        (-0x1.4abbce625be53p-1 + 0x1.466bc6775aae1p-4 * z) +
        z2 * (-0x1.32d2cce62b870p-8 + 0x1.50783486fa66fp-13 * z) +
        z4 * ((-0x1.e3074d253f118p-19 + 0x1.e8f035ebfe7b1p-25 * z) + z2 * -0x1.6cc52bef4fa10p-31);
    double c = (0x1.03c1f081b5ac4p-2 + -0x1.55d3c7e3cbd73p-6 * z) +
               z2 * (0x1.e1f506882fcbfp-11 + -0x1.a6d1f0aadeddbp-16 * z) +
               z4 * (0x1.f9cfbfb11241ep-22 + -0x1.b382e8ea5ed1dp-28 * z);
    double sine = high + (low + f * z * s);
    double square = 0.5 * high * high, less = 1 - square;
    double cosine = less + (((1 - less) - square) - low * (high + 0.5 * low) + z2 * c);
    uint64_t turned = dg_bits_of_double(shifted) & 3; /* quarters */
    double first = turned & 1 ? sine : cosine, second = turned & 1 ? cosine : sine;
    return (struct dg_circle){ (turned + 1) & 2 ? 0 - first : first,
                               turned & 2 ? 0 - second : second };
}

/* --- floats, computed in double precision and rounded once ---------------------------------- */

DG_INLINE float dg_expf(float x)
{
    return (float)dg_exp64((double)x);
}

DG_INLINE float dg_logf(float x)
{
    return (float)dg_log64((double)x);
}

DG_INLINE float dg_tanhf(float x)
{
    double size = fabs((double)x), z = size * size, e = dg_exp64(-2 * size);
    double near_zero = size + size * z * (-1 / 3.0 + z * (2 / 15.0 - z * (17 / 315.0)));
    double y = size < 0x1p-5 ? near_zero : (1 - e) / (1 + e);
    return copysignf((float)y, x);
}

/* 1 / (1 + e^-x) */
DG_INLINE float dg_sigmoidf(float x)
{
    return (float)(1 / (1 + dg_exp64(-(double)x)));
}

/* x^y, in every case as C11's Annex F has it (1^NaN and NaN^0 are 1). */
DG_INLINE float dg_powf(float x, float y)
{
    double power = (double)y, half = 0.5 * power;
    double size = dg_exp64(power * dg_log64(fabs((double)x)));
    int whole = floor(power) == power, odd = whole & (floor(half) != half);
    size = ((x < 0) & !whole & (x >= -FLT_MAX)) ? (double)NAN : size;
    size = ((y == 0) | (x == 1) | ((x == -1) & (fabsf(y) == INFINITY))) ? 1 : size;
    return (float)(odd ? copysign(size, (double)x) : size);
}

#endif
