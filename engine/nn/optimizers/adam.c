/* Adam (Kingma and Ba 2015) in Keras's form. */
#include "engine/nn/optimizers/adam.h"

#include <math.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/nn/optimizers/options.h"

static const dg_param params[] = { DG_LEARNING_RATE(0.001), DG_ADAM_RATES, DG_LATER_WEIGHT_DECAY,
                                   DG_OPTIMIZER_OPTIONS, DG_END };

int dg_adam_slots(const void *options)
{
    return ((const dg_adam_options *)options)->rates.amsgrad ? 3 : 2;
}

struct adam_factors {
    float keep, rate, one, two, epsilon; /* one, two: 1 - beta */
};

DG_KERNEL(void, adam_step,
          (struct adam_factors f, int64_t count, float *restrict w, const float *restrict g,
           float *restrict m, float *restrict v),
          (f, count, w, g, m, v))
{
    for (int64_t i = 0; i < count; i++) {
        m[i] = DG_FMA(g[i] - m[i], f.one, m[i]);
        v[i] = DG_FMA(DG_FMA(g[i], g[i], -v[i]), f.two, v[i]);
        w[i] = DG_FMA(w[i], f.keep, -(m[i] * f.rate / (sqrtf(v[i]) + f.epsilon)));
    }
}

DG_KERNEL(void, adam_step_greatest,
          (struct adam_factors f, int64_t count, float *restrict w, const float *restrict g,
           float *restrict m, float *restrict v, float *restrict greatest),
          (f, count, w, g, m, v, greatest))
{
    for (int64_t i = 0; i < count; i++) {
        m[i] = DG_FMA(g[i] - m[i], f.one, m[i]);
        v[i] = DG_FMA(DG_FMA(g[i], g[i], -v[i]), f.two, v[i]);
        greatest[i] = v[i] > greatest[i] ? v[i] : greatest[i];
        w[i] = DG_FMA(w[i], f.keep, -(m[i] * f.rate / (sqrtf(greatest[i]) + f.epsilon)));
    }
}

void dg_adam_step(const dg_update *u, const dg_adam_rates *rates)
{
    double one = dg_power64(rates->beta_1, u->step), two = dg_power64(rates->beta_2, u->step);
    double correction = sqrt(1 - two) / (1 - one);
    struct adam_factors f = { .keep = u->keep,
                              .rate = (float)(u->learning_rate * correction),
                              .one = (float)(1 - rates->beta_1),
                              .two = (float)(1 - rates->beta_2),
                              .epsilon = (float)rates->epsilon };
    if (rates->amsgrad)
        adam_step_greatest(f, u->count, u->weight, u->gradient, u->slot[0], u->slot[1], u->slot[2]);
    else
        adam_step(f, u->count, u->weight, u->gradient, u->slot[0], u->slot[1]);
}

void dg_adam_update(const dg_update *u)
{
    dg_adam_step(u, &((const dg_adam_options *)u->options)->rates);
}

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS, { DG_HINT_EPS }, { DG_HINT_BETAS }, { DG_HINT_DECAY }, { NULL },
};

const dg_optimizer_type dg_adam = {
    .part = { .kind = "optimizer",
              .name = "Adam",
              .alias = "adam",
              .doc =
                  "steps by running means of the gradient and of its square (Kingma and Ba 2015)",
              .example = "nn.Adam { learning_rate = 1e-3 }",
              .params = params,
              .options_size = sizeof(dg_adam_options),
              .check = dg_check_optimizer,
              .hints = hints },
    .slots = dg_adam_slots,
    .update = dg_adam_update,
};
