/* A quantised network in words. */
#include <inttypes.h>

#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/nn/network.h"
#include "engine/nn/quantized/internal.h"

int64_t dg_quantized_weight_bytes(const dg_learner *learner)
{
    const dg_quantized *q = (const dg_quantized *)learner;
    const dg_model *model = &q->model;
    int64_t bytes = 0;
    for (int layer = 0; layer < model->layer_count; layer++) {
        bool product = q->weights[layer].scale != NULL, floats = dg_quantized_has_floats(q, layer);
        for (int i = 0; i < model->layers[layer].weights && floats; i++)
            bytes += model->weights[model->layers[layer].first_weight + i].size * 4;
        for (int i = 0; i < model->node_count && product; i++) {
            if (model->nodes[i].layer != layer) continue;
            bytes +=
                (dg_int8_depth(model, i) + 2 * (int64_t)sizeof(float)) * dg_int8_channels(model, i);
            product = false;
        }
    }
    return bytes;
}

/* "int8: conv2d, dense", of layers that compute. */
static void add_layers(dg_text *text, const dg_quantized *q, bool floats)
{
    int count = 0;
    for (int i = 1; i < q->model.node_count; i++) {
        const dg_int8_node *node = &q->nodes[i];
        if (node->role == DG_INT8_VIEW || (node->role == DG_INT8_FLOATS) != floats) continue;
        dg_text_add(text, "%s%s",
                    count++  ? ", "
                    : floats ? "\nfloat32: "
                             : "\nint8: ",
                    q->model.layers[q->model.nodes[i].layer].name);
    }
}

dg_status dg_quantized_summary(const dg_learner *learner, char **out)
{
    const dg_quantized *q = (const dg_quantized *)learner;
    DG_OWNED char *table = NULL;
    dg_text text = { 0 };
    int64_t parameters = 0;
    DG_TRY(dg_network_summary(learner, &table));
    for (int i = 0; i < q->model.layer_count; i++) parameters += q->model.layers[i].parameters;
    dg_text_add(&text, "%s\nprecision: int8 (%" PRId64 " bytes of weights, float32: %" PRId64 ")",
                table, dg_quantized_weight_bytes(learner), 4 * parameters);
    add_layers(&text, q, false);
    add_layers(&text, q, true);
    return dg_text_take(&text, out);
}
