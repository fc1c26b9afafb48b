/* The direct methods of Conv2D, for all shapes: each output pixel is a product of a window of the
 * image with the kernel.
 *
 * The products pick the elements of a window from the (padded) image by offsets: `pixel`, of the
 * first element of each window, and `tap`, of each element within its window. Outputs: y = x W,
 * rows pixels, depth taps. Gradient of the kernel: dW = x' dy, rows taps, depth pixels. That of the
 * input: convolution_input.c. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layers/convolution.h"
#include "engine/tensor/product.h"

/* --- outputs and kernel gradient ---------------------------------------------------------- */
#include "engine/tensor/product_columns.h"

/* --- the image ---------------------------------------------------------------------------- */

struct conv2d_padding dg_conv2d_padding(const struct conv2d *c)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    int64_t bottom = (y->out - 1) * y->stride + dg_window_extent(y);
    int64_t right = (x->out - 1) * x->stride + dg_window_extent(x);
    struct conv2d_padding p = { y->in, x->in, .depth = c->window.channels, .step = 1 };
    bool spread = dg_conv2d_by_columns(c) && c->group_channels * c->group_filters > 1;
    if (spread) p.depth = c->group_channels * c->filters;
    if (spread) p.step = c->filters;
    if (!spread && y->before + x->before == 0 && bottom <= y->in && right <= x->in) return p;
    if (bottom > p.height) p.height = bottom;
    if (right > p.width) p.width = right;
    p.size = p.height * p.width * p.depth;
    return p;
}

void dg_conv2d_clear(const struct conv2d_padding *padding, float *room)
{
    if (padding->size > 0) memset(room, 0, (size_t)padding->size * sizeof *room);
}

/* Pixels {groups, channels of a group} to {channels of a group, groups, filters of a group}. */
DG_INLINE void spread_filters(const struct conv2d *c, int64_t pixels, const int64_t filters,
                              const float *restrict from, float *restrict to)
{
    for (int64_t i = 0; i < pixels * c->group_channels; i++) {
        int64_t pixel = i / c->group_channels, channel = i % c->group_channels;
        const float *x = from + pixel * c->window.channels + channel;
        for (int64_t group = 0; group < c->groups; group++, to += filters)
            for (int64_t f = 0; f < filters; f++) to[f] = x[group * c->group_channels];
    }
}

static void spread_pixels(const struct conv2d *c, int64_t pixels, const float *from, float *to)
{
    switch (c->group_filters) {
    case 1: spread_filters(c, pixels, 1, from, to); break;
    case 2: spread_filters(c, pixels, 2, from, to); break;
    case 3: spread_filters(c, pixels, 3, from, to); break;
    case 4: spread_filters(c, pixels, 4, from, to); break;
    }
}

const float *dg_conv2d_pad(const struct conv2d *c, const struct conv2d_padding *padding,
                           const float *image, float *room)
{
    if (padding->size == 0) return image;
    const dg_window *w = &c->window;
    int64_t run = w->x.in * w->channels;
    for (int64_t i = 0; i < w->y.in; i++) {
        int64_t at = (i + w->y.before) * padding->width + w->x.before;
        float *to = room + at * padding->depth;
        if (padding->step == 1)
            memcpy(to, image + i * run, (size_t)run * sizeof *room);
        else
            spread_pixels(c, w->x.in, image + i * run, to);
    }
    return room;
}

/* --- products ----------------------------------------------------------------------------- */

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
    struct conv2d_padding p = dg_conv2d_padding(c);
    int64_t down = p.width * p.depth;
    dg_conv2d_offsets(o.pixel, y->out, x->out, 1, y->stride * down, x->stride * p.depth, 1);
    dg_conv2d_offsets(o.tap, y->size, x->size, c->group_channels, y->dilation * down,
                      x->dilation * p.depth, p.step);
}

/* The product of all groups, given that of the first with the columns of all: neighbouring filters
 * of B and C, and their own channels of the image. */
static void multiply_groups(const struct conv2d *c, dg_product p)
{
    if (dg_conv2d_by_columns(c)) {
        dg_multiply_columns(&p);
        return;
    }
    p.n = c->group_filters;
    for (int64_t group = 0; group < c->groups; group++) {
        dg_multiply(&p);
        p.a.at += c->group_channels;
        p.b += c->group_filters;
        p.c += c->group_filters;
        if (p.bias) p.bias += c->group_filters;
    }
}

static void outputs(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    struct offsets o = offsets_of(c, run->prepared);
    struct conv2d_padding padding = dg_conv2d_padding(c);
    dg_conv2d_clear(&padding, run->scratch);
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *x = dg_conv2d_pad(c, &padding, pass->input[0] + i * c->in_size, run->scratch);
        multiply_groups(c, (dg_product){ .m = c->pixels,
                                         .n = c->filters,
                                         .k = c->taps,
                                         .a = { .at = x, .row = o.pixel, .depth = o.tap },
                                         .b = pass->weight[CONV2D_KERNEL],
                                         .b_step = c->filters,
                                         .bias = pass->weight[CONV2D_BIAS],
                                         .c = pass->output + i * c->out_size,
                                         .c_step = c->filters,
                                         .precision = pass->precision });
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
        multiply_groups(c, (dg_product){ .m = c->taps,
                                         .n = c->filters,
                                         .k = c->pixels,
                                         .a = { .at = x, .row = o.tap, .depth = o.pixel },
                                         .b = pass->output_gradient + i * c->out_size,
                                         .b_step = c->filters,
                                         .accumulate = i > 0,
                                         .c = pass->weight_gradient[CONV2D_KERNEL],
                                         .c_step = c->filters,
                                         .precision = pass->precision });
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
