/* Networks in files: what comes back is what went in, and files that cannot be are refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/store/learner_file.h"
#include "engine/store/part_json.h"
#include "engine/store/safetensors.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

/* A network with all kinds of options, not yet finished. */
static dg_model *make_network(void)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 0xFEDCBA9876543210u));
    int node = network_add(model, -1, "Input", "shape=6,5,2");
    node = network_add(model, node, "Conv2D",
                       "filters=3 kernel_size=3,2 padding=same activation=relu "
                       "kernel_regularizer=l2");
    node = network_add(model, node, "BatchNormalization", "momentum=0.9");
    node = network_add(model, node, "MaxPooling2D", "pool_size=2,2 strides=1");
    node = network_add(model, node, "Dropout", "rate=0.123456789012345678 seed=12345678901234");
    node = network_add(model, node, "Flatten", "");
    network_add(model, node, "Dense", "units=4 activation=softmax kernel_initializer=he_normal");
    return model;
}

static dg_model *fitted_network(void)
{
    dg_model *model = make_network();
    assert_ok(dg_model_finish(model, model->node_count - 1));
    network_compile(model, "RMSprop", "rho=0.8", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, 8, 4, false, 1);
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options options = { .own = &own };
    own.epochs = 2;
    own.batch_size = 4;
    dg_job job = { .threads = 1 };
    dg_fit_result result;
    assert_ok(dg_learner_fit(&model->base, set, &options, &job, &result));
    dg_dataset_release(set);
    return model;
}

static dg_model *load(const char *path)
{
    dg_model *model;
    assert_ok(network_load(&model, path));
    return model;
}

static void expect_same(const dg_model *a, const dg_model *b)
{
    assert_int_equal(a->layer_count, b->layer_count);
    for (int i = 0; i < a->layer_count; i++) {
        assert_string_equal(a->layers[i].name, b->layers[i].name);
        assert_true(dg_part_equal(a->layers[i].part, b->layers[i].part));
        assert_int_equal(a->layers[i].part->given, b->layers[i].part->given);
    }
    assert_int_equal(a->node_count, b->node_count);
    for (int i = 0; i < a->node_count; i++) {
        assert_int_equal(a->nodes[i].layer, b->nodes[i].layer);
        assert_int_equal(a->nodes[i].inputs, b->nodes[i].inputs);
        assert_memory_equal(a->nodes[i].input, b->nodes[i].input, sizeof a->nodes[i].input);
    }
    assert_int_equal(a->output, b->output);
    assert_true(a->base.seed == b->base.seed);
    assert_int_equal(a->weight_count, b->weight_count);
    for (int i = 0; i < a->weight_count; i++) {
        assert_string_equal(a->weights[i].name, b->weights[i].name);
        assert_memory_equal(dg_model_weight(a, i), dg_model_weight(b, i),
                            sizeof(float) * (size_t)a->weights[i].size);
    }
}

/* --- round trips ---------------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
    (void)state;
    dg_model *model = fitted_network();
    const char *path = scratch_path("round.safetensors");
    assert_ok(dg_learner_save(&model->base, path));
    dg_model *again = load(path);
    expect_same(model, again);
    assert_true(dg_part_equal(model->optimizer, again->optimizer));
    assert_true(dg_part_equal(model->loss, again->loss));
    assert_true(dg_learner_has_accuracy(&again->base));
    assert_int_equal(again->epoch, 2);
    assert_int_equal(again->base.class_count, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(again->base.classes[i], i);
    assert_null(again->base.class_names);
    assert_true(again->base.fitted);
    assert_true(again->base.input_low == model->base.input_low &&
                again->base.input_high == model->base.input_high);
    /* the same bits again */
    size_t first, second;
    char *bytes = scratch_read(path, &first), *others;
    assert_ok(dg_learner_save(&again->base, path));
    others = scratch_read(path, &second);
    assert_int_equal(first, second);
    assert_memory_equal(bytes, others, first);
    free(bytes);
    free(others);
    dg_model_free(model);
    dg_model_free(again);
}

static void test_loaded_works(void **state)
{
    (void)state;
    dg_model *model = fitted_network();
    const char *path = scratch_path("works.safetensors");
    assert_ok(dg_learner_save(&model->base, path));
    dg_model *again = load(path);
    const dg_dataset *set = network_set(model, 8, 4, false, 1);
    dg_job job = { .threads = 1 };
    dg_tensor before, after;
    assert_ok(dg_learner_predict_proba(&model->base, &set->x, &job, &before));
    assert_ok(dg_learner_predict_proba(&again->base, &set->x, &job, &after));
    assert_true(dg_tensor_equal(&before, &after));
    dg_tensor_release(&before);
    dg_tensor_release(&after);
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options options = { .own = &own };
    own.batch_size = 4;
    dg_fit_result result;
    assert_ok(dg_learner_fit(&again->base, set, &options, &job, &result));
    assert_int_equal(again->epoch, 3);
    dg_dataset_release(set);
    dg_model_free(model);
    dg_model_free(again);
}

/* Neither compiled nor fitted. */
static void test_raw_network(void **state)
{
    (void)state;
    dg_model *model = make_network();
    const char *path = scratch_path("raw.safetensors");
    assert_fails_with(dg_learner_save(&model->base, path), DG_INVALID, "the model is not finished");
    assert_ok(dg_model_finish(model, model->node_count - 1));
    assert_ok(dg_learner_save(&model->base, path));
    dg_model *again = load(path);
    expect_same(model, again);
    assert_null(again->optimizer);
    assert_null(again->base.classes);
    assert_false(again->base.fitted);
    dg_model_free(model);
    dg_model_free(again);
}

static void test_class_names(void **state)
{
    (void)state;
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int node = network_add(model, -1, "Input", "shape=2");
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "adam", "", "categorical_crossentropy");
    dg_tensor x, y;
    assert_ok(dg_tensor_uniform(&x, 2, (int64_t[]){ 3, 2 }, 0, 1, 1));
    assert_ok(dg_tensor_new(&y, DG_INT32, 1, (int64_t[]){ 3 }));
    memcpy(y.data, (int32_t[]){ -7, 2147483647, 5 }, 12);
    static const char *const names[] = { "", "\"\\\n\xE2\x82\xAC", "null" };
    const dg_dataset *set;
    assert_ok(dg_dataset_new(&set, &x, &y, 3, names));
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options options = { .own = &own };
    own.batch_size = 3;
    dg_job job = { .threads = 1 };
    dg_fit_result result;
    assert_ok(dg_learner_fit(&model->base, set, &options, &job, &result));
    const char *path = scratch_path("names.safetensors");
    assert_ok(dg_learner_save(&model->base, path));
    dg_model *again = load(path);
    assert_memory_equal(again->base.classes, ((int32_t[]){ -7, 5, 2147483647 }), 12);
    for (int i = 0; i < 3; i++) assert_string_equal(again->base.class_names[i], names[i]);
    dg_dataset_release(set);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_model_free(model);
    dg_model_free(again);
}

/* Two branches that share a layer and are added. */
static void test_branches(void **state)
{
    (void)state;
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int input = network_add(model, -1, "Input", "shape=4"), left, right;
    left = network_add(model, input, "Dense", "units=4");
    const dg_part *dense = network_part("layer", "Dense", "units=4");
    assert_ok(dg_model_add(model, dense, 1, &input, "shared", &right));
    assert_ok(dg_model_add(model, dense, 1, &left, NULL, &left));
    dg_part_release(dense);
    assert_ok(dg_model_finish(model, network_join(model, left, right, "Add", "")));
    const char *path = scratch_path("branches.safetensors");
    assert_ok(dg_learner_save(&model->base, path));
    dg_model *again = load(path);
    expect_same(model, again);
    dg_model_free(model);
    dg_model_free(again);
}

/* --- digests -------------------------------------------------------------------------------- */

/* Dense with two weights and a bias, which is `bias`. */
static dg_model *tiny_network(uint64_t seed, uint32_t bias)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, seed));
    int node = network_add(model, -1, "Input", "shape=2");
    node = network_add(model, node, "Dense", "units=1");
    assert_ok(dg_model_finish(model, node));
    memcpy(dg_model_weight(model, 0), (float[]){ 1, -2 }, 8);
    memcpy(dg_model_weight(model, 1), &bias, 4);
    return model;
}

static void expect_digest(const dg_model *model, const char *digest)
{
    char hex[DG_SHA256_HEX];
    assert_ok(dg_learner_digest(&model->base, hex));
    assert_string_equal(hex, digest);
}

static void test_digest_bytes(void **state)
{
    (void)state;
    static const char bytes[] = "dense.kernel\0F32\0"
                                "\2\0\0\0\0\0\0\0"
                                "\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
                                "\0\0\x80\x3f\0\0\0\xc0"
                                "dense.bias\0F32\0"
                                "\1\0\0\0\0\0\0\0"
                                "\1\0\0\0\0\0\0\0"
                                "\0\0\xc0\x7f";
    char digest[DG_SHA256_HEX], other[DG_SHA256_HEX];
    dg_sha256_of(bytes, sizeof bytes - 1, digest);
    /* NaN of any sign and payload, any seed */
    for (int i = 0; i < 3; i++) {
        dg_model *model =
            tiny_network((uint64_t)i, ((uint32_t[]){ 0x7fc00000, 0xffc00000, 0x7f800001 })[i]);
        expect_digest(model, digest);
        dg_model_free(model);
    }
    dg_model *model = tiny_network(1, 0x7f800000); /* infinity */
    assert_ok(dg_learner_digest(&model->base, other));
    assert_string_not_equal(other, digest);
    dg_model_free(model);
}

static void test_digest_of_file(void **state)
{
    (void)state;
    char digest[DG_SHA256_HEX];
    dg_model *model = fitted_network();
    const char *path = scratch_path("digest.safetensors");
    assert_ok(dg_learner_save(&model->base, path));
    assert_ok(dg_learner_digest(&model->base, digest));
    dg_model *again = load(path);
    expect_digest(again, digest);
    dg_model_free(again);
    dg_model_free(model);
    model = make_network();
    assert_fails(dg_learner_digest(&model->base, digest), DG_INVALID, "the model is not finished");
    dg_model_free(model);
}

/* --- files that cannot be ------------------------------------------------------------------- */

/* What a saved network looks like with `from` in its JSON replaced by `to`. */
static const char *changed_file(const char *from, const char *to)
{
    dg_model *model = fitted_network();
    const char *path = scratch_path("changed.safetensors");
    assert_ok(dg_learner_save(&model->base, path));
    dg_model_free(model);
    dg_tensor_file file;
    assert_ok(dg_tensor_file_read(&file, path));
    char **text = &file.values[0], *at = strstr(*text, from), *longer;
    assert_string_equal(file.keys[0], "digits_lua");
    if (!at) fail_msg("'%s' is not in %s", from, *text);
    size_t size = strlen(*text) + strlen(to) + 1;
    assert_ok(dg_alloc(&longer, (int64_t)size, 1));
    snprintf(longer, size, "%.*s%s%s", (int)(at - *text), *text, to, at + strlen(from));
    dg_free(*text);
    *text = longer;
    assert_ok(dg_tensor_file_write(&file, path));
    dg_tensor_file_release(&file);
    return path;
}

static void expect_refused(const char *from, const char *to, const char *words)
{
    dg_model *model;
    assert_fails_with(network_load(&model, changed_file(from, to)), DG_FORMAT, words);
    assert_non_null(strstr(dg_error_message(), "changed.safetensors: "));
    assert_null(model);
}

static void test_wrong_kind(void **state)
{
    (void)state;
    expect_refused("\"format\":1", "\"format\":3", "is of format 3, this program reads 2");
    expect_refused("\"format\":1", "\"format\":\"1\"", "'format' must be a number, found a string");
    expect_refused("\"format\":1", "\"format\":0", "'format' must be a whole number from 1");
    expect_refused("\"network\"", "\"forest\"",
                   "describes a 'forest', which this program does not know");
    expect_refused("{\"format\"", "[{\"format\"", "metadata 'digits_lua' is not valid JSON");
    expect_refused("\"seed\":\"18364758544493064720\"", "\"seed\":\"18446744073709551616\"",
                   "'seed' must be a string of digits that fit 64 bits");
    expect_refused("\"seed\":\"18364758544493064720\"", "\"seed\":\"-1\"", "'seed' must be");
    expect_refused("\"seed\":\"18364758544493064720\"", "\"seed\":1", "'seed' must be a string");
}

static void test_wrong_layers(void **state)
{
    (void)state;
    expect_refused("\"type\":\"Conv2D\"", "\"type\":\"Conf2D\"",
                   "layer 2: unknown layer 'Conf2D', did you mean 'conv2d'?");
    expect_refused("\"type\":\"Conv2D\"", "\"type\":7", "layer 2: 'type' must be a string");
    expect_refused("\"filters\":3", "\"filter\":3", "unknown option 'filter', did you mean");
    expect_refused("\"filters\":3", "\"filters\":-3", "filters must be a whole number");
    expect_refused("\"filters\":3", "\"filters\":\"3\"", "found '3' (a string)");
    expect_refused("\"filters\":3", "\"filters\":{}", "filters cannot be an object");
    expect_refused("\"filters\":3,", "", "filters is required");
    expect_refused("\"filters\":3", "\"filters\":3,\"filters\":3", "two members named 'filters'");
    expect_refused("\"kernel_size\":[3,2]", "\"kernel_size\":[1,2,3,4,5,6,7,8,9]",
                   "kernel_size has more than 8 numbers");
    expect_refused("\"kernel_size\":[3,2]", "\"kernel_size\":[3,2.5]", "found 2.5");
    expect_refused("\"kernel_regularizer\":{\"type\":\"L2\"",
                   "\"kernel_regularizer\":{\"type\":\"adam\"", "unknown regularizer 'adam'");
    expect_refused("\"name\":\"max_pooling2d\"", "\"name\":\"dense\"",
                   "two layers are named 'dense'");
    expect_refused("\"name\":\"conv2d\"", "\"name\":\"\"", "1 to 63 characters");
    expect_refused("\"layers\":[", "\"layers\":[5,", "layer 1: expected an object for the layer");
    expect_refused("\"12345678901234\"", "\"abc\"", "seed must be a string of digits");
}

static void test_wrong_graph(void **state)
{
    (void)state;
    expect_refused("{\"layer\":1,\"inputs\":[0]}", "{\"layer\":1,\"inputs\":[1]}",
                   "node 1: input 1 is not an earlier node");
    expect_refused("{\"layer\":1,\"inputs\":[0]}", "{\"layer\":1,\"inputs\":[6]}",
                   "node 1: input 6 is not an earlier node");
    expect_refused("{\"layer\":1,\"inputs\":[0]}", "{\"layer\":1,\"inputs\":[-1]}", "'inputs'");
    expect_refused("{\"layer\":1,\"inputs\":[0]}", "{\"layer\":7,\"inputs\":[0]}",
                   "'layer' must be a whole number from 0 to 6, found 7");
    expect_refused("{\"layer\":1,\"inputs\":[0]}", "{\"layer\":1,\"inputs\":[0,0]}", "input");
    expect_refused("{\"layer\":1,\"inputs\":[0]}", "{\"layer\":1,\"inputs\":[0,0,0,0,0,0,0,0,0]}",
                   "more than 8 inputs");
    expect_refused("{\"layer\":1,\"inputs\":[0]}", "null", "node 1: must be an object");
    expect_refused("\"output\":6", "\"output\":3", "is never used");
    expect_refused("\"output\":6", "\"output\":7", "'output' must be a whole number from 0 to 6");
    expect_refused(",{\"layer\":6,\"inputs\":[5]}", "", "layer 'dense' is used by no node");
    expect_refused("\"nodes\":[", "\"nodes\":[],\"more\":[", "has 0 nodes, expected 1 to 10000");
}

static void test_wrong_weights(void **state)
{
    (void)state;
    expect_refused("\"name\":\"dense\"", "\"name\":\"thick\"",
                   "has no tensor 'thick.kernel' of shape {60, 4}, which its layers need");
    expect_refused("\"units\":4", "\"units\":16777216",
                   "tensor 'dense.kernel' has shape {60, 4}, its layer needs {60, 16777216}");
    expect_refused("\"use_bias\":true", "\"use_bias\":false",
                   "has a tensor 'conv2d.bias', which none of its layers needs");
    dg_model *model;
    const char *path = scratch_path("types.safetensors");
    dg_tensor_file file;
    assert_ok(dg_tensor_file_read(&file, changed_file("1", "1")));
    dg_tensor *tensor = NULL;
    for (int i = 0; i < file.count; i++)
        if (strcmp(file.tensors[i].name, "dense.bias") == 0) tensor = &file.tensors[i].tensor;
    assert_non_null(tensor);
    tensor->dtype = DG_INT32;
    assert_ok(dg_tensor_file_write(&file, path));
    assert_fails_with(network_load(&model, path), DG_FORMAT,
                      "tensor 'dense.bias' must be float32, found int32");
    dg_tensor_file_release(&file);
}

static void test_wrong_rest(void **state)
{
    (void)state;
    expect_refused("\"compile\":{", "\"compile\":3,\"was\":{",
                   "'compile' must be an object, found a number");
    expect_refused("\"type\":\"RMSprop\"", "\"type\":\"RMSprob\"",
                   "unknown optimizer 'RMSprob', did you mean 'rmsprop'?");
    const char *metrics = "\"accuracy\":true";
    expect_refused(metrics, "\"accuracy\":1", "'accuracy' must be true or false");
    expect_refused(metrics, "\"metrics\":1", "'metrics' is not a list of at most 16 names");
    expect_refused(metrics, "\"metrics\":[1]", "each of 'metrics' must be a name");
    expect_refused(metrics, "\"metrics\":[\"acuracy\"]", "unknown metric 'acuracy'");
    expect_refused(metrics, "\"metrics\":[\"f1\",\"f1\"]", "two metrics named 'f1'");
    expect_refused("\"epoch\":2", "\"epoch\":-2", "'epoch' must be a whole number from 0");
    expect_refused("\"classes\":[0,1,2,3]", "\"classes\":[0,1,2]",
                   "'classes' has 3 labels, the model has 4 outputs");
    expect_refused("\"classes\":[0,1,2,3]", "\"classes\":[0,1,1,3]",
                   "'classes' must be in ascending order, found 1 after 1");
    expect_refused("\"classes\":[0,1,2,3]", "\"classes\":[0,1,2,3000000000]", "each of 'classes'");
    expect_refused("\"classes\":[0,1,2,3]", "\"classes\":[0,1,2,3],\"class_names\":[\"a\"]",
                   "'class_names' has 1 names, there are 4 classes");
    expect_refused("\"classes\":[0,1,2,3]",
                   "\"classes\":[0,1,2,3],\"class_names\":[\"a\",\"b\",\"c\",4]",
                   "each of 'class_names' must be a string, found a number");
    expect_refused("\"input_range\":[", "\"input_range\":[3,",
                   "'input_range' must be null or two numbers");
}

static void test_no_model(void **state)
{
    (void)state;
    dg_model *model;
    dg_tensor_file empty = { 0 };
    const char *path = scratch_path("other.safetensors");
    assert_ok(dg_tensor_file_write(&empty, path));
    assert_fails_with(network_load(&model, path), DG_FORMAT,
                      "other.safetensors: has tensors, but no metadata 'digits_lua'");
    assert_fails_with(network_load(&model, scratch_path("absent")), DG_IO, "No such file");
}

/* Every allocation of the engine's fails once, first while saving, then while loading. */
static void test_out_of_memory(void **state)
{
    (void)state;
    dg_model *model = fitted_network(), *again;
    const char *path = scratch_path("memory.safetensors");
    int files = scratch_files(), failures = 0;
    dg_status status = DG_NO_MEMORY;
    for (int i = 0; status != DG_OK; i++, failures++) {
        support_fail_allocation(i);
        status = dg_learner_save(&model->base, path);
        if (status != DG_OK) assert_int_equal(status, DG_NO_MEMORY);
        assert_int_equal(scratch_files(), files + (status == DG_OK));
    }
    assert_true(failures > 30);
    status = DG_NO_MEMORY;
    for (int i = 0; status != DG_OK; i++, failures++) {
        support_fail_allocation(i);
        status = network_load(&again, path);
        if (status != DG_OK) assert_int_equal(status, DG_NO_MEMORY);
    }
    assert_true(failures > 150);
    support_fail_allocation(-1);
    expect_same(model, again);
    dg_model_free(model);
    dg_model_free(again);
}

typedef struct {
    int64_t first, second;
} grown_options;

static const dg_param grown_params[] = {
    DG_INT(grown_options, first, .default_number = 1, .doc = "was there from the beginning"),
    DG_INT(grown_options, second, .later = true, .default_number = 2, .doc = "came later"), DG_END
};

static const dg_descriptor grown = {
    .kind = "layer", .name = "Grown", .params = grown_params, .options_size = sizeof(grown_options)
};

static void expect_json(dg_part *part, const char *expected)
{
    assert_ok(dg_part_finish(part));
    cJSON *object = cJSON_CreateObject();
    assert_ok(dg_part_to_json(object, part));
    char *text = cJSON_PrintUnformatted(object);
    assert_string_equal(text, expected);
    cJSON_free(text);
    cJSON_Delete(object);
    dg_part_release(part);
}

/* What came later is saved where it was given, and nowhere else. */
static void test_later_options(void **state)
{
    (void)state;
    dg_part *part;
    assert_ok(dg_part_begin(&grown, &part));
    expect_json(part, "{\"type\":\"Grown\",\"options\":{},\"defaults\":{\"first\":1}}");
    assert_ok(dg_part_begin(&grown, &part));
    dg_value two = { .type = DG_VALUE_INT, .integer = 2 };
    assert_ok(dg_part_set(part, "second", &two));
    expect_json(part, "{\"type\":\"Grown\",\"options\":{\"second\":2},\"defaults\":{\"first\":1}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_round_trip),     leaving_nothing(test_loaded_works),
        leaving_nothing(test_raw_network),    leaving_nothing(test_class_names),
        leaving_nothing(test_branches),       leaving_nothing(test_wrong_kind),
        leaving_nothing(test_wrong_layers),   leaving_nothing(test_wrong_graph),
        leaving_nothing(test_wrong_weights),  leaving_nothing(test_wrong_rest),
        leaving_nothing(test_no_model),       leaving_nothing(test_out_of_memory),
        leaving_nothing(test_later_options),  leaving_nothing(test_digest_bytes),
        leaving_nothing(test_digest_of_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
