/* McNemar's test: do two models make the same number of mistakes on the same rows? */
#include <float.h>
#include <limits.h>
#include <math.h>

#include "engine/base/math64.h"
#include "engine/metrics/labels.h"

enum { FEW = 25 };

/* Two-sided: twice the probability of at most `few` heads in `throws` throws of a fair coin. */
static double binomial_p(int64_t few, int64_t throws)
{
    if (2 * few == throws) return 1;
    double ways = 1, sum = 1; /* of `few` heads; of at most so many, in ways of `few` */
    int64_t exponent = -throws;
    for (int64_t i = 1; i <= few; i++) {
        int part;
        ways = frexp(ways * (double)(throws - few + i) / (double)i, &part);
        exponent += part;
        sum = 1 + sum * (double)i / (double)(throws - i + 1);
    }
    exponent = exponent < INT_MIN / 2 ? INT_MIN / 2 : exponent;
    return fmin(1, ldexp(2 * ways * sum, (int)exponent));
}

/* The upper tail of chi-square with one degree of freedom: the incomplete gamma function Q(1/2, z)
 * with z = statistic / 2, from the series of P (DLMF 8.7.1) where z is small, and else from the
 * continued fraction (8.9.2), by Lentz's algorithm. */
static double chi_square_p(double statistic)
{
    enum { MOST_STEPS = 1000 };
    double z = statistic / 2, front = sqrt(z / M_PI) * dg_exp64(-z);
    if (z < 1) {
        double term = 2, sum = 2;
        for (int i = 1; term > DBL_EPSILON / 8 * sum; i++) sum += term *= z / (i + 0.5);
        return 1 - front * sum;
    }
    double b = z + 0.5, c = 1 / DBL_MIN, d = 1 / b, value = d, step = 0;
    for (int i = 1; i <= MOST_STEPS && fabs(step - 1) > DBL_EPSILON; i++) {
        double a = -i * (i - 0.5);
        b += 2;
        d = 1 / (a * d + b);
        c = b + a / c;
        step = c * d;
        value *= step;
    }
    return front * value;
}

dg_status dg_mcnemar(dg_mcnemar_result *out, const dg_tensor *truth, const dg_tensor *a,
                     const dg_tensor *b, dg_mcnemar_kind kind)
{
    *out = (dg_mcnemar_result){ 0 };
    DG_TRY(dg_labels_check(truth, "truth", a, "the first model"));
    DG_TRY(dg_labels_check(truth, "truth", b, "the second model"));
    for (int64_t row = 0; row < truth->shape[0]; row++) {
        bool a_right = dg_int32s(a)[row] == dg_int32s(truth)[row];
        bool b_right = dg_int32s(b)[row] == dg_int32s(truth)[row];
        (*(a_right   ? b_right ? &out->both : &out->only_a
           : b_right ? &out->only_b
                     : &out->neither))++;
    }
    int64_t one = out->only_a + out->only_b;
    int64_t few = out->only_a < out->only_b ? out->only_a : out->only_b;
    out->exact = kind == DG_MCNEMAR_EXACT || (kind == DG_MCNEMAR_AUTO && one < FEW);
    if (out->exact) {
        out->statistic = (double)few;
        out->p = binomial_p(few, one);
        return DG_OK;
    }
    double apart = fmax(0, (double)(one - 2 * few) - 1);
    out->statistic = one ? apart * apart / (double)one : 0;
    out->p = chi_square_p(out->statistic);
    return DG_OK;
}
