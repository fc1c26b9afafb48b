/* Tensor functions and metrics have the same bits on each level of kernels, without FMA too, and on
 * arm64: digests of the functions over random values and all pairs of special ones, and of all
 * metrics. The sign of NaN, which differs
 * between processors, is not looked at (dg_tensor_file_digest).
 *
 * A change that alters bits on purpose: put the digests here that the failures print. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/random.h"
#include "engine/metrics/metric.h"
#include "engine/store/learner_file.h"
#include "tests/engine/support.h"

enum { SPECIAL = 20, COUNT = SPECIAL * SPECIAL + 20000 };

static const float special[SPECIAL] = { 0,       -0.0f, NAN,    -NAN,   INFINITY, -INFINITY, 1e-45f,
                                        -1e-40f, 3e38f, -3e38f, 1,      -1,       0.5f,      2,
                                        88.7f,   -88,   127.5f, 1e-20f, -104,     0x1p31f };

/* Each special value with each: `left` of them changes slowly. Then any floats, and small ones. */
static dg_tensor operand(bool left, uint64_t seed)
{
    dg_tensor x;
    assert_ok(dg_tensor_new(&x, DG_FLOAT32, 1, (int64_t[]){ COUNT }));
    for (int i = 0; i < COUNT; i++) {
        uint32_t word = dg_random_word(seed, (uint64_t)i);
        float *to = &dg_floats(&x)[i];
        if (i < SPECIAL * SPECIAL)
            *to = special[left ? i / SPECIAL : i % SPECIAL];
        else if (i % 3)
            *to = 20 * dg_unit_float(word) - 10;
        else
            memcpy(to, &word, sizeof word);
    }
    return x;
}

/* Releases `result`. */
static void add(dg_tensor_file *file, const char *name, dg_tensor *result)
{
    char each[96];
    snprintf(each, sizeof each, "%s %d", name, file->count);
    assert_ok(dg_tensor_file_add(file, each, result));
    dg_tensor_release(result);
}

static void add_elementwise(dg_tensor_file *file)
{
    dg_tensor a = operand(true, 3), b = operand(false, 4), out;
    for (dg_binary op = DG_BINARY_ADD; op <= DG_BINARY_GE; op++) {
        assert_ok(dg_tensor_binary(&out, op, &a, &b));
        add(file, "binary", &out);
    }
    for (dg_unary op = DG_UNARY_NEG; op <= DG_UNARY_NOT; op++) {
        assert_ok(dg_tensor_unary(&out, op, &a));
        add(file, "unary", &out);
    }
    dg_tensor_release(&a);
    dg_tensor_release(&b);
}

static void add_random(dg_tensor_file *file)
{
    dg_tensor out;
    assert_ok(dg_tensor_normal(&out, SHAPE(97, 13, 24), 0.5f, 2, 77));
    add(file, "normal", &out);
    assert_ok(dg_tensor_uniform(&out, SHAPE(97, 13, 24), -3, 9, 78));
    add(file, "uniform", &out);
    assert_ok(dg_tensor_new(&out, DG_FLOAT32, SHAPE(5000)));
    dg_random_truncated_normal(79, 0, 1, 5000, dg_floats(&out));
    add(file, "truncated normal", &out);
}

/* Of random numbers, or of zeros of both signs. */
static void add_reductions_of(dg_tensor_file *file, bool zeros)
{
    dg_tensor x, out;
    assert_ok(dg_tensor_uniform(&x, SHAPE(97, 13, 24), -3, 9, 78));
    for (int64_t i = 0; zeros && i < dg_tensor_count(&x); i++)
        dg_floats(&x)[i] = dg_random_word(80, (uint64_t)i) % 2 ? 0.0f : -0.0f;
    for (dg_reduction op = DG_REDUCE_SUM; op <= DG_REDUCE_ARGMAX; op++)
        for (int axis = -1; axis < 3; axis++) {
            assert_ok(dg_tensor_reduce(&out, op, &x, axis, false, 1));
            add(file, "reduction", &out);
        }
    dg_tensor_release(&x);
}

static void add_reductions(dg_tensor_file *file)
{
    add_reductions_of(file, false);
    add_reductions_of(file, true);
}

/* The bits of the doubles. */
static void add_numbers(dg_tensor_file *file, const char *name, const double *numbers, int count)
{
    dg_tensor bits;
    assert_ok(dg_tensor_new(&bits, DG_INT32, 2, (int64_t[]){ count, 2 }));
    memcpy(bits.data, numbers, (size_t)count * sizeof *numbers);
    add(file, name, &bits);
}

/* Probabilities {ROWS, CLASSES} that lean on the labels. */
enum { ROWS = 500, CLASSES = 4 };

static dg_tensor chances_of(const dg_tensor *labels, uint64_t seed)
{
    dg_tensor out;
    assert_ok(dg_tensor_uniform(&out, SHAPE(ROWS, CLASSES), 0.1f, 1, seed));
    for (int row = 0; row < ROWS; row++) {
        float *p = dg_floats(&out) + row * CLASSES, sum = 0;
        p[dg_int32s(labels)[row]] += 0.5f;
        for (int k = 0; k < CLASSES; k++) sum += p[k];
        for (int k = 0; k < CLASSES; k++) p[k] /= sum;
    }
    return out;
}

static void add_metrics(dg_tensor_file *file)
{
    char name[DG_METRIC_NAME_SIZE];
    dg_metric metric;
    dg_bootstrap_result interval;
    dg_tensor labels, chances, others, truth, numbers;
    assert_ok(dg_tensor_new(&labels, DG_INT32, SHAPE(ROWS)));
    for (int row = 0; row < ROWS; row++)
        dg_int32s(&labels)[row] = (int32_t)dg_random_below(91, (uint64_t)row, CLASSES);
    chances = chances_of(&labels, 92);
    others = chances_of(&labels, 93);
    assert_ok(dg_tensor_normal(&truth, SHAPE(ROWS), 3, 2, 94));
    assert_ok(dg_tensor_normal(&numbers, SHAPE(ROWS), 3, 2, 95));
    const dg_predictions of_labels = { .probabilities = &chances };
    const dg_predictions of_numbers = { .numbers = &numbers };
    for (int i = 0; dg_metric_name(i, name); i++) {
        double score;
        assert_ok(dg_metric_find(&metric, name));
        bool judges_numbers = metric.type->target == DG_TARGET_NUMBERS;
        assert_ok(dg_metric_score(&score, &metric, judges_numbers ? &truth : &labels,
                                  judges_numbers ? &of_numbers : &of_labels));
        add_numbers(file, name, &score, 1);
    }
    assert_ok(dg_metric_find(&metric, "log_loss"));
    assert_ok(dg_bootstrap(&interval, &metric, &labels, &of_labels,
                           &(dg_predictions){ .probabilities = &others },
                           &(dg_bootstrap_options){ 200, 0.9, 96 }, NULL));
    add_numbers(file, "bootstrap", &interval.a, 5);
    dg_tensor_release(&labels);
    dg_tensor_release(&chances);
    dg_tensor_release(&others);
    dg_tensor_release(&truth);
    dg_tensor_release(&numbers);
}

/* What the kernels of every level give has this digest. */
static void expect_digest(void (*fill)(dg_tensor_file *file), const char *wanted)
{
    support_never_skip();
    for (dg_level level = 0; level < DG_LEVELS; level++) {
        dg_tensor_file file = { 0 };
        char found[DG_SHA256_HEX];
        if (!dg_has_level(level)) continue;
        assert_ok(dg_kernel_use(dg_level_name(level)));
        fill(&file);
        assert_ok(dg_tensor_file_digest(&file, found));
        dg_tensor_file_release(&file);
        assert_string_equal(found, wanted);
    }
    assert_ok(dg_kernel_choose());
}

static void elementwise_functions(void **state)
{
    (void)state;
    expect_digest(add_elementwise,
                  "00f492f7ca71833475b27fdbcf2763e15e13764b7a531518061d0f6d70239658");
}

static void random_numbers(void **state)
{
    (void)state;
    expect_digest(add_random, "635219b59a24261474c5274ff416dbc87d9eda9952a8a678158e2736114b8c62");
}

static void reductions(void **state)
{
    (void)state;
    expect_digest(add_reductions,
                  "75198dd00143c9ab068a836468680d3d09335cc98ebde10502f5bd77095a2716");
}

static void metrics(void **state)
{
    (void)state;
    expect_digest(add_metrics, "6318480e519e8b7af1c102014fc5e30729e22fdfbe4ba2885d804c1c813bc714");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(elementwise_functions),
        leaving_nothing(random_numbers),
        leaving_nothing(reductions),
        leaving_nothing(metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
