/* The shapes that layers make of those of their inputs, and what they refuse. */
#include "engine/nn/layer.h"
#include "tests/engine/network.h"
#include "tests/engine/support.h"

static void expect_output(const char *name, const char *options, dg_shape in, dg_shape out)
{
    const dg_part *part = network_part("layer", name, options);
    dg_layer_build build = { .inputs = 1, .input = { in } };
    assert_ok(((const dg_layer_type *)part->type)->build(part->options, &build));
    assert_int_equal(build.output.count, out.count);
    for (int i = 0; i < out.count; i++) assert_int_equal(build.output.at[i], out.at[i]);
    dg_part_release(part);
}

static void shapes_follow_from_windows(void **state)
{
    (void)state;
    dg_shape image = { 3, { 28, 27, 3 } };
    expect_output("Conv2D", "filters=8 kernel_size=5", image, (dg_shape){ 3, { 24, 23, 8 } });
    expect_output("Conv2D", "filters=8 kernel_size=5 strides=2", image,
                  (dg_shape){ 3, { 12, 12, 8 } });
    expect_output("Conv2D", "filters=8 kernel_size=3 strides=2 padding=same", image,
                  (dg_shape){ 3, { 14, 14, 8 } });
    expect_output("MaxPooling2D", "", image, (dg_shape){ 3, { 14, 13, 3 } });
    expect_output("MaxPooling2D", "padding=same", image, (dg_shape){ 3, { 14, 14, 3 } });
    expect_output("AveragePooling2D", "pool_size=3 strides=1,2", image,
                  (dg_shape){ 3, { 26, 13, 3 } });
    expect_output("GlobalMaxPooling2D", "", image, (dg_shape){ 1, { 3 } });
    expect_output("Flatten", "", image, (dg_shape){ 1, { 28 * 27 * 3 } });
    expect_output("Reshape", "target_shape=-1,9", image, (dg_shape){ 2, { 252, 9 } });
}

static void expect_refusal(const char *name, const char *options, dg_shape in, const char *message)
{
    const dg_part *part = network_part("layer", name, options);
    dg_layer_build build = { .inputs = 1, .input = { in } };
    assert_fails(((const dg_layer_type *)part->type)->build(part->options, &build), DG_INVALID,
                 message);
    dg_part_release(part);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    expect_refusal("Conv2D", "filters=8 kernel_size=3 groups=4", (dg_shape){ 3, { 6, 6, 6 } },
                   "the channels of its input must be a multiple of groups, found 6 and 4");
    expect_refusal("Conv2D", "filters=8 kernel_size=5", (dg_shape){ 1, { 784 } },
                   "needs images {height, width, channels}, found a row of shape {784}: put "
                   "nn.Reshape { 28, 28, 1 } before it");
    expect_refusal("MaxPooling2D", "", (dg_shape){ 1, { 10 } },
                   "needs images {height, width, channels}, found a row of shape {10}: put "
                   "nn.Reshape { height, width, channels } before it");
    expect_refusal(
        "GlobalAveragePooling2D", "", (dg_shape){ 2, { 28, 28 } },
        "needs images {height, width, channels}, found a row of shape {28, 28}: give the "
        "channels too, as in nn.Input { 28, 28, 1 }");
    expect_refusal("Conv2D", "filters=8 kernel_size=5,2", (dg_shape){ 3, { 4, 4, 1 } },
                   "a window of 5x2 does not fit into images of 4x4: make it smaller, or set "
                   "padding = \"same\"");
    expect_refusal("Dense", "units=10", (dg_shape){ 3, { 12, 12, 32 } },
                   "needs rows of one axis, found a row of shape {12, 12, 32}: put nn.Flatten {} "
                   "before it");
    expect_refusal("Reshape", "target_shape=5,-1", (dg_shape){ 1, { 784 } },
                   "cannot reshape a row of shape {784} (784 values) to {5, -1}");
    expect_refusal("Reshape", "target_shape=5,5", (dg_shape){ 1, { 50 } },
                   "cannot reshape a row of shape {50} (50 values) to {5, 5}");
    expect_refusal("Conv2D", "filters=1000000 kernel_size=1", (dg_shape){ 3, { 9999, 999, 1 } },
                   "an image, the outputs of one, or the kernel would have more than 2147483647 "
                   "numbers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(shapes_follow_from_windows),
        leaving_nothing(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
