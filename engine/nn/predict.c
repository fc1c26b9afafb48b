/* Prediction and evaluation: chunks of rows, each passing through the whole network on one thread.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/nn/plan.h"
#include "engine/nn/targets.h"

/* Enough for a product to be efficient, few enough for the values of a chunk to stay in cache. */
enum { CHUNK_ROWS = 64 };

/* What the chunks of one run share. */
struct run {
    const dg_model *model;
    const dg_tensor *x;
    const dg_job *job;
    int64_t rows, chunks, width;
    bool raw;
    int workers;
    dg_plan **plans; /* a worker's own */

    float *proba; /* predicting: {rows, width} */

    const int32_t *positions, *map; /* evaluating: classes of the set, and what they are here */
    double *losses;                 /* of each chunk */
    int64_t *correct;
};

static void judge(const struct run *run, int64_t chunk, int64_t begin, int64_t end,
                  const float *output)
{
    int32_t positions[CHUNK_ROWS];
    for (int64_t i = begin; i < end; i++) positions[i - begin] = run->map[run->positions[i]];
    run->correct[chunk] = dg_count_correct(output, positions, end - begin, run->width);
    const dg_part *loss = run->model->loss;
    if (!loss) return;
    dg_loss_pass pass = { .options = loss->options, .end = end - begin, .width = run->width,
                          .output = output, .positions = positions };
    run->losses[chunk] = ((const dg_loss_type *)loss->type)->rows(&pass);
}

static dg_status run_chunk(void *context, int64_t chunk, int worker)
{
    struct run *run = context;
    int64_t begin = chunk * CHUNK_ROWS;
    int64_t end = begin + CHUNK_ROWS < run->rows ? begin + CHUNK_ROWS : run->rows;
    dg_source source = { .x = run->x, .first = begin, .raw = run->raw };
    DG_TRY(dg_plan_forward(run->plans[worker], &source, end - begin, 0, run->job));
    const float *output = dg_plan_output(run->plans[worker]);
    if (run->proba)
        memcpy(run->proba + begin * run->width, output,
               (size_t)((end - begin) * run->width) * sizeof *output);
    else
        judge(run, chunk, begin, end, output);
    return DG_OK;
}

static dg_status make_plans(struct run *run)
{
    int64_t capacity = run->rows < CHUNK_ROWS ? run->rows : CHUNK_ROWS;
    run->workers = run->job->threads < run->chunks ? run->job->threads : (int)run->chunks;
    DG_TRY(dg_alloc_zero(&run->plans, run->workers, sizeof *run->plans));
    for (int i = 0; i < run->workers; i++)
        DG_TRY(dg_plan_new(&run->plans[i], run->model, capacity, false, 1));
    return DG_OK;
}

static dg_status run_all(struct run *run)
{
    run->rows = run->x->shape[0];
    run->chunks = (run->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    run->width = dg_shape_size(&run->model->nodes[run->model->output].build.output);
    run->raw = dg_model_takes_raw(run->model);
    if (run->rows == 0) return DG_OK;
    dg_status status = make_plans(run);
    if (status == DG_OK) status = dg_parallel(run->job, run->chunks, run_chunk, run);
    for (int i = 0; run->plans && i < run->workers; i++) dg_plan_free(run->plans[i]);
    dg_free(run->plans);
    return status;
}

/* --- evaluating --------------------------------------------------------------------------- */

static dg_status evaluate(struct run *run, const dg_model *model, const dg_dataset *set,
                          dg_scores *out)
{
    int64_t rows = dg_dataset_rows(set), chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    DG_TRY(dg_alloc_zero(&run->losses, chunks, sizeof *run->losses));
    DG_TRY(dg_alloc_zero(&run->correct, chunks, sizeof *run->correct));
    DG_TRY(run_all(run));
    double loss = 0;
    int64_t correct = 0;
    for (int64_t i = 0; i < chunks; i++) {
        loss += run->losses[i];
        correct += run->correct[i];
    }
    out->loss = model->loss ? loss / (double)rows + dg_model_penalty(model) : NAN;
    out->accuracy = (double)correct / (double)rows;
    out->has_accuracy = run->width > 1;
    return DG_OK;
}

dg_status dg_model_evaluate(const dg_model *model, const dg_dataset *set, const dg_job *job,
                            dg_scores *out)
{
    double start = dg_clock();
    *out = (dg_scores){ 0 };
    DG_TRY(dg_check_input(model, &set->x, "evaluate"));
    if (!model->classes) return dg_error(DG_INVALID, "evaluate: the model was never fitted");
    if (dg_dataset_rows(set) == 0) return dg_error(DG_INVALID, "evaluate: the set has no rows");
    int32_t *map;
    DG_TRY(dg_map_classes(&map, model, set, "evaluate"));
    struct run run = { .model = model, .x = &set->x, .job = job,
                       .positions = dg_int32s(&set->positions), .map = map };
    dg_status status = evaluate(&run, model, set, out);
    dg_free(run.losses);
    dg_free(run.correct);
    dg_free(map);
    out->seconds = dg_clock() - start;
    return status;
}

/* --- predicting --------------------------------------------------------------------------- */

/* `*out` becomes x as contiguous rows of bytes or floats, one row having become a batch of one. */
static dg_status as_rows(const dg_model *model, const dg_tensor *x, dg_tensor *out)
{
    const dg_shape *input = &model->nodes[0].build.output;
    dg_tensor batch = dg_tensor_retain(x), typed;
    if (x->axes == input->count && dg_tensor_count(x) == dg_shape_size(input) &&
        memcmp(x->shape, input->at, sizeof *x->shape * (size_t)x->axes) == 0) {
        int64_t shape[DG_MAX_AXES + 1] = { 1 };
        memcpy(shape + 1, x->shape, sizeof *shape * (size_t)x->axes);
        dg_tensor_release(&batch);
        DG_TRY(dg_tensor_reshape(&batch, x, x->axes + 1, shape));
    }
    dg_status status = dg_check_input(model, &batch, "predict");
    if (status == DG_OK && batch.dtype == DG_INT32)
        status = dg_tensor_astype(&typed, &batch, DG_FLOAT32);
    else if (status == DG_OK)
        typed = dg_tensor_retain(&batch);
    dg_tensor_release(&batch);
    DG_TRY(status);
    status = dg_tensor_contiguous(out, &typed);
    dg_tensor_release(&typed);
    return status;
}

dg_status dg_model_predict_proba(const dg_model *model, const dg_tensor *x, const dg_job *job,
                                 dg_tensor *out)
{
    const dg_shape *output = &model->nodes[model->output].build.output;
    dg_tensor rows;
    *out = (dg_tensor){ 0 };
    DG_TRY(as_rows(model, x, &rows));
    int64_t shape[DG_MAX_AXES + 1] = { rows.shape[0] };
    memcpy(shape + 1, output->at, sizeof *shape * (size_t)output->count);
    dg_status status = dg_tensor_new(out, DG_FLOAT32, output->count + 1, shape);
    if (status == DG_OK) {
        struct run run = { .model = model, .x = &rows, .job = job, .proba = dg_floats(out) };
        status = run_all(&run);
    }
    dg_tensor_release(&rows);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

dg_status dg_model_predict(const dg_model *model, const dg_tensor *x, const dg_job *job,
                           dg_tensor *out)
{
    dg_tensor proba;
    *out = (dg_tensor){ 0 };
    if (!model->classes)
        return dg_error(DG_INVALID, "predict: the model was never fitted, so its outputs have no "
                                    "labels yet: fit it, or use predict_proba");
    DG_TRY(dg_model_predict_proba(model, x, job, &proba));
    int64_t rows = proba.shape[0];
    dg_status status = dg_tensor_new(out, DG_INT32, 1, &rows);
    for (int64_t i = 0; status == DG_OK && i < rows; i++) {
        const float *row = dg_floats(&proba) + i * model->class_count;
        dg_int32s(out)[i] = model->classes[dg_argmax(row, model->class_count)];
    }
    dg_tensor_release(&proba);
    return status;
}

bool dg_model_range_differs(const dg_model *model, const dg_tensor *x, char *out, size_t size)
{
    float low, high;
    enum { FACTOR = 16 }; /* a picture may be dark; 255 against 1 is another scale */
    if (!model->fitted || !dg_tensor_is_contiguous(x) || x->dtype == DG_INT32) return false;
    dg_input_range(model, x, &low, &high);
    float now = fmaxf(fabsf(low), fabsf(high));
    float then = fmaxf(fabsf(model->input_low), fabsf(model->input_high));
    if (now == 0 || then == 0 || (now <= FACTOR * then && then <= FACTOR * now)) return false;
    snprintf(out, size,
             "the data has values from %g to %g, the model was fitted on %g to %g: scale it alike "
             "(uint8 images are divided by 255 by themselves)",
             (double)low, (double)high, (double)model->input_low, (double)model->input_high);
    return true;
}
