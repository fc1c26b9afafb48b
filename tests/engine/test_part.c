/* Parts: setting options, and above all the messages when that goes wrong. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/part/part.h"
#include "tests/engine/support.h"

/* --- a part with a parameter of every type --------------------------------------------------- */

typedef struct whole_options {
    int64_t units;
    double rate, decay;
    int padding;
    int64_t stride[2];
    dg_ints shape;
    bool use_bias;
    dg_part *inner;
    dg_part *plain;
    dg_optional_seed seed;
} whole_options;

static const char *const paddings[] = { "valid", "same", NULL };
static const dg_param whole_params[] = {
    DG_INT(whole_options, units, .required = true, DG_AT_LEAST(1)),
    DG_FLOAT(whole_options, rate, DG_FROM_BELOW(0, 1), .default_number = 0.5),
    DG_FLOAT(whole_options, decay, DG_ABOVE(0), .default_number = 1, .named_only = true),
    DG_CHOICE(whole_options, padding, .choices = paddings, .default_text = "same"),
    DG_PAIR(whole_options, stride, DG_WITHIN(1, 100), .default_number = 3),
    DG_INTS(whole_options, shape, .count_low = 2, .count_high = 3, DG_WITHIN(-1, 9)),
    DG_BOOL(whole_options, use_bias, .default_number = 1, .named_only = true),
    DG_PART(whole_options, inner, .kind = "widget", .default_text = "cog", .named_only = true),
    DG_PART(whole_options, plain, .kind = "widget", .named_only = true),
    DG_SEED(whole_options, seed, .named_only = true),
    DG_END,
};

static dg_status whole_check(const void *options)
{
    const whole_options *o = options;
    if (o->units == 13) return dg_error(DG_INVALID, "units must not be 13");
    if (o->units == 14) return dg_error(DG_INVALID, "Whole: units must not be 14");
    return DG_OK;
}

static const dg_hint whole_hints[] = {
    { "input_dim", "use nn.Input { n } before it" },
    { NULL },
};
static const dg_descriptor whole = { .kind = "layer",
                                     .name = "Whole",
                                     .params = whole_params,
                                     .options_size = sizeof(whole_options),
                                     .check = whole_check,
                                     .hints = whole_hints };

/* --- two small ones that it may hold --------------------------------------------------------- */

typedef struct widget_options {
    double size;
} widget_options;

static const dg_param cog_params[] = {
    DG_FLOAT(widget_options, size, .default_number = 2),
    DG_END,
};
static const dg_descriptor cog = { .kind = "widget",
                                   .name = "Cog",
                                   .alias = "cog",
                                   .params = cog_params,
                                   .options_size = sizeof(widget_options) };
static const dg_param lever_params[] = {
    DG_FLOAT(widget_options, size, .required = true),
    DG_END,
};
static const dg_descriptor lever = { .kind = "widget",
                                     .name = "Lever",
                                     .params = lever_params,
                                     .options_size = sizeof(widget_options) };
static const dg_param no_params[] = { DG_END };
static const dg_descriptor empty = { .kind = "layer", .name = "Empty", .params = no_params };

/* Takes the place of engine/registry.c in this program. */
const dg_descriptor *const dg_registry[] = { &whole, &empty, &cog, &lever, NULL };

/* --- values ---------------------------------------------------------------------------------- */

static dg_value of_int(int64_t integer)
{
    return (dg_value){ .type = DG_VALUE_INT, .integer = integer };
}

static dg_value of_float(double number)
{
    return (dg_value){ .type = DG_VALUE_FLOAT, .number = number };
}

static dg_value of_text(const char *text)
{
    return (dg_value){ .type = DG_VALUE_TEXT, .text = text };
}

static dg_value of_bool(bool boolean)
{
    return (dg_value){ .type = DG_VALUE_BOOL, .boolean = boolean };
}

static dg_value of_part(const dg_part *part)
{
    return (dg_value){ .type = DG_VALUE_PART, .part = part };
}

static dg_value of_pair(int64_t a, int64_t b)
{
    return (dg_value){ .type = DG_VALUE_INTS, .ints = { 2, { a, b } } };
}

static const dg_value nil = { .type = DG_VALUE_NIL };

/* Sets one option of a new part, and lets it go. */
static dg_status set(const char *name, dg_value value)
{
    dg_part *part;
    assert_ok(dg_part_begin(&whole, &part));
    dg_status status = dg_part_set(part, name, &value);
    dg_part_release(part);
    return status;
}

static dg_part *finished(int64_t units)
{
    dg_part *part;
    dg_value value = of_int(units);
    assert_ok(dg_part_begin(&whole, &part));
    assert_ok(dg_part_set(part, "units", &value));
    assert_ok(dg_part_finish(part));
    return part;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void defaults_are_set(void **state)
{
    (void)state;
    int64_t before = dg_memory_live();
    dg_part *part = finished(7);
    const whole_options *o = part->options;
    assert_int_equal(o->units, 7);
    assert_true(o->rate == 0.5 && o->decay == 1);
    assert_int_equal(o->padding, 1);
    assert_true(o->stride[0] == 3 && o->stride[1] == 3);
    assert_int_equal(o->shape.count, 0);
    assert_true(o->use_bias);
    assert_ptr_equal(o->inner->type, &cog);
    assert_true(((const widget_options *)o->inner->options)->size == 2);
    assert_null(o->plain);
    assert_false(o->seed.given);
    assert_int_equal(part->given, 1);
    dg_part_release(part);
    assert_int_equal(dg_memory_live(), before);
}

static void every_type_can_be_set_and_read(void **state)
{
    (void)state;
    dg_part *part, *widget;
    assert_ok(dg_part_default(&cog, &widget));
    assert_ok(dg_part_begin(&whole, &part));
    const char *names[] = { "units", "rate",     "padding", "stride",
                            "shape", "use_bias", "plain",   "seed" };
    const dg_value values[] = { of_float(6),    of_int(0),      of_text("valid"), of_pair(1, 2),
                                of_pair(-1, 9), of_bool(false), of_part(widget),  of_int(-1) };
    for (int i = 0; i < 8; i++) assert_ok(dg_part_set(part, names[i], &values[i]));
    assert_ok(dg_part_finish(part));
    dg_part_release(widget); /* the part has its own reference */
    dg_value units = dg_part_get(part, 0), rate = dg_part_get(part, 1);
    assert_true(units.type == DG_VALUE_INT && units.integer == 6);
    assert_true(rate.type == DG_VALUE_FLOAT && rate.number == 0);
    assert_string_equal(dg_part_get(part, 3).text, "valid");
    dg_value stride = dg_part_get(part, 4), shape = dg_part_get(part, 5);
    assert_true(stride.ints.count == 2 && stride.ints.at[0] == 1 && stride.ints.at[1] == 2);
    assert_true(shape.ints.count == 2 && shape.ints.at[0] == -1 && shape.ints.at[1] == 9);
    assert_false(dg_part_get(part, 6).boolean);
    assert_ptr_equal(dg_part_get(part, 8).part, widget);
    dg_value seed = dg_part_get(part, 9);
    assert_true(seed.type == DG_VALUE_INT && (uint64_t)seed.integer == UINT64_MAX);
    dg_part_release(part);
}

static void what_get_gives_set_takes(void **state)
{
    (void)state;
    dg_part *part = finished(3), *again;
    assert_ok(dg_part_begin(&whole, &again));
    for (int i = 0; i < dg_descriptor_param_count(&whole); i++) {
        dg_value value = dg_part_get(part, i);
        assert_ok(dg_part_set(again, whole_params[i].name, &value));
    }
    assert_ok(dg_part_finish(again));
    assert_true(dg_part_equal(part, again));
    dg_part *other = finished(4);
    assert_false(dg_part_equal(part, other));
    dg_part_release(part);
    dg_part_release(again);
    dg_part_release(other);
}

static void wrong_values_are_named(void **state)
{
    (void)state;
    const char *units = "Whole: units must be a whole number of at least 1, found ";
    char text[256];
    const struct {
        dg_value value;
        const char *found;
    } cases[] = { { of_text("abc"), "'abc' (a string)" },
                  { of_text("6"), "'6' (a string)" },
                  { of_int(0), "0" },
                  { of_float(1.5), "1.5" },
                  { of_float(NAN), "nan (not a finite number)" },
                  { of_float(1e300), "1e+300" },
                  { of_bool(true), "true" },
                  { of_pair(3, 5), "{3, 5} (a list)" },
                  { nil, "nil" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "%s%s", units, cases[i].found);
        assert_fails(set("units", cases[i].value), DG_INVALID, text);
    }
    assert_fails(set("rate", of_float(1.5)), DG_INVALID,
                 "Whole: rate must be a number of at least 0 and below 1, found 1.5");
    assert_fails(set("rate", of_int(1)), DG_INVALID,
                 "Whole: rate must be a number of at least 0 and below 1, found 1");
    assert_fails(set("decay", of_int(0)), DG_INVALID,
                 "Whole: decay must be a number above 0, found 0");
    assert_fails_with(set("decay", of_float(INFINITY)), DG_INVALID, "inf (not a finite number)");
    assert_fails(
        set("padding", of_text("sme")), DG_INVALID,
        "Whole: padding must be one of 'valid', 'same', found 'sme', did you mean 'same'?");
    assert_fails(set("padding", of_text("reflecting")), DG_INVALID,
                 "Whole: padding must be one of 'valid', 'same', found 'reflecting'");
    assert_fails(set("padding", of_int(1)), DG_INVALID,
                 "Whole: padding must be one of 'valid', 'same', found 1");
    assert_fails(set("stride", of_pair(0, 1)), DG_INVALID,
                 "Whole: stride must be a whole number from 1 to 100, or a list of two, found "
                 "{0, 1} (a list)");
    assert_fails(set("shape", of_int(4)), DG_INVALID,
                 "Whole: shape must be a list of 2 to 3 whole numbers from -1 to 9, found 4");
    assert_fails(set("use_bias", of_int(0)), DG_INVALID,
                 "Whole: use_bias must be true or false, found 0");
    assert_fails(set("seed", of_text("1")), DG_INVALID,
                 "Whole: seed must be a whole number (a seed), found '1' (a string)");
    assert_fails(set("inner", of_int(1)), DG_INVALID,
                 "Whole: inner must be a widget or the name of one, found 1");
}

static void unknown_options_get_advice(void **state)
{
    (void)state;
    assert_fails(set("unist", of_int(1)), DG_INVALID,
                 "Whole: unknown option 'unist', did you mean 'units'?");
    assert_fails(set("Rate", of_int(1)), DG_INVALID,
                 "Whole: unknown option 'Rate', did you mean 'rate'?");
    assert_fails(set("input_dim", of_int(1)), DG_INVALID,
                 "Whole: unknown option 'input_dim': use nn.Input { n } before it");
    assert_fails(set("foo", of_int(1)), DG_INVALID,
                 "Whole: unknown option 'foo', its options are units, rate, decay, padding, "
                 "stride, shape, use_bias, inner, plain, seed");
    dg_part *part;
    dg_value value = of_int(1);
    assert_ok(dg_part_default(&empty, &part));
    assert_fails(dg_part_set(part, "foo", &value), DG_INVALID,
                 "Empty: unknown option 'foo': it has no options");
    assert_fails(dg_part_set_at(part, 0, &value), DG_INVALID, "Empty takes no positional values");
    dg_part_release(part);
}

static void positions_skip_what_is_named_only(void **state)
{
    (void)state;
    dg_part *part;
    const dg_value values[] = { of_int(5), of_float(0.25), of_text("valid"), of_pair(4, 5),
                                of_int(1), of_int(2),      of_int(3) };
    assert_ok(dg_part_begin(&whole, &part));
    for (int i = 0; i < 7; i++) assert_ok(dg_part_set_at(part, i, &values[i]));
    const whole_options *o = part->options;
    assert_true(o->units == 5 && o->rate == 0.25 && o->padding == 0 && o->stride[1] == 5);
    assert_true(o->shape.count == 3 && o->shape.at[0] == 1 && o->shape.at[2] == 3);
    assert_fails(dg_part_set_at(part, 7, &values[0]), DG_INVALID,
                 "Whole: shape must be a list of 2 to 3 whole numbers from -1 to 9, found more");
    assert_fails(dg_part_set_at(part, 8, &values[2]), DG_INVALID,
                 "Whole: shape must be a list of 2 to 3 whole numbers from -1 to 9, found more");
    assert_fails(dg_part_set(part, "units", &values[0]), DG_INVALID,
                 "Whole: units was given by position and by name");
    dg_part_release(part);
}

static void giving_twice_is_an_error(void **state)
{
    (void)state;
    dg_part *part;
    dg_value value = of_int(5), pair = of_pair(1, 2);
    assert_ok(dg_part_begin(&whole, &part));
    assert_ok(dg_part_set(part, "units", &value));
    assert_fails(dg_part_set(part, "units", &value), DG_INVALID, "Whole: units was given twice");
    assert_fails(dg_part_set_at(part, 0, &value), DG_INVALID,
                 "Whole: units was given by position and by name");
    assert_ok(dg_part_set(part, "shape", &pair));
    assert_fails(dg_part_set_at(part, 4, &value), DG_INVALID,
                 "Whole: shape was given by position and by name");
    dg_part_release(part);
}

static void finish_finds_what_is_missing(void **state)
{
    (void)state;
    dg_part *part;
    dg_value one = of_int(1);
    assert_ok(dg_part_begin(&whole, &part));
    assert_fails(dg_part_finish(part), DG_INVALID,
                 "Whole: units is required (a whole number of at least 1)");
    assert_ok(dg_part_set(part, "units", &one));
    assert_ok(dg_part_set_at(part, 4, &one));
    assert_fails(dg_part_finish(part), DG_INVALID,
                 "Whole: shape must be a list of 2 to 3 whole numbers from -1 to 9, found {1} (a "
                 "list)");
    dg_part_release(part);
    for (int64_t units = 13; units <= 14; units++) {
        char text[64];
        dg_value value = of_int(units);
        snprintf(text, sizeof text, "Whole: units must not be %d", (int)units);
        assert_ok(dg_part_begin(&whole, &part));
        assert_ok(dg_part_set(part, "units", &value));
        assert_fails(dg_part_finish(part), DG_INVALID, text);
        dg_part_release(part);
    }
}

static void parts_are_found_by_name(void **state)
{
    (void)state;
    assert_ok(set("plain", of_text("Cog")));
    assert_ok(set("plain", of_text("cog")));
    assert_ok(set("plain", nil));
    assert_ok(set("inner", of_bool(false)));
    assert_fails(set("plain", of_text("cogg")), DG_INVALID,
                 "Whole: plain: unknown widget 'cogg', did you mean 'cog'?");
    assert_fails(set("plain", of_text("wheel")), DG_INVALID,
                 "Whole: plain: unknown widget 'wheel', expected one of 'cog', 'Lever'");
    assert_fails(set("plain", of_text("Lever")), DG_INVALID,
                 "Whole: plain: Lever: size is required (a number)");
    dg_part *layer;
    assert_ok(dg_part_default(&empty, &layer));
    assert_fails(set("plain", of_part(layer)), DG_INVALID,
                 "Whole: plain must be a widget or the name of one, found the layer Empty");
    dg_part_release(layer);
    assert_ptr_equal(dg_find_descriptor("widget", "cog"), &cog);
    assert_null(dg_find_descriptor("layer", "cog"));
    int at = 0;
    assert_ptr_equal(dg_next_of_kind("widget", &at), &cog);
    const dg_descriptor *lever = dg_next_of_kind("widget", &at);
    assert_non_null(lever);
    assert_string_equal(lever->name, "Lever");
    assert_null(dg_next_of_kind("widget", &at));
    at = 0;
    assert_null(dg_next_of_kind("planet", &at));
    assert_null(dg_find_descriptor("planet", "earth"));
    assert_string_equal(dg_error_message(), "unknown planet 'earth': no planet is registered");
}

static void nearest_words(void **state)
{
    (void)state;
    const char *const names[] = { "relu", "tanh", "softmax", "kernel_size", "l1", "l2" };
    assert_string_equal(dg_nearest("kernal_size", names, 6), "kernel_size");
    assert_string_equal(dg_nearest("rleu", names, 6), "relu");
    assert_string_equal(dg_nearest("TANH", names, 6), "tanh");
    assert_string_equal(dg_nearest("soft_max", names, 6), "softmax");
    assert_string_equal(dg_nearest("L2", names, 6), "l2");
    assert_null(dg_nearest("l3", names, 6));
    assert_null(dg_nearest("reflect", names, 6));
    assert_null(dg_nearest("", names, 6));
    assert_null(dg_nearest("relu", names, 0));
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_null(dg_nearest(longer, names, 6));
}

static void running_out_of_memory_loses_nothing(void **state)
{
    (void)state;
    int64_t before = dg_memory_live();
    int failures = 0;
    for (int after = 0;; after++) {
        dg_part *part = NULL;
        dg_value units = of_int(1), text = of_text("cog");
        support_fail_allocation(after);
        dg_status status = dg_part_begin(&whole, &part);
        if (status == DG_OK) status = dg_part_set(part, "units", &units);
        if (status == DG_OK) status = dg_part_set(part, "plain", &text);
        if (status == DG_OK) status = dg_part_finish(part);
        support_fail_allocation(-1);
        dg_part_release(part);
        assert_int_equal(dg_memory_live(), before);
        if (status == DG_OK) break;
        assert_int_equal(status, DG_NO_MEMORY);
        failures++;
    }
    assert_int_equal(failures, 6); /* three parts of two blocks */
}

/* --- a call ---------------------------------------------------------------------------------- */

typedef struct call_options {
    const char *title, *path;
    const double *tensor;
    int slot, colour;
    int64_t most;
    double share;
} call_options;

static const dg_handle tensor_handle = { "tensor", "a tensor" };
static const dg_handle function_handle = { "function", "a function" };
static const char *const colours[] = { "blue", "red", NULL };
static const dg_param call_params[] = {
    DG_HANDLE(call_options, tensor, .required = true, .handle = &tensor_handle),
    DG_TEXT(call_options, title, .default_text = "none"),
    DG_PATH(call_options, path),
    DG_SLOT(call_options, slot, .handle = &function_handle),
    DG_CHOICE(call_options, colour, .choices = colours, .optional = true),
    DG_INT(call_options, most, DG_AT_LEAST(1), .optional = true),
    DG_FLOAT(call_options, share, .optional = true),
    DG_END,
};
static const dg_descriptor call = {
    .kind = "function", .name = "call", .params = call_params, .options_size = sizeof(call_options)
};

/* One more allocation would fail: a call makes none, and owns nothing. */
static void a_call_borrows_and_allocates_nothing(void **state)
{
    (void)state;
    double element = 1;
    call_options options = { 0 };
    dg_part part;
    dg_value tensor = { .type = DG_VALUE_HANDLE, .handle = &tensor_handle, .pointer = &element };
    dg_value function = { .type = DG_VALUE_HANDLE, .handle = &function_handle, .slot = 7 };
    dg_value title = of_text("a title"), red = of_text("red"), three = of_float(3);
    support_fail_allocation(0);
    dg_part_open(&part, &call, &options);
    assert_string_equal(options.title, "none");
    assert_true(!options.path && !options.tensor && options.slot == 0 && options.colour == -1);
    assert_true(options.most == 0 && isnan(options.share));
    for (int i = 1; i < dg_descriptor_param_count(&call); i++) /* nil, but for the title */
        assert_int_equal(dg_part_get(&part, i).type, i == 1 ? DG_VALUE_TEXT : DG_VALUE_NIL);
    assert_ok(dg_part_set_at(&part, 0, &tensor));
    assert_ok(dg_part_set(&part, "title", &title));
    assert_ok(dg_part_set(&part, "slot", &function));
    assert_ok(dg_part_set(&part, "colour", &red));
    assert_ok(dg_part_set(&part, "most", &three));
    assert_ok(dg_part_finish(&part));
    support_fail_allocation(-1);
    assert_ptr_equal(options.tensor, &element);
    assert_ptr_equal(options.title, title.text);
    assert_true(options.slot == 7 && options.colour == 1 && options.most == 3);
}

static void a_call_names_what_is_wrong(void **state)
{
    (void)state;
    call_options options = { 0 };
    dg_part part;
    dg_value function = { .type = DG_VALUE_HANDLE, .handle = &function_handle, .slot = 7 };
    dg_value other = { .type = DG_VALUE_OTHER, .text = "a thread" }, one = of_int(1);
    dg_part_open(&part, &call, &options);
    assert_fails(dg_part_set(&part, "tensor", &function), DG_INVALID,
                 "call: tensor must be a tensor, found a function");
    assert_fails(dg_part_set(&part, "slot", &other), DG_INVALID,
                 "call: slot must be a function, found a thread");
    assert_fails(dg_part_set(&part, "title", &one), DG_INVALID,
                 "call: title must be a string, found 1");
    assert_fails(dg_part_set(&part, "path", &one), DG_INVALID,
                 "call: path must be the path of a file, found 1");
    assert_fails(dg_part_finish(&part), DG_INVALID, "call: tensor is required (a tensor)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set),
        cmocka_unit_test(every_type_can_be_set_and_read),
        cmocka_unit_test(what_get_gives_set_takes),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(unknown_options_get_advice),
        cmocka_unit_test(positions_skip_what_is_named_only),
        cmocka_unit_test(giving_twice_is_an_error),
        cmocka_unit_test(finish_finds_what_is_missing),
        cmocka_unit_test(parts_are_found_by_name),
        cmocka_unit_test(nearest_words),
        cmocka_unit_test(running_out_of_memory_loses_nothing),
        cmocka_unit_test(a_call_borrows_and_allocates_nothing),
        cmocka_unit_test(a_call_names_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
