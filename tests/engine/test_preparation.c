/* Preparation in files that cannot be; and where memory runs out. */
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/learner_file.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"
#include "tests/engine/trees.h"

static const dg_job one_thread = { .threads = 1 };

static dg_status fit(dg_learner *learner, const dg_dataset *set, const dg_part *step)
{
    dg_fit_options options = { .steps = 1, .step = &step, .resume = DG_RESUME_NO };
    dg_fit_result result;
    return dg_learner_fit(learner, set, &options, &one_thread, &result);
}

static dg_learner *fitted(void)
{
    const dg_dataset *set = tree_set(30, 3, 3, false, false, 1);
    const dg_part *step = network_part("preparation", "StandardScaler", "");
    dg_learner *tree = tree_learner("DecisionTree", "");
    assert_ok(fit(tree, set, step));
    dg_part_release(step);
    dg_dataset_release(set);
    return tree;
}

/* The saved tree with `from` in its JSON replaced by `to`, and one of the scales by `scale`. */
static const char *changed_file(const char *from, const char *to, float scale)
{
    dg_learner *learner = fitted();
    const char *path = scratch_path("changed.safetensors");
    dg_tensor_file file;
    char *longer;
    assert_ok(dg_learner_save(learner, path));
    dg_learner_free(learner);
    assert_ok(dg_tensor_file_read(&file, path));
    char *text = file.values[0], *at = strstr(text, from);
    assert_non_null(at);
    size_t size = strlen(text) + strlen(to) + 1;
    assert_ok(dg_alloc(&longer, (int64_t)size, 1));
    snprintf(longer, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    dg_free(text);
    file.values[0] = longer;
    const dg_tensor *scales = dg_tensor_file_find(&file, "preparation/1/scale");
    assert_non_null(scales);
    if (scale != 1) dg_floats(scales)[1] = scale;
    assert_ok(dg_tensor_file_write(&file, path));
    dg_tensor_file_release(&file);
    return path;
}

static void test_files(void **state)
{
    (void)state;
    dg_learner *tree;
    assert_ok(dg_learner_load(&tree, changed_file("\"steps\"", "\"steps\"", 1)));
    assert_int_equal(tree->preparation.count, 1);
    dg_learner_free(tree);
    const struct {
        const char *from, *to;
        float scale;
        const char *words;
    } refused[] = {
        { "\"steps\"", "\"stapes\"", 1,
          "the section 'preparation': 'steps' must be a list, found nothing" },
        { "\"StandardScaler\"", "\"StandardScalar\"", 1, "StandardScalar" },
        { "\"with_mean\"", "\"with_meaning\"", 1, "with_meaning" },
        { "\"steps\"", "\"steps\"", 0, "step 1: a mean is not finite, or a scale is" },
        { "\"row\":[3]", "\"row\":[4]", 1, "" },
        { "\"steps\":[", "\"steps\":[1,", 1, "the section 'preparation'" },
        { "\"steps\":[{", "\"steps\":[{\"type\":\"StandardScaler\",\"options\":{}},{", 1,
          "the section 'preparation'" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *path = changed_file(refused[i].from, refused[i].to, refused[i].scale);
        assert_fails_with(dg_learner_load(&tree, path), DG_FORMAT, refused[i].words);
        assert_null(tree);
    }
}

static dg_learner *tree(void)
{
    return tree_learner("DecisionTree", "");
}

static dg_learner *network(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 5));
    int node = network_add(model, -1, "Input", "shape=3");
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "adam", "", "categorical_crossentropy");
    return &model->base;
}

/* A fit that begins anew and fails leaves what predicts as before, or cannot predict. */
static void expect_unharmed(dg_learner *(*new)(void), int least)
{
    const dg_dataset *set = tree_set(30, 3, 3, false, false, 1);
    const dg_part *old = network_part("preparation", "StandardScaler", "with_std=false");
    const dg_part *step = network_part("preparation", "StandardScaler", "");
    int failures = 0;
    dg_status status = DG_NO_MEMORY;
    for (int n = 0; status != DG_OK; n++) {
        dg_learner *learner = new ();
        dg_tensor before, after;
        assert_ok(fit(learner, set, old));
        assert_ok(dg_learner_outputs(learner, &set->x, &one_thread, &before));
        support_fail_allocation(n);
        status = fit(learner, set, step);
        support_fail_allocation(-1);
        if (status != DG_OK) {
            assert_int_equal(status, DG_NO_MEMORY);
            failures++;
            if (learner->fitted) {
                assert_ok(dg_learner_outputs(learner, &set->x, &one_thread, &after));
                assert_true(dg_tensor_equal(&before, &after));
                dg_tensor_release(&after);
            }
        }
        dg_tensor_release(&before);
        dg_learner_free(learner);
    }
    assert_true(failures >= least);
    dg_part_release(step);
    dg_part_release(old);
    dg_dataset_release(set);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    expect_unharmed(tree, 6);
    expect_unharmed(network, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_files),
        leaving_nothing(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
