/* What a network is compiled with. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/network.h"

/* --- the recipe --------------------------------------------------------------------------- */

void dg_model_forget_recipe(dg_model *model)
{
    dg_part_release(model->optimizer);
    dg_part_release(model->loss);
    model->optimizer = model->loss = NULL;
    for (int i = 0; i < DG_MAX_SLOTS; i++) {
        dg_free(model->slots[i]);
        model->slots[i] = NULL;
    }
}

static dg_status expect_kind(const dg_part *part, const char *kind)
{
    if (strcmp(part->type->kind, kind) == 0) return DG_OK;
    return dg_error(DG_INVALID, "compile: expected %s %s, found the %s %s", dg_article(kind), kind,
                    part->type->kind, part->type->name);
}

/* The slots of an optimizer, all zero. */
struct slots {
    float *at[DG_MAX_SLOTS];
};

static void free_slots(struct slots *slots)
{
    for (int i = 0; i < DG_MAX_SLOTS; i++) dg_free(slots->at[i]);
}

static dg_status make_slots(struct slots *slots, const dg_part *optimizer, int64_t count)
{
    for (int i = 0; i < dg_optimizer_slots(optimizer); i++)
        DG_TRY(dg_alloc_zero(&slots->at[i], count, sizeof *slots->at[i]));
    return DG_OK;
}

dg_status dg_model_compile(dg_model *model, const dg_part *optimizer, const dg_part *loss,
                           int metric_count, const dg_metric *metrics)
{
    DG_CLEANUP(free_slots) struct slots slots = { 0 };
    DG_TRY(expect_kind(optimizer, "optimizer"));
    DG_TRY(expect_kind(loss, "loss"));
    if (model->base.busy) return dg_error(DG_INVALID, "compile: this model is being fitted");
    if (model->output < 0) return dg_error(DG_INVALID, "compile: the model is not finished");
    DG_TRY(make_slots(&slots, optimizer, model->value_count));
    dg_status status = dg_learner_set_metrics(&model->base, metric_count, metrics);
    if (status != DG_OK) return dg_error_context(status, "compile");
    dg_model_forget_recipe(model);
    memcpy(model->slots, slots.at, sizeof slots.at);
    slots = (struct slots){ 0 };
    model->optimizer = dg_part_retain(optimizer);
    model->loss = dg_part_retain(loss);
    dg_model_forget_predictor(model); /* its plans have room for what the former loss needs */
    model->step = model->epoch = 0;
    model->precision = DG_PRECISION_FLOAT32;
    return DG_OK;
}

dg_status dg_model_set_learning_rate(dg_model *model, const dg_value *rate)
{
    dg_part *changed;
    if (!model->optimizer) return dg_error(DG_INVALID, "the model is not compiled");
    DG_TRY(dg_part_with(&changed, model->optimizer, "learning_rate", rate));
    dg_part_release(model->optimizer);
    model->optimizer = changed;
    return DG_OK;
}

void dg_model_restart(dg_model *model)
{
    for (int i = 0; i < DG_MAX_SLOTS; i++)
        if (model->slots[i])
            memset(model->slots[i], 0, (size_t)model->value_count * sizeof *model->slots[i]);
    model->step = model->epoch = 0;
    memset(model->trained_in, 0, sizeof model->trained_in);
    dg_model_initialize(model, model->base.seed);
}
