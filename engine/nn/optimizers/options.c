/* What all optimizers share. */
#include "engine/nn/optimizers/options.h"

#include <math.h>

#include "engine/base/lanes.h"

const dg_param dg_learning_rates[] = {
    DG_EITHER(DG_TYPE_FLOAT, DG_AT_LEAST(0)),
    DG_EITHER(DG_TYPE_PART, .kind = "schedule", .required = true),
    DG_END,
};

dg_status dg_check_optimizer(const void *options)
{
    const dg_optimizer_options *o = options;
    if (o->learning_rate.type == DG_VALUE_NIL)
        return dg_error(DG_INVALID, "learning_rate must be given, found nil");
    if (!isnan(o->clipnorm) + !isnan(o->clipvalue) + !isnan(o->global_clipnorm) > 1)
        return dg_error(DG_INVALID,
                        "expected at most one of clipnorm, clipvalue and global_clipnorm");
    if (!o->use_ema && (o->ema_momentum != 0.99 || o->ema_overwrite_frequency))
        return dg_error(DG_INVALID, "%s needs use_ema = true",
                        o->ema_overwrite_frequency ? "ema_overwrite_frequency" : "ema_momentum");
    return DG_OK;
}

const char dg_rate_score[] = "learning_rate";

bool dg_has_schedule(const dg_part *optimizer)
{
    const dg_optimizer_options *options = optimizer->options;
    return options->learning_rate.type == DG_VALUE_PART;
}

double dg_learning_rate(const dg_part *optimizer, int64_t step)
{
    const dg_one_of *rate = &((const dg_optimizer_options *)optimizer->options)->learning_rate;
    if (rate->type != DG_VALUE_PART) return rate->number;
    return ((const dg_schedule_type *)rate->part->type)->rate(rate->part->options, step);
}

DG_KERNEL(double, sum_of_squares, (const float *x, int64_t count), (x, count))
{
    double lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, count, lane[l] = DG_FMA((double)x[i], (double)x[i], lane[l]));
    return DG_JOIN(lane);
}

double dg_sum_of_squares(const float *x, int64_t count)
{
    return sum_of_squares(x, count);
}

static int own_slots(const dg_part *optimizer)
{
    return ((const dg_optimizer_type *)optimizer->type)->slots(optimizer->options);
}

int dg_optimizer_slots(const dg_part *optimizer)
{
    return own_slots(optimizer) + ((const dg_optimizer_options *)optimizer->options)->use_ema;
}

int dg_optimizer_average(const dg_part *optimizer)
{
    bool kept = ((const dg_optimizer_options *)optimizer->options)->use_ema;
    return kept ? own_slots(optimizer) : -1;
}
