/* Activation: a function applied to each value, or for softmax to the last axis. */
#include "engine/nn/activation.h"

#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layer.h"
#include "engine/nn/quantized/int8.h"

typedef struct {
    int activation;
} activation_options;

static const dg_param params[] = { DG_CHOICE(activation_options, activation, .required = true,
                                             .choices = dg_activation_names,
                                             .doc = "name of the function"),
                                   DG_END };

static dg_status activation_build(const void *options, dg_layer_build *b)
{
    const activation_options *o = options;
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = true;
    dg_build_activation(b, (dg_activation)o->activation);
    b->row_flops = 4 * dg_shape_size(&b->output);
    return DG_OK;
}

static void sizes(const dg_pass *pass, int64_t *row, int64_t *width)
{
    const dg_shape *shape = &pass->build->output;
    *row = dg_shape_size(shape);
    *width = shape->count > 0 ? shape->at[shape->count - 1] : 1;
}

static dg_status activation_forward(const dg_pass *pass)
{
    const activation_options *o = pass->options;
    int64_t row, width;
    sizes(pass, &row, &width);
    int64_t count = pass->rows * row;
    memcpy(pass->output, pass->input[0], (size_t)count * sizeof(float));
    dg_activate_output(pass, (dg_activation)o->activation, 0, count / width, width);
    return DG_OK;
}

static dg_status activation_backward(const dg_pass *pass)
{
    const activation_options *o = pass->options;
    if (!pass->input_gradient[0]) return DG_OK;
    int64_t row, width;
    sizes(pass, &row, &width);
    dg_activation_backward_output(pass, (dg_activation)o->activation, width, NULL);
    memcpy(pass->input_gradient[0], pass->output_gradient,
           (size_t)(pass->rows * row) * sizeof(float));
    return DG_OK;
}

/* --- int8: relu ----------------------------------------------------------------------------- */

DG_KERNEL(void, relu_bytes,
          (const uint8_t *restrict x, int64_t count, uint8_t zero, uint8_t *restrict y),
          (x, count, zero, y))
{
    for (int64_t i = 0; i < count; i++) y[i] = x[i] < zero ? zero : x[i];
}

static void activation_int8_forward(const dg_int8_pass *pass)
{
    relu_bytes(pass->input, pass->rows * dg_shape_size(&pass->build->output), pass->zero,
               pass->bytes);
}

static const dg_int8_layer int8 = { .activates = true, .forward = activation_int8_forward };

const dg_layer_type dg_layer_activation = {
    .part = { .kind = "layer",
              .name = "Activation",
              .alias = "activation",
              .peers =
                  (const char *const[]){ "ReLU", "LeakyReLU", "ELU", "Softmax", "Sigmoid", "Tanh",
                                         "GELU", "SiLU", "SELU", "Softplus", "Hardsigmoid", NULL },
              .doc = "applies a function to every value; softmax to the last axis",
              .example = "nn.Activation { \"relu\" }",
              .params = params,
              .options_size = sizeof(activation_options) },
    .build = activation_build,
    .forward = activation_forward,
    .backward = activation_backward,
    .flags = DG_LAYER_ACTIVATES,
    .activation_offset = offsetof(activation_options, activation),
    .has_activation = true,
    .int8 = &int8,
};
