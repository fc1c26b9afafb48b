/* Conv2D: each output pixel is a product of a window of the image with the kernel. Shapes, and the
 * methods that compute it: engine/nn/layers/convolution.h. */
#include <inttypes.h>
#include <string.h>

#include "engine/nn/layers/convolution.h"
#include "engine/nn/layers/convolution8.h"

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

/* --- methods ------------------------------------------------------------------------------ */
/* The first that suits is used. */
static const struct conv2d_method *const methods[CONV2D_PRODUCTS][4] = {
    [CONV2D_OUTPUTS] = { &dg_conv2d_winograd_outputs, &dg_conv2d_pointwise_outputs,
                         &dg_conv2d_direct_outputs },
    [CONV2D_KERNEL_GRADIENT] = { &dg_conv2d_winograd_kernel_gradient,
                                 &dg_conv2d_pointwise_kernel_gradient,
                                 &dg_conv2d_direct_kernel_gradient },
    [CONV2D_INPUT_GRADIENT] = { &dg_conv2d_winograd_input_gradient,
                                &dg_conv2d_pointwise_input_gradient,
                                &dg_conv2d_direct_input_gradient },
};

static const struct conv2d_method *choose(const struct conv2d *c, int product)
{
    const struct conv2d_method *const *method = methods[product];
    while ((*method)->suits && !(*method)->suits(c)) method++;
    return *method;
}

static void run_method(const dg_pass *pass, int product)
{
    const struct conv2d *c = pass->prepared;
    c->method[product]->run(&(struct conv2d_run){ .c = c,
                                                  .pass = pass,
                                                  .prepared = (const char *)c + c->room[product],
                                                  .scratch = pass->scratch });
}

/* --- the layer ---------------------------------------------------------------------------- */
static dg_status conv2d_of(const conv2d_options *o, const dg_shape *input, struct conv2d *c)
{
    *c = (struct conv2d){ .filters = o->filters, .activation = (dg_activation)o->activation };
    DG_TRY(dg_window_of(input, o->kernel_size, o->strides, (dg_padding)o->padding, &c->window));
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    if (c->window.channels % o->groups != 0)
        return dg_error(DG_INVALID,
                        "the channels of its input must be a multiple of groups, found %" PRId64
                        " and %" PRId64,
                        c->window.channels, o->groups);
    c->pixels = y->out * x->out;
    c->groups = o->groups;
    c->group_channels = c->window.channels / c->groups;
    c->group_filters = c->filters / c->groups;
    c->taps = y->size * x->size * c->group_channels;
    c->in_size = y->in * x->in * c->window.channels;
    c->out_size = c->pixels * c->filters;
    return DG_OK;
}

/* Offsets into these are 32-bit. */
static dg_status check_sizes(const struct conv2d *c)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    double reach = (double)(y->in + y->size - 1) * (double)(x->in + x->size - 1);
    double kernel = (double)c->taps * (double)c->filters;
    if (reach * (double)c->window.channels <= INT32_MAX &&
        reach * (double)c->filters <= INT32_MAX && kernel <= INT32_MAX)
        return DG_OK;
    return dg_error(DG_INVALID,
                    "an image, the outputs of one, or the kernel would have more than "
                    "%" PRId32 " numbers",
                    INT32_MAX);
}

/* Chooses the methods; returns the bytes of all that is prepared, this struct at its head. */
static int64_t choose_methods(struct conv2d *c)
{
    int64_t used = (sizeof *c + 63) / 64 * 64;
    for (int i = 0; i < CONV2D_PRODUCTS; i++) {
        const struct conv2d_method *method = c->method[i] = choose(c, i);
        c->room[i] = used;
        if (method->prepared_bytes) used += (method->prepared_bytes(c) + 63) / 64 * 64;
    }
    return used;
}

static dg_status conv2d_build(const void *options, dg_layer_build *b)
{
    const conv2d_options *o = options;
    struct conv2d c;
    DG_TRY(conv2d_of(o, &b->input[0], &c));
    DG_TRY(check_sizes(&c));
    const dg_window *w = &c.window;
    b->output = (dg_shape){ .count = 3, .at = { w->y.out, w->x.out, c.filters } };
    b->cut = DG_CUT_ROWS;
    dg_build_activation(b, c.activation);
    dg_build_weight(b, CONV2D_KERNEL, "kernel",
                    (dg_shape){ 4, { w->y.size, w->x.size, c.group_channels, c.filters } },
                    o->kernel_initializer, o->kernel_regularizer);
    if (o->use_bias)
        dg_build_weight(b, CONV2D_BIAS, "bias", (dg_shape){ 1, { c.filters } }, o->bias_initializer,
                        o->bias_regularizer);
    b->prepared_bytes = choose_methods(&c);
    for (int i = 0; i < CONV2D_PRODUCTS; i++) {
        int64_t bytes = c.method[i]->scratch_bytes ? c.method[i]->scratch_bytes(&c) : 0;
        if (bytes > b->scratch_bytes) b->scratch_bytes = bytes;
    }
    b->row_flops = 2 * c.pixels * c.taps * c.filters;
    return DG_OK;
}

static void conv2d_prepare(const void *options, const dg_layer_build *build, bool training,
                           void *prepared)
{
    struct conv2d *c = prepared;
    (void)conv2d_of(options, &build->input[0], c); /* build() has seen it succeed */
    choose_methods(c);
    for (int i = 0; i < (training ? CONV2D_PRODUCTS : CONV2D_OUTPUTS + 1); i++)
        if (c->method[i]->prepare) c->method[i]->prepare(c, (char *)prepared + c->room[i]);
}

static void conv2d_derive(float *const *weight, bool training, void *prepared)
{
    struct conv2d *c = prepared;
    for (int i = 0; i < (training ? CONV2D_PRODUCTS : CONV2D_OUTPUTS + 1); i++)
        if (c->method[i]->derive)
            c->method[i]->derive(c, weight[CONV2D_KERNEL], (char *)prepared + c->room[i]);
}

static dg_status conv2d_forward(const dg_pass *pass)
{
    run_method(pass, CONV2D_OUTPUTS);
    return DG_OK;
}

static dg_status conv2d_backward(const dg_pass *pass)
{
    const struct conv2d *c = pass->prepared;
    dg_activation_backward_output(pass, c->activation, c->filters,
                                  pass->weight_gradient[CONV2D_BIAS]);
    run_method(pass, CONV2D_KERNEL_GRADIENT);
    if (pass->input_gradient[0]) run_method(pass, CONV2D_INPUT_GRADIENT);
    return DG_OK;
}

/* --- int8 --------------------------------------------------------------------------------- */
static bool sees_all_channels(const dg_layer_build *build)
{
    const dg_shape *kernel = &build->weight[CONV2D_KERNEL].shape;
    return kernel->at[2] == build->input[0].at[2];
}

static int64_t conv2d_int8_scratch(const void *options, const dg_layer_build *build)
{
    struct conv2d c;
    (void)conv2d_of(options, &build->input[0], &c); /* build() has seen it succeed */
    return dg_convolve8_scratch(&c.window);
}

static void conv2d_int8_forward(const dg_int8_pass *pass)
{
    struct conv2d c;
    (void)conv2d_of(pass->options, &pass->build->input[0], &c);
    dg_convolve8(pass, &c.window);
}

static const dg_int8_layer int8 = { .multiplies = true,
                                    .suits = sees_all_channels,
                                    .scratch_bytes = conv2d_int8_scratch,
                                    .forward = conv2d_int8_forward };

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
    .flags = DG_LAYER_TAKES_FACTORS,
    .build = conv2d_build,
    .prepare = conv2d_prepare,
    .derive = conv2d_derive,
    .forward = conv2d_forward,
    .backward = conv2d_backward,
    .activation_offset = offsetof(conv2d_options, activation),
    .has_activation = true,
    .int8 = &int8,
};
