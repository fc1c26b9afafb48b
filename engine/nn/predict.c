/* Prediction and evaluation: chunks of rows, each passing through the whole network on one thread.
 */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/truth.h"
#include "engine/nn/network.h"
#include "engine/nn/plan.h"

/* Enough for a product to be efficient, few enough for the values of a chunk to stay in cache. */
enum { CHUNK_ROWS = 64 };

/* What the chunks of one prediction share. */
struct prediction {
    const dg_model *model;
    const dg_tensor *x;
    const dg_job *job;
    int64_t rows, chunks, width;
    bool raw;
    int workers;
    dg_plan **plans; /* a worker's own */

    float *proba; /* {rows, width}, or NULL */

    dg_truth_map truth; /* evaluating; losses NULL: it is not */
    double *losses;     /* of each chunk */
    int64_t *correct;
};

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
    run->losses[chunk] = ((const dg_loss_type *)loss->type)->rows(&pass);
}

static dg_status run_chunk(void *context, int64_t chunk, int worker)
{
    struct prediction *run = context;
    int64_t begin = chunk * CHUNK_ROWS;
    int64_t end = begin + CHUNK_ROWS < run->rows ? begin + CHUNK_ROWS : run->rows;
    dg_source source = { .x = run->x, .first = begin, .raw = run->raw };
    DG_TRY(dg_plan_forward(run->plans[worker], &source, end - begin, 0, run->job));
    const float *output = dg_plan_output(run->plans[worker]);
    if (run->proba)
        memcpy(run->proba + begin * run->width, output,
               (size_t)((end - begin) * run->width) * sizeof *output);
    if (run->losses) judge(run, chunk, begin, end, run->plans[worker]);
    return DG_OK;
}

static dg_status make_plans(struct prediction *run)
{
    int64_t capacity = run->rows < CHUNK_ROWS ? run->rows : CHUNK_ROWS;
    run->workers = run->job->threads < run->chunks ? run->job->threads : (int)run->chunks;
    DG_TRY(dg_alloc_zero(&run->plans, run->workers, sizeof *run->plans));
    for (int i = 0; i < run->workers; i++)
        DG_TRY(dg_plan_new(&run->plans[i], run->model, capacity, false, 1));
    return DG_OK;
}

static void prediction_release(struct prediction *run)
{
    for (int i = 0; run->plans && i < run->workers; i++) dg_plan_free(run->plans[i]);
    dg_free(run->plans);
    dg_free(run->losses);
    dg_free(run->correct);
    dg_truth_map_release(&run->truth);
}

static dg_status run_all(struct prediction *run)
{
    run->rows = run->x->shape[0];
    run->chunks = (run->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    run->width = dg_model_width(run->model);
    run->raw = run->model->bytes == DG_BYTES_RAW;
    if (run->rows == 0) return DG_OK;
    DG_TRY(make_plans(run));
    return dg_parallel(run->job, run->chunks, run_chunk, run);
}

static dg_status new_outputs(const dg_model *model, int64_t rows, dg_tensor *out)
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
        DG_TRY(new_outputs(model, rows, out->outputs));
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
    DG_TRY(new_outputs(model, x->shape[0], out));
    DG_CLEANUP(prediction_release)
    struct prediction run = { .model = model, .x = x, .job = job, .proba = dg_floats(out) };
    dg_status status = run_all(&run);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

dg_status dg_model_features(const dg_model *model, const dg_tensor *x, int node, const dg_job *job,
                            dg_tensor *out)
{
    if (node < 0 || node >= model->node_count)
        return dg_error(DG_INVALID, "features: there is no layer %d: the network has %d", node + 1,
                        model->node_count);
    dg_model upto = *model; /* the network that ends in this node */
    upto.output = node;
    upto.node_count = node + 1;
    return dg_learner_outputs(&upto.base, x, job, out);
}
