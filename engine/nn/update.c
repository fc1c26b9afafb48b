/* After a batch went backward: gathering the gradients of the weights, and their update. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/optimizers/options.h"
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
    bool gathers, updates;
    double norm; /* of all gradients, if global_clipnorm is given */
};

static const dg_optimizer_type *optimizer_of(const dg_model *model)
{
    return (const dg_optimizer_type *)model->optimizer->type;
}

/* `at`: the place of the first value in the model's arrays. */
static dg_update update_of(const dg_plan *plan, int64_t at, int64_t count)
{
    const dg_model *model = plan->model;
    const dg_optimizer_options *options = model->optimizer->options;
    dg_update update = { .options = options,
                         .learning_rate = plan->learning_rate,
                         .step = model->step + 1,
                         .keep = (float)(1 - plan->learning_rate * options->weight_decay),
                         .count = count,
                         .weight = model->values + at,
                         .gradient = model->gradients + at };
    for (int i = 0; i < DG_MAX_SLOTS; i++)
        if (model->slots[i]) update.slot[i] = model->slots[i] + at;
    return update;
}

DG_KERNEL(void, move_averages,
          (float momentum, float rest, int64_t count, const float *restrict w,
           float *restrict average),
          (momentum, rest, count, w, average))
{
    for (int64_t i = 0; i < count; i++) average[i] = DG_FMA(momentum, average[i], rest * w[i]);
}

/* Runs an update. As in Keras, running averages begin with the weights after the first step. */
static void run_update(const dg_model *model, const dg_update *update)
{
    const dg_optimizer_options *options = update->options;
    int64_t often = options->ema_overwrite_frequency;
    float momentum = update->step > 1 ? (float)options->ema_momentum : 0;
    optimizer_of(model)->update(update);
    if (!options->use_ema) return;
    float *averages = update->slot[dg_optimizer_average(model->optimizer)];
    move_averages(momentum, 1 - momentum, update->count, update->weight, averages);
    if (often && update->step % often == 0)
        memcpy(update->weight, averages, (size_t)update->count * sizeof *averages);
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
    dg_update update = update_of(plan, at, chunk->count);
    memcpy(update.found, plan->found[chunk->weight], sizeof update.found);
    run_update(model, &update);
    return DG_OK;
}

/* --- clipping ----------------------------------------------------------------------------- */

/* Scales a gradient down, by what takes `norm` to `limit`, unless it is within. */
static void scale_down(double norm, double limit, int64_t count, float *gradient)
{
    if (!(norm > limit)) return;
    float factor = (float)(limit / norm);
    for (int64_t i = 0; i < count; i++) gradient[i] *= factor;
}

/* NaN stays. */
static void cut_values(float most, int64_t count, float *gradient)
{
    for (int64_t i = 0; i < count; i++) {
        float g = gradient[i] > most ? most : gradient[i];
        gradient[i] = g < -most ? -most : g;
    }
}

static void clip_gradient(const struct update_run *run, int64_t count, float *gradient)
{
    const dg_optimizer_options *o = run->plan->model->optimizer->options;
    if (!isnan(o->clipnorm))
        scale_down(sqrt(dg_sum_of_squares(gradient, count)), o->clipnorm, count, gradient);
    if (!isnan(o->global_clipnorm)) scale_down(run->norm, o->global_clipnorm, count, gradient);
    if (!isnan(o->clipvalue)) cut_values((float)o->clipvalue, count, gradient);
}

static bool clips(const dg_optimizer_options *o)
{
    return !isnan(o->clipnorm) || !isnan(o->global_clipnorm) || !isnan(o->clipvalue);
}

/* Leaves the square of a gradient's norm where begin() will find its place. */
static dg_status square_gradient(void *context, int64_t index, int worker)
{
    const struct update_run *run = context;
    (void)worker;
    const dg_model *model = run->plan->model;
    const dg_weight *weight = &model->weights[index];
    run->plan->found[index][0] =
        weight->frozen ? 0 : dg_sum_of_squares(dg_model_gradient(model, (int)index), weight->size);
    return DG_OK;
}

static dg_status find_norm(struct update_run *run)
{
    const dg_plan *plan = run->plan;
    const dg_optimizer_options *options = plan->model->optimizer->options;
    double sum = 0;
    if (isnan(options->global_clipnorm)) return DG_OK;
    DG_TRY(dg_parallel(&plan->job, plan->model->weight_count, square_gradient, run));
    for (int i = 0; i < plan->model->weight_count; i++) sum += plan->found[i][0];
    run->norm = sqrt(sum);
    return DG_OK;
}

/* --- all of it ---------------------------------------------------------------------------- */

static dg_status begin_weight(void *context, int64_t index, int worker)
{
    const struct update_run *run = context;
    (void)worker;
    const dg_model *model = run->plan->model;
    const dg_weight *weight = &model->weights[index];
    if (weight->frozen) return DG_OK;
    clip_gradient(run, weight->size, dg_model_gradient(model, (int)index));
    if (!optimizer_of(model)->begin) return DG_OK;
    dg_update whole = update_of(run->plan, weight->offset, weight->size);
    double *found = run->plan->found[index];
    memset(found, 0, sizeof whole.found);
    whole.shape = &weight->shape;
    whole.of_output = weight->layer == model->nodes[model->output].layer;
    return optimizer_of(model)->begin(&whole, found);
}

bool dg_plan_can_update_parts(const dg_plan *plan)
{
    const dg_model *model = plan->model;
    return !optimizer_of(model)->begin && !clips(model->optimizer->options);
}

void dg_pass_ready(const dg_pass *pass, int place, int64_t first, int64_t count)
{
    const dg_weight_spec *spec = &pass->build->weight[place];
    if (!pass->updates || spec->regularizer) return;
    const dg_model *model = pass->updates->model;
    dg_update update = update_of(pass->updates, pass->weight[place] + first - model->values, count);
    run_update(model, &update);
}

dg_status dg_plan_update(const dg_plan *plan, bool update, double *penalty)
{
    dg_model *model = plan->model;
    struct update_run run = { .plan = plan, .gathers = true };
    bool whole = update && !dg_plan_can_update_parts(plan);
    run.updates = update && !whole;
    dg_arena_enter(&plan->arena, dg_plan_update_step(plan), dg_plan_update_step(plan));
    DG_TRY(dg_parallel(&plan->job, plan->chunk_count, update_chunk, &run));
    *penalty = 0;
    for (int64_t i = 0; i < plan->chunk_count; i++) *penalty += plan->chunk_penalties[i];
    if (whole) {
        DG_TRY(find_norm(&run));
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

void dg_model_take_averages(dg_model *model)
{
    int slot = dg_optimizer_average(model->optimizer);
    if (slot < 0 || model->step == 0) return;
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        if (weight->frozen) continue;
        memcpy(model->values + weight->offset, model->slots[slot] + weight->offset,
               (size_t)weight->size * sizeof(float));
    }
}
