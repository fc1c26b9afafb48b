/* Lion (Chen et al. 2023): steps of one size, by the sign of a running mean of the gradient. */
#include "engine/base/kernel.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/parts.h"

typedef struct {
    dg_optimizer_options base;
    double beta_1, beta_2;
} lion_options;

static const dg_param params[] = {
    DG_LEARNING_RATE(0.001),
    DG_FLOAT(lion_options, beta_1, DG_ABOVE_TO(0, 1), .default_number = 0.9,
             .doc = "weight of the running mean against the gradient in the sign of a step"),
    DG_FLOAT(lion_options, beta_2, DG_FROM_BELOW(0, 1), .default_number = 0.99,
             .doc = "decay rate of the running mean of the gradient"),
    DG_WEIGHT_DECAY(0),
    DG_OPTIMIZER_OPTIONS,
    DG_END
};

static int lion_slots(const void *options)
{
    (void)options;
    return 1;
}

/* The sign of 0 is 0; NaN stays NaN. */
DG_KERNEL(void, lion_step,
          (float keep, float rate, float beta_1, float beta_2, int64_t count, float *restrict w,
           const float *restrict g, float *restrict m),
          (keep, rate, beta_1, beta_2, count, w, g, m))
{
    for (int64_t i = 0; i < count; i++) {
        float c = DG_FMA(beta_1, m[i], (1 - beta_1) * g[i]);
        float sign = c > 0 ? 1 : c < 0 ? -1 : c;
        w[i] = DG_FMA(w[i], keep, -(rate * sign));
        m[i] = DG_FMA(beta_2, m[i], (1 - beta_2) * g[i]);
    }
}

static void lion_update(const dg_update *u)
{
    const lion_options *o = u->options;
    lion_step(u->keep, (float)u->learning_rate, (float)o->beta_1, (float)o->beta_2, u->count,
              u->weight, u->gradient, u->slot[0]);
}

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS,
    { DG_HINT_BETAS },
    { DG_HINT_DECAY },
    { NULL },
};

const dg_optimizer_type dg_lion = {
    .part = { .kind = "optimizer",
              .name = "Lion",
              .alias = "lion",
              .doc = "steps by the sign of a running mean of the gradient (Chen et al. 2023)",
              .example = "nn.Lion { learning_rate = 1e-4, weight_decay = 0.1 }",
              .params = params,
              .options_size = sizeof(lion_options),
              .check = dg_check_optimizer,
              .hints = hints },
    .slots = lion_slots,
    .update = lion_update,
};
