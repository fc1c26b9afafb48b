/* Dense: y = f(x W + b). x {rows, inputs}, W {inputs, units}, b {units}, y {rows, units}. */
#include <inttypes.h>
#include <string.h>

#include "engine/nn/activation.h"
#include "engine/nn/layer.h"
#include "engine/nn/quantized/int8.h"
#include "engine/tensor/product.h"
#include "engine/tensor/tensor.h"

typedef struct {
    int64_t units;
    int activation;
    bool use_bias;
    const dg_part *kernel_initializer, *bias_initializer, *kernel_regularizer, *bias_regularizer;
} dense_options;

static const dg_param params[] = {
    DG_INT(dense_options, units, .required = true, DG_WITHIN(1, 1 << 24),
           .doc = "number of outputs"),
    DG_CHOICE(dense_options, activation, .choices = dg_activation_names, .default_text = "linear",
              .doc = "function applied to the outputs"),
    DG_BOOL(dense_options, use_bias, .default_number = 1, .doc = "add a bias to each output"),
    DG_PART(dense_options, kernel_initializer, .kind = "initializer",
            .default_text = "glorot_uniform", .doc = "initializer of the kernel"),
    DG_PART(dense_options, bias_initializer, .kind = "initializer", .default_text = "zeros",
            .doc = "initializer of the biases"),
    DG_PART(dense_options, kernel_regularizer, .kind = "regularizer",
            .doc = "penalty on the kernel"),
    DG_PART(dense_options, bias_regularizer, .kind = "regularizer", .doc = "penalty on the biases"),
    DG_END
};

enum { KERNEL, BIAS };

/* Multiply-adds in a piece, at least: for less, waking another thread costs more than it saves. */
enum { PIECE_WORK = 1 << 19, MOST_PIECES = 16, PIECE_ROWS = 64 };

static dg_status dense_build(const void *options, dg_layer_build *b)
{
    const dense_options *o = options;
    const dg_shape *input = &b->input[0];
    if (input->count != 1) {
        char words[160];
        return dg_error(DG_INVALID,
                        "needs rows of one axis, found a row of shape %s: put nn.Flatten {} "
                        "before it",
                        dg_shape_text(input->count, input->at, words, sizeof words));
    }
    int64_t inputs = input->at[0];
    if (inputs > INT64_MAX / 8 / o->units)
        return dg_error(DG_INVALID, "%" PRId64 " inputs times %" PRId64 " units are too many",
                        inputs, o->units);
    b->output = (dg_shape){ .count = 1, .at = { o->units } };
    b->cut = DG_CUT_BATCH;
    dg_build_activation(b, (dg_activation)o->activation);
    dg_build_weight(b, KERNEL, "kernel", (dg_shape){ 2, { inputs, o->units } },
                    o->kernel_initializer, o->kernel_regularizer)
        ->announced = true;
    if (o->use_bias)
        dg_build_weight(b, BIAS, "bias", (dg_shape){ 1, { o->units } }, o->bias_initializer,
                        o->bias_regularizer);
    b->row_flops = 2 * inputs * o->units;
    return DG_OK;
}

/* --- cuts: by shape alone ------------------------------------------------------------------- */

struct dense_cut {
    const dg_pass *pass;
    int64_t rows, inputs, units;
    int64_t across, down; /* pieces of columns, pieces of rows */
};

static int64_t strips(int64_t columns)
{
    return (columns + DG_PRODUCT_COLUMNS - 1) / DG_PRODUCT_COLUMNS;
}

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The first of `columns` in piece `piece` of `pieces`: a multiple of DG_PRODUCT_COLUMNS. */
static int64_t column(int64_t columns, int64_t pieces, int64_t piece)
{
    return min(dg_piece_begin(strips(columns), pieces, piece) * DG_PRODUCT_COLUMNS, columns);
}

static struct dense_cut cut_of(const dg_pass *pass)
{
    const dg_weight_spec *kernel = &pass->build->weight[KERNEL];
    return (struct dense_cut){ .pass = pass,
                               .rows = pass->rows,
                               .inputs = kernel->shape.at[0],
                               .units = kernel->shape.at[1] };
}

static int64_t pieces_wanted(const struct dense_cut *c)
{
    double work = (double)c->rows * (double)c->inputs * (double)c->units;
    return dg_pieces(work < 1e18 ? (int64_t)work : INT64_MAX, PIECE_WORK, MOST_PIECES);
}

/* --- forward -------------------------------------------------------------------------------- */

static dg_status dense_forward_piece(void *context, int64_t piece, int worker)
{
    const struct dense_cut *c = context;
    const dg_pass *pass = c->pass;
    (void)worker;
    int64_t row = dg_piece_begin(c->rows, c->down, piece / c->across);
    int64_t row_end = dg_piece_begin(c->rows, c->down, piece / c->across + 1);
    int64_t first = column(c->units, c->across, piece % c->across);
    int64_t end = column(c->units, c->across, piece % c->across + 1);
    dg_multiply(&(dg_product){
        .m = row_end - row,
        .n = end - first,
        .k = c->inputs,
        .a = { .at = pass->input[0] + row * c->inputs, .row_step = c->inputs, .depth_step = 1 },
        .b = pass->weight[KERNEL] + first,
        .b_step = c->units,
        .bias = pass->weight[BIAS] ? pass->weight[BIAS] + first : NULL,
        .c = pass->output + row * c->units + first,
        .c_step = c->units,
        .precision = pass->precision });
    return DG_OK;
}

static dg_status dense_activate_piece(void *context, int64_t piece, int worker)
{
    const struct dense_cut *c = context;
    const dg_pass *pass = c->pass;
    const dense_options *o = pass->options;
    (void)worker;
    int64_t row = dg_piece_begin(c->rows, c->down, piece);
    int64_t end = dg_piece_begin(c->rows, c->down, piece + 1);
    dg_activate_output(pass, (dg_activation)o->activation, row * c->units, end - row, c->units);
    return DG_OK;
}

static dg_status dense_forward(const dg_pass *pass)
{
    struct dense_cut c = cut_of(pass);
    bool alone = pass->job->threads == 1 || dg_in_piece(); /* pieces would reread the inputs */
    int64_t wanted = alone ? 1 : pieces_wanted(&c);
    c.down = dg_pieces(c.rows, PIECE_ROWS, wanted);
    c.across = min((wanted + c.down - 1) / c.down, strips(c.units));
    DG_TRY(dg_parallel(pass->job, c.down * c.across, dense_forward_piece, &c));
    return dg_parallel(pass->job, c.down, dense_activate_piece, &c);
}

/* --- backward ------------------------------------------------------------------------------- */

/* Rows of W that are worked on while they are warm in the cache: a multiple of the rows of a tile
 * of products. */
enum { NEAR_INPUTS = 96 };

/* dW for some rows of W, at most NEAR_INPUTS. Summed over the rows of the batch in one order,
 * whatever the piece. Inputs are copied to where they lie close together: their rows, thousands of
 * floats apart, share a few places of the first level of the cache. */
static void dense_kernel_gradient(const struct dense_cut *c, int64_t first, int64_t end)
{
    enum { DEPTH = 64 };
    float near[DEPTH * NEAR_INPUTS];
    const dg_pass *pass = c->pass;
    int64_t inputs = end - first;
    for (int64_t t = 0; t < c->rows; t += DEPTH) {
        int64_t depth = min(c->rows - t, DEPTH);
        for (int64_t r = 0; r < depth; r++)
            memcpy(near + r * inputs, pass->input[0] + (t + r) * c->inputs + first,
                   (size_t)inputs * sizeof *near);
        dg_multiply(&(dg_product){ .m = inputs,
                                   .n = c->units,
                                   .k = depth,
                                   .a = { .at = near, .row_step = 1, .depth_step = inputs },
                                   .b = pass->output_gradient + t * c->units,
                                   .b_step = c->units,
                                   .accumulate = t > 0,
                                   .c = pass->weight_gradient[KERNEL] + first * c->units,
                                   .c_step = c->units,
                                   .precision = pass->precision });
    }
}

/* dx = dy W' for some rows of W, a block at a time, which is turned around on the way. */
static void dense_input_gradient(const struct dense_cut *c, int64_t first, int64_t end)
{
    enum { DEPTH = 256 };
    float turned[DEPTH * DG_PRODUCT_COLUMNS];
    const dg_pass *pass = c->pass;
    for (int64_t j = first; j < end; j += DG_PRODUCT_COLUMNS) {
        int64_t columns = min(end - j, DG_PRODUCT_COLUMNS);
        for (int64_t t = 0; t < c->units; t += DEPTH) {
            int64_t depth = min(c->units - t, DEPTH);
            dg_transpose(columns, depth, pass->weight[KERNEL] + j * c->units + t, c->units, turned,
                         columns);
            dg_multiply(&(dg_product){
                .m = c->rows,
                .n = columns,
                .k = depth,
                .a = { .at = pass->output_gradient + t, .row_step = c->units, .depth_step = 1 },
                .b = turned,
                .b_step = columns,
                .accumulate = t > 0,
                .c = pass->input_gradient[0] + j,
                .c_step = c->inputs,
                .precision = pass->precision });
        }
    }
}

static dg_status dense_backward_piece(void *context, int64_t piece, int worker)
{
    const struct dense_cut *c = context;
    (void)worker;
    int64_t end = column(c->inputs, c->across, piece + 1);
    for (int64_t i = column(c->inputs, c->across, piece); i < end; i += NEAR_INPUTS) {
        int64_t near = min(i + NEAR_INPUTS, end);
        if (c->pass->input_gradient[0]) dense_input_gradient(c, i, near);
        if (!c->pass->weight_gradient[KERNEL]) continue;
        dense_kernel_gradient(c, i, near);
        dg_pass_ready(c->pass, KERNEL, i * c->units, (near - i) * c->units);
    }
    return DG_OK;
}

static dg_status dense_backward(const dg_pass *pass)
{
    const dense_options *o = pass->options;
    struct dense_cut c = cut_of(pass);
    dg_activation_backward_output(pass, (dg_activation)o->activation, c.units,
                                  pass->weight_gradient[BIAS]);
    c.across = min(pieces_wanted(&c), strips(c.inputs));
    return dg_parallel(pass->job, c.across, dense_backward_piece, &c);
}

/* --- int8 --------------------------------------------------------------------------------- */

static void dense_int8_forward(const dg_int8_pass *pass)
{
    dg_multiply8(&(dg_product8){ .m = pass->rows,
                                 .a = { .at = pass->input, .row_step = pass->kernel->k, .runs = 1 },
                                 .b = pass->kernel,
                                 .bytes = pass->bytes,
                                 .floats = pass->floats,
                                 .least = pass->least });
}

static const dg_int8_layer int8 = { .multiplies = true, .forward = dense_int8_forward };

static const dg_hint hints[] = {
    { DG_HINT_TRAINABLE },
    { "input_dim", "put nn.Input { n } before it" },
    { "input_shape", "put nn.Input { n } before it" },
    { "in_features", "the size of the input is inferred; give units alone" },
    { "out_features", "use units" },
    { "bias", "use use_bias" },
    { NULL },
};

const dg_layer_type dg_dense = {
    .part = { .kind = "layer",
              .name = "Dense",
              .alias = "dense",
              .peers = (const char *const[]){ "Linear", NULL },
              .doc = "every output is a weighted sum of all inputs (Rosenblatt 1958)",
              .example = "nn.Dense { 128, activation = \"relu\" }",
              .params = params,
              .options_size = sizeof(dense_options),
              .hints = hints },
    .flags = DG_LAYER_TAKES_FACTORS,
    .build = dense_build,
    .forward = dense_forward,
    .backward = dense_backward,
    .activation_offset = offsetof(dense_options, activation),
    .has_activation = true,
    .int8 = &int8,
};
