/* BatchNormalization: each channel of a batch is normalized to mean 0 and variance 1, then scaled
 * by gamma and shifted by beta, which are trained. Prediction uses running means of both.
 *
 * x and y are {count, channels}: all rows, and of images all pixels. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/nn/layer.h"

typedef struct {
    double momentum, epsilon;
    bool center, scale;
    const dg_part *beta_initializer, *gamma_initializer;
    const dg_part *moving_mean_initializer, *moving_variance_initializer;
    const dg_part *beta_regularizer, *gamma_regularizer;
} batch_normalization_options;

static const dg_param params[] = {
    DG_FLOAT(batch_normalization_options, momentum, DG_WITHIN(0, 1), .default_number = 0.99,
             .doc = "decay rate of the running mean and variance"),
    DG_FLOAT(batch_normalization_options, epsilon, DG_ABOVE(0), .default_number = 1e-3,
             .doc = "small number added to the variance"),
    DG_BOOL(batch_normalization_options, center, .default_number = 1,
            .doc = "add a trained shift, beta"),
    DG_BOOL(batch_normalization_options, scale, .default_number = 1,
            .doc = "multiply by a trained scale, gamma"),
    DG_PART(batch_normalization_options, beta_initializer, .kind = "initializer",
            .default_text = "zeros", .doc = "initializer of beta"),
    DG_PART(batch_normalization_options, gamma_initializer, .kind = "initializer",
            .default_text = "ones", .doc = "initializer of gamma"),
    DG_PART(batch_normalization_options, moving_mean_initializer, .kind = "initializer",
            .default_text = "zeros", .doc = "initializer of the running mean"),
    DG_PART(batch_normalization_options, moving_variance_initializer, .kind = "initializer",
            .default_text = "ones", .doc = "initializer of the running variance"),
    DG_PART(batch_normalization_options, beta_regularizer, .kind = "regularizer",
            .doc = "penalty on beta"),
    DG_PART(batch_normalization_options, gamma_regularizer, .kind = "regularizer",
            .doc = "penalty on gamma"),
    DG_END
};

enum { GAMMA, BETA, MOVING_MEAN, MOVING_VARIANCE };

enum { PIECE_FLOATS = 1 << 14, MOST_PIECES = 16 };

/* Where things lie. saved_batch is {2 + 2 * MOST_PIECES, channels}: the mean, 1 / deviation, and
 * two sums for each piece. Without training the first two are in scratch. */
struct batch_norm {
    const dg_pass *pass;
    const batch_normalization_options *options;
    int64_t channels, count, pieces;
    float *mean, *inverse, *partial;
    float *coefficients; /* backward: two for each channel; lies over `partial` */
};

static dg_status batch_normalization_build(const void *options, dg_layer_build *b)
{
    const batch_normalization_options *o = options;
    const dg_shape *input = &b->input[0];
    int64_t channels = input->at[input->count - 1];
    dg_shape shape = { 1, { channels } };
    b->output = *input;
    b->cut = DG_CUT_BATCH;
    b->forgets_output = true;
    if (o->scale)
        dg_build_weight(b, GAMMA, "gamma", shape, o->gamma_initializer, o->gamma_regularizer);
    if (o->center)
        dg_build_weight(b, BETA, "beta", shape, o->beta_initializer, o->beta_regularizer);
    dg_build_weight(b, MOVING_MEAN, "moving_mean", shape, o->moving_mean_initializer, NULL)
        ->frozen = true;
    dg_build_weight(b, MOVING_VARIANCE, "moving_variance", shape, o->moving_variance_initializer,
                    NULL)
        ->frozen = true;
    b->saved_batch_bytes = (2 + 2 * MOST_PIECES) * channels * (int64_t)sizeof(float);
    b->scratch_bytes = 2 * channels * (int64_t)sizeof(float);
    b->row_flops = 8 * dg_shape_size(input);
    return DG_OK;
}

/* Without training the running mean and variance take the place of the batch's. */
static void use_moving(struct batch_norm *n)
{
    const float *mean = n->pass->weight[MOVING_MEAN];
    const float *variance = n->pass->weight[MOVING_VARIANCE];
    for (int64_t c = 0; c < n->channels; c++) {
        n->mean[c] = mean[c];
        n->inverse[c] = 1 / sqrtf(variance[c] + (float)n->options->epsilon);
    }
}

static struct batch_norm norm_of(const dg_pass *pass)
{
    const batch_normalization_options *o = pass->options;
    const dg_shape *shape = &pass->build->output;
    struct batch_norm n = { .pass = pass, .options = o, .channels = shape->at[shape->count - 1] };
    n.count = pass->rows * (dg_shape_size(shape) / n.channels);
    n.pieces = dg_pieces(n.count, PIECE_FLOATS / n.channels, MOST_PIECES);
    n.mean = pass->training ? pass->saved_batch : pass->scratch;
    n.inverse = n.mean + n.channels;
    if (pass->saved_batch) n.partial = (float *)pass->saved_batch + 2 * n.channels;
    n.coefficients = n.partial;
    if (!pass->training) use_moving(&n);
    return n;
}

/* The first value of a piece, counted from the first of the batch. */
static int64_t piece_at(const struct batch_norm *n, int64_t piece)
{
    return dg_piece_begin(n->count, n->pieces, piece) * n->channels;
}

/* --- forward -------------------------------------------------------------------------------- */

/* Mean and sum of squared differences from it, of `count` rows: two walks, the second in cache. */
DG_KERNEL(void, batch_moments,
          (const float *restrict x, int64_t count, int64_t channels, float *restrict mean,
           float *restrict squares),
          (x, count, channels, mean, squares))
{
    for (int64_t c = 0; c < channels; c++) mean[c] = squares[c] = 0;
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < channels; c++) mean[c] += x[i * channels + c];
    for (int64_t c = 0; c < channels; c++) mean[c] /= (float)count;
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < channels; c++) {
            float difference = x[i * channels + c] - mean[c];
            squares[c] = DG_FMA(difference, difference, squares[c]);
        }
}

static dg_status batch_moments_piece(void *context, int64_t piece, int worker)
{
    const struct batch_norm *n = context;
    (void)worker;
    const float *x = n->pass->input[0] + piece_at(n, piece);
    float *out = n->partial + 2 * piece * n->channels;
    batch_moments(x, (piece_at(n, piece + 1) - piece_at(n, piece)) / n->channels, n->channels, out,
                  out + n->channels);
    return DG_OK;
}

/* Joins the pieces' moments in their order (Chan, Golub and LeVeque 1979). */
static void batch_join_moments(const struct batch_norm *n)
{
    double keep = n->options->momentum;
    float *moving_mean = n->pass->weight[MOVING_MEAN];
    float *moving_variance = n->pass->weight[MOVING_VARIANCE];
    for (int64_t c = 0; c < n->channels; c++) {
        double mean = 0, squares = 0, count = 0;
        for (int64_t piece = 0; piece < n->pieces; piece++) {
            const float *part = n->partial + 2 * piece * n->channels;
            double more = (double)((piece_at(n, piece + 1) - piece_at(n, piece)) / n->channels);
            double difference = part[c] - mean;
            squares +=
                part[n->channels + c] + difference * difference * count * more / (count + more);
            mean += difference * more / (count + more);
            count += more;
        }
        double variance = squares / count;
        n->mean[c] = (float)mean;
        n->inverse[c] = (float)(1 / sqrt(variance + n->options->epsilon));
        moving_mean[c] = (float)(keep * moving_mean[c] + (1 - keep) * mean);
        moving_variance[c] = (float)(keep * moving_variance[c] + (1 - keep) * variance);
    }
}

DG_KERNEL(void, batch_normalize,
          (const float *restrict x, int64_t count, int64_t channels, const float *restrict mean,
           const float *restrict inverse, const float *restrict gamma, const float *restrict beta,
           float *restrict y),
          (x, count, channels, mean, inverse, gamma, beta, y))
{
    for (int64_t i = 0; i < count; i++, x += channels, y += channels) {
        for (int64_t c = 0; c < channels; c++) y[c] = (x[c] - mean[c]) * inverse[c];
        if (gamma)
            for (int64_t c = 0; c < channels; c++) y[c] *= gamma[c];
        if (beta)
            for (int64_t c = 0; c < channels; c++) y[c] += beta[c];
    }
}

static dg_status batch_normalize_piece(void *context, int64_t piece, int worker)
{
    const struct batch_norm *n = context;
    (void)worker;
    int64_t at = piece_at(n, piece);
    batch_normalize(n->pass->input[0] + at, (piece_at(n, piece + 1) - at) / n->channels,
                    n->channels, n->mean, n->inverse, n->pass->weight[GAMMA], n->pass->weight[BETA],
                    n->pass->output + at);
    return DG_OK;
}

static dg_status batch_normalization_forward(const dg_pass *pass)
{
    struct batch_norm n = norm_of(pass);
    if (pass->training) {
        DG_TRY(dg_parallel(pass->job, n.pieces, batch_moments_piece, &n));
        batch_join_moments(&n);
    }
    return dg_parallel(pass->job, n.pieces, batch_normalize_piece, &n);
}

/* --- backward ------------------------------------------------------------------------------- */

/* Sums over rows of dy, and of dy times the normalised x. */
DG_KERNEL(void, batch_sums,
          (const float *restrict x, const float *restrict g, int64_t count, int64_t channels,
           const float *restrict mean, const float *restrict inverse, float *restrict sum,
           float *restrict product),
          (x, g, count, channels, mean, inverse, sum, product))
{
    for (int64_t c = 0; c < channels; c++) sum[c] = product[c] = 0;
    for (int64_t i = 0; i < count; i++, x += channels, g += channels)
        for (int64_t c = 0; c < channels; c++) {
            sum[c] += g[c];
            product[c] = DG_FMA(g[c], x[c] - mean[c], product[c]);
        }
    for (int64_t c = 0; c < channels; c++) product[c] *= inverse[c];
}

static dg_status batch_sums_piece(void *context, int64_t piece, int worker)
{
    const struct batch_norm *n = context;
    (void)worker;
    int64_t at = piece_at(n, piece);
    float *out = n->partial + 2 * piece * n->channels;
    batch_sums(n->pass->input[0] + at, n->pass->output_gradient + at,
               (piece_at(n, piece + 1) - at) / n->channels, n->channels, n->mean, n->inverse, out,
               out + n->channels);
    return DG_OK;
}

/* Gradients of beta and gamma, and what dx needs: dx = gamma / deviation * (dy - a - b x), x
 * normalised; a and b are the means of dy and of dy x, or 0 where mean and variance were given. */
static void batch_join_sums(const struct batch_norm *n)
{
    float *gamma_gradient = n->pass->weight_gradient[GAMMA];
    float *beta_gradient = n->pass->weight_gradient[BETA];
    for (int64_t c = 0; c < n->channels; c++) {
        double sum = 0, product = 0;
        for (int64_t piece = 0; piece < n->pieces; piece++) {
            sum += n->partial[2 * piece * n->channels + c];
            product += n->partial[(2 * piece + 1) * n->channels + c];
        }
        if (beta_gradient) beta_gradient[c] = (float)sum;
        if (gamma_gradient) gamma_gradient[c] = (float)product;
        bool fixed = !n->pass->training;
        n->coefficients[c] = fixed ? 0 : (float)(sum / (double)n->count);
        n->coefficients[n->channels + c] = fixed ? 0 : (float)(product / (double)n->count);
    }
}

DG_KERNEL(void, batch_gradient,
          (const float *restrict x, const float *restrict g, int64_t count, int64_t channels,
           const float *restrict mean, const float *restrict inverse, const float *restrict gamma,
           const float *restrict a, const float *restrict b, float *restrict dx),
          (x, g, count, channels, mean, inverse, gamma, a, b, dx))
{
    for (int64_t i = 0; i < count; i++, x += channels, g += channels, dx += channels) {
        for (int64_t c = 0; c < channels; c++)
            dx[c] = DG_FMA(-b[c], (x[c] - mean[c]) * inverse[c], g[c] - a[c]) * inverse[c];
        if (gamma)
            for (int64_t c = 0; c < channels; c++) dx[c] *= gamma[c];
    }
}

static dg_status batch_gradient_piece(void *context, int64_t piece, int worker)
{
    const struct batch_norm *n = context;
    (void)worker;
    int64_t at = piece_at(n, piece);
    batch_gradient(n->pass->input[0] + at, n->pass->output_gradient + at,
                   (piece_at(n, piece + 1) - at) / n->channels, n->channels, n->mean, n->inverse,
                   n->pass->weight[GAMMA], n->coefficients, n->coefficients + n->channels,
                   n->pass->input_gradient[0] + at);
    return DG_OK;
}

static dg_status batch_normalization_backward(const dg_pass *pass)
{
    struct batch_norm n = norm_of(pass);
    DG_TRY(dg_parallel(pass->job, n.pieces, batch_sums_piece, &n));
    batch_join_sums(&n);
    if (!pass->input_gradient[0]) return DG_OK;
    return dg_parallel(pass->job, n.pieces, batch_gradient_piece, &n);
}

static const dg_hint hints[] = {
    { DG_HINT_TRAINABLE },
    { "axis", "the last axis is always normalized; leave it out" },
    { "eps", "use epsilon" },
    { "num_features", "the number of input channels is inferred; leave it out" },
    { NULL },
};

const dg_layer_type dg_batch_normalization = {
    .part = { .kind = "layer",
              .name = "BatchNormalization",
              .alias = "batch_normalization",
              .peers = (const char *const[]){ "BatchNorm", "BatchNorm1d", "BatchNorm2d", NULL },
              .doc = "normalizes each channel to mean 0 and variance 1 over the batch (Ioffe and "
                     "Szegedy 2015)",
              .example = "nn.BatchNormalization {}",
              .params = params,
              .options_size = sizeof(batch_normalization_options),
              .hints = hints },
    .build = batch_normalization_build,
    .forward = batch_normalization_forward,
    .backward = batch_normalization_backward,
};
