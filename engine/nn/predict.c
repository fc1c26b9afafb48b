/* Prediction and evaluation: chunks of rows, each passing through the whole network on one thread.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/nn/truth.h"
#include "engine/nn/network.h"
#include "engine/nn/plan.h"

/* Enough for a product to be efficient, few enough for the values of a chunk to stay in cache. */
enum { CHUNK_ROWS = 64 };

/* A model keeps the plans of its last prediction for the next if they are not larger. */
enum { MOST_KEPT_BYTES = 4 << 20 };

/* Plans for up to `capacity` rows each, one for each worker. */
struct dg_predictor {
    int64_t capacity;
    int workers;
    dg_plan *plans[];
};

/* What the chunks of one prediction share. */
struct prediction {
    const dg_model *model;
    const dg_tensor *x;
    const dg_job *job;
    int64_t rows, chunks, chunk_rows, width;
    bool raw;
    dg_predictor *predictor;

    float *proba;     /* {rows, width}, or NULL */
    int32_t *columns; /* {rows}: of the greatest output; or NULL */

    dg_truth_map truth; /* evaluating; losses NULL: it is not */
    double *losses;     /* of each chunk */
    int64_t *correct;
};

/* --- plans that are kept ------------------------------------------------------------------ */

static void free_predictor(dg_predictor *predictor)
{
    for (int i = 0; predictor && i < predictor->workers; i++) dg_plan_free(predictor->plans[i]);
    dg_free(predictor);
}

/* Leaves another in the model, and returns what was there, which then belongs to the caller. So a
 * predictor serves one prediction at a time, however many there are. */
static dg_predictor *exchange(const dg_model *model, dg_predictor *predictor)
{
    return atomic_exchange(&((dg_model *)model)->predictor, predictor);
}

void dg_model_forget_predictor(dg_model *model)
{
    free_predictor(exchange(model, NULL));
}

static dg_status new_predictor(dg_predictor **out, const dg_model *model, int64_t capacity,
                               int workers)
{
    dg_predictor *predictor;
    DG_TRY(dg_alloc_zero(&predictor, (int64_t)sizeof *predictor + workers * sizeof(dg_plan *), 1));
    predictor->capacity = capacity;
    for (; predictor->workers < workers; predictor->workers++) {
        dg_status status =
            dg_plan_new(&predictor->plans[predictor->workers], model, capacity, false, 1);
        if (status == DG_OK) continue;
        free_predictor(predictor);
        return status;
    }
    *out = predictor;
    return DG_OK;
}

static dg_status take_predictor(struct prediction *run)
{
    int workers = run->job->threads < run->chunks ? run->job->threads : (int)run->chunks;
    dg_predictor *kept = exchange(run->model, NULL);
    if (kept && kept->capacity >= run->chunk_rows && kept->workers >= workers) {
        run->predictor = kept;
        return DG_OK;
    }
    free_predictor(kept);
    return new_predictor(&run->predictor, run->model, run->chunk_rows, workers);
}

static void give_back(struct prediction *run)
{
    dg_predictor *predictor = run->predictor;
    int64_t bytes = 0;
    if (!predictor) return;
    for (int i = 0; i < predictor->workers; i++) bytes += dg_plan_bytes(predictor->plans[i]);
    if (bytes <= MOST_KEPT_BYTES) predictor = exchange(run->model, predictor);
    free_predictor(predictor);
}

/* --- chunks ------------------------------------------------------------------------------- */

static void judge(const struct prediction *run, int64_t chunk, int64_t begin, int64_t end,
                  const dg_plan *plan)
{
    const float *output = dg_plan_output(plan);
    dg_truth_row room[CHUNK_ROWS];
    dg_truth truth = dg_truth_of_rows(&run->truth, NULL, begin, end - begin, room);
    if (truth.positions)
        run->correct[chunk] = dg_count_correct(output, truth.positions, end - begin, run->width);
    const dg_part *loss = run->model->loss;
    if (!loss) return;
    dg_loss_pass pass = { .options = loss->options,
                          .rows = end - begin,
                          .width = run->width,
                          .output = output,
                          .logits = dg_plan_logits(plan),
                          .positions = truth.positions,
                          .targets = truth.targets };
    run->losses[chunk] = dg_loss_of_rows(loss, &pass);
}

static dg_status run_chunk(void *context, int64_t chunk, int worker)
{
    struct prediction *run = context;
    dg_plan *plan = run->predictor->plans[worker];
    int64_t begin = chunk * run->chunk_rows, width = run->width;
    int64_t end = begin + run->chunk_rows < run->rows ? begin + run->chunk_rows : run->rows;
    dg_source source = { .x = run->x, .first = begin, .raw = run->raw };
    DG_TRY(dg_plan_forward(plan, &source, end - begin, 0, run->job));
    const float *output = dg_plan_output(plan);
    if (run->proba)
        memcpy(run->proba + begin * width, output,
               (size_t)((end - begin) * width) * sizeof *output);
    for (int64_t i = begin; run->columns && i < end; i++)
        run->columns[i] = (int32_t)dg_argmax(output + (i - begin) * width, width);
    if (run->losses) judge(run, chunk, begin, end, plan);
    return DG_OK;
}

static void prediction_release(struct prediction *run)
{
    give_back(run);
    dg_free(run->losses);
    dg_free(run->correct);
    dg_truth_map_release(&run->truth);
}

/* How many rows a chunk has. The sums of an evaluation depend on it; predictions do not, so there
 * every thread gets as many chunks. */
static int64_t chunk_rows(const struct prediction *run)
{
    int64_t threads = run->job->threads;
    int64_t chunks = (run->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    if (run->losses) return CHUNK_ROWS;
    chunks = (chunks + threads - 1) / threads * threads;
    return (run->rows + chunks - 1) / chunks;
}

static dg_status run_all(struct prediction *run)
{
    run->rows = run->x->shape[0];
    run->width = dg_model_width(run->model);
    run->raw = run->model->bytes == DG_BYTES_RAW;
    if (run->rows == 0) return DG_OK;
    run->chunk_rows = chunk_rows(run);
    run->chunks = (run->rows + run->chunk_rows - 1) / run->chunk_rows;
    DG_TRY(take_predictor(run));
    return dg_parallel(run->job, run->chunks, run_chunk, run);
}

dg_status dg_network_new_outputs(const dg_model *model, int64_t rows, dg_tensor *out)
{
    const dg_shape *output = &model->nodes[model->output].build.output;
    int64_t shape[DG_MAX_AXES + 1] = { rows };
    memcpy(shape + 1, output->at, sizeof *shape * (size_t)output->count);
    return dg_tensor_new(out, DG_FLOAT32, output->count + 1, shape);
}

/* --- evaluating --------------------------------------------------------------------------- */

dg_status dg_network_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out)
{
    const dg_model *model = (const dg_model *)learner;
    int64_t rows = dg_dataset_rows(set), chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS, correct = 0;
    double loss = 0;
    DG_CLEANUP(prediction_release)
    struct prediction run = { .model = model, .x = &set->x, .job = job };
    DG_TRY(dg_truth_map_of(&run.truth, model, set, "evaluate"));
    DG_TRY(dg_alloc_zero(&run.losses, chunks, sizeof *run.losses));
    DG_TRY(dg_alloc_zero(&run.correct, chunks, sizeof *run.correct));
    if (out->outputs) {
        DG_TRY(dg_network_new_outputs(model, rows, out->outputs));
        run.proba = dg_floats(out->outputs);
    }
    DG_TRY(run_all(&run));
    for (int64_t i = 0; i < chunks; i++) {
        loss += run.losses[i];
        correct += run.correct[i];
    }
    out->loss = model->loss ? loss / (double)rows + dg_model_penalty(model) : NAN;
    out->accuracy = (double)correct / (double)rows;
    out->has_accuracy = run.width > 1;
    return DG_OK;
}

/* --- predicting --------------------------------------------------------------------------- */

dg_status dg_network_predict_proba(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                   dg_tensor *out)
{
    const dg_model *model = (const dg_model *)learner;
    DG_TRY(dg_network_new_outputs(model, x->shape[0], out));
    DG_CLEANUP(prediction_release)
    struct prediction run = { .model = model, .x = x, .job = job, .proba = dg_floats(out) };
    dg_status status = run_all(&run);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

dg_status dg_network_predict_columns(const dg_learner *learner, const dg_tensor *x,
                                     const dg_job *job, int32_t *out)
{
    DG_CLEANUP(prediction_release)
    struct prediction run = {
        .model = (const dg_model *)learner, .x = x, .job = job, .columns = out
    };
    return run_all(&run);
}

/* --- features ----------------------------------------------------------------------------- */

/* The network that ends in this node. */
static dg_status cut_off(dg_model *upto, const dg_model *model, int node)
{
    if (node < 0 || node >= model->node_count)
        return dg_error(DG_INVALID, "features: there is no layer %d: the network has %d", node + 1,
                        model->node_count);
    *upto = *model;
    upto->output = node;
    upto->node_count = node + 1;
    upto->predictor = NULL;
    return DG_OK;
}

dg_status dg_model_features(const dg_model *model, const dg_tensor *x, int node, const dg_job *job,
                            dg_tensor *out)
{
    dg_model upto;
    DG_TRY(cut_off(&upto, model, node));
    dg_status status = dg_learner_outputs(&upto.base, x, job, out);
    dg_model_forget_predictor(&upto);
    return status;
}

/* The outputs of training passes: in the place of dg_network_predict_proba. */
static dg_status training_outputs(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                  dg_tensor *out)
{
    enum { BATCH = 32 };
    const dg_model *model = (const dg_model *)learner;
    int64_t rows = x->shape[0], width = dg_model_width(model);
    DG_OWNED_PLAN *plan = NULL;
    DG_OWNED_TENSOR outputs = { 0 };
    DG_TRY(dg_network_new_outputs(model, rows, &outputs));
    DG_TRY(dg_plan_new(&plan, model, BATCH, true, job->threads));
    for (int64_t first = 0; first < rows; first += BATCH) {
        int64_t some = rows - first < BATCH ? rows - first : BATCH;
        dg_source source = { .x = x, .first = first, .raw = model->bytes == DG_BYTES_RAW };
        uint64_t key = dg_key(learner->seed, "batch", (uint64_t)(first / BATCH));
        DG_TRY(dg_job_check(job));
        DG_TRY(dg_plan_forward(plan, &source, some, key, job));
        memcpy(dg_floats(&outputs) + first * width, dg_plan_output(plan),
               (size_t)(some * width) * sizeof(float));
    }
    *out = DG_TAKE(outputs);
    return DG_OK;
}

dg_status dg_model_training_features(const dg_model *model, const dg_tensor *x, int node,
                                     uint64_t seed, const dg_job *job, dg_tensor *out)
{
    dg_learner_type type = *model->base.type;
    dg_model upto;
    DG_OWNED float *values = NULL; /* running statistics move */
    *out = (dg_tensor){ 0 };
    DG_TRY(cut_off(&upto, model, node));
    DG_TRY(dg_alloc(&values, model->value_count, sizeof *values));
    memcpy(values, model->values, (size_t)model->value_count * sizeof *values);
    type.predict_proba = training_outputs;
    upto.base.type = &type;
    upto.base.seed = seed;
    upto.values = values;
    upto.loss = NULL;
    return dg_learner_outputs(&upto.base, x, job, out);
}
