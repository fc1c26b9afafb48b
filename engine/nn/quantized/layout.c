/* Which nodes of a network run on bytes, and what becomes a part of what. */
#include "engine/nn/quantized/internal.h"

#include "engine/base/memory.h"

static int uses_of_layer(const dg_model *model, int layer)
{
    int uses = 0;
    for (int i = 0; i < model->node_count; i++) uses += model->nodes[i].layer == layer;
    return uses;
}

/* How many read the output of a node, the caller of the network among them. */
static int uses_of_node(const dg_model *model, int node)
{
    int uses = node == model->output;
    for (int i = node + 1; i < model->node_count; i++)
        for (int k = 0; k < model->nodes[i].inputs; k++) uses += model->nodes[i].input[k] == node;
    return uses;
}

static dg_activation activation_of(const dg_model *model, int node)
{
    const dg_layer_type *type = dg_node_type(model, node);
    const char *options = dg_node_options(model, node);
    if (!type->has_activation) return DG_LINEAR;
    return (dg_activation) * (const int *)(options + type->activation_offset);
}

/* --- roles ---------------------------------------------------------------------------------- */

/* Makes the node a part of the product before it, if that one is its only reader. */
static bool joins(dg_quantized *q, int index)
{
    const dg_model *model = &q->model;
    int before = model->nodes[index].input[0], root = q->nodes[before].root;
    dg_int8_node *product = &q->nodes[root];
    if (product->role != DG_INT8_PRODUCT || product->last != before) return false;
    if (product->activation != DG_LINEAR || uses_of_node(model, before) != 1) return false;
    if (dg_node_type(model, index)->factors) {
        if (product->fold >= 0 || uses_of_layer(model, model->nodes[root].layer) > 1) return false;
        product->fold = index;
    } else {
        product->activation = activation_of(model, index);
    }
    product->last = index;
    q->nodes[index].role = DG_INT8_PART;
    q->nodes[index].root = root;
    return true;
}

static bool may_join(const dg_model *model, int index)
{
    const dg_int8_layer *int8 = dg_int8_layer_of(model, index);
    return dg_node_type(model, index)->factors || (int8 && int8->activates);
}

static bool is_byte_function(const dg_model *model, int index)
{
    const dg_int8_layer *int8 = dg_int8_layer_of(model, index);
    if (!int8 || !int8->forward || int8->multiplies) return false;
    return !int8->activates || activation_of(model, index) == DG_RELU;
}

static void find_role(dg_quantized *q, int index)
{
    const dg_model *model = &q->model;
    const dg_layer_build *build = &model->nodes[index].build;
    const dg_int8_layer *int8 = dg_int8_layer_of(model, index);
    dg_int8_node *node = &q->nodes[index];
    *node = (dg_int8_node){ .root = index, .last = index, .fold = -1, .scale = 1 };
    if (index == 0) {
        node->role = DG_INT8_INPUT;
    } else if (build->cut == DG_CUT_VIEW || build->training_only) {
        node->role = DG_INT8_VIEW;
        node->root = q->nodes[model->nodes[index].input[0]].root;
    } else if (int8 && int8->multiplies &&
               (!int8->suits || int8->suits(dg_node_options(model, index), build)) &&
               dg_int8_depth(model, index) <= DG_PRODUCT8_DEPTH) {
        node->role = DG_INT8_PRODUCT;
        node->activation = activation_of(model, index);
    } else if (!may_join(model, index) || !joins(q, index)) {
        node->role = is_byte_function(model, index) ? DG_INT8_BYTES : DG_INT8_FLOATS;
    }
}

/* What the value of a node is read as, from the last to the first: a function of bytes runs in
 * float32 where nobody reads bytes of it. */
static void find_readers(dg_quantized *q)
{
    const dg_model *model = &q->model;
    q->nodes[q->nodes[model->output].root].floats = true;
    for (int i = model->node_count - 1; i > 0; i--) {
        dg_int8_node *node = &q->nodes[i];
        if (!dg_int8_has_value(node)) continue;
        if (node->role == DG_INT8_BYTES && !node->bytes) node->role = DG_INT8_FLOATS;
        for (int k = 0; k < model->nodes[i].inputs; k++) {
            dg_int8_node *input = &q->nodes[q->nodes[model->nodes[i].input[k]].root];
            *(node->role == DG_INT8_FLOATS ? &input->floats : &input->bytes) = true;
        }
    }
}

/* --- weights -------------------------------------------------------------------------------- */

bool dg_quantized_has_floats(const dg_quantized *q, int layer)
{
    for (int i = 0; i < q->model.node_count; i++)
        if (q->model.nodes[i].layer == layer && q->nodes[i].role == DG_INT8_FLOATS) return true;
    return false;
}

/* Only layers that run in float32 keep their places among the model's values. */
static dg_status make_values(dg_quantized *q)
{
    dg_model *model = &q->model;
    model->value_count = 0;
    for (int i = 0; i < model->weight_count; i++) {
        dg_weight *weight = &model->weights[i];
        weight->offset = model->value_count;
        if (dg_quantized_has_floats(q, weight->layer))
            model->value_count += dg_weight_room(weight->size);
    }
    dg_free(model->values);
    model->values = NULL;
    return dg_alloc_zero(&model->values, model->value_count, sizeof *model->values);
}

static dg_status make_scales(dg_quantized *q)
{
    const dg_model *model = &q->model;
    DG_TRY(dg_alloc_zero(&q->weights, model->layer_count, sizeof *q->weights));
    for (int i = 0; i < model->node_count; i++) {
        dg_int8_weights *own = &q->weights[model->nodes[i].layer];
        if (q->nodes[i].role != DG_INT8_PRODUCT || own->scale) continue;
        DG_TRY(dg_alloc_zero(&own->scale, dg_int8_channels(model, i), sizeof *own->scale));
        DG_TRY(dg_alloc_zero(&own->bias, dg_int8_channels(model, i), sizeof *own->bias));
    }
    return DG_OK;
}

dg_status dg_quantized_make_room(dg_quantized *q)
{
    DG_TRY(make_scales(q));
    return make_values(q);
}

/* --- all of it ------------------------------------------------------------------------------ */

dg_status dg_quantized_find_roles(dg_quantized *q)
{
    DG_TRY(dg_alloc_zero(&q->nodes, q->model.node_count, sizeof *q->nodes));
    for (int i = 0; i < q->model.node_count; i++) find_role(q, i);
    find_readers(q);
    return DG_OK;
}
