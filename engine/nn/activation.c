/* Activation functions and their derivatives. */
#include "engine/nn/activation.h"

#include <string.h>

#include "engine/base/lanes.h"
#include "engine/base/math.h"

const char *const dg_activation_names[] = { "linear",  "relu", "tanh",       "sigmoid",
                                            "softmax", "elu",  "leaky_relu", NULL };

static const float leaky_slope = 0.2f;

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
    }
}

void dg_activate_output(const dg_pass *pass, dg_activation activation, int64_t at, int64_t rows,
                        int64_t width)
{
    float *y = pass->output + at;
    if (pass->logits) memcpy(pass->logits + at, y, (size_t)(rows * width) * sizeof *y);
    dg_activate(activation, y, rows, width);
}

/* --- backward: gradient {count} in place ---------------------------------------------------- */

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

void dg_activation_backward(dg_activation activation, const float *y, float *gradient, int64_t rows,
                            int64_t width)
{
    switch (activation) {
    case DG_LINEAR: return;
    case DG_RELU: relu_backward(y, gradient, rows * width); return;
    case DG_TANH: tanh_backward(y, gradient, rows * width); return;
    case DG_SIGMOID: sigmoid_backward(y, gradient, rows * width); return;
    case DG_SOFTMAX: softmax_backward(y, gradient, rows, width); return;
    case DG_ELU: elu_backward(y, gradient, rows * width); return;
    case DG_LEAKY_RELU: leaky_relu_backward(y, gradient, rows * width); return;
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

void dg_activation_backward_biased(dg_activation activation, const float *y, float *gradient,
                                   int64_t rows, int64_t width, float *bias_gradient)
{
    int64_t step = block_rows(width);
    for (int64_t j = 0; bias_gradient && j < width; j++) bias_gradient[j] = 0;
    for (int64_t i = 0; i < rows; i += step) {
        int64_t count = rows - i < step ? rows - i : step;
        float *block = gradient + i * width;
        dg_activation_backward(activation, y + i * width, block, count, width);
        if (bias_gradient) add_rows(block, count, width, bias_gradient);
    }
}
