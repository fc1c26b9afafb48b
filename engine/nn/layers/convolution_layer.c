/* Convolutions of layers: shapes, the choice of methods, and layers that are one convolution. */
#include "engine/nn/layers/convolution.h"

#include <inttypes.h>

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

int64_t dg_conv2d_plan(struct conv2d *c)
{
    int64_t used = (sizeof *c + 63) / 64 * 64;
    for (int i = 0; i < CONV2D_PRODUCTS; i++) {
        const struct conv2d_method *method = c->method[i] = choose(c, i);
        c->room[i] = used;
        if (method->prepared_bytes) used += (method->prepared_bytes(c) + 63) / 64 * 64;
    }
    return used;
}

int64_t dg_conv2d_scratch(const struct conv2d *c)
{
    int64_t most = 0;
    for (int i = 0; i < CONV2D_PRODUCTS; i++) {
        int64_t bytes = c->method[i]->scratch_bytes ? c->method[i]->scratch_bytes(c) : 0;
        if (bytes > most) most = bytes;
    }
    return most;
}

void dg_conv2d_prepare(const struct conv2d *of, unsigned products, void *prepared)
{
    struct conv2d *c = prepared;
    *c = *of;
    dg_conv2d_plan(c);
    for (int i = 0; i < CONV2D_PRODUCTS; i++)
        if (products >> i & 1 && c->method[i]->prepare)
            c->method[i]->prepare(c, (char *)prepared + c->room[i]);
}

void dg_conv2d_derive(const float *kernel, unsigned products, void *prepared)
{
    const struct conv2d *c = prepared;
    for (int i = 0; i < CONV2D_PRODUCTS; i++)
        if (products >> i & 1 && c->method[i]->derive)
            c->method[i]->derive(c, kernel, (char *)prepared + c->room[i]);
}

void dg_conv2d_run(const struct conv2d *c, int product, const dg_pass *pass, void *scratch)
{
    c->method[product]->run(&(struct conv2d_run){
        .c = c, .pass = pass, .prepared = (const char *)c + c->room[product], .scratch = scratch });
}

/* --- shapes ------------------------------------------------------------------------------- */

dg_status dg_conv2d_check_dilation(const int64_t strides[2], const int64_t dilation_rate[2])
{
    bool strided = strides[0] > 1 || strides[1] > 1;
    bool dilated = dilation_rate[0] > 1 || dilation_rate[1] > 1;
    if (!strided || !dilated) return DG_OK;
    return dg_error(DG_INVALID,
                    "strides and dilation_rate cannot both be more than 1, found {%" PRId64
                    ", %" PRId64 "} and {%" PRId64 ", %" PRId64 "}",
                    strides[0], strides[1], dilation_rate[0], dilation_rate[1]);
}

/* Offsets into these are 32-bit. */
static dg_status check_sizes(const struct conv2d *c)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    double reach =
        (double)(y->in + dg_window_extent(y) - 1) * (double)(x->in + dg_window_extent(x) - 1);
    double kernel = (double)c->taps * (double)c->filters;
    if (reach * (double)c->window.channels <= INT32_MAX &&
        reach * (double)c->filters <= INT32_MAX && kernel <= INT32_MAX)
        return DG_OK;
    return dg_error(DG_INVALID,
                    "an image, the outputs of one, or the kernel would have more than "
                    "%" PRId32 " numbers",
                    INT32_MAX);
}

dg_status dg_conv2d_of(const struct conv2d_given *given, const dg_shape *input, struct conv2d *c)
{
    *c = (struct conv2d){ .filters = given->filters,
                          .groups = given->groups,
                          .activation = (dg_activation)given->activation };
    DG_TRY(dg_window_of(input, given->kernel_size, given->strides, given->dilation_rate,
                        (dg_padding)given->padding, &c->window));
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    if (c->window.channels % c->groups != 0)
        return dg_error(DG_INVALID,
                        "the channels of its input must be a multiple of groups, found %" PRId64
                        " and %" PRId64,
                        c->window.channels, c->groups);
    c->pixels = y->out * x->out;
    c->group_channels = c->window.channels / c->groups;
    c->group_filters = c->filters / c->groups;
    c->taps = y->size * x->size * c->group_channels;
    c->out_size = c->pixels * c->filters;
    DG_TRY(check_sizes(c));
    c->in_size = y->in * x->in * c->window.channels;
    return DG_OK;
}

/* --- a layer of one ----------------------------------------------------------------------- */

dg_status dg_conv2d_build(const struct conv2d_given *given, dg_layer_build *b, struct conv2d *c)
{
    DG_TRY(dg_conv2d_of(given, &b->input[0], c));
    b->output = (dg_shape){ .count = 3, .at = { c->window.y.out, c->window.x.out, c->filters } };
    b->cut = DG_CUT_ROWS;
    dg_build_activation(b, c->activation);
    b->prepared_bytes = dg_conv2d_plan(c);
    b->scratch_bytes = dg_conv2d_scratch(c);
    b->row_flops = 2 * c->pixels * c->taps * c->filters;
    return DG_OK;
}

void dg_conv2d_prepare_layer(const struct conv2d_given *given, const dg_layer_build *build,
                             bool training, void *prepared)
{
    struct conv2d c;
    (void)dg_conv2d_of(given, &build->input[0], &c); /* build() has seen it succeed */
    dg_conv2d_prepare(&c, training ? CONV2D_ALL : CONV2D_FORWARD, prepared);
}

void dg_conv2d_derive_layer(float *const *weight, bool training, void *prepared)
{
    dg_conv2d_derive(weight[CONV2D_KERNEL], training ? CONV2D_ALL : CONV2D_FORWARD, prepared);
}

dg_status dg_conv2d_forward(const dg_pass *pass)
{
    dg_conv2d_run(pass->prepared, CONV2D_OUTPUTS, pass, pass->scratch);
    return DG_OK;
}

dg_status dg_conv2d_backward(const dg_pass *pass)
{
    const struct conv2d *c = pass->prepared;
    dg_activation_backward_output(pass, c->activation, c->filters,
                                  pass->weight_gradient[CONV2D_BIAS]);
    if (pass->weight_gradient[CONV2D_KERNEL])
        dg_conv2d_run(c, CONV2D_KERNEL_GRADIENT, pass, pass->scratch);
    if (pass->input_gradient[0]) dg_conv2d_run(c, CONV2D_INPUT_GRADIENT, pass, pass->scratch);
    return DG_OK;
}
