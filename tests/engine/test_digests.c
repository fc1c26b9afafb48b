/* The same bits on every machine: digests of what is learnt, and of what it predicts, after short
 * fits with every kind of layer, optimizer, loss, initializer, regularizer and learner. They hold
 * on each level of kernels that has FMA, on arm64, for any number of threads, compiler and flags.
 *
 * A change that alters bits on purpose: run with DIGITS_DIGESTS=print and put the lines here. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/random.h"
#include "engine/base/sha256.h"
#include "engine/nn/quantized/quantized.h"
#include "engine/ensemble.h"
#include "engine/store/learner_file.h"
#include "tests/engine/trees.h"

enum { ROWS = 256 };

/* What a case is made of: a network with its optimizer and loss, or another learner. */
struct digest_case {
    const char *name, *layers, *optimizer, *optimizer_options, *loss;
    const char *learner, *options;
    const char *learnt, *predicted;
    bool bfloat16; /* trained in that */
};

#include "tests/engine/digests.h"

/* --- fits ------------------------------------------------------------------------------------- */

/* Values of {rows, size} around 0, of which some are negative zeros; no libm. */
static void fill_floats(dg_tensor *x, uint64_t seed)
{
    for (int64_t i = 0; i < dg_tensor_count(x); i++) {
        float u = dg_unit_float(dg_random_word(seed, (uint64_t)i));
        dg_floats(x)[i] = i % 11 == 0 ? -0.0f : 3 * u * u - 1;
    }
}

/* Rows of the shape with labels 0 .. 9 that depend on a few values. */
static const dg_dataset *digest_set(const dg_shape *row, bool bytes)
{
    int64_t shape[DG_MAX_AXES] = { ROWS }, size = dg_shape_size(row), rows = ROWS;
    memcpy(shape + 1, row->at, sizeof *shape * (size_t)row->count);
    dg_tensor x, y;
    const dg_dataset *set;
    assert_ok(dg_tensor_new(&x, bytes ? DG_UINT8 : DG_FLOAT32, row->count + 1, shape));
    assert_ok(dg_tensor_new(&y, DG_INT32, 1, &rows));
    for (int64_t i = 0; bytes && i < ROWS * size; i++)
        dg_bytes(&x)[i] = (uint8_t)(dg_random_word(5, (uint64_t)i) % 3 * 100);
    if (!bytes) fill_floats(&x, 6);
    for (int64_t i = 0; i < ROWS; i++) {
        int32_t label = 0;
        for (int64_t j = 0; j < 9; j++)
            label += bytes ? dg_bytes(&x)[i * size + j] > 50 : dg_floats(&x)[i * size + j] > 0;
        dg_int32s(&y)[i] = i < 10 ? (int32_t)i : label;
    }
    assert_ok(dg_dataset_new(&set, &x, &y, 0, NULL));
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    return set;
}

/* Whether the first word is a layer that joins branches. */
static bool joins_branches(const char *text)
{
    char name[40];
    const dg_descriptor *type = NULL;
    if (sscanf(text, "%39s", name) == 1) type = dg_find_descriptor("layer", name);
    return type && ((const dg_layer_type *)type)->flags & DG_LAYER_JOINS;
}

/* "A; B; Add C": layers in a row, where "Add C" adds C of the input of the last to the last. */
static dg_model *digest_network(const struct digest_case *it)
{
    char text[600], *at = text;
    dg_model *model;
    int node = -1, before = -1;
    assert_ok(dg_model_new(&model, 7));
    snprintf(text, sizeof text, "%s", it->layers);
    for (char *layer; (layer = strsep(&at, ";"));) {
        while (*layer == ' ') layer++;
        char *join = joins_branches(layer) ? strsep(&layer, " ") : NULL;
        char *name = layer, *options = strchr(name, ' ');
        if (options) *options++ = '\0';
        int next = network_add(model, join ? before : node, name, options ? options : "");
        if (join)
            node = network_join(model, node, next, join, "");
        else
            before = node, node = next;
    }
    assert_ok(dg_model_finish(model, node));
    network_compile(model, it->optimizer, it->optimizer_options, it->loss);
    if (it->bfloat16) dg_model_set_precision(model, DG_PRECISION_BFLOAT16);
    return model;
}

static dg_learner *digest_learner(const struct digest_case *it)
{
    return it->layers ? &digest_network(it)->base : tree_learner(it->learner, it->options);
}

static void digest_fit(dg_learner *learner, const struct digest_case *it, const dg_dataset *set,
                       const dg_job *job)
{
    dg_network_fit_options own = { 2, 32, true };
    dg_fit_options options = { .own = it->layers ? &own : NULL };
    dg_fit_result result;
    assert_ok(dg_learner_fit(learner, set, &options, job, &result));
}

/* --- digests ---------------------------------------------------------------------------------- */

static void digest_of_values(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                             char hex[DG_SHA256_HEX])
{
    dg_tensor_file file = { 0 };
    dg_tensor out;
    assert_ok(dg_learner_outputs(learner, &set->x, job, &out));
    for (int64_t i = 0; i < dg_tensor_count(&out); i++) assert_true(isfinite(dg_floats(&out)[i]));
    assert_ok(dg_tensor_file_add(&file, "outputs", &out));
    assert_ok(dg_tensor_file_digest(&file, hex));
    dg_tensor_file_release(&file);
    dg_tensor_release(&out);
}

/* A row's prediction does not depend on the rows that it comes with. */
static void check_batches(const dg_learner *learner, const dg_dataset *set, const dg_job *job)
{
    static const int64_t cuts[] = { 0, 1, 2, 5, 12, 29, 61, 128, ROWS };
    dg_tensor whole, part, x;
    assert_ok(dg_learner_outputs(learner, &set->x, job, &whole));
    int64_t width = dg_tensor_count(&whole) / ROWS;
    for (size_t i = 0; i + 1 < sizeof cuts / sizeof *cuts; i++) {
        assert_ok(dg_tensor_slice(&x, &set->x, 0, cuts[i], cuts[i + 1]));
        assert_ok(dg_learner_outputs(learner, &x, job, &part));
        assert_memory_equal(dg_floats(&part), dg_floats(&whole) + cuts[i] * width,
                            (size_t)dg_tensor_count(&part) * sizeof(float));
        dg_tensor_release(&part);
        dg_tensor_release(&x);
    }
    dg_tensor_release(&whole);
}

/* Takes the place of the network. */
static dg_learner *quantized(dg_learner *learner, const dg_dataset *set, const dg_job *job)
{
    dg_learner *out;
    assert_ok(dg_model_quantize(&out, dg_model_of(learner), &set->x, job));
    dg_learner_free(learner);
    return out;
}

/* An ensemble of it and another learner takes its place. */
static dg_learner *joined(dg_learner *learner, const dg_dataset *set, const dg_job *job)
{
    dg_learner *out, *other = tree_learner("NearestCentroid", "");
    dg_fit_options options = { .own = NULL };
    dg_fit_result result;
    assert_ok(dg_learner_fit(other, set, &options, job, &result));
    const dg_learner *const both[] = { learner, other };
    assert_ok(dg_ensemble_new(&out, 2, both, (const double[]){ 2, 1 }));
    dg_learner_free(learner);
    dg_learner_free(other);
    return out;
}

static void run_case(const struct digest_case *it, int threads, char learnt[DG_SHA256_HEX],
                     char predicted[DG_SHA256_HEX])
{
    const dg_job job = { .threads = threads };
    dg_learner *learner = digest_learner(it);
    bool bytes = strstr(it->name, "bytes") != NULL;
    const dg_shape *row =
        it->layers ? &((dg_model *)learner)->nodes[0].build.output : &(dg_shape){ 1, { 20 } };
    const dg_dataset *set = digest_set(row, bytes);
    dg_tensor_file file = { 0 };
    digest_fit(learner, it, set, &job);
    if (strstr(it->name, "quantized")) learner = quantized(learner, set, &job);
    if (strstr(it->name, "ensemble")) learner = joined(learner, set, &job);
    assert_ok(learner->type->store(learner, &file));
    assert_ok(dg_tensor_file_digest(&file, learnt));
    digest_of_values(learner, set, &job, predicted);
    check_batches(learner, set, &job);
    dg_tensor_file_release(&file);
    dg_learner_free(learner);
    dg_dataset_release(set);
}

static bool prints(void)
{
    const char *asked = getenv("DIGITS_DIGESTS");
    return asked && strcmp(asked, "print") == 0;
}

static void check_case(const struct digest_case *it, int threads)
{
    char learnt[DG_SHA256_HEX], predicted[DG_SHA256_HEX];
    run_case(it, threads, learnt, predicted);
    if (prints()) {
        printf("# %s, %d threads, %s:\n      \"%s\",\n      \"%s\" },\n", it->name, threads,
               dg_kernel_name(), learnt, predicted);
        return;
    }
    if (strcmp(learnt, it->learnt) != 0 || strcmp(predicted, it->predicted) != 0)
        fail_msg("%s: learnt %s, predicts %s with %d threads and kernels for %s; expected %s, %s",
                 it->name, learnt, predicted, threads, dg_kernel_name(), it->learnt, it->predicted);
}

/* In bfloat16 by what stands for the instructions, and by the instructions where they are. */
static void check_case_in_every_mode(const struct digest_case *it, int threads)
{
    if (it->bfloat16) assert_ok(dg_bfloat16_use("emulated"));
    check_case(it, threads);
    assert_ok(dg_bfloat16_use("processor"));
    if (it->bfloat16 && dg_bfloat16() == DG_BFLOAT16_PROCESSOR && dg_bfloat16_is_exact()) {
        print_message("%s: by the processor, too\n", it->name);
        check_case(it, threads);
    }
    assert_ok(dg_bfloat16_choose());
}

/* An ensemble copies its members by their JSON text, and the tests for another processor are built
 * without cJSON; the members have cases of their own. */
static bool can_run(const struct digest_case *it)
{
#ifdef TESTS_CROSS_CMOCKA_H
    return !strstr(it->name, "ensemble");
#else
    return it->name != NULL;
#endif
}

static void the_digests_hold_on_every_level(void **state)
{
    (void)state;
    support_never_skip();
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        print_message("%s: %s\n", dg_kernel_name(),
                      dg_kernel_fuses() ? "checked" : "has no FMA, other bits");
        for (int i = 0; i < CASES && dg_kernel_fuses(); i++)
            if (can_run(&cases[i])) check_case_in_every_mode(&cases[i], 1 + i % 3);
    }
    assert_ok(dg_kernel_choose());
}

/* Without FMA it all works as well, with other bits: the digests notice. */
static void the_digests_notice_other_arithmetic(void **state)
{
    (void)state;
    char learnt[DG_SHA256_HEX], predicted[DG_SHA256_HEX];
    if (DG_DEFAULT_FUSES) skip();
    assert_ok(dg_kernel_use("default"));
    run_case(&cases[0], 1, learnt, predicted);
    assert_string_not_equal(learnt, cases[0].learnt);
    assert_ok(dg_kernel_choose());
}

/* --- completeness ----------------------------------------------------------------------------- */

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; at && (at = strstr(at, word)); at += length) {
        bool begins = at == text || strchr(" ;=", at[-1]);
        if (begins && (at[length] == '\0' || strchr(" ;", at[length]))) return true;
    }
    return false;
}

static bool is_covered(const dg_descriptor *part)
{
    static const char *const kinds[] = { "layer",       "optimizer",   "loss",
                                         "initializer", "regularizer", "learner" };
    bool asked = false;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        asked |= strcmp(part->kind, kinds[k]) == 0;
    for (int i = 0; i < CASES && asked; i++) {
        const struct digest_case *it = &cases[i];
        const char *const texts[] = { it->layers, it->optimizer, it->loss, it->learner };
        if (it->layers && strcmp(part->alias, "network") == 0) return true;
        if (strstr(it->name, "quantized") && strcmp(part->alias, "quantized_network") == 0)
            return true;
        if (strstr(it->name, "ensemble") && strcmp(part->alias, "ensemble") == 0) return true;
        for (int k = 0; k < 4; k++)
            if (has_word(texts[k], part->name) || has_word(texts[k], part->alias)) return true;
    }
    return !asked;
}

static void every_kind_of_part_has_a_digest(void **state)
{
    (void)state;
    for (const dg_descriptor *const *part = dg_registry; *part; part++)
        if (!is_covered(*part)) fail_msg("%s %s is in no case", (*part)->kind, (*part)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_part_has_a_digest),
        cmocka_unit_test(the_digests_hold_on_every_level),
        cmocka_unit_test(the_digests_notice_other_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
