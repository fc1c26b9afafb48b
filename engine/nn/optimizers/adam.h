/* What Adam and AdamW share; Muon takes their step, too. */
#ifndef DG_NN_OPTIMIZERS_ADAM_H
#define DG_NN_OPTIMIZERS_ADAM_H

#include "engine/nn/parts.h"

typedef struct dg_adam_rates {
    double beta_1, beta_2, epsilon;
    bool amsgrad;
} dg_adam_rates;

typedef struct dg_adam_options {
    dg_optimizer_options base;
    dg_adam_rates rates;
} dg_adam_options;

/* The parameters of the rates. */
#define DG_ADAM_RATES                                                                              \
    { .name = "beta_1",                                                                            \
      .type = DG_TYPE_FLOAT,                                                                       \
      .offset = offsetof(dg_adam_options, rates.beta_1),                                           \
      DG_FROM_BELOW(0, 1),                                                                         \
      .default_number = 0.9,                                                                       \
      .doc = "decay rate of the running mean of the gradient" },                                   \
        { .name = "beta_2",                                                                        \
          .type = DG_TYPE_FLOAT,                                                                   \
          .offset = offsetof(dg_adam_options, rates.beta_2),                                       \
          DG_FROM_BELOW(0, 1),                                                                     \
          .default_number = 0.999,                                                                 \
          .doc = "decay rate of the running mean of its square" },                                 \
        { .name = "epsilon",                                                                       \
          .type = DG_TYPE_FLOAT,                                                                   \
          .offset = offsetof(dg_adam_options, rates.epsilon),                                      \
          DG_ABOVE(0),                                                                             \
          .default_number = 1e-7,                                                                  \
          .doc = "small number added to the root" },                                               \
    {                                                                                              \
        .name = "amsgrad", .type = DG_TYPE_BOOL,                                                   \
        .offset = offsetof(dg_adam_options, rates.amsgrad),                                        \
        .doc = "divide by the largest running mean so far (Reddi et al. 2018)"                     \
    }

int dg_adam_slots(const void *options);
void dg_adam_update(const dg_update *update);

/* Keras's step, whose epsilon is not corrected for the early bias:
 * rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon). */
void dg_adam_step(const dg_update *update, const dg_adam_rates *rates);

#endif
