/* McNemar's test: do two models make the same number of mistakes on the same rows? */
#include <math.h>

#include "engine/metrics/labels.h"

enum { FEW = 25 };

/* Two-sided: twice the probability of at most `few` heads in `throws` throws of a fair coin. */
static double binomial_p(int64_t few, int64_t throws)
{
    double sum = 0;
    if (2 * few == throws) return 1;
    for (int64_t i = 0; i <= few; i++) {
        double ways =
            lgamma((double)throws + 1) - lgamma((double)i + 1) - lgamma((double)(throws - i) + 1);
        sum += exp(ways - (double)throws * M_LN2);
    }
    return fmin(1, 2 * sum);
}

/* The upper tail of chi-square with one degree of freedom. */
static double chi_square_p(double statistic)
{
    return erfc(sqrt(statistic / 2));
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
