/* Writing networks to files. engine/store/network_read.c reads them. */
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/learner_json.h"
#include "engine/store/part_json.h"

/* --- the JSON text -------------------------------------------------------------------------- */

static dg_status add_layers(cJSON *root, const dg_model *model)
{
    cJSON *list, *object;
    DG_TRY(dg_json_add_list(root, "layers", &list));
    for (int i = 0; i < model->layer_count; i++) {
        DG_TRY(dg_json_add_object(list, NULL, &object));
        DG_TRY(dg_json_add(object, "name", cJSON_CreateString(model->layers[i].name)));
        DG_TRY(dg_part_to_json(object, model->layers[i].part));
    }
    return DG_OK;
}

static dg_status add_nodes(cJSON *root, const dg_model *model)
{
    cJSON *list, *object, *inputs;
    DG_TRY(dg_json_add_list(root, "nodes", &list));
    for (int i = 0; i < model->node_count; i++) {
        const dg_node *node = &model->nodes[i];
        DG_TRY(dg_json_add_object(list, NULL, &object));
        DG_TRY(dg_json_add(object, "layer", dg_json_integer(node->layer)));
        DG_TRY(dg_json_add_list(object, "inputs", &inputs));
        for (int k = 0; k < node->inputs; k++)
            DG_TRY(dg_json_add(inputs, NULL, dg_json_integer(node->input[k])));
    }
    return dg_json_add(root, "output", dg_json_integer(model->output));
}

static dg_status add_recipe(cJSON *root, const dg_model *model)
{
    cJSON *object, *part;
    if (!model->optimizer) return dg_json_add(root, "compile", cJSON_CreateNull());
    DG_TRY(dg_json_add_object(root, "compile", &object));
    DG_TRY(dg_json_add_object(object, "optimizer", &part));
    DG_TRY(dg_part_to_json(part, model->optimizer));
    DG_TRY(dg_json_add_object(object, "loss", &part));
    DG_TRY(dg_part_to_json(part, model->loss));
    DG_TRY(dg_json_add(object, "accuracy", cJSON_CreateBool(model->with_accuracy)));
    return dg_json_add(object, "epoch", dg_json_integer(model->epoch));
}

dg_status dg_network_describe(cJSON *root, const dg_model *model)
{
    DG_TRY(add_layers(root, model));
    DG_TRY(add_nodes(root, model));
    const char *bytes = model->bytes == DG_BYTES_RAW ? "raw" : "scaled";
    DG_TRY(dg_json_add(root, "bytes", cJSON_CreateString(bytes)));
    if (model->base.numbers) DG_TRY(dg_json_add(root, "numbers", cJSON_CreateTrue()));
    return add_recipe(root, model);
}

/* --- tensors -------------------------------------------------------------------------------- */

dg_status dg_network_store(const dg_model *model, dg_tensor_file *file)
{
    DG_TRY(dg_alloc_zero(&file->tensors, model->weight_count, sizeof *file->tensors));
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        dg_named_tensor *named = &file->tensors[file->count++];
        DG_TRY(dg_copy_text(&named->name, weight->name));
        DG_TRY(dg_tensor_new(&named->tensor, DG_FLOAT32, weight->shape.count, weight->shape.at));
        memcpy(named->tensor.data, dg_model_weight(model, i), sizeof(float) * (size_t)weight->size);
    }
    return DG_OK;
}
