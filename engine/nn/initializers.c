/* What weights are before training. */
#include <math.h>

#include "engine/base/random.h"
#include "engine/nn/parts.h"

void dg_initialize(const dg_part *initializer, uint64_t key, int64_t fan_in, int64_t fan_out,
                   int64_t count, float *out)
{
    if (!initializer) {
        for (int64_t i = 0; i < count; i++) out[i] = 0;
        return;
    }
    const dg_initializer_type *type = (const dg_initializer_type *)initializer->type;
    for (const dg_param *param = type->part.params; param->name; param++) {
        if (param->type != DG_TYPE_SEED) continue;
        const dg_optional_seed *seed =
            (const void *)((const char *)initializer->options + param->offset);
        if (seed->given) key = dg_key(seed->value, "initializer", 0);
    }
    type->fill(initializer->options, key, fan_in, fan_out, count, out);
}

/* --- constants ------------------------------------------------------------------------------ */

typedef struct {
    double value;
} constant_options;

static const dg_param constant_params[] = {
    DG_FLOAT(constant_options, value, .doc = "what every weight is"), DG_END
};
static const dg_param no_params[] = { DG_END };

static void fill_with(float value, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++) out[i] = value;
}

static void fill_zeros(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out,
                       int64_t count, float *out)
{
    (void)options, (void)key, (void)fan_in, (void)fan_out;
    fill_with(0, count, out);
}

static void fill_ones(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out,
                      int64_t count, float *out)
{
    (void)options, (void)key, (void)fan_in, (void)fan_out;
    fill_with(1, count, out);
}

static void fill_constant(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out,
                          int64_t count, float *out)
{
    (void)key, (void)fan_in, (void)fan_out;
    fill_with((float)((const constant_options *)options)->value, count, out);
}

const dg_initializer_type dg_zeros = {
    .part = { .kind = "initializer",
              .name = "Zeros",
              .alias = "zeros",
              .doc = "all 0",
              .example = "nn.Dense { 10, bias_initializer = \"zeros\" }",
              .params = no_params },
    .fill = fill_zeros,
};

const dg_initializer_type dg_ones = {
    .part = { .kind = "initializer",
              .name = "Ones",
              .alias = "ones",
              .doc = "all 1",
              .example = "nn.Dense { 10, bias_initializer = \"ones\" }",
              .params = no_params },
    .fill = fill_ones,
};

const dg_initializer_type dg_constant = {
    .part = { .kind = "initializer",
              .name = "Constant",
              .alias = "constant",
              .doc = "all the same value",
              .example = "nn.Dense { 10, bias_initializer = nn.Constant { 0.1 } }",
              .params = constant_params,
              .options_size = sizeof(constant_options) },
    .fill = fill_constant,
};

/* --- random numbers of a given spread ------------------------------------------------------- */

typedef struct {
    double mean, stddev;
    dg_optional_seed seed;
} normal_options;

typedef struct {
    double minval, maxval;
    dg_optional_seed seed;
} uniform_options;

#define SEED_DOC "draws the same numbers each time; default: derived from the model's seed"

static const dg_param normal_params[] = {
    DG_FLOAT(normal_options, mean, .doc = "mean of the weights"),
    DG_FLOAT(normal_options, stddev, DG_AT_LEAST(0), .default_number = 0.05,
             .doc = "standard deviation of the weights"),
    DG_SEED(normal_options, seed, .doc = SEED_DOC), DG_END
};

static const dg_param uniform_params[] = {
    DG_FLOAT(uniform_options, minval, .default_number = -0.05, .doc = "least weight"),
    DG_FLOAT(uniform_options, maxval, .default_number = 0.05, .doc = "weights stay below this"),
    DG_SEED(uniform_options, seed, .doc = SEED_DOC), DG_END
};

static void fill_random_normal(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out,
                               int64_t count, float *out)
{
    const normal_options *o = options;
    (void)fan_in, (void)fan_out;
    dg_random_normal(key, (float)o->mean, (float)o->stddev, 0, count, out);
}

static void fill_truncated_normal(const void *options, uint64_t key, int64_t fan_in,
                                  int64_t fan_out, int64_t count, float *out)
{
    const normal_options *o = options;
    (void)fan_in, (void)fan_out;
    dg_random_truncated_normal(key, (float)o->mean, (float)o->stddev, count, out);
}

static void fill_random_uniform(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out,
                                int64_t count, float *out)
{
    const uniform_options *o = options;
    (void)fan_in, (void)fan_out;
    dg_random_uniform(key, (float)o->minval, (float)o->maxval, 0, count, out);
}

static dg_status check_uniform(const void *options)
{
    const uniform_options *o = options;
    if (o->minval < o->maxval) return DG_OK;
    return dg_error(DG_INVALID, "minval must be below maxval, found %g and %g", o->minval,
                    o->maxval);
}

const dg_initializer_type dg_random_normal_initializer = {
    .part = { .kind = "initializer",
              .name = "RandomNormal",
              .alias = "random_normal",
              .doc = "normal numbers",
              .example = "nn.Dense { 10, kernel_initializer = nn.RandomNormal { stddev = 0.01 } }",
              .params = normal_params,
              .options_size = sizeof(normal_options) },
    .fill = fill_random_normal,
};

const dg_initializer_type dg_random_uniform_initializer = {
    .part = { .kind = "initializer",
              .name = "RandomUniform",
              .alias = "random_uniform",
              .doc = "uniform numbers from minval up to maxval",
              .example = "nn.Dense { 10, kernel_initializer = nn.RandomUniform { -0.1, 0.1 } }",
              .params = uniform_params,
              .options_size = sizeof(uniform_options),
              .check = check_uniform },
    .fill = fill_random_uniform,
};

const dg_initializer_type dg_truncated_normal = {
    .part = { .kind = "initializer",
              .name = "TruncatedNormal",
              .alias = "truncated_normal",
              .doc = "normal numbers, drawn again beyond two standard deviations",
              .example = "nn.Dense { 10, kernel_initializer = nn.TruncatedNormal { 0, 0.01 } }",
              .params = normal_params,
              .options_size = sizeof(normal_options) },
    .fill = fill_truncated_normal,
};

/* --- random numbers spread as the layer's size asks ----------------------------------------- */

typedef struct {
    dg_optional_seed seed;
} seed_options;

static const dg_param seed_params[] = { DG_SEED(seed_options, seed, .doc = SEED_DOC), DG_END };

static double at_least_one(double fan)
{
    return fan > 1 ? fan : 1;
}

/* `variance` is that of uniform numbers from -limit to limit. */
static void scaled_uniform(double variance, uint64_t key, int64_t count, float *out)
{
    float limit = (float)sqrt(3 * variance);
    dg_random_uniform(key, -limit, limit, 0, count, out);
}

/* `variance` is that of what the truncation leaves, which is why the deviation is made greater. */
static void scaled_normal(double variance, uint64_t key, int64_t count, float *out)
{
    dg_random_truncated_normal(key, 0, (float)(sqrt(variance) / 0.87962566103423978), count, out);
}

/* Glorot keeps the variance of values and gradients, he doubles that of values for relu, lecun
 * keeps it. */
#define SCALED(name, variance, spread)                                                             \
    static void fill_##name(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out,    \
                            int64_t count, float *out)                                             \
    {                                                                                              \
        double in = (double)fan_in, mean = 0.5 * ((double)fan_in + (double)fan_out);               \
        (void)options, (void)in, (void)mean;                                                       \
        scaled_##spread(variance, key, count, out);                                                \
    }
SCALED(glorot_uniform, 1 / at_least_one(mean), uniform)
SCALED(glorot_normal, 1 / at_least_one(mean), normal)
SCALED(he_uniform, 2 / at_least_one(in), uniform)
SCALED(he_normal, 2 / at_least_one(in), normal)
SCALED(lecun_uniform, 1 / at_least_one(in), uniform)
SCALED(lecun_normal, 1 / at_least_one(in), normal)
#undef SCALED

#define DESCRIBED(fill_name, shown, text)                                                          \
    {                                                                                              \
        .part = { .kind = "initializer",                                                           \
                  .name = shown,                                                                   \
                  .alias = #fill_name,                                                             \
                  .doc = text,                                                                     \
                  .example = "nn.Dense { 10, kernel_initializer = \"" #fill_name "\" }",           \
                  .params = seed_params,                                                           \
                  .options_size = sizeof(seed_options) },                                          \
        .fill = fill_##fill_name,                                                                  \
    }
const dg_initializer_type dg_glorot_uniform =
    DESCRIBED(glorot_uniform, "GlorotUniform",
              "uniform numbers within sqrt(6 / (fan_in + fan_out)) of 0 (Glorot and Bengio 2010)");
const dg_initializer_type dg_glorot_normal = DESCRIBED(
    glorot_normal, "GlorotNormal",
    "truncated normal numbers, deviation sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010)");
const dg_initializer_type dg_he_uniform =
    DESCRIBED(he_uniform, "HeUniform",
              "uniform numbers within sqrt(6 / fan_in) of 0, for relu (He et al. 2015)");
const dg_initializer_type dg_he_normal =
    DESCRIBED(he_normal, "HeNormal",
              "truncated normal numbers, deviation sqrt(2 / fan_in), for relu (He et al. 2015)");
const dg_initializer_type dg_lecun_uniform =
    DESCRIBED(lecun_uniform, "LecunUniform",
              "uniform numbers within sqrt(3 / fan_in) of 0 (LeCun et al. 1998)");
const dg_initializer_type dg_lecun_normal =
    DESCRIBED(lecun_normal, "LecunNormal",
              "truncated normal numbers, deviation sqrt(1 / fan_in) (LeCun et al. 1998)");
