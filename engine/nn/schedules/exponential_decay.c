/* A learning rate that falls by a factor. */
#include "engine/nn/schedules/schedule.h"

typedef struct {
    double initial_learning_rate, decay_rate;
    int64_t decay_steps;
    bool staircase;
} exponential_options;

static const dg_param params[] = {
    DG_INITIAL_RATE(exponential_options),
    DG_DECAY_STEPS(exponential_options, "the number of steps that decay_rate is for"),
    DG_FLOAT(exponential_options, decay_rate, DG_ABOVE(0), .required = true,
             .doc = "what the rate is multiplied by in decay_steps steps"),
    DG_BOOL(exponential_options, staircase, .doc = "at once after each decay_steps steps"),
    DG_END,
};

static double exponential_rate(const void *options, int64_t step)
{
    const exponential_options *o = options;
    double part = (double)step / (double)o->decay_steps;
    return o->initial_learning_rate * dg_power_of(o->decay_rate, o->staircase ? floor(part) : part);
}

const dg_schedule_type dg_exponential_decay = {
    .part = { .kind = "schedule",
              .name = "ExponentialDecay",
              .alias = "exponential_decay",
              .peers = (const char *const[]){ "ExponentialLR", "StepLR", NULL },
              .doc = "learning rate of initial_learning_rate * decay_rate ^ (step / decay_steps), "
                     "with steps counted from 0",
              .example = "nn.Adam { learning_rate = nn.ExponentialDecay { 1e-3, 1000, 0.96 } }",
              .params = params,
              .options_size = sizeof(exponential_options) },
    .rate = exponential_rate,
};
