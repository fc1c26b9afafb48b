/* Conv2DTranspose: the gradient of a convolution's input, as a layer. Its input is what the
 * convolution would give, its output what that would read: the convolution has the filters of this
 * layer for channels, and the channels of this layer for filters. Its kernel is
 * {height, width, filters, channels}. */
#include <inttypes.h>

#include "engine/base/kernel.h"
#include "engine/nn/layers/convolution.h"

typedef struct {
    int64_t filters, kernel_size[2], strides[2], dilation_rate[2];
    int padding, activation;
    bool use_bias;
    const dg_part *kernel_initializer, *bias_initializer, *kernel_regularizer, *bias_regularizer;
} conv2d_transpose_options;

static const dg_param params[] = {
    DG_INT(conv2d_transpose_options, filters, .required = true, DG_WITHIN(1, 1 << 20),
           .doc = "number of output channels"),
    DG_PAIR(conv2d_transpose_options, kernel_size, .required = true, DG_WITHIN(1, 1 << 15),
            .doc = DG_CONV2D_KERNEL_DOC),
    DG_PAIR(conv2d_transpose_options, strides, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = "distance of the windows of neighbouring pixels in the output, down and "
                   "across"),
    DG_CHOICE(conv2d_transpose_options, padding, .choices = dg_padding_names,
              .default_text = "valid",
              .doc = "valid: the output has all of each window; same: it is strides times as large "
                     "as the input"),
    DG_PAIR(conv2d_transpose_options, dilation_rate, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = DG_CONV2D_DILATION_DOC),
    DG_CHOICE(conv2d_transpose_options, activation, .choices = dg_activation_names,
              .default_text = "linear", .doc = "function applied to the outputs"),
    DG_BOOL(conv2d_transpose_options, use_bias, .default_number = 1,
            .doc = "add a bias to each filter"),
    DG_PART(conv2d_transpose_options, kernel_initializer, .kind = "initializer",
            .default_text = "glorot_uniform", .doc = "initializer of the kernel"),
    DG_PART(conv2d_transpose_options, bias_initializer, .kind = "initializer",
            .default_text = "zeros", .doc = "initializer of the biases"),
    DG_PART(conv2d_transpose_options, kernel_regularizer, .kind = "regularizer",
            .doc = "penalty on the kernel"),
    DG_PART(conv2d_transpose_options, bias_regularizer, .kind = "regularizer",
            .doc = "penalty on the biases"),
    DG_END
};

static dg_status conv2d_transpose_check(const void *options)
{
    const conv2d_transpose_options *o = options;
    return dg_conv2d_check_dilation(o->strides, o->dilation_rate);
}

/* Pixels of the output on one axis. */
static int64_t enlarged(const conv2d_transpose_options *o, int axis, int64_t in)
{
    int64_t stride = o->strides[axis];
    int64_t extent = (o->kernel_size[axis] - 1) * o->dilation_rate[axis] + 1;
    bool more = o->padding == DG_PADDING_VALID && extent > stride;
    return in * stride + (more ? extent - stride : 0);
}

/* The convolution that has the output for its input. */
static dg_status convolution_of(const void *options, const dg_shape *input, struct conv2d *c)
{
    const conv2d_transpose_options *o = options;
    DG_TRY(dg_expect_image(input));
    struct conv2d_given given = { .filters = input->at[2],
                                  .groups = 1,
                                  .kernel_size = o->kernel_size,
                                  .strides = o->strides,
                                  .dilation_rate = o->dilation_rate,
                                  .padding = o->padding,
                                  .activation = DG_LINEAR };
    dg_shape output = {
        3, { enlarged(o, 0, input->at[0]), enlarged(o, 1, input->at[1]), o->filters }
    };
    return dg_conv2d_of(&given, &output, c);
}

static dg_status conv2d_transpose_build(const void *options, dg_layer_build *b)
{
    const conv2d_transpose_options *o = options;
    struct conv2d c;
    DG_TRY(convolution_of(o, &b->input[0], &c));
    b->output = (dg_shape){ 3, { c.window.y.in, c.window.x.in, o->filters } };
    b->cut = DG_CUT_ROWS;
    dg_build_activation(b, (dg_activation)o->activation);
    b->prepared_bytes = dg_conv2d_plan(&c);
    b->scratch_bytes = dg_conv2d_scratch(&c);
    b->row_flops = 2 * c.pixels * c.taps * c.filters;
    dg_build_weight(b, CONV2D_KERNEL, "kernel",
                    (dg_shape){ 4, { c.window.y.size, c.window.x.size, o->filters, c.filters } },
                    o->kernel_initializer, o->kernel_regularizer);
    if (o->use_bias)
        dg_build_weight(b, CONV2D_BIAS, "bias", (dg_shape){ 1, { o->filters } },
                        o->bias_initializer, o->bias_regularizer);
    return DG_OK;
}

/* What is run of the convolution: predicting, the gradient of its input alone. */
static unsigned products_of(bool training)
{
    return training ? CONV2D_ALL : 1U << CONV2D_INPUT_GRADIENT;
}

static void conv2d_transpose_prepare(const void *options, const dg_layer_build *build,
                                     bool training, void *prepared)
{
    struct conv2d c;
    (void)convolution_of(options, &build->input[0], &c); /* build() has seen it succeed */
    dg_conv2d_prepare(&c, products_of(training), prepared);
}

static void conv2d_transpose_derive(float *const *weight, bool training, void *prepared)
{
    dg_conv2d_derive(weight[CONV2D_KERNEL], products_of(training), prepared);
}

DG_KERNEL(void, add_bias,
          (const float *restrict bias, int64_t pixels, int64_t filters, float *restrict y),
          (bias, pixels, filters, y))
{
    for (int64_t i = 0; i < pixels; i++, y += filters)
        for (int64_t f = 0; f < filters; f++) y[f] += bias[f];
}

static dg_status conv2d_transpose_forward(const dg_pass *pass)
{
    const conv2d_transpose_options *o = pass->options;
    int64_t pixels = pass->rows * (dg_shape_size(&pass->build->output) / o->filters);
    dg_pass turned = *pass;
    turned.output_gradient = (float *)pass->input[0]; /* which is only read */
    turned.input_gradient[0] = pass->output;
    dg_conv2d_run(pass->prepared, CONV2D_INPUT_GRADIENT, &turned, pass->scratch);
    if (pass->weight[CONV2D_BIAS])
        add_bias(pass->weight[CONV2D_BIAS], pixels, o->filters, pass->output);
    dg_activate_output(pass, (dg_activation)o->activation, 0, pixels, o->filters);
    return DG_OK;
}

static dg_status conv2d_transpose_backward(const dg_pass *pass)
{
    const conv2d_transpose_options *o = pass->options;
    dg_activation_backward_output(pass, (dg_activation)o->activation, o->filters,
                                  pass->weight_gradient[CONV2D_BIAS]);
    dg_pass turned = *pass;
    turned.input[0] = pass->output_gradient;
    turned.output_gradient = (float *)pass->input[0];
    turned.output = pass->input_gradient[0];
    turned.weight[CONV2D_BIAS] = NULL;
    if (pass->weight_gradient[CONV2D_KERNEL])
        dg_conv2d_run(pass->prepared, CONV2D_KERNEL_GRADIENT, &turned, pass->scratch);
    if (turned.output) dg_conv2d_run(pass->prepared, CONV2D_OUTPUTS, &turned, pass->scratch);
    return DG_OK;
}

static const dg_hint hints[] = {
    { "output_padding", "the size of the output follows from padding and strides; leave it out" },
    DG_CONV2D_HINTS,
    { NULL }
};

const dg_layer_type dg_conv2d_transpose = {
    .part = { .kind = "layer",
              .name = "Conv2DTranspose",
              .alias = "conv2d_transpose",
              .peers = (const char *const[]){ "ConvTranspose2d", NULL },
              .doc = "the gradient of a 2-D convolution as a layer: each pixel adds a window to a "
                     "larger image (Zeiler et al. 2010)",
              .example = "nn.Conv2DTranspose { 16, 3, strides = 2, padding = \"same\" }",
              .params = params,
              .options_size = sizeof(conv2d_transpose_options),
              .check = conv2d_transpose_check,
              .hints = hints },
    .build = conv2d_transpose_build,
    .prepare = conv2d_transpose_prepare,
    .derive = conv2d_transpose_derive,
    .forward = conv2d_transpose_forward,
    .backward = conv2d_transpose_backward,
    .activation_offset = offsetof(conv2d_transpose_options, activation),
    .has_activation = true,
};
