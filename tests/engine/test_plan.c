/* Plans: what they promise to layers and optimizers. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/plan_internal.h"
#include "tests/engine/network.h"

static const dg_job two_threads = { .threads = 2 };

static int add(dg_model *model, int input, const dg_descriptor *type)
{
    int node;
    dg_part *part;
    assert_ok(dg_part_begin(type, &part));
    assert_ok(dg_part_finish(part));
    assert_ok(dg_model_add(model, part, 1, &input, NULL, &node));
    dg_part_release(part);
    return node;
}

/* --- what layers prepare ------------------------------------------------------------------ */

/* A layer that multiplies by what it has prepared: the size of its row. */
static int prepared_times;

static dg_status sizing_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->prepared_bytes = sizeof(double);
    b->row_flops = 1 << 20; /* a piece for each row */
    return DG_OK;
}

static void sizing_prepare(const void *options, const dg_layer_build *build, void *prepared)
{
    (void)options;
    assert_true((uintptr_t)prepared % 64 == 0);
    *(double *)prepared = (double)dg_shape_size(&build->input[0]);
    prepared_times++;
}

static void multiply(const dg_pass *pass, const float *from, float *to)
{
    int64_t count = pass->rows * dg_shape_size(&pass->build->output);
    float factor = (float)*(const double *)pass->prepared;
    for (int64_t i = 0; i < count; i++) to[i] = from[i] * factor;
}

static dg_status sizing_forward(const dg_pass *pass)
{
    multiply(pass, pass->input[0], pass->output);
    return DG_OK;
}

static dg_status sizing_backward(const dg_pass *pass)
{
    if (pass->input_gradient[0]) multiply(pass, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

static const dg_param no_params[] = { DG_END };

static const dg_layer_type sizing = {
    .part = { .kind = "layer", .name = "Sizing", .params = no_params },
    .build = sizing_build,
    .prepare = sizing_prepare,
    .forward = sizing_forward,
    .backward = sizing_backward,
};

static void test_layers_prepare_once_for_each_plan(void **state)
{
    (void)state;
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int node = network_add(model, -1, "Input", "shape=3");
    node = add(model, node, &sizing.part);
    node = add(model, node, &sizing.part);
    int last = node;
    node = network_add(model, node, "Dense", "units=2 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, 40, 2, false, 1);
    dg_network_fit_options own = { .epochs = 2, .batch_size = 10 };
    dg_fit_options options = { .own = &own };
    dg_fit_result result;
    prepared_times = 0;
    assert_ok(dg_learner_fit(&model->base, set, &options, &two_threads, &result));
    assert_int_equal(prepared_times, 2);
    dg_tensor found;
    assert_ok(dg_model_features(model, &set->x, last, &two_threads, &found));
    for (int64_t i = 0; i < 40 * 3; i++)
        assert_true(dg_floats(&found)[i] == dg_floats(&set->x)[i] * 3 * 3);
    assert_int_equal(prepared_times, 4);
    dg_tensor_release(&found);
    dg_dataset_release(set);
    dg_model_free(model);
}

/* --- optimizers that look at a weight as a whole ------------------------------------------ */

static const dg_param unit_params[] = { DG_LEARNING_RATE(0.5), DG_CLIPNORM, DG_END };

static int no_slots(const void *options)
{
    (void)options;
    return 0;
}

static void unit_begin(const dg_update *whole, double *found)
{
    assert_true(found[0] == 0 && found[1] == 0 && whole->found[0] == 0);
    found[0] = (double)whole->count;
    for (int64_t i = 0; i < whole->count; i++)
        found[1] += (double)whole->gradient[i] * (double)whole->gradient[i];
    found[1] = sqrt(found[1]);
}

/* Makes the step of the whole weight as long as the learning rate. */
static void unit_update(const dg_update *update)
{
    if (update->count > update->found[0]) return;
    for (int64_t i = 0; i < update->count; i++)
        update->weight[i] -=
            (float)(update->learning_rate * (double)update->gradient[i] / update->found[1]);
}

static const dg_optimizer_type unit = {
    .part = { .kind = "optimizer",
              .name = "Unit",
              .params = unit_params,
              .options_size = sizeof(dg_optimizer_options) },
    .slots = no_slots,
    .begin = unit_begin,
    .update = unit_update,
};

/* 150 x 100 numbers: more than go into one update. */
static dg_model *for_unit(void)
{
    dg_model *model;
    dg_part *recipe;
    dg_metric accuracy;
    assert_ok(dg_model_new(&model, 1));
    int node = network_add(model, -1, "Input", "shape=150");
    node = network_add(model, node, "Dense", "units=100 activation=tanh kernel_regularizer=l2");
    node = network_add(model, node, "BatchNormalization", "");
    node = network_add(model, node, "Dense", "units=2 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    assert_ok(dg_part_begin(&unit.part, &recipe));
    assert_ok(dg_part_finish(recipe));
    const dg_part *loss = network_part("loss", "categorical_crossentropy", "");
    assert_ok(dg_metric_find(&accuracy, "accuracy"));
    assert_ok(dg_model_compile(model, recipe, loss, 1, &accuracy));
    dg_part_release(recipe);
    dg_part_release(loss);
    return model;
}

static void fit_steps(dg_model *model, const dg_dataset *set, int steps, int threads)
{
    dg_network_fit_options own = { .epochs = steps, .batch_size = dg_dataset_rows(set) };
    dg_fit_options options = { .own = &own };
    dg_fit_result result;
    dg_job job = { .threads = threads };
    assert_ok(dg_learner_fit(&model->base, set, &options, &job, &result));
}

static void test_optimizers_see_whole_weights(void **state)
{
    (void)state;
    dg_model *model = for_unit(), *other = for_unit();
    const dg_dataset *set = network_set(model, 30, 2, false, 1);
    float *before;
    double loss;
    assert_ok(dg_model_gradients(model, set, 0, &two_threads, &loss));
    assert_ok(dg_alloc(&before, model->value_count, sizeof *before));
    memcpy(before, model->values, (size_t)model->value_count * sizeof *before);
    fit_steps(model, set, 1, 2);
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        double length = 0;
        for (int64_t k = 0; k < weight->size; k++) {
            double moved =
                (double)dg_model_weight(model, i)[k] - (double)before[weight->offset + k];
            length += moved * moved;
            if (weight->frozen) continue;
            assert_true(moved * (double)dg_model_gradient(model, i)[k] <= 0);
        }
        if (!weight->frozen) assert_true(fabs(sqrt(length) - 0.5) < 1e-4);
    }
    fit_steps(model, set, 4, 2);
    fit_steps(other, set, 1, 1);
    fit_steps(other, set, 4, 1);
    assert_memory_equal(model->values, other->values, (size_t)model->value_count * sizeof *before);
    dg_free(before);
    dg_dataset_release(set);
    dg_model_free(model);
    dg_model_free(other);
}

/* --- memory ------------------------------------------------------------------------------- */

/* Who wrote each word of an arena last. A batch is walked through without computing: what a layer
 * is given to read must still be what was written there for it. */
struct walk {
    dg_plan *plan;
    int64_t rows, reads;
    int *owner;            /* of each word */
    int first, step, last; /* the step under way, and those of its stage */
};

enum { MOST_ROWS = 1024, KINDS = 16 };

enum { OUTPUT, SAVED_ROWS, SAVED_BATCH, LOGITS, GRADIENT, PARTIAL, SCRATCH, PREPARED, EDGE };

/* Another number for each node, kind of value, and row (or piece, or worker). */
static int owner_of(int node, int kind, int64_t row)
{
    return (int)((node * KINDS + kind) * MOST_ROWS + row) + 1;
}

/* Whether these bytes are in a value that is alive, as long as another piece may touch it. */
static bool alive(const struct walk *w, int64_t begin, int64_t end)
{
    const dg_arena *arena = &w->plan->arena;
    for (int i = 1; i < arena->count; i++) {
        const dg_arena_value *value = &arena->values[i];
        bool room = value->room > 0;
        if (value->begin > (room ? w->step : w->first) || value->end < (room ? w->step : w->last))
            continue;
        for (int worker = 0; worker < (room ? w->plan->workers : 1); worker++) {
            int64_t at = value->offset + worker * value->worker_bytes;
            if (at <= begin && end <= at + value->bytes) return true;
        }
    }
    return false;
}

static void touch(struct walk *w, bool write, const void *at, int64_t bytes, int owner)
{
    if (!at || bytes == 0) return;
    int64_t begin = (const char *)at - w->plan->arena.memory, end = begin + bytes;
    assert_true(begin >= 0 && end <= w->plan->arena.bytes);
    if (!alive(w, begin, end))
        fail_msg("kind %d of node %d is dead at step %d", (owner - 1) / MOST_ROWS % KINDS,
                 (owner - 1) / MOST_ROWS / KINDS, w->step);
    for (int64_t i = begin / 4; i < (end + 3) / 4; i++) {
        int found = w->owner[i] - 1;
        if (!write && found != owner - 1)
            fail_msg("kind %d of node %d is read, and was overwritten by kind %d of node %d",
                     (owner - 1) / MOST_ROWS % KINDS, (owner - 1) / MOST_ROWS / KINDS,
                     found / MOST_ROWS % KINDS, found / MOST_ROWS / KINDS);
        w->owner[i] = owner;
    }
    w->reads += !write;
}

/* Rows begin .. end-1 of the batch, which lie at `at`. */
static void touch_rows(struct walk *w, bool write, const void *at, int64_t row_bytes, int64_t begin,
                       int64_t end, int node, int kind)
{
    for (int64_t i = begin; at && i < end; i++)
        touch(w, write, (const char *)at + (i - begin) * row_bytes, row_bytes,
              owner_of(node, kind, i));
}

static int root_of(const struct walk *w, int node)
{
    while (w->plan->nodes[node].view) node = w->plan->model->nodes[node].input[0];
    return node;
}

/* The value that holds the gradient of a node, or of input `k` of a node. */
static void gradient_of(const struct walk *w, int *node, int *kind);

static void edge_of(const struct walk *w, int *node, int k, int *kind)
{
    *kind = EDGE + k;
    if (w->plan->nodes[*node].view) gradient_of(w, node, kind);
}

static void gradient_of(const struct walk *w, int *node, int *kind)
{
    const dg_model *model = w->plan->model;
    *kind = GRADIENT;
    if (*node == model->output || w->plan->nodes[*node].consumers > 1) return;
    for (int j = *node + 1; j < model->node_count; j++)
        for (int k = 0; k < model->nodes[j].inputs; k++) {
            if (model->nodes[j].input[k] != *node) continue;
            *node = j;
            edge_of(w, node, k, kind);
            return;
        }
    fail_msg("nobody reads node %d", *node);
}

/* One call of a node for one piece. */
struct call {
    int node;
    int64_t begin, end, piece;
    int worker;
    bool begins; /* the first half of the call, which writes scratch; else the second */
};

static void walk_forward(struct walk *w, const struct call *c)
{
    const dg_plan *plan = w->plan;
    const struct node_memory *node = &plan->nodes[c->node];
    dg_pass pass;
    if (node->view) return;
    dg_plan_pass(plan, c->node, c->begin, c->end, c->worker, &pass);
    touch(w, c->begins, pass.scratch, pass.build->scratch_bytes,
          owner_of(c->node, SCRATCH, c->piece));
    if (c->begins) return;
    for (int k = 0; k < pass.build->inputs; k++)
        touch_rows(w, false, pass.input[k], 4 * dg_shape_size(&pass.build->input[k]), c->begin,
                   c->end, root_of(w, plan->model->nodes[c->node].input[k]), OUTPUT);
    touch(w, false, pass.prepared, pass.build->prepared_bytes, owner_of(c->node, PREPARED, 0));
    touch_rows(w, true, pass.output, 4 * node->size, c->begin, c->end, c->node, OUTPUT);
    touch_rows(w, true, pass.logits, 4 * node->size, c->begin, c->end, c->node, LOGITS);
    touch_rows(w, true, pass.saved_rows, pass.build->saved_row_bytes, c->begin, c->end, c->node,
               SAVED_ROWS);
    touch(w, true, pass.saved_batch, pass.build->saved_batch_bytes,
          owner_of(c->node, SAVED_BATCH, 0));
}

/* The sum of the gradients of all that read a node. */
static void walk_join(struct walk *w, const struct call *c)
{
    const dg_plan *plan = w->plan;
    const struct node_memory *node = &plan->nodes[c->node];
    for (int j = c->node + 1; j < plan->model->node_count; j++)
        for (int k = 0; k < plan->model->nodes[j].inputs; k++) {
            int from = j, kind;
            if (plan->model->nodes[j].input[k] != c->node) continue;
            edge_of(w, &from, k, &kind);
            touch_rows(w, false, dg_rows_at(plan, plan->nodes[j].edge[k], c->begin, c->worker),
                       4 * node->size, c->begin, c->end, from, kind);
        }
    touch_rows(w, true, dg_rows_at(plan, node->gradient, c->begin, c->worker), 4 * node->size,
               c->begin, c->end, c->node, GRADIENT);
}

static void walk_backward(struct walk *w, const struct call *c)
{
    const dg_plan *plan = w->plan;
    const struct node_memory *node = &plan->nodes[c->node];
    dg_pass pass;
    int from = c->node, kind;
    if (c->node == 0 || !node->wants_gradient) return;
    if (!c->begins && node->consumers > 1) walk_join(w, c);
    if (node->view) return;
    dg_plan_pass_back(plan, c->node, c->begin, c->end, c->piece, c->worker, &pass);
    touch(w, c->begins, pass.scratch, pass.build->scratch_bytes,
          owner_of(c->node, SCRATCH, c->piece));
    if (c->begins) return;
    for (int k = 0; k < pass.build->inputs; k++)
        touch_rows(w, false, pass.input[k], 4 * dg_shape_size(&pass.build->input[k]), c->begin,
                   c->end, root_of(w, plan->model->nodes[c->node].input[k]), OUTPUT);
    touch_rows(w, false, pass.output, 4 * node->size, c->begin, c->end, c->node, OUTPUT);
    touch(w, false, pass.prepared, pass.build->prepared_bytes, owner_of(c->node, PREPARED, 0));
    touch_rows(w, false, pass.saved_rows, pass.build->saved_row_bytes, c->begin, c->end, c->node,
               SAVED_ROWS);
    touch(w, false, pass.saved_batch, pass.build->saved_batch_bytes,
          owner_of(c->node, SAVED_BATCH, 0));
    gradient_of(w, &from, &kind);
    assert_non_null(pass.output_gradient);
    touch_rows(w, false, pass.output_gradient, 4 * node->size, c->begin, c->end, from, kind);
    touch_rows(w, true, pass.output_gradient, 4 * node->size, c->begin, c->end, c->node, SCRATCH);
    for (int k = 0; k < pass.build->inputs; k++)
        touch_rows(w, true, pass.input_gradient[k], 4 * dg_shape_size(&pass.build->input[k]),
                   c->begin, c->end, c->node, EDGE + k);
    float *partial = dg_arena_at(&plan->arena, node->partial, 0);
    if (partial)
        touch(w, true, partial + c->piece * node->partial_size, 4 * node->partial_size,
              owner_of(c->node, PARTIAL, c->piece));
}

/* The pieces of a stage, as many at a time as there are workers, each `lag` nodes behind the one
 * before. */
static void walk_stage(struct walk *w, const struct stage *stage, bool forward, int lag)
{
    int64_t pieces = dg_stage_pieces(w->plan, stage, w->rows);
    int nodes = stage->last - stage->first + 1, workers = w->plan->workers;
    w->first = forward ? stage->first : dg_step_backward(w->plan, stage->last);
    w->last = w->first + nodes - 1;
    for (int64_t first = 0; first < pieces; first += workers)
        for (int time = 0; time < nodes + lag * (workers - 1); time++)
            for (int half = 0; half < 2; half++)
                for (int64_t piece = first; piece < first + workers && piece < pieces; piece++) {
                    int at = time - (int)(piece - first) * lag;
                    if (at < 0 || at >= nodes) continue;
                    struct call call = { .node = forward ? stage->first + at : stage->last - at,
                                         .begin = dg_piece_begin(w->rows, pieces, piece),
                                         .end = dg_piece_begin(w->rows, pieces, piece + 1),
                                         .piece = piece,
                                         .worker = (int)(piece % w->plan->workers),
                                         .begins = half == 0 };
                    w->step = w->first + at;
                    (forward ? walk_forward : walk_backward)(w, &call);
                }
}

static void walk_training(struct walk *w, int lag)
{
    const dg_plan *plan = w->plan;
    const dg_model *model = plan->model;
    for (int i = plan->stage_count - 1; i >= 0; i--)
        if (plan->stages[i].backward) walk_stage(w, &plan->stages[i], false, lag);
    w->first = w->step = w->last = dg_step_update(plan);
    for (int i = 0; i < model->node_count; i++) {
        const struct node_memory *node = &plan->nodes[i];
        int64_t pieces = dg_stage_pieces(plan, &plan->stages[node->stage], w->rows);
        const float *partial = dg_arena_at(&plan->arena, node->partial, 0);
        for (int64_t piece = 0; partial && piece < pieces; piece++)
            touch(w, false, partial + piece * node->partial_size, 4 * node->partial_size,
                  owner_of(i, PARTIAL, piece));
    }
}

static void walk(const dg_model *model, int64_t capacity, int64_t rows, bool training, int lag)
{
    struct walk w = { .rows = rows, .first = -1, .step = -1, .last = -1 };
    assert_ok(dg_plan_new(&w.plan, model, capacity, training, training ? 2 : 1));
    const dg_plan *plan = w.plan;
    const struct node_memory *output = &plan->nodes[model->output];
    w.plan->rows = rows;
    assert_ok(dg_alloc_zero(&w.owner, plan->arena.bytes / 4, sizeof *w.owner));
    for (int i = 1; i < model->node_count; i++)
        touch(&w, true, dg_arena_at(&plan->arena, plan->nodes[i].prepared, 0),
              model->nodes[i].build.prepared_bytes, owner_of(i, PREPARED, 0));
    for (int i = 0; i < plan->stage_count; i++)
        if (plan->stages[i].forward) walk_stage(&w, &plan->stages[i], true, training ? lag : 0);
    w.first = w.step = w.last = dg_step_loss(plan);
    if (training)
        touch_rows(&w, true, dg_rows_at(plan, output->gradient, 0, 0), 4 * output->size, 0, rows,
                   model->output, GRADIENT);
    touch_rows(&w, false, dg_plan_output(plan), 4 * output->size, 0, rows,
               root_of(&w, model->output), OUTPUT);
    touch_rows(&w, false, dg_plan_logits(plan), 4 * output->size, 0, rows, model->output, LOGITS);
    if (training) walk_training(&w, lag);
    assert_true(w.reads > rows * 2);
    dg_free(w.owner);
    dg_plan_free(w.plan);
}

static void walk_all(dg_model *model)
{
    network_compile(model, "SGD", "", "categorical_crossentropy");
    for (int lag = 0; lag < 3; lag++) {
        walk(model, 40, 40, true, lag);
        walk(model, 40, 33, true, lag);
        walk(model, 7, 7, true, lag);
        walk(model, 1, 1, true, lag);
    }
    walk(model, 64, 64, false, 0);
    walk(model, 64, 5, false, 0);
    dg_model_free(model);
}

/* Each layer that there is, in the middle of a network. */
static void test_living_values_of_all_layers_keep_apart(void **state)
{
    (void)state;
    static const char *const options[][2] = {
        { "Conv2D", "filters=4 kernel_size=3,3 padding=same activation=relu" },
        { "Dense", "units=20 activation=tanh" },
        { "Activation", "activation=elu" },
        { "Dropout", "rate=0.5" },
        { "Rescaling", "scale=0.5" },
        { "Reshape", "target_shape=8,4,16" },
        { NULL },
    };
    for (int i = 0; dg_registry[i]; i++) {
        const dg_layer_type *type = (const dg_layer_type *)dg_registry[i];
        const char *own = "";
        if (strcmp(type->part.kind, "layer") != 0 || type->flags & DG_LAYER_SOURCE) continue;
        for (int k = 0; options[k][0]; k++)
            if (strcmp(type->part.name, options[k][0]) == 0) own = options[k][1];
        dg_model *model =
            network_of("Input shape=12,12,4; Conv2D filters=8 kernel_size=5,5 activation=relu");
        int node = model->node_count - 1;
        if (strcmp(type->part.name, "Dense") == 0) node = network_add(model, node, "Flatten", "");
        if (type->flags & DG_LAYER_JOINS)
            node = network_join(model, node, node, type->part.name, own);
        else
            node = network_add(model, node, type->part.name, own);
        node = network_add(model, node, "Flatten", "");
        node = network_add(model, node, "Dense", "units=5 activation=tanh");
        node = network_add(model, node, "Dense", "units=3 activation=softmax");
        assert_ok(dg_model_finish(model, node));
        walk_all(model);
    }
}

static dg_model *chain(const char *layers)
{
    dg_model *model = network_of(layers);
    assert_ok(dg_model_finish(model, model->node_count - 1));
    return model;
}

/* Branches within a stage and across stages, from one output to several readers, with views and
 * dropout on the way, and one layer used twice. */
static dg_model *branches(void)
{
    dg_model *model = network_of("Input shape=12,12,4; Conv2D filters=8 kernel_size=5,5");
    int a = model->node_count - 1;
    int b = network_add(model, a, "Dropout", "rate=0.5");
    int c = network_add(model, b, "Reshape", "target_shape=8,8,8");
    const dg_part *twice =
        network_part("layer", "Conv2D", "filters=8 kernel_size=3,3 padding=same");
    int d, e;
    assert_ok(dg_model_add(model, twice, 1, &c, NULL, &d));
    assert_ok(dg_model_add(model, twice, 1, &d, NULL, &e));
    dg_part_release(twice);
    int f = network_join(model, c, e, "Add", "");
    int g = network_add(model, f, "BatchNormalization", "");
    int h = network_add(model, g, "Activation", "activation=relu");
    int i = network_join(model, h, f, "Add", "");
    int j = network_join(model, i, a, "Add", "");
    int k = network_add(model, j, "Flatten", "");
    int l = network_add(model, k, "Reshape", "target_shape=512");
    int m = network_add(model, k, "Dense", "units=512");
    int n = network_join(model, m, l, "Add", "");
    int o = network_add(model, n, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, o));
    return model;
}

static void test_living_values_of_graphs_keep_apart(void **state)
{
    (void)state;
    walk_all(branches());
    walk_all(chain("Input shape=12,12,4; Conv2D filters=8 kernel_size=5,5 activation=relu; "
                   "MaxPooling2D; Activation activation=tanh; Dropout rate=0.5; Rescaling scale=2; "
                   "Flatten; Dense units=3; Activation activation=softmax"));
    walk_all(
        chain("Input shape=12,12,4; Dropout rate=0.1; Conv2D filters=8 kernel_size=3,3; "
              "BatchNormalization; Activation activation=relu; Conv2D filters=8 "
              "kernel_size=3,3; BatchNormalization; Activation activation=relu; Flatten; "
              "Dense units=9; Reshape target_shape=3,3; Flatten; Dense units=4; Dropout rate=0.5"));
}

/* Values whose lives do not meet share memory: without that this network would need more. */
static void test_dead_values_give_their_memory_back(void **state)
{
    (void)state;
    dg_model *model = chain("Input shape=12,12,4; Conv2D filters=8 kernel_size=3,3 padding=same; "
                            "BatchNormalization; Conv2D filters=8 kernel_size=3,3 padding=same; "
                            "BatchNormalization; Conv2D filters=8 kernel_size=3,3 padding=same; "
                            "BatchNormalization; Flatten; Dense units=3 activation=softmax");
    network_compile(model, "SGD", "", "categorical_crossentropy");
    int64_t output = 64 * 12 * 12 * 8 * 4; /* bytes of one of six outputs */
    dg_plan *plan;
    assert_ok(dg_plan_new(&plan, model, 64, true, 1));
    int64_t values = 0;
    for (int i = 1; i < plan->arena.count; i++)
        if (!plan->arena.values[i].room) values += plan->arena.values[i].bytes;
    assert_true(values > 12 * output);
    assert_true(plan->arena.bytes < 9 * output);
    dg_plan_free(plan);
    dg_model_free(model);
}

/* The memory of a plan is given back when its fit ends; gradients, classes and the like remain. */
static void test_a_plan_ends_with_its_fit(void **state)
{
    (void)state;
    dg_model *model = chain("Input shape=12,12,4; Conv2D filters=8 kernel_size=5,5; Flatten; "
                            "Dense units=3 activation=softmax");
    network_compile(model, "SGD", "", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, 64, 3, false, 1);
    int64_t before = dg_memory_live(), output = 64 * 8 * 8 * 8 * 4;
    fit_steps(model, set, 1, 1);
    assert_true(dg_memory_live() - before < output / 2);
    dg_dataset_release(set);
    dg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_layers_prepare_once_for_each_plan),
        leaving_nothing(test_optimizers_see_whole_weights),
        leaving_nothing(test_living_values_of_all_layers_keep_apart),
        leaving_nothing(test_living_values_of_graphs_keep_apart),
        leaving_nothing(test_dead_values_give_their_memory_back),
        leaving_nothing(test_a_plan_ends_with_its_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
