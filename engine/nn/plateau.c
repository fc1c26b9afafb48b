/* ReduceLROnPlateau. */
#include "engine/nn/plateau.h"

#include <math.h>

#include "engine/stopping.h"

static const char *monitor_of(const dg_fit_options *options)
{
    return dg_monitor_or_default(options->plateau->monitor, options);
}

dg_status dg_plateau_check(const dg_fit_options *options, const dg_model *model)
{
    const char *who = "fit: reduce_lr_on_plateau";
    if (!options->plateau) return DG_OK;
    if (dg_has_schedule(model->optimizer))
        return dg_error(DG_INVALID,
                        "%s: the learning rate follows a schedule: give the optimizer a number, or "
                        "leave this out",
                        who);
    return dg_monitor_check(who, monitor_of(options), options->plateau->mode, options, &model->base,
                            model->base.target);
}

bool dg_plateau_judge(dg_plateau_state *state, const dg_fit_options *options, const dg_log *log)
{
    const dg_plateau *plateau = options->plateau;
    double score = dg_log_find(log, monitor_of(options));
    if (dg_monitor_direction(monitor_of(options), plateau->mode) > 0) score = -score;
    if (!state->began) state->best = INFINITY;
    state->began = true;
    if (state->cooldown > 0) {
        state->cooldown--;
        state->wait = 0;
    }
    if (score < state->best - plateau->min_delta) {
        state->best = score;
        state->wait = 0;
        return false;
    }
    if (state->cooldown > 0 || ++state->wait < plateau->patience) return false;
    state->cooldown = plateau->cooldown;
    state->wait = 0;
    return true;
}

dg_status dg_plateau_reduce(const dg_plateau *plateau, dg_model *model)
{
    double rate = dg_learning_rate(model->optimizer, model->step), less = rate * plateau->factor;
    if (rate <= plateau->min_lr) return DG_OK;
    return dg_model_set_learning_rate(
        model, &(dg_value){ .type = DG_VALUE_FLOAT,
                            .number = less > plateau->min_lr ? less : plateau->min_lr });
}
