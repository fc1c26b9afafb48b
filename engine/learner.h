/* What all learners have in common: networks, forests, boosted trees. Each is fitted on a dataset,
 * predicts chances for each class, is judged, printed, kept in a file and read again through these
 * functions, whatever it is. */
#ifndef DG_LEARNER_H
#define DG_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/job.h"
#include "engine/base/part.h"
#include "engine/base/status.h"
#include "engine/data/dataset.h"

/* Numbers by name, in the order in which they are shown: "loss", "accuracy", "val_loss" ... */
enum { DG_MAX_SCORES = 12 };
typedef struct dg_log {
    int64_t epoch, epochs;  /* from 1 */
    int64_t batch, batches; /* from 1; in an epoch's log: batch = batches */
    double seconds;         /* of this epoch so far, validation included at its end */
    int scores;
    struct {
        const char *name;
        double value;
    } score[DG_MAX_SCORES];
} dg_log;

/* Called on the thread that called fit. `*stop` = true ends the fit in good order; a status other
 * than DG_OK ends it with that status, the weights kept. */
typedef dg_status dg_callback(void *context, const dg_log *log, bool *stop);

typedef struct dg_fit_options {
    const dg_dataset *validation; /* or NULL */
    int64_t epochs;               /* default 1; networks only */
    int64_t batch_size;           /* default 32; at most the rows of the set; networks only */
    bool shuffle;                 /* default true: another order each epoch */
    bool seeded;                  /* false: the seed follows from the model's */
    uint64_t seed;                /* for shuffles and dropout */
    const char *monitor;          /* early stopping on this score; NULL: none */
    int64_t patience;             /* epochs without improvement before it stops; default 0 */
    double min_delta;             /* what counts as improvement; default 0 */
    bool restore_best;            /* give back the weights of the best epoch */
    dg_callback *on_batch, *on_epoch; /* or NULL */
    void *context;
} dg_fit_options;

dg_fit_options dg_fit_defaults(void);

typedef struct dg_fit_result {
    int64_t best_epoch; /* by `monitor`, else by the last score there is to judge by, val_loss or
                           loss; counted from 1 within this fit */
    double seconds;
    bool stopped_early;
} dg_fit_result;

typedef struct dg_scores {
    double loss; /* penalties included, as in Keras */
    double accuracy;
    bool has_accuracy;
    double seconds;
} dg_scores;

/* What every learner begins with. */
typedef struct dg_learner {
    const struct dg_learner_type *type;
    const dg_part *options; /* what it was made with; NULL for a network */
    uint64_t seed;
    bool fitted;
    bool busy;           /* in a fit: refuses another */
    int64_t class_count; /* 0 before the first fit; column k of the chances is classes[k] */
    int32_t *classes;
    char **class_names; /* NULL or class_count names */
} dg_learner;

/* A kind of learner: one file, which ends in this descriptor, and a line in engine/registry.c. */
typedef struct dg_learner_type {
    dg_descriptor part; /* kind "learner" */
    /* A new, unfitted learner that keeps `options` (retained); base fields are filled by the
     * caller. */
    dg_status (*create)(const dg_part *options, dg_learner **out);
    void (*free)(dg_learner *learner); /* what is its own; not the base fields */
    dg_status (*fit)(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                     const dg_job *job, dg_fit_result *result);
    /* {n, classes} float32 chances for x of n rows. */
    dg_status (*predict_proba)(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                               dg_tensor *out);
    dg_status (*summary)(const dg_learner *learner, char **out);
} dg_learner_type;

#endif
