/* Metrics of numbers: how far predictions are from them, in scikit-learn's formulas. */
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "engine/base/memory.h"
#include "engine/metrics/labels.h"

/* --- reading ------------------------------------------------------------------------------ */

static double number_at(const dg_tensor *tensor, int64_t i)
{
    switch (tensor->dtype) {
    case DG_FLOAT32: return (double)dg_floats(tensor)[i];
    case DG_INT32: return dg_int32s(tensor)[i];
    default: return dg_bytes(tensor)[i];
    }
}

static dg_status read_numbers(double **out, const dg_tensor *numbers, const char *name)
{
    char shape[256];
    dg_tensor flat;
    bool column = numbers->axes == 2 && numbers->shape[1] == 1;
    if (numbers->axes != 1 && !column)
        return dg_error(DG_INVALID, "%s has the shape %s, expected numbers {rows}", name,
                        dg_shape_text(numbers->axes, numbers->shape, shape, sizeof shape));
    DG_TRY(dg_tensor_contiguous(&flat, numbers));
    dg_status status = dg_alloc(out, numbers->shape[0], sizeof **out);
    for (int64_t i = 0; i < numbers->shape[0] && status == DG_OK; i++) {
        (*out)[i] = number_at(&flat, i);
        if (isnan((*out)[i]))
            status = dg_error(DG_INVALID, "%s: number %" PRId64 " is nan", name, i + 1);
        else if (isinf((*out)[i]))
            status = dg_error(DG_INVALID, "%s: number %" PRId64 " is infinite", name, i + 1);
    }
    dg_tensor_release(&flat);
    return status;
}

dg_status dg_numbers_read(double **truth_out, double **predicted_out, const dg_tensor *truth,
                          const dg_tensor *predicted)
{
    *truth_out = *predicted_out = NULL;
    if (!predicted) return dg_error(DG_INVALID, "the metric needs numbers {rows}");
    DG_TRY(dg_labels_check(truth, "truth", predicted, "predicted"));
    dg_status status = read_numbers(truth_out, truth, "truth");
    if (status == DG_OK) status = read_numbers(predicted_out, predicted, "predicted");
    if (status == DG_OK) return DG_OK;
    dg_free(*truth_out);
    dg_free(*predicted_out);
    *truth_out = *predicted_out = NULL;
    return status;
}

/* --- the metrics -------------------------------------------------------------------------- */

double dg_numbers_mean_squared_error(const double *truth, const double *predicted, int64_t rows)
{
    double sum = 0;
    for (int64_t i = 0; i < rows; i++) {
        double off = truth[i] - predicted[i];
        sum += off * off;
    }
    return sum / (double)rows;
}

double dg_numbers_root_mean_squared_error(const double *truth, const double *predicted,
                                          int64_t rows)
{
    return sqrt(dg_numbers_mean_squared_error(truth, predicted, rows));
}

double dg_numbers_mean_absolute_error(const double *truth, const double *predicted, int64_t rows)
{
    double sum = 0;
    for (int64_t i = 0; i < rows; i++) sum += fabs(truth[i] - predicted[i]);
    return sum / (double)rows;
}

double dg_numbers_mean_absolute_percentage_error(const double *truth, const double *predicted,
                                                 int64_t rows)
{
    double sum = 0;
    for (int64_t i = 0; i < rows; i++)
        sum += fabs(truth[i] - predicted[i]) / fmax(fabs(truth[i]), DBL_EPSILON);
    return sum / (double)rows;
}

double dg_numbers_r2(const double *truth, const double *predicted, int64_t rows)
{
    double mean = 0, spread = 0;
    double left = dg_numbers_mean_squared_error(truth, predicted, rows) * (double)rows;
    if (rows < 2) return NAN;
    for (int64_t i = 0; i < rows; i++) mean += truth[i];
    mean /= (double)rows;
    for (int64_t i = 0; i < rows; i++) spread += (truth[i] - mean) * (truth[i] - mean);
    if (spread == 0) return left == 0 ? 1 : 0;
    return 1 - left / spread;
}
