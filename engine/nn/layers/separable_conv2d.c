/* SeparableConv2D: a depthwise convolution, and one of single pixels over what it gives. Row by
 * row: x {row of the input}, z {out height, out width, channels * multiplier}, y {row of the
 * output}. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layers/convolution.h"

typedef struct {
    int64_t filters, kernel_size[2], strides[2], dilation_rate[2], depth_multiplier;
    int padding, activation;
    bool use_bias;
    const dg_part *depthwise_initializer, *pointwise_initializer, *bias_initializer;
    const dg_part *depthwise_regularizer, *pointwise_regularizer, *bias_regularizer;
} separable_conv2d_options;

static const dg_param params[] = {
    DG_INT(separable_conv2d_options, filters, .required = true, DG_WITHIN(1, 1 << 20),
           .doc = "number of output channels"),
    DG_PAIR(separable_conv2d_options, kernel_size, .required = true, DG_WITHIN(1, 1 << 15),
            .doc = DG_CONV2D_KERNEL_DOC),
    DG_PAIR(separable_conv2d_options, strides, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = DG_CONV2D_STRIDES_DOC),
    DG_CHOICE(separable_conv2d_options, padding, .choices = dg_padding_names,
              .default_text = "valid", .doc = DG_CONV2D_PADDING_DOC),
    DG_PAIR(separable_conv2d_options, dilation_rate, DG_WITHIN(1, 1 << 15), .default_number = 1,
            .doc = DG_CONV2D_DILATION_DOC),
    DG_INT(separable_conv2d_options, depth_multiplier, DG_WITHIN(1, 1 << 20), .default_number = 1,
           .doc = "number of channels that the first convolution makes of each"),
    DG_CHOICE(separable_conv2d_options, activation, .choices = dg_activation_names,
              .default_text = "linear", .doc = "function applied to the outputs"),
    DG_BOOL(separable_conv2d_options, use_bias, .default_number = 1,
            .doc = "add a bias to each filter"),
    DG_PART(separable_conv2d_options, depthwise_initializer, .kind = "initializer",
            .default_text = "glorot_uniform", .doc = "initializer of the depthwise kernel"),
    DG_PART(separable_conv2d_options, pointwise_initializer, .kind = "initializer",
            .default_text = "glorot_uniform", .doc = "initializer of the pointwise kernel"),
    DG_PART(separable_conv2d_options, bias_initializer, .kind = "initializer",
            .default_text = "zeros", .doc = "initializer of the biases"),
    DG_PART(separable_conv2d_options, depthwise_regularizer, .kind = "regularizer",
            .doc = "penalty on the depthwise kernel"),
    DG_PART(separable_conv2d_options, pointwise_regularizer, .kind = "regularizer",
            .doc = "penalty on the pointwise kernel"),
    DG_PART(separable_conv2d_options, bias_regularizer, .kind = "regularizer",
            .doc = "penalty on the biases"),
    DG_END
};

enum { DEPTHWISE, POINTWISE, BIAS };

static dg_status separable_conv2d_check(const void *options)
{
    const separable_conv2d_options *o = options;
    return dg_conv2d_check_dilation(o->strides, o->dilation_rate);
}

struct both {
    struct conv2d depthwise, pointwise;
};

static dg_status both_of(const void *options, const dg_shape *input, struct both *both)
{
    static const int64_t one[2] = { 1, 1 };
    const separable_conv2d_options *o = options;
    DG_TRY(dg_expect_image(input));
    struct conv2d_given first = { .filters = input->at[2] * o->depth_multiplier,
                                  .groups = input->at[2],
                                  .kernel_size = o->kernel_size,
                                  .strides = o->strides,
                                  .dilation_rate = o->dilation_rate,
                                  .padding = o->padding,
                                  .activation = DG_LINEAR };
    struct conv2d_given second = { .filters = o->filters,
                                   .groups = 1,
                                   .kernel_size = one,
                                   .strides = one,
                                   .dilation_rate = one,
                                   .padding = DG_PADDING_VALID,
                                   .activation = o->activation };
    DG_TRY(dg_conv2d_of(&first, input, &both->depthwise));
    const dg_window *w = &both->depthwise.window;
    dg_shape between = { 3, { w->y.out, w->x.out, both->depthwise.filters } };
    return dg_conv2d_of(&second, &between, &both->pointwise);
}

/* --- the room ------------------------------------------------------------------------------- */

/* Parts of the scratch: of the methods; z where it is not saved, or its gradient; the gradients of
 * the weights by one row. */
struct room {
    void *methods;
    float *z, *gradient[3];
    int64_t bytes;
};

static struct room room_of(const struct both *both, void *scratch)
{
    const struct conv2d *d = &both->depthwise, *p = &both->pointwise;
    struct room r = { .methods = scratch };
    int64_t first = dg_conv2d_scratch(d), second = dg_conv2d_scratch(p);
    r.bytes = ((first > second ? first : second) + 63) / 64 * 64;
    r.z = dg_conv2d_take(scratch, &r.bytes, d->out_size);
    r.gradient[DEPTHWISE] = dg_conv2d_take(scratch, &r.bytes, d->taps * d->filters);
    r.gradient[POINTWISE] = dg_conv2d_take(scratch, &r.bytes, p->taps * p->filters);
    r.gradient[BIAS] = dg_conv2d_take(scratch, &r.bytes, p->filters);
    return r;
}

/* What is prepared of the second convolution lies behind what is of the first. */
static struct conv2d *second_of(void *prepared)
{
    struct conv2d first = *(const struct conv2d *)prepared;
    return (struct conv2d *)((char *)prepared + dg_conv2d_plan(&first));
}

static dg_status separable_conv2d_build(const void *options, dg_layer_build *b)
{
    const separable_conv2d_options *o = options;
    struct both both;
    struct conv2d *d = &both.depthwise, *p = &both.pointwise;
    DG_TRY(both_of(o, &b->input[0], &both));
    b->output = (dg_shape){ 3, { d->window.y.out, d->window.x.out, o->filters } };
    b->cut = DG_CUT_ROWS;
    dg_build_activation(b, (dg_activation)o->activation);
    b->saved_row_bytes += d->out_size * (int64_t)sizeof(float); /* z, behind what that saves */
    b->prepared_bytes = dg_conv2d_plan(d) + dg_conv2d_plan(p);
    b->scratch_bytes = room_of(&both, NULL).bytes;
    b->row_flops = 2 * d->pixels * (d->taps * d->filters + p->taps * p->filters);
    dg_build_weight(
        b, DEPTHWISE, "depthwise_kernel",
        (dg_shape){ 4, { d->window.y.size, d->window.x.size, d->groups, o->depth_multiplier } },
        o->depthwise_initializer, o->depthwise_regularizer);
    dg_build_weight(b, POINTWISE, "pointwise_kernel",
                    (dg_shape){ 4, { 1, 1, d->filters, o->filters } }, o->pointwise_initializer,
                    o->pointwise_regularizer);
    if (o->use_bias)
        dg_build_weight(b, BIAS, "bias", (dg_shape){ 1, { o->filters } }, o->bias_initializer,
                        o->bias_regularizer);
    return DG_OK;
}

static void separable_conv2d_prepare(const void *options, const dg_layer_build *build,
                                     bool training, void *prepared)
{
    struct both both;
    unsigned products = training ? CONV2D_ALL : CONV2D_FORWARD;
    (void)both_of(options, &build->input[0], &both); /* build() has seen it succeed */
    dg_conv2d_prepare(&both.depthwise, products, prepared);
    dg_conv2d_prepare(&both.pointwise, products, second_of(prepared));
}

static void separable_conv2d_derive(float *const *weight, bool training, void *prepared)
{
    unsigned products = training ? CONV2D_ALL : CONV2D_FORWARD;
    dg_conv2d_derive(weight[DEPTHWISE], products, prepared);
    dg_conv2d_derive(weight[POINTWISE], products, second_of(prepared));
}

/* --- a row ---------------------------------------------------------------------------------- */

/* The two convolutions of a row as passes of their own. */
struct row {
    const struct conv2d *depthwise, *pointwise;
    dg_pass first, second;
    struct room room;
};

static struct row row_of(const dg_pass *pass, int64_t i)
{
    const struct conv2d *d = pass->prepared, *p = second_of((void *)pass->prepared);
    struct row r = { .depthwise = d, .pointwise = p, .first = *pass, .second = *pass };
    struct both both = { *d, *p };
    int64_t out = dg_shape_size(&pass->build->output), row_bytes = pass->build->saved_row_bytes;
    char *saved = pass->saved_rows ? (char *)pass->saved_rows + i * row_bytes : NULL;
    r.room = room_of(&both, pass->scratch);
    r.first.rows = r.second.rows = 1;
    float *z = saved ? (float *)(saved + row_bytes) - d->out_size : r.room.z;
    r.first.input[0] = pass->input[0] + i * d->in_size;
    r.first.output = z;
    r.first.weight[CONV2D_KERNEL] = pass->weight[DEPTHWISE];
    r.first.weight[CONV2D_BIAS] = NULL;
    r.first.logits = NULL;
    r.second.input[0] = z;
    r.second.output = pass->output ? pass->output + i * out : NULL;
    r.second.logits = pass->logits ? pass->logits + i * out : NULL;
    r.second.saved_rows = saved;
    r.second.weight[CONV2D_KERNEL] = pass->weight[POINTWISE];
    r.second.weight[CONV2D_BIAS] = pass->weight[BIAS];
    return r;
}

static dg_status separable_conv2d_forward(const dg_pass *pass)
{
    for (int64_t i = 0; i < pass->rows; i++) {
        struct row r = row_of(pass, i);
        dg_conv2d_run(r.depthwise, CONV2D_OUTPUTS, &r.first, r.room.methods);
        dg_conv2d_run(r.pointwise, CONV2D_OUTPUTS, &r.second, r.room.methods);
    }
    return DG_OK;
}

DG_KERNEL(void, add, (const float *restrict x, int64_t count, float *restrict sum), (x, count, sum))
{
    for (int64_t i = 0; i < count; i++) sum[i] += x[i];
}

static void row_backward(const dg_pass *pass, int64_t i)
{
    struct row r = row_of(pass, i);
    const struct conv2d *d = r.depthwise, *p = r.pointwise;
    r.second.output_gradient = pass->output_gradient + i * p->out_size;
    r.second.weight_gradient[CONV2D_KERNEL] = r.room.gradient[POINTWISE];
    r.second.input_gradient[0] = r.first.output_gradient = r.room.z;
    dg_activation_backward_output(&r.second, p->activation, p->filters,
                                  pass->weight_gradient[BIAS] ? r.room.gradient[BIAS] : NULL);
    if (pass->weight_gradient[POINTWISE])
        dg_conv2d_run(p, CONV2D_KERNEL_GRADIENT, &r.second, r.room.methods);
    dg_conv2d_run(p, CONV2D_INPUT_GRADIENT, &r.second, r.room.methods);
    r.first.weight_gradient[CONV2D_KERNEL] = r.room.gradient[DEPTHWISE];
    if (pass->weight_gradient[DEPTHWISE])
        dg_conv2d_run(d, CONV2D_KERNEL_GRADIENT, &r.first, r.room.methods);
    if (pass->input_gradient[0]) {
        r.first.input_gradient[0] = pass->input_gradient[0] + i * d->in_size;
        dg_conv2d_run(d, CONV2D_INPUT_GRADIENT, &r.first, r.room.methods);
    }
    for (int k = DEPTHWISE; k <= BIAS; k++)
        if (pass->weight_gradient[k])
            add(r.room.gradient[k], dg_shape_size(&pass->build->weight[k].shape),
                pass->weight_gradient[k]);
}

static dg_status separable_conv2d_backward(const dg_pass *pass)
{
    for (int k = DEPTHWISE; k <= BIAS; k++)
        if (pass->weight_gradient[k])
            memset(pass->weight_gradient[k], 0,
                   (size_t)dg_shape_size(&pass->build->weight[k].shape) * sizeof(float));
    for (int64_t i = 0; i < pass->rows; i++) row_backward(pass, i);
    return DG_OK;
}

static const dg_hint hints[] = {
    { "kernel_initializer", "use depthwise_initializer and pointwise_initializer" },
    { "kernel_regularizer", "use depthwise_regularizer and pointwise_regularizer" },
    DG_CONV2D_HINTS,
    { NULL }
};

const dg_layer_type dg_separable_conv2d = {
    .part = { .kind = "layer",
              .name = "SeparableConv2D",
              .alias = "separable_conv2d",
              .doc = "2-D convolution of each channel by itself, then of the channels of each "
                     "pixel (Sifre 2014; Chollet 2017)",
              .example = "nn.SeparableConv2D { 32, 3, activation = \"relu\" }",
              .params = params,
              .options_size = sizeof(separable_conv2d_options),
              .check = separable_conv2d_check,
              .hints = hints },
    .build = separable_conv2d_build,
    .prepare = separable_conv2d_prepare,
    .derive = separable_conv2d_derive,
    .forward = separable_conv2d_forward,
    .backward = separable_conv2d_backward,
    .activation_offset = offsetof(separable_conv2d_options, activation),
    .has_activation = true,
};
