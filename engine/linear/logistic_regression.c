/* LogisticRegression: a linear function of the values for each class, and the softmax of them;
 * scikit-learn's names, defaults, objective and, once converged, coefficients:
 *
 *     mean of -log p(label) + |coef|^2 / (2 C W)
 *
 * over rows weighted by their weights, which sum to W. The intercepts are not penalised. For two
 * classes scikit-learn has one function; here each class has half of it, one of them negated, which
 * gives the same probabilities, and the penalty counts twice.
 *
 * Bytes are divided by 255. Everything is computed in doubles, in tiles whose order depends on the
 * sizes only. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/number.h"
#include "engine/fitting.h"
#include "engine/linear/lbfgs.h"
#include "engine/linear/softmax.h"
#include "engine/stopping.h"
#include "engine/store/safetensors.h"

enum { L2, NONE };

typedef struct logistic_options {
    double C, tol;
    int64_t max_iter;
    bool fit_intercept;
    int penalty;
} logistic_options;

typedef struct logistic {
    dg_learner base;
    dg_tensor coef;      /* {classes, values} float32 */
    dg_tensor intercept; /* {classes} float32; -infinity: no row of the fit had the class */
    int64_t n_iter;
} logistic;

static logistic *of(const dg_learner *learner)
{
    return (logistic *)learner;
}

static const logistic_options *options_of(const dg_learner *learner)
{
    return learner->options->options;
}

static void forget(logistic *learner)
{
    dg_tensor_release(&learner->coef);
    dg_tensor_release(&learner->intercept);
    learner->base.fitted = false;
}

static void logistic_free(dg_learner *learner)
{
    forget(of(learner));
}

/* --- a fit -------------------------------------------------------------------------------- */

struct logistic_fit {
    logistic *learner;
    const logistic_options *chosen;
    const dg_fit_options *options;
    const dg_job *job;
    dg_fit_result *result;
    dg_linear_softmax train, validation; /* validation.rows 0: there is none */
    int64_t size;                        /* of theta */
    int32_t *place;                      /* {classes of the set}: column of theta; -1: no rows */
    double *theta, *scaled, *best;       /* scaled: for bytes; best: the best iteration's */
    double *gradients;                   /* {pieces, size} */
    double penalty;                      /* the factor of |coef|^2 / 2 */
    double loss, accuracy;               /* at the last evaluation */
    double best_score, start;
};

/* theta for the unscaled values of x. */
static const double *scale(struct logistic_fit *fit, const double *theta, const dg_tensor *x)
{
    double factor = dg_linear_softmax_scale(x);
    if (factor == 1) return theta;
    int64_t inner = fit->size - fit->train.width;
    for (int64_t i = 0; i < fit->size; i++)
        fit->scaled[i] = i < inner ? factor * theta[i] : theta[i];
    return fit->scaled;
}

static dg_status logistic_evaluate(void *context, const double *theta, double *value,
                                   double *gradient)
{
    struct logistic_fit *fit = context;
    dg_linear_softmax *r = &fit->train;
    int64_t inner = fit->size - r->width;
    double factor = dg_linear_softmax_scale(r->x) / r->weights, squares = 0;
    memset(fit->gradients, 0, (size_t)(r->pieces * fit->size) * sizeof *fit->gradients);
    DG_TRY(dg_linear_softmax_run(r, scale(fit, theta, r->x), fit->job, &fit->loss, &fit->accuracy));
    memset(gradient, 0, (size_t)fit->size * sizeof *gradient);
    for (int64_t piece = 0; piece < r->pieces; piece++)
        for (int64_t i = 0; i < fit->size; i++) gradient[i] += r->piece[piece].gradient[i];
    for (int64_t i = 0; i < inner; i++) {
        gradient[i] = factor * gradient[i] + fit->penalty * theta[i];
        squares += theta[i] * theta[i];
    }
    for (int64_t i = inner; i < fit->size; i++)
        gradient[i] = fit->chosen->fit_intercept ? gradient[i] / r->weights : 0;
    *value = fit->loss + fit->penalty / 2 * squares;
    return DG_OK;
}

/* After an iteration: logs it, and decides whether to go on. */
static dg_status logistic_end_iteration(void *context, int64_t iteration, const double *theta,
                                        double value, bool *stop)
{
    struct logistic_fit *fit = context;
    const dg_fit_options *options = fit->options;
    double loss, accuracy;
    dg_log log = { .epoch = iteration, .epochs = fit->chosen->max_iter, .batch = 1, .batches = 1 };
    (void)value;
    log.seconds = dg_clock() - fit->start;
    fit->start += log.seconds;
    fit->learner->n_iter = iteration;
    dg_log_add(&log, "loss", fit->loss);
    dg_log_add(&log, "accuracy", fit->accuracy);
    if (fit->validation.rows) {
        dg_linear_softmax *r = &fit->validation;
        DG_TRY(dg_linear_softmax_run(r, scale(fit, theta, r->x), fit->job, &loss, &accuracy));
        dg_log_add(&log, "val_loss", loss);
        dg_log_add(&log, "val_accuracy", accuracy);
    }
    if (dg_stopping_judge(options, &log, &fit->best_score, fit->result, stop) && fit->best)
        memcpy(fit->best, theta, (size_t)fit->size * sizeof *theta);
    bool asked = false;
    if (options->on_epoch) DG_TRY(options->on_epoch(options->context, &log, &asked));
    *stop |= asked;
    return DG_OK;
}

/* Gives each class that has rows, of a weight above 0, a column of theta. */
static dg_status place_classes(struct logistic_fit *fit, const dg_dataset *set)
{
    const float *weight = set->weights.storage ? dg_floats(&set->weights) : NULL;
    const int32_t *position = dg_int32s(&set->positions);
    int64_t present = 0;
    DG_TRY(dg_alloc_zero(&fit->place, set->class_count, sizeof *fit->place));
    for (int64_t i = 0; i < dg_dataset_rows(set); i++)
        fit->place[position[i]] |= !weight || weight[i] > 0;
    for (int64_t c = 0; c < set->class_count; c++)
        fit->place[c] = fit->place[c] ? (int32_t)present++ : -1;
    fit->train.classes = present;
    if (present >= 2) return DG_OK;
    int32_t only = 0;
    while (fit->place[only] < 0) only++;
    return dg_error(DG_INVALID,
                    "fit: LogisticRegression needs rows of at least two classes, all rows%s have "
                    "the label %d",
                    weight ? " that count" : "", set->classes[only]);
}

static dg_status place_rows(struct logistic_fit *fit, dg_linear_softmax *r, const dg_dataset *set,
                            bool gradients, const char *who)
{
    int32_t *column;
    dg_linear_softmax_set(r, &set->x, fit->train.classes, gradients);
    DG_TRY(dg_learner_positions(&column, &fit->learner->base, set, who));
    for (int64_t i = 0; i < r->rows; i++) column[i] = fit->place[column[i]];
    r->column = column;
    r->weights = (double)r->rows;
    DG_TRY(dg_alloc_zero(&r->piece, r->pieces, sizeof *r->piece));
    if (!gradients || !set->weights.storage) return DG_OK;
    r->weight = dg_floats(&set->weights);
    r->weights = 0;
    for (int64_t i = 0; i < r->rows; i++) r->weights += (double)r->weight[i];
    return DG_OK;
}

static dg_status prepare(struct logistic_fit *fit, const dg_dataset *set)
{
    const dg_fit_options *options = fit->options;
    dg_linear_softmax *r = &fit->train;
    if (dg_dataset_row_size(set) < 1 || dg_dataset_row_size(set) > INT32_MAX)
        return dg_error(DG_INVALID, "fit: rows must have 1 to %d values, found %" PRId64, INT32_MAX,
                        dg_dataset_row_size(set));
    DG_TRY(dg_check_validation(set, options->validation, NULL, DG_TARGET_LABELS, false, fit->job));
    DG_TRY(dg_stopping_check(options, &fit->learner->base, DG_TARGET_LABELS));
    DG_TRY(dg_check_finite(&set->x, false, "fit", fit->job));
    DG_TRY(place_classes(fit, set));
    forget(fit->learner);
    DG_TRY(dg_learner_adopt(&fit->learner->base, set, DG_TARGET_LABELS));
    DG_TRY(place_rows(fit, r, set, true, "fit"));
    if (options->validation)
        DG_TRY(place_rows(fit, &fit->validation, options->validation, false, "fit: validation"));
    fit->size = (r->values + 1) * r->width;
    fit->penalty = fit->chosen->penalty == NONE ? 0 : 1 / (fit->chosen->C * r->weights);
    if (r->classes == 2) fit->penalty *= 2;
    DG_TRY(dg_alloc_zero(&fit->theta, fit->size, sizeof *fit->theta));
    DG_TRY(dg_alloc(&fit->scaled, fit->size, sizeof *fit->scaled));
    if (options->monitor && options->restore_best)
        DG_TRY(dg_alloc_zero(&fit->best, fit->size, sizeof *fit->best));
    DG_TRY(dg_alloc(&fit->gradients, r->pieces * fit->size, sizeof *fit->gradients));
    for (int64_t i = 0; i < r->pieces; i++) r->piece[i].gradient = fit->gradients + i * fit->size;
    return DG_OK;
}

static void release(struct logistic_fit *fit)
{
    dg_free((int32_t *)fit->train.column);
    dg_free((int32_t *)fit->validation.column);
    dg_free(fit->train.piece);
    dg_free(fit->validation.piece);
    dg_free(fit->place);
    dg_free(fit->theta);
    dg_free(fit->scaled);
    dg_free(fit->best);
    dg_free(fit->gradients);
}

/* The model predicts from theta rounded to float32, as its file has it. */
static dg_status take_theta(struct logistic_fit *fit, const double *theta)
{
    logistic *learner = fit->learner;
    int64_t classes = learner->base.class_count, values = fit->train.values;
    int64_t width = fit->train.width;
    DG_TRY(dg_tensor_zeros(&learner->coef, DG_FLOAT32, 2, (int64_t[]){ classes, values }));
    DG_TRY(dg_tensor_new(&learner->intercept, DG_FLOAT32, 1, &classes));
    for (int64_t c = 0; c < classes; c++) {
        int64_t column = fit->place[c];
        dg_floats(&learner->intercept)[c] =
            column < 0 ? -INFINITY : (float)theta[values * width + column];
        for (int64_t j = 0; column >= 0 && j < values; j++)
            dg_floats(&learner->coef)[c * values + j] = (float)theta[j * width + column];
    }
    learner->base.fitted = true;
    return DG_OK;
}

static void warn(const struct logistic_fit *fit, const dg_lbfgs_result *found)
{
    dg_snprintf(fit->result->warning, sizeof fit->result->warning,
                "LogisticRegression has not converged in %" PRId64
                " iterations: the greatest derivative is %.2g, tol is %.2g: %s",
                found->iterations, found->steepest, fit->chosen->tol,
                found->iterations < fit->chosen->max_iter
                    ? "rounding hides any better point: raise tol"
                    : "raise max_iter, scale the values, or lower C");
}

static dg_status run(struct logistic_fit *fit, const dg_dataset *set)
{
    DG_TRY(prepare(fit, set));
    dg_lbfgs problem = { .size = fit->size,
                         .max_iter = fit->chosen->max_iter,
                         .tol = fit->chosen->tol,
                         .precision = 0x1p-52,
                         .evaluate = logistic_evaluate,
                         .on_step = logistic_end_iteration,
                         .context = fit };
    dg_lbfgs_result found;
    fit->learner->n_iter = 0;
    fit->start = dg_clock();
    dg_status status = dg_lbfgs_minimise(&problem, fit->theta, &found);
    if (status != DG_OK && (status != DG_CANCELLED || fit->learner->n_iter == 0)) return status;
    if (found.iterations == 0) { /* nothing to learn: a fit logs one step at least */
        bool stop = false;
        DG_TRY(logistic_end_iteration(fit, 1, fit->theta, found.value, &stop));
        fit->learner->n_iter = 0;
    }
    if (status == DG_OK && !found.converged && !found.stopped) warn(fit, &found);
    bool restore = fit->best && fit->result->best_epoch > 0;
    DG_TRY(take_theta(fit, restore ? fit->best : fit->theta));
    return status;
}

static dg_status logistic_fit(dg_learner *learner, const dg_dataset *set,
                              const dg_fit_options *options, const dg_job *job,
                              dg_fit_result *result)
{
    DG_CLEANUP(release)
    struct logistic_fit fit = { .learner = of(learner),
                                .chosen = options_of(learner),
                                .options = options,
                                .job = job,
                                .result = result };
    return run(&fit, set);
}

/* --- predicting --------------------------------------------------------------------------- */

static dg_status logistic_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                        const dg_job *job, dg_tensor *out)
{
    dg_linear_softmax r = { .weights = 1 };
    DG_OWNED double *theta = NULL;
    DG_OWNED dg_linear_softmax_piece *piece = NULL;
    DG_OWNED_TENSOR proba = { 0 };
    double unused, factor = dg_linear_softmax_scale(x);
    if (!learner->fitted) return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(dg_check_finite(x, false, "predict", job));
    dg_linear_softmax_set(&r, x, learner->class_count, false);
    DG_TRY(dg_tensor_new(&proba, DG_FLOAT32, 2, (int64_t[]){ r.rows, r.classes }));
    r.proba = dg_floats(&proba);
    DG_TRY(dg_alloc_zero(&piece, r.pieces, sizeof *piece));
    r.piece = piece;
    DG_TRY(dg_alloc_zero(&theta, (r.values + 1) * r.width, sizeof *theta));
    for (int64_t c = 0; c < r.classes; c++) {
        const float *coef = dg_floats(&of(learner)->coef) + c * r.values;
        for (int64_t j = 0; j < r.values; j++) theta[j * r.width + c] = factor * (double)coef[j];
        theta[r.values * r.width + c] = (double)dg_floats(&of(learner)->intercept)[c];
    }
    DG_TRY(dg_linear_softmax_run(&r, theta, job, &unused, &unused));
    *out = DG_TAKE(proba);
    return DG_OK;
}

/* --- words and files ---------------------------------------------------------------------- */

static dg_status logistic_summary(const dg_learner *learner, char **out)
{
    dg_text text = { 0 };
    dg_describe_learner(learner, &text);
    if (learner->fitted)
        dg_text_add(&text, "\ncoefficients: %" PRId64 ", iterations: %" PRId64,
                    dg_tensor_count(&of(learner)->coef) + of(learner)->intercept.shape[0],
                    of(learner)->n_iter);
    return dg_text_take(&text, out);
}

static dg_status logistic_store(const dg_learner *learner, dg_tensor_file *file)
{
    DG_OWNED_TENSOR count = { 0 };
    DG_TRY(dg_tensor_file_add(file, "coef", &of(learner)->coef));
    DG_TRY(dg_tensor_file_add(file, "intercept", &of(learner)->intercept));
    DG_TRY(dg_tensor_zeros(&count, DG_INT32, 1, (int64_t[]){ 1 }));
    dg_int32s(&count)[0] = (int32_t)of(learner)->n_iter;
    return dg_tensor_file_add(file, "n_iter", &count);
}

static dg_status logistic_restore(dg_learner *learner, const struct cJSON *root,
                                  const dg_tensor_file *file)
{
    logistic *mine = of(learner);
    dg_tensor coef, intercept, n_iter;
    int64_t values = dg_learner_row_size(learner), classes = learner->class_count, present = 0;
    dg_job job = dg_job_default();
    (void)root;
    DG_TRY(
        dg_tensor_file_want_as(file, "coef", DG_FLOAT32, 2, (int64_t[]){ classes, values }, &coef));
    DG_TRY(dg_tensor_file_want_as(file, "intercept", DG_FLOAT32, 1, &classes, &intercept));
    DG_TRY(dg_tensor_file_want_as(file, "n_iter", DG_INT32, 1, (int64_t[]){ 1 }, &n_iter));
    bool finite = dg_check_finite(&coef, false, "'coef'", &job) == DG_OK;
    for (int64_t c = 0; c < classes; c++) {
        float value = dg_floats(&intercept)[c];
        finite &= value < INFINITY; /* NaN is not */
        present += isfinite(value);
    }
    if (dg_int32s(&n_iter)[0] < 0) return dg_error(DG_FORMAT, "'n_iter' must be at least 0");
    if (!finite) return dg_error(DG_FORMAT, "the coefficients are not finite");
    if (present < 2)
        return dg_error(
            DG_FORMAT, "there must be intercepts of at least two classes, found %" PRId64, present);
    mine->coef = dg_tensor_retain(&coef);
    mine->intercept = dg_tensor_retain(&intercept);
    mine->n_iter = dg_int32s(&n_iter)[0];
    learner->fitted = true;
    return DG_OK;
}

/* --- descriptor --------------------------------------------------------------------------- */

/* As in scikit-learn: for two classes, the function of the second. */
static dg_status give(const dg_tensor *from, dg_tensor *out)
{
    int64_t classes = from->shape[0], size = dg_tensor_count(from) / classes;
    DG_TRY(dg_tensor_copy(out, from));
    if (classes != 2) return DG_OK;
    float *value = dg_floats(out);
    for (int64_t i = 0; i < size; i++) value[i] = value[size + i] - value[i];
    out->shape[0] = 1;
    return DG_OK;
}

static dg_status coef(const dg_learner *learner, dg_tensor *out)
{
    return give(&of(learner)->coef, out);
}

static dg_status intercept(const dg_learner *learner, dg_tensor *out)
{
    return give(&of(learner)->intercept, out);
}

static double n_iter(const dg_learner *learner)
{
    return (double)of(learner)->n_iter;
}

static float byte_scale(const dg_learner *learner)
{
    (void)learner;
    return 255;
}

static const dg_attribute attributes[] = {
    { .name = "coef",
      .doc = "the coefficients, a tensor {classes, values}; for two classes {1, values}, of the "
             "second",
      .tensor = coef },
    { .name = "intercept",
      .doc = "a tensor {classes}, or {1} for two; -inf: no row of the fit had the class",
      .tensor = intercept },
    { .name = "n_iter", .doc = "how many iterations the last fit took", .number = n_iter },
    { .name = NULL },
};

static const char *const penalties[] = { "l2", "none", NULL };

static const dg_param params[] = {
    DG_FLOAT(logistic_options, C, DG_ABOVE(0), .default_number = 1,
             .doc =
                 "the inverse of the penalty's weight: a smaller C makes the coefficients smaller"),
    DG_INT(logistic_options, max_iter, DG_WITHIN(1, INT32_MAX), .default_number = 100,
           .doc = "maximum number of iterations"),
    DG_FLOAT(logistic_options, tol, DG_AT_LEAST(0), .default_number = 1e-4,
             .doc = "the fit has converged when no derivative of the mean loss exceeds this"),
    DG_BOOL(logistic_options, fit_intercept, .default_number = 1,
            .doc = "add a constant for each class, which is not penalised"),
    DG_CHOICE(logistic_options, penalty, .choices = penalties, .default_text = "l2",
              .doc = "l2: half the sum of the squared coefficients; none: no penalty"),
    DG_END,
};

static const dg_hint hints[] = {
    { "solver", "the solver is L-BFGS: leave it out" },
    { "multi_class", "the model is multinomial: leave it out" },
    { "l1_ratio", "the penalty is l2: leave it out" },
    { "class_weight", "give fit the option sample_weight = ..." },
    { "random_state", "the fit draws nothing at random: leave it out" },
    { "epochs", "use max_iter = ..." },
    { "n_jobs", "use digits.threads(n)" },
    { "verbose", "it is an option of fit" },
    { NULL },
};

const dg_learner_type dg_logistic_regression = {
    .part = { .kind = "learner",
              .name = "LogisticRegression",
              .alias = "logistic_regression",
              .doc = "the softmax of linear functions of the values (Cox 1958); bytes are divided "
                     "by 255",
              .example = "linear.LogisticRegression { C = 0.1 }",
              .params = params,
              .options_size = sizeof(logistic_options),
              .hints = hints },
    .module = "linear",
    .size = sizeof(logistic),
    .target = DG_TARGET_LABELS,
    .free = logistic_free,
    .fit = logistic_fit,
    .predict_proba = logistic_predict_proba,
    .evaluate = dg_evaluate_outputs,
    .summary = logistic_summary,
    .byte_scale = byte_scale,
    .step = "iteration",
    .takes_weights = true,
    .attributes = attributes,
    .store = logistic_store,
    .restore = logistic_restore,
};
