/* Convolutions of bytes, for Conv2D in quantised networks. */
#ifndef DG_NN_LAYERS_CONVOLUTION8_H
#define DG_NN_LAYERS_CONVOLUTION8_H

#include "engine/nn/layers/window.h"
#include "engine/nn/quantized/int8.h"

/* Scratch of a pass; the pass, whose windows see all channels. Around the image lies its zero. */
int64_t dg_convolve8_scratch(const dg_window *window);
void dg_convolve8(const dg_int8_pass *pass, const dg_window *window);

#endif
