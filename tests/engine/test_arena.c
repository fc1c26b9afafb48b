/* The memory of plans: values that are alive at the same time never share any of it. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/plan_internal.h"
#include "tests/engine/network.h"

/* --- arenas ------------------------------------------------------------------------------- */

static void test_lives_that_do_not_meet_share_space(void **state)
{
    (void)state;
    dg_arena arena = { 0 };
    int a, b, c, none;
    assert_ok(dg_arena_add(&arena, 0, 100, 4, 0, 1, &a));
    assert_ok(dg_arena_add(&arena, 0, 100, 4, 1, 2, &b));
    assert_ok(dg_arena_add(&arena, 0, 90, 4, 2, 3, &c));
    assert_ok(dg_arena_add(&arena, 0, 0, 4, 0, 3, &none));
    assert_ok(dg_arena_close(&arena, 1));
    assert_int_equal(arena.bytes, 2 * 448);
    assert_ptr_equal(dg_arena_at(&arena, a, 0), dg_arena_at(&arena, c, 0));
    assert_int_equal(labs((char *)dg_arena_at(&arena, a, 0) - (char *)dg_arena_at(&arena, b, 0)),
                     448);
    assert_null(dg_arena_at(&arena, none, 0));
    dg_arena_free(&arena);
}

static void test_workers_share_no_cache_line(void **state)
{
    (void)state;
    dg_arena arena = { 0 };
    int a, b;
    assert_ok(dg_arena_add(&arena, 1, 5, 4, 0, 1, &a));
    assert_ok(dg_arena_add(&arena, 1, 7, 4, 1, 2, &b));
    assert_ok(dg_arena_close(&arena, 3));
    assert_int_equal(arena.bytes, 3 * 2 * 64);
    for (int worker = 0; worker < 3; worker++) {
        char *first = dg_arena_at(&arena, a, worker), *second = dg_arena_at(&arena, b, worker);
        assert_true((uintptr_t)first % 64 == 0 && (uintptr_t)second % 64 == 0);
        assert_int_equal((first < second ? first : second) - arena.memory, worker * 2 * 64);
    }
    dg_arena_free(&arena);
}

static void test_too_much_is_refused(void **state)
{
    (void)state;
    dg_arena arena = { 0 };
    int value;
    for (int i = 0; i < 4; i++)
        assert_ok(dg_arena_add(&arena, i % 2, INT64_MAX / 3, 1 << i, 0, 1, &value));
    assert_int_equal(dg_arena_close(&arena, 1000), DG_NO_MEMORY);
    dg_arena_free(&arena);
}

/* --- plans -------------------------------------------------------------------------------- */

/* Who wrote each word of an arena last. A batch is walked through without computing: what a layer
 * is given to read must still be what was written there for it. */
struct walk {
    dg_plan *plan;
    int64_t rows, reads;
    int *owner;            /* of each word */
    int first, step, last; /* the step under way, and those of its stage */
};

enum { MOST_ROWS = 1024, KINDS = 32 };

enum {
    OUTPUT,
    SAVED_ROWS,
    SAVED_BATCH,
    LOGITS,
    GRADIENT,
    PARTIAL,
    SCRATCH,
    PREPARED,
    SUMS,
    WARPS,
    EDGE
};

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

/* What is there for the join of a node that is cut by its sums, which both ways leave behind. */
static void walk_sums(struct walk *w, int node, bool forward, int64_t pieces)
{
    dg_pass pass;
    dg_plan_pass(w->plan, node, 0, w->rows, 0, &pass);
    dg_plan_pass_join(w->plan, node, forward, pieces, &pass);
    int64_t bytes = pass.build->sums_bytes;
    assert_int_equal(pass.pieces, pieces);
    for (int64_t piece = 0; piece < pieces; piece++)
        touch(w, false, (const char *)pass.sums + piece * bytes, bytes,
              owner_of(node, SUMS, piece));
    if (!forward)
        touch(w, false, pass.saved_batch, pass.build->saved_batch_bytes,
              owner_of(node, SAVED_BATCH, 0));
    touch(w, true, pass.saved_batch, pass.build->saved_batch_bytes, owner_of(node, SAVED_BATCH, 0));
}

static void walk_input(struct walk *w, const struct call *c, const dg_pass *pass)
{
    for (int k = 0; k < pass->build->inputs; k++)
        touch_rows(w, false, pass->input[k], 4 * dg_shape_size(&pass->build->input[k]), c->begin,
                   c->end, root_of(w, w->plan->model->nodes[c->node].input[k]), OUTPUT);
}

/* The warps of a node, which the last of those that are joined owns. */
static void walk_warps(struct walk *w, const struct call *c, bool forward)
{
    const dg_plan *plan = w->plan;
    int last = c->node;
    dg_pass pass;
    for (int i = last + 1; i < plan->model->node_count; i++)
        if (plan->nodes[i].joins && plan->model->nodes[i].input[0] == last) last = i;
    dg_plan_pass(plan, c->node, c->begin, c->end, c->worker, &pass);
    if (!pass.warps) return;
    for (int writes = !plan->nodes[c->node].joins; writes < 2 && forward; writes++)
        touch_rows(w, writes, pass.warps, sizeof(dg_warp), c->begin, c->end, last, WARPS);
    if (!plan->nodes[c->node].view)
        touch_rows(w, false, pass.warps, sizeof(dg_warp), c->begin, c->end, last, WARPS);
}

static void walk_gather(struct walk *w, const struct call *c)
{
    dg_pass pass;
    if (c->begins || !w->plan->nodes[c->node].sums) return;
    dg_plan_pass(w->plan, c->node, c->begin, c->end, c->worker, &pass);
    dg_plan_pass_gather(w->plan, c->node, true, c->piece, &pass);
    walk_input(w, c, &pass);
    touch(w, true, pass.sums, pass.build->sums_bytes, owner_of(c->node, SUMS, c->piece));
}

static void walk_forward(struct walk *w, const struct call *c)
{
    const dg_plan *plan = w->plan;
    const struct node_memory *node = &plan->nodes[c->node];
    dg_pass pass;
    if (!c->begins) walk_warps(w, c, true);
    if (node->view) return;
    dg_plan_pass(plan, c->node, c->begin, c->end, c->worker, &pass);
    touch(w, c->begins, pass.scratch, pass.build->scratch_bytes,
          owner_of(c->node, SCRATCH, c->piece));
    if (c->begins) return;
    walk_input(w, c, &pass);
    touch(w, false, pass.prepared, pass.build->prepared_bytes, owner_of(c->node, PREPARED, 0));
    touch_rows(w, true, pass.output, 4 * node->size, c->begin, c->end, c->node, OUTPUT);
    touch_rows(w, true, pass.logits, 4 * node->size, c->begin, c->end, c->node, LOGITS);
    touch_rows(w, true, pass.saved_rows, pass.build->saved_row_bytes, c->begin, c->end, c->node,
               SAVED_ROWS);
    touch(w, !node->sums, pass.saved_batch, pass.build->saved_batch_bytes,
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
            touch_rows(w, false, dg_plan_rows(plan, plan->nodes[j].edge[k], c->begin, c->worker),
                       4 * node->size, c->begin, c->end, from, kind);
        }
    touch_rows(w, true, dg_plan_rows(plan, node->gradient, c->begin, c->worker), 4 * node->size,
               c->begin, c->end, c->node, GRADIENT);
}

static void walk_gather_back(struct walk *w, const struct call *c)
{
    const struct node_memory *node = &w->plan->nodes[c->node];
    dg_pass pass;
    int from = c->node, kind;
    if (c->begins || c->node == 0 || !node->wants_gradient) return;
    if (node->consumers > 1) walk_join(w, c);
    if (!node->sums) return;
    dg_plan_pass_back(w->plan, c->node, c->begin, c->end, 0, c->worker, &pass);
    dg_plan_pass_gather(w->plan, c->node, false, c->piece, &pass);
    walk_input(w, c, &pass);
    touch(w, false, pass.saved_batch, pass.build->saved_batch_bytes,
          owner_of(c->node, SAVED_BATCH, 0));
    gradient_of(w, &from, &kind);
    assert_non_null(pass.output_gradient);
    touch_rows(w, false, pass.output_gradient, 4 * node->size, c->begin, c->end, from, kind);
    touch(w, true, pass.sums, pass.build->sums_bytes, owner_of(c->node, SUMS, c->piece));
}

static void walk_backward(struct walk *w, const struct call *c)
{
    const dg_plan *plan = w->plan;
    const struct node_memory *node = &plan->nodes[c->node];
    dg_pass pass;
    int from = c->node, kind;
    if (c->node == 0 || !node->wants_gradient || node->view) return;
    dg_plan_pass_back(plan, c->node, c->begin, c->end, c->piece, c->worker, &pass);
    touch(w, c->begins, pass.scratch, pass.build->scratch_bytes,
          owner_of(c->node, SCRATCH, c->piece));
    if (c->begins) return;
    walk_input(w, c, &pass);
    walk_warps(w, c, false);
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
    if (partial && !node->sums)
        touch(w, true, partial + c->piece * node->partial_size, 4 * node->partial_size,
              owner_of(c->node, PARTIAL, c->piece));
}

static void walk_step(struct walk *w, int step, struct call *c)
{
    bool forward = step < dg_plan_loss_step(w->plan), gathers = (step % 2 == 0) == forward;
    c->node = dg_plan_step_node(w->plan, step);
    w->step = step;
    if (forward)
        (gathers ? walk_gather : walk_forward)(w, c);
    else
        (gathers ? walk_gather_back : walk_backward)(w, c);
}

static void walk_sums_before(struct walk *w, const struct stage *stage, bool forward)
{
    const struct stage *other = forward ? stage - 1 : stage + 1;
    int node = forward ? stage->first : stage->gathers;
    if (forward ? !stage->starts_after_sums : !node || !w->plan->nodes[node].wants_gradient) return;
    w->step = forward ? w->first : w->last;
    walk_sums(w, node, forward, dg_stage_pieces(w->plan, other, w->rows));
    float *partial = dg_arena_at(&w->plan->arena, w->plan->nodes[node].partial, 0);
    if (!forward && partial)
        touch(w, true, partial, 4 * w->plan->nodes[node].partial_size, owner_of(node, PARTIAL, 0));
}

/* The pieces of a stage, as many at a time as there are workers, each `lag` steps behind the one
 * before. */
static void walk_stage(struct walk *w, const struct stage *stage, bool forward, int lag)
{
    int64_t pieces = dg_stage_pieces(w->plan, stage, w->rows);
    struct steps run = dg_stage_steps(w->plan, stage, forward);
    int steps = run.last - run.first + 1, workers = w->plan->workers;
    w->first = run.first;
    w->last = run.last;
    walk_sums_before(w, stage, forward);
    for (int64_t first = 0; first < pieces; first += workers)
        for (int time = 0; time < steps + lag * (workers - 1); time++)
            for (int half = 0; half < 2; half++)
                for (int64_t piece = first; piece < first + workers && piece < pieces; piece++) {
                    int at = time - (int)(piece - first) * lag;
                    if (at < 0 || at >= steps) continue;
                    struct call call = { .begin = dg_piece_begin(w->rows, pieces, piece),
                                         .end = dg_piece_begin(w->rows, pieces, piece + 1),
                                         .piece = piece,
                                         .worker = (int)(piece % w->plan->workers),
                                         .begins = half == 0 };
                    walk_step(w, w->first + at, &call);
                }
}

static void walk_training(struct walk *w, int lag)
{
    const dg_plan *plan = w->plan;
    const dg_model *model = plan->model;
    for (int i = plan->stage_count - 1; i >= 0; i--)
        if (plan->stages[i].backward) walk_stage(w, &plan->stages[i], false, lag);
    w->first = w->step = w->last = dg_plan_update_step(plan);
    for (int i = 0; i < model->node_count; i++) {
        const struct node_memory *node = &plan->nodes[i];
        int64_t pieces = dg_gradient_pieces(plan, i, w->rows);
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
    w.first = w.step = w.last = dg_plan_loss_step(plan);
    if (training)
        touch_rows(&w, true, dg_plan_rows(plan, output->gradient, 0, 0), 4 * output->size, 0, rows,
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
        { "DepthwiseConv2D", "kernel_size=3 padding=same activation=gelu" },
        { "SeparableConv2D", "filters=4 kernel_size=3 padding=same activation=gelu" },
        { "Conv2DTranspose", "filters=4 kernel_size=3 activation=relu" },
        { "Dense", "units=20 activation=tanh" },
        { "Activation", "activation=elu" },
        { "Dropout", "rate=0.5" },
        { "SpatialDropout2D", "rate=0.5" },
        { "AlphaDropout", "rate=0.5" },
        { "GaussianNoise", "stddev=0.5" },
        { "GroupNormalization", "groups=4" },
        { "Rescaling", "scale=0.5" },
        { "RandomTranslation", "height_factor=0.2 width_factor=0.2" },
        { "RandomRotation", "factor=0.2" },
        { "RandomZoom", "height_factor=0.2" },
        { "RandomCrop", "height=5 width=6" },
        { "Reshape", "target_shape=8,4,16" },
        { "Permute", "dims=3,1,2" },
        { "Cropping2D", "cropping=1" },
        { NULL },
    };
    for (int i = 0; dg_registry[i]; i++) {
        const dg_layer_type *type = (const dg_layer_type *)dg_registry[i];
        const char *own = "";
        if (strcmp(type->part.kind, "layer") != 0 || type->flags & DG_LAYER_INPUT) continue;
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
        chain("Input shape=12,12,4; Conv2D filters=8 kernel_size=5,5; RandomRotation "
              "factor=0.1; RandomZoom height_factor=0.1; RandomRotation factor=0.1; Dropout "
              "rate=0.5; RandomZoom height_factor=0.1 fill_mode=wrap; Flatten; Dense units=3"));
    walk_all(chain("Input shape=12,12,4; BatchNormalization; BatchNormalization; Activation "
                   "activation=relu; Conv2D filters=8 kernel_size=3,3; Dropout rate=0.1; "
                   "BatchNormalization; Activation activation=tanh; Flatten; Dense units=9; "
                   "BatchNormalization; Dense units=8; Dropout rate=0.1; BatchNormalization; "
                   "Dense units=3; BatchNormalization"));
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
    assert_true(values > 10 * output);
    assert_true(plan->arena.bytes < 8 * output);
    dg_plan_free(plan);
    dg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_lives_that_do_not_meet_share_space),
        leaving_nothing(test_workers_share_no_cache_line),
        leaving_nothing(test_too_much_is_refused),
        leaving_nothing(test_living_values_of_all_layers_keep_apart),
        leaving_nothing(test_living_values_of_graphs_keep_apart),
        leaving_nothing(test_dead_values_give_their_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
