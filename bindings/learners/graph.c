/* Joining layers into networks. A node is a layer that was called on its inputs; nn.Input { ... }
 * is a node itself. Nodes only remember what they were made of: nn.Model walks back from the output
 * and adds each node to the network once. */
#include "bindings/learners/graph.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/parts.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/model.h"

/* A deeper chain of layers is a mistake, and would overflow the C stack. */
enum { MOST_DEPTH = 2000 };

/* --- nodes ---------------------------------------------------------------------------------- */

#define NODE "digits.node"

/* User values: 1 the layer, 2 a list of the nodes that it reads; of one that belongs to a model, 3
 * the model, whose node it is by the number in the userdata. */
enum { LAYER = 1, INPUTS = 2, ORIGIN = 3 };

static int node_tostring(lua_State *L)
{
    luaL_checkudata(L, 1, NODE);
    lua_getiuservalue(L, 1, LAYER);
    lua_pushfstring(L, "the output of %s", luaL_tolstring(L, -1, NULL));
    return 1;
}

static const luaL_Reg node_metamethods[] = { { "__tostring", node_tostring }, { NULL, NULL } };

static const dg_class node_class = {
    .name = NODE,
    .doc = "node\nThe output of a layer that was called on its input: nn.Dense { 10 }(x). nn.Model "
           "joins nodes into a network.",
    .metamethods = node_metamethods,
};

static bool is_input(lua_State *L, int index)
{
    const dg_part *part = dg_test_part(L, index);
    return part && dg_is_input_layer(part);
}

static void check_node(lua_State *L, int index, const char *function)
{
    if (luaL_testudata(L, index, NODE) || is_input(L, index)) return;
    if (dg_test_part(L, index))
        dg_raise(L, "%s: %s is a layer without an input: call it on one, layer(x)", function,
                 luaL_tolstring(L, index, NULL));
    dg_wrong_type(L, index, function, "the input", "nn.Input { ... } or a layer called on one");
}

/* layer(input) or layer { input, input, ... }: pushes a node. */
static int call_layer(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (is_input(L, 1))
        return dg_raise(L, "%s cannot be called: it takes no input", luaL_tolstring(L, 1, NULL));
    if (lua_gettop(L) > 2)
        return dg_raise(L, "%s: expected one input, or a list of them { a, b }, found %d arguments",
                        part->type->name, lua_gettop(L) - 1);
    lua_settop(L, 2);
    lua_newtable(L);
    if (lua_type(L, 2) == LUA_TTABLE) {
        int count = (int)lua_rawlen(L, 2);
        if (count == 0) dg_raise(L, "%s: expected its inputs, found none", part->type->name);
        for (int i = 1; i <= count; i++) {
            lua_rawgeti(L, 2, i);
            check_node(L, -1, part->type->name);
            lua_rawseti(L, 3, i);
        }
    } else {
        check_node(L, 2, part->type->name);
        lua_pushvalue(L, 2);
        lua_rawseti(L, 3, 1);
    }
    dg_class_push(L, NODE, sizeof(int), 3);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, LAYER);
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, -2, INPUTS);
    return 1;
}

/* --- nodes of a model ------------------------------------------------------------------------- */

/* Made once for each model, so that nn.Model adds none of them twice. */
static void push_model_node(lua_State *L, int model_index, int nodes, int number)
{
    const dg_model *model = dg_want_model(L, model_index, "output");
    const dg_node *node = &model->nodes[number];
    luaL_checkstack(L, 8, NULL);
    if (lua_rawgeti(L, nodes, number + 1) != LUA_TNIL) return;
    lua_pop(L, 1);
    dg_push_part(L, model->layers[node->layer].part);
    if (node->inputs > 0) {
        int *place = dg_class_push(L, NODE, sizeof *place, 3);
        *place = number;
        lua_insert(L, -2);
        lua_setiuservalue(L, -2, LAYER);
        lua_createtable(L, node->inputs, 0);
        for (int i = 0; i < node->inputs; i++) {
            lua_rawgeti(L, nodes, node->input[i] + 1);
            lua_rawseti(L, -2, i + 1);
        }
        lua_setiuservalue(L, -2, INPUTS);
        lua_pushvalue(L, model_index);
        lua_setiuservalue(L, -2, ORIGIN);
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, nodes, number + 1);
}

void dg_push_model_node(lua_State *L, int index, int node)
{
    index = lua_absindex(L, index);
    dg_push_learner_values(L, index);
    luaL_getsubtable(L, -1, "nodes");
    int nodes = lua_gettop(L);
    for (int i = 0; i <= node; i++) { /* those that it reads come before it */
        lua_settop(L, nodes);
        push_model_node(L, index, nodes, i);
    }
}

/* The name that the node at `index` has in its own model, unless a layer has it already. */
static const char *name_of(lua_State *L, int index, const dg_model *to)
{
    if (!luaL_testudata(L, index, NODE)) return NULL;
    if (lua_getiuservalue(L, index, ORIGIN) == LUA_TNIL) return NULL;
    const dg_model *from = dg_want_model(L, lua_gettop(L), "Model");
    const char *name = from->layers[from->nodes[*(int *)lua_touserdata(L, index)].layer].name;
    for (int i = 0; i < to->layer_count; i++)
        if (strcmp(to->layers[i].name, name) == 0) return NULL;
    return name;
}

/* Gives the network the weights of the models that its nodes belong to; `numbers` as for
 * add_node. */
static void copy_weights(lua_State *L, dg_model *to, int numbers)
{
    lua_settop(L, numbers);
    for (lua_pushnil(L); lua_next(L, numbers); lua_settop(L, numbers + 1)) {
        int node = (int)lua_tointeger(L, -1);
        if (!luaL_testudata(L, -2, NODE) || lua_getiuservalue(L, -2, ORIGIN) == LUA_TNIL) continue;
        const dg_model *from = dg_want_model(L, lua_gettop(L), "Model");
        int number = *(int *)lua_touserdata(L, -3);
        if (from->base.preparation.count)
            dg_raise(L,
                     "Model: the output of the layer '%s' belongs to a model with a preparation, "
                     "which the new model would not have: fit one without, on rows that are "
                     "prepared",
                     from->layers[from->nodes[number].layer].name);
        dg_check_call(
            L, dg_model_copy_layer(to, to->nodes[node].layer, from, from->nodes[number].layer),
            "Model");
    }
}

/* --- what both ways have in common ---------------------------------------------------------- */

#define NAME_AND_SEED(options)                                                                     \
    DG_TEXT(options, name, .named_only = true, .doc = "the name of the model"),                    \
        DG_SEED(options, seed, .named_only = true, .doc = "for the initial weights")

/* Pushes a new, empty network. */
static dg_model *push_model(lua_State *L, const dg_optional_seed *seed)
{
    dg_learner **out = dg_push_learner(L, DG_MODEL);
    dg_model *model;
    dg_check_status(L, dg_model_new(&model, dg_seed_or_next(seed)));
    *out = &model->base;
    return model;
}

/* Closes the network at stack index `place`. */
static void finish(lua_State *L, const char *function, const char *name, dg_model *model, int place,
                   int output)
{
    dg_check_call(L, dg_model_finish(model, output), function);
    if (name) {
        dg_push_learner_values(L, place);
        lua_pushstring(L, name);
        lua_setfield(L, -2, "name");
        lua_pop(L, 1);
    }
}

/* --- nn.Sequential -------------------------------------------------------------------------- */

/* The layer at `index`, place `place` of the list. */
static const dg_part *want_layer(lua_State *L, int index, int place)
{
    const dg_part *part = dg_test_part(L, index);
    if (part) return part;
    if (luaL_testudata(L, index, DG_CONSTRUCTOR))
        dg_raise(L,
                 "Sequential: value %d is a constructor, not a layer: call it, as in nn.Flatten {}",
                 place);
    const char *found = dg_push_found(L, index);
    dg_raise(L, "Sequential: value %d must be a layer, found %s", place, found);
    return NULL;
}

/* The options of both functions; layers, inputs and outputs are places on the stack. */
typedef struct graph_options {
    int layers, inputs, outputs;
    const char *name;
    dg_optional_seed seed;
} graph_options;

static const dg_lua_handle layers_handle = {
    { "list", "a list of layers, nn.Sequential { nn.Input { 28, 28, 1 }, ... }" }, dg_is_table
};

static int sequential(lua_State *L, const void *options)
{
    const graph_options *o = options;
    dg_model *model = push_model(L, &o->seed);
    int place = lua_gettop(L), node = -1, count = (int)lua_rawlen(L, o->layers);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, o->layers, i);
        const dg_part *part = want_layer(L, lua_gettop(L), i);
        if (i == 1 && !dg_is_input_layer(part))
            dg_raise(
                L, "Sequential: the first layer must be nn.Input { sizes of a row ... }, found %s",
                part->type->name);
        int before = node;
        dg_status status =
            dg_model_add(model, part, i > 1, &before, dg_part_name(L, lua_gettop(L)), &node);
        dg_check_call(L, status, "Sequential");
        lua_pop(L, 1);
    }
    finish(L, "Sequential", o->name, model, place, node);
    lua_settop(L, place);
    return 1;
}

/* --- nn.Model ------------------------------------------------------------------------------- */

/* Adds the node at the top of the stack, and first what it reads, unless it has been added; pops
 * it. The table at `numbers` has the number of each node that has been. */
static int add_node(lua_State *L, dg_model *model, int numbers, int depth)
{
    luaL_checkstack(L, 8, NULL);
    int node = lua_gettop(L), number, inputs = 0, input[DG_MAX_INPUTS];
    if (depth > MOST_DEPTH) dg_raise(L, "Model: more than %d layers in a row", MOST_DEPTH);
    lua_pushvalue(L, node);
    if (lua_rawget(L, numbers) != LUA_TNIL) {
        number = (int)lua_tointeger(L, -1);
        lua_settop(L, node - 1);
        return number;
    }
    if (is_input(L, node)) {
        lua_pushvalue(L, node);
    } else {
        lua_getiuservalue(L, node, INPUTS);
        int list = lua_gettop(L);
        inputs = (int)lua_rawlen(L, list);
        if (inputs > DG_MAX_INPUTS)
            dg_raise(L, "Model: a layer joins at most %d inputs, found %d", DG_MAX_INPUTS, inputs);
        for (int i = 0; i < inputs; i++) {
            lua_rawgeti(L, list, i + 1);
            input[i] = add_node(L, model, numbers, depth + 1);
        }
        lua_getiuservalue(L, node, LAYER);
    }
    const dg_part *part = dg_test_part(L, -1);
    const char *name = dg_part_name(L, lua_gettop(L));
    if (!name) name = name_of(L, node, model);
    dg_check_call(L, dg_model_add(model, part, inputs, input, name, &number), "Model");
    lua_pushvalue(L, node);
    lua_pushinteger(L, number);
    lua_rawset(L, numbers);
    lua_settop(L, node - 1);
    return number;
}

/* A layer that was not called is accepted here, and gets a message of its own later. */
static bool read_end(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return luaL_testudata(L, index, NODE) || dg_test_part(L, index);
}

static const dg_lua_handle end_handle = { { "node", "nn.Input { ... } or a layer called on one" },
                                          read_end };

static int model_of_nodes(lua_State *L, const void *options)
{
    const graph_options *o = options;
    dg_model *model = push_model(L, &o->seed);
    int place = lua_gettop(L), numbers = place + 1;
    lua_newtable(L);
    check_node(L, o->inputs, "Model");
    if (!is_input(L, o->inputs)) dg_raise(L, "Model: inputs must be nn.Input { ... }");
    lua_pushvalue(L, o->inputs);
    add_node(L, model, numbers, 0);
    check_node(L, o->outputs, "Model");
    lua_pushvalue(L, o->outputs);
    int output = add_node(L, model, numbers, 0);
    finish(L, "Model", o->name, model, place, output);
    copy_weights(L, model, numbers);
    lua_settop(L, place);
    return 1;
}

static const dg_function constructors[] = {
    DG_FUNCTION("Sequential", sequential,
                "A network of layers, each of which reads the output of the one before.",
                "nn.Sequential { nn.Input { 28, 28, 1 }, nn.Flatten {}, nn.Dense { 10, activation "
                "= \"softmax\" } }",
                DG_TAKES(graph_options,
                         DG_SLOT(graph_options, layers, .rest = true, .required = true,
                                 .handle = &layers_handle.handle,
                                 .doc = "an nn.Input and the layers that follow it"),
                         NAME_AND_SEED(graph_options)),
                DG_HINTS({ "input_shape", "begin with nn.Input { 28, 28, 1 }" })),
    DG_FUNCTION(
        "Model", model_of_nodes,
        "A network with branches. A layer is called on its input, layer(x), or on several, "
        "layer { a, b }; a layer\nthat is called twice uses the same weights. In the example, x = "
        "nn.Input { 4 }.\nThe output of a layer of another model, base:layer(\"dense\").output, "
        "may be "
        "called upon, too, and be an output:\nthe new model begins with copies of the weights that "
        "lead to it (Keras shares them instead), and then is one of\nits own. Its input is "
        "base:layer(1).output.",
        "nn.Model { inputs = x, outputs = nn.Add {} { x, nn.Dense { 4 }(x) } }",
        DG_TAKES(graph_options,
                 DG_SLOT(graph_options, inputs, .required = true, .handle = &end_handle.handle,
                         .doc = "the nn.Input that takes the rows"),
                 DG_SLOT(graph_options, outputs, .required = true, .handle = &end_handle.handle,
                         .doc = "the node whose output the model returns"),
                 NAME_AND_SEED(graph_options)),
        DG_HINTS({ "input", "use inputs = ..." }, { "output", "use outputs = ..." })),
    { .name = NULL },
};

static const dg_hint layer_hints[] = {
    { "trainable", "freeze the layer of a model: model:layer(name).trainable = false" },
    { NULL },
};

/* schedule(step), as in Keras: the learning rate after `step` updates. */
static int call_schedule(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    int64_t step;
    if (!dg_is_integer(L, 2, &step) || step < 0)
        return dg_raise(L, "%s: step must be a whole number of at least 0, found %s",
                        part->type->name, dg_push_found(L, 2));
    lua_pushnumber(L, ((const dg_schedule_type *)part->type)->rate(part->options, step));
    return 1;
}

/* What networks are made of. */
static const dg_part_kind kinds[] = {
    { "layer", .module = "nn", .named = true, .call = call_layer, .hints = layer_hints },
    { "loss", .module = "nn" },
    { "optimizer", .module = "nn" },
    { "schedule", .module = "nn", .call = call_schedule },
    { "initializer", .module = "nn" },
    { "regularizer", .module = "nn" },
    { NULL },
};

void dg_open_graph(lua_State *L)
{
    dg_class_register(L, &node_class);
    dg_add_kinds(L, kinds);
    luaL_getsubtable(L, -1, "nn");
    dg_set_functions(L, constructors, "nn.");
    lua_pop(L, 1);
}
