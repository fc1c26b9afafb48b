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
    DG_OWNED_TENSOR flat = { 0 };
    bool column = numbers->axes == 2 && numbers->shape[1] == 1;
    if (numbers->axes != 1 && !column)
        return dg_error(DG_INVALID, "%s has the shape %s, expected numbers {rows}", name,
                        dg_shape_text(numbers->axes, numbers->shape, shape, sizeof shape));
    DG_TRY(dg_tensor_contiguous(&flat, numbers));
    DG_TRY(dg_alloc(out, numbers->shape[0], sizeof **out));
    for (int64_t i = 0; i < numbers->shape[0]; i++) {
        (*out)[i] = number_at(&flat, i);
        if (isnan((*out)[i]))
            return dg_error(DG_INVALID, "%s: number %" PRId64 " is nan", name, i + 1);
        if (isinf((*out)[i]))
            return dg_error(DG_INVALID, "%s: number %" PRId64 " is infinite", name, i + 1);
    }
    return DG_OK;
}

dg_status dg_numbers_read(double **truth_out, double **predicted_out, const dg_tensor *truth,
                          const dg_tensor *predicted)
{
    DG_OWNED double *t = NULL;
    DG_OWNED double *p = NULL;
    *truth_out = *predicted_out = NULL;
    if (!predicted) return dg_error(DG_INVALID, "the metric needs numbers {rows}");
    DG_TRY(dg_labels_check(truth, "truth", predicted, "predicted"));
    DG_TRY(read_numbers(&t, truth, "truth"));
    DG_TRY(read_numbers(&p, predicted, "predicted"));
    *truth_out = DG_TAKE(t);
    *predicted_out = DG_TAKE(p);
    return DG_OK;
}

/* --- the metrics -------------------------------------------------------------------------- */

static double squared_error(const dg_judged *judged)
{
    double sum = 0;
    for (int64_t i = 0; i < judged->rows; i++) {
        double off = judged->true_numbers[i] - judged->predicted_numbers[i];
        sum += off * off;
    }
    return sum / (double)judged->rows;
}

static double root_squared_error(const dg_judged *judged)
{
    return sqrt(squared_error(judged));
}

static double absolute_error(const dg_judged *judged)
{
    double sum = 0;
    for (int64_t i = 0; i < judged->rows; i++)
        sum += fabs(judged->true_numbers[i] - judged->predicted_numbers[i]);
    return sum / (double)judged->rows;
}

static double percentage_error(const dg_judged *judged)
{
    double sum = 0;
    for (int64_t i = 0; i < judged->rows; i++) {
        double truth = judged->true_numbers[i];
        sum += fabs(truth - judged->predicted_numbers[i]) / fmax(fabs(truth), DBL_EPSILON);
    }
    return sum / (double)judged->rows;
}

static double determination(const dg_judged *judged)
{
    const double *truth = judged->true_numbers;
    double mean = 0, spread = 0, left = squared_error(judged) * (double)judged->rows;
    if (judged->rows < 2) return NAN;
    for (int64_t i = 0; i < judged->rows; i++) mean += truth[i];
    mean /= (double)judged->rows;
    for (int64_t i = 0; i < judged->rows; i++) spread += (truth[i] - mean) * (truth[i] - mean);
    if (spread == 0) return left == 0 ? 1 : 0;
    return 1 - left / spread;
}

/* A metric that `value` computes; then its range, and peers' names for it. */
#define OF_NUMBERS(symbol, metric, value, text, range, ...)                                        \
    static dg_status metric(const void *options, const dg_judged *judged, double *out)             \
    {                                                                                              \
        (void)options;                                                                             \
        *out = value(judged);                                                                      \
        return DG_OK;                                                                              \
    }                                                                                              \
    const dg_metric_type symbol = {                                                                \
        DG_METRIC_OF_NUMBERS(#metric, text, .peers = (const char *const[]){ __VA_ARGS__, NULL }),  \
        range,                                                                                     \
        .compute = metric,                                                                         \
    };

OF_NUMBERS(dg_r2, r2, determination,
           "The coefficient of determination: 1 less the squared errors as a share of the spread "
           "of truth\nabout its mean. 1 is perfect, 0 no better than the mean. Where truth is "
           "constant it is 1 if\npredicted is the same, else 0; of one row, NaN.",
           DG_GREATER_IS_BETTER(-INFINITY, 1), "r2_score")
OF_NUMBERS(dg_metric_squared_error, mean_squared_error, squared_error,
           "The mean of the squares of truth - predicted.", DG_LESS_IS_BETTER(0, INFINITY), "mse")
OF_NUMBERS(dg_root_mean_squared_error, root_mean_squared_error, root_squared_error,
           "The square root of mean_squared_error.", DG_LESS_IS_BETTER(0, INFINITY), "rmse")
OF_NUMBERS(dg_mean_absolute_error, mean_absolute_error, absolute_error,
           "The mean distance of truth and predicted.", DG_LESS_IS_BETTER(0, INFINITY), "mae")
OF_NUMBERS(dg_mean_absolute_percentage_error, mean_absolute_percentage_error, percentage_error,
           "The mean distance of truth and predicted as a share of truth, as in scikit-learn: 0.5 "
           "means 50 %,\nand where truth is 0 the error is divided by 2.2e-16.",
           DG_LESS_IS_BETTER(0, INFINITY), "mape")
