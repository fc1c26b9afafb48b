/* Flatten and Reshape: the same numbers under another shape. Nothing is copied. */
#include <inttypes.h>

#include "engine/nn/layer.h"
#include "engine/tensor/tensor.h"

static const dg_param flatten_params[] = { DG_END };

static dg_status flatten_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = (dg_shape){ .count = 1, .at = { dg_shape_size(&b->input[0]) } };
    b->cut = DG_CUT_VIEW;
    return DG_OK;
}

const dg_layer_type dg_flatten = {
    .part = { .kind = "layer",
              .name = "Flatten",
              .alias = "flatten",
              .doc = "reshapes each row to a single axis",
              .example = "nn.Flatten {}",
              .params = flatten_params },
    .build = flatten_build,
    .flags = DG_LAYER_PASSES_BYTES,
};

typedef struct {
    dg_ints target_shape;
} reshape_options;

static const dg_param reshape_params[] = {
    DG_INTS(reshape_options, target_shape, .required = true, DG_WITHIN(-1, 1 << 30),
            .doc = "new shape of a row, without the batch; one size may be -1: it is inferred"),
    DG_END
};

static dg_status reshape_check(const void *options)
{
    const dg_ints *target = &((const reshape_options *)options)->target_shape;
    int open = 0;
    for (int i = 0; i < target->count; i++) {
        open += target->at[i] == -1;
        if (target->at[i] == 0)
            return dg_error(DG_INVALID,
                            "target_shape must have sizes of at least 1, or one -1, which "
                            "is inferred; found 0");
    }
    if (open > 1) return dg_error(DG_INVALID, "target_shape may have only one -1, found %d", open);
    return DG_OK;
}

static dg_status reshape_build(const void *options, dg_layer_build *b)
{
    b->output = ((const reshape_options *)options)->target_shape;
    b->cut = DG_CUT_VIEW;
    int64_t size = dg_shape_size(&b->input[0]), known = 1;
    int64_t *open = NULL;
    for (int i = 0; i < b->output.count; i++) {
        int64_t *at = &b->output.at[i];
        if (*at == -1)
            open = at;
        else if (known <= size)
            known *= *at;
    }
    if (open && size % known == 0) {
        *open = size / known;
        return DG_OK;
    }
    if (!open && known == size) return DG_OK;
    char from[160], to[160];
    return dg_error(DG_INVALID, "cannot reshape a row of shape %s (%" PRId64 " values) to %s",
                    dg_shape_text(b->input[0].count, b->input[0].at, from, sizeof from), size,
                    dg_shape_text(b->output.count, b->output.at, to, sizeof to));
}

const dg_layer_type dg_reshape = {
    .part = { .kind = "layer",
              .name = "Reshape",
              .alias = "reshape",
              .doc = "reshapes each row; its number of values stays the same",
              .example = "nn.Reshape { 28, 28, 1 }",
              .params = reshape_params,
              .options_size = sizeof(reshape_options),
              .check = reshape_check },
    .build = reshape_build,
    .flags = DG_LAYER_PASSES_BYTES,
};
