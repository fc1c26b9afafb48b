/* Activation functions, applied in place to the output of a layer. The derivative is written in
 * terms of the output, so that nothing else need be kept, or, where it does not follow from that
 * (gelu, silu, softplus), of the argument: what is `known` of a layer's activation is one or the
 * other. */
#ifndef DG_NN_ACTIVATION_H
#define DG_NN_ACTIVATION_H

#include <stdint.h>

#include "engine/nn/layer.h"

/* In the order of dg_activation_names. Keras 3's defaults: elu's alpha 1, leaky_relu's slope 0.2,
 * gelu not approximated; hard_sigmoid is relu6(x + 3) / 6. */
typedef enum dg_activation {
    DG_LINEAR,
    DG_RELU,
    DG_TANH,
    DG_SIGMOID,
    DG_SOFTMAX,
    DG_ELU,
    DG_LEAKY_RELU,
    DG_GELU,
    DG_SILU,
    DG_SELU,
    DG_SOFTPLUS,
    DG_HARD_SIGMOID,
} dg_activation;

/* "linear", "relu", ... then NULL: the choices of an `activation` parameter. */
extern const char *const dg_activation_names[];

/* y: {rows, width}; softmax runs over width. */
void dg_activate(dg_activation activation, float *y, int64_t rows, int64_t width);

/* For the build() of a layer whose output is the activation's: says what backward() needs of it,
 * its output or saved rows, which the layer then has for nothing else. */
void dg_build_activation(dg_layer_build *build, dg_activation activation);

/* The same as dg_activate for `rows` rows of the output of a pass that begin at value `at` of it;
 * what they were before goes to the saved rows if backward() needs it, and to the pass's `logits`
 * if it asks for them. */
void dg_activate_output(const dg_pass *pass, dg_activation activation, int64_t at, int64_t rows,
                        int64_t width);

/* gradient *= f'(x). */
void dg_activation_backward(dg_activation activation, const float *known, float *gradient,
                            int64_t rows, int64_t width);

/* As above, and bias_gradient {width} becomes the sum over rows of the result (NULL: not
 * wanted). */
void dg_activation_backward_biased(dg_activation activation, const float *known, float *gradient,
                                   int64_t rows, int64_t width, float *bias_gradient);

/* The same for the output gradient of a pass of a layer that has used dg_build_activation and
 * dg_activate_output: {rows, width} all together. */
void dg_activation_backward_output(const dg_pass *pass, dg_activation activation, int64_t width,
                                   float *bias_gradient);

#endif
