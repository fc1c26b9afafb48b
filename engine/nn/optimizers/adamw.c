/* Adam with weight decay apart from the gradient, as in Keras: each step first takes
 * learning_rate * weight_decay of every weight away. */
#include "engine/nn/optimizers/adam.h"
#include "engine/nn/optimizers/options.h"

static const dg_param params[] = { DG_LEARNING_RATE(0.001), DG_WEIGHT_DECAY(0.004), DG_ADAM_RATES,
                                   DG_OPTIMIZER_OPTIONS, DG_END };

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS, { DG_HINT_EPS }, { DG_HINT_BETAS }, { DG_HINT_DECAY }, { NULL },
};

const dg_optimizer_type dg_adamw = {
    .part = { .kind = "optimizer",
              .name = "AdamW",
              .alias = "adamw",
              .doc = "Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
              .example = "nn.AdamW { learning_rate = 1e-3, weight_decay = 0.004 }",
              .params = params,
              .options_size = sizeof(dg_adam_options),
              .check = dg_check_optimizer,
              .hints = hints },
    .slots = dg_adam_slots,
    .update = dg_adam_update,
};
