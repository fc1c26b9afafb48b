/* AlphaDropout: in training, sets values to what selu gives far below zero, and scales and shifts
 * all so that values of mean 0 and variance 1 keep both. */
#include <math.h>

#include "engine/nn/layers/drop.h"

typedef struct {
    double rate;
    dg_optional_seed seed;
} alpha_dropout_options;

static const dg_param params[] = { DG_FLOAT(alpha_dropout_options, rate, .required = true,
                                            DG_FROM_BELOW(0, 1),
                                            .doc = "fraction of the values that are replaced"),
                                   DG_SEED(alpha_dropout_options, seed, .doc = DG_LAYER_SEED_DOC),
                                   DG_END };

/* Where selu ends below: -scale alpha. */
static const double lowest = -1.05070098735548049342 * 1.67326324235437728482;

static dg_status alpha_dropout_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->training_only = true;
    b->saved_row_bytes = dg_shape_size(&b->output);
    b->row_flops = 8 * dg_shape_size(&b->output);
    return DG_OK;
}

static double scale_of(double rate)
{
    return 1 / sqrt((1 - rate) * (1 + rate * lowest * lowest));
}

DG_KERNEL(void, replace,
          (float scale, float shift, int64_t count, const uint8_t *restrict kept,
           const float *restrict x, float *restrict y),
          (scale, shift, count, kept, x, y))
{
    for (int64_t i = 0; i < count; i++) y[i] = DG_FMA(kept[i] ? x[i] : (float)lowest, scale, shift);
}

static dg_status alpha_dropout_forward(const dg_pass *pass)
{
    const alpha_dropout_options *o = pass->options;
    int64_t size = dg_shape_size(&pass->build->output), count = pass->rows * size;
    double scale = scale_of(o->rate);
    dg_drop_marks(dg_layer_key(pass, o->seed, "alpha dropout"), dg_drop_limit(o->rate),
                  pass->first * size, count, pass->saved_rows);
    replace((float)scale, (float)(-scale * lowest * o->rate), count, pass->saved_rows,
            pass->input[0], pass->output);
    return DG_OK;
}

static dg_status alpha_dropout_backward(const dg_pass *pass)
{
    const alpha_dropout_options *o = pass->options;
    if (!pass->input_gradient[0]) return DG_OK;
    dg_drop_apply((float)scale_of(o->rate), pass->rows * dg_shape_size(&pass->build->output),
                  pass->saved_rows, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

static const dg_hint hints[] = {
    { "p", "use rate, the fraction that is replaced" },
    { "noise_shape", "each value is dropped independently; leave it out" },
    { NULL },
};

const dg_layer_type dg_alpha_dropout = {
    .part = { .kind = "layer",
              .name = "AlphaDropout",
              .alias = "alpha_dropout",
              .doc = "dropout for networks of selu: what it drops takes selu's lowest value, and "
                     "mean and variance stay (Klambauer et al. 2017)",
              .example = "nn.AlphaDropout { 0.1 }",
              .params = params,
              .options_size = sizeof(alpha_dropout_options),
              .hints = hints },
    .build = alpha_dropout_build,
    .forward = alpha_dropout_forward,
    .backward = alpha_dropout_backward,
};
