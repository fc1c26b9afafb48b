/* exp, log, tanh and other functions for kernels: plain polynomials without branches, which the
 * compiler vectorises where libm's functions would stay scalar. For kernels only, which give their
 * `fused`: the bits are the same wherever there is FMA.
 *
 * Largest error against libm in double precision, over all floats, with and without FMA, in units
 * in the last place (tests/engine/test_math.c): exp 1.1, log 0.9, tanh 1.4, sigmoid 2.7, softplus
 * 2.9. Results below FLT_MIN are denormal as they should be, with an error of at most one unit
 * more. NaN gives NaN; infinities give the results of libm; log of a negative number is NaN, of
 * zero -infinity.
 *
 * Reduction and coefficients are those of Moshier's Cephes library (Methods and Programs for
 * Mathematical Functions, 1989). */
#ifndef DG_BASE_MATH_H
#define DG_BASE_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/kernel.h"

static inline float dg_float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t dg_bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* x = n ln 2 + r; e^x = 2^n e^r, the power of two in two steps so that it can leave the range of
 * the exponents on either side. */
DG_INLINE float dg_exp(const bool fused, float x)
{
    x = x > 89.0f ? 89.0f : x; /* a comparison with NaN is false: NaN passes */
    x = x < -104.0f ? -104.0f : x;
    const float magic = 0x1.8p23f; /* adding it rounds to whole numbers, kept in the low bits */
    float shifted = DG_FMA(x, 1.44269504088896341f, magic);
    float n = shifted - magic;
    int32_t whole = (int32_t)(dg_bits_of_float(shifted) - dg_bits_of_float(magic));
    float r = DG_FMA(n, -0.693359375f, x);
    r = DG_FMA(n, 2.12194440e-4f, r);
    float p = 1.9875691500e-4f;
    p = DG_FMA(p, r, 1.3981999507e-3f);
    p = DG_FMA(p, r, 8.3334519073e-3f);
    p = DG_FMA(p, r, 4.1665795894e-2f);
    p = DG_FMA(p, r, 1.6666665459e-1f);
    p = DG_FMA(p, r, 5.0000001201e-1f);
    p = DG_FMA(p, r * r, r) + 1.0f;
    int32_t half = whole >> 1, rest = whole - half;
    float scale = dg_float_of_bits(((uint32_t)half + 127u) << 23);
    return p * scale * dg_float_of_bits(((uint32_t)rest + 127u) << 23);
}

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)). */
DG_INLINE float dg_log(const bool fused, float x)
{
    float scaled = x < 0x1p-126f ? x * 0x1p25f : x;
    float lift = x < 0x1p-126f ? -25.0f : 0.0f;
    uint32_t bits = dg_bits_of_float(scaled);
    uint32_t low = bits - 0x3f3504f3u; /* bits of sqrt(1/2) */
    int32_t exponent = (int32_t)low >> 23;
    float m = dg_float_of_bits((low & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    float e = (float)exponent + lift, z = m * m;
    float p = 7.0376836292e-2f;
    p = DG_FMA(p, m, -1.1514610310e-1f);
    p = DG_FMA(p, m, 1.1676998740e-1f);
    p = DG_FMA(p, m, -1.2420140846e-1f);
    p = DG_FMA(p, m, 1.4249322787e-1f);
    p = DG_FMA(p, m, -1.6668057665e-1f);
    p = DG_FMA(p, m, 2.0000714765e-1f);
    p = DG_FMA(p, m, -2.4999993993e-1f);
    p = DG_FMA(p, m, 3.3333331174e-1f);
    float y = DG_FMA(e, -2.12194440e-4f, m * z * p);
    y = m + DG_FMA(z, -0.5f, y);
    y = DG_FMA(e, 0.693359375f, y);
    y = x == 0 ? -INFINITY : y;
    y = x < 0 ? NAN : y;
    return x < INFINITY ? y : x + x; /* infinity and NaN as they come */
}

DG_INLINE float dg_tanh(const bool fused, float x)
{
    float z = x * x;
    float p = -5.70498872745e-3f;
    p = DG_FMA(p, z, 2.06390887954e-2f);
    p = DG_FMA(p, z, -5.37397155531e-2f);
    p = DG_FMA(p, z, 1.33314422036e-1f);
    p = DG_FMA(p, z, -3.33332819422e-1f);
    float near_zero = DG_FMA(p * z, x, x);
    float size = fabsf(x);
    float far = 1.0f - 2.0f / (dg_exp(fused, 2.0f * size) + 1.0f);
    return copysignf(size < 0.625f ? near_zero : far, x); /* -0 too */
}

/* 1 / (1 + e^-x) */
DG_INLINE float dg_sigmoid(const bool fused, float x)
{
    float e = dg_exp(fused, -fabsf(x));
    float q = 1.0f / (1.0f + e);
    return x < 0 ? e * q : q;
}

/* log(1 + e^x). What 1 + e^-|x| loses by rounding is put back by its ratio to e^-|x|. */
DG_INLINE float dg_softplus(const bool fused, float x)
{
    float e = dg_exp(fused, -fabsf(x)), sum = 1 + e, kept = sum - 1;
    float rest = kept > 0 ? dg_log(fused, sum) * (e / kept) : e;
    rest = x == x ? rest : x;
    return (x > 0 ? x : 0) + rest;
}

/* The standard normal distribution: the share of numbers below x, and *density, the density at x.
 * Below zero, the share over e^(-x^2 / 2) is a polynomial in 1 / (1 + 0.3 |x|), fitted to 3e-8 of
 * it for this file. Relative errors: 4e-7 (1 + x^2 / 2). */
DG_INLINE float dg_normal(const bool fused, float x, float *density)
{
    float size = fabsf(x), u = 1.0f / DG_FMA(0.3f, size, 1.0f);
    float e = dg_exp(fused, -0.5f * size * size);
    float p = -1.7167520022e-2f;
    p = DG_FMA(p, u, 9.5172685260e-2f);
    p = DG_FMA(p, u, -1.9129547921e-1f);
    p = DG_FMA(p, u, 1.4759703978e-1f);
    p = DG_FMA(p, u, -4.6945661483e-2f);
    p = DG_FMA(p, u, 8.1025592875e-2f);
    p = DG_FMA(p, u, 8.2837186303e-2f);
    p = DG_FMA(p, u, 1.0944357166e-1f);
    p = DG_FMA(p, u, 1.1964904868e-1f);
    p = DG_FMA(p, u, 1.1968354999e-1f);
    float tail = e * (p * u);
    *density = e * 0.39894228040143268f;
    return x < 0 ? tail : 1.0f - tail;
}

#endif
