/* The training loop. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/learner_metrics.h"
#include "engine/nn/mixup.h"
#include "engine/nn/truth.h"
#include "engine/nn/network.h"
#include "engine/nn/plan.h"
#include "engine/nn/plateau.h"
#include "engine/nn/progress.h"
#include "engine/stopping.h"

/* One fit under way. */
struct network_fit {
    dg_model *model;
    const dg_dataset *set;
    const dg_fit_options *options;
    dg_network_fit_options own;
    const dg_job *job;
    uint64_t seed;
    int64_t rows, batch_size, batches, width;
    bool raw;
    int64_t *order; /* the rows in the order of this epoch */
    dg_truth_map truth;
    dg_plan *plan;
    dg_truth_row *room; /* for the truth of a batch */
    dg_mixup mixup;
    dg_log log;
    double loss_sum; /* of this epoch, weighted by rows */
    int64_t correct, seen;
    dg_tensor outputs; /* of the rows seen, if a metric needs them: {rows, width} */
    double epoch_start;
    dg_plateau_state plateau;
    dg_progress progress;
    double start;
    bool first; /* the model did not know its target before */
    bool stop;
};

/* --- checking ----------------------------------------------------------------------------- */

static const char *const balances[] = { "balanced", NULL };
static const dg_param class_weights[] = { DG_EITHER(DG_TYPE_MAP, DG_ABOVE(0)),
                                          DG_EITHER(DG_TYPE_CHOICE, .choices = balances), DG_END };

const dg_param dg_network_fit_params[] = {
    DG_INT(dg_network_fit_options, epochs, DG_AT_LEAST(1), .default_number = 1,
           .doc = "passes over the set"),
    DG_INT(dg_network_fit_options, batch_size, DG_AT_LEAST(1), .default_number = 32,
           .doc = "rows for each update of the weights"),
    DG_BOOL(dg_network_fit_options, shuffle, .default_number = 1,
            .doc = "draw a new order of the rows for each epoch"),
    DG_PATH(dg_network_fit_options, checkpoint, .later = true,
            .doc = "a file that keeps how far the fit has come: weights, optimizer, history, early "
                   "stopping; after an epoch it is replaced as a whole"),
    DG_INT(dg_network_fit_options, every, DG_AT_LEAST(1), .optional = true, .later = true,
           .doc =
               "epochs from one checkpoint to the next, nil: 1; the last epoch always makes one"),
    DG_PATH(dg_network_fit_options, resume, .later = true,
            .doc = "a checkpoint of the same fit, to go on from, bit by bit; if it has the name of "
                   "`checkpoint` and is not there yet, the fit begins"),
    DG_FLOAT(dg_network_fit_options, mixup, DG_AT_LEAST(0), .later = true,
             .doc = "alpha of mixup (Zhang et al. 2018), 0.2 say: each batch is mixed with a "
                    "permuted copy of itself, and its labels likewise, by a share from Beta(alpha, "
                    "alpha) drawn for each batch; the label with the greater share counts for "
                    "accuracy; 0: none"),
    DG_ONE_OF(dg_network_fit_options, class_weight, .alternatives = class_weights, .later = true,
              .doc = "weights of rows by label; balanced: all classes count the same"),
    DG_END,
};

static dg_network_fit_options own_options(const dg_fit_options *options)
{
    dg_network_fit_options own;
    if (options->own) return *(const dg_network_fit_options *)options->own;
    for (const dg_param *param = dg_network_fit_params; param->name; param++)
        dg_param_put_default(param, &own);
    return own;
}

static dg_status check_options(const dg_model *model, const dg_network_fit_options *own,
                               const dg_fit_options *options)
{
    if (!model->optimizer)
        return dg_error(DG_INVALID,
                        "fit: the model is not compiled: call model:compile { optimizer "
                        "= ..., loss = ... } first");
    if (own->epochs < 1)
        return dg_error(DG_INVALID, "fit: epochs must be at least 1, found %" PRId64, own->epochs);
    if (own->batch_size < 1)
        return dg_error(DG_INVALID, "fit: batch_size must be at least 1, found %" PRId64,
                        own->batch_size);
    if (options->rate && (options->plateau || dg_has_schedule(model->optimizer)))
        return dg_error(DG_INVALID,
                        "fit: learning_rate: the rate %s already: leave out one of them",
                        options->plateau ? "is reduced on a plateau" : "follows a schedule");
    DG_TRY(dg_plateau_check(options, model));
    return dg_stopping_check(options, &model->base, model->base.target);
}

/* Everything that can be refused is refused before anything changes. */
static dg_status prepare(struct network_fit *fit)
{
    dg_model *model = fit->model;
    const dg_dataset *validation = fit->options->validation;
    DG_CLEANUP(dg_truth_map_release) dg_truth_map validated = { 0 };
    DG_TRY(check_options(model, &fit->own, fit->options));
    DG_TRY(dg_model_adopt_target(model, fit->set, "fit"));
    DG_TRY(dg_truth_map_of(&fit->truth, model, fit->set, "fit"));
    DG_TRY(dg_truth_map_weigh(&fit->truth, model, &fit->own.class_weight, "fit"));
    if (validation) DG_TRY(dg_truth_map_of(&validated, model, validation, "fit: validation"));
    return dg_checkpoint_begin(&fit->progress, model, fit->set, fit->options, &fit->own, fit->seed);
}

static dg_status allocate(struct network_fit *fit)
{
    dg_model *model = fit->model;
    int64_t batch = fit->batch_size;
    DG_TRY(dg_alloc(&fit->order, fit->rows, sizeof *fit->order));
    DG_TRY(dg_alloc(&fit->room, 2 * batch, sizeof *fit->room));
    if (fit->options->monitor && fit->options->restore_best)
        DG_TRY(dg_alloc_zero(&fit->progress.best_values, model->value_count, sizeof(float)));
    if (!model->gradients)
        DG_TRY(dg_alloc_zero(&model->gradients, model->value_count, sizeof *model->gradients));
    if (fit->own.mixup > 0) DG_TRY(dg_mixup_new(&fit->mixup, fit->own.mixup, batch, fit->width));
    if (dg_learner_needs_outputs(&model->base))
        DG_TRY(dg_tensor_new(&fit->outputs, DG_FLOAT32, 2, (int64_t[]){ fit->rows, fit->width }));
    return dg_plan_new(&fit->plan, model, batch, true, fit->job->threads);
}

/* --- scores ------------------------------------------------------------------------------- */

/* The running means of this epoch, as Keras shows them; values NULL: only of what is counted. */
static void log_training(struct network_fit *fit, const double *values)
{
    fit->log.scores = 0;
    fit->log.seconds = dg_clock() - fit->epoch_start;
    dg_log_add(&fit->log, "loss", fit->loss_sum / (double)fit->seen);
    dg_log_add_metrics(&fit->log, &fit->model->base, false,
                       (double)fit->correct / (double)fit->seen, values);
    /* as Keras: the next update's, before it is reduced */
    if (dg_has_schedule(fit->model->optimizer) || fit->options->plateau || fit->options->rate)
        dg_log_add(&fit->log, dg_rate_score,
                   dg_learning_rate(fit->model->optimizer, fit->model->step));
}

/* Metrics of the epoch's outputs, each row's from when its batch was trained on. */
static dg_status judge_training(struct network_fit *fit, double *values)
{
    dg_tensor truth, outputs;
    if (!fit->outputs.storage) return DG_OK;
    DG_TRY(dg_tensor_take(&truth, dg_dataset_truth(fit->set), fit->order, fit->seen));
    dg_status status = dg_tensor_slice(&outputs, &fit->outputs, 0, 0, fit->seen);
    if (status == DG_OK) status = dg_learner_judge(&fit->model->base, &truth, &outputs, values);
    if (status == DG_INVALID) dg_error_context(status, "fit: epoch %" PRId64, fit->log.epoch);
    dg_tensor_release(&outputs);
    dg_tensor_release(&truth);
    return status;
}

static dg_status log_validation(struct network_fit *fit)
{
    dg_scores scores;
    if (!fit->options->validation) return DG_OK;
    DG_TRY(dg_learner_evaluate_prepared(&fit->model->base, fit->options->validation, fit->job,
                                        &scores));
    dg_log_add(&fit->log, "val_loss", scores.loss);
    dg_log_add_metrics(&fit->log, &fit->model->base, true, scores.accuracy, scores.metric);
    fit->log.seconds = dg_clock() - fit->epoch_start;
    return DG_OK;
}

static dg_status call(dg_callback *callback, struct network_fit *fit)
{
    bool stop = false;
    if (!callback) return DG_OK;
    dg_status status = callback(fit->options->context, &fit->log, &stop);
    fit->stop |= stop;
    return status;
}

/* --- early stopping ----------------------------------------------------------------------- */

/* Keeps the weights of the best epoch, if they will be wanted. */
static void judge_epoch(struct network_fit *fit)
{
    dg_progress *progress = &fit->progress;
    bool best = dg_stopping_judge(fit->options, &fit->log, &progress->best_score, &progress->result,
                                  &fit->stop);
    if (best && progress->best_values)
        memcpy(progress->best_values, fit->model->values,
               (size_t)fit->model->value_count * sizeof(float));
}

static dg_status reduce_rate(struct network_fit *fit)
{
    const dg_plateau *plateau = fit->options->plateau;
    if (!plateau || !dg_plateau_judge(&fit->plateau, fit->options, &fit->log)) return DG_OK;
    return dg_plateau_reduce(plateau, fit->model);
}

static bool restore_best(const struct network_fit *fit)
{
    const dg_progress *progress = &fit->progress;
    if (!progress->best_values || !progress->result.best_epoch) return false;
    memcpy(fit->model->values, progress->best_values,
           (size_t)fit->model->value_count * sizeof(float));
    return true;
}

/* --- checkpoints -------------------------------------------------------------------------- */

/* After an epoch and its callback, which may have changed the optimizer. */
static dg_status note_epoch(struct network_fit *fit)
{
    dg_progress *progress = &fit->progress;
    if (!fit->own.checkpoint) return DG_OK;
    DG_TRY(dg_grow(&progress->logs, progress->epoch, sizeof *progress->logs));
    progress->logs[progress->epoch++] = fit->log;
    progress->seconds += dg_clock() - fit->start;
    fit->start = dg_clock();
    bool last = fit->stop || fit->log.epoch == fit->own.epochs;
    return dg_checkpoint_write(progress, fit->model, &fit->own, last);
}

/* Goes on from a file, if it is asked to. */
static dg_status go_on(struct network_fit *fit)
{
    dg_progress *progress = &fit->progress;
    bool stop = false;
    DG_TRY(dg_checkpoint_resume(progress, fit->model, &fit->own));
    fit->stop = progress->result.stopped_early;
    for (; fit->log.epoch < progress->epoch; fit->log.epoch++) {
        dg_log *log = &progress->logs[fit->log.epoch];
        log->epochs = fit->own.epochs;
        log->batch = log->batches = fit->batches;
        if (fit->options->plateau) dg_plateau_judge(&fit->plateau, fit->options, log);
        if (fit->options->on_past) DG_TRY(fit->options->on_past(fit->options->context, log, &stop));
    }
    return DG_OK;
}

/* --- the loop ----------------------------------------------------------------------------- */

static dg_status ask_rate(struct network_fit *fit)
{
    dg_value rate = { .type = DG_VALUE_FLOAT };
    int64_t step = fit->model->step;
    if (!fit->options->rate) return DG_OK;
    DG_TRY(fit->options->rate(fit->options->context, step, &rate.number));
    dg_status status = dg_model_set_learning_rate(fit->model, &rate);
    return status == DG_OK ? DG_OK : dg_error_context(status, "fit: step %" PRId64, step);
}

static dg_status run_batch(struct network_fit *fit, int64_t batch, uint64_t epoch_key)
{
    dg_plan *plan = fit->plan;
    int64_t first = batch * fit->batch_size;
    int64_t rows = fit->rows - first < fit->batch_size ? fit->rows - first : fit->batch_size;
    dg_truth truth = dg_truth_of_rows(&fit->truth, fit->order, first, rows, fit->room);
    dg_source source = { .x = &fit->set->x, .rows = fit->order, .first = first, .raw = fit->raw };
    uint64_t key = dg_key(epoch_key, "batch", (uint64_t)batch);
    dg_truth mixed = truth;
    double loss;
    if (fit->mixup.alpha > 0) {
        dg_mixup_draw(&fit->mixup, dg_key(key, "mixup", 0), rows);
        mixed = dg_mixup_truth(&fit->mixup, &truth, rows, fit->width);
        source.mixup = &fit->mixup;
    }
    DG_TRY(dg_plan_forward(plan, &source, rows, key, fit->job));
    if (truth.positions)
        fit->correct += dg_count_correct(dg_plan_output(plan), truth.positions, rows, fit->width);
    if (fit->outputs.storage)
        memcpy(dg_floats(&fit->outputs) + first * fit->outputs.shape[1], dg_plan_output(plan),
               (size_t)(rows * fit->outputs.shape[1]) * sizeof(float));
    dg_status status = dg_plan_backward(plan, &mixed, rows, true, fit->job, &loss);
    fit->log.batch = batch + 1;
    if (status == DG_NUMERIC)
        return dg_error_context(status, "fit: epoch %" PRId64 ", batch %" PRId64, fit->log.epoch,
                                fit->log.batch);
    fit->loss_sum += loss * (double)rows;
    fit->seen += rows;
    return status;
}

static void order_rows(struct network_fit *fit, uint64_t epoch_key)
{
    if (fit->own.shuffle) {
        dg_random_permutation(dg_key(epoch_key, "shuffle", 0), fit->rows, fit->order);
        return;
    }
    for (int64_t i = 0; i < fit->rows; i++) fit->order[i] = i;
}

static dg_status run_epoch(struct network_fit *fit)
{
    uint64_t key = dg_key(fit->seed, "epoch", (uint64_t)fit->model->epoch);
    double values[DG_MAX_METRICS] = { 0 };
    fit->epoch_start = dg_clock();
    fit->loss_sum = 0;
    fit->correct = fit->seen = 0;
    order_rows(fit, key);
    for (int64_t i = 0; i < fit->batches && !fit->stop; i++) {
        DG_TRY(dg_job_check(fit->job));
        DG_TRY(ask_rate(fit));
        DG_TRY(run_batch(fit, i, key));
        if (!fit->options->on_batch) continue;
        log_training(fit, NULL);
        DG_TRY(call(fit->options->on_batch, fit));
    }
    DG_TRY(judge_training(fit, values));
    log_training(fit, values);
    DG_TRY(log_validation(fit));
    fit->model->epoch++;
    judge_epoch(fit);
    DG_TRY(reduce_rate(fit));
    DG_TRY(call(fit->options->on_epoch, fit));
    return note_epoch(fit);
}

static void network_fit_release(struct network_fit *fit)
{
    dg_plan_free(fit->plan);
    dg_truth_map_release(&fit->truth);
    dg_mixup_release(&fit->mixup);
    dg_free(fit->order);
    dg_free(fit->room);
    dg_progress_release(&fit->progress);
    dg_tensor_release(&fit->outputs);
}

/* Until this has succeeded, nothing changes but what is known of the target. */
static dg_status begin(struct network_fit *fit)
{
    DG_TRY(prepare(fit));
    fit->batches = (fit->rows + fit->batch_size - 1) / fit->batch_size;
    fit->log = (dg_log){ .epochs = fit->own.epochs, .batches = fit->batches };
    DG_TRY(allocate(fit));
    return go_on(fit);
}

dg_status dg_network_fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                         const dg_job *job, dg_fit_result *result)
{
    dg_model *model = (dg_model *)learner;
    DG_CLEANUP(network_fit_release)
    struct network_fit fit = { .model = model,
                               .set = set,
                               .options = options,
                               .own = own_options(options),
                               .job = job,
                               .rows = dg_dataset_rows(set),
                               .width = dg_model_width(model),
                               .raw = model->bytes == DG_BYTES_RAW,
                               .start = dg_clock(),
                               .first = learner->target == DG_TARGET_NONE };
    /* as in Keras, a batch that would be larger than the set is the set */
    fit.batch_size = fit.own.batch_size < fit.rows ? fit.own.batch_size : fit.rows;
    fit.seed = options->seeded ? options->seed : dg_key(learner->seed, "fit", 0);
    dg_status status = begin(&fit);
    if (status != DG_OK && fit.first && !learner->changed) dg_model_forget_target(model);
    DG_TRY(status);
    double past = fit.progress.seconds;
    if (options->resume == DG_RESUME_NO) dg_model_restart(model);
    learner->fitted = learner->changed = true;
    model->trained_in[dg_model_trains_in(model)] = true;
    while (fit.log.epoch < fit.own.epochs && !fit.stop && status == DG_OK) {
        fit.log.epoch++;
        status = run_epoch(&fit);
    }
    bool ended = status == DG_OK || status == DG_CANCELLED;
    if (ended && !restore_best(&fit)) dg_model_take_averages(model);
    model->changes++; /* a batch that failed may have moved running means */
    *result = fit.progress.result;
    result->seconds = past;
    return status;
}

/* --- gradients alone ---------------------------------------------------------------------- */

static dg_status run_gradients(dg_model *model, const dg_truth_map *map, uint64_t key,
                               const dg_job *job, double *loss)
{
    int64_t rows = dg_dataset_rows(map->set);
    dg_source source = { .x = &map->set->x, .raw = model->bytes == DG_BYTES_RAW };
    DG_OWNED_PLAN *plan = NULL;
    DG_OWNED dg_truth_row *room = NULL;
    DG_TRY(dg_plan_new(&plan, model, rows, true, job->threads));
    DG_TRY(dg_alloc(&room, 2 * rows, sizeof *room));
    DG_TRY(dg_plan_forward(plan, &source, rows, key, job));
    dg_truth truth = dg_truth_of_rows(map, NULL, 0, rows, room);
    return dg_plan_backward(plan, &truth, rows, false, job, loss);
}

/* Running statistics move in a training pass: afterwards they are what they were. */
static dg_status keep_weights(dg_model *model, const dg_truth_map *map, uint64_t key,
                              const dg_job *job, double *loss)
{
    DG_OWNED float *kept = NULL;
    size_t size = (size_t)model->value_count * sizeof *kept;
    DG_TRY(dg_alloc(&kept, model->value_count, sizeof *kept));
    memcpy(kept, model->values, size);
    dg_status status = run_gradients(model, map, key, job, loss);
    memcpy(model->values, kept, size);
    model->changes++;
    return status;
}

static dg_status gradients_of(dg_model *model, const dg_dataset *set, uint64_t key,
                              const dg_job *job, double *loss)
{
    bool first = model->base.target == DG_TARGET_NONE;
    DG_CLEANUP(dg_truth_map_release) dg_truth_map map = { 0 };
    DG_TRY(dg_model_adopt_target(model, set, "gradients"));
    dg_status status = dg_truth_map_of(&map, model, set, "gradients");
    if (status == DG_OK)
        status = dg_truth_map_weigh(&map, model, &(dg_one_of){ .type = DG_VALUE_NIL }, "gradients");
    if (status == DG_OK) status = keep_weights(model, &map, key, job, loss);
    if (first) dg_model_forget_target(model);
    return status;
}

dg_status dg_model_compute_gradients(dg_model *model, const dg_dataset *set, uint64_t key,
                                     const dg_job *job, double *loss)
{
    const dg_dataset *rows;
    dg_job room;
    job = dg_job_or_default(job, &room);
    if (!model->loss) return dg_error(DG_INVALID, "gradients: the model is not compiled");
    if (model->base.busy) return dg_error(DG_INVALID, "gradients: this model is being fitted");
    if (dg_dataset_rows(set) == 0) return dg_error(DG_INVALID, "gradients: the set has no rows");
    if (set->weights.storage) DG_TRY(dg_check_weights(&set->weights, "gradients"));
    DG_TRY(dg_learner_check_rows(&model->base, &set->x, "gradients"));
    if (set->target != DG_TARGET_NUMBERS) DG_TRY(dg_dataset_want_labels(set, "gradients"));
    if (!model->gradients)
        DG_TRY(dg_alloc_zero(&model->gradients, model->value_count, sizeof *model->gradients));
    DG_TRY(dg_learner_prepare(&model->base, set, job, &rows));
    dg_status status = gradients_of(model, rows, key, job, loss);
    dg_dataset_release(rows);
    return status;
}
