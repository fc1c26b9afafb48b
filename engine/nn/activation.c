/* Activation functions and their derivatives. */
#include "engine/nn/activation.h"

#include <string.h>

#include "engine/base/lanes.h"
#include "engine/base/math.h"

const char *const dg_activation_names[] = { "linear",  "relu", "tanh",       "sigmoid",
                                            "softmax", "elu",  "leaky_relu", "gelu",
                                            "silu",    "selu", "softplus",   "hard_sigmoid",
                                            NULL };

static const float leaky_slope = 0.2f;

/* Of selu: above zero it is scale x, below scale alpha (e^x - 1). */
static const float selu_scale = 1.05070098735548049342f, selu_alpha = 1.67326324235437728482f;

/* --- forward: y {count} in place ------------------------------------------------------------ */

DG_KERNEL(void, relu, (float *y, int64_t count), (y, count))
{
    for (int64_t i = 0; i < count; i++) y[i] = y[i] < 0 ? 0 : y[i]; /* NaN stays */
}

DG_KERNEL(void, leaky_relu, (float *y, int64_t count), (y, count))
{
    for (int64_t i = 0; i < count; i++) y[i] = y[i] < 0 ? leaky_slope * y[i] : y[i];
}

DG_KERNEL(void, elu, (float *y, int64_t count), (y, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float low = dg_exp(fused, y[i]) - 1;
        y[i] = y[i] < 0 ? low : y[i];
    }
}

DG_KERNEL(void, hyperbolic_tangent, (float *y, int64_t count), (y, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] = dg_tanh(fused, y[i]);
}

DG_KERNEL(void, logistic, (float *y, int64_t count), (y, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] = dg_sigmoid(fused, y[i]);
}

DG_KERNEL(void, gelu, (float *y, int64_t count), (y, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float density;
        y[i] *= dg_normal(fused, y[i], &density);
    }
}

DG_KERNEL(void, silu, (float *y, int64_t count), (y, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] *= dg_sigmoid(fused, y[i]);
}

DG_KERNEL(void, selu, (float *y, int64_t count), (y, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float low = selu_alpha * (dg_exp(fused, y[i]) - 1);
        y[i] = selu_scale * (y[i] < 0 ? low : y[i]);
    }
}

DG_KERNEL(void, softplus, (float *y, int64_t count), (y, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) y[i] = dg_softplus(fused, y[i]);
}

DG_KERNEL(void, hard_sigmoid, (float *y, int64_t count), (y, count))
{
    for (int64_t i = 0; i < count; i++) {
        float value = (y[i] + 3) / 6;
        value = value < 0 ? 0 : value;
        y[i] = value > 1 ? 1 : value;
    }
}

DG_KERNEL(void, softmax, (float *y, int64_t rows, int64_t width), (y, rows, width))
{
    for (int64_t i = 0; i < rows; i++, y += width) {
        float top = y[0], lane[DG_LANES] = { 0 };
#pragma omp simd reduction(max : top)
        for (int64_t j = 0; j < width; j++) top = y[j] > top ? y[j] : top;
#pragma omp simd
        for (int64_t j = 0; j < width; j++) y[j] = dg_exp(fused, y[j] - top);
        DG_EACH_LANE(j, l, width, lane[l] += y[j]);
        float scale = 1 / DG_JOIN(lane);
        for (int64_t j = 0; j < width; j++) y[j] *= scale;
    }
}

void dg_activate(dg_activation activation, float *y, int64_t rows, int64_t width)
{
    switch (activation) {
    case DG_LINEAR: return;
    case DG_RELU: relu(y, rows * width); return;
    case DG_TANH: hyperbolic_tangent(y, rows * width); return;
    case DG_SIGMOID: logistic(y, rows * width); return;
    case DG_SOFTMAX: softmax(y, rows, width); return;
    case DG_ELU: elu(y, rows * width); return;
    case DG_LEAKY_RELU: leaky_relu(y, rows * width); return;
    case DG_GELU: gelu(y, rows * width); return;
    case DG_SILU: silu(y, rows * width); return;
    case DG_SELU: selu(y, rows * width); return;
    case DG_SOFTPLUS: softplus(y, rows * width); return;
    case DG_HARD_SIGMOID: hard_sigmoid(y, rows * width); return;
    }
}

/* Whether the derivative is that of the argument, which the output does not tell. */
static bool needs_argument(dg_activation activation)
{
    return activation == DG_GELU || activation == DG_SILU || activation == DG_SOFTPLUS;
}

void dg_build_activation(dg_layer_build *build, dg_activation activation)
{
    build->forgets_output = activation == DG_LINEAR || needs_argument(activation);
    if (needs_argument(activation))
        build->saved_row_bytes = dg_shape_size(&build->output) * (int64_t)sizeof(float);
}

void dg_activate_output(const dg_pass *pass, dg_activation activation, int64_t at, int64_t rows,
                        int64_t width)
{
    float *y = pass->output + at, *saved = pass->saved_rows;
    if (saved && needs_argument(activation))
        memcpy(saved + at, y, (size_t)(rows * width) * sizeof *y);
    if (pass->logits) memcpy(pass->logits + at, y, (size_t)(rows * width) * sizeof *y);
    dg_activate(activation, y, rows, width);
}

/* --- backward: gradient {count} in place; y is the output, x the argument ------------------- */

DG_KERNEL(void, relu_backward, (const float *restrict y, float *restrict g, int64_t count),
          (y, g, count))
{
    for (int64_t i = 0; i < count; i++) g[i] = y[i] > 0 ? g[i] : 0;
}

DG_KERNEL(void, leaky_relu_backward, (const float *restrict y, float *restrict g, int64_t count),
          (y, g, count))
{
    for (int64_t i = 0; i < count; i++) g[i] = y[i] < 0 ? leaky_slope * g[i] : g[i];
}

DG_KERNEL(void, elu_backward, (const float *restrict y, float *restrict g, int64_t count),
          (y, g, count))
{
    for (int64_t i = 0; i < count; i++) g[i] = y[i] < 0 ? (y[i] + 1) * g[i] : g[i];
}

DG_KERNEL(void, selu_backward, (const float *restrict y, float *restrict g, int64_t count),
          (y, g, count))
{
    const float low = selu_scale * selu_alpha;
    for (int64_t i = 0; i < count; i++) g[i] *= y[i] < 0 ? y[i] + low : selu_scale;
}

DG_KERNEL(void, gelu_backward, (const float *restrict x, float *restrict g, int64_t count),
          (x, g, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float density, share = dg_normal(fused, x[i], &density);
        g[i] *= DG_FMA(x[i], density, share);
    }
}

DG_KERNEL(void, silu_backward, (const float *restrict x, float *restrict g, int64_t count),
          (x, g, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float share = dg_sigmoid(fused, x[i]);
        g[i] *= share * DG_FMA(x[i], 1 - share, 1.0f);
    }
}

DG_KERNEL(void, softplus_backward, (const float *restrict x, float *restrict g, int64_t count),
          (x, g, count))
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++) g[i] *= dg_sigmoid(fused, x[i]);
}

DG_KERNEL(void, hard_sigmoid_backward, (const float *restrict y, float *restrict g, int64_t count),
          (y, g, count))
{
    for (int64_t i = 0; i < count; i++) g[i] = y[i] > 0 && y[i] < 1 ? g[i] / 6 : 0;
}

DG_KERNEL(void, tanh_backward, (const float *restrict y, float *restrict g, int64_t count),
          (y, g, count))
{
    for (int64_t i = 0; i < count; i++) g[i] *= DG_FMA(-y[i], y[i], 1.0f);
}

DG_KERNEL(void, sigmoid_backward, (const float *restrict y, float *restrict g, int64_t count),
          (y, g, count))
{
    for (int64_t i = 0; i < count; i++) g[i] *= y[i] * (1 - y[i]);
}

DG_KERNEL(void, softmax_backward,
          (const float *restrict y, float *restrict g, int64_t rows, int64_t width),
          (y, g, rows, width))
{
    for (int64_t i = 0; i < rows; i++, y += width, g += width) {
        float lane[DG_LANES] = { 0 };
        DG_EACH_LANE(j, l, width, lane[l] = DG_FMA(y[j], g[j], lane[l]));
        float dot = DG_JOIN(lane);
        for (int64_t j = 0; j < width; j++) g[j] = y[j] * (g[j] - dot);
    }
}

void dg_activation_backward(dg_activation activation, const float *known, float *gradient,
                            int64_t rows, int64_t width)
{
    switch (activation) {
    case DG_LINEAR: return;
    case DG_RELU: relu_backward(known, gradient, rows * width); return;
    case DG_TANH: tanh_backward(known, gradient, rows * width); return;
    case DG_SIGMOID: sigmoid_backward(known, gradient, rows * width); return;
    case DG_SOFTMAX: softmax_backward(known, gradient, rows, width); return;
    case DG_ELU: elu_backward(known, gradient, rows * width); return;
    case DG_LEAKY_RELU: leaky_relu_backward(known, gradient, rows * width); return;
    case DG_GELU: gelu_backward(known, gradient, rows * width); return;
    case DG_SILU: silu_backward(known, gradient, rows * width); return;
    case DG_SELU: selu_backward(known, gradient, rows * width); return;
    case DG_SOFTPLUS: softplus_backward(known, gradient, rows * width); return;
    case DG_HARD_SIGMOID: hard_sigmoid_backward(known, gradient, rows * width); return;
    }
}

/* sum {width} += the rows of g. Eight rows to each load and store of the sums. */
DG_KERNEL(void, add_rows,
          (const float *restrict g, int64_t rows, int64_t width, float *restrict sum),
          (g, rows, width, sum))
{
    int64_t i = 0;
    for (; i + 8 <= rows; i += 8) {
        const float *r = g + i * width;
        for (int64_t j = 0; j < width; j++) {
            float a = (r[j] + r[j + width]) + (r[j + 2 * width] + r[j + 3 * width]);
            float b = (r[j + 4 * width] + r[j + 5 * width]) + (r[j + 6 * width] + r[j + 7 * width]);
            sum[j] += a + b;
        }
    }
    for (; i < rows; i++)
        for (int64_t j = 0; j < width; j++) sum[j] += g[i * width + j];
}

/* Rows that are worked on while they are in the first level of the cache. */
enum { BLOCK_FLOATS = 2048 };

static int64_t block_rows(int64_t width)
{
    int64_t rows = BLOCK_FLOATS / width & ~(int64_t)7; /* sums of eight rows at a time */
    return rows > 8 ? rows : 8;
}

void dg_activation_backward_biased(dg_activation activation, const float *known, float *gradient,
                                   int64_t rows, int64_t width, float *bias_gradient)
{
    int64_t step = block_rows(width);
    for (int64_t j = 0; bias_gradient && j < width; j++) bias_gradient[j] = 0;
    for (int64_t i = 0; i < rows; i += step) {
        int64_t count = rows - i < step ? rows - i : step;
        float *block = gradient + i * width;
        dg_activation_backward(activation, known + i * width, block, count, width);
        if (bias_gradient) add_rows(block, count, width, bias_gradient);
    }
}

void dg_activation_backward_output(const dg_pass *pass, dg_activation activation, int64_t width,
                                   float *bias_gradient)
{
    if (pass->activation_fused) activation = DG_LINEAR;
    const float *known = needs_argument(activation) ? pass->saved_rows : pass->output;
    int64_t rows = pass->rows * (dg_shape_size(&pass->build->output) / width);
    dg_activation_backward_biased(activation, known, pass->output_gradient, rows, width,
                                  bias_gradient);
}
