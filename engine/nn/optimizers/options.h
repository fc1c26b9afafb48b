/* Parameters and hints that optimizers share. */
#ifndef DG_NN_OPTIMIZERS_OPTIONS_H
#define DG_NN_OPTIMIZERS_OPTIONS_H

#include "engine/nn/parts.h"

/* The first parameter of every optimizer, and the last of them. */
#define DG_LEARNING_RATE(value)                                                                    \
    DG_ONE_OF(dg_optimizer_options, learning_rate, .alternatives = dg_learning_rates,              \
              .expects = "a number of at least 0 or a schedule", .default_number = (value),        \
              .doc = "size of a step: a number, or a schedule such as nn.CosineDecay { ... }")
extern const dg_param dg_learning_rates[];
#define DG_CLIP(field, text)                                                                       \
    DG_FLOAT(dg_optimizer_options, field, DG_ABOVE(0), .optional = true, .named_only = true,       \
             .later = true, .doc = text)
#define DG_OPTIMIZER_OPTIONS                                                                       \
    DG_CLIP(clipnorm,                                                                              \
            "largest norm of the gradient of a weight tensor; a longer one is scaled down"),       \
        DG_CLIP(clipvalue, "largest size of each number of a gradient; a greater one is cut"),     \
        DG_CLIP(global_clipnorm, "largest norm of the gradients of all weights together; longer "  \
                                 "ones are scaled down by one factor"),                            \
        DG_BOOL(dg_optimizer_options, use_ema, .named_only = true, .later = true,                  \
                .doc = "keep running averages of the weights, which take their place at the end "  \
                       "of a fit, unless it returns to its best epoch"),                           \
        DG_FLOAT(dg_optimizer_options, ema_momentum, DG_WITHIN(0, 1), .default_number = 0.99,      \
                 .named_only = true, .later = true,                                                \
                 .doc = "of use_ema: the part of an average that a step keeps"),                   \
        DG_INT(dg_optimizer_options, ema_overwrite_frequency, DG_AT_LEAST(1), .optional = true,    \
               .named_only = true, .later = true,                                                  \
               .doc = "of use_ema: after so many steps the averages take the place of the "        \
                      "weights in a fit, too; nil: never")

/* The decay of weights apart from the gradient, where it stands before other parameters; and of
 * optimizers that first came without it, before DG_OPTIMIZER_OPTIONS. */
#define DG_DECAY(...)                                                                              \
    DG_FLOAT(dg_optimizer_options, weight_decay, DG_AT_LEAST(0),                                   \
             .doc = "each step first multiplies weights by 1 - learning_rate * weight_decay",      \
             __VA_ARGS__)
#define DG_WEIGHT_DECAY(value) DG_DECAY(.default_number = (value))
#define DG_LATER_WEIGHT_DECAY DG_DECAY(.named_only = true, .later = true)

double dg_sum_of_squares(const float *x, int64_t count);

/* A learning rate; at most one way of clipping; and nothing of use_ema without it. */
dg_status dg_check_optimizer(const void *options);

/* The hints of every optimizer; */
#define DG_OPTIMIZER_HINTS                                                                         \
    {                                                                                              \
        "lr", "use learning_rate"                                                                  \
    }

/* and of some, to stand between braces. */
#define DG_HINT_EPS "eps", "use epsilon"
#define DG_HINT_BETAS "betas", "use beta_1 and beta_2"
#define DG_HINT_DECAY "decay", "use weight_decay"

#endif
