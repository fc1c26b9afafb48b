/* A learning rate that falls as a power of what remains. */
#include "engine/nn/schedules/schedule.h"

typedef struct {
    double initial_learning_rate, end_learning_rate, power;
    int64_t decay_steps;
    bool cycle;
} polynomial_options;

static const dg_param params[] = {
    DG_INITIAL_RATE(polynomial_options),
    DG_DECAY_STEPS(polynomial_options, "the number of steps of the decay"),
    DG_FLOAT(polynomial_options, end_learning_rate, DG_AT_LEAST(0), .default_number = 0.0001,
             .doc = "the rate at the end"),
    DG_FLOAT(polynomial_options, power, DG_ABOVE(0), .default_number = 1,
             .doc = "1: in a straight line"),
    DG_BOOL(polynomial_options, cycle,
            .doc = "rise again when decay_steps are over, to fall over twice as many in all, then "
                   "over three times as many ..."),
    DG_END,
};

static double polynomial_rate(const void *options, int64_t step)
{
    const polynomial_options *o = options;
    double done = (double)step, steps = (double)o->decay_steps;
    if (o->cycle && step > 0)
        steps *= ceil(done / steps);
    else if (done > steps)
        done = steps;
    return (o->initial_learning_rate - o->end_learning_rate) *
               dg_power_of(1 - done / steps, o->power) +
           o->end_learning_rate;
}

const dg_schedule_type dg_polynomial_decay = {
    .part = { .kind = "schedule",
              .name = "PolynomialDecay",
              .alias = "polynomial_decay",
              .peers = (const char *const[]){ "PolynomialLR", "LinearLR", NULL },
              .doc = "learning rate that falls to end_learning_rate as (1 - step / decay_steps) ^ "
                     "power, and stays",
              .example = "nn.SGD { learning_rate = nn.PolynomialDecay { 0.1, 10000, 0.001 } }",
              .params = params,
              .options_size = sizeof(polynomial_options) },
    .rate = polynomial_rate,
};
