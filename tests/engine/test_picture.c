/* Pictures of pixels: colours, enlarging, counting, and drawing with characters. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/picture/picture.h"
#include "tests/engine/support.h"

static void expect_pixel(const dg_tensor *raster, int64_t position, int red, int green, int blue)
{
    assert_int_equal(support_at(raster, 3 * position), red);
    assert_int_equal(support_at(raster, 3 * position + 1), green);
    assert_int_equal(support_at(raster, 3 * position + 2), blue);
}

static dg_tensor colour(dg_tensor values, const char *name, double low, double high)
{
    dg_colours colours;
    dg_tensor raster;
    assert_ok(dg_colours_find(name, &colours));
    assert_ok(dg_picture_colour(&raster, &values, colours, low, high));
    dg_tensor_release(&values);
    return raster;
}

static void maps_begin_and_end_as_they_should(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int first[3], last[3];
    } ends[] = {
        { "grey", { 255, 255, 255 }, { 0, 0, 0 } },
        { "blue", { 0xf7, 0xfb, 0xff }, { 0x08, 0x30, 0x6b } },
        { "cividis", { 0x00, 0x20, 0x4d }, { 0xfe, 0xe8, 0x38 } },
        { "diverging", { 0x0b, 0x53, 0x94 }, { 0xc0, 0x4a, 0x00 } },
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        dg_tensor raster =
            colour(support_tensor(DG_FLOAT32, SHAPE(1, 4), VALUES(-5, -1, 1, INFINITY)),
                   ends[i].name, -1, 1);
        for (int k = 0; k < 2; k++) {
            expect_pixel(&raster, k, ends[i].first[0], ends[i].first[1], ends[i].first[2]);
            expect_pixel(&raster, 2 + k, ends[i].last[0], ends[i].last[1], ends[i].last[2]);
        }
        dg_tensor_release(&raster);
    }
    dg_colours colours;
    assert_fails(dg_colours_find("gray", &colours), DG_INVALID,
                 "unknown colours 'gray', did you mean 'grey'?");
}

/* Lightness never turns back, so that the map can be read in grey. */
static void lightness_is_monotonous(void **state)
{
    (void)state;
    static const char *const names[] = { "grey", "blue", "cividis" };
    for (int i = 0; i < 3; i++) {
        dg_tensor values, column, raster;
        assert_ok(dg_tensor_range(&values, DG_FLOAT32, 0, 256, 1));
        assert_ok(dg_tensor_reshape(&column, &values, SHAPE(256, 1)));
        dg_tensor_release(&values);
        raster = colour(column, names[i], 0, 255);
        double before = i == 2 ? -1 : 256;
        for (int64_t k = 0; k < 256; k++) {
            double light = 0.2126 * support_at(&raster, 3 * k) +
                           0.7152 * support_at(&raster, 3 * k + 1) +
                           0.0722 * support_at(&raster, 3 * k + 2);
            assert_true(i == 2 ? light >= before - 0.8 : light <= before + 0.8);
            before = light;
        }
        dg_tensor_release(&raster);
    }
}

static void strange_values_have_colours(void **state)
{
    (void)state;
    dg_tensor raster = colour(support_tensor(DG_FLOAT32, SHAPE(1, 1), VALUES(NAN)), "grey", 0, 1);
    expect_pixel(&raster, 0, 211, 211, 211);
    dg_tensor_release(&raster);
    raster = colour(support_tensor(DG_INT32, SHAPE(1, 2, 1), VALUES(7, 7)), "diverging", 7, 7);
    expect_pixel(&raster, 1, 255, 255, 255);
    dg_tensor_release(&raster);
    raster = colour(support_tensor(DG_UINT8, SHAPE(1, 1, 3), VALUES(1, 128, 255)), "grey", 0, 255);
    expect_pixel(&raster, 0, 1, 128, 255);
    dg_tensor_release(&raster);
    dg_tensor bad = support_tensor(DG_UINT8, SHAPE(1, 1, 2), VALUES(1, 2));
    assert_fails_with(dg_picture_colour(&raster, &bad, DG_COLOURS_GREY, 0, 1), DG_INVALID,
                      "found {1, 1, 2}");
    dg_tensor_release(&bad);
}

static void enlarging_repeats_pixels(void **state)
{
    (void)state;
    dg_tensor small = support_tensor(DG_UINT8, SHAPE(1, 2, 3), VALUES(1, 2, 3, 4, 5, 6)), large;
    assert_ok(dg_picture_enlarge(&large, &small, 2));
    support_expect(&large, DG_UINT8, SHAPE(2, 4, 3),
                   VALUES(1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6));
    dg_tensor_release(&large);
    dg_tensor_release(&small);
}

static void ranges_and_counts_skip_what_is_not_finite(void **state)
{
    (void)state;
    double low, high;
    int64_t counts[4];
    dg_tensor values =
        support_tensor(DG_FLOAT32, SHAPE(8), VALUES(NAN, 0, 1, 2, -INFINITY, 4, INFINITY, 3.5));
    assert_true(dg_picture_range(&values, &low, &high));
    assert_true(low == 0 && high == 4);
    assert_ok(dg_picture_histogram(&values, 0, 4, 4, counts));
    assert_memory_equal(counts, ((int64_t[]){ 1, 1, 1, 2 }), sizeof counts);
    dg_tensor_release(&values);
    values = support_tensor(DG_FLOAT32, SHAPE(1), VALUES(NAN));
    assert_false(dg_picture_range(&values, &low, &high));
    dg_tensor_release(&values);
}

static void expect_text(const dg_tensor *raster, int64_t columns, dg_terminal terminal,
                        const char *wanted)
{
    char *text;
    assert_ok(dg_picture_text(raster, columns, terminal, &text));
    assert_string_equal(text, wanted);
    dg_free(text);
}

static void characters_draw_it(void **state)
{
    (void)state;
    dg_tensor raster = colour(support_tensor(DG_UINT8, SHAPE(3, 2), VALUES(0, 255, 0, 255, 255, 0)),
                              "grey", 0, 255);
    expect_text(&raster, 2, DG_TERMINAL_PLAIN, " @\n@ \n");
    expect_text(&raster, 5, DG_TERMINAL_PLAIN, "  @@\n  @@\n@@  \n"); /* whole factors */
    expect_text(&raster, 1, DG_TERMINAL_PLAIN, "=\n");                /* the mean */
    expect_text(&raster, 2, DG_TERMINAL_256,
                "\033[38;5;231m\033[48;5;231m\u2580\033[38;5;16m\033[48;5;16m\u2580\033[0m\n"
                "\033[38;5;16m\u2580\033[38;5;231m\u2580\033[0m\n");
    char *text;
    assert_fails_with(dg_picture_text(&raster, 0, DG_TERMINAL_PLAIN, &text), DG_INVALID,
                      "expected a uint8 raster");
    dg_tensor_release(&raster);
    raster = support_tensor(DG_UINT8, SHAPE(0, 4, 3), VALUES(0));
    expect_text(&raster, 4, DG_TERMINAL_TRUE, "");
    dg_tensor_release(&raster);
}

static void shading_is_legible(void **state)
{
    (void)state;
    static const uint8_t dark[3] = { 10, 20, 30 }, light[3] = { 250, 240, 230 };
    char *text;
    assert_ok(dg_picture_shade("7", dark, DG_TERMINAL_TRUE, &text));
    assert_string_equal(text, "\033[48;2;10;20;30m\033[38;2;255;255;255m7\033[0m");
    dg_free(text);
    assert_ok(dg_picture_shade("7", light, DG_TERMINAL_256, &text));
    assert_string_equal(text, "\033[48;5;255m\033[38;5;16m7\033[0m");
    dg_free(text);
    assert_ok(dg_picture_shade("7", light, DG_TERMINAL_PLAIN, &text));
    assert_string_equal(text, "7");
    dg_free(text);
}

static void survives_failed_allocations(void **state)
{
    (void)state;
    dg_tensor values = support_tensor(DG_UINT8, SHAPE(2, 2), VALUES(0, 1, 2, 3));
    for (int failures = 0, done = 0; !done; failures++) {
        dg_tensor raster, large = { 0 };
        char *text = NULL;
        support_fail_allocation(failures);
        dg_status status = dg_picture_colour(&raster, &values, DG_COLOURS_BLUE, 0, 3);
        if (status == DG_OK) status = dg_picture_enlarge(&large, &raster, 3);
        if (status == DG_OK) status = dg_picture_text(&large, 6, DG_TERMINAL_TRUE, &text);
        support_fail_allocation(-1);
        dg_free(text);
        dg_tensor_release(&large);
        dg_tensor_release(&raster);
        assert_true(status == DG_OK || status == DG_NO_MEMORY);
        done = status == DG_OK;
        assert_in_range(failures, 0, 30);
    }
    dg_tensor_release(&values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(maps_begin_and_end_as_they_should),
        leaving_nothing(lightness_is_monotonous),
        leaving_nothing(strange_values_have_colours),
        leaving_nothing(enlarging_repeats_pixels),
        leaving_nothing(ranges_and_counts_skip_what_is_not_finite),
        leaving_nothing(characters_draw_it),
        leaving_nothing(shading_is_legible),
        leaving_nothing(survives_failed_allocations),
    };
    return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
