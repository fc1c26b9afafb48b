/* Sections of model files, and learners that hold others. */
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/learner_file.h"
#include "engine/store/sections.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"
#include "tests/engine/trees.h"

static const dg_job one_thread = { .threads = 1 };

static dg_model *small_network(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 5));
    int node = network_add(model, -1, "Input", "shape=4");
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    return model;
}

static void expect_same_outputs(const dg_learner *a, const dg_learner *b, const dg_tensor *x)
{
    dg_tensor left, right;
    assert_ok(dg_learner_outputs(a, x, &one_thread, &left));
    assert_ok(dg_learner_outputs(b, x, &one_thread, &right));
    assert_true(dg_tensor_equal(&left, &right));
    dg_tensor_release(&left);
    dg_tensor_release(&right);
}

/* The file of a network with these sections in its JSON, and a tensor of the section "mood". */
static const char *file_with(const dg_model *model, const char *sections)
{
    const char *path = scratch_path("sections.safetensors");
    dg_tensor_file file, mood = { 0 };
    dg_tensor one = support_tensor(DG_FLOAT32, SHAPE(2), VALUES(1, 2));
    assert_ok(dg_learner_save(&model->base, path));
    assert_ok(dg_tensor_file_read(&file, path));
    assert_ok(dg_tensor_file_add(&mood, "kernel", &one));
    assert_ok(dg_tensor_file_nest(&file, "mood", &mood));
    char *text = file.values[0], *longer;
    size_t size = strlen(text) + strlen(sections) + 32;
    assert_ok(dg_alloc(&longer, (int64_t)size, 1));
    snprintf(longer, size, "%.*s,\"sections\":%s}", (int)strlen(text) - 1, text, sections);
    dg_free(text);
    file.values[0] = longer;
    assert_ok(dg_tensor_file_write(&file, path));
    dg_tensor_file_release(&file);
    dg_tensor_file_release(&mood);
    dg_tensor_release(&one);
    return path;
}

static void test_unknown_sections(void **state)
{
    (void)state;
    dg_model *model = small_network();
    dg_learner *again;
    dg_tensor x;
    assert_ok(dg_tensor_uniform(&x, 2, (int64_t[]){ 6, 4 }, 0, 1, 1));
    assert_ok(dg_learner_load(&again, file_with(model, "{\"mood\":{\"required\":false}}")));
    expect_same_outputs(&model->base, again, &x);
    dg_learner_free(again);
    const struct {
        const char *sections, *words;
    } refused[] = {
        { "{\"mood\":{\"required\":true}}",
          "the section 'mood': is required to use the model, but unknown to this program" },
        { "{}", "has a tensor 'mood/kernel', which none of its layers needs" },
        { "[]", "'sections' must be an object, found a list" },
        { "{\"mood\":1}", "the section 'mood': must be an object, found a number" },
        { "{\"mood\":{}}", "the section 'mood': 'required'" },
        { "{\"mood\":{\"required\":1}}", "the section 'mood': 'required' must be" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_fails_with(dg_learner_load(&again, file_with(model, refused[i].sections)), DG_FORMAT,
                          refused[i].words);
        assert_null(again);
    }
    dg_tensor_release(&x);
    dg_model_free(model);
}

/* What a file would give back of it. */
static cJSON *as_read(cJSON *root)
{
    cJSON *read;
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    assert_ok(dg_json_parse(&read, "text", text, strlen(text)));
    cJSON_free(text);
    return read;
}

/* What a learner that holds two others would write and read. */
static void test_learners_within(void **state)
{
    (void)state;
    dg_model *model = small_network();
    const dg_dataset *set = tree_set(30, 4, 3, false, false, 1);
    dg_learner *forest = tree_learner("RandomForest", "n_estimators=3"), *again;
    tree_fit(forest, set, 1);
    cJSON *root = cJSON_CreateObject();
    dg_tensor_file file = { 0 }, inner;
    assert_ok(dg_learner_put(&model->base, "one", root, &file));
    assert_ok(dg_learner_put(forest, "two", root, &file));
    assert_non_null(dg_tensor_file_find(&file, "one/dense.kernel"));
    root = as_read(root);
    assert_ok(dg_learner_get(&again, "one", root, &file));
    assert_ptr_equal(again->type, &dg_network);
    expect_same_outputs(&model->base, again, &set->x);
    dg_learner_free(again);
    assert_ok(dg_learner_get(&again, "two", root, &file));
    assert_ptr_equal(again->type, forest->type);
    assert_memory_equal(again->classes, forest->classes, 3 * sizeof(int32_t));
    expect_same_outputs(forest, again, &set->x);
    dg_learner_free(again);
    /* deeper: the names are taken off one by one */
    dg_tensor_file outer = { 0 };
    assert_ok(dg_tensor_file_nest(&outer, "all", &file));
    assert_non_null(dg_tensor_file_find(&outer, "all/one/dense.kernel"));
    assert_ok(dg_tensor_file_view(&inner, "all", &outer));
    assert_int_equal(inner.count, file.count);
    assert_ok(dg_learner_get(&again, "two", root, &inner));
    expect_same_outputs(forest, again, &set->x);
    dg_learner_free(again);
    dg_free(inner.tensors);
    assert_fails_with(dg_tensor_file_nest(&outer, "all", &file), DG_INVALID,
                      "'all/one/dense.kernel'");
    assert_fails_with(dg_learner_get(&again, "six", root, &file), DG_FORMAT, "'six'");
    assert_fails_with(dg_learner_get(&again, "one", root, &outer), DG_FORMAT,
                      "'one': node 1: has no tensor 'dense.kernel'");
    assert_null(again);
    cJSON_Delete(root);
    dg_tensor_file_release(&file);
    dg_tensor_file_release(&outer);
    dg_learner_free(forest);
    dg_dataset_release(set);
    dg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_unknown_sections),
        leaving_nothing(test_learners_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
