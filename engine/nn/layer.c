/* What build() asks for. */
#include "engine/nn/layer.h"

#include "engine/tensor/tensor.h"

dg_weight_spec *dg_build_weight(dg_layer_build *build, int place, const char *name, dg_shape shape,
                                const dg_part *initializer, const dg_part *regularizer)
{
    int64_t window = 1; /* of a convolution: the axes before the last two */
    for (int i = 0; i < shape.count - 2; i++) window *= shape.at[i];
    dg_weight_spec *spec = &build->weight[place];
    *spec = (dg_weight_spec){
        .name = name, .shape = shape, .initializer = initializer, .regularizer = regularizer
    };
    spec->fan_out = window * shape.at[shape.count - 1];
    spec->fan_in = shape.count > 1 ? window * shape.at[shape.count - 2] : spec->fan_out;
    build->weights++;
    return spec;
}

dg_status dg_check_output(const dg_shape *output)
{
    int64_t size = 1;
    const char *fault = NULL;
    char text[160];
    for (int i = 0; i < output->count && !fault; i++) {
        if (output->at[i] < 1)
            fault = "empty";
        else if (output->at[i] > INT32_MAX / size)
            fault = "too large";
        else
            size *= output->at[i];
    }
    if (!fault) return DG_OK;
    return dg_error(DG_INVALID, "has output shape %s, which is %s",
                    dg_shape_text(output->count, output->at, text, sizeof text), fault);
}
