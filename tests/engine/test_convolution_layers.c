/* Dilated, depthwise, separable and transposed convolutions against plain versions, over random
 * shapes, windows and strides. test_layers.c has Conv2D's others. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/activation.h"
#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

static dg_value option(const layer_case *c, const char *name)
{
    return dg_part_get(c->part, dg_descriptor_param_index(c->part->type, name));
}

/* --- plain versions ------------------------------------------------------------------------- */

/* The activations that the tests use. */
static void activate(const layer_case *c, double *y, int64_t count)
{
    const char *name = option(c, "activation").text;
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(name, "tanh") == 0) y[i] = tanh(y[i]);
        if (strcmp(name, "gelu") == 0) y[i] *= erfc(-y[i] / sqrt(2)) / 2;
    }
}

static const char *const activations[] = { "linear", "tanh", "gelu" };

/* One image {large} and one {small}, a window of which, with its first pixel at
 * (line * stride - before), belongs to each pixel of the small one. */
struct plain {
    const int64_t *large, *small;
    int64_t size[2], stride[2], dilation[2], before[2];
};

static struct plain plain_of(const layer_case *c, const int64_t *large, const int64_t *small)
{
    struct plain p = { .large = large, .small = small };
    for (int axis = 0; axis < 2; axis++) {
        p.size[axis] = option(c, "kernel_size").ints.at[axis];
        p.stride[axis] = option(c, "strides").ints.at[axis];
        p.dilation[axis] = option(c, "dilation_rate").ints.at[axis];
        int64_t extent = (p.size[axis] - 1) * p.dilation[axis] + 1;
        int64_t total = (small[axis] - 1) * p.stride[axis] + extent - large[axis];
        if (strcmp(option(c, "padding").text, "same") == 0 && total > 0) p.before[axis] = total / 2;
    }
    return p;
}

/* The pixel of the large image under tap `tap` of the window of pixel `pixel`; -1 outside. */
static int64_t under(const struct plain *p, int64_t pixel, int64_t tap)
{
    int64_t line =
        pixel / p->small[1] * p->stride[0] - p->before[0] + tap / p->size[1] * p->dilation[0];
    int64_t column =
        pixel % p->small[1] * p->stride[1] - p->before[1] + tap % p->size[1] * p->dilation[1];
    bool inside = line >= 0 && line < p->large[0] && column >= 0 && column < p->large[1];
    return inside ? line * p->large[1] + column : -1;
}

/* All channels of one row; `groups` of them, kernel {taps, channels of a group, filters}. */
static void convolve(const struct plain *p, int64_t groups, const double *x, const double *kernel,
                     int64_t filters, double *y)
{
    int64_t own = p->large[2] / groups, each = filters / groups;
    for (int64_t i = 0; i < p->small[0] * p->small[1]; i++)
        for (int64_t f = 0; f < filters; f++) {
            y[i * filters + f] = 0;
            for (int64_t tap = 0; tap < p->size[0] * p->size[1]; tap++) {
                int64_t at = under(p, i, tap);
                for (int64_t k = 0; at >= 0 && k < own; k++)
                    y[i * filters + f] += x[at * p->large[2] + f / each * own + k] *
                                          kernel[(tap * own + k) * filters + f];
            }
        }
}

static void add_bias(const layer_case *c, const double *bias, double *y)
{
    int64_t filters = c->build.output.at[2];
    for (int64_t i = 0; bias && i < c->rows * c->out_size; i++) y[i] += bias[i % filters];
    activate(c, y, c->rows * c->out_size);
}

static void plain_convolution(const layer_case *c, double *const *x, double *const *w, double *y)
{
    struct plain p = plain_of(c, c->build.input[0].at, c->build.output.at);
    bool depthwise = strcmp(c->part->type->name, "DepthwiseConv2D") == 0;
    int64_t groups = depthwise ? p.large[2] : option(c, "groups").integer;
    for (int64_t i = 0; i < c->rows; i++)
        convolve(&p, groups, x[0] + i * c->in_size, w[0], p.small[2], y + i * c->out_size);
    add_bias(c, w[1], y);
}

static void plain_separable(const layer_case *c, double *const *x, double *const *w, double *y)
{
    struct plain p = plain_of(c, c->build.input[0].at, c->build.output.at);
    int64_t channels = c->build.weight[1].shape.at[2], filters = p.small[2];
    int64_t pixels = p.small[0] * p.small[1];
    double *z;
    assert_ok(dg_alloc(&z, pixels * channels, sizeof *z));
    for (int64_t i = 0; i < c->rows; i++) {
        convolve(&p, p.large[2], x[0] + i * c->in_size, w[0], channels, z);
        for (int64_t k = 0; k < pixels * filters; k++) {
            double sum = 0;
            for (int64_t j = 0; j < channels; j++)
                sum += z[k / filters * channels + j] * w[1][j * filters + k % filters];
            y[i * c->out_size + k] = sum;
        }
    }
    dg_free(z);
    add_bias(c, w[2], y);
}

static void plain_transpose(const layer_case *c, double *const *x, double *const *w, double *y)
{
    struct plain p = plain_of(c, c->build.output.at, c->build.input[0].at);
    int64_t filters = p.large[2], channels = p.small[2];
    for (int64_t i = 0; i < c->rows * c->out_size; i++) y[i] = 0;
    for (int64_t i = 0; i < c->rows * p.small[0] * p.small[1]; i++) {
        int64_t pixels = p.small[0] * p.small[1], row = i / pixels;
        for (int64_t tap = 0; tap < p.size[0] * p.size[1]; tap++) {
            int64_t at = under(&p, i % pixels, tap);
            for (int64_t f = 0; at >= 0 && f < filters; f++)
                for (int64_t k = 0; k < channels; k++)
                    y[row * c->out_size + at * filters + f] +=
                        x[0][i * channels + k] * w[0][(tap * filters + f) * channels + k];
        }
    }
    add_bias(c, w[1], y);
}

/* --- tests ---------------------------------------------------------------------------------- */

static void check_layer(const char *name, const char *options, dg_shape shape,
                        layer_reference *reference, uint64_t *random)
{
    layer_case *c = layer_case_new(name, options, 1, &shape, between(random, 1, 4), random);
    layer_case_check(c, reference, between(random, 1, 4), 12, random);
    layer_case_free(c);
}

/* Options of a window that fits, and of what follows it; every other one is dilated. */
static void window_options(int number, int64_t height, int64_t width, uint64_t *random, char *out,
                           size_t size)
{
    bool same = number % 2, dilated = number / 2 % 2;
    int64_t apart = dilated ? between(random, 1, 3) : 1,
            beside = dilated ? between(random, 1, 3) : 1;
    int64_t high = same ? between(random, 1, 4) : between(random, 1, (height - 1) / apart + 1);
    int64_t wide = same ? between(random, 1, 4) : between(random, 1, (width - 1) / beside + 1);
    snprintf(out, size,
             "kernel_size=%d,%d strides=%d,%d dilation_rate=%d,%d padding=%s activation=%s "
             "use_bias=%s",
             (int)high, (int)wide, dilated ? 1 : (int)between(random, 1, 3),
             dilated ? 1 : (int)between(random, 1, 3), (int)apart, (int)beside,
             same ? "same" : "valid", activations[number % 3], number % 5 ? "true" : "false");
}

static void test_dilated(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 200; i++) {
        char window[160], options[220];
        int64_t height = between(&random, 1, 9), width = between(&random, 1, 9);
        int64_t groups = i % 3 ? 1 : between(&random, 1, 5);
        window_options(i | 2, height, width, &random, window, sizeof window);
        snprintf(options, sizeof options, "filters=%d groups=%d %s",
                 (int)(groups * between(&random, 1, i % 7 ? 5 : 20)), (int)groups, window);
        check_layer("Conv2D", options,
                    (dg_shape){ 3, { height, width, groups * between(&random, 1, i % 4 ? 3 : 8) } },
                    plain_convolution, &random);
    }
}

static void test_depthwise(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int i = 0; i < 200; i++) {
        char window[160], options[220];
        int64_t height = between(&random, 1, 9), width = between(&random, 1, 9);
        window_options(i, height, width, &random, window, sizeof window);
        snprintf(options, sizeof options, "depth_multiplier=%d %s",
                 (int)between(&random, 1, i % 4 ? 2 : 6), window);
        check_layer("DepthwiseConv2D", options,
                    (dg_shape){ 3, { height, width, between(&random, 1, i % 5 ? 6 : 40) } },
                    plain_convolution, &random);
    }
}

static void test_separable(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int i = 0; i < 160; i++) {
        char window[160], options[220];
        int64_t height = between(&random, 1, 9), width = between(&random, 1, 9);
        window_options(i, height, width, &random, window, sizeof window);
        snprintf(options, sizeof options, "filters=%d depth_multiplier=%d %s",
                 (int)between(&random, 1, 20), (int)between(&random, 1, i % 4 ? 2 : 5), window);
        check_layer("SeparableConv2D", options,
                    (dg_shape){ 3, { height, width, between(&random, 1, i % 5 ? 6 : 20) } },
                    plain_separable, &random);
    }
}

static void test_transposed(void **state)
{
    (void)state;
    uint64_t random = 4;
    for (int i = 0; i < 200; i++) {
        char window[160], options[220];
        window_options(i, 5, 5, &random, window, sizeof window);
        snprintf(options, sizeof options, "filters=%d %s", (int)between(&random, 1, i % 5 ? 5 : 20),
                 window);
        check_layer("Conv2DTranspose", options,
                    (dg_shape){ 3,
                                { between(&random, 1, 6), between(&random, 1, 6),
                                  between(&random, 1, i % 4 ? 4 : 20) } },
                    plain_transpose, &random);
    }
}

/* Large enough for the method of fewest multiplications. */
static void test_transposed_tiles(void **state)
{
    (void)state;
    uint64_t random = 5;
    dg_shape shape = { 3, { 12, 11, 24 } };
    check_layer("Conv2DTranspose", "filters=20 kernel_size=3 padding=same", shape, plain_transpose,
                &random);
}

/* The same bits for all ways to cut the rows. */
static void test_same_bits(void **state)
{
    (void)state;
    static const char *const layers[][2] = {
        { "Conv2D", "filters=33 kernel_size=3 padding=same dilation_rate=2 activation=relu" },
        { "DepthwiseConv2D", "kernel_size=3 strides=2 depth_multiplier=2 activation=silu" },
        { "SeparableConv2D", "filters=33 kernel_size=3 padding=same activation=gelu" },
        { "Conv2DTranspose", "filters=17 kernel_size=3 strides=2 padding=same activation=silu" },
    };
    uint64_t random = 6;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        dg_shape shape = { 3, { 11, 9, 20 } };
        layer_case *c = layer_case_new(layers[i][0], layers[i][1], 1, &shape, 12, &random);
        size_t out = (size_t)(c->rows * c->out_size), in = (size_t)(c->rows * c->in_size);
        float *y = test_calloc(out, sizeof *y), *dx = test_calloc(in, sizeof *dx);
        for (int64_t range = 12; range > 0; range -= 3) {
            layer_case_forward(c, range);
            layer_case_backward(c, range, true);
            if (range == 12) {
                memcpy(y, c->y, out * sizeof *y);
                memcpy(dx, c->dx[0], in * sizeof *dx);
            }
            assert_memory_equal(y, c->y, out * sizeof *y);
            assert_memory_equal(dx, c->dx[0], in * sizeof *dx);
        }
        c->training = false; /* where nothing is saved */
        layer_case_forward(c, 12);
        assert_memory_equal(y, c->y, out * sizeof *y);
        test_free(y);
        test_free(dx);
        layer_case_free(c);
    }
}

static void expect_output(const char *name, const char *options, dg_shape in, dg_shape out)
{
    const dg_part *part = network_part("layer", name, options);
    dg_layer_build build = { .inputs = 1, .input = { in } };
    assert_ok(((const dg_layer_type *)part->type)->build(part->options, &build));
    for (int i = 0; i < out.count; i++) assert_int_equal(build.output.at[i], out.at[i]);
    dg_part_release(part);
}

static void test_shapes(void **state)
{
    (void)state;
    dg_shape image = { 3, { 10, 9, 4 } };
    expect_output("Conv2D", "filters=8 kernel_size=3 dilation_rate=2,4", image,
                  (dg_shape){ 3, { 6, 1, 8 } });
    expect_output("DepthwiseConv2D", "kernel_size=3 depth_multiplier=3 strides=2 padding=same",
                  image, (dg_shape){ 3, { 5, 5, 12 } });
    expect_output("Conv2DTranspose", "filters=5 kernel_size=3 strides=2", image,
                  (dg_shape){ 3, { 21, 19, 5 } });
    expect_output("Conv2DTranspose", "filters=5 kernel_size=2 strides=3", image,
                  (dg_shape){ 3, { 30, 27, 5 } });
    expect_output("Conv2DTranspose", "filters=5 kernel_size=4 strides=2 padding=same", image,
                  (dg_shape){ 3, { 20, 18, 5 } });
    const dg_part *large =
        network_part("layer", "Conv2DTranspose", "filters=1000000 kernel_size=1 strides=30000");
    dg_layer_build whole = { .inputs = 1, .input = { { 3, { 40000, 40000, 1 } } } };
    assert_fails(((const dg_layer_type *)large->type)->build(large->options, &whole), DG_INVALID,
                 "an image, the outputs of one, or the kernel would have more than 2147483647 "
                 "numbers");
    dg_part_release(large);
    const dg_part *part =
        network_part("layer", "Conv2D", "filters=1 kernel_size=5 dilation_rate=3");
    dg_layer_build build = { .inputs = 1, .input = { image } };
    assert_fails(((const dg_layer_type *)part->type)->build(part->options, &build), DG_INVALID,
                 "a window of 5x5, dilated by 3x3, does not fit into images of 10x9: make it "
                 "smaller, or set padding = \"same\"");
    dg_part_release(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_dilated),          leaving_nothing(test_depthwise),
        leaving_nothing(test_separable),        leaving_nothing(test_transposed),
        leaving_nothing(test_transposed_tiles), leaving_nothing(test_same_bits),
        leaving_nothing(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
