/* Every layer against a plain version of it, over random shapes, windows, strides and ranges. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/random.h"
#include "engine/nn/activation.h"
#include "engine/nn/layers/window.h"
#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

/* --- plain versions ------------------------------------------------------------------------- */

static void plain_activation(int activation, double *y, int64_t rows, int64_t width)
{
    for (int64_t i = 0; i < rows; i++, y += width) {
        double sum = 0;
        for (int64_t j = 0; j < width; j++) sum += exp(y[j]);
        for (int64_t j = 0; j < width; j++) {
            double v = y[j];
            switch ((dg_activation)activation) {
            case DG_LINEAR: break;
            case DG_RELU: y[j] = v > 0 ? v : 0; break;
            case DG_TANH: y[j] = tanh(v); break;
            case DG_SIGMOID: y[j] = 1 / (1 + exp(-v)); break;
            case DG_SOFTMAX: y[j] = exp(v) / sum; break;
            case DG_ELU: y[j] = v > 0 ? v : expm1(v); break;
            case DG_LEAKY_RELU: y[j] = v > 0 ? v : 0.2 * v; break;
            case DG_GELU: y[j] = v * erfc(-v / sqrt(2)) / 2; break;
            case DG_SILU: y[j] = v / (1 + exp(-v)); break;
            case DG_SELU:
                y[j] = 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * expm1(v));
                break;
            case DG_SOFTPLUS: y[j] = log1p(exp(v)); break;
            case DG_HARD_SIGMOID: y[j] = fmin(fmax(v / 6 + 0.5, 0), 1); break;
            }
        }
    }
}

static int option(const layer_case *c, const char *name)
{
    dg_value value = dg_part_get(c->part, dg_descriptor_param_index(c->part->type, name));
    for (int i = 0; dg_activation_names[i]; i++)
        if (strcmp(dg_activation_names[i], value.text) == 0) return i;
    return -1;
}

static void plain_dense(const layer_case *c, double *const *x, double *const *w, double *y)
{
    int64_t n = c->in_size, m = c->out_size;
    for (int64_t i = 0; i < c->rows; i++)
        for (int64_t j = 0; j < m; j++) {
            double sum = w[1] ? w[1][j] : 0;
            for (int64_t k = 0; k < n; k++) sum += x[0][i * n + k] * w[0][k * m + j];
            y[i * m + j] = sum;
        }
    plain_activation(option(c, "activation"), y, c->rows, m);
}

struct plain_window {
    int64_t height, width, channels, out_height, out_width, filters, size[2], stride[2], before[2];
};

/* From the output's shape, which test_windows checks. */
static struct plain_window plain_window_of(const layer_case *c, const char *size_name)
{
    const int64_t *in = c->build.input[0].at, *out = c->build.output.at;
    struct plain_window w = { .height = in[0],
                              .width = in[1],
                              .channels = in[2],
                              .out_height = out[0],
                              .out_width = out[1],
                              .filters = out[2] };
    dg_value size = dg_part_get(c->part, dg_descriptor_param_index(c->part->type, size_name));
    dg_value stride = dg_part_get(c->part, dg_descriptor_param_index(c->part->type, "strides"));
    dg_value padding = dg_part_get(c->part, dg_descriptor_param_index(c->part->type, "padding"));
    for (int axis = 0; axis < 2; axis++) {
        w.size[axis] = size.ints.at[axis];
        w.stride[axis] = stride.type == DG_VALUE_NIL ? w.size[axis] : stride.ints.at[axis];
        int64_t total = (out[axis] - 1) * w.stride[axis] + w.size[axis] - in[axis];
        if (strcmp(padding.text, "same") == 0 && total > 0) w.before[axis] = total / 2;
    }
    return w;
}

/* Calls for each tap that lies in the image: `at` counts pixels. */
#define EACH_TAP(w, oy, ox, at, tap)                                                               \
    for (int64_t tap = 0, at, ty, tx; tap < (w).size[0] * (w).size[1]; tap++)                      \
        if (ty = (oy) * (w).stride[0] - (w).before[0] + tap / (w).size[1],                         \
            tx = (ox) * (w).stride[1] - (w).before[1] + tap % (w).size[1],                         \
            at = ty * (w).width + tx, ty >= 0 && ty < (w).height && tx >= 0 && tx < (w).width)

static void plain_conv2d(const layer_case *c, double *const *x, double *const *w, double *y)
{
    struct plain_window p = plain_window_of(c, "kernel_size");
    dg_value groups = dg_part_get(c->part, dg_descriptor_param_index(c->part->type, "groups"));
    int64_t channels = p.channels / groups.integer, filters = p.filters / groups.integer;
    double *out = y;
    for (int64_t i = 0; i < c->rows; i++)
        for (int64_t pixel = 0; pixel < p.out_height * p.out_width; pixel++)
            for (int64_t f = 0; f < p.filters; f++) {
                double sum = w[1] ? w[1][f] : 0;
                EACH_TAP(p, pixel / p.out_width, pixel % p.out_width, at, tap)
                for (int64_t k = 0; k < channels; k++)
                    sum += x[0][i * c->in_size + at * p.channels + f / filters * channels + k] *
                           w[0][(tap * channels + k) * p.filters + f];
                *out++ = sum;
            }
    plain_activation(option(c, "activation"), y, c->rows * p.out_height * p.out_width, p.filters);
}

static void plain_pooling(const layer_case *c, const double *x, bool mean, double *y)
{
    struct plain_window p = plain_window_of(c, "pool_size");
    for (int64_t i = 0; i < c->rows; i++)
        for (int64_t pixel = 0; pixel < p.out_height * p.out_width; pixel++)
            for (int64_t k = 0; k < p.channels; k++) {
                double greatest = -INFINITY, sum = 0, count = 0;
                EACH_TAP(p, pixel / p.out_width, pixel % p.out_width, at, tap)
                {
                    double value = x[i * c->in_size + at * p.channels + k];
                    greatest = fmax(greatest, value);
                    sum += value;
                    count++;
                }
                *y++ = mean ? sum / count : greatest;
            }
}

static void plain_max_pooling(const layer_case *c, double *const *x, double *const *w, double *y)
{
    (void)w;
    plain_pooling(c, x[0], false, y);
}

static void plain_average_pooling(const layer_case *c, double *const *x, double *const *w,
                                  double *y)
{
    (void)w;
    plain_pooling(c, x[0], true, y);
}

static void plain_global_pooling(const layer_case *c, double *const *x, double *const *w, double *y)
{
    bool mean = strcmp(c->part->type->name, "GlobalAveragePooling2D") == 0;
    int64_t pixels = c->in_size / c->out_size;
    (void)w;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) {
        double greatest = -INFINITY, sum = 0;
        const double *first = x[0] + i / c->out_size * c->in_size + i % c->out_size;
        for (int64_t p = 0; p < pixels; p++) {
            sum += first[p * c->out_size];
            greatest = fmax(greatest, first[p * c->out_size]);
        }
        y[i] = mean ? sum / (double)pixels : greatest;
    }
}

static void plain_activation_layer(const layer_case *c, double *const *x, double *const *w,
                                   double *y)
{
    int64_t width = c->build.output.at[c->build.output.count - 1];
    (void)w;
    memcpy(y, x[0], (size_t)(c->rows * c->out_size) * sizeof *y);
    plain_activation(option(c, "activation"), y, c->rows * c->out_size / width, width);
}

static void plain_add(const layer_case *c, double *const *x, double *const *w, double *y)
{
    (void)w;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) {
        y[i] = 0;
        for (int k = 0; k < c->build.inputs; k++) y[i] += x[k][i];
    }
}

static void plain_rescaling(const layer_case *c, double *const *x, double *const *w, double *y)
{
    (void)w;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) y[i] = 2.5 * x[0][i] - 1;
}

/* With the default epsilon; the weights are those of the options center and scale. */
static void plain_normalization(const layer_case *c, double *const *x, double *const *w, double *y)
{
    int64_t channels = c->build.output.at[c->build.output.count - 1];
    int64_t count = c->rows * c->out_size / channels;
    const double *gamma = w[0], *beta = w[1];
    for (int64_t k = 0; k < channels; k++) {
        double mean = 0, variance = 0;
        for (int64_t i = 0; i < count; i++) mean += x[0][i * channels + k] / (double)count;
        for (int64_t i = 0; i < count; i++)
            variance += pow(x[0][i * channels + k] - mean, 2) / (double)count;
        for (int64_t i = 0; i < count; i++)
            y[i * channels + k] =
                (x[0][i * channels + k] - mean) / sqrt(variance + 1e-3) * (gamma ? gamma[k] : 1) +
                (beta ? beta[k] : 0);
    }
}

static void plain_normalization_relu(const layer_case *c, double *const *x, double *const *w,
                                     double *y)
{
    plain_normalization(c, x, w, y);
    for (int64_t i = 0; i < c->rows * c->out_size; i++) y[i] = fmax(y[i], 0);
}

/* Over as many of the last axes as gamma has, or beta, or (with neither) over the last. */
static void plain_layer_normalization(const layer_case *c, double *const *x, double *const *w,
                                      double *y)
{
    int64_t size = c->build.output.at[c->build.output.count - 1];
    if (w[0] || w[1]) size = layer_case_weight_size(c, w[0] ? 0 : 1);
    for (int64_t i = 0; i < c->rows * c->out_size; i += size) {
        double mean = 0, variance = 0;
        for (int64_t k = 0; k < size; k++) mean += x[0][i + k] / (double)size;
        for (int64_t k = 0; k < size; k++) variance += pow(x[0][i + k] - mean, 2) / (double)size;
        for (int64_t k = 0; k < size; k++)
            y[i + k] = (x[0][i + k] - mean) / sqrt(variance + 1e-3) * (w[0] ? w[0][k] : 1) +
                       (w[1] ? w[1][k] : 0);
    }
}

/* --- tests ---------------------------------------------------------------------------------- */

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

static const char *any_activation(uint64_t *random)
{
    int count = 0;
    while (dg_activation_names[count]) count++;
    return dg_activation_names[support_random(random, count)];
}

static void check_layer(const char *name, const char *options, int inputs, dg_shape shape,
                        layer_reference *reference, uint64_t *random)
{
    layer_case *c = layer_case_new(name, options, inputs, &shape, between(random, 1, 5), random);
    layer_case_check(c, reference, between(random, 1, 5), 12, random);
    layer_case_free(c);
}

static void test_dense(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 150; i++) {
        char options[200];
        snprintf(options, sizeof options, "units=%d activation=%s use_bias=%s",
                 (int)between(&random, 1, 70), any_activation(&random), i % 3 ? "true" : "false");
        check_layer("Dense", options, 1, (dg_shape){ 1, { between(&random, 1, 90) } }, plain_dense,
                    &random);
    }
    /* large enough to be cut, and deeper than one block */
    const int64_t sizes[2][2] = { { 1500, 5 }, { 130, 200 } };
    for (int i = 0; i < 2; i++) {
        dg_shape shape = { 1, { sizes[i][0] } };
        layer_case *c =
            layer_case_new("Dense", "units=300 activation=tanh", 1, &shape, sizes[i][1], &random);
        for (int64_t k = 0; k < layer_case_weight_size(c, 0); k++) c->w[0][k] /= 32;
        layer_case_check(c, plain_dense, c->rows, 12, &random);
        layer_case_free(c);
    }
}

static void test_conv2d(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int i = 0; i < 250; i++) {
        char options[200];
        bool same = i % 2;
        int64_t height = between(&random, 1, 9), width = between(&random, 1, 9);
        snprintf(options, sizeof options,
                 "filters=%d kernel_size=%d,%d strides=%d,%d padding=%s activation=%s use_bias=%s",
                 (int)between(&random, 1, i % 5 ? 9 : 40),
                 (int)between(&random, 1, same ? 6 : height),
                 (int)between(&random, 1, same ? 6 : width), (int)between(&random, 1, 4),
                 (int)between(&random, 1, 3), same ? "same" : "valid", any_activation(&random),
                 i % 3 ? "true" : "false");
        check_layer("Conv2D", options, 1,
                    (dg_shape){ 3, { height, width, between(&random, 1, i % 7 ? 4 : 35) } },
                    plain_conv2d, &random);
    }
}

/* Windows of one pixel, a step apart, and more pixels than are finished together. */
static void test_pointwise(void **state)
{
    (void)state;
    uint64_t random = 14;
    for (int i = 0; i < 40; i++) {
        char options[200];
        int64_t most = i % 8 ? 9 : 30;
        snprintf(options, sizeof options, "filters=%d kernel_size=1 activation=%s use_bias=%s",
                 (int)between(&random, 1, 40), any_activation(&random), i % 3 ? "true" : "false");
        check_layer("Conv2D", options, 1,
                    (dg_shape){ 3,
                                { between(&random, 1, most), between(&random, 1, most),
                                  between(&random, 1, 20) } },
                    plain_conv2d, &random);
    }
}

/* Two groups or more, of one channel or several, with one filter each or several. */
static void test_groups(void **state)
{
    (void)state;
    uint64_t random = 13;
    for (int i = 0; i < 120; i++) {
        char options[200];
        bool same = i % 2;
        int64_t groups = between(&random, 2, i % 5 ? 4 : 40);
        int64_t height = between(&random, 1, 9), width = between(&random, 1, 9);
        snprintf(options, sizeof options,
                 "filters=%d groups=%d kernel_size=%d,%d strides=%d padding=%s activation=%s "
                 "use_bias=%s",
                 (int)(groups * between(&random, 1, i % 3 ? 3 : 17)), (int)groups,
                 (int)between(&random, 1, same ? 5 : height),
                 (int)between(&random, 1, same ? 5 : width), (int)between(&random, 1, 3),
                 same ? "same" : "valid", any_activation(&random), i % 3 ? "true" : "false");
        check_layer("Conv2D", options, 1,
                    (dg_shape){ 3, { height, width, groups * between(&random, 1, i % 4 ? 3 : 1) } },
                    plain_conv2d, &random);
    }
}

static void test_pooling(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int i = 0; i < 300; i++) {
        char options[200], strides[60] = "";
        bool same = i % 2;
        int64_t height = between(&random, 2, 9), width = between(&random, 2, 9);
        int side = i % 3 == 0 ? 2 : i % 3 == 1 && height > 2 && width > 2 ? 3 : 0; /* 0: any */
        if (i % 5)
            snprintf(strides, sizeof strides, "strides=%d,%d", (int)between(&random, 1, 4),
                     (int)between(&random, 1, 4));
        snprintf(options, sizeof options, "pool_size=%d,%d %s padding=%s",
                 side ? side : (int)between(&random, 1, same ? 5 : height),
                 side ? side : (int)between(&random, 1, same ? 5 : width), strides,
                 same ? "same" : "valid");
        dg_shape shape = { 3, { height, width, between(&random, 1, i % 7 ? 5 : 40) } };
        check_layer("MaxPooling2D", options, 1, shape, plain_max_pooling, &random);
        check_layer("AveragePooling2D", options, 1, shape, plain_average_pooling, &random);
        check_layer("GlobalMaxPooling2D", "", 1, shape, plain_global_pooling, &random);
        check_layer("GlobalAveragePooling2D", "", 1, shape, plain_global_pooling, &random);
    }
}

static void test_simple_layers(void **state)
{
    (void)state;
    uint64_t random = 4;
    for (int i = 0; i < 60; i++) {
        char options[60];
        dg_shape shape = {
            3, { between(&random, 1, 6), between(&random, 1, 6), between(&random, 1, 40) }
        };
        shape.count = (int)between(&random, 1, 3);
        snprintf(options, sizeof options, "activation=%s", any_activation(&random));
        check_layer("Activation", options, 1, shape, plain_activation_layer, &random);
        check_layer("Rescaling", "scale=2.5 offset=-1", 1, shape, plain_rescaling, &random);
        check_layer("Add", "", (int)between(&random, 2, 8), shape, plain_add, &random);
    }
}

static void test_batch_normalization(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int i = 0; i < 40; i++) {
        char options[60];
        dg_shape shape = {
            3, { between(&random, 2, 6), between(&random, 2, 6), between(&random, 1, 40) }
        };
        snprintf(options, sizeof options, "center=%s scale=%s", i % 2 ? "true" : "false",
                 i % 3 ? "true" : "false");
        check_layer("BatchNormalization", options, 1, shape, plain_normalization, &random);
        layer_case *c = layer_case_new("BatchNormalization", options, 1, &shape, 4, &random);
        c->relu = true;
        layer_case_check(c, plain_normalization_relu, between(&random, 1, 4), 12, &random);
        layer_case_free(c);
    }
}

/* Over one axis, of more and fewer values than sums have parts, and over several. */
static void test_layer_normalization(void **state)
{
    (void)state;
    static const char *const axes[] = { "", "axis=-2,-1", "axis=-1,-3,-2" };
    uint64_t random = 12;
    for (int i = 0; i < 90; i++) {
        char options[90];
        bool both = i % 3 > 0; /* without gamma and beta the plain version knows of one axis */
        dg_shape shape = {
            3, { between(&random, 1, 5), between(&random, 2, 6), between(&random, 2, 40) }
        };
        snprintf(options, sizeof options, "%s center=%s scale=%s", both ? axes[i % 9 / 3] : "",
                 both || i % 2 ? "true" : "false", i % 4 ? "true" : "false");
        check_layer("LayerNormalization", options, 1, shape, plain_layer_normalization, &random);
    }
}

/* Several pieces and means far from zero; running means; prediction by these. */
static void test_running_means(void **state)
{
    (void)state;
    uint64_t random = 11;
    dg_shape shape = { 3, { 20, 20, 20 } };
    layer_case *c = layer_case_new("BatchNormalization", "", 1, &shape, 10, &random);
    int64_t count = c->rows * c->in_size;
    for (int64_t i = 0; i < count; i++) c->x[0][i] += 100;
    for (int k = 0; k < 20; k++) c->w[2][k] = 0, c->w[3][k] = 1;
    layer_case_forward(c, 10);
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < count; i += 20) mean += (double)c->x[0][i] / 4000;
    for (int64_t i = 0; i < count; i += 20) squares += pow((double)c->x[0][i] - mean, 2);
    assert_true(fabs((double)c->w[2][0] - 0.01 * mean) < 1e-6);
    assert_true(fabs((double)c->w[3][0] - (0.99 + 0.01 * squares / 4000)) < 1e-6);

    for (int k = 0; k < 20; k++) c->w[2][k] = 100 + 0.1f * (float)k, c->w[3][k] = 1 + (float)k;
    c->training = false;
    layer_case_forward(c, 10);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = i % 20;
        double x = ((double)c->x[0][i] - 100 - 0.1 * (double)k) / sqrt(1.001 + (double)k);
        double y = x * (double)c->w[0][k] + (double)c->w[1][k];
        assert_true(fabs((double)c->y[i] - y) < 2e-5);
    }
    layer_case_free(c);
}

static void test_dropout(void **state)
{
    (void)state;
    uint64_t random = 6;
    dg_shape shape = { 1, { 997 } };
    layer_case *c = layer_case_new("Dropout", "rate=0.3", 1, &shape, 101, &random);
    int64_t count = c->rows * c->out_size, kept = 0, pairs = 0;
    for (int64_t i = 0; i < count; i++) c->x[0][i] = 1 + 0.5f * c->x[0][i];
    layer_case_forward(c, 101);
    layer_case_backward(c, 101, true);
    for (int64_t i = 0; i < count; i++) {
        bool is_kept = c->y[i] != 0;
        kept += is_kept;
        pairs += i > 0 && is_kept && c->y[i - 1] != 0;
        uint32_t block[4];
        dg_philox(c->key, 0, (uint64_t)(i / 128 * 16 + i % 16), block);
        int64_t half = i % 128 / 16;
        assert_true(is_kept == ((block[half / 2] >> 16 * (half % 2) & 0xffff) >= 19661));
        assert_true(!is_kept || fabsf(c->y[i] - c->x[0][i] / 0.7f) < 1e-6f);
        assert_true(fabsf(c->dx[0][i] - (is_kept ? c->dy[i] / 0.7f : 0)) < 1e-6f);
    }
    /* four standard deviations; neighbours are independent */
    assert_true(fabs((double)kept / (double)count - 0.7) < 4 * sqrt(0.21 / (double)count));
    assert_true(fabs((double)pairs / (double)count - 0.49) < 4 * sqrt(0.35 / (double)count));
    float *whole = test_calloc((size_t)count, sizeof *whole);
    memcpy(whole, c->y, (size_t)count * sizeof *whole);
    for (int64_t range = 1; range < 101; range += 7) {
        layer_case_forward(c, range);
        assert_memory_equal(whole, c->y, (size_t)count * sizeof *whole);
    }
    c->key++;
    layer_case_forward(c, 101);
    int64_t same = 0;
    for (int64_t i = 0; i < count; i++) same += (whole[i] != 0) == (c->y[i] != 0);
    assert_true(fabs((double)same / (double)count - 0.58) < 0.01);
    test_free(whole);
    layer_case_free(c);
}

/* Rows give the same bits in whatever ranges they are computed, and with any number of threads. */
static void test_same_bits(void **state)
{
    (void)state;
    uint64_t random = 7;
    static const char *const layers[][2] = {
        { "Conv2D", "filters=33 kernel_size=3,3 padding=same activation=relu" },
        { "Conv2D", "filters=12 kernel_size=4,3 strides=3,2 padding=same" },
        { "Conv2D", "filters=35 kernel_size=1 activation=tanh" },
        { "Conv2D", "filters=40 kernel_size=3 groups=20 padding=same activation=relu" },
        { "MaxPooling2D", "pool_size=3,3 strides=2" },
        { "BatchNormalization", "" },
        { "LayerNormalization", "" },
        { "GroupNormalization", "groups=4" },
        { "PReLU", "shared_axes=1,2" },
        { "Dense", "units=400 activation=sigmoid" },
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        dg_shape shape = { 3, { 11, 9, 20 } };
        if (strcmp(layers[i][0], "Dense") == 0) shape = (dg_shape){ 1, { 1980 } };
        layer_case *c = layer_case_new(layers[i][0], layers[i][1], 1, &shape, 30, &random);
        size_t out = (size_t)(c->rows * c->out_size), in = (size_t)(c->rows * c->in_size);
        float *y = test_calloc(out, sizeof *y), *dx = test_calloc(in, sizeof *dx);
        for (int threads = 1; threads <= 5; threads++) {
            c->threads = threads;
            layer_case_forward(c, threads == 1 ? 30 : threads);
            layer_case_backward(c, threads == 1 ? 30 : threads, true);
            if (threads == 1) {
                memcpy(y, c->y, out * sizeof *y);
                memcpy(dx, c->dx[0], in * sizeof *dx);
            }
            assert_memory_equal(y, c->y, out * sizeof *y);
            assert_memory_equal(dx, c->dx[0], in * sizeof *dx);
        }
        test_free(y);
        test_free(dx);
        layer_case_free(c);
    }
}

/* Without dx, and with the activation's derivative left to the loss. */
static void test_backward_variants(void **state)
{
    (void)state;
    uint64_t random = 8;
    dg_shape flat = { 1, { 40 } }, image = { 3, { 6, 5, 3 } };
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "Conv2D" : "Dense",
                   *size = i ? "filters=4 kernel_size=2" : "units=9";
        char linear[100], relu[100];
        snprintf(linear, sizeof linear, "%s activation=linear", size);
        snprintf(relu, sizeof relu, "%s activation=relu", size);
        uint64_t start = random, again = random;
        layer_case *a = layer_case_new(name, linear, 1, i ? &image : &flat, 4, &start);
        layer_case *b = layer_case_new(name, relu, 1, i ? &image : &flat, 4, &again);
        layer_case_forward(a, 4);
        layer_case_forward(b, 4);
        b->fused = true;
        layer_case_backward(a, 4, true);
        layer_case_backward(b, 4, true);
        assert_memory_equal(a->dx[0], b->dx[0], (size_t)(4 * a->in_size) * sizeof(float));
        for (int w = 0; w < 2; w++)
            assert_memory_equal(a->dw[w], b->dw[w],
                                (size_t)layer_case_weight_size(a, w) * sizeof(float));
        layer_case_backward(b, 4, false);
        assert_memory_equal(a->dw[0], b->dw[0],
                            (size_t)layer_case_weight_size(a, 0) * sizeof(float));
        assert_true(isnan(b->dx[0][0]));
        layer_case_free(a);
        layer_case_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_dense),
        leaving_nothing(test_conv2d),
        leaving_nothing(test_pointwise),
        leaving_nothing(test_groups),
        leaving_nothing(test_pooling),
        leaving_nothing(test_simple_layers),
        leaving_nothing(test_dropout),
        leaving_nothing(test_batch_normalization),
        leaving_nothing(test_layer_normalization),
        leaving_nothing(test_same_bits),
        leaving_nothing(test_backward_variants),
        leaving_nothing(test_running_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
