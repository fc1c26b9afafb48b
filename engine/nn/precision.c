/* The precision of a network's products, as asked for and as it can be had here. */
#include <stdio.h>

#include "engine/nn/network.h"

void dg_model_set_precision(dg_model *model, dg_product_precision precision)
{
    model->precision = precision;
}

dg_product_precision dg_model_trains_in(const dg_model *model)
{
    return dg_bfloat16() == DG_BFLOAT16_OFF ? DG_PRECISION_FLOAT32 : model->precision;
}

const char *dg_network_products(const dg_learner *learner)
{
    bool asked = ((const dg_model *)learner)->precision == DG_PRECISION_BFLOAT16;
    return asked ? dg_bfloat16_products() : NULL;
}

bool dg_model_lacks_precision(const dg_model *model, char *out, size_t size)
{
    if (dg_model_trains_in(model) == model->precision) return false;
    snprintf(out, size,
             "products in bfloat16 are not available here (they need the instructions AVX512_BF16 "
             "and kernels of the level x86-64-v4): the model is trained in float32");
    return true;
}
