/* How to write a layer.
 *
 * A layer is one file in engine/nn/layers/ that ends in one dg_layer_type, and one line in
 * engine/registry.list. Its constructor in Lua, its help, error messages, summary() and its place
 * in model files follow from the descriptor. The options are a struct, described by a list of
 * dg_param (engine/part/part.h) in the order of Keras's arguments.
 *
 * A layer sees rows: {rows, shape of a row}, float32, row-major; images are NHWC. The plan of a
 * model calls, in this order,
 *
 *     build(options, b)               once: the output's shape, the weights and the memory it needs
 *     prepare(options, b, training, prepared)
 *                                     once for each plan: what follows from shapes alone
 *     derive(weights, training, prepared)
 *                                     whenever weights have changed: what follows from them
 *     forward(pass), backward(pass)   for every batch; in prediction forward alone
 *
 * and provides all memory, not initialised before it is written: none of them allocates. A layer
 * that scales each value by a weight:
 *
 *     enum { SCALE };                                         the places of its weights
 *
 *     static dg_status scale_build(const void *options, dg_layer_build *b)
 *     {
 *         const scale_options *o = options;
 *         b->output = b->input[0];
 *         b->cut = DG_CUT_ROWS;
 *         dg_build_weight(b, SCALE, "scale", b->output, o->initializer, NULL);
 *         b->row_flops = dg_shape_size(&b->output);
 *         return DG_OK;
 *     }
 *
 *     static dg_status scale_forward(const dg_pass *pass)
 *     {
 *         int64_t size = dg_shape_size(&pass->build->output);
 *         for (int64_t i = 0; i < pass->rows * size; i++)
 *             pass->output[i] = pass->input[0][i] * pass->weight[SCALE][i % size];
 *         return DG_OK;
 *     }
 *
 *     static dg_status scale_backward(const dg_pass *pass)
 *     {
 *         int64_t size = dg_shape_size(&pass->build->output);
 *         const float *dy = pass->output_gradient, *x = pass->input[0];
 *         float *dx = pass->input_gradient[0], *dw = pass->weight_gradient[SCALE];
 *         for (int64_t i = 0; i < size; i++) dw[i] = 0;
 *         for (int64_t i = 0; i < pass->rows * size; i++) {
 *             dw[i % size] += dy[i] * x[i];
 *             if (dx) dx[i] = dy[i] * pass->weight[SCALE][i % size];
 *         }
 *         return DG_OK;
 *     }
 *
 *     const dg_layer_type dg_scale = {
 *         .part = { .kind = "layer", .name = "Scale", .alias = "scale", .doc = "...",
 *                   .example = "nn.Scale {}", .params = params,
 *                   .options_size = sizeof(scale_options) },
 *         .build = scale_build, .forward = scale_forward, .backward = scale_backward,
 *     };
 *
 * Cuts. DG_CUT_ROWS: rows are independent of each other. The plan calls forward() and backward()
 * with parts of the batch, on several threads at once, and lets a part pass through all such layers
 * in turn while it is warm in the cache; it adds up the weight gradients of the parts.
 * DG_CUT_BATCH: one call for the whole batch, which cuts its own work by dg_parallel
 * (engine/parallel.h) into pieces that depend on shapes alone. DG_CUT_VIEW: the output is the input
 * under another shape; there are no functions to call. Either way the same seed gives the same bits
 * on any number of threads, as long as sums have an order of their own.
 *
 * DG_CUT_SUMS: in training, rows depend on each other by sums over the batch alone. The plan calls
 *
 *     gather(pass)        for a part of the batch, whose rows the layer before has just made and
 *                         which are warm: writes their sums
 *     join(pass)          once, when all sums are there
 *     forward(pass)       for a part of the batch, as under DG_CUT_ROWS
 *
 *     gather_back(pass)   for a part of the batch, whose output gradient has just been made:
 *                         writes sums of that
 *     join_back(pass)     once: the weight gradients
 *     backward(pass)      for a part of the batch: the input gradient; not called where none is
 *                         wanted
 *
 * in this order; join() and join_back() leave in saved_batch what the next one needs. In prediction
 * it is cut as under DG_CUT_ROWS: forward() alone is called. BatchNormalization is the model.
 *
 * Kernels are plain loops in functions marked DG_KERNEL (engine/base/kernel.h), which the compiler
 * vectorises for each instruction set. Products of matrices are dg_multiply's
 * (engine/tensor/product.h), in the precision of the pass, activations those of
 * engine/nn/activation.h, random numbers those of engine/base/random.h.
 *
 * Tests. tests/engine/test_gradients.c fails until one of its networks has the layer: it compares
 * gradients with differences of the loss. tests/engine/test_layers.c compares it with a plain
 * version in double precision, tests/golden/make_layers.py with Keras itself; golden_spec.lua fails
 * until it does. */
#ifndef DG_NN_LAYER_H
#define DG_NN_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/part/part.h"
#include "engine/base/status.h"
#include "engine/tensor/bfloat16.h"

enum { DG_MAX_WEIGHTS = 8, DG_MAX_INPUTS = 8 };

/* The shape of one row, without the batch: {28, 28, 1}. */
typedef dg_ints dg_shape;

static inline int64_t dg_shape_size(const dg_shape *shape)
{
    int64_t size = 1;
    for (int i = 0; i < shape->count; i++) size *= shape->at[i];
    return size;
}

/* Where the pixels of a row of images are read from: that of column x and row y (from 0) at column
 * at[0] x + at[1] y + at[2] and row at[3] x + at[4] y + at[5] of the input, of the same height and
 * width. */
typedef struct dg_warp {
    double at[6];
} dg_warp;

typedef enum dg_cut { DG_CUT_ROWS, DG_CUT_BATCH, DG_CUT_VIEW, DG_CUT_SUMS } dg_cut;

/* A weight that a layer asks for, by dg_build_weight. */
typedef struct dg_weight_spec {
    const char *name; /* "kernel", "bias", "gamma" ... as Keras names them; NULL: not asked for */
    dg_shape shape;
    const dg_part *initializer; /* borrowed from the options; NULL is zeros */
    const dg_part *regularizer; /* NULL is none */
    int64_t fan_in, fan_out;    /* for the initializer: what Keras computes from the shape */
    bool frozen;                /* not trained by gradients: a running mean; false at first */
    bool announced;             /* backward() calls dg_pass_ready for all of it; false at first */
} dg_weight_spec;

/* What build() is given, and fills. Everything else is zero at first. */
typedef struct dg_layer_build {
    int inputs; /* given: one, unless the flags of the layer say otherwise */
    dg_shape input[DG_MAX_INPUTS];

    dg_shape output;
    dg_cut cut;
    bool training_only;                    /* in prediction it is a view: nothing is called */
    int weights;                           /* how many are asked for */
    dg_weight_spec weight[DG_MAX_WEIGHTS]; /* each at a place that the layer chooses */
    int64_t saved_row_bytes;   /* for each row: forward writes them for backward to read */
    int64_t saved_batch_bytes; /* the same, once for the batch */
    int64_t scratch_bytes;     /* a worker's own, for the time of one call */
    int64_t prepared_bytes;    /* prepare() fills them once for each plan */
    int64_t sums_bytes;        /* DG_CUT_SUMS: the sums of one part of the batch */
    bool takes_relu;           /* it can apply a relu that follows it: see `relu` of the pass */
    bool picks;                /* outputs are some of its inputs: see `relu_before` of the pass */
    bool forgets_input, forgets_output; /* backward does without, and finds NULL: memory is saved */
    int64_t row_flops; /* multiply-adds times two of forward for one row: sizes the cuts */
} dg_layer_build;

/* Asks for a weight at `place`, by which the pass then has it: a layer numbers its places by an
 * enum, { KERNEL, BIAS }. A place that is not asked for stays empty, and its pointers in the pass
 * are NULL. A model lists the weights of a layer in the order of their places. What is returned may
 * be changed within build(). */
dg_weight_spec *dg_build_weight(dg_layer_build *build, int place, const char *name, dg_shape shape,
                                const dg_part *initializer, const dg_part *regularizer);

/* DG_INVALID if rows of this shape are empty, or have more than INT32_MAX values. The model asks it
 * of the output of every layer; a build() that may make rows much larger does so before it computes
 * with their size. */
dg_status dg_check_output(const dg_shape *output);

/* One call of forward() or backward(), for `rows` rows (all of the batch under DG_CUT_BATCH). Every
 * array of rows begins with the first row of the call. */
typedef struct dg_pass {
    const dg_job *job; /* for dg_parallel under DG_CUT_BATCH */
    const void *options;
    const dg_layer_build *build;
    bool training;
    bool frozen; /* training: the layer is not trained; one with running means uses them, and leaves
                    them alone */
    dg_product_precision precision; /* float32, unless it is asked to train in less */
    bool activation_fused; /* backward: the gradient is that of the value before the activation */
    bool relu; /* training: forward applies relu to its output too, and the output gradient is that
                  of the value after it; one that forgets its output finds the sign by itself */
    bool relu_before; /* backward: the layer before ends in a relu, and the input gradient is to be
                         that of the value before it; `output` is there even if it is forgotten */
    uint64_t key;     /* random numbers of this layer in this step: engine/base/random.h */
    int64_t rows;
    int64_t first; /* place of the first row in the batch: what is random follows from it */
    const float *input[DG_MAX_INPUTS];
    float *output;          /* forward writes it; backward finds it as forward left it */
    float *logits;          /* forward puts here what the last activation was given, in the shape of
                               `output`; NULL: not wanted */
    float *output_gradient; /* backward may overwrite it: nobody reads it after that */
    float *input_gradient[DG_MAX_INPUTS]; /* backward assigns it; NULL: not wanted */
    float
        *weight[DG_MAX_WEIGHTS]; /* by place; NULL: not asked for. Only frozen ones may change: when
                                      training, in join(), or in forward under DG_CUT_BATCH */
    float *weight_gradient[DG_MAX_WEIGHTS]; /* backward assigns: under DG_CUT_ROWS the sum over its
                                               rows; NULL for frozen weights */
    void *saved_rows;                       /* saved_row_bytes for each row; NULL: predicting */
    void *saved_batch;                      /* saved_batch_bytes; NULL: predicting */
    void *scratch;                          /* scratch_bytes, of this worker alone */
    const void *prepared;                   /* what prepare() and derive() left */
    const struct dg_plan *updates; /* backward, for dg_pass_ready: whose weights; NULL: it waits */
    dg_warp *warps;                /* of a layer that warps: one for each row */
    const void *warp_options;      /* of the layer whose sampling applies to these */
    void *sums; /* gather() and gather_back(): the part's own, aligned to 8; join() and join_back():
                   those of all parts, sums_bytes apart, in the order of their rows */
    int64_t pieces; /* how many these are */
} dg_pass;

/* backward() under DG_CUT_BATCH says by this, once for each of the values of a weight that it
 * announced and from any of its pieces, that the gradient of `count` of them from `first` on is
 * complete and that it does not read them again. They are updated at once, while they are warm in
 * the cache, if the update need not see the whole gradient first. */
void dg_pass_ready(const dg_pass *pass, int place, int64_t first, int64_t count);

/* What a model has to know of a layer. A layer without flags reads one input and computes. */
typedef enum dg_layer_flags {
    DG_LAYER_INPUT = 1,          /* rows enter the network here: it reads no input */
    DG_LAYER_JOINS = 2,          /* it reads 2 to DG_MAX_INPUTS inputs */
    DG_LAYER_PASSES_BYTES = 4,   /* its output is on the scale of its input: Flatten, Dropout */
    DG_LAYER_ACTIVATES = 16,     /* all that it does is to apply its activation */
    DG_LAYER_TAKES_FACTORS = 32, /* its output is its activation of what it reads times the weight
                                    at place 0, plus that at place 1, if it has one; the last axis
                                    of the output is that of both */
    DG_LAYER_WARPS_WHOLE = 64,   /* its warps move pixels onto pixels: any sampling is exact */
    DG_LAYER_SCALES_BYTES = 8,   /* bytes reach it as 0 .. 255: it scales them itself
                                  (engine/nn/model.h) */
} dg_layer_flags;

typedef struct dg_layer_type {
    dg_descriptor part; /* kind "layer" */
    unsigned flags;     /* of dg_layer_flags */
    /* Messages need not name the layer: the model puts its name and place before them. */
    dg_status (*build)(const void *options, dg_layer_build *build);
    /* Fills prepared_bytes, aligned to 64, for all passes to come; without `training`, what only
     * backward() reads may be left out. NULL: there is nothing. */
    void (*prepare)(const void *options, const dg_layer_build *build, bool training,
                    void *prepared);
    /* Fills the parts of prepared_bytes that follow from the weights (by place, as in a pass):
     * before each batch of training, and before a prediction if they have changed. NULL: there are
     * none. */
    void (*derive)(float *const *weight, bool training, void *prepared);
    /* Predicting, its output is a x + b, with an a and a b for each of the `size` places on the
     * last axis, which this fills from the weights. Then forward() is not called where the layer
     * that it reads can take them into its weights. NULL: its output is not so. */
    void (*factors)(const void *options, float *const *weight, int64_t size, float *a, float *b);
    /* The output is the input, warped: where the pixels of row `row` of the pass are read from.
     * Training, the plan fills `warps` of the pass before forward(). Neighbours that warp, and
     * sample alike, become one: the warps of all are composed, and the last samples the input of
     * the first. The others are views. The options of such a layer begin with a dg_sampling
     * (engine/nn/layers/warp.h). NULL: it does not. */
    void (*warp)(const dg_pass *pass, int64_t row, dg_warp *out);
    dg_status (*forward)(const dg_pass *pass);
    dg_status (*backward)(const dg_pass *pass);
    /* Under DG_CUT_SUMS. No pass of these has scratch, and gather() and gather_back() see no weight
     * gradients. join() and join_back() see none of the rows, but their number. */
    dg_status (*gather)(const dg_pass *pass);
    dg_status (*join)(const dg_pass *pass);
    dg_status (*gather_back)(const dg_pass *pass);
    dg_status (*join_back)(const dg_pass *pass);
    /* The field of the options that chooses the activation applied last, as an index into
     * dg_activation_names, if it `has_activation`. Lets a loss fuse with it. */
    size_t activation_offset;
    bool has_activation;
    const struct dg_int8_layer *int8; /* how it runs in a quantised network
                                         (engine/nn/quantized/int8.h); NULL: in float32 */
    /* Under DG_LAYER_SCALES_BYTES: the field of the options, a double, that it multiplies by. */
    size_t scale_offset;
} dg_layer_type;

/* A hint for layers of images, to stand between braces. */
#define DG_HINT_DATA_FORMAT                                                                        \
    "data_format", "images are always {height, width, channels}; leave it out"

/* A hint for layers with weights, to stand between braces. */
#define DG_HINT_TRAINABLE                                                                          \
    "trainable", "freeze the layer of a model: model:layer(name).trainable = false"

#endif
