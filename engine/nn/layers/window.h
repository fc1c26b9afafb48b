/* Windows that move over an image: what Conv2D and the pooling layers share. */
#ifndef DG_NN_LAYERS_WINDOW_H
#define DG_NN_LAYERS_WINDOW_H

#include "engine/nn/layer.h"

/* "valid", "same", NULL. */
extern const char *const dg_padding_names[];
typedef enum dg_padding { DG_PADDING_VALID, DG_PADDING_SAME } dg_padding;

/* One axis: `out` windows of `size` over `in` values, `stride` apart; the first begins `before`
 * values ahead of the image. The values of a window are `dilation` apart. */
typedef struct dg_window_axis {
    int64_t in, out, size, stride, before, dilation;
} dg_window_axis;

/* From the first value of a window to the one after its last. */
static inline int64_t dg_window_extent(const dg_window_axis *axis)
{
    return (axis->size - 1) * axis->dilation + 1;
}

typedef struct dg_window {
    dg_window_axis y, x;
    int64_t channels;
} dg_window;

/* A window `size` over images of shape `input`, dilated unless `dilation` is NULL. "same" is
 * TensorFlow's: ceil(in / stride) windows, and of the padding the smaller half comes first.
 * DG_INVALID: not an image, or smaller than the window. */
dg_status dg_window_of(const dg_shape *input, const int64_t size[2], const int64_t stride[2],
                       const int64_t dilation[2], dg_padding padding, dg_window *out);

/* DG_INVALID unless `input` is {height, width, channels}. */
dg_status dg_expect_image(const dg_shape *input);

/* The part of window `at`, not dilated, that lies within the image: from *begin up to *end. */
static inline void dg_window_clip(const dg_window_axis *axis, int64_t at, int64_t *begin,
                                  int64_t *end)
{
    int64_t first = at * axis->stride - axis->before, last = first + axis->size;
    *begin = first > 0 ? first : 0;
    *end = last < axis->in ? last : axis->in;
}

#endif
