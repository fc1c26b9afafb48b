#include "tests/engine/layer_case.h"

#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "tests/engine/network.h"

double layer_case_random(uint64_t *random)
{
    return (double)support_random(random, 2000001) / 1e6 - 1;
}

int64_t layer_case_weight_size(const layer_case *c, int weight)
{
    return c->build.weight[weight].name ? dg_shape_size(&c->build.weight[weight].shape) : 0;
}

/* Sums over the batch are gathered in so many parts, if there are as many rows. */
enum { PARTS = 3 };

static int64_t parts_of(const layer_case *c)
{
    return c->rows < PARTS ? c->rows : PARTS;
}

static float *floats(int64_t count, uint64_t *random)
{
    float *out;
    assert_ok(dg_alloc(&out, count, sizeof *out));
    for (int64_t i = 0; i < count; i++) out[i] = random ? (float)layer_case_random(random) : NAN;
    return out;
}

layer_case *layer_case_new(const char *name, const char *options, int inputs, const dg_shape *shape,
                           int64_t rows, uint64_t *random)
{
    dg_shape shapes[DG_MAX_INPUTS];
    for (int i = 0; i < inputs; i++) shapes[i] = *shape;
    return layer_case_joining(name, options, inputs, shapes, rows, random);
}

layer_case *layer_case_joining(const char *name, const char *options, int inputs,
                               const dg_shape *shapes, int64_t rows, uint64_t *random)
{
    layer_case *c;
    assert_ok(dg_alloc_zero(&c, 1, sizeof *c));
    c->part = network_part("layer", name, options);
    c->type = (const dg_layer_type *)c->part->type;
    c->rows = rows;
    c->training = true;
    c->key = (uint64_t)support_random(random, 1 << 30);
    c->threads = 2;
    c->build.inputs = inputs;
    for (int i = 0; i < inputs; i++) c->build.input[i] = shapes[i];
    assert_ok(c->type->build(c->part->options, &c->build));
    c->in_size = dg_shape_size(shapes);
    c->out_size = dg_shape_size(&c->build.output);
    for (int i = 0; i < inputs; i++) {
        c->in_sizes[i] = dg_shape_size(&shapes[i]);
        c->x[i] = floats(rows * c->in_sizes[i], random);
        c->dx[i] = floats(rows * c->in_sizes[i], NULL);
    }
    c->y = floats(rows * c->out_size, NULL);
    c->dy = floats(rows * c->out_size, random);
    for (int i = 0; i < DG_MAX_WEIGHTS; i++) {
        if (!c->build.weight[i].name) continue;
        c->w[i] = floats(layer_case_weight_size(c, i), random);
        if (!c->build.weight[i].frozen) c->dw[i] = floats(layer_case_weight_size(c, i), NULL);
    }
    assert_ok(dg_alloc(&c->saved_rows, rows * c->build.saved_row_bytes, 1));
    assert_ok(dg_alloc_zero(&c->saved_batch, c->build.saved_batch_bytes, 1));
    assert_ok(dg_alloc(&c->sums, PARTS * c->build.sums_bytes, 1));
    assert_ok(dg_alloc(&c->prepared, c->build.prepared_bytes, 1));
    memset(c->prepared, 0xff, (size_t)c->build.prepared_bytes);
    if (c->type->prepare) c->type->prepare(c->part->options, &c->build, true, c->prepared);
    return c;
}

void layer_case_free(layer_case *c)
{
    for (int i = 0; i < DG_MAX_INPUTS; i++) dg_free(c->x[i]), dg_free(c->dx[i]);
    for (int i = 0; i < DG_MAX_WEIGHTS; i++) dg_free(c->w[i]), dg_free(c->dw[i]);
    dg_free(c->y);
    dg_free(c->dy);
    dg_free(c->saved_rows);
    dg_free(c->saved_batch);
    dg_free(c->sums);
    dg_free(c->prepared);
    dg_part_release(c->part);
    dg_free(c);
}

static void fill_nan(float *values, int64_t count)
{
    for (int64_t i = 0; values && i < count; i++) values[i] = NAN;
}

/* --- one call ------------------------------------------------------------------------------- */

static void hide_rows(dg_pass *pass)
{
    pass->output = pass->output_gradient = NULL;
    memset(pass->input, 0, sizeof pass->input);
    memset(pass->input_gradient, 0, sizeof pass->input_gradient);
}

static void call(layer_case *c, dg_status (*function)(const dg_pass *), int64_t begin, int64_t end,
                 float *dy, bool wants_dx, float *const *dw, void *sums)
{
    dg_job job = { .threads = c->threads };
    uint8_t *scratch;
    assert_ok(dg_alloc(&scratch, c->build.scratch_bytes, 1));
    memset(scratch, 0xff, (size_t)c->build.scratch_bytes);
    dg_pass pass = { .job = &job,
                     .options = c->part->options,
                     .build = &c->build,
                     .training = c->training,
                     .activation_fused = c->fused,
                     .key = c->key,
                     .rows = end - begin,
                     .first = begin,
                     .output = c->y + begin * c->out_size,
                     .output_gradient = dy ? dy + begin * c->out_size : NULL,
                     .saved_rows =
                         c->training ? c->saved_rows + begin * c->build.saved_row_bytes : NULL,
                     .saved_batch = c->training ? c->saved_batch : NULL,
                     .scratch = sums ? NULL : scratch,
                     .relu = c->relu,
                     .sums = sums,
                     .pieces = parts_of(c),
                     .prepared = c->prepared };
    for (int i = 0; i < c->build.inputs; i++) {
        pass.input[i] = c->x[i] + begin * c->in_sizes[i];
        pass.input_gradient[i] = wants_dx ? c->dx[i] + begin * c->in_sizes[i] : NULL;
    }
    for (int i = 0; i < DG_MAX_WEIGHTS; i++) {
        pass.weight[i] = c->w[i];
        pass.weight_gradient[i] = dw && c->dw[i] ? dw[i] : NULL;
    }
    if (function == c->type->join || function == c->type->join_back) hide_rows(&pass);
    if (function == c->type->backward || function == c->type->gather_back) {
        if (c->build.forgets_output) pass.output = NULL;
        for (int i = 0; c->build.forgets_input && i < c->build.inputs; i++) pass.input[i] = NULL;
    }
    assert_ok(function(&pass));
    dg_free(scratch);
}

static int64_t range_of(const layer_case *c, int64_t range)
{
    return c->build.cut == DG_CUT_BATCH ? c->rows : range;
}

/* Sums of all parts, the last first, and their join. */
static void call_sums(layer_case *c, dg_status (*gather)(const dg_pass *),
                      dg_status (*join)(const dg_pass *), float *dy, float *const *dw)
{
    if (c->build.cut != DG_CUT_SUMS || !c->training) return;
    memset(c->sums, 0xff, (size_t)(PARTS * c->build.sums_bytes));
    for (int64_t part = parts_of(c) - 1; part >= 0; part--)
        call(c, gather, dg_piece_begin(c->rows, parts_of(c), part),
             dg_piece_begin(c->rows, parts_of(c), part + 1), dy, false, NULL,
             c->sums + part * c->build.sums_bytes);
    call(c, join, 0, c->rows, NULL, false, dw, c->sums);
}

void layer_case_forward(layer_case *c, int64_t range)
{
    range = range_of(c, range);
    if (c->type->derive) c->type->derive(c->w, true, c->prepared);
    fill_nan(c->y, c->rows * c->out_size);
    call_sums(c, c->type->gather, c->type->join, NULL, NULL);
    for (int64_t begin = (c->rows - 1) / range * range; begin >= 0; begin -= range)
        call(c, c->type->forward, begin, begin + range < c->rows ? begin + range : c->rows, NULL,
             false, NULL, NULL);
}

void layer_case_backward(layer_case *c, int64_t range, bool wants_dx)
{
    range = range_of(c, range);
    float *dy = floats(c->rows * c->out_size, NULL), *part[DG_MAX_WEIGHTS] = { NULL };
    memcpy(dy, c->dy, (size_t)(c->rows * c->out_size) * sizeof *dy);
    for (int i = 0; i < c->build.inputs; i++) fill_nan(c->dx[i], c->rows * c->in_sizes[i]);
    for (int i = 0; i < DG_MAX_WEIGHTS; i++) {
        part[i] = floats(layer_case_weight_size(c, i), NULL);
        for (int64_t k = 0; c->dw[i] && k < layer_case_weight_size(c, i); k++) c->dw[i][k] = 0;
    }
    bool sums = c->build.cut == DG_CUT_SUMS;
    call_sums(c, c->type->gather_back, c->type->join_back, dy, c->dw);
    for (int64_t begin = (c->rows - 1) / range * range; begin >= 0; begin -= range) {
        for (int i = 0; i < DG_MAX_WEIGHTS; i++) fill_nan(part[i], layer_case_weight_size(c, i));
        call(c, c->type->backward, begin, begin + range < c->rows ? begin + range : c->rows, dy,
             wants_dx, sums ? NULL : part, NULL);
        for (int i = 0; i < DG_MAX_WEIGHTS && !sums; i++)
            for (int64_t k = 0; c->dw[i] && k < layer_case_weight_size(c, i); k++)
                c->dw[i][k] += part[i][k];
    }
    dg_free(dy);
    for (int i = 0; i < DG_MAX_WEIGHTS; i++) dg_free(part[i]);
}

/* --- against the reference ------------------------------------------------------------------ */

struct exact {
    const layer_case *c;
    layer_reference *reference;
    double *x[DG_MAX_INPUTS], *w[DG_MAX_WEIGHTS], *y;
};

static double *widened(const float *values, int64_t count)
{
    double *out;
    assert_ok(dg_alloc(&out, count, sizeof *out));
    for (int64_t i = 0; i < count; i++) out[i] = (double)values[i];
    return out;
}

/* Sum of dy times y: its derivatives are the gradients. */
static double objective(const struct exact *e)
{
    double sum = 0;
    e->reference(e->c, e->x, e->w, e->y);
    for (int64_t i = 0; i < e->c->rows * e->c->out_size; i++) sum += (double)e->c->dy[i] * e->y[i];
    return sum;
}

static void check_gradient(const struct exact *e, const char *what, double *values,
                           const float *found, int64_t count, int samples, uint64_t *random)
{
    double largest = 1;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(found[i])) fail_msg("%s[%lld] is %g", what, (long long)i, (double)found[i]);
        if (fabs((double)found[i]) > largest) largest = fabs((double)found[i]);
    }
    for (int k = 0; k < samples; k++) {
        int64_t i = support_random(random, count);
        const double h = 1e-6, before = values[i];
        values[i] = before + h;
        double above = objective(e);
        values[i] = before - h;
        double below = objective(e);
        values[i] = before;
        double exact = (above - below) / (2 * h);
        if (fabs(exact - (double)found[i]) > 1e-5 * largest)
            fail_msg("%s[%lld] of %s is %.8g, expected %.8g", what, (long long)i,
                     e->c->part->type->name, (double)found[i], exact);
    }
}

/* A frozen layer has no weight gradients to fill; dx does not depend on them. */
static void check_without_weight_gradients(layer_case *c, int64_t range)
{
    float *dx[DG_MAX_INPUTS], *dw[DG_MAX_WEIGHTS];
    memcpy(dx, c->dx, sizeof dx);
    memcpy(dw, c->dw, sizeof dw);
    memset(c->dw, 0, sizeof c->dw);
    for (int i = 0; i < c->build.inputs; i++) c->dx[i] = floats(c->rows * c->in_sizes[i], NULL);
    layer_case_backward(c, range, true);
    for (int i = 0; i < c->build.inputs; i++) {
        assert_memory_equal(dx[i], c->dx[i], sizeof *c->dx[i] * (size_t)(c->rows * c->in_sizes[i]));
        dg_free(c->dx[i]);
    }
    memcpy(c->dx, dx, sizeof dx);
    memcpy(c->dw, dw, sizeof dw);
}

void layer_case_check(layer_case *c, layer_reference *reference, int64_t range, int samples,
                      uint64_t *random)
{
    struct exact e = { .c = c, .reference = reference };
    for (int i = 0; i < c->build.inputs; i++) e.x[i] = widened(c->x[i], c->rows * c->in_sizes[i]);
    for (int i = 0; i < DG_MAX_WEIGHTS; i++)
        if (c->w[i]) e.w[i] = widened(c->w[i], layer_case_weight_size(c, i));
    assert_ok(dg_alloc(&e.y, c->rows * c->out_size, sizeof *e.y));
    layer_case_forward(c, range);
    reference(c, e.x, e.w, e.y);
    for (int64_t i = 0; i < c->rows * c->out_size; i++)
        if (!(fabs((double)c->y[i] - e.y[i]) < 1e-5 * (1 + fabs(e.y[i]))))
            fail_msg("y[%lld] of %s is %.8g, expected %.8g", (long long)i, c->part->type->name,
                     (double)c->y[i], e.y[i]);
    layer_case_backward(c, range, true);
    for (int i = 0; i < c->build.inputs; i++)
        check_gradient(&e, "dx", e.x[i], c->dx[i], c->rows * c->in_sizes[i], samples, random);
    for (int i = 0; i < DG_MAX_WEIGHTS; i++)
        if (c->dw[i])
            check_gradient(&e, "dw", e.w[i], c->dw[i], layer_case_weight_size(c, i), samples,
                           random);
    check_without_weight_gradients(c, range);
    for (int i = 0; i < c->build.inputs; i++) dg_free(e.x[i]);
    for (int i = 0; i < DG_MAX_WEIGHTS; i++) dg_free(e.w[i]);
    dg_free(e.y);
}
