/* After a batch went backward: gathering the gradients of the weights, and their update. */
#include <math.h>
#include <string.h>

#include "engine/base/lanes.h"
#include "engine/nn/plan_internal.h"

/* --- gathering ---------------------------------------------------------------------------- */

DG_KERNEL(void, add_to, (float *restrict sum, const float *restrict part, int64_t count),
          (sum, part, count))
{
    for (int64_t i = 0; i < count; i++) sum[i] += part[i];
}

/* Sums the parts of a chunk's gradient, in the order of nodes and pieces. */
static void gather_gradient(const dg_plan *plan, const struct chunk *chunk, float *gradient)
{
    const dg_model *model = plan->model;
    const dg_weight *weight = &model->weights[chunk->weight];
    int64_t offset = weight->offset + chunk->begin - dg_layer_offset(model, weight->layer);
    bool first = true;
    for (int i = 0; i < model->node_count; i++) {
        const struct node_memory *memory = &plan->nodes[i];
        if (model->nodes[i].layer != weight->layer || !memory->partial) continue;
        const float *partial = dg_arena_at(&plan->arena, memory->partial, 0);
        int64_t pieces = dg_gradient_pieces(plan, i, plan->rows);
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

/* --- updating ----------------------------------------------------------------------------- */

/* One update of all weights. Where gradients are clipped, or the optimizer looks at weights as a
 * whole, all gradients are gathered first; else each chunk is updated while its gradient is warm in
 * the cache. */
struct update_run {
    const dg_plan *plan;
    const dg_optimizer_type *optimizer; /* NULL: gradients are only gathered */
    double clipnorm;
    bool gathers, updates;
};

/* `at`: the place of the first value in the model's arrays. */
static dg_update update_of(const dg_model *model, int64_t at, int64_t count)
{
    const dg_optimizer_options *options = model->optimizer->options;
    dg_update update = { .options = options,
                         .learning_rate = options->learning_rate,
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
    if (chunk->announced && plan->updates_parts) return DG_OK; /* it is done */
    if (run->gathers) {
        gather_gradient(plan, chunk, model->gradients + at);
        plan->chunk_penalties[index] = dg_penalty(weight->regularizer, chunk->count,
                                                  model->values + at, model->gradients + at);
    }
    if (!run->updates) return DG_OK;
    dg_update update = update_of(model, at, chunk->count);
    memcpy(update.found, plan->found[chunk->weight], sizeof update.found);
    run->optimizer->update(&update);
    return DG_OK;
}

DG_KERNEL(double, sum_of_squares, (const float *x, int64_t count), (x, count))
{
    double lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, count, lane[l] = DG_FMA((double)x[i], (double)x[i], lane[l]));
    return DG_JOIN(lane);
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
    dg_update whole = update_of(run->plan->model, weight->offset, weight->size);
    double *found = run->plan->found[index];
    memset(found, 0, sizeof whole.found);
    run->optimizer->begin(&whole, found);
    return DG_OK;
}

bool dg_plan_can_update_parts(const dg_plan *plan)
{
    const dg_part *optimizer = plan->model->optimizer;
    const dg_optimizer_options *options = optimizer->options;
    return !((const dg_optimizer_type *)optimizer->type)->begin && isnan(options->clipnorm);
}

void dg_pass_ready(const dg_pass *pass, int place, int64_t first, int64_t count)
{
    const dg_weight_spec *spec = &pass->build->weight[place];
    if (!pass->updates || spec->regularizer || spec->frozen) return;
    const dg_model *model = pass->updates->model;
    dg_update update = update_of(model, pass->weight[place] + first - model->values, count);
    ((const dg_optimizer_type *)model->optimizer->type)->update(&update);
}

dg_status dg_plan_update(const dg_plan *plan, bool update, double *penalty)
{
    dg_model *model = plan->model;
    struct update_run run = { .plan = plan, .gathers = true };
    if (update) {
        run.optimizer = (const dg_optimizer_type *)model->optimizer->type;
        const dg_optimizer_options *options = model->optimizer->options;
        run.clipnorm = options->clipnorm;
    }
    bool whole = update && (run.optimizer->begin || !isnan(run.clipnorm));
    run.updates = update && !whole;
    dg_arena_enter(&plan->arena, dg_plan_update_step(plan), dg_plan_update_step(plan));
    DG_TRY(dg_parallel(&plan->job, plan->chunk_count, update_chunk, &run));
    *penalty = 0;
    for (int64_t i = 0; i < plan->chunk_count; i++) *penalty += plan->chunk_penalties[i];
    if (whole) {
        DG_TRY(dg_parallel(&plan->job, model->weight_count, begin_weight, &run));
        run.gathers = false;
        run.updates = true;
        DG_TRY(dg_parallel(&plan->job, plan->chunk_count, update_chunk, &run));
    }
    if (update) {
        model->step++;
        model->changes++;
    }
    return DG_OK;
}
