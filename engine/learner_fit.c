/* Fitting and evaluating any learner on a set: checks, and preparation of the rows; the rest is the
 * type's. */
#include <inttypes.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/fit_log.h"
#include "engine/learner.h"
#include "engine/learner_metrics.h"
#include "engine/store/learner_file.h"
#include "engine/store/recipe.h"

static dg_status check_set(const dg_learner *learner, const dg_dataset *set, const char *who)
{
    if (dg_dataset_rows(set) == 0) return dg_error(DG_INVALID, "%s: the set has no rows", who);
    dg_target only = learner->type->target;
    if (set->target == DG_TARGET_NUMBERS && only != DG_TARGET_LABELS) return DG_OK;
    return dg_dataset_want_labels(set, who);
}

static dg_status prepare(const dg_preparation *preparation, const dg_dataset *set,
                         const dg_job *job, const dg_dataset **out)
{
    DG_OWNED_TENSOR x = { 0 };
    *out = preparation->count > 0 ? NULL : dg_dataset_retain(set);
    if (*out) return DG_OK;
    DG_TRY(dg_preparation_apply(preparation, &set->x, job, &x));
    return dg_dataset_with(out, set, &(dg_dataset_fields){ .x = &x });
}

dg_status dg_learner_prepare(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                             const dg_dataset **out)
{
    return prepare(&learner->preparation, set, job, out);
}

/* --- fitting ------------------------------------------------------------------------------ */

/* A fit that goes on keeps the steps, which may be given again. */
static dg_status check_steps(const dg_learner *learner, const dg_fit_options *options)
{
    const dg_preparation *mine = &learner->preparation;
    bool same = options->steps == mine->count || options->steps == 0;
    for (int i = 0; same && i < options->steps; i++)
        same = dg_part_equal(options->step[i], mine->steps[i]->options);
    if (same) return DG_OK;
    return dg_error(DG_INVALID, "fit: the model continues with the preparation of its first fit: "
                                "leave out preparation, or give continue = false");
}

static dg_status check_weights(const dg_learner *learner, const dg_dataset *set)
{
    if (!set->weights.storage) return DG_OK;
    /* rows that were taken from a set may all have the weight 0 */
    if (learner->type->takes_weights) return dg_check_weights(&set->weights, "fit");
    return dg_error(DG_INVALID,
                    "fit: the rows have weights, which a %s does not take: leave them out, with "
                    "set:with { weights = false }",
                    learner->type->part.name);
}

/* Refuses what does not fit; `*goes_on`: the fit continues the last one. */
static dg_status check_fit(const dg_learner *learner, const dg_dataset *set,
                           const dg_fit_options *options, bool *goes_on)
{
    const dg_learner_type *type = learner->type;
    const dg_dataset *validation = options->validation;
    bool asked = options->resume == DG_RESUME_YES && learner->fitted;
    if (learner->busy) return dg_error(DG_INVALID, "fit: this model is being fitted already");
    if (asked && !type->resumes && !type->resumes_if_asked)
        return dg_error(DG_INVALID,
                        "fit: a %s cannot continue an earlier fit: leave out continue = true",
                        type->part.name);
    DG_TRY(check_set(learner, set, "fit"));
    DG_TRY(check_weights(learner, set));
    if (validation) DG_TRY(check_set(learner, validation, "fit: validation"));
    if (type->resumes || asked) { /* what begins anew may take rows of another shape */
        DG_TRY(dg_learner_check_rows(learner, &set->x, "fit"));
        if (validation) DG_TRY(dg_learner_check_rows(learner, &validation->x, "fit: validation"));
    }
    *goes_on = learner->fitted && (type->resumes ? options->resume != DG_RESUME_NO : asked);
    return *goes_on ? check_steps(learner, options) : DG_OK;
}

static void exchange(dg_preparation *a, dg_preparation *b)
{
    dg_preparation kept = *a;
    *a = *b;
    *b = kept;
}

static void exchange_recipes(dg_recipe **a, dg_recipe **b)
{
    dg_recipe *kept = *a;
    *a = *b;
    *b = kept;
}

/* The recipe of the learner as it will be after the fit. */
static dg_status begin_recipe(dg_recipe **out, const dg_learner *learner, const dg_dataset *set,
                              const dg_fit_options *options, bool goes_on)
{
    char digest[DG_SHA256_HEX] = "";
    bool loaded = goes_on && dg_recipe_start(learner->recipe);
    if (loaded) DG_TRY(dg_learner_digest(learner, digest));
    return dg_recipe_begin(out, learner, set, options, goes_on, digest);
}

dg_status dg_learner_fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                         const dg_job *job, dg_fit_result *result)
{
    double start = dg_clock();
    dg_job room;
    bool goes_on;
    dg_fit_options own = *options;
    DG_CLEANUP(dg_preparation_release) dg_preparation other = { 0 };
    DG_OWNED_RECIPE *recipe = NULL;
    DG_OWNED_DATASET rows = NULL;
    DG_OWNED_DATASET validation = NULL;
    job = dg_job_or_default(job, &room);
    *result = (dg_fit_result){ 0 };
    DG_TRY(check_fit(learner, set, options, &goes_on));
    DG_CLEANUP(dg_fit_log_end) dg_fit_log log;
    DG_TRY(dg_fit_log_begin(&log, options, learner->type->step, &own));
    if (!goes_on && options->steps)
        DG_TRY(dg_preparation_fit(&other, options->steps, options->step, &set->x, job));
    const dg_preparation *preparation = goes_on ? &learner->preparation : &other;
    DG_TRY(prepare(preparation, set, job, &rows));
    if (options->validation) DG_TRY(prepare(preparation, options->validation, job, &validation));
    own.validation = validation;
    DG_TRY(begin_recipe(&recipe, learner, set, options, goes_on));
    if (!goes_on) exchange(&learner->preparation, &other);
    exchange_recipes(&learner->recipe, &recipe);
    float low = learner->input_low, high = learner->input_high;
    if (!goes_on) dg_learner_note_range(learner, &set->x);
    learner->changed = false;
    learner->busy = true;
    dg_status status = learner->type->fit(learner, rows, &own, job, result);
    learner->busy = false;
    dg_recipe_end(learner->recipe, status);
    bool unchanged = status != DG_OK && !learner->changed;
    if (unchanged) exchange_recipes(&learner->recipe, &recipe);
    if (!goes_on && unchanged)
        exchange(&learner->preparation, &other); /* the old one belongs to what it still knows */
    if (!goes_on && (!learner->fitted || status == DG_INVALID)) {
        learner->input_low = low;
        learner->input_high = high;
    }
    result->seconds += dg_clock() - start;
    return status;
}

/* --- evaluating --------------------------------------------------------------------------- */

dg_status dg_learner_evaluate_prepared(const dg_learner *learner, const dg_dataset *set,
                                       const dg_job *job, dg_scores *out)
{
    DG_OWNED_TENSOR outputs = { 0 };
    bool kept = dg_learner_needs_outputs(learner);
    *out = (dg_scores){ .outputs = kept ? &outputs : NULL };
    dg_status status = learner->type->evaluate(learner, set, job, out);
    out->outputs = NULL;
    if (status != DG_OK || !kept) return status;
    if (!outputs.storage) DG_TRY(dg_learner_prepared_outputs(learner, &set->x, job, &outputs));
    return dg_learner_judge(learner, dg_dataset_truth(set), &outputs, out->metric);
}

dg_status dg_learner_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out)
{
    double start = dg_clock();
    dg_job room;
    DG_OWNED_DATASET rows = NULL;
    job = dg_job_or_default(job, &room);
    *out = (dg_scores){ 0 };
    if (learner->target == DG_TARGET_NONE)
        return dg_error(DG_INVALID, "evaluate: the model was never fitted");
    DG_TRY(check_set(learner, set, "evaluate"));
    DG_TRY(dg_learner_check_rows(learner, &set->x, "evaluate"));
    DG_TRY(dg_learner_prepare(learner, set, job, &rows));
    DG_TRY(dg_learner_evaluate_prepared(learner, rows, job, out));
    out->seconds = dg_clock() - start;
    return DG_OK;
}
