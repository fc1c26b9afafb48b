/* The direct method of Conv2D's input gradient, for all shapes: dx is made of convolutions of dy
 * with parts of the kernel.
 *
 * Pixel i of an axis of the image (the padding before it counted) meets only taps t that leave the
 * rest i mod stride too, and output (i - t) / stride: so the pixels of one rest are a convolution
 * of dy, a step apart, with the kernel's taps of that rest, turned by half a turn. There are
 * stride x stride such classes of pixels, and with a stride of 1 a single one. Taps that are fewer
 * than the stride leave classes without any, whose gradient is zero. Windows are dilated only where
 * the stride is 1: then the taps lie as far apart in dy as in the image. */
#include <string.h>

#include "engine/nn/layers/convolution.h"
#include "engine/tensor/product.h"
#include "engine/tensor/product_columns.h"

int64_t dg_conv2d_rests(const struct conv2d *c)
{
    return c->window.y.stride * c->window.x.stride;
}

static struct conv2d_rest rest_of(const dg_window_axis *axis, int64_t rest)
{
    int64_t stride = axis->stride;
    struct conv2d_rest r = { .first = (rest + stride - axis->before % stride) % stride };
    r.pixels = r.first < axis->in ? (axis->in - r.first - 1) / stride + 1 : 0;
    r.taps = rest < axis->size ? (axis->size - rest - 1) / stride + 1 : 0;
    r.output = (r.first + axis->before - rest) / stride - (r.taps - 1) * axis->dilation;
    return r;
}

void dg_conv2d_rest(const struct conv2d *c, int64_t number, struct conv2d_rest *y,
                    struct conv2d_rest *x)
{
    *y = rest_of(&c->window.y, number / c->window.x.stride);
    *x = rest_of(&c->window.x, number % c->window.x.stride);
}

/* Zeros before and after the outputs of an axis, so that all classes find their windows. */
static void reach(const dg_window_axis *axis, int64_t *before, int64_t *size)
{
    int64_t end = axis->out;
    *before = 0;
    for (int64_t rest = 0; rest < axis->stride; rest++) {
        struct conv2d_rest r = rest_of(axis, rest);
        if (r.pixels == 0 || r.taps == 0) continue;
        int64_t last = r.output + r.pixels + (r.taps - 1) * axis->dilation;
        if (-r.output > *before) *before = -r.output;
        if (last > end) end = last;
    }
    *size = *before + end;
}

struct conv2d_reach dg_conv2d_reach(const struct conv2d *c)
{
    struct conv2d_reach r;
    reach(&c->window.y, &r.top, &r.height);
    reach(&c->window.x, &r.left, &r.width);
    return r;
}

/* --- the room ----------------------------------------------------------------------------- */

struct back {
    struct conv2d_reach reach;
    int32_t *pixel, *tap;      /* prepared: offsets in the padded dy, class after class */
    float *padded, *turned;    /* scratch: dy; the kernel, turned */
    float *c, *columns;        /* scratch: of a class, the gradient; the product of columns */
    int64_t prepared, scratch; /* bytes */
};

static struct back back_of(const struct conv2d *c, const void *prepared, void *scratch)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    struct back b = { .reach = dg_conv2d_reach(c) };
    int64_t classes = dg_conv2d_rests(c);
    int64_t most = (y->in / y->stride + 1) * (x->in / x->stride + 1); /* pixels of a class */
    b.pixel = dg_conv2d_take((void *)prepared, &b.prepared, y->in * x->in);
    b.tap = dg_conv2d_take((void *)prepared, &b.prepared, y->size * x->size * c->group_filters);
    b.padded = dg_conv2d_take(scratch, &b.scratch, b.reach.height * b.reach.width * c->filters);
    b.turned = dg_conv2d_take(scratch, &b.scratch, c->taps * c->filters);
    b.c = dg_conv2d_take(scratch, &b.scratch, classes > 1 ? most * c->window.channels : 0);
    b.columns =
        dg_conv2d_take(scratch, &b.scratch, dg_conv2d_by_columns(c) ? most * c->filters : 0);
    return b;
}

static int64_t prepared_bytes(const struct conv2d *c)
{
    return back_of(c, NULL, NULL).prepared;
}

static int64_t scratch_bytes(const struct conv2d *c)
{
    return back_of(c, NULL, NULL).scratch;
}

static void prepare(const struct conv2d *c, void *prepared)
{
    struct back b = back_of(c, prepared, NULL);
    struct conv2d_rest y, x;
    for (int64_t i = 0; i < dg_conv2d_rests(c); i++) {
        dg_conv2d_rest(c, i, &y, &x);
        int64_t down = b.reach.width * c->filters;
        int64_t depth = dg_conv2d_by_columns(c) ? 1 : c->group_filters;
        int64_t first = (y.output + b.reach.top) * down + (x.output + b.reach.left) * c->filters;
        dg_conv2d_offsets(b.pixel, y.pixels, x.pixels, 1, down, c->filters, 1);
        dg_conv2d_offsets(b.tap, y.taps, x.taps, depth, c->window.y.dilation * down,
                          c->window.x.dilation * c->filters, 1);
        for (int64_t p = 0; p < y.pixels * x.pixels; p++) b.pixel[p] += (int32_t)first;
        b.pixel += y.pixels * x.pixels;
        b.tap += y.taps * x.taps * depth;
    }
}

/* --- the run ------------------------------------------------------------------------------ */

/* The taps of a class of the kernel, reversed: of all groups as they are for products of columns,
 * else of one group, each {channels, filters} transposed. Returns where they end. */
static float *turn_class(const struct conv2d *c, int64_t number, const float *kernel, float *turned)
{
    struct conv2d_rest y, x;
    dg_conv2d_rest(c, number, &y, &x);
    for (int64_t tap = y.taps * x.taps - 1; tap >= 0; tap--) {
        int64_t at = dg_conv2d_rest_tap(c, number, tap / x.taps, tap % x.taps);
        const float *from = kernel + at * c->group_channels * c->filters;
        if (dg_conv2d_by_columns(c)) {
            memcpy(turned, from, (size_t)(c->group_channels * c->filters) * sizeof *turned);
            turned += c->group_channels * c->filters;
        } else {
            dg_transpose(c->group_channels, c->group_filters, from, c->filters, turned,
                         c->group_channels);
            turned += c->group_channels * c->group_filters;
        }
    }
    return turned;
}

static void turn_kernel(const struct conv2d *c, const float *kernel, float *turned)
{
    int64_t groups = dg_conv2d_by_columns(c) ? 1 : c->groups;
    for (int64_t i = 0; i < dg_conv2d_rests(c); i++)
        for (int64_t group = 0; group < groups; group++)
            turned = turn_class(c, i, kernel + group * c->group_filters, turned);
}

static void pad_gradient(const struct conv2d *c, const struct back *b, const float *gradient)
{
    int64_t run = c->window.x.out * c->filters;
    for (int64_t i = 0; i < c->window.y.out; i++)
        memcpy(b->padded + ((i + b->reach.top) * b->reach.width + b->reach.left) * c->filters,
               gradient + i * run, (size_t)run * sizeof *gradient);
}

/* From {pixels of a class, channels} to where they lie in the image; `from` NULL are zeros. */
static void place_pixels(const struct conv2d *c, const struct conv2d_rest *y,
                         const struct conv2d_rest *x, const float *from, float *dx)
{
    const dg_window *w = &c->window;
    size_t bytes = (size_t)w->channels * sizeof *dx;
    for (int64_t i = 0; i < y->pixels; i++)
        for (int64_t j = 0; j < x->pixels; j++) {
            int64_t row = y->first + i * w->y.stride, column = x->first + j * w->x.stride;
            float *to = dx + (row * w->x.in + column) * w->channels;
            if (from)
                memcpy(to, from + (i * x->pixels + j) * w->channels, bytes);
            else
                memset(to, 0, bytes);
        }
}

/* The sum over the filters of each group: {pixels, filters} to channel `channel` of its group in
 * {pixels, channels}. */
static void add_filters(const struct conv2d *c, int64_t pixels, int64_t channel, const float *from,
                        float *to)
{
    for (int64_t group = 0; group < pixels * c->groups; group++, from += c->group_filters) {
        float sum = from[0];
        for (int64_t f = 1; f < c->group_filters; f++) sum += from[f];
        to[group * c->group_channels + channel] = sum;
    }
}

/* A class, of all groups at once. */
static void class_by_columns(const struct conv2d_run *run, const struct back *b, int64_t pixels,
                             int64_t taps, float *to)
{
    const struct conv2d *c = run->c;
    bool straight = c->group_channels * c->group_filters == 1;
    for (int64_t channel = 0; channel < c->group_channels; channel++) {
        dg_multiply_columns(
            &(dg_product){ .m = pixels,
                           .n = c->filters,
                           .k = taps,
                           .a = { .at = b->padded, .row = b->pixel, .depth = b->tap },
                           .b = b->turned + channel * c->filters,
                           .b_step = c->group_channels * c->filters,
                           .c = straight ? to : b->columns,
                           .c_step = c->filters });
        if (!straight) add_filters(c, pixels, channel, b->columns, to);
    }
}

static void class_by_groups(const struct conv2d_run *run, const struct back *b, int64_t pixels,
                            int64_t taps, float *to)
{
    const struct conv2d *c = run->c;
    int64_t depth = taps * c->group_filters;
    for (int64_t group = 0; group < c->groups; group++)
        dg_multiply(&(dg_product){
            .m = pixels,
            .n = c->group_channels,
            .k = depth,
            .a = { .at = b->padded + group * c->group_filters, .row = b->pixel, .depth = b->tap },
            .b = b->turned + group * depth * c->group_channels,
            .b_step = c->group_channels,
            .c = to + group * c->group_channels,
            .c_step = c->window.channels,
            .precision = run->pass->precision });
}

static void back_image(const struct conv2d_run *run, struct back b, float *dx)
{
    const struct conv2d *c = run->c;
    int64_t classes = dg_conv2d_rests(c);
    bool columns = dg_conv2d_by_columns(c);
    struct conv2d_rest y, x;
    for (int64_t i = 0; i < classes; i++) {
        dg_conv2d_rest(c, i, &y, &x);
        int64_t pixels = y.pixels * x.pixels, taps = y.taps * x.taps;
        float *to = classes > 1 ? b.c : dx;
        if (pixels * taps > 0)
            (columns ? class_by_columns : class_by_groups)(run, &b, pixels, taps, to);
        if (classes > 1) place_pixels(c, &y, &x, taps > 0 ? to : NULL, dx);
        b.pixel += pixels;
        b.tap += taps * (columns ? 1 : c->group_filters);
        b.turned += taps * c->group_channels * c->filters;
    }
}

static void input_gradient(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    struct back b = back_of(c, run->prepared, run->scratch);
    memset(b.padded, 0, (size_t)(b.reach.height * b.reach.width * c->filters) * sizeof *b.padded);
    turn_kernel(c, pass->weight[CONV2D_KERNEL], b.turned);
    for (int64_t i = 0; i < pass->rows; i++) {
        pad_gradient(c, &b, pass->output_gradient + i * c->out_size);
        back_image(run, b, pass->input_gradient[0] + i * c->in_size);
    }
}

const struct conv2d_method dg_conv2d_direct_input_gradient = { .prepared_bytes = prepared_bytes,
                                                               .scratch_bytes = scratch_bytes,
                                                               .prepare = prepare,
                                                               .run = input_gradient };
