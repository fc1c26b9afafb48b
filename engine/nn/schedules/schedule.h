/* What the files of schedules share. */
#ifndef DG_NN_SCHEDULES_SCHEDULE_H
#define DG_NN_SCHEDULES_SCHEDULE_H

#include "engine/base/math64.h"
#include "engine/nn/parts.h"

/* The first parameters of most, as in Keras: doubles and an int64_t of these names. */
#define DG_INITIAL_RATE(options)                                                                   \
    DG_FLOAT(options, initial_learning_rate, DG_AT_LEAST(0), .required = true,                     \
             .doc = "the learning rate of the first step")
#define DG_DECAY_STEPS(options, text)                                                              \
    DG_INT(options, decay_steps, DG_AT_LEAST(1), .required = true, .doc = text)

static inline double dg_power_of(double base, double exponent)
{
    if (exponent == 1 || base == 1) return base;
    return exponent == 0 ? 1 : base == 0 ? 0 : dg_exp64(exponent * dg_log64(base));
}

/* Down from 1 to 0 along half a wave, as `part` goes from 0 to 1. */
static inline double dg_half_wave(double part)
{
    return 0.5 * (1 + dg_circle64(0.5 * part).cosine);
}

#endif
