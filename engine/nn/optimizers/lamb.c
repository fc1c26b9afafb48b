/* LAMB (You et al. 2020) in Keras's form: Adam's step, corrected for the early bias, scaled for
 * each weight tensor by the ratio of the tensor's norm to the step's. */
#include <math.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/parts.h"

typedef struct {
    dg_optimizer_options base;
    double beta_1, beta_2, epsilon, weight_decay;
} lamb_options;

static const dg_param params[] = {
    DG_LEARNING_RATE(0.001),
    DG_FLOAT(lamb_options, beta_1, DG_FROM_BELOW(0, 1), .default_number = 0.9,
             .doc = "decay rate of the running mean of the gradient"),
    DG_FLOAT(lamb_options, beta_2, DG_FROM_BELOW(0, 1), .default_number = 0.999,
             .doc = "decay rate of the running mean of its square"),
    DG_FLOAT(lamb_options, epsilon, DG_ABOVE(0), .default_number = 1e-7,
             .doc = "small number added to the root"),
    DG_WEIGHT_DECAY(lamb_options, 0),
    DG_CLIPNORM,
    DG_END
};

static int lamb_slots(const void *options)
{
    (void)options;
    return 2;
}

struct lamb {
    float one, two;   /* 1 - beta */
    float mean, root; /* what corrects m, and the root of v, for the early bias */
    float epsilon;
};

static struct lamb lamb_of(const dg_update *u)
{
    const lamb_options *o = u->options;
    return (struct lamb){ .one = (float)(1 - o->beta_1),
                          .two = (float)(1 - o->beta_2),
                          .mean = (float)(1 / (1 - dg_power64(o->beta_1, u->step))),
                          .root = (float)sqrt(1 / (1 - dg_power64(o->beta_2, u->step))),
                          .epsilon = (float)o->epsilon };
}

static inline float lamb_direction(struct lamb l, float m, float v)
{
    return m * l.mean / (sqrtf(v) * l.root + l.epsilon);
}

enum { PARTS = 8 };

/* m and v move on; sums of squares of the weights and of the steps, in eight parts, so that they
 * have the same order on every processor. */
DG_KERNEL static void lamb_moments(struct lamb l, int64_t count, const float *restrict w,
                                   const float *restrict g, float *restrict m, float *restrict v,
                                   double *restrict weights, double *restrict steps)
{
    for (int64_t i = 0; i < count; i += PARTS) {
        int64_t end = count - i < PARTS ? count - i : PARTS;
        for (int64_t k = 0; k < end; k++) {
            m[i + k] += (g[i + k] - m[i + k]) * l.one;
            v[i + k] += (g[i + k] * g[i + k] - v[i + k]) * l.two;
            double step = (double)lamb_direction(l, m[i + k], v[i + k]);
            weights[k] += (double)w[i + k] * (double)w[i + k];
            steps[k] += step * step;
        }
    }
}

/* found[0]: the ratio of the norms, 1 where one of them is 0. */
static void lamb_begin(const dg_update *whole, double *found)
{
    const lamb_options *o = whole->options;
    double weights[PARTS] = { 0 }, steps[PARTS] = { 0 };
    lamb_moments(lamb_of(whole), whole->count, whole->weight, whole->gradient, whole->slot[0],
                 whole->slot[1], weights, steps);
    for (int k = 1; k < PARTS; k++) {
        weights[0] += weights[k];
        steps[0] += steps[k];
    }
    double decayed = fabs(1 - whole->learning_rate * o->weight_decay) * sqrt(weights[0]);
    found[0] = decayed > 0 && steps[0] > 0 ? decayed / sqrt(steps[0]) : 1;
}

DG_KERNEL static void lamb_step(struct lamb l, float keep, float rate, int64_t count,
                                float *restrict w, const float *restrict m, const float *restrict v)
{
    for (int64_t i = 0; i < count; i++) w[i] = w[i] * keep - rate * lamb_direction(l, m[i], v[i]);
}

static void lamb_update(const dg_update *u)
{
    const lamb_options *o = u->options;
    lamb_step(lamb_of(u), (float)(1 - u->learning_rate * o->weight_decay),
              (float)(u->learning_rate * u->found[0]), u->count, u->weight, u->slot[0], u->slot[1]);
}

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS, { DG_HINT_EPS }, { DG_HINT_BETAS }, { "decay", "use weight_decay" },
    { NULL },
};

const dg_optimizer_type dg_lamb = {
    .part = { .kind = "optimizer",
              .name = "Lamb",
              .alias = "lamb",
              .peers = (const char *const[]){ "LAMB", NULL },
              .doc = "Adam with steps in proportion to the norm of each weight, for large batches "
                     "(You et al. 2020)",
              .example = "nn.Lamb { learning_rate = 2e-3, weight_decay = 0.01 }",
              .params = params,
              .options_size = sizeof(lamb_options),
              .hints = hints },
    .slots = lamb_slots,
    .begin = lamb_begin,
    .update = lamb_update,
};
