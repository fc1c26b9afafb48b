/* Running a plan backward: the loss, the gradients, and the update of the weights. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/plan_internal.h"

/* --- the loss ----------------------------------------------------------------------------- */

struct loss_run {
    const dg_plan *plan;
    dg_loss_pass pass;
    int64_t pieces;
    double sum[DG_MOST_PIECES];
};

static dg_status loss_piece(void *context, int64_t piece, int worker)
{
    struct loss_run *run = context;
    (void)worker;
    dg_loss_pass pass = run->pass;
    int64_t begin = dg_piece_begin(run->plan->rows, run->pieces, piece);
    pass.rows = dg_piece_begin(run->plan->rows, run->pieces, piece + 1) - begin;
    pass.output += begin * pass.width;
    pass.gradient += begin * pass.width;
    if (pass.logits) pass.logits += begin * pass.width;
    if (pass.positions) pass.positions += begin;
    if (pass.targets) pass.targets += begin * pass.width;
    run->sum[piece] = ((const dg_loss_type *)run->plan->model->loss->type)->rows(&pass);
    return DG_OK;
}

static dg_status run_loss(const dg_plan *plan, const dg_truth *truth, double *loss)
{
    const dg_model *model = plan->model;
    const struct node_memory *output = &plan->nodes[model->output];
    struct loss_run run = { .plan = plan,
                            .pass = { .options = model->loss->options,
                                      .width = output->size,
                                      .output = dg_plan_output(plan),
                                      .positions = truth->positions,
                                      .targets = truth->targets,
                                      .gradient = dg_rows_at(plan, output->gradient, 0, 0),
                                      .logits = dg_plan_logits(plan),
                                      .scale = 1 / (double)plan->rows } };
    dg_arena_enter(&plan->arena, dg_step_loss(plan), dg_step_loss(plan));
    run.pieces = dg_pieces(plan->rows, 16384 / output->size + 1, DG_MOST_PIECES);
    DG_TRY(dg_parallel(&plan->job, run.pieces, loss_piece, &run));
    *loss = 0;
    for (int64_t i = 0; i < run.pieces; i++) *loss += run.sum[i];
    *loss /= (double)plan->rows;
    return DG_OK;
}

/* --- layers ------------------------------------------------------------------------------- */

/* Where piece `piece` of a node puts the gradients of its weights. */
static void place_weight_gradients(const dg_plan *plan, int index, int64_t piece, dg_pass *pass)
{
    const dg_model *model = plan->model;
    const dg_layer *layer = &model->layers[model->nodes[index].layer];
    const struct node_memory *memory = &plan->nodes[index];
    float *partial = dg_arena_at(&plan->arena, memory->partial, 0);
    if (partial) partial += piece * memory->partial_size;
    for (int place = 0, w = layer->first_weight; place < DG_MAX_WEIGHTS; place++) {
        if (!pass->weight[place]) continue;
        const dg_weight *weight = &model->weights[w];
        if (!weight->frozen)
            pass->weight_gradient[place] = partial ? partial : dg_model_gradient(model, w);
        if (partial) partial += (weight->size + 15) / 16 * 16;
        w++;
    }
}

/* The gradient of an output that several nodes read is the sum of theirs, in their order. */
static void join_gradients(const dg_plan *plan, int index, int64_t begin, int64_t end, int worker)
{
    const dg_model *model = plan->model;
    const struct node_memory *memory = &plan->nodes[index];
    float *sum = dg_rows_at(plan, memory->gradient, begin, worker);
    int64_t count = (end - begin) * memory->size;
    bool first = true;
    for (int j = index + 1; j < model->node_count; j++)
        for (int k = 0; k < model->nodes[j].inputs; k++) {
            if (model->nodes[j].input[k] != index) continue;
            const float *edge = dg_rows_at(plan, plan->nodes[j].edge[k], begin, worker);
            for (int64_t i = 0; i < count; i++) sum[i] = first ? edge[i] : sum[i] + edge[i];
            first = false;
        }
}

void dg_plan_pass_back(const dg_plan *plan, int index, int64_t begin, int64_t end, int64_t piece,
                       int worker, dg_pass *pass)
{
    const dg_model *model = plan->model;
    const struct node_memory *memory = &plan->nodes[index];
    dg_plan_pass(plan, index, begin, end, worker, pass);
    pass->activation_fused = pass->logits;
    pass->logits = NULL;
    pass->output_gradient = dg_rows_at(plan, memory->gradient, begin, worker);
    pass->scratch = dg_arena_at(&plan->arena, memory->scratch[1], worker);
    if (pass->build->forgets_output) pass->output = NULL;
    for (int k = 0; k < model->nodes[index].inputs; k++) {
        if (pass->build->forgets_input) pass->input[k] = NULL;
        pass->input_gradient[k] = dg_rows_at(plan, memory->edge[k], begin, worker);
    }
    place_weight_gradients(plan, index, piece, pass);
}

static dg_status stage_backward(void *context, int64_t piece, int worker)
{
    const struct stage_run *run = context;
    const dg_plan *plan = run->plan;
    int64_t begin = dg_piece_begin(plan->rows, run->pieces, piece);
    int64_t end = dg_piece_begin(plan->rows, run->pieces, piece + 1);
    for (int i = run->stage->last; i >= run->stage->first && i > 0; i--) {
        const struct node_memory *node = &plan->nodes[i];
        dg_pass pass;
        if (!node->wants_gradient) continue;
        if (node->consumers > 1) join_gradients(plan, i, begin, end, worker);
        if (node->view) continue;
        dg_plan_pass_back(plan, i, begin, end, piece, worker, &pass);
        DG_TRY(dg_node_type(plan->model, i)->backward(&pass));
    }
    return DG_OK;
}

static dg_status run_stages(const dg_plan *plan)
{
    for (int i = plan->stage_count - 1; i >= 0; i--) {
        const struct stage *stage = &plan->stages[i];
        if (!stage->backward) continue;
        dg_arena_enter(&plan->arena, dg_step_backward(plan, stage->last),
                       dg_step_backward(plan, stage->first));
        struct stage_run run = { plan, stage, dg_stage_pieces(plan, stage, plan->rows) };
        if (stage->whole_batch)
            DG_TRY(stage_backward(&run, 0, 0));
        else
            DG_TRY(dg_parallel(&plan->job, run.pieces, stage_backward, &run));
    }
    return DG_OK;
}

/* --- weights ------------------------------------------------------------------------------ */

DG_KERNEL static void add_to(float *restrict sum, const float *restrict part, int64_t count)
{
    for (int64_t i = 0; i < count; i++) sum[i] += part[i];
}

/* Sums the parts of a chunk's gradient, in the order of nodes and pieces. */
static void gather_gradient(const dg_plan *plan, const struct chunk *chunk, float *gradient)
{
    const dg_model *model = plan->model;
    int layer_index = model->weights[chunk->weight].layer;
    const dg_layer *layer = &model->layers[layer_index];
    int64_t offset = chunk->begin;
    for (int w = layer->first_weight; w < chunk->weight; w++)
        offset += (model->weights[w].size + 15) / 16 * 16;
    bool first = true;
    for (int i = 0; i < model->node_count; i++) {
        const struct node_memory *memory = &plan->nodes[i];
        if (model->nodes[i].layer != layer_index || !memory->partial) continue;
        const struct stage *stage = &plan->stages[memory->stage];
        const float *partial = dg_arena_at(&plan->arena, memory->partial, 0);
        int64_t pieces = dg_stage_pieces(plan, stage, plan->rows);
        for (int64_t piece = 0; piece < pieces; piece++) {
            const float *part = partial + piece * memory->partial_size + offset;
            if (first)
                memcpy(gradient, part, (size_t)chunk->count * sizeof *gradient);
            else
                add_to(gradient, part, chunk->count);
            first = false;
        }
    }
}

/* One update of all weights. Where gradients are clipped, or the optimizer looks at weights as a
 * whole, all gradients are gathered first; else each chunk is updated while its gradient is warm in
 * the cache. */
struct update_run {
    const dg_plan *plan;
    const dg_optimizer_type *optimizer; /* NULL: gradients are only gathered */
    double learning_rate, clipnorm;
    bool gathers, updates;
};

static dg_update update_of(const struct update_run *run, int weight, int64_t begin, int64_t count)
{
    const dg_model *model = run->plan->model;
    int64_t at = model->weights[weight].offset + begin;
    dg_update update = { .options = model->optimizer->options,
                         .learning_rate = run->learning_rate,
                         .step = model->step + 1,
                         .count = count,
                         .weight = model->values + at,
                         .gradient = model->gradients + at };
    for (int i = 0; i < DG_MAX_SLOTS; i++)
        if (model->slots[i]) update.slot[i] = model->slots[i] + at;
    return update;
}

static dg_status update_chunk(void *context, int64_t index, int worker)
{
    const struct update_run *run = context;
    (void)worker;
    const dg_plan *plan = run->plan;
    const dg_model *model = plan->model;
    const struct chunk *chunk = &plan->chunks[index];
    const dg_weight *weight = &model->weights[chunk->weight];
    int64_t at = weight->offset + chunk->begin;
    if (run->gathers) {
        gather_gradient(plan, chunk, model->gradients + at);
        plan->chunk_penalties[index] = dg_penalty(weight->regularizer, chunk->count,
                                                  model->values + at, model->gradients + at);
    }
    if (!run->updates) return DG_OK;
    dg_update update = update_of(run, chunk->weight, chunk->begin, chunk->count);
    memcpy(update.found, plan->found[chunk->weight], sizeof update.found);
    run->optimizer->update(&update);
    return DG_OK;
}

/* The sum goes in eight parts, so that it has the same order on every processor. */
DG_KERNEL static double sum_of_squares(const float *x, int64_t count)
{
    enum { PARTS = 8 };
    double part[PARTS] = { 0 };
    int64_t i = 0;
    for (; i + PARTS <= count; i += PARTS)
        for (int k = 0; k < PARTS; k++) part[k] += (double)x[i + k] * (double)x[i + k];
    for (int k = 0; i < count; i++, k++) part[k] += (double)x[i] * (double)x[i];
    for (int k = 1; k < PARTS; k++) part[0] += part[k];
    return part[0];
}

/* Scales a gradient whose norm is above `limit` down to it. */
static void clip_gradient(double limit, int64_t count, float *gradient)
{
    double norm = sqrt(sum_of_squares(gradient, count));
    if (!(norm > limit)) return;
    float factor = (float)(limit / norm);
    for (int64_t i = 0; i < count; i++) gradient[i] *= factor;
}

static dg_status begin_weight(void *context, int64_t index, int worker)
{
    const struct update_run *run = context;
    (void)worker;
    const dg_weight *weight = &run->plan->model->weights[index];
    if (weight->frozen) return DG_OK;
    if (!isnan(run->clipnorm))
        clip_gradient(run->clipnorm, weight->size, dg_model_gradient(run->plan->model, (int)index));
    if (!run->optimizer->begin) return DG_OK;
    dg_update whole = update_of(run, (int)index, 0, weight->size);
    double *found = run->plan->found[index];
    memset(found, 0, sizeof whole.found);
    run->optimizer->begin(&whole, found);
    return DG_OK;
}

static dg_status run_update(const dg_plan *plan, bool update, double *penalty)
{
    dg_model *model = plan->model;
    struct update_run run = { .plan = plan, .gathers = true };
    if (update) {
        run.optimizer = (const dg_optimizer_type *)model->optimizer->type;
        const dg_optimizer_options *options = model->optimizer->options;
        run.learning_rate = options->learning_rate;
        run.clipnorm = options->clipnorm;
    }
    bool whole = update && (run.optimizer->begin || !isnan(run.clipnorm));
    run.updates = update && !whole;
    dg_arena_enter(&plan->arena, dg_step_update(plan), dg_step_update(plan));
    DG_TRY(dg_parallel(&plan->job, plan->chunk_count, update_chunk, &run));
    *penalty = 0;
    for (int64_t i = 0; i < plan->chunk_count; i++) *penalty += plan->chunk_penalties[i];
    if (whole) {
        DG_TRY(dg_parallel(&plan->job, model->weight_count, begin_weight, &run));
        run.gathers = false;
        run.updates = true;
        DG_TRY(dg_parallel(&plan->job, plan->chunk_count, update_chunk, &run));
    }
    if (update) model->step++;
    return DG_OK;
}

dg_status dg_plan_backward(dg_plan *plan, const dg_truth *truth, int64_t rows, bool update,
                           const dg_job *job, double *loss)
{
    double penalty = 0;
    plan->job = (dg_job){ .threads = job->threads < plan->workers ? job->threads : plan->workers };
    plan->rows = rows;
    dg_status status = run_loss(plan, truth, loss);
    if (status == DG_OK && !isfinite(*loss))
        status = dg_error(DG_NUMERIC,
                          "the loss is %g: try a smaller learning rate, and look for NaN or huge "
                          "values in the data",
                          isnan(*loss) ? NAN : *loss); /* without a sign */
    if (status == DG_OK) status = run_stages(plan);
    if (status == DG_OK) status = run_update(plan, update, &penalty);
    *loss += penalty;
    return status;
}
