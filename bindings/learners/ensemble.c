/* digits.ensemble */
#include "bindings/learners/ensemble.h"

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/parts.h"
#include "bindings/learners/learner.h"
#include "engine/ensemble.h"

typedef struct ensemble_options {
    int members, weights; /* places of the lists; or 0 */
} ensemble_options;

static const dg_lua_handle members_handle = { { "list", "models, digits.ensemble { a, b, c }" },
                                              dg_is_table };
static const dg_lua_handle numbers_handle = { { "list", "a list of numbers, one for each member" },
                                              dg_is_table };

static const double *read_weights(lua_State *L, int list, int count)
{
    if (!list) return NULL;
    double *weights = dg_scratch(L, (size_t)count, sizeof *weights);
    if ((int)lua_rawlen(L, list) != count)
        dg_raise(L, "ensemble: weights must be a list of %d numbers, one for each member, found %d",
                 count, (int)lua_rawlen(L, list));
    for (int i = 0; i < count; i++) {
        if (lua_rawgeti(L, list, i + 1) != LUA_TNUMBER)
            dg_raise(L, "ensemble: weight %d must be a number, found %s", i + 1,
                     dg_push_found(L, -1));
        weights[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return weights;
}

static int ensemble(lua_State *L, const void *options)
{
    const ensemble_options *o = options;
    int count = (int)lua_rawlen(L, o->members);
    const dg_learner **members = dg_scratch(L, (size_t)count, sizeof *members);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, o->members, i + 1);
        members[i] = dg_want_learner(L, lua_gettop(L), "ensemble");
        lua_pop(L, 1); /* the list keeps it */
    }
    const double *weights = read_weights(L, o->weights, count);
    dg_learner **out = dg_push_learner(L, dg_learner_class_of(L, &dg_ensemble)->name);
    dg_check_call(L, dg_ensemble_new(out, count, members, weights), "ensemble");
    return 1;
}

const dg_function dg_ensemble_function = DG_FUNCTION(
    "ensemble", ensemble,
    "A model that predicts the weighted mean of the probabilities (or numbers) of its members: "
    "networks, trees and\nwhatever else, of the same labels. It holds copies of them, is "
    "evaluated, "
    "saved as one file and loaded as every\nmodel; fit trains the copies in turn, each as it would "
    "by itself (networks continue; epochs, batch_size and shuffle\nare for them).",
    "local all = digits.ensemble { cnn, forest, weights = { 3, 1 } }",
    DG_TAKES(ensemble_options,
             DG_SLOT(ensemble_options, members, .rest = true, .required = true,
                     .handle = &members_handle.handle, .doc = "the models"),
             DG_SLOT(ensemble_options, weights, .named_only = true,
                     .handle = &numbers_handle.handle,
                     .doc = "the weight of each, a list of numbers; nil: all alike")));
