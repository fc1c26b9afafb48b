/* Metrics by name, and what they are computed from. */
#include "engine/metrics/metric.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/metrics/labels.h"

/* --- names -------------------------------------------------------------------------------- */

static const dg_metric_type *type_of(const dg_descriptor *part)
{
    return strcmp(part->kind, "metric") == 0 ? (const dg_metric_type *)part : NULL;
}

void dg_metric_set_name(dg_metric *metric, const char *name)
{
    snprintf(metric->name, sizeof metric->name, "%s", name);
    snprintf(metric->val_name, sizeof metric->val_name, "val_%s", metric->name);
}

static void set_defaults(dg_metric *metric, const dg_metric_type *type, const char *name)
{
    dg_part part;
    *metric = (dg_metric){ .type = type };
    dg_part_open(&part, &type->part, metric->options);
    dg_metric_set_name(metric, name);
}

/* The first option of a type if it is of this type. */
static const dg_param *first_option(const dg_metric_type *type, dg_param_type wanted)
{
    const dg_param *param = type->part.params;
    return param && param->name && param->type == wanted ? param : NULL;
}

static bool gives_one(const dg_metric *metric)
{
    return !metric->type->by_label || !metric->type->by_label(metric->options);
}

/* Whether `name` is that of the type and "_macro" or another choice of its first option. */
static bool find_choice(dg_metric *out, const dg_metric_type *type, const char *name)
{
    const dg_param *param = first_option(type, DG_TYPE_CHOICE);
    size_t letters = strlen(type->part.name);
    if (!param || strncmp(name, type->part.name, letters) != 0 || name[letters] != '_')
        return false;
    dg_value word = { .type = DG_VALUE_TEXT, .text = name + letters + 1 };
    set_defaults(out, type, name);
    if (dg_param_check(name, param, &word) != DG_OK) return false;
    dg_param_put(param, &word, out->options);
    return gives_one(out);
}

/* Whether `name` is that of the type with a number in place of "k". */
static bool find_number(dg_metric *out, const dg_metric_type *type, const char *name)
{
    const dg_param *param = first_option(type, DG_TYPE_INT);
    const char *k = param ? strstr(type->part.name, "_k_") : NULL;
    size_t before = k ? (size_t)(k - type->part.name) + 1 : 0;
    dg_value number = { .type = DG_VALUE_INT };
    if (!k || strncmp(name, type->part.name, before) != 0) return false;
    const char *at = name + before;
    for (; *at >= '0' && *at <= '9' && number.integer < INT32_MAX; at++)
        number.integer = 10 * number.integer + *at - '0';
    if (strcmp(at, k + 2) != 0 || dg_param_check(name, param, &number) != DG_OK) return false;
    set_defaults(out, type, name);
    dg_param_put(param, &number, out->options);
    return true;
}

bool dg_metric_name(int index, char *out)
{
    dg_metric metric;
    for (int i = 0; dg_registry[i]; i++) {
        const dg_metric_type *type = type_of(dg_registry[i]);
        if (!type) continue;
        snprintf(out, DG_METRIC_NAME_SIZE, "%s", type->part.name);
        if (index-- == 0) return true;
        const dg_param *param = first_option(type, DG_TYPE_CHOICE);
        for (int word = 0; param && param->choices[word]; word++) {
            snprintf(out, DG_METRIC_NAME_SIZE, "%s_%s", type->part.name, param->choices[word]);
            if (find_choice(&metric, type, out) && index-- == 0) return true;
        }
    }
    return false;
}

static dg_status unknown(const char *name)
{
    enum { MOST = 128 };
    char names[MOST][DG_METRIC_NAME_SIZE];
    const char *all[MOST] = { "loss", "top_5_accuracy" };
    int count = 2;
    dg_text text = { 0 };
    char *list;
    for (int i = 0; count < MOST && dg_metric_name(i, names[count]); i++) {
        dg_text_add(&text, "%s%s", i ? ", " : "", names[count]);
        all[count] = names[count];
        count++;
    }
    const dg_descriptor *ours = dg_find_peer("metric", name);
    const char *near = ours ? NULL : dg_nearest(name, all, count);
    DG_TRY(dg_text_take(&text, &list));
    if (ours)
        dg_error(DG_INVALID, "unknown metric '%.100s': here it is '%s'", name, ours->name);
    else if (near)
        dg_error(DG_INVALID, "unknown metric '%.100s', did you mean '%s'?", name, near);
    else
        dg_error(DG_INVALID, "unknown metric '%.100s', expected one of %s", name, list);
    dg_free(list);
    return DG_INVALID;
}

dg_status dg_metric_find(dg_metric *out, const char *name)
{
    for (int i = 0; dg_registry[i]; i++) {
        const dg_metric_type *type = type_of(dg_registry[i]);
        if (!type) continue;
        const char *alias = type->part.alias;
        if (strcmp(type->part.name, name) == 0 || (alias && strcmp(alias, name) == 0)) {
            set_defaults(out, type, type->part.name);
            return DG_OK;
        }
        if (strlen(name) >= DG_METRIC_NAME_SIZE) continue;
        if (find_choice(out, type, name) || find_number(out, type, name)) return DG_OK;
    }
    *out = (dg_metric){ 0 };
    return unknown(name);
}

bool dg_metric_takes_probabilities(const dg_metric_type *type)
{
    return type->of == DG_OF_SCORES || type->of == DG_OF_PROBABILITIES;
}

dg_target dg_metric_target(const dg_metric *metric)
{
    return metric->type ? metric->type->target : DG_TARGET_NONE;
}

/* --- what is judged ----------------------------------------------------------------------- */

static dg_status read_labels(dg_judged *out, const dg_metric_type *type, const dg_tensor *truth,
                             const dg_predictions *p)
{
    if (!p->labels && !p->probabilities)
        return dg_error(DG_INVALID, "%s needs labels, found numbers", type->part.name);
    out->labels[0] = dg_tensor_retain(truth);
    if (p->probabilities)
        DG_TRY(
            dg_probabilities_labels(&out->labels[1], p->probabilities, p->class_count, p->classes));
    else
        out->labels[1] = dg_tensor_retain(p->labels);
    DG_TRY(dg_labels_check(truth, "truth", &out->labels[1], "predicted"));
    out->truth = dg_int32s(&out->labels[0]);
    out->predicted = dg_int32s(&out->labels[1]);
    if (type->of == DG_OF_LABELS) return DG_OK;
    return dg_confusion_new(&out->confusion, truth, &out->labels[1], p->listed_count, p->listed);
}

static dg_status read_probabilities(dg_judged *out, const dg_metric_type *type,
                                    const dg_tensor *truth, const dg_predictions *p)
{
    if (!p->probabilities)
        return dg_error(DG_INVALID, "%s needs probabilities {rows, classes}, found %s",
                        type->part.name, p->labels ? "labels" : "numbers");
    out->classes = p->classes;
    return dg_probabilities_new(&out->probabilities, truth, p->probabilities, p->class_count,
                                p->classes,
                                type->of == DG_OF_SCORES ? DG_SCORES_ANY : DG_SCORES_PROBABILITIES);
}

dg_status dg_judged_new(dg_judged *out, const dg_metric_type *type, const dg_tensor *truth,
                        const dg_predictions *predictions)
{
    *out = (dg_judged){ .rows = truth->axes > 0 ? truth->shape[0] : 0 };
    dg_status status = type->target == DG_TARGET_NUMBERS
                           ? dg_numbers_read(&out->true_numbers, &out->predicted_numbers, truth,
                                             predictions->numbers)
                       : dg_metric_takes_probabilities(type)
                           ? read_probabilities(out, type, truth, predictions)
                           : read_labels(out, type, truth, predictions);
    if (status != DG_OK) dg_judged_free(out);
    return status;
}

void dg_judged_free(dg_judged *judged)
{
    dg_tensor_release(&judged->labels[0]);
    dg_tensor_release(&judged->labels[1]);
    dg_confusion_free(&judged->confusion);
    dg_probabilities_free(&judged->probabilities);
    dg_free(judged->true_numbers);
    dg_free(judged->predicted_numbers);
    *judged = (dg_judged){ 0 };
}

/* --- computing ---------------------------------------------------------------------------- */

dg_status dg_metric_compute(double *out, const dg_metric *metric, const dg_judged *judged)
{
    DG_OWNED double *values = NULL;
    *out = 0;
    if (!metric->type->by_row) return metric->type->compute(metric->options, judged, out);
    DG_TRY(dg_alloc(&values, judged->rows, sizeof *values));
    DG_TRY(metric->type->compute(metric->options, judged, values));
    *out = dg_numpy_sum(values, judged->rows) / (double)judged->rows;
    return DG_OK;
}

dg_status dg_metric_score(double *out, const dg_metric *metric, const dg_tensor *truth,
                          const dg_predictions *predictions)
{
    DG_CLEANUP(dg_judged_free) dg_judged judged = { 0 };
    *out = 0;
    DG_TRY(dg_judged_new(&judged, metric->type, truth, predictions));
    return dg_metric_compute(out, metric, &judged);
}
