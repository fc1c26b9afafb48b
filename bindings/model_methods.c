/* What networks can do beyond what every learner can. */
#include <stdio.h>
#include <string.h>

#include "bindings/check.h"
#include "bindings/data.h"
#include "bindings/learner.h"
#include "bindings/model.h"
#include "bindings/parts.h"
#include "bindings/tensor.h"
#include "engine/base/random.h"

/* --- compile -------------------------------------------------------------------------------- */

/* metrics = { "accuracy" }: the only one so far. */
static bool want_metrics(const dg_args *args)
{
    static const char *const known[] = { "accuracy" };
    lua_State *L = args->L;
    if (!dg_args_push(args, "metrics")) return false;
    if (lua_type(L, -1) != LUA_TTABLE)
        dg_wrong_type(L, -1, "compile", "metrics", "a list such as { \"accuracy\" }");
    int count = (int)lua_rawlen(L, -1);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        const char *name = dg_want_text(L, -1, "compile", "a metric");
        if (strcmp(name, known[0]) != 0)
            dg_raise(L, "compile: unknown metric '%s'%s", name,
                     dg_nearest(name, known, 1) ? ", did you mean 'accuracy'?"
                                                : ", there is 'accuracy'");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return count > 0;
}

static const dg_part *want_recipe(const dg_args *args, const char *option)
{
    if (!dg_args_push(args, option)) {
        dg_raise(args->L, "compile: %s is required", option);
        return NULL;
    }
    return dg_push_part_of(args->L, -1, option, "compile", option);
}

static int compile(lua_State *L)
{
    static const char *const names[] = { "optimizer", "loss", "metrics", NULL };
    static const char *const hints[] = {
        "lr",
        "the optimizer has it: optimizer = nn.Adam { learning_rate = ... }",
        "learning_rate",
        "the optimizer has it: optimizer = nn.Adam { learning_rate = ... }",
        "optimiser",
        "use optimizer = ...",
        NULL
    };
    dg_model *model = dg_want_model(L, 1, "compile");
    dg_args args = dg_args_open(L, 2, "compile", names, hints, 0);
    bool with_accuracy = want_metrics(&args);
    const dg_part *optimizer = want_recipe(&args, "optimizer");
    const dg_part *loss = want_recipe(&args, "loss");
    char text[256];
    dg_check_call(L, dg_model_compile(model, optimizer, loss, with_accuracy), "compile");
    if (dg_model_doubts_outputs(model, text, sizeof text)) dg_tell(L, "compile", text);
    lua_settop(L, 1);
    return 1;
}

/* --- features ------------------------------------------------------------------------------- */

/* The node of the layer at stack index 3: its name, or its place (-1 is the last). */
static int want_node(lua_State *L, const dg_model *model)
{
    if (lua_type(L, 3) != LUA_TSTRING) {
        int64_t count = model->node_count;
        int64_t place = dg_want_integer(L, 3, "features", "the layer", -count, count);
        if (place == 0) return dg_raise(L, "features: layers are counted from 1, found 0");
        return (int)(place > 0 ? place - 1 : count + place);
    }
    const char *name = lua_tostring(L, 3);
    const char **names = dg_scratch(L, (size_t)model->node_count, sizeof *names);
    for (int i = 0; i < model->node_count; i++) {
        names[i] = model->layers[model->nodes[i].layer].name;
        if (strcmp(names[i], name) == 0) return i;
    }
    const char *nearest = dg_nearest(name, names, model->node_count);
    return dg_raise(L, "features: the model has no layer '%s'%s%s%s", name,
                    nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static int features(lua_State *L)
{
    const dg_model *model = dg_want_model(L, 1, "features");
    const dg_tensor *x = dg_want_inputs(L, 2, &model->base, "features");
    int node = want_node(L, model);
    dg_job job = dg_job_default();
    dg_check_call(L, dg_model_features(model, x, node, &job, dg_push_tensor(L)), "features");
    return 1;
}

/* --- weights -------------------------------------------------------------------------------- */

/* Pushes a table name -> tensor, whose list part has the names in order. `gradients`: of those
 * that are trained. */
static void push_weights(lua_State *L, const dg_model *model, bool gradients)
{
    int place = 0;
    lua_createtable(L, model->weight_count, model->weight_count);
    dg_set_printable(L, "digits.weights");
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        if (gradients && weight->frozen) continue;
        dg_tensor *out = dg_push_tensor(L);
        dg_check_status(L, dg_tensor_new(out, DG_FLOAT32, weight->shape.count, weight->shape.at));
        memcpy(dg_floats(out), gradients ? dg_model_gradient(model, i) : dg_model_weight(model, i),
               (size_t)weight->size * sizeof(float));
        lua_setfield(L, -2, weight->name);
        lua_pushstring(L, weight->name);
        lua_rawseti(L, -2, ++place);
    }
}

static int weights(lua_State *L)
{
    push_weights(L, dg_want_model(L, 1, "weights"), false);
    return 1;
}

static int find_weight(lua_State *L, const dg_model *model, const char *name)
{
    for (int i = 0; i < model->weight_count; i++)
        if (strcmp(model->weights[i].name, name) == 0) return i;
    const char **names = dg_scratch(L, (size_t)model->weight_count, sizeof *names);
    for (int i = 0; i < model->weight_count; i++) names[i] = model->weights[i].name;
    const char *nearest = dg_nearest(name, names, model->weight_count);
    return dg_raise(L, "set_weights: the model has no weight '%s'%s%s%s", name,
                    nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

/* Leaves in the table on top the contiguous float32 tensors for the weights of these numbers. */
static void check_weight(lua_State *L, const dg_model *model, int values)
{
    const char *name = lua_tostring(L, -2);
    int number = find_weight(L, model, name);
    const dg_weight *weight = &model->weights[number];
    const dg_tensor *given = dg_want_tensor(L, -1, "set_weights", name);
    char found[160], expected[160];
    if (given->axes != weight->shape.count ||
        memcmp(given->shape, weight->shape.at, (size_t)given->axes * sizeof *given->shape) != 0)
        dg_raise(L, "set_weights: %s must have shape %s, found %s", name,
                 dg_shape_text(weight->shape.count, weight->shape.at, expected, sizeof expected),
                 dg_shape_text(given->axes, given->shape, found, sizeof found));
    dg_check_call(L, dg_tensor_astype(dg_push_tensor(L), given, DG_FLOAT32), "set_weights");
    lua_rawseti(L, values, number + 1);
}

static int set_weights(lua_State *L)
{
    dg_model *model = dg_want_model(L, 1, "set_weights");
    if (lua_type(L, 2) != LUA_TTABLE)
        dg_wrong_type(L, 2, "set_weights", "the weights", "a table from names to tensors");
    lua_settop(L, 2);
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING)
            check_weight(L, model, 3);
        else if (lua_type(L, -1) != LUA_TSTRING) /* weights() lists its names */
            dg_raise(L, "set_weights: expected names with tensors, found %s", dg_push_found(L, -2));
    }
    for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
        int number = (int)lua_tointeger(L, -2) - 1;
        const dg_tensor *value = lua_touserdata(L, -1);
        memcpy(dg_model_weight(model, number), dg_floats(value),
               (size_t)model->weights[number].size * sizeof(float));
    }
    return 0;
}

static int gradients(lua_State *L)
{
    static const char *const names[] = { "seed", NULL };
    dg_model *model = dg_want_model(L, 1, "gradients");
    const dg_dataset *set = dg_want_dataset(L, 2, "gradients", "the set");
    dg_args args = dg_args_open(L, 3, "gradients", names, NULL, 0);
    uint64_t seed = dg_args_seed_or_next(&args);
    dg_job job = dg_job_default();
    double loss;
    dg_check_call(L, dg_model_gradients(model, set, dg_key(seed, "gradients", 0), &job, &loss),
                  "gradients");
    push_weights(L, model, true);
    dg_push_number(L, loss);
    return 2;
}

const dg_function dg_model_methods[] = {
    { "compile", compile,
      "compile { optimizer = part or name, loss = part or name, metrics = { \"accuracy\" } }\n"
      "Says how to train. The optimizer's recipe is copied; compiling again starts it anew.\n"
      "model:compile { optimizer = nn.Adam {}, loss = \"categorical_crossentropy\", metrics = { "
      "\"accuracy\" } }" },
    { "features", features,
      "features(rows, layer)\nThe output of a layer, by its name or place, for each row of a "
      "tensor "
      "or dataset: {n, ...} float32.\nmodel:features(test, \"dense\")" },
    { "weights", weights,
      "weights()\nCopies of the weights, a table from names to tensors; its list part has the "
      "names "
      "in order.\nmodel:weights()[\"dense.kernel\"]" },
    { "set_weights", set_weights,
      "set_weights { [name] = tensor, ... }\nGives weights these values, all of them or, on an "
      "error, none.\nmodel:set_weights(other:weights())" },
    { "gradients", gradients,
      "gradients(set, { seed = nil })\nThe gradients of the loss of a whole set, as in one batch "
      "of "
      "training, without an update: a table as\nfrom weights(), and the loss. The model stays as "
      "it was.\nmodel:gradients(train:take(50))[\"dense.kernel\"]" },
    { NULL, NULL, NULL },
};
