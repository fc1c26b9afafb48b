/* Damaged files: thousands of mutations of the files of a good network and of its quantised form,
 * the same ones every time. Each
 * must load or be refused with a message that names the file, and leave no memory behind. Under
 * AddressSanitizer and UBSan nothing may be touched that should not be. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/nn/quantized/quantized.h"
#include "engine/store/learner_file.h"
#include "engine/store/safetensors.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

enum { ROUNDS = 6000, LENGTH_SIZE = 8 };

typedef struct sample {
    char *bytes;
    size_t size;
    uint64_t header; /* its length, without the 8 bytes before it */
} sample;

static sample make_sample(bool quantized)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 5));
    int node = network_add(model, -1, "Input", "shape=5,4,1");
    node = network_add(model, node, "Conv2D", "filters=2 kernel_size=2,3 kernel_regularizer=l2");
    node = network_add(model, node, "BatchNormalization", "");
    node = network_add(model, node, "MaxPooling2D", "strides=1 padding=same");
    node = network_add(model, node, "Flatten", "");
    node = network_add(model, node, "Dropout", "rate=0.5 seed=3");
    node = network_add(model, node, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "adam", "", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, 3, 3, false, 1);
    dg_network_fit_options own = { 1, 32, true };
    dg_fit_options options = { .own = &own };
    own.batch_size = 3;
    dg_job job = { .threads = 1 };
    dg_fit_result result;
    const char *path = scratch_path("good.safetensors");
    options.monitor = "loss"; /* the file that is altered has all that a checkpoint has */
    options.restore_best = true;
    if (!quantized) own.checkpoint = path;
    assert_ok(dg_learner_fit(&model->base, set, &options, &job, &result));
    dg_learner *learner = &model->base;
    if (quantized) assert_ok(dg_model_quantize(&learner, model, &set->x, &job));
    if (quantized) assert_ok(dg_learner_save(learner, path));
    if (quantized) dg_learner_free(learner);
    dg_dataset_release(set);
    dg_model_free(model);
    sample good;
    good.bytes = scratch_read(path, &good.size);
    memcpy(&good.header, good.bytes, LENGTH_SIZE);
    return good;
}

/* --- mutations ------------------------------------------------------------------------------ */

static const char *const tokens[] = {
    "0",
    "-1",
    "1e308",
    "9007199254740993",
    "4294967296",
    "2147483647",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\"Dense\"",
    "\\\\u0000",
    "[[[[",
    ",",
    "\\\"type\\\"",
    "\\\"inputs\\\"",
    "nan",
    "\"",
    "\\",
    "1.5",
};
enum { TOKENS = sizeof tokens / sizeof tokens[0] };

static size_t somewhere(uint64_t *random, size_t size)
{
    return (size_t)support_random(random, (int64_t)size);
}

/* Puts a token over what lies in the header at a random place, sometimes exactly over a number. */
static void plant(char *bytes, const sample *good, uint64_t *random)
{
    const char *token = tokens[support_random(random, TOKENS)];
    size_t length = strlen(token), at = LENGTH_SIZE + somewhere(random, good->header - length);
    if (support_random(random, 2))
        while (at > LENGTH_SIZE && !strchr("0123456789", bytes[at])) at--;
    memcpy(bytes + at, token, length);
}

/* Swaps two pieces of the header of the same length. */
static void swap_pieces(char *bytes, const sample *good, uint64_t *random)
{
    char piece[64];
    size_t length = 1 + somewhere(random, sizeof piece - 1);
    char *a = bytes + LENGTH_SIZE + somewhere(random, good->header - length);
    char *b = bytes + LENGTH_SIZE + somewhere(random, good->header - length);
    memcpy(piece, a, length);
    memmove(a, b, length);
    memcpy(b, piece, length);
}

/* Another digit for a digit: the JSON stays good, its meaning changes. */
static void change_digit(char *bytes, const sample *good, uint64_t *random)
{
    for (int tries = 0; tries < 1000; tries++) {
        size_t at = LENGTH_SIZE + somewhere(random, good->header);
        if (!strchr("0123456789", bytes[at]) || bytes[at] == '\0') continue;
        bytes[at] = (char)('0' + support_random(random, 10));
        return;
    }
}

/* Mutates `bytes`; returns how many of them the file has. */
static size_t mutate(char *bytes, const sample *good, uint64_t *random)
{
    int changes = 1 + (int)support_random(random, 3);
    size_t size = good->size;
    for (int i = 0; i < changes; i++) {
        switch (support_random(random, 8)) {
        case 0:
            bytes[somewhere(random, LENGTH_SIZE)] ^= (char)(1 << support_random(random, 8));
            break;
        case 1: bytes[somewhere(random, size)] ^= (char)(1 << support_random(random, 8)); break;
        case 2:
            bytes[LENGTH_SIZE + somewhere(random, good->header)] =
                (char)support_random(random, 256);
            break;
        case 3: size = 1 + somewhere(random, size); return size;
        case 4: plant(bytes, good, random); break;
        case 5: swap_pieces(bytes, good, random); break;
        default: change_digit(bytes, good, random);
        }
    }
    return size;
}

/* --- the test ------------------------------------------------------------------------------- */

/* What loaded must work: it is saved, and what was saved loads; unless the rows are huge, it
 * predicts. */
static void use(const dg_learner *learner, const char *path)
{
    dg_learner *again;
    char digest[DG_SHA256_HEX], digest_again[DG_SHA256_HEX];
    assert_ok(dg_learner_save(learner, path));
    assert_ok(dg_learner_load(&again, path));
    assert_ok(dg_learner_digest(learner, digest));
    assert_ok(dg_learner_digest(again, digest_again));
    assert_string_equal(digest_again, digest);
    int64_t shape[] = { 2, dg_learner_row_size(learner) };
    if (shape[1] < 10000) {
        dg_tensor x, out;
        assert_ok(dg_tensor_zeros(&x, DG_FLOAT32, 2, shape));
        assert_ok(dg_learner_outputs(again, &x, NULL, &out));
        dg_tensor_release(&out);
        dg_tensor_release(&x);
    }
    dg_learner_free(again);
}

static void mutations_of(bool quantized)
{
    sample good = make_sample(quantized);
    char *bytes = malloc(good.size);
    const char *path = scratch_path("mutated.safetensors");
    uint64_t random = 20240601;
    int loaded = 0, refused = 0;
    int64_t live = dg_memory_live();
    for (int i = 0; i < ROUNDS; i++) {
        memcpy(bytes, good.bytes, good.size);
        size_t size = mutate(bytes, &good, &random);
        scratch_write(path, bytes, size);
        dg_learner *learner;
        dg_status status = dg_learner_load(&learner, path);
        if (status == DG_OK) {
            if (loaded++ % 16 == 0) use(learner, path); /* syncing to the disk takes its time */
            dg_learner_free(learner);
        } else {
            refused++;
            if (status != DG_FORMAT || !strstr(dg_error_message(), "mutated.safetensors"))
                fail_msg("round %d: status %d, message %s", i, status, dg_error_message());
        }
        if (dg_memory_live() != live) fail_msg("round %d: memory was lost", i);
    }
    /* the mutations are neither all harmless nor all fatal at once */
    assert_true(loaded > ROUNDS / 50);
    assert_true(refused > ROUNDS / 2);
    free(bytes);
    free(good.bytes);
}

static void test_mutations(void **state)
{
    (void)state;
    mutations_of(false);
}

static void test_quantized_mutations(void **state)
{
    (void)state;
    mutations_of(true);
}

/* A file cut at any length is refused. */
static void test_truncations(void **state)
{
    (void)state;
    sample good = make_sample(false);
    const char *path = scratch_path("cut.safetensors");
    for (size_t size = 0; size < good.size; size += size < 200 ? 1 : 7) {
        scratch_write(path, good.bytes, size);
        dg_model *model;
        assert_fails_with(network_load(&model, path), DG_FORMAT, "cut.safetensors");
    }
    free(good.bytes);
}

/* Any length of the header, with the rest as it was. */
static void test_header_lengths(void **state)
{
    (void)state;
    sample good = make_sample(false);
    const char *path = scratch_path("length.safetensors");
    for (int bit = 0; bit < 64; bit++)
        for (int more = -1; more <= 1; more++) {
            uint64_t length = ((uint64_t)1 << bit) + (uint64_t)more;
            if (length == good.header) continue;
            memcpy(good.bytes, &length, LENGTH_SIZE);
            scratch_write(path, good.bytes, good.size);
            dg_model *model;
            assert_fails_with(network_load(&model, path), DG_FORMAT, "length.safetensors");
        }
    free(good.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = { leaving_nothing(test_mutations),
                                        leaving_nothing(test_quantized_mutations),
                                        leaving_nothing(test_truncations),
                                        leaving_nothing(test_header_lengths) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
