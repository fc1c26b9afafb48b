/* GaussianNoise: in training, adds a normal number to each value. Value i of the batch takes number
 * i of the layer's stream in this step. */
#include <string.h>

#include "engine/nn/layers/drop.h"

typedef struct {
    double stddev;
    dg_optional_seed seed;
} gaussian_noise_options;

static const dg_param params[] = {
    DG_FLOAT(gaussian_noise_options, stddev, .required = true, DG_AT_LEAST(0),
             .doc = "standard deviation of the noise, in the unit of the values"),
    DG_SEED(gaussian_noise_options, seed,
            .doc = "seed for the noise, combined with the seed of fit; default: the layer's place "
                   "in the model"),
    DG_END
};

static dg_status gaussian_noise_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->training_only = true;
    b->row_flops = 60 * dg_shape_size(&b->output);
    return DG_OK;
}

static dg_status gaussian_noise_forward(const dg_pass *pass)
{
    enum { CHUNK = 256 };
    const gaussian_noise_options *o = pass->options;
    int64_t size = dg_shape_size(&pass->build->output);
    int64_t first = pass->first * size, end = first + pass->rows * size;
    uint64_t key = dg_layer_key(pass, o->seed, "gaussian noise");
    float noise[CHUNK];
    for (int64_t at = first - first % CHUNK; at < end; at += CHUNK) {
        int64_t stop = at + CHUNK < end ? at + CHUNK : end;
        dg_random_normal(key, 0, (float)o->stddev, at, stop - at, noise);
        for (int64_t i = at > first ? at : first; i < stop; i++)
            pass->output[i - first] = pass->input[0][i - first] + noise[i - at];
    }
    return DG_OK;
}

static dg_status gaussian_noise_backward(const dg_pass *pass)
{
    if (pass->input_gradient[0])
        memcpy(pass->input_gradient[0], pass->output_gradient,
               (size_t)(pass->rows * dg_shape_size(&pass->build->output)) * sizeof(float));
    return DG_OK;
}

const dg_layer_type dg_gaussian_noise = {
    .part = { .kind = "layer",
              .name = "GaussianNoise",
              .alias = "gaussian_noise",
              .doc = "adds normal noise to every value in training",
              .example = "nn.GaussianNoise { 0.1 }",
              .params = params,
              .options_size = sizeof(gaussian_noise_options) },
    .flags = DG_LAYER_PASSES_BYTES,
    .build = gaussian_noise_build,
    .forward = gaussian_noise_forward,
    .backward = gaussian_noise_backward,
};
