/* Layers that join branches against plain versions, over shapes that are repeated along some of
 * their axes. */
#include <stdio.h>

#include "engine/nn/layers/spread.h"
#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

/* --- plain versions ------------------------------------------------------------------------- */

/* Where element `at` of a row of the output lies in a row of input `k`. */
static int64_t place_of(const layer_case *c, int k, int64_t at)
{
    const dg_shape *in = &c->build.input[k], *out = &c->build.output;
    int64_t place = 0, step = 1;
    for (int axis = out->count - 1; axis >= 0; axis--) {
        int own = axis - out->count + in->count;
        if (own >= 0 && in->at[own] > 1) place += at % out->at[axis] * step;
        if (own >= 0) step *= in->at[own];
        at /= out->at[axis];
    }
    return place;
}

static void plain_join(const layer_case *c, double *const *x, double *const *w, double *y)
{
    char kind = c->part->type->name[0];
    (void)w;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) {
        double sum = 0, product = 1;
        for (int k = 0; k < c->build.inputs; k++) {
            double value = x[k][i / c->out_size * c->in_sizes[k] + place_of(c, k, i % c->out_size)];
            sum += value;
            product *= value;
        }
        y[i] = kind == 'M'                                    ? product
               : kind == 'A' && c->part->type->name[1] == 'v' ? sum / c->build.inputs
                                                              : sum;
    }
}

static void plain_concatenate(const layer_case *c, double *const *x, double *const *w, double *y)
{
    int64_t axis = dg_part_get(c->part, dg_descriptor_param_index(c->part->type, "axis")).integer;
    const dg_shape *out = &c->build.output;
    int64_t runs = c->rows, after = 1;
    axis = axis < 0 ? axis + out->count : axis - 1;
    (void)w;
    for (int i = 0; i < axis; i++) runs *= out->at[i];
    for (int i = (int)axis + 1; i < out->count; i++) after *= out->at[i];
    for (int64_t run = 0; run < runs; run++)
        for (int k = 0; k < c->build.inputs; k++)
            for (int64_t i = 0, own = c->build.input[k].at[axis] * after; i < own; i++)
                *y++ = x[k][run * own + i];
}

/* --- tests ---------------------------------------------------------------------------------- */

/* Branches of the shape `whole`, some of whose axes have size 1, or are missing in front. */
static void random_branches(const dg_shape *whole, int inputs, uint64_t *random, dg_shape *out)
{
    for (int k = 0; k < inputs; k++) {
        int missing =
            (int)between(random, 0, 3) == 0 ? (int)between(random, 0, whole->count - 1) : 0;
        out[k] = (dg_shape){ .count = whole->count - missing };
        for (int axis = 0; axis < out[k].count; axis++)
            out[k].at[axis] = support_random(random, 3) ? whole->at[axis + missing] : 1;
    }
}

static void test_element_by_element(void **state)
{
    (void)state;
    static const char *const names[] = { "Add", "Average", "Multiply" };
    uint64_t random = 1;
    for (int i = 0; i < 300; i++) {
        dg_shape whole = { .count = (int)between(&random, 1, 4) }, branch[DG_MAX_INPUTS];
        int inputs = (int)between(&random, 2, i % 5 ? 3 : DG_MAX_INPUTS);
        for (int axis = 0; axis < whole.count; axis++)
            whole.at[axis] = between(&random, 1, axis < whole.count - 1 ? 5 : 40);
        random_branches(&whole, inputs, &random, branch);
        layer_case *c =
            layer_case_joining(names[i % 3], "", inputs, branch, between(&random, 1, 5), &random);
        layer_case_check(c, plain_join, between(&random, 1, 5), 12, &random);
        layer_case_free(c);
    }
}

static void test_concatenate(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int i = 0; i < 150; i++) {
        dg_shape whole = { .count = (int)between(&random, 1, 4) }, branch[DG_MAX_INPUTS];
        int inputs = (int)between(&random, 2, i % 5 ? 3 : DG_MAX_INPUTS);
        int axis = (int)between(&random, 0, whole.count - 1);
        char options[40];
        for (int k = 0; k < whole.count; k++) whole.at[k] = between(&random, 1, 5);
        for (int k = 0; k < inputs; k++) {
            branch[k] = whole;
            branch[k].at[axis] = between(&random, 1, 20);
        }
        snprintf(options, sizeof options, "axis=%d", i % 2 ? axis + 1 : axis - whole.count);
        layer_case *c = layer_case_joining("Concatenate", options, inputs, branch,
                                           between(&random, 1, 5), &random);
        layer_case_check(c, plain_concatenate, between(&random, 1, 5), 12, &random);
        layer_case_free(c);
    }
}

/* Rows give the same bits whatever rows they stand among. */
static void test_same_bits(void **state)
{
    (void)state;
    static const char *const names[] = { "Add", "Average", "Multiply" };
    static const dg_shape branches[][2] = {
        { { 3, { 7, 9, 20 } }, { 3, { 1, 1, 20 } } },
        { { 3, { 7, 9, 20 } }, { 1, { 20 } } },
        { { 3, { 7, 9, 1 } }, { 3, { 7, 9, 20 } } },
        { { 3, { 7, 1, 20 } }, { 3, { 1, 9, 1 } } },
    };
    uint64_t random = 3;
    for (int i = 0; i < 12; i++) {
        layer_case *c = layer_case_joining(names[i % 3], "", 2, branches[i / 3], 11, &random);
        size_t out = (size_t)(c->rows * c->out_size), in = (size_t)(c->rows * c->in_sizes[1]);
        float *y = test_calloc(out, sizeof *y), *dx = test_calloc(in, sizeof *dx);
        for (int range = 11; range > 0; range--) {
            layer_case_forward(c, range);
            layer_case_backward(c, range, true);
            if (range == 11) {
                memcpy(y, c->y, out * sizeof *y);
                memcpy(dx, c->dx[1], in * sizeof *dx);
            }
            assert_memory_equal(y, c->y, out * sizeof *y);
            assert_memory_equal(dx, c->dx[1], in * sizeof *dx);
        }
        test_free(y);
        test_free(dx);
        layer_case_free(c);
    }
}

static void expect_join(const char *name, const char *options, dg_shape one, dg_shape two,
                        dg_shape out)
{
    const dg_part *part = network_part("layer", name, options);
    dg_layer_build build = { .inputs = 2, .input = { one, two } };
    assert_ok(((const dg_layer_type *)part->type)->build(part->options, &build));
    assert_int_equal(build.output.count, out.count);
    for (int i = 0; i < out.count; i++) assert_int_equal(build.output.at[i], out.at[i]);
    dg_part_release(part);
}

static void expect_refusal(const char *name, const char *options, dg_shape one, dg_shape two,
                           const char *message)
{
    const dg_part *part = network_part("layer", name, options);
    dg_layer_build build = { .inputs = 2, .input = { one, two } };
    assert_fails(((const dg_layer_type *)part->type)->build(part->options, &build), DG_INVALID,
                 message);
    dg_part_release(part);
}

static void test_shapes(void **state)
{
    (void)state;
    dg_shape image = { 3, { 6, 5, 8 } };
    expect_join("Multiply", "", image, (dg_shape){ 1, { 8 } }, image);
    expect_join("Multiply", "", (dg_shape){ 3, { 1, 1, 8 } }, image, image);
    expect_join("Add", "", (dg_shape){ 2, { 6, 1 } }, (dg_shape){ 1, { 5 } },
                (dg_shape){ 2, { 6, 5 } });
    expect_join("Concatenate", "", image, (dg_shape){ 3, { 6, 5, 3 } },
                (dg_shape){ 3, { 6, 5, 11 } });
    expect_join("Concatenate", "axis=1", image, (dg_shape){ 3, { 2, 5, 8 } },
                (dg_shape){ 3, { 8, 5, 8 } });
    expect_refusal("Multiply", "", image, (dg_shape){ 1, { 5 } },
                   "needs inputs of the same shape, or with 1 where they differ, found {6, 5, 8} "
                   "and {5}");
    expect_refusal("Multiply", "", (dg_shape){ 3, { 1 << 30, 1, 1 } },
                   (dg_shape){ 2, { 1 << 30, 2 } },
                   "has output shape {1073741824, 1073741824, 2}, which is too large");
    expect_refusal("Concatenate", "", image, (dg_shape){ 3, { 6, 4, 8 } },
                   "needs inputs of the same shape but for axis 3, found {6, 5, 8} and {6, 4, 8}");
    expect_refusal("Concatenate", "axis=4", image, image,
                   "axis is 4, but its first input has shape {6, 5, 8}");
    expect_refusal("Concatenate", "axis=-4", image, image,
                   "axis is -4, but its first input has shape {6, 5, 8}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_element_by_element),
        leaving_nothing(test_concatenate),
        leaving_nothing(test_same_bits),
        leaving_nothing(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
