/* Add and Average: join branches by their sum or mean, element by element. */
#include "engine/base/kernel.h"
#include "engine/nn/layers/spread.h"

static const dg_param params[] = { DG_END };

static dg_status add_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->forgets_input = b->forgets_output = true;
    return dg_spread_build(b);
}

static dg_status add_forward(const dg_pass *pass)
{
    for (int i = 0; i < pass->build->inputs; i++) {
        dg_spread s = dg_spread_of(pass->rows, &pass->build->input[i], &pass->build->output);
        (i == 0 ? dg_spread_copy : dg_spread_add)(&s, pass->input[i], pass->output);
    }
    return DG_OK;
}

static dg_status add_backward(const dg_pass *pass)
{
    for (int i = 0; i < pass->build->inputs; i++) {
        dg_spread s = dg_spread_of(pass->rows, &pass->build->input[i], &pass->build->output);
        if (pass->input_gradient[i])
            dg_spread_sum(&s, pass->output_gradient, pass->input_gradient[i]);
    }
    return DG_OK;
}

const dg_layer_type dg_add = {
    .part = { .kind = "layer",
              .name = "Add",
              .alias = "add",
              .doc = "the sum of its inputs, repeated along axes where they have size 1: joins the "
                     "branches of a residual network (He et al. 2016)",
              .example = "nn.Add {} { a, b }",
              .params = params },
    .flags = DG_LAYER_JOINS,
    .build = add_build,
    .forward = add_forward,
    .backward = add_backward,
};

/* --- Average -------------------------------------------------------------------------------- */

DG_KERNEL(void, divide, (float divisor, int64_t count, float *y), (divisor, count, y))
{
    for (int64_t i = 0; i < count; i++) y[i] /= divisor;
}

static void divide_by_inputs(const dg_pass *pass, float *y)
{
    divide((float)pass->build->inputs, pass->rows * dg_shape_size(&pass->build->output), y);
}

static dg_status average_forward(const dg_pass *pass)
{
    DG_TRY(add_forward(pass));
    divide_by_inputs(pass, pass->output);
    return DG_OK;
}

static dg_status average_backward(const dg_pass *pass)
{
    divide_by_inputs(pass, pass->output_gradient);
    return add_backward(pass);
}

const dg_layer_type dg_average_layer = {
    .part = { .kind = "layer",
              .name = "Average",
              .alias = "average",
              .doc = "the mean of its inputs, repeated along axes where they have size 1",
              .example = "nn.Average {} { a, b }",
              .params = params },
    .flags = DG_LAYER_JOINS,
    .build = add_build,
    .forward = average_forward,
    .backward = average_backward,
};
