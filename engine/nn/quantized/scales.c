/* What the sums of products become. */
#include <math.h>

#include "engine/base/memory.h"
#include "engine/nn/quantized/internal.h"

dg_status dg_quantized_set_kernel(dg_quantized *q, int layer, const int8_t *kernel)
{
    for (int i = 0; i < q->model.node_count; i++) {
        if (q->model.nodes[i].layer != layer) continue;
        DG_TRY(dg_factor8_new(&q->nodes[i].kernel, dg_int8_depth(&q->model, i),
                              dg_int8_channels(&q->model, i), kernel));
    }
    return DG_OK;
}

/* A sum is of (byte - zero) * weight; begin it at the part of the zero. As a byte of the output it
 * is divided by its scale, and counted from its zero. */
static dg_status set_product(const dg_quantized *q, int index)
{
    dg_int8_node *node = &q->nodes[index];
    const dg_int8_node *input = &q->nodes[dg_int8_source(q, index)];
    const dg_int8_weights *own = &q->weights[q->model.nodes[index].layer];
    bool bytes = dg_int8_writes_bytes(node);
    double unit = bytes ? node->scale : 1, zero = bytes ? node->zero : 0;
    dg_factor8 *kernel = &node->kernel;
    dg_factor8_begin(kernel, input->zero);
    for (int64_t j = 0; j < kernel->n; j++) {
        kernel->scale[j] = (float)((double)input->scale * own->scale[j] / unit);
        kernel->shift[j] = (float)(own->bias[j] / unit + zero);
        if (!isfinite(kernel->scale[j]) || !isfinite(kernel->shift[j]))
            return dg_error(DG_NUMERIC, "the layer '%s' has values that are too large for int8",
                            q->model.layers[q->model.nodes[index].layer].name);
    }
    return DG_OK;
}

dg_status dg_quantized_set_scales(dg_quantized *q)
{
    for (int i = 0; i < q->model.node_count; i++) {
        dg_int8_node *node = &q->nodes[i];
        if (node->role != DG_INT8_BYTES) continue;
        node->scale = q->nodes[dg_int8_source(q, i)].scale;
        node->zero = q->nodes[dg_int8_source(q, i)].zero;
    }
    for (int i = 0; i < q->model.node_count; i++)
        if (q->nodes[i].role == DG_INT8_PRODUCT) DG_TRY(set_product(q, i));
    return DG_OK;
}
