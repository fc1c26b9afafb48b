/* Penalties on weights. */
#include "engine/base/lanes.h"
#include "engine/nn/parts.h"

typedef struct {
    double l1, l2;
} factors;

static const dg_param l1_params[] = { DG_FLOAT(factors, l1, DG_AT_LEAST(0), .default_number = 0.01,
                                               .doc = "factor of the sum of |w|"),
                                      DG_END };
static const dg_param l2_params[] = { DG_FLOAT(factors, l2, DG_AT_LEAST(0), .default_number = 0.01,
                                               .doc = "factor of the sum of w^2"),
                                      DG_END };
static const dg_param l1l2_params[] = {
    DG_FLOAT(factors, l1, DG_AT_LEAST(0), .doc = "factor of the sum of |w|"),
    DG_FLOAT(factors, l2, DG_AT_LEAST(0), .doc = "factor of the sum of w^2"), DG_END
};

DG_KERNEL(double, l2_penalty,
          (float l2, int64_t count, const float *restrict w, float *restrict gradient),
          (l2, count, w, gradient))
{
    double lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, count, lane[l] = DG_FMA((double)w[i], (double)w[i], lane[l]));
    for (int64_t i = 0; gradient && i < count; i++) gradient[i] = DG_FMA(2 * l2, w[i], gradient[i]);
    return DG_JOIN(lane);
}

DG_KERNEL(double, l1_penalty,
          (float l1, int64_t count, const float *restrict w, float *restrict gradient),
          (l1, count, w, gradient))
{
    double lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, count, lane[l] += (double)(w[i] < 0 ? -w[i] : w[i]));
    for (int64_t i = 0; gradient && i < count; i++)
        gradient[i] += w[i] > 0 ? l1 : w[i] < 0 ? -l1 : 0;
    return DG_JOIN(lane);
}

static double factors_penalty(const void *options, int64_t count, const float *weight,
                              float *gradient)
{
    const factors *o = options;
    double sum = 0;
    if (o->l1 != 0) sum += o->l1 * l1_penalty((float)o->l1, count, weight, gradient);
    if (o->l2 != 0) sum += o->l2 * l2_penalty((float)o->l2, count, weight, gradient);
    return sum;
}

double dg_penalty(const dg_part *regularizer, int64_t count, const float *weight, float *gradient)
{
    if (!regularizer) return 0;
    const dg_regularizer_type *type = (const dg_regularizer_type *)regularizer->type;
    return type->penalty(regularizer->options, count, weight, gradient);
}

static const dg_hint hints[] = {
    { "l", "write the factor by position, as in nn.L2 { 1e-4 }" },
    { "lambda", "write the factor by position, as in nn.L2 { 1e-4 }" },
    { NULL },
};

#define DESCRIBED(word, shown, params_of, use, text)                                               \
    const dg_regularizer_type dg_##params_of = {                                                   \
        .part = { .kind = "regularizer",                                                           \
                  .name = shown,                                                                   \
                  .alias = word,                                                                   \
                  .doc = text,                                                                     \
                  .example = "nn.Dense { 128, kernel_regularizer = nn." shown " { " use " } }",    \
                  .params = params_of##_params,                                                    \
                  .options_size = sizeof(factors),                                                 \
                  .hints = hints },                                                                \
        .penalty = factors_penalty,                                                                \
    };
DESCRIBED("l1", "L1", l1, "1e-5",
          "penalty l1 * sum |w|, which drives weights to zero (Tibshirani 1996)")
DESCRIBED("l2", "L2", l2, "1e-4",
          "penalty l2 * sum w^2, which keeps weights small (Hoerl and Kennard 1970)")
DESCRIBED("l1_l2", "L1L2", l1l2, "l1 = 1e-5, l2 = 1e-4",
          "penalty l1 * sum |w| + l2 * sum w^2 (Zou and Hastie 2005)")
