/* How the labels or numbers of a set become what the outputs of a network should be. */
#include "engine/nn/truth.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/base/memory.h"
#include "engine/fitting.h"
#include "engine/learner_metrics.h"

static bool classifies(const dg_model *model)
{
    return model->loss && ((const dg_loss_type *)model->loss->type)->target == DG_TARGET_LABELS;
}

static dg_status check_loss(const dg_model *model, const char *who)
{
    if (!classifies(model)) return DG_OK;
    char loss[80];
    snprintf(loss, sizeof loss, "the loss %s", model->loss->type->name);
    return dg_target_error(who, loss, DG_TARGET_NUMBERS,
                           "compile with loss = \"mean_squared_error\", or give integers as labels "
                           "(y:astype \"int32\")");
}

/* Probabilities cannot be compared with other numbers. */
static dg_status check_unit(const dg_model *model, const dg_dataset *set, const char *who)
{
    if (!model->loss || !((const dg_loss_type *)model->loss->type)->unit) return DG_OK;
    for (int64_t i = 0; i < dg_dataset_rows(set); i++) {
        double number = (double)dg_dataset_number(set, i);
        if (number >= 0 && number <= 1) continue;
        return dg_error(DG_INVALID,
                        "%s: the loss %s compares a single output with numbers or labels from 0 "
                        "to 1, found %.6g",
                        who, model->loss->type->name, number);
    }
    return DG_OK;
}

static dg_status check_numbers(const dg_model *model, const char *who)
{
    DG_TRY(check_loss(model, who));
    if (dg_model_width(model) != 1)
        return dg_error(DG_INVALID,
                        "%s: the set has one number per row, but the model has %" PRId64
                        " outputs: the last layer should be nn.Dense { 1 }",
                        who, dg_model_width(model));
    return DG_OK;
}

static dg_status adopt_classes(dg_model *model, const dg_dataset *set, const char *who)
{
    int64_t width = dg_model_width(model);
    bool same = set->class_count == width;
    bool within = set->class_count < width && set->class_count > 0 && set->classes[0] >= 0 &&
                  set->classes[set->class_count - 1] < width;
    if (!same && !within)
        return dg_error(DG_INVALID,
                        "%s: the model has %" PRId64 " output%s, the set has %" PRId64
                        " classes (labels %d to %d): the last layer should be nn.Dense { %" PRId64
                        ", activation = \"softmax\" }",
                        who, width, width == 1 ? "" : "s", set->class_count, set->classes[0],
                        set->classes[set->class_count - 1], set->class_count);
    if (same) return dg_learner_adopt_classes(&model->base, set);
    DG_TRY(dg_alloc(&model->base.classes, width, sizeof *model->base.classes));
    for (int64_t i = 0; i < width; i++) model->base.classes[i] = (int32_t)i;
    model->base.class_count = width;
    model->base.target = DG_TARGET_LABELS;
    return DG_OK;
}

dg_status dg_model_adopt_target(dg_model *model, const dg_dataset *set, const char *who)
{
    dg_learner *learner = &model->base;
    if (learner->target == DG_TARGET_LABELS) return DG_OK;
    bool numbers = learner->target == DG_TARGET_NUMBERS || set->target == DG_TARGET_NUMBERS;
    if (numbers) DG_TRY(check_numbers(model, who));
    numbers |=
        dg_model_width(model) == 1 && !classifies(model) && !dg_learner_wants_labels(learner);
    if (!numbers) return adopt_classes(model, set, who);
    learner->target = DG_TARGET_NUMBERS;
    return DG_OK;
}

void dg_model_forget_target(dg_model *model)
{
    dg_learner_free_classes(&model->base);
}

dg_status dg_truth_map_of(dg_truth_map *out, const dg_model *model, const dg_dataset *set,
                          const char *who)
{
    *out = (dg_truth_map){ .set = set };
    DG_TRY(dg_learner_check_metrics(&model->base, model->base.target, who));
    if (model->base.target == DG_TARGET_NUMBERS) {
        DG_TRY(check_loss(model, who));
        return check_unit(model, set, who);
    }
    return dg_learner_map_classes(&out->output_of, &model->base, set, who);
}

static double weight_of_row(const dg_dataset *set, int64_t row)
{
    return set->weights.storage ? (double)dg_floats(&set->weights)[row] : 1;
}

/* `out`: all zero. */
static dg_status weigh_classes(const dg_truth_map *map, const dg_model *model,
                               const dg_one_of *class_weight, double *out)
{
    int64_t classes = model->base.class_count;
    for (int64_t i = 0; i < dg_dataset_rows(map->set); i++)
        out[map->output_of[dg_int32s(&map->set->positions)[i]]] += weight_of_row(map->set, i);
    return dg_class_weights(out, class_weight, classes, model->base.classes, out);
}

dg_status dg_truth_map_weigh(dg_truth_map *map, const dg_model *model,
                             const dg_one_of *class_weight, const char *who)
{
    DG_OWNED double *weights = NULL;
    int64_t rows = dg_dataset_rows(map->set);
    bool by_class = class_weight->type != DG_VALUE_NIL;
    if (by_class && !map->output_of)
        return dg_error(DG_INVALID,
                        "%s: class_weight is for labels, and the model predicts numbers", who);
    if (!by_class && !map->set->weights.storage) return DG_OK;
    DG_TRY(dg_alloc_zero(&weights, by_class ? model->base.class_count : 1, sizeof *weights));
    if (by_class) DG_TRY(weigh_classes(map, model, class_weight, weights));
    DG_TRY(dg_alloc(&map->weights, rows, sizeof *map->weights));
    for (int64_t i = 0; i < rows; i++) {
        double weight = weight_of_row(map->set, i);
        if (by_class) weight *= weights[map->output_of[dg_int32s(&map->set->positions)[i]]];
        map->weights[i] = (float)weight;
    }
    return DG_OK;
}

void dg_truth_map_release(dg_truth_map *map)
{
    dg_free(map->weights);
    dg_free(map->output_of);
    *map = (dg_truth_map){ 0 };
}

dg_truth dg_truth_of_rows(const dg_truth_map *map, const int64_t *rows, int64_t first,
                          int64_t count, dg_truth_row *room)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t row = rows ? rows[first + i] : first + i;
        if (map->output_of)
            room[i].position = map->output_of[dg_int32s(&map->set->positions)[row]];
        else
            room[i].target = dg_dataset_number(map->set, row);
    }
    dg_truth truth = { .targets = map->output_of ? NULL : &room->target,
                       .positions = map->output_of ? &room->position : NULL };
    if (!map->weights) return truth;
    truth.weights = &room[count].weight;
    for (int64_t i = 0; i < count; i++)
        room[count + i].weight = map->weights[rows ? rows[first + i] : first + i];
    return truth;
}
