/* The outputs of many trees, by whatever way rows go down them, against walks of one row at a time
 * by the rules of the trees: the same bits. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/tree/tree.h"
#include "tests/engine/support.h"

static const dg_job one_thread = { .threads = 1 }, two_threads = { .threads = 2 };

static uint64_t random_word(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state ^ *state >> 31) * 0x9e3779b97f4a7c15u >> 16;
}

/* A finished tree of random splits, `depth` of them down to its deepest leaf at most; some
 * thresholds are beyond all bytes, some leaves are of one class. */
static dg_tree random_tree(int64_t features, int64_t width, int depth, uint64_t *state)
{
    dg_tree tree;
    int32_t begin = 0, end = 1;
    assert_ok(dg_tree_begin(&tree, 1));
    for (int level = 0; level < depth; level++) {
        for (int32_t node = begin; node < end; node++) {
            int32_t left, feature = (int32_t)(random_word(state) % (uint64_t)features);
            float threshold = (float)(random_word(state) % 700) / 2 - 20; /* -20 .. 329.5 */
            if (level > 0 && random_word(state) % 3 == 0) continue;
            assert_ok(
                dg_tree_split(&tree, node, feature, threshold, random_word(state) % 2, &left));
        }
        begin = end;
        end = tree.nodes;
    }
    assert_ok(dg_tree_finish(&tree, width));
    for (int32_t l = 0; l < tree.leaves; l++) {
        bool pure = random_word(state) % 2;
        if (pure) tree.value[l * width + (int64_t)(random_word(state) % (uint64_t)width)] = 1;
        for (int64_t k = 0; !pure && k < width; k++)
            tree.value[l * width + k] = (float)(random_word(state) % 1000) / 999;
    }
    return tree;
}

static float value_at(const dg_tensor *x, int64_t i)
{
    return x->dtype == DG_UINT8 ? (float)dg_bytes(x)[i] : dg_floats(x)[i];
}

static const float *plain_leaf(const dg_trees *trees, int64_t t, const dg_tensor *x, int64_t row)
{
    const dg_tree *tree = &trees->tree[t];
    int32_t at = 0;
    while (tree->rule[at].left != at) {
        const dg_tree_rule *rule = &tree->rule[at];
        float value = value_at(x, row * trees->features + dg_tree_rule_feature(rule));
        at = rule->left + (value != value ? rule->feature >= 0 : value > rule->threshold);
    }
    return tree->value + tree->fact[at].leaf * trees->width;
}

static void plain_sum(const dg_trees *trees, const dg_tensor *x, const uint64_t *const *skip,
                      float *out)
{
    int64_t outputs = dg_trees_outputs(trees);
    for (int64_t row = 0; row < x->shape[0]; row++)
        for (int64_t t = 0; t < trees->count; t++) {
            const float *value = plain_leaf(trees, t, x, row);
            if (skip && skip[t][row / 64] >> (row % 64) & 1) continue;
            if (trees->group) out[row * outputs + t % trees->group] += value[0];
            for (int64_t k = 0; !trees->group && k < trees->width; k++)
                out[row * outputs + k] += value[k];
        }
}

enum { BYTES, BYTES_AS_FLOATS, FRACTIONS, WITH_NAN, TYPES };

static dg_tensor random_rows(int64_t rows, int64_t features, int type, uint64_t *state)
{
    dg_tensor x;
    dg_dtype dtype = type == BYTES ? DG_UINT8 : DG_FLOAT32;
    assert_ok(dg_tensor_new(&x, dtype, 2, (int64_t[]){ rows, features }));
    for (int64_t i = 0; i < rows * features; i++) {
        uint64_t word = random_word(state);
        float fraction = type >= FRACTIONS ? (float)(word >> 24) / 0x1p24f - 0.5f : 0;
        if (type == BYTES)
            dg_bytes(&x)[i] = (uint8_t)word;
        else
            dg_floats(&x)[i] = (float)(word & 255) + fraction;
        if (type == WITH_NAN && word >> 20 & 1) dg_floats(&x)[i] = NAN;
    }
    return x;
}

static void expect_plain(const dg_trees *trees, const dg_tensor *x, const uint64_t *const *skip)
{
    int64_t cells = x->shape[0] * dg_trees_outputs(trees);
    DG_OWNED float *plain = NULL;
    DG_OWNED float *fast = NULL;
    assert_ok(dg_alloc_zero(&plain, cells, sizeof *plain));
    plain_sum(trees, x, skip, plain);
    const char *used = dg_kernel_name();
    for (dg_level level = DG_LEVEL_DEFAULT; level < DG_LEVELS; level++) {
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        assert_ok(dg_alloc_zero(&fast, cells, sizeof *fast));
        /* in two parts, as boosting does */
        assert_ok(dg_trees_sum(trees, 0, trees->count / 3, x, skip, fast, &one_thread));
        assert_ok(dg_trees_sum(trees, trees->count / 3, trees->count, x, skip, fast, &two_threads));
        assert_memory_equal(fast, plain, (size_t)cells * sizeof *fast);
        dg_free(fast);
        fast = NULL;
    }
    assert_ok(dg_kernel_use(used));
}

/* Trees of depths from `least` to `most`, for rows of all types; some rows are left out. */
static void check(int64_t features, int64_t width, int64_t group, int count, int least, int most)
{
    static const int64_t sizes[] = { 1, 7, 8, 33, 300 };
    uint64_t state = (uint64_t)(features + 1000 * width + most);
    dg_trees trees = { .features = features, .width = width, .group = group };
    uint64_t bits[5];
    for (int i = 0; i < 5; i++) bits[i] = random_word(&state) << 32 ^ random_word(&state);
    const uint64_t *skip[64];
    for (int t = 0; t < count; t++) {
        dg_tree tree = random_tree(features, width, least + t % (most - least + 1), &state);
        assert_ok(dg_trees_add(&trees, &tree));
        skip[t] = bits;
    }
    for (int type = 0; type < TYPES; type++)
        for (int i = 0; i < (features > 10000 ? 4 : 5); i++) {
            dg_tensor x = random_rows(sizes[i], features, type, &state);
            expect_plain(&trees, &x, NULL);
            if (i > 2) expect_plain(&trees, &x, skip);
            dg_tensor_release(&x);
        }
    dg_trees_free(&trees);
}

static void test_trees_of_every_depth_sum_as_walked(void **state)
{
    (void)state;
    check(5, 1, 1, 60, 0, 7);
    check(37, 1, 3, 60, 5, 7);
    check(37, 1, 3, 9, 6, 9);
    check(37, 4, 0, 40, 0, 12);
    check(20, 10, 0, 24, 10, 13);
}

/* Few trees of many features are walked by single rows; too many features are not laid out. */
static void test_wide_rows_sum_as_walked(void **state)
{
    (void)state;
    check(3000, 2, 0, 6, 6, 7);
    check(DG_BYTE_TREE_FEATURES, 1, 2, 4, 3, 9);
    check(DG_BYTE_TREE_FEATURES + 1, 1, 2, 4, 3, 9);
}

static dg_tree chain(int32_t length)
{
    dg_tree tree;
    int32_t at = 0;
    assert_ok(dg_tree_begin(&tree, 1));
    for (int32_t i = 0; i < length; i++) {
        assert_ok(dg_tree_split(&tree, at, i % 3, (float)(i % 255), false, &at));
        at += i % 2;
    }
    assert_ok(dg_tree_finish(&tree, 1));
    for (int32_t l = 0; l < tree.leaves; l++) tree.value[l] = (float)l;
    return tree;
}

static void check_chain(int32_t length)
{
    uint64_t random = 3;
    dg_trees trees = { .features = 3, .width = 1, .group = 1 };
    dg_tree tree = chain(length);
    assert_ok(dg_trees_add(&trees, &tree));
    assert_true((trees.tree[0].bytes.choice != NULL) == (length < DG_CHOSEN_LEAVES));
    dg_tensor x = random_rows(40, 3, BYTES, &random);
    expect_plain(&trees, &x, NULL);
    dg_tensor_release(&x);
    dg_trees_free(&trees);
}

/* A leaf more than splits: up to DG_CHOSEN_LEAVES, and more. */
static void test_long_chains_sum_as_walked(void **state)
{
    (void)state;
    for (int32_t length = 250; length < 260; length++) check_chain(length);
    check_chain(100000);
}

static void test_memory_that_runs_out_leaves_the_tree(void **state)
{
    dg_status status = DG_NO_MEMORY;
    uint64_t random = 5;
    (void)state;
    for (int depth = 6; depth < 12; depth += 4) {
        for (int64_t after = 0; status != DG_OK || after == 0; after++) {
            dg_trees trees = { .features = 9, .width = 2 };
            dg_tree tree = random_tree(9, 2, depth, &random);
            support_fail_allocation(after);
            status = dg_trees_add(&trees, &tree);
            support_fail_allocation(-1);
            assert_true(status == DG_OK || status == DG_NO_MEMORY);
            assert_int_equal(trees.count, status == DG_OK);
            dg_tree_free(&tree);
            dg_trees_free(&trees);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_trees_of_every_depth_sum_as_walked),
        leaving_nothing(test_wide_rows_sum_as_walked),
        leaving_nothing(test_long_chains_sum_as_walked),
        leaving_nothing(test_memory_that_runs_out_leaves_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
