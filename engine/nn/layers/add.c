/* Add: joins branches of one shape by their sum. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layer.h"
#include "engine/tensor/tensor.h"

static const dg_param params[] = { DG_END };

static dg_status add_build(const void *options, dg_layer_build *b)
{
    (void)options;
    for (int i = 1; i < b->inputs; i++) {
        const dg_shape *first = &b->input[0], *other = &b->input[i];
        bool same = first->count == other->count;
        for (int axis = 0; same && axis < first->count; axis++)
            same = first->at[axis] == other->at[axis];
        char one[160], two[160];
        if (!same)
            return dg_error(DG_INVALID, "needs inputs of the same shape, found %s and %s",
                            dg_shape_text(first->count, first->at, one, sizeof one),
                            dg_shape_text(other->count, other->at, two, sizeof two));
    }
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->row_flops = b->inputs * dg_shape_size(&b->output);
    return DG_OK;
}

DG_KERNEL(void, add, (const float *restrict x, int64_t count, float *restrict y), (x, count, y))
{
    for (int64_t i = 0; i < count; i++) y[i] += x[i];
}

static dg_status add_forward(const dg_pass *pass)
{
    int64_t count = pass->rows * dg_shape_size(&pass->build->output);
    memcpy(pass->output, pass->input[0], (size_t)count * sizeof(float));
    for (int i = 1; i < pass->build->inputs; i++) add(pass->input[i], count, pass->output);
    return DG_OK;
}

static dg_status add_backward(const dg_pass *pass)
{
    int64_t count = pass->rows * dg_shape_size(&pass->build->output);
    for (int i = 0; i < pass->build->inputs; i++)
        if (pass->input_gradient[i])
            memcpy(pass->input_gradient[i], pass->output_gradient, (size_t)count * sizeof(float));
    return DG_OK;
}

const dg_layer_type dg_add = {
    .part = { .kind = "layer",
              .name = "Add",
              .alias = "add",
              .doc = "the sum of its inputs: joins the branches of a residual network (He et al. "
                     "2016)",
              .example = "nn.Add {} { a, b }",
              .params = params },
    .flags = DG_LAYER_JOINS,
    .build = add_build,
    .forward = add_forward,
    .backward = add_backward,
};
