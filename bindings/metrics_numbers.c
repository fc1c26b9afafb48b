/* Metrics of numbers. */
#include "bindings/data.h"
#include "bindings/metrics.h"
#include "bindings/tensor.h"

const dg_tensor *dg_want_numbers(lua_State *L, int index, const char *function, const char *name)
{
    const dg_dataset *set = dg_test_dataset(L, index);
    if (set && !set->numeric)
        dg_raise(L, "%s: %s is a dataset %s", function, name,
                 set->labelled ? "of labels, not of numbers" : "without numbers");
    if (set) return &set->y;
    const dg_tensor *given = dg_test_tensor(L, index);
    if (given) return given;
    if (lua_type(L, index) != LUA_TTABLE)
        dg_wrong_type(L, index, function, name, "numbers (a tensor, a list or a dataset)");
    dg_push_tensor_of(L, index, function, NULL);
    return lua_touserdata(L, -1);
}

static const char *const hints[] = {
    "sample_weight",
    "rows count alike",
    "multioutput",
    "numbers are {rows}",
    "squared",
    "use metrics.root_mean_squared_error",
    NULL,
};

static int of_numbers(lua_State *L, const char *function)
{
    double out = 0;
    dg_metric metric;
    lua_settop(L, 3);
    dg_args_open(L, 3, function, (const char *const[]){ NULL }, hints, 0);
    dg_check_status(L, dg_metric_find(&metric, function));
    const dg_tensor *truth = dg_want_numbers(L, 1, function, "truth");
    dg_answers answers = { .numbers = dg_want_numbers(L, 2, function, "predicted") };
    dg_check_call(L, dg_metric_score(&out, &metric, truth, &answers), function);
    lua_pushnumber(L, out);
    return 1;
}

static int r2(lua_State *L)
{
    return of_numbers(L, "r2");
}

static int mean_squared_error(lua_State *L)
{
    return of_numbers(L, "mean_squared_error");
}

static int root_mean_squared_error(lua_State *L)
{
    return of_numbers(L, "root_mean_squared_error");
}

static int mean_absolute_error(lua_State *L)
{
    return of_numbers(L, "mean_absolute_error");
}

static int mean_absolute_percentage_error(lua_State *L)
{
    return of_numbers(L, "mean_absolute_percentage_error");
}

const dg_function dg_number_metrics[] = {
    { "r2", r2,
      "r2(truth, predicted, {})\n"
      "The coefficient of determination: 1 less the squared errors as a share of the spread of "
      "truth about\n"
      "its mean. 1 is perfect, 0 no better than the mean. Where truth is constant it is 1 if "
      "predicted is\n"
      "the same, else 0; of one row, NaN. Numbers are a tensor {n}, a list, or a dataset of "
      "numbers, here\n"
      "and in the errors.\n"
      "metrics.r2(test, model:predict(test))" },
    { "mean_squared_error", mean_squared_error,
      "mean_squared_error(truth, predicted, {})\nThe mean of the squares of truth - predicted." },
    { "root_mean_squared_error", root_mean_squared_error,
      "root_mean_squared_error(truth, predicted, {})\nThe square root of mean_squared_error." },
    { "mean_absolute_error", mean_absolute_error,
      "mean_absolute_error(truth, predicted, {})\nThe mean distance of truth and predicted." },
    { "mean_absolute_percentage_error", mean_absolute_percentage_error,
      "mean_absolute_percentage_error(truth, predicted, {})\n"
      "The mean distance of truth and predicted as a share of truth, as in scikit-learn: 0.5 means "
      "50 %,\n"
      "and where truth is 0 the error is divided by 2.2e-16." },
    { NULL, NULL, NULL },
};
