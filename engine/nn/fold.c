/* Folding the factors of a normalisation into the weights before it, for a plan of prediction. */
#include "engine/base/kernel.h"
#include "engine/nn/plan_internal.h"

struct dg_folded dg_folded_of(const dg_plan *plan, int index)
{
    const dg_shape *kernel = &plan->model->nodes[index].build.weight[0].shape;
    float *at = dg_arena_at(&plan->arena, plan->nodes[index].folded, 0);
    struct dg_folded f = { .size = kernel->at[kernel->count - 1] };
    int64_t room = dg_weight_room(f.size), kernel_room = dg_weight_room(dg_shape_size(kernel));
    f.rows = dg_shape_size(kernel) / f.size;
    f.floats = kernel_room + 3 * room;
    if (!at) return f;
    f.kernel = at;
    f.bias = at + kernel_room;
    f.a = f.bias + room;
    f.b = f.a + room;
    return f;
}

DG_KERNEL(void, scale_columns,
          (const float *restrict from, int64_t rows, int64_t columns, const float *restrict a,
           float *restrict to),
          (from, rows, columns, a, to))
{
    for (int64_t i = 0; i < rows; i++, from += columns, to += columns)
        for (int64_t c = 0; c < columns; c++) to[c] = from[c] * a[c];
}

/* a (x W + w) + b = x (a W) + (a w + b) */
void dg_plan_fold(const dg_plan *plan, int index)
{
    const dg_model *model = plan->model;
    const dg_node *taken = &model->nodes[plan->nodes[index].folds];
    struct dg_folded f = dg_folded_of(plan, index);
    float *weight[DG_MAX_WEIGHTS];
    dg_node_weights(model, plan->nodes[index].folds, weight);
    dg_node_type(model, plan->nodes[index].folds)
        ->factors(model->layers[taken->layer].part->options, weight, f.size, f.a, f.b);
    dg_node_weights(model, index, weight);
    scale_columns(weight[0], f.rows, f.size, f.a, f.kernel);
    for (int64_t c = 0; c < f.size; c++)
        f.bias[c] =
            (float)((weight[1] ? (double)weight[1][c] : 0) * (double)f.a[c] + (double)f.b[c]);
}
