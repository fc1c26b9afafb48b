/* Running a plan forward. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/random.h"
#include "engine/nn/plan_internal.h"

/* --- rows into the network ---------------------------------------------------------------- */

DG_KERNEL static void scale_bytes(const uint8_t *restrict from, int64_t count, float divisor,
                                  float *restrict to)
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
    }
}

/* --- layers ------------------------------------------------------------------------------- */

/* Local memory holds the rows of one piece. */
static float *rows_from(const struct node_memory *node, int64_t begin)
{
    return node->local ? node->output : node->output + begin * node->size;
}

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
                       .rows = end - begin,
                       .first = begin,
                       .output = rows_from(memory, begin),
                       .saved_batch = memory->saved_batch,
                       .prepared = memory->prepared,
                       .scratch = plan->scratch + worker * plan->scratch_bytes };
    if (plan->logits && index == model->output) pass->logits = plan->logits + begin * memory->size;
    if (plan->training) {
        pass->key = dg_key(plan->key, "layer", (uint64_t)index);
        pass->saved_rows = memory->saved_rows + begin * node->build.saved_row_bytes;
        if (memory->gradient) pass->output_gradient = memory->gradient + begin * memory->size;
    }
    for (int k = 0; k < node->inputs; k++) {
        const struct node_memory *input = &plan->nodes[node->input[k]];
        pass->input[k] = rows_from(input, begin);
        if (memory->edge[k]) pass->input_gradient[k] = memory->edge[k] + begin * input->size;
    }
    for (int place = 0, w = layer->first_weight; place < DG_MAX_WEIGHTS; place++)
        if (node->build.weight[place].name) pass->weight[place] = dg_model_weight(model, w++);
}

static dg_status node_forward(const dg_plan *plan, int node, int64_t begin, int64_t end, int worker)
{
    const struct node_memory *memory = &plan->nodes[node];
    if (memory->view) return DG_OK;
    if (node == 0) {
        fill_input(plan->source, memory->size, begin, end, rows_from(memory, begin));
        return DG_OK;
    }
    dg_pass pass;
    dg_plan_pass(plan, node, begin, end, worker, &pass);
    return dg_node_type(plan->model, node)->forward(&pass);
}

/* --- stages ------------------------------------------------------------------------------- */

static dg_status forward_piece(const dg_plan *plan, const struct stage *stage, int64_t begin,
                               int64_t end, int64_t piece, int worker)
{
    (void)piece;
    for (int i = stage->first; i <= stage->last; i++)
        DG_TRY(node_forward(plan, i, begin, end, worker));
    return DG_OK;
}

dg_status dg_plan_forward(dg_plan *plan, const dg_source *source, int64_t rows, uint64_t key,
                          const dg_job *job)
{
    dg_job rowwise = { .threads = job->threads < plan->workers ? job->threads : plan->workers };
    plan->source = source;
    plan->rows = rows;
    plan->key = key;
    plan->job = (dg_job){ .threads = job->threads };
    dg_status status = DG_OK;
    for (int i = 0; i < plan->stage_count && status == DG_OK; i++) {
        const struct stage *stage = &plan->stages[i];
        if (stage->idle) continue;
        if (stage->whole_batch)
            status = node_forward(plan, stage->first, 0, rows, 0);
        else
            status = dg_run_stage(plan, stage, &rowwise, forward_piece);
    }
    plan->source = NULL;
    return status;
}
