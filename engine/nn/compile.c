/* What a network is compiled with, and what follows from it. */
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/activation.h"
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
    int wanted = ((const dg_optimizer_type *)optimizer->type)->slots(optimizer->options);
    for (int i = 0; i < wanted; i++)
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

void dg_model_set_precision(dg_model *model, dg_product_precision precision)
{
    model->precision = precision;
}

dg_product_precision dg_model_trains_in(const dg_model *model)
{
    return dg_bfloat16() == DG_BFLOAT16_OFF ? DG_PRECISION_FLOAT32 : model->precision;
}

const char *dg_network_products(const dg_learner *learner)
{
    bool asked = ((const dg_model *)learner)->precision == DG_PRECISION_BFLOAT16;
    return asked ? dg_bfloat16_products() : NULL;
}

bool dg_model_lacks_precision(const dg_model *model, char *out, size_t size)
{
    if (dg_model_trains_in(model) == model->precision) return false;
    snprintf(out, size,
             "products in bfloat16 are not available here (they need the instructions AVX512_BF16 "
             "and kernels of the level x86-64-v4): the model is trained in float32");
    return true;
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

/* --- losses and outputs ------------------------------------------------------------------- */

int dg_node_activation(const dg_model *model, int node)
{
    const dg_layer_type *type = dg_node_type(model, node);
    const dg_layer *layer = &model->layers[model->nodes[node].layer];
    if (!type->has_activation) return -1;
    return *(const int *)((const char *)layer->part->options + type->activation_offset);
}

bool dg_model_fuses_loss(const dg_model *model)
{
    int fuses = model->loss ? ((const dg_loss_type *)model->loss->type)->fuses : -1;
    const dg_shape *row = &model->nodes[model->output].build.output;
    bool whole = row->count > 0 && row->at[row->count - 1] == dg_shape_size(row);
    return fuses >= 0 && whole && dg_node_activation(model, model->output) == fuses;
}

bool dg_model_warn_outputs(const dg_model *model, char *out, size_t size)
{
    const char *what = "the loss", *word = "";
    int activation = dg_node_activation(model, model->output);
    bool loss = model->loss &&
                ((const dg_loss_type *)model->loss->type)->target == DG_TARGET_LABELS &&
                activation != DG_SIGMOID;
    if (activation < 0 || activation == DG_SOFTMAX) return false;
    for (int i = 0; !loss && !*word && i < model->base.metric_count; i++) {
        const dg_metric *metric = &model->base.metrics[i];
        if (!metric->type || metric->type->of != DG_OF_PROBABILITIES) continue;
        what = "the metric ";
        word = metric->name;
    }
    if (!loss && !*word) return false;
    snprintf(out, size,
             "%s%s takes the outputs of '%s' as probabilities, but its activation is '%s': "
             "expected activation = \"softmax\"",
             what, word, model->layers[model->nodes[model->output].layer].name,
             dg_activation_names[activation]);
    return true;
}

double dg_model_penalty(const dg_model *model)
{
    double sum = 0;
    for (int i = 0; i < model->weight_count; i++)
        sum += dg_penalty(model->weights[i].regularizer, model->weights[i].size,
                          dg_model_weight(model, i), NULL);
    return sum;
}
