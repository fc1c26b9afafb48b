/* Laying out a network in memory and in steps.
 *
 * What always holds:
 *
 * Stages. Nodes are cut into runs of neighbours, the stages. One that needs the whole batch, or
 * that follows such a node, begins a stage; so the nodes of a stage either need the whole batch,
 * and there is one, or see rows singly. The stages run forward one after another, then the loss,
 * then the stages in reverse, then the update of the weights: nothing of a stage begins before all
 * of the one before it has ended.
 *
 * Sums. A node that sees rows singly but for sums over the batch is cut in two by the border of two
 * stages. Its lower half, gather() and backward(), ends the stage below when that runs forward, and
 * begins it when that runs backward; its upper half, forward() and gather_back(), begins the stage
 * above, and ends it. On the border, join() and join_back() run once. The stage below is one of
 * rows: where there is none, it is put in, without nodes of its own.
 *
 * Pieces. A stage of nodes that see rows singly is cut by rows into pieces, whose number follows
 * from the shapes and the rows of the batch alone. A piece goes through all nodes of its stage on
 * one worker; pieces run at the same time, each at another node.
 *
 * Lives. Steps are the times at which sums are gathered for node i (2i), it goes forward (2i + 1),
 * the loss is taken (2N, N being the number of nodes), the node's gradient is joined and sums are
 * gathered of it (4N - 2i - 1), it goes backward (4N - 2i) and weights are updated (4N + 1). A
 * value lives from the step that writes it to the last that reads it. If both belong to one run of
 * a stage and it is a value of rows, it has its place in the room of that run, once for each
 * worker, and only for the rows of a piece. Anything else is there for the whole batch, and since
 * other pieces may be at any node of the stage, it lives from the first step of the run it is
 * written in to the last step of the run it is read in. Two values share bytes only if their lives
 * do not meet. Before it is written, memory is not initialised.
 *
 * Views. A node that is a view, a layer of that kind or one that only acts in training, has the
 * output of its input, and its input has its gradient, unless several nodes read that. A relu is a
 * view too where the layer that it reads applies it; predicting, a normalization where that layer
 * takes it into its weights.
 *
 * Warps. Training, of neighbours that warp images in the same way of sampling all but the last are
 * views: each composes its warps with those before, and the last samples once. A row's warps live
 * from the first of them to the last.
 *
 * Relus. Backward, one that a node ends in is left to the only reader of its output if that picks
 * from it: a max pooling. The output then lives for that reader alone.
 *
 * Owners. A plan owns its memory, and whoever made the plan owns it: a fit one, a prediction one
 * for each worker. The weights, their gradients and the optimizer's slots are the model's. A layer
 * changes what its pass hands out as not const, nothing else. */
#include "engine/nn/plan.h"

#include "engine/base/memory.h"
#include "engine/nn/activation.h"
#include "engine/nn/layers/warp.h"
#include "engine/nn/network.h"
#include "engine/nn/plan_internal.h"

enum {
    STAGE_BYTES = 1 << 18,   /* predicting: what a piece should keep warm, a part of an L2 cache */
    PIECE_COST = 200 * 1000, /* operations that are worth a piece of their own */
    CHUNK_FLOATS = 8192,
};

void dg_plan_free(dg_plan *plan)
{
    if (!plan) return;
    dg_arena_free(&plan->arena);
    dg_free(plan->nodes);
    dg_free(plan->stages);
    dg_free(plan->chunks);
    dg_free(plan->chunk_penalties);
    dg_free(plan->found);
    dg_free(plan);
}

void dg_plan_free_owned(dg_plan **plan)
{
    dg_plan_free(*plan);
}

int64_t dg_plan_bytes(const dg_plan *plan)
{
    return plan->arena.bytes;
}

static const dg_layer_build *build_of(const dg_plan *plan, int node)
{
    return &plan->model->nodes[node].build;
}

/* --- stages ------------------------------------------------------------------------------- */

static bool is_view(const dg_plan *plan, int node)
{
    const dg_layer_build *build = build_of(plan, node);
    return node > 0 && (build->cut == DG_CUT_VIEW || (build->training_only && !plan->training));
}

static bool needs_batch(const dg_plan *plan, int node)
{
    return node > 0 && !plan->nodes[node].view && build_of(plan, node)->cut == DG_CUT_BATCH;
}

/* Gives each relu to the layer that it alone reads, where that can apply it. */
static void give_relus(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 1; i < model->node_count; i++) {
        const dg_layer_type *type = dg_node_type(model, i);
        int input = model->nodes[i].input[0];
        struct node_memory *before = &plan->nodes[input];
        if (!(type->flags & DG_LAYER_ACTIVATES) || dg_node_activation(model, i) != DG_RELU)
            continue;
        if (!build_of(plan, input)->takes_relu || before->consumers > 1 || input == model->output)
            continue;
        before->relu = plan->nodes[i].view = true;
    }
}

/* Leaves the derivatives of relus to the layers that pick from their outputs: where an output that
 * is picked is above zero, its gradient passes. The gradients of what is not picked are zero, and
 * there are more of them. */
static void leave_relus(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 1; i < model->node_count; i++) {
        int input = model->nodes[i].input[0];
        struct node_memory *node = &plan->nodes[i], *before = &plan->nodes[input];
        if (!build_of(plan, i)->picks || !before->wants_gradient || before->view) continue;
        if (before->consumers > 1 || input == model->output) continue;
        node->picks_relu = before->relu_taken = dg_node_activation(model, input) == DG_RELU;
    }
}

/* Gives each node that has factors to the layer that it alone reads, where that can take them. */
static void give_factors(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 1; i < model->node_count; i++) {
        int input = model->nodes[i].input[0];
        struct node_memory *before = &plan->nodes[input];
        if (!dg_node_type(model, i)->factors || before->consumers > 1 || input == model->output)
            continue;
        if (!(dg_node_type(model, input)->flags & DG_LAYER_TAKES_FACTORS) ||
            dg_node_activation(model, input) != DG_LINEAR)
            continue;
        before->folds = i;
        plan->nodes[i].view = true;
    }
}

static bool warps(const dg_plan *plan, int node)
{
    return plan->training && node > 0 && dg_node_type(plan->model, node)->warp;
}

static const void *options_of(const dg_plan *plan, int node)
{
    return plan->model->layers[plan->model->nodes[node].layer].part->options;
}

/* Joins each node that warps with the one that it alone reads, if that warps and samples alike. */
static void join_warps(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 1; i < model->node_count; i++) {
        int input = model->nodes[i].input[0];
        struct node_memory *node = &plan->nodes[i], *before = &plan->nodes[input];
        if (!warps(plan, i)) continue;
        node->sampler = dg_node_type(model, i)->flags & DG_LAYER_WARPS_WHOLE ? 0 : i;
        if (!warps(plan, input) || before->consumers > 1 || input == model->output) continue;
        if (node->sampler && before->sampler &&
            !dg_same_sampling(options_of(plan, i), options_of(plan, before->sampler)))
            continue;
        if (!node->sampler) node->sampler = before->sampler;
        node->joins = before->view = true;
    }
}

static int64_t grain_of(const struct stage *stage)
{
    return PIECE_COST / (stage->row_cost + 1) + 1;
}

int64_t dg_stage_pieces(const dg_plan *plan, const struct stage *stage, int64_t rows)
{
    if (stage->whole_batch) return 1;
    if (!plan->training) return (rows + stage->piece_rows - 1) / stage->piece_rows;
    return dg_pieces(rows, grain_of(stage), DG_MAX_PIECES);
}

int64_t dg_gradient_pieces(const dg_plan *plan, int node, int64_t rows)
{
    const struct node_memory *memory = &plan->nodes[node];
    return memory->sums ? 1 : dg_stage_pieces(plan, &plan->stages[memory->stage], rows);
}

/* Training: the most rows that any batch of up to `capacity` rows puts into a piece. */
static int64_t most_rows(const dg_plan *plan, const struct stage *stage)
{
    int64_t most = 0;
    for (int64_t pieces = 1; pieces <= DG_MAX_PIECES; pieces++) {
        int64_t rows = (pieces + 1) * grain_of(stage) - 1; /* the most that make so few pieces */
        if (rows > plan->capacity || pieces == DG_MAX_PIECES) rows = plan->capacity;
        int64_t made = dg_stage_pieces(plan, stage, rows), each = (rows + made - 1) / made;
        if (each > most) most = each;
    }
    return most;
}

/* The lower half of a node that is cut by its sums. */
static void close_below(const dg_plan *plan, struct stage *stage)
{
    const struct node_memory *node = &plan->nodes[stage->gathers];
    if (!stage->gathers) return;
    stage->forward = true;
    stage->backward = node->wants_gradient;
    stage->row_cost = 8 * node->size;
}

static void close_stage(const dg_plan *plan, struct stage *stage)
{
    int64_t row_bytes = 0;
    close_below(plan, stage);
    for (int i = stage->first; i <= stage->last; i++) {
        const struct node_memory *node = &plan->nodes[i];
        stage->backward |= i > 0 && node->wants_gradient && (!node->view || node->consumers > 1);
        stage->forward |= !node->view || warps(plan, i);
        if (node->view) continue;
        stage->row_cost += build_of(plan, i)->row_flops + 4 * node->size;
        row_bytes += node->size * (int64_t)sizeof(float);
    }
    stage->piece_rows = row_bytes ? STAGE_BYTES / row_bytes : plan->capacity;
    if (plan->training) stage->piece_rows = most_rows(plan, stage);
    if (stage->piece_rows > plan->capacity) stage->piece_rows = plan->capacity;
    if (stage->piece_rows < 1) stage->piece_rows = 1;
}

static dg_status make_stages(dg_plan *plan)
{
    int nodes = plan->model->node_count;
    DG_TRY(dg_alloc_zero(&plan->stages, 2 * nodes, sizeof *plan->stages));
    struct stage *next = plan->stages, *last = NULL;
    for (int i = 0; i < nodes; i++) {
        bool whole = needs_batch(plan, i), sums = plan->nodes[i].sums;
        if (sums && last->whole_batch) *(last = next++) = (struct stage){ i, i - 1 };
        if (sums) last->gathers = i;
        if (!last || whole || sums || last->whole_batch)
            *(last = next++) =
                (struct stage){ i, i, .whole_batch = whole, .starts_after_sums = sums };
        else
            last->last = i;
        plan->nodes[i].stage = (int)(last - plan->stages);
    }
    plan->stage_count = (int)(next - plan->stages);
    for (int i = 0; i < plan->stage_count; i++) close_stage(plan, &plan->stages[i]);
    return DG_OK;
}

/* --- lives -------------------------------------------------------------------------------- */

/* The run of a stage that a step belongs to; the step alone where it belongs to none. */
struct run {
    struct steps steps;
    int room; /* 0: none, as there are no pieces */
    int64_t piece_rows;
};

static struct run run_of(const dg_plan *plan, int step)
{
    int loss = dg_plan_loss_step(plan);
    if (step < 0 || step == loss || step >= dg_plan_update_step(plan))
        return (struct run){ .steps = { step, step } };
    bool forward = step < loss, below = step % 2 == 0;
    const struct node_memory *node = &plan->nodes[dg_plan_step_node(plan, step)];
    int number = node->stage - (node->sums && below);
    const struct stage *stage = &plan->stages[number];
    struct run run = { dg_stage_steps(plan, stage, forward), .piece_rows = stage->piece_rows };
    if (!stage->whole_batch) run.room = 2 * number + (forward ? 1 : 2);
    return run;
}

/* A value of rows, of `row_bytes` each, that is written at step `begin` and last read at `end`. */
static dg_status add_rows(dg_plan *plan, struct rows *rows, int64_t row_bytes, int begin, int end)
{
    struct run from = run_of(plan, begin), to = run_of(plan, end);
    bool one_run = from.room && from.steps.first == to.steps.first;
    if (one_run && from.piece_rows * plan->workers <= plan->capacity)
        return dg_arena_add(&plan->arena, from.room, from.piece_rows, row_bytes, begin, end,
                            &rows->value);
    rows->step = row_bytes;
    return dg_arena_add(&plan->arena, 0, plan->capacity, row_bytes, from.steps.first, to.steps.last,
                        &rows->value);
}

/* A value that is not of rows. */
static dg_status add_bytes(dg_plan *plan, int *value, int64_t count, int64_t size, int begin,
                           int end)
{
    return dg_arena_add(&plan->arena, 0, count, size, run_of(plan, begin).steps.first,
                        run_of(plan, end).steps.last, value);
}

/* What a call needs for itself: for each worker, where there are several calls at a time. */
static dg_status add_scratch(dg_plan *plan, int node, int step, int *value)
{
    return dg_arena_add(&plan->arena, run_of(plan, step).room, 1,
                        build_of(plan, node)->scratch_bytes, step, step, value);
}

/* --- values ------------------------------------------------------------------------------- */

/* Whether the backward of a node reads its output. */
static bool rereads_output(const dg_plan *plan, int node)
{
    const struct node_memory *own = &plan->nodes[node];
    if (!own->wants_gradient || own->view) return false;
    return own->picks_relu || !(build_of(plan, node)->forgets_output || own->relu_taken);
}

/* The last step that reads the output of a node or of a view of it. */
static int last_use(const dg_plan *plan, int node)
{
    const dg_model *model = plan->model;
    int last = node == model->output ? dg_plan_loss_step(plan) : dg_plan_forward_step(node);
    if (rereads_output(plan, node)) last = dg_plan_backward_step(plan, node);
    for (int i = node + 1; i < model->node_count; i++)
        for (int k = 0; k < model->nodes[i].inputs; k++) {
            if (model->nodes[i].input[k] != node) continue;
            bool again = plan->nodes[i].wants_gradient && !build_of(plan, i)->forgets_input;
            int use = again ? dg_plan_backward_step(plan, i) : dg_plan_forward_step(i);
            if (plan->nodes[i].view) use = last_use(plan, i);
            if (use > last) last = use;
        }
    return last;
}

/* What pieces leave for the joins of a node that is cut by its sums. */
static dg_status place_sums(dg_plan *plan, int index)
{
    struct node_memory *node = &plan->nodes[index];
    int64_t bytes = build_of(plan, index)->sums_bytes;
    if (!node->sums) return DG_OK;
    const struct stage *above = &plan->stages[node->stage], *below = above - 1;
    DG_TRY(add_bytes(plan, &node->sum[0], dg_stage_pieces(plan, below, plan->capacity), bytes,
                     dg_plan_gather_step(index), dg_plan_forward_step(index)));
    if (!node->wants_gradient) return DG_OK;
    return add_bytes(plan, &node->sum[1], dg_stage_pieces(plan, above, plan->capacity), bytes,
                     dg_plan_gather_back_step(plan, index), dg_plan_backward_step(plan, index));
}

/* The warps of a node and of those that it is joined with. */
static dg_status place_warps(dg_plan *plan, int index, int last)
{
    const dg_node *nodes = plan->model->nodes;
    int first = index;
    if (!warps(plan, index)) return DG_OK;
    while (plan->nodes[first].joins) first = nodes[first].input[0];
    DG_TRY(add_rows(plan, &plan->nodes[index].warps, sizeof(dg_warp), dg_plan_forward_step(first),
                    last));
    for (int i = index; plan->nodes[i].joins; i = nodes[i].input[0])
        plan->nodes[nodes[i].input[0]].warps = plan->nodes[index].warps;
    return DG_OK;
}

static dg_status place_node(dg_plan *plan, int index)
{
    const dg_layer_build *build = build_of(plan, index);
    struct node_memory *node = &plan->nodes[index];
    int step = dg_plan_forward_step(index);
    int back = node->wants_gradient ? dg_plan_backward_step(plan, index) : step;
    DG_TRY(add_rows(plan, &node->output, node->size * (int64_t)sizeof(float), step,
                    last_use(plan, index)));
    DG_TRY(
        add_bytes(plan, &node->prepared, build->prepared_bytes, 1, -1, dg_plan_update_step(plan)));
    DG_TRY(add_scratch(plan, index, step, &node->scratch[0]));
    if (node->folds)
        DG_TRY(add_bytes(plan, &node->folded, dg_folded_of(plan, index).floats, sizeof(float), -1,
                         dg_plan_update_step(plan)));
    if (!plan->training) return DG_OK;
    DG_TRY(add_rows(plan, &node->saved_rows, build->saved_row_bytes, step, back));
    DG_TRY(add_bytes(plan, &node->saved_batch, build->saved_batch_bytes, 1, step, back));
    DG_TRY(place_sums(plan, index));
    DG_TRY(place_warps(plan, index, back));
    return back == step ? DG_OK : add_scratch(plan, index, back, &node->scratch[1]);
}

static dg_status place_outputs(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 0; i < model->node_count; i++)
        if (plan->nodes[i].view)
            plan->nodes[i].output = plan->nodes[model->nodes[i].input[0]].output;
        else
            DG_TRY(place_node(plan, i));
    if (!dg_model_fuses_loss(model)) return DG_OK;
    int64_t row_bytes = plan->nodes[model->output].size * (int64_t)sizeof(float);
    return add_rows(plan, &plan->logits, row_bytes, dg_plan_forward_step(model->output),
                    dg_plan_loss_step(plan));
}

/* What layers prepare for all batches. */
static void prepare_nodes(const dg_plan *plan)
{
    for (int i = 1; i < plan->model->node_count; i++) {
        const dg_layer_type *type = dg_node_type(plan->model, i);
        if (plan->nodes[i].view || !type->prepare) continue;
        type->prepare(options_of(plan, i), build_of(plan, i), plan->training,
                      dg_arena_at(&plan->arena, plan->nodes[i].prepared, 0));
    }
}

/* --- gradients ---------------------------------------------------------------------------- */

static void count_consumers(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 0; i < model->node_count; i++)
        for (int k = 0; k < model->nodes[i].inputs; k++)
            plan->nodes[model->nodes[i].input[k]].consumers++;
}

static void find_wanted(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = 0; i < model->node_count; i++) {
        struct node_memory *node = &plan->nodes[i];
        node->wants_gradient = model->layers[model->nodes[i].layer].trainable > 0;
        for (int k = 0; k < model->nodes[i].inputs; k++) {
            node->wants_gradient |= plan->nodes[model->nodes[i].input[k]].wants_gradient;
        }
    }
}

/* The step that last reads the gradient of a node, or of what it shows. */
static int gradient_use(const dg_plan *plan, int node)
{
    while (plan->nodes[node].view) {
        node = plan->model->nodes[node].input[0];
        if (plan->nodes[node].consumers > 1) break;
    }
    return dg_plan_backward_step(plan, node);
}

static dg_status place_edge(dg_plan *plan, int index, int k)
{
    struct node_memory *node = &plan->nodes[index];
    int number = plan->model->nodes[index].input[k];
    struct node_memory *input = &plan->nodes[number];
    if (!input->wants_gradient) return DG_OK;
    bool joined = input->consumers > 1;
    if (node->view)
        node->edge[k] = node->gradient;
    else
        DG_TRY(
            add_rows(plan, &node->edge[k], input->size * (int64_t)sizeof(float),
                     dg_plan_backward_step(plan, index),
                     joined ? dg_plan_gather_back_step(plan, number) : gradient_use(plan, number)));
    if (!joined) input->gradient = node->edge[k];
    return DG_OK;
}

/* The gradient of a node with one consumer is what that consumer writes; with several, their
 * sum. */
static dg_status place_gradients(dg_plan *plan)
{
    const dg_model *model = plan->model;
    for (int i = model->node_count - 1; i >= 0; i--) {
        struct node_memory *node = &plan->nodes[i];
        if (!node->wants_gradient && i != model->output) continue;
        int begin =
            i == model->output ? dg_plan_loss_step(plan) : dg_plan_gather_back_step(plan, i);
        if (!node->gradient.value)
            DG_TRY(add_rows(plan, &node->gradient, node->size * (int64_t)sizeof(float), begin,
                            gradient_use(plan, i)));
        for (int k = 0; k < model->nodes[i].inputs; k++) DG_TRY(place_edge(plan, i, k));
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
        bool whole = node->sums || plan->stages[node->stage].whole_batch;
        if (!layer->trainable) continue;
        if (whole && uses_of(model, model->nodes[i].layer) == 1) continue;
        const dg_weight *last = &model->weights[layer->first_weight + layer->weights - 1];
        node->partial_size = last->offset + dg_weight_room(last->size) -
                             dg_layer_offset(model, model->nodes[i].layer);
        int64_t pieces = dg_gradient_pieces(plan, i, plan->capacity);
        DG_TRY(add_bytes(plan, &node->partial, pieces * node->partial_size, sizeof(float),
                         dg_plan_backward_step(plan, i), dg_plan_update_step(plan)));
    }
    return DG_OK;
}

static dg_status place_chunks(dg_plan *plan)
{
    const dg_model *model = plan->model;
    int64_t count = 0;
    for (int i = 0; i < model->weight_count; i++)
        count += (model->weights[i].size + CHUNK_FLOATS - 1) / CHUNK_FLOATS;
    DG_TRY(dg_alloc(&plan->chunks, count, sizeof *plan->chunks));
    DG_TRY(dg_alloc_zero(&plan->chunk_penalties, count, sizeof *plan->chunk_penalties));
    DG_TRY(dg_alloc_zero(&plan->found, model->weight_count, sizeof *plan->found));
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        bool announced = weight->announced && uses_of(model, weight->layer) == 1;
        for (int64_t at = 0; at < weight->size && !weight->frozen; at += CHUNK_FLOATS) {
            int64_t left = weight->size - at;
            plan->chunks[plan->chunk_count++] =
                (struct chunk){ .weight = i,
                                .begin = at,
                                .count = left < CHUNK_FLOATS ? left : CHUNK_FLOATS,
                                .announced = announced };
        }
    }
    return DG_OK;
}

/* --- the whole ---------------------------------------------------------------------------- */

static dg_status lay_out(dg_plan *plan)
{
    const dg_model *model = plan->model;
    DG_TRY(dg_alloc_zero(&plan->nodes, model->node_count, sizeof *plan->nodes));
    for (int i = 0; i < model->node_count; i++) {
        plan->nodes[i].size = dg_shape_size(&model->nodes[i].build.output);
        plan->nodes[i].view = is_view(plan, i);
        plan->nodes[i].sums = plan->training && build_of(plan, i)->cut == DG_CUT_SUMS;
    }
    count_consumers(plan);
    if (plan->training) {
        find_wanted(plan);
        join_warps(plan);
        give_relus(plan);
        leave_relus(plan);
    } else {
        give_factors(plan);
    }
    DG_TRY(make_stages(plan));
    DG_TRY(place_outputs(plan));
    if (plan->training) {
        DG_TRY(place_gradients(plan));
        DG_TRY(place_partials(plan));
        DG_TRY(place_chunks(plan));
    }
    DG_TRY(dg_arena_close(&plan->arena, plan->workers));
    prepare_nodes(plan);
    return DG_OK;
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
    plan->derived = -1;
    /* more would find no piece of rows to do */
    plan->workers = training && workers > DG_MAX_PIECES ? DG_MAX_PIECES : workers;
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
    return dg_plan_rows(plan, plan->nodes[plan->model->output].output, 0, 0);
}

const float *dg_plan_logits(const dg_plan *plan)
{
    return dg_plan_rows(plan, plan->logits, 0, 0);
}
