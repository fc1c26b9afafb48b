/* Quantised networks as Lua values, and the method of networks that makes them. */
#include "bindings/learners/quantized.h"

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/metric_functions.h"
#include "bindings/learners/model.h"
#include "engine/nn/quantized/quantized.h"

int dg_lua_quantize(lua_State *L, const void *options)
{
    const dg_tensor *x = ((const dg_quantize_options *)options)->calibration;
    const dg_model *model = dg_want_model(L, 1, "quantize");
    dg_tell_scale(L, &model->base, x, "quantize");
    dg_learner **out = dg_push_learner(L, dg_learner_class_of(L, &dg_quantized_network)->name);
    dg_job job = dg_job_default();
    dg_check_call(L, dg_model_quantize(out, model, x, &job), "quantize");
    if (dg_has_metric_functions(&model->base))
        dg_tell(L, "quantize", "metrics that are functions are left behind");
    return 1;
}

/* What would have been needed to do what is refused. */
typedef struct refused_options {
    int given; /* its place */
} refused_options;

#define REFUSED                                                                                    \
    DG_TAKES(refused_options, DG_SLOT(refused_options, given, .handle = &dg_any_handle.handle,     \
                                      .doc = "is not looked at")),                                 \
        .arguments = 1

static int refuse_compile(lua_State *L, const void *options)
{
    (void)options;
    return dg_raise(L, "compile: " DG_PREDICTS_ONLY);
}

static int refuse_quantize(lua_State *L, const void *options)
{
    (void)options;
    return dg_raise(L, "quantize: this network is quantised already");
}

static const dg_function methods[] = {
    DG_FUNCTION("compile", refuse_compile, "Refused: a quantised network predicts only.",
                "model:quantize(train):summary()", REFUSED),
    DG_FUNCTION("quantize", refuse_quantize, "Refused: the network is quantised already.",
                "model:quantize(train):summary()", REFUSED),
    { .name = NULL },
};

static const dg_learner *want_quantized(lua_State *L, const char *function)
{
    const dg_learner *learner = dg_want_learner(L, 1, function);
    if (learner->type != &dg_quantized_network)
        dg_wrong_type(L, 1, function, "the value", "a quantised network");
    return learner;
}

static int precision(lua_State *L)
{
    want_quantized(L, "precision");
    lua_pushliteral(L, "int8");
    return 1;
}

static int weight_bytes(lua_State *L)
{
    lua_pushinteger(L, dg_quantized_weight_bytes(want_quantized(L, "weight_bytes")));
    return 1;
}

static const dg_property properties[] = {
    { "precision", precision, "precision\nWhat its layers compute with: \"int8\"." },
    { "weight_bytes", weight_bytes, "weight_bytes\nThe bytes of its weights and their scales." },
    { NULL, NULL, NULL },
};

const dg_class dg_quantized_class = {
    .base = &dg_learner_class,
    .methods = methods,
    .properties = properties,
    .metamethods = dg_learner_metamethods,
};
