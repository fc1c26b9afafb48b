/* A network among Lua values. */
#include "bindings/calls/check.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/model.h"

dg_model *dg_want_model(lua_State *L, int index, const char *function)
{
    if (!luaL_testudata(L, index, DG_MODEL))
        dg_wrong_type(L, index, function, "the value", "a network");
    return dg_model_of(dg_want_learner(L, index, function));
}
