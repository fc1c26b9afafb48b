/* A learning rate that falls along half a wave, after a warm-up if wanted. */
#include "engine/nn/schedules/schedule.h"

typedef struct {
    double initial_learning_rate, alpha, warmup_target;
    int64_t decay_steps, warmup_steps;
} cosine_options;

static const dg_param params[] = {
    DG_INITIAL_RATE(cosine_options),
    DG_DECAY_STEPS(cosine_options, "the number of steps of the decay, warm-up not included"),
    DG_FLOAT(cosine_options, alpha, DG_AT_LEAST(0),
             .doc = "the least rate, as a fraction of the greatest"),
    DG_FLOAT(cosine_options, warmup_target, DG_AT_LEAST(0), .optional = true, .named_only = true,
             .doc = "the rate to which a warm-up rises from initial_learning_rate, and from which "
                    "it decays; nil: no warm-up"),
    DG_INT(cosine_options, warmup_steps, DG_AT_LEAST(0), .named_only = true,
           .doc = "the number of steps of the warm-up"),
    DG_END,
};

static dg_status check_cosine(const void *options)
{
    const cosine_options *o = options;
    if (isnan(o->warmup_target) == (o->warmup_steps == 0)) return DG_OK;
    return dg_error(DG_INVALID, "a warm-up needs both warmup_target and warmup_steps");
}

static double cosine_rate(const void *options, int64_t step)
{
    const cosine_options *o = options;
    bool warms = !isnan(o->warmup_target);
    double first = o->initial_learning_rate, greatest = warms ? o->warmup_target : first;
    if (step < o->warmup_steps)
        return (greatest - first) * ((double)step / (double)o->warmup_steps) + first;
    int64_t done = step - o->warmup_steps;
    double part = done < o->decay_steps ? (double)done / (double)o->decay_steps : 1;
    return greatest * ((1 - o->alpha) * dg_half_wave(part) + o->alpha);
}

const dg_schedule_type dg_cosine_decay = {
    .part = { .kind = "schedule",
              .name = "CosineDecay",
              .alias = "cosine_decay",
              .peers = (const char *const[]){ "CosineAnnealingLR", NULL },
              .doc = "learning rate that rises in a straight line (the warm-up), then falls along "
                     "half a cosine wave in decay_steps steps, and stays (Loshchilov and Hutter "
                     "2017)",
              .example = "nn.SGD { learning_rate = nn.CosineDecay { 0, 5000, warmup_target = 0.1, "
                         "warmup_steps = 500 } }",
              .params = params,
              .options_size = sizeof(cosine_options),
              .check = check_cosine },
    .rate = cosine_rate,
};
