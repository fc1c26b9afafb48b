/* The direct methods of Conv2D, for all shapes: each output pixel is a product of a window of the
 * image with the kernel.
 *
 * All three products pick the elements of a window from the (padded) image by offsets: `pixel`, of
 * the first element of each window, and `tap`, of each element within its window. Forward: y = x W,
 * rows pixels, depth taps. dW = x' dy, rows taps, depth pixels. dx is the convolution of dy, spread
 * by the stride and padded, with the kernel turned by half a turn. */
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
                .c_step = c->filters });
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
                .c_step = c->filters });
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

/* --- input gradient ----------------------------------------------------------------------- */
struct back {
    int64_t height, width;     /* of dy, spread and padded, in pixels */
    int64_t taps;              /* elements of a window of it that one group sees */
    int32_t *pixel, *tap;      /* prepared: offsets in it */
    float *spread, *turned;    /* scratch: dy spread and padded; the kernel turned */
    int64_t prepared, scratch; /* bytes */
};

static struct back back_of(const struct conv2d *c, const void *prepared, void *scratch)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    struct back b = { .height = y->in + y->size - 1,
                      .width = x->in + x->size - 1,
                      .taps = y->size * x->size * c->group_filters };
    b.pixel = dg_conv2d_take((void *)prepared, &b.prepared, y->in * x->in);
    b.tap = dg_conv2d_take((void *)prepared, &b.prepared, b.taps);
    b.spread = dg_conv2d_take(scratch, &b.scratch, b.height * b.width * c->filters);
    b.turned = dg_conv2d_take(scratch, &b.scratch, c->taps * c->filters);
    return b;
}

static int64_t back_prepared_bytes(const struct conv2d *c)
{
    return back_of(c, NULL, NULL).prepared;
}

static int64_t back_scratch_bytes(const struct conv2d *c)
{
    return back_of(c, NULL, NULL).scratch;
}

static void prepare_back(const struct conv2d *c, void *prepared)
{
    struct back b = back_of(c, prepared, NULL);
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    int64_t down = b.width * c->filters;
    dg_conv2d_offsets(b.pixel, y->in, x->in, 1, down, c->filters);
    dg_conv2d_offsets(b.tap, y->size, x->size, c->group_filters, down, c->filters);
}

/* Each group of the kernel with each tap {channels, filters} transposed, and the taps reversed. */
static void turn_kernel(const struct conv2d *c, const float *kernel, float *turned)
{
    int64_t area = c->window.y.size * c->window.x.size;
    for (int64_t group = 0; group < c->groups; group++)
        for (int64_t tap = area - 1; tap >= 0; tap--) {
            const float *from = kernel + tap * c->group_channels * c->filters;
            dg_transpose(c->group_channels, c->group_filters, from + group * c->group_filters,
                         c->filters, turned, c->group_channels);
            turned += c->group_channels * c->group_filters;
        }
}

/* Pixel (y, x) of dy goes where the window's last element lay when it made it. The rest of `spread`
 * is zero already. */
static void spread_gradient(const struct conv2d *c, const struct back *b, const float *gradient)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    int64_t top = y->size - 1 - y->before, left = x->size - 1 - x->before;
    for (int64_t i = 0; i < y->out; i++)
        for (int64_t j = 0; j < x->out; j++, gradient += c->filters) {
            int64_t at = (i * y->stride + top) * b->width + j * x->stride + left;
            memcpy(b->spread + at * c->filters, gradient, (size_t)c->filters * sizeof *gradient);
        }
}

static void input_gradient(const struct conv2d_run *run)
{
    const struct conv2d *c = run->c;
    const dg_pass *pass = run->pass;
    struct back b = back_of(c, run->prepared, run->scratch);
    memset(b.spread, 0, (size_t)(b.height * b.width * c->filters) * sizeof *b.spread);
    turn_kernel(c, pass->weight[CONV2D_KERNEL], b.turned);
    for (int64_t i = 0; i < pass->rows; i++) {
        spread_gradient(c, &b, pass->output_gradient + i * c->out_size);
        for (int64_t group = 0; group < c->groups; group++)
            dg_multiply(&(dg_product){
                .m = c->window.y.in * c->window.x.in,
                .n = c->group_channels,
                .k = b.taps,
                .a = { .at = b.spread + group * c->group_filters, .row = b.pixel, .depth = b.tap },
                .b = b.turned + group * b.taps * c->group_channels,
                .b_step = c->group_channels,
                .c = pass->input_gradient[0] + i * c->in_size + group * c->group_channels,
                .c_step = c->window.channels });
    }
}

const struct conv2d_method dg_conv2d_direct_input_gradient = { .prepared_bytes =
                                                                   back_prepared_bytes,
                                                               .scratch_bytes = back_scratch_bytes,
                                                               .prepare = prepare_back,
                                                               .run = input_gradient };
