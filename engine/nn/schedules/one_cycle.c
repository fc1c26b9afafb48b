/* A learning rate that rises and falls once, as PyTorch's OneCycleLR has it. */
#include "engine/nn/schedules/schedule.h"

typedef struct {
    double max_learning_rate, pct_start, div_factor, final_div_factor;
    int64_t total_steps;
    int anneal_strategy;
    bool three_phase;
} one_cycle_options;

enum { COSINE, LINEAR };
static const char *const strategies[] = { "cos", "linear", NULL };

static const dg_param params[] = {
    DG_FLOAT(one_cycle_options, max_learning_rate, DG_AT_LEAST(0), .required = true,
             .doc = "the greatest rate"),
    DG_INT(one_cycle_options, total_steps, DG_AT_LEAST(1), .required = true,
           .doc = "the number of steps of the cycle: epochs * batches of an epoch"),
    DG_FLOAT(one_cycle_options, pct_start, DG_WITHIN(0, 1), .default_number = 0.3,
             .doc = "the fraction of the steps in which the rate rises"),
    DG_CHOICE(one_cycle_options, anneal_strategy, .choices = strategies, .default_text = "cos",
              .doc = "along half a cosine wave, or in a straight line"),
    DG_FLOAT(one_cycle_options, div_factor, DG_AT_LEAST(1), .default_number = 25,
             .doc = "the rate begins at max_learning_rate / div_factor,"),
    DG_FLOAT(one_cycle_options, final_div_factor, DG_AT_LEAST(1), .default_number = 1e4,
             .doc = "and ends at that rate / final_div_factor"),
    DG_BOOL(one_cycle_options, three_phase, .named_only = true,
            .doc = "fall as fast as it rose, to the rate of the beginning, before the rest"),
    DG_END,
};

static dg_status check_one_cycle(const void *options)
{
    const one_cycle_options *o = options;
    if (!o->three_phase || o->pct_start <= 0.5) return DG_OK;
    return dg_error(DG_INVALID, "three_phase needs a pct_start of at most 0.5, found %.14g",
                    o->pct_start);
}

static double anneal(int strategy, double from, double to, double part)
{
    if (strategy == LINEAR) return (to - from) * part + from;
    return to + (from - to) * dg_half_wave(part);
}

static double one_cycle_rate(const void *options, int64_t step)
{
    const one_cycle_options *o = options;
    double total = (double)o->total_steps, first = o->max_learning_rate / o->div_factor;
    double rise = o->pct_start * total - 1, fall = o->three_phase ? 2 * rise : total - 1;
    const struct {
        double end, rate;
    } phases[] = { { 0, first },
                   { rise, o->max_learning_rate },
                   { fall, o->three_phase ? first : first / o->final_div_factor },
                   { total - 1, first / o->final_div_factor } };
    int i = 1;
    while (i < 3 && (double)step > phases[i].end) i++;
    double start = phases[i - 1].end, length = phases[i].end - start, done = (double)step - start;
    double part = length > 0 && done < length ? done / length : 1;
    return anneal(o->anneal_strategy, phases[i - 1].rate, phases[i].rate, part);
}

const dg_schedule_type dg_one_cycle = {
    .part = { .kind = "schedule",
              .name = "OneCycle",
              .alias = "one_cycle",
              .peers = (const char *const[]){ "OneCycleLR", NULL },
              .doc = "learning rate that rises to max_learning_rate, then falls far below where it "
                     "began, and stays; momentum does not change (Smith 2018; as PyTorch's "
                     "OneCycleLR)",
              .example = "nn.Adam { learning_rate = nn.OneCycle { 0.01, 12 * 784 } }",
              .params = params,
              .options_size = sizeof(one_cycle_options),
              .hints = (const dg_hint[]){ { "max_lr", "use max_learning_rate" },
                                          { "epochs", "give total_steps = epochs * batches of an "
                                                      "epoch" },
                                          { "steps_per_epoch", "give total_steps = epochs * "
                                                               "batches of an epoch" },
                                          { NULL } },
              .check = check_one_cycle },
    .rate = one_cycle_rate,
};
