/* Input: states the shape of a row. Computes nothing. */
#include "engine/nn/layer.h"

typedef struct {
    dg_ints shape;
} input_options;

static const dg_param params[] = {
    DG_INTS(input_options, shape, .required = true, DG_WITHIN(1, 1 << 30),
            .doc = "shape of a row, without the batch: { height, width, channels } or { n }"),
    DG_END
};

static dg_status input_build(const void *options, dg_layer_build *b)
{
    b->output = ((const input_options *)options)->shape;
    b->cut = DG_CUT_VIEW;
    return DG_OK;
}

static const dg_hint hints[] = {
    { "batch_size", "batches may have any size; leave it out" },
    { "dtype", "rows are float32, or uint8 read as value / 255; leave it out" },
    { NULL },
};

const dg_layer_type dg_input = {
    .part = { .kind = "layer",
              .name = "Input",
              .alias = "input",
              .doc = "the input of a network, and the shape of its rows",
              .example = "nn.Input { 28, 28, 1 }",
              .params = params,
              .options_size = sizeof(input_options),
              .hints = hints },
    .flags = DG_LAYER_INPUT,
    .build = input_build,
};
