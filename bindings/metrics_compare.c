/* Metrics by name, and whether one model is better than another. */
#include "bindings/metrics.h"
#include "bindings/tensor.h"

static const char *const hints[] = {
    "n_resamples",      "use resamples = ...",   "alpha",
    "use level = 0.95", "random_state",          "use seed = ...",
    "labels",           "use classes = { ... }", NULL,
};

static const dg_tensor *want_truth(lua_State *L, int index, const char *function,
                                   const dg_metric *metric)
{
    return metric->type->of_numbers ? dg_want_numbers(L, index, function, "truth")
                                    : dg_want_labels(L, index, function, "truth");
}

/* The answers at `index`: numbers {n} if those are judged, else labels {n}, or a number for each
 * class {n, k}. */
static dg_answers want_answers(lua_State *L, int index, const char *function, const char *name,
                               const dg_metric *metric)
{
    dg_answers answers = { 0 };
    if (metric->type->of_numbers) {
        answers.numbers = dg_want_numbers(L, index, function, name);
        return answers;
    }
    const dg_tensor *given = dg_test_tensor(L, index);
    if (!given && lua_type(L, index) == LUA_TTABLE) {
        dg_push_tensor_of(L, index, function, NULL);
        given = lua_touserdata(L, -1);
        index = lua_gettop(L);
    }
    if (given && given->axes == 2 && given->shape[1] > 1)
        answers.chances = given;
    else
        answers.labels = dg_want_labels(L, index, function, name);
    return answers;
}

/* score(name, truth, answers, { classes }) */
static int score(lua_State *L)
{
    static const char *const names[] = { "classes", NULL };
    double out = 0;
    dg_metric metric;
    lua_settop(L, 4);
    dg_check_call(L, dg_metric_find(&metric, dg_want_text(L, 1, "score", "the metric")), "score");
    dg_args args = dg_args_open(L, 4, "score", names, hints, 0);
    const dg_tensor *truth = want_truth(L, 2, "score", &metric);
    dg_answers answers = want_answers(L, 3, "score", "the answers", &metric);
    dg_args_classes(&args, 2, &answers);
    dg_check_call(L, dg_metric_score(&out, &metric, truth, &answers), "score");
    dg_push_number(L, out);
    return 1;
}

/* bootstrap(truth, a, b, { metric, resamples, level, seed, classes }) */
static int bootstrap(lua_State *L)
{
    static const char *const names[] = { "metric", "resamples", "level", "seed", "classes", NULL };
    const char *name = "accuracy";
    dg_metric metric;
    dg_bootstrap_result result = { 0 };
    lua_settop(L, 4);
    dg_args args = dg_args_open(L, 4, "bootstrap", names, hints, 0);
    dg_args_text(&args, "metric", &name);
    dg_check_call(L, dg_metric_find(&metric, name), "bootstrap");
    dg_bootstrap_options options = { .resamples = 10000, .level = 0.95 };
    dg_args_integer(&args, "resamples", 1, DG_MOST_RESAMPLES, &options.resamples);
    dg_args_number(&args, "level", &options.level);
    options.seed = dg_args_seed_or_next(&args);
    const dg_tensor *truth = want_truth(L, 1, "bootstrap", &metric);
    dg_answers a = want_answers(L, 2, "bootstrap", "the first model", &metric);
    dg_answers b = want_answers(L, 3, "bootstrap", "the second model", &metric);
    dg_args_classes(&args, 1, &a);
    dg_args_classes(&args, 1, &b);
    dg_job job = dg_job_default();
    dg_check_call(L, dg_bootstrap(&result, &metric, truth, &a, &b, &options, &job), "bootstrap");
    lua_createtable(L, 0, 9);
    dg_set_printable(L, "digits.record");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "metric");
    dg_set_number(L, "a", result.a);
    dg_set_number(L, "b", result.b);
    dg_set_number(L, "difference", result.difference);
    dg_set_number(L, "low", result.low);
    dg_set_number(L, "high", result.high);
    dg_set_number(L, "level", options.level);
    dg_set_count(L, "resamples", options.resamples);
    lua_pushboolean(L, result.low > 0 || result.high < 0);
    lua_setfield(L, -2, "significant");
    return 1;
}

/* mcnemar(truth, a, b, { exact }) */
static int mcnemar(lua_State *L)
{
    static const char *const names[] = { "exact", NULL };
    bool exact;
    dg_mcnemar_kind kind = DG_MCNEMAR_AUTO;
    dg_mcnemar_result result;
    lua_settop(L, 4);
    dg_args args = dg_args_open(L, 4, "mcnemar", names, hints, 0);
    if (dg_args_boolean(&args, "exact", &exact))
        kind = exact ? DG_MCNEMAR_EXACT : DG_MCNEMAR_CHI_SQUARE;
    const dg_tensor *truth = dg_want_labels(L, 1, "mcnemar", "truth");
    const dg_tensor *a = dg_want_labels(L, 2, "mcnemar", "the first model");
    const dg_tensor *b = dg_want_labels(L, 3, "mcnemar", "the second model");
    dg_check_call(L, dg_mcnemar(&result, truth, a, b, kind), "mcnemar");
    lua_createtable(L, 0, 7);
    dg_set_printable(L, "digits.record");
    dg_set_count(L, "both", result.both);
    dg_set_count(L, "only_a", result.only_a);
    dg_set_count(L, "only_b", result.only_b);
    dg_set_count(L, "neither", result.neither);
    dg_set_number(L, "statistic", result.statistic);
    dg_set_number(L, "p", result.p);
    lua_pushboolean(L, result.exact);
    lua_setfield(L, -2, "exact");
    return 1;
}

/* A list of numbers, in double precision. */
static double *want_scores(lua_State *L, int index, const char *name, int64_t *count)
{
    if (lua_type(L, index) != LUA_TTABLE)
        dg_wrong_type(L, index, "paired_t", name, "a list of numbers");
    *count = (int64_t)lua_rawlen(L, index);
    double *out = dg_scratch(L, (size_t)*count, sizeof *out);
    for (int64_t i = 0; i < *count; i++) {
        lua_rawgeti(L, index, i + 1);
        out[i] = dg_want_number(L, -1, "paired_t", name);
        lua_pop(L, 1);
    }
    return out;
}

/* paired_t(a, b, { test_ratio }) */
static int paired_t(lua_State *L)
{
    static const char *const names[] = { "test_ratio", NULL };
    double test_ratio = 0;
    int64_t count, other;
    dg_paired_t_result result;
    lua_settop(L, 3);
    dg_args args = dg_args_open(L, 3, "paired_t", names, NULL, 0);
    dg_args_number(&args, "test_ratio", &test_ratio);
    const double *a = want_scores(L, 1, "the first scores", &count);
    const double *b = want_scores(L, 2, "the second scores", &other);
    if (count != other)
        dg_raise(L, "paired_t: there are %I first scores, but %I second ones", (lua_Integer)count,
                 (lua_Integer)other);
    dg_check_call(L, dg_paired_t(&result, a, b, count, test_ratio), "paired_t");
    lua_createtable(L, 0, 5);
    dg_set_printable(L, "digits.record");
    dg_set_number(L, "difference", result.difference);
    dg_set_number(L, "deviation", result.deviation);
    dg_set_number(L, "statistic", result.statistic);
    dg_set_count(L, "degrees", result.degrees);
    dg_set_number(L, "p", result.p);
    return 1;
}

const dg_function dg_compare_metrics[] = {
    { "paired_t", paired_t,
      "paired_t(a, b, { test_ratio = 0 })\n"
      "Tests whether two methods are equally good, by their scores over the same seeds, at least "
      "two: the\n"
      "paired t-test. (mcnemar and bootstrap judge two fitted models; with other seeds they might "
      "say\n"
      "otherwise.) { difference =, the mean of a - b, deviation =, statistic =, degrees =, p = }, "
      "p being the\n"
      "probability of as large a difference if they are equally good. For scores of folds or other "
      "cuts of\n"
      "the same rows, test_ratio is rows tested / rows trained on, 1 / 9 for ten folds (Nadeau and "
      "Bengio\n"
      "2003).\n"
      "metrics.paired_t({ 0.989, 0.990, 0.988 }, { 0.971, 0.973, 0.972 }).p" },
    { "score", score,
      "score(name, truth, answers, { classes = nil })\n"
      "A metric by its name: \"accuracy\", \"f1_macro\", \"top_3_accuracy\" or another of "
      "metrics.names().\n"
      "answers: labels {n}, or probabilities {n, k}, of which metrics of labels take the "
      "likeliest;\n"
      "numbers {n} for r2 and the errors.\n"
      "metrics.score(\"f1_macro\", test, model:predict_proba(test), { classes = model.classes })" },
    { "mcnemar", mcnemar,
      "mcnemar(truth, a, b, { exact = nil })\n"
      "Tests whether the labels a and b of two models are equally often right. p is the chance of "
      "as large\n"
      "a difference if they are; both, only_a, only_b and neither count the rows that are right. "
      "exact: by\n"
      "the binomial distribution, else by chi-square, corrected; when not given, exact below 25 "
      "rows where\n"
      "just one is right.\n"
      "metrics.mcnemar(test.y, cnn:predict(test), forest:predict(test)).p" },
    { "bootstrap", bootstrap,
      "bootstrap(truth, a, b, { metric = \"accuracy\", resamples = 10000, level = 0.95, seed = "
      "nil, classes = nil })\n"
      "An interval for the difference a - b of a metric of two models. Rows are drawn again and "
      "again, the\n"
      "same for both: { a =, b =, difference =, low =, high =, significant = }, where significant "
      "says\n"
      "that 0 is outside low .. high. a and b are as the answers of score; the metric is one of "
      "labels,\n"
      "log_loss or top_k_accuracy.\n"
      "metrics.bootstrap(test.y, cnn:predict(test), forest:predict(test)).low" },
    { NULL, NULL, NULL },
};
