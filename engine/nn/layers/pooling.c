/* Options and windows of the pooling layers, and their way through a pass. */
#include "engine/nn/layers/pooling.h"

#include "engine/nn/activation.h"

const dg_param dg_pooling_params[] = {
    DG_PAIR(dg_pooling_options, pool_size, DG_WITHIN(1, 1 << 15), .default_number = 2,
            .doc = "height and width of the window, in pixels"),
    DG_INTS(dg_pooling_options, strides, DG_WITHIN(1, 1 << 15), .count_low = 1, .count_high = 2,
            .doc = "steps of the window down and across, in pixels; default: pool_size"),
    DG_CHOICE(dg_pooling_options, padding, .choices = dg_padding_names, .default_text = "valid",
              .doc = "valid: windows stay within the image; same: they may extend past its edge"),
    DG_END
};

const dg_param dg_global_pool_params[] = { DG_END };

const dg_hint dg_pooling_hints[] = {
    { "kernel_size", "use pool_size" },
    { "stride", "use strides" },
    { DG_HINT_DATA_FORMAT },
    { NULL },
};

/* The window that the options ask for; options NULL: one window, the whole image. */
static dg_status window_for(const dg_pooling_options *options, const dg_shape *input,
                            dg_window *out)
{
    DG_TRY(dg_expect_image(input));
    if (!options) return dg_window_of(input, input->at, input->at, NULL, DG_PADDING_VALID, out);
    const dg_ints *given = &options->strides;
    int64_t strides[2] = { options->pool_size[0], options->pool_size[1] };
    if (given->count > 0) {
        strides[0] = given->at[0];
        strides[1] = given->at[given->count - 1];
    }
    return dg_window_of(input, options->pool_size, strides, NULL, (dg_padding)options->padding,
                        out);
}

dg_status dg_pooling_build(const dg_pooling_kind *kind, const dg_pooling_options *options,
                           dg_layer_build *b)
{
    dg_window w;
    DG_TRY(window_for(options, &b->input[0], &w));
    if (options)
        b->output = (dg_shape){ .count = 3, .at = { w.y.out, w.x.out, w.channels } };
    else
        b->output = (dg_shape){ .count = 1, .at = { w.channels } };
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    b->row_flops = dg_shape_size(&b->output) * w.y.size * w.x.size;
    b->prepared_bytes = sizeof w;
    b->picks = kind->has_taps;
    if (kind->has_taps) b->saved_row_bytes = dg_shape_size(&b->output) * (int64_t)sizeof(int32_t);
    return DG_OK;
}

void dg_pooling_prepare(const void *options, const dg_layer_build *build, bool training,
                        void *prepared)
{
    (void)training;
    bool global = build->output.count == 1;
    (void)window_for(global ? NULL : options, &build->input[0], prepared); /* as in build() */
}

dg_status dg_pooling_forward(const dg_pooling_kind *kind, const dg_pass *pass)
{
    int64_t in = dg_shape_size(&pass->build->input[0]), out = dg_shape_size(&pass->build->output);
    int32_t *taps = pass->saved_rows;
    for (int64_t i = 0; i < pass->rows; i++)
        kind->forward(pass->prepared, pass->input[0] + i * in, pass->output + i * out,
                      taps ? taps + i * out : NULL);
    return DG_OK;
}

dg_status dg_pooling_backward(const dg_pooling_kind *kind, const dg_pass *pass)
{
    if (!pass->input_gradient[0]) return DG_OK;
    int64_t in = dg_shape_size(&pass->build->input[0]), out = dg_shape_size(&pass->build->output);
    const int32_t *taps = pass->saved_rows;
    if (pass->relu_before)
        dg_activation_backward(DG_RELU, pass->output, pass->output_gradient, pass->rows, out);
    for (int64_t i = 0; i < pass->rows; i++)
        kind->backward(pass->prepared, pass->output_gradient + i * out,
                       taps ? taps + i * out : NULL, pass->input_gradient[0] + i * in);
    return DG_OK;
}
