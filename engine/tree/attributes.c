/* What tree learners know after a fit: which features matter, and their attributes. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/fitting.h"

/* --- importances by splits ---------------------------------------------------------------- */

enum kind { GAIN, TOTAL_GAIN, COVER, TOTAL_COVER, WEIGHT, KINDS };
static const char *const kinds[] = { "gain", "total_gain", "cover", "total_cover", "weight" };

static void sum_splits(const dg_trees *trees, enum kind kind, double *sum, double *splits)
{
    for (int64_t t = 0; t < trees->count; t++) {
        const dg_tree *tree = &trees->tree[t];
        for (int32_t i = 0; i < tree->nodes; i++) {
            const dg_tree_fact *fact = &tree->fact[i];
            if (fact->leaf >= 0) continue;
            int32_t feature = dg_tree_rule_feature(&tree->rule[i]);
            bool gain = kind == GAIN || kind == TOTAL_GAIN;
            sum[feature] += kind == WEIGHT ? 1 : (double)(gain ? fact->gain : fact->cover);
            splits[feature] += 1;
        }
    }
}

/* Of a forest: the decreases of each tree are made to sum to 1. */
static void sum_decreases(const dg_trees *trees, double *sum)
{
    for (int64_t t = 0; t < trees->count; t++) {
        const dg_tree *tree = &trees->tree[t];
        double all = 0;
        for (int32_t i = 0; i < tree->nodes; i++) all += (double)tree->fact[i].gain;
        if (!(all > 0 && isfinite(all))) continue;
        for (int32_t i = 0; i < tree->nodes; i++)
            if (tree->fact[i].leaf < 0)
                sum[dg_tree_rule_feature(&tree->rule[i])] += (double)tree->fact[i].gain / all;
    }
}

static dg_status sum_importances(const dg_tree_learner *learner, enum kind kind, float *out)
{
    int64_t features = learner->trees.features;
    DG_OWNED double *sum = NULL;
    double *splits, all = 0;
    DG_TRY(dg_alloc_zero(&sum, 2 * features, sizeof *sum));
    splits = sum + features;
    if (dg_objective_averages(learner->objective))
        sum_decreases(&learner->trees, sum);
    else
        sum_splits(&learner->trees, kind, sum, splits);
    for (int64_t f = 0; f < features; f++) {
        if ((kind == GAIN || kind == COVER) && splits[f] > 0) sum[f] /= splits[f];
        all += sum[f];
    }
    for (int64_t f = 0; f < features; f++) out[f] = all > 0 ? (float)(sum[f] / all) : 0;
    return DG_OK;
}

dg_status dg_tree_learner_importances(const dg_learner *learner, const char *kind, dg_tensor *out)
{
    const dg_tree_learner *mine = dg_tree_learner_of(learner);
    bool votes = dg_objective_averages(mine->objective);
    int index = 0;
    *out = (dg_tensor){ 0 };
    if (!learner->fitted) return dg_error(DG_INVALID, "the model was never fitted");
    if (votes && kind && strcmp(kind, "impurity") != 0)
        return dg_error(DG_INVALID,
                        "the only importances of a forest are 'impurity', found '%.100s'", kind);
    while (!votes && kind && index < KINDS && strcmp(kinds[index], kind) != 0) index++;
    if (index == KINDS)
        return dg_error(DG_INVALID,
                        "importances are 'gain', 'total_gain', 'cover', 'total_cover' or "
                        "'weight', found '%.100s'",
                        kind);
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 1, &mine->trees.features));
    dg_status status = sum_importances(mine, (enum kind)index, dg_floats(out));
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

/* --- attributes --------------------------------------------------------------------------- */

static dg_status default_importances(const dg_learner *learner, dg_tensor *out)
{
    return dg_tree_learner_importances(learner, NULL, out);
}

static double oob_accuracy(const dg_learner *learner)
{
    const dg_tree_learner *mine = dg_tree_learner_of(learner);
    return mine->has_oob && learner->target == DG_TARGET_LABELS ? mine->oob_score : NAN;
}

static double oob_r2(const dg_learner *learner)
{
    const dg_tree_learner *mine = dg_tree_learner_of(learner);
    return mine->has_oob && learner->target == DG_TARGET_NUMBERS ? mine->oob_score : NAN;
}

static dg_status oob(const dg_learner *learner, dg_target target, dg_tensor *out)
{
    bool numbers = target == DG_TARGET_NUMBERS;
    if (numbers != (learner->target == DG_TARGET_NUMBERS))
        return dg_error(DG_INVALID, numbers ? "the model predicts labels: use oob_proba"
                                            : "the model predicts numbers: use oob_prediction");
    if (!dg_tree_learner_of(learner)->oob_proba.data)
        return dg_error(DG_INVALID,
                        "out-of-bag %s are known only after a fit with oob_score = true",
                        numbers ? "predictions" : "probabilities");
    *out = dg_tensor_retain(&dg_tree_learner_of(learner)->oob_proba);
    return DG_OK;
}

static dg_status oob_proba(const dg_learner *learner, dg_tensor *out)
{
    return oob(learner, DG_TARGET_LABELS, out);
}

static dg_status oob_prediction(const dg_learner *learner, dg_tensor *out)
{
    return oob(learner, DG_TARGET_NUMBERS, out);
}

static double best_round(const dg_learner *learner)
{
    return learner->fitted ? (double)dg_tree_learner_of(learner)->best_round : NAN;
}

static double tree_count(const dg_learner *learner)
{
    return learner->fitted ? (double)dg_tree_learner_of(learner)->trees.count : NAN;
}

const dg_attribute dg_forest_attributes[] = {
    { "feature_importances", "mean decrease in impurity, sums to 1", NULL, default_importances },
    { "oob_accuracy", "accuracy by trees that did not see the row", oob_accuracy, NULL },
    { "oob_proba", "probabilities of each row by trees that did not see it", NULL, oob_proba },
    { "oob_r2", "for numbers: R2 by trees that did not see the row", oob_r2, NULL },
    { "oob_prediction", "for numbers: predictions by trees that did not see the row", NULL,
      oob_prediction },
    { "tree_count", "number of trees", tree_count, NULL },
    { NULL, NULL, NULL, NULL },
};

const dg_attribute dg_gradient_boosting_attributes[] = {
    { "feature_importances", "mean gain of splits, sums to 1", NULL, default_importances },
    { "best_round", "the round with the best score", best_round, NULL },
    { "tree_count", "number of trees", tree_count, NULL },
    { NULL, NULL, NULL, NULL },
};
