/* What all learners have in common: networks, forests, boosted trees. Each is fitted on a dataset,
 * predicts chances for each class, is judged, printed, kept in a file and read again through these
 * functions, whatever it is. */
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
    DG_RESUME_DEFAULT, /* networks go on, trees begin anew */
    DG_RESUME_YES,     /* a single tree cannot: DG_INVALID */
    DG_RESUME_NO
} dg_resume;

/* Auto: as the metric says, which a function of the caller's cannot. */
typedef enum dg_mode { DG_MODE_AUTO, DG_MODE_MIN, DG_MODE_MAX } dg_mode;

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
    dg_callback *on_batch, *on_epoch; /* or NULL */
    void *context;
} dg_fit_options;

typedef struct dg_fit_result {
    int64_t best_epoch;    /* by `monitor`, else by the last score there is to judge by, val_loss or
                           loss; counted from 1 within this fit; 0: there was none, or it was
                           always NaN */
    const char *nan_score; /* the first score that was NaN, or NULL, */
    int64_t first_nan, nan_epochs; /* the first epoch in which it was, and how many there were */
    double seconds;
    bool stopped_early;
    char warning[256]; /* a sentence that whoever uses the model should know; or "" */
} dg_fit_result;

typedef struct dg_scores {
    double loss; /* penalties included, as in Keras */
    double accuracy;
    bool has_accuracy;
    double seconds;
    double metric[DG_MAX_METRICS]; /* the learner's but accuracy, at their places */
    dg_tensor *outputs; /* where a type's evaluate leaves its outputs, if it has them; or NULL */
} dg_scores;

/* What every learner begins with: a dg_model or a forest is a dg_learner and more. */
typedef struct dg_learner {
    const struct dg_learner_type *type;
    const dg_part *options; /* what it was made with, owned; or NULL, as for a network */
    uint64_t seed;
    bool fitted;
    bool busy;                   /* in a fit: refuses another */
    bool changed;                /* a fit has begun to change what was learnt: it says so itself */
    dg_target target;            /* what it predicts; none before the first fit */
    dg_ints row;                 /* the shape of a row; count 0 while it is not known */
    int64_t class_count;         /* of labels, else 0; column k of the chances is classes[k] */
    int32_t *classes;            /* ascending */
    char **class_names;          /* NULL or class_count names */
    float input_low, input_high; /* of the data it was first fitted on, as the learner sees it (with
                                    a preparation: as that sees it) */
    dg_preparation preparation;  /* what its rows go through first, always; or none */
    struct dg_metric *metrics; /* what it is judged by beside its loss (engine/learner_metrics.h) */
    int metric_count;
    /* Computes the metric at `place`, a function of the caller's, from labels {n} or numbers {n}
     * and outputs {n, classes} or {n}; set for a call. */
    dg_status (*ask)(void *context, int place, const dg_tensor *truth, const dg_tensor *outputs,
                     double *out);
    void *ask_context;
} dg_learner;

struct dg_tensor_file; /* engine/store/safetensors.h */
struct cJSON;          /* engine/store/json.h */

/* Something that a learner knows after a fit: "oob_accuracy", "feature_importances". One of the two
 * functions is there. */
typedef struct dg_attribute {
    const char *name; /* NULL ends a list */
    const char *doc;
    double (*number)(const dg_learner *learner); /* NaN: not known */
    dg_status (*tensor)(const dg_learner *learner, dg_tensor *out);
} dg_attribute;

/* Another program's format for a kind of learner, chosen by the ending of a path. */
typedef struct dg_foreign_format {
    const char *ending; /* ".json" */
    const char *name;   /* "XGBoost's JSON" */
    /* Whether a file of this ending is of this format and kind of learner; NULL: it is. Where
     * several have the ending, all but the last in engine/registry.list need it. */
    bool (*knows)(const char *path);
    dg_status (*write)(const dg_learner *learner, const char *path);
    dg_status (*read)(dg_learner **out, const char *path);
    /* DG_FORMAT if a file, whatever its name, is that program's but cannot be read; or NULL. */
    dg_status (*check)(const char *path);
    /* Whether that program will take the written model otherwise than this one does; then a
     * sentence that says so is written to `out`. Or NULL. */
    bool (*loses)(const dg_learner *learner, char *out, size_t size);
} dg_foreign_format;

/* A kind of learner: its file ends in this descriptor, which has a line in engine/registry.list.
 * Functions may leave the checks to dg_learner_fit and its like below, which are what callers use.
 * What is said to be NULL or false may be left out. */
typedef struct dg_learner_type {
    dg_descriptor part; /* kind "learner" */
    const char *module; /* the scripts' table that has its constructor, "tree", which is made if
                           need be; NULL: people do not make one by its options */
    const char *family; /* of learners that share a struct, and with it methods for scripts beyond
                           the common ones ("tree": bindings/learners/trees.c); or NULL */
    /* What its fit takes beside dg_fit_options: the fields of a struct of `fit_size` bytes, whose
     * address is then in `own`; hints as in dg_descriptor. Or NULL. */
    const dg_param *fit_params;
    size_t fit_size;
    const dg_hint *fit_hints;
    size_t size; /* of its struct, which begins with a dg_learner; a new learner is zero bytes, */
    void (*begin)(dg_learner *learner); /* but for what this sets; or NULL */
    /* Gives back what is its own, and the memory of the struct. */
    void (*free)(dg_learner *learner);
    dg_status (*fit)(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                     const dg_job *job, dg_fit_result *result);
    /* {n, classes} float32 chances (a network: its outputs; of numbers: {n, 1}) for x of n rows,
     * contiguous. */
    dg_status (*predict_proba)(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                               dg_tensor *out);
    /* Rows of a set against their labels or numbers. */
    dg_status (*evaluate)(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                          dg_scores *out);
    dg_status (*summary)(const dg_learner *learner, char **out);
    /* What bytes are divided by before the learner sees them; NULL: 1. */
    float (*byte_scale)(const dg_learner *learner);
    const char *step;               /* what its log counts as epochs: "epoch", "round"; NULL where
                                       the whole fit is one, and batches are trees */
    bool resumes;                   /* a second fit goes on where the first ended */
    bool resumes_if_asked;          /* or does so with DG_RESUME_YES */
    dg_target target;               /* the only one it can predict; none: either, as the set and its
                                       options say */
    bool takes_weights;             /* rows count by the weights of their set; else it is refused */
    const dg_attribute *attributes; /* or NULL */
    bool compiled; /* its metrics are those it was compiled with; else accuracy, unless it predicts
                      numbers, and those */
    /* Whether a fit on x is likely to be a mistake; then a sentence that says so is written to
     * `out`. Or NULL. */
    bool (*doubts)(const dg_learner *learner, const dg_tensor *x, char *out, size_t size);
    /* Model files (engine/store/learner_file.h) keep the fields of dg_learner, and the options that
     * it was made with, unless `describe` adds members to their JSON in place of these. `store`
     * adds tensors, and `restore` fills a learner that is new (whose classes have been
     * read) from both, trusting nothing: DG_FORMAT says what is wrong. It sets `fitted` where
     * that does not follow from a known range of inputs. */
    dg_status (*describe)(const dg_learner *learner, struct cJSON *root);
    dg_status (*store)(const dg_learner *learner, struct dg_tensor_file *file);
    dg_status (*restore)(dg_learner *learner, const struct cJSON *root,
                         const struct dg_tensor_file *file);
    const dg_foreign_format *const *formats; /* ends in NULL; or NULL */
    /* Takes the options and the seed of `other`, of the same type, where the file that it came from
     * does not say its own; else DG_INVALID. NULL: files always say. */
    dg_status (*take_options)(dg_learner *learner, const dg_learner *other);
} dg_learner_type;

/* --- using one; job: NULL is dg_job_default() ---------------------------------------------- */

/* seed: draws what is random in it, unless its options have a seed of their own. */
dg_status dg_learner_new(dg_learner **out, const dg_part *options, uint64_t seed);
/* The same for types that have no options (NULL), too. */
dg_status dg_learner_create(dg_learner **out, const dg_learner_type *type, const dg_part *options,
                            uint64_t seed);
void dg_learner_free(dg_learner *learner); /* NULL is allowed */

/* Trains. DG_INVALID: what does not fit, before anything changes; DG_NUMERIC: the loss is no finite
 * number; DG_CANCELLED: asked to stop, with what was learnt so far kept. */
dg_status dg_learner_fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                         const dg_job *job, dg_fit_result *result);
dg_status dg_learner_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out);
/* {n, classes} float32. DG_INVALID for a learner of numbers: dg_learner_predict has them. */
dg_status dg_learner_predict_proba(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                   dg_tensor *out);
/* {n} int32 labels, or {n} float32 numbers. */
dg_status dg_learner_predict(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                             dg_tensor *out);
/* A text for people; dg_free it. */
dg_status dg_learner_summary(const dg_learner *learner, char **out);
/* As in dg_learner_type. */
dg_status dg_learner_take_options(dg_learner *learner, const dg_learner *other);
bool dg_learner_doubts(const dg_learner *learner, const dg_tensor *x, char *out, size_t size);

/* Whether x lies in quite another range than the data that the learner was fitted on; then a
 * sentence that says so is written to `out`. */
bool dg_learner_range_differs(const dg_learner *learner, const dg_tensor *x, char *out,
                              size_t size);

/* Whether rows of `x` have as many values as the learner's; `who` begins the message ("fit"). */
dg_status dg_learner_check_rows(const dg_learner *learner, const dg_tensor *x, const char *who);

/* --- for learners ------------------------------------------------------------------------- */

/* Takes on the classes, and their names, of a set; forgets them. */
dg_status dg_learner_adopt_classes(dg_learner *learner, const dg_dataset *set);
void dg_learner_free_classes(dg_learner *learner);

/* `*out` (dg_free it) becomes the column of the learner that stands for each class of the set.
 * DG_INVALID for a label in the set that the learner does not know; `who` begins the message. */
dg_status dg_learner_map_classes(int32_t **out, const dg_learner *learner, const dg_dataset *set,
                                 const char *who);

/* `*out` (release it) becomes the set with its rows prepared, or the set itself. */
dg_status dg_learner_prepare(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                             const dg_dataset **out);

/* What the type's predict_proba gives for rows of any type and layout, numbers included; and for
 * rows that are prepared already, as those that its own functions get. */
dg_status dg_learner_outputs(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                             dg_tensor *out);
dg_status dg_learner_prepared_outputs(const dg_learner *learner, const dg_tensor *x,
                                      const dg_job *job, dg_tensor *out);

/* dg_learner_evaluate for rows that are prepared already, without its checks and seconds. */
dg_status dg_learner_evaluate_prepared(const dg_learner *learner, const dg_dataset *set,
                                       const dg_job *job, dg_scores *out);

#endif
