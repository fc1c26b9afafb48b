/* What can be done with any learner. */
#include "engine/learner.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/learner_metrics.h"

/* --- life --------------------------------------------------------------------------------- */

dg_status dg_learner_create(dg_learner **out, const dg_learner_type *type, const dg_part *options,
                            uint64_t seed)
{
    dg_learner *learner;
    *out = NULL;
    DG_TRY(dg_alloc_zero(&learner, 1, type->size));
    if (type->begin) type->begin(learner);
    *out = learner;
    learner->type = type;
    learner->options = options ? dg_part_retain(options) : NULL;
    learner->seed = seed;
    return DG_OK;
}

dg_status dg_learner_new(dg_learner **out, const dg_part *options, uint64_t seed)
{
    return dg_learner_create(out, (const dg_learner_type *)options->type, options, seed);
}

void dg_learner_free(dg_learner *learner)
{
    if (!learner) return;
    dg_part_release(learner->options);
    dg_preparation_release(&learner->preparation);
    dg_learner_free_classes(learner);
    dg_free(learner->metrics);
    learner->type->free(learner);
}

/* --- classes ------------------------------------------------------------------------------ */

void dg_learner_free_classes(dg_learner *learner)
{
    for (int64_t i = 0; learner->class_names && i < learner->class_count; i++)
        dg_free(learner->class_names[i]);
    dg_free(learner->class_names);
    dg_free(learner->classes);
    learner->class_names = NULL;
    learner->classes = NULL;
    learner->class_count = 0;
    learner->target = DG_TARGET_NONE;
}

static dg_status copy_class_names(dg_learner *learner, const dg_dataset *set)
{
    DG_TRY(dg_alloc_zero(&learner->class_names, set->class_count, sizeof *learner->class_names));
    for (int64_t i = 0; i < set->class_count; i++)
        DG_TRY(dg_copy_text(&learner->class_names[i], set->class_names[i]));
    return DG_OK;
}

dg_status dg_learner_adopt_classes(dg_learner *learner, const dg_dataset *set)
{
    dg_learner_free_classes(learner);
    DG_TRY(dg_alloc(&learner->classes, set->class_count, sizeof *learner->classes));
    for (int64_t i = 0; i < set->class_count; i++) learner->classes[i] = set->classes[i];
    learner->class_count = set->class_count;
    learner->target = DG_TARGET_LABELS;
    dg_status status = set->class_names ? copy_class_names(learner, set) : DG_OK;
    if (status != DG_OK) dg_learner_free_classes(learner);
    return status;
}

static int32_t find_class(const dg_learner *learner, int32_t label)
{
    for (int64_t i = 0; i < learner->class_count; i++)
        if (learner->classes[i] == label) return (int32_t)i;
    return -1;
}

/* A class that the set lists but no row has does no harm. */
static dg_status check_known(const dg_learner *learner, const dg_dataset *set, const int32_t *map,
                             const char *who)
{
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t i = 0; i < dg_dataset_rows(set); i++)
        if (map[positions[i]] < 0)
            return dg_error(DG_INVALID,
                            "%s: row %" PRId64 " has the label %d, which is none of the %" PRId64
                            " classes it was fitted on (%d to %d)",
                            who, i + 1, set->classes[positions[i]], learner->class_count,
                            learner->classes[0], learner->classes[learner->class_count - 1]);
    return DG_OK;
}

dg_status dg_learner_map_classes(int32_t **out, const dg_learner *learner, const dg_dataset *set,
                                 const char *who)
{
    *out = NULL;
    DG_TRY(dg_dataset_want_labels(set, who));
    DG_TRY(dg_alloc(out, set->class_count, sizeof **out));
    bool known = true;
    for (int64_t i = 0; i < set->class_count; i++) {
        (*out)[i] = find_class(learner, set->classes[i]);
        known &= (*out)[i] >= 0;
    }
    dg_status status = known ? DG_OK : check_known(learner, set, *out, who);
    if (status == DG_OK) return DG_OK;
    dg_free(*out);
    *out = NULL;
    return status;
}

/* --- ranges ------------------------------------------------------------------------------- */

DG_KERNEL static void byte_range(const uint8_t *x, int64_t count, float *low, float *high)
{
    uint8_t least = 255, most = 0;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

DG_KERNEL static void float_range(const float *x, int64_t count, float *low, float *high)
{
    float least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

DG_KERNEL static void int_range(const int32_t *x, int64_t count, float *low, float *high)
{
    int32_t least = INT32_MAX, most = INT32_MIN;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = (float)least;
    *high = (float)most;
}

/* The least and greatest value of x as the learner sees it; NaN is passed over. */
static void input_range(const dg_learner *learner, const dg_tensor *x, float *low, float *high)
{
    int64_t count = dg_tensor_count(x);
    *low = *high = 0;
    if (count == 0) return;
    if (x->dtype == DG_UINT8) {
        bool scaled = learner->type->byte_scale && learner->preparation.count == 0;
        float scale = scaled ? learner->type->byte_scale(learner) : 1;
        byte_range(dg_bytes(x), count, low, high);
        *low /= scale;
        *high /= scale;
    } else if (x->dtype == DG_INT32) {
        int_range(dg_int32s(x), count, low, high);
    } else {
        float_range(dg_floats(x), count, low, high);
    }
}

bool dg_learner_range_differs(const dg_learner *learner, const dg_tensor *x, char *out, size_t size)
{
    float low, high;
    enum { FACTOR = 16 }; /* a picture may be dark; 255 against 1 is another scale */
    if (!learner->fitted || !dg_tensor_is_contiguous(x)) return false;
    input_range(learner, x, &low, &high);
    if (!(low <= high)) return false; /* nothing but NaN */
    float now = fmaxf(fabsf(low), fabsf(high));
    float then = fmaxf(fabsf(learner->input_low), fabsf(learner->input_high));
    if (now == 0 || then == 0 || (now <= FACTOR * then && then <= FACTOR * now)) return false;
    snprintf(out, size,
             "the data has values from %g to %g, the model was fitted on %g to %g: scale it alike "
             "(a network divides images of dtype uint8 by 255 itself)",
             (double)low, (double)high, (double)learner->input_low, (double)learner->input_high);
    return true;
}

/* --- rows --------------------------------------------------------------------------------- */

static int64_t row_size(const dg_learner *learner)
{
    int64_t size = 1;
    for (int i = 0; i < learner->row.count; i++) size *= learner->row.at[i];
    return size;
}

dg_status dg_learner_check_rows(const dg_learner *learner, const dg_tensor *x, const char *who)
{
    int64_t wanted = row_size(learner), found = 1;
    for (int i = 1; i < x->axes; i++) found *= x->shape[i];
    if (learner->row.count == 0 || (x->axes >= 1 && found == wanted)) return DG_OK;
    char own[160], other[160];
    dg_shape_text(learner->row.count, learner->row.at, own, sizeof own);
    dg_shape_text(x->axes - (x->axes > 0), x->shape + 1, other, sizeof other);
    return dg_error(DG_INVALID,
                    "%s: the model takes rows of shape %s (%" PRId64
                    " values), the data has rows of shape %s (%" PRId64 " values)",
                    who, own, wanted, other, found);
}

/* One sample without its batch axis, in whatever shape. */
static bool is_one_row(const dg_learner *learner, const dg_tensor *x)
{
    return learner->row.count > 0 && x->axes > 0 && dg_tensor_count(x) == row_size(learner);
}

/* `*out` becomes x as contiguous rows of bytes or floats, one row having become a batch of one. */
static dg_status as_rows(const dg_learner *learner, const dg_tensor *x, dg_tensor *out)
{
    dg_tensor batch, typed;
    if (is_one_row(learner, x)) {
        DG_TRY(dg_tensor_reshape(&batch, x, 2, (int64_t[]){ 1, row_size(learner) }));
    } else {
        DG_TRY(dg_learner_check_rows(learner, x, "predict"));
        batch = dg_tensor_retain(x);
    }
    dg_status status = DG_OK;
    if (batch.dtype == DG_INT32)
        status = dg_tensor_astype(&typed, &batch, DG_FLOAT32);
    else
        typed = dg_tensor_retain(&batch);
    dg_tensor_release(&batch);
    DG_TRY(status);
    status = dg_tensor_contiguous(out, &typed);
    dg_tensor_release(&typed);
    return status;
}

/* --- fitting ------------------------------------------------------------------------------ */

static dg_status check_set(const dg_learner *learner, const dg_dataset *set, const char *who)
{
    if (dg_dataset_rows(set) == 0) return dg_error(DG_INVALID, "%s: the set has no rows", who);
    dg_target only = learner->type->target;
    if (set->target == DG_TARGET_NUMBERS && only != DG_TARGET_LABELS) return DG_OK;
    return dg_dataset_want_labels(set, who);
}

dg_status dg_learner_prepare(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                             const dg_dataset **out)
{
    dg_tensor x;
    *out = set;
    if (learner->preparation.count == 0) {
        dg_dataset_retain(set);
        return DG_OK;
    }
    *out = NULL;
    DG_TRY(dg_preparation_apply(&learner->preparation, &set->x, job, &x));
    dg_status status = dg_dataset_with(out, set, &(dg_dataset_parts){ .x = &x });
    dg_tensor_release(&x);
    return status;
}

/* A fit that goes on keeps the steps, which may be given again. */
static dg_status check_steps(const dg_learner *learner, const dg_fit_options *options)
{
    const dg_preparation *mine = &learner->preparation;
    bool same = options->steps == mine->count || options->steps == 0;
    for (int i = 0; same && i < options->steps; i++)
        same = dg_part_equal(options->step[i], mine->steps[i]->options);
    if (same) return DG_OK;
    return dg_error(DG_INVALID, "fit: the model goes on with the preparation that it was first "
                                "fitted with: leave out preparation, or say continue = false");
}

/* The type's fit on prepared rows. */
static dg_status fit_prepared(dg_learner *learner, const dg_dataset *set,
                              const dg_fit_options *options, const dg_job *job,
                              dg_fit_result *result)
{
    dg_fit_options own = *options;
    const dg_dataset *rows = NULL, *judged = NULL;
    dg_status status = dg_learner_prepare(learner, set, job, &rows);
    if (status == DG_OK && options->validation)
        status = dg_learner_prepare(learner, options->validation, job, &judged);
    own.validation = judged;
    if (status == DG_OK) status = learner->type->fit(learner, rows, &own, job, result);
    dg_dataset_release(rows);
    dg_dataset_release(judged);
    return status;
}

/* The same with steps that are fitted first. A fit that fails before the learner has changed leaves
 * it its old ones. */
static dg_status fit_anew(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                          const dg_job *job, dg_fit_result *result)
{
    dg_preparation before = learner->preparation, fresh = { 0 };
    if (options->steps)
        DG_TRY(dg_preparation_fit(&fresh, options->steps, options->step, &set->x, job));
    learner->preparation = fresh;
    learner->changed = false;
    dg_status status = fit_prepared(learner, set, options, job, result);
    if (status != DG_OK && !learner->changed) {
        learner->preparation = before;
        before = fresh;
    }
    dg_preparation_release(&before);
    return status;
}

dg_status dg_learner_fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                         const dg_job *job, dg_fit_result *result)
{
    double start = dg_clock();
    dg_job room;
    job = dg_job_or_default(job, &room);
    *result = (dg_fit_result){ 0 };
    if (learner->busy) return dg_error(DG_INVALID, "fit: this model is being fitted already");
    const dg_learner_type *type = learner->type;
    bool asked = options->resume == DG_RESUME_YES && learner->fitted;
    if (asked && !type->resumes && !type->resumes_if_asked)
        return dg_error(DG_INVALID, "fit: a %s always begins anew: leave out continue = true",
                        type->part.name);
    DG_TRY(check_set(learner, set, "fit"));
    if (set->weights.storage && !type->takes_weights)
        return dg_error(DG_INVALID,
                        "fit: the rows have weights, which a %s does not take: leave them out, "
                        "with set:with { weights = false }",
                        type->part.name);
    /* the rows that were taken from a set may all have the weight 0 */
    if (set->weights.storage) DG_TRY(dg_check_weights(&set->weights, "fit"));
    if (options->validation) DG_TRY(check_set(learner, options->validation, "fit: validation"));
    if (type->resumes || asked) { /* what begins anew may take rows of another shape */
        DG_TRY(dg_learner_check_rows(learner, &set->x, "fit"));
        if (options->validation)
            DG_TRY(dg_learner_check_rows(learner, &options->validation->x, "fit: validation"));
    }
    bool goes_on = learner->fitted && (type->resumes ? options->resume != DG_RESUME_NO : asked);
    if (goes_on) DG_TRY(check_steps(learner, options));
    learner->busy = true;
    dg_status status = (goes_on ? fit_prepared : fit_anew)(learner, set, options, job, result);
    learner->busy = false;
    if (!goes_on && learner->fitted && status != DG_INVALID)
        input_range(learner, &set->x, &learner->input_low, &learner->input_high);
    result->seconds = dg_clock() - start;
    return status;
}

/* --- predicting --------------------------------------------------------------------------- */

static dg_status outputs(const dg_learner *learner, const dg_tensor *x, bool prepared,
                         const dg_job *job, dg_tensor *out)
{
    dg_tensor rows, ready;
    dg_job room;
    job = dg_job_or_default(job, &room);
    *out = (dg_tensor){ 0 };
    if (!learner->fitted && learner->row.count == 0)
        return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(as_rows(learner, x, &rows));
    if (!prepared && learner->preparation.count) {
        dg_status status = dg_preparation_apply(&learner->preparation, &rows, job, &ready);
        dg_tensor_release(&rows);
        DG_TRY(status);
        rows = ready;
    }
    dg_status status = learner->type->predict_proba(learner, &rows, job, out);
    dg_tensor_release(&rows);
    return status;
}

dg_status dg_learner_outputs(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                             dg_tensor *out)
{
    return outputs(learner, x, false, job, out);
}

dg_status dg_learner_prepared_outputs(const dg_learner *learner, const dg_tensor *x,
                                      const dg_job *job, dg_tensor *out)
{
    return outputs(learner, x, true, job, out);
}

dg_status dg_learner_predict_proba(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                   dg_tensor *out)
{
    *out = (dg_tensor){ 0 };
    if (learner->target == DG_TARGET_NUMBERS)
        return dg_error(DG_INVALID, "predict_proba: the model predicts numbers, which have no "
                                    "probabilities: use predict");
    return dg_learner_outputs(learner, x, job, out);
}

dg_status dg_learner_predict(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                             dg_tensor *out)
{
    dg_tensor proba;
    *out = (dg_tensor){ 0 };
    if (learner->target == DG_TARGET_NONE)
        return dg_error(DG_INVALID, "predict: the model was never fitted, so its outputs have no "
                                    "labels yet: fit it, or use predict_proba");
    DG_TRY(dg_learner_outputs(learner, x, job, &proba));
    int64_t rows = proba.shape[0];
    bool numbers = learner->target == DG_TARGET_NUMBERS;
    dg_status status =
        numbers ? dg_tensor_reshape(out, &proba, 1, &rows) : dg_tensor_new(out, DG_INT32, 1, &rows);
    for (int64_t i = 0; status == DG_OK && !numbers && i < rows; i++) {
        const float *row = dg_floats(&proba) + i * learner->class_count;
        dg_int32s(out)[i] = learner->classes[dg_argmax(row, learner->class_count)];
    }
    dg_tensor_release(&proba);
    return status;
}

/* --- judging ------------------------------------------------------------------------------ */

dg_status dg_learner_evaluate_prepared(const dg_learner *learner, const dg_dataset *set,
                                       const dg_job *job, dg_scores *out)
{
    dg_tensor outputs = { 0 };
    bool kept = dg_learner_needs_outputs(learner);
    *out = (dg_scores){ .outputs = kept ? &outputs : NULL };
    dg_status status = learner->type->evaluate(learner, set, job, out);
    if (status == DG_OK && kept && !outputs.storage)
        status = dg_learner_prepared_outputs(learner, &set->x, job, &outputs);
    if (status == DG_OK && kept)
        status = dg_learner_judge(learner, dg_dataset_truth(set), &outputs, out->metric);
    dg_tensor_release(&outputs);
    out->outputs = NULL;
    return status;
}

dg_status dg_learner_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out)
{
    double start = dg_clock();
    dg_job room;
    job = dg_job_or_default(job, &room);
    *out = (dg_scores){ 0 };
    if (learner->target == DG_TARGET_NONE)
        return dg_error(DG_INVALID, "evaluate: the model was never fitted");
    DG_TRY(check_set(learner, set, "evaluate"));
    DG_TRY(dg_learner_check_rows(learner, &set->x, "evaluate"));
    const dg_dataset *rows;
    DG_TRY(dg_learner_prepare(learner, set, job, &rows));
    dg_status status = dg_learner_evaluate_prepared(learner, rows, job, out);
    dg_dataset_release(rows);
    out->seconds = dg_clock() - start;
    return status;
}

dg_status dg_learner_summary(const dg_learner *learner, char **out)
{
    return learner->type->summary(learner, out);
}

dg_status dg_learner_take_options(dg_learner *learner, const dg_learner *other)
{
    if (learner->type != other->type)
        return dg_error(DG_INVALID, "load: the file has a %s, the options are of a %s",
                        learner->type->part.name, other->type->part.name);
    if (learner->type->take_options) return learner->type->take_options(learner, other);
    return dg_error(DG_INVALID, "load: the file says with which options its model was made: "
                                "leave them out");
}

bool dg_learner_doubts(const dg_learner *learner, const dg_tensor *x, char *out, size_t size)
{
    return learner->type->doubts && learner->type->doubts(learner, x, out, size);
}
