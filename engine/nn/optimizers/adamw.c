/* Adam with weight decay apart from the gradient, as in Keras: each step first takes
 * learning_rate * weight_decay of every weight away. */
#include "engine/nn/parts.h"
#include "engine/nn/optimizers/adam.h"

typedef struct {
    double learning_rate, weight_decay;
    dg_adam_rates rates;
} adamw_options;

static const dg_param params[] = {
    DG_FLOAT(adamw_options, learning_rate, DG_AT_LEAST(0), .default_number = 0.001,
             .doc = "size of a step"),
    DG_FLOAT(adamw_options, weight_decay, DG_AT_LEAST(0), .default_number = 0.004,
             .doc = "times the learning rate: share of a weight that a step takes away"),
    DG_ADAM_RATES(adamw_options), DG_END
};

static int slots(const void *options)
{
    return dg_adam_slots(&((const adamw_options *)options)->rates);
}

static void update(const dg_update *u)
{
    const adamw_options *o = u->options;
    dg_adam_step(u, &o->rates, u->learning_rate * o->weight_decay);
}

static const dg_hint hints[] = {
    { "lr", "use learning_rate" },
    { "decay", "use weight_decay" },
    { "eps", "use epsilon" },
    { "betas", "use beta_1 and beta_2" },
    { NULL },
};

const dg_optimizer_type dg_adamw = {
    .part = { .kind = "optimizer",
              .name = "AdamW",
              .alias = "adamw",
              .doc = "Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
              .example = "nn.AdamW { learning_rate = 1e-3, weight_decay = 0.004 }",
              .params = params,
              .options_size = sizeof(adamw_options),
              .hints = hints },
    .learning_rate_offset = offsetof(adamw_options, learning_rate),
    .slots = slots,
    .update = update,
};
