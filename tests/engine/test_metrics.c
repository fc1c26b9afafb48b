/* Metrics in C: memory that cannot be had, threads, odd tensors, and the numbers that follow from
 * definitions. Values against scikit-learn's are in tests/lua/metrics_spec.lua. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/metrics/metric.h"
#include "tests/engine/support.h"

enum { ROWS = 400, CLASSES = 4 };

/* What two models say of some rows: each is right in about three of four. */
struct contest {
    dg_tensor truth, a, b, chances_a, chances_b;
};

static struct contest make_contest(void)
{
    struct contest c;
    const int64_t shape[] = { ROWS, CLASSES };
    assert_ok(dg_tensor_new(&c.truth, DG_INT32, 1, shape));
    assert_ok(dg_tensor_new(&c.a, DG_INT32, 1, shape));
    assert_ok(dg_tensor_new(&c.b, DG_INT32, 1, shape));
    assert_ok(dg_tensor_new(&c.chances_a, DG_FLOAT32, 2, shape));
    assert_ok(dg_tensor_new(&c.chances_b, DG_FLOAT32, 2, shape));
    for (int64_t row = 0; row < ROWS; row++) {
        int32_t truth = (int32_t)(dg_random_word(1, (uint64_t)row) % CLASSES);
        dg_int32s(&c.truth)[row] = truth;
        for (int model = 0; model < 2; model++) {
            uint32_t word = dg_random_word(2 + (uint64_t)model, (uint64_t)row);
            int32_t says = word % 4 ? truth : (int32_t)(word / 4 % CLASSES);
            dg_int32s(model ? &c.b : &c.a)[row] = says;
            for (int64_t j = 0; j < CLASSES; j++)
                dg_floats(model ? &c.chances_b : &c.chances_a)[row * CLASSES + j] =
                    j == says ? 0.625f : 0.125f;
        }
    }
    return c;
}

static void release_contest(struct contest *c)
{
    dg_tensor_release(&c->truth);
    dg_tensor_release(&c->a);
    dg_tensor_release(&c->b);
    dg_tensor_release(&c->chances_a);
    dg_tensor_release(&c->chances_b);
}

/* --- memory --------------------------------------------------------------------------------- */

static dg_status texts_and_lists(const struct contest *c)
{
    dg_confusion confusion;
    dg_confused_pair *list = NULL;
    dg_tensor shares = { 0 };
    char *text = NULL, *report = NULL;
    int64_t count;
    const dg_report_options options = { .digits = 2 };
    DG_TRY(dg_confusion_new(&confusion, &c->truth, &c->a, 0, NULL));
    dg_status status = dg_confusion_text(&text, &confusion, NULL);
    if (status == DG_OK) status = dg_confusion_most(&list, &count, &confusion, 3);
    if (status == DG_OK) status = dg_confusion_normalized(&shares, &confusion, DG_SHARE_OF_TRUTH);
    if (status == DG_OK) status = dg_classification_report(&report, &confusion, NULL, &options);
    dg_confusion_free(&confusion);
    dg_tensor_release(&shares);
    dg_free(list);
    dg_free(text);
    dg_free(report);
    return status;
}

static dg_status curve(const struct contest *c)
{
    dg_probabilities chances;
    dg_roc roc;
    DG_TRY(
        dg_probabilities_new(&chances, &c->truth, &c->chances_a, 0, NULL, DG_SCORES_PROBABILITIES));
    dg_status status = dg_roc_curve(&roc, &chances, 1, NULL);
    dg_probabilities_free(&chances);
    dg_tensor_release(&roc.false_positives);
    dg_tensor_release(&roc.true_positives);
    dg_tensor_release(&roc.thresholds);
    return status;
}

static dg_status score(const struct contest *c, const char *name)
{
    dg_metric metric;
    double out;
    const dg_predictions answers = { .probabilities = &c->chances_a };
    DG_TRY(dg_metric_find(&metric, name));
    return dg_metric_score(&out, &metric, &c->truth, &answers);
}

static dg_status resample(const struct contest *c, const char *name, int threads,
                          dg_bootstrap_result *out)
{
    dg_metric metric;
    const dg_predictions a = { .probabilities = &c->chances_a },
                         b = { .probabilities = &c->chances_b };
    const dg_bootstrap_options options = { .resamples = 4000, .level = 0.9, .seed = 3 };
    const dg_job job = { .threads = threads };
    DG_TRY(dg_metric_find(&metric, name));
    return dg_bootstrap(out, &metric, &c->truth, &a, &b, &options, &job);
}

static dg_status read_labels(const struct contest *c)
{
    dg_tensor bytes, labels;
    DG_TRY(dg_tensor_astype(&bytes, &c->truth, DG_UINT8));
    dg_status status = dg_labels_read(&labels, &bytes, "truth");
    dg_tensor_release(&bytes);
    dg_tensor_release(&labels);
    return status;
}

static dg_status judge_numbers(const struct contest *c)
{
    dg_metric metric;
    dg_bootstrap_result result;
    dg_bootstrap_options options = { .resamples = 3, .level = 0.9, .seed = 1 };
    dg_predictions answers = { .numbers = &c->truth };
    dg_job job = dg_job_default();
    double out;
    DG_TRY(dg_metric_find(&metric, "mean_absolute_error"));
    DG_TRY(dg_metric_score(&out, &metric, &c->truth, &answers));
    return dg_bootstrap(&result, &metric, &c->truth, &answers, &answers, &options, &job);
}

static dg_status run(const struct contest *c, int what)
{
    dg_bootstrap_result result;
    dg_metric metric;
    switch (what) {
    case 0: return texts_and_lists(c);
    case 1: return curve(c);
    case 2: return score(c, "f1_macro");
    case 3: return score(c, "log_loss");
    case 4: return score(c, "roc_auc");
    case 5: return resample(c, "accuracy", 1, &result);
    case 6: return resample(c, "f1_macro", 2, &result);
    case 7: return resample(c, "top_2_accuracy", 1, &result);
    case 8: return read_labels(c);
    case 9: return judge_numbers(c);
    default: return dg_metric_find(&metric, "nothing") == DG_INVALID ? DG_OK : DG_NO_MEMORY;
    }
}

/* Allocation after allocation fails, until all succeed. */
static void memory_that_cannot_be_had_is_said(void **state)
{
    struct contest c = make_contest();
    (void)state;
    for (int what = 0; what < 11; what++)
        for (int64_t after = 0;; after++) {
            support_fail_allocation(after);
            dg_status status = run(&c, what);
            support_fail_allocation(-1);
            if (status == DG_OK) {
                assert_true(after > 0);
                break;
            }
            assert_fails_with(status, DG_NO_MEMORY, "out of memory");
        }
    release_contest(&c);
}

/* --- threads -------------------------------------------------------------------------------- */

static void a_seed_gives_the_same_bits_on_any_threads(void **state)
{
    struct contest c = make_contest();
    const char *const names[] = { "accuracy", "f1_macro", "matthews_corrcoef", "log_loss" };
    dg_bootstrap_result one, many;
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_ok(resample(&c, names[i], 1, &one));
        assert_ok(resample(&c, names[i], 7, &many));
        assert_memory_equal(&one, &many, sizeof one);
        assert_true(one.low < one.difference && one.difference < one.high);
        assert_true(one.difference == one.a - one.b);
    }
    release_contest(&c);
}

static void a_request_to_stop_is_heeded(void **state)
{
    struct contest c = make_contest();
    dg_bootstrap_result out;
    atomic_int cancel = 1;
    dg_metric metric;
    const dg_predictions a = { .labels = &c.a }, b = { .labels = &c.b };
    const dg_bootstrap_options options = { .resamples = 100, .level = 0.9 };
    const dg_job job = { .threads = 2, .cancel = &cancel };
    (void)state;
    assert_ok(dg_metric_find(&metric, "accuracy"));
    assert_fails(dg_bootstrap(&out, &metric, &c.truth, &a, &b, &options, &job), DG_CANCELLED,
                 "interrupted");
    release_contest(&c);
}

/* --- definitions ---------------------------------------------------------------------------- */

/* NULL is the default job. */
static void a_job_may_be_null(void **state)
{
    struct contest c = make_contest();
    dg_probabilities chances;
    double areas[CLASSES], again[CLASSES];
    dg_bootstrap_result given, out;
    dg_metric metric;
    const dg_predictions a = { .probabilities = &c.chances_a },
                         b = { .probabilities = &c.chances_b };
    const dg_bootstrap_options options = { .resamples = 4000, .level = 0.9, .seed = 3 };
    const dg_job job = { .threads = 2 };
    (void)state;
    assert_ok(
        dg_probabilities_new(&chances, &c.truth, &c.chances_a, 0, NULL, DG_SCORES_PROBABILITIES));
    assert_ok(dg_roc_areas(areas, &chances, &job));
    assert_ok(dg_roc_areas(again, &chances, NULL));
    assert_memory_equal(areas, again, sizeof areas);
    assert_ok(resample(&c, "accuracy", 2, &given));
    assert_ok(dg_metric_find(&metric, "accuracy"));
    assert_ok(dg_bootstrap(&out, &metric, &c.truth, &a, &b, &options, NULL));
    assert_memory_equal(&given, &out, sizeof out);
    dg_probabilities_free(&chances);
    release_contest(&c);
}

/* The area is the chance that a row of the label scores above one of another. */
static void areas_are_shares_of_pairs(void **state)
{
    struct contest c = make_contest();
    dg_probabilities chances;
    double areas[CLASSES];
    const dg_job job = { .threads = 2 };
    (void)state;
    assert_ok(
        dg_probabilities_new(&chances, &c.truth, &c.chances_a, 0, NULL, DG_SCORES_PROBABILITIES));
    assert_ok(dg_roc_areas(areas, &chances, &job));
    for (int64_t j = 0; j < CLASSES; j++) {
        double won = 0, pairs = 0;
        for (int64_t p = 0; p < ROWS; p++)
            for (int64_t n = 0; n < ROWS; n++) {
                if (dg_int32s(&c.truth)[p] != j || dg_int32s(&c.truth)[n] == j) continue;
                float high = dg_floats(&c.chances_a)[p * CLASSES + j];
                float low = dg_floats(&c.chances_a)[n * CLASSES + j];
                won += high > low ? 1 : high == low ? 0.5 : 0;
                pairs++;
            }
        assert_true(fabs(areas[j] - won / pairs) < 1e-14);
    }
    dg_probabilities_free(&chances);
    release_contest(&c);
}

/* Micro averages of complete lists, and the trace of the matrix, are the accuracy. */
static void sums_agree(void **state)
{
    struct contest c = make_contest();
    const dg_f_options options = { .beta = 1 };
    dg_confusion confusion;
    dg_tensor wrong;
    dg_metric metric;
    const dg_predictions labels = { .labels = &c.a };
    double accuracy;
    (void)state;
    assert_ok(dg_metric_find(&metric, "accuracy"));
    assert_ok(dg_metric_score(&accuracy, &metric, &c.truth, &labels));
    assert_ok(dg_confusion_new(&confusion, &c.truth, &c.a, 0, NULL));
    assert_ok(dg_mistakes(&wrong, &c.truth, &c.a, 1));
    assert_int_equal(confusion.size, CLASSES);
    assert_int_equal(confusion.rows, ROWS);
    assert_true(confusion.complete && !confusion.given);
    assert_true(dg_confusion_accuracy(&confusion) == accuracy);
    assert_true(dg_f_average(&confusion, DG_MICRO, &options).precision == accuracy);
    assert_true(fabs(dg_f_average(&confusion, DG_WEIGHTED, &options).recall - accuracy) < 1e-15);
    assert_int_equal(ROWS - confusion.right, wrong.shape[0]);
    dg_confusion before = confusion;
    dg_confusion_add_up(&confusion);
    assert_int_equal(confusion.rows, before.rows);
    assert_int_equal(confusion.right, before.right);
    dg_confusion_free(&confusion);
    dg_tensor_release(&wrong);
    release_contest(&c);
}

/* The likeliest label is the first of equals, of any type of numbers and any order of memory. */
static void chances_become_labels(void **state)
{
    const int32_t classes[] = { 9, -4, 7 };
    dg_tensor chances =
        support_tensor(DG_INT32, SHAPE(3, 4), VALUES(1, 0, 0, 2, 1, 0, 5, 2, 0, 3, 5, 1));
    dg_tensor turned, labels;
    (void)state;
    assert_ok(dg_tensor_transpose(&turned, &chances, NULL));
    assert_ok(dg_probabilities_labels(&labels, &turned, 3, classes));
    support_expect(&labels, DG_INT32, SHAPE(4), VALUES(9, 7, -4, 9));
    dg_tensor_release(&labels);
    assert_ok(dg_probabilities_labels(&labels, &turned, 0, NULL));
    support_expect(&labels, DG_INT32, SHAPE(4), VALUES(0, 2, 1, 0));
    dg_tensor_release(&labels);
    dg_tensor_release(&turned);
    dg_tensor_release(&chances);
}

static void expect_bin(double confidence, int64_t bins, int64_t wanted)
{
    dg_calibration_bin found[20];
    const double values[] = { confidence, 1 - confidence };
    dg_tensor chances = support_tensor(DG_FLOAT32, SHAPE(1, 2), values);
    dg_tensor truth = support_tensor(DG_INT32, SHAPE(1), VALUES(0));
    dg_probabilities read;
    assert_ok(dg_probabilities_new(&read, &truth, &chances, 0, NULL, DG_SCORES_PROBABILITIES));
    dg_calibration(&read, bins, found);
    for (int64_t i = 0; i < bins; i++) assert_int_equal(found[i].count, i == wanted);
    dg_probabilities_free(&read);
    dg_tensor_release(&truth);
    dg_tensor_release(&chances);
}

static void bins_are_closed_above(void **state)
{
    (void)state;
    expect_bin(1, 10, 9);
    expect_bin(0.5, 2, 0);
    expect_bin(0.5000001, 2, 1);
    expect_bin(0.75, 4, 2);
    expect_bin(0.875, 1, 0);
    /* 0.6f and 0.8f are just above 0.6 and 0.8, 0.7f and 0.9f just below 0.7 and 0.9 */
    expect_bin(0.6, 10, 6);
    expect_bin(0.7, 10, 6);
    expect_bin(0.8, 10, 8);
    expect_bin(0.9, 10, 8);
}

static void lists_that_do_not_fit_are_refused(void **state)
{
    dg_tensor three = support_tensor(DG_INT32, SHAPE(3), VALUES(1, 2, 3));
    dg_tensor two = support_tensor(DG_INT32, SHAPE(2), VALUES(1, 2));
    dg_tensor none = support_tensor(DG_INT32, SHAPE(0), NULL), out;
    dg_confusion confusion;
    dg_mcnemar_result result;
    dg_metric metric;
    const dg_predictions two_labels = { .labels = &two }, no_labels = { .labels = &none };
    double number;
    (void)state;
    assert_ok(dg_metric_find(&metric, "accuracy"));
    assert_fails(dg_metric_score(&number, &metric, &three, &two_labels), DG_INVALID,
                 "truth has 3 rows, but predicted has 2");
    assert_fails(dg_metric_score(&number, &metric, &none, &no_labels), DG_INVALID,
                 "truth has no rows");
    assert_fails(dg_mistakes(&out, &two, &three, 0), DG_INVALID,
                 "truth has 2 rows, but predicted has 3");
    assert_null(out.storage);
    assert_fails(dg_confusion_new(&confusion, &two, &three, 0, NULL), DG_INVALID,
                 "truth has 2 rows, but predicted has 3");
    assert_null(confusion.counts);
    assert_fails(dg_mcnemar(&result, &two, &two, &three, DG_MCNEMAR_AUTO), DG_INVALID,
                 "truth has 2 rows, but the second model has 3");
    dg_tensor_release(&three);
    dg_tensor_release(&two);
    dg_tensor_release(&none);
}

/* Where only one of two models is right, in `only_a` and `only_b` rows. */
static double mcnemar_p(int64_t only_a, int64_t only_b, dg_mcnemar_kind kind)
{
    dg_tensor truth, a, b;
    dg_mcnemar_result result;
    const int64_t rows = only_a + only_b;
    assert_ok(dg_tensor_zeros(&truth, DG_INT32, 1, &rows));
    assert_ok(dg_tensor_zeros(&a, DG_INT32, 1, &rows));
    assert_ok(dg_tensor_zeros(&b, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++) dg_int32s(row < only_a ? &b : &a)[row] = 1;
    assert_ok(dg_mcnemar(&result, &truth, &a, &b, kind));
    dg_tensor_release(&truth);
    dg_tensor_release(&a);
    dg_tensor_release(&b);
    return result.p;
}

/* `count` pairs that differ by 0 and 1 in turn, or by 1 and 3 if there are two. */
static double paired_p(int64_t count)
{
    double a[100], b[100] = { 1, 1 };
    dg_paired_t_result result;
    for (int64_t i = 0; i < count; i++) a[i] = count == 2 ? 2 + 2 * (double)i : (double)(i % 2);
    if (count > 2) b[0] = b[1] = 0;
    assert_ok(dg_paired_t(&result, a, b, count, 0));
    return result.p;
}

/* The values are exact, from mpmath's binomial, erfc and betainc. */
static void probabilities_have_fourteen_digits(void **state)
{
    const struct {
        double found, exact;
    } cases[] = {
        { mcnemar_p(3, 7, DG_MCNEMAR_EXACT), 0.34375 },
        { mcnemar_p(40, 50, DG_MCNEMAR_EXACT), 0.34283311942078823494 },
        { mcnemar_p(600, 400, DG_MCNEMAR_EXACT), 2.7284641560660184256e-10 },
        { mcnemar_p(20, 21, DG_MCNEMAR_CHI_SQUARE), 1 },
        { mcnemar_p(20, 24, DG_MCNEMAR_CHI_SQUARE), 0.65107663407783437354 },
        { mcnemar_p(20, 28, DG_MCNEMAR_CHI_SQUARE), 0.31232142167621603762 },
        { mcnemar_p(20, 29, DG_MCNEMAR_CHI_SQUARE), 0.2530979089471155571 },
        { mcnemar_p(50, 20, DG_MCNEMAR_CHI_SQUARE), 0.00052794317382997922808 },
        { mcnemar_p(5, 55, DG_MCNEMAR_CHI_SQUARE), 2.5180518554061175662e-10 },
        { paired_p(2), 0.29516723530086654835 },
        { paired_p(6), 0.07558681842161243795 },
        { paired_p(60), 1.8964699106535850091e-10 },
        { paired_p(100), 1.4071987346331759243e-16 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!(fabs(cases[i].found / cases[i].exact - 1) < 1e-14))
            fail_msg("%zu: found %.17g, expected %.17g", i, cases[i].found, cases[i].exact);
    assert_true(mcnemar_p(0, 1060, DG_MCNEMAR_EXACT) == 32768 * 0x1p-1074);
    assert_true(mcnemar_p(0, 1100, DG_MCNEMAR_EXACT) == 0);
}

/* Options of every metric have room in a dg_metric, a range, and a direction that fits it. */
static void metrics_describe_themselves(void **state)
{
    int count = 0;
    char name[DG_METRIC_NAME_SIZE];
    dg_metric metric;
    (void)state;
    for (int i = 0; dg_registry[i]; i++) {
        const dg_metric_type *type = (const dg_metric_type *)dg_registry[i];
        if (strcmp(type->part.kind, "metric") != 0) continue;
        assert_true(type->part.options_size <= DG_METRIC_OPTIONS_SIZE);
        assert_true(type->low < type->high && type->compute && type->part.doc);
        assert_true(isfinite(type->greater_is_better ? type->high : type->low));
        count++;
    }
    assert_true(count > 10);
    for (int i = 0; dg_metric_name(i, name); i++) {
        assert_ok(dg_metric_find(&metric, name));
        assert_string_equal(metric.name, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(memory_that_cannot_be_had_is_said),
        leaving_nothing(a_seed_gives_the_same_bits_on_any_threads),
        leaving_nothing(a_request_to_stop_is_heeded),
        leaving_nothing(areas_are_shares_of_pairs),
        leaving_nothing(a_job_may_be_null),
        leaving_nothing(sums_agree),
        leaving_nothing(chances_become_labels),
        leaving_nothing(bins_are_closed_above),
        leaving_nothing(lists_that_do_not_fit_are_refused),
        leaving_nothing(probabilities_have_fourteen_digits),
        leaving_nothing(metrics_describe_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
