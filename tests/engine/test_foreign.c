/* Formats of other programs whose names end alike, for learners of different types. */
#include <string.h>

#include "engine/store/learner_file.h"
#include "engine/store/learner_json.h"
#include "tests/engine/support.h"

static bool is_first(const char *path)
{
    return strstr(path, "first") != NULL;
}

static bool is_second(const char *path)
{
    return strstr(path, "second") != NULL;
}

static dg_status never(const char *path)
{
    return strstr(path, "never") ? dg_error(DG_FORMAT, "%s: never", path) : DG_OK;
}

static const dg_foreign_format first = { .ending = ".x", .name = "one's x", .knows = is_first };
static const dg_foreign_format second = { .ending = ".x", .name = "two's x", .knows = is_second };
static const dg_foreign_format other = { .ending = ".y", .name = "three's y", .check = never };

static const dg_learner_type one = { .part = { .kind = "learner", .name = "One" },
                                     .formats =
                                         (const dg_foreign_format *const[]){ &first, NULL } };
static const dg_learner_type two = { .part = { .kind = "learner", .name = "Two" },
                                     .formats =
                                         (const dg_foreign_format *const[]){ &second, NULL } };
static const dg_learner_type three = { .part = { .kind = "learner", .name = "Three" },
                                       .formats =
                                           (const dg_foreign_format *const[]){ &other, NULL } };
static const dg_descriptor layer = { .kind = "layer", .name = "Layer" };

static const dg_descriptor *const parts[] = { &layer, &one.part, &two.part, &three.part, NULL };

static const dg_foreign_format *find(const char *path)
{
    const dg_foreign_format *found;
    assert_ok(dg_foreign_find(&found, parts, path));
    return found;
}

static void each_file_is_read_by_the_format_that_knows_it(void **state)
{
    (void)state;
    assert_ptr_equal(find("first.x"), &first);
    assert_ptr_equal(find("second.X"), &second);
    assert_ptr_equal(find("third.y"), &other);
    assert_null(find("third.safetensors"));
}

static void what_none_knows_is_refused(void **state)
{
    (void)state;
    const dg_foreign_format *found;
    assert_fails_with(dg_foreign_find(&found, parts, "third.x"), DG_FORMAT,
                      "third.x: is neither two's x nor in another format whose names end in .x");
    assert_null(found);
    assert_fails_with(dg_foreign_find(&found, parts, "never.safetensors"), DG_FORMAT, "never");
}

static void names_tell_models_from_data(void **state)
{
    (void)state;
    assert_true(dg_is_learner_path("cnn.SafeTensors"));
    assert_true(dg_is_learner_path("folder/boosting.json"));
    assert_false(dg_is_learner_path("train.csv"));
    assert_false(dg_is_learner_path("json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(each_file_is_read_by_the_format_that_knows_it),
        leaving_nothing(what_none_knows_is_refused),
        leaving_nothing(names_tell_models_from_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
