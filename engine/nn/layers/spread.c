/* Broadcasting: see the header. */
#include "engine/nn/layers/spread.h"

#include <string.h>

#include "engine/base/lanes.h"
#include "engine/tensor/tensor.h"

/* The size of an axis of `shape`, counted as one of `count` axes. */
static int64_t axis_of(const dg_shape *shape, int count, int axis)
{
    int own = axis - (count - shape->count);
    return own < 0 ? 1 : shape->at[own];
}

static void push_axis(dg_spread *s, int64_t size, bool repeated, int64_t from, int64_t to)
{
    int last = s->axes - 1;
    if (size == 1) return;
    if (last >= 0 && (s->from[last] == 0) == repeated) {
        s->size[last] *= size;
    } else {
        s->size[++last] = size;
        s->axes++;
    }
    s->from[last] = repeated ? 0 : from;
    s->to[last] = to;
}

/* Axes of size 1 ahead of the others, so that there are two. */
static void fill_axes(dg_spread *s)
{
    int missing = s->axes < 2 ? 2 - s->axes : 0;
    for (int i = s->axes - 1; i >= 0; i--) {
        s->size[i + missing] = s->size[i];
        s->from[i + missing] = s->from[i];
        s->to[i + missing] = s->to[i];
    }
    for (int i = 0; i < missing; i++) s->size[i] = 1, s->from[i] = s->to[i] = 0;
    s->axes += missing;
}

dg_spread dg_spread_of(int64_t rows, const dg_shape *small, const dg_shape *large)
{
    int64_t from = dg_shape_size(small), to = dg_shape_size(large);
    dg_spread s = { .count = rows * from, .whole = from == to };
    push_axis(&s, rows, false, from, to);
    for (int axis = 0; axis < large->count; axis++) {
        int64_t size = axis_of(small, large->count, axis);
        from /= size;
        to /= large->at[axis];
        push_axis(&s, large->at[axis], size < large->at[axis], from, to);
    }
    fill_axes(&s);
    return s;
}

/* --- the last two axes ---------------------------------------------------------------------- */

typedef enum spread_action { COPY, ADD, MULTIPLY, SUM } spread_action;

struct plane {
    int64_t height, width;
    int64_t from, to; /* from one line to the next */
    bool repeated;    /* a line of the small one is a single number */
};

DG_INLINE void one_line(spread_action action, int64_t width, int64_t step, const float *x, float *y)
{
    if (action == COPY)
        for (int64_t j = 0; j < width; j++) y[j] = x[j * step];
    if (action == ADD)
        for (int64_t j = 0; j < width; j++) y[j] += x[j * step];
    if (action == MULTIPLY)
        for (int64_t j = 0; j < width; j++) y[j] *= x[j * step];
}

DG_KERNEL(void, spread_plane,
          (const struct plane *p, spread_action action, const float *x, float *restrict y),
          (p, action, x, y))
{
    for (int64_t i = 0; i < p->height; i++, x += p->from, y += p->to) {
        if (p->repeated) {
            float one = *x;
            one_line(action, p->width, 0, &one, y);
        } else {
            one_line(action, p->width, 1, x, y);
        }
    }
}

DG_KERNEL(void, sum_plane, (const struct plane *p, const float *restrict y, float *restrict x),
          (p, y, x))
{
    for (int64_t i = 0; i < p->height; i++, x += p->from, y += p->to) {
        if (p->repeated) {
            float lane[DG_LANES] = { 0 };
            DG_EACH_LANE(j, l, p->width, lane[l] += y[j]);
            *x += DG_JOIN(lane);
        } else {
            for (int64_t j = 0; j < p->width; j++) x[j] += y[j];
        }
    }
}

static void walk(const dg_spread *s, int axis, spread_action action, const float *x, float *y)
{
    if (axis < s->axes - 2) {
        for (int64_t i = 0; i < s->size[axis]; i++)
            walk(s, axis + 1, action, x + i * s->from[axis], y + i * s->to[axis]);
        return;
    }
    struct plane plane = { .height = s->size[axis],
                           .width = s->size[axis + 1],
                           .from = s->from[axis],
                           .to = s->to[axis],
                           .repeated = s->from[axis + 1] == 0 };
    if (action == SUM)
        sum_plane(&plane, y, (float *)x);
    else
        spread_plane(&plane, action, x, y);
}

void dg_spread_copy(const dg_spread *spread, const float *x, float *y)
{
    if (spread->whole)
        memcpy(y, x, (size_t)spread->count * sizeof *y);
    else
        walk(spread, 0, COPY, x, y);
}

void dg_spread_add(const dg_spread *spread, const float *x, float *y)
{
    walk(spread, 0, ADD, x, y);
}

void dg_spread_multiply(const dg_spread *spread, const float *x, float *y)
{
    walk(spread, 0, MULTIPLY, x, y);
}

void dg_spread_sum(const dg_spread *spread, const float *y, float *x)
{
    if (spread->whole) {
        memcpy(x, y, (size_t)spread->count * sizeof *x);
        return;
    }
    memset(x, 0, (size_t)spread->count * sizeof *x);
    walk(spread, 0, SUM, x, (float *)y);
}

/* --- joining -------------------------------------------------------------------------------- */

/* Both as one shape, if that can be. */
static bool join_shapes(const dg_shape *a, const dg_shape *b, dg_shape *out)
{
    dg_shape joined = { .count = a->count > b->count ? a->count : b->count };
    for (int axis = 0; axis < joined.count; axis++) {
        int64_t one = axis_of(a, joined.count, axis), two = axis_of(b, joined.count, axis);
        if (one != two && one != 1 && two != 1) return false;
        joined.at[axis] = one == 1 ? two : one;
    }
    *out = joined;
    return true;
}

dg_status dg_spread_build(dg_layer_build *b)
{
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    for (int i = 1; i < b->inputs; i++) {
        const dg_shape *other = &b->input[i];
        char one[160], two[160];
        if (!join_shapes(&b->output, other, &b->output))
            return dg_error(DG_INVALID,
                            "needs inputs of the same shape, or with 1 where they differ, found "
                            "%s and %s",
                            dg_shape_text(b->output.count, b->output.at, one, sizeof one),
                            dg_shape_text(other->count, other->at, two, sizeof two));
    }
    DG_TRY(dg_check_output(&b->output));
    b->row_flops = b->inputs * dg_shape_size(&b->output);
    return DG_OK;
}
