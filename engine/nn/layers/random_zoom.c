/* RandomZoom: in training, zooms each image in or out about its centre by a random factor. */
#include <math.h>

#include "engine/nn/layers/warp.h"

typedef struct {
    dg_sampling sampling; /* first: see dg_layer_type.warp */
    double height_factor[2], width_factor[2];
    dg_optional_seed seed;
} zoom_options;

static const dg_param params[] = {
    DG_SPAN(zoom_options, height_factor, .required = true, DG_WITHIN(-1, 1),
            .doc = "least and most zoom of the height: the part by which more is seen (below 0: "
                   "less, so that what is seen is larger); x is {-x, x}"),
    DG_SPAN(zoom_options, width_factor, .optional = true, DG_WITHIN(-1, 1),
            .doc = "the same for the width; nil: both sides are zoomed alike"),
    DG_FILL_MODE(zoom_options),
    DG_INTERPOLATION(zoom_options),
    DG_WARP_SEED(zoom_options),
    DG_FILL_VALUE(zoom_options),
    DG_END
};

static void zoom(const dg_pass *pass, int64_t row, dg_warp *out)
{
    const zoom_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    double u[2];
    dg_row_random(pass, &o->seed, row, 2, u);
    double down = 1 + dg_between(o->height_factor, u[0]), right = down;
    if (!isnan(o->width_factor[0])) right = 1 + dg_between(o->width_factor, u[1]);
    double x = (double)(shape->at[1] - 1) / 2, y = (double)(shape->at[0] - 1) / 2; /* the centre */
    *out = (dg_warp){ { right, 0, x - right * x, 0, down, y - down * y } };
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { "factor", "use height_factor, and width_factor if the sides differ" },
    { NULL },
};

const dg_layer_type dg_random_zoom = {
    .part = { .kind = "layer",
              .name = "RandomZoom",
              .alias = "random_zoom",
              .doc = "zooms each image in or out about its centre by a random factor, in training "
                     "only; with neighbours of its kind the image is sampled once",
              .example = "nn.RandomZoom { 0.1, fill_mode = \"constant\" }",
              .params = params,
              .options_size = sizeof(zoom_options),
              .hints = hints },
    .build = dg_image_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .warp = zoom,
    .forward = dg_warp_forward,
    .backward = dg_warp_backward,
};
