/* What the pooling layers share: the window of each, and the work on one image. */
#ifndef DG_NN_LAYERS_POOLING_H
#define DG_NN_LAYERS_POOLING_H

#include "engine/nn/layers/window.h"

typedef struct dg_pool_options {
    int64_t pool_size[2];
    dg_ints strides; /* none given: pool_size */
    int padding;
} dg_pool_options;

extern const dg_param dg_pool_params[];
extern const char *const dg_pool_hints[];
extern const dg_param dg_global_pool_params[];

/* The window that the options ask for; options NULL: one window, the whole image. */
dg_status dg_pool_window(const dg_pool_options *options, const dg_shape *input, dg_window *out);

/* Output shape, cut and cost; a global pooling (options NULL) gives a row of one axis. */
dg_status dg_pool_build(const dg_pool_options *options, dg_layer_build *build);

/* All images of a pass. The number of the tap that was greatest is saved for each output, as an
 * int32_t. */
dg_status dg_max_pool_build(const dg_pool_options *options, dg_layer_build *build);
dg_status dg_max_pool_forward(const dg_pool_options *options, const dg_pass *pass);
dg_status dg_max_pool_backward(const dg_pool_options *options, const dg_pass *pass);
dg_status dg_average_pool_forward(const dg_pool_options *options, const dg_pass *pass);
dg_status dg_average_pool_backward(const dg_pool_options *options, const dg_pass *pass);

#endif
