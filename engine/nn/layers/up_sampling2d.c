/* UpSampling2D: larger images, each pixel repeated or what lies between neighbours interpolated. */
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layers/window.h"

typedef enum { NEAREST, BILINEAR } interpolation;

static const char *const interpolation_names[] = { "nearest", "bilinear", NULL };

typedef struct {
    int64_t size[2];
    int interpolation;
} up_sampling2d_options;

static const dg_param params[] = {
    DG_PAIR(up_sampling2d_options, size, DG_WITHIN(1, 1 << 10), .default_number = 2,
            .doc = "factors of height and width"),
    DG_CHOICE(up_sampling2d_options, interpolation, .choices = interpolation_names,
              .default_text = "nearest",
              .doc = "nearest: pixels are repeated; bilinear: values between the four nearest"),
    DG_END
};

static dg_status up_sampling2d_build(const void *options, dg_layer_build *b)
{
    const up_sampling2d_options *o = options;
    DG_TRY(dg_expect_image(&b->input[0]));
    b->output = b->input[0];
    b->output.at[0] *= o->size[0];
    b->output.at[1] *= o->size[1];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->row_flops = (o->interpolation == BILINEAR ? 8 : 1) * dg_shape_size(&b->output);
    return DG_OK;
}

/* The two pixels of an axis that a pixel of the output lies between, and the share of the second.
 * Places are those of the pixels' middles; beyond the outermost, these count. */
struct between {
    int64_t low, high;
    float share;
};

static inline struct between between_of(const up_sampling2d_options *o, int axis, int64_t out,
                                        int64_t in)
{
    int64_t size = o->size[axis], place = 2 * out + 1 - size; /* in 1 / (2 size) pixels */
    if (o->interpolation == NEAREST) return (struct between){ out / size, out / size, 0 };
    if (place < 0) return (struct between){ 0, 0, 0 };
    int64_t low = place / (2 * size), high = low + 1 < in ? low + 1 : in - 1;
    return (struct between){ low, high, (float)(place % (2 * size)) / (float)(2 * size) };
}

/* y {channels}: between four pixels. */
DG_KERNEL(void, mix,
          (const float *const corner[4], float across, float down, int64_t channels, float *y),
          (corner, across, down, channels, y))
{
    const float *a = corner[0], *b = corner[1], *c = corner[2], *d = corner[3];
    for (int64_t i = 0; i < channels; i++) {
        float top = DG_FMA(across, b[i] - a[i], a[i]), low = DG_FMA(across, d[i] - c[i], c[i]);
        y[i] = DG_FMA(down, low - top, top);
    }
}

/* dx += share g */
DG_KERNEL(void, add_share, (float share, const float *restrict g, int64_t count, float *dx),
          (share, g, count, dx))
{
    for (int64_t i = 0; i < count; i++) dx[i] = DG_FMA(share, g[i], dx[i]);
}

/* Pixel (oy, ox) of an image of the output: forward it is written, else its gradient is added to
 * those of the pixels that it came from. */
static void one_pixel(const dg_pass *pass, struct between y, struct between x, const float *image,
                      float *out, float *dx)
{
    const dg_shape *in = &pass->build->input[0];
    int64_t channels = in->at[2], line = in->at[1] * channels;
    int64_t at[4] = { y.low * line + x.low * channels, y.low * line + x.high * channels,
                      y.high * line + x.low * channels, y.high * line + x.high * channels };
    bool nearest = ((const up_sampling2d_options *)pass->options)->interpolation == NEAREST;
    if (image && nearest) {
        memcpy(out, image + at[0], (size_t)channels * sizeof *out);
    } else if (image) {
        mix((const float *const[4]){ image + at[0], image + at[1], image + at[2], image + at[3] },
            x.share, y.share, channels, out);
    } else {
        const float shares[4] = { (1 - y.share) * (1 - x.share), (1 - y.share) * x.share,
                                  y.share * (1 - x.share), y.share * x.share };
        for (int k = 0; k < (nearest ? 1 : 4); k++) add_share(shares[k], out, channels, dx + at[k]);
    }
}

/* All pixels of an image of the output, of which `out` is the value or the gradient. */
static void each_pixel(const dg_pass *pass, const float *image, float *out, float *dx)
{
    const dg_shape *in = &pass->build->input[0], *to = &pass->build->output;
    for (int64_t oy = 0; oy < to->at[0]; oy++) {
        struct between y = between_of(pass->options, 0, oy, in->at[0]);
        for (int64_t ox = 0; ox < to->at[1]; ox++, out += to->at[2])
            one_pixel(pass, y, between_of(pass->options, 1, ox, in->at[1]), image, out, dx);
    }
}

static dg_status up_sampling2d_forward(const dg_pass *pass)
{
    int64_t in = dg_shape_size(&pass->build->input[0]), out = dg_shape_size(&pass->build->output);
    for (int64_t i = 0; i < pass->rows; i++)
        each_pixel(pass, pass->input[0] + i * in, pass->output + i * out, NULL);
    return DG_OK;
}

static dg_status up_sampling2d_backward(const dg_pass *pass)
{
    int64_t in = dg_shape_size(&pass->build->input[0]), out = dg_shape_size(&pass->build->output);
    float *dx = pass->input_gradient[0];
    if (!dx) return DG_OK;
    memset(dx, 0, (size_t)(pass->rows * in) * sizeof *dx);
    for (int64_t i = 0; i < pass->rows; i++)
        each_pixel(pass, NULL, pass->output_gradient + i * out, dx + i * in);
    return DG_OK;
}

static const dg_hint hints[] = { { DG_HINT_DATA_FORMAT }, { NULL } };

const dg_layer_type dg_up_sampling2d = {
    .part = { .kind = "layer",
              .name = "UpSampling2D",
              .alias = "up_sampling2d",
              .peers = (const char *const[]){ "Upsample", NULL },
              .doc = "enlarges images by whole factors",
              .example = "nn.UpSampling2D { 2 }",
              .params = params,
              .options_size = sizeof(up_sampling2d_options),
              .hints = hints },
    .flags = DG_LAYER_PASSES_BYTES,
    .build = up_sampling2d_build,
    .forward = up_sampling2d_forward,
    .backward = up_sampling2d_backward,
};
