/* RandomErasing: in training, erases a random rectangle of each image (Zhong et al., "Random
 * Erasing Data Augmentation", 2017; DeVries and Taylor, "Improved Regularization of Convolutional
 * Neural Networks with Cutout", 2017), with the distribution of Keras's layer. */
#include <math.h>
#include <string.h>

#include "engine/base/random.h"
#include "engine/nn/layers/warp.h"

typedef struct {
    double factor[2], scale[2], fill_value, value_range[2];
    dg_optional_seed seed;
} erasing_options;

static const dg_param params[] = {
    DG_SPAN(erasing_options, factor, DG_WITHIN(0, 1), .default_number = 1,
            .doc = "least and most probability that an image is erased in; x is {0, x}: one half "
                   "of x on average"),
    DG_SPAN(erasing_options, scale, DG_WITHIN(0, 1), .default_low = 0.02, .default_number = 0.33,
            .doc = "least and most square of the part of a side that is erased, drawn for each "
                   "side: {s, s} is a rectangle with a part s of the area"),
    DG_FLOAT(erasing_options, fill_value, .optional = true,
             .doc = "value of what is erased; nil: normal noise with a deviation of "
                    "value_range[2], drawn for each value; both are kept within value_range"),
    DG_SPAN(
        erasing_options, value_range, .default_number = 1,
        .doc =
            "least and most value of images, on the scale of the layer's input: bytes come "
            "as value / 255, or as they are if nn.Rescaling follows (Keras's default is {0, 255})"),
    DG_WARP_SEED(erasing_options),
    DG_END
};

/* Columns left to right - 1 of lines top to bottom - 1. */
struct box {
    int32_t left, right, top, bottom;
};

static dg_status erasing_build(const void *options, dg_layer_build *b)
{
    DG_TRY(dg_image_build(options, b));
    b->row_flops = 8 * dg_shape_size(&b->output);
    b->saved_row_bytes = sizeof(struct box);
    b->scratch_bytes = dg_shape_size(&b->output) * (int64_t)sizeof(float);
    return DG_OK;
}

/* The pixels of a side of `length` that lie in a part of it, which begins at random. */
static void draw_side(double part, double u, int64_t length, int32_t *begin, int32_t *end)
{
    double erased = part * (double)length, first = u * ((double)length - erased);
    *begin = (int32_t)ceil(first);
    *end = (int32_t)ceil(first + erased);
    if (*end > length) *end = (int32_t)length;
}

static struct box draw_box(const dg_pass *pass, int64_t row)
{
    const erasing_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    struct box box = { 0 };
    double u[6];
    dg_row_random(pass, &o->seed, row, 6, u);
    if (!(u[5] < dg_between(o->factor, u[4]))) return box;
    draw_side(sqrt(dg_between(o->scale, u[0])), u[2], shape->at[1], &box.left, &box.right);
    draw_side(sqrt(dg_between(o->scale, u[1])), u[3], shape->at[0], &box.top, &box.bottom);
    return box;
}

static float within(const double range[2], double value)
{
    return (float)(value < range[0] ? range[0] : value > range[1] ? range[1] : value);
}

/* Fills `noise`, of an image, where the box has lines. */
static void draw_noise(const dg_pass *pass, int64_t row, const struct box *box, float *noise)
{
    const erasing_options *o = pass->options;
    int64_t line = pass->build->output.at[1] * pass->build->output.at[2];
    int64_t first = box->top * line / 4 * 4, count = box->bottom * line - first;
    uint64_t key = dg_key(dg_image_key(pass, &o->seed), "noise", (uint64_t)(pass->first + row));
    dg_random_normal(key, 0, (float)o->value_range[1], first, count, noise + first);
    for (int64_t i = first; i < first + count; i++) noise[i] = within(o->value_range, noise[i]);
}

static dg_status erasing_forward(const dg_pass *pass)
{
    const erasing_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    int64_t size = dg_shape_size(shape), channels = shape->at[2], line = shape->at[1] * channels;
    struct box *boxes = pass->saved_rows;
    float *noise = pass->scratch, value = within(o->value_range, o->fill_value);
    memcpy(pass->output, pass->input[0], (size_t)(pass->rows * size) * sizeof *pass->output);
    for (int64_t i = 0; i < pass->rows; i++) {
        struct box b = boxes[i] = draw_box(pass, i);
        if (isnan(o->fill_value)) draw_noise(pass, i, &b, noise);
        for (int64_t y = b.top; y < b.bottom; y++)
            for (int64_t k = y * line + b.left * channels; k < y * line + b.right * channels; k++)
                pass->output[i * size + k] = isnan(o->fill_value) ? noise[k] : value;
    }
    return DG_OK;
}

static dg_status erasing_backward(const dg_pass *pass)
{
    const dg_shape *shape = &pass->build->output;
    int64_t size = dg_shape_size(shape), channels = shape->at[2], line = shape->at[1] * channels;
    const struct box *boxes = pass->saved_rows;
    float *dx = pass->input_gradient[0];
    if (!dx) return DG_OK;
    memcpy(dx, pass->output_gradient, (size_t)(pass->rows * size) * sizeof *dx);
    for (int64_t i = 0; i < pass->rows; i++)
        for (int64_t y = boxes[i].top; y < boxes[i].bottom; y++)
            memset(dx + i * size + y * line + boxes[i].left * channels, 0,
                   (size_t)((boxes[i].right - boxes[i].left) * channels) * sizeof *dx);
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { "probability", "use factor: { p, p } erases in a part p of the images" },
    { "size", "use scale, the square of the part of a side: { (8 / 28)^2, (8 / 28)^2 }" },
    { NULL },
};

const dg_layer_type dg_random_erasing = {
    .part = { .kind = "layer",
              .name = "RandomErasing",
              .alias = "random_erasing",
              .doc = "erases a random rectangle of each image, in training only (Zhong et al. "
                     "2017; Cutout: DeVries and Taylor 2017)",
              .example = "nn.RandomErasing { { 0.5, 0.5 }, fill_value = 0 }",
              .params = params,
              .options_size = sizeof(erasing_options),
              .hints = hints },
    .build = erasing_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = erasing_forward,
    .backward = erasing_backward,
};
