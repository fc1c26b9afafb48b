/* How a layer runs in a quantised network: on bytes.
 *
 * A value of a quantised network is a byte of 7 bits, 0 .. 127, that stands for (byte - zero) *
 * scale; `scale` and `zero`, the byte of the number 0, are those of all values of an output. A
 * layer that has a dg_int8_layer in its descriptor takes part in one of three ways:
 *
 *     multiplies   its weights 0 and 1 are a kernel {..., channels} and a bias {channels} or none:
 *                  sums of products of whole numbers (engine/tensor/product8.h). Conv2D, Dense
 *     activates    it only applies the activation of its descriptor's `activation_offset`: relu
 *                  and linear become a part of the layer before it in the same way, or run on
 *                  bytes. Activation
 *     none         its outputs are some of its inputs, so they keep scale and zero: pooling
 *
 * One that has factors() (engine/nn/layer.h) becomes a part of the kernel and the bias of the layer
 * before it, if that one multiplies. Every other layer runs in float32, with conversions around
 * it. */
#ifndef DG_NN_QUANTIZED_INT8_H
#define DG_NN_QUANTIZED_INT8_H

#include "engine/nn/layer.h"
#include "engine/tensor/product8.h"

/* One call of forward(). */
typedef struct dg_int8_pass {
    const void *options;
    const dg_layer_build *build;
    int64_t rows;
    const uint8_t *input; /* DG_PRODUCT8_SLACK bytes behind its end may be read, but mean nothing */
    uint8_t zero;         /* the byte of 0 of the input */
    const dg_factor8 *kernel; /* multiplying: {k, channels} */
    uint8_t *bytes;           /* the output; or NULL where one that multiplies writes */
    float *floats;            /* these, its sums with the bias */
    uint8_t least;            /* of bytes that one that multiplies writes */
    void *scratch;            /* aligned to 64 */
} dg_int8_pass;

typedef struct dg_int8_layer {
    bool multiplies, activates;
    /* Else it runs in float32; NULL: always. */
    bool (*suits)(const void *options, const dg_layer_build *build);
    int64_t (*scratch_bytes)(const void *options, const dg_layer_build *build); /* NULL: none */
    void (*forward)(const dg_int8_pass *pass);
} dg_int8_layer;

#endif
