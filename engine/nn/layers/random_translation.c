/* RandomTranslation: in training, moves each image by a random part of its height and width. */
#include "engine/nn/layers/warp.h"

typedef struct {
    dg_sampling sampling; /* first: see dg_layer_type.warp */
    double height_factor[2], width_factor[2];
    dg_optional_seed seed;
} translation_options;

static const dg_param params[] = {
    DG_SPAN(translation_options, height_factor, .required = true, DG_WITHIN(-1, 1),
            .doc = "least and most part of the height to move down by (below 0: up); x is {-x, x}"),
    DG_SPAN(translation_options, width_factor, .required = true, DG_WITHIN(-1, 1),
            .doc =
                "least and most part of the width to move right by (below 0: left); x is {-x, x}"),
    DG_FILL_MODE(translation_options),
    DG_INTERPOLATION(translation_options),
    DG_WARP_SEED(translation_options),
    DG_FILL_VALUE(translation_options),
    DG_END
};

static void translate(const dg_pass *pass, int64_t row, dg_warp *out)
{
    const translation_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    double u[2];
    dg_row_random(pass, &o->seed, row, 2, u);
    double down = dg_between(o->height_factor, u[0]) * (double)shape->at[0];
    double right = dg_between(o->width_factor, u[1]) * (double)shape->at[1];
    *out = (dg_warp){ { 1, 0, -right, 0, 1, -down } };
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { "factor", "use height_factor and width_factor" },
    { NULL },
};

const dg_layer_type dg_random_translation = {
    .part = { .kind = "layer",
              .name = "RandomTranslation",
              .alias = "random_translation",
              .doc = "moves each image by a random part of its height and width, in training only; "
                     "with neighbours of its kind the image is sampled once",
              .example = "nn.RandomTranslation { 0.1, 0.1, fill_mode = \"constant\" }",
              .params = params,
              .options_size = sizeof(translation_options),
              .hints = hints },
    .build = dg_image_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .warp = translate,
    .forward = dg_warp_forward,
    .backward = dg_warp_backward,
};
