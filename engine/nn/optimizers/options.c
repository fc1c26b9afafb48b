/* What all optimizers share. */
#include "engine/nn/optimizers/options.h"

#include <math.h>

dg_status dg_check_optimizer(const void *options)
{
    const dg_optimizer_options *o = options;
    if (!isnan(o->clipnorm) + !isnan(o->clipvalue) + !isnan(o->global_clipnorm) > 1)
        return dg_error(DG_INVALID,
                        "expected at most one of clipnorm, clipvalue and global_clipnorm");
    if (!o->use_ema && (o->ema_momentum != 0.99 || o->ema_overwrite_frequency))
        return dg_error(DG_INVALID, "%s needs use_ema = true",
                        o->ema_overwrite_frequency ? "ema_overwrite_frequency" : "ema_momentum");
    return DG_OK;
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
