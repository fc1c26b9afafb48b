/* SpatialDropout2D: in training, sets whole channels of images to zero and scales up the others. */
#include "engine/nn/layers/drop.h"
#include "engine/nn/layers/window.h"

typedef struct {
    double rate;
    dg_optional_seed seed;
} spatial_dropout2d_options;

static const dg_param params[] = {
    DG_FLOAT(spatial_dropout2d_options, rate, .required = true, DG_FROM_BELOW(0, 1),
             .doc = "fraction of the channels set to zero"),
    DG_SEED(spatial_dropout2d_options, seed, .doc = DG_LAYER_SEED_DOC), DG_END
};

static dg_status spatial_dropout2d_build(const void *options, dg_layer_build *b)
{
    (void)options;
    DG_TRY(dg_expect_image(&b->input[0]));
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->training_only = true;
    b->saved_row_bytes = b->output.at[2];
    b->row_flops = 2 * dg_shape_size(&b->output);
    return DG_OK;
}

/* Keeps the same channels of all pixels of a row. */
static void apply(const dg_pass *pass, const float *x, float *y)
{
    const spatial_dropout2d_options *o = pass->options;
    const dg_shape *image = &pass->build->output;
    int64_t channels = image->at[2], pixels = image->at[0] * image->at[1];
    const uint8_t *kept = pass->saved_rows;
    float scale = (float)(1 / (1 - o->rate));
    for (int64_t row = 0; row < pass->rows; row++, kept += channels)
        for (int64_t i = 0; i < pixels; i++, x += channels, y += channels)
            dg_drop_apply(scale, channels, kept, x, y);
}

static dg_status spatial_dropout2d_forward(const dg_pass *pass)
{
    const spatial_dropout2d_options *o = pass->options;
    int64_t channels = pass->build->output.at[2];
    dg_drop_marks(dg_layer_key(pass, o->seed, "spatial dropout"), dg_drop_limit(o->rate),
                  pass->first * channels, pass->rows * channels, pass->saved_rows);
    apply(pass, pass->input[0], pass->output);
    return DG_OK;
}

static dg_status spatial_dropout2d_backward(const dg_pass *pass)
{
    if (pass->input_gradient[0]) apply(pass, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

static const dg_hint hints[] = { { DG_HINT_DATA_FORMAT }, { NULL } };

const dg_layer_type dg_spatial_dropout2d = {
    .part = { .kind = "layer",
              .name = "SpatialDropout2D",
              .alias = "spatial_dropout2d",
              .peers = (const char *const[]){ "Dropout2d", NULL },
              .doc = "sets random channels of images to zero in training, since neighbouring "
                     "pixels are alike (Tompson et al. 2015)",
              .example = "nn.SpatialDropout2D { 0.2 }",
              .params = params,
              .options_size = sizeof(spatial_dropout2d_options),
              .hints = hints },
    .flags = DG_LAYER_PASSES_BYTES,
    .build = spatial_dropout2d_build,
    .forward = spatial_dropout2d_forward,
    .backward = spatial_dropout2d_backward,
};
