/* The direct methods of Conv2D, for all shapes: each output pixel is a product of a window of the
 * image with the kernel.
 *
 * The products pick the elements of a window from the (padded) image by offsets: `pixel`, of the
 * first element of each window, and `tap`, of each element within its window. Outputs: y = x W,
 * rows pixels, depth taps. Gradient of the kernel: dW = x' dy, rows taps, depth pixels. That of the
 * input: convolution_input.c. */
#include <string.h>

#include "engine/nn/layers/convolution.h"
#include "engine/tensor/product.h"

/* --- outputs and kernel gradient ---------------------------------------------------------- */
struct offsets {
    int32_t *pixel, *tap;
    int64_t bytes;
};

static struct offsets offsets_of(const struct conv2d *c, const void *prepared)
{
    struct offsets o = { 0 };
    o.pixel = dg_conv2d_take((void *)prepared, &o.bytes, c->pixels);
    o.tap = dg_conv2d_take((void *)prepared, &o.bytes, c->taps);
    return o;
}

static int64_t offsets_bytes(const struct conv2d *c)
{
    return offsets_of(c, NULL).bytes;
}

static int64_t padding_bytes(const struct conv2d *c)
{
    return dg_conv2d_padding(c).size * (int64_t)sizeof(float);
}

static void prepare_offsets(const struct conv2d *c, void *prepared)
{
    struct offsets o = offsets_of(c, prepared);
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    int64_t channels = c->window.channels, down = dg_conv2d_padding(c).width * channels;
    dg_conv2d_offsets(o.pixel, y->out, x->out, 1, y->stride * down, x->stride * channels);
    dg_conv2d_offsets(o.tap, y->size, x->size, c->group_channels, down, channels);
}

static void outputs(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    struct offsets o = offsets_of(c, run->prepared);
    struct conv2d_padding padding = dg_conv2d_padding(c);
    const float *bias = pass->weight[CONV2D_BIAS];
    dg_conv2d_clear(&padding, run->scratch);
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *x = dg_conv2d_pad(c, &padding, pass->input[0] + i * c->in_size, run->scratch);
        for (int64_t group = 0; group < c->groups; group++) {
            int64_t filter = group * c->group_filters;
            dg_multiply(&(dg_product){
                .m = c->pixels,
                .n = c->group_filters,
                .k = c->taps,
                .a = { .at = x + group * c->group_channels, .row = o.pixel, .depth = o.tap },
                .b = pass->weight[CONV2D_KERNEL] + filter,
                .b_step = c->filters,
                .bias = bias ? bias + filter : NULL,
                .c = pass->output + i * c->out_size + filter,
                .c_step = c->filters,
                .precision = pass->precision });
        }
        dg_conv2d_finish(run, i, 1);
    }
}

static void kernel_gradient(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    struct offsets o = offsets_of(c, run->prepared);
    struct conv2d_padding padding = dg_conv2d_padding(c);
    dg_conv2d_clear(&padding, run->scratch);
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *x = dg_conv2d_pad(c, &padding, pass->input[0] + i * c->in_size, run->scratch);
        for (int64_t group = 0; group < c->groups; group++) {
            int64_t filter = group * c->group_filters;
            dg_multiply(&(dg_product){
                .m = c->taps,
                .n = c->group_filters,
                .k = c->pixels,
                .a = { .at = x + group * c->group_channels, .row = o.tap, .depth = o.pixel },
                .b = pass->output_gradient + i * c->out_size + filter,
                .b_step = c->filters,
                .accumulate = i > 0,
                .c = pass->weight_gradient[CONV2D_KERNEL] + filter,
                .c_step = c->filters,
                .precision = pass->precision });
        }
    }
}

const struct conv2d_method dg_conv2d_direct_outputs = { .prepared_bytes = offsets_bytes,
                                                        .scratch_bytes = padding_bytes,
                                                        .prepare = prepare_offsets,
                                                        .run = outputs };

const struct conv2d_method dg_conv2d_direct_kernel_gradient = { .prepared_bytes = offsets_bytes,
                                                                .scratch_bytes = padding_bytes,
                                                                .prepare = prepare_offsets,
                                                                .run = kernel_gradient };
