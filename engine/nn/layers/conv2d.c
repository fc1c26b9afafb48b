/* Conv2D: each output pixel is a product of a window of the image with the kernel.
 *
 * x {rows, height, width, channels}, W {window height, window width, channels / groups, filters},
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
    int64_t filters, groups;
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
    DG_BOOL(conv2d_options, use_bias, .default_number = 1, .doc = "add a bias to each filter"),
    DG_PART(conv2d_options, kernel_initializer, .kind = "initializer",
            .default_text = "glorot_uniform", .doc = "initializer of the kernel"),
    DG_PART(conv2d_options, bias_initializer, .kind = "initializer", .default_text = "zeros",
            .doc = "initializer of the biases"),
    DG_PART(conv2d_options, kernel_regularizer, .kind = "regularizer",
            .doc = "penalty on the kernel"),
    DG_PART(conv2d_options, bias_regularizer, .kind = "regularizer",
            .doc = "penalty on the biases"),
    DG_INT(conv2d_options, groups, .named_only = true, .later = true, DG_AT_LEAST(1),
           .default_number = 1,
           .doc = "number of groups of channels, each with its own filters; as many as channels: "
                  "depthwise"),
    DG_END
};

static dg_status conv2d_check(const void *options)
{
    const conv2d_options *o = options;
    if (o->filters % o->groups == 0) return DG_OK;
    return dg_error(DG_INVALID,
                    "filters must be a multiple of groups, found %" PRId64 " and %" PRId64,
                    o->filters, o->groups);
}

enum { KERNEL, BIAS };

/* --- what is prepared ----------------------------------------------------------------------- */

/* Follows from shapes alone, and stands at the head of what is prepared; the offsets lie behind it.
 * Sizes in floats unless said otherwise. */
struct conv2d {
    dg_window window;
    int64_t filters, pixels;
    int64_t groups, group_channels, group_filters;
    int64_t taps, back_taps; /* of one group: elements of a window, and of one in `spread` */
    int64_t in_size, out_size;
    int64_t height, width; /* of the image with its padding, in pixels */
    bool padded;
    int64_t spread_height, spread_width; /* of dy, spread and padded, in pixels */
    int32_t *pixel, *tap;                /* offsets in the padded image */
    int32_t *in_pixel, *back_tap;        /* offsets in `spread`; filled for training alone */
};

static dg_status conv2d_of(const conv2d_options *o, const dg_shape *input, struct conv2d *c)
{
    *c = (struct conv2d){ .filters = o->filters };
    DG_TRY(dg_window_of(input, o->kernel_size, o->strides, (dg_padding)o->padding, &c->window));
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    c->height = y->in;
    c->width = x->in;
    if (o->padding == DG_PADDING_SAME) {
        int64_t needed = (y->out - 1) * y->stride + y->size;
        if (needed > c->height) c->height = needed;
        needed = (x->out - 1) * x->stride + x->size;
        if (needed > c->width) c->width = needed;
    }
    c->padded = c->height != y->in || c->width != x->in;
    c->pixels = y->out * x->out;
    c->groups = o->groups;
    c->group_channels = c->window.channels / c->groups;
    c->group_filters = c->filters / c->groups;
    c->taps = y->size * x->size * c->group_channels;
    c->back_taps = y->size * x->size * c->group_filters;
    c->in_size = y->in * x->in * c->window.channels;
    c->out_size = c->pixels * c->filters;
    c->spread_height = y->in + y->size - 1;
    c->spread_width = x->in + x->size - 1;
    return DG_OK;
}

/* `count` elements of four bytes; `base` NULL only measures. */
static void *take(char *base, int64_t *used, int64_t count)
{
    void *at = base ? base + *used : NULL;
    *used += (count * 4 + 63) / 64 * 64;
    return at;
}

/* Where the offsets lie; returns the bytes up to their end. */
static int64_t place_offsets(struct conv2d *c, char *base)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    int64_t used = (sizeof *c + 63) / 64 * 64;
    c->pixel = take(base, &used, c->pixels);
    c->tap = take(base, &used, c->taps);
    c->in_pixel = take(base, &used, y->in * x->in);
    c->back_tap = take(base, &used, c->back_taps);
    return used;
}

/* A worker's scratch. */
struct conv2d_scratch {
    float *image;           /* the padded image; not used where there is no padding */
    float *spread, *turned; /* dy spread and padded; the kernel turned */
    int64_t bytes;
};

static struct conv2d_scratch scratch_of(const struct conv2d *c, char *base)
{
    struct conv2d_scratch s = { 0 };
    s.image = take(base, &s.bytes, c->padded ? c->height * c->width * c->window.channels : 0);
    s.spread = take(base, &s.bytes, c->spread_height * c->spread_width * c->filters);
    s.turned = take(base, &s.bytes, c->taps * c->filters);
    return s;
}

static dg_status conv2d_build(const void *options, dg_layer_build *b)
{
    const conv2d_options *o = options;
    struct conv2d c;
    DG_TRY(conv2d_of(o, &b->input[0], &c));
    const dg_window *w = &c.window;
    if (w->channels % c.groups != 0)
        return dg_error(DG_INVALID,
                        "the channels of its input must be a multiple of groups, found %" PRId64
                        " and %" PRId64,
                        w->channels, c.groups);
    double largest = (double)c.height * (double)c.width * (double)w->channels;
    double spread = (double)c.spread_height * (double)c.spread_width * (double)c.filters;
    double kernel = (double)c.taps * (double)c.filters;
    if (largest > INT32_MAX || spread > INT32_MAX || kernel > INT32_MAX)
        return dg_error(DG_INVALID,
                        "an image, the outputs of one, or the kernel would have more than "
                        "%" PRId32 " numbers",
                        INT32_MAX);
    b->output = (dg_shape){ .count = 3, .at = { w->y.out, w->x.out, c.filters } };
    b->cut = DG_CUT_ROWS;
    b->forgets_output = o->activation == DG_LINEAR;
    dg_build_weight(b, KERNEL, "kernel",
                    (dg_shape){ 4, { w->y.size, w->x.size, c.group_channels, c.filters } },
                    o->kernel_initializer, o->kernel_regularizer);
    if (o->use_bias)
        dg_build_weight(b, BIAS, "bias", (dg_shape){ 1, { c.filters } }, o->bias_initializer,
                        o->bias_regularizer);
    b->prepared_bytes = place_offsets(&c, NULL);
    b->scratch_bytes = scratch_of(&c, NULL).bytes;
    b->row_flops = 2 * c.pixels * c.taps * c.filters;
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

static void conv2d_prepare(const void *options, const dg_layer_build *build, bool training,
                           void *prepared)
{
    struct conv2d *c = prepared;
    (void)conv2d_of(options, &build->input[0], c); /* build() has seen it succeed */
    place_offsets(c, prepared);
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    int64_t channels = c->window.channels, down = c->width * channels;
    fill_offsets(c->pixel, y->out, x->out, 1, y->stride * down, x->stride * channels);
    fill_offsets(c->tap, y->size, x->size, c->group_channels, down, channels);
    if (!training) return;
    down = c->spread_width * c->filters;
    fill_offsets(c->in_pixel, y->in, x->in, 1, down, c->filters);
    fill_offsets(c->back_tap, y->size, x->size, c->group_filters, down, c->filters);
}

/* --- forward -------------------------------------------------------------------------------- */

static void clear_image(const struct conv2d *c, float *image)
{
    int64_t size = c->height * c->width * c->window.channels;
    if (c->padded) memset(image, 0, (size_t)size * sizeof *image);
}

/* The image, padded if need be; what surrounds it in scratch is zero already. */
static const float *padded_image(const struct conv2d *c, float *image, const float *x)
{
    if (!c->padded) return x;
    const dg_window *w = &c->window;
    int64_t run = w->x.in * w->channels;
    for (int64_t i = 0; i < w->y.in; i++)
        memcpy(image + ((i + w->y.before) * c->width + w->x.before) * w->channels, x + i * run,
               (size_t)run * sizeof *image);
    return image;
}

/* A group sees its own channels, and its filters are neighbouring columns of W and of y. */
static void conv2d_outputs(const dg_pass *pass, const struct conv2d *c, const float *x, float *y)
{
    const float *bias = pass->weight[BIAS];
    for (int64_t group = 0; group < c->groups; group++) {
        int64_t filter = group * c->group_filters;
        dg_multiply(&(dg_product){
            .m = c->pixels,
            .n = c->group_filters,
            .k = c->taps,
            .a = { .at = x + group * c->group_channels, .row = c->pixel, .depth = c->tap },
            .b = pass->weight[KERNEL] + filter,
            .b_step = c->filters,
            .bias = bias ? bias + filter : NULL,
            .c = y + filter,
            .c_step = c->filters });
    }
}

static dg_status conv2d_forward(const dg_pass *pass)
{
    const conv2d_options *o = pass->options;
    const struct conv2d *c = pass->prepared;
    struct conv2d_scratch s = scratch_of(c, pass->scratch);
    clear_image(c, s.image);
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *x = padded_image(c, s.image, pass->input[0] + i * c->in_size);
        conv2d_outputs(pass, c, x, pass->output + i * c->out_size);
        dg_activate_output(pass, (dg_activation)o->activation, i * c->out_size, c->pixels,
                           c->filters);
    }
    return DG_OK;
}

/* --- backward ------------------------------------------------------------------------------- */

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
static void spread_gradient(const struct conv2d *c, const float *gradient, float *spread)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    int64_t top = y->size - 1 - y->before, left = x->size - 1 - x->before;
    for (int64_t i = 0; i < y->out; i++)
        for (int64_t j = 0; j < x->out; j++, gradient += c->filters) {
            int64_t at = (i * y->stride + top) * c->spread_width + j * x->stride + left;
            memcpy(spread + at * c->filters, gradient, (size_t)c->filters * sizeof *spread);
        }
}

static void conv2d_kernel_gradient(const struct conv2d *c, const float *x, const float *dy,
                                   bool accumulate, float *dw)
{
    for (int64_t group = 0; group < c->groups; group++) {
        int64_t filter = group * c->group_filters;
        dg_multiply(&(dg_product){
            .m = c->taps,
            .n = c->group_filters,
            .k = c->pixels,
            .a = { .at = x + group * c->group_channels, .row = c->tap, .depth = c->pixel },
            .b = dy + filter,
            .b_step = c->filters,
            .accumulate = accumulate,
            .c = dw + filter,
            .c_step = c->filters });
    }
}

static void conv2d_input_gradient(const struct conv2d *c, const struct conv2d_scratch *s,
                                  const float *dy, float *dx)
{
    const dg_window *w = &c->window;
    spread_gradient(c, dy, s->spread);
    for (int64_t group = 0; group < c->groups; group++)
        dg_multiply(&(dg_product){ .m = w->y.in * w->x.in,
                                   .n = c->group_channels,
                                   .k = c->back_taps,
                                   .a = { .at = s->spread + group * c->group_filters,
                                          .row = c->in_pixel,
                                          .depth = c->back_tap },
                                   .b = s->turned + group * c->back_taps * c->group_channels,
                                   .b_step = c->group_channels,
                                   .c = dx + group * c->group_channels,
                                   .c_step = w->channels });
}

static dg_status conv2d_backward(const dg_pass *pass)
{
    const conv2d_options *o = pass->options;
    const struct conv2d *c = pass->prepared;
    struct conv2d_scratch s = scratch_of(c, pass->scratch);
    float *dx = pass->input_gradient[0];
    clear_image(c, s.image);
    if (dx) {
        int64_t size = c->spread_height * c->spread_width * c->filters;
        memset(s.spread, 0, (size_t)size * sizeof *s.spread);
        turn_kernel(c, pass->weight[KERNEL], s.turned);
    }
    dg_activation activation = pass->activation_fused ? DG_LINEAR : (dg_activation)o->activation;
    dg_activation_backward_biased(activation, pass->output, pass->output_gradient,
                                  pass->rows * c->pixels, c->filters, pass->weight_gradient[BIAS]);
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *x = padded_image(c, s.image, pass->input[0] + i * c->in_size);
        const float *dy = pass->output_gradient + i * c->out_size;
        conv2d_kernel_gradient(c, x, dy, i > 0, pass->weight_gradient[KERNEL]);
        if (dx) conv2d_input_gradient(c, &s, dy, dx + i * c->in_size);
    }
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_TRAINABLE },
    { "input_shape", "put nn.Input { height, width, channels } before it" },
    { "data_format", "images are always {height, width, channels}; leave it out" },
    { "dilation_rate", "dilated windows are not supported; leave it out" },
    { "in_channels", "the number of input channels is inferred; leave it out" },
    { "out_channels", "use filters" },
    { "stride", "use strides" },
    { "bias", "use use_bias" },
    { NULL },
};

const dg_layer_type dg_conv2d = {
    .part = { .kind = "layer",
              .name = "Conv2D",
              .alias = "conv2d",
              .doc = "2-D convolution: a window slides over the image, each filter is a "
                     "weighted sum of what lies in it (LeCun et al. 1989)",
              .example = "nn.Conv2D { 32, { 5, 5 }, activation = \"relu\" }",
              .params = params,
              .options_size = sizeof(conv2d_options),
              .check = conv2d_check,
              .hints = hints },
    .build = conv2d_build,
    .prepare = conv2d_prepare,
    .forward = conv2d_forward,
    .backward = conv2d_backward,
    .activation_offset = offsetof(conv2d_options, activation),
    .has_activation = true,
};
