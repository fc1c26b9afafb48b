/* The methods of Conv2D that take the least multiplications for windows of 3 x 3
 * (engine/nn/layers/winograd.h). What is prepared is the kernel, transformed. */
#include "engine/nn/layers/convolution.h"
#include "engine/nn/layers/winograd.h"

static dg_winograd winograd_of(const struct conv2d *c)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    return (dg_winograd){ .height = y->in,
                          .width = x->in,
                          .channels = c->window.channels,
                          .out_height = y->out,
                          .out_width = x->out,
                          .filters = c->filters,
                          .top = y->before,
                          .left = x->before };
}

static bool suits(const struct conv2d *c)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    dg_winograd w = winograd_of(c);
    return y->size == 3 && x->size == 3 && y->dilation == 1 && x->dilation == 1 && y->stride == 1 &&
           x->stride == 1 && c->groups == 1 && dg_winograd_pays(&w);
}

static int64_t kernel_bytes(const struct conv2d *c)
{
    dg_winograd w = winograd_of(c);
    return dg_winograd_kernel_floats(&w) * (int64_t)sizeof(float);
}

static int64_t scratch_bytes(const struct conv2d *c)
{
    dg_winograd w = winograd_of(c);
    return dg_winograd_bytes(&w);
}

/* --- outputs ------------------------------------------------------------------------------ */

static void transform_kernel(const struct conv2d *c, const float *kernel, void *prepared)
{
    dg_winograd w = winograd_of(c);
    dg_winograd_kernel(&w, kernel, prepared);
}

static void outputs(const struct conv2d_run *run)
{
    const dg_pass *pass = run->pass;
    dg_winograd w = winograd_of(run->c);
    dg_winograd_outputs(&w, run->prepared, pass->weight[CONV2D_BIAS], pass->input[0], pass->rows,
                        pass->output, run->scratch);
    dg_conv2d_finish(run, 0, pass->rows);
}

const struct conv2d_method dg_conv2d_winograd_outputs = { .suits = suits,
                                                          .prepared_bytes = kernel_bytes,
                                                          .scratch_bytes = scratch_bytes,
                                                          .derive = transform_kernel,
                                                          .run = outputs };

/* --- gradients ---------------------------------------------------------------------------- */

static void kernel_gradient(const struct conv2d_run *run)
{
    const dg_pass *pass = run->pass;
    dg_winograd w = winograd_of(run->c);
    dg_winograd_kernel_gradient(&w, pass->input[0], pass->output_gradient, pass->rows,
                                pass->weight_gradient[CONV2D_KERNEL], run->scratch);
}

const struct conv2d_method dg_conv2d_winograd_kernel_gradient = { .suits = suits,
                                                                  .scratch_bytes = scratch_bytes,
                                                                  .run = kernel_gradient };

static void transform_kernel_back(const struct conv2d *c, const float *kernel, void *prepared)
{
    dg_winograd w = winograd_of(c);
    dg_winograd_kernel_transposed(&w, kernel, prepared);
}

static void input_gradient(const struct conv2d_run *run)
{
    const dg_pass *pass = run->pass;
    dg_winograd w = winograd_of(run->c);
    dg_winograd_input_gradient(&w, run->prepared, pass->output_gradient, pass->rows,
                               pass->input_gradient[0], run->scratch);
}

const struct conv2d_method dg_conv2d_winograd_input_gradient = { .suits = suits,
                                                                 .prepared_bytes = kernel_bytes,
                                                                 .scratch_bytes = scratch_bytes,
                                                                 .derive = transform_kernel_back,
                                                                 .run = input_gradient };
