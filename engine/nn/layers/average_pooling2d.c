/* AveragePooling2D: the mean of each window, channel by channel; what lies over the edge of the
 * image does not count, as in TensorFlow. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layer.h"
#include "engine/nn/layers/pooling.h"

/* y {channels} becomes the sum of the window's pixels, times 1 / their number. */
DG_INLINE void mean_of_window(const dg_window *w, int64_t oy, int64_t ox, const float *x,
                              float *restrict y)
{
    int64_t top, bottom, left, right;
    dg_window_clip(&w->y, oy, &top, &bottom);
    dg_window_clip(&w->x, ox, &left, &right);
    for (int64_t c = 0; c < w->channels; c++) y[c] = 0;
    for (int64_t i = top; i < bottom; i++)
        for (int64_t j = left; j < right; j++) {
            const float *restrict from = x + (i * w->x.in + j) * w->channels;
#pragma omp simd
            for (int64_t c = 0; c < w->channels; c++) y[c] += from[c];
        }
    float scale = 1.0f / (float)((bottom - top) * (right - left));
    for (int64_t c = 0; c < w->channels; c++) y[c] *= scale;
}

DG_INLINE void spread_to_window(const bool fused, const dg_window *w, int64_t oy, int64_t ox,
                                const float *restrict g, float *dx)
{
    int64_t top, bottom, left, right;
    dg_window_clip(&w->y, oy, &top, &bottom);
    dg_window_clip(&w->x, ox, &left, &right);
    float scale = 1.0f / (float)((bottom - top) * (right - left));
    for (int64_t i = top; i < bottom; i++)
        for (int64_t j = left; j < right; j++) {
            float *restrict to = dx + (i * w->x.in + j) * w->channels;
#pragma omp simd
            for (int64_t c = 0; c < w->channels; c++) to[c] = DG_FMA(g[c], scale, to[c]);
        }
}

DG_KERNEL(void, average_pool, (const dg_window *w, const float *x, float *y, int32_t *taps),
          (w, x, y, taps))
{
    (void)taps;
    for (int64_t oy = 0; oy < w->y.out; oy++)
        for (int64_t ox = 0; ox < w->x.out; ox++, y += w->channels) mean_of_window(w, oy, ox, x, y);
}

DG_KERNEL(void, average_pool_backward,
          (const dg_window *w, const float *g, const int32_t *taps, float *dx), (w, g, taps, dx))
{
    (void)taps;
    memset(dx, 0, (size_t)(w->y.in * w->x.in * w->channels) * sizeof *dx);
    for (int64_t oy = 0; oy < w->y.out; oy++)
        for (int64_t ox = 0; ox < w->x.out; ox++, g += w->channels)
            spread_to_window(fused, w, oy, ox, g, dx);
}

const dg_pooling_kind dg_average_pool = { .forward = average_pool,
                                          .backward = average_pool_backward };

static dg_status average_pooling2d_build(const void *options, dg_layer_build *b)
{
    return dg_pooling_build(&dg_average_pool, options, b);
}

static dg_status average_pooling2d_forward(const dg_pass *pass)
{
    return dg_pooling_forward(&dg_average_pool, pass);
}

static dg_status average_pooling2d_backward(const dg_pass *pass)
{
    return dg_pooling_backward(&dg_average_pool, pass);
}

const dg_layer_type dg_average_pooling2d = {
    .part = { .kind = "layer",
              .name = "AveragePooling2D",
              .alias = "average_pooling2d",
              .doc = "the mean of each window (LeCun et al. 1989)",
              .example = "nn.AveragePooling2D { { 2, 2 } }",
              .params = dg_pooling_params,
              .options_size = sizeof(dg_pooling_options),
              .hints = dg_pooling_hints },
    .build = average_pooling2d_build,
    .prepare = dg_pooling_prepare,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = average_pooling2d_forward,
    .backward = average_pooling2d_backward,
};
