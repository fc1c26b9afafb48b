/* DepthwiseConv2D: each channel is convolved by itself. The convolution has as many groups as
 * channels; its kernel {height, width, channels, multiplier} lies in memory as that of a
 * convolution does, {height, width, 1, channels * multiplier}. */
#include "engine/nn/layers/convolution.h"

typedef struct {
    int64_t kernel_size[2], strides[2], depth_multiplier, dilation_rate[2];
    int padding, activation;
    bool use_bias;
    const dg_part *depthwise_initializer, *bias_initializer, *depthwise_regularizer,
        *bias_regularizer;
} depthwise_conv2d_options;

static const dg_param params[] = {
    DG_PAIR(depthwise_conv2d_options, kernel_size, .required = true, DG_WITHIN(1, 1 << 15),
            .doc = DG_CONV2D_KERNEL_DOC),
    DG_PAIR(depthwise_conv2d_options, strides, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = DG_CONV2D_STRIDES_DOC),
    DG_CHOICE(depthwise_conv2d_options, padding, .choices = dg_padding_names,
              .default_text = "valid", .doc = DG_CONV2D_PADDING_DOC),
    DG_INT(depthwise_conv2d_options, depth_multiplier, DG_WITHIN(1, 1 << 20), .default_number = 1,
           .doc = "number of output channels for each of the input"),
    DG_PAIR(depthwise_conv2d_options, dilation_rate, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = DG_CONV2D_DILATION_DOC),
    DG_CHOICE(depthwise_conv2d_options, activation, .choices = dg_activation_names,
              .default_text = "linear", .doc = "function applied to the outputs"),
    DG_BOOL(depthwise_conv2d_options, use_bias, .default_number = 1,
            .doc = "add a bias to each output channel"),
    DG_PART(depthwise_conv2d_options, depthwise_initializer, .kind = "initializer",
            .default_text = "glorot_uniform", .doc = "initializer of the kernel"),
    DG_PART(depthwise_conv2d_options, bias_initializer, .kind = "initializer",
            .default_text = "zeros", .doc = "initializer of the biases"),
    DG_PART(depthwise_conv2d_options, depthwise_regularizer, .kind = "regularizer",
            .doc = "penalty on the kernel"),
    DG_PART(depthwise_conv2d_options, bias_regularizer, .kind = "regularizer",
            .doc = "penalty on the biases"),
    DG_END
};

static dg_status depthwise_conv2d_check(const void *options)
{
    const depthwise_conv2d_options *o = options;
    return dg_conv2d_check_dilation(o->strides, o->dilation_rate);
}

static dg_status given_by(const void *options, const dg_shape *input, struct conv2d_given *out)
{
    const depthwise_conv2d_options *o = options;
    DG_TRY(dg_expect_image(input));
    *out = (struct conv2d_given){ .filters = input->at[2] * o->depth_multiplier,
                                  .groups = input->at[2],
                                  .kernel_size = o->kernel_size,
                                  .strides = o->strides,
                                  .dilation_rate = o->dilation_rate,
                                  .padding = o->padding,
                                  .activation = o->activation };
    return DG_OK;
}

static dg_status depthwise_conv2d_build(const void *options, dg_layer_build *b)
{
    const depthwise_conv2d_options *o = options;
    struct conv2d_given given;
    struct conv2d c;
    DG_TRY(given_by(o, &b->input[0], &given));
    DG_TRY(dg_conv2d_build(&given, b, &c));
    dg_build_weight(
        b, CONV2D_KERNEL, "kernel",
        (dg_shape){ 4, { c.window.y.size, c.window.x.size, c.groups, o->depth_multiplier } },
        o->depthwise_initializer, o->depthwise_regularizer);
    if (o->use_bias)
        dg_build_weight(b, CONV2D_BIAS, "bias", (dg_shape){ 1, { c.filters } }, o->bias_initializer,
                        o->bias_regularizer);
    return DG_OK;
}

static void depthwise_conv2d_prepare(const void *options, const dg_layer_build *build,
                                     bool training, void *prepared)
{
    struct conv2d_given given;
    (void)given_by(options, &build->input[0], &given); /* build() has seen it succeed */
    dg_conv2d_prepare_layer(&given, build, training, prepared);
}

static const dg_hint hints[] = { { "filters", "use depth_multiplier" },
                                 { "groups", "there are as many as channels; leave it out" },
                                 { "kernel_initializer", "use depthwise_initializer" },
                                 { "kernel_regularizer", "use depthwise_regularizer" },
                                 DG_CONV2D_HINTS,
                                 { NULL } };

const dg_layer_type dg_depthwise_conv2d = {
    .part = { .kind = "layer",
              .name = "DepthwiseConv2D",
              .alias = "depthwise_conv2d",
              .doc = "2-D convolution of each channel by itself (Sifre 2014)",
              .example = "nn.DepthwiseConv2D { 3, padding = \"same\" }",
              .params = params,
              .options_size = sizeof(depthwise_conv2d_options),
              .check = depthwise_conv2d_check,
              .hints = hints },
    .build = depthwise_conv2d_build,
    .prepare = depthwise_conv2d_prepare,
    .derive = dg_conv2d_derive_layer,
    .forward = dg_conv2d_forward,
    .backward = dg_conv2d_backward,
    .activation_offset = offsetof(depthwise_conv2d_options, activation),
    .has_activation = true,
};
