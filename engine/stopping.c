/* Early stopping. */
#include "engine/stopping.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/base/text.h"

static dg_status unknown_score(const char *who, const char *name, const char *const *scores,
                               int count)
{
    const char *near = dg_nearest(name, scores, count);
    dg_text known = { 0 };
    for (int i = 0; i < count; i++)
        dg_text_add(&known, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", scores[i]);
    DG_OWNED char *list = NULL;
    DG_TRY(dg_text_take(&known, &list));
    return dg_error(DG_INVALID, "%s: no score is named '%s'%s%s%s; the scores are %s", who, name,
                    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

int dg_monitor_direction(const char *monitor, dg_mode mode)
{
    dg_metric metric;
    if (mode != DG_MODE_AUTO) return mode == DG_MODE_MAX ? 1 : -1;
    if (monitor && strncmp(monitor, "val_", 4) == 0) monitor += 4;
    if (!monitor || strcmp(monitor, "loss") == 0) return -1;
    if (dg_metric_find(&metric, monitor) != DG_OK) return 0;
    return metric.type->greater_is_better ? 1 : -1;
}

const char *dg_monitor_or_default(const char *given, const dg_fit_options *options)
{
    return given ? given : options->validation ? "val_loss" : "loss";
}

dg_status dg_monitor_check(const char *who, const char *monitor, dg_mode mode,
                           const dg_fit_options *options, const dg_learner *learner,
                           dg_target target)
{
    const char *scores[DG_MAX_SCORE_NAMES];
    int count = 0;
    dg_learner_score_names(learner, target, scores);
    while (scores[count] && strcmp(scores[count], monitor) != 0) count++;
    if (!scores[count]) return unknown_score(who, monitor, scores, count);
    if (!options->validation && strncmp(monitor, "val_", 4) == 0)
        return dg_error(DG_INVALID, "%s: monitor = \"%s\" needs validation data", who, monitor);
    if (dg_monitor_direction(monitor, mode)) return DG_OK;
    return dg_error(DG_INVALID,
                    "%s: it is not known whether a greater %s is better: give mode = \"max\" or "
                    "\"min\"",
                    who, monitor);
}

dg_status dg_stopping_check(const dg_fit_options *options, const dg_learner *learner,
                            dg_target target)
{
    if (!options->monitor) return DG_OK;
    if (options->patience < 0)
        return dg_error(DG_INVALID,
                        "fit: early_stopping: patience must be at least 0, found %" PRId64,
                        options->patience);
    if (!learner)
        return dg_error(DG_INVALID,
                        "fit: early_stopping is not available: the model is not trained in "
                        "epochs or rounds");
    return dg_monitor_check("fit: early_stopping", options->monitor, options->mode, options,
                            learner, target);
}

static void note_nan(const dg_log *log, dg_fit_result *result)
{
    bool found = false;
    for (int i = 0; i < log->scores; i++) {
        if (!isnan(log->score[i].value)) continue;
        if (!result->nan_score) {
            result->nan_score = log->score[i].name;
            result->first_nan = log->epoch;
        }
        found |= strcmp(result->nan_score, log->score[i].name) == 0;
    }
    result->nan_epochs += found;
}

bool dg_stopping_judge(const dg_fit_options *options, const dg_log *log, double *best,
                       dg_fit_result *result, bool *stop)
{
    double score = dg_log_find(log, dg_monitor_or_default(options->monitor, options));
    bool first = result->best_epoch == 0;
    note_nan(log, result);
    if (dg_monitor_direction(options->monitor, options->mode) > 0) score = -score;
    double needed = first ? INFINITY : *best - (options->monitor ? options->min_delta : 0);
    if (score < needed || (first && !isnan(score))) {
        *best = score;
        result->best_epoch = log->epoch;
        return true;
    }
    /* after one epoch there is nothing to compare: as in Keras, even NaN does not stop there */
    if (options->monitor && log->epoch > 1 && log->epoch - result->best_epoch >= options->patience)
        *stop = result->stopped_early = true;
    return false;
}

bool dg_stopping_doubts(const dg_fit_result *result, const char *step, char *out, size_t size)
{
    char more[48] = "";
    snprintf(out, size, "%s", result->warning);
    if (!result->nan_score) return result->warning[0];
    if (result->nan_epochs > 1)
        snprintf(more, sizeof more, " and %" PRId64 " more", result->nan_epochs - 1);
    snprintf(out, size,
             "%s is NaN in %s %" PRId64 "%s, which never counts as an improvement: look for NaN "
             "or huge values in the data",
             result->nan_score, step ? step : "epoch", result->first_nan, more);
    return true;
}
