/* What the pooling layers share: their options, and how they process a pass. */
#ifndef DG_NN_LAYERS_POOLING_H
#define DG_NN_LAYERS_POOLING_H

#include "engine/nn/layers/window.h"

typedef struct dg_pooling_options {
    int64_t pool_size[2];
    dg_ints strides; /* none given: pool_size */
    int padding;
} dg_pooling_options;

extern const dg_param dg_pooling_params[];
extern const dg_hint dg_pooling_hints[];
extern const dg_param dg_global_pool_params[];

/* The work on one image. x {height, width, channels}; y, g and taps {out height, out width,
 * channels}; dx is overwritten. taps: what backward needs to know of each output, if anything; NULL
 * in prediction. */
typedef struct dg_pooling_kind {
    bool has_taps;
    void (*forward)(const dg_window *w, const float *x, float *y, int32_t *taps);
    void (*backward)(const dg_window *w, const float *g, const int32_t *taps, float *dx);
} dg_pooling_kind;

/* Pooling of bytes by their greatest, in quantised networks. */
extern const struct dg_int8_layer dg_max_pool_int8;

extern const dg_pooling_kind dg_max_pool, dg_average_pool;

/* Output shape, cut, cost and what is saved. Global pooling, with NULL for options, has one window,
 * the whole image, and its output is a row of one axis. */
dg_status dg_pooling_build(const dg_pooling_kind *kind, const dg_pooling_options *options,
                           dg_layer_build *build);

/* The prepare() of all pooling layers: what is prepared is a dg_window. */
void dg_pooling_prepare(const void *options, const dg_layer_build *build, bool training,
                        void *prepared);

/* All images of a pass. */
dg_status dg_pooling_forward(const dg_pooling_kind *kind, const dg_pass *pass);
dg_status dg_pooling_backward(const dg_pooling_kind *kind, const dg_pass *pass);

#endif
