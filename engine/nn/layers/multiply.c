/* Multiply: joins branches by their product, element by element. */
#include <string.h>

#include "engine/nn/layers/spread.h"

static const dg_param params[] = { DG_END };

static dg_status multiply_build(const void *options, dg_layer_build *b)
{
    (void)options;
    DG_TRY(dg_spread_build(b));
    b->forgets_output = true;
    b->scratch_bytes = dg_shape_size(&b->output) * (int64_t)sizeof(float);
    return DG_OK;
}

static dg_status multiply_forward(const dg_pass *pass)
{
    for (int i = 0; i < pass->build->inputs; i++) {
        dg_spread s = dg_spread_of(pass->rows, &pass->build->input[i], &pass->build->output);
        (i == 0 ? dg_spread_copy : dg_spread_multiply)(&s, pass->input[i], pass->output);
    }
    return DG_OK;
}

/* Row by row: the gradient of each input is that of the product times all the others. */
static dg_status multiply_backward(const dg_pass *pass)
{
    const dg_layer_build *b = pass->build;
    int64_t size = dg_shape_size(&b->output), in[DG_MAX_INPUTS];
    dg_spread spread[DG_MAX_INPUTS];
    float *product = pass->scratch;
    for (int i = 0; i < b->inputs; i++) {
        spread[i] = dg_spread_of(1, &b->input[i], &b->output);
        in[i] = dg_shape_size(&b->input[i]);
    }
    for (int64_t row = 0; row < pass->rows; row++)
        for (int i = 0; i < b->inputs; i++) {
            if (!pass->input_gradient[i]) continue;
            memcpy(product, pass->output_gradient + row * size, (size_t)size * sizeof *product);
            for (int k = 0; k < b->inputs; k++)
                if (k != i) dg_spread_multiply(&spread[k], pass->input[k] + row * in[k], product);
            dg_spread_sum(&spread[i], product, pass->input_gradient[i] + row * in[i]);
        }
    return DG_OK;
}

const dg_layer_type dg_multiply_layer = {
    .part = { .kind = "layer",
              .name = "Multiply",
              .alias = "multiply",
              .doc = "the product of its inputs, repeated along axes where they have size 1: "
                     "scales channels by squeeze-and-excitation (Hu et al. 2018)",
              .example = "nn.Multiply {} { a, b }",
              .params = params },
    .flags = DG_LAYER_JOINS,
    .build = multiply_build,
    .forward = multiply_forward,
    .backward = multiply_backward,
};
