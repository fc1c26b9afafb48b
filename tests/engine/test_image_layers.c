/* Layers that only move, repeat or cut values against plain versions, over random shapes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/engine/layer_case.h"
#include "tests/engine/network.h"

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + support_random(random, high - low + 1);
}

static dg_value option(const layer_case *c, const char *name)
{
    return dg_part_get(c->part, dg_descriptor_param_index(c->part->type, name));
}

static void check_layer(const char *name, const char *options, dg_shape shape,
                        layer_reference *reference, uint64_t *random)
{
    layer_case *c = layer_case_new(name, options, 1, &shape, between(random, 1, 5), random);
    layer_case_check(c, reference, between(random, 1, 5), 12, random);
    layer_case_free(c);
}

static dg_shape any_image(uint64_t *random, int64_t most)
{
    return (dg_shape){
        3, { between(random, 1, most), between(random, 1, most), between(random, 1, 20) }
    };
}

/* --- plain versions ------------------------------------------------------------------------- */

/* What of the output at (y, x), from the option's numbers, lies in the input; zero outside. */
static void plain_sides(const layer_case *c, double *const *x, double *const *w, double *y)
{
    bool pads = strcmp(c->part->type->name, "ZeroPadding2D") == 0;
    dg_ints sides = option(c, pads ? "padding" : "cropping").ints;
    const int64_t *in = c->build.input[0].at, *out = c->build.output.at;
    int64_t top = sides.count ? sides.at[0] : pads, left = top;
    if (sides.count > 1) left = sides.at[sides.count == 2 ? 1 : 2];
    (void)w;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) {
        int64_t k = i % out[2], column = i / out[2] % out[1], line = i / out[2] / out[1] % out[0];
        line += pads ? -top : top;
        column += pads ? -left : left;
        bool within = line >= 0 && line < in[0] && column >= 0 && column < in[1];
        y[i] =
            within ? x[0][i / c->out_size * c->in_size + (line * in[1] + column) * in[2] + k] : 0;
    }
}

static double pixel_at(const double *image, const int64_t *in, double line, double column,
                       int64_t k)
{
    line = fmin(fmax(line, 0), (double)in[0] - 1);
    column = fmin(fmax(column, 0), (double)in[1] - 1);
    return image[((int64_t)line * in[1] + (int64_t)column) * in[2] + k];
}

static void plain_up_sampling(const layer_case *c, double *const *x, double *const *w, double *y)
{
    dg_ints size = option(c, "size").ints;
    bool bilinear = strcmp(option(c, "interpolation").text, "bilinear") == 0;
    const int64_t *in = c->build.input[0].at, *out = c->build.output.at;
    (void)w;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) {
        int64_t k = i % out[2];
        const double *image = x[0] + i / c->out_size * c->in_size;
        double line = (double)(i / out[2] / out[1] % out[0]),
               column = (double)(i / out[2] % out[1]);
        line = (line + 0.5) / (double)size.at[0] - 0.5;
        column = (column + 0.5) / (double)size.at[1] - 0.5;
        if (!bilinear) {
            y[i] = pixel_at(image, in, floor(line + 0.5), floor(column + 0.5), k);
            continue;
        }
        double top = floor(line), left = floor(column), down = line - top, across = column - left;
        y[i] = (1 - down) * (1 - across) * pixel_at(image, in, top, left, k) +
               (1 - down) * across * pixel_at(image, in, top, left + 1, k) +
               down * (1 - across) * pixel_at(image, in, top + 1, left, k) +
               down * across * pixel_at(image, in, top + 1, left + 1, k);
    }
}

static void plain_permute(const layer_case *c, double *const *x, double *const *w, double *y)
{
    dg_ints dims = option(c, "dims").ints;
    const dg_shape *in = &c->build.input[0], *out = &c->build.output;
    (void)w;
    for (int64_t i = 0; i < c->rows * c->out_size; i++) {
        int64_t place[DG_MAX_INTS] = { 0 }, at = 0;
        for (int64_t axis = out->count - 1, rest = i % c->out_size; axis >= 0; axis--) {
            place[dims.at[axis] - 1] = rest % out->at[axis];
            rest /= out->at[axis];
        }
        for (int axis = 0; axis < in->count; axis++) at = at * in->at[axis] + place[axis];
        y[i] = x[0][i / c->out_size * c->in_size + at];
    }
}

/* --- tests ---------------------------------------------------------------------------------- */

static void test_sides(void **state)
{
    (void)state;
    static const char *const padding[] = {
        "", "padding=0", "padding=2", "padding=0,3", "padding=1,0,0,2", "padding=3,1,2,4"
    };
    static const char *const cropping[] = {
        "", "cropping=0", "cropping=1", "cropping=0,2", "cropping=1,0,0,2", "cropping=2,1,1,3"
    };
    uint64_t random = 1;
    for (int i = 0; i < 120; i++) {
        dg_shape image = any_image(&random, 7);
        check_layer("ZeroPadding2D", padding[i % 6], image, plain_sides, &random);
        image.at[0] += 4;
        image.at[1] += 4;
        check_layer("Cropping2D", cropping[i % 6], image, plain_sides, &random);
    }
}

static void test_up_sampling(void **state)
{
    (void)state;
    uint64_t random = 2;
    for (int i = 0; i < 120; i++) {
        char options[80];
        snprintf(options, sizeof options, "size=%d,%d interpolation=%s",
                 (int)between(&random, 1, 4), (int)between(&random, 1, 4),
                 i % 2 ? "nearest" : "bilinear");
        check_layer("UpSampling2D", options, any_image(&random, 6), plain_up_sampling, &random);
    }
    check_layer("UpSampling2D", "", any_image(&random, 6), plain_up_sampling, &random);
}

static void test_permute(void **state)
{
    (void)state;
    static const char *const dims[] = { "dims=1",       "dims=2,1",     "dims=1,2",
                                        "dims=3,1,2",   "dims=3,2,1",   "dims=1,3,2",
                                        "dims=2,1,3",   "dims=4,2,1,3", "dims=1,2,4,3",
                                        "dims=2,4,3,1", "dims=3,4,1,2", "dims=2,3,1" };
    uint64_t random = 3;
    for (int i = 0; i < 96; i++) {
        dg_shape shape = { .count = ((int)strlen(dims[i % 12]) - 4) / 2 };
        for (int k = 0; k < shape.count; k++) shape.at[k] = between(&random, 1, 7);
        check_layer("Permute", dims[i % 12], shape, plain_permute, &random);
    }
}

static void expect_refusal(const char *name, const char *options, dg_shape in, const char *message)
{
    const dg_part *part = network_part("layer", name, options);
    dg_layer_build build = { .inputs = 1, .input = { in } };
    assert_fails(((const dg_layer_type *)part->type)->build(part->options, &build), DG_INVALID,
                 message);
    dg_part_release(part);
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refusal("Cropping2D", "cropping=3,2", (dg_shape){ 3, { 6, 9, 1 } },
                   "cropping 6 pixels of the height and 4 of the width leaves nothing of images "
                   "of 6x9");
    expect_refusal("ZeroPadding2D", "padding=32768", (dg_shape){ 3, { 1, 1, INT32_MAX - 1 } },
                   "has output shape {65537, 65537, 2147483646}, which is too large");
    expect_refusal("ZeroPadding2D", "", (dg_shape){ 1, { 16 } },
                   "needs images {height, width, channels}, found a row of shape {16}: put "
                   "nn.Reshape { 4, 4, 1 } before it");
    expect_refusal("Permute", "dims=2,1", (dg_shape){ 3, { 6, 9, 1 } },
                   "dims are {2, 1}, but a row has shape {6, 9, 1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_sides),
        leaving_nothing(test_up_sampling),
        leaving_nothing(test_permute),
        leaving_nothing(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
