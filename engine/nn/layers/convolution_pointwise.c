/* The methods of Conv2D for windows of one pixel, a step apart, in one group: products of all
 * pixels of all images, x {pixels, channels} and W {channels, filters}, without offsets. */
#include "engine/nn/layers/convolution.h"
#include "engine/tensor/product.h"

/* Pixels of outputs that are finished together, while they are warm in the cache. */
enum { PIXELS = 512 };

static bool suits(const struct conv2d *c)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    return y->size == 1 && x->size == 1 && y->stride == 1 && x->stride == 1 && c->groups == 1;
}

static void outputs(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    int64_t step = PIXELS / c->pixels + 1;
    for (int64_t i = 0; i < pass->rows; i += step) {
        int64_t rows = pass->rows - i < step ? pass->rows - i : step;
        dg_multiply(&(dg_product){
            .m = rows * c->pixels,
            .n = c->filters,
            .k = c->taps,
            .a = { .at = pass->input[0] + i * c->in_size, .row_step = c->taps, .depth_step = 1 },
            .b = pass->weight[CONV2D_KERNEL],
            .b_step = c->filters,
            .bias = pass->weight[CONV2D_BIAS],
            .c = pass->output + i * c->out_size,
            .c_step = c->filters,
            .precision = pass->precision });
        dg_conv2d_finish(run, i, rows);
    }
}

static void kernel_gradient(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    dg_multiply(&(dg_product){ .m = c->taps,
                               .n = c->filters,
                               .k = pass->rows * c->pixels,
                               .a = { .at = pass->input[0], .row_step = 1, .depth_step = c->taps },
                               .b = pass->output_gradient,
                               .b_step = c->filters,
                               .c = pass->weight_gradient[CONV2D_KERNEL],
                               .c_step = c->filters,
                               .precision = pass->precision });
}

static int64_t turned_bytes(const struct conv2d *c)
{
    return c->taps * c->filters * (int64_t)sizeof(float);
}

/* dx = dy W'. */
static void input_gradient(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    float *turned = run->scratch;
    dg_transpose(c->taps, c->filters, pass->weight[CONV2D_KERNEL], c->filters, turned, c->taps);
    dg_multiply(&(dg_product){
        .m = pass->rows * c->pixels,
        .n = c->taps,
        .k = c->filters,
        .a = { .at = pass->output_gradient, .row_step = c->filters, .depth_step = 1 },
        .b = turned,
        .b_step = c->taps,
        .c = pass->input_gradient[0],
        .c_step = c->taps,
        .precision = pass->precision });
}

const struct conv2d_method dg_conv2d_pointwise_outputs = { .suits = suits, .run = outputs };
const struct conv2d_method dg_conv2d_pointwise_kernel_gradient = { .suits = suits,
                                                                   .run = kernel_gradient };
const struct conv2d_method dg_conv2d_pointwise_input_gradient = { .suits = suits,
                                                                  .scratch_bytes = turned_bytes,
                                                                  .run = input_gradient };
