/* Quantised networks as Lua values. */
#ifndef DIGITS_BINDINGS_LEARNERS_QUANTIZED_H
#define DIGITS_BINDINGS_LEARNERS_QUANTIZED_H

#include <lua.h>

#include "bindings/calls/class.h"

extern const dg_class dg_quantized_class;

/* The method quantize of networks; `options` is a dg_quantize_options. */
typedef struct dg_quantize_options {
    const struct dg_tensor *calibration;
} dg_quantize_options;
int dg_lua_quantize(lua_State *L, const void *options);

#endif
