/* What all learners have in common. Each is fitted on a dataset, predicts labels, probabilities or
 * numbers, is evaluated, described, saved to a file and loaded again through these functions,
 * whatever its type is. */
#ifndef DG_LEARNER_H
#define DG_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/log.h"
#include "engine/parallel.h"
#include "engine/part/part.h"
#include "engine/base/status.h"
#include "engine/data/dataset.h"
#include "engine/preparation/preparation.h"

/* Called on the thread that called fit. `*stop` = true ends the fit in good order; a status other
 * than DG_OK ends it with that status, the weights kept. */
typedef dg_status dg_callback(void *context, const dg_log *log, bool *stop);

/* Whether a second fit goes on where the first ended, or begins anew. */
typedef enum dg_resume {
    DG_RESUME_DEFAULT, /* as the type does: `resumes` */
    DG_RESUME_YES,     /* DG_INVALID if the type cannot */
    DG_RESUME_NO
} dg_resume;

/* Auto: as the metric says; a metric that is a function of the caller's does not say. */
typedef enum dg_mode { DG_MODE_AUTO, DG_MODE_MIN, DG_MODE_MAX } dg_mode;

/* Reduces the learning rate of a network when a score has not improved for some epochs. */
typedef struct dg_plateau {
    const char *monitor; /* NULL: val_loss or, without validation, loss */
    double factor;       /* of the learning rate, between 0 and 1 */
    int64_t patience;    /* epochs without improvement before it is reduced */
    int mode;            /* dg_mode: which way the score is better */
    double min_delta;    /* what counts as improvement */
    int64_t cooldown;    /* epochs after a reduction in which it waits */
    double min_lr;       /* the least learning rate */
} dg_plateau;

typedef struct dg_fit_options {
    dg_resume resume;
    const dg_dataset *validation;     /* or NULL */
    const void *own;                  /* what the learner's fit_params describe; NULL: defaults */
    int steps;                        /* of the preparation, if the fit begins anew */
    const dg_part *const *step;       /* each of kind "preparation" */
    bool seeded;                      /* false: the seed follows from the model's */
    uint64_t seed;                    /* for what a fit draws: shuffles, dropout, rows */
    const char *monitor;              /* early stopping on this score; NULL: none */
    int64_t patience;                 /* epochs without improvement before it stops; default 0;
                                         NaN is never an improvement */
    double min_delta;                 /* what counts as improvement; default 0 */
    dg_mode mode;                     /* which way `monitor` is better */
    bool restore_best;                /* give back the weights of the best epoch */
    const char *log;                  /* a CSV file of the epochs (engine/fit_log.h); or NULL */
    const dg_plateau *plateau;        /* for learners that are compiled; NULL: none */
    dg_callback *on_batch, *on_epoch; /* or NULL */
    /* For learners that are compiled: gives the learning rate of the update before which `step`
     * were done. Called as dg_callback is; or NULL. */
    dg_status (*rate)(void *context, int64_t step, double *out);
    dg_callback *on_past; /* or NULL: called first for each epoch that a fit which goes on from a
                             file has behind it; `*stop` has no effect */
    void *context;
} dg_fit_options;

typedef struct dg_fit_result {
    int64_t best_epoch;    /* by `monitor`, else by val_loss or, without validation, loss; counted
                           from 1 within this fit; 0: there was no such score, or it was always
                           NaN */
    const char *nan_score; /* the first score that was NaN, or NULL; */
    int64_t first_nan, nan_epochs; /* the first epoch in which it was NaN, and their number */
    double seconds;                /* with those before the file that the fit went on from */
    bool stopped_early;
    char warning[256]; /* a sentence for the user of the model; or "" */
} dg_fit_result;

typedef struct dg_scores {
    double loss; /* penalties included, as in Keras */
    double accuracy;
    bool has_accuracy;
    double seconds;
    double metric[DG_MAX_METRICS]; /* of the learner's metrics, at their indices; not of accuracy */
    dg_tensor *outputs; /* not NULL: where a type's evaluate may leave the outputs it computed */
} dg_scores;

/* The beginning of every learner's struct. */
typedef struct dg_learner {
    const struct dg_learner_type *type;
    const dg_part *options; /* what it was made with, owned; NULL: its type has none */
    uint64_t seed;
    bool fitted;
    bool busy;           /* in a fit: refuses another */
    bool changed;        /* set by a type's fit once it has begun to change what was learnt */
    dg_target target;    /* what it predicts; none before the first fit */
    dg_ints row;         /* the shape of a row; count 0 while it is not known */
    int64_t class_count; /* of labels, else 0; column k of the outputs is classes[k] */
    int32_t *classes;    /* ascending */
    char **class_names;  /* NULL or class_count names */
    float input_low, input_high; /* range of the data of its first fit, as the type sees it; with a
                                    preparation, before that */
    dg_preparation preparation;  /* applied to all rows first; or of no steps */
    struct dg_metric *metrics;   /* beside its loss (engine/learner_metrics.h) */
    int metric_count;
    /* Computes the metric at index `place`, which is a function of the caller's, from labels {n}
     * and outputs {n, classes}, or numbers {n} and {n}; set during a call. */
    dg_status (*ask)(void *context, int place, const dg_tensor *truth, const dg_tensor *outputs,
                     double *out);
    void *ask_context;
    struct dg_recipe *recipe; /* how it was made, for its file; or NULL */
} dg_learner;

struct dg_tensor_file; /* engine/store/safetensors.h */
struct cJSON;          /* engine/store/json.h */

/* A property of a fitted learner: "oob_accuracy", "feature_importances". One of the two functions
 * is not NULL. */
typedef struct dg_attribute {
    const char *name; /* NULL ends a list */
    const char *doc;
    double (*number)(const dg_learner *learner); /* NaN: not known */
    dg_status (*tensor)(const dg_learner *learner, dg_tensor *out);
} dg_attribute;

/* Another program's file format for a type of learner, chosen by the ending of a path. */
typedef struct dg_foreign_format {
    const char *ending; /* ".json" */
    const char *name;   /* "XGBoost's JSON" */
    /* Whether a file with this ending has this format and type of learner; NULL: always. Where
     * several formats have the ending, all but the last in engine/registry.list need it. */
    bool (*knows)(const char *path);
    dg_status (*write)(const dg_learner *learner, const char *path);
    dg_status (*read)(dg_learner **out, const char *path);
    /* DG_FORMAT if a file, whatever its name, is that program's but not readable; or NULL. */
    dg_status (*check)(const char *path);
    /* Whether that program will use the written model differently from this one; then `out` becomes
     * a sentence that says how. Or NULL. */
    bool (*loses)(const dg_learner *learner, char *out, size_t size);
} dg_foreign_format;

/* A type of learner: its file ends in this descriptor, which has a line in engine/registry.list.
 * Callers use dg_learner_fit and the other functions below, which check what is common, so the
 * type's functions need not. Fields that may be NULL or false may be left out. */
typedef struct dg_learner_type {
    dg_descriptor part; /* kind "learner" */
    const char *module; /* the scripts' table that gets its constructor ("tree"), created if
                           missing; NULL: it has no constructor by options */
    const char *family; /* of types that share a struct, and so methods in scripts beyond the
                           common ones ("tree": bindings/learners/trees.c); or NULL */
    /* What its fit takes beyond dg_fit_options: the fields of a struct of `fit_size` bytes, to
     * which dg_fit_options.own points; hints as in dg_descriptor. Or NULL. */
    const dg_param *fit_params;
    size_t fit_size;
    const dg_hint *fit_hints;
    size_t
        size; /* of its struct, which begins with a dg_learner; a new one is filled with zeros, */
    void (*begin)(dg_learner *learner); /* except for what this sets; or NULL */
    /* Frees what the struct owns beyond the dg_learner, not the struct; or NULL. */
    void (*free)(dg_learner *learner);
    dg_status (*fit)(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                     const dg_job *job, dg_fit_result *result);
    /* {n, classes} float32 probabilities, or whatever its outputs are; for numbers {n, 1}. x: n
     * rows, contiguous. What it gives for a row has the same bits whatever rows come with it. */
    dg_status (*predict_proba)(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                               dg_tensor *out);
    /* {n}: the column of the greatest of the outputs that predict_proba gives for each row, the
     * first of equals; for labels. NULL: predict_proba is called. */
    dg_status (*predict_columns)(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                 int32_t *out);
    /* Compares the outputs for a set with its labels or numbers. */
    dg_status (*evaluate)(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                          dg_scores *out);
    dg_status (*summary)(const dg_learner *learner, char **out);
    /* What bytes are divided by before the learner sees them; NULL: 1. */
    float (*byte_scale)(const dg_learner *learner);
    const char *step;               /* what its log counts as epochs: "epoch", "round"; NULL: the
                                       whole fit is one epoch */
    bool resumes;                   /* a second fit goes on where the first ended */
    bool resumes_if_asked;          /* or does so with DG_RESUME_YES */
    dg_target target;               /* the only one it can predict; none: either, as the set and its
                                       options say */
    bool takes_weights;             /* of the rows; else a set with weights is refused */
    const dg_attribute *attributes; /* or NULL */
    bool compiled; /* it is given its metrics, accuracy among them; else those that it is given
                      are beside accuracy, which it always has for labels */
    /* Whether a fit on x is likely to be a mistake; then `out` becomes a sentence that says why. Or
     * NULL. */
    bool (*doubts)(const dg_learner *learner, const dg_tensor *x, char *out, size_t size);
    /* What a fit that began now would compute products in, if it was asked for less than float32;
     * recipes note it (engine/store/recipe.h). NULL, or NULL is returned: it was not. */
    const char *(*products)(const dg_learner *learner);
    /* Model files (engine/store/learner_file.h) keep the fields of dg_learner and, unless
     * `describe` adds members to their JSON instead, the options. `store` adds tensors; `restore`
     * fills a new learner, whose classes have been read, from JSON and tensors, and trusts neither:
     * DG_FORMAT for what is wrong. It sets `fitted` if no range of inputs says so. */
    dg_status (*describe)(const dg_learner *learner, struct cJSON *root);
    dg_status (*store)(const dg_learner *learner, struct dg_tensor_file *file);
    dg_status (*restore)(dg_learner *learner, const struct cJSON *root,
                         const struct dg_tensor_file *file);
    const struct dg_section *const
        *sections; /* of its files (engine/store/sections.h); ends in NULL;
                                                 or NULL */
    const dg_foreign_format *const *formats; /* ends in NULL; or NULL */
    /* Takes the options and the seed of `other`, of the same type, if the file of the learner did
     * not have any; else DG_INVALID. NULL: its files always have them. */
    dg_status (*take_options)(dg_learner *learner, const dg_learner *other);
} dg_learner_type;

/* --- using one; job: NULL is dg_job_default() ---------------------------------------------- */

/* seed: of its random choices, unless its options have a seed. */
dg_status dg_learner_new(dg_learner **out, const dg_part *options, uint64_t seed);
/* The same, also for types without options (NULL). */
dg_status dg_learner_create(dg_learner **out, const dg_learner_type *type, const dg_part *options,
                            uint64_t seed);
void dg_learner_free(dg_learner *learner); /* NULL is allowed */

/* Trains. DG_INVALID: an argument does not fit; nothing has changed. DG_NUMERIC: the loss is not
 * finite. DG_CANCELLED: it was asked to stop; what was learnt so far is kept. */
dg_status dg_learner_fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                         const dg_job *job, dg_fit_result *result);
dg_status dg_learner_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out);
/* {n, classes} float32. DG_INVALID if it predicts numbers, which dg_learner_predict returns. */
dg_status dg_learner_predict_proba(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                   dg_tensor *out);
/* {n} int32 labels, or {n} float32 numbers. */
dg_status dg_learner_predict(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                             dg_tensor *out);
/* The same for outputs {n, ...} that are there: labels, or numbers. */
dg_status dg_learner_decide(const dg_learner *learner, const dg_tensor *outputs, dg_tensor *out);
/* A text to be read by people; dg_free it. */
dg_status dg_learner_summary(const dg_learner *learner, char **out);
/* As in dg_learner_type. */
dg_status dg_learner_take_options(dg_learner *learner, const dg_learner *other);
bool dg_learner_doubts(const dg_learner *learner, const dg_tensor *x, char *out, size_t size);

/* Whether the range of x is of another order of magnitude than that of the data that the learner
 * was fitted on; then `out` becomes a sentence that says so. */
bool dg_learner_range_differs(const dg_learner *learner, const dg_tensor *x, char *out,
                              size_t size);

/* How many values a row has; 1 while the shape is not known. */
int64_t dg_learner_row_size(const dg_learner *learner);
/* DG_INVALID unless rows of `x` have as many values as the learner's; `who` begins the message. */
dg_status dg_learner_check_rows(const dg_learner *learner, const dg_tensor *x, const char *who);

/* --- for learners ------------------------------------------------------------------------- */

/* Copies the classes of a set, and their names; forgets them. Both set `target`. */
dg_status dg_learner_adopt_classes(dg_learner *learner, const dg_dataset *set);
void dg_learner_free_classes(dg_learner *learner);

/* `*out` (dg_free it) becomes, for each class of the set, the learner's column, or -1. DG_INVALID
 * if a row has a label that the learner does not know; `who` begins the message. */
dg_status dg_learner_map_classes(int32_t **out, const dg_learner *learner, const dg_dataset *set,
                                 const char *who);

/* `*out` (release it) becomes the set with its rows prepared, or the set itself. */
dg_status dg_learner_prepare(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                             const dg_dataset **out);

/* What the type's predict_proba returns, probabilities or numbers, for rows of any type and layout;
 * and for rows that are prepared already, which is what the type's own functions are given. */
dg_status dg_learner_outputs(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                             dg_tensor *out);
dg_status dg_learner_prepared_outputs(const dg_learner *learner, const dg_tensor *x,
                                      const dg_job *job, dg_tensor *out);

/* dg_learner_evaluate for rows that are prepared already; without checks and seconds. */
dg_status dg_learner_evaluate_prepared(const dg_learner *learner, const dg_dataset *set,
                                       const dg_job *job, dg_scores *out);

/* Remembers the range of x, the data of a first fit, for dg_learner_range_differs. */
void dg_learner_note_range(dg_learner *learner, const dg_tensor *x);

#endif
