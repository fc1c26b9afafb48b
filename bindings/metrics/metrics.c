/* The module metrics: a function for each metric of the engine, and metrics by name. */
#include "bindings/metrics/metrics.h"

#include <string.h>

#include "bindings/metrics/judging.h"

/* --- a function for each metric ------------------------------------------------------------- */

typedef struct metric_options {
    dg_judge_options judge;
    alignas(8) char own[DG_METRIC_OPTIONS_SIZE];
} metric_options;

/* The function of a metric, which is never freed. */
struct metric_function {
    dg_function function; /* must be first */
    const dg_metric_type *type;
    dg_param params[DG_MAX_PARAMS];
};

static int push_by_label(lua_State *L, const dg_metric *metric, const dg_judged *judged)
{
    bool columns = dg_metric_takes_probabilities(metric->type);
    const int32_t *labels = columns ? judged->classes : judged->confusion.labels;
    int64_t count = columns ? judged->probabilities.columns : judged->confusion.size;
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
    dg_check_call(L, dg_metric_compute(&out, &metric, judged), name);
    dg_push_number(L, out);
    return 1;
}

/* The arguments of a metric, by what it is computed from. */
static const dg_param of_labels[] = { DG_TRUTH_PARAM, DG_PREDICTED_PARAM, DG_LABELS_PARAM, DG_END };
static const dg_param of_probabilities[] = {
    DG_TRUTH_PARAM,
    DG_PROBABILITIES_PARAM,
    DG_CLASSES_PARAM,
    DG_END,
};
static const dg_param of_numbers[] = {
    DG_SLOT(dg_judge_options, truth, .required = true, .handle = &dg_numbers_handle.handle,
            .doc = "the numbers: a tensor {n}, a list, or a dataset of numbers"),
    DG_SLOT(dg_judge_options, predicted, .required = true, .handle = &dg_numbers_handle.handle,
            .doc = "the predicted numbers"),
    DG_END,
};

/* Pushes the function of a metric, whose options stand between its arguments and the labels. */
static void push_metric_function(lua_State *L, const dg_metric_type *type)
{
    bool numbers = type->target == DG_TARGET_NUMBERS;
    bool probabilities = dg_metric_takes_probabilities(type);
    const dg_param *arguments = numbers ? of_numbers : probabilities ? of_probabilities : of_labels;
    int own = dg_descriptor_param_count(&type->part), count = 0;
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
                        numbers ? "test" : "test.y", probabilities ? "predict_proba" : "predict");
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
    lua_pushboolean(L, dg_metric_takes_probabilities(type));
    lua_setfield(L, -2, "needs_probabilities");
    lua_pushboolean(L, type->target == DG_TARGET_NUMBERS);
    lua_setfield(L, -2, "needs_numbers");
    dg_set_number(L, "low", type->low);
    dg_set_number(L, "high", type->high);
    return 1;
}

static int names(lua_State *L)
{
    char name[DG_METRIC_NAME_SIZE];
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
    DG_ANY_TRUTH_PARAM,
    DG_ANY_PARAM(dg_judge_options, predicted,
                 "labels {n}; probabilities {n, k}, of which metrics of labels use the greatest; "
                 "or numbers {n}"),
    DG_CLASSES_PARAM,
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
      .doc = "Describes a metric that other functions take by name: { name =, doc =, low "
             "=, high =,\ngreater_is_better =, needs_probabilities =, needs_numbers = }; low and "
             "high bound its values.",
      .example = "metrics.find(\"f1_macro\").greater_is_better" },
    DG_PLAIN_FUNCTION("names", names,
                      "The names of metrics that score, bootstrap, compile and search accept.",
                      "print(metrics.names())"),
    { DG_CALLED(score, 3), .hints = dg_metric_hints, .doc = "Computes a metric, given its name.",
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
    const dg_descriptor *type;
    for (int at = 0; (type = dg_next_of_kind("metric", &at));) {
        push_metric_function(L, (const dg_metric_type *)type);
        lua_setfield(L, -2, type->name);
    }
}
