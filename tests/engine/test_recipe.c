/* Recipes: what a learner's file says about how it was made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/store/learner_file.h"
#include "engine/store/recipe.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

static const dg_job one_thread = { .threads = 1 };
static const char *const words[] = { "-W", "--epochs", "a\xff" };
static dg_origin origin = { .script = "make.lua",
                            .text = "print 'a\xe2\x82\xac'\n",
                            .length = 13,
                            .before = words,
                            .before_count = 1,
                            .arguments = words + 1,
                            .argument_count = 2 };

static dg_model *new_network(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 5));
    int node = network_add(model, -1, "Input", "shape=4");
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    return model;
}

/* Fits for one epoch; the callback, if any, ends it. */
static dg_status fit(dg_model *model, const dg_fit_options *more, int64_t batch_size)
{
    const dg_dataset *set = network_set(model, 8, 3, false, 1);
    dg_network_fit_options own = { 1, batch_size, true };
    dg_fit_options options = *more;
    dg_fit_result result;
    options.own = &own;
    dg_status status = dg_learner_fit(&model->base, set, &options, &one_thread, &result);
    dg_dataset_release(set);
    return status;
}

/* The recipe in the file that the model is saved to; NULL: it has none. */
static cJSON *saved_recipe(const dg_learner *learner)
{
    DG_OWNED char *text = NULL;
    DG_OWNED_JSON *root = NULL;
    const char *path = scratch_path("recipe.safetensors");
    assert_ok(dg_learner_save(learner, path));
    assert_ok(dg_learner_text(&text, path));
    assert_ok(dg_json_parse(&root, "the file", text, strlen(text)));
    cJSON *sections = cJSON_GetObjectItem(root, "sections");
    return sections ? cJSON_DetachItemFromObject(sections, "recipe") : NULL;
}

/* Expects the member, which it takes out, as JSON; NULL: there is none. */
static void expect_member(cJSON *object, const char *name, const char *json)
{
    DG_OWNED char *text = NULL;
    DG_OWNED_JSON *member = cJSON_DetachItemFromObject(object, name);
    if (!json) {
        assert_null(member);
        return;
    }
    assert_non_null(member);
    assert_ok(dg_json_text(&text, member));
    assert_string_equal(text, json);
}

static void test_members(void **state)
{
    (void)state;
    char digest[DG_SHA256_HEX], quoted[DG_SHA256_HEX + 2], file[512];
    dg_model *model = new_network();
    DG_OWNED_JSON *none = saved_recipe(&model->base);
    assert_null(none); /* without an origin */
    dg_recipe_set_origin(&origin);
    dg_set_seed(UINT64_MAX);
    assert_ok(fit(model, &(dg_fit_options){ .seeded = true, .seed = 7 }, 4));
    DG_OWNED_JSON *recipe = saved_recipe(&model->base);
    expect_member(recipe, "required", "false");
    expect_member(recipe, "script",
                  "{\"path\":\"make.lua\",\"sha256\":"
                  "\"345c0a4f236afb5defe11fb12a402bd813028c5606a9e8cc75a404514ec5a44b\","
                  "\"text\":\"print 'a\xe2\x82\xac'\\n\"}");
    expect_member(recipe, "before", "[\"-W\"]");
    expect_member(recipe, "arguments", "[\"--epochs\",{\"hex\":\"61ff\"}]");
    expect_member(recipe, "seed", "\"18446744073709551615\"");
    snprintf(file, sizeof file, "\"%s\"", scratch_path("recipe.safetensors"));
    expect_member(recipe, "file", file);
    assert_ok(dg_learner_digest(&model->base, digest));
    snprintf(quoted, sizeof quoted, "\"%s\"", digest);
    expect_member(recipe, "sha256", quoted);
    expect_member(recipe, "start", NULL);
    expect_member(recipe, "prompt", NULL);
    expect_member(recipe, "ended", NULL);
    dg_set_seed(0);
    dg_recipe_set_origin(NULL);
    dg_model_free(model);
}

/* What the recipe says of fits, without the hash of the set. */
static void expect_fits(const dg_model *model, const char *fits, const char *ended)
{
    DG_OWNED char *text = NULL;
    DG_OWNED_JSON *recipe = saved_recipe(&model->base);
    assert_ok(dg_json_text(&text, cJSON_GetObjectItem(recipe, "fits")));
    for (char *at; (at = strstr(text, ",\"train\":{"));)
        memmove(at, strchr(at, '}') + 1, strlen(strchr(at, '}')));
    assert_string_equal(text, fits);
    expect_member(recipe, "ended", ended);
}

#define OPTIONS(batch) "\"options\":{\"epochs\":1,\"batch_size\":" batch ",\"shuffle\":true}"
#define FIRST "{\"continue\":false," OPTIONS("4") "}"

static dg_status cancel(void *context, const dg_log *log, bool *stop)
{
    (void)context, (void)log, (void)stop;
    return dg_error(DG_CANCELLED, "interrupted");
}

/* A copy in the middle of a fit is unfinished. */
static dg_status look(void *context, const dg_log *log, bool *stop)
{
    (void)log, (void)stop;
    expect_fits(context, "[" FIRST "]", "\"unfinished\"");
    return DG_OK;
}

static void test_fits(void **state)
{
    (void)state;
    dg_model *model = new_network();
    dg_recipe_set_origin(&origin);
    expect_fits(model, "[]", NULL);
    assert_ok(fit(model, &(dg_fit_options){ .on_epoch = look, .context = model }, 4));
    expect_fits(model, "[" FIRST "]", NULL);
    for (int i = 0; i < 3; i++) assert_ok(fit(model, &(dg_fit_options){ 0 }, 2));
    assert_ok(fit(model, &(dg_fit_options){ .monitor = "loss", .patience = 2 }, 2));
#define AGAIN                                                                                      \
    FIRST ",{\"continue\":true," OPTIONS("2") ",\"times\":3},{\"continue\":true," OPTIONS("2")
    expect_fits(model,
                "[" AGAIN ",\"early_stopping\":{\"monitor\":\"loss\",\"patience\":2,"
                "\"min_delta\":0,\"mode\":\"auto\",\"restore_best\":false}}]",
                NULL);
    /* what is refused leaves no trace, what begins anew leaves no other */
    assert_int_equal(fit(model, &(dg_fit_options){ 0 }, 0), DG_INVALID);
    assert_ok(fit(model, &(dg_fit_options){ .resume = DG_RESUME_NO }, 4));
    expect_fits(model, "[" FIRST "]", NULL);
    assert_int_equal(fit(model, &(dg_fit_options){ .on_epoch = cancel }, 2), DG_CANCELLED);
    assert_ok(fit(model, &(dg_fit_options){ 0 }, 2));
    expect_fits(model, "[" FIRST ",{\"continue\":true," OPTIONS("2") ",\"times\":2}]",
                "\"interrupted\"");
    dg_recipe_set_origin(NULL);
    dg_model_free(model);
}

static void test_many_fits(void **state)
{
    (void)state;
    dg_model *model = new_network();
    dg_recipe_set_origin(&origin);
    for (int i = 0; i < 70; i++) assert_ok(fit(model, &(dg_fit_options){ 0 }, i % 2 + 1));
    DG_OWNED_JSON *recipe = saved_recipe(&model->base);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(recipe, "fits")), 64);
    expect_member(recipe, "more", "6");
    dg_recipe_set_origin(NULL);
    dg_model_free(model);
}

/* A file that is loaded and saved is the same; trained further, it says what it began with. */
static void test_loaded(void **state)
{
    (void)state;
    char start[512], digest[DG_SHA256_HEX];
    dg_model *model = new_network(), *again;
    dg_recipe_set_origin(&origin);
    assert_ok(fit(model, &(dg_fit_options){ .monitor = "loss", .min_delta = 0.1 + 0.2 }, 4));
    const char *path = scratch_path("first.safetensors"), *copy = scratch_path("copy.safetensors");
    assert_ok(dg_learner_save(&model->base, path));
    assert_ok(network_load(&again, path));
    origin.script = "other.lua";
    assert_ok(dg_learner_save(&again->base, copy));
    size_t first, second;
    char *bytes = scratch_read(path, &first), *others = scratch_read(copy, &second);
    assert_int_equal(first, second);
    assert_memory_equal(bytes, others, first);
    assert_non_null(strstr(bytes + 8, "0.30000000000000004"));
    assert_ok(dg_learner_digest(&again->base, digest));
    snprintf(start, sizeof start, "{\"file\":\"%s\",\"sha256\":\"%s\"}", path, digest);
    for (int i = 0; i < 2; i++) assert_ok(fit(again, &(dg_fit_options){ 0 }, 4));
    expect_fits(again, "[{\"continue\":true," OPTIONS("4") ",\"times\":2}]", NULL);
    DG_OWNED_JSON *recipe = saved_recipe(&again->base);
    expect_member(recipe, "start", start);
    assert_string_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(recipe, "script"), "path")->valuestring,
        "other.lua");
    /* anew: nothing is left of the file */
    assert_ok(fit(again, &(dg_fit_options){ .resume = DG_RESUME_NO }, 4));
    DG_OWNED_JSON *anew = saved_recipe(&again->base);
    expect_member(anew, "start", NULL);
    origin.script = "make.lua";
    dg_recipe_set_origin(NULL);
    free(bytes);
    free(others);
    dg_model_free(model);
    dg_model_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_members),
        leaving_nothing(test_fits),
        leaving_nothing(test_many_fits),
        leaving_nothing(test_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
