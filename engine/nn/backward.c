/* Running a plan backward: the loss and the gradients. */
#include <math.h>
#include <string.h>

#include "engine/nn/plan_internal.h"

/* --- the loss ----------------------------------------------------------------------------- */

struct loss_run {
    const dg_plan *plan;
    dg_loss_pass pass;
    int64_t pieces;
    double sum[DG_MAX_PIECES];
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
    if (pass.weights) pass.weights += begin;
    run->sum[piece] = dg_loss_of_rows(run->plan->model->loss, &pass);
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
                                      .weights = truth->weights,
                                      .gradient = dg_plan_rows(plan, output->gradient, 0, 0),
                                      .logits = dg_plan_logits(plan),
                                      .scale = 1 / (double)plan->rows } };
    dg_arena_enter(&plan->arena, dg_plan_loss_step(plan), dg_plan_loss_step(plan));
    run.pieces = dg_pieces(plan->rows, 16384 / output->size + 1, DG_MAX_PIECES);
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
    if (!layer->trainable) return;
    const float *values = dg_model_weight(model, layer->first_weight);
    float *gradients = dg_arena_at(&plan->arena, memory->partial, 0);
    pass->updates = !gradients && plan->updates_parts ? plan : NULL;
    if (gradients)
        gradients += piece * memory->partial_size;
    else
        gradients = dg_model_gradient(model, layer->first_weight);
    for (int place = 0, w = layer->first_weight; place < DG_MAX_WEIGHTS; place++)
        if (pass->weight[place] && !model->weights[w++].moves)
            pass->weight_gradient[place] = gradients + (pass->weight[place] - values);
}

/* The gradient of an output that several nodes read is the sum of theirs, in their order. */
static void join_gradients(const dg_plan *plan, int index, int64_t begin, int64_t end, int worker)
{
    const dg_model *model = plan->model;
    const struct node_memory *memory = &plan->nodes[index];
    float *sum = dg_plan_rows(plan, memory->gradient, begin, worker);
    int64_t count = (end - begin) * memory->size;
    bool first = true;
    for (int j = index + 1; j < model->node_count; j++)
        for (int k = 0; k < model->nodes[j].inputs; k++) {
            if (model->nodes[j].input[k] != index) continue;
            const float *edge = dg_plan_rows(plan, plan->nodes[j].edge[k], begin, worker);
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
    pass->activation_fused = pass->logits || memory->relu_taken;
    pass->relu_before = memory->picks_relu;
    pass->logits = NULL;
    pass->output_gradient = dg_plan_rows(plan, memory->gradient, begin, worker);
    pass->scratch = dg_arena_at(&plan->arena, memory->scratch[1], worker);
    bool forgets = (pass->build->forgets_output || memory->relu_taken) && !memory->picks_relu;
    if (forgets) pass->output = NULL;
    for (int k = 0; k < model->nodes[index].inputs; k++) {
        if (pass->build->forgets_input) pass->input[k] = NULL;
        pass->input_gradient[k] = dg_plan_rows(plan, memory->edge[k], begin, worker);
    }
    place_weight_gradients(plan, index, piece, pass);
}

/* The lower half of the node that the stage gathers sums for. */
static dg_status backward_after_sums(const dg_plan *plan, int index, int64_t begin, int64_t end,
                                     int worker)
{
    dg_pass pass;
    if (!index || !plan->nodes[index].wants_gradient) return DG_OK;
    dg_plan_pass_back(plan, index, begin, end, 0, worker, &pass);
    memset(pass.weight_gradient, 0, sizeof pass.weight_gradient);
    return pass.input_gradient[0] ? dg_node_type(plan->model, index)->backward(&pass) : DG_OK;
}

static dg_status stage_backward(void *context, int64_t piece, int worker)
{
    const struct stage_run *run = context;
    const dg_plan *plan = run->plan;
    int64_t begin = dg_piece_begin(plan->rows, run->pieces, piece);
    int64_t end = dg_piece_begin(plan->rows, run->pieces, piece + 1);
    DG_TRY(backward_after_sums(plan, run->stage->gathers, begin, end, worker));
    for (int i = run->stage->last; i >= run->stage->first && i > 0; i--) {
        const struct node_memory *node = &plan->nodes[i];
        const dg_layer_type *type = dg_node_type(plan->model, i);
        bool gathers = run->stage->starts_after_sums && i == run->stage->first;
        dg_pass pass;
        if (!node->wants_gradient) continue;
        if (node->consumers > 1) join_gradients(plan, i, begin, end, worker);
        if (node->view) continue;
        dg_plan_pass_back(plan, i, begin, end, piece, worker, &pass);
        if (gathers) dg_plan_pass_gather(plan, i, false, piece, &pass);
        DG_TRY((gathers ? type->gather_back : type->backward)(&pass));
    }
    return DG_OK;
}

static dg_status join_back(const dg_plan *plan, const struct stage *stage)
{
    dg_pass pass;
    if (!stage->gathers || !plan->nodes[stage->gathers].wants_gradient) return DG_OK;
    dg_plan_pass_back(plan, stage->gathers, 0, plan->rows, 0, 0, &pass);
    dg_plan_pass_join(plan, stage->gathers, false, dg_stage_pieces(plan, stage + 1, plan->rows),
                      &pass);
    return dg_node_type(plan->model, stage->gathers)->join_back(&pass);
}

static dg_status run_stages(const dg_plan *plan)
{
    dg_job rowwise = dg_plan_row_job(plan);
    for (int i = plan->stage_count - 1; i >= 0; i--) {
        const struct stage *stage = &plan->stages[i];
        if (!stage->backward) continue;
        struct steps steps = dg_stage_steps(plan, stage, false);
        dg_arena_enter(&plan->arena, steps.first, steps.last);
        DG_TRY(join_back(plan, stage));
        struct stage_run run = { plan, stage, dg_stage_pieces(plan, stage, plan->rows) };
        if (stage->whole_batch)
            DG_TRY(stage_backward(&run, 0, 0));
        else
            DG_TRY(dg_parallel(&rowwise, run.pieces, stage_backward, &run));
    }
    return DG_OK;
}

/* --- all of it ---------------------------------------------------------------------------- */

dg_status dg_plan_backward(dg_plan *plan, const dg_truth *truth, int64_t rows, bool update,
                           const dg_job *job, double *loss)
{
    double penalty;
    plan->job = (dg_job){ .threads = job->threads };
    plan->rows = rows;
    if (update) plan->learning_rate = dg_learning_rate(plan->model->optimizer, plan->model->step);
    plan->updates_parts = update && dg_plan_can_update_parts(plan);
    DG_TRY(run_loss(plan, truth, loss));
    if (!isfinite(*loss))
        return dg_error(DG_NUMERIC,
                        "the loss is %g: try a smaller learning rate, and look for NaN or huge "
                        "values in the data",
                        isnan(*loss) ? NAN : *loss); /* without a sign */
    DG_TRY(run_stages(plan));
    DG_TRY(dg_plan_update(plan, update, &penalty));
    *loss += penalty;
    return DG_OK;
}
