/* What metrics are computed from, as scripts give it. */
#include "bindings/metrics/judging.h"

#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"

/* --- arguments ------------------------------------------------------------------------------ */

static bool is_table(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return dg_test_tensor(L, index) || lua_type(L, index) == LUA_TTABLE;
}

static bool is_values(lua_State *L, int index, dg_value *out)
{
    return is_table(L, index, out) || dg_test_dataset(L, index);
}

const dg_lua_handle dg_labels_handle = { { "labels", "labels (a tensor, a list or a dataset)" },
                                         is_values };
const dg_lua_handle dg_probabilities_handle = { { "probabilities", "a tensor {rows, classes}" },
                                                is_table };
const dg_lua_handle dg_numbers_handle = { { "numbers", "numbers (a tensor, a list or a dataset)" },
                                          is_values };
const dg_lua_handle dg_predictions_handle = {
    { "predictions", "labels {n}, probabilities {n, classes} or numbers {n}" }, is_values
};

/* The tensor at `index`, or one made of the numbers or lists there. */
static const dg_tensor *tensor_at(lua_State *L, int index, const char *function)
{
    const dg_tensor *given = dg_test_tensor(L, index);
    if (given) return given;
    dg_push_tensor_of(L, index, function, NULL);
    return lua_touserdata(L, -1);
}

const dg_tensor *dg_want_labels(lua_State *L, int index, const char *function, const char *name)
{
    luaL_checkstack(L, 8, NULL);
    const dg_dataset *set = dg_test_dataset(L, index);
    if (set && set->target != DG_TARGET_LABELS)
        dg_raise(L, "%s: %s is a dataset %s", function, name,
                 set->target == DG_TARGET_NUMBERS
                     ? "of numbers, not of labels (r2 and the errors judge numbers)"
                     : "without labels");
    if (set) return &set->labels;
    const dg_tensor *given = tensor_at(L, index, function);
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L, dg_labels_read(out, given, name), function);
    return out;
}

/* The same for numbers, of any type and shape. */
static const dg_tensor *want_numbers(lua_State *L, int index, const char *function,
                                     const char *name)
{
    const dg_dataset *set = dg_test_dataset(L, index);
    if (set && set->target != DG_TARGET_NUMBERS)
        dg_raise(L, "%s: %s is a dataset %s", function, name,
                 set->target == DG_TARGET_LABELS ? "of labels, not of numbers" : "without numbers");
    return set ? &set->y : tensor_at(L, index, function);
}

const dg_tensor *dg_want_truth(lua_State *L, const dg_metric_type *type, const char *function,
                               const dg_judge_options *o)
{
    return type->target == DG_TARGET_NUMBERS ? want_numbers(L, o->truth, function, "truth")
                                             : dg_want_labels(L, o->truth, function, "truth");
}

/* Sets which classes the columns of probabilities belong to: those that the option states, or those
 * of a dataset given as truth if there are as many. */
static void read_columns(lua_State *L, const char *function, const dg_judge_options *o,
                         dg_predictions *out)
{
    const dg_tensor *given = o->classes ? dg_want_labels(L, o->classes, function, "classes") : NULL;
    const dg_dataset *set = dg_test_dataset(L, o->truth);
    if (given) {
        out->class_count = given->shape[0];
        out->classes = dg_int32s(given);
    } else if (set && out->probabilities->axes == 2 &&
               set->class_count == out->probabilities->shape[1]) {
        out->class_count = set->class_count;
        out->classes = set->classes;
    }
}

dg_predictions dg_want_predictions(lua_State *L, const dg_metric_type *type, const char *function,
                                   const dg_judge_options *o, const char *name, bool any)
{
    dg_predictions out = { 0 };
    const dg_tensor *labels = NULL;
    if (type->target == DG_TARGET_NUMBERS) {
        out.numbers = want_numbers(L, o->predicted, function, name);
        return out;
    }
    if (any ? !dg_test_dataset(L, o->predicted) : dg_metric_takes_probabilities(type))
        out.probabilities = tensor_at(L, o->predicted, function);
    if (any && out.probabilities &&
        (out.probabilities->axes != 2 || out.probabilities->shape[1] == 1))
        out.probabilities = NULL;
    if (out.probabilities)
        read_columns(L, function, o, &out);
    else
        out.labels = dg_want_labels(L, o->predicted, function, name);
    if (o->labels) labels = dg_want_labels(L, o->labels, function, "labels");
    out.listed_count = labels ? labels->shape[0] : 0;
    out.listed = labels ? dg_int32s(labels) : NULL;
    return out;
}

static int judged_gc(lua_State *L)
{
    dg_judged_free(lua_touserdata(L, 1));
    return 0;
}

const dg_judged *dg_push_judged(lua_State *L, const dg_metric_type *type, const char *function,
                                const dg_judge_options *o)
{
    const dg_tensor *truth = dg_want_truth(L, type, function, o);
    dg_predictions predictions = dg_want_predictions(L, type, function, o, "predicted", false);
    dg_judged *out = lua_newuserdatauv(L, sizeof *out, 0);
    *out = (dg_judged){ 0 };
    if (luaL_newmetatable(L, "digits.judged")) {
        lua_pushcfunction(L, judged_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    dg_check_call(L, dg_judged_new(out, type, truth, &predictions), function);
    return out;
}

/* --- results -------------------------------------------------------------------------------- */

void dg_push_by_label(lua_State *L)
{
    lua_newtable(L);
    dg_set_printable(L, "digits.by_label");
}

const dg_hint dg_metric_hints[] = {
    { "sample_weight", "all rows have the same weight" },
    { "target_names", "use names = { ... }" },
    { "n_classes", "use labels = { ... }" },
    { "output_dict", "use precision_recall_fscore" },
    { "normalize", "use confusion_matrix(...):normalized()" },
    { "pos_label", "use labels = { label }" },
    { "n_bins", "use bins = ..." },
    { "multi_class", "each class is compared with the rest" },
    { "multioutput", "there is one number per row" },
    { "squared", "use metrics.root_mean_squared_error" },
    { "n_resamples", "use resamples = ..." },
    { "alpha", "use level = 0.95" },
    { "confidence", "use level = 0.95" },
    { "confidence_level", "use level = 0.95" },
    { "count", "use correct = ..." },
    { "nobs", "use rows = ..." },
    { "random_state", "use seed = ..." },
    { NULL },
};
