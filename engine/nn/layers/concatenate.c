/* Concatenate: puts branches side by side along one axis. */
#include <inttypes.h>
#include <string.h>

#include "engine/nn/layer.h"
#include "engine/tensor/tensor.h"

typedef struct {
    int64_t axis;
} concatenate_options;

static const dg_param params[] = {
    DG_INT(concatenate_options, axis, .default_number = -1, DG_WITHIN(-DG_MAX_INTS, DG_MAX_INTS),
           .doc = "the axis of a row, from 1, or from the last, -1: channels beside channels"),
    DG_END
};

static dg_status concatenate_check(const void *options)
{
    if (((const concatenate_options *)options)->axis != 0) return DG_OK;
    return dg_error(DG_INVALID, "axis must be 1 or more, or -1 or less, found 0: rows are kept");
}

/* The axis, from 0. */
static int axis_of(const concatenate_options *o, const dg_shape *row)
{
    return (int)(o->axis < 0 ? o->axis + row->count : o->axis - 1);
}

static bool same_but_axis(const dg_shape *a, const dg_shape *b, int axis)
{
    if (a->count != b->count) return false;
    for (int i = 0; i < a->count; i++)
        if (i != axis && a->at[i] != b->at[i]) return false;
    return true;
}

static dg_status concatenate_build(const void *options, dg_layer_build *b)
{
    const concatenate_options *o = options;
    int axis = axis_of(o, &b->input[0]);
    char one[160], two[160];
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->forgets_input = b->forgets_output = true;
    dg_shape_text(b->output.count, b->output.at, one, sizeof one);
    if (axis < 0 || axis >= b->output.count)
        return dg_error(DG_INVALID, "axis is %" PRId64 ", but its first input has shape %s",
                        o->axis, one);
    for (int i = 1; i < b->inputs; i++) {
        const dg_shape *other = &b->input[i];
        if (!same_but_axis(&b->input[0], other, axis))
            return dg_error(DG_INVALID,
                            "needs inputs of the same shape but for axis %d, found %s and %s",
                            axis + 1, one, dg_shape_text(other->count, other->at, two, sizeof two));
        b->output.at[axis] += other->at[axis];
    }
    b->row_flops = dg_shape_size(&b->output);
    return DG_OK;
}

/* Copies the runs of input `i`, which lie in the output one after the other of each input, from
 * the input to the output or back. */
static void copy_runs(const dg_pass *pass, int i, float *y, float *x, bool back)
{
    const dg_layer_build *b = pass->build;
    int64_t before = 0, all = 1, own = 1, runs = pass->rows;
    int axis = axis_of(pass->options, &b->output);
    for (int k = 0; k < axis; k++) runs *= b->output.at[k];
    for (int k = axis + 1; k < b->output.count; k++) own *= b->output.at[k];
    all = own * b->output.at[axis];
    for (int k = 0; k < i; k++) before += own * b->input[k].at[axis];
    own *= b->input[i].at[axis];
    y += before;
    for (int64_t run = 0; run < runs; run++, x += own, y += all)
        memcpy(back ? x : y, back ? y : x, (size_t)own * sizeof *y);
}

static dg_status concatenate_forward(const dg_pass *pass)
{
    for (int i = 0; i < pass->build->inputs; i++)
        copy_runs(pass, i, pass->output, (float *)pass->input[i], false);
    return DG_OK;
}

static dg_status concatenate_backward(const dg_pass *pass)
{
    for (int i = 0; i < pass->build->inputs; i++)
        if (pass->input_gradient[i])
            copy_runs(pass, i, pass->output_gradient, pass->input_gradient[i], true);
    return DG_OK;
}

static const dg_hint hints[] = { { "dim", "use axis" }, { NULL } };

const dg_layer_type dg_concatenate = {
    .part = { .kind = "layer",
              .name = "Concatenate",
              .alias = "concatenate",
              .doc = "puts its inputs side by side: joins branches that have found different "
                     "features (Szegedy et al. 2015)",
              .example = "nn.Concatenate {} { a, b }",
              .params = params,
              .options_size = sizeof(concatenate_options),
              .check = concatenate_check,
              .hints = hints },
    .flags = DG_LAYER_JOINS,
    .build = concatenate_build,
    .forward = concatenate_forward,
    .backward = concatenate_backward,
};
