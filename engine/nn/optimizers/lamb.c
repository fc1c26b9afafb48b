/* LAMB (You et al. 2020) in Keras's form: Adam's step, corrected for the early bias, scaled for
 * each weight tensor by the ratio of the tensor's norm to the step's. */
#include <math.h>

#include "engine/base/lanes.h"
#include "engine/base/math64.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/parts.h"

typedef struct {
    dg_optimizer_options base;
    double beta_1, beta_2, epsilon;
} lamb_options;

static const dg_param params[] = {
    DG_LEARNING_RATE(0.001),
    DG_FLOAT(lamb_options, beta_1, DG_FROM_BELOW(0, 1), .default_number = 0.9,
             .doc = "decay rate of the running mean of the gradient"),
    DG_FLOAT(lamb_options, beta_2, DG_FROM_BELOW(0, 1), .default_number = 0.999,
             .doc = "decay rate of the running mean of its square"),
    DG_FLOAT(lamb_options, epsilon, DG_ABOVE(0), .default_number = 1e-7,
             .doc = "small number added to the root"),
    DG_WEIGHT_DECAY(0),
    DG_OPTIMIZER_OPTIONS,
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

DG_INLINE float lamb_direction(const bool fused, struct lamb l, float m, float v)
{
    return m * l.mean / DG_FMA(sqrtf(v), l.root, l.epsilon);
}

/* m and v move on; found[0] and found[1]: sums of squares of the weights and of the steps. */
DG_KERNEL(void, lamb_moments,
          (struct lamb l, int64_t count, const float *restrict w, const float *restrict g,
           float *restrict m, float *restrict v, double *restrict found),
          (l, count, w, g, m, v, found))
{
    double weights[DG_LANES] = { 0 }, steps[DG_LANES] = { 0 };
    DG_EACH_LANE(i, k, count, {
        m[i] = DG_FMA(g[i] - m[i], l.one, m[i]);
        v[i] = DG_FMA(DG_FMA(g[i], g[i], -v[i]), l.two, v[i]);
        double step = (double)lamb_direction(fused, l, m[i], v[i]);
        weights[k] = DG_FMA((double)w[i], (double)w[i], weights[k]);
        steps[k] = DG_FMA(step, step, steps[k]);
    });
    found[0] = DG_JOIN(weights);
    found[1] = DG_JOIN(steps);
}

/* found[0]: the ratio of the norms, 1 where one of them is 0. */
static dg_status lamb_begin(const dg_update *whole, double *found)
{
    double weight_decay = ((const lamb_options *)whole->options)->base.weight_decay, squares[2];
    lamb_moments(lamb_of(whole), whole->count, whole->weight, whole->gradient, whole->slot[0],
                 whole->slot[1], squares);
    double decayed = fabs(1 - whole->learning_rate * weight_decay) * sqrt(squares[0]);
    found[0] = decayed > 0 && squares[1] > 0 ? decayed / sqrt(squares[1]) : 1;
    return DG_OK;
}

DG_KERNEL(void, lamb_step,
          (struct lamb l, float keep, float rate, int64_t count, float *restrict w,
           const float *restrict m, const float *restrict v),
          (l, keep, rate, count, w, m, v))
{
    for (int64_t i = 0; i < count; i++)
        w[i] = DG_FMA(w[i], keep, -(rate * lamb_direction(fused, l, m[i], v[i])));
}

static void lamb_update(const dg_update *u)
{
    lamb_step(lamb_of(u), u->keep, (float)(u->learning_rate * u->found[0]), u->count, u->weight,
              u->slot[0], u->slot[1]);
}

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS, { DG_HINT_EPS }, { DG_HINT_BETAS }, { DG_HINT_DECAY }, { NULL },
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
              .check = dg_check_optimizer,
              .hints = hints },
    .slots = lamb_slots,
    .begin = lamb_begin,
    .update = lamb_update,
};
