/* Quantised networks: int8 for predicting.
 *
 * A quantised network is a learner that predicts as the network it was made from, faster and with a
 * quarter of the memory: the weights of Conv2D and Dense are int8 with a scale for each output
 * channel, the values between layers bytes of 7 bits with a scale for each layer, the sums whole
 * numbers (after Jacob et al. 2018, Quantization and training of neural networks for efficient
 * integer-arithmetic-only inference). Which layers take part is in their own files
 * (engine/nn/quantized/int8.h); the others run in float32. Its predictions have the same bits on
 * every processor, as have a network's.
 *
 * It cannot be fitted. Its file holds "layer.kernel" (int8), "layer.scale" and "layer.bias"
 * (float32) of each layer that multiplies, the weights of layers that run in float32 as they are,
 * and "activations" {nodes, 2}: scale and zero of the bytes of each node. */
#ifndef DG_NN_QUANTIZED_H
#define DG_NN_QUANTIZED_H

#include "engine/nn/model.h"

/* `*out` becomes a quantised copy of a fitted network. x: rows {n, ...} like those that it will
 * predict, a few hundred at least, by which the ranges of the values between layers are found: from
 * the least to the greatest, and 0. DG_INVALID: it was never fitted, or the rows do not suit it;
 * DG_NUMERIC: weights or values that are not finite. job: NULL is dg_job_default(). */
dg_status dg_model_quantize(dg_learner **out, const dg_model *model, const dg_tensor *x,
                            const dg_job *job);

/* What fit and compile of one answer. */
#define DG_PREDICTS_ONLY "a quantised network predicts only; fit the network it was made from"

/* The type of quantised networks; a dg_model without float32 weights, except those of layers that
 * run in float32, is the beginning of their struct. */
extern const dg_learner_type dg_quantized_network;

/* Bytes of all weights, scales and biases. */
int64_t dg_quantized_weight_bytes(const dg_learner *learner);

#endif
