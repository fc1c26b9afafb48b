/* The module metrics: what people may give as labels, and options that several functions have. */
#include "bindings/metrics.h"

#include <math.h>
#include <string.h>

#include "bindings/data.h"
#include "bindings/tensor.h"
#include "engine/base/part.h" /* dg_nearest */

/* --- arguments ------------------------------------------------------------------------------ */

const dg_tensor *dg_want_labels(lua_State *L, int index, const char *function, const char *name)
{
    luaL_checkstack(L, 4, NULL);
    const dg_dataset *set = dg_test_dataset(L, index);
    if (set && !set->labelled)
        dg_raise(L, "%s: %s is a dataset %s", function, name,
                 set->numeric ? "of numbers, not of labels (r2 and the errors judge numbers)"
                              : "without labels");
    if (set) return &set->labels;
    const dg_tensor *given = dg_test_tensor(L, index);
    if (!given && lua_type(L, index) != LUA_TTABLE)
        dg_wrong_type(L, index, function, name, "labels (a tensor, a list or a dataset)");
    if (!given) {
        dg_push_tensor_of(L, index, function, NULL);
        given = lua_touserdata(L, -1);
    }
    dg_tensor *out = dg_push_tensor(L);
    dg_check_call(L, dg_labels_read(out, given, name), function);
    return out;
}

const dg_tensor *dg_args_labels(const dg_args *args, const char *name)
{
    if (!dg_args_push(args, name)) return NULL;
    return dg_want_labels(args->L, lua_gettop(args->L), args->function, name);
}

void dg_args_classes(const dg_args *args, int truth, dg_answers *answers)
{
    const dg_tensor *given = dg_args_labels(args, "classes");
    const dg_dataset *set = dg_test_dataset(args->L, truth);
    if (given) {
        answers->class_count = given->shape[0];
        answers->classes = dg_int32s(given);
    } else if (set && answers->chances && answers->chances->axes == 2 &&
               set->class_count == answers->chances->shape[1]) {
        answers->class_count = set->class_count;
        answers->classes = set->classes;
    }
}

int dg_args_word(const dg_args *args, const char *name, const char *const *words, int otherwise)
{
    lua_State *L = args->L;
    const char *found;
    int count = 0;
    if (!dg_args_text(args, name, &found)) return otherwise;
    for (; words[count]; count++)
        if (strcmp(words[count], found) == 0) return count;
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (int i = 0; i < count; i++) {
        if (i) luaL_addstring(&list, i == count - 1 ? " or " : ", ");
        luaL_addstring(&list, "\"");
        luaL_addstring(&list, words[i]);
        luaL_addstring(&list, "\"");
    }
    luaL_pushresult(&list);
    const char *near = dg_nearest(found, words, count);
    if (near)
        dg_raise(L, "%s: %s must be %s, found '%s', did you mean '%s'?", args->function, name,
                 lua_tostring(L, -1), found, near);
    return dg_raise(L, "%s: %s must be %s, found '%s'", args->function, name, lua_tostring(L, -1),
                    found);
}

double dg_args_zero_division(const dg_args *args, bool *warn)
{
    lua_State *L = args->L;
    *warn = false;
    if (!dg_args_push(args, "zero_division")) return 0;
    if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "warn") == 0) *warn = true;
    double value = *warn ? 0 : lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if (isnan(value)) value = NAN; /* without the sign of 0 / 0 */
    if (value == 0 || value == 1 || isnan(value)) {
        lua_pop(L, 1);
        return value;
    }
    return dg_raise(L, "%s: zero_division must be 0, 1, NaN (0 / 0) or \"warn\", found %s",
                    args->function, dg_push_found(L, -1));
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

/* --- metrics by name ------------------------------------------------------------------------ */

/* find(name) */
static int find(lua_State *L)
{
    dg_metric metric;
    dg_check_call(L, dg_metric_find(&metric, dg_want_text(L, 1, "find", "the name")), "find");
    lua_createtable(L, 0, 4);
    dg_set_printable(L, "digits.record");
    lua_pushstring(L, metric.type->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, metric.type->doc);
    lua_setfield(L, -2, "doc");
    lua_pushboolean(L, metric.type->greater_is_better);
    lua_setfield(L, -2, "greater_is_better");
    lua_pushboolean(L, dg_metric_of_chances(&metric));
    lua_setfield(L, -2, "needs_probabilities");
    lua_pushboolean(L, metric.type->of_numbers != NULL);
    lua_setfield(L, -2, "needs_numbers");
    return 1;
}

/* names() */
static int names(lua_State *L)
{
    const dg_metric_type *type;
    dg_push_list(L, 0);
    for (int i = 0; (type = dg_metric_at(i)) != NULL; i++) {
        lua_pushstring(L, type->name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static const dg_function by_name[] = {
    { "find", find,
      "find(name)\n"
      "What is known of a metric that other functions take by name. It is { name =, doc =,\n"
      "greater_is_better =, needs_probabilities =, needs_numbers = }.\n"
      "metrics.find(\"f1_macro\").greater_is_better" },
    { "names", names, "names()\nThe names of metrics that score, bootstrap and search know." },
    { NULL, NULL, NULL },
};

/* Adds functions to the table on top of the stack. */
static void add_functions(lua_State *L, const dg_function *functions)
{
    dg_push_functions(L, functions, "metrics.");
    for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2); /* table, added, name, name, function */
        lua_settable(L, -5);
    }
    lua_pop(L, 1);
}

void dg_open_metrics(lua_State *L)
{
    dg_class_register(L, &dg_confusion_class);
    dg_push_functions(L, by_name, "metrics.");
    add_functions(L, dg_label_metrics);
    add_functions(L, dg_chance_metrics);
    add_functions(L, dg_compare_metrics);
    add_functions(L, dg_number_metrics);
}
