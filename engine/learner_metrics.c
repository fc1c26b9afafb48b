/* Metrics of learners. */
#include "engine/learner_metrics.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"

/* Names of a history or a log that are not scores. */
static const char *const taken[] = { "loss",          "seconds",       "epoch",  "epochs",
                                     "batch",         "round",         "rounds", "batches",
                                     "step",          "best_epoch",    "unit",   "best_round",
                                     "total_seconds", "stopped_early", NULL };

static bool is_taken(const char *name)
{
    for (int i = 0; taken[i]; i++)
        if (strcmp(taken[i], name) == 0) return true;
    return strncmp(name, "val_", 4) == 0;
}

dg_status dg_learner_set_metrics(dg_learner *learner, int count, const dg_metric *metrics)
{
    dg_metric *copy;
    if (count > DG_MAX_METRICS)
        return dg_error(DG_INVALID, "there may be %d metrics at most, found %d", DG_MAX_METRICS,
                        count);
    for (int i = 0; i < count; i++) {
        if (is_taken(metrics[i].name))
            return dg_error(DG_INVALID, "a metric cannot be named '%s'", metrics[i].name);
        for (int j = 0; j < i; j++)
            if (strcmp(metrics[i].name, metrics[j].name) == 0)
                return dg_error(DG_INVALID, "there are two metrics named '%s'", metrics[i].name);
    }
    DG_TRY(dg_alloc(&copy, count, sizeof *copy));
    if (count) memcpy(copy, metrics, (size_t)count * sizeof *copy);
    dg_free(learner->metrics);
    learner->metrics = copy;
    learner->metric_count = count;
    return DG_OK;
}

bool dg_learner_has_accuracy(const dg_learner *learner)
{
    for (int i = 0; i < learner->metric_count; i++)
        if (learner->metrics[i].type == &dg_accuracy) return true;
    return false;
}

bool dg_learner_needs_outputs(const dg_learner *learner)
{
    return learner->metric_count > dg_learner_has_accuracy(learner);
}

bool dg_learner_wants_labels(const dg_learner *learner)
{
    for (int i = 0; i < learner->metric_count; i++)
        if (dg_metric_target(&learner->metrics[i]) == DG_TARGET_LABELS) return true;
    return false;
}

dg_status dg_learner_check_metrics(const dg_learner *learner, dg_target target, const char *who)
{
    for (int i = 0; i < learner->metric_count; i++) {
        const dg_metric *metric = &learner->metrics[i];
        dg_target wanted = dg_metric_target(metric);
        char fix[DG_METRIC_NAME_SIZE + 40];
        if (wanted == DG_TARGET_NONE || wanted == target) continue;
        snprintf(fix, sizeof fix, "compile without metrics = { \"%s\" }", metric->name);
        return dg_target_error(who, metric->name, target, fix);
    }
    return DG_OK;
}

static dg_status judge_one(const dg_learner *learner, int place, const dg_tensor *truth,
                           const dg_tensor *outputs, double *out)
{
    const dg_metric *metric = &learner->metrics[place];
    bool numbers = learner->target == DG_TARGET_NUMBERS;
    const dg_predictions predictions = { .numbers = numbers ? outputs : NULL,
                                         .probabilities = numbers ? NULL : outputs,
                                         .class_count = learner->class_count,
                                         .classes = learner->classes };
    if (metric->type) {
        dg_status status = dg_metric_score(out, metric, truth, &predictions);
        return status == DG_OK ? DG_OK
                               : dg_error(status, "%s: %s", metric->name, dg_error_message());
    }
    if (!learner->ask)
        return dg_error(DG_INVALID, "the metric %s is a function, which cannot be called here",
                        metric->name);
    return learner->ask(learner->ask_context, place, truth, outputs, out);
}

dg_status dg_learner_judge(const dg_learner *learner, const dg_tensor *truth,
                           const dg_tensor *outputs, double *out)
{
    DG_OWNED_TENSOR flat = { 0 };
    int64_t rows = outputs->shape[0];
    if (learner->target == DG_TARGET_NUMBERS)
        DG_TRY(dg_tensor_reshape(&flat, outputs, 1, &rows));
    else
        flat = dg_tensor_retain(outputs);
    for (int i = 0; i < learner->metric_count; i++)
        if (learner->metrics[i].type != &dg_accuracy)
            DG_TRY(judge_one(learner, i, truth, &flat, &out[i]));
    return DG_OK;
}

void dg_log_add_metrics(dg_log *log, const dg_learner *learner, bool validation, double accuracy,
                        const double *values)
{
    for (int i = 0; i < learner->metric_count; i++) {
        const dg_metric *metric = &learner->metrics[i];
        const char *name = validation ? metric->val_name : metric->val_name + 4;
        if (metric->type == &dg_accuracy)
            dg_log_add(log, name, accuracy);
        else if (values)
            dg_log_add(log, name, values[i]);
    }
}

void dg_learner_score_names(const dg_learner *learner, dg_target target, const char **out)
{
    int count = 0;
    bool hits = !learner->type->compiled && target != DG_TARGET_NUMBERS;
    for (int validation = 0; validation < 2; validation++) {
        out[count++] = validation ? "val_loss" : "loss";
        if (hits) out[count++] = validation ? "val_accuracy" : "accuracy";
        for (int i = 0; i < learner->metric_count; i++)
            out[count++] = learner->metrics[i].val_name + (validation ? 0 : 4);
    }
    out[count] = NULL;
}
