/* StandardScaler: subtracts the mean from each value of a row and divides by the deviation. */
#include <float.h>
#include <math.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/data/dataset.h" /* dg_check_finite */
#include "engine/preparation/preparation.h"
#include "engine/store/safetensors.h"

typedef struct scaler_options {
    bool with_mean, with_std;
} scaler_options;

struct scaler {
    dg_step base;
    dg_tensor mean, scale; /* {values} float32 */
};

enum { COLUMNS = 64, ROWS = 512 }; /* of a piece */

struct scaler_run {
    struct scaler *scaler;
    float *x;
    int64_t rows, values;
};

/* Whether a column's variance is only the rounding error of a constant, as in scikit-learn. */
static bool is_constant(double variance, double mean, double count)
{
    double error = count * mean * DBL_EPSILON;
    return variance <= count * DBL_EPSILON * variance + error * error;
}

/* Means, then deviations from them, of a few columns; rows are added in their order, NaN is
 * skipped. */
static dg_status scaler_fit_columns(void *context, int64_t piece, int worker)
{
    const struct scaler_run *run = context;
    const scaler_options *o = run->scaler->base.options->options;
    int64_t begin = piece * COLUMNS, width = run->values - begin;
    double mean[COLUMNS] = { 0 }, square[COLUMNS] = { 0 }, count[COLUMNS] = { 0 };
    (void)worker;
    if (width > COLUMNS) width = COLUMNS;
    for (int64_t i = 0; i < run->rows; i++) {
        const float *x = run->x + i * run->values + begin;
        for (int64_t k = 0; k < width; k++) {
            bool known = x[k] == x[k];
            mean[k] += known ? (double)x[k] : 0;
            count[k] += known;
        }
    }
    for (int64_t k = 0; k < width; k++) mean[k] = count[k] > 0 ? mean[k] / count[k] : 0;
    for (int64_t i = 0; i < run->rows; i++) {
        const float *x = run->x + i * run->values + begin;
        for (int64_t k = 0; k < width; k++) {
            double off = x[k] == x[k] ? (double)x[k] - mean[k] : 0;
            square[k] += off * off;
        }
    }
    for (int64_t k = 0; k < width; k++) {
        double variance = count[k] > 0 ? square[k] / count[k] : 0;
        float scale = (float)sqrt(variance);
        bool divides = o->with_std && !is_constant(variance, mean[k], count[k]) && scale > 0;
        dg_floats(&run->scaler->mean)[begin + k] = o->with_mean ? (float)mean[k] : 0;
        dg_floats(&run->scaler->scale)[begin + k] = divides ? scale : 1;
    }
    return DG_OK;
}

static dg_status scaler_fit(dg_step *step, const dg_tensor *x, int64_t values, const dg_job *job)
{
    struct scaler *scaler = (struct scaler *)step;
    struct scaler_run run = { scaler, dg_floats(x), x->shape[0], values };
    DG_TRY(dg_check_finite(x, true, "StandardScaler", job));
    DG_TRY(dg_tensor_new(&scaler->mean, DG_FLOAT32, 1, &values));
    DG_TRY(dg_tensor_new(&scaler->scale, DG_FLOAT32, 1, &values));
    return dg_parallel(job, (values + COLUMNS - 1) / COLUMNS, scaler_fit_columns, &run);
}

DG_KERNEL(void, scale_row, (float *x, const float *mean, const float *scale, int64_t values),
          (x, mean, scale, values))
{
    for (int64_t k = 0; k < values; k++) x[k] = (x[k] - mean[k]) / scale[k];
}

static dg_status scaler_scale_rows(void *context, int64_t piece, int worker)
{
    const struct scaler_run *run = context;
    int64_t begin = piece * ROWS, end = begin + ROWS < run->rows ? begin + ROWS : run->rows;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        scale_row(run->x + i * run->values, dg_floats(&run->scaler->mean),
                  dg_floats(&run->scaler->scale), run->values);
    return DG_OK;
}

static dg_status scaler_apply(const dg_step *step, dg_tensor *x, int64_t values, const dg_job *job)
{
    struct scaler_run run = { (struct scaler *)step, dg_floats(x), x->shape[0], values };
    return dg_parallel(job, (run.rows + ROWS - 1) / ROWS, scaler_scale_rows, &run);
}

static void scaler_release(dg_step *step)
{
    dg_tensor_release(&((struct scaler *)step)->mean);
    dg_tensor_release(&((struct scaler *)step)->scale);
}

static dg_status scaler_store(const dg_step *step, dg_tensor_file *file)
{
    DG_TRY(dg_tensor_file_add(file, "mean", &((const struct scaler *)step)->mean));
    return dg_tensor_file_add(file, "scale", &((const struct scaler *)step)->scale);
}

static dg_status scaler_restore(dg_step *step, int64_t values, const dg_tensor_file *file)
{
    struct scaler *scaler = (struct scaler *)step;
    dg_tensor mean, scale;
    DG_TRY(dg_tensor_file_want_as(file, "mean", DG_FLOAT32, 1, &values, &mean));
    DG_TRY(dg_tensor_file_want_as(file, "scale", DG_FLOAT32, 1, &values, &scale));
    for (int64_t k = 0; k < values; k++)
        if (!isfinite(dg_floats(&mean)[k]) || !isfinite(dg_floats(&scale)[k]) ||
            dg_floats(&scale)[k] <= 0)
            return dg_error(DG_FORMAT,
                            "a mean is not finite, or a scale is not finite and above 0");
    scaler->mean = dg_tensor_retain(&mean);
    scaler->scale = dg_tensor_retain(&scale);
    return DG_OK;
}

static const dg_param params[] = {
    DG_BOOL(scaler_options, with_mean, .default_number = 1, .doc = "subtract the mean"),
    DG_BOOL(scaler_options, with_std, .default_number = 1,
            .doc = "divide by the standard deviation (of constant values: by 1)"),
    DG_END,
};

static const dg_hint hints[] = {
    { "copy", "rows are never changed in place" },
    { NULL },
};

const dg_preparation_type dg_standard_scaler = {
    .part = { .kind = "preparation",
              .name = "StandardScaler",
              .alias = "standard_scaler",
              .peers = (const char *const[]){ "Normalization", NULL },
              .doc = "brings each value of a row to mean 0 and standard deviation 1",
              .example = "data.StandardScaler {}",
              .params = params,
              .options_size = sizeof(scaler_options),
              .hints = hints },
    .step_size = sizeof(struct scaler),
    .fit = scaler_fit,
    .apply = scaler_apply,
    .release = scaler_release,
    .store = scaler_store,
    .restore = scaler_restore,
};
