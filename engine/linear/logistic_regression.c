/* LogisticRegression: a linear function of the values for each class, and the softmax of them;
 * scikit-learn's names, defaults, objective and, once converged, coefficients:
 *
 *     mean of -log p(label) + |coef|^2 / (2 C W)
 *
 * over rows weighted by their weights, which sum to W. The intercepts are not penalised. Of two
 * classes scikit-learn has one function; here each has half of it, one of them negative, which
 * gives the same probabilities, and the penalty counts twice.
 *
 * Bytes are divided by 255, as networks do. All is computed in doubles, by tiles whose order
 * follows from the sizes alone. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/number.h"
#include "engine/fitting.h"
#include "engine/linear/lbfgs.h"
#include "engine/stopping.h"
#include "engine/store/safetensors.h"
#include "engine/tensor/convert.h"
#include "engine/tensor/product64.h"

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

static void free_learner(dg_learner *learner)
{
    forget(of(learner));
}

/* --- rows and their probabilities --------------------------------------------------------- */

/* Rows to be judged: by the weights of `theta` {values + 1, width}, whose last row are the
 * intercepts; columns from `classes` on are 0 and do not count. */
struct rows {
    const dg_tensor *x; /* {rows, ...} contiguous */
    int64_t rows, values, classes, width;
    const int32_t *column; /* {rows}: of the label of each; -1: of none. NULL: no labels */
    const float *weight;   /* {rows} or NULL: 1 */
    double weights;        /* their sum */
    int64_t block;         /* rows that are held as doubles at a time */
    int64_t pieces;
    const double *theta; /* for the bytes or floats of x as they are */
    struct piece {
        double loss, correct; /* weighted */
        double *gradient;     /* {values + 1, width}, or NULL: not wanted */
    } * piece;
    float *proba; /* {rows, classes}, or NULL */
};

static double scale_of(const dg_tensor *x)
{
    return x->dtype == DG_UINT8 ? 1 / 255.0 : 1;
}

static void set_rows(struct rows *r, const dg_tensor *x, int64_t classes, bool gradients)
{
    enum { ROOM = 24 * 1024, LEAST = 4, MOST = 64, GRAIN = 256, MOST_PIECES = 64 };
    const int64_t gradient_room = 1 << 23; /* doubles */
    r->x = x;
    r->rows = x->shape[0];
    r->values = 1;
    for (int i = 1; i < x->axes; i++) r->values *= x->shape[i];
    r->classes = classes;
    r->width = (classes + DG_LANES64 - 1) / DG_LANES64 * DG_LANES64;
    r->block = ROOM / r->values;
    r->block = r->block < LEAST ? LEAST : r->block > MOST ? MOST : r->block;
    int64_t most = gradients ? gradient_room / ((r->values + 1) * r->width) : MOST_PIECES;
    r->pieces = dg_pieces(r->rows, GRAIN, most < 1 ? 1 : most > MOST_PIECES ? MOST_PIECES : most);
}

/* Row `row`, whose linear functions are in `z`: the loss; z becomes the gradient by them. */
static void judge(const struct rows *r, int64_t row, double *z, struct piece *piece)
{
    int64_t best = 0;
    double sum = 0, most, label = 0;
    for (int64_t c = 1; c < r->classes; c++)
        if (z[c] > z[best]) best = c;
    most = z[best];
    int32_t column = r->column ? r->column[row] : -1;
    if (column >= 0) label = z[column] - most;
    for (int64_t c = 0; c < r->classes; c++) {
        z[c] = exp(z[c] - most);
        sum += z[c];
    }
    for (int64_t c = 0; c < r->classes; c++) z[c] /= sum;
    for (int64_t c = 0; r->proba && c < r->classes; c++)
        r->proba[row * r->classes + c] = (float)z[c];
    if (!r->column) return;
    double weight = r->weight ? (double)r->weight[row] : 1;
    double loss = column >= 0 ? log(sum) - label : INFINITY;
    piece->correct += column == best ? weight : 0;
    if (!piece->gradient) loss = fmin(loss, -log(1e-16)); /* as dg_judge_outputs */
    piece->loss += weight > 0 ? weight * loss : 0;
    for (int64_t c = 0; piece->gradient && c < r->classes; c++)
        z[c] = weight * (z[c] - (c == column));
}

static dg_status judge_piece(void *context, int64_t index, int worker)
{
    const struct rows *r = context;
    struct piece *piece = &r->piece[index];
    int64_t values = r->values, width = r->width, size = (int64_t)dg_dtype_size(r->x->dtype);
    int64_t end = dg_piece_begin(r->rows, r->pieces, index + 1);
    const double *intercept = r->theta + values * width;
    double *x, *z;
    (void)worker;
    DG_TRY(dg_alloc(&x, r->block * (values + width), sizeof *x));
    z = x + r->block * values;
    for (int64_t row = dg_piece_begin(r->rows, r->pieces, index); row < end; row += r->block) {
        int64_t count = end - row < r->block ? end - row : r->block;
        dg_load_doubles(x, (const char *)r->x->data + row * values * size, size, r->x->dtype,
                        count * values);
        for (int64_t i = 0; i < count; i++)
            memcpy(z + i * width, intercept, (size_t)width * sizeof *z);
        dg_multiply64(&(dg_product64){ count, width, values, x, values, 1, r->theta, z });
        for (int64_t i = 0; i < count; i++) judge(r, row + i, z + i * width, piece);
        if (!piece->gradient) continue;
        dg_multiply64(&(dg_product64){ values, width, count, x, 1, values, z, piece->gradient });
        double *last = piece->gradient + values * width;
        for (int64_t i = 0; i < count * width; i++) last[i % width] += z[i];
    }
    dg_free(x);
    return DG_OK;
}

static dg_status judge_rows(struct rows *r, const double *theta, const dg_job *job, double *loss,
                            double *accuracy)
{
    double correct = 0;
    *loss = 0;
    r->theta = theta;
    for (int64_t i = 0; i < r->pieces; i++) r->piece[i].loss = r->piece[i].correct = 0;
    DG_TRY(dg_parallel(job, r->pieces, judge_piece, r));
    for (int64_t i = 0; i < r->pieces; i++) {
        *loss += r->piece[i].loss;
        correct += r->piece[i].correct;
    }
    *loss /= r->weights;
    *accuracy = correct / r->weights;
    return DG_OK;
}

/* --- a fit -------------------------------------------------------------------------------- */

struct fit {
    logistic *learner;
    const logistic_options *chosen;
    const dg_fit_options *options;
    const dg_job *job;
    dg_fit_result *result;
    struct rows train, validation; /* validation.rows 0: there is none */
    int64_t size;                  /* of theta */
    int32_t *place;                /* {classes of the set}: column of theta; -1: no rows */
    double *theta, *scaled, *best; /* scaled: for bytes; best: of the best iteration, to restore */
    double *gradients;             /* {pieces, size} */
    double penalty;                /* the factor of |coef|^2 / 2 */
    double loss, accuracy;         /* at the last evaluation */
    double best_score, start;
};

/* theta for values as they are. */
static const double *scale(struct fit *fit, const double *theta, const dg_tensor *x)
{
    double factor = scale_of(x);
    if (factor == 1) return theta;
    int64_t inner = fit->size - fit->train.width;
    for (int64_t i = 0; i < fit->size; i++)
        fit->scaled[i] = i < inner ? factor * theta[i] : theta[i];
    return fit->scaled;
}

static dg_status evaluate_theta(void *context, const double *theta, double *value, double *gradient)
{
    struct fit *fit = context;
    struct rows *r = &fit->train;
    int64_t inner = fit->size - r->width;
    double factor = scale_of(r->x) / r->weights, squares = 0;
    memset(fit->gradients, 0, (size_t)(r->pieces * fit->size) * sizeof *fit->gradients);
    DG_TRY(judge_rows(r, scale(fit, theta, r->x), fit->job, &fit->loss, &fit->accuracy));
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

/* After an iteration: tells of it, and judges whether to go on. */
static dg_status end_iteration(void *context, int64_t iteration, const double *theta, double value,
                               bool *stop)
{
    struct fit *fit = context;
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
        struct rows *r = &fit->validation;
        DG_TRY(judge_rows(r, scale(fit, theta, r->x), fit->job, &loss, &accuracy));
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

/* Which classes have rows that count: columns of theta are theirs. */
static dg_status place_classes(struct fit *fit, const dg_dataset *set)
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

static dg_status place_rows(struct fit *fit, struct rows *r, const dg_dataset *set, bool gradients,
                            const char *who)
{
    int32_t *column;
    set_rows(r, &set->x, fit->train.classes, gradients);
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

static dg_status prepare(struct fit *fit, const dg_dataset *set)
{
    const dg_fit_options *options = fit->options;
    struct rows *r = &fit->train;
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

static void release(struct fit *fit)
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

/* What the model predicts from: rounded to the floats that its file has. */
static dg_status take_theta(struct fit *fit, const double *theta)
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

static void warn(const struct fit *fit, const dg_lbfgs_result *found)
{
    dg_print(fit->result->warning, sizeof fit->result->warning,
             "LogisticRegression has not converged in %" PRId64
             " iterations: the greatest derivative is %.2g, tol is %.2g: %s",
             found->iterations, found->steepest, fit->chosen->tol,
             found->iterations < fit->chosen->max_iter
                 ? "no better point can be told from rounding: raise tol"
                 : "raise max_iter, scale the values, or lower C");
}

static dg_status run(struct fit *fit, const dg_dataset *set)
{
    DG_TRY(prepare(fit, set));
    dg_lbfgs problem = { .size = fit->size,
                         .max_iter = fit->chosen->max_iter,
                         .tol = fit->chosen->tol,
                         .precision = 0x1p-52,
                         .evaluate = evaluate_theta,
                         .on_step = end_iteration,
                         .context = fit };
    dg_lbfgs_result found;
    fit->learner->n_iter = 0;
    fit->start = dg_clock();
    dg_status status = dg_lbfgs_minimise(&problem, fit->theta, &found);
    if (status != DG_OK && (status != DG_CANCELLED || fit->learner->n_iter == 0)) return status;
    if (found.iterations == 0) { /* nothing to be learnt: a fit tells of one step at least */
        bool stop = false;
        DG_TRY(end_iteration(fit, 1, fit->theta, found.value, &stop));
        fit->learner->n_iter = 0;
    }
    if (status == DG_OK && !found.converged && !found.stopped) warn(fit, &found);
    bool restore = fit->best && fit->result->best_epoch > 0;
    DG_TRY(take_theta(fit, restore ? fit->best : fit->theta));
    return status;
}

static dg_status fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                     const dg_job *job, dg_fit_result *result)
{
    struct fit fit = { .learner = of(learner),
                       .chosen = options_of(learner),
                       .options = options,
                       .job = job,
                       .result = result };
    dg_status status = run(&fit, set);
    release(&fit);
    return status;
}

/* --- predicting --------------------------------------------------------------------------- */

static dg_status predict_proba(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                               dg_tensor *out)
{
    struct rows r = { .weights = 1 };
    double *theta = NULL, unused, factor = scale_of(x);
    if (!learner->fitted) return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(dg_check_finite(x, false, "predict", job));
    set_rows(&r, x, learner->class_count, false);
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 2, (int64_t[]){ r.rows, r.classes }));
    r.proba = dg_floats(out);
    dg_status status = dg_alloc_zero(&r.piece, r.pieces, sizeof *r.piece);
    if (status == DG_OK) status = dg_alloc_zero(&theta, (r.values + 1) * r.width, sizeof *theta);
    for (int64_t c = 0; status == DG_OK && c < r.classes; c++) {
        const float *coef = dg_floats(&of(learner)->coef) + c * r.values;
        for (int64_t j = 0; j < r.values; j++) theta[j * r.width + c] = factor * (double)coef[j];
        theta[r.values * r.width + c] = (double)dg_floats(&of(learner)->intercept)[c];
    }
    if (status == DG_OK) status = judge_rows(&r, theta, job, &unused, &unused);
    dg_free(theta);
    dg_free(r.piece);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

/* --- words and files ---------------------------------------------------------------------- */

static dg_status summary(const dg_learner *learner, char **out)
{
    dg_text text = { 0 };
    dg_describe_learner(learner, &text);
    if (learner->fitted)
        dg_text_add(&text, "\ncoefficients: %" PRId64 ", iterations: %" PRId64,
                    dg_tensor_count(&of(learner)->coef) + of(learner)->intercept.shape[0],
                    of(learner)->n_iter);
    return dg_text_take(&text, out);
}

static dg_status store(const dg_learner *learner, dg_tensor_file *file)
{
    dg_tensor count;
    DG_TRY(dg_tensor_file_add(file, "coef", &of(learner)->coef));
    DG_TRY(dg_tensor_file_add(file, "intercept", &of(learner)->intercept));
    DG_TRY(dg_tensor_zeros(&count, DG_INT32, 1, (int64_t[]){ 1 }));
    dg_int32s(&count)[0] = (int32_t)of(learner)->n_iter;
    dg_status status = dg_tensor_file_add(file, "n_iter", &count);
    dg_tensor_release(&count);
    return status;
}

static dg_status restore(dg_learner *learner, const struct cJSON *root, const dg_tensor_file *file)
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

/* As scikit-learn has them: of two classes, the function for the second. */
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
      .doc = "what each value counts for each class, a tensor {classes, values}; of two classes "
             "{1, values}, for the second",
      .tensor = coef },
    { .name = "intercept",
      .doc = "{classes}, or {1} of two; -inf: no row of the fit had the class",
      .tensor = intercept },
    { .name = "n_iter", .doc = "iterations of the last fit", .number = n_iter },
    { .name = NULL },
};

static const char *const penalties[] = { "l2", "none", NULL };

static const dg_param params[] = {
    DG_FLOAT(logistic_options, C, DG_ABOVE(0), .default_number = 1,
             .doc = "the less, the smaller the coefficients: the inverse of the penalty's weight"),
    DG_INT(logistic_options, max_iter, DG_WITHIN(1, INT32_MAX), .default_number = 100,
           .doc = "iterations, at most"),
    DG_FLOAT(logistic_options, tol, DG_AT_LEAST(0), .default_number = 1e-4,
             .doc = "converged when no derivative of the mean loss is greater"),
    DG_BOOL(logistic_options, fit_intercept, .default_number = 1,
            .doc = "each class has a constant, which is not penalised"),
    DG_CHOICE(logistic_options, penalty, .choices = penalties, .default_text = "l2",
              .doc = "of the coefficients: half the sum of their squares, or none"),
    DG_END,
};

static const dg_hint hints[] = {
    { "solver", "it is fitted by L-BFGS: leave it out" },
    { "multi_class", "it is multinomial: leave it out" },
    { "l1_ratio", "the penalty is l2: leave it out" },
    { "class_weight", "give fit the option sample_weight = ..." },
    { "random_state", "nothing in it is random: leave it out" },
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
    .free = free_learner,
    .fit = fit,
    .predict_proba = predict_proba,
    .evaluate = dg_evaluate_outputs,
    .summary = summary,
    .byte_scale = byte_scale,
    .step = "iteration",
    .takes_weights = true,
    .attributes = attributes,
    .store = store,
    .restore = restore,
};
