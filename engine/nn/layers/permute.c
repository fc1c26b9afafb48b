/* Permute: the axes of each row in another order. */
#include <string.h>

#include "engine/nn/layer.h"
#include "engine/tensor/tensor.h"

typedef struct {
    dg_ints dims;
} permute_options;

static const dg_param params[] = {
    DG_INTS(permute_options, dims, .required = true, DG_WITHIN(1, DG_MAX_INTS),
            .doc = "for each axis of the output, the axis of the input, from 1: { 2, 1 } "
                   "exchanges two"),
    DG_END
};

static dg_status permute_check(const void *options)
{
    const dg_ints *dims = &((const permute_options *)options)->dims;
    int64_t seen = 0;
    for (int i = 0; i < dims->count; i++) seen |= (int64_t)1 << dims->at[i];
    if (seen == ((int64_t)2 << dims->count) - 2) return DG_OK;
    char found[160];
    return dg_error(DG_INVALID, "dims must have each axis from 1 to %d once, found %s", dims->count,
                    dg_shape_text(dims->count, dims->at, found, sizeof found));
}

static dg_status permute_build(const void *options, dg_layer_build *b)
{
    const dg_ints *dims = &((const permute_options *)options)->dims;
    char axes[160], shape[160];
    if (dims->count != b->input[0].count)
        return dg_error(DG_INVALID, "dims are %s, but a row has shape %s",
                        dg_shape_text(dims->count, dims->at, axes, sizeof axes),
                        dg_shape_text(b->input[0].count, b->input[0].at, shape, sizeof shape));
    b->output.count = dims->count;
    for (int i = 0; i < dims->count; i++) b->output.at[i] = b->input[0].at[dims->at[i] - 1];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->row_flops = dg_shape_size(&b->output);
    return DG_OK;
}

/* A row of the output, one number after the other, and the steps of its axes in the input. */
struct walk {
    int axes;
    int64_t size[DG_MAX_INTS], step[DG_MAX_INTS];
    float *out;
};

static struct walk walk_of(const dg_pass *pass)
{
    const dg_ints *dims = &((const permute_options *)pass->options)->dims;
    const dg_shape *in = &pass->build->input[0];
    struct walk w = { .axes = dims->count };
    int64_t step[DG_MAX_INTS] = { 0 }, next = 1;
    for (int i = in->count - 1; i >= 0; i--) {
        step[i] = next;
        next *= in->at[i];
    }
    for (int i = 0; i < w.axes; i++) {
        w.size[i] = pass->build->output.at[i];
        w.step[i] = step[dims->at[i] - 1];
    }
    return w;
}

static void copy_axis(struct walk *w, int axis, float *in, bool back)
{
    int64_t size = w->size[axis], step = w->step[axis];
    if (axis < w->axes - 1) {
        for (int64_t i = 0; i < size; i++) copy_axis(w, axis + 1, in + i * step, back);
        return;
    }
    float *out = w->out;
    w->out += size;
    if (back)
        for (int64_t i = 0; i < size; i++) in[i * step] = out[i];
    else
        for (int64_t i = 0; i < size; i++) out[i] = in[i * step];
}

static dg_status permute_forward(const dg_pass *pass)
{
    struct walk w = walk_of(pass);
    int64_t size = dg_shape_size(&pass->build->output);
    w.out = pass->output;
    for (int64_t i = 0; i < pass->rows; i++)
        copy_axis(&w, 0, (float *)pass->input[0] + i * size, false);
    return DG_OK;
}

static dg_status permute_backward(const dg_pass *pass)
{
    struct walk w = walk_of(pass);
    int64_t size = dg_shape_size(&pass->build->output);
    if (!pass->input_gradient[0]) return DG_OK;
    w.out = pass->output_gradient;
    for (int64_t i = 0; i < pass->rows; i++)
        copy_axis(&w, 0, pass->input_gradient[0] + i * size, true);
    return DG_OK;
}

const dg_layer_type dg_permute = {
    .part = { .kind = "layer",
              .name = "Permute",
              .alias = "permute",
              .doc = "puts the axes of each row in another order",
              .example = "nn.Permute { 2, 1, 3 }",
              .params = params,
              .options_size = sizeof(permute_options),
              .check = permute_check },
    .flags = DG_LAYER_PASSES_BYTES,
    .build = permute_build,
    .forward = permute_forward,
    .backward = permute_backward,
};
