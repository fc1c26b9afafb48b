/* A learning rate that is given step by step. */
#include "engine/nn/schedules/schedule.h"

typedef struct {
    dg_numbers boundaries, values;
} piecewise_options;

static const dg_param params[] = {
    DG_NUMBERS(piecewise_options, boundaries, DG_AT_LEAST(0), .required = true,
               .doc = "the steps after which the rate changes, increasing"),
    DG_NUMBERS(piecewise_options, values, DG_AT_LEAST(0), .required = true,
               .doc = "the rates up to and including each of these steps, and the last one"),
    DG_END,
};

static dg_status check_piecewise(const void *options)
{
    const piecewise_options *o = options;
    if (o->values.count != o->boundaries.count + 1)
        return dg_error(DG_INVALID,
                        "values must have one number more than boundaries, found %d and %d",
                        o->values.count, o->boundaries.count);
    for (int i = 1; i < o->boundaries.count; i++)
        if (o->boundaries.at[i] <= o->boundaries.at[i - 1])
            return dg_error(DG_INVALID, "boundaries must increase, found %.14g after %.14g",
                            o->boundaries.at[i], o->boundaries.at[i - 1]);
    return DG_OK;
}

static double piecewise_rate(const void *options, int64_t step)
{
    const piecewise_options *o = options;
    int i = 0;
    while (i < o->boundaries.count && (double)step > o->boundaries.at[i]) i++;
    return o->values.at[i];
}

const dg_schedule_type dg_piecewise_constant_decay = {
    .part = { .kind = "schedule",
              .name = "PiecewiseConstantDecay",
              .alias = "piecewise_constant_decay",
              .peers = (const char *const[]){ "MultiStepLR", NULL },
              .doc = "learning rate of values[1] for steps up to boundaries[1], values[2] for "
                     "steps up to boundaries[2] ..., with steps counted from 0",
              .example = "nn.SGD { learning_rate = nn.PiecewiseConstantDecay { "
                         "boundaries = { 1000, 2000 }, values = { 0.1, 0.01, 0.001 } } }",
              .params = params,
              .options_size = sizeof(piecewise_options),
              .check = check_piecewise },
    .rate = piecewise_rate,
};
