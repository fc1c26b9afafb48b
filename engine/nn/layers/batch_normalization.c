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

/* Chunks of rows that are in the first level of the cache, and strips of channels whose sums are in
 * registers. */
enum { CHUNK_FLOATS = 2048, STRIP = 32 };

/* saved_batch, {6, channels}, of training: mean and 1 / deviation of the batch, and the factors of
 * the two walks, y = a x + b and dx = a dy + d x + e. In prediction scratch has a and b alone. */
struct batch_norm {
    int64_t channels;
    float *a, *b, *mean, *inverse, *d, *e;
};

static struct batch_norm norm_of(const dg_pass *pass)
{
    const dg_shape *shape = &pass->build->output;
    int64_t channels = shape->at[shape->count - 1];
    float *at = pass->training ? pass->saved_batch : pass->scratch;
    struct batch_norm n = { .channels = channels, .a = at, .b = at + channels };
    if (!pass->training) return n;
    n.mean = at + 2 * channels;
    n.inverse = at + 3 * channels;
    n.d = at + 4 * channels;
    n.e = at + 5 * channels;
    return n;
}

/* Pixels, or rows without pixels, in `rows` rows. */
static int64_t count_of(const dg_pass *pass, int64_t channels)
{
    return pass->rows * (dg_shape_size(&pass->build->output) / channels);
}

/* What a part of the batch leaves for the join: forward the mean of its x and the sum of squared
 * differences from it; backward the sums of dy and of dy (x - mean of the batch). */
struct batch_sums {
    int64_t count;
    double sum[]; /* {2, channels} */
};

static dg_status batch_normalization_build(const void *options, dg_layer_build *b)
{
    const batch_normalization_options *o = options;
    const dg_shape *input = &b->input[0];
    int64_t channels = input->at[input->count - 1];
    dg_shape shape = { 1, { channels } };
    b->output = *input;
    b->cut = DG_CUT_SUMS;
    b->forgets_output = b->takes_relu = true;
    if (o->scale)
        dg_build_weight(b, GAMMA, "gamma", shape, o->gamma_initializer, o->gamma_regularizer);
    if (o->center)
        dg_build_weight(b, BETA, "beta", shape, o->beta_initializer, o->beta_regularizer);
    dg_build_weight(b, MOVING_MEAN, "moving_mean", shape, o->moving_mean_initializer, NULL)
        ->frozen = true;
    dg_build_weight(b, MOVING_VARIANCE, "moving_variance", shape, o->moving_variance_initializer,
                    NULL)
        ->frozen = true;
    b->saved_batch_bytes = 6 * channels * (int64_t)sizeof(float);
    b->scratch_bytes = 2 * channels * (int64_t)sizeof(float);
    b->sums_bytes = (int64_t)sizeof(struct batch_sums) + 2 * channels * (int64_t)sizeof(double);
    b->row_flops = 8 * dg_shape_size(input);
    return DG_OK;
}

/* --- kernels -------------------------------------------------------------------------------- */

/* Runs `strip(fused, ..., first, width)` for strips of the channels, of a width that the compiler
 * knows where it can be. */
#define EACH_STRIP(channels, strip, ...)                                                           \
    do {                                                                                           \
        int64_t first_ = 0;                                                                        \
        for (; first_ + STRIP <= (channels); first_ += STRIP)                                      \
            strip(fused, __VA_ARGS__, first_, STRIP);                                              \
        if (first_ + STRIP / 2 <= (channels)) {                                                    \
            strip(fused, __VA_ARGS__, first_, STRIP / 2);                                          \
            first_ += STRIP / 2;                                                                   \
        }                                                                                          \
        if (first_ < (channels)) strip(fused, __VA_ARGS__, first_, (channels)-first_);             \
    } while (0)

DG_INLINE int64_t chunk_rows(int64_t channels)
{
    int64_t rows = CHUNK_FLOATS / channels;
    return rows > 8 ? rows : 8;
}

/* Moments of `count` more rows, after `before` of them (Chan, Golub and LeVeque 1979): two walks,
 * the second in the first level of the cache. */
DG_INLINE void moments_strip(const bool fused, const float *restrict x, int64_t count,
                             int64_t channels, int64_t before, double *restrict sums, int64_t first,
                             const int64_t width)
{
    float mean[STRIP] = { 0 }, squares[STRIP] = { 0 };
    x += first;
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < width; c++) mean[c] += x[i * channels + c];
    for (int64_t c = 0; c < width; c++) mean[c] /= (float)count;
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < width; c++) {
            float difference = x[i * channels + c] - mean[c];
            squares[c] = DG_FMA(difference, difference, squares[c]);
        }
    double share = (double)count / (double)(before + count);
    double *restrict all = sums + first, *restrict all_squares = sums + channels + first;
    for (int64_t c = 0; c < width; c++) {
        double difference = (double)mean[c] - all[c];
        all[c] = DG_FMA(difference, share, all[c]);
        all_squares[c] +=
            DG_FMA(difference * difference, share * (double)before, (double)squares[c]);
    }
}

DG_KERNEL(void, batch_moments,
          (const float *x, int64_t count, int64_t channels, int64_t before, double *sums),
          (x, count, channels, before, sums))
{
    int64_t step = chunk_rows(channels);
    for (int64_t i = 0; i < count; i += step) {
        int64_t rows = count - i < step ? count - i : step;
        EACH_STRIP(channels, moments_strip, x + i * channels, rows, channels, before + i, sums);
    }
}

/* With `relu`, relu of that; NaN stays. */
DG_INLINE void normalize_strip(const bool fused, const float *restrict x, int64_t count,
                               int64_t channels, const struct batch_norm *n, bool relu,
                               float *restrict y, int64_t first, const int64_t width)
{
    const float *restrict a = n->a + first, *restrict b = n->b + first;
    for (int64_t i = first; i < first + count * channels; i += channels)
        for (int64_t c = 0; c < width; c++) {
            float value = DG_FMA(x[i + c], a[c], b[c]);
            y[i + c] = relu && value < 0 ? 0 : value;
        }
}

DG_KERNEL(void, batch_normalize,
          (const float *x, int64_t count, const struct batch_norm *n, bool relu, float *y),
          (x, count, n, relu, y))
{
    int64_t channels = n->channels, step = chunk_rows(channels);
    for (int64_t i = 0; i < count; i += step) {
        int64_t rows = count - i < step ? count - i : step, at = i * channels;
        if (relu)
            EACH_STRIP(channels, normalize_strip, x + at, rows, channels, n, true, y + at);
        else
            EACH_STRIP(channels, normalize_strip, x + at, rows, channels, n, false, y + at);
    }
}

/* dy, or 0 where relu is not steep: as the walk forward computed its argument. */
DG_INLINE float through_relu(const bool fused, float dy, float x, float a, float b)
{
    return DG_FMA(x, a, b) > 0 ? dy : 0;
}

/* What the walks backward read. */
struct batch_back {
    const float *x, *dy;
    int64_t channels;
    bool relu;
    const struct batch_norm *norm;
};

DG_INLINE void sums_strip(const bool fused, const struct batch_back *k, int64_t begin, int64_t end,
                          bool relu, double *restrict sums, int64_t first, const int64_t width)
{
    float sum[STRIP] = { 0 }, product[STRIP] = { 0 };
    const float *restrict mean = k->norm->mean + first;
    const float *restrict a = k->norm->a + first, *restrict b = k->norm->b + first;
    for (int64_t i = begin; i < end; i++) {
        const float *restrict x = k->x + i * k->channels + first;
        const float *restrict dy = k->dy + i * k->channels + first;
        for (int64_t c = 0; c < width; c++) {
            float g = relu ? through_relu(fused, dy[c], x[c], a[c], b[c]) : dy[c];
            sum[c] += g;
            product[c] = DG_FMA(g, x[c] - mean[c], product[c]);
        }
    }
    for (int64_t c = 0; c < width; c++) {
        sums[first + c] += (double)sum[c];
        sums[k->channels + first + c] += (double)product[c];
    }
}

DG_KERNEL(void, batch_gradient_sums, (const struct batch_back *k, int64_t count, double *sums),
          (k, count, sums))
{
    int64_t step = chunk_rows(k->channels);
    for (int64_t i = 0; i < count; i += step) {
        int64_t end = count - i < step ? count : i + step;
        if (k->relu)
            EACH_STRIP(k->channels, sums_strip, k, i, end, true, sums);
        else
            EACH_STRIP(k->channels, sums_strip, k, i, end, false, sums);
    }
}

DG_INLINE void gradient_strip(const bool fused, const struct batch_back *k, int64_t begin,
                              int64_t end, bool relu, float *restrict dx, int64_t first,
                              const int64_t width)
{
    const float *restrict x = k->x, *restrict dy = k->dy;
    const float *restrict a = k->norm->a + first, *restrict b = k->norm->b + first;
    const float *restrict d = k->norm->d + first, *restrict e = k->norm->e + first;
    for (int64_t i = begin * k->channels + first; i < end * k->channels; i += k->channels)
        for (int64_t c = 0; c < width; c++) {
            float g = relu ? through_relu(fused, dy[i + c], x[i + c], a[c], b[c]) : dy[i + c];
            dx[i + c] = DG_FMA(g, a[c], DG_FMA(x[i + c], d[c], e[c]));
        }
}

DG_KERNEL(void, batch_gradient, (const struct batch_back *k, int64_t count, float *dx),
          (k, count, dx))
{
    int64_t step = chunk_rows(k->channels);
    for (int64_t i = 0; i < count; i += step) {
        int64_t end = count - i < step ? count : i + step;
        if (k->relu)
            EACH_STRIP(k->channels, gradient_strip, k, i, end, true, dx);
        else
            EACH_STRIP(k->channels, gradient_strip, k, i, end, false, dx);
    }
}

/* --- forward -------------------------------------------------------------------------------- */

static struct batch_sums *clear_sums(const dg_pass *pass, int64_t channels)
{
    struct batch_sums *sums = pass->sums;
    memset(sums, 0, (size_t)pass->build->sums_bytes);
    sums->count = count_of(pass, channels);
    return sums;
}

static dg_status batch_normalization_gather(const dg_pass *pass)
{
    if (pass->frozen) return DG_OK; /* running means are used */
    struct batch_norm n = norm_of(pass);
    struct batch_sums *sums = clear_sums(pass, n.channels);
    batch_moments(pass->input[0], sums->count, n.channels, 0, sums->sum);
    return DG_OK;
}

static const struct batch_sums *piece_sums(const dg_pass *pass, int64_t piece)
{
    return (const void *)((const char *)pass->sums + piece * pass->build->sums_bytes);
}

/* Mean and variance of a channel, from those of the pieces in their order. */
static void join_moments(const dg_pass *pass, int64_t channels, int64_t c, double *mean,
                         double *variance)
{
    double count = 0, squares = 0;
    *mean = 0;
    for (int64_t piece = 0; piece < pass->pieces; piece++) {
        const struct batch_sums *part = piece_sums(pass, piece);
        double more = (double)part->count, difference = part->sum[c] - *mean;
        squares +=
            part->sum[channels + c] + difference * difference * count * more / (count + more);
        *mean += difference * more / (count + more);
        count += more;
    }
    *variance = squares / count;
}

/* The factors of y = a x + b, for this mean and variance. */
static void set_factors(float *const *weight, int64_t c, double mean, double inverse, float *a,
                        float *b)
{
    const float *gamma = weight[GAMMA], *beta = weight[BETA];
    double factor = gamma ? (double)gamma[c] * inverse : inverse;
    a[c] = (float)factor;
    b[c] = (float)((beta ? (double)beta[c] : 0) - mean * factor);
}

static void batch_normalization_factors(const void *options, float *const *weight, int64_t size,
                                        float *a, float *b)
{
    const batch_normalization_options *o = options;
    for (int64_t c = 0; c < size; c++)
        set_factors(weight, c, (double)weight[MOVING_MEAN][c],
                    1 / sqrt((double)weight[MOVING_VARIANCE][c] + o->epsilon), a, b);
}

static dg_status batch_normalization_join(const dg_pass *pass)
{
    const batch_normalization_options *o = pass->options;
    struct batch_norm n = norm_of(pass);
    double keep = o->momentum, mean, variance;
    float *moving_mean = pass->weight[MOVING_MEAN];
    float *moving_variance = pass->weight[MOVING_VARIANCE];
    if (pass->frozen) {
        batch_normalization_factors(o, pass->weight, n.channels, n.a, n.b);
        return DG_OK;
    }
    for (int64_t c = 0; c < n.channels; c++) {
        join_moments(pass, n.channels, c, &mean, &variance);
        double inverse = 1 / sqrt(variance + o->epsilon);
        n.mean[c] = (float)mean;
        n.inverse[c] = (float)inverse;
        set_factors(pass->weight, c, mean, inverse, n.a, n.b);
        moving_mean[c] = (float)(keep * moving_mean[c] + (1 - keep) * mean);
        moving_variance[c] = (float)(keep * moving_variance[c] + (1 - keep) * variance);
    }
    return DG_OK;
}

static dg_status batch_normalization_forward(const dg_pass *pass)
{
    struct batch_norm n = norm_of(pass);
    if (!pass->training)
        batch_normalization_factors(pass->options, pass->weight, n.channels, n.a, n.b);
    batch_normalize(pass->input[0], count_of(pass, n.channels), &n, pass->relu, pass->output);
    return DG_OK;
}

/* --- backward ------------------------------------------------------------------------------- */

static struct batch_back back_of(const dg_pass *pass, const struct batch_norm *n)
{
    return (struct batch_back){ .x = pass->input[0],
                                .dy = pass->output_gradient,
                                .channels = n->channels,
                                .relu = pass->relu,
                                .norm = n };
}

static dg_status batch_normalization_gather_back(const dg_pass *pass)
{
    if (pass->frozen) return DG_OK; /* mean and deviation do not depend on x */
    struct batch_norm n = norm_of(pass);
    struct batch_back back = back_of(pass, &n);
    struct batch_sums *sums = clear_sums(pass, n.channels);
    batch_gradient_sums(&back, sums->count, sums->sum);
    return DG_OK;
}

/* Gradients of beta and gamma, and what dx needs: with xhat the normalised x,
 * dx = gamma / deviation (dy - mean of dy - xhat * mean of dy xhat). */
static dg_status batch_normalization_join_back(const dg_pass *pass)
{
    struct batch_norm n = norm_of(pass);
    float *gamma_gradient = pass->weight_gradient[GAMMA];
    float *beta_gradient = pass->weight_gradient[BETA];
    if (pass->frozen) { /* dx = a dy, and there are no gradients of weights */
        memset(n.d, 0, (size_t)n.channels * sizeof *n.d);
        memset(n.e, 0, (size_t)n.channels * sizeof *n.e);
        return DG_OK;
    }
    for (int64_t c = 0; c < n.channels; c++) {
        double sum = 0, product = 0, count = 0;
        for (int64_t piece = 0; piece < pass->pieces; piece++) {
            const struct batch_sums *part = piece_sums(pass, piece);
            sum += part->sum[c];
            product += part->sum[n.channels + c];
            count += (double)part->count;
        }
        product *= (double)n.inverse[c];
        if (beta_gradient) beta_gradient[c] = (float)sum;
        if (gamma_gradient) gamma_gradient[c] = (float)product;
        double a = (double)n.a[c], d = -a * (double)n.inverse[c] * product / count;
        n.d[c] = (float)d;
        n.e[c] = (float)(-a * sum / count - (double)n.mean[c] * d);
    }
    return DG_OK;
}

static dg_status batch_normalization_backward(const dg_pass *pass)
{
    struct batch_norm n = norm_of(pass);
    struct batch_back back = back_of(pass, &n);
    batch_gradient(&back, count_of(pass, n.channels), pass->input_gradient[0]);
    return DG_OK;
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
    .gather = batch_normalization_gather,
    .join = batch_normalization_join,
    .gather_back = batch_normalization_gather_back,
    .join_back = batch_normalization_join_back,
    .factors = batch_normalization_factors,
    .forward = batch_normalization_forward,
    .backward = batch_normalization_backward,
};
