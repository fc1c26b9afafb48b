/* RandomCrop: in training a window at a random place of each image, in prediction its centre.
 *
 * Keras takes one place for all images of a batch; here each has its own. Predicting, Keras says
 * that it resizes images to the window; the centre keeps their scale. */
#include <inttypes.h>
#include <string.h>

#include "engine/nn/layers/warp.h"

typedef struct {
    int64_t height, width;
    dg_optional_seed seed;
} crop_options;

static const dg_param params[] = {
    DG_INT(crop_options, height, .required = true, DG_AT_LEAST(1), .doc = "lines of the window"),
    DG_INT(crop_options, width, .required = true, DG_AT_LEAST(1), .doc = "columns of the window"),
    DG_WARP_SEED(crop_options), DG_END
};

static dg_status crop_build(const void *options, dg_layer_build *b)
{
    const crop_options *o = options;
    const dg_shape *in = &b->input[0];
    DG_TRY(dg_image_build(options, b));
    if (o->height > in->at[0] || o->width > in->at[1])
        return dg_error(DG_INVALID,
                        "the window of %" PRId64 " x %" PRId64 " pixels is larger than the image, "
                        "%" PRId64 " x %" PRId64,
                        o->height, o->width, in->at[0], in->at[1]);
    b->output = (dg_shape){ 3, { o->height, o->width, in->at[2] } };
    b->training_only = false;
    b->row_flops = dg_shape_size(&b->output);
    return DG_OK;
}

/* Where the window of a row begins: the number of values before it. */
static int64_t begin_of(const dg_pass *pass, int64_t row)
{
    const crop_options *o = pass->options;
    const dg_shape *in = &pass->build->input[0], *out = &pass->build->output;
    double u[2];
    int64_t place[2];
    if (pass->training) dg_row_random(pass, &o->seed, row, 2, u);
    for (int i = 0; i < 2; i++) {
        int64_t room = in->at[i] - out->at[i];
        place[i] = pass->training ? (int64_t)(u[i] * (double)(room + 1)) : room / 2;
    }
    return (place[0] * in->at[1] + place[1]) * in->at[2];
}

static dg_status crop_forward(const dg_pass *pass)
{
    const dg_shape *in = &pass->build->input[0], *out = &pass->build->output;
    int64_t from = in->at[1] * in->at[2], to = out->at[1] * out->at[2];
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *x = pass->input[0] + i * dg_shape_size(in) + begin_of(pass, i);
        float *y = pass->output + i * dg_shape_size(out);
        for (int64_t line = 0; line < out->at[0]; line++)
            memcpy(y + line * to, x + line * from, (size_t)to * sizeof *y);
    }
    return DG_OK;
}

static dg_status crop_backward(const dg_pass *pass)
{
    const dg_shape *in = &pass->build->input[0], *out = &pass->build->output;
    int64_t from = in->at[1] * in->at[2], to = out->at[1] * out->at[2];
    if (!pass->input_gradient[0]) return DG_OK;
    memset(pass->input_gradient[0], 0, (size_t)(pass->rows * dg_shape_size(in)) * sizeof(float));
    for (int64_t i = 0; i < pass->rows; i++) {
        float *dx = pass->input_gradient[0] + i * dg_shape_size(in) + begin_of(pass, i);
        const float *dy = pass->output_gradient + i * dg_shape_size(out);
        for (int64_t line = 0; line < out->at[0]; line++)
            memcpy(dx + line * from, dy + line * to, (size_t)to * sizeof *dx);
    }
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { "size", "use height and width" },
    { "padding", "put nn.ZeroPadding2D before it" },
    { NULL },
};

const dg_layer_type dg_random_crop = {
    .part = { .kind = "layer",
              .name = "RandomCrop",
              .alias = "random_crop",
              .doc = "cuts a window out of each image: at a random place in training, each image's "
                     "own, in prediction from the centre",
              .example = "nn.RandomCrop { 24, 24 }",
              .params = params,
              .options_size = sizeof(crop_options),
              .hints = hints },
    .build = crop_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = crop_forward,
    .backward = crop_backward,
};
