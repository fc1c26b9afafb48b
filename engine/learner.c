/* What can be done with any learner. */
#include "engine/learner.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/store/recipe.h"

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
    dg_recipe_free(learner->recipe);
    if (learner->type->free) learner->type->free(learner);
    dg_free(learner);
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

/* A class that the set lists but no row has may be unknown. */
static dg_status check_known(const dg_learner *learner, const dg_dataset *set, const int32_t *map,
                             const char *who)
{
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t i = 0; i < dg_dataset_rows(set); i++)
        if (map[positions[i]] < 0)
            return dg_error(DG_INVALID,
                            "%s: row %" PRId64 " has the label %d, which is not one of the %" PRId64
                            " classes that the model was fitted on (%d to %d)",
                            who, i + 1, set->classes[positions[i]], learner->class_count,
                            learner->classes[0], learner->classes[learner->class_count - 1]);
    return DG_OK;
}

dg_status dg_learner_map_classes(int32_t **out, const dg_learner *learner, const dg_dataset *set,
                                 const char *who)
{
    DG_OWNED int32_t *map = NULL;
    bool known = true;
    *out = NULL;
    DG_TRY(dg_dataset_want_labels(set, who));
    DG_TRY(dg_alloc(&map, set->class_count, sizeof *map));
    for (int64_t i = 0; i < set->class_count; i++) {
        map[i] = find_class(learner, set->classes[i]);
        known &= map[i] >= 0;
    }
    if (!known) DG_TRY(check_known(learner, set, map, who));
    *out = DG_TAKE(map);
    return DG_OK;
}

/* --- ranges ------------------------------------------------------------------------------- */

DG_KERNEL(void, byte_range, (const uint8_t *x, int64_t count, float *low, float *high),
          (x, count, low, high))
{
    uint8_t least = 255, most = 0;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

DG_KERNEL(void, float_range, (const float *x, int64_t count, float *low, float *high),
          (x, count, low, high))
{
    float least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

DG_KERNEL(void, int_range, (const int32_t *x, int64_t count, float *low, float *high),
          (x, count, low, high))
{
    int32_t least = INT32_MAX, most = INT32_MIN;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = (float)least;
    *high = (float)most;
}

/* What bytes are divided by; a preparation makes floats of them first. */
static float byte_scale(const dg_learner *learner)
{
    bool scales = learner->type->byte_scale && learner->preparation.count == 0;
    return scales ? learner->type->byte_scale(learner) : 1;
}

/* The least and the greatest value of x as the learner sees it; NaN is skipped. */
static void range_of(const dg_learner *learner, const dg_tensor *x, float *low, float *high)
{
    int64_t count = dg_tensor_count(x);
    *low = *high = 0;
    if (count == 0) return;
    if (x->dtype == DG_UINT8) {
        float scale = byte_scale(learner);
        byte_range(dg_bytes(x), count, low, high);
        *low /= scale;
        *high /= scale;
    } else if (x->dtype == DG_INT32) {
        int_range(dg_int32s(x), count, low, high);
    } else {
        float_range(dg_floats(x), count, low, high);
    }
}

void dg_learner_note_range(dg_learner *learner, const dg_tensor *x)
{
    range_of(learner, x, &learner->input_low, &learner->input_high);
}

bool dg_learner_range_differs(const dg_learner *learner, const dg_tensor *x, char *out, size_t size)
{
    float low, high;
    enum { FACTOR = 16 }; /* a picture may be dark; 255 against 1 is another scale */
    if (!learner->fitted || !dg_tensor_is_contiguous(x)) return false;
    range_of(learner, x, &low, &high);
    if (!(low <= high)) return false; /* nothing but NaN */
    float now = fmaxf(fabsf(low), fabsf(high));
    float then = fmaxf(fabsf(learner->input_low), fabsf(learner->input_high));
    if (now == 0 || then == 0 || (now <= FACTOR * then && then <= FACTOR * now)) return false;
    float scale = byte_scale(learner);
    char itself[96] = "";
    if (scale != 1)
        snprintf(itself, sizeof itself, " (a %s divides data of dtype uint8 by %g itself)",
                 learner->type->part.name, (double)scale);
    snprintf(out, size,
             "the data has values from %g to %g, but the model was fitted on values from %g to %g: "
             "scale both alike%s",
             (double)low, (double)high, (double)learner->input_low, (double)learner->input_high,
             itself);
    return true;
}

/* --- rows --------------------------------------------------------------------------------- */

int64_t dg_learner_row_size(const dg_learner *learner)
{
    int64_t size = 1;
    for (int i = 0; i < learner->row.count; i++) size *= learner->row.at[i];
    return size;
}

dg_status dg_learner_check_rows(const dg_learner *learner, const dg_tensor *x, const char *who)
{
    int64_t wanted = dg_learner_row_size(learner), found = 1;
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
    return learner->row.count > 0 && x->axes > 0 &&
           dg_tensor_count(x) == dg_learner_row_size(learner);
}

/* `*out` becomes x as contiguous rows of bytes or floats; one row has become a batch of one. */
static dg_status as_rows(const dg_learner *learner, const dg_tensor *x, dg_tensor *out)
{
    DG_OWNED_TENSOR batch = { 0 };
    DG_OWNED_TENSOR typed = { 0 };
    if (is_one_row(learner, x)) {
        DG_TRY(dg_tensor_reshape(&batch, x, 2, (int64_t[]){ 1, dg_learner_row_size(learner) }));
    } else {
        DG_TRY(dg_learner_check_rows(learner, x, "predict"));
        batch = dg_tensor_retain(x);
    }
    if (batch.dtype != DG_INT32) return dg_tensor_contiguous(out, &batch);
    DG_TRY(dg_tensor_astype(&typed, &batch, DG_FLOAT32));
    return dg_tensor_contiguous(out, &typed);
}

/* --- predicting --------------------------------------------------------------------------- */

/* `*out` (release it) becomes x as the type's functions take it. */
static dg_status ready_rows(const dg_learner *learner, const dg_tensor *x, bool prepared,
                            const dg_job *job, dg_tensor *out)
{
    DG_OWNED_TENSOR rows = { 0 };
    if (!learner->fitted && learner->row.count == 0)
        return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(as_rows(learner, x, &rows));
    if (!prepared && learner->preparation.count > 0)
        return dg_preparation_apply(&learner->preparation, &rows, job, out);
    *out = DG_TAKE(rows);
    return DG_OK;
}

static dg_status outputs(const dg_learner *learner, const dg_tensor *x, bool prepared,
                         const dg_job *job, dg_tensor *out)
{
    DG_OWNED_TENSOR rows = { 0 };
    dg_job room;
    job = dg_job_or_default(job, &room);
    *out = (dg_tensor){ 0 };
    DG_TRY(ready_rows(learner, x, prepared, job, &rows));
    return learner->type->predict_proba(learner, &rows, job, out);
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

/* `*out` becomes {n} int32: each row's place among the classes. */
static dg_status predict_columns(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                 dg_tensor *out)
{
    DG_OWNED_TENSOR rows = { 0 };
    dg_job room;
    job = dg_job_or_default(job, &room);
    DG_TRY(ready_rows(learner, x, false, job, &rows));
    DG_TRY(dg_tensor_new(out, DG_INT32, 1, rows.shape));
    dg_status status = learner->type->predict_columns(learner, &rows, job, dg_int32s(out));
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

/* Places among the classes become labels. */
static void name_labels(const dg_learner *learner, dg_tensor *places)
{
    int32_t *label = dg_int32s(places);
    for (int64_t i = 0; i < places->shape[0]; i++) label[i] = learner->classes[label[i]];
}

dg_status dg_learner_decide(const dg_learner *learner, const dg_tensor *outputs, dg_tensor *out)
{
    int64_t rows = outputs->shape[0], width = learner->class_count;
    if (learner->target == DG_TARGET_NUMBERS) return dg_tensor_reshape(out, outputs, 1, &rows);
    DG_TRY(dg_tensor_new(out, DG_INT32, 1, &rows));
    for (int64_t i = 0; i < rows; i++)
        dg_int32s(out)[i] = (int32_t)dg_argmax(dg_floats(outputs) + i * width, width);
    name_labels(learner, out);
    return DG_OK;
}

dg_status dg_learner_predict(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                             dg_tensor *out)
{
    DG_OWNED_TENSOR outputs = { 0 };
    *out = (dg_tensor){ 0 };
    if (learner->target == DG_TARGET_NONE)
        return dg_error(DG_INVALID, "predict: the model was never fitted, so its outputs have no "
                                    "labels yet: fit it, or use predict_proba");
    if (learner->target == DG_TARGET_LABELS && learner->type->predict_columns) {
        DG_TRY(predict_columns(learner, x, job, out));
        name_labels(learner, out);
        return DG_OK;
    }
    DG_TRY(dg_learner_outputs(learner, x, job, &outputs));
    return dg_learner_decide(learner, &outputs, out);
}

/* --- the rest ----------------------------------------------------------------------------- */

dg_status dg_learner_summary(const dg_learner *learner, char **out)
{
    return learner->type->summary(learner, out);
}

dg_status dg_learner_take_options(dg_learner *learner, const dg_learner *other)
{
    if (learner->type != other->type)
        return dg_error(DG_INVALID, "load: the file contains a %s, but the options are for a %s",
                        learner->type->part.name, other->type->part.name);
    if (learner->type->take_options) return learner->type->take_options(learner, other);
    return dg_error(DG_INVALID, "load: the file contains the options that its model was made with: "
                                "leave them out");
}

bool dg_learner_doubts(const dg_learner *learner, const dg_tensor *x, char *out, size_t size)
{
    return learner->type->doubts && learner->type->doubts(learner, x, out, size);
}
