/* LayerNormalization: the last axis of each row, or the last axes together, is normalized to
 * mean 0 and variance 1, then scaled by gamma and shifted by beta, which are trained.
 *
 * x and y are {samples, size}, `size` being that of the axes; gamma and beta have their shape. */
#include <math.h>

#include "engine/base/lanes.h"
#include "engine/nn/layer.h"
#include "engine/tensor/tensor.h"

typedef struct {
    dg_ints axis; /* none given: the last */
    double epsilon;
    bool center, scale;
    const dg_part *beta_initializer, *gamma_initializer, *beta_regularizer, *gamma_regularizer;
} layer_normalization_options;

static const dg_param params[] = {
    DG_INTS(layer_normalization_options, axis, DG_WITHIN(-DG_MAX_INTS, -1),
            .doc = "the axis, or the last few as a list: { -2, -1 }; default: -1, the last"),
    DG_FLOAT(layer_normalization_options, epsilon, DG_ABOVE(0), .default_number = 1e-3,
             .doc = "small number added to the variance"),
    DG_BOOL(layer_normalization_options, center, .default_number = 1,
            .doc = "add a trained shift, beta"),
    DG_BOOL(layer_normalization_options, scale, .default_number = 1,
            .doc = "multiply by a trained scale, gamma"),
    DG_PART(layer_normalization_options, beta_initializer, .kind = "initializer",
            .default_text = "zeros", .doc = "initializer of beta"),
    DG_PART(layer_normalization_options, gamma_initializer, .kind = "initializer",
            .default_text = "ones", .doc = "initializer of gamma"),
    DG_PART(layer_normalization_options, beta_regularizer, .kind = "regularizer",
            .doc = "penalty on beta"),
    DG_PART(layer_normalization_options, gamma_regularizer, .kind = "regularizer",
            .doc = "penalty on gamma"),
    DG_END
};

enum { GAMMA, BETA };

/* The last axes, each once, in any order. */
static dg_status layer_normalization_check(const void *options)
{
    const dg_ints *axis = &((const layer_normalization_options *)options)->axis;
    int64_t seen = 0;
    for (int i = 0; i < axis->count; i++) seen |= (int64_t)1 << -axis->at[i];
    if (seen == ((int64_t)2 << axis->count) - 2 || axis->count == 0) return DG_OK;
    char found[160];
    return dg_error(DG_INVALID, "axis must be -1, or the last axes, as in { -2, -1 }, found %s",
                    dg_shape_text(axis->count, axis->at, found, sizeof found));
}

static int axes_of(const layer_normalization_options *o)
{
    return o->axis.count > 0 ? o->axis.count : 1;
}

static dg_shape normalized_shape(const layer_normalization_options *o, const dg_shape *row)
{
    dg_shape shape = { .count = axes_of(o) };
    for (int i = 0; i < shape.count; i++) shape.at[i] = row->at[row->count - shape.count + i];
    return shape;
}

static dg_status layer_normalization_build(const void *options, dg_layer_build *b)
{
    const layer_normalization_options *o = options;
    if (axes_of(o) > b->input[0].count) {
        char found[160];
        return dg_error(DG_INVALID, "axis names %d axes, but a row has shape %s", axes_of(o),
                        dg_shape_text(b->input[0].count, b->input[0].at, found, sizeof found));
    }
    dg_shape shape = normalized_shape(o, &b->input[0]);
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_output = true;
    if (o->scale)
        dg_build_weight(b, GAMMA, "gamma", shape, o->gamma_initializer, o->gamma_regularizer);
    if (o->center)
        dg_build_weight(b, BETA, "beta", shape, o->beta_initializer, o->beta_regularizer);
    int64_t samples = dg_shape_size(&b->output) / dg_shape_size(&shape);
    b->saved_row_bytes = samples * 2 * (int64_t)sizeof(float); /* mean, 1 / deviation */
    b->row_flops = 8 * dg_shape_size(&b->output);
    return DG_OK;
}

/* --- sums ------------------------------------------------------------------------------------ */

DG_INLINE float sum_of(const float *x, int64_t size)
{
    float lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, size, lane[l] += x[i]);
    return DG_JOIN(lane);
}

/* Sum of a[i] (b[i] - shift). */
DG_INLINE float product_of(const bool fused, const float *a, const float *b, float shift,
                           int64_t size)
{
    float lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, size, lane[l] = DG_FMA(a[i], b[i] - shift, lane[l]));
    return DG_JOIN(lane);
}

/* What the kernels are given: samples of the pass, each with its mean and 1 / deviation. */
struct layer_norm {
    int64_t samples, size;
    float epsilon;
    const float *x, *gamma, *beta;
    float *moments; /* {samples, 2}; NULL: predicting */
};

static struct layer_norm layer_norm_of(const dg_pass *pass)
{
    const layer_normalization_options *o = pass->options;
    dg_shape shape = normalized_shape(o, &pass->build->output);
    int64_t size = dg_shape_size(&shape), row = dg_shape_size(&pass->build->output);
    return (struct layer_norm){ .samples = pass->rows * (row / size),
                                .size = size,
                                .epsilon = (float)o->epsilon,
                                .x = pass->input[0],
                                .gamma = pass->weight[GAMMA],
                                .beta = pass->weight[BETA],
                                .moments = pass->saved_rows };
}

/* --- forward -------------------------------------------------------------------------------- */

/* y becomes x - mean, whose squares give the variance, and then the output. */
DG_KERNEL(void, layer_normalize, (const struct layer_norm *n, float *restrict y), (n, y))
{
    const float *restrict x = n->x, *restrict gamma = n->gamma, *restrict beta = n->beta;
    int64_t size = n->size;
    for (int64_t sample = 0; sample < n->samples; sample++, x += size, y += size) {
        float mean = sum_of(x, size) / (float)size;
        for (int64_t i = 0; i < size; i++) y[i] = x[i] - mean;
        float inverse = 1 / sqrtf(product_of(fused, y, y, 0, size) / (float)size + n->epsilon);
        for (int64_t i = 0; i < size; i++) y[i] *= inverse;
        if (gamma)
            for (int64_t i = 0; i < size; i++) y[i] *= gamma[i];
        if (beta)
            for (int64_t i = 0; i < size; i++) y[i] += beta[i];
        if (!n->moments) continue;
        n->moments[2 * sample] = mean;
        n->moments[2 * sample + 1] = inverse;
    }
}

static dg_status layer_normalization_forward(const dg_pass *pass)
{
    struct layer_norm n = layer_norm_of(pass);
    layer_normalize(&n, pass->output);
    return DG_OK;
}

/* --- backward ------------------------------------------------------------------------------- */

DG_KERNEL(void, layer_weight_gradients,
          (const struct layer_norm *n, const float *restrict dy, float *restrict dgamma,
           float *restrict dbeta),
          (n, dy, dgamma, dbeta))
{
    const float *restrict x = n->x;
    int64_t size = n->size;
    for (int64_t i = 0; dgamma && i < size; i++) dgamma[i] = 0;
    for (int64_t i = 0; dbeta && i < size; i++) dbeta[i] = 0;
    for (int64_t sample = 0; sample < n->samples; sample++, x += size, dy += size) {
        float mean = n->moments[2 * sample], inverse = n->moments[2 * sample + 1];
        if (dgamma)
            for (int64_t i = 0; i < size; i++)
                dgamma[i] = DG_FMA(dy[i], (x[i] - mean) * inverse, dgamma[i]);
        if (dbeta)
            for (int64_t i = 0; i < size; i++) dbeta[i] += dy[i];
    }
}

/* dx = (g - mean of g - xhat * mean of g xhat) / deviation, where g = dy gamma and xhat is the
 * normalised x. dy becomes g. */
DG_KERNEL(void, layer_input_gradient,
          (const struct layer_norm *n, float *restrict dy, float *restrict dx), (n, dy, dx))
{
    const float *restrict x = n->x, *restrict gamma = n->gamma;
    int64_t size = n->size;
    for (int64_t sample = 0; sample < n->samples; sample++, x += size, dy += size, dx += size) {
        float mean = n->moments[2 * sample], inverse = n->moments[2 * sample + 1];
        if (gamma)
            for (int64_t i = 0; i < size; i++) dy[i] *= gamma[i];
        float a = sum_of(dy, size) / (float)size;
        float b = product_of(fused, dy, x, mean, size) * inverse / (float)size;
        for (int64_t i = 0; i < size; i++)
            dx[i] = DG_FMA(-b, (x[i] - mean) * inverse, dy[i] - a) * inverse;
    }
}

static dg_status layer_normalization_backward(const dg_pass *pass)
{
    struct layer_norm n = layer_norm_of(pass);
    layer_weight_gradients(&n, pass->output_gradient, pass->weight_gradient[GAMMA],
                           pass->weight_gradient[BETA]);
    if (pass->input_gradient[0])
        layer_input_gradient(&n, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_TRAINABLE },
    { "eps", "use epsilon" },
    { "normalized_shape", "sizes are inferred; use axis for more than the last axis" },
    { "elementwise_affine", "use center and scale" },
    { "rms_scaling", "the mean is always subtracted; leave it out" },
    { NULL },
};

const dg_layer_type dg_layer_normalization = {
    .part = { .kind = "layer",
              .name = "LayerNormalization",
              .alias = "layer_normalization",
              .peers = (const char *const[]){ "LayerNorm", NULL },
              .doc = "normalizes the last axis of each row to mean 0 and variance 1 (Ba, Kiros and "
                     "Hinton 2016)",
              .example = "nn.LayerNormalization {}",
              .params = params,
              .options_size = sizeof(layer_normalization_options),
              .check = layer_normalization_check,
              .hints = hints },
    .build = layer_normalization_build,
    .forward = layer_normalization_forward,
    .backward = layer_normalization_backward,
};
