/* What the outputs of a network are to its loss. */
#include <stdio.h>

#include "engine/learner_metrics.h"
#include "engine/nn/activation.h"
#include "engine/nn/network.h"

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
    const dg_loss_type *type = model->loss ? (const dg_loss_type *)model->loss->type : NULL;
    bool unit = type && type->unit && activation != DG_HARD_SIGMOID;
    bool loss = type && (unit || type->target == DG_TARGET_LABELS) && activation != DG_SIGMOID;
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
             "expected activation = \"%s\"",
             what, word, model->layers[model->nodes[model->output].layer].name,
             dg_activation_names[activation],
             dg_activation_names[loss && unit ? DG_SIGMOID : DG_SOFTMAX]);
    return true;
}

double dg_model_penalty(const dg_model *model)
{
    double sum = 0;
    for (int i = 0; i < model->weight_count; i++)
        if (!model->weights[i].frozen)
            sum += dg_penalty(model->weights[i].regularizer, model->weights[i].size,
                              dg_model_weight(model, i), NULL);
    return sum;
}
