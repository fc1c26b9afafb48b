/* RandomElasticTransform: in training, deforms images: each pixel is read elsewhere, by random
 * shifts that are blurred, so that neighbours move alike (Simard, Steinkraus and Platt, "Best
 * Practices for Convolutional Neural Networks", 2003), with the distribution of Keras's layer. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/base/random.h"
#include "engine/nn/layers/warp.h"

typedef struct {
    dg_sampling sampling;
    double factor[2], scale[2];
    dg_optional_seed seed;
} elastic_options;

static const dg_param params[] = {
    DG_SPAN(elastic_options, factor, DG_WITHIN(0, 1), .default_number = 1,
            .doc = "least and most probability that an image is deformed; x is {0, x}: one half of "
                   "x on average"),
    DG_SPAN(elastic_options, scale, DG_WITHIN(0, 1), .default_number = 1,
            .doc = "least and most strength, drawn for each image: s shifts pixels by some 0.03 s "
                   "of the longer side, and what is within 0.05 s of the shorter one alike; x is "
                   "{0, x}"),
    DG_INTERPOLATION(elastic_options),
    DG_FILL_MODE(elastic_options),
    DG_FILL_VALUE(elastic_options),
    DG_WARP_SEED(elastic_options),
    DG_END
};

/* The blur of an image: its deviation in pixels, the weights to either side of the middle. */
struct blur {
    double sigma;
    int64_t reach;
    float *weight; /* {2 reach + 1} */
};

static int64_t pixels_of(const dg_shape *shape)
{
    return shape->at[0] * shape->at[1];
}

static double shorter(const dg_shape *shape)
{
    return (double)(shape->at[0] < shape->at[1] ? shape->at[0] : shape->at[1]);
}

static int64_t reach_of(double sigma)
{
    return ((int64_t)(6 * sigma) | 1) / 2;
}

static dg_status elastic_build(const void *options, dg_layer_build *b)
{
    const elastic_options *o = options;
    DG_TRY(dg_image_build(options, b));
    int64_t pixels = pixels_of(&b->output), size = sizeof(float);
    int64_t reach = reach_of(0.05 * o->scale[1] * shorter(&b->output));
    b->saved_row_bytes =
        2 * pixels * size; /* the columns, and the lines, that pixels are read at */
    b->scratch_bytes = (2 * (pixels + 4) + 2 * reach + 1) * size;
    b->row_flops += pixels * (100 + 8 * reach);
    return DG_OK;
}

static void make_weights(struct blur *blur)
{
    double sum = 0;
    for (int64_t i = -blur->reach; i <= blur->reach; i++) {
        double at = (double)i / blur->sigma;
        blur->weight[blur->reach + i] = (float)dg_exp64(-0.5 * at * at);
        sum += (double)blur->weight[blur->reach + i];
    }
    for (int64_t i = 0; i <= 2 * blur->reach; i++)
        blur->weight[i] = (float)((double)blur->weight[i] / sum);
}

/* An image of one channel, blurred along its lines, or its columns. Beyond the edges is 0. */
DG_KERNEL(void, blur_lines,
          (int64_t lines, int64_t length, int64_t reach, const float *restrict weight,
           const float *restrict in, float *restrict out),
          (lines, length, reach, weight, in, out))
{
    for (int64_t i = 0; i < length * lines; i++) out[i] = 0;
    for (int64_t k = -reach; k <= reach; k++) {
        int64_t from = k < 0 ? -k : 0, to = k > 0 ? length - k : length;
        for (int64_t y = 0; y < lines; y++)
            for (int64_t x = from; x < to; x++)
                out[y * length + x] =
                    DG_FMA(weight[reach + k], in[y * length + x + k], out[y * length + x]);
    }
}

DG_KERNEL(void, blur_columns,
          (int64_t lines, int64_t length, int64_t reach, const float *restrict weight,
           const float *restrict in, float *restrict out),
          (lines, length, reach, weight, in, out))
{
    for (int64_t i = 0; i < length * lines; i++) out[i] = 0;
    for (int64_t k = -reach; k <= reach; k++) {
        int64_t from = k < 0 ? -k : 0, to = k > 0 ? lines - k : lines;
        for (int64_t i = from * length; i < to * length; i++)
            out[i] = DG_FMA(weight[reach + k], in[i + k * length], out[i]);
    }
}

/* Adds blurred shifts to the places of pixels along one axis. */
static void shift(const dg_shape *shape, const struct blur *blur, double alpha, uint64_t key,
                  float *room, float *places)
{
    int64_t pixels = pixels_of(shape), lines = shape->at[0], length = shape->at[1];
    float *noise = room, *blurred = room + (pixels + 4);
    dg_random_normal(key, 0, (float)blur->sigma, 0, pixels, noise);
    blur_lines(lines, length, blur->reach, blur->weight, noise, blurred);
    blur_columns(lines, length, blur->reach, blur->weight, blurred, noise);
    for (int64_t i = 0; i < pixels; i++) places[i] += (float)alpha * noise[i];
}

/* Where the pixels of a row are read. */
static void draw_places(const dg_pass *pass, int64_t row, float *columns, float *lines)
{
    const elastic_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    double u[3], longer = (double)(shape->at[0] + shape->at[1]) - shorter(shape);
    dg_row_random(pass, &o->seed, row, 3, u);
    for (int64_t y = 0, i = 0; y < shape->at[0]; y++)
        for (int64_t x = 0; x < shape->at[1]; x++, i++) columns[i] = (float)x, lines[i] = (float)y;
    double scale = dg_between(o->scale, u[2]), sigma = 0.05 * scale * shorter(shape);
    if (!(u[1] < dg_between(o->factor, u[0])) || scale == 0) return;
    float *room = pass->scratch;
    struct blur blur = { sigma, reach_of(sigma), room + 2 * (pixels_of(shape) + 4) };
    make_weights(&blur);
    uint64_t key = dg_key(dg_image_key(pass, &o->seed), "noise", (uint64_t)(pass->first + row));
    shift(shape, &blur, 0.1 * scale * longer, dg_key(key, "columns", 0), room, columns);
    shift(shape, &blur, 0.1 * scale * longer, dg_key(key, "lines", 0), room, lines);
}

static dg_status elastic_forward(const dg_pass *pass)
{
    const elastic_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    int64_t size = dg_shape_size(shape), pixels = pixels_of(shape);
    for (int64_t i = 0; i < pass->rows; i++) {
        float *columns = (float *)pass->saved_rows + 2 * i * pixels, *lines = columns + pixels;
        draw_places(pass, i, columns, lines);
        dg_sample_image(&o->sampling, shape->at, columns, lines, pass->input[0] + i * size,
                        pass->output + i * size);
    }
    return DG_OK;
}

static dg_status elastic_backward(const dg_pass *pass)
{
    const elastic_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    int64_t size = dg_shape_size(shape), pixels = pixels_of(shape);
    float *dx = pass->input_gradient[0];
    if (!dx) return DG_OK;
    memset(dx, 0, (size_t)(pass->rows * size) * sizeof *dx);
    for (int64_t i = 0; i < pass->rows; i++) {
        const float *columns = (const float *)pass->saved_rows + 2 * i * pixels;
        dg_sample_image_back(&o->sampling, shape->at, columns, columns + pixels,
                             pass->output_gradient + i * size, dx + i * size);
    }
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_DATA_FORMAT },
    { "value_range", "sampling does not leave the range of an image; leave it out" },
    { "alpha", "use scale, which sets shift and blur" },
    { "sigma", "use scale, which sets shift and blur" },
    { NULL },
};

const dg_layer_type dg_random_elastic_transform = {
    .part = { .kind = "layer",
              .name = "RandomElasticTransform",
              .alias = "random_elastic_transform",
              .doc = "deforms images by random shifts in which neighbours move alike, in training "
                     "only (Simard et al. 2003)",
              .example = "nn.RandomElasticTransform { fill_mode = \"constant\" }",
              .params = params,
              .options_size = sizeof(elastic_options),
              .hints = hints },
    .build = elastic_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = elastic_forward,
    .backward = elastic_backward,
};
