/* RandomShear: in training, slants each image by random parts of its height and width. */
#include "engine/nn/layers/warp.h"

typedef struct {
    dg_sampling sampling; /* first: see dg_layer_type.warp */
    double x_factor[2], y_factor[2];
    dg_optional_seed seed;
} shear_options;

static const dg_param params[] = {
    DG_SPAN(shear_options, x_factor, DG_WITHIN(-1, 1),
            .doc = "least and most shift of a line for each line from the top; x is {-x, x}"),
    DG_SPAN(shear_options, y_factor, DG_WITHIN(-1, 1),
            .doc = "least and most shift of a column for each column from the left; x is {-x, x}"),
    DG_INTERPOLATION(shear_options),
    DG_FILL_MODE(shear_options),
    DG_FILL_VALUE(shear_options),
    DG_WARP_SEED(shear_options),
    DG_END
};

/* Half of all images are slanted the other way. */
static void shear(const dg_pass *pass, int64_t row, dg_warp *out)
{
    const shear_options *o = pass->options;
    double u[3];
    dg_row_random(pass, &o->seed, row, 3, u);
    double way = u[0] > 0.5 ? -1 : 1;
    *out = (dg_warp){ { 1, way * dg_between(o->x_factor, u[1]), 0,
                        way * dg_between(o->y_factor, u[2]), 1, 0 } };
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { "factor", "use x_factor and y_factor" },
    { NULL },
};

const dg_layer_type dg_random_shear = {
    .part = { .kind = "layer",
              .name = "RandomShear",
              .alias = "random_shear",
              .doc = "slants each image by random factors, either way, from its upper left corner, "
                     "in training only; with neighbours of its kind the image is sampled once",
              .example = "nn.RandomShear { 0.2, 0, fill_mode = \"constant\" }",
              .params = params,
              .options_size = sizeof(shear_options),
              .hints = hints },
    .build = dg_image_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .warp = shear,
    .forward = dg_warp_forward,
    .backward = dg_warp_backward,
};
