/* GlobalMaxPooling2D: one window that is the whole image. */
#include "engine/nn/layer.h"
#include "engine/nn/layers/pooling.h"

static dg_status global_max_pooling2d_build(const void *options, dg_layer_build *b)
{
    (void)options;
    return dg_pooling_build(&dg_max_pool, NULL, b);
}

static dg_status global_max_pooling2d_forward(const dg_pass *pass)
{
    return dg_pooling_forward(&dg_max_pool, pass);
}

static dg_status global_max_pooling2d_backward(const dg_pass *pass)
{
    return dg_pooling_backward(&dg_max_pool, pass);
}

const dg_layer_type dg_global_max_pooling2d = {
    .part = { .kind = "layer",
              .name = "GlobalMaxPooling2D",
              .alias = "global_max_pooling2d",
              .doc = "the greatest value of each channel (Oquab et al. 2015)",
              .example = "nn.GlobalMaxPooling2D {}",
              .params = dg_global_pool_params },
    .build = global_max_pooling2d_build,
    .prepare = dg_pooling_prepare,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = global_max_pooling2d_forward,
    .backward = global_max_pooling2d_backward,
    .int8 = &dg_max_pool_int8,
};
