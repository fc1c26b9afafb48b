/* Networks in model files (engine/store/learner_file.h). Their members of the JSON text are
 *   layers       [{"name", "type", "options", "defaults"}]: see part_json.h; and "trainable": false
 *                of those that are frozen
 *   nodes        [{"layer", "inputs"}]: uses of layers, counted from 0, inputs before uses
 *   output       the node whose output is the network's
 *   bytes        "raw" or "scaled" (value / 255): how it reads bytes
 *   numbers      true if its one output predicts a number; otherwise left out
 *   trained_in   ["float32", "bfloat16"] or one of the two: what fits have computed products in;
 *                left out where there was float32 alone, and nothing else asked for
 *   compile      null, or {"optimizer", "loss", "accuracy" or "metrics", "precision", "epoch"};
 *                accuracy: whether it is the only metric; metrics: their names, without functions;
 *                precision: "bfloat16", otherwise left out; epoch: the number of epochs done
 * and each weight is a tensor of its own, "layer.weight": "conv2d.kernel". */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/network.h"
#include "engine/store/json.h"
#include "engine/store/part_json.h"
#include "engine/store/safetensors.h"

/* With more, checks that compare each with each would take too long. */
enum { MOST_LAYERS = 10000, SHAPE_SIZE = 160, NAME_SIZE = sizeof((dg_weight *)0)->name + 16 };

/* A network in the making. */
struct network_loader {
    const dg_tensor_file *file; /* NULL: weights are left to others */
    const cJSON *root;
    dg_model *model;
    int weights_checked;
    int layer_count;
    const dg_part **layers; /* owned */
    const char **names;     /* borrowed; NULL once the layer is in the model */
    bool *frozen;
};

/* --- writing -------------------------------------------------------------------------------- */

static dg_status add_layers(cJSON *root, const dg_model *model)
{
    cJSON *list, *object;
    DG_TRY(dg_json_add_list(root, "layers", &list));
    for (int i = 0; i < model->layer_count; i++) {
        DG_TRY(dg_json_add_object(list, NULL, &object));
        DG_TRY(dg_json_add(object, "name", cJSON_CreateString(model->layers[i].name)));
        DG_TRY(dg_part_to_json(object, model->layers[i].part));
        if (model->layers[i].frozen) DG_TRY(dg_json_add(object, "trainable", cJSON_CreateFalse()));
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

/* Functions are left out. Accuracy alone, or no metric, is written in the form that earlier
 * programs read. */
static dg_status add_metrics(cJSON *object, const dg_learner *learner)
{
    cJSON *list;
    int named = 0, accuracy = 0;
    for (int i = 0; i < learner->metric_count; i++) {
        named += learner->metrics[i].type != NULL;
        accuracy += learner->metrics[i].type && strcmp(learner->metrics[i].name, "accuracy") == 0;
    }
    if (named == accuracy) return dg_json_add(object, "accuracy", cJSON_CreateBool(accuracy > 0));
    DG_TRY(dg_json_add_list(object, "metrics", &list));
    for (int i = 0; i < learner->metric_count; i++)
        if (learner->metrics[i].type)
            DG_TRY(dg_json_add(list, NULL, cJSON_CreateString(learner->metrics[i].name)));
    return DG_OK;
}

static dg_status add_precisions(cJSON *root, const dg_model *model)
{
    cJSON *list;
    if (model->precision == DG_PRECISION_FLOAT32 && !model->trained_in[DG_PRECISION_BFLOAT16])
        return DG_OK;
    DG_TRY(dg_json_add_list(root, "trained_in", &list));
    for (int i = 0; dg_precision_names[i]; i++)
        if (model->trained_in[i])
            DG_TRY(dg_json_add(list, NULL, cJSON_CreateString(dg_precision_names[i])));
    return DG_OK;
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
    DG_TRY(add_metrics(object, &model->base));
    if (model->precision != DG_PRECISION_FLOAT32)
        DG_TRY(dg_json_add(object, "precision",
                           cJSON_CreateString(dg_precision_names[model->precision])));
    return dg_json_add(object, "epoch", dg_json_integer(model->epoch));
}

dg_status dg_network_describe(const dg_learner *learner, cJSON *root)
{
    const dg_model *model = (const dg_model *)learner;
    if (model->output < 0) return dg_error(DG_INVALID, "the model is not finished");
    DG_TRY(add_layers(root, model));
    DG_TRY(add_nodes(root, model));
    const char *bytes = model->bytes == DG_BYTES_RAW ? "raw" : "scaled";
    DG_TRY(dg_json_add(root, "bytes", cJSON_CreateString(bytes)));
    if (model->base.target == DG_TARGET_NUMBERS)
        DG_TRY(dg_json_add(root, "numbers", cJSON_CreateTrue()));
    DG_TRY(add_precisions(root, model));
    return add_recipe(root, model);
}

/* "conv2d.kernel", or "conv2d.kernel/1". */
static const char *value_name(const dg_weight *weight, int number, char *out, size_t size)
{
    if (number == 0) return weight->name;
    snprintf(out, size, "%s/%d", weight->name, number);
    return out;
}

dg_status dg_network_put_values(const dg_model *model, const float *values, int number,
                                dg_tensor_file *file)
{
    char name[NAME_SIZE];
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        DG_CLEANUP(dg_tensor_release) dg_tensor copy = { 0 };
        DG_TRY(dg_tensor_new(&copy, DG_FLOAT32, weight->shape.count, weight->shape.at));
        memcpy(copy.data, values + weight->offset, sizeof(float) * (size_t)weight->size);
        DG_TRY(dg_tensor_file_add(file, value_name(weight, number, name, sizeof name), &copy));
    }
    return DG_OK;
}

dg_status dg_network_get_values(const dg_model *model, float *values, int number,
                                const dg_tensor_file *file)
{
    char name[NAME_SIZE];
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        dg_tensor found;
        DG_TRY(dg_tensor_file_want_as(file, value_name(weight, number, name, sizeof name),
                                      DG_FLOAT32, weight->shape.count, weight->shape.at, &found));
        memcpy(values + weight->offset, found.data, sizeof(float) * (size_t)weight->size);
    }
    return DG_OK;
}

dg_status dg_network_store(const dg_learner *learner, dg_tensor_file *file)
{
    const dg_model *model = (const dg_model *)learner;
    return dg_network_put_values(model, model->values, 0, file);
}

/* --- layers --------------------------------------------------------------------------------- */

static dg_status read_count(const cJSON *list, const char *what, int *out)
{
    *out = cJSON_GetArraySize(list);
    if (*out >= 1 && *out <= MOST_LAYERS) return DG_OK;
    return dg_error(DG_FORMAT, "has %d %s, expected 1 to %d", *out, what, MOST_LAYERS);
}

static dg_status read_frozen(const cJSON *layer, bool *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(layer, "trainable");
    if (item) DG_TRY(dg_json_member(layer, "trainable", cJSON_True | cJSON_False, &item));
    *out = cJSON_IsFalse(item);
    return DG_OK;
}

static dg_status read_layers(struct network_loader *load)
{
    const cJSON *list, *item, *name;
    int count;
    DG_TRY(dg_json_member(load->root, "layers", cJSON_Array, &list));
    DG_TRY(read_count(list, "layers", &count));
    DG_TRY(dg_alloc_zero(&load->layers, count, sizeof *load->layers));
    DG_TRY(dg_alloc_zero(&load->names, count, sizeof *load->names));
    DG_TRY(dg_alloc_zero(&load->frozen, count, sizeof *load->frozen));
    cJSON_ArrayForEach(item, list)
    {
        int i = load->layer_count++;
        dg_status status = dg_part_from_json(&load->layers[i], "layer", item);
        if (status == DG_OK) status = dg_json_member(item, "name", cJSON_String, &name);
        if (status != DG_OK) return dg_error_context(status, "layer %d", i + 1);
        load->names[i] = name->valuestring;
        DG_TRY(read_frozen(item, &load->frozen[i]));
    }
    return DG_OK;
}

/* --- weights -------------------------------------------------------------------------------- */

/* Checks the weights of the newest layer before memory is allocated for them: a network cannot ask
 * for more than the file has. */
static dg_status check_weights(struct network_loader *load)
{
    for (; load->weights_checked < load->model->weight_count; load->weights_checked++) {
        const dg_weight *weight = &load->model->weights[load->weights_checked];
        const dg_tensor *tensor = dg_tensor_file_find(load->file, weight->name);
        char expected[SHAPE_SIZE], found[SHAPE_SIZE];
        dg_shape_text(weight->shape.count, weight->shape.at, expected, sizeof expected);
        if (!tensor)
            return dg_error(DG_FORMAT, "has no tensor '%s' of shape %s, which its layers need",
                            weight->name, expected);
        if (tensor->dtype != DG_FLOAT32)
            return dg_error(DG_FORMAT, "tensor '%s' must be float32, found %s", weight->name,
                            dg_dtype_name(tensor->dtype));
        if (tensor->axes != weight->shape.count ||
            memcmp(tensor->shape, weight->shape.at, sizeof(int64_t) * (size_t)tensor->axes) != 0)
            return dg_error(DG_FORMAT, "tensor '%s' has shape %s, its layer needs %s", weight->name,
                            dg_shape_text(tensor->axes, tensor->shape, found, sizeof found),
                            expected);
    }
    return DG_OK;
}

static dg_status check_no_more(const struct network_loader *load)
{
    const dg_model *model = load->model;
    for (int i = 0; i < load->file->count; i++) {
        const char *name = load->file->tensors[i].name;
        int w = 0;
        while (w < model->weight_count && strcmp(model->weights[w].name, name) != 0) w++;
        if (w == model->weight_count)
            return dg_error(DG_FORMAT, "has a tensor '%.100s', which none of its layers needs",
                            name);
    }
    return DG_OK;
}

/* --- the graph ------------------------------------------------------------------------------ */

static dg_status add_node(struct network_loader *load, const cJSON *item)
{
    const cJSON *layer, *inputs, *input;
    int64_t index, from;
    int count = 0, node, before[DG_MAX_INPUTS];
    if (!cJSON_IsObject(item))
        return dg_error(DG_FORMAT, "must be an object, found %s", dg_json_kind(item));
    DG_TRY(dg_json_member(item, "layer", cJSON_Number, &layer));
    DG_TRY(dg_json_whole(layer, "'layer'", 0, load->layer_count - 1, &index));
    DG_TRY(dg_json_member(item, "inputs", cJSON_Array, &inputs));
    cJSON_ArrayForEach(input, inputs)
    {
        if (count == DG_MAX_INPUTS)
            return dg_error(DG_FORMAT, "has more than %d inputs", DG_MAX_INPUTS);
        DG_TRY(dg_json_whole(input, "each of 'inputs'", 0, MOST_LAYERS, &from));
        before[count++] = (int)from;
    }
    DG_TRY(dg_as_format_error(
        dg_model_add(load->model, load->layers[index], count, before, load->names[index], &node)));
    load->names[index] = NULL;
    int added = load->model->nodes[node].layer;
    if (load->frozen[index]) DG_TRY(dg_model_set_trainable(load->model, added, false));
    return load->file ? check_weights(load) : DG_OK;
}

/* How the network reads bytes. Files that do not say so are older: there a Rescaling had to be the
 * first layer to read bytes unscaled. */
static dg_status read_bytes(struct network_loader *load)
{
    dg_model *model = load->model;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(load->root, "bytes");
    const char *word = cJSON_IsString(item) ? item->valuestring : "";
    if (item && strcmp(word, "raw") != 0 && strcmp(word, "scaled") != 0)
        return dg_error(DG_FORMAT, "'bytes' must be \"raw\" or \"scaled\"");
    model->bytes = strcmp(word, "raw") == 0 ? DG_BYTES_RAW : DG_BYTES_SCALED;
    for (int i = 1; !item && i < model->node_count; i++) {
        const dg_part *part = model->layers[model->nodes[i].layer].part;
        const dg_layer_type *type = (const dg_layer_type *)part->type;
        if (model->nodes[i].input[0] == 0 && (type->flags & DG_LAYER_SCALES_BYTES))
            model->bytes = DG_BYTES_RAW;
    }
    return DG_OK;
}

static dg_status read_graph(struct network_loader *load)
{
    const cJSON *list, *item, *output;
    int count, done = 0;
    int64_t last;
    DG_TRY(dg_json_member(load->root, "nodes", cJSON_Array, &list));
    DG_TRY(read_count(list, "nodes", &count));
    cJSON_ArrayForEach(item, list)
    {
        dg_status status = add_node(load, item);
        if (status != DG_OK) return dg_error_context(status, "node %d", done);
        done++;
    }
    for (int i = 0; i < load->layer_count; i++)
        if (load->names[i])
            return dg_error(DG_FORMAT, "layer '%.100s' is used by no node", load->names[i]);
    if (load->file)
        DG_TRY(check_no_more(load));
    else
        load->model->value_count = 0;
    DG_TRY(dg_json_member(load->root, "output", cJSON_Number, &output));
    DG_TRY(dg_json_whole(output, "'output'", 0, count - 1, &last));
    DG_TRY(read_bytes(load));
    return dg_as_format_error(dg_model_close(load->model, (int)last));
}

/* --- the rest ------------------------------------------------------------------------------- */

static dg_status read_part(const cJSON *recipe, const char *kind, const dg_part **out)
{
    const cJSON *item;
    DG_TRY(dg_json_member(recipe, kind, cJSON_Object, &item));
    return dg_part_from_json(out, kind, item);
}

static dg_status read_metrics(const cJSON *recipe, dg_metric *metrics, int *count)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(recipe, "metrics"), *item;
    *count = 0;
    if (!list) {
        DG_TRY(dg_json_member(recipe, "accuracy", cJSON_True | cJSON_False, &item));
        if (!cJSON_IsTrue(item)) return DG_OK;
        return dg_metric_find(&metrics[(*count)++], "accuracy");
    }
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > DG_MAX_METRICS)
        return dg_error(DG_FORMAT, "'metrics' is not a list of at most %d names", DG_MAX_METRICS);
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item)) return dg_error(DG_FORMAT, "each of 'metrics' must be a name");
        DG_TRY(dg_as_format_error(dg_metric_find(&metrics[(*count)++], item->valuestring)));
    }
    return DG_OK;
}

static dg_status read_precision(const cJSON *item, const char *what, dg_product_precision *out)
{
    *out = DG_PRECISION_FLOAT32;
    if (!item) return DG_OK;
    for (int i = 0; cJSON_IsString(item) && dg_precision_names[i]; i++) {
        *out = (dg_product_precision)i;
        if (strcmp(item->valuestring, dg_precision_names[i]) == 0) return DG_OK;
    }
    return dg_error(DG_FORMAT, "%s must be \"float32\" or \"bfloat16\"", what);
}

static dg_status read_precisions(const struct network_loader *load)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(load->root, "trained_in"), *item;
    dg_product_precision precision;
    if (list && !cJSON_IsArray(list))
        return dg_error(DG_FORMAT, "'trained_in' must be a list, found %s", dg_json_kind(list));
    cJSON_ArrayForEach(item, list)
    {
        DG_TRY(read_precision(item, "each of 'trained_in'", &precision));
        load->model->trained_in[precision] = true;
    }
    return DG_OK;
}

static dg_status compile_model(struct network_loader *load, const cJSON *recipe,
                               const dg_part **optimizer, const dg_part **loss)
{
    dg_metric metrics[DG_MAX_METRICS];
    const cJSON *epoch, *precision = cJSON_GetObjectItemCaseSensitive(recipe, "precision");
    dg_product_precision asked;
    int64_t epochs;
    int count;
    DG_TRY(read_part(recipe, "optimizer", optimizer));
    DG_TRY(read_part(recipe, "loss", loss));
    DG_TRY(read_metrics(recipe, metrics, &count));
    DG_TRY(dg_json_member(recipe, "epoch", cJSON_Number, &epoch));
    DG_TRY(dg_json_whole(epoch, "'epoch'", 0, INT64_MAX, &epochs));
    DG_TRY(dg_as_format_error(dg_model_compile(load->model, *optimizer, *loss, count, metrics)));
    load->model->epoch = epochs;
    DG_TRY(read_precision(precision, "'precision'", &asked));
    dg_model_set_precision(load->model, asked);
    return DG_OK;
}

static dg_status read_recipe(struct network_loader *load)
{
    const cJSON *recipe;
    const dg_part *optimizer = NULL, *loss = NULL;
    DG_TRY(dg_json_member(load->root, "compile", cJSON_Object | cJSON_NULL, &recipe));
    if (cJSON_IsNull(recipe)) return DG_OK;
    dg_status status = compile_model(load, recipe, &optimizer, &loss);
    dg_part_release(optimizer);
    dg_part_release(loss);
    return status == DG_OK ? DG_OK : dg_error_context(status, "'compile'");
}

/* --- all of it ------------------------------------------------------------------------------ */

/* The labels of its outputs, which have been read. */
static dg_status check_classes(const dg_model *model, const cJSON *root)
{
    const cJSON *numbers = cJSON_GetObjectItemCaseSensitive(root, "numbers");
    int64_t outputs = dg_model_width(model);
    if (model->base.classes && model->base.class_count != outputs)
        return dg_error(DG_FORMAT,
                        "'classes' has %" PRId64 " labels, the model has %" PRId64 " outputs",
                        model->base.class_count, outputs);
    if (numbers && !cJSON_IsBool(numbers))
        return dg_error(DG_FORMAT, "'numbers' must be true or false, found %s",
                        dg_json_kind(numbers));
    if (cJSON_IsTrue(numbers) && (model->base.classes || outputs != 1))
        return dg_error(DG_FORMAT, "'numbers' is only for models with one output and no classes");
    return DG_OK;
}

static dg_status read_rest(struct network_loader *load)
{
    DG_TRY(read_recipe(load));
    DG_TRY(read_precisions(load));
    DG_TRY(check_classes(load->model, load->root));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(load->root, "numbers")))
        load->model->base.target = DG_TARGET_NUMBERS;
    return DG_OK;
}

static void release(struct network_loader *load)
{
    for (int i = 0; i < load->layer_count; i++) dg_part_release(load->layers[i]);
    dg_free(load->layers);
    dg_free(load->names);
    dg_free(load->frozen);
}

dg_status dg_network_restore(dg_learner *learner, const cJSON *root, const dg_tensor_file *file)
{
    DG_CLEANUP(release)
    struct network_loader load = { .file = file, .root = root, .model = (dg_model *)learner };
    DG_TRY(read_layers(&load));
    DG_TRY(read_graph(&load));
    DG_TRY(dg_network_get_values(load.model, load.model->values, 0, file));
    load.model->changes++;
    return read_rest(&load);
}

dg_status dg_network_restore_graph(dg_model *model, const cJSON *root)
{
    DG_CLEANUP(release) struct network_loader load = { .root = root, .model = model };
    DG_TRY(read_layers(&load));
    return read_graph(&load);
}

dg_status dg_network_restore_rest(dg_model *model, const cJSON *root)
{
    return read_rest(&(struct network_loader){ .root = root, .model = model });
}
