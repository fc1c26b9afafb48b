/* RandomFlip: in training, mirrors half of the images. */
#include "engine/nn/layers/warp.h"

typedef struct {
    dg_sampling sampling; /* first: see dg_layer_type.warp; none of its ways makes a difference */
    int mode;
    dg_optional_seed seed;
} flip_options;

enum { BOTH, HORIZONTAL, VERTICAL };

static const char *const modes[] = { "horizontal_and_vertical", "horizontal", "vertical", NULL };

static const dg_param params[] = {
    DG_CHOICE(flip_options, mode, .choices = modes,
              .doc = "what is exchanged: horizontal: left and right; vertical: top and bottom; "
                     "horizontal_and_vertical: both of the same images, as in Keras"),
    DG_WARP_SEED(flip_options), DG_END
};

static void flip(const dg_pass *pass, int64_t row, dg_warp *out)
{
    const flip_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    double u;
    dg_row_random(pass, &o->seed, row, 1, &u);
    *out = (dg_warp){ { 1, 0, 0, 0, 1, 0 } };
    if (u > 0.5) return;
    if (o->mode != VERTICAL) {
        out->at[0] = -1;
        out->at[2] = (double)(shape->at[1] - 1);
    }
    if (o->mode != HORIZONTAL) {
        out->at[4] = -1;
        out->at[5] = (double)(shape->at[0] - 1);
    }
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { NULL },
};

const dg_layer_type dg_random_flip = {
    .part = { .kind = "layer",
              .name = "RandomFlip",
              .alias = "random_flip",
              .doc = "mirrors half of the images, chosen at random, in training only; with "
                     "neighbours that warp the image is sampled once",
              .example = "nn.RandomFlip \"horizontal\"",
              .params = params,
              .options_size = sizeof(flip_options),
              .hints = hints },
    .build = dg_image_build,
    .flags = DG_LAYER_PASSES_BYTES | DG_LAYER_WARPS_WHOLE,
    .warp = flip,
    .forward = dg_warp_forward,
    .backward = dg_warp_backward,
};
