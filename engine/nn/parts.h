/* The other parts of a network: initialisers, regularisers, optimizers, losses. Each is a small
 * file (or a few in one) that ends in its descriptor; engine/registry.list names them. */
#ifndef DG_NN_PARTS_H
#define DG_NN_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/part/part.h"
#include "engine/base/status.h"
#include "engine/data/target.h"

/* --- initialisers (engine/nn/initializers.c) ---------------------------------------------- */

/* Fills `count` weights. fan_in and fan_out as Keras computes them. */
typedef struct dg_initializer_type {
    dg_descriptor part; /* kind "initializer" */
    void (*fill)(const void *options, uint64_t key, int64_t fan_in, int64_t fan_out, int64_t count,
                 float *out);
} dg_initializer_type;

/* NULL stands for zeros; a seed among the options takes the place of `key`. */
void dg_initialize(const dg_part *initializer, uint64_t key, int64_t fan_in, int64_t fan_out,
                   int64_t count, float *out);

/* --- regularisers (engine/nn/regularizers.c) ---------------------------------------------- */

/* Keras's factors: L1 is l1 * sum |w|, L2 is l2 * sum w^2 (so its gradient is 2 * l2 * w). */
typedef struct dg_regularizer_type {
    dg_descriptor part; /* kind "regularizer" */
    /* Returns the penalty of `count` weights and, unless NULL, adds its gradient. */
    double (*penalty)(const void *options, int64_t count, const float *weight, float *gradient);
} dg_regularizer_type;

double dg_penalty(const dg_part *regularizer, int64_t count, const float *weight, float *gradient);

/* --- learning rate schedules (engine/nn/schedules/NAME.c) ---------------------------------- */

typedef struct dg_schedule_type {
    dg_descriptor part;                                /* kind "schedule" */
    double (*rate)(const void *options, int64_t step); /* step: updates done before, from 0 */
} dg_schedule_type;

/* --- optimizers (engine/nn/optimizers/NAME.c) --------------------------------------------- */

/* How to write an optimizer: one file that ends in one dg_optimizer_type, and one line in
 * engine/registry.list. Its options begin with dg_optimizer_options; its list of dg_param begins
 * with DG_LEARNING_RATE and ends with DG_OPTIMIZER_OPTIONS (engine/nn/optimizers/options.h), and
 * its check is dg_check_optimizer.
 *
 * A model keeps slots() numbers for each number of its weights. In every step it calls update() for
 * runs of neighbouring numbers, on several threads at once, so update() changes what it is given
 * and nothing else, and treats each number alike. It multiplies each by `keep` before its step. An
 * optimizer that needs more than its number, the norm of a whole weight say, computes it in
 * begin(). Clipping is done before either sees the gradient; running averages of the weights
 * (use_ema) are taken after it.
 *
 * Tests. tests/lua/golden_spec.lua asks for values by Keras's formula (tests/golden/make_nn.py),
 * tests/lua/readme_spec.lua for a word in README.md; tests/engine/test_optimizers.c compares single
 * steps with a plain version in double precision. */

enum { DG_MAX_SLOTS = 4, DG_MAX_FOUND = 4 }; /* one slot is for the averages of use_ema */

/* What all optimizers have: the first member of their options. */
typedef struct dg_optimizer_options {
    dg_one_of learning_rate; /* a number or a schedule */
    double weight_decay;
    double clipnorm, clipvalue, global_clipnorm; /* at most one is not NaN */
    bool use_ema;
    double ema_momentum;
    int64_t ema_overwrite_frequency; /* 0: only at the end of a fit */
} dg_optimizer_options;

/* One update of `count` neighbouring numbers of a weight, or of all of them. */
typedef struct dg_update {
    const void *options;
    double learning_rate;
    int64_t step;         /* from 1 */
    float keep;           /* 1 - learning_rate * weight_decay */
    const dg_ints *shape; /* for begin(): of the weight; */
    bool of_output;       /* whether it is one of the layer whose output is the network's */
    int64_t count;
    float *weight;
    const float *gradient;
    float *slot[DG_MAX_SLOTS];  /* zero before the first step */
    double found[DG_MAX_FOUND]; /* what begin() found of the whole weight */
} dg_update;

typedef struct dg_optimizer_type {
    dg_descriptor part; /* kind "optimizer"; options begin with dg_optimizer_options */
    int (*slots)(const void *options); /* how many numbers it keeps for each weight */
    /* NULL, or called before any update of a step, for each weight as a whole, when its gradient is
     * complete, penalties included: what it finds, norms say, goes to `found`, all zero before, and
     * so to each update of this weight. It may change slots. */
    dg_status (*begin)(const dg_update *whole, double *found);
    void (*update)(const dg_update *update);
} dg_optimizer_type;

/* The learning rate of an update before which `step` were done. */
double dg_learning_rate(const dg_part *optimizer, int64_t step);
bool dg_has_schedule(const dg_part *optimizer);

/* What logs call it. */
extern const char dg_rate_score[];

/* How many numbers a model keeps for each number of its weights; the place of the running averages
 * among them, or -1 if there are none. */
int dg_optimizer_slots(const dg_part *optimizer);
int dg_optimizer_average(const dg_part *optimizer);

/* --- losses (engine/nn/losses/NAME.c) ------------------------------------------------------- */

/* The loss of some rows of a batch. Arrays begin with the first of them. */
typedef struct dg_loss_pass {
    const void *options;
    int64_t rows;
    int64_t width;       /* outputs of the network for a row */
    const float *output; /* {rows, width} */
    const float *logits; /* {rows, width}: what the last activation was given, if the loss takes
                                 that in (`fuses`); the gradient is then with respect to these */
    const int32_t *positions; /* {rows}: each row's class; or NULL, */
    const float *targets;     /* {rows, width}: what the outputs should be */
    const float *weights;     /* {rows}: how much each counts, which rows() does not see; or NULL */
    float *gradient; /* {rows, width}: becomes gradient of (loss * scale); NULL: not wanted */
    double scale;    /* 1 / rows of the batch */
} dg_loss_pass;

typedef struct dg_loss_type {
    dg_descriptor part; /* kind "loss" */
    dg_target target;   /* labels: the outputs are probabilities of classes; none: either will do */
    int fuses;          /* the dg_activation whose derivative it can take in; -1: none */
    bool unit;          /* its targets lie between 0 and 1 */
    double (*rows)(const dg_loss_pass *pass); /* the sum of the losses of the rows */
} dg_loss_type;

/* The sum of the losses of the rows, each times its weight, with gradients likewise. pass->options
 * are those of `loss`. */
double dg_loss_of_rows(const dg_part *loss, const dg_loss_pass *pass);

#endif
