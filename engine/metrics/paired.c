/* The paired t-test: is one method better than another, over seeds or folds? */
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "engine/base/math64.h"
#include "engine/metrics/labels.h"

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's algorithm. */
static double beta_fraction(double a, double b, double x)
{
    enum { MOST_STEPS = 10000 };
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
    double value = d;
    for (int m = 1; m <= MOST_STEPS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double before = value;
        for (int half = 0; half < 2; half++) {
            double step = half ? odd : even;
            d = 1 + step * d;
            c = 1 + step / c;
            d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
            if (fabs(c) < DBL_MIN) c = DBL_MIN;
            value *= d * c;
        }
        if (fabs(value - before) <= DBL_EPSILON * fabs(value)) break;
    }
    return value;
}

/* 1 / B(a, 1/2) for a whole a or half of one: from that of 1/2 or 1 up; from 25 on by the
 * asymptotic series of gamma(a + 1/2) / gamma(a) (Tricomi and Erdelyi 1951), whose error is below
 * 1e-16 there. */
static double beta_factor(double a)
{
    if (a >= 25) {
        double w = a - 0.25, z = 1 / (w * w);
        return sqrt(w / M_PI) *
               (1 + z / 64 * (1 - z / 128 * (19 - z / 64 * (631 - z / 256 * 174317))));
    }
    double at = a == floor(a) ? 1 : 0.5, factor = at == 1 ? 0.5 : 1 / M_PI;
    for (; at < a; at++) factor *= (at + 0.5) / at;
    return factor;
}

/* How probable a t of this size or larger is, on either side. */
static double two_sided_p(double t, double degrees)
{
    double a = degrees / 2, b = 0.5, square = t * t;
    if (isinf(square)) return 0;
    double x = degrees / (degrees + square), y = square / (degrees + square);
    if (y == 0) return 1;
    double front = beta_factor(a) * sqrt(y) * dg_exp64(-a * dg_log1p64(square / degrees));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, y) / b;
}

dg_status dg_paired_t(dg_paired_t_result *out, const double *a, const double *b, int64_t count,
                      double test_ratio)
{
    double mean = 0, squares = 0;
    *out = (dg_paired_t_result){ 0 };
    if (count < 2)
        return dg_error(DG_INVALID, "found %" PRId64 " pair of scores, expected at least 2", count);
    if (!(test_ratio >= 0 && isfinite(test_ratio)))
        return dg_error(DG_INVALID, "test_ratio must be a number of at least 0");
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(a[i]) || !isfinite(b[i]))
            return dg_error(DG_INVALID, "score %" PRId64 " is not a finite number", i + 1);
        mean += a[i] - b[i];
    }
    mean /= (double)count;
    for (int64_t i = 0; i < count; i++) {
        double off = a[i] - b[i] - mean;
        squares += off * off;
    }
    out->difference = mean;
    out->degrees = count - 1;
    out->deviation = sqrt(squares / (double)(count - 1));
    double error = out->deviation * sqrt(1 / (double)count + test_ratio);
    out->statistic = mean == 0 ? 0 : mean / error;
    out->p = two_sided_p(out->statistic, (double)out->degrees);
    return DG_OK;
}
