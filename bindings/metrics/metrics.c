/* The module metrics: what people may give, and a function for each metric of the engine. */
#include "bindings/metrics/metrics.h"

#include <string.h>

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

/* The tensor that is or is spelt out at `index`. */
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
    if (set && !set->labelled)
        dg_raise(L, "%s: %s is a dataset %s", function, name,
                 set->numeric ? "of numbers, not of labels (r2 and the errors judge numbers)"
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
    if (set && !set->numeric)
        dg_raise(L, "%s: %s is a dataset %s", function, name,
                 set->labelled ? "of labels, not of numbers" : "without numbers");
    return set ? &set->y : tensor_at(L, index, function);
}

const dg_tensor *dg_want_truth(lua_State *L, const dg_metric_type *type, const char *function,
                               const dg_judge_options *o)
{
    return type->of == DG_OF_NUMBERS ? want_numbers(L, o->truth, function, "truth")
                                     : dg_want_labels(L, o->truth, function, "truth");
}

/* Whose the columns of chances are: as the option says, or the classes of a dataset as truth if
 * there are as many. */
static void read_columns(lua_State *L, const char *function, const dg_judge_options *o,
                         dg_predictions *out)
{
    const dg_tensor *given = o->classes ? dg_want_labels(L, o->classes, function, "classes") : NULL;
    const dg_dataset *set = dg_test_dataset(L, o->truth);
    if (given) {
        out->class_count = given->shape[0];
        out->classes = dg_int32s(given);
    } else if (set && out->chances->axes == 2 && set->class_count == out->chances->shape[1]) {
        out->class_count = set->class_count;
        out->classes = set->classes;
    }
}

dg_predictions dg_want_predictions(lua_State *L, const dg_metric_type *type, const char *function,
                                   const dg_judge_options *o, const char *name, bool any)
{
    dg_predictions out = { 0 };
    const dg_tensor *labels = NULL;
    if (type->of == DG_OF_NUMBERS) {
        out.numbers = want_numbers(L, o->predicted, function, name);
        return out;
    }
    if (any ? !dg_test_dataset(L, o->predicted) : dg_metric_of_probabilities(type))
        out.chances = tensor_at(L, o->predicted, function);
    if (any && out.chances && (out.chances->axes != 2 || out.chances->shape[1] == 1))
        out.chances = NULL;
    if (out.chances)
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

void dg_set_number(lua_State *L, const char *field, double value)
{
    dg_push_number(L, value);
    lua_setfield(L, -2, field);
}

void dg_set_count(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

void dg_push_by_label(lua_State *L)
{
    lua_newtable(L);
    dg_set_printable(L, "digits.by_label");
}

void dg_push_record(lua_State *L, int fields)
{
    lua_createtable(L, 0, fields);
    dg_set_printable(L, "digits.record");
}

/* --- a function for each metric ------------------------------------------------------------- */

typedef struct metric_options {
    dg_judge_options judge;
    alignas(8) char own[DG_METRIC_OPTIONS];
} metric_options;

/* Its function, as it is kept. */
struct metric_function {
    dg_function function; /* must be first */
    const dg_metric_type *type;
    dg_param params[DG_MAX_PARAMS];
};

static int push_by_label(lua_State *L, const dg_metric *metric, const dg_judged *judged)
{
    bool columns = dg_metric_of_probabilities(metric->type);
    const int32_t *labels = columns ? judged->classes : judged->confusion.labels;
    int64_t count = columns ? judged->chances.columns : judged->confusion.size;
    double *values = dg_scratch(L, (size_t)count, sizeof *values);
    dg_check_call(L, metric->type->compute(metric->options, judged, values),
                  metric->type->part.name);
    dg_push_by_label(L);
    for (int64_t i = 0; i < count; i++) {
        dg_push_number(L, values[i]);
        lua_rawseti(L, -2, labels ? labels[i] : i);
    }
    return 1;
}

static int call_metric(lua_State *L, const void *options)
{
    const metric_options *o = options;
    const dg_metric_type *type = ((const struct metric_function *)dg_called(L))->type;
    const char *name = type->part.name;
    dg_metric metric = { .type = type };
    char text[256];
    double out;
    memcpy(metric.options, o->own, sizeof o->own);
    const dg_judged *judged = dg_push_judged(L, type, name, &o->judge);
    for (int64_t i = 0; type->doubts && i < judged->confusion.size; i++)
        if (type->doubts(o->own, judged, i, text, sizeof text)) dg_tell(L, name, text);
    if (type->by_label && type->by_label(o->own)) return push_by_label(L, &metric, judged);
    dg_check_call(L, dg_metric_of(&out, &metric, judged), name);
    dg_push_number(L, out);
    return 1;
}

const dg_hint dg_metric_hints[] = {
    { "sample_weight", "rows count alike" },
    { "target_names", "use names = { ... }" },
    { "n_classes", "use labels = { ... }" },
    { "output_dict", "use precision_recall_fscore" },
    { "normalize", "use confusion_matrix(...):normalized()" },
    { "pos_label", "use labels = { label }" },
    { "n_bins", "use bins = ..." },
    { "multi_class", "each class is set against the rest" },
    { "multioutput", "numbers are {rows}" },
    { "squared", "use metrics.root_mean_squared_error" },
    { "n_resamples", "use resamples = ..." },
    { "alpha", "use level = 0.95" },
    { "random_state", "use seed = ..." },
    { NULL },
};

/* The arguments of a metric, by what it is computed from. */
static const dg_param of_labels[] = { DG_OF_TRUTH, DG_OF_PREDICTED, DG_OF_LISTED, DG_END };
static const dg_param of_chances[] = {
    DG_OF_TRUTH,
    DG_OF_CHANCES,
    DG_OF_COLUMNS,
    DG_END,
};
static const dg_param of_numbers[] = {
    DG_SLOT(dg_judge_options, truth, .required = true, .handle = &dg_numbers_handle.handle,
            .doc = "the numbers: a tensor {n}, a list, or a dataset of numbers"),
    DG_SLOT(dg_judge_options, predicted, .required = true, .handle = &dg_numbers_handle.handle,
            .doc = "numbers, too"),
    DG_END,
};

/* Pushes the function of a metric, whose options stand between its arguments and the labels. */
static void push_metric_function(lua_State *L, const dg_metric_type *type)
{
    bool numbers = type->of == DG_OF_NUMBERS, chances = dg_metric_of_probabilities(type);
    const dg_param *arguments = numbers ? of_numbers : chances ? of_chances : of_labels;
    int own = dg_param_count(&type->part), count = 0;
    struct metric_function *made = lua_newuserdatauv(L, sizeof *made, 0);
    luaL_ref(L, LUA_REGISTRYINDEX); /* for ever: functions outlive a second opening */
    made->type = type;
    made->params[count++] = arguments[0];
    made->params[count++] = arguments[1];
    for (int i = 0; i < own; i++) {
        made->params[count] = type->part.params[i];
        made->params[count++].offset += offsetof(metric_options, own);
    }
    /* a share of all rows has no labels to choose from */
    if (type->of != DG_OF_LABELS && arguments[2].name) made->params[count++] = arguments[2];
    made->params[count] = (dg_param)DG_END;
    const char *example =
        lua_pushfstring(L, "metrics.%s(%s, model:%s(test))", type->part.name,
                        numbers ? "test" : "test.y", chances ? "predict_proba" : "predict");
    lua_rawsetp(L, LUA_REGISTRYINDEX, made);
    made->function = (dg_function){ .name = type->part.name,
                                    .call = call_metric,
                                    .params = made->params,
                                    .size = sizeof(metric_options),
                                    .arguments = 2,
                                    .hints = dg_metric_hints,
                                    .doc = type->part.doc,
                                    .example = example };
    dg_push_described(L, &made->function, "metrics.");
}

/* --- metrics by name ------------------------------------------------------------------------ */

typedef struct find_options {
    const char *name;
} find_options;

#define METRIC_NAME(options)                                                                       \
    DG_TEXT(options, name, .required = true,                                                       \
            .doc = "\"accuracy\", \"f1_macro\", \"top_3_accuracy\" or another of metrics.names()")

static const dg_param find_params[] = { METRIC_NAME(find_options), DG_END };

static int find(lua_State *L, const void *options)
{
    dg_metric metric;
    dg_check_call(L, dg_metric_find(&metric, ((const find_options *)options)->name), "find");
    const dg_metric_type *type = metric.type;
    dg_push_record(L, 7);
    lua_pushstring(L, metric.name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, type->part.doc);
    lua_setfield(L, -2, "doc");
    lua_pushboolean(L, type->greater_is_better);
    lua_setfield(L, -2, "greater_is_better");
    lua_pushboolean(L, dg_metric_of_probabilities(type));
    lua_setfield(L, -2, "needs_probabilities");
    lua_pushboolean(L, type->of == DG_OF_NUMBERS);
    lua_setfield(L, -2, "needs_numbers");
    dg_set_number(L, "low", type->low);
    dg_set_number(L, "high", type->high);
    return 1;
}

static int names(lua_State *L)
{
    char name[DG_METRIC_NAME];
    dg_push_list(L, 0);
    for (int i = 0; dg_metric_name(i, name); i++) {
        lua_pushstring(L, name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

typedef struct score_options {
    dg_judge_options judge;
    const char *name;
} score_options;

static const dg_param score_params[] = {
    METRIC_NAME(score_options),
    DG_OF_ANY_TRUTH,
    DG_OF_ANY(dg_judge_options, predicted,
              "labels {n}; probabilities {n, k}, of which metrics of labels take the greatest; or "
              "numbers {n}"),
    DG_OF_COLUMNS,
    DG_END,
};

static int score(lua_State *L, const void *options)
{
    const score_options *o = options;
    double out;
    dg_metric metric;
    dg_check_call(L, dg_metric_find(&metric, o->name), "score");
    const dg_tensor *truth = dg_want_truth(L, metric.type, "score", &o->judge);
    dg_predictions predictions =
        dg_want_predictions(L, metric.type, "score", &o->judge, "predicted", true);
    dg_check_call(L, dg_metric_score(&out, &metric, truth, &predictions), "score");
    dg_push_number(L, out);
    return 1;
}

static const dg_function by_name[] = {
    { DG_CALLED(find, 1),
      .doc = "What is known of a metric that other functions take by name. It is { name =, doc =, "
             "low =, high =,\ngreater_is_better =, needs_probabilities =, needs_numbers = }; low "
             "and high bound its values.",
      .example = "metrics.find(\"f1_macro\").greater_is_better" },
    DG_PLAIN_FUNCTION("names", names,
                      "The names of metrics that score, bootstrap, compile and search know.",
                      "print(metrics.names())"),
    { DG_CALLED(score, 3), .hints = dg_metric_hints, .doc = "A metric by its name.",
      .example = "metrics.score(\"f1_macro\", test, model:predict_proba(test), { classes = "
                 "model.classes })" },
    { NULL, NULL, NULL },
};

void dg_open_metrics(lua_State *L)
{
    dg_class_register(L, &dg_confusion_class);
    dg_push_functions(L, by_name, "metrics.");
    dg_set_functions(L, dg_confusion_metrics, "metrics.");
    dg_set_functions(L, dg_probability_metrics, "metrics.");
    dg_set_functions(L, dg_compare_metrics, "metrics.");
    for (int i = 0; dg_registry[i]; i++) {
        if (strcmp(dg_registry[i]->kind, "metric") != 0) continue;
        push_metric_function(L, (const dg_metric_type *)dg_registry[i]);
        lua_setfield(L, -2, dg_registry[i]->name);
    }
}
