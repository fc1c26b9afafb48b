/* Going on from a file: damaged states of optimizers and fits are refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/network.h"
#include "engine/nn/progress.h"
#include "engine/store/learner_file.h"
#include "engine/store/safetensors.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

static const dg_job one_thread = { .threads = 1 };

/* With a checkpoint, if there is a path. */
static dg_model *fitted_network(const char *checkpoint)
{
    dg_model *model = network_of("Input shape=4; Dense units=3 activation=softmax");
    assert_ok(dg_model_finish(model, model->node_count - 1));
    network_compile(model, "Adam", "", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, 8, 3, false, 1);
    dg_network_fit_options own = {
        .epochs = 2, .batch_size = 4, .shuffle = true, .checkpoint = checkpoint
    };
    dg_fit_options options = { .own = &own, .monitor = "loss", .restore_best = true };
    dg_fit_result result;
    assert_ok(dg_learner_fit(&model->base, set, &options, &one_thread, &result));
    dg_dataset_release(set);
    return model;
}

/* Puts `now` in the place of `was` in the file's text, and `name`, if it is not NULL, in the place
 * of the name of its last tensor. */
static void damage(const char *path, const char *was, const char *now, const char *name)
{
    dg_tensor_file file;
    assert_ok(dg_tensor_file_read(&file, path));
    char *text = file.values[0], *at = strstr(text, was), *changed;
    assert_non_null(at);
    size_t size = strlen(text) + strlen(now) + 1;
    assert_ok(dg_alloc(&changed, (int64_t)size, 1));
    snprintf(changed, size, "%.*s%s%s", (int)(at - text), text, now, at + strlen(was));
    dg_free(text);
    file.values[0] = changed;
    if (name) {
        char **last = &file.tensors[file.count - 1].name;
        dg_free(*last);
        assert_ok(dg_copy_text(last, name));
    }
    assert_ok(dg_tensor_file_write(&file, path));
    dg_tensor_file_release(&file);
}

static void test_optimizer(void **state)
{
    (void)state;
    dg_model *model = fitted_network(NULL), *again;
    const char *path = scratch_path("optimizer.safetensors");
    dg_save_options wanted = { .optimizer = true };
    assert_ok(dg_learner_save_with(&model->base, path, &wanted));
    assert_ok(network_load(&again, path));
    assert_int_equal(again->step, 4);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(again->slots[i], model->slots[i],
                            sizeof(float) * (size_t)model->value_count);
    dg_model_free(again);
    const struct {
        const char *was, *now, *name, *words;
    } refused[] = {
        { "\"step\":4", "\"step\":-4", NULL, "the section 'optimizer': 'step' must be a whole" },
        { "\"step\":4", "\"stop\":4", NULL, "'step' must be a number, found nothing" },
        { "\"slots\":2", "\"slots\":1", NULL,
          "has 1 slots for each weight, the optimizer Adam keeps 2" },
        { "\"step\":4", "\"step\":5", "optimizer/dense.kernel/3", "dense.bias/2" },
        { "\"step\":4", "\"step\":5", "optimize", "has a tensor 'optimize'" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_ok(dg_learner_save_with(&model->base, path, &wanted));
        damage(path, refused[i].was, refused[i].now, refused[i].name);
        assert_fails_with(network_load(&again, path), DG_FORMAT, refused[i].words);
    }
    dg_model_free(model);
}

static void test_progress(void **state)
{
    (void)state;
    const char *path = scratch_path("progress.safetensors");
    dg_model *model = fitted_network(path), *again;
    assert_ok(network_load(&again, path));
    assert_int_equal(again->progress->epoch, 2);
    assert_int_equal(again->progress->result.best_epoch, 2);
    assert_memory_equal(again->progress->best_values, model->values,
                        sizeof(float) * (size_t)model->value_count);
    dg_model_free(again);
    dg_model_free(model);
    const struct {
        const char *was, *now, *name, *words;
    } refused[] = {
        { "\"epoch\":2,\"seconds\"", "\"epoch\":3,\"seconds\"", NULL,
          "the section 'progress': 'history' has 2 epochs, expected 3" },
        { "\"best\":{\"epoch\":2", "\"best\":{\"epoch\":3", NULL,
          "epoch must be a whole number from 0 to 2, found 3" },
        { "\"stopped\":false", "\"stopped\":0", NULL, "'stopped' must be true or false" },
        { "\"run\":{", "\"ran\":{", NULL, "'run' must be an object, found nothing" },
        { "\"scores\":{\"loss\":", "\"scores\":{\"loss\":\"x\",\"lass\":", NULL,
          "epoch 1: 'loss' must be a number, found 'x'" },
        { "\"run\":{", "\"run\":{", "progress/best/dense.cornel", "'dense.bias' is missing" },
        { "\"run\":{", "\"run\":{", "progress/worst/dense.kernel",
          "has 2 tensors, expected the weights of the best epoch: 2" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        dg_model_free(fitted_network(path));
        damage(path, refused[i].was, refused[i].now, refused[i].name);
        assert_fails_with(network_load(&again, path), DG_FORMAT, refused[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_optimizer),
        leaving_nothing(test_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
