/* Metrics of probabilities. */
#include "bindings/metrics.h"
#include "bindings/tensor.h"

static const char *const hints[] = {
    "n_bins",
    "use bins = ...",
    "labels",
    "use classes = { ... }",
    "multi_class",
    "each class is set against the rest",
    "sample_weight",
    "rows count alike",
    "pos_label",
    "use label = ...",
    NULL,
};

/* What a function of probabilities works on. */
struct call {
    dg_args args;
    const dg_tensor *truth;
    dg_answers answers;
};

/* The tensor that is or is spelt out at `index`. */
static const dg_tensor *want_table(lua_State *L, int index, const char *function)
{
    const dg_tensor *given = dg_test_tensor(L, index);
    if (given) return given;
    if (lua_type(L, index) != LUA_TTABLE)
        dg_wrong_type(L, index, function, "the probabilities", "a tensor {rows, classes}");
    dg_push_tensor_of(L, index, function, NULL);
    return lua_touserdata(L, -1);
}

/* Reads (truth, probabilities, options). */
static struct call open_call(lua_State *L, const char *function, const char *const *names)
{
    lua_settop(L, 3);
    struct call call = { .args = dg_args_open(L, 3, function, names, hints, 0) };
    call.truth = dg_want_labels(L, 1, function, "truth");
    call.answers.chances = want_table(L, 2, function);
    dg_args_classes(&call.args, 1, &call.answers);
    return call;
}

/* The same with the probabilities checked; the tensors stay on the stack. */
static dg_chances check_chances(lua_State *L, const struct call *call, dg_chance_kind kind)
{
    dg_tensor *values = dg_push_tensor(L), *positions = dg_push_tensor(L);
    dg_chances chances;
    dg_check_call(L,
                  dg_chances_new(&chances, call->truth, call->answers.chances,
                                 call->answers.class_count, call->answers.classes, kind),
                  call->args.function);
    *values = chances.values;
    *positions = chances.positions;
    return chances;
}

static int64_t label_of(const struct call *call, int64_t column)
{
    return call->answers.classes ? call->answers.classes[column] : column;
}

static int push_metric(lua_State *L, const struct call *call, const dg_metric *metric)
{
    double out = 0;
    dg_check_call(L, dg_metric_score(&out, metric, call->truth, &call->answers),
                  call->args.function);
    dg_push_number(L, out);
    return 1;
}

/* --- one number ----------------------------------------------------------------------------- */

static int log_loss(lua_State *L)
{
    static const char *const names[] = { "classes", NULL };
    dg_metric metric;
    struct call call = open_call(L, "log_loss", names);
    dg_check_status(L, dg_metric_find(&metric, "log_loss"));
    return push_metric(L, &call, &metric);
}

static int top_k_accuracy(lua_State *L)
{
    static const char *const names[] = { "k", "classes", NULL };
    dg_metric metric;
    struct call call = open_call(L, "top_k_accuracy", names);
    dg_check_status(L, dg_metric_find(&metric, "top_k_accuracy"));
    dg_args_integer(&call.args, "k", 1, INT32_MAX, &metric.k);
    return push_metric(L, &call, &metric);
}

/* --- receiver operating characteristic ------------------------------------------------------ */

static int roc_auc(lua_State *L)
{
    static const char *const names[] = { "average", "classes", NULL };
    static const char *const words[] = { "macro", "weighted", "none", NULL };
    struct call call = open_call(L, "roc_auc", names);
    int average = dg_args_word(&call.args, "average", words, 0);
    dg_chances chances = check_chances(L, &call, DG_PROBABILITIES);
    dg_job job = dg_job_default();
    if (average < 2) {
        double out = 0;
        dg_average kind = average == 0 ? DG_MACRO : DG_WEIGHTED;
        dg_check_call(L, dg_roc_auc(&out, &chances, kind, call.answers.classes, &job), "roc_auc");
        dg_push_number(L, out);
        return 1;
    }
    double *areas = dg_scratch(L, (size_t)chances.columns, sizeof *areas);
    dg_check_call(L, dg_roc_areas(areas, &chances, &job), "roc_auc");
    dg_push_by_label(L);
    for (int64_t j = 0; j < chances.columns; j++) {
        dg_push_number(L, areas[j]);
        lua_rawseti(L, -2, label_of(&call, j));
    }
    return 1;
}

static void push_curve(lua_State *L, const struct call *call, const dg_chances *chances,
                       int64_t column)
{
    dg_tensor *tensors[3];
    dg_roc curve;
    for (int i = 0; i < 3; i++) tensors[i] = dg_push_tensor(L);
    dg_check_call(L, dg_roc_curve(&curve, chances, column, call->answers.classes), "roc_curve");
    *tensors[0] = curve.false_positives;
    *tensors[1] = curve.true_positives;
    *tensors[2] = curve.thresholds;
    lua_createtable(L, 0, 5);
    dg_set_printable(L, "digits.record");
    lua_insert(L, -4);
    lua_setfield(L, -4, "thresholds");
    lua_setfield(L, -3, "tpr");
    lua_setfield(L, -2, "fpr");
    dg_set_number(L, "auc", curve.area);
    dg_set_count(L, "label", label_of(call, column));
}

static int roc_curve(lua_State *L)
{
    static const char *const names[] = { "label", "classes", NULL };
    struct call call = open_call(L, "roc_curve", names);
    int64_t label = 0;
    bool one = dg_args_integer(&call.args, "label", INT32_MIN, INT32_MAX, &label);
    dg_chances chances = check_chances(L, &call, DG_ANY_SCORES);
    if (!one) dg_push_by_label(L);
    for (int64_t j = 0; j < chances.columns; j++) {
        if (one && label_of(&call, j) != label) continue;
        push_curve(L, &call, &chances, j);
        if (one) return 1;
        lua_rawseti(L, -2, label_of(&call, j));
    }
    if (one)
        return dg_raise(L, "roc_curve: label is %I, which is none of the classes",
                        (lua_Integer)label);
    return 1;
}

/* --- calibration ---------------------------------------------------------------------------- */

static const char *const calibration_options[] = { "bins", "classes", NULL };

static dg_calibration_bin *make_bins(lua_State *L, const char *function, int64_t *count)
{
    struct call call = open_call(L, function, calibration_options);
    *count = DG_DEFAULT_BINS;
    dg_args_integer(&call.args, "bins", 1, DG_MOST_BINS, count);
    dg_chances chances = check_chances(L, &call, DG_PROBABILITIES);
    dg_calibration_bin *bins = dg_scratch(L, (size_t)*count, sizeof *bins);
    dg_calibration(&chances, *count, bins);
    return bins;
}

static int expected_calibration_error(lua_State *L)
{
    int64_t count;
    const dg_calibration_bin *bins = make_bins(L, "expected_calibration_error", &count);
    dg_push_number(L, dg_calibration_error(bins, count));
    return 1;
}

static int calibration(lua_State *L)
{
    int64_t count;
    const dg_calibration_bin *bins = make_bins(L, "calibration", &count);
    lua_createtable(L, (int)count, 2);
    dg_set_printable(L, "digits.calibration");
    for (int64_t i = 0; i < count; i++) {
        lua_createtable(L, 0, 5);
        dg_set_printable(L, "digits.record");
        dg_set_number(L, "low", bins[i].low);
        dg_set_number(L, "high", bins[i].high);
        dg_set_count(L, "count", bins[i].count);
        dg_set_number(L, "confidence", bins[i].confidence);
        dg_set_number(L, "accuracy", bins[i].accuracy);
        lua_rawseti(L, -2, i + 1);
    }
    dg_set_number(L, "error", dg_calibration_error(bins, count));
    dg_set_number(L, "worst", dg_calibration_worst(bins, count));
    return 1;
}

const dg_function dg_chance_metrics[] = {
    { "log_loss", log_loss,
      "log_loss(truth, probabilities, { classes = nil })\n"
      "The mean of minus the logarithm of the right label's probability. probabilities: {n, k}, "
      "each row\n"
      "summing to 1; column j belongs to classes[j], without classes to label j - 1, or to the "
      "classes of\n"
      "a dataset as truth.\n"
      "metrics.log_loss(test, model:predict_proba(test), { classes = model.classes })" },
    { "top_k_accuracy", top_k_accuracy,
      "top_k_accuracy(truth, scores, { k = 2, classes = nil })\n"
      "The share of rows whose label is among the k greatest scores. scores: {n, classes}; of "
      "equals the\n"
      "last column goes first, as in scikit-learn.\n"
      "metrics.top_k_accuracy(test.y, model:predict_proba(test), { k = 3 })" },
    { "roc_auc", roc_auc,
      "roc_auc(truth, probabilities, { average = \"macro\", classes = nil })\n"
      "The area under the ROC curves, each label against the rest. average: their mean, "
      "\"weighted\" by rows,\n"
      "or \"none\" (a table, t[label], with NaN for a label that truth has not).\n"
      "metrics.roc_auc(test.y, model:predict_proba(test))" },
    { "roc_curve", roc_curve,
      "roc_curve(truth, scores, { label = nil, classes = nil })\n"
      "The ROC curve of one label against the rest. It is { fpr =, tpr =, thresholds =, auc =, "
      "label = }\n"
      "with tensors; without label, a table of all curves, t[label].\n"
      "metrics.roc_curve(test.y, model:predict_proba(test), { label = 4 }).auc" },
    { "expected_calibration_error", expected_calibration_error,
      "expected_calibration_error(truth, probabilities, { bins = 15, classes = nil })\n"
      "The mean distance between confidence, which is the greatest probability of a row, and "
      "accuracy. Rows\n"
      "are gathered in bins of equal width (Guo et al. 2017).\n"
      "metrics.expected_calibration_error(test.y, model:predict_proba(test))" },
    { "calibration", calibration,
      "calibration(truth, probabilities, { bins = 15, classes = nil })\n"
      "The bins of a reliability diagram. They are a list of { low =, high =, count =, confidence "
      "=,\n"
      "accuracy = }, with the fields error (the expected one) and worst.\n"
      "metrics.calibration(test.y, model:predict_proba(test), { bins = 10 })[10].accuracy" },
    { NULL, NULL, NULL },
};
