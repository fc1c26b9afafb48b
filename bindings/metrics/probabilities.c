/* Curves and bins of probabilities. */
#include "bindings/metrics/metrics.h"

#include "bindings/metrics/judging.h"
#include "bindings/values/tensor.h"

/* --- receiver operating characteristic ------------------------------------------------------ */

typedef struct roc_curve_options {
    dg_judge_options judge;
    int label; /* a place on the stack: any number may be a label */
} roc_curve_options;

static bool is_whole(lua_State *L, int index, dg_value *out)
{
    return dg_is_integer(L, index, &out->integer);
}

static const dg_lua_handle label_handle = { { "label", "a whole number" }, is_whole };

static const dg_param roc_curve_params[] = {
    DG_TRUTH_PARAM,
    DG_PROBABILITIES_PARAM,
    DG_SLOT(roc_curve_options, label, .handle = &label_handle.handle,
            .doc = "the label whose curve to return; nil: all curves, a table t[label]"),
    DG_CLASSES_PARAM,
    DG_END,
};

static int64_t label_of(const dg_judged *judged, int64_t column)
{
    return judged->classes ? judged->classes[column] : column;
}

static void push_curve(lua_State *L, const dg_judged *judged, int64_t column)
{
    dg_tensor *tensors[3];
    dg_roc curve;
    for (int i = 0; i < 3; i++) tensors[i] = dg_push_tensor(L);
    dg_check_call(L, dg_roc_curve(&curve, &judged->probabilities, column, judged->classes),
                  "roc_curve");
    *tensors[0] = curve.false_positives;
    *tensors[1] = curve.true_positives;
    *tensors[2] = curve.thresholds;
    dg_push_record(L, 5);
    lua_insert(L, -4);
    lua_setfield(L, -4, "thresholds");
    lua_setfield(L, -3, "tpr");
    lua_setfield(L, -2, "fpr");
    dg_set_number(L, "auc", curve.area);
    dg_set_integer(L, "label", label_of(judged, column));
}

static int roc_curve(lua_State *L, const void *options)
{
    static const dg_metric_type of_scores = { .of = DG_OF_SCORES };
    const roc_curve_options *o = options;
    const dg_judged *judged = dg_push_judged(L, &of_scores, "roc_curve", &o->judge);
    int64_t label = o->label ? lua_tointeger(L, o->label) : 0;
    if (!o->label) dg_push_by_label(L);
    for (int64_t j = 0; j < judged->probabilities.columns; j++) {
        if (o->label && label_of(judged, j) != label) continue;
        push_curve(L, judged, j);
        if (o->label) return 1;
        lua_rawseti(L, -2, label_of(judged, j));
    }
    if (o->label)
        return dg_raise(L, "roc_curve: label is %I, which is not one of the classes",
                        (lua_Integer)label);
    return 1;
}

/* --- calibration ---------------------------------------------------------------------------- */

typedef struct calibration_options {
    dg_judge_options judge;
    int64_t bins;
} calibration_options;

static const dg_param calibration_params[] = {
    DG_TRUTH_PARAM,
    DG_PROBABILITIES_PARAM,
    DG_CALIBRATION_BINS(calibration_options),
    DG_CLASSES_PARAM,
    DG_END,
};

static int calibration(lua_State *L, const void *options)
{
    static const dg_metric_type of_probabilities = { .of = DG_OF_PROBABILITIES };
    const calibration_options *o = options;
    const dg_judged *judged = dg_push_judged(L, &of_probabilities, "calibration", &o->judge);
    dg_calibration_bin *bins = dg_scratch(L, (size_t)o->bins, sizeof *bins);
    dg_calibration(&judged->probabilities, o->bins, bins);
    lua_createtable(L, (int)o->bins, 2);
    dg_set_printable(L, "digits.calibration");
    for (int64_t i = 0; i < o->bins; i++) {
        dg_push_record(L, 5);
        dg_set_number(L, "low", bins[i].low);
        dg_set_number(L, "high", bins[i].high);
        dg_set_integer(L, "count", bins[i].count);
        dg_set_number(L, "confidence", bins[i].confidence);
        dg_set_number(L, "accuracy", bins[i].accuracy);
        lua_rawseti(L, -2, i + 1);
    }
    dg_set_number(L, "error", dg_calibration_error(bins, o->bins));
    dg_set_number(L, "worst", dg_calibration_worst(bins, o->bins));
    return 1;
}

const dg_function dg_probability_metrics[] = {
    { DG_CALLED(roc_curve, 2), .hints = dg_metric_hints,
      .doc = "The ROC curve of one label against the rest: { fpr =, tpr =, thresholds =, auc =, "
             "label = }, the first\nthree of which are tensors.",
      .example = "metrics.roc_curve(test.y, model:predict_proba(test), { label = 4 }).auc" },
    { DG_CALLED(calibration, 2), .hints = dg_metric_hints,
      .doc = "The bins of a reliability diagram: a list of { low =, high =, count =, confidence =, "
             "accuracy = }, with\nthe fields error (the expected calibration error) and worst.",
      .example = "metrics.calibration(test.y, model:predict_proba(test), { bins = 10 })[10]"
                 ".accuracy" },
    { NULL, NULL, NULL },
};
