/* Networks: a graph of layers in topological order, its weights, training and prediction.
 *
 *     dg_model *model;
 *     DG_TRY(dg_model_new(&model, seed));
 *     dg_model_add(model, input_part, 0, NULL, NULL, &node);    (an Input has no inputs)
 *     dg_model_add(model, dense_part, 1, &node, NULL, &node); ...
 *     dg_model_finish(model, node);                             (weights exist from here on)
 *     dg_model_compile(model, adam_part, loss_part, 1, &accuracy);
 *     dg_learner_fit(&model->base, set, &options, &job, &result);
 */
#ifndef DG_NN_MODEL_H
#define DG_NN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/data/dataset.h"
#include "engine/learner.h"
#include "engine/nn/layer.h"
#include "engine/nn/parts.h"

/* A weight of a model and its place in the model's arrays. */
typedef struct dg_weight {
    char name[80]; /* "conv2d.kernel" */
    int layer;
    dg_shape shape;
    int64_t size;
    int64_t offset; /* in the model's values; gradients lie at the same offset */
    bool moves;     /* it is not trained by gradients: a running mean */
    bool frozen;    /* that, or its layer is frozen: no gradients change it */
    bool announced; /* its parts can be updated as they get ready: dg_pass_ready */
    const dg_part *initializer, *regularizer; /* borrowed from the layer's options */
    int64_t fan_in, fan_out;
} dg_weight;

/* A layer: a description and its place in the arrays. Two nodes may share one. */
typedef struct dg_layer {
    const dg_part *part;
    char name[64];             /* "conv2d", "dense_1": Keras's way, or as the user says */
    int first_weight, weights; /* in the model's list */
    int64_t parameters;
    int64_t learnable; /* those of its parameters that gradients can train */
    int64_t trainable; /* those that they do: 0 if it is frozen */
    bool frozen;       /* dg_model_set_trainable */
} dg_layer;

/* A use of a layer. Node 0 is the first added; inputs have lower numbers. */
typedef struct dg_node {
    int layer;
    int inputs;
    int input[DG_MAX_INPUTS];
    bool reads_bytes;     /* one of its inputs is the data, on their own scale */
    dg_layer_build build; /* build.output is the shape of a row of its output */
} dg_node;

/* Whether a part is a layer by which rows enter a network: an Input. */
bool dg_is_input_layer(const dg_part *part);

/* How a network reads bytes: as value / 255; or as they are, because on every path from its Input
 * the first layer that does not only pass them on (Reshape, Flatten, Dropout, pooling) is a
 * Rescaling. dg_model_finish finds out, unless it was set before: by a file. */
typedef enum dg_byte_scale { DG_BYTES_BY_LAYERS, DG_BYTES_SCALED, DG_BYTES_RAW } dg_byte_scale;

/* What the fit of a network takes beside dg_fit_options, which has its address as `own`. */
typedef struct dg_network_fit_options {
    int64_t epochs;         /* default 1 */
    int64_t batch_size;     /* default 32; if the set has fewer rows, they are one batch */
    bool shuffle;           /* default true: another order in each epoch */
    const char *checkpoint; /* the file that keeps how far the fit has come; NULL: none */
    int64_t every;          /* epochs from one checkpoint to the next; 0: 1 */
    const char *resume;     /* the checkpoint to go on from; NULL: none */
    double mixup;           /* default 0: none; alpha (engine/nn/mixup.h) */
    dg_one_of class_weight; /* numbers by label, or "balanced"; nil: all count the same */
} dg_network_fit_options;

typedef struct dg_predictor dg_predictor; /* engine/nn/predict.c */
typedef struct dg_progress dg_progress;   /* engine/nn/progress.h */

typedef struct dg_model {
    dg_learner base; /* of type dg_network; must be first */
    int node_count, layer_count, weight_count;
    dg_node *nodes;
    dg_layer *layers;
    dg_weight *weights;
    int output; /* node; -1 before dg_model_finish */
    dg_byte_scale bytes;
    int64_t value_count; /* all weights together, each aligned to 16 floats */
    float *values;       /* weights */
    int64_t changes;     /* how often these have changed: plans follow */
    float *gradients;    /* NULL until they are first computed */
    float *slots[DG_MAX_SLOTS];

    const dg_part *optimizer, *loss; /* NULL before dg_model_compile */
    int64_t step;                    /* updates done since compile */
    int64_t epoch;                   /* epochs done since compile: shuffles go on where they were */
    dg_product_precision precision;  /* asked for; float32 after dg_model_compile */
    bool trained_in[2]; /* by precision: what fits have computed in since it was fresh */
    _Atomic(dg_predictor *) predictor; /* what a prediction left for the next; or NULL */
    dg_progress *progress; /* of the fit whose checkpoint the model was loaded from; or NULL */
} dg_model;

/* The type of all networks (engine/nn/network.c). A model fits, predicts, evaluates and prints
 * through dg_learner_fit(&model->base, ...) and its like (engine/learner.h). */
extern const dg_learner_type dg_network;

dg_status dg_model_new(dg_model **out, uint64_t seed);
void dg_model_free(dg_model *model); /* NULL is allowed */

/* Floats that a weight of this size takes up in the model's arrays: whole cache lines, so that no
 * two weights share one. */
static inline int64_t dg_weight_room(int64_t size)
{
    return (size + 15) / 16 * 16;
}

/* Where the weights of a layer that has any begin in the model's arrays. */
static inline int64_t dg_layer_offset(const dg_model *model, int layer)
{
    return model->weights[model->layers[layer].first_weight].offset;
}

/* The values of a row of its output. */
static inline int64_t dg_model_width(const dg_model *model)
{
    return dg_shape_size(&model->nodes[model->output].build.output);
}

/* Multiply-adds of one row forward, in the products with kernels: of layers that have none, nothing
 * is counted. */
int64_t dg_model_multiply_adds(const dg_model *model);

static inline const dg_layer_type *dg_node_type(const dg_model *model, int node)
{
    return (const dg_layer_type *)model->layers[model->nodes[node].layer].part->type;
}

/* The network that a learner is, or NULL. */
dg_model *dg_model_of(dg_learner *learner);

/* Adds a node that applies `layer` to earlier nodes (none for an Input). The same dg_part added
 * twice shares its weights. `name` NULL chooses one. `*node` becomes its number. The message of a
 * failure names the layer, its place and the shapes. */
dg_status dg_model_add(dg_model *model, const dg_part *layer, int inputs, const int *input,
                       const char *name, int *node);

/* Closes the graph with its output and makes the weights, initialised from the model's seed.
 * DG_INVALID if the data reach a Rescaling on one path but not on another: bytes cannot have the
 * right scale for both. */
dg_status dg_model_finish(dg_model *model, int output);

/* Draws all weights anew from `seed`. */
void dg_model_initialize(dg_model *model, uint64_t seed);

/* Gives the model an optimizer, a loss and metrics, which are copied. The optimizer starts anew, at
 * step 0. May be called again. */
dg_status dg_model_compile(dg_model *model, const dg_part *optimizer, const dg_part *loss,
                           int metric_count, const struct dg_metric *metrics);

/* Gives the optimizer of a compiled model another learning rate, a number or a schedule, from the
 * next update on. */
dg_status dg_model_set_learning_rate(dg_model *model, const dg_value *rate);

/* Freezes a layer, or thaws it: fits to come do not change a frozen one, and its running means are
 * used as in prediction, as in Keras. DG_INVALID: the model is being fitted. */
dg_status dg_model_set_trainable(dg_model *model, int layer, bool trainable);

/* Copies the weights of a layer, and whether it is frozen, to one of another model. DG_INVALID: the
 * shapes differ. */
dg_status dg_model_copy_layer(dg_model *to, int layer, const dg_model *from, int from_layer);

/* Asks for the precision of the factors of products in training: of outputs and both gradients of
 * Dense and of Conv2D by its direct methods. Weights, sums, the optimizer and all else are float32,
 * and so is prediction. */
void dg_model_set_precision(dg_model *model, dg_product_precision precision);

/* What fits compute in now: what was asked for, or float32 where that is not available
 * here (engine/tensor/bfloat16.h). */
dg_product_precision dg_model_trains_in(const dg_model *model);

/* True if that is not what was asked for; a sentence that says so is written to `out`. */
bool dg_model_lacks_precision(const dg_model *model, char *out, size_t size);

/* True if the loss or a metric of a compiled model expects probabilities but its last activation,
 * "linear" say, does not produce them; a sentence that says so is written to `out`. The model can
 * still be trained, if badly, as in Keras; the metric is refused when it is first computed. */
bool dg_model_warn_outputs(const dg_model *model, char *out, size_t size);

/* The weights of a node, by place; NULL: not asked for. */
void dg_node_weights(const dg_model *model, int node, float *out[DG_MAX_WEIGHTS]);

float *dg_model_weight(const dg_model *model, int weight); /* weights[weight].size floats */
/* The same for whoever writes them: plans that were made before will follow. */
float *dg_model_change_weight(dg_model *model, int weight);
float *dg_model_gradient(const dg_model *model, int weight); /* after dg_model_compute_gradients */

/* The output of node `node` for each row of x, as dg_learner_outputs gives that of the last node.
 * job: NULL is dg_job_default(). */
dg_status dg_model_features(const dg_model *model, const dg_tensor *x, int node, const dg_job *job,
                            dg_tensor *out);

/* The same as in training, in batches of 32 rows, fit's usual size: random layers draw, from `seed`
 * and the number of the batch, and batch normalisation uses the batch's statistics. The model does
 * not change. */
dg_status dg_model_training_features(const dg_model *model, const dg_tensor *x, int node,
                                     uint64_t seed, const dg_job *job, dg_tensor *out);

/* Loss and gradients of one whole set as a single batch, as in training but without an update.
 * Random layers draw from `key`; batch normalisation uses the batch's statistics. Nothing of the
 * model changes but its `gradients`. job: NULL is dg_job_default(). */
dg_status dg_model_compute_gradients(dg_model *model, const dg_dataset *set, uint64_t key,
                                     const dg_job *job, double *loss);

#endif
