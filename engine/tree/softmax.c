/* Kernels that turn margins into probabilities. */
#include "engine/tree/softmax.h"

#include <math.h>

#include "engine/base/kernel.h"
#include "engine/base/math.h"

DG_PUBLIC_KERNEL(void, dg_softmax_block,
                 (const float *restrict margin, int64_t rows, int64_t outputs, int64_t n,
                  float *restrict p, int32_t *restrict best),
                 (margin, rows, outputs, n, p, best))
{
    float most[DG_SOFTMAX_BLOCK], sum[DG_SOFTMAX_BLOCK];
    for (int64_t i = 0; i < n; i++) {
        most[i] = margin[i];
        best[i] = 0;
        sum[i] = 0;
    }
    for (int64_t k = 1; k < outputs; k++)
        for (int64_t i = 0; i < n; i++) {
            float m = margin[k * rows + i];
            best[i] = m > most[i] ? (int32_t)k : best[i];
            most[i] = m > most[i] ? m : most[i];
        }
    for (int64_t k = 0; k < outputs; k++)
        for (int64_t i = 0; i < n; i++) {
            float e = dg_exp(fused, margin[k * rows + i] - most[i]);
            p[k * DG_SOFTMAX_BLOCK + i] = e;
            sum[i] += e;
        }
    for (int64_t i = 0; i < n; i++) sum[i] = 1.0f / sum[i];
    for (int64_t k = 0; k < outputs; k++)
        for (int64_t i = 0; i < n; i++) p[k * DG_SOFTMAX_BLOCK + i] *= sum[i];
}

DG_PUBLIC_KERNEL(void, dg_sigmoid_block,
                 (const float *restrict margin, int64_t n, float *restrict p), (margin, n, p))
{
    for (int64_t i = 0; i < n; i++) p[i] = dg_sigmoid(fused, margin[i]);
}

DG_PUBLIC_KERNEL(void, dg_softmax_row,
                 (const float *restrict margin, int64_t count, float *restrict out),
                 (margin, count, out))
{
    float most = -INFINITY, sum = 0;
    for (int64_t k = 0; k < count; k++) most = margin[k] > most ? margin[k] : most;
    for (int64_t k = 0; k < count; k++) out[k] = dg_exp(fused, margin[k] - most);
    for (int64_t k = 0; k < count; k++) sum += out[k];
    for (int64_t k = 0; k < count; k++) out[k] /= sum;
}
