/* Calibration: whether predictions are right as often as their probabilities say (Guo et al.
 * 2017). */
#include <math.h>

#include "engine/metrics/labels.h"

/* As numpy.linspace(0, 1, bins + 1) has it. */
static double edge(int64_t i, int64_t bins)
{
    return i == bins ? 1 : (double)i * (1.0 / (double)bins);
}

static int64_t bin_of(double confidence, int64_t bins)
{
    int64_t bin = (int64_t)(confidence * (double)bins);
    if (bin > bins - 1) bin = bins - 1;
    while (bin > 0 && confidence <= edge(bin, bins)) bin--;
    while (bin < bins - 1 && confidence > edge(bin + 1, bins)) bin++;
    return bin;
}

void dg_calibration(const dg_probabilities *probabilities, int64_t bins, dg_calibration_bin *out)
{
    for (int64_t i = 0; i < bins; i++)
        out[i] = (dg_calibration_bin){ .low = edge(i, bins), .high = edge(i + 1, bins) };
    for (int64_t row = 0; row < probabilities->rows; row++) {
        const float *p = dg_floats(&probabilities->values) + row * probabilities->columns;
        int64_t best = dg_argmax(p, probabilities->columns);
        dg_calibration_bin *bin = &out[bin_of(p[best], bins)];
        bin->count++;
        bin->confidence += p[best];
        bin->accuracy += best == dg_int32s(&probabilities->positions)[row];
    }
    for (int64_t i = 0; i < bins; i++) {
        if (out[i].count == 0) continue;
        out[i].confidence /= (double)out[i].count;
        out[i].accuracy /= (double)out[i].count;
    }
}

double dg_calibration_error(const dg_calibration_bin *bins, int64_t count)
{
    double sum = 0;
    int64_t rows = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)bins[i].count * fabs(bins[i].accuracy - bins[i].confidence);
        rows += bins[i].count;
    }
    return sum / (double)rows;
}

double dg_calibration_worst(const dg_calibration_bin *bins, int64_t count)
{
    double worst = 0;
    for (int64_t i = 0; i < count; i++)
        worst = fmax(worst, fabs(bins[i].accuracy - bins[i].confidence));
    return worst;
}

/* --- as a metric -------------------------------------------------------------------------- */

typedef struct calibration_options {
    int64_t bins;
} calibration_options;

static const dg_param params[] = {
    DG_CALIBRATION_BINS(calibration_options),
    DG_END,
};

static dg_status calibration_score(const void *options, const dg_judged *judged, double *out)
{
    dg_calibration_bin bins[DG_MAX_CALIBRATION_BINS];
    int64_t count = ((const calibration_options *)options)->bins;
    dg_calibration(&judged->probabilities, count, bins);
    *out = dg_calibration_error(bins, count);
    return DG_OK;
}

const dg_metric_type dg_expected_calibration_error = {
    DG_METRIC("expected_calibration_error",
              "The mean distance between confidence, which is the greatest probability of a "
              "row, and accuracy.\nRows are gathered in bins of equal width (Guo et al. "
              "2017).",
              .params = params, .options_size = sizeof(calibration_options)),
    .of = DG_OF_PROBABILITIES,
    DG_LESS_IS_BETTER(0, 1),
    .compute = calibration_score,
};
