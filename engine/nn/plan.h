/* A plan: where in memory all values of a network are for a batch, and in what steps it runs.
 *
 * Neighbouring layers whose rows are independent of each other make one stage: a few rows pass
 * through all of them on one thread while they are warm in the cache. Layers that need the whole
 * batch are a stage each, and cut their own work. What is cut follows from shapes and batch size
 * alone. */
#ifndef DG_NN_PLAN_H
#define DG_NN_PLAN_H

#include "engine/base/memory.h"
#include "engine/nn/model.h"

typedef struct dg_plan dg_plan;

/* The rows of a dataset that go into a network: rows[first], rows[first + 1] ..., or the rows from
 * `first` on if `rows` is NULL. Bytes become value / 255 unless `raw`. */
typedef struct dg_source {
    const dg_tensor *x; /* {n, ...}, contiguous, uint8 or float32 */
    const int64_t *rows;
    int64_t first;
    bool raw;
    const struct dg_mixup *mixup; /* how they are mixed (engine/nn/mixup.h); NULL: they are not */
} dg_source;

/* A plan for up to `capacity` rows. A training plan makes room for gradients. A plan serves one
 * batch at a time; its rows pass on up to `workers` threads. */
dg_status dg_plan_new(dg_plan **out, const dg_model *model, int64_t capacity, bool training,
                      int workers);
void dg_plan_free(dg_plan *plan);           /* NULL is allowed */
int64_t dg_plan_bytes(const dg_plan *plan); /* of its values */

/* A local plan that is freed wherever its scope is left: DG_OWNED_PLAN *plan = NULL. */
#define DG_OWNED_PLAN DG_CLEANUP(dg_plan_free_owned) dg_plan
void dg_plan_free_owned(dg_plan **plan);

/* Runs rows through the network. The output {rows, width} stays in the plan until the next call.
 * `key` feeds the random layers of a training plan; others ignore it. */
dg_status dg_plan_forward(dg_plan *plan, const dg_source *source, int64_t rows, uint64_t key,
                          const dg_job *job);
const float *dg_plan_output(const dg_plan *plan);

/* The input of the last activation, {rows, width}, if the loss is fused with that
 * activation; else NULL. */
const float *dg_plan_logits(const dg_plan *plan);

/* What the outputs of a batch should be. */
typedef struct dg_truth {
    const int32_t *positions; /* {rows}: each row's class of the model; or NULL, */
    const float *targets;     /* {rows, width}: the outputs themselves */
    const float *weights;     /* {rows}: how much each counts in the loss; NULL: 1 */
} dg_truth;

/* Loss and gradients of the batch that last went forward. The gradients of all weights, penalties
 * included, are left in the model's `gradients`; with `update` the optimizer then updates the
 * weights. `*loss` is the mean loss plus the penalties of the weights as they were. */
dg_status dg_plan_backward(dg_plan *plan, const dg_truth *truth, int64_t rows, bool update,
                           const dg_job *job, double *loss);

#endif
