/* Every part there is, in the order of the manual. A new part is a file and a line here. */
#include "engine/nn/descriptors.h"
#include "engine/tree/descriptors.h"

const dg_descriptor *const dg_registry[] = {
    /* layers */
    &dg_input.part,
    &dg_dense.part,
    &dg_conv2d.part,
    &dg_max_pooling2d.part,
    &dg_average_pooling2d.part,
    &dg_global_max_pooling2d.part,
    &dg_global_average_pooling2d.part,
    &dg_flatten.part,
    &dg_reshape.part,
    &dg_layer_activation.part,
    &dg_dropout.part,
    &dg_batch_normalization.part,
    &dg_rescaling.part,
    &dg_add.part,
    /* optimizers */
    &dg_sgd.part,
    &dg_rmsprop.part,
    &dg_adam.part,
    &dg_adamw.part,
    /* losses */
    &dg_categorical_crossentropy.part,
    &dg_mean_squared_error.part,
    /* initialisers */
    &dg_zeros.part,
    &dg_ones.part,
    &dg_constant.part,
    &dg_random_normal_initializer.part,
    &dg_random_uniform_initializer.part,
    &dg_truncated_normal.part,
    &dg_glorot_normal.part,
    &dg_glorot_uniform.part,
    &dg_he_normal.part,
    &dg_he_uniform.part,
    &dg_lecun_normal.part,
    &dg_lecun_uniform.part,
    /* regularisers */
    &dg_l1.part,
    &dg_l2.part,
    &dg_l1l2.part,
    /* learners made of trees */
    &dg_decision_tree.part,
    &dg_random_forest.part,
    &dg_gradient_boosting.part,
    NULL,
};
