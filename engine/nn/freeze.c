/* Freezing the layers of a network, and weights that come from another one. */
#include <string.h>

#include "engine/nn/model.h"

/* Running averages of the weights, if the optimizer keeps them, begin with what these are now. */
static void begin_averages(dg_model *model, const dg_weight *weight)
{
    int slot = model->optimizer ? dg_optimizer_average(model->optimizer) : -1;
    if (slot >= 0)
        memcpy(model->slots[slot] + weight->offset, model->values + weight->offset,
               sizeof(float) * (size_t)weight->size);
}

dg_status dg_model_set_trainable(dg_model *model, int layer, bool trainable)
{
    dg_layer *which = &model->layers[layer];
    if (model->base.busy)
        return dg_error(DG_INVALID, "trainable cannot be set: the model is being fitted");
    which->frozen = !trainable;
    which->trainable = trainable ? which->learnable : 0;
    for (int i = 0; i < which->weights; i++) {
        dg_weight *weight = &model->weights[which->first_weight + i];
        bool frozen = weight->moves || which->frozen;
        if (weight->frozen && !frozen) begin_averages(model, weight);
        weight->frozen = frozen;
    }
    return DG_OK;
}

dg_status dg_model_copy_layer(dg_model *to, int layer, const dg_model *from, int from_layer)
{
    const dg_layer *source = &from->layers[from_layer], *target = &to->layers[layer];
    if (source->weights != target->weights)
        return dg_error(DG_INVALID, "layer '%s' has %d weights, expected %d", source->name,
                        source->weights, target->weights);
    for (int i = 0; i < source->weights; i++) {
        const dg_weight *a = &from->weights[source->first_weight + i];
        const dg_weight *b = &to->weights[target->first_weight + i];
        char has[160], wants[160];
        if (a->shape.count != b->shape.count ||
            memcmp(a->shape.at, b->shape.at, sizeof *a->shape.at * (size_t)a->shape.count) != 0)
            return dg_error(DG_INVALID, "%s has shape %s, expected %s", a->name,
                            dg_shape_text(a->shape.count, a->shape.at, has, sizeof has),
                            dg_shape_text(b->shape.count, b->shape.at, wants, sizeof wants));
    }
    for (int i = 0; i < source->weights; i++)
        memcpy(dg_model_change_weight(to, target->first_weight + i),
               dg_model_weight(from, source->first_weight + i),
               sizeof(float) * (size_t)from->weights[source->first_weight + i].size);
    return dg_model_set_trainable(to, layer, !source->frozen);
}
