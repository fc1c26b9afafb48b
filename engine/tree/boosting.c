/* GradientBoosting: XGBoost's names, defaults and formulas. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/stopping.h"
#include "engine/tree/xgboost_json.h"
#include "engine/tree/boost.h"
#include "engine/tree/fitting.h"
#include "engine/tree/objective.h"

enum { AUTO, SOFTMAX, LOGISTIC, SQUARED, WORDS };
static const char *const objectives[] = {
    "auto",           "softmax",         "logistic",         "squared_error",
    "multi:softprob", "binary:logistic", "reg:squarederror", NULL
};
enum { DEPTHWISE, LOSSGUIDE };
static const char *const policies[] = { "depthwise", "lossguide", NULL };
enum { UNIFORM, GRADIENT_BASED };
static const char *const samplings[] = { "uniform", "gradient_based", NULL };

typedef struct boosting_options {
    int64_t n_estimators, max_depth, max_leaves, max_bin;
    double learning_rate;
    int objective, grow_policy, sampling_method;
    double min_child_weight, gamma, reg_lambda, reg_alpha;
    double subsample, colsample_bytree, colsample_bylevel, colsample_bynode, base_score;
    dg_optional_seed seed;
} boosting_options;

struct boosting_fit {
    dg_tree_learner *learner;
    const dg_dataset *set, *validation;
    const boosting_options *chosen;
    const dg_fit_options *options;
    const dg_job *job;
    dg_fit_result *result;
    uint64_t seed;
    int64_t rows, outputs, round;
    int64_t before; /* rounds of earlier fits, which this one goes on with */
    bool goes_on;
    dg_bins bins;
    uint32_t *order; /* row i of the bins and of all arrays below is order[i] of the set; NULL: i */
    dg_boost_options growing;
    dg_derivatives derivatives;
    float *margin;    /* {outputs, rows} */
    int64_t *pair;    /* {outputs, rows} */
    uint32_t *sample; /* {rows}: rows of this round */
    int64_t sampled;
    dg_tree *tree;                 /* {outputs}: of this round */
    float *val_margin, *val_proba; /* {validation rows, outputs}, {validation rows, classes} */
    int32_t *positions, *val_positions;
    float *numbers, *val_numbers; /* {rows}: for squared errors, in place of positions */
    float *weights;
    dg_log log;
    double best_score;
    bool stop;
};

/* --- preparing ---------------------------------------------------------------------------- */

static int objective_word(const boosting_options *chosen)
{
    return chosen->objective >= WORDS ? chosen->objective - WORDS + 1 : chosen->objective;
}

/* DG_INVALID if the options name another objective. */
static dg_status check_objective(const boosting_options *chosen, dg_objective objective)
{
    int word = objective_word(chosen);
    int is = objective == DG_OBJECTIVE_SOFTMAX    ? SOFTMAX
             : objective == DG_OBJECTIVE_LOGISTIC ? LOGISTIC
                                                  : SQUARED;
    if (word == AUTO || word == is) return DG_OK;
    return dg_error(DG_INVALID,
                    "load: the objective of the file's model is \"%s\", the options say \"%s\": "
                    "leave it out",
                    objectives[is], objectives[chosen->objective]);
}

static dg_status choose_objective(const boosting_options *chosen, const dg_dataset *set,
                                  dg_objective *out)
{
    int word = objective_word(chosen);
    if (word == AUTO)
        word = set->target == DG_TARGET_NUMBERS ? SQUARED
               : set->class_count == 2          ? LOGISTIC
                                                : SOFTMAX;
    if (word != SQUARED) DG_TRY(dg_dataset_want_labels(set, "fit"));
    *out = word == SOFTMAX    ? DG_OBJECTIVE_SOFTMAX
           : word == LOGISTIC ? DG_OBJECTIVE_LOGISTIC
                              : DG_OBJECTIVE_SQUARED;
    if (word != LOGISTIC) return DG_OK;
    if (set->class_count != 2)
        return dg_error(DG_INVALID,
                        "fit: objective = \"%s\" is for 2 classes, the set has %" PRId64
                        ": use \"softmax\"",
                        objectives[chosen->objective], set->class_count);
    if (isnan(chosen->base_score) || (chosen->base_score > 0 && chosen->base_score < 1))
        return DG_OK;
    return dg_error(DG_INVALID,
                    "fit: base_score must be a probability above 0 and below 1 for the logistic "
                    "objective, found %g",
                    chosen->base_score);
}

static void set_growing(struct boosting_fit *fit)
{
    const boosting_options *o = fit->chosen;
    fit->growing = (dg_boost_options){ .max_depth = o->max_depth,
                                       .max_leaves = o->max_leaves,
                                       .loss_guided = o->grow_policy == LOSSGUIDE,
                                       .learning_rate = o->learning_rate,
                                       .reg_lambda = o->reg_lambda,
                                       .reg_alpha = o->reg_alpha,
                                       .gamma = o->gamma,
                                       .min_child_weight = o->min_child_weight,
                                       .by_tree = o->colsample_bytree,
                                       .by_level = o->colsample_bylevel,
                                       .by_node = o->colsample_bynode };
}

static dg_status boosting_allocate(struct boosting_fit *fit)
{
    dg_derivatives *d = &fit->derivatives;
    int64_t cells = fit->outputs * fit->rows;
    DG_TRY(dg_alloc(&fit->margin, cells, sizeof *fit->margin));
    DG_TRY(dg_alloc(&fit->pair, cells, sizeof *fit->pair));
    DG_TRY(dg_alloc(&fit->sample, fit->rows + 1, sizeof *fit->sample));
    DG_TRY(dg_alloc_zero(&fit->tree, fit->outputs, sizeof *fit->tree));
    DG_TRY(dg_alloc(&d->gradient, cells, sizeof *d->gradient));
    DG_TRY(dg_alloc(&d->hessian, cells, sizeof *d->hessian));
    DG_TRY(dg_alloc(&d->gradient_size, fit->outputs, sizeof *d->gradient_size));
    return dg_alloc(&d->hessian_sum, fit->outputs, sizeof *d->hessian_sum);
}

static dg_status prepare_validation(struct boosting_fit *fit)
{
    const dg_tree_learner *learner = fit->learner;
    int64_t rows, classes = learner->base.class_count ? learner->base.class_count : 1;
    if (!fit->validation) return DG_OK;
    rows = dg_dataset_rows(fit->validation);
    if (learner->base.target == DG_TARGET_NUMBERS)
        DG_TRY(dg_dataset_numbers(&fit->val_numbers, fit->validation));
    else
        DG_TRY(dg_learner_positions(&fit->val_positions, &learner->base, fit->validation,
                                    "fit: validation"));
    DG_TRY(dg_alloc(&fit->val_margin, rows * fit->outputs, sizeof *fit->val_margin));
    DG_TRY(dg_alloc(&fit->val_proba, rows * classes, sizeof *fit->val_proba));
    dg_tree_learner_begin_margins(learner, rows, fit->val_margin);
    return dg_trees_sum(&learner->trees, 0, learner->trees.count, &fit->validation->x, NULL,
                        fit->val_margin, fit->job);
}

/* The margins of the rows by the trees of earlier fits, summed in the order of their growing. */
static dg_status begin_margins(struct boosting_fit *fit)
{
    const dg_trees *trees = &fit->learner->trees;
    int64_t rows = fit->rows, outputs = fit->outputs, cells = rows * outputs;
    const float *base = fit->learner->base_margin;
    DG_OWNED float *sum = NULL;
    for (int64_t i = 0; i < cells; i++) fit->margin[i] = base[i / rows];
    if (trees->count == 0) return DG_OK;
    DG_TRY(dg_alloc(&sum, cells, sizeof *sum));
    dg_tree_learner_begin_margins(fit->learner, rows, sum);
    DG_TRY(dg_trees_sum(trees, 0, trees->count, &fit->set->x, NULL, sum, fit->job));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < outputs; k++)
            fit->margin[k * rows + i] = sum[(fit->order ? fit->order[i] : i) * outputs + k];
    return DG_OK;
}

static dg_status begin_trees(struct boosting_fit *fit, dg_objective objective)
{
    dg_tree_learner *learner = fit->learner;
    if (fit->goes_on) return DG_OK;
    learner->objective = objective;
    DG_TRY(dg_tree_learner_start_over(learner, fit->set));
    learner->trees.width = 1;
    learner->trees.group = fit->outputs;
    return dg_alloc_zero(&learner->base_margin, fit->outputs, sizeof *learner->base_margin);
}

/* What rows begin with: base_score, or the constant that fits them best. */
static void begin_base(struct boosting_fit *fit)
{
    float *base = fit->learner->base_margin;
    if (isnan(fit->chosen->base_score)) {
        dg_objective_fit_base(&fit->derivatives, base);
        return;
    }
    for (int64_t k = 0; k < fit->outputs; k++)
        base[k] = dg_objective_margin(fit->derivatives.objective, fit->chosen->base_score);
}

/* The pointer at `array` becomes `from` {rows}, of 32-bit values, in the order of the bins; nothing
 * for NULL. */
static dg_status put_in_order(const struct boosting_fit *fit, const void *from, void *array)
{
    char *to;
    if (!from) return DG_OK;
    DG_TRY(dg_alloc(array, fit->rows, sizeof(float)));
    memcpy(&to, array, sizeof to);
    for (int64_t i = 0; i < fit->rows; i++) {
        int64_t row = fit->order ? fit->order[i] : i;
        memcpy(to + 4 * i, (const char *)from + 4 * row, 4);
    }
    return DG_OK;
}

static dg_status begin_derivatives(struct boosting_fit *fit)
{
    const dg_tree_learner *learner = fit->learner;
    dg_derivatives *d = &fit->derivatives;
    DG_OWNED float *numbers = NULL;
    DG_OWNED int32_t *positions = NULL;
    if (learner->base.target == DG_TARGET_NUMBERS)
        DG_TRY(dg_dataset_numbers(&numbers, fit->set));
    else
        DG_TRY(dg_learner_positions(&positions, &learner->base, fit->set, "fit"));
    DG_TRY(put_in_order(fit, numbers, &fit->numbers));
    DG_TRY(put_in_order(fit, positions, &fit->positions));
    if (fit->set->weights.storage)
        DG_TRY(put_in_order(fit, dg_floats(&fit->set->weights), &fit->weights));
    d->objective = learner->objective;
    d->rows = fit->rows;
    d->outputs = fit->outputs;
    d->target = fit->positions;
    d->number = fit->numbers;
    d->weight = fit->weights;
    d->margin = fit->margin;
    if (!fit->goes_on) begin_base(fit);
    return begin_margins(fit);
}

/* All checks come before the learner changes. */
static dg_status boosting_prepare(struct boosting_fit *fit)
{
    const dg_tree_learner *learner = fit->learner;
    dg_objective objective = learner->objective;
    if (!fit->goes_on) DG_TRY(choose_objective(fit->chosen, fit->set, &objective));
    dg_target target = dg_objective_target(objective);
    if (fit->goes_on && target == DG_TARGET_NUMBERS && fit->set->target != target &&
        objective_word(fit->chosen) != SQUARED)
        return dg_error(DG_INVALID, "fit: the set has labels, the model was fitted on numbers");
    DG_TRY(dg_tree_learner_check_fit(fit->set, fit->options, &learner->base, target,
                                     fit->goes_on ? &learner->base : NULL, fit->job));
    DG_TRY(dg_boost_order(fit->set, &fit->order));
    DG_TRY(dg_bins_make(&fit->bins, &fit->set->x, fit->order, fit->chosen->max_bin, fit->job));
    DG_TRY(dg_bins_add_blocks(&fit->bins, fit->job));
    fit->outputs = objective != DG_OBJECTIVE_SOFTMAX ? 1
                   : fit->goes_on                    ? learner->trees.group
                                                     : fit->set->class_count;
    DG_TRY(boosting_allocate(fit));
    DG_TRY(begin_trees(fit, objective));
    set_growing(fit);
    DG_TRY(begin_derivatives(fit));
    return prepare_validation(fit);
}

static void boosting_release(struct boosting_fit *fit)
{
    dg_free(fit->margin);
    dg_free(fit->pair);
    dg_free(fit->sample);
    for (int64_t k = 0; fit->tree && k < fit->outputs; k++) dg_tree_free(&fit->tree[k]);
    dg_free(fit->tree);
    dg_free(fit->derivatives.gradient);
    dg_free(fit->derivatives.hessian);
    dg_free(fit->derivatives.gradient_size);
    dg_free(fit->derivatives.hessian_sum);
    dg_free(fit->val_margin);
    dg_free(fit->val_proba);
    dg_free(fit->positions);
    dg_free(fit->val_positions);
    dg_free(fit->numbers);
    dg_free(fit->weights);
    dg_free(fit->order);
    dg_free(fit->val_numbers);
    dg_bins_free(&fit->bins);
}

/* --- a round ------------------------------------------------------------------------------ */

/* Each row is drawn with the probability `subsample`, as in XGBoost; rows of weight 0 are not. By
 * their gradients they are drawn later, for each tree. */
static void draw_rows(struct boosting_fit *fit)
{
    uint64_t key = dg_key(fit->seed, "rows", (uint64_t)(fit->before + fit->round));
    const float *weight = fit->derivatives.weight;
    double part = fit->chosen->sampling_method == UNIFORM ? fit->chosen->subsample : 1;
    uint64_t below = (uint64_t)(part * 0x1p32);
    int64_t count = 0;
    for (int64_t i = 0; i < fit->rows; i += 4) {
        uint32_t block[4] = { 0 };
        if (part < 1) dg_philox(key, 0, (uint64_t)i / 4, block);
        for (int64_t j = i; j < fit->rows && j < i + 4; j++) {
            fit->sample[count] = (uint32_t)j;
            count += (part >= 1 || block[j - i] < below) && (!weight || weight[j] > 0);
        }
    }
    fit->sampled = count;
}

static dg_status grow_output(void *context, int64_t k, int worker)
{
    struct boosting_fit *fit = context;
    const dg_derivatives *d = &fit->derivatives;
    const boosting_options *chosen = fit->chosen;
    const float *gradient = d->gradient + k * fit->rows, *hessian = d->hessian + k * fit->rows;
    int64_t *pair = fit->pair + k * fit->rows;
    uint64_t tree = (uint64_t)((fit->before + fit->round) * fit->outputs + k);
    dg_boost_sample sample = { .bins = &fit->bins, .count = fit->sampled, .row = fit->sample };
    DG_CLEANUP(dg_boost_drawn_free) dg_boost_drawn drawn = { 0 };
    (void)worker;
    if (chosen->sampling_method == GRADIENT_BASED && chosen->subsample < 1) {
        DG_TRY(dg_boost_draw(&drawn, fit->sample, fit->sampled, chosen->subsample,
                             dg_key(fit->seed, "rows by gradient", tree), gradient, hessian,
                             fit->rows));
        sample.count = drawn.count;
        sample.row = drawn.row;
        sample.gradient = gradient;
        sample.hessian = hessian;
        dg_boost_pack(&sample, drawn.gradient, drawn.hessian, drawn.gradient_size,
                      drawn.hessian_sum, pair);
    } else {
        dg_boost_pack(&sample, gradient, hessian, d->gradient_size[k], d->hessian_sum[k], pair);
    }
    return dg_boost_grow(&fit->tree[k], &sample, &fit->growing, dg_key(fit->seed, "tree", tree),
                         fit->margin + k * fit->rows, fit->job);
}

/* The trees of many outputs grow side by side; those of few one after another, each on all threads.
 * They are the same. */
static dg_status grow_round(struct boosting_fit *fit)
{
    enum { MANY = 4 };
    draw_rows(fit);
    if (fit->outputs >= MANY) {
        DG_TRY(dg_parallel(fit->job, fit->outputs, grow_output, fit));
    } else {
        for (int64_t k = 0; k < fit->outputs; k++) DG_TRY(grow_output(fit, k, 0));
    }
    dg_trees *trees = &fit->learner->trees;
    int64_t before = trees->count;
    dg_status status = DG_OK;
    for (int64_t k = 0; status == DG_OK && k < fit->outputs; k++)
        status = dg_trees_add(trees, &fit->tree[k]);
    if (status != DG_OK) dg_trees_keep(trees, before); /* rounds are whole */
    fit->learner->base.fitted |= status == DG_OK;
    return status;
}

static dg_status score_validation(struct boosting_fit *fit)
{
    const dg_tree_learner *learner = fit->learner;
    const dg_trees *trees = &learner->trees;
    dg_scores scores;
    if (!fit->validation) return DG_OK;
    int64_t rows = dg_dataset_rows(fit->validation);
    DG_TRY(dg_trees_sum(trees, trees->count - fit->outputs, trees->count, &fit->validation->x, NULL,
                        fit->val_margin, fit->job));
    DG_TRY(dg_objective_probabilities(learner->objective, fit->val_margin, rows, fit->outputs,
                                      fit->val_proba, fit->job));
    dg_judge_outputs(&learner->base, fit->val_proba, rows, fit->val_positions, fit->val_numbers,
                     &scores);
    dg_log_add(&fit->log, "val_loss", scores.loss);
    if (scores.has_accuracy) dg_log_add(&fit->log, "val_accuracy", scores.accuracy);
    return DG_OK;
}

/* After `round` rounds. Sums of derivatives that are not finite cannot be packed. */
static dg_status check_finite(const dg_derivatives *d, int64_t round)
{
    bool finite = isfinite(d->loss);
    for (int64_t k = 0; k < d->outputs; k++)
        finite = finite && isfinite(d->gradient_size[k]) && isfinite(d->hessian_sum[k]);
    if (finite) return DG_OK;
    return dg_error(DG_NUMERIC,
                    "fit: the loss or its derivatives are not finite after %" PRId64
                    " rounds: try a smaller learning_rate, and look for huge targets and weights",
                    round);
}

static dg_status run_round(struct boosting_fit *fit)
{
    dg_derivatives *d = &fit->derivatives;
    double start = dg_clock();
    bool stop = false;
    DG_TRY(grow_round(fit));
    DG_TRY(dg_objective_derive(d, fit->job));
    fit->log = (dg_log){
        .epoch = fit->round + 1, .epochs = fit->chosen->n_estimators, .batch = 1, .batches = 1
    };
    dg_log_add(&fit->log, "loss", d->loss / d->total_weight);
    if (d->objective != DG_OBJECTIVE_SQUARED)
        dg_log_add(&fit->log, "accuracy", d->correct / d->total_weight);
    DG_TRY(score_validation(fit));
    fit->log.seconds = dg_clock() - start;
    DG_TRY(check_finite(d, fit->round + 1));
    dg_stopping_judge(fit->options, &fit->log, &fit->best_score, fit->result, &fit->stop);
    if (!fit->options->on_epoch) return DG_OK;
    dg_status status = fit->options->on_epoch(fit->options->context, &fit->log, &stop);
    fit->stop |= stop;
    return status;
}

static dg_status boosting_run(struct boosting_fit *fit)
{
    DG_TRY(boosting_prepare(fit));
    DG_TRY(dg_objective_derive(&fit->derivatives, fit->job));
    DG_TRY(check_finite(&fit->derivatives, 0));
    for (fit->round = 0; fit->round < fit->chosen->n_estimators && !fit->stop; fit->round++)
        DG_TRY(run_round(fit));
    return DG_OK;
}

static dg_status boosting_fit(dg_learner *learner, const dg_dataset *set,
                              const dg_fit_options *options, const dg_job *job,
                              dg_fit_result *result)
{
    DG_CLEANUP(boosting_release)
    struct boosting_fit fit = { .learner = dg_tree_learner_of(learner),
                                .set = set,
                                .validation = options->validation,
                                .chosen = learner->options->options,
                                .options = options,
                                .job = job,
                                .result = result,
                                .seed = dg_tree_learner_seed(learner, options),
                                .rows = dg_dataset_rows(set),
                                .goes_on = learner->fitted && options->resume == DG_RESUME_YES };
    if (fit.learner->options_unknown)
        return dg_error(
            DG_INVALID,
            "fit: the file that the model was read from does not say with which options "
            "(learning_rate, max_depth ...) it was made: give them, digits.load(path, "
            "tree.GradientBoosting { ... }), or fit a new model");
    if (fit.goes_on) fit.before = fit.learner->trees.count / fit.learner->trees.group;
    dg_status status = boosting_run(&fit);
    if (fit.learner->base.fitted && result->best_epoch) {
        if (options->monitor && (status == DG_OK || status == DG_CANCELLED))
            dg_trees_keep(&fit.learner->trees, (fit.before + result->best_epoch) * fit.outputs);
        fit.learner->best_round = fit.before + result->best_epoch;
    }
    return status;
}

/* --- the descriptor ----------------------------------------------------------------------- */

#define PART_OF(what) DG_ABOVE_TO(0, 1), .default_number = 1, .doc = what

static const dg_param params[] = {
    DG_INT(boosting_options, n_estimators, DG_WITHIN(1, 1000000), .default_number = 100,
           .doc = "rounds; each grows one tree per output"),
    DG_INT(boosting_options, max_depth, DG_WITHIN(0, 1000), .default_number = 6,
           .doc = "maximum number of splits between the root and a leaf; 0: no limit"),
    DG_INT(boosting_options, max_leaves, DG_WITHIN(0, 1 << 24),
           .doc = "maximum number of leaves of a tree; 0: no limit"),
    DG_INT(boosting_options, max_bin, DG_WITHIN(2, 256), .default_number = 256,
           .doc = "maximum number of bins per column"),
    DG_CHOICE(boosting_options, grow_policy, .choices = policies, .default_text = "depthwise",
              .doc = "which leaf is split next: the one nearest the root, or the one with the "
                     "greatest gain"),
    DG_FLOAT(boosting_options, learning_rate, DG_ABOVE(0), .default_number = 0.3,
             .doc = "factor for the values of leaves"),
    DG_CHOICE(boosting_options, objective, .choices = objectives, .default_text = "auto",
              .doc = "loss to minimise; auto: logistic for two classes, softmax for more, "
                     "squared_error for numbers"),
    DG_FLOAT(boosting_options, min_child_weight, DG_AT_LEAST(0), .default_number = 1,
             .doc = "minimum sum of hessians on each side of a split"),
    DG_FLOAT(boosting_options, gamma, DG_AT_LEAST(0), .doc = "minimum gain of a split"),
    DG_FLOAT(boosting_options, reg_lambda, DG_AT_LEAST(0), .default_number = 1,
             .doc = "L2 penalty on the values of leaves"),
    DG_FLOAT(boosting_options, reg_alpha, DG_AT_LEAST(0),
             .doc = "L1 penalty on the values of leaves"),
    DG_FLOAT(boosting_options, subsample, PART_OF("probability that a round uses a row")),
    DG_CHOICE(boosting_options, sampling_method, .choices = samplings, .default_text = "uniform",
              .named_only = true, .later = true,
              .doc = "how subsample draws rows: all with the same probability; or anew for each "
                     "tree, in proportion to sqrt(g^2 + 0.1 h^2) of their derivatives, which are "
                     "divided by that; leaves then get the values that are best for all rows"),
    DG_FLOAT(boosting_options, colsample_bytree,
             PART_OF("fraction of the columns that a tree may use")),
    DG_FLOAT(boosting_options, colsample_bylevel,
             PART_OF("fraction of the tree's columns that each depth may use")),
    DG_FLOAT(boosting_options, colsample_bynode,
             PART_OF("fraction of the depth's columns that each node may use")),
    DG_FLOAT(boosting_options, base_score, .optional = true,
             .doc = "prediction before the first round (a probability, for the logistic "
                    "objective); nil: the mean of numbers, or the shares of the classes"),
    DG_SEED(boosting_options, seed, .named_only = true,
            .doc = "seed for drawing rows and columns; nil: the learner's own"),
    DG_END,
};

static const dg_hint hints[] = {
    { "eta", "use learning_rate = ..." },
    { "lambda", "use reg_lambda = ..." },
    { "alpha", "use reg_alpha = ..." },
    { "min_split_loss", "use gamma = ..." },
    { "num_leaves", "use max_leaves = ..." },
    { "num_round", "use n_estimators = ..." },
    { "random_state", "use seed = ..." },
    { "class_weight", "use fit(set, { sample_weight = ... })" },
    { "scale_pos_weight", "use fit(set, { sample_weight = ... })" },
    { "n_jobs", "use digits.threads(n)" },
    { "nthread", "use digits.threads(n)" },
    { "tree_method", "columns are always cut into bins (hist)" },
    { "num_class", "the classes are those of the set" },
    { "early_stopping_rounds", "use fit(set, { early_stopping = { patience = n } })" },
    { NULL },
};

static dg_status boosting_check(const void *options)
{
    const boosting_options *o = options;
    if (o->max_depth > 0 || o->max_leaves > 0) return DG_OK;
    return dg_error(DG_INVALID,
                    "max_depth and max_leaves are both 0, no limit: trees would grow to "
                    "single rows");
}

static void boosting_begin(dg_learner *learner)
{
    dg_tree_learner_of(learner)->objective = DG_OBJECTIVE_SOFTMAX;
}

static dg_status boosting_take_options(dg_learner *learner, const dg_learner *other)
{
    dg_tree_learner *mine = dg_tree_learner_of(learner);
    if (!mine->options_unknown)
        return dg_error(DG_INVALID,
                        "load: the file contains the options that its model was made with: "
                        "leave them out");
    DG_TRY(check_objective(other->options->options, mine->objective));
    const dg_part *before = learner->options;
    learner->options = dg_part_retain(other->options);
    dg_part_release(before);
    learner->seed = other->seed;
    mine->options_unknown = false;
    return DG_OK;
}

extern const dg_learner_type dg_gradient_boosting;

static dg_status boosting_read_xgboost(dg_learner **out, const char *path)
{
    return dg_xgboost_read(out, &dg_gradient_boosting, path);
}

static const dg_foreign_format xgboost_json = {
    .ending = ".json",
    .name = "XGBoost's JSON",
    .write = dg_xgboost_write,
    .read = boosting_read_xgboost,
    .check = dg_xgboost_check,
    .loses = dg_xgboost_loses,
};

const dg_learner_type dg_gradient_boosting = {
    .part = { .kind = "learner",
              .name = "GradientBoosting",
              .alias = "gradient_boosting",
              .peers =
                  (const char *const[]){ "GradientBoostingClassifier", "GradientBoostingRegressor",
                                         "HistGradientBoostingClassifier",
                                         "HistGradientBoostingRegressor", "XGBClassifier",
                                         "XGBRegressor", "LGBMClassifier", "LGBMRegressor", NULL },
              .doc = "trees that each correct the errors of those before (Chen and Guestrin 2016)",
              .example = "tree.GradientBoosting { n_estimators = 100, max_depth = 6 }",
              .params = params,
              .options_size = sizeof(boosting_options),
              .check = boosting_check,
              .hints = hints },
    .module = "tree",
    .family = "tree",
    .size = sizeof(dg_tree_learner),
    .begin = boosting_begin,
    .free = dg_tree_learner_free,
    .fit = boosting_fit,
    .predict_proba = dg_tree_learner_predict_proba,
    .evaluate = dg_evaluate_outputs,
    .summary = dg_tree_learner_summary,
    .step = "round",
    .resumes_if_asked = true,
    .takes_weights = true,
    .attributes = dg_gradient_boosting_attributes,
    .store = dg_tree_learner_store,
    .restore = dg_tree_learner_restore,
    .formats = (const dg_foreign_format *const[]){ &xgboost_json, NULL },
    .take_options = boosting_take_options,
};
