/* What all tree learners do alike: life, checks, prediction. */
#include "engine/tree/learners.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/stopping.h"
#include "engine/tree/bins.h"
#include "engine/tree/fitting.h"

/* --- life --------------------------------------------------------------------------------- */

void dg_tree_learner_forget_oob(dg_tree_learner *learner)
{
    dg_tensor_release(&learner->oob_proba);
    learner->has_oob = false;
}

static void forget(dg_tree_learner *learner)
{
    dg_trees_free(&learner->trees);
    dg_tree_learner_forget_oob(learner);
    dg_free(learner->base_margin);
    learner->base_margin = NULL;
    learner->drawn = (dg_drawn){ 0 };
    learner->best_round = 0;
}

void dg_tree_learner_free(dg_learner *learner)
{
    forget(dg_tree_learner_of(learner));
}

uint64_t dg_tree_learner_seed(const dg_learner *learner, const dg_fit_options *options)
{
    if (options->seeded) return options->seed;
    int index = dg_descriptor_param_index(learner->options->type, "seed");
    dg_value given = dg_part_get(learner->options, index);
    return given.type == DG_VALUE_INT ? (uint64_t)given.integer : learner->seed;
}

/* --- before a fit ------------------------------------------------------------------------- */

dg_status dg_tree_learner_check_fit(const dg_dataset *set, const dg_fit_options *options,
                                    const dg_learner *stops, dg_target target,
                                    const dg_learner *known, const dg_job *job)
{
    int64_t values = dg_dataset_row_size(set);
    if (values < 1 || values > INT32_MAX)
        return dg_error(DG_INVALID, "fit: trees take rows of 1 to %d values, found %" PRId64,
                        INT32_MAX, values);
    DG_TRY(dg_check_validation(set, options->validation, known, target, true, job));
    return dg_stopping_check(options, stops, target);
}

dg_status dg_tree_learner_start_over(dg_tree_learner *learner, const dg_dataset *set)
{
    dg_learner *base = &learner->base;
    forget(learner);
    base->fitted = false;
    learner->trees = (dg_trees){ .features = dg_dataset_row_size(set) };
    return dg_learner_adopt(base, set, dg_objective_target(learner->objective));
}

/* --- predicting --------------------------------------------------------------------------- */

void dg_tree_learner_begin_margins(const dg_tree_learner *learner, int64_t rows, float *margin)
{
    int64_t outputs = dg_trees_outputs(&learner->trees);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < outputs; k++) margin[i * outputs + k] = learner->base_margin[k];
}

static dg_status predict_rows(const dg_tree_learner *learner, const dg_tensor *rows,
                              const dg_job *job, dg_tensor *out)
{
    const dg_trees *trees = &learner->trees;
    int64_t n = rows->shape[0], outputs = dg_trees_outputs(trees);
    int64_t width = learner->base.class_count ? learner->base.class_count : 1;
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 2, (int64_t[]){ n, width }));
    if (dg_objective_averages(learner->objective)) {
        float *proba = dg_floats(out);
        memset(proba, 0, (size_t)(n * width) * sizeof *proba);
        DG_TRY(dg_trees_sum(trees, 0, trees->count, rows, NULL, proba, job));
        for (int64_t i = 0; i < n * width; i++) proba[i] /= (float)trees->count;
        return DG_OK;
    }
    DG_OWNED float *margins = NULL;
    DG_TRY(dg_alloc(&margins, n * outputs, sizeof *margins));
    dg_tree_learner_begin_margins(learner, n, margins);
    DG_TRY(dg_trees_sum(trees, 0, trees->count, rows, NULL, margins, job));
    return dg_objective_probabilities(learner->objective, margins, n, outputs, dg_floats(out), job);
}

dg_status dg_tree_learner_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                        const dg_job *job, dg_tensor *out)
{
    *out = (dg_tensor){ 0 };
    if (!learner->fitted) return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(dg_check_finite(x, true, "predict", job));
    dg_status status = predict_rows(dg_tree_learner_of(learner), x, job, out);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

/* --- summary ------------------------------------------------------------------------------ */

dg_status dg_tree_learner_summary(const dg_learner *learner, char **out)
{
    const dg_trees *trees = &dg_tree_learner_of(learner)->trees;
    dg_text text = { 0 };
    int64_t nodes = 0, leaves = 0;
    int32_t deepest = 0;
    dg_describe_learner(learner, &text);
    if (!learner->fitted) return dg_text_take(&text, out);
    for (int64_t t = 0; t < trees->count; t++) {
        int32_t depth = dg_tree_depth(&trees->tree[t]);
        nodes += trees->tree[t].nodes;
        leaves += trees->tree[t].leaves;
        if (depth > deepest) deepest = depth;
    }
    dg_text_add(&text,
                "\ntrees: %" PRId64 ", nodes: %" PRId64 ", leaves: %" PRId64 ", greatest depth: %d",
                trees->count, nodes, leaves, deepest);
    if (trees->group > 1)
        dg_text_add(&text, "\nrounds: %" PRId64 " of %" PRId64 " trees",
                    trees->count / trees->group, trees->group);
    if (dg_tree_learner_of(learner)->has_oob)
        dg_text_add(&text, "\nout-of-bag %s: %.4f",
                    learner->target == DG_TARGET_NUMBERS ? "R2" : "accuracy",
                    dg_tree_learner_of(learner)->oob_score);
    return dg_text_take(&text, out);
}

dg_status dg_tree_learner_print(const dg_learner *learner, int64_t index, int depth, char **out)
{
    const dg_tree_learner *mine = dg_tree_learner_of(learner);
    const dg_trees *trees = &mine->trees;
    dg_text text = { 0 };
    *out = NULL;
    if (!learner->fitted) return dg_error(DG_INVALID, "the model was never fitted");
    if (index < 0 || index >= trees->count)
        return dg_error(DG_INVALID, "the model has trees 1 to %" PRId64 ", found %" PRId64,
                        trees->count, index + 1);
    const dg_tree_words words = {
        .classes = mine->objective == DG_OBJECTIVE_VOTE ? learner->classes : NULL,
        .names = (const char *const *)learner->class_names,
        .sums = !dg_objective_averages(mine->objective),
    };
    int64_t output = trees->group > 1 ? index % trees->group : -1;
    if (output >= 0 && learner->class_names)
        dg_text_add(&text, "for %s:\n", learner->class_names[output]);
    else if (output >= 0)
        dg_text_add(&text, "for label %d:\n", learner->classes[output]);
    dg_tree_print(&text, &trees->tree[index], trees->width, depth, &words);
    return dg_text_take(&text, out);
}
