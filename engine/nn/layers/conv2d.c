/* Conv2D: each output pixel is a product of a window of the image with the kernel. Shapes, and the
 * methods that compute it: engine/nn/layers/convolution.h. */
#include <inttypes.h>
#include <string.h>

#include "engine/nn/layers/convolution.h"
#include "engine/nn/layers/convolution8.h"

typedef struct {
    int64_t filters, groups;
    int64_t kernel_size[2], strides[2], dilation_rate[2];
    int padding, activation;
    bool use_bias;
    const dg_part *kernel_initializer, *bias_initializer, *kernel_regularizer, *bias_regularizer;
} conv2d_options;

static const dg_param params[] = {
    DG_INT(conv2d_options, filters, .required = true, DG_WITHIN(1, 1 << 20),
           .doc = "number of output channels"),
    DG_PAIR(conv2d_options, kernel_size, .required = true, DG_WITHIN(1, 1 << 15),
            .doc = DG_CONV2D_KERNEL_DOC),
    DG_PAIR(conv2d_options, strides, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = DG_CONV2D_STRIDES_DOC),
    DG_CHOICE(conv2d_options, padding, .choices = dg_padding_names, .default_text = "valid",
              .doc = DG_CONV2D_PADDING_DOC),
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
    DG_PAIR(conv2d_options, dilation_rate, .named_only = true, .later = true, DG_WITHIN(1, 1 << 15),
            .default_number = 1, .doc = DG_CONV2D_DILATION_DOC),
    DG_END
};

static dg_status conv2d_check(const void *options)
{
    const conv2d_options *o = options;
    if (o->filters % o->groups != 0)
        return dg_error(DG_INVALID,
                        "filters must be a multiple of groups, found %" PRId64 " and %" PRId64,
                        o->filters, o->groups);
    return dg_conv2d_check_dilation(o->strides, o->dilation_rate);
}

/* --- the layer ---------------------------------------------------------------------------- */

static struct conv2d_given given_by(const void *options)
{
    const conv2d_options *o = options;
    return (struct conv2d_given){ .filters = o->filters,
                                  .groups = o->groups,
                                  .kernel_size = o->kernel_size,
                                  .strides = o->strides,
                                  .dilation_rate = o->dilation_rate,
                                  .padding = o->padding,
                                  .activation = o->activation };
}

static dg_status conv2d_build(const void *options, dg_layer_build *b)
{
    const conv2d_options *o = options;
    struct conv2d_given given = given_by(o);
    struct conv2d c;
    DG_TRY(dg_conv2d_build(&given, b, &c));
    dg_build_weight(
        b, CONV2D_KERNEL, "kernel",
        (dg_shape){ 4, { c.window.y.size, c.window.x.size, c.group_channels, c.filters } },
        o->kernel_initializer, o->kernel_regularizer);
    if (o->use_bias)
        dg_build_weight(b, CONV2D_BIAS, "bias", (dg_shape){ 1, { c.filters } }, o->bias_initializer,
                        o->bias_regularizer);
    return DG_OK;
}

static void conv2d_prepare(const void *options, const dg_layer_build *build, bool training,
                           void *prepared)
{
    struct conv2d_given given = given_by(options);
    dg_conv2d_prepare_layer(&given, build, training, prepared);
}

/* --- int8 --------------------------------------------------------------------------------- */
/* Neither of a group of the channels alone, nor dilated. */
static bool is_plain(const void *options, const dg_layer_build *build)
{
    const conv2d_options *o = options;
    (void)build;
    return o->groups == 1 && o->dilation_rate[0] == 1 && o->dilation_rate[1] == 1;
}

static dg_window window_of(const void *options, const dg_layer_build *build)
{
    struct conv2d_given given = given_by(options);
    struct conv2d c;
    (void)dg_conv2d_of(&given, &build->input[0], &c); /* build() has seen it succeed */
    return c.window;
}

static int64_t conv2d_int8_scratch(const void *options, const dg_layer_build *build)
{
    dg_window window = window_of(options, build);
    return dg_convolve8_scratch(&window);
}

static void conv2d_int8_forward(const dg_int8_pass *pass)
{
    dg_window window = window_of(pass->options, pass->build);
    dg_convolve8(pass, &window);
}

static const dg_int8_layer int8 = { .multiplies = true,
                                    .suits = is_plain,
                                    .scratch_bytes = conv2d_int8_scratch,
                                    .forward = conv2d_int8_forward };

static const dg_hint hints[] = { DG_CONV2D_HINTS, { NULL } };

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
    .derive = dg_conv2d_derive_layer,
    .forward = dg_conv2d_forward,
    .backward = dg_conv2d_backward,
    .activation_offset = offsetof(conv2d_options, activation),
    .has_activation = true,
    .int8 = &int8,
};
