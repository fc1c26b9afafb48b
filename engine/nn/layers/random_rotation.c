/* RandomRotation: in training, turns each image about its centre by a random angle. */
#include "engine/base/math64.h"
#include "engine/nn/layers/warp.h"

typedef struct {
    dg_sampling sampling; /* first: see dg_layer_type.warp */
    double factor[2];
    dg_optional_seed seed;
} rotation_options;

static const dg_param params[] = {
    DG_SPAN(rotation_options, factor, .required = true, DG_WITHIN(-1, 1),
            .doc = "least and most angle, in full turns (15 degrees: 15 / 360), counterclockwise "
                   "above 0; x is {-x, x}"),
    DG_FILL_MODE(rotation_options),
    DG_INTERPOLATION(rotation_options),
    DG_WARP_SEED(rotation_options),
    DG_FILL_VALUE(rotation_options),
    DG_END
};

static void rotate(const dg_pass *pass, int64_t row, dg_warp *out)
{
    const rotation_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    double u[1];
    dg_row_random(pass, &o->seed, row, 1, u);
    double turns = dg_between(o->factor, u[0]);
    struct dg_circle c = dg_circle64(turns < 0 ? turns + 1 : turns);
    double x = (double)(shape->at[1] - 1) / 2, y = (double)(shape->at[0] - 1) / 2; /* the centre */
    *out = (dg_warp){ { c.cosine, -c.sine, x - c.cosine * x + c.sine * y, c.sine, c.cosine,
                        y - c.sine * x - c.cosine * y } };
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { "degrees", "use factor, in full turns: degrees / 360" },
    { NULL },
};

const dg_layer_type dg_random_rotation = {
    .part = { .kind = "layer",
              .name = "RandomRotation",
              .alias = "random_rotation",
              .doc = "turns each image about its centre by a random angle, in training only; with "
                     "neighbours of its kind the image is sampled once",
              .example = "nn.RandomRotation { 15 / 360, fill_mode = \"constant\" }",
              .params = params,
              .options_size = sizeof(rotation_options),
              .hints = hints },
    .build = dg_image_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .warp = rotate,
    .forward = dg_warp_forward,
    .backward = dg_warp_backward,
};
