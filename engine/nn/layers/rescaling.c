/* Rescaling: x * scale + offset. Ahead of all layers that compute, it receives unscaled bytes. */
#include "engine/base/kernel.h"
#include "engine/nn/layer.h"

typedef struct {
    double scale, offset;
} rescaling_options;

static const dg_param params[] = {
    DG_FLOAT(rescaling_options, scale, .required = true, .doc = "factor of each value"),
    DG_FLOAT(rescaling_options, offset, .doc = "added to each product"), DG_END
};

static dg_status rescaling_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->row_flops = 2 * dg_shape_size(&b->output);
    return DG_OK;
}

DG_KERNEL(void, rescale,
          (const float *restrict x, float scale, float offset, int64_t count, float *restrict y),
          (x, scale, offset, count, y))
{
    for (int64_t i = 0; i < count; i++) y[i] = DG_FMA(x[i], scale, offset);
}

static dg_status rescaling_forward(const dg_pass *pass)
{
    const rescaling_options *o = pass->options;
    int64_t size = dg_shape_size(&pass->build->output);
    rescale(pass->input[0], (float)o->scale, (float)o->offset, pass->rows * size, pass->output);
    return DG_OK;
}

static dg_status rescaling_backward(const dg_pass *pass)
{
    const rescaling_options *o = pass->options;
    if (!pass->input_gradient[0]) return DG_OK;
    int64_t size = dg_shape_size(&pass->build->output);
    rescale(pass->output_gradient, (float)o->scale, 0, pass->rows * size, pass->input_gradient[0]);
    return DG_OK;
}

const dg_layer_type dg_rescaling = {
    .part = { .kind = "layer",
              .name = "Rescaling",
              .alias = "rescaling",
              .doc = "value * scale + offset; as the first layer, or after layers that only move, "
                     "drop "
                     "or pool values, it receives bytes as 0 .. 255",
              .example = "nn.Rescaling { 1 / 127.5, offset = -1 }",
              .params = params,
              .options_size = sizeof(rescaling_options) },
    .build = rescaling_build,
    .flags = DG_LAYER_SCALES_BYTES,
    .scale_offset = offsetof(rescaling_options, scale),
    .forward = rescaling_forward,
    .backward = rescaling_backward,
};
