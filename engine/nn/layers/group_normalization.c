/* GroupNormalization: the channels of each row, in groups of neighbours, are normalized to mean 0
 * and variance 1 over all pixels, then scaled by gamma and shifted by beta, which are trained.
 *
 * x and y are {rows, pixels, channels}; gamma and beta {channels}. Sums go over the pixels, channel
 * beside channel, and then over the channels of a group. */
#include <inttypes.h>
#include <math.h>

#include "engine/base/kernel.h"
#include "engine/nn/layer.h"

typedef struct {
    int64_t groups;
    double epsilon;
    bool center, scale;
    const dg_part *beta_initializer, *gamma_initializer, *beta_regularizer, *gamma_regularizer;
} group_normalization_options;

static const dg_param params[] = {
    DG_INT(group_normalization_options, groups, DG_AT_LEAST(-1), .default_number = 32,
           .doc = "number of groups of channels; -1: as many as channels (instance normalization)"),
    DG_FLOAT(group_normalization_options, epsilon, DG_ABOVE(0), .default_number = 1e-3,
             .doc = "small number added to the variance"),
    DG_BOOL(group_normalization_options, center, .default_number = 1,
            .doc = "add a trained shift, beta"),
    DG_BOOL(group_normalization_options, scale, .default_number = 1,
            .doc = "multiply by a trained scale, gamma"),
    DG_PART(group_normalization_options, beta_initializer, .kind = "initializer",
            .default_text = "zeros", .doc = "initializer of beta"),
    DG_PART(group_normalization_options, gamma_initializer, .kind = "initializer",
            .default_text = "ones", .doc = "initializer of gamma"),
    DG_PART(group_normalization_options, beta_regularizer, .kind = "regularizer",
            .doc = "penalty on beta"),
    DG_PART(group_normalization_options, gamma_regularizer, .kind = "regularizer",
            .doc = "penalty on gamma"),
    DG_END
};

enum { GAMMA, BETA };

static dg_status group_normalization_check(const void *options)
{
    if (((const group_normalization_options *)options)->groups != 0) return DG_OK;
    return dg_error(DG_INVALID, "groups must be at least 1, or -1, as many as channels; found 0");
}

static int64_t channels_of(const dg_shape *row)
{
    return row->at[row->count - 1];
}

static int64_t groups_of(const group_normalization_options *o, const dg_shape *row)
{
    return o->groups < 0 ? channels_of(row) : o->groups;
}

enum { BACKWARD_SUMS = 8 }; /* numbers of scratch for a channel; forward takes fewer */

static dg_status group_normalization_build(const void *options, dg_layer_build *b)
{
    const group_normalization_options *o = options;
    int64_t channels = channels_of(&b->input[0]), groups = groups_of(o, &b->input[0]);
    if (channels % groups != 0)
        return dg_error(DG_INVALID,
                        "the channels of its input must be a multiple of groups, found %" PRId64
                        " and %" PRId64,
                        channels, groups);
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_output = true;
    dg_shape shape = { 1, { channels } };
    if (o->scale)
        dg_build_weight(b, GAMMA, "gamma", shape, o->gamma_initializer, o->gamma_regularizer);
    if (o->center)
        dg_build_weight(b, BETA, "beta", shape, o->beta_initializer, o->beta_regularizer);
    b->saved_row_bytes = groups * 2 * (int64_t)sizeof(float); /* mean, 1 / deviation */
    b->scratch_bytes = BACKWARD_SUMS * channels * (int64_t)sizeof(float);
    b->row_flops = 8 * dg_shape_size(&b->output);
    return DG_OK;
}

/* --- sums ----------------------------------------------------------------------------------- */

struct group_norm {
    int64_t pixels, channels, groups, size; /* size: channels of a group */
    float epsilon;
    const float *gamma, *beta;
};

static struct group_norm group_norm_of(const dg_pass *pass)
{
    const group_normalization_options *o = pass->options;
    const dg_shape *row = &pass->build->output;
    int64_t channels = channels_of(row), groups = groups_of(o, row);
    return (struct group_norm){ .pixels = dg_shape_size(row) / channels,
                                .channels = channels,
                                .groups = groups,
                                .size = channels / groups,
                                .epsilon = (float)o->epsilon,
                                .gamma = pass->weight[GAMMA],
                                .beta = pass->weight[BETA] };
}

enum { RUN = 16 }; /* pixels that are summed by themselves, which makes rounding errors smaller */

/* sum {channels} of x, or of a (x - shift) over the pixels. `part` {channels}. */
DG_INLINE void sum_pixels(const bool fused, const struct group_norm *n, const float *restrict a,
                          const float *restrict x, const float *restrict shift,
                          float *restrict part, float *restrict sum)
{
    int64_t channels = n->channels;
    for (int64_t c = 0; c < channels; c++) sum[c] = 0;
    for (int64_t first = 0; first < n->pixels; first += RUN) {
        int64_t end = first + RUN < n->pixels ? first + RUN : n->pixels;
        for (int64_t c = 0; c < channels; c++) part[c] = 0;
        for (int64_t i = first * channels; i < end * channels; i += channels) {
            if (shift)
                for (int64_t c = 0; c < channels; c++)
                    part[c] = DG_FMA(a[i + c], x[i + c] - shift[c], part[c]);
            else
                for (int64_t c = 0; c < channels; c++) part[c] += x[i + c];
        }
        for (int64_t c = 0; c < channels; c++) sum[c] += part[c];
    }
}

/* The sum over the channels of a group, over the number of its values. */
DG_INLINE float mean_of_group(const struct group_norm *n, int64_t group, const float *sums)
{
    float sum = 0;
    for (int64_t c = group * n->size; c < (group + 1) * n->size; c++) sum += sums[c];
    return sum / (float)(n->pixels * n->size);
}

/* --- forward -------------------------------------------------------------------------------- */

/* One row. y is x - mean in between; moments {groups, 2} may be NULL: predicting. */
DG_KERNEL(void, group_normalize,
          (const struct group_norm *n, const float *restrict x, float *restrict y, float *moments,
           float *scratch),
          (n, x, y, moments, scratch))
{
    int64_t channels = n->channels, size = n->pixels * channels;
    float *part = scratch, *sum = part + channels, *shift = sum + channels;
    float *restrict factor = shift + channels;
    sum_pixels(fused, n, NULL, x, NULL, part, sum);
    for (int64_t g = 0; g < n->groups; g++) {
        float mean = mean_of_group(n, g, sum);
        for (int64_t c = g * n->size; c < (g + 1) * n->size; c++) shift[c] = mean;
        if (moments) moments[2 * g] = mean;
    }
    for (int64_t i = 0; i < size; i += channels)
        for (int64_t c = 0; c < channels; c++) y[i + c] = x[i + c] - shift[c];
    sum_pixels(fused, n, y, x, shift, part, sum);
    for (int64_t g = 0; g < n->groups; g++) {
        float inverse = 1 / sqrtf(mean_of_group(n, g, sum) + n->epsilon);
        for (int64_t c = g * n->size; c < (g + 1) * n->size; c++)
            factor[c] = n->gamma ? inverse * n->gamma[c] : inverse;
        if (moments) moments[2 * g + 1] = inverse;
    }
    for (int64_t i = 0; i < size; i += channels) {
        if (n->beta)
            for (int64_t c = 0; c < channels; c++)
                y[i + c] = DG_FMA(y[i + c], factor[c], n->beta[c]);
        else
            for (int64_t c = 0; c < channels; c++) y[i + c] *= factor[c];
    }
}

static dg_status group_normalization_forward(const dg_pass *pass)
{
    struct group_norm n = group_norm_of(pass);
    int64_t size = n.pixels * n.channels;
    float *moments = pass->saved_rows;
    for (int64_t i = 0; i < pass->rows; i++)
        group_normalize(&n, pass->input[0] + i * size, pass->output + i * size,
                        moments ? moments + i * 2 * n.groups : NULL, pass->scratch);
    return DG_OK;
}

/* --- backward ------------------------------------------------------------------------------- */

/* One row: adds to the gradients of the weights (NULL: not there), and, unless NULL, assigns
 * dx = (g - mean of g - xhat * mean of g xhat) / deviation, where g = dy gamma and xhat is the
 * normalised x. */
DG_KERNEL(void, group_gradients,
          (const struct group_norm *n, const float *restrict x, const float *restrict dy,
           const float *moments, float *scratch, float *dgamma, float *dbeta, float *restrict dx),
          (n, x, dy, moments, scratch, dgamma, dbeta, dx))
{
    int64_t channels = n->channels, size = n->pixels * channels;
    float *part = scratch, *plain = part + channels, *product = plain + channels;
    float *restrict shift = product + channels, *restrict factor = shift + channels;
    float *restrict a = factor + channels, *restrict b = a + channels, *weighted = b + channels;
    for (int64_t c = 0; c < channels; c++) shift[c] = moments[2 * (c / n->size)];
    sum_pixels(fused, n, NULL, dy, NULL, part, plain);
    sum_pixels(fused, n, dy, x, shift, part, product);
    for (int64_t c = 0; c < channels; c++) product[c] *= moments[2 * (c / n->size) + 1];
    for (int64_t c = 0; dgamma && c < channels; c++) dgamma[c] += product[c];
    for (int64_t c = 0; dbeta && c < channels; c++) dbeta[c] += plain[c];
    if (!dx) return;
    for (int64_t c = 0; n->gamma && c < channels; c++) plain[c] *= n->gamma[c];
    for (int64_t c = 0; c < channels; c++)
        weighted[c] = n->gamma ? product[c] * n->gamma[c] : product[c];
    for (int64_t g = 0; g < n->groups; g++) {
        float inverse = moments[2 * g + 1], mean = mean_of_group(n, g, plain);
        float slope = mean_of_group(n, g, weighted) * inverse * inverse;
        for (int64_t c = g * n->size; c < (g + 1) * n->size; c++) {
            factor[c] = n->gamma ? inverse * n->gamma[c] : inverse;
            a[c] = mean * inverse;
            b[c] = slope;
        }
    }
    for (int64_t i = 0; i < size; i += channels)
        for (int64_t c = 0; c < channels; c++)
            dx[i + c] = DG_FMA(dy[i + c], factor[c], DG_FMA(-b[c], x[i + c] - shift[c], -a[c]));
}

static dg_status group_normalization_backward(const dg_pass *pass)
{
    struct group_norm n = group_norm_of(pass);
    int64_t size = n.pixels * n.channels;
    const float *moments = pass->saved_rows;
    float *dgamma = pass->weight_gradient[GAMMA], *dbeta = pass->weight_gradient[BETA];
    float *dx = pass->input_gradient[0];
    for (int64_t c = 0; dgamma && c < n.channels; c++) dgamma[c] = 0;
    for (int64_t c = 0; dbeta && c < n.channels; c++) dbeta[c] = 0;
    for (int64_t i = 0; i < pass->rows; i++)
        group_gradients(&n, pass->input[0] + i * size, pass->output_gradient + i * size,
                        moments + i * 2 * n.groups, pass->scratch, dgamma, dbeta,
                        dx ? dx + i * size : NULL);
    return DG_OK;
}

static const dg_hint hints[] = {
    { DG_HINT_TRAINABLE },
    { "axis", "the channels are the last axis; leave it out" },
    { "eps", "use epsilon" },
    { "num_groups", "use groups" },
    { "num_channels", "the number of channels is inferred; leave it out" },
    { "affine", "use center and scale" },
    { NULL },
};

const dg_layer_type dg_group_normalization = {
    .part = { .kind = "layer",
              .name = "GroupNormalization",
              .alias = "group_normalization",
              .peers = (const char *const[]){ "GroupNorm", "InstanceNorm2d", NULL },
              .doc =
                  "normalizes groups of channels of each row to mean 0 and variance 1 (Wu and He "
                  "2018)",
              .example = "nn.GroupNormalization { 8 }",
              .params = params,
              .options_size = sizeof(group_normalization_options),
              .check = group_normalization_check,
              .hints = hints },
    .build = group_normalization_build,
    .forward = group_normalization_forward,
    .backward = group_normalization_backward,
};
