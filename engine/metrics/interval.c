/* Confidence intervals of a share, such as an accuracy. */
#include <inttypes.h>
#include <math.h>

#include "engine/base/math64.h"
#include "engine/metrics/metrics.h"

/* Numerator and denominator of a rational function, from the highest power down. */
enum { POWERS = 8 };
typedef double rational[2][POWERS];

static double ratio(const rational at, double r)
{
    double sums[2] = { 0, 0 };
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < POWERS; i++) sums[half] = sums[half] * r + at[half][i];
    return sums[0] / sums[1];
}

/* The z > 0 that a standard normal number exceeds with probability `tail`, 0 < tail < 1/2: relative
 * error about 1e-16 (Wichura, Algorithm AS 241, Applied Statistics 37, 1988). */
static double normal_quantile(double tail)
{
    static const rational middle = {
        { 2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
          45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
          133.14166789178437745, 3.3871328727963666080 },
        { 5226.4952788528545610, 28729.085735721942674, 39307.895800092710610,
          21213.794301586595867, 5394.1960214247511077, 687.18700749205790830,
          42.313330701600911252, 1 },
    };
    static const rational outer = {
        { 7.74545014278341407640e-4, 2.27238449892691845833e-2, 0.241780725177450611770,
          1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550,
          4.63033784615654529590, 1.42343711074968357734 },
        { 1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
          0.148103976427480074590, 0.689767334985100004550, 1.67638483018380384940,
          2.05319162663775882187, 1 },
    };
    static const rational far = {
        { 2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
          2.65321895265761230930e-2, 0.296560571828504891230, 1.78482653991729133580,
          5.46378491116411436990, 6.65790464350110377720 },
        { 2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
          7.86869131145613259100e-4, 1.48753612908506148525e-2, 0.136929880922735805310,
          0.599832206555887937690, 1 },
    };
    double q = 0.5 - tail;
    if (q <= 0.425) return q * ratio(middle, 0.180625 - q * q);
    double r = sqrt(-dg_log64(tail));
    return r <= 5 ? ratio(outer, r - 1.6) : ratio(far, r - 5);
}

dg_status dg_wilson(dg_interval *out, double share, int64_t rows, double level)
{
    *out = (dg_interval){ 0 };
    if (!(level > 0 && level < 1))
        return dg_error(DG_INVALID, "level must be above 0 and below 1, found %g", level);
    if (rows < 1) return dg_error(DG_INVALID, "rows must be at least 1, found %" PRId64, rows);
    if (!(share >= 0 && share <= 1))
        return dg_error(DG_INVALID, "accuracy must be from 0 to 1, found %g", share);
    double n = (double)rows, z = normal_quantile((1 - level) / 2), square = z * z / n;
    double middle = (share + square / 2) / (1 + square);
    double half = sqrt(square * (share * (1 - share) + square / 4)) / (1 + square);
    out->low = share == 0 ? 0 : fmax(middle - half, 0);
    out->high = share == 1 ? 1 : fmin(middle + half, 1);
    return DG_OK;
}
