/* Where windows lie. */
#include "engine/nn/layers/window.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/tensor/tensor.h"

const char *const dg_padding_names[] = { "valid", "same", NULL };

dg_status dg_expect_image(const dg_shape *input)
{
    if (input->count == 3) return DG_OK;
    char words[160];
    dg_shape_text(input->count, input->at, words, sizeof words);
    const char *fix = "put it before nn.Flatten";
    char reshape[160];
    if (input->count == 2) {
        snprintf(reshape, sizeof reshape,
                 "give the channels too, as in nn.Input { %" PRId64 ", %" PRId64 ", 1 }",
                 input->at[0], input->at[1]);
        fix = reshape;
    } else if (input->count == 1) {
        int64_t side = 1;
        while (side * side < input->at[0] && side < 1 << 20) side++;
        if (side * side == input->at[0])
            snprintf(reshape, sizeof reshape,
                     "put nn.Reshape { %" PRId64 ", %" PRId64 ", 1 } before it", side, side);
        else
            snprintf(reshape, sizeof reshape,
                     "put nn.Reshape { height, width, channels } before it");
        fix = reshape;
    }
    return dg_error(DG_INVALID,
                    "needs images {height, width, channels}, found a row of shape %s: %s", words,
                    fix);
}

static void place(dg_window_axis *axis, dg_padding padding)
{
    int64_t extent = dg_window_extent(axis);
    if (padding == DG_PADDING_VALID) {
        axis->out = axis->in < extent ? 0 : (axis->in - extent) / axis->stride + 1;
        axis->before = 0;
        return;
    }
    axis->out = axis->in / axis->stride + (axis->in % axis->stride != 0);
    int64_t total = (axis->out - 1) * axis->stride + extent - axis->in;
    axis->before = total > 0 ? total / 2 : 0;
}

dg_status dg_window_of(const dg_shape *input, const int64_t size[2], const int64_t stride[2],
                       const int64_t dilation[2], dg_padding padding, dg_window *out)
{
    static const int64_t close[2] = { 1, 1 };
    const int64_t *apart = dilation ? dilation : close;
    DG_TRY(dg_expect_image(input));
    *out = (dg_window){
        .y = { .in = input->at[0], .size = size[0], .stride = stride[0], .dilation = apart[0] },
        .x = { .in = input->at[1], .size = size[1], .stride = stride[1], .dilation = apart[1] },
        .channels = input->at[2]
    };
    place(&out->y, padding);
    place(&out->x, padding);
    if (out->y.out > 0 && out->x.out > 0) return DG_OK;
    char dilated[90] = "";
    if (apart[0] > 1 || apart[1] > 1)
        snprintf(dilated, sizeof dilated, ", dilated by %" PRId64 "x%" PRId64 ",", apart[0],
                 apart[1]);
    return dg_error(DG_INVALID,
                    "a window of %" PRId64 "x%" PRId64 "%s does not fit into images of %" PRId64
                    "x%" PRId64 ": make it smaller, or set padding = \"same\"",
                    size[0], size[1], dilated, out->y.in, out->x.in);
}
