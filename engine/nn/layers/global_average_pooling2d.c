/* GlobalAveragePooling2D: one window that is the whole image. */
#include "engine/nn/layer.h"
#include "engine/nn/layers/pooling.h"

static dg_status global_average_pooling2d_build(const void *options, dg_layer_build *b)
{
    (void)options;
    return dg_pooling_build(&dg_average_pool, NULL, b);
}

static dg_status global_average_pooling2d_forward(const dg_pass *pass)
{
    return dg_pooling_forward(&dg_average_pool, pass);
}

static dg_status global_average_pooling2d_backward(const dg_pass *pass)
{
    return dg_pooling_backward(&dg_average_pool, pass);
}

const dg_layer_type dg_global_average_pooling2d = {
    .part = { .kind = "layer",
              .name = "GlobalAveragePooling2D",
              .alias = "global_average_pooling2d",
              .doc = "the mean of each channel (Lin, Chen and Yan 2014)",
              .example = "nn.GlobalAveragePooling2D {}",
              .params = dg_global_pool_params },
    .build = global_average_pooling2d_build,
    .prepare = dg_pooling_prepare,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = global_average_pooling2d_forward,
    .backward = global_average_pooling2d_backward,
};
