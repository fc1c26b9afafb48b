/* Dropout: in training, sets a fraction of the values to zero and scales up the others. */
#include "engine/nn/layers/drop.h"

typedef struct {
    double rate;
    dg_optional_seed seed;
} dropout_options;

static const dg_param params[] = {
    DG_FLOAT(dropout_options, rate, .required = true, DG_FROM_BELOW(0, 1),
             .doc = "fraction of the values set to zero"),
    DG_SEED(dropout_options, seed,
            .doc =
                "seed for choosing the values to drop, combined with the seed of fit; default: the "
                "layer's place in the model"),
    DG_END
};

static dg_status dropout_build(const void *options, dg_layer_build *b)
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

/* Values first .. first+count-1 of the batch; arrays begin at the first. `limit` in 65536ths. */
DG_KERNEL(void, drop,
          (uint64_t key, uint32_t limit, float scale, int64_t first, int64_t count,
           const float *restrict x, float *restrict y, uint8_t *restrict saved),
          (key, limit, scale, first, count, x, y, saved))
{
    uint8_t kept[DG_DROP_GROUP];
    for (int64_t i = 0; i < count;) {
        int64_t skip = (first + i) % DG_DROP_GROUP, some = DG_DROP_GROUP - skip;
        if (some > count - i) some = count - i;
        dg_drop_draw(key, (uint64_t)((first + i) / DG_DROP_GROUP), limit, kept);
        for (int64_t j = 0; j < some; j++) {
            saved[i + j] = kept[skip + j];
            y[i + j] = kept[skip + j] ? x[i + j] * scale : 0;
        }
        i += some;
    }
}

static dg_status dropout_forward(const dg_pass *pass)
{
    const dropout_options *o = pass->options;
    int64_t size = dg_shape_size(&pass->build->output);
    uint64_t key = dg_layer_key(pass, o->seed, "dropout");
    drop(key, dg_drop_limit(o->rate), (float)(1 / (1 - o->rate)), pass->first * size,
         pass->rows * size, pass->input[0], pass->output, pass->saved_rows);
    return DG_OK;
}

static dg_status dropout_backward(const dg_pass *pass)
{
    const dropout_options *o = pass->options;
    if (!pass->input_gradient[0]) return DG_OK;
    dg_drop_apply((float)(1 / (1 - o->rate)), pass->rows * dg_shape_size(&pass->build->output),
                  pass->saved_rows, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

static const dg_hint hints[] = {
    { "p", "use rate, the fraction set to zero" },
    { "noise_shape", "each value is dropped independently; leave it out" },
    { NULL },
};

const dg_layer_type dg_dropout = {
    .part = { .kind = "layer",
              .name = "Dropout",
              .alias = "dropout",
              .doc =
                  "sets a random fraction of the values to zero in training, so that the network "
                  "relies on no single one (Srivastava et al. 2014)",
              .example = "nn.Dropout { 0.5 }",
              .params = params,
              .options_size = sizeof(dropout_options),
              .hints = hints },
    .build = dropout_build,
    .flags = DG_LAYER_PASSES_BYTES,
    .forward = dropout_forward,
    .backward = dropout_backward,
};
