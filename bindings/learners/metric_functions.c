/* Metrics that are Lua functions. */
#include "bindings/learners/metric_functions.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/memory.h"
#include "bindings/learners/learner.h"
#include "bindings/values/tensor.h"

/* --- reading -------------------------------------------------------------------------------- */

/* The metric on top of the stack, which it pops: a name, or a function that the table at
 * `functions` then keeps under the name that histories call it. */
static void read_metric(lua_State *L, const char *name, int functions, int count, dg_metric *out)
{
    char own[DG_METRIC_NAME_SIZE];
    if (count == DG_MAX_METRICS)
        dg_raise(L, "compile: at most %d metrics are allowed", DG_MAX_METRICS);
    if (name && strlen(name) >= sizeof own)
        dg_raise(L, "compile: the name of a metric may have at most %d characters, found %d",
                 DG_METRIC_NAME_SIZE - 1, (int)strlen(name));
    if (!name && lua_type(L, -1) == LUA_TSTRING) {
        dg_check_call(L, dg_metric_find(out, lua_tostring(L, -1)), "compile");
        lua_pop(L, 1);
        return;
    }
    if (lua_type(L, -1) != LUA_TFUNCTION)
        dg_wrong_type(L, -1, "compile", "a metric", "the name of a metric, or a function");
    snprintf(own, sizeof own, "metric_%d", count + 1);
    *out = (dg_metric){ 0 };
    dg_metric_set_name(out, name ? name : own);
    lua_setfield(L, functions, out->name);
}

int dg_read_metrics(lua_State *L, int list, dg_metric *out)
{
    int count = 0, length = list ? (int)lua_rawlen(L, list) : 0;
    dg_metric each;
    lua_newtable(L);
    int functions = lua_gettop(L);
    for (; count < length; count++) {
        lua_rawgeti(L, list, count + 1);
        read_metric(L, NULL, functions, count, &each);
        out[count] = each;
    }
    /* in the order of their names, for such keys have none */
    for (lua_pushnil(L); list && lua_next(L, list);) {
        int place = count;
        if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= length) {
            lua_pop(L, 1);
            continue;
        }
        if (lua_type(L, -2) != LUA_TSTRING)
            dg_raise(L,
                     "compile: metrics must be a list such as { \"accuracy\", name = function }, "
                     "found the key %s",
                     dg_push_found(L, -2));
        if (!*lua_tostring(L, -2)) dg_raise(L, "compile: a metric must have a name, found ''");
        read_metric(L, lua_tostring(L, -2), functions, count++, &each);
        for (; place > length && strcmp(out[place - 1].name, each.name) > 0; place--)
            out[place] = out[place - 1];
        out[place] = each;
    }
    return count;
}

void dg_keep_metric_functions(lua_State *L, int model)
{
    dg_push_learner_values(L, model);
    lua_insert(L, -2);
    lua_setfield(L, -2, "metrics");
    lua_pop(L, 1);
}

bool dg_has_metric_functions(const dg_learner *learner)
{
    for (int i = 0; i < learner->metric_count; i++)
        if (!learner->metrics[i].type) return true;
    return false;
}

int dg_lua_asks_functions(lua_State *L)
{
    lua_pushboolean(L, dg_has_metric_functions(dg_want_learner(L, 1, "fit")));
    return 1;
}

/* --- asking --------------------------------------------------------------------------------- */

struct question {
    const dg_asking *asking;
    int place;
    const dg_tensor *truth, *outputs;
    double answer;
};

static int ask_function(lua_State *L)
{
    struct question *question = lua_touserdata(L, 1);
    const char *name = question->asking->learner->metrics[question->place].name;
    dg_push_learner_values(L, 2);
    if (lua_getfield(L, -1, "metrics") != LUA_TTABLE) return 0;
    lua_getfield(L, -1, name);
    *dg_push_tensor(L) = dg_tensor_retain(question->truth);
    dg_tensor *outputs = dg_push_tensor(L);
    /* in a fit their memory is used again for the next epoch */
    dg_check_status(L, dg_tensor_copy(outputs, question->outputs));
    lua_call(L, 2, 1);
    if (lua_type(L, -1) != LUA_TNUMBER)
        dg_raise(L, "the metric %s must return a number, found %s", name, dg_push_found(L, -1));
    question->answer = lua_tonumber(L, -1);
    return 0;
}

static dg_status ask(void *context, int place, const dg_tensor *truth, const dg_tensor *outputs,
                     double *out)
{
    dg_asking *asking = context;
    lua_State *L = asking->L;
    bool busy = asking->learner->busy;
    struct question question = { asking, place, truth, outputs, 0 };
    int top = lua_gettop(L);
    lua_pushcfunction(L, dg_add_traceback);
    lua_pushcfunction(L, ask_function);
    lua_pushlightuserdata(L, &question);
    lua_pushvalue(L, asking->model);
    asking->learner->busy = true; /* nothing closes or compiles it now */
    int status = lua_pcall(L, 2, 0, top + 1);
    asking->learner->busy = busy;
    dg_memory_enter(L);
    if (status != LUA_OK) {
        asking->failed = true;
        return dg_error(DG_STOPPED, "a metric failed");
    }
    lua_settop(L, top);
    *out = question.answer;
    return DG_OK;
}

void dg_asking_begin(dg_asking *asking, lua_State *L, dg_learner *learner, int model)
{
    *asking = (dg_asking){
        .L = L, .learner = learner, .model = lua_absindex(L, model), .outer = learner->ask_context
    };
    luaL_checkstack(L, 16, NULL);
    if (!dg_has_metric_functions(learner)) return;
    learner->ask = ask;
    learner->ask_context = asking;
}

void dg_asking_end(dg_asking *asking)
{
    asking->learner->ask = asking->outer ? ask : NULL;
    asking->learner->ask_context = asking->outer;
}
