/* MaxPooling2D: the greatest value of each window, channel by channel; NaN where one is in it.
 *
 * x {height, width, channels}, y and taps {out height, out width, channels} of one image. A tap is
 * counted from the window's first row and column, padding included. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/math.h"
#include "engine/nn/layer.h"
#include "engine/nn/layers/pooling.h"
#include "engine/nn/quantized/int8.h"

/* Windows that neither overlap nor are cut off at an edge. */
static bool is_tiling(const dg_window *w)
{
    return w->y.stride >= w->y.size && w->x.stride >= w->x.size && w->y.before == 0 &&
           w->x.before == 0 && (w->y.out - 1) * w->y.stride + w->y.size <= w->y.in &&
           (w->x.out - 1) * w->x.stride + w->x.size <= w->x.in;
}

/* The side of square tiles that have loops of their own, 2 or 3; else 0. */
static int tile_side(const dg_window *w)
{
    bool known = w->y.size == w->x.size && (w->y.size == 2 || w->y.size == 3) && is_tiling(w);
    return known ? (int)w->y.size : 0;
}

/* --- forward -------------------------------------------------------------------------------- */

/* A greatest value or, where two of the four it came from cannot be compared, NaN. */
DG_INLINE float unless_nan(float greatest, float a, float b, float d, float e)
{
    return __builtin_isunordered(a, b) | __builtin_isunordered(d, e) ? NAN : greatest;
}

/* `taps` is NULL in prediction, here and below. */
DG_INLINE void greatest_of_four(const float *restrict x, int64_t row, int64_t channels,
                                float *restrict y, int32_t *restrict taps)
{
    const float *below = x + row;
    if (!taps) {
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
            float a = x[c], b = x[c + channels], d = below[c], e = below[c + channels];
            float top = b > a ? b : a, bottom = e > d ? e : d;
            y[c] = unless_nan(bottom > top ? bottom : top, a, b, d, e);
        }
        return;
    }
#pragma omp simd
    for (int64_t c = 0; c < channels; c++) {
        float a = x[c], b = x[c + channels], d = below[c], e = below[c + channels];
        float top = b > a ? b : a, bottom = e > d ? e : d;
        int32_t first = b > a, second = 2 + (e > d), is_below = bottom > top;
        y[c] = unless_nan(bottom > top ? bottom : top, a, b, d, e);
        taps[c] = first ^ ((first ^ second) & -is_below); /* a choice here would become a branch */
    }
}

/* A tile of nine: its values stay in registers, unlike those of greatest_of_window. */
DG_INLINE void greatest_of_nine(const float *restrict x, int64_t row, int64_t channels,
                                float *restrict y, int32_t *restrict taps)
{
#pragma omp simd
    for (int64_t c = 0; c < channels; c++) {
        float greatest = x[c];
        int32_t tap = 0;
        for (int k = 1; k < 9; k++) {
            float value = x[k / 3 * row + k % 3 * channels + c];
            tap = value > greatest ? k : tap;
            greatest = ((value > greatest) | (value != value)) ? value : greatest;
        }
        y[c] = greatest;
        if (taps) taps[c] = tap;
    }
}

DG_INLINE void first_value(const float *restrict x, int32_t tap, int64_t channels,
                           float *restrict y, int32_t *restrict taps)
{
    for (int64_t c = 0; c < channels; c++) y[c] = x[c];
    for (int64_t c = 0; taps && c < channels; c++) taps[c] = tap;
}

DG_INLINE void greater_value(const float *restrict x, int32_t tap, int64_t channels,
                             float *restrict y, int32_t *restrict taps)
{
    if (taps) {
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) taps[c] = x[c] > y[c] ? tap : taps[c];
    }
#pragma omp simd
    for (int64_t c = 0; c < channels; c++) y[c] = ((x[c] > y[c]) | (x[c] != x[c])) ? x[c] : y[c];
}

DG_INLINE void greatest_of_window(const dg_window *w, int64_t oy, int64_t ox, const float *x,
                                  float *y, int32_t *taps)
{
    int64_t top, bottom, left, right;
    dg_window_clip(&w->y, oy, &top, &bottom);
    dg_window_clip(&w->x, ox, &left, &right);
    int64_t first_y = oy * w->y.stride - w->y.before, first_x = ox * w->x.stride - w->x.before;
    for (int64_t i = top; i < bottom; i++)
        for (int64_t j = left; j < right; j++) {
            const float *from = x + (i * w->x.in + j) * w->channels;
            int32_t tap = (int32_t)((i - first_y) * w->x.size + j - first_x);
            if (i == top && j == left)
                first_value(from, tap, w->channels, y, taps);
            else
                greater_value(from, tap, w->channels, y, taps);
        }
}

DG_KERNEL(void, max_pool, (const dg_window *w, const float *x, float *y, int32_t *taps),
          (w, x, y, taps))
{
    int side = tile_side(w);
    int64_t row = w->x.in * w->channels;
    for (int64_t oy = 0; oy < w->y.out; oy++)
        for (int64_t ox = 0; ox < w->x.out; ox++) {
            const float *tile = x + oy * w->y.stride * row + ox * w->x.stride * w->channels;
            if (side == 2)
                greatest_of_four(tile, row, w->channels, y, taps);
            else if (side == 3)
                greatest_of_nine(tile, row, w->channels, y, taps);
            else
                greatest_of_window(w, oy, ox, x, y, taps);
            y += w->channels;
            if (taps) taps += w->channels;
        }
}

/* --- backward ------------------------------------------------------------------------------- */

/* `value` where `tap` is `wanted`, else 0; not by a choice, which would become a branch. */
DG_INLINE float only_at(float value, int32_t tap, int32_t wanted)
{
    return dg_float_of_bits(dg_bits_of_float(value) & (uint32_t) - (tap == wanted));
}

/* The gradients of a tile of side x side pixels, where `side` is a constant. */
DG_INLINE void spread_to_tile(int side, const float *restrict g, const int32_t *restrict taps,
                              int64_t row, int64_t channels, float *restrict dx)
{
#pragma omp simd
    for (int64_t c = 0; c < channels; c++)
        for (int k = 0; k < side * side; k++)
            dx[k / side * row + k % side * channels + c] = only_at(g[c], taps[c], k);
}

DG_INLINE void spread_to_window(const dg_window *w, int64_t oy, int64_t ox, const float *g,
                                const int32_t *taps, float *dx)
{
    int64_t top, bottom, left, right;
    dg_window_clip(&w->y, oy, &top, &bottom);
    dg_window_clip(&w->x, ox, &left, &right);
    int64_t first_y = oy * w->y.stride - w->y.before, first_x = ox * w->x.stride - w->x.before;
    for (int64_t i = top; i < bottom; i++)
        for (int64_t j = left; j < right; j++) {
            float *to = dx + (i * w->x.in + j) * w->channels;
            int32_t tap = (int32_t)((i - first_y) * w->x.size + j - first_x);
#pragma omp simd
            for (int64_t c = 0; c < w->channels; c++) to[c] += only_at(g[c], taps[c], tap);
        }
}

DG_KERNEL(void, max_pool_backward,
          (const dg_window *w, const float *g, const int32_t *taps, float *dx), (w, g, taps, dx))
{
    int side = tile_side(w);
    int64_t row = w->x.in * w->channels;
    bool covered = w->y.out * w->y.size == w->y.in && w->x.out * w->x.size == w->x.in;
    if (!side || !covered) memset(dx, 0, (size_t)(w->y.in * row) * sizeof *dx);
    for (int64_t oy = 0; oy < w->y.out; oy++)
        for (int64_t ox = 0; ox < w->x.out; ox++) {
            float *tile = dx + oy * w->y.stride * row + ox * w->x.stride * w->channels;
            if (side == 2)
                spread_to_tile(2, g, taps, row, w->channels, tile);
            else if (side == 3)
                spread_to_tile(3, g, taps, row, w->channels, tile);
            else
                spread_to_window(w, oy, ox, g, taps, dx);
            g += w->channels;
            taps += w->channels;
        }
}

const dg_pooling_kind dg_max_pool = { .has_taps = true,
                                      .forward = max_pool,
                                      .backward = max_pool_backward };

/* --- int8 --------------------------------------------------------------------------------- */

DG_INLINE uint8_t greater_byte(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* y = the greater of x and y, or x where it is the first. */
DG_INLINE void greater_bytes(const uint8_t *restrict x, int64_t count, bool first,
                             uint8_t *restrict y)
{
    for (int64_t c = 0; c < count; c++) y[c] = first ? x[c] : greater_byte(x[c], y[c]);
}

/* Channels are taken by as many as a vector holds, so that the greatest of a window stays in it. */
DG_INLINE void greatest_bytes(const dg_window *w, int64_t oy, int64_t ox, const uint8_t *x,
                              uint8_t *y)
{
    enum { BLOCK = 32 };
    int64_t top, bottom, left, right, c = 0;
    dg_window_clip(&w->y, oy, &top, &bottom);
    dg_window_clip(&w->x, ox, &left, &right);
    const uint8_t *first = x + (top * w->x.in + left) * w->channels;
    for (; c + BLOCK <= w->channels; c += BLOCK) {
        uint8_t greatest[BLOCK];
        for (int b = 0; b < BLOCK; b++) greatest[b] = first[c + b];
        for (int64_t i = top; i < bottom; i++)
            for (int64_t j = left; j < right; j++) {
                const uint8_t *from = x + (i * w->x.in + j) * w->channels + c;
                for (int b = 0; b < BLOCK; b++) greatest[b] = greater_byte(from[b], greatest[b]);
            }
        for (int b = 0; b < BLOCK; b++) y[c + b] = greatest[b];
    }
    for (int64_t i = top; c < w->channels && i < bottom; i++)
        for (int64_t j = left; j < right; j++)
            greater_bytes(x + (i * w->x.in + j) * w->channels + c, w->channels - c,
                          i == top && j == left, y + c);
}

DG_INLINE void greatest_byte_of_four(const uint8_t *restrict x, int64_t row, int64_t channels,
                                     int64_t count, uint8_t *restrict y)
{
    const uint8_t *below = x + row;
    for (int64_t c = 0; c < count; c++)
        y[c] = greater_byte(greater_byte(x[c], x[c + channels]),
                            greater_byte(below[c], below[c + channels]));
}

DG_KERNEL(void, max_pool_bytes, (const dg_window *w, const uint8_t *x, uint8_t *y), (w, x, y))
{
    bool four = w->y.size == 2 && w->x.size == 2 && is_tiling(w);
    int64_t row = w->x.in * w->channels;
    for (int64_t oy = 0; oy < w->y.out; oy++)
        for (int64_t ox = 0; ox < w->x.out; ox++, y += w->channels)
            if (!four) {
                greatest_bytes(w, oy, ox, x, y);
            } else {
                const uint8_t *from = x + oy * w->y.stride * row + ox * w->x.stride * w->channels;
                int64_t c = 0;
                for (; c + 32 <= w->channels; c += 32)
                    greatest_byte_of_four(from + c, row, w->channels, 32, y + c);
                greatest_byte_of_four(from + c, row, w->channels, w->channels - c, y + c);
            }
}

static void max_pool_int8_forward(const dg_int8_pass *pass)
{
    dg_window w;
    int64_t in = dg_shape_size(&pass->build->input[0]), out = dg_shape_size(&pass->build->output);
    dg_pooling_prepare(pass->options, pass->build, false, &w);
    for (int64_t i = 0; i < pass->rows; i++)
        max_pool_bytes(&w, pass->input + i * in, pass->bytes + i * out);
}

const dg_int8_layer dg_max_pool_int8 = { .forward = max_pool_int8_forward };

static dg_status max_pooling2d_build(const void *options, dg_layer_build *b)
{
    return dg_pooling_build(&dg_max_pool, options, b);
}

static dg_status max_pooling2d_forward(const dg_pass *pass)
{
    return dg_pooling_forward(&dg_max_pool, pass);
}

static dg_status max_pooling2d_backward(const dg_pass *pass)
{
    return dg_pooling_backward(&dg_max_pool, pass);
}

const dg_layer_type dg_max_pooling2d = {
    .part = { .kind = "layer",
              .name = "MaxPooling2D",
              .alias = "max_pooling2d",
              .doc = "the greatest value of each window (Ranzato et al. 2007)",
              .example = "nn.MaxPooling2D { { 2, 2 } }",
              .params = dg_pooling_params,
              .options_size = sizeof(dg_pooling_options),
              .hints = dg_pooling_hints },
    .build = max_pooling2d_build,
    .prepare = dg_pooling_prepare,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = max_pooling2d_forward,
    .backward = max_pooling2d_backward,
    .int8 = &dg_max_pool_int8,
};
