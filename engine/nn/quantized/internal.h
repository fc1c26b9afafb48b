/* What the files of quantised networks share. */
#ifndef DG_NN_QUANTIZED_INTERNAL_H
#define DG_NN_QUANTIZED_INTERNAL_H

#include <stdatomic.h>

#include "engine/nn/activation.h"
#include "engine/nn/quantized/int8.h"
#include "engine/nn/quantized/quantized.h"

/* How a node runs. */
typedef enum dg_int8_role {
    DG_INT8_INPUT,
    DG_INT8_VIEW,    /* its output is its input's */
    DG_INT8_PART,    /* it has become a part of the node that multiplies before it */
    DG_INT8_PRODUCT, /* it multiplies */
    DG_INT8_BYTES,   /* on bytes, which keep scale and zero */
    DG_INT8_FLOATS,  /* in float32 */
} dg_int8_role;

/* A node; what is not said to hold for all is of those that have a value of their own: neither
 * views nor parts. */
typedef struct dg_int8_node {
    dg_int8_role role;  /* all */
    int root;           /* all: the node that has its value; itself, if it has one of its own */
    bool bytes, floats; /* what its value is wanted as */
    float scale;
    int zero;
    /* of a product */
    int last;                 /* the last node that is a part of it, or itself */
    int fold;                 /* the node that was folded, or -1 */
    dg_activation activation; /* applied last */
    dg_factor8 kernel;
} dg_int8_node;

/* The scales and biases of a layer that multiplies, {channels}; NULL for others. */
typedef struct dg_int8_weights {
    float *scale, *bias;
} dg_int8_weights;

typedef struct dg_quantized {
    dg_model model; /* must be first */
    dg_int8_node *nodes;
    dg_int8_weights *weights; /* of each layer */
    double penalty;           /* of the network that it was made from, which a loss includes */
    struct dg_int8_room *_Atomic room; /* that of the last prediction, for the next */
} dg_quantized;

static inline bool dg_int8_has_value(const dg_int8_node *node)
{
    return node->role != DG_INT8_VIEW && node->role != DG_INT8_PART;
}

/* A product whose sums become bytes at once. */
static inline bool dg_int8_writes_bytes(const dg_int8_node *node)
{
    return node->bytes && !node->floats &&
           (node->activation == DG_LINEAR || node->activation == DG_RELU);
}

static inline const dg_int8_layer *dg_int8_layer_of(const dg_model *model, int node)
{
    return dg_node_type(model, node)->int8;
}

static inline const void *dg_node_options(const dg_model *model, int node)
{
    return model->layers[model->nodes[node].layer].part->options;
}

/* The number of output channels, and of values that go into each. */
static inline int64_t dg_int8_channels(const dg_model *model, int node)
{
    const dg_shape *kernel = &model->nodes[node].build.weight[0].shape;
    return kernel->at[kernel->count - 1];
}

static inline int64_t dg_int8_depth(const dg_model *model, int node)
{
    return dg_shape_size(&model->nodes[node].build.weight[0].shape) / dg_int8_channels(model, node);
}

/* layout.c: from the graph alone. Fills the nodes but for scales and kernels; makes room for scales
 * and biases, and for the weights of layers that run in float32. */
dg_status dg_quantized_find_roles(dg_quantized *q);
dg_status dg_quantized_make_room(dg_quantized *q);

/* Whether a layer has float32 weights; what multiplies has others. */
bool dg_quantized_has_floats(const dg_quantized *q, int layer);

/* scales.c: gives products of a layer their kernel {k, channels}; after that, and all scales and
 * zeros of nodes, what the sums become. DG_NUMERIC: it is not finite. */
dg_status dg_quantized_set_kernel(dg_quantized *q, int layer, const int8_t *kernel);
dg_status dg_quantized_set_scales(dg_quantized *q);

/* The node of the input of a product or of one on bytes that has its value. */
static inline int dg_int8_source(const dg_quantized *q, int node)
{
    return q->nodes[q->model.nodes[node].input[0]].root;
}

/* learner.c: an empty one. */
dg_status dg_quantized_new(dg_quantized **out, uint64_t seed);

/* forward.c */
void dg_quantized_free_room(dg_quantized *q);

/* Functions of the descriptor, with arguments as there. */
dg_status dg_quantized_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                     const dg_job *job, dg_tensor *out);
dg_status dg_quantized_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                                dg_scores *out);
dg_status dg_quantized_summary(const dg_learner *learner, char **out);
dg_status dg_quantized_describe(const dg_learner *learner, struct cJSON *root);
dg_status dg_quantized_store(const dg_learner *learner, struct dg_tensor_file *file);
dg_status dg_quantized_restore(dg_learner *learner, const struct cJSON *root,
                               const struct dg_tensor_file *file);

#endif
