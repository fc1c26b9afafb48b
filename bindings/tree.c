/* What learners made of trees can do beyond what every learner can. */
#include "bindings/tree.h"

#include <string.h>

#include "bindings/check.h"
#include "bindings/learner.h"
#include "bindings/tensor.h"
#include "engine/tree/learners.h"

static dg_learner *want_fitted(lua_State *L, const char *function)
{
    dg_learner *learner = dg_want_learner(L, 1, function);
    if (!learner->type->family || strcmp(learner->type->family, "tree") != 0)
        dg_wrong_type(L, 1, function, "the value", "a model made of trees");
    if (!learner->fitted) dg_raise(L, "%s: the model was never fitted", function);
    return learner;
}

static int importances(lua_State *L)
{
    const dg_learner *learner = want_fitted(L, "importances");
    const char *kind = lua_isnoneornil(L, 2) ? NULL : dg_want_text(L, 2, "importances", "the kind");
    dg_check_call(L, dg_tree_learner_importances(learner, kind, dg_push_tensor(L)), "importances");
    return 1;
}

static int tree_text(lua_State *L)
{
    const dg_learner *learner = want_fitted(L, "tree_text");
    int64_t count = ((const dg_tree_learner *)learner)->trees.count;
    int64_t index = lua_isnoneornil(L, 2)
                        ? 1
                        : dg_want_integer(L, 2, "tree_text", "the number of the tree", 1, count);
    int64_t depth =
        lua_isnoneornil(L, 3) ? -1 : dg_want_integer(L, 3, "tree_text", "the depth", 0, INT32_MAX);
    dg_check_call(L, dg_tree_learner_print(learner, index - 1, (int)depth, dg_push_box(L)),
                  "tree_text");
    dg_push_boxed(L);
    return 1;
}

static const dg_function methods[] = {
    { "importances", importances,
      "importances(kind)\nHow much each feature counts, a tensor {features} that sums to 1. "
      "Boosting: \"gain\" (at first), \"total_gain\",\n\"cover\", \"total_cover\" or \"weight\", "
      "as "
      "XGBoost defines them; other trees: \"impurity\".\nboost:importances \"weight\"" },
    { "tree_text", tree_text,
      "tree_text(number, depth)\nA tree (at first the first) as a text that a person can read, "
      "down "
      "to a depth or whole.\nprint(forest:tree_text(1, 3))" },
    { NULL, NULL, NULL },
};

const dg_class dg_tree_class = {
    .base = &dg_learner_class,
    .methods = methods,
    .index = dg_learner_index,
};
