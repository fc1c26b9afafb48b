/* DecisionTree and RandomForest: scikit-learn's names, defaults and formulas. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/base/math64.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/tree/cart.h"
#include "engine/tree/fitting.h"
#include "engine/tree/forest_rows.h"

enum { AUTO, GINI, ENTROPY, LOG_LOSS, SQUARED_ERROR };
enum { SQRT, LOG2, AUTO_FEATURES };
enum { BALANCED, BALANCED_SUBSAMPLE };

static const char *const criteria[] = {
    "auto", "gini", "entropy", "log_loss", "squared_error", NULL
};
static const char *const feature_words[] = { "sqrt", "log2", NULL };
static const char *const forest_feature_words[] = { "sqrt", "log2", "auto", NULL };
static const char *const balances[] = { "balanced", "balanced_subsample", NULL };
static const char *const tree_balances[] = { "balanced", NULL };

/* A DecisionTree is a forest of one tree that sees every row; a forest's options begin with its. */
typedef struct tree_options {
    int criterion;
    int64_t max_depth, max_leaf_nodes; /* 0: no limit */
    dg_one_of min_samples_split, min_samples_leaf, max_features, class_weight;
    double min_weight_fraction_leaf, min_impurity_decrease;
    dg_optional_seed seed;
} tree_options;

typedef struct forest_options {
    tree_options tree;
    int64_t n_estimators;
    bool bootstrap, oob_score;
    dg_one_of max_samples;
} forest_options;

struct forest_fit {
    dg_tree_learner *learner;
    const dg_dataset *set;
    const tree_options *tree;
    const forest_options *forest; /* NULL: a single tree */
    const dg_fit_options *options;
    const dg_job *job;
    bool goes_on;
    int64_t before;   /* trees of earlier fits, which this one goes on with */
    int64_t trees;    /* to be grown now */
    int64_t first;    /* of the group that is grown now */
    dg_target target; /* numbers also where the set has labels and these are taken for numbers */
    float *number;    /* {rows of the set}: their numbers, or NULL */
    const int32_t *position; /* {rows of the set}: their classes, or NULL */
    int32_t *mapped;         /* owned: `position`, where the classes are not the set's */
    dg_forest_rows rows;
    dg_bins bins;
    dg_cart_options cart;
    double *plogp;
    dg_tree *tree_done; /* {trees}: nodes 0 until it is grown */
    dg_drawn drawn;     /* known with oob_score */
    uint64_t **bag;     /* {trees of the learner}: bits of the rows that they saw */
    dg_log log;
};

/* --- options ------------------------------------------------------------------------------ */

/* Rows for a count or a fraction; a fraction is rounded up, as scikit-learn does. */
static int64_t rows_for(const dg_one_of *amount, int64_t rows)
{
    if (amount->type == DG_VALUE_FLOAT) return (int64_t)ceil(amount->number * (double)rows);
    return amount->integer;
}

static dg_status resolve_features(const dg_one_of *amount, dg_target target, int64_t features,
                                  int64_t *out)
{
    double count = (double)features;
    bool word = amount->type == DG_VALUE_TEXT;
    if (word && !(amount->integer == AUTO_FEATURES && target == DG_TARGET_NUMBERS))
        count = floor(amount->integer == LOG2 ? dg_log2_64(count) : sqrt(count));
    else if (amount->type == DG_VALUE_FLOAT)
        count = floor(amount->number * count);
    else if (amount->type == DG_VALUE_INT)
        count = (double)amount->integer;
    *out = count < 1 ? 1 : (int64_t)count;
    if (*out <= features) return DG_OK;
    return dg_error(DG_INVALID,
                    "fit: max_features is %" PRId64 ", the rows have %" PRId64 " values", *out,
                    features);
}

/* What is learnt: numbers are those of the set, or (squared_error) its labels. */
static dg_status resolve_target(struct forest_fit *fit)
{
    int criterion = fit->tree->criterion;
    dg_target found = fit->set->target;
    dg_target asked = criterion == AUTO            ? found
                      : criterion == SQUARED_ERROR ? DG_TARGET_NUMBERS
                                                   : DG_TARGET_LABELS;
    fit->target = fit->goes_on ? fit->learner->base.target : asked;
    if (fit->target == DG_TARGET_LABELS && !fit->goes_on && found != DG_TARGET_LABELS) {
        char what[40];
        snprintf(what, sizeof what, "criterion = \"%s\"", criteria[criterion]);
        return dg_target_error("fit", what, found, "leave it out");
    }
    if (fit->target == DG_TARGET_LABELS) return dg_dataset_want_labels(fit->set, "fit");
    if (found != DG_TARGET_NUMBERS && criterion != SQUARED_ERROR)
        return dg_error(DG_INVALID, "fit: the set has labels, the model was fitted on numbers");
    if (fit->tree->class_weight.type != DG_VALUE_NIL)
        return dg_target_error("fit", "class_weight", fit->target, "use sample_weight");
    return DG_OK;
}

static dg_status resolve_options(struct forest_fit *fit)
{
    const tree_options *tree = fit->tree;
    DG_TRY(resolve_target(fit));
    dg_cart_options *cart = &fit->cart;
    dg_forest_rows *rows = &fit->rows;
    cart->entropy = tree->criterion == ENTROPY || tree->criterion == LOG_LOSS;
    cart->max_depth = tree->max_depth ? tree->max_depth : -1;
    cart->max_leaf_nodes = tree->max_leaf_nodes;
    cart->min_decrease = tree->min_impurity_decrease;
    cart->min_leaf = rows_for(&tree->min_samples_leaf, rows->count);
    cart->min_split = rows_for(&tree->min_samples_split, rows->count);
    if (cart->min_split < 2) cart->min_split = 2;
    rows->draws = rows->count;
    fit->trees = fit->forest ? fit->forest->n_estimators : 1;
    if (fit->forest && fit->forest->bootstrap) {
        const dg_one_of *most = &fit->forest->max_samples;
        rows->bootstrap = true;
        if (most->type == DG_VALUE_INT) rows->draws = most->integer;
        if (most->type == DG_VALUE_FLOAT) rows->draws = llround(most->number * (double)rows->count);
        if (rows->draws < 1) rows->draws = 1;
        if (rows->draws > rows->count)
            return dg_error(DG_INVALID,
                            "fit: max_samples is %" PRId64 ", the set has %" PRId64 " rows",
                            rows->draws, rows->count);
    }
    return resolve_features(&tree->max_features, fit->target, dg_dataset_row_size(fit->set),
                            &cart->max_features);
}

/* Where all weights are whole numbers, w log2 w comes from a table. */
static dg_status make_table(struct forest_fit *fit)
{
    const dg_forest_rows *rows = &fit->rows;
    bool whole = !rows->balanced_trees && (rows->bootstrap || !rows->weight);
    if (!whole || !fit->cart.entropy) return DG_OK;
    int64_t most = fit->rows.draws;
    DG_TRY(dg_alloc(&fit->plogp, most + 1, sizeof *fit->plogp));
    for (int64_t i = 0; i <= most; i++) fit->plogp[i] = i ? (double)i * dg_log2_64((double)i) : 0;
    return DG_OK;
}

/* --- growing ------------------------------------------------------------------------------ */

static dg_status grow_from(struct forest_fit *fit, int64_t tree, const dg_forest_sample *seen)
{
    dg_cart_options options = fit->cart;
    dg_cart_sample sample = { .bins = &fit->bins,
                              .classes = fit->rows.classes,
                              .position = fit->rows.position,
                              .number = fit->rows.number,
                              .count = seen->count,
                              .row = seen->row,
                              .weight = seen->weight,
                              .plogp = fit->plogp };
    if (seen->count == 0) /* their weights round to 0 */
        return dg_error(DG_INVALID, "fit: the weights leave tree %" PRId64 " without rows",
                        tree + 1);
    double sum = 0;
    for (int64_t i = 0; i < seen->count; i++) sum += (double)seen->weight[i];
    options.min_weight_leaf = fit->tree->min_weight_fraction_leaf * sum;
    return dg_cart_grow(&fit->tree_done[tree - fit->before], &sample, &options,
                        dg_key(fit->rows.seed, "tree", (uint64_t)tree), fit->job);
}

static dg_status grow_tree(void *context, int64_t piece, int worker)
{
    struct forest_fit *fit = context;
    DG_CLEANUP(dg_forest_sample_release) dg_forest_sample seen = { 0 };
    int64_t tree = fit->before + fit->first + piece;
    (void)worker;
    DG_TRY(dg_forest_rows_draw(&fit->rows, tree, &seen));
    return grow_from(fit, tree, &seen);
}

static dg_status call_back(dg_callback *callback, struct forest_fit *fit, bool *stop)
{
    return callback ? callback(fit->options->context, &fit->log, stop) : DG_OK;
}

/* Trees are grown in groups only if a callback wants to be called in between. */
static dg_status grow_all(struct forest_fit *fit)
{
    enum { GROUP = 16 };
    double start = dg_clock();
    bool stop = false;
    for (fit->first = 0; fit->first < fit->trees && !stop;) {
        int64_t count = fit->trees - fit->first;
        if (fit->options->on_batch && count > GROUP) count = GROUP;
        DG_TRY(dg_parallel(fit->job, count, grow_tree, fit));
        fit->first += count;
        fit->log.batch = fit->first;
        fit->log.seconds = dg_clock() - start;
        DG_TRY(call_back(fit->options->on_batch, fit, &stop));
    }
    return DG_OK;
}

/* Takes over the trees that are done, up to the first that is not: the trees of a learner are
 * numbered from 0 without gaps, so that a fit which goes on repeats none and skips none. */
static dg_status collect(struct forest_fit *fit)
{
    dg_tree_learner *learner = fit->learner;
    learner->trees.width = fit->target == DG_TARGET_NUMBERS ? 1 : fit->rows.classes;
    for (int64_t t = 0; t < fit->trees && fit->tree_done[t].nodes > 0; t++) {
        DG_TRY(dg_trees_add(&learner->trees, &fit->tree_done[t]));
        dg_tree_learner_forget_oob(learner);
        learner->base.fitted = true;
    }
    return DG_OK;
}

/* --- scores ------------------------------------------------------------------------------- */

static dg_status bag_tree(void *context, int64_t tree, int worker)
{
    struct forest_fit *fit = context;
    (void)worker;
    return dg_forest_rows_bag(&fit->rows, tree, &fit->bag[tree]);
}

static void score_oob_classes(struct forest_fit *fit, float *proba)
{
    dg_tree_learner *learner = fit->learner;
    int64_t judged = 0, correct = 0, rows = fit->rows.count, classes = fit->rows.classes;
    for (int64_t i = 0; i < rows; i++) {
        float *row = proba + i * classes, sum = 0;
        for (int64_t c = 0; c < classes; c++) sum += row[c];
        for (int64_t c = 0; c < classes; c++) row[c] = sum > 0 ? row[c] / sum : NAN;
        if (sum <= 0) continue;
        judged++;
        correct += dg_argmax(row, classes) == fit->position[i];
    }
    learner->has_oob = judged > 0;
    learner->oob_score = (double)correct / (double)(judged ? judged : 1);
    if (learner->has_oob) dg_log_add(&fit->log, "oob_accuracy", learner->oob_score);
}

/* R2, which is not defined where all numbers are the same. */
static void score_oob_numbers(struct forest_fit *fit, float *sum)
{
    dg_tree_learner *learner = fit->learner;
    int64_t judged = 0, rows = fit->rows.count;
    double mean = 0, left = 0, squares = 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t trees = 0;
        for (int64_t t = 0; t < learner->trees.count; t++)
            trees += !(fit->bag[t][i / 64] >> (i % 64) & 1);
        sum[i] = trees ? sum[i] / (float)trees : NAN;
        judged += trees > 0;
        if (trees) mean += (double)fit->number[i];
    }
    mean /= (double)(judged ? judged : 1);
    for (int64_t i = 0; i < rows; i++) {
        if (isnan(sum[i])) continue;
        double error = (double)sum[i] - (double)fit->number[i];
        left += error * error;
        squares += ((double)fit->number[i] - mean) * ((double)fit->number[i] - mean);
    }
    learner->has_oob = squares > 0;
    learner->oob_score = squares > 0 ? 1 - left / squares : 0;
    if (learner->has_oob) dg_log_add(&fit->log, "oob_r2", learner->oob_score);
}

/* Probabilities, or numbers, of each row by the trees that did not see it; NaN for rows that all
 * trees saw. */
static dg_status score_oob(struct forest_fit *fit)
{
    dg_tree_learner *learner = fit->learner;
    int64_t rows = fit->rows.count, trees = learner->trees.count;
    DG_TRY(dg_alloc_zero(&fit->bag, trees, sizeof *fit->bag));
    DG_TRY(dg_parallel(fit->job, trees, bag_tree, fit));
    DG_TRY(dg_tensor_zeros(&learner->oob_proba, DG_FLOAT32,
                           fit->target == DG_TARGET_NUMBERS ? 1 : 2,
                           (int64_t[]){ rows, fit->rows.classes }));
    float *found = dg_floats(&learner->oob_proba);
    DG_TRY(dg_trees_sum(&learner->trees, 0, trees, &fit->set->x, (const uint64_t *const *)fit->bag,
                        found, fit->job));
    if (fit->target == DG_TARGET_NUMBERS)
        score_oob_numbers(fit, found);
    else
        score_oob_classes(fit, found);
    return DG_OK;
}

static dg_status forest_score(struct forest_fit *fit)
{
    dg_status status = fit->drawn.known ? score_oob(fit) : DG_OK;
    if (status != DG_OK) dg_tree_learner_forget_oob(fit->learner);
    DG_TRY(status);
    return dg_finish_whole_fit(&fit->learner->base, fit->options, fit->job, &fit->log);
}

/* --- a fit -------------------------------------------------------------------------------- */

/* To score rows by the trees of earlier fits, their draws are made again, from the same seed for
 * the same rows. */
static dg_status prepare_oob(struct forest_fit *fit)
{
    const dg_drawn *before = &fit->learner->drawn, *now = &fit->drawn;
    if (!fit->forest || !fit->forest->oob_score) return DG_OK;
    dg_dataset bare = *fit->set; /* its weights are among those of fit->rows, or not used */
    bare.weights = (dg_tensor){ 0 };
    uint64_t from = dg_forest_rows_fingerprint(&fit->rows, dg_dataset_fingerprint(&bare));
    fit->drawn = (dg_drawn){ true, fit->rows.seed, from };
    if (!fit->goes_on || (before->known && before->seed == now->seed && before->set == now->set))
        return DG_OK;
    return dg_error(DG_INVALID,
                    "fit: oob_score with continue = true needs to know which rows the %" PRId64
                    " earlier trees have seen: %s; or leave out continue = true",
                    fit->before,
                    !before->known            ? "the model's file does not say"
                    : before->set != now->set ? "go on with the set and the weights that they "
                                                "were fitted on"
                                              : "go on with the seed that they were drawn from");
}

static dg_status prepare_targets(struct forest_fit *fit)
{
    const dg_learner *learner = &fit->learner->base;
    const dg_dataset *set = fit->set;
    if (fit->target == DG_TARGET_NUMBERS) return dg_dataset_numbers(&fit->number, set);
    fit->rows.labels = fit->goes_on ? learner->classes : set->classes;
    fit->rows.classes = fit->goes_on ? learner->class_count : set->class_count;
    fit->position = dg_int32s(&set->positions);
    if (!fit->goes_on) return DG_OK;
    DG_TRY(dg_learner_positions(&fit->mapped, &fit->learner->base, set, "fit"));
    fit->position = fit->mapped;
    return DG_OK;
}

/* All checks come before the learner changes. */
static dg_status forest_prepare(struct forest_fit *fit)
{
    const dg_dataset *set = fit->set;
    const dg_fit_options *options = fit->options;
    const dg_one_of *by_class = &fit->tree->class_weight;
    DG_TRY(resolve_options(fit));
    DG_TRY(dg_tree_learner_check_fit(set, options, NULL, fit->target,
                                     fit->goes_on ? &fit->learner->base : NULL, fit->job));
    DG_TRY(prepare_targets(fit));
    DG_TRY(dg_forest_rows_order(&fit->rows, fit->position, fit->number));
    DG_TRY(dg_forest_rows_weigh(&fit->rows, by_class, by_class->integer == BALANCED_SUBSAMPLE,
                                set->weights.storage ? &set->weights : NULL));
    DG_TRY(prepare_oob(fit));
    DG_TRY(dg_bins_make(&fit->bins, &set->x, fit->rows.order, DG_MAX_BINS, fit->job));
    DG_TRY(dg_bins_add_rows(&fit->bins, fit->job));
    DG_TRY(dg_alloc_zero(&fit->tree_done, fit->trees, sizeof *fit->tree_done));
    DG_TRY(make_table(fit));
    if (!fit->goes_on) {
        fit->learner->objective =
            fit->target == DG_TARGET_NUMBERS ? DG_OBJECTIVE_MEAN : DG_OBJECTIVE_VOTE;
        DG_TRY(dg_tree_learner_start_over(fit->learner, set));
    }
    fit->learner->drawn = fit->drawn;
    return DG_OK;
}

static void forest_release(struct forest_fit *fit)
{
    for (int64_t t = 0; fit->tree_done && t < fit->trees; t++) dg_tree_free(&fit->tree_done[t]);
    for (int64_t t = 0; fit->bag && t < fit->learner->trees.count; t++) dg_free(fit->bag[t]);
    dg_free(fit->tree_done);
    dg_free(fit->bag);
    dg_free(fit->mapped);
    dg_free(fit->number);
    dg_free(fit->plogp);
    dg_forest_rows_release(&fit->rows);
    dg_bins_free(&fit->bins);
}

static dg_status forest_run(struct forest_fit *fit)
{
    DG_TRY(forest_prepare(fit));
    fit->log = (dg_log){ .epoch = 1, .epochs = 1, .batches = fit->trees };
    dg_status status = grow_all(fit);
    if (status != DG_OK && status != DG_CANCELLED && status != DG_STOPPED) return status;
    dg_status collected = collect(fit);
    DG_TRY(status);
    DG_TRY(collected);
    return forest_score(fit);
}

static dg_status forest_fit(dg_learner *learner, const dg_dataset *set,
                            const dg_fit_options *options, const dg_job *job, dg_fit_result *result,
                            const forest_options *forest)
{
    DG_CLEANUP(forest_release)
    struct forest_fit fit = { .learner = dg_tree_learner_of(learner),
                              .set = set,
                              .options = options,
                              .job = job,
                              .forest = forest,
                              .tree = learner->options->options,
                              .rows = { .count = dg_dataset_rows(set),
                                        .single = !forest,
                                        .seed = dg_tree_learner_seed(learner, options) },
                              .goes_on = learner->fitted && options->resume == DG_RESUME_YES };
    if (fit.goes_on) fit.before = fit.learner->trees.count;
    result->best_epoch = 1;
    return forest_run(&fit);
}

static dg_status decision_tree_fit(dg_learner *learner, const dg_dataset *set,
                                   const dg_fit_options *options, const dg_job *job,
                                   dg_fit_result *result)
{
    return forest_fit(learner, set, options, job, result, NULL);
}

static dg_status random_forest_fit(dg_learner *learner, const dg_dataset *set,
                                   const dg_fit_options *options, const dg_job *job,
                                   dg_fit_result *result)
{
    return forest_fit(learner, set, options, job, result, learner->options->options);
}

static dg_status random_forest_check(const void *options)
{
    const forest_options *forest = options;
    if (forest->oob_score && !forest->bootstrap)
        return dg_error(DG_INVALID, "oob_score needs bootstrap = true: without it every tree sees "
                                    "every row");
    if (forest->max_samples.type != DG_VALUE_NIL && !forest->bootstrap)
        return dg_error(DG_INVALID, "max_samples needs bootstrap = true");
    return DG_OK;
}

/* --- descriptors -------------------------------------------------------------------------- */

/* A fraction of all, or a count. */
#define AMOUNT(least)                                                                              \
    DG_EITHER(DG_TYPE_FLOAT, .fraction = true, DG_ABOVE_TO(0, 1)),                                 \
        DG_EITHER(DG_TYPE_INT, DG_AT_LEAST(least))
#define WORDS(words) DG_EITHER(DG_TYPE_CHOICE, .choices = words)
static const dg_param rows[] = { AMOUNT(1), DG_END };
static const dg_param two_rows[] = { AMOUNT(2), DG_END };
static const dg_param features[] = { AMOUNT(1), WORDS(feature_words), DG_END };
static const dg_param forest_features[] = { AMOUNT(1), WORDS(forest_feature_words), DG_END };
static const dg_param class_weights[] = { DG_EITHER(DG_TYPE_MAP, DG_ABOVE(0)), WORDS(balances),
                                          DG_END };
static const dg_param tree_class_weights[] = { DG_EITHER(DG_TYPE_MAP, DG_ABOVE(0)),
                                               WORDS(tree_balances), DG_END };

/* The options of a tree, `field` being where they are in the learner's. */
#define TREE_PARAM(word, kind_of, options, field, ...)                                             \
    {                                                                                              \
        .name = word, .type = kind_of, .offset = offsetof(options, field), __VA_ARGS__             \
    }
#define CRITERION(options, field)                                                                  \
    TREE_PARAM("criterion", DG_TYPE_CHOICE, options, field.criterion, .choices = criteria,         \
               .default_text = "auto",                                                             \
               .doc = "impurity that splits reduce; auto: gini for labels, squared_error for "     \
                      "numbers; log_loss is entropy")
#define LIMITS(options, field)                                                                     \
    TREE_PARAM("max_depth", DG_TYPE_INT, options, field.max_depth, DG_AT_LEAST(1),                 \
               .optional = true,                                                                   \
               .doc = "maximum number of splits between the root and a leaf; nil: no limit"),      \
        TREE_PARAM("min_samples_split", DG_TYPE_ONE_OF, options, field.min_samples_split,          \
                   .alternatives = two_rows, .default_number = 2,                                  \
                   .doc = "minimum number of rows to split a node, or a fraction of all"),         \
        TREE_PARAM("min_samples_leaf", DG_TYPE_ONE_OF, options, field.min_samples_leaf,            \
                   .alternatives = rows, .default_number = 1,                                      \
                   .doc = "minimum number of rows on each side of a split, or a fraction of all"), \
        TREE_PARAM("min_weight_fraction_leaf", DG_TYPE_FLOAT, options,                             \
                   field.min_weight_fraction_leaf, DG_WITHIN(0, 0.5),                              \
                   .doc = "minimum fraction of the total weight on each side of a split")
#define MORE_LIMITS(options, field)                                                                \
    TREE_PARAM("max_leaf_nodes", DG_TYPE_INT, options, field.max_leaf_nodes, DG_AT_LEAST(2),       \
               .optional = true,                                                                   \
               .doc = "maximum number of leaves of a tree, best splits first; nil: no limit"),     \
        TREE_PARAM("min_impurity_decrease", DG_TYPE_FLOAT, options, field.min_impurity_decrease,   \
                   DG_AT_LEAST(0),                                                                 \
                   .doc = "minimum decrease of impurity, weighted by rows, of a split")
#define WEIGHTS_AND_SEED(options, field, words)                                                    \
    TREE_PARAM("class_weight", DG_TYPE_ONE_OF, options, field.class_weight, .alternatives = words, \
               .named_only = true,                                                                 \
               .doc = "weights of rows by label; balanced: all classes count the same"),           \
        TREE_PARAM("seed", DG_TYPE_SEED, options, field.seed, .named_only = true,                  \
                   .doc = "seed for drawing columns and rows; nil: the learner's own")

static const dg_hint hints[] = {
    { "random_state", "use seed = ..." },
    { "n_jobs", "use digits.threads(n)" },
    { "verbose", "verbose is an option of fit" },
    { "splitter", "the best split is always taken" },
    { "num_trees", "use n_estimators = ..." },
    { "warm_start", "use fit(set, { continue = true })" },
    { NULL },
};

struct decision_tree_options {
    tree_options tree;
};

static const dg_param tree_params[] = {
    CRITERION(struct decision_tree_options, tree),
    LIMITS(struct decision_tree_options, tree),
    TREE_PARAM("max_features", DG_TYPE_ONE_OF, struct decision_tree_options, tree.max_features,
               .alternatives = features,
               .doc = "columns looked at for a split: a count, a fraction or a rule; nil: all"),
    MORE_LIMITS(struct decision_tree_options, tree),
    WEIGHTS_AND_SEED(struct decision_tree_options, tree, tree_class_weights),
    DG_END,
};

static const dg_param forest_params[] = {
    DG_INT(forest_options, n_estimators, DG_WITHIN(1, 1000000), .default_number = 100,
           .doc = "number of trees"),
    CRITERION(forest_options, tree),
    LIMITS(forest_options, tree),
    TREE_PARAM("max_features", DG_TYPE_ONE_OF, forest_options, tree.max_features,
               .alternatives = forest_features, .default_text = "auto",
               .doc = "columns looked at for a split: a count, a fraction or a rule; auto: sqrt "
                      "for labels, all for numbers"),
    MORE_LIMITS(forest_options, tree),
    DG_BOOL(forest_options, bootstrap, .default_number = 1,
            .doc = "grow each tree from rows drawn with replacement, not from all"),
    DG_BOOL(forest_options, oob_score,
            .doc = "score each row by the trees that were not grown from it"),
    DG_ONE_OF(forest_options, max_samples, .alternatives = rows,
              .doc = "rows drawn per tree, or a fraction of all; nil: as many as the set has"),
    WEIGHTS_AND_SEED(forest_options, tree, class_weights),
    DG_END,
};

#define LEARNER_FUNCTIONS                                                                          \
    .module = "tree", .family = "tree", .size = sizeof(dg_tree_learner),                           \
    .free = dg_tree_learner_free, .predict_proba = dg_tree_learner_predict_proba,                  \
    .evaluate = dg_evaluate_outputs, .summary = dg_tree_learner_summary, .takes_weights = true,    \
    .attributes = dg_forest_attributes, .store = dg_tree_learner_store,                            \
    .restore = dg_tree_learner_restore

const dg_learner_type dg_decision_tree = {
    .part = { .kind = "learner",
              .name = "DecisionTree",
              .alias = "decision_tree",
              .peers =
                  (const char *const[]){ "DecisionTreeClassifier", "DecisionTreeRegressor", NULL },
              .doc = "a tree of decisions on single features (Breiman et al. 1984)",
              .example = "tree.DecisionTree { max_depth = 5 }",
              .params = tree_params,
              .options_size = sizeof(struct decision_tree_options),
              .hints = hints },
    .fit = decision_tree_fit,
    LEARNER_FUNCTIONS,
};

const dg_learner_type dg_random_forest = {
    .part = { .kind = "learner",
              .name = "RandomForest",
              .alias = "random_forest",
              .peers =
                  (const char *const[]){ "RandomForestClassifier", "RandomForestRegressor", NULL },
              .doc = "the mean of trees grown from random rows and columns (Breiman 2001)",
              .example = "tree.RandomForest { n_estimators = 100 }",
              .params = forest_params,
              .options_size = sizeof(forest_options),
              .check = random_forest_check,
              .hints = hints },
    .fit = random_forest_fit,
    .resumes_if_asked = true,
    LEARNER_FUNCTIONS,
};
