/* The methods of learners made of trees, beyond those of all learners. */
#include "bindings/learners/trees.h"

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/learners/learner.h"
#include "bindings/values/tensor.h"
#include "engine/tree/learners.h"

/* That it is made of trees has been checked by the call of the method. */
static dg_learner *want_fitted(lua_State *L, const char *function)
{
    dg_learner *learner = dg_want_learner(L, 1, function);
    if (!learner->fitted) dg_raise(L, "%s: the model was never fitted", function);
    return learner;
}

typedef struct tree_options {
    const char *kind;
    int64_t number, depth;
} tree_options;

static int importances(lua_State *L, const void *options)
{
    const tree_options *o = options;
    const dg_learner *learner = want_fitted(L, "importances");
    dg_check_call(L, dg_tree_learner_importances(learner, o->kind, dg_push_tensor(L)),
                  "importances");
    return 1;
}

static int tree_text(lua_State *L, const void *options)
{
    const tree_options *o = options;
    const dg_learner *learner = want_fitted(L, "tree_text");
    dg_check_call(L, dg_tree_learner_print(learner, o->number - 1, (int)o->depth, dg_push_box(L)),
                  "tree_text");
    dg_push_boxed(L);
    return 1;
}

static const dg_function methods[] = {
    DG_FUNCTION(
        "importances", importances,
        "The importance of each feature, a tensor {features} that sums to 1.",
        "boost:importances \"weight\"",
        DG_TAKES(tree_options,
                 DG_TEXT(tree_options, kind,
                         .doc = "for boosting, as in XGBoost: \"gain\", \"total_gain\", "
                                "\"cover\", \"total_cover\" or \"weight\"; for other trees: "
                                "\"impurity\"; nil: \"gain\", or \"impurity\"")),
        .arguments = 1),
    DG_FUNCTION("tree_text", tree_text, "A tree as readable text.", "print(forest:tree_text(1, 3))",
                DG_TAKES(tree_options,
                         DG_INT(tree_options, number, DG_AT_LEAST(1), .default_number = 1,
                                .doc = "which tree, from 1"),
                         DG_INT(tree_options, depth, DG_WITHIN(-1, INT32_MAX), .default_number = -1,
                                .doc = "how many levels of splits to show; -1: all")),
                .arguments = 2),
    { .name = NULL },
};

const dg_class dg_tree_learner_class = {
    .base = &dg_learner_class,
    .methods = methods,
    .index = dg_lua_learner_index,
};
