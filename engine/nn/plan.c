/* Laying out a network in memory and in stages. */
#include "engine/nn/plan.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/activation.h"
#include "engine/nn/plan_internal.h"

enum {
    STAGE_BYTES = 1 << 18,   /* predicting: what a piece should keep warm, a part of an L2 cache */
    PIECE_COST = 200 * 1000, /* operations that are worth a piece of their own */
    CHUNK_FLOATS = 8192,
};

/* --- memory ------------------------------------------------------------------------------- */

/* `*out` becomes memory that goes with the plan. */
static dg_status reserve(dg_plan *plan, void *out, int64_t count, size_t size)
{
    void **place = out;
    DG_TRY(dg_alloc(place, count, size));
    if ((plan->block_count & (plan->block_count - 1)) == 0) {
        dg_status status = dg_resize(&plan->blocks, plan->block_count ? 2 * plan->block_count : 1,
                                     sizeof *plan->blocks);
        if (status != DG_OK) {
            dg_free(*place);
            return status;
        }
    }
    plan->blocks[plan->block_count++] = *place;
    return DG_OK;
}

static dg_status reserve_zero(dg_plan *plan, void *out, int64_t count, size_t size)
{
    DG_TRY(reserve(plan, out, count, size));
    memset(*(void **)out, 0, (size_t)count * size);
    return DG_OK;
}

void dg_plan_free(dg_plan *plan)
{
    if (!plan) return;
    for (int i = 0; i < plan->block_count; i++) dg_free(plan->blocks[i]);
    dg_free(plan->blocks);
    dg_free(plan);
}

bool dg_plan_fits(const dg_plan *plan, int64_t rows, int workers)
{
    return plan->training && plan->capacity >= rows && plan->workers >= workers;
}

/* --- stages ------------------------------------------------------------------------------- */

static bool is_view(const dg_plan *plan, int node)
{
    const dg_layer_build *build = &plan->model->nodes[node].build;
    return node > 0 && (build->cut == DG_CUT_VIEW || (build->training_only && !plan->training));
}

static bool needs_batch(const dg_plan *plan, int node)
{
    return node > 0 && !is_view(plan, node) && plan->model->nodes[node].build.cut == DG_CUT_BATCH;
}

static void close_stage(const dg_plan *plan, struct stage *stage)
{
    int64_t row_bytes = 0;
    stage->idle = true;
    for (int i = stage->first; i <= stage->last; i++) {
        if (plan->nodes[i].view) continue;
        stage->idle = false;
        stage->row_cost += plan->model->nodes[i].build.row_flops + 4 * plan->nodes[i].size;
        row_bytes += plan->nodes[i].size * (int64_t)sizeof(float);
    }
    stage->piece_rows = row_bytes ? STAGE_BYTES / row_bytes : plan->capacity;
    if (stage->piece_rows > plan->capacity) stage->piece_rows = plan->capacity;
    if (stage->piece_rows < 1) stage->piece_rows = 1;
}

static dg_status make_stages(dg_plan *plan)
{
    int nodes = plan->model->node_count;
    DG_TRY(reserve_zero(plan, &plan->stages, nodes, sizeof *plan->stages));
    for (int i = 0; i < nodes; i++) {
        struct stage *last = plan->stage_count ? &plan->stages[plan->stage_count - 1] : NULL;
        bool whole = needs_batch(plan, i);
        if (!last || whole || last->whole_batch)
            plan->stages[plan->stage_count++] = (struct stage){ i, i, .whole_batch = whole };
        else
            last->last = i;
    }
    for (int i = 0; i < plan->stage_count; i++) close_stage(plan, &plan->stages[i]);
    return DG_OK;
}

int64_t dg_stage_pieces(const dg_plan *plan, const struct stage *stage, int64_t rows)
{
    if (!plan->training) return (rows + stage->piece_rows - 1) / stage->piece_rows;
    return dg_pieces(rows, PIECE_COST / (stage->row_cost + 1) + 1, DG_MOST_PIECES);
}

struct stage_run {
    const dg_plan *plan;
    const struct stage *stage;
    int64_t pieces;
    dg_stage_piece *function;
};

static dg_status run_piece(void *context, int64_t piece, int worker)
{
    const struct stage_run *run = context;
    int64_t begin = dg_piece_begin(run->plan->rows, run->pieces, piece);
    int64_t end = dg_piece_begin(run->plan->rows, run->pieces, piece + 1);
    return run->function(run->plan, run->stage, begin, end, piece, worker);
}

dg_status dg_run_stage(const dg_plan *plan, const struct stage *stage, const dg_job *job,
                       dg_stage_piece *function)
{
    struct stage_run run = { plan, stage, dg_stage_pieces(plan, stage, plan->rows), function };
    return dg_parallel(job, run.pieces, run_piece, &run);
}

/* --- values ------------------------------------------------------------------------------- */

static int stage_of(const dg_plan *plan, int node)
{
    int stage = 0;
    while (plan->stages[stage].last < node) stage++;
    return stage;
}

/* The node whose memory a view shows. */
static int root_of(const dg_plan *plan, int node)
{
    while (plan->nodes[node].view) node = plan->model->nodes[node].input[0];
    return node;
}

/* When predicting, what is used within its stage only needs room for one piece. */
static void find_local(dg_plan *plan)
{
    const dg_model *model = plan->model;
    if (plan->training) return;
    for (int i = 0; i < model->node_count; i++)
        plan->nodes[i].local = !plan->stages[stage_of(plan, i)].whole_batch;
    for (int i = 1; i < model->node_count; i++)
        for (int k = 0; k < model->nodes[i].inputs; k++) {
            int root = root_of(plan, model->nodes[i].input[k]);
            if (stage_of(plan, i) != stage_of(plan, root)) plan->nodes[root].local = false;
        }
    plan->nodes[root_of(plan, model->output)].local = false;
}

static dg_status place_outputs(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 0; i < model->node_count; i++) {
        struct node_memory *node = &plan->nodes[i];
        if (node->view) {
            const struct node_memory *shown = &plan->nodes[model->nodes[i].input[0]];
            node->output = shown->output;
            node->local = shown->local;
            continue;
        }
        int64_t rows = node->local ? plan->stages[stage_of(plan, i)].piece_rows : plan->capacity;
        DG_TRY(reserve(plan, &node->output, rows * node->size, sizeof(float)));
        const dg_layer_build *build = &model->nodes[i].build;
        if (!plan->training) continue;
        DG_TRY(reserve(plan, &node->saved_rows, rows * build->saved_row_bytes, 1));
        DG_TRY(reserve_zero(plan, &node->saved_batch, build->saved_batch_bytes, 1));
    }
    return DG_OK;
}

/* What layers prepare for all batches. */
static dg_status prepare_nodes(dg_plan *plan)
{
    for (int i = 1; i < plan->model->node_count; i++) {
        const dg_layer_build *build = &plan->model->nodes[i].build;
        const dg_layer_type *type = dg_node_type(plan->model, i);
        struct node_memory *node = &plan->nodes[i];
        if (node->view || !type->prepare) continue;
        DG_TRY(reserve(plan, &node->prepared, build->prepared_bytes, 1));
        type->prepare(plan->model->layers[plan->model->nodes[i].layer].part->options, build,
                      node->prepared);
    }
    return DG_OK;
}

/* --- gradients ---------------------------------------------------------------------------- */

static int64_t trainable_size(const dg_model *model, int node)
{
    return model->layers[model->nodes[node].layer].trainable;
}

static void find_wanted(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 0; i < model->node_count; i++) {
        struct node_memory *node = &plan->nodes[i];
        node->wants_gradient = trainable_size(model, i) > 0;
        for (int k = 0; k < model->nodes[i].inputs; k++) {
            struct node_memory *input = &plan->nodes[model->nodes[i].input[k]];
            input->consumers++;
            node->wants_gradient |= input->wants_gradient;
        }
    }
}

/* The gradient of a node with one consumer is what that consumer writes; with several, their
 * sum. */
static dg_status place_gradients(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = model->node_count - 1; i >= 0; i--) {
        struct node_memory *node = &plan->nodes[i];
        if (!node->wants_gradient && i != model->output) continue;
        if (!node->gradient)
            DG_TRY(reserve(plan, &node->gradient, plan->capacity * node->size, sizeof(float)));
        for (int k = 0; k < model->nodes[i].inputs; k++) {
            struct node_memory *input = &plan->nodes[model->nodes[i].input[k]];
            if (!input->wants_gradient) continue;
            if (node->view)
                node->edge[k] = node->gradient;
            else
                DG_TRY(reserve(plan, &node->edge[k], plan->capacity * input->size, sizeof(float)));
            if (input->consumers == 1) input->gradient = node->edge[k];
        }
    }
    return DG_OK;
}

static int uses_of(const dg_model *model, int layer)
{
    int uses = 0;
    for (int i = 0; i < model->node_count; i++) uses += model->nodes[i].layer == layer;
    return uses;
}

/* Weight gradients that come in pieces, or from several uses of a layer, are summed afterwards. */
static dg_status place_partials(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 0; i < model->node_count; i++) {
        struct node_memory *node = &plan->nodes[i];
        const dg_layer *layer = &model->layers[model->nodes[i].layer];
        bool whole = needs_batch(plan, i);
        if (!layer->trainable || (whole && uses_of(model, model->nodes[i].layer) == 1)) continue;
        for (int w = 0; w < layer->weights; w++) {
            const dg_weight *weight = &model->weights[layer->first_weight + w];
            node->partial_size += (weight->size + 15) / 16 * 16;
        }
        int64_t pieces = whole ? 1 : DG_MOST_PIECES;
        DG_TRY(reserve(plan, &node->partial, pieces * node->partial_size, sizeof(float)));
    }
    return DG_OK;
}

static dg_status place_chunks(dg_plan *plan)
{
    const dg_model *model = plan->model;
    int64_t count = 0;
    for (int i = 0; i < model->weight_count; i++)
        count += (model->weights[i].size + CHUNK_FLOATS - 1) / CHUNK_FLOATS;
    DG_TRY(reserve(plan, &plan->chunks, count, sizeof *plan->chunks));
    DG_TRY(reserve_zero(plan, &plan->chunk_penalties, count, sizeof *plan->chunk_penalties));
    DG_TRY(reserve_zero(plan, &plan->found, model->weight_count, sizeof *plan->found));
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        for (int64_t at = 0; at < weight->size && !weight->frozen; at += CHUNK_FLOATS) {
            int64_t left = weight->size - at;
            plan->chunks[plan->chunk_count++] =
                (struct chunk){ i, at, left < CHUNK_FLOATS ? left : CHUNK_FLOATS };
        }
    }
    return DG_OK;
}

/* --- the whole ---------------------------------------------------------------------------- */

static dg_status lay_out(dg_plan *plan)
{
    const dg_model *model = plan->model;
    DG_TRY(reserve_zero(plan, &plan->nodes, model->node_count, sizeof *plan->nodes));
    for (int i = 0; i < model->node_count; i++) {
        plan->nodes[i].size = dg_shape_size(&model->nodes[i].build.output);
        plan->nodes[i].view = is_view(plan, i);
        int64_t scratch = (model->nodes[i].build.scratch_bytes + 63) / 64 * 64;
        if (scratch > plan->scratch_bytes) plan->scratch_bytes = scratch;
    }
    DG_TRY(make_stages(plan));
    find_local(plan);
    DG_TRY(place_outputs(plan));
    DG_TRY(prepare_nodes(plan));
    if (dg_model_fuses_loss(model))
        DG_TRY(reserve(plan, &plan->logits, plan->capacity * plan->nodes[model->output].size,
                       sizeof *plan->logits));
    DG_TRY(reserve(plan, &plan->scratch, plan->workers, (size_t)plan->scratch_bytes));
    if (!plan->training) return DG_OK;
    find_wanted(plan);
    DG_TRY(place_gradients(plan));
    DG_TRY(place_partials(plan));
    return place_chunks(plan);
}

dg_status dg_plan_new(dg_plan **out, const dg_model *model, int64_t capacity, bool training,
                      int workers)
{
    dg_plan *plan;
    *out = NULL;
    DG_TRY(dg_alloc_zero(&plan, 1, sizeof *plan));
    plan->model = (dg_model *)model;
    plan->capacity = capacity;
    plan->training = training;
    plan->workers = workers;
    dg_status status = lay_out(plan);
    if (status != DG_OK) {
        dg_plan_free(plan);
        return status;
    }
    *out = plan;
    return DG_OK;
}

const float *dg_plan_output(const dg_plan *plan)
{
    return plan->nodes[plan->model->output].output;
}

const float *dg_plan_logits(const dg_plan *plan)
{
    return plan->logits;
}

/* --- questions about the model ------------------------------------------------------------ */

/* The activation of the last layer: a dg_activation, or -1 if that layer has none. */
static int last_activation(const dg_model *model)
{
    const dg_layer_type *type = dg_node_type(model, model->output);
    const dg_layer *layer = &model->layers[model->nodes[model->output].layer];
    if (!type->has_activation) return -1;
    return *(const int *)((const char *)layer->part->options + type->activation_offset);
}

bool dg_model_fuses_loss(const dg_model *model)
{
    int fuses = model->loss ? ((const dg_loss_type *)model->loss->type)->fuses : -1;
    const dg_shape *row = &model->nodes[model->output].build.output;
    bool whole = row->count > 0 && row->at[row->count - 1] == dg_shape_size(row);
    return fuses >= 0 && whole && last_activation(model) == fuses;
}

bool dg_model_doubts_outputs(const dg_model *model, char *out, size_t size)
{
    const char *what = "the loss", *word = "";
    int activation = last_activation(model);
    bool loss = model->loss &&
                ((const dg_loss_type *)model->loss->type)->target == DG_TARGET_LABELS &&
                activation != DG_SIGMOID;
    if (activation < 0 || activation == DG_SOFTMAX) return false;
    for (int i = 0; !loss && !*word && i < model->base.metric_count; i++) {
        const dg_metric *metric = &model->base.metrics[i];
        if (!metric->type || metric->type->of != DG_OF_PROBABILITIES) continue;
        what = "the metric ";
        word = metric->name;
    }
    if (!loss && !*word) return false;
    snprintf(out, size,
             "%s%s takes the outputs of '%s' for probabilities, but its activation is '%s': "
             "expected activation = \"softmax\"",
             what, word, model->layers[model->nodes[model->output].layer].name,
             dg_activation_names[activation]);
    return true;
}

double dg_model_penalty(const dg_model *model)
{
    double sum = 0;
    for (int i = 0; i < model->weight_count; i++)
        sum += dg_penalty(model->weights[i].regularizer, model->weights[i].size,
                          dg_model_weight(model, i), NULL);
    return sum;
}
