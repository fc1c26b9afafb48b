/* Quantised networks predict and are evaluated: a few rows at a time pass through all nodes on one
 * thread, while they are warm in the cache. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/arena.h"
#include "engine/nn/network.h"
#include "engine/nn/quantized/internal.h"
#include "engine/nn/truth.h"

/* Bytes of rows that are worked on at a time: a part of an L2 cache; and how many rows. */
enum { CHUNK_BYTES = 1 << 18, LEAST_ROWS = 5, MOST_ROWS = 60 };

/* --- rooms ---------------------------------------------------------------------------------- */

/* Where the values of one node are in an arena; 0: nowhere. */
struct place {
    int bytes, floats, scratch, prepared;
};

/* The memory of one worker for rows on their way. */
typedef struct dg_int8_room {
    dg_arena arena;
    struct place *places;
    uint8_t byte_of[256]; /* what bytes of the data become */
} dg_int8_room;

static int64_t size_of(const dg_model *model, int node)
{
    return dg_shape_size(&model->nodes[node].build.output);
}

static int64_t chunk_rows(const dg_quantized *q)
{
    int64_t most = 1;
    for (int i = 0; i < q->model.node_count; i++) {
        int64_t row = size_of(&q->model, i) * (q->nodes[i].floats ? 5 : 1);
        if (dg_int8_has_value(&q->nodes[i]) && row > most) most = row;
    }
    int64_t rows = CHUNK_BYTES / most;
    return rows < LEAST_ROWS ? LEAST_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
}

static int last_reader(const dg_quantized *q, int root)
{
    int last = root;
    for (int i = root; i < q->model.node_count; i++)
        for (int k = 0; k < q->model.nodes[i].inputs; k++)
            if (q->nodes[q->model.nodes[i].input[k]].root == root) last = i;
    return q->nodes[q->model.output].root == root ? q->model.node_count : last;
}

static dg_status place_node(const dg_quantized *q, int index, int64_t rows, dg_int8_room *room)
{
    const dg_model *model = &q->model;
    const dg_int8_node *node = &q->nodes[index];
    const dg_layer_build *build = &model->nodes[index].build;
    const dg_int8_layer *int8 = index ? dg_int8_layer_of(model, index) : NULL;
    struct place *place = &room->places[index];
    dg_arena *arena = &room->arena;
    int64_t values = rows * size_of(model, index);
    int last = last_reader(q, index);
    bool by_floats = node->floats || (node->role == DG_INT8_PRODUCT && !dg_int8_writes_bytes(node));
    if (node->bytes)
        DG_TRY(dg_arena_add(arena, 0, 1, values + DG_PRODUCT8_SLACK, index, last, &place->bytes));
    if (by_floats || node->role == DG_INT8_FLOATS)
        DG_TRY(dg_arena_add(arena, 0, values, sizeof(float), index, last, &place->floats));
    if (index == 0) return DG_OK;
    if (node->role == DG_INT8_FLOATS) {
        DG_TRY(dg_arena_add(arena, 0, build->scratch_bytes, 1, index, index, &place->scratch));
        return dg_arena_add(arena, 0, build->prepared_bytes, 1, -1, model->node_count,
                            &place->prepared);
    }
    if (!int8->scratch_bytes) return DG_OK;
    return dg_arena_add(arena, 0, 1, int8->scratch_bytes(dg_node_options(model, index), build),
                        index, index, &place->scratch);
}

/* What layers that run in float32 prepare from their shapes, and derive from their weights. */
static void prepare_nodes(const dg_quantized *q, dg_int8_room *room)
{
    for (int i = 1; i < q->model.node_count; i++) {
        const dg_layer_type *type = dg_node_type(&q->model, i);
        void *prepared = dg_arena_at(&room->arena, room->places[i].prepared, 0);
        float *weight[DG_MAX_WEIGHTS];
        if (q->nodes[i].role != DG_INT8_FLOATS) continue;
        if (type->prepare)
            type->prepare(dg_node_options(&q->model, i), &q->model.nodes[i].build, false, prepared);
        dg_node_weights(&q->model, i, weight);
        if (type->derive) type->derive(weight, false, prepared);
    }
}

static void fill_bytes(const dg_quantized *q, dg_int8_room *room)
{
    float values[256];
    const dg_int8_node *input = &q->nodes[0];
    for (int i = 0; i < 256; i++) values[i] = (float)i / (q->model.bytes == DG_BYTES_RAW ? 1 : 255);
    dg_bytes_of_floats(values, 256, 1 / input->scale, (float)input->zero, room->byte_of);
}

static void free_room(dg_int8_room *room)
{
    if (!room) return;
    dg_arena_free(&room->arena);
    dg_free(room->places);
    dg_free(room);
}

static dg_status fill_room(const dg_quantized *q, dg_int8_room *room)
{
    DG_TRY(dg_alloc_zero(&room->places, q->model.node_count, sizeof *room->places));
    for (int i = 0; i < q->model.node_count; i++)
        if (dg_int8_has_value(&q->nodes[i])) DG_TRY(place_node(q, i, chunk_rows(q), room));
    DG_TRY(dg_arena_close(&room->arena, 1));
    prepare_nodes(q, room);
    fill_bytes(q, room);
    return DG_OK;
}

/* The room that the last prediction left, or a new one. */
static dg_status take_room(dg_int8_room **out, const dg_quantized *q)
{
    *out = atomic_exchange(&((dg_quantized *)q)->room, NULL);
    if (*out) return DG_OK;
    DG_TRY(dg_alloc_zero(out, 1, sizeof **out));
    dg_status status = fill_room(q, *out);
    if (status == DG_OK) return DG_OK;
    free_room(*out);
    *out = NULL;
    return status;
}

static void leave_room(const dg_quantized *q, dg_int8_room *room)
{
    free_room(atomic_exchange(&((dg_quantized *)q)->room, room));
}

void dg_quantized_free_room(dg_quantized *q)
{
    free_room(atomic_exchange(&q->room, NULL));
}

/* --- nodes ---------------------------------------------------------------------------------- */

/* What the chunks of one prediction share. */
struct quantized_run {
    const dg_quantized *q;
    const dg_tensor *x;
    int64_t rows, chunk, width;
    dg_int8_room **rooms; /* a worker's own */
    int workers;
    float *outputs, *logits; /* {rows, width}; logits: what the last activation is given, or NULL */
};

static uint8_t *bytes_at(const dg_int8_room *room, int node)
{
    return dg_arena_at(&room->arena, room->places[node].bytes, 0);
}

static float *floats_at(const dg_int8_room *room, int node)
{
    return dg_arena_at(&room->arena, room->places[node].floats, 0);
}

/* Floats become bytes. */
static void quantize(const dg_int8_node *node, int64_t count, const float *from, uint8_t *to)
{
    dg_bytes_of_floats(from, count, 1 / node->scale, (float)node->zero, to);
}

static void fill_input(const struct quantized_run *run, int64_t begin, int64_t rows,
                       const dg_int8_room *room)
{
    const dg_int8_node *node = &run->q->nodes[0];
    int64_t size = size_of(&run->q->model, 0), count = rows * size, at = begin * size;
    bool raw = run->q->model.bytes == DG_BYTES_RAW;
    uint8_t *bytes = bytes_at(room, 0);
    float *floats = floats_at(room, 0);
    if (run->x->dtype != DG_UINT8) {
        const float *x = dg_floats(run->x) + at;
        if (bytes) quantize(node, count, x, bytes);
        if (floats) memcpy(floats, x, (size_t)count * sizeof *x);
        return;
    }
    const uint8_t *x = dg_bytes(run->x) + at;
    for (int64_t i = 0; bytes && i < count; i++) bytes[i] = room->byte_of[x[i]];
    for (int64_t i = 0; floats && i < count; i++) floats[i] = (float)x[i] / (raw ? 1 : 255);
}

static void run_int8(const struct quantized_run *run, int index, int64_t rows,
                     const dg_int8_room *room)
{
    const dg_quantized *q = run->q;
    const dg_int8_node *node = &q->nodes[index];
    int source = dg_int8_source(q, index);
    bool product = node->role == DG_INT8_PRODUCT;
    dg_int8_pass pass = { .options = dg_node_options(&q->model, index),
                          .build = &q->model.nodes[index].build,
                          .rows = rows,
                          .input = bytes_at(room, source),
                          .zero = (uint8_t)q->nodes[source].zero,
                          .kernel = product ? &node->kernel : NULL,
                          .scratch = dg_arena_at(&room->arena, room->places[index].scratch, 0) };
    if (!product || dg_int8_writes_bytes(node))
        pass.bytes = bytes_at(room, index);
    else
        pass.floats = floats_at(room, index);
    if (product && node->activation == DG_RELU) pass.least = (uint8_t)node->zero;
    dg_int8_layer_of(&q->model, index)->forward(&pass);
}

/* The activation of a product in floats, and these as bytes. */
static void finish_floats(const struct quantized_run *run, int index, int64_t begin, int64_t rows,
                          const dg_int8_room *room)
{
    const dg_quantized *q = run->q;
    const dg_int8_node *node = &q->nodes[index];
    const dg_shape *shape = &q->model.nodes[index].build.output;
    int64_t count = rows * dg_shape_size(shape), width = shape->at[shape->count - 1];
    float *floats = floats_at(room, index);
    if (run->logits && index == q->nodes[q->model.output].root)
        memcpy(run->logits + begin * run->width, floats, (size_t)count * sizeof *floats);
    dg_activate(node->activation, floats, count / width, width);
    if (node->bytes) quantize(node, count, floats, bytes_at(room, index));
}

static dg_status run_floats(const struct quantized_run *run, int index, int64_t rows,
                            const dg_int8_room *room)
{
    const dg_quantized *q = run->q;
    const dg_node *node = &q->model.nodes[index];
    const dg_layer *layer = &q->model.layers[node->layer];
    const struct place *place = &room->places[index];
    dg_job alone = { .threads = 1 };
    dg_pass pass = { .job = &alone,
                     .options = layer->part->options,
                     .build = &node->build,
                     .rows = rows,
                     .output = floats_at(room, index),
                     .scratch = dg_arena_at(&room->arena, place->scratch, 0),
                     .prepared = dg_arena_at(&room->arena, place->prepared, 0) };
    for (int k = 0; k < node->inputs; k++)
        pass.input[k] = floats_at(room, q->nodes[node->input[k]].root);
    dg_node_weights(&q->model, index, pass.weight);
    DG_TRY(dg_node_type(&q->model, index)->forward(&pass));
    if (q->nodes[index].bytes)
        quantize(&q->nodes[index], rows * size_of(&q->model, index), pass.output,
                 bytes_at(room, index));
    return DG_OK;
}

static dg_status run_node(const struct quantized_run *run, int index, int64_t begin, int64_t rows,
                          const dg_int8_room *room)
{
    const dg_int8_node *node = &run->q->nodes[index];
    switch (node->role) {
    case DG_INT8_VIEW:
    case DG_INT8_PART: return DG_OK;
    case DG_INT8_INPUT: fill_input(run, begin, rows, room); return DG_OK;
    case DG_INT8_FLOATS: return run_floats(run, index, rows, room);
    case DG_INT8_PRODUCT:
        run_int8(run, index, rows, room);
        if (!dg_int8_writes_bytes(node)) finish_floats(run, index, begin, rows, room);
        return DG_OK;
    case DG_INT8_BYTES:
        run_int8(run, index, rows, room);
        if (node->floats)
            dg_floats_of_bytes(bytes_at(room, index), rows * size_of(&run->q->model, index),
                               node->zero, node->scale, floats_at(room, index));
        return DG_OK;
    }
    return DG_OK;
}

static dg_status run_chunk(void *context, int64_t chunk, int worker)
{
    struct quantized_run *run = context;
    const dg_quantized *q = run->q;
    int64_t begin = chunk * run->chunk, rows = run->rows - begin;
    if (rows > run->chunk) rows = run->chunk;
    if (!run->rooms[worker]) DG_TRY(take_room(&run->rooms[worker], q));
    const dg_int8_room *room = run->rooms[worker];
    for (int i = 0; i < q->model.node_count; i++) DG_TRY(run_node(run, i, begin, rows, room));
    memcpy(run->outputs + begin * run->width, floats_at(room, q->nodes[q->model.output].root),
           (size_t)(rows * run->width) * sizeof *run->outputs);
    return DG_OK;
}

static void run_release(struct quantized_run *run)
{
    for (int i = 0; run->rooms && i < run->workers; i++)
        if (run->rooms[i]) leave_room(run->q, run->rooms[i]);
    dg_free(run->rooms);
}

static dg_status run_all(const dg_quantized *q, const dg_tensor *x, const dg_job *job,
                         float *outputs, float *logits)
{
    DG_CLEANUP(run_release)
    struct quantized_run run = { .q = q,
                                 .x = x,
                                 .rows = x->shape[0],
                                 .chunk = chunk_rows(q),
                                 .width = dg_model_width(&q->model),
                                 .workers = job->threads,
                                 .outputs = outputs,
                                 .logits = logits };
    if (run.rows == 0) return DG_OK;
    DG_TRY(dg_check_finite(x, false, "predict", job)); /* a byte cannot say that it is NaN */
    DG_TRY(dg_alloc_zero(&run.rooms, run.workers, sizeof *run.rooms));
    return dg_parallel(job, (run.rows + run.chunk - 1) / run.chunk, run_chunk, &run);
}

/* --- as a learner --------------------------------------------------------------------------- */

dg_status dg_quantized_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                     const dg_job *job, dg_tensor *out)
{
    const dg_quantized *q = (const dg_quantized *)learner;
    DG_TRY(dg_network_new_outputs(&q->model, x->shape[0], out));
    dg_status status = run_all(q, x, job, dg_floats(out), NULL);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

/* The sum of the losses of all rows, and how many are right. */
static double judge(const dg_model *model, const dg_truth_map *map, const dg_tensor *outputs,
                    const float *logits, int64_t *correct)
{
    double loss = 0;
    int64_t rows = outputs->shape[0], width = dg_model_width(model);
    *correct = 0;
    for (int64_t i = 0, count; i < rows; i += count) {
        dg_truth_row room[MOST_ROWS];
        count = rows - i < MOST_ROWS ? rows - i : MOST_ROWS;
        dg_truth truth = dg_truth_of_rows(map, NULL, i, count, room);
        dg_loss_pass pass = { .rows = count,
                              .width = width,
                              .output = dg_floats(outputs) + i * width,
                              .logits = logits ? logits + i * width : NULL,
                              .positions = truth.positions,
                              .targets = truth.targets };
        if (truth.positions)
            *correct += dg_count_correct(pass.output, truth.positions, count, width);
        if (!model->loss) continue;
        pass.options = model->loss->options;
        loss += dg_loss_of_rows(model->loss, &pass);
    }
    return model->loss ? loss : NAN;
}

dg_status dg_quantized_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                                dg_scores *out)
{
    const dg_quantized *q = (const dg_quantized *)learner;
    DG_OWNED_TENSOR outputs = { 0 };
    DG_OWNED float *logits = NULL;
    DG_CLEANUP(dg_truth_map_release) dg_truth_map map = { 0 };
    int64_t rows = dg_dataset_rows(set), correct;
    bool product = q->nodes[q->nodes[q->model.output].root].role == DG_INT8_PRODUCT;
    DG_TRY(dg_truth_map_of(&map, &q->model, set, "evaluate"));
    DG_TRY(dg_network_new_outputs(&q->model, rows, &outputs));
    if (product && dg_model_fuses_loss(&q->model))
        DG_TRY(dg_alloc(&logits, rows * dg_model_width(&q->model), sizeof *logits));
    DG_TRY(run_all(q, &set->x, job, dg_floats(&outputs), logits));
    out->loss = judge(&q->model, &map, &outputs, logits, &correct) / (double)rows + q->penalty;
    out->accuracy = (double)correct / (double)rows;
    out->has_accuracy = dg_model_width(&q->model) > 1;
    if (out->outputs) *out->outputs = DG_TAKE(outputs);
    return DG_OK;
}
