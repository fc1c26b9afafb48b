/* The log of a fit as a CSV file: a line with the names of its scores, then one for each epoch, as
 * Keras's CSVLogger writes them; each is on the disk before the fit goes on. */
#ifndef DG_FIT_LOG_H
#define DG_FIT_LOG_H

#include "engine/learner.h"
#include "engine/store/journal.h"

typedef struct dg_fit_log {
    const dg_fit_options *options; /* of the fit */
    const char *step;              /* what epochs are called; NULL: "epoch" */
    dg_journal file;               /* descriptor -1: there is none */
    bool begun;                    /* the file has this fit's lines alone */
} dg_fit_log;

/* Opens the file that `options` name, if they name one, and lets `own`, a copy of them, write to it
 * before it calls what they call. The file is emptied when the first line is written: what a fit
 * that goes on has behind it is written again. DG_IO; DG_INVALID: another program writes it. */
dg_status dg_fit_log_begin(dg_fit_log *log, const dg_fit_options *options, const char *step,
                           dg_fit_options *own);
void dg_fit_log_end(dg_fit_log *log); /* closes it */

#endif
