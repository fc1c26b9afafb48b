/* Writing networks to files. engine/store/model_load.c reads them. */
#include "engine/store/model_file.h"

#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/model_json.h"
#include "engine/store/part_json.h"
#include "engine/store/safetensors.h"

/* --- the JSON text -------------------------------------------------------------------------- */

static dg_status add_object(cJSON *to, const char *name, cJSON **out)
{
    *out = cJSON_CreateObject();
    return dg_json_add(to, name, *out);
}

static dg_status add_list(cJSON *to, const char *name, cJSON **out)
{
    *out = cJSON_CreateArray();
    return dg_json_add(to, name, *out);
}

static dg_status add_layers(cJSON *root, const dg_model *model)
{
    cJSON *list, *object;
    DG_TRY(add_list(root, "layers", &list));
    for (int i = 0; i < model->layer_count; i++) {
        DG_TRY(add_object(list, NULL, &object));
        DG_TRY(dg_json_add(object, "name", cJSON_CreateString(model->layers[i].name)));
        DG_TRY(dg_part_to_json(object, model->layers[i].part));
    }
    return DG_OK;
}

static dg_status add_nodes(cJSON *root, const dg_model *model)
{
    cJSON *list, *object, *inputs;
    DG_TRY(add_list(root, "nodes", &list));
    for (int i = 0; i < model->node_count; i++) {
        const dg_node *node = &model->nodes[i];
        DG_TRY(add_object(list, NULL, &object));
        DG_TRY(dg_json_add(object, "layer", dg_json_integer(node->layer)));
        DG_TRY(add_list(object, "inputs", &inputs));
        for (int k = 0; k < node->inputs; k++)
            DG_TRY(dg_json_add(inputs, NULL, dg_json_integer(node->input[k])));
    }
    return dg_json_add(root, "output", dg_json_integer(model->output));
}

static dg_status add_recipe(cJSON *root, const dg_model *model)
{
    cJSON *object, *part;
    if (!model->optimizer) return dg_json_add(root, "compile", cJSON_CreateNull());
    DG_TRY(add_object(root, "compile", &object));
    DG_TRY(add_object(object, "optimizer", &part));
    DG_TRY(dg_part_to_json(part, model->optimizer));
    DG_TRY(add_object(object, "loss", &part));
    DG_TRY(dg_part_to_json(part, model->loss));
    DG_TRY(dg_json_add(object, "accuracy", cJSON_CreateBool(model->with_accuracy)));
    return dg_json_add(object, "epoch", dg_json_integer(model->epoch));
}

static dg_status add_classes(cJSON *root, const dg_model *model)
{
    cJSON *list;
    if (!model->base.classes) return dg_json_add(root, "classes", cJSON_CreateNull());
    DG_TRY(add_list(root, "classes", &list));
    for (int64_t i = 0; i < model->base.class_count; i++)
        DG_TRY(dg_json_add(list, NULL, dg_json_integer(model->base.classes[i])));
    if (!model->base.class_names) return DG_OK;
    DG_TRY(add_list(root, "class_names", &list));
    for (int64_t i = 0; i < model->base.class_count; i++)
        DG_TRY(dg_json_add(list, NULL, cJSON_CreateString(model->base.class_names[i])));
    return DG_OK;
}

static dg_status add_input_range(cJSON *root, const dg_model *model)
{
    cJSON *list;
    bool known = model->base.fitted && isfinite(model->base.input_low) && isfinite(model->base.input_high);
    if (!known) return dg_json_add(root, "input_range", cJSON_CreateNull());
    DG_TRY(add_list(root, "input_range", &list));
    DG_TRY(dg_json_add(list, NULL, dg_json_number((double)model->base.input_low)));
    return dg_json_add(list, NULL, dg_json_number((double)model->base.input_high));
}

static dg_status describe(cJSON *root, const dg_model *model)
{
    DG_TRY(dg_json_add(root, "format", dg_json_integer(DG_MODEL_FORMAT)));
    DG_TRY(dg_json_add(root, "kind", cJSON_CreateString("network")));
    DG_TRY(dg_json_add(root, "program", cJSON_CreateString("digits-lua " DIGITS_VERSION)));
    DG_TRY(add_layers(root, model));
    DG_TRY(add_nodes(root, model));
    DG_TRY(dg_json_add(root, "seed", dg_json_seed(model->base.seed)));
    DG_TRY(add_recipe(root, model));
    DG_TRY(add_classes(root, model));
    return add_input_range(root, model);
}

static dg_status model_text(char **out, const dg_model *model)
{
    cJSON *root = cJSON_CreateObject();
    DG_TRY(dg_json_made(root));
    dg_status status = describe(root, model);
    char *text = status == DG_OK ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (status == DG_OK) status = text ? dg_copy_text(out, text) : dg_json_made(NULL);
    cJSON_free(text);
    return status;
}

/* --- the file ------------------------------------------------------------------------------- */

static dg_status add_metadata(dg_tensor_file *file, const dg_model *model)
{
    enum { PAIRS = 1 };
    DG_TRY(dg_alloc_zero(&file->keys, PAIRS, sizeof *file->keys));
    DG_TRY(dg_alloc_zero(&file->values, PAIRS, sizeof *file->values));
    file->metadata_count = PAIRS;
    DG_TRY(dg_copy_text(&file->keys[0], DG_MODEL_KEY));
    return model_text(&file->values[0], model);
}

static dg_status add_weights(dg_tensor_file *file, const dg_model *model)
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

dg_status dg_model_save(const dg_model *model, const char *path)
{
    dg_tensor_file file = { 0 };
    if (model->output < 0)
        return dg_error(DG_INVALID, "cannot write %s: the model is not finished", path);
    dg_status status = add_metadata(&file, model);
    if (status == DG_OK) status = add_weights(&file, model);
    if (status == DG_OK) status = dg_tensor_file_write(&file, path);
    dg_tensor_file_release(&file);
    return status;
}
