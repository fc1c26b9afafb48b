/* The log of an epoch or a round: its scores, and how far the fit has come. */
#ifndef DG_LOG_H
#define DG_LOG_H

#include <stdint.h>

/* Numbers by name, in the order in which they are shown: "loss", "accuracy", "val_loss" ... */
enum { DG_MAX_METRICS = 16, DG_MAX_SCORES = 2 * DG_MAX_METRICS + 6 };
typedef struct dg_log {
    int64_t epoch, epochs;  /* from 1 */
    int64_t batch, batches; /* from 1; in an epoch's log: batch = batches; 0, 0: not counted */
    double seconds;         /* of this epoch so far, validation included at its end */
    int scores;
    struct {
        const char *name;
        double value;
    } score[DG_MAX_SCORES];
} dg_log;

/* The name must outlive the log. */
void dg_log_add(dg_log *log, const char *name, double value);
/* NaN if the log has no score of that name. */
double dg_log_find(const dg_log *log, const char *name);

#endif
