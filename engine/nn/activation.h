/* Activation functions, applied in place to the output of a layer. Each derivative is written in
 * terms of the output, so nothing else need be kept. */
#ifndef DG_NN_ACTIVATION_H
#define DG_NN_ACTIVATION_H

#include <stdint.h>

#include "engine/nn/layer.h"

/* In the order of dg_activation_names. Keras 3's defaults: elu's alpha 1, leaky_relu's slope
 * 0.2. */
typedef enum dg_activation {
    DG_LINEAR,
    DG_RELU,
    DG_TANH,
    DG_SIGMOID,
    DG_SOFTMAX,
    DG_ELU,
    DG_LEAKY_RELU,
} dg_activation;

/* "linear", "relu", ... then NULL: the choices of an `activation` parameter. */
extern const char *const dg_activation_names[];

/* y: {rows, width}; softmax runs over width. */
void dg_activate(dg_activation activation, float *y, int64_t rows, int64_t width);

/* The same for `rows` rows of the output of a pass that begin at value `at` of it; what they were
 * before goes to the pass's `logits` if it asks for them. */
void dg_activate_output(const dg_pass *pass, dg_activation activation, int64_t at, int64_t rows,
                        int64_t width);

/* gradient *= f'(x), from y = f(x). */
void dg_activation_backward(dg_activation activation, const float *y, float *gradient, int64_t rows,
                            int64_t width);

/* As above, and bias_gradient {width} becomes the sum over rows of the result (NULL: not
 * wanted). */
void dg_activation_backward_biased(dg_activation activation, const float *y, float *gradient,
                                   int64_t rows, int64_t width, float *bias_gradient);

#endif
