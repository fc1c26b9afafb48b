/* Initializers: what weights are before training. */
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

/* WORD_fill, with the options `o`, for a layer of fan_in and fan_out. */
#define FILL(word, options_type, statement)                                                        \
    static void word##_fill(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out,    \
                            int64_t count, float *out)                                             \
    {                                                                                              \
        const options_type *o = options;                                                           \
        (void)o, (void)key, (void)fan_in, (void)fan_out;                                           \
        statement;                                                                                 \
    }

/* --- constants ------------------------------------------------------------------------------ */

typedef struct {
    double value;
} constant_options;

typedef struct {
    char none;
} no_options;

static const dg_param constant_params[] = {
    DG_FLOAT(constant_options, value, .doc = "value of every weight"), DG_END
};
static const dg_param no_params[] = { DG_END };

static void fill_with(float value, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++) out[i] = value;
}

FILL(zeros, no_options, fill_with(0, count, out))
FILL(ones, no_options, fill_with(1, count, out))
FILL(constant, constant_options, fill_with((float)o->value, count, out))

/* --- random numbers of a given spread ------------------------------------------------------- */

typedef struct {
    double mean, stddev;
    dg_optional_seed seed;
} normal_options;

typedef struct {
    double minval, maxval;
    dg_optional_seed seed;
} uniform_options;

#define SEED_DOC "seed of the random numbers; default: derived from the seed of the model"

static const dg_param normal_params[] = {
    DG_FLOAT(normal_options, mean, .doc = "mean of the weights"),
    DG_FLOAT(normal_options, stddev, DG_AT_LEAST(0), .default_number = 0.05,
             .doc = "standard deviation of the weights"),
    DG_SEED(normal_options, seed, .doc = SEED_DOC), DG_END
};

static const dg_param uniform_params[] = {
    DG_FLOAT(uniform_options, minval, .default_number = -0.05, .doc = "lower bound of the weights"),
    DG_FLOAT(uniform_options, maxval, .default_number = 0.05,
             .doc = "upper bound, which is never reached"),
    DG_SEED(uniform_options, seed, .doc = SEED_DOC), DG_END
};

FILL(random_normal, normal_options,
     dg_random_normal(key, (float)o->mean, (float)o->stddev, 0, count, out))
FILL(truncated_normal, normal_options,
     dg_random_truncated_normal(key, (float)o->mean, (float)o->stddev, count, out))
FILL(random_uniform, uniform_options,
     dg_random_uniform(key, (float)o->minval, (float)o->maxval, 0, count, out))

static dg_status uniform_check(const void *options)
{
    const uniform_options *o = options;
    if (o->minval < o->maxval) return DG_OK;
    return dg_error(DG_INVALID, "minval must be below maxval, found %g and %g", o->minval,
                    o->maxval);
}

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
static double mean_of(int64_t fan_in, int64_t fan_out)
{
    return at_least_one(0.5 * ((double)fan_in + (double)fan_out));
}

#define FILL_SCALED(word, spread, variance)                                                        \
    FILL(word, seed_options, scaled_##spread(variance, key, count, out))
FILL_SCALED(glorot_uniform, uniform, 1 / mean_of(fan_in, fan_out))
FILL_SCALED(glorot_normal, normal, 1 / mean_of(fan_in, fan_out))
FILL_SCALED(he_uniform, uniform, 2 / at_least_one((double)fan_in))
FILL_SCALED(he_normal, normal, 2 / at_least_one((double)fan_in))
FILL_SCALED(lecun_uniform, uniform, 1 / at_least_one((double)fan_in))
FILL_SCALED(lecun_normal, normal, 1 / at_least_one((double)fan_in))

/* --- descriptors ---------------------------------------------------------------------------- */

/* object: the descriptor's name; word: of its function, and for scripts. */
#define DESCRIBED(object, word, shown, params_of, use, text, ...)                                  \
    const dg_initializer_type object = {                                                           \
        .part = { .kind = "initializer",                                                           \
                  .name = shown,                                                                   \
                  .alias = #word,                                                                  \
                  .doc = text,                                                                     \
                  .example = "nn.Dense { 10, " use " }",                                           \
                  .params = params_of##_params,                                                    \
                  .options_size = sizeof(params_of##_options),                                     \
                  __VA_ARGS__ },                                                                   \
        .fill = word##_fill,                                                                       \
    };
#define FOR_BIAS(use) "bias_initializer = " use
#define FOR_KERNEL(use) "kernel_initializer = " use

DESCRIBED(dg_zeros, zeros, "Zeros", no, FOR_BIAS("\"zeros\""), "all 0")
DESCRIBED(dg_ones, ones, "Ones", no, FOR_BIAS("\"ones\""), "all 1")
DESCRIBED(dg_constant, constant, "Constant", constant, FOR_BIAS("nn.Constant { 0.1 }"),
          "all equal to value")
DESCRIBED(dg_random_normal_initializer, random_normal, "RandomNormal", normal,
          FOR_KERNEL("nn.RandomNormal { stddev = 0.01 }"), "normally distributed numbers")
DESCRIBED(dg_random_uniform_initializer, random_uniform, "RandomUniform", uniform,
          FOR_KERNEL("nn.RandomUniform { -0.1, 0.1 }"),
          "uniformly distributed numbers from minval up to maxval", .check = uniform_check)
DESCRIBED(dg_truncated_normal, truncated_normal, "TruncatedNormal", normal,
          FOR_KERNEL("nn.TruncatedNormal { 0, 0.01 }"),
          "normally distributed numbers; those beyond two standard deviations are drawn again")

#define SCALED(word, shown, text)                                                                  \
    DESCRIBED(dg_##word, word, shown, seed, FOR_KERNEL("\"" #word "\""), text)
SCALED(glorot_uniform, "GlorotUniform",
       "uniform numbers between -limit and limit = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio "
       "2010)")
SCALED(glorot_normal, "GlorotNormal",
       "truncated normal numbers, standard deviation sqrt(2 / (fan_in + fan_out)) (Glorot and "
       "Bengio 2010)")
SCALED(he_uniform, "HeUniform",
       "uniform numbers between -limit and limit = sqrt(6 / fan_in), for relu (He et al. 2015)")
SCALED(he_normal, "HeNormal",
       "truncated normal numbers, standard deviation sqrt(2 / fan_in), for relu (He et al. 2015)")
SCALED(lecun_uniform, "LecunUniform",
       "uniform numbers between -limit and limit = sqrt(3 / fan_in) (LeCun et al. 1998)")
SCALED(lecun_normal, "LecunNormal",
       "truncated normal numbers, standard deviation sqrt(1 / fan_in) (LeCun et al. 1998)")
