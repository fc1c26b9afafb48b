/* Stochastic gradient descent, with momentum as Keras counts it: the velocity holds the learning
 * rate. */
#include "engine/base/kernel.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/parts.h"

typedef struct {
    dg_optimizer_options base;
    double momentum;
    bool nesterov;
} sgd_options;

static const dg_param params[] = { DG_LEARNING_RATE(0.01),
                                   DG_FLOAT(sgd_options, momentum, DG_WITHIN(0, 1),
                                            .doc = "fraction of the last step that is kept"),
                                   DG_BOOL(sgd_options, nesterov,
                                           .doc = "look ahead by the momentum (Nesterov 1983)"),
                                   DG_LATER_WEIGHT_DECAY,
                                   DG_OPTIMIZER_OPTIONS,
                                   DG_END };

static int sgd_slots(const void *options)
{
    return ((const sgd_options *)options)->momentum != 0 ? 1 : 0;
}

DG_KERNEL(void, sgd_plain,
          (float keep, float rate, int64_t count, float *restrict w, const float *restrict g),
          (keep, rate, count, w, g))
{
    for (int64_t i = 0; i < count; i++) w[i] = DG_FMA(-rate, g[i], w[i] * keep);
}

DG_KERNEL(void, sgd_momentum,
          (float keep, float rate, float momentum, bool nesterov, int64_t count, float *restrict w,
           const float *restrict g, float *restrict v),
          (keep, rate, momentum, nesterov, count, w, g, v))
{
    if (nesterov)
        for (int64_t i = 0; i < count; i++) {
            v[i] = DG_FMA(momentum, v[i], -(rate * g[i]));
            w[i] = w[i] * keep + DG_FMA(momentum, v[i], -(rate * g[i]));
        }
    else
        for (int64_t i = 0; i < count; i++) {
            v[i] = DG_FMA(momentum, v[i], -(rate * g[i]));
            w[i] = w[i] * keep + v[i];
        }
}

static void sgd_update(const dg_update *u)
{
    const sgd_options *o = u->options;
    float rate = (float)u->learning_rate;
    if (o->momentum == 0)
        sgd_plain(u->keep, rate, u->count, u->weight, u->gradient);
    else
        sgd_momentum(u->keep, rate, (float)o->momentum, o->nesterov, u->count, u->weight,
                     u->gradient, u->slot[0]);
}

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS,
    { DG_HINT_DECAY },
    { NULL },
};

const dg_optimizer_type dg_sgd = {
    .part = { .kind = "optimizer",
              .name = "SGD",
              .alias = "sgd",
              .doc = "gradient descent, with or without momentum (Robbins and Monro 1951; Polyak "
                     "1964)",
              .example = "nn.SGD { learning_rate = 0.01, momentum = 0.9, nesterov = true }",
              .params = params,
              .options_size = sizeof(sgd_options),
              .check = dg_check_optimizer,
              .hints = hints },
    .slots = sgd_slots,
    .update = sgd_update,
};
