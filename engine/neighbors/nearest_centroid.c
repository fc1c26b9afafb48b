/* NearestCentroid: the class whose mean is nearest, as scikit-learn's.
 *
 * The probabilities are those of classes that are equally likely and spread alike in all
 * directions, with the variance s^2 of the values within the classes: the softmax of
 * -|x - mean|^2 / (2 s^2). So the class of the nearest mean has the greatest. scikit-learn's
 * predict_proba divides each value by its own deviation, and often contradicts its predict (for 9 %
 * of the rows of MNIST). */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/math64.h"
#include "engine/base/memory.h"
#include "engine/fitting.h"
#include "engine/neighbors/distance.h"
#include "engine/stopping.h"
#include "engine/store/safetensors.h"
#include "engine/tensor/convert.h"

typedef struct centroid_options {
    int metric;
    double shrink_threshold; /* NaN: none */
} centroid_options;

typedef struct nearest_centroid {
    dg_learner base;
    dg_tensor centroids; /* {classes, values} float32; NaN: no row of the fit had the class */
    float variance;      /* within the classes, the mean over the values */
} nearest_centroid;

static nearest_centroid *of(const dg_learner *learner)
{
    return (nearest_centroid *)learner;
}

static void centroid_free(dg_learner *learner)
{
    dg_tensor_release(&of(learner)->centroids);
}

/* --- fitting ------------------------------------------------------------------------------ */

struct centroid_fit {
    const dg_dataset *set;
    int64_t classes, values;
    int64_t present, rows; /* classes that have rows; rows of the set */
    int64_t *count;        /* {classes} */
    double *mean;          /* {classes, values} */
    double *squares;       /* {classes, values}: sums of squared distances from the mean */
    double *all, *spread;  /* {values}: mean of all rows, deviation within the classes */
};

/* Sums over the rows of one class, in their order. */
static dg_status centroid_sum_class(void *context, int64_t class, int worker)
{
    struct centroid_fit *fit = context;
    const dg_tensor *x = &fit->set->x;
    const int32_t *position = dg_int32s(&fit->set->positions);
    int64_t values = fit->values, size = (int64_t)dg_dtype_size(x->dtype);
    double *mean = fit->mean + class * values, *squares = fit->squares + class * values;
    DG_OWNED double *row = NULL;
    (void)worker;
    DG_TRY(dg_alloc(&row, values, sizeof *row));
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < fit->rows; i++) {
            if (position[i] != class) continue;
            dg_load_doubles(row, (const char *)x->data + i * values * size, size, x->dtype, values);
            for (int64_t j = 0; j < values && pass == 0; j++) mean[j] += row[j];
            for (int64_t j = 0; j < values && pass == 1; j++)
                squares[j] += (row[j] - mean[j]) * (row[j] - mean[j]);
        }
        for (int64_t j = 0; j < values && pass == 0; j++) mean[j] /= (double)fit->count[class];
    }
    return DG_OK;
}

static dg_status sum_rows(struct centroid_fit *fit, const dg_job *job)
{
    int64_t size = fit->classes * fit->values;
    DG_TRY(dg_alloc(&fit->count, fit->classes, sizeof *fit->count));
    DG_TRY(dg_alloc_zero(&fit->mean, size, sizeof *fit->mean));
    DG_TRY(dg_alloc_zero(&fit->squares, size, sizeof *fit->squares));
    DG_TRY(dg_alloc_zero(&fit->all, fit->values, sizeof *fit->all));
    DG_TRY(dg_alloc_zero(&fit->spread, fit->values, sizeof *fit->spread));
    dg_dataset_counts(fit->set, fit->count);
    for (int64_t c = 0; c < fit->classes; c++) fit->present += fit->count[c] > 0;
    if (fit->present < 2)
        return dg_error(DG_INVALID, "fit: NearestCentroid needs rows of at least two classes");
    DG_TRY(dg_parallel(job, fit->classes, centroid_sum_class, fit));
    for (int64_t c = 0; c < fit->classes; c++)
        for (int64_t j = 0; j < fit->values && fit->count[c]; j++) {
            fit->all[j] += fit->mean[c * fit->values + j] * (double)fit->count[c];
            fit->spread[j] += fit->squares[c * fit->values + j];
        }
    for (int64_t j = 0; j < fit->values; j++) fit->all[j] /= (double)fit->rows;
    return DG_OK;
}

static int by_size(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

/* Moves each mean to that of all rows by `threshold` deviations, in each value (Tibshirani et al.
 * 2002). */
static dg_status shrink(struct centroid_fit *fit, double threshold)
{
    int64_t values = fit->values, middle = values / 2;
    double freedom = (double)(fit->rows - fit->present);
    DG_OWNED double *sorted = NULL;
    if (fit->rows == fit->present)
        return dg_error(DG_INVALID, "fit: shrink_threshold needs more rows than classes");
    DG_TRY(dg_alloc(&sorted, values, sizeof *sorted));
    for (int64_t j = 0; j < values; j++) sorted[j] = sqrt(fit->spread[j] / freedom);
    qsort(sorted, (size_t)values, sizeof *sorted, by_size);
    double median = values % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    for (int64_t c = 0; c < fit->classes; c++) {
        double m = sqrt(1 / (double)fit->count[c] - 1 / (double)fit->rows);
        for (int64_t j = 0; j < values && fit->count[c]; j++) {
            double unit = m * (sqrt(fit->spread[j] / freedom) + median);
            double away = fit->mean[c * values + j] - fit->all[j];
            double left = fmax(fabs(away) - threshold * unit, 0);
            fit->mean[c * values + j] = fit->all[j] + copysign(left, away);
        }
    }
    return DG_OK;
}

static dg_status keep(nearest_centroid *learner, const struct centroid_fit *fit)
{
    double squares = 0, freedom = (double)(fit->rows - fit->present);
    learner->base.fitted = false;
    dg_tensor_release(&learner->centroids);
    DG_TRY(dg_learner_adopt(&learner->base, fit->set, DG_TARGET_LABELS));
    DG_TRY(dg_tensor_new(&learner->centroids, DG_FLOAT32, 2,
                         (int64_t[]){ fit->classes, fit->values }));
    for (int64_t i = 0; i < fit->classes * fit->values; i++)
        dg_floats(&learner->centroids)[i] = fit->count[i / fit->values] ? (float)fit->mean[i] : NAN;
    for (int64_t j = 0; j < fit->values; j++) squares += fit->spread[j];
    double variance = freedom > 0 ? squares / freedom / (double)fit->values : 0;
    learner->variance = (float)fmin(variance, FLT_MAX);
    learner->base.fitted = true;
    return DG_OK;
}

static dg_status run(struct centroid_fit *fit, dg_learner *learner, const dg_fit_options *options,
                     const dg_job *job)
{
    const centroid_options *chosen = learner->options->options;
    if (fit->values < 1 || fit->values > INT32_MAX)
        return dg_error(DG_INVALID, "fit: rows must have 1 to %d values, found %" PRId64, INT32_MAX,
                        fit->values);
    DG_TRY(dg_check_validation(fit->set, options->validation, NULL, DG_TARGET_LABELS, false, job));
    DG_TRY(dg_stopping_check(options, NULL, DG_TARGET_LABELS));
    DG_TRY(dg_check_finite(&fit->set->x, false, "fit", job));
    DG_TRY(sum_rows(fit, job));
    if (!isnan(chosen->shrink_threshold)) DG_TRY(shrink(fit, chosen->shrink_threshold));
    return keep(of(learner), fit);
}

static void centroid_fit_release(struct centroid_fit *fit)
{
    dg_free(fit->count);
    dg_free(fit->mean);
    dg_free(fit->squares);
    dg_free(fit->all);
    dg_free(fit->spread);
}

static dg_status centroid_fit(dg_learner *learner, const dg_dataset *set,
                              const dg_fit_options *options, const dg_job *job,
                              dg_fit_result *result)
{
    dg_log log = { .epoch = 1, .epochs = 1 };
    double start = dg_clock();
    DG_CLEANUP(centroid_fit_release)
    struct centroid_fit fit = { .set = set,
                                .classes = set->class_count,
                                .values = dg_dataset_row_size(set),
                                .rows = dg_dataset_rows(set) };
    DG_TRY(run(&fit, learner, options, job));
    result->best_epoch = 1;
    log.seconds = dg_clock() - start;
    return dg_finish_whole_fit(learner, options, job, &log);
}

/* --- predicting --------------------------------------------------------------------------- */

enum { PIECE_ROWS = 64 };

struct centroid_predict {
    const nearest_centroid *learner;
    const dg_tensor *x;
    float *out; /* {rows, classes} */
};

/* Squares of distances become probabilities. If the variance is 0, the nearest classes share all of
 * it. */
static void weigh(const double *square, int64_t classes, double variance, float *out)
{
    double least = INFINITY, sum = 0;
    for (int64_t c = 0; c < classes; c++) least = fmin(least, square[c]);
    for (int pass = 0; pass < 2; pass++)
        for (int64_t c = 0; c < classes; c++) {
            double more = square[c] - least;
            double part = more == 0 ? 1 : variance > 0 ? dg_exp64(-more / (2 * variance)) : 0;
            if (pass == 0)
                sum += part;
            else
                out[c] = (float)(part / sum);
        }
}

static dg_status centroid_predict_piece(void *context, int64_t piece, int worker)
{
    const struct centroid_predict *p = context;
    const dg_tensor *centroids = &p->learner->centroids;
    int64_t classes = centroids->shape[0], values = centroids->shape[1];
    int64_t begin = piece * PIECE_ROWS, end = begin + PIECE_ROWS;
    if (end > p->x->shape[0]) end = p->x->shape[0];
    DG_OWNED float *room = NULL;
    DG_OWNED double *square = NULL;
    (void)worker;
    DG_TRY(dg_alloc(&square, classes, sizeof *square));
    DG_TRY(dg_alloc(&room, values, sizeof *room));
    for (int64_t i = begin; i < end; i++) {
        const float *row = dg_rows_as_floats(p->x, values, i, 1, room);
        for (int64_t c = 0; c < classes; c++) {
            const float *centroid = dg_floats(centroids) + c * values;
            square[c] = isnan(centroid[0]) ? INFINITY : dg_square_distance(row, centroid, values);
        }
        weigh(square, classes, (double)p->learner->variance, p->out + i * classes);
    }
    return DG_OK;
}

static dg_status centroid_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                        const dg_job *job, dg_tensor *out)
{
    struct centroid_predict predict = { .learner = of(learner), .x = x };
    int64_t rows = x->shape[0];
    if (!learner->fitted) return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(dg_check_finite(x, false, "predict", job));
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 2, (int64_t[]){ rows, learner->class_count }));
    predict.out = dg_floats(out);
    dg_status status =
        dg_parallel(job, (rows + PIECE_ROWS - 1) / PIECE_ROWS, centroid_predict_piece, &predict);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

/* --- words and files ---------------------------------------------------------------------- */

static dg_status centroid_summary(const dg_learner *learner, char **out)
{
    dg_text text = { 0 };
    dg_describe_learner(learner, &text);
    if (learner->fitted)
        dg_text_add(&text, "\ndeviation within the classes: %.4g",
                    sqrt((double)of(learner)->variance));
    return dg_text_take(&text, out);
}

static dg_status centroid_store(const dg_learner *learner, dg_tensor_file *file)
{
    DG_OWNED_TENSOR variance = { 0 };
    DG_TRY(dg_tensor_file_add(file, "centroids", &of(learner)->centroids));
    DG_TRY(dg_tensor_new(&variance, DG_FLOAT32, 1, (int64_t[]){ 1 }));
    dg_floats(&variance)[0] = of(learner)->variance;
    return dg_tensor_file_add(file, "variance", &variance);
}

static dg_status centroid_restore(dg_learner *learner, const struct cJSON *root,
                                  const dg_tensor_file *file)
{
    nearest_centroid *mine = of(learner);
    dg_tensor centroids, variance;
    int64_t values = dg_learner_row_size(learner), classes = learner->class_count, present = 0;
    (void)root;
    DG_TRY(dg_tensor_file_want_as(file, "centroids", DG_FLOAT32, 2, (int64_t[]){ classes, values },
                                  &centroids));
    DG_TRY(dg_tensor_file_want_as(file, "variance", DG_FLOAT32, 1, (int64_t[]){ 1 }, &variance));
    for (int64_t c = 0; c < classes; c++) {
        const float *row = dg_floats(&centroids) + c * values;
        int64_t finite = 0, missing = 0;
        for (int64_t j = 0; j < values; j++) {
            finite += isfinite(row[j]);
            missing += isnan(row[j]);
        }
        if (finite != values && missing != values)
            return dg_error(DG_FORMAT, "the centroid of class %" PRId64 " is not finite", c + 1);
        present += finite == values;
    }
    if (present < 2)
        return dg_error(DG_FORMAT,
                        "there must be centroids of at least two classes, found %" PRId64, present);
    if (!(dg_floats(&variance)[0] >= 0 && dg_floats(&variance)[0] <= FLT_MAX))
        return dg_error(DG_FORMAT, "the tensor 'variance' must be at least 0 and finite");
    mine->centroids = dg_tensor_retain(&centroids);
    mine->variance = dg_floats(&variance)[0];
    learner->fitted = true;
    return DG_OK;
}

/* --- descriptor --------------------------------------------------------------------------- */

static dg_status centroids(const dg_learner *learner, dg_tensor *out)
{
    return dg_tensor_copy(out, &of(learner)->centroids);
}

static const dg_attribute attributes[] = {
    { .name = "centroids",
      .doc = "the mean of each class, a tensor {classes, values}; NaN: no row of the fit had the "
             "class",
      .tensor = centroids },
    { .name = NULL },
};

static const char *const metrics[] = { "euclidean", NULL };

static const dg_param params[] = {
    DG_CHOICE(centroid_options, metric, .choices = metrics, .default_text = "euclidean",
              .doc = "how distances are measured"),
    DG_FLOAT(centroid_options, shrink_threshold, DG_ABOVE(0), .optional = true,
             .doc = "how many deviations each mean moves towards the mean of all rows, so that "
                    "values that hardly differ between classes do not count; nil: none"),
    DG_END,
};

static const dg_hint hints[] = {
    { "priors", "all classes are equally likely: leave it out" },
    { "n_jobs", "use digits.threads(n)" },
    { NULL },
};

const dg_learner_type dg_nearest_centroid = {
    .part = { .kind = "learner",
              .name = "NearestCentroid",
              .alias = "nearest_centroid",
              .doc = "the class whose mean is nearest (Rocchio 1971)",
              .example = "neighbors.NearestCentroid {}",
              .params = params,
              .options_size = sizeof(centroid_options),
              .hints = hints },
    .module = "neighbors",
    .size = sizeof(nearest_centroid),
    .target = DG_TARGET_LABELS,
    .free = centroid_free,
    .fit = centroid_fit,
    .predict_proba = centroid_predict_proba,
    .evaluate = dg_evaluate_outputs,
    .summary = centroid_summary,
    .attributes = attributes,
    .store = centroid_store,
    .restore = centroid_restore,
};
