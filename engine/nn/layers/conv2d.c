/* Conv2D: each output pixel is a product of a window of the image with the kernel.
 *
 * x {rows, height, width, channels}, W {window height, window width, channels, filters},
 * b {filters}, y {rows, out height, out width, filters}.
 *
 * All three products pick the elements of a window from the (padded) image by offsets: `pixel`, of
 * the first element of each window, and `tap`, of each element within its window. Forward: y = x W,
 * rows pixels, depth taps. dW = x' dy, rows taps, depth pixels. dx is the convolution of dy, spread
 * by the stride and padded, with the kernel turned by half a turn. */
#include <inttypes.h>
#include <string.h>

#include "engine/nn/activation.h"
#include "engine/nn/layer.h"
#include "engine/tensor/product.h"
#include "engine/nn/layers/window.h"

typedef struct {
    int64_t filters;
    int64_t kernel_size[2], strides[2];
    int padding, activation;
    bool use_bias;
    const dg_part *kernel_initializer, *bias_initializer, *kernel_regularizer, *bias_regularizer;
} conv2d_options;

static const dg_param params[] = {
    DG_INT(conv2d_options, filters, .required = true, DG_WITHIN(1, 1 << 20),
           .doc = "number of output channels"),
    DG_PAIR(conv2d_options, kernel_size, .required = true, DG_WITHIN(1, 1 << 15),
            .doc = "height and width of the window, in pixels"),
    DG_PAIR(conv2d_options, strides, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = "steps of the window down and across, in pixels"),
    DG_CHOICE(conv2d_options, padding, .choices = dg_padding_names, .default_text = "valid",
              .doc = "valid: windows stay within the image; same: zeros around it keep its size"),
    DG_CHOICE(conv2d_options, activation, .choices = dg_activation_names, .default_text = "linear",
              .doc = "function applied to the outputs"),
    DG_BOOL(conv2d_options, use_bias, .default_number = 1, .doc = "add a number to each filter"),
    DG_PART(conv2d_options, kernel_initializer, .kind = "initializer",
            .default_text = "glorot_uniform", .doc = "the weights before training"),
    DG_PART(conv2d_options, bias_initializer, .kind = "initializer", .default_text = "zeros",
            .doc = "the biases before training"),
    DG_PART(conv2d_options, kernel_regularizer, .kind = "regularizer",
            .doc = "penalty on the weights"),
    DG_PART(conv2d_options, bias_regularizer, .kind = "regularizer",
            .doc = "penalty on the biases"),
    DG_END
};

enum { KERNEL, BIAS };

/* --- geometry ------------------------------------------------------------------------------- */

/* Sizes in floats unless said otherwise. Follows from shapes alone. */
struct geometry {
    dg_window window;
    int64_t filters, pixels, taps;
    int64_t in_size, out_size;
    int64_t height, width; /* of the image with its padding, in pixels */
    bool padded;
    int64_t spread_height, spread_width; /* of dy, spread and padded, in pixels */
};

static dg_status geometry_of(const conv2d_options *o, const dg_shape *input, struct geometry *g)
{
    *g = (struct geometry){ .filters = o->filters };
    DG_TRY(dg_window_of(input, o->kernel_size, o->strides, (dg_padding)o->padding, &g->window));
    const dg_window_axis *y = &g->window.y, *x = &g->window.x;
    g->height = y->in;
    g->width = x->in;
    if (o->padding == DG_SAME) {
        int64_t needed = (y->out - 1) * y->stride + y->size;
        if (needed > g->height) g->height = needed;
        needed = (x->out - 1) * x->stride + x->size;
        if (needed > g->width) g->width = needed;
    }
    g->padded = g->height != y->in || g->width != x->in;
    g->pixels = y->out * x->out;
    g->taps = y->size * x->size * g->window.channels;
    g->in_size = y->in * x->in * g->window.channels;
    g->out_size = g->pixels * g->filters;
    g->spread_height = y->in + y->size - 1;
    g->spread_width = x->in + x->size - 1;
    return DG_OK;
}

/* A worker's scratch, in the order of its use. */
struct scratch {
    int32_t *pixel, *tap;         /* offsets in the padded image */
    float *image;                 /* the padded image; NULL where there is no padding */
    int32_t *in_pixel, *back_tap; /* offsets in `spread` */
    float *spread, *turned;       /* dy spread and padded; the kernel turned */
    int64_t bytes;
};

static void *take(char *base, int64_t *used, int64_t count)
{
    void *at = base ? base + *used : NULL;
    *used += (count * 4 + 63) / 64 * 64;
    return at;
}

/* Four-byte elements all. `base` NULL only measures. */
static struct scratch scratch_of(const struct geometry *g, char *base)
{
    int64_t used = 0, channels = g->window.channels;
    struct scratch s = { 0 };
    s.pixel = take(base, &used, g->pixels);
    s.tap = take(base, &used, g->taps);
    s.image = take(base, &used, g->padded ? g->height * g->width * channels : 0);
    s.in_pixel = take(base, &used, g->window.y.in * g->window.x.in);
    s.back_tap = take(base, &used, g->window.y.size * g->window.x.size * g->filters);
    s.spread = take(base, &used, g->spread_height * g->spread_width * g->filters);
    s.turned = take(base, &used, g->taps * g->filters);
    s.bytes = used;
    return s;
}

static dg_status conv2d_build(const void *options, dg_layer_build *b)
{
    const conv2d_options *o = options;
    struct geometry g;
    DG_TRY(geometry_of(o, &b->input[0], &g));
    const dg_window *w = &g.window;
    double largest = (double)g.height * (double)g.width * (double)w->channels;
    double spread = (double)g.spread_height * (double)g.spread_width * (double)g.filters;
    double kernel = (double)w->y.size * (double)w->x.size * (double)w->channels * (double)g.filters;
    if (largest > INT32_MAX || spread > INT32_MAX || kernel > INT32_MAX)
        return dg_error(DG_INVALID,
                        "an image, the outputs of one, or the kernel would have more than "
                        "%" PRId32 " numbers",
                        INT32_MAX);
    b->output = (dg_shape){ .count = 3, .at = { w->y.out, w->x.out, g.filters } };
    b->cut = DG_CUT_ROWS;
    dg_build_weight(b, KERNEL, "kernel",
                    (dg_shape){ 4, { w->y.size, w->x.size, w->channels, g.filters } },
                    o->kernel_initializer, o->kernel_regularizer);
    if (o->use_bias)
        dg_build_weight(b, BIAS, "bias", (dg_shape){ 1, { g.filters } }, o->bias_initializer,
                        o->bias_regularizer);
    b->scratch_bytes = scratch_of(&g, NULL).bytes;
    b->row_flops = 2 * g.pixels * g.taps * g.filters;
    return DG_OK;
}

/* Offsets of a grid of height x width pixels, `down` and `across` floats apart, each of `depth`
 * floats. */
static void fill_offsets(int32_t *out, int64_t height, int64_t width, int64_t depth, int64_t down,
                         int64_t across)
{
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t d = 0; d < depth; d++) *out++ = (int32_t)(y * down + x * across + d);
}

static void begin_images(const struct geometry *g, const struct scratch *s)
{
    const dg_window_axis *y = &g->window.y, *x = &g->window.x;
    int64_t channels = g->window.channels, down = g->width * channels;
    fill_offsets(s->pixel, y->out, x->out, 1, y->stride * down, x->stride * channels);
    fill_offsets(s->tap, y->size, x->size, channels, down, channels);
    if (g->padded) memset(s->image, 0, (size_t)(g->height * down) * sizeof(float));
}

/* The image, padded if need be; what surrounds it in scratch is zero already. */
static const float *padded_image(const struct geometry *g, const struct scratch *s, const float *x)
{
    if (!g->padded) return x;
    const dg_window *w = &g->window;
    int64_t run = w->x.in * w->channels;
    for (int64_t i = 0; i < w->y.in; i++)
        memcpy(s->image + ((i + w->y.before) * g->width + w->x.before) * w->channels, x + i * run,
               (size_t)run * sizeof(float));
    return s->image;
}

/* --- forward -------------------------------------------------------------------------------- */

static dg_status conv2d_forward(const dg_pass *pass)
{
    const conv2d_options *o = pass->options;
    struct geometry g;
    DG_TRY(geometry_of(o, &pass->build->input[0], &g));
    struct scratch s = scratch_of(&g, pass->scratch);
    begin_images(&g, &s);
    for (int64_t i = 0; i < pass->rows; i++) {
        float *y = pass->output + i * g.out_size;
        dg_multiply(
            &(dg_product){ .m = g.pixels,
                           .n = g.filters,
                           .k = g.taps,
                           .a = { .at = padded_image(&g, &s, pass->input[0] + i * g.in_size),
                                  .row = s.pixel,
                                  .depth = s.tap },
                           .b = pass->weight[KERNEL],
                           .b_step = g.filters,
                           .bias = pass->weight[BIAS],
                           .c = y,
                           .c_step = g.filters });
        dg_activate_output(pass, (dg_activation)o->activation, i * g.out_size, g.pixels, g.filters);
    }
    return DG_OK;
}

/* --- backward ------------------------------------------------------------------------------- */

/* The kernel with each tap {channels, filters} transposed, and the taps in reverse. */
static void turn_kernel(const struct geometry *g, const float *kernel, float *turned)
{
    int64_t channels = g->window.channels, area = g->window.y.size * g->window.x.size;
    int64_t size = channels * g->filters;
    for (int64_t tap = 0; tap < area; tap++)
        dg_transpose(channels, g->filters, kernel + (area - 1 - tap) * size, g->filters,
                     turned + tap * size, channels);
}

/* Pixel (y, x) of dy goes where the window's last element lay when it made it. The rest of `spread`
 * is zero already. */
static void spread_gradient(const struct geometry *g, const float *gradient, float *spread)
{
    const dg_window_axis *y = &g->window.y, *x = &g->window.x;
    int64_t top = y->size - 1 - y->before, left = x->size - 1 - x->before;
    for (int64_t i = 0; i < y->out; i++)
        for (int64_t j = 0; j < x->out; j++, gradient += g->filters) {
            int64_t at = (i * y->stride + top) * g->spread_width + j * x->stride + left;
            memcpy(spread + at * g->filters, gradient, (size_t)g->filters * sizeof(float));
        }
}

static void begin_input_gradient(const dg_pass *pass, const struct geometry *g,
                                 const struct scratch *s)
{
    const dg_window *w = &g->window;
    int64_t down = g->spread_width * g->filters;
    fill_offsets(s->in_pixel, w->y.in, w->x.in, 1, down, g->filters);
    fill_offsets(s->back_tap, w->y.size, w->x.size, g->filters, down, g->filters);
    memset(s->spread, 0, (size_t)(g->spread_height * down) * sizeof(float));
    turn_kernel(g, pass->weight[KERNEL], s->turned);
}

static void conv2d_input_gradient(const dg_pass *pass, const struct geometry *g,
                                  const struct scratch *s, int64_t i)
{
    const dg_window *w = &g->window;
    spread_gradient(g, pass->output_gradient + i * g->out_size, s->spread);
    dg_multiply(&(dg_product){ .m = w->y.in * w->x.in,
                               .n = w->channels,
                               .k = w->y.size * w->x.size * g->filters,
                               .a = { .at = s->spread, .row = s->in_pixel, .depth = s->back_tap },
                               .b = s->turned,
                               .b_step = w->channels,
                               .c = pass->input_gradient[0] + i * g->in_size,
                               .c_step = w->channels });
}

static dg_status conv2d_backward(const dg_pass *pass)
{
    const conv2d_options *o = pass->options;
    struct geometry g;
    DG_TRY(geometry_of(o, &pass->build->input[0], &g));
    struct scratch s = scratch_of(&g, pass->scratch);
    begin_images(&g, &s);
    if (pass->input_gradient[0]) begin_input_gradient(pass, &g, &s);
    dg_activation activation = pass->activation_fused ? DG_LINEAR : (dg_activation)o->activation;
    dg_activation_backward_biased(activation, pass->output, pass->output_gradient,
                                  pass->rows * g.pixels, g.filters, pass->weight_gradient[BIAS]);
    for (int64_t i = 0; i < pass->rows; i++) {
        dg_multiply(
            &(dg_product){ .m = g.taps,
                           .n = g.filters,
                           .k = g.pixels,
                           .a = { .at = padded_image(&g, &s, pass->input[0] + i * g.in_size),
                                  .row = s.tap,
                                  .depth = s.pixel },
                           .b = pass->output_gradient + i * g.out_size,
                           .b_step = g.filters,
                           .accumulate = i > 0,
                           .c = pass->weight_gradient[KERNEL],
                           .c_step = g.filters });
        if (pass->input_gradient[0]) conv2d_input_gradient(pass, &g, &s, i);
    }
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_TRAINABLE },
    { "input_shape", "put nn.Input { height, width, channels } before it" },
    { "data_format", "images are {height, width, channels} always; leave it out" },
    { "dilation_rate", "only windows without gaps are supported; leave it out" },
    { "groups", "only one group is supported; leave it out" },
    { "in_channels", "channels of inputs are found out; leave it out" },
    { "out_channels", "use filters" },
    { "stride", "use strides" },
    { "bias", "use use_bias" },
    { NULL },
};

const dg_layer_type dg_conv2d = {
    .part = { .kind = "layer",
              .name = "Conv2D",
              .alias = "conv2d",
              .doc = "2-D convolution: a window slides over the image, each filter weighs what it "
                     "sees (LeCun et al. 1989)",
              .example = "nn.Conv2D { 32, { 5, 5 }, activation = \"relu\" }",
              .params = params,
              .options_size = sizeof(conv2d_options),
              .hints = hints },
    .build = conv2d_build,
    .forward = conv2d_forward,
    .backward = conv2d_backward,
    .activation_offset = offsetof(conv2d_options, activation),
    .has_activation = true,
};
