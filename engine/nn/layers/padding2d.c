/* ZeroPadding2D and Cropping2D: zeros around an image, and what is left without its edges. Each is
 * the gradient of the other. */
#include <inttypes.h>
#include <string.h>

#include "engine/nn/layers/window.h"
#include "engine/tensor/tensor.h"

typedef struct {
    dg_ints padding; /* none given: 1 */
} zero_padding2d_options;

typedef struct {
    dg_ints cropping; /* none given: 0 */
} cropping2d_options;

#define SIDES_EXPECTED                                                                             \
    "a whole number of at least 0, { height, width } or { { top, bottom }, { left, right } }"
#define SIDES_DOC                                                                                  \
    "pixels at each side; { height, width }: at both ends of each; or "                            \
    "{ { top, bottom }, { left, right } }"

static const dg_param padding_params[] = {
    DG_INTS(zero_padding2d_options, padding, .pairs = true, .count_low = 1, .count_high = 4,
            DG_WITHIN(0, 1 << 15), .expects = SIDES_EXPECTED, .doc = SIDES_DOC "; default: 1"),
    DG_END
};

static const dg_param cropping_params[] = {
    DG_INTS(cropping2d_options, cropping, .pairs = true, .count_low = 1, .count_high = 4,
            DG_WITHIN(0, 1 << 15), .expects = SIDES_EXPECTED, .doc = SIDES_DOC "; default: 0"),
    DG_END
};

static dg_status sides_check(const void *options)
{
    const dg_ints *sides = options;
    if (sides->count != 3) return DG_OK;
    char found[160];
    return dg_error(DG_INVALID, "expected " SIDES_EXPECTED ", found %s",
                    dg_shape_text(sides->count, sides->at, found, sizeof found));
}

struct sides {
    int64_t top, bottom, left, right;
};

static struct sides sides_of(const dg_ints *given, int64_t usual)
{
    const int64_t *at = given->at;
    switch (given->count) {
    case 0: return (struct sides){ usual, usual, usual, usual };
    case 1: return (struct sides){ at[0], at[0], at[0], at[0] };
    case 2: return (struct sides){ at[0], at[0], at[1], at[1] };
    default: return (struct sides){ at[0], at[1], at[2], at[3] };
    }
}

static struct sides padding_of(const void *options)
{
    return sides_of(&((const zero_padding2d_options *)options)->padding, 1);
}

static struct sides cropping_of(const void *options)
{
    return sides_of(&((const cropping2d_options *)options)->cropping, 0);
}

static dg_status sides_build(dg_layer_build *b, struct sides s, int64_t sign)
{
    DG_TRY(dg_expect_image(&b->input[0]));
    b->output = b->input[0];
    b->output.at[0] += sign * (s.top + s.bottom);
    b->output.at[1] += sign * (s.left + s.right);
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    if (b->output.at[0] < 1 || b->output.at[1] < 1)
        return dg_error(DG_INVALID,
                        "cropping %" PRId64 " pixels of the height and %" PRId64
                        " of the width leaves nothing of images of %" PRId64 "x%" PRId64,
                        s.top + s.bottom, s.left + s.right, b->input[0].at[0], b->input[0].at[1]);
    DG_TRY(dg_check_output(&b->output));
    b->row_flops = dg_shape_size(&b->output);
    return DG_OK;
}

/* --- between an image and a larger one around it -------------------------------------------- */

struct frame {
    const dg_shape *outer, *inner;
    struct sides sides;
};

static void crop(const struct frame *f, int64_t rows, const float *outer, float *inner)
{
    int64_t wide = f->outer->at[1] * f->outer->at[2], narrow = f->inner->at[1] * f->inner->at[2];
    const float *from = outer + f->sides.top * wide + f->sides.left * f->outer->at[2];
    for (int64_t row = 0; row < rows; row++, from += dg_shape_size(f->outer))
        for (int64_t i = 0; i < f->inner->at[0]; i++, inner += narrow)
            memcpy(inner, from + i * wide, (size_t)narrow * sizeof *inner);
}

static void pad(const struct frame *f, int64_t rows, const float *inner, float *outer)
{
    int64_t size = dg_shape_size(f->outer);
    int64_t wide = f->outer->at[1] * f->outer->at[2], narrow = f->inner->at[1] * f->inner->at[2];
    memset(outer, 0, (size_t)(rows * size) * sizeof *outer);
    float *to = outer + f->sides.top * wide + f->sides.left * f->outer->at[2];
    for (int64_t row = 0; row < rows; row++, to += size)
        for (int64_t i = 0; i < f->inner->at[0]; i++, inner += narrow)
            memcpy(to + i * wide, inner, (size_t)narrow * sizeof *inner);
}

/* --- ZeroPadding2D -------------------------------------------------------------------------- */

static struct frame padding_frame(const dg_pass *pass)
{
    return (struct frame){ .outer = &pass->build->output,
                           .inner = &pass->build->input[0],
                           .sides = padding_of(pass->options) };
}

static dg_status padding_build(const void *options, dg_layer_build *b)
{
    return sides_build(b, padding_of(options), 1);
}

static dg_status padding_forward(const dg_pass *pass)
{
    struct frame f = padding_frame(pass);
    pad(&f, pass->rows, pass->input[0], pass->output);
    return DG_OK;
}

static dg_status padding_backward(const dg_pass *pass)
{
    struct frame f = padding_frame(pass);
    if (pass->input_gradient[0])
        crop(&f, pass->rows, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

static const dg_hint hints[] = { { DG_HINT_DATA_FORMAT }, { NULL } };

const dg_layer_type dg_zero_padding2d = {
    .part = { .kind = "layer",
              .name = "ZeroPadding2D",
              .alias = "zero_padding2d",
              .peers = (const char *const[]){ "ZeroPad2d", NULL },
              .doc = "puts zeros around images",
              .example = "nn.ZeroPadding2D { 2 }",
              .params = padding_params,
              .options_size = sizeof(zero_padding2d_options),
              .check = sides_check,
              .hints = hints },
    .flags = DG_LAYER_PASSES_BYTES,
    .build = padding_build,
    .forward = padding_forward,
    .backward = padding_backward,
};

/* --- Cropping2D ----------------------------------------------------------------------------- */

static struct frame cropping_frame(const dg_pass *pass)
{
    return (struct frame){ .outer = &pass->build->input[0],
                           .inner = &pass->build->output,
                           .sides = cropping_of(pass->options) };
}

static dg_status cropping_build(const void *options, dg_layer_build *b)
{
    return sides_build(b, cropping_of(options), -1);
}

static dg_status cropping_forward(const dg_pass *pass)
{
    struct frame f = cropping_frame(pass);
    crop(&f, pass->rows, pass->input[0], pass->output);
    return DG_OK;
}

static dg_status cropping_backward(const dg_pass *pass)
{
    struct frame f = cropping_frame(pass);
    if (pass->input_gradient[0])
        pad(&f, pass->rows, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

const dg_layer_type dg_cropping2d = {
    .part = { .kind = "layer",
              .name = "Cropping2D",
              .alias = "cropping2d",
              .doc = "cuts pixels off the sides of images",
              .example = "nn.Cropping2D { 4 }",
              .params = cropping_params,
              .options_size = sizeof(cropping2d_options),
              .check = sides_check,
              .hints = hints },
    .flags = DG_LAYER_PASSES_BYTES,
    .build = cropping_build,
    .forward = cropping_forward,
    .backward = cropping_backward,
};
