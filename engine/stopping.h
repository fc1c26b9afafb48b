/* Early stopping: which epoch or round of a fit was the best, and when to give up waiting for a
 * better one. A score that is NaN is never the best, and is remembered for a warning. */
#ifndef DG_STOPPING_H
#define DG_STOPPING_H

#include "engine/learner.h"

/* DG_INVALID unless fits of this learner with this target have the score that `options` monitor,
 * and it is known which way it is better. learner NULL: its fits cannot stop early. */
dg_status dg_stopping_check(const dg_fit_options *options, const dg_learner *learner,
                            dg_target target);

/* The score to watch where `given` may be NULL: val_loss, or loss if there is no validation. */
const char *dg_monitor_or_default(const char *given, const dg_fit_options *options);

/* The same of a score that something else than early stopping watches: `who` begins the message.
 * And 1 where a greater score is better, -1 where a lesser one is, 0 where that is not known. */
dg_status dg_monitor_check(const char *who, const char *monitor, dg_mode mode,
                           const dg_fit_options *options, const dg_learner *learner,
                           dg_target target);
int dg_monitor_direction(const char *monitor, dg_mode mode);

/* Judges the epoch (or round) that `log` describes, and keeps best_epoch, stopped_early and the
 * first NaN in `result`, which was zero before the first epoch. `*best` is the best score so far,
 * for the caller to keep. Without a monitor, val_loss or else loss is judged, for the record only.
 * Returns whether this epoch is the best so far; sets `*stop` if the fit should end. */
bool dg_stopping_judge(const dg_fit_options *options, const dg_log *log, double *best,
                       dg_fit_result *result, bool *stop);

/* Whether a score of the fit was NaN, or its learner warns; then the warning is written to `out`.
 * `step` is what epochs are called ("round"); NULL: "epoch". */
bool dg_stopping_doubts(const dg_fit_result *result, const char *step, char *out, size_t size);

#endif
