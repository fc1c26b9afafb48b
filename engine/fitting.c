#include "engine/fitting.h"

#include <inttypes.h>
#include <math.h>

#include "engine/base/math64.h"
#include "engine/base/memory.h"

/* --- checks ------------------------------------------------------------------------------- */

dg_status dg_check_validation(const dg_dataset *set, const dg_dataset *validation,
                              const dg_learner *known, dg_target target, bool holes,
                              const dg_job *job)
{
    if (!validation) return DG_OK;
    if (dg_dataset_row_size(validation) != dg_dataset_row_size(set))
        return dg_error(DG_INVALID,
                        "fit: the rows of the set have %" PRId64
                        " values, those of the validation set have %" PRId64,
                        dg_dataset_row_size(set), dg_dataset_row_size(validation));
    if (target == DG_TARGET_LABELS) {
        dg_learner same = { .classes = set->classes, .class_count = set->class_count };
        DG_OWNED int32_t *map = NULL;
        DG_TRY(dg_learner_map_classes(&map, known ? known : &same, validation, "fit: validation"));
    }
    return dg_check_finite(&validation->x, holes, "fit: validation", job);
}

/* --- from the set ------------------------------------------------------------------------- */

dg_status dg_learner_adopt(dg_learner *learner, const dg_dataset *set, dg_target target)
{
    learner->row.count = 0;
    learner->changed = true;
    for (int i = 1; i < set->x.axes; i++) learner->row.at[learner->row.count++] = set->x.shape[i];
    if (learner->row.count == 0) learner->row.at[learner->row.count++] = 1;
    dg_learner_free_classes(learner);
    if (target == DG_TARGET_LABELS) return dg_learner_adopt_classes(learner, set);
    learner->target = target;
    return DG_OK;
}

dg_status dg_learner_positions(int32_t **out, const dg_learner *learner, const dg_dataset *set,
                               const char *who)
{
    int64_t rows = dg_dataset_rows(set);
    DG_OWNED int32_t *map = NULL;
    *out = NULL;
    DG_TRY(dg_learner_map_classes(&map, learner, set, who));
    DG_TRY(dg_alloc(out, rows, sizeof **out));
    for (int64_t i = 0; i < rows; i++) (*out)[i] = map[dg_int32s(&set->positions)[i]];
    return DG_OK;
}

dg_status dg_dataset_numbers(float **out, const dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(set);
    DG_TRY(dg_alloc(out, rows, sizeof **out));
    for (int64_t i = 0; i < rows; i++) (*out)[i] = dg_dataset_number(set, i);
    return DG_OK;
}

/* --- judging ------------------------------------------------------------------------------ */

void dg_judge_outputs(const dg_learner *learner, const float *outputs, int64_t rows,
                      const int32_t *positions, const float *numbers, dg_scores *out)
{
    int64_t classes = learner->class_count, correct = 0;
    double loss = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (classes == 0) {
            double error = (double)outputs[i] - (double)numbers[i];
            loss += error * error;
            continue;
        }
        const float *proba = outputs + i * classes;
        loss -= dg_log64(fmax((double)proba[positions[i]], 1e-16)); /* as XGBoost */
        correct += dg_argmax(proba, classes) == positions[i];
    }
    *out = (dg_scores){ .loss = loss / (double)rows,
                        .has_accuracy = classes > 0,
                        .accuracy = (double)correct / (double)rows };
}

dg_status dg_evaluate_outputs(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out)
{
    DG_OWNED_TENSOR outputs = { 0 };
    DG_OWNED int32_t *positions = NULL;
    DG_OWNED float *numbers = NULL;
    if (learner->target == DG_TARGET_NUMBERS)
        DG_TRY(dg_dataset_numbers(&numbers, set));
    else
        DG_TRY(dg_learner_positions(&positions, learner, set, "evaluate"));
    DG_TRY(dg_learner_prepared_outputs(learner, &set->x, job, &outputs));
    dg_judge_outputs(learner, dg_floats(&outputs), outputs.shape[0], positions, numbers, out);
    return DG_OK;
}

dg_status dg_finish_whole_fit(const dg_learner *learner, const dg_fit_options *options,
                              const dg_job *job, dg_log *log)
{
    dg_scores scores;
    bool stop = false;
    if (options->validation) {
        DG_TRY(dg_evaluate_outputs(learner, options->validation, job, &scores));
        dg_log_add(log, "val_loss", scores.loss);
        if (scores.has_accuracy) dg_log_add(log, "val_accuracy", scores.accuracy);
    }
    return options->on_epoch ? options->on_epoch(options->context, log, &stop) : DG_OK;
}

/* --- in words ----------------------------------------------------------------------------- */

void dg_describe_learner(const dg_learner *learner, dg_text *text)
{
    int64_t values = dg_learner_row_size(learner), classes = learner->class_count;
    dg_text_add(text, "%s", learner->type->part.name);
    if (!learner->fitted)
        dg_text_add(text, ", not fitted");
    else if (classes)
        dg_text_add(text, ": rows of %" PRId64 " values, classifies into %" PRId64 " class%s",
                    values, classes, classes == 1 ? "" : "es");
    else
        dg_text_add(text, ": rows of %" PRId64 " values, predicts numbers", values);
}

/* --- weights of classes ------------------------------------------------------------------- */

void dg_balance_classes(double *out, int64_t classes, const double *counts)
{
    double sum = 0;
    int64_t occurring = 0;
    for (int64_t c = 0; c < classes; c++) {
        sum += counts[c];
        occurring += counts[c] > 0;
    }
    for (int64_t c = 0; c < classes; c++)
        out[c] = counts[c] > 0 ? sum / ((double)occurring * counts[c]) : 1;
}

dg_status dg_class_weights(double *out, const dg_one_of *by_class, int64_t classes,
                           const int32_t *labels, const double *counts)
{
    if (by_class->type == DG_VALUE_TEXT) {
        dg_balance_classes(out, classes, counts);
        return DG_OK;
    }
    for (int64_t c = 0; c < classes; c++) out[c] = 1;
    for (int64_t i = 0; i < by_class->map.count; i++) {
        int64_t c = 0;
        while (c < classes && labels[c] != by_class->map.at[i].label) c++;
        if (c == classes)
            return dg_error(DG_INVALID,
                            "fit: class_weight has the label %" PRId64
                            ", which is not a class of the set",
                            by_class->map.at[i].label);
        out[c] = by_class->map.at[i].number;
    }
    return DG_OK;
}
