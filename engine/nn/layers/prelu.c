/* PReLU: x above zero, alpha x below, where alpha is trained: one for each value of a row, or for
 * all along an axis. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layers/spread.h"
#include "engine/tensor/tensor.h"

typedef struct {
    const dg_part *alpha_initializer, *alpha_regularizer;
    dg_ints shared_axes; /* may be empty */
} prelu_options;

static const dg_param params[] = {
    DG_PART(prelu_options, alpha_initializer, .kind = "initializer", .default_text = "zeros",
            .doc = "initializer of alpha"),
    DG_PART(prelu_options, alpha_regularizer, .kind = "regularizer", .doc = "penalty on alpha"),
    DG_INTS(prelu_options, shared_axes, DG_WITHIN(1, DG_MAX_INTS),
            .doc = "axes of a row, from 1, along which alpha is the same: { 1, 2 } has one for "
                   "each channel of images; default: none"),
    DG_END
};

enum { ALPHA };

static dg_status prelu_build(const void *options, dg_layer_build *b)
{
    const prelu_options *o = options;
    const dg_shape *row = &b->input[0];
    dg_shape shape = *row;
    for (int i = 0; i < o->shared_axes.count; i++) {
        int64_t axis = o->shared_axes.at[i];
        char axes[160], found[160];
        if (axis > row->count)
            return dg_error(
                DG_INVALID, "shared_axes are %s, but a row has shape %s",
                dg_shape_text(o->shared_axes.count, o->shared_axes.at, axes, sizeof axes),
                dg_shape_text(row->count, row->at, found, sizeof found));
        shape.at[axis - 1] = 1;
    }
    b->output = *row;
    b->cut = DG_CUT_ROWS;
    b->forgets_output = true;
    dg_build_weight(b, ALPHA, "alpha", shape, o->alpha_initializer, o->alpha_regularizer);
    b->scratch_bytes = 2 * dg_shape_size(row) * (int64_t)sizeof(float);
    b->row_flops = 2 * dg_shape_size(row);
    return DG_OK;
}

/* Between alpha and a row. */
static dg_spread alpha_spread(const dg_pass *pass)
{
    return dg_spread_of(1, &pass->build->weight[ALPHA].shape, &pass->build->output);
}

DG_KERNEL(void, scale_below_zero,
          (const float *restrict alpha, int64_t size, const float *restrict x, float *restrict y),
          (alpha, size, x, y))
{
    for (int64_t i = 0; i < size; i++) y[i] = x[i] < 0 ? alpha[i] * x[i] : x[i];
}

static dg_status prelu_forward(const dg_pass *pass)
{
    int64_t size = dg_shape_size(&pass->build->output);
    dg_spread spread = alpha_spread(pass);
    float *alpha = pass->scratch;
    dg_spread_copy(&spread, pass->weight[ALPHA], alpha);
    for (int64_t i = 0; i < pass->rows; i++)
        scale_below_zero(alpha, size, pass->input[0] + i * size, pass->output + i * size);
    return DG_OK;
}

DG_KERNEL(void, alpha_gradient,
          (const float *restrict x, const float *restrict dy, int64_t size, float *restrict sum),
          (x, dy, size, sum))
{
    for (int64_t i = 0; i < size; i++) sum[i] = DG_FMA(dy[i], x[i] < 0 ? x[i] : 0, sum[i]);
}

DG_KERNEL(void, input_gradient,
          (const float *restrict alpha, int64_t size, const float *restrict x,
           const float *restrict dy, float *restrict dx),
          (alpha, size, x, dy, dx))
{
    for (int64_t i = 0; i < size; i++) dx[i] = x[i] < 0 ? alpha[i] * dy[i] : dy[i];
}

static dg_status prelu_backward(const dg_pass *pass)
{
    int64_t size = dg_shape_size(&pass->build->output);
    dg_spread spread = alpha_spread(pass);
    float *alpha = pass->scratch, *sum = alpha + size;
    float *dalpha = pass->weight_gradient[ALPHA];
    dg_spread_copy(&spread, pass->weight[ALPHA], alpha);
    memset(sum, 0, (size_t)size * sizeof *sum);
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *x = pass->input[0] + i * size, *dy = pass->output_gradient + i * size;
        if (dalpha) alpha_gradient(x, dy, size, sum);
        if (pass->input_gradient[0])
            input_gradient(alpha, size, x, dy, pass->input_gradient[0] + i * size);
    }
    if (dalpha) dg_spread_sum(&spread, sum, dalpha);
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_TRAINABLE },
    { "num_parameters", "use shared_axes" },
    { "init", "use alpha_initializer = nn.Constant { ... }" },
    { NULL },
};

const dg_layer_type dg_prelu = {
    .part = { .kind = "layer",
              .name = "PReLU",
              .alias = "prelu",
              .doc = "relu whose slope below zero is trained (He et al. 2015)",
              .example = "nn.PReLU { shared_axes = { 1, 2 } }",
              .params = params,
              .options_size = sizeof(prelu_options),
              .hints = hints },
    .build = prelu_build,
    .forward = prelu_forward,
    .backward = prelu_backward,
};
