/* The names of all parts of networks that are built in; engine/registry.c lists them. */
#ifndef DG_NN_DESCRIPTORS_H
#define DG_NN_DESCRIPTORS_H

#include "engine/nn/layer.h"
#include "engine/nn/parts.h"

/* Layers (engine/nn/layers/NAME.c). Input takes nothing and computes nothing: its build() only
 * states the shape of a row. */
extern const dg_layer_type dg_input, dg_dense, dg_conv2d, dg_max_pooling2d, dg_average_pooling2d,
    dg_global_average_pooling2d, dg_global_max_pooling2d, dg_dropout, dg_flatten, dg_reshape,
    dg_layer_activation, dg_batch_normalization, dg_rescaling, dg_add;

/* Optimizers (engine/nn/optimizers/NAME.c). */
extern const dg_optimizer_type dg_sgd, dg_rmsprop, dg_adam, dg_adamw;

/* Losses (engine/nn/losses.c). */
extern const dg_loss_type dg_categorical_crossentropy, dg_mean_squared_error;

/* Initialisers (engine/nn/initializers.c). */
extern const dg_initializer_type dg_zeros, dg_ones, dg_constant, dg_random_normal_initializer,
    dg_random_uniform_initializer, dg_truncated_normal, dg_glorot_normal, dg_glorot_uniform,
    dg_he_normal, dg_he_uniform, dg_lecun_normal, dg_lecun_uniform;

/* Regularisers (engine/nn/regularizers.c). */
extern const dg_regularizer_type dg_l1, dg_l2, dg_l1l2;

#endif
