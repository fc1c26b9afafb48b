/* Running a plan forward. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/random.h"
#include "engine/nn/layers/warp.h"
#include "engine/nn/mixup.h"
#include "engine/nn/plan_internal.h"

/* --- rows into the network ---------------------------------------------------------------- */

DG_KERNEL(void, scale_bytes,
          (const uint8_t *restrict from, int64_t count, float divisor, float *restrict to),
          (from, count, divisor, to))
{
    for (int64_t i = 0; i < count; i++) to[i] = (float)from[i] / divisor;
}

static void fill_input(const dg_source *source, int64_t size, int64_t begin, int64_t end, float *to)
{
    for (int64_t i = begin; i < end; i++, to += size) {
        int64_t row = source->rows ? source->rows[source->first + i] : source->first + i;
        if (source->x->dtype == DG_UINT8)
            scale_bytes(dg_bytes(source->x) + row * size, size, source->raw ? 1 : 255, to);
        else
            memcpy(to, dg_floats(source->x) + row * size, (size_t)size * sizeof *to);
        if (source->mixup) dg_mixup_row(source, i, size, to);
    }
}

/* --- layers ------------------------------------------------------------------------------- */

void dg_plan_pass(const dg_plan *plan, int index, int64_t begin, int64_t end, int worker,
                  dg_pass *pass)
{
    const dg_model *model = plan->model;
    const dg_node *node = &model->nodes[index];
    const dg_layer *layer = &model->layers[node->layer];
    const struct node_memory *memory = &plan->nodes[index];
    *pass = (dg_pass){ .job = &plan->job,
                       .options = layer->part->options,
                       .build = &node->build,
                       .training = plan->training,
                       .frozen = layer->frozen,
                       .relu = memory->relu,
                       .rows = end - begin,
                       .first = begin,
                       .output = dg_plan_rows(plan, memory->output, begin, worker),
                       .saved_rows = dg_plan_rows(plan, memory->saved_rows, begin, worker),
                       .saved_batch = dg_arena_at(&plan->arena, memory->saved_batch, worker),
                       .scratch = dg_arena_at(&plan->arena, memory->scratch[0], worker),
                       .prepared = dg_arena_at(&plan->arena, memory->prepared, worker) };
    if (plan->training) {
        pass->key = dg_key(plan->key, "layer", (uint64_t)index);
        pass->precision = dg_model_trains_in(model);
    }
    if (memory->warps.value) {
        pass->warps = dg_plan_rows(plan, memory->warps, begin, worker);
        int sampler = memory->sampler ? memory->sampler : index;
        pass->warp_options = model->layers[model->nodes[sampler].layer].part->options;
    }
    if (index == model->output) pass->logits = dg_plan_rows(plan, plan->logits, begin, worker);
    for (int k = 0; k < node->inputs; k++)
        pass->input[k] = dg_plan_rows(plan, plan->nodes[node->input[k]].output, begin, worker);
    dg_node_weights(model, index, pass->weight);
    if (!memory->folds) return;
    struct dg_folded folded = dg_folded_of(plan, index);
    pass->weight[0] = folded.kernel;
    pass->weight[1] = folded.bias;
}

/* --- sums --------------------------------------------------------------------------------- */

void dg_plan_pass_gather(const dg_plan *plan, int index, bool forward, int64_t piece, dg_pass *pass)
{
    char *sums = dg_arena_at(&plan->arena, plan->nodes[index].sum[forward ? 0 : 1], 0);
    pass->sums = sums + piece * pass->build->sums_bytes;
    pass->output = NULL;
    pass->scratch = NULL;
    memset(pass->input_gradient, 0, sizeof pass->input_gradient);
    memset(pass->weight_gradient, 0, sizeof pass->weight_gradient);
}

void dg_plan_pass_join(const dg_plan *plan, int index, bool forward, int64_t pieces, dg_pass *pass)
{
    pass->sums = dg_arena_at(&plan->arena, plan->nodes[index].sum[forward ? 0 : 1], 0);
    pass->pieces = pieces;
    pass->output = pass->output_gradient = NULL;
    pass->saved_rows = pass->scratch = NULL;
    memset(pass->input, 0, sizeof pass->input);
    memset(pass->input_gradient, 0, sizeof pass->input_gradient);
}

static dg_status join(const dg_plan *plan, const struct stage *stage)
{
    dg_pass pass;
    dg_plan_pass(plan, stage->first, 0, plan->rows, 0, &pass);
    dg_plan_pass_join(plan, stage->first, true, dg_stage_pieces(plan, stage - 1, plan->rows),
                      &pass);
    return dg_node_type(plan->model, stage->first)->join(&pass);
}

/* --- what follows from weights --------------------------------------------------------------- */

static void derive_nodes(dg_plan *plan)
{
    if (plan->derived == plan->model->changes) return;
    for (int i = 1; i < plan->model->node_count; i++) {
        const dg_layer_type *type = dg_node_type(plan->model, i);
        if (plan->nodes[i].folds) dg_plan_fold(plan, i);
        if (plan->nodes[i].view || !type->derive) continue;
        dg_pass pass;
        dg_plan_pass(plan, i, 0, 0, 0, &pass);
        type->derive(pass.weight, plan->training,
                     dg_arena_at(&plan->arena, plan->nodes[i].prepared, 0));
    }
    plan->derived = plan->model->changes;
}

/* --- stages ------------------------------------------------------------------------------- */

static dg_status stage_forward(void *context, int64_t piece, int worker)
{
    const struct stage_run *run = context;
    const dg_plan *plan = run->plan;
    int64_t begin = dg_piece_begin(plan->rows, run->pieces, piece);
    int64_t end = dg_piece_begin(plan->rows, run->pieces, piece + 1);
    for (int i = run->stage->first; i <= run->stage->last; i++) {
        const struct node_memory *node = &plan->nodes[i];
        dg_pass pass;
        if (node->view && !node->warps.value) continue;
        if (i == 0) {
            fill_input(plan->source, node->size, begin, end,
                       dg_plan_rows(plan, node->output, begin, worker));
            continue;
        }
        const dg_layer_type *type = dg_node_type(plan->model, i);
        dg_plan_pass(plan, i, begin, end, worker, &pass);
        if (pass.warps) dg_warp_rows(type, &pass, node->joins);
        if (!node->view) DG_TRY(type->forward(&pass));
    }
    if (!run->stage->gathers) return DG_OK;
    dg_pass pass;
    dg_plan_pass(plan, run->stage->gathers, begin, end, worker, &pass);
    dg_plan_pass_gather(plan, run->stage->gathers, true, piece, &pass);
    return dg_node_type(plan->model, run->stage->gathers)->gather(&pass);
}

dg_status dg_plan_forward(dg_plan *plan, const dg_source *source, int64_t rows, uint64_t key,
                          const dg_job *job)
{
    plan->source = source;
    plan->rows = rows;
    plan->key = key;
    plan->job = (dg_job){ .threads = job->threads };
    dg_job rowwise = dg_plan_row_job(plan);
    dg_status status = DG_OK;
    derive_nodes(plan);
    if (plan->training) plan->model->changes++; /* running means */
    for (int i = 0; i < plan->stage_count && status == DG_OK; i++) {
        const struct stage *stage = &plan->stages[i];
        if (!stage->forward) continue;
        struct stage_run run = { plan, stage, dg_stage_pieces(plan, stage, rows) };
        struct steps steps = dg_stage_steps(plan, stage, true);
        dg_arena_enter(&plan->arena, steps.first, steps.last);
        if (stage->starts_after_sums) status = join(plan, stage);
        if (status != DG_OK) break;
        if (stage->whole_batch)
            status = stage_forward(&run, 0, 0);
        else
            status = dg_parallel(&rowwise, run.pieces, stage_forward, &run);
    }
    plan->source = NULL;
    return status;
}
