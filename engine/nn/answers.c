#include "engine/nn/answers.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"

static bool classifies(const dg_model *model)
{
    return model->loss && ((const dg_loss_type *)model->loss->type)->target == DG_TARGET_LABELS;
}

static int64_t width_of(const dg_model *model)
{
    return dg_shape_size(&model->nodes[model->output].build.output);
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

static dg_status check_numbers(const dg_model *model, const char *who)
{
    DG_TRY(check_loss(model, who));
    if (width_of(model) != 1)
        return dg_error(DG_INVALID,
                        "%s: the set has one number per row, but the model has %" PRId64
                        " outputs: the last layer should be nn.Dense { 1 }",
                        who, width_of(model));
    return DG_OK;
}

static dg_status adopt_classes(dg_model *model, const dg_dataset *set, const char *who)
{
    int64_t width = width_of(model);
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

dg_status dg_answers_adopt(dg_model *model, const dg_dataset *set, const char *who)
{
    dg_learner *learner = &model->base;
    if (learner->target == DG_TARGET_LABELS) return DG_OK;
    bool numbers = learner->target == DG_TARGET_NUMBERS || set->target == DG_TARGET_NUMBERS;
    if (numbers) DG_TRY(check_numbers(model, who));
    numbers |= width_of(model) == 1 && !classifies(model) && !dg_learner_wants_labels(learner);
    if (!numbers) return adopt_classes(model, set, who);
    learner->target = DG_TARGET_NUMBERS;
    return DG_OK;
}

void dg_answers_disown(dg_model *model)
{
    dg_learner_free_classes(&model->base);
}

dg_status dg_answers_of(dg_answers *out, const dg_model *model, const dg_dataset *set,
                        const char *who)
{
    *out = (dg_answers){ .set = set };
    DG_TRY(dg_learner_check_metrics(&model->base, model->base.target, who));
    if (model->base.target == DG_TARGET_NUMBERS) return check_loss(model, who);
    return dg_learner_map_classes(&out->map, &model->base, set, who);
}

dg_truth dg_answers_take(const dg_answers *answers, const int64_t *rows, int64_t first,
                         int64_t count, dg_answer *room)
{
    const dg_dataset *set = answers->set;
    for (int64_t i = 0; i < count; i++) {
        int64_t row = rows ? rows[first + i] : first + i;
        if (answers->map)
            room[i].position = answers->map[dg_int32s(&set->positions)[row]];
        else
            room[i].target = dg_dataset_number(set, row);
    }
    dg_truth truth = { 0 };
    if (answers->map)
        truth.positions = &room->position;
    else
        truth.targets = &room->target;
    return truth;
}
