#include "tests/engine/learners.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store/learner_file.h"
#include "tests/engine/scratch.h"
#include "tests/engine/sets.h"

/* --- golden examples ------------------------------------------------------------------------ */

cJSON *learners_read(const char *path)
{
    size_t count;
    char *text = scratch_read(path, &count);
    cJSON *found = cJSON_Parse(text);
    free(text);
    assert_non_null(found);
    return found;
}

const cJSON *learners_member(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_non_null(found);
    return found;
}

dg_tensor learners_tensor(const cJSON *list, int64_t columns, dg_dtype dtype)
{
    dg_tensor out = { 0 };
    int64_t size = cJSON_GetArraySize(list), i = 0;
    if (!list || cJSON_IsNull(list)) return out;
    assert_ok(dg_tensor_new(&out, dtype, columns ? 2 : 1,
                            (int64_t[]){ columns ? size / columns : size, columns }));
    for (const cJSON *item = list->child; item; item = item->next, i++) {
        if (dtype == DG_UINT8)
            dg_bytes(&out)[i] = (uint8_t)item->valueint;
        else if (dtype == DG_INT32)
            dg_int32s(&out)[i] = item->valueint;
        else
            dg_floats(&out)[i] = (float)item->valuedouble;
    }
    return out;
}

dg_learner *learners_make(const char *name, const cJSON *options)
{
    char text[256] = "";
    const cJSON *item;
    cJSON_ArrayForEach(item, options)
    {
        size_t used = strlen(text);
        if (cJSON_IsNumber(item))
            snprintf(text + used, sizeof text - used, "%s=%.15g ", item->string, item->valuedouble);
        else
            snprintf(text + used, sizeof text - used, "%s=%s ", item->string,
                     cJSON_IsBool(item) ? cJSON_IsTrue(item) ? "true" : "false"
                                        : item->valuestring);
    }
    return tree_learner(name, text);
}

const dg_dataset *learners_set(dg_tensor x, dg_tensor y, dg_tensor weights)
{
    const dg_dataset *set;
    dg_dataset_fields parts = { .x = &x, .y = &y, .weights = weights.storage ? &weights : NULL };
    assert_ok(dg_dataset_make(&set, &parts));
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_tensor_release(&weights);
    return set;
}

void learners_expect_near(const float *found, const cJSON *wanted, double tolerance)
{
    double most = 0;
    int i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted)
    {
        most = fmax(most, fabs(item->valuedouble));
    }
    cJSON_ArrayForEach(item, wanted)
    {
        if (!(fabs((double)found[i] - item->valuedouble) <= tolerance * most))
            fail_msg("number %d is %.9g, wanted %.9g", i, (double)found[i], item->valuedouble);
        i++;
    }
}

/* --- what cannot be, or is not there -------------------------------------------------------- */

void learners_expect_unfit(const char *name, const char *options, const dg_dataset *set,
                           const dg_fit_options *fitting, const char *words)
{
    dg_fit_result result;
    dg_learner *learner = tree_learner(name, options);
    assert_fails_with(dg_learner_fit(learner, set, fitting, NULL, &result), DG_INVALID, words);
    assert_false(learner->fitted);
    dg_learner_free(learner);
}

void learners_expect_absent(const char *name, const char *options)
{
    const dg_dataset *set = make_set(6, (int32_t[]){ 1, 2, 1, 2, 1, 3 }), *head;
    dg_learner *learner = tree_learner(name, options);
    const char *path = scratch_path("absent.safetensors");
    dg_scores scores;
    assert_ok(dg_dataset_head(&head, set, 5));
    assert_int_equal(head->class_count, 3);
    tree_fit(learner, head, 2);
    assert_ok(dg_learner_save(learner, path));
    dg_learner_free(learner);
    assert_ok(dg_learner_load(&learner, path));
    dg_tensor out = tree_chances(learner, set, 1);
    for (int row = 0; row < 6; row++) assert_true(dg_floats(&out)[row * 3 + 2] == 0);
    assert_ok(dg_learner_evaluate(learner, set, NULL, &scores));
    assert_true(isfinite(scores.loss));
    dg_tensor_release(&out);
    dg_learner_free(learner);
    dg_dataset_release(set);
    dg_dataset_release(head);
}

void learners_expect_no_memory(const char *name, const char *options, const dg_dataset *set)
{
    dg_job job = { .threads = 1 };
    dg_fit_options fitting = { .validation = set };
    dg_status status = DG_NO_MEMORY;
    dg_learner *learner = tree_learner(name, options);
    int failed = 0;
    for (int after = 0; status == DG_NO_MEMORY; after++) {
        dg_fit_result result;
        dg_tensor out = { 0 };
        support_fail_allocation(after);
        status = dg_learner_fit(learner, set, &fitting, &job, &result);
        if (status == DG_OK) status = dg_learner_outputs(learner, &set->x, &job, &out);
        support_fail_allocation(-1);
        failed += status == DG_NO_MEMORY;
        dg_tensor_release(&out);
    }
    assert_int_equal(status, DG_OK);
    assert_true(failed > 5);
    dg_learner_free(learner);
}

/* --- the same bits -------------------------------------------------------------------------- */

static void expect_equal(dg_tensor *found, const dg_tensor *wanted, int64_t first)
{
    int64_t width = wanted->shape[1];
    assert_int_equal(found->shape[1], width);
    assert_memory_equal(dg_floats(found), dg_floats(wanted) + first * width,
                        (size_t)dg_tensor_count(found) * sizeof(float));
    dg_tensor_release(found);
}

void learners_expect_same_bits(const char *name, const char *options, const dg_dataset *set)
{
    static const int threads[] = { 1, 2, 3, 7 };
    dg_tensor wanted = { 0 }, found, row;
    dg_learner *again;
    const char *path = scratch_path("bits.safetensors");
    for (int i = 0; i < 4; i++) {
        dg_learner *learner = tree_learner(name, options);
        tree_fit(learner, set, threads[i]);
        found = tree_chances(learner, set, threads[3 - i]);
        if (i == 0)
            wanted = found;
        else
            expect_equal(&found, &wanted, 0);
        assert_ok(dg_learner_save(learner, path));
        dg_learner_free(learner);
        assert_ok(dg_learner_load(&again, path));
        found = tree_chances(again, set, threads[i]);
        expect_equal(&found, &wanted, 0);
        for (int64_t k = 0; k < 3; k++) {
            assert_ok(dg_tensor_slice(&row, &set->x, 0, k, k + 1));
            assert_ok(dg_learner_outputs(again, &row, NULL, &found));
            expect_equal(&found, &wanted, k);
            dg_tensor_release(&row);
        }
        dg_learner_free(again);
    }
    dg_tensor_release(&wanted);
}

/* --- damaged files -------------------------------------------------------------------------- */

void learners_make_nan(dg_tensor *tensor)
{
    dg_floats(tensor)[0] = NAN;
}

void learners_make_infinite(dg_tensor *tensor)
{
    dg_floats(tensor)[0] = INFINITY;
}

void learners_make_negative(dg_tensor *tensor)
{
    if (tensor->dtype == DG_INT32)
        dg_int32s(tensor)[0] = -1;
    else
        dg_floats(tensor)[0] = -1;
}

void learners_make_huge(dg_tensor *tensor)
{
    dg_int32s(tensor)[0] = INT32_MAX;
}

void learners_shorten(dg_tensor *tensor)
{
    tensor->shape[0]--;
}

void learners_retype(dg_tensor *tensor)
{
    dg_tensor other;
    assert_ok(dg_tensor_zeros(&other, tensor->dtype == DG_INT32 ? DG_FLOAT32 : DG_INT32,
                              tensor->axes, tensor->shape));
    dg_tensor_release(tensor);
    *tensor = other;
}

void learners_expect_refused(const dg_learner *learner, const char *name,
                             void (*change)(dg_tensor *tensor), const char *words)
{
    const char *path = scratch_path("changed.safetensors");
    dg_tensor_file file;
    dg_learner *again;
    bool found = false;
    assert_ok(dg_learner_save(learner, path));
    assert_ok(dg_tensor_file_read(&file, path));
    for (int i = 0; i < file.count; i++) {
        if (strcmp(file.tensors[i].name, name) != 0) continue;
        found = true;
        if (change)
            change(&file.tensors[i].tensor);
        else
            file.tensors[i].name[0] = '_';
    }
    assert_true(found);
    assert_ok(dg_tensor_file_write(&file, path));
    dg_tensor_file_release(&file);
    assert_fails_with(dg_learner_load(&again, path), DG_FORMAT, words);
    assert_non_null(strstr(dg_error_message(), "changed.safetensors"));
    assert_null(again);
}

void learners_fuzz(const dg_learner *learner, const dg_dataset *set, int rounds)
{
    const char *path = scratch_path("fuzzed.safetensors");
    uint64_t random = 77;
    size_t size;
    assert_ok(dg_learner_save(learner, path));
    char *good = scratch_read(path, &size), *bytes = malloc(size);
    int loaded = 0;
    for (int round = 0; round < rounds; round++) {
        dg_learner *again;
        dg_tensor out;
        memcpy(bytes, good, size);
        for (int64_t k = support_random(&random, 3); k >= 0; k--)
            bytes[support_random(&random, (int64_t)size)] = (char)support_random(&random, 256);
        scratch_write(path, bytes, size);
        dg_status status = dg_learner_load(&again, path);
        if (status != DG_OK) {
            if (status != DG_FORMAT) fail_msg("status %d, message %s", status, dg_error_message());
            continue;
        }
        loaded++;
        if (dg_learner_outputs(again, &set->x, NULL, &out) == DG_OK) dg_tensor_release(&out);
        dg_learner_free(again);
    }
    assert_true(loaded > 0 && loaded < rounds);
    free(good);
    free(bytes);
}
