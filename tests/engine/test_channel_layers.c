/* Layers with a weight for each channel against plain versions, over random shapes. */
#include <math.h>
#include <stdio.h>

#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

/* --- plain versions ------------------------------------------------------------------------- */

/* With as many groups as `groups` says, or as channels; the weights are those of the options. */
static void plain_group_normalization(const layer_case *c, double *const *x, double *const *w,
                                      double *y)
{
    dg_value groups = dg_part_get(c->part, dg_descriptor_param_index(c->part->type, "groups"));
    int64_t channels = c->build.output.at[c->build.output.count - 1];
    int64_t size = groups.integer > 0 ? channels / groups.integer : 1;
    int64_t pixels = c->out_size / channels;
    for (int64_t at = 0; at < c->rows * c->out_size; at += c->out_size)
        for (int64_t first = 0; first < channels; first += size) {
            double mean = 0, variance = 0, count = (double)(pixels * size);
            for (int64_t i = 0; i < pixels * size; i++)
                mean += x[0][at + i / size * channels + first + i % size] / count;
            for (int64_t i = 0; i < pixels * size; i++)
                variance +=
                    pow(x[0][at + i / size * channels + first + i % size] - mean, 2) / count;
            for (int64_t i = 0; i < pixels * size; i++) {
                int64_t k = first + i % size, place = at + i / size * channels + k;
                y[place] = (x[0][place] - mean) / sqrt(variance + 1e-3) * (w[0] ? w[0][k] : 1) +
                           (w[1] ? w[1][k] : 0);
            }
        }
}

/* Shared along the axes where alpha has size 1. */
static void plain_prelu(const layer_case *c, double *const *x, double *const *w, double *y)
{
    const dg_shape *alpha = &c->build.weight[0].shape, *row = &c->build.output;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) {
        int64_t place = 0, step = 1, rest = i % c->out_size;
        for (int axis = row->count - 1; axis >= 0; axis--) {
            if (alpha->at[axis] > 1) place += rest % row->at[axis] * step;
            step *= alpha->at[axis];
            rest /= row->at[axis];
        }
        y[i] = x[0][i] < 0 ? w[0][place] * x[0][i] : x[0][i];
    }
}

/* --- tests ---------------------------------------------------------------------------------- */

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

static void check_layer(const char *name, const char *options, int inputs, dg_shape shape,
                        layer_reference *reference, uint64_t *random)
{
    layer_case *c = layer_case_new(name, options, inputs, &shape, between(random, 1, 5), random);
    layer_case_check(c, reference, between(random, 1, 5), 12, random);
    layer_case_free(c);
}

/* Groups of one channel and of several, of more and fewer pixels than are summed at once. */
static void test_group_normalization(void **state)
{
    (void)state;
    uint64_t random = 15;
    for (int i = 0; i < 90; i++) {
        char options[90];
        int64_t groups = between(&random, 1, 5);
        dg_shape shape = { .count = (int)between(&random, 1, 3) };
        for (int k = 0; k < shape.count - 1; k++) shape.at[k] = between(&random, 1, 7);
        /* a single value is normalized to nothing, and its gradients are none to compare */
        shape.at[shape.count - 1] = groups * between(&random, 2, i % 5 ? 5 : 20);
        if (i % 6 == 5 && shape.count > 1) shape.at[0] += 2;
        snprintf(options, sizeof options, "groups=%d center=%s scale=%s",
                 i % 6 == 5 && shape.count > 1 ? -1 : (int)groups, i % 2 ? "true" : "false",
                 i % 3 ? "true" : "false");
        check_layer("GroupNormalization", options, 1, shape, plain_group_normalization, &random);
    }
}

static void test_prelu(void **state)
{
    (void)state;
    static const char *const axes[] = { "", "shared_axes=1,2", "shared_axes=1", "shared_axes=3,1",
                                        "shared_axes=1,2,3" };
    uint64_t random = 16;
    for (int i = 0; i < 60; i++)
        check_layer(
            "PReLU", axes[i % 5], 1,
            (dg_shape){
                3, { between(&random, 1, 6), between(&random, 1, 6), between(&random, 1, 30) } },
            plain_prelu, &random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_group_normalization),
        leaving_nothing(test_prelu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
