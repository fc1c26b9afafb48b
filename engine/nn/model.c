/* The graph of a network and its weights. */
#include "engine/nn/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/nn/network.h"
#include "engine/tensor/tensor.h"

/* --- growing the graph -------------------------------------------------------------------- */

static bool name_taken(const dg_model *model, const char *name)
{
    for (int i = 0; i < model->layer_count; i++)
        if (strcmp(model->layers[i].name, name) == 0) return true;
    return false;
}

/* "dense", then "dense_1", "dense_2" ... */
static void choose_name(const dg_model *model, const dg_descriptor *type, char *out, size_t size)
{
    const char *stem = type->alias ? type->alias : type->name;
    snprintf(out, size, "%s", stem);
    for (int i = 1; name_taken(model, out); i++) snprintf(out, size, "%s_%d", stem, i);
}

static dg_status check_name(const dg_model *model, const char *name)
{
    if (!*name || strlen(name) >= sizeof model->layers->name)
        return dg_error(DG_INVALID, "the name of a layer must have 1 to %zu characters, found '%s'",
                        sizeof model->layers->name - 1, name);
    if (name_taken(model, name)) return dg_error(DG_INVALID, "two layers are named '%s'", name);
    return DG_OK;
}

static const char *shape_text(const dg_shape *shape, char *out, size_t size)
{
    return dg_shape_text(shape->count, shape->at, out, size);
}

static dg_status build_node(const dg_model *model, dg_node *node, const dg_part *part)
{
    const dg_layer_type *type = (const dg_layer_type *)part->type;
    bool joins = type->flags & DG_LAYER_JOINS, source = type->flags & DG_LAYER_INPUT;
    if (source && node->inputs > 0)
        return dg_error(DG_INVALID, "must be the first layer of a model: it reads no other");
    if (joins && node->inputs < 2)
        return dg_error(DG_INVALID, "takes 2 or more inputs, found %d", node->inputs);
    if (!joins && !source && node->inputs != 1)
        return dg_error(DG_INVALID, "takes 1 input, found %d", node->inputs);
    node->build = (dg_layer_build){ .inputs = node->inputs };
    for (int i = 0; i < node->inputs; i++)
        node->build.input[i] = model->nodes[node->input[i]].build.output;
    DG_TRY(type->build(part->options, &node->build));
    return dg_check_output(&node->build.output);
}

/* Puts the layer's kind, name, place and input before the message. */
static dg_status blame(dg_status status, const dg_model *model, const dg_node *node,
                       const dg_part *part, const char *name)
{
    char text[160], input[200] = "";
    if (node->inputs)
        snprintf(input, sizeof input, ", input %s",
                 shape_text(&model->nodes[node->input[0]].build.output, text, sizeof text));
    return dg_error_context(status, "layer %d (%s '%s'%s)", model->node_count + 1, part->type->name,
                            name, input);
}

static dg_status add_weights(dg_model *model, dg_layer *layer, const dg_layer_build *build)
{
    layer->first_weight = model->weight_count;
    layer->weights = build->weights;
    for (int place = 0; place < DG_MAX_WEIGHTS; place++) {
        const dg_weight_spec *spec = &build->weight[place];
        if (!spec->name) continue;
        DG_TRY(dg_grow(&model->weights, model->weight_count, sizeof *model->weights));
        dg_weight *weight = &model->weights[model->weight_count++];
        *weight = (dg_weight){ .layer = model->layer_count,
                               .shape = spec->shape,
                               .size = dg_shape_size(&spec->shape),
                               .offset = model->value_count,
                               .moves = spec->frozen,
                               .frozen = spec->frozen,
                               .announced = spec->announced && !spec->regularizer,
                               .initializer = spec->initializer,
                               .regularizer = spec->regularizer,
                               .fan_in = spec->fan_in,
                               .fan_out = spec->fan_out };
        snprintf(weight->name, sizeof weight->name, "%s.%s", layer->name, spec->name);
        model->value_count += dg_weight_room(weight->size);
        layer->parameters += weight->size;
        if (!weight->frozen) layer->learnable += weight->size;
    }
    layer->trainable = layer->learnable;
    return DG_OK;
}

static dg_status add_layer(dg_model *model, const dg_part *part, const char *name,
                           const dg_layer_build *build)
{
    DG_TRY(dg_grow(&model->layers, model->layer_count, sizeof *model->layers));
    dg_layer *layer = &model->layers[model->layer_count];
    *layer = (dg_layer){ 0 };
    snprintf(layer->name, sizeof layer->name, "%s", name);
    DG_TRY(add_weights(model, layer, build));
    layer->part = dg_part_retain(part);
    model->layer_count++;
    return DG_OK;
}

/* A layer used again must ask for the weights that it already has. */
static dg_status check_shared(const dg_model *model, const dg_layer *layer,
                              const dg_layer_build *build)
{
    const dg_weight *weight = &model->weights[layer->first_weight];
    for (int place = 0; place < DG_MAX_WEIGHTS; place++) {
        const dg_weight_spec *spec = &build->weight[place];
        if (!spec->name) continue;
        const dg_shape *shape = &spec->shape, *first = &weight++->shape;
        if (first->count == shape->count &&
            memcmp(first->at, shape->at, sizeof *shape->at * (size_t)shape->count) == 0)
            continue;
        char had[160], wants[160];
        return dg_error(
            DG_INVALID, "is used twice: its %s would have shape %s here, but has shape %s there",
            spec->name, shape_text(shape, wants, sizeof wants), shape_text(first, had, sizeof had));
    }
    return DG_OK;
}

static int find_layer(const dg_model *model, const dg_part *part)
{
    for (int i = 0; i < model->layer_count; i++)
        if (model->layers[i].part == part) return i;
    return -1;
}

static dg_status add_node(dg_model *model, dg_node *node, const dg_part *part, const char *name)
{
    DG_TRY(build_node(model, node, part));
    node->layer = find_layer(model, part);
    if (node->layer >= 0) {
        DG_TRY(check_shared(model, &model->layers[node->layer], &node->build));
    } else {
        DG_TRY(check_name(model, name));
        DG_TRY(add_layer(model, part, name, &node->build));
        node->layer = model->layer_count - 1;
    }
    DG_TRY(dg_grow(&model->nodes, model->node_count, sizeof *model->nodes));
    model->nodes[model->node_count++] = *node;
    return DG_OK;
}

dg_status dg_model_add(dg_model *model, const dg_part *layer, int inputs, const int *input,
                       const char *name, int *number)
{
    if (strcmp(layer->type->kind, "layer") != 0)
        return dg_error(DG_INVALID, "layer %d: expected a layer, found the %s %s",
                        model->node_count + 1, layer->type->kind, layer->type->name);
    if (model->output >= 0)
        return dg_error(DG_INVALID, "the model is finished: no layer can be added");
    if (inputs > DG_MAX_INPUTS)
        return dg_error(DG_INVALID, "a layer joins at most %d inputs, found %d", DG_MAX_INPUTS,
                        inputs);
    dg_node node = { .inputs = inputs };
    for (int i = 0; i < inputs; i++) {
        if (input[i] < 0 || input[i] >= model->node_count)
            return dg_error(DG_INVALID, "input %d is not an earlier node", input[i]);
        node.input[i] = input[i];
    }
    char chosen[sizeof model->layers->name];
    if (!name) {
        choose_name(model, layer->type, chosen, sizeof chosen);
        name = chosen;
    }
    dg_status status = add_node(model, &node, layer, name);
    if (status != DG_OK) return blame(status, model, &node, layer, name);
    *number = model->node_count - 1;
    return DG_OK;
}

static dg_status check_graph(const dg_model *model, int output)
{
    if (output < 0 || output >= model->node_count)
        return dg_error(DG_INVALID, "a model needs at least one layer");
    for (int i = 0; i < model->node_count; i++) {
        const dg_node *node = &model->nodes[i];
        bool used = i == output;
        for (int j = i + 1; j < model->node_count && !used; j++)
            for (int k = 0; k < model->nodes[j].inputs; k++) used |= model->nodes[j].input[k] == i;
        if (!used)
            return dg_error(DG_INVALID, "the output of layer '%s' is never used",
                            model->layers[node->layer].name);
        if (node->inputs == 0 && i > 0) {
            const dg_layer *layer = &model->layers[node->layer];
            return dg_error(DG_INVALID, "a model has one %s, found another: '%s'",
                            layer->part->type->name, layer->name);
        }
    }
    return DG_OK;
}

static bool has_flag(const dg_layer *layer, unsigned flag)
{
    return ((const dg_layer_type *)layer->part->type)->flags & flag;
}

bool dg_is_input_layer(const dg_part *part)
{
    return strcmp(part->type->kind, "layer") == 0 &&
           (((const dg_layer_type *)part->type)->flags & DG_LAYER_INPUT);
}

static bool reads_bytes(const dg_model *model, const dg_node *node)
{
    for (int k = 0; k < node->inputs; k++) {
        const dg_node *from = &model->nodes[node->input[k]];
        if (node->input[k] == 0) return true;
        if (from->reads_bytes && has_flag(&model->layers[from->layer], DG_LAYER_PASSES_BYTES))
            return true;
    }
    return false;
}

/* Whether bytes are scaled: follows the data to the first layers that do more than pass them on. */
static dg_status find_bytes(dg_model *model, int output)
{
    const dg_layer *scaler = NULL, *other = NULL;
    for (int i = 1; i < model->node_count; i++) {
        dg_node *node = &model->nodes[i];
        const dg_layer *layer = &model->layers[node->layer];
        node->reads_bytes = reads_bytes(model, node);
        bool passes = has_flag(layer, DG_LAYER_PASSES_BYTES) && i != output;
        if (!node->reads_bytes || passes) continue;
        *(has_flag(layer, DG_LAYER_SCALES_BYTES) ? &scaler : &other) = layer;
    }
    if (model->bytes != DG_BYTES_BY_LAYERS) return DG_OK;
    if (scaler && other)
        return dg_error(DG_INVALID,
                        "the %s feeds the %s '%s', but also '%s', which has no %s before it: "
                        "bytes cannot have the right scale for both; put one %s before the "
                        "branches, or one on each",
                        model->layers[0].part->type->name, scaler->part->type->name, scaler->name,
                        other->name, scaler->part->type->name, scaler->part->type->name);
    model->bytes = scaler ? DG_BYTES_RAW : DG_BYTES_SCALED;
    return DG_OK;
}

bool dg_network_doubts(const dg_learner *learner, const dg_tensor *x, char *out, size_t size)
{
    const dg_model *model = (const dg_model *)learner;
    const double of_bytes = 1.0 / 64; /* 1/255, 1/128, 1/127.5 are far below, other uses above */
    if (x->dtype != DG_UINT8 || model->bytes != DG_BYTES_SCALED) return false;
    for (int i = 1; i < model->node_count; i++) {
        const dg_layer *layer = &model->layers[model->nodes[i].layer];
        const dg_part *part = layer->part;
        if (!has_flag(layer, DG_LAYER_SCALES_BYTES)) continue;
        size_t at = ((const dg_layer_type *)part->type)->scale_offset;
        double scale = *(const double *)((const char *)part->options + at);
        if (fabs(scale) > of_bytes) continue;
        snprintf(out, size,
                 "the %s '%s' (scale %g) comes after layers that compute, which were given "
                 "the bytes as value / 255 already: move it to right after the %s, or leave it out",
                 part->type->name, layer->name, scale, model->layers[0].part->type->name);
        return true;
    }
    return false;
}

dg_status dg_model_close(dg_model *model, int output)
{
    DG_TRY(check_graph(model, output));
    DG_TRY(find_bytes(model, output));
    DG_TRY(dg_alloc_zero(&model->values, model->value_count, sizeof *model->values));
    model->output = output;
    model->base.row = model->nodes[0].build.output;
    return DG_OK;
}

dg_status dg_model_finish(dg_model *model, int output)
{
    DG_TRY(dg_model_close(model, output));
    dg_model_initialize(model, model->base.seed);
    return DG_OK;
}

void dg_model_initialize(dg_model *model, uint64_t seed)
{
    model->base.seed = seed;
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        dg_initialize(weight->initializer, dg_key(seed, "weight", (uint64_t)i), weight->fan_in,
                      weight->fan_out, weight->size, dg_model_change_weight(model, i));
    }
}

static bool has_kernel(const dg_layer_build *build)
{
    for (int place = 0; place < DG_MAX_WEIGHTS; place++)
        if (build->weight[place].name && strstr(build->weight[place].name, "kernel")) return true;
    return false;
}

int64_t dg_model_multiply_adds(const dg_model *model)
{
    int64_t count = 0;
    for (int i = 0; i < model->node_count; i++)
        if (has_kernel(&model->nodes[i].build)) count += model->nodes[i].build.row_flops / 2;
    return count;
}

void dg_node_weights(const dg_model *model, int node, float *out[DG_MAX_WEIGHTS])
{
    int w = model->layers[model->nodes[node].layer].first_weight;
    for (int place = 0; place < DG_MAX_WEIGHTS; place++)
        out[place] =
            model->nodes[node].build.weight[place].name ? dg_model_weight(model, w++) : NULL;
}

float *dg_model_weight(const dg_model *model, int weight)
{
    return model->values + model->weights[weight].offset;
}

float *dg_model_change_weight(dg_model *model, int weight)
{
    model->changes++;
    return dg_model_weight(model, weight);
}

float *dg_model_gradient(const dg_model *model, int weight)
{
    return model->gradients + model->weights[weight].offset;
}
