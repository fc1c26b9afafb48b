/* How exact a score is, and whether one model is better than another. */
#include "bindings/metrics/metrics.h"

#include <math.h>

#include "bindings/calls/check.h"
#include "bindings/metrics/judging.h"
#include "bindings/values/tensor.h"

/* --- one score ------------------------------------------------------------------------------ */

#define LEVEL(options)                                                                             \
    DG_FLOAT(options, level, DG_BETWEEN(0, 1), .default_number = 0.95,                             \
             .doc = "the confidence level")

typedef struct interval_options {
    double accuracy;
    int64_t rows;
    int correct; /* the number, if it is given */
    double level;
} interval_options;

static bool is_count(lua_State *L, int index, dg_value *out)
{
    int whole;
    (void)out;
    lua_Integer count = lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &whole) : -1;
    return count >= 0 && whole;
}

static const dg_lua_handle count_handle = { { "count", "a whole number of at least 0" }, is_count };

static const dg_param interval_params[] = {
    DG_FLOAT(interval_options, accuracy, DG_WITHIN(0, 1), .optional = true,
             .doc = "the share of rows that are right, or the mean share of several models"),
    DG_INT(interval_options, rows, .required = true, DG_AT_LEAST(1),
           .doc = "how many rows were judged"),
    LEVEL(interval_options),
    DG_SLOT(interval_options, correct, .named_only = true, .handle = &count_handle.handle,
            .doc = "in place of accuracy: how many rows are right"),
    DG_END,
};

static int interval(lua_State *L, const void *options)
{
    const interval_options *o = options;
    dg_interval found;
    double accuracy = o->accuracy;
    if (!isnan(accuracy) == !!o->correct)
        dg_raise(L, "interval: give either accuracy or correct, with rows");
    if (o->correct) {
        lua_Integer correct = lua_tointeger(L, o->correct);
        if (correct > o->rows)
            dg_raise(L, "interval: correct is %I, but there are only %I rows", correct,
                     (lua_Integer)o->rows);
        accuracy = (double)correct / (double)o->rows;
    }
    dg_check_call(L, dg_wilson(&found, accuracy, o->rows, o->level), "interval");
    dg_push_record(L, 5);
    dg_set_number(L, "accuracy", accuracy);
    dg_set_integer(L, "rows", o->rows);
    dg_set_number(L, "low", found.low);
    dg_set_number(L, "high", found.high);
    dg_set_number(L, "level", o->level);
    return 1;
}

/* --- two models ----------------------------------------------------------------------------- */

typedef struct bootstrap_options {
    dg_judge_options judge;
    int a, b;
    const char *metric;
    int64_t resamples;
    double level;
    dg_optional_seed seed;
} bootstrap_options;

static const dg_param bootstrap_params[] = {
    DG_ANY_TRUTH_PARAM,
    DG_ANY_PARAM(bootstrap_options, a, "predictions of the first model, as in score"),
    DG_ANY_PARAM(bootstrap_options, b, "predictions of the second model"),
    DG_TEXT(bootstrap_options, metric, .default_text = "accuracy",
            .doc = "the name of a metric of labels or of numbers, log_loss or top_k_accuracy"),
    DG_INT(bootstrap_options, resamples, DG_WITHIN(1, DG_MAX_RESAMPLES), .default_number = 10000,
           .doc = "the number of bootstrap samples"),
    LEVEL(bootstrap_options),
    DG_SEED(bootstrap_options, seed, .doc = "for the samples"),
    DG_CLASSES_PARAM,
    DG_END,
};

static int bootstrap(lua_State *L, const void *options)
{
    const bootstrap_options *o = options;
    const dg_bootstrap_options how = { o->resamples, o->level, dg_seed_or_next(&o->seed) };
    dg_metric metric;
    dg_bootstrap_result result;
    dg_predictions sides[2];
    dg_judge_options judge = o->judge;
    dg_check_call(L, dg_metric_find(&metric, o->metric), "bootstrap");
    const dg_tensor *truth = dg_want_truth(L, metric.type, "bootstrap", &judge);
    for (int i = 0; i < 2; i++) {
        judge.predicted = i ? o->b : o->a;
        sides[i] = dg_want_predictions(L, metric.type, "bootstrap", &judge, i ? "b" : "a", true);
    }
    dg_check_call(L, dg_bootstrap(&result, &metric, truth, &sides[0], &sides[1], &how, NULL),
                  "bootstrap");
    dg_push_record(L, 9);
    lua_pushstring(L, metric.name);
    lua_setfield(L, -2, "metric");
    dg_set_number(L, "a", result.a);
    dg_set_number(L, "b", result.b);
    dg_set_number(L, "difference", result.difference);
    dg_set_number(L, "low", result.low);
    dg_set_number(L, "high", result.high);
    dg_set_number(L, "level", how.level);
    dg_set_integer(L, "resamples", how.resamples);
    lua_pushboolean(L, result.low > 0 || result.high < 0);
    lua_setfield(L, -2, "significant");
    return 1;
}

typedef struct mcnemar_options {
    int truth, a, b, exact;
} mcnemar_options;

static bool is_boolean(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return lua_isboolean(L, index);
}

static const dg_lua_handle exact_handle = { { "boolean", "true or false" }, is_boolean };

#define LABELS(field, what)                                                                        \
    DG_SLOT(mcnemar_options, field, .required = true, .handle = &dg_labels_handle.handle,          \
            .doc = what)

static const dg_param mcnemar_params[] = {
    LABELS(truth, "the labels: integers {n}, one-hot {n, k}, a list, or a dataset"),
    LABELS(a, "labels predicted by the first model"),
    LABELS(b, "labels predicted by the second model"),
    DG_SLOT(
        mcnemar_options, exact, .handle = &exact_handle.handle,
        .doc = "true: the exact binomial test; false: the chi-square test with continuity "
               "correction; nil: the exact test if fewer than 25 rows are right in only one model"),
    DG_END,
};

static int mcnemar(lua_State *L, const void *options)
{
    const mcnemar_options *o = options;
    dg_mcnemar_result result;
    dg_mcnemar_kind kind = !o->exact                    ? DG_MCNEMAR_AUTO
                           : lua_toboolean(L, o->exact) ? DG_MCNEMAR_EXACT
                                                        : DG_MCNEMAR_CHI_SQUARE;
    const dg_tensor *truth = dg_want_labels(L, o->truth, "mcnemar", "truth");
    const dg_tensor *a = dg_want_labels(L, o->a, "mcnemar", "a");
    const dg_tensor *b = dg_want_labels(L, o->b, "mcnemar", "b");
    dg_check_call(L, dg_mcnemar(&result, truth, a, b, kind), "mcnemar");
    dg_push_record(L, 7);
    dg_set_integer(L, "both", result.both);
    dg_set_integer(L, "only_a", result.only_a);
    dg_set_integer(L, "only_b", result.only_b);
    dg_set_integer(L, "neither", result.neither);
    dg_set_number(L, "statistic", result.statistic);
    dg_set_number(L, "p", result.p);
    lua_pushboolean(L, result.exact);
    lua_setfield(L, -2, "exact");
    return 1;
}

/* --- two methods ---------------------------------------------------------------------------- */

typedef struct paired_t_options {
    int a, b;
    double test_ratio;
} paired_t_options;

static const dg_lua_handle scores_handle = { { "list", "a list of numbers" }, dg_is_table };

static const dg_param paired_t_params[] = {
    DG_SLOT(paired_t_options, a, .required = true, .handle = &scores_handle.handle,
            .doc = "scores of the first method, at least two"),
    DG_SLOT(paired_t_options, b, .required = true, .handle = &scores_handle.handle,
            .doc = "scores of the second method, over the same seeds"),
    DG_FLOAT(paired_t_options, test_ratio, DG_AT_LEAST(0),
             .doc = "rows tested / rows trained on, for scores of folds or other splits of the "
                    "same rows: 1 / 9 for ten folds"),
    DG_END,
};

/* A list of numbers, in double precision. */
static double *want_scores(lua_State *L, int index, const char *name, int64_t *count)
{
    *count = (int64_t)lua_rawlen(L, index);
    double *out = dg_scratch(L, (size_t)*count, sizeof *out);
    for (int64_t i = 0; i < *count; i++) {
        lua_rawgeti(L, index, i + 1);
        out[i] = dg_want_number(L, -1, "paired_t", name);
        lua_pop(L, 1);
    }
    return out;
}

static int paired_t(lua_State *L, const void *options)
{
    const paired_t_options *o = options;
    int64_t count, other;
    dg_paired_t_result result;
    const double *a = want_scores(L, o->a, "a", &count);
    const double *b = want_scores(L, o->b, "b", &other);
    if (count != other)
        dg_raise(L, "paired_t: a and b must have the same number of scores, found %I and %I",
                 (lua_Integer)count, (lua_Integer)other);
    dg_check_call(L, dg_paired_t(&result, a, b, count, o->test_ratio), "paired_t");
    dg_push_record(L, 5);
    dg_set_number(L, "difference", result.difference);
    dg_set_number(L, "deviation", result.deviation);
    dg_set_number(L, "statistic", result.statistic);
    dg_set_integer(L, "degrees", result.degrees);
    dg_set_number(L, "p", result.p);
    return 1;
}

const dg_function dg_compare_metrics[] = {
    { DG_CALLED(interval, 2), .hints = dg_metric_hints,
      .doc = "A confidence interval for an accuracy, or for any share of rows, from how many rows "
             "it was found on:\nWilson's score interval (1927), which holds near 0 and 1 and for "
             "few rows. It says how far the accuracy\non all such rows may lie from that on these; "
             "it knows nothing of other seeds, or of rows from\nelsewhere. Returns { accuracy =, "
             "rows =, low =, high =, level = }.",
      .example = "metrics.interval(metrics.accuracy(test.y, cnn:predict(test)), #test).low" },
    { DG_CALLED(paired_t, 2), .hints = dg_metric_hints,
      .doc = "Tests whether two methods are equally good, by their scores over the same seeds: the "
             "paired t-test.\n(mcnemar and bootstrap compare two fitted models; with other seeds "
             "they might decide otherwise.)\nReturns { difference =, deviation =, statistic =, "
             "degrees =, p = }: the mean and the standard deviation\nof a - b, the t statistic, "
             "its degrees of "
             "freedom, and the probability of a difference at least as large if the\nmethods are "
             "equally good (Nadeau and Bengio 2003).",
      .example = "metrics.paired_t({ 0.989, 0.990, 0.988 }, { 0.971, 0.973, 0.972 }).p" },
    { DG_CALLED(mcnemar, 3), .hints = dg_metric_hints,
      .doc = "Tests whether the labels a and b of two models are equally often right. p is the "
             "probability of a\ndifference at least as large if they are; both, only_a, only_b and "
             "neither "
             "count the rows that are right.",
      .example = "metrics.mcnemar(test.y, cnn:predict(test), forest:predict(test)).p" },
    { DG_CALLED(bootstrap, 3), .hints = dg_metric_hints,
      .doc = "A confidence interval for the difference a - b of a metric between two models, from "
             "bootstrap samples\nof the rows, the same for both: { a =, b =, difference =, low =, "
             "high "
             "=, significant = }, where significant\nmeans that 0 is outside low .. high.",
      .example = "metrics.bootstrap(test.y, cnn:predict(test), forest:predict(test)).low" },
    { NULL, NULL, NULL },
};
