/* Parameters and hints that optimizers share. */
#ifndef DG_NN_OPTIMIZERS_OPTIONS_H
#define DG_NN_OPTIMIZERS_OPTIONS_H

#include "engine/nn/parts.h"

/* The first parameter of every optimizer, and the last. */
#define DG_LEARNING_RATE(value)                                                                    \
    DG_FLOAT(dg_optimizer_options, learning_rate, DG_AT_LEAST(0), .default_number = (value),       \
             .doc = "size of a step")
#define DG_CLIPNORM                                                                                \
    DG_FLOAT(dg_optimizer_options, clipnorm, DG_ABOVE(0), .optional = true, .named_only = true,    \
             .later = true,                                                                        \
             .doc =                                                                                \
                 "largest norm of the gradient of a weight tensor; a longer one is scaled down")

/* Of those that decay weights apart from the gradient: a double named weight_decay. */
#define DG_WEIGHT_DECAY(options, value)                                                            \
    DG_FLOAT(options, weight_decay, DG_AT_LEAST(0), .default_number = (value),                     \
             .doc = "each step first multiplies weights by 1 - learning_rate * weight_decay")

/* The hints of every optimizer; */
#define DG_OPTIMIZER_HINTS                                                                         \
    { "lr", "use learning_rate" }, { "global_clipnorm", "use clipnorm, for each weight tensor" },  \
    {                                                                                              \
        "clipvalue", "use clipnorm, the norm of a gradient"                                        \
    }

/* and of some, to stand between braces. */
#define DG_HINT_EPS "eps", "use epsilon"
#define DG_HINT_BETAS "betas", "use beta_1 and beta_2"
#define DG_HINT_NO_DECAY                                                                           \
    "weight_decay", "use nn.AdamW, or kernel_regularizer = nn.L2 { ... } in the layers"

#endif
