/* RMSprop as in Keras: epsilon stands under the root. */
#include <math.h>

#include "engine/base/kernel.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/parts.h"

typedef struct {
    dg_optimizer_options base;
    double rho, momentum, epsilon;
    bool centered;
} rmsprop_options;

static const dg_param params[] = {
    DG_LEARNING_RATE(0.001),
    DG_FLOAT(rmsprop_options, rho, DG_FROM_BELOW(0, 1), .default_number = 0.9,
             .doc = "decay rate of the running mean of squared gradients"),
    DG_FLOAT(rmsprop_options, momentum, DG_WITHIN(0, 1),
             .doc = "fraction of the last step that is kept"),
    DG_FLOAT(rmsprop_options, epsilon, DG_ABOVE(0), .default_number = 1e-7,
             .doc = "small number added under the root"),
    DG_BOOL(rmsprop_options, centered,
            .doc = "divide by the standard deviation instead of the root mean square"),
    DG_LATER_WEIGHT_DECAY,
    DG_OPTIMIZER_OPTIONS,
    DG_END
};

static int rmsprop_slots(const void *options)
{
    const rmsprop_options *o = options;
    return 1 + o->centered + (o->momentum != 0);
}

/* square, mean, velocity: running means of g^2 and of g, and the last step. */
DG_KERNEL(void, rmsprop_plain,
          (float keep, float rate, float rho, float epsilon, int64_t count, float *restrict w,
           const float *restrict g, float *restrict square),
          (keep, rate, rho, epsilon, count, w, g, square))
{
    for (int64_t i = 0; i < count; i++) {
        square[i] = DG_FMA(rho, square[i], (1 - rho) * g[i] * g[i]);
        w[i] = w[i] * keep - rate * g[i] / sqrtf(square[i] + epsilon);
    }
}

DG_KERNEL(void, rmsprop_full,
          (float keep, float rate, float rho, float epsilon, float momentum, int64_t count,
           float *restrict w, const float *restrict g, float *restrict square, float *restrict mean,
           float *restrict velocity),
          (keep, rate, rho, epsilon, momentum, count, w, g, square, mean, velocity))
{
    for (int64_t i = 0; i < count; i++) {
        square[i] = DG_FMA(rho, square[i], (1 - rho) * g[i] * g[i]);
        float under = square[i];
        if (mean) {
            mean[i] = DG_FMA(rho, mean[i], (1 - rho) * g[i]);
            under = DG_FMA(-mean[i], mean[i], under);
        }
        float step = rate * g[i] / sqrtf(under + epsilon);
        if (velocity) step = velocity[i] = DG_FMA(momentum, velocity[i], step);
        w[i] = w[i] * keep - step;
    }
}

static void rmsprop_update(const dg_update *u)
{
    const rmsprop_options *o = u->options;
    float rate = (float)u->learning_rate, rho = (float)o->rho, epsilon = (float)o->epsilon;
    float *mean = o->centered ? u->slot[1] : NULL;
    float *velocity = o->momentum != 0 ? u->slot[1 + o->centered] : NULL;
    if (mean || velocity)
        rmsprop_full(u->keep, rate, rho, epsilon, (float)o->momentum, u->count, u->weight,
                     u->gradient, u->slot[0], mean, velocity);
    else
        rmsprop_plain(u->keep, rate, rho, epsilon, u->count, u->weight, u->gradient, u->slot[0]);
}

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS, { DG_HINT_EPS }, { DG_HINT_DECAY }, { "alpha", "use rho" }, { NULL },
};

const dg_optimizer_type dg_rmsprop = {
    .part = { .kind = "optimizer",
              .name = "RMSprop",
              .alias = "rmsprop",
              .doc =
                  "divides each step by a running root mean square of the gradient (Hinton 2012)",
              .example = "nn.RMSprop { learning_rate = 1e-3, rho = 0.9 }",
              .params = params,
              .options_size = sizeof(rmsprop_options),
              .check = dg_check_optimizer,
              .hints = hints },
    .slots = rmsprop_slots,
    .update = rmsprop_update,
};
