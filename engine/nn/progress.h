/* How far the fit of a network has come: what a checkpoint keeps beside the network and the state
 * of its optimizer, so that another process goes on as if the fit had never stopped. */
#ifndef DG_NN_PROGRESS_H
#define DG_NN_PROGRESS_H

#include "engine/nn/model.h"

struct dg_progress {
    char *run;      /* what the fit was asked for, as JSON: see checkpoint.c */
    int64_t epoch;  /* epochs of this fit that are done */
    dg_log *logs;   /* of each of them */
    double seconds; /* spent on them */
    dg_fit_result result;
    double best_score;  /* as dg_stopping_judge keeps it */
    float *best_values; /* the weights of the best epoch, as they lie in the model; or NULL */
    char *names[DG_MAX_SCORES]; /* of the scores, if a file gave them; owned */
    int name_count;
};

void dg_progress_release(dg_progress *progress); /* what the struct owns */

/* engine/nn/checkpoint.c: the options of a fit that are about it. All messages begin with "fit". */

/* Before anything changes: notes in `progress` what the fit is asked for. `own` and `seed` are
 * those that it uses. DG_INVALID or DG_IO if the checkpoint cannot be written. */
dg_status dg_checkpoint_begin(dg_progress *progress, const dg_model *model, const dg_dataset *set,
                              const dg_fit_options *options, const dg_network_fit_options *own,
                              uint64_t seed);

/* Takes over the state of the run in the file `own->resume`, if it is given; if it is
 * `own->checkpoint`, there need not be a file yet. DG_INVALID: the file belongs to another run, and
 * the message says what differs; then nothing has changed. */
dg_status dg_checkpoint_resume(dg_progress *progress, dg_model *model,
                               const dg_network_fit_options *own);

/* After an epoch: writes the checkpoint, if it is time for it. `last`: no other will follow. */
dg_status dg_checkpoint_write(const dg_progress *progress, const dg_model *model,
                              const dg_network_fit_options *own, bool last);

#endif
