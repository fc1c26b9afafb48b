/* Quantised networks in model files. Beside the members of networks (engine/nn/store.c) the JSON
 * text has
 *   precision    "int8"
 *   penalty      that of the network that it was made from, a part of its loss
 * and the tensors are those that engine/nn/quantized/quantized.h names. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/network.h"
#include "engine/nn/quantized/internal.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

enum { NAME_SIZE = 96 };

static const char activations[] = "activations";

static const char *name_of(const dg_quantized *q, int layer, const char *what, char *out)
{
    snprintf(out, NAME_SIZE, "%s.%s", q->model.layers[layer].name, what);
    return out;
}

/* The first node that multiplies by the weights of a layer, or -1. */
static int product_of(const dg_quantized *q, int layer)
{
    for (int i = 0; i < q->model.node_count; i++)
        if (q->model.nodes[i].layer == layer && q->nodes[i].role == DG_INT8_PRODUCT) return i;
    return -1;
}

/* --- writing -------------------------------------------------------------------------------- */

dg_status dg_quantized_describe(const dg_learner *learner, cJSON *root)
{
    const dg_quantized *q = (const dg_quantized *)learner;
    DG_TRY(dg_network_describe(learner, root));
    DG_TRY(dg_json_add(root, "precision", cJSON_CreateString("int8")));
    return dg_json_add(root, "penalty", dg_json_number(q->penalty));
}

static dg_status add_floats(dg_tensor_file *file, const char *name, const dg_shape *shape,
                            const float *values)
{
    DG_OWNED_TENSOR tensor = { 0 };
    DG_TRY(dg_tensor_new(&tensor, DG_FLOAT32, shape->count, shape->at));
    memcpy(tensor.data, values, (size_t)dg_shape_size(shape) * sizeof *values);
    return dg_tensor_file_add(file, name, &tensor);
}

static dg_status add_product(const dg_quantized *q, int layer, int node, dg_tensor_file *file)
{
    char name[NAME_SIZE];
    const dg_shape *shape = &q->model.nodes[node].build.weight[0].shape;
    const dg_shape channels = { 1, { dg_int8_channels(&q->model, node) } };
    DG_OWNED_TENSOR kernel = { 0 };
    DG_TRY(dg_tensor_new(&kernel, DG_UINT8, shape->count, shape->at));
    dg_factor8_values(&q->nodes[node].kernel, kernel.data);
    DG_TRY(dg_tensor_file_add_int8(file, name_of(q, layer, "kernel", name), &kernel));
    DG_TRY(add_floats(file, name_of(q, layer, "scale", name), &channels, q->weights[layer].scale));
    return add_floats(file, name_of(q, layer, "bias", name), &channels, q->weights[layer].bias);
}

dg_status dg_quantized_store(const dg_learner *learner, dg_tensor_file *file)
{
    const dg_quantized *q = (const dg_quantized *)learner;
    const dg_model *model = &q->model;
    const dg_shape shape = { 2, { model->node_count, 2 } };
    for (int i = 0; i < model->layer_count; i++) {
        int node = product_of(q, i);
        if (node >= 0) DG_TRY(add_product(q, i, node, file));
    }
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        if (dg_quantized_has_floats(q, weight->layer))
            DG_TRY(add_floats(file, weight->name, &weight->shape, dg_model_weight(model, i)));
    }
    DG_OWNED float *scales = NULL;
    DG_TRY(dg_alloc(&scales, 2 * model->node_count, sizeof *scales));
    for (int i = 0; i < model->node_count; i++) {
        scales[2 * i] = q->nodes[i].scale;
        scales[2 * i + 1] = (float)q->nodes[i].zero;
    }
    return add_floats(file, activations, &shape, scales);
}

/* --- reading -------------------------------------------------------------------------------- */

struct quantized_loader {
    dg_quantized *q;
    const dg_tensor_file *file;
    int known; /* tensors that have been asked for */
};

static dg_status read_floats(struct quantized_loader *load, const char *name, const dg_shape *shape,
                             float *out)
{
    dg_tensor found;
    load->known++;
    DG_TRY(dg_tensor_file_want_as(load->file, name, DG_FLOAT32, shape->count, shape->at, &found));
    for (int64_t i = 0; i < dg_shape_size(shape); i++)
        if (!isfinite(dg_floats(&found)[i]))
            return dg_error(DG_FORMAT, "the tensor '%s' has a value that is not finite", name);
    if (out) memcpy(out, found.data, (size_t)dg_shape_size(shape) * sizeof *out);
    return DG_OK;
}

static dg_status find_kernel(struct quantized_loader *load, int layer, int node,
                             const dg_tensor **out)
{
    char name[NAME_SIZE], words[160];
    const dg_shape *shape = &load->q->model.nodes[node].build.weight[0].shape;
    const dg_named_tensor *found =
        dg_tensor_file_find_any(load->file, name_of(load->q, layer, "kernel", name));
    load->known++;
    if (!found || !found->is_int8 || found->tensor.axes != shape->count ||
        memcmp(found->tensor.shape, shape->at, sizeof *shape->at * (size_t)shape->count) != 0)
        return dg_error(DG_FORMAT, "must have a tensor '%s', int8 %s", name,
                        dg_shape_text(shape->count, shape->at, words, sizeof words));
    const int8_t *values = found->tensor.data;
    for (int64_t i = 0; i < dg_shape_size(shape); i++)
        if (values[i] < -DG_PRODUCT8_MOST)
            return dg_error(DG_FORMAT, "the tensor '%s' has the value %d, expected %d to %d", name,
                            values[i], -DG_PRODUCT8_MOST, DG_PRODUCT8_MOST);
    *out = &found->tensor;
    return DG_OK;
}

/* Finds all tensors, before memory is allocated for them: a network cannot ask for more than the
 * file has; `take`: and takes them over. */
static dg_status read_weights(struct quantized_loader *load, bool take)
{
    char name[NAME_SIZE];
    dg_quantized *q = load->q;
    dg_model *model = &q->model;
    load->known = 0;
    for (int i = 0; i < model->layer_count; i++) {
        int node = product_of(q, i);
        const dg_tensor *kernel = NULL;
        if (node < 0) continue;
        const dg_shape channels = { 1, { dg_int8_channels(model, node) } };
        DG_TRY(find_kernel(load, i, node, &kernel));
        DG_TRY(read_floats(load, name_of(q, i, "scale", name), &channels,
                           take ? q->weights[i].scale : NULL));
        DG_TRY(read_floats(load, name_of(q, i, "bias", name), &channels,
                           take ? q->weights[i].bias : NULL));
        if (take) DG_TRY(dg_quantized_set_kernel(q, i, kernel->data));
    }
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        if (!dg_quantized_has_floats(q, weight->layer)) continue;
        DG_TRY(read_floats(load, weight->name, &weight->shape,
                           take ? dg_model_weight(model, i) : NULL));
    }
    return DG_OK;
}

static dg_status read_scales(struct quantized_loader *load)
{
    dg_quantized *q = load->q;
    const dg_shape shape = { 2, { q->model.node_count, 2 } };
    DG_OWNED float *scales = NULL;
    DG_TRY(dg_alloc(&scales, dg_shape_size(&shape), sizeof *scales));
    DG_TRY(read_floats(load, activations, &shape, scales));
    for (int i = 0; i < q->model.node_count; i++) {
        float scale = scales[2 * i], zero = scales[2 * i + 1];
        if (!(scale >= FLT_MIN) || !(zero >= 0 && zero <= DG_PRODUCT8_MOST) ||
            zero != (float)(int)zero)
            return dg_error(DG_FORMAT,
                            "the tensor '%s' has an invalid scale or zero in row %d: %g, %g",
                            activations, i + 1, (double)scale, (double)zero);
        q->nodes[i].scale = scale;
        q->nodes[i].zero = (int)zero;
    }
    return DG_OK;
}

static dg_status check_precision(const cJSON *root)
{
    const cJSON *precision;
    DG_TRY(dg_json_member(root, "precision", cJSON_String, &precision));
    if (strcmp(precision->valuestring, "int8") == 0) return DG_OK;
    return dg_error(DG_FORMAT, "'precision' must be \"int8\", found \"%.40s\"",
                    precision->valuestring);
}

dg_status dg_quantized_restore(dg_learner *learner, const cJSON *root, const dg_tensor_file *file)
{
    dg_quantized *q = (dg_quantized *)learner;
    struct quantized_loader load = { .q = q, .file = file };
    const cJSON *penalty;
    DG_TRY(check_precision(root));
    DG_TRY(dg_json_member(root, "penalty", cJSON_Number, &penalty));
    q->penalty = penalty->valuedouble;
    DG_TRY(dg_network_restore_graph(&q->model, root));
    DG_TRY(dg_quantized_find_roles(q));
    DG_TRY(read_weights(&load, false));
    DG_TRY(dg_quantized_make_room(q));
    DG_TRY(read_weights(&load, true));
    DG_TRY(read_scales(&load));
    if (load.known != file->count)
        return dg_error(DG_FORMAT, "has %d tensors, its layers need %d", file->count, load.known);
    dg_status status = dg_quantized_set_scales(q);
    if (status == DG_NUMERIC) return dg_error(DG_FORMAT, "%s", dg_error_message());
    DG_TRY(status);
    DG_TRY(dg_network_restore_rest(&q->model, root));
    learner->fitted = true;
    return DG_OK;
}
