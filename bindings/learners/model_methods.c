/* The class of networks, and its methods beyond those of all learners. */
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/learner.h"
#include "bindings/learners/metric_functions.h"
#include "bindings/learners/model.h"
#include "bindings/learners/quantized.h"
#include "bindings/values/tensor.h"
#include "engine/base/random.h"

/* --- compile -------------------------------------------------------------------------------- */

typedef struct compile_options {
    const dg_part *optimizer, *loss;
    int metrics; /* place of the list, or 0 */
    int precision;
} compile_options;

static const dg_lua_handle metrics_handle = { { "list", "a list such as { \"accuracy\" }" },
                                              dg_is_table };

static const dg_param compile_params[] = {
    DG_PART(compile_options, optimizer, .required = true, .named_only = true, .kind = "optimizer",
            .doc = "how the weights are updated; each model compiles its own copy"),
    DG_PART(compile_options, loss, .required = true, .named_only = true, .kind = "loss",
            .doc = "what is minimised"),
    DG_SLOT(compile_options, metrics, .named_only = true, .handle = &metrics_handle.handle,
            .doc =
                "what else is measured: names from metrics.names(), functions of (y_true, y_pred), "
                "or functions by name; they are in the history of fit and the scores of evaluate"),
    DG_CHOICE(compile_options, precision, .named_only = true, .choices = dg_precision_names,
              .default_text = "float32",
              .doc = "bfloat16: the products of Conv2D and Dense are trained with factors of 8 "
                     "bits, faster and less exactly (but not those of 3 x 3 windows for which "
                     "Winograd's algorithm takes fewer operations); weights, sums, the optimizer "
                     "and predictions stay float32. Where the processor lacks the instructions "
                     "(AVX512_BF16), all is float32"),
    DG_END,
};

static const dg_hint compile_hints[] = {
    { "lr", "it is an option of the optimizer: optimizer = nn.Adam { learning_rate = ... }" },
    { "learning_rate",
      "it is an option of the optimizer: optimizer = nn.Adam { learning_rate = ... }" },
    { "optimiser", "use optimizer = ..." },
    { NULL },
};

static int compile(lua_State *L, const void *options)
{
    const compile_options *o = options;
    dg_model *model = dg_want_model(L, 1, "compile");
    dg_metric metrics[DG_MAX_METRICS];
    char text[256];
    int count = dg_read_metrics(L, o->metrics, metrics);
    dg_check_call(L, dg_model_compile(model, o->optimizer, o->loss, count, metrics), "compile");
    dg_model_set_precision(model, (dg_product_precision)o->precision);
    dg_keep_metric_functions(L, 1);
    if (dg_model_warn_outputs(model, text, sizeof text)) dg_tell(L, "compile", text);
    dg_forget_precision(L, 1);
    dg_tell_precision(L, 1, "compile");
    lua_settop(L, 1);
    return 1;
}

/* --- features ------------------------------------------------------------------------------- */

typedef struct model_options {
    const dg_tensor *rows;
    dg_one_of layer;
    bool training;
    const dg_dataset *set;
    dg_optional_seed seed;
    int weights; /* place of the table */
} model_options;

/* `who` begins the message. */
static int want_node(lua_State *L, const dg_model *model, const dg_value *layer, const char *who)
{
    int64_t count = model->node_count, place = layer->integer;
    if (layer->type == DG_VALUE_INT) {
        if (place >= 1 && place <= count) return (int)place - 1;
        if (place <= -1 && place >= -count) return (int)(count + place);
        return dg_raise(L,
                        "%s: layer must be a whole number from 1 to %I, or from -%I to -1, "
                        "found %I",
                        who, (lua_Integer)count, (lua_Integer)count, (lua_Integer)place);
    }
    const char **names = dg_scratch(L, (size_t)model->node_count, sizeof *names);
    for (int i = 0; i < model->node_count; i++)
        names[i] = model->layers[model->nodes[i].layer].name;
    const char *message = lua_pushfstring(L, "%s: the model has no layer", who);
    return dg_find_name(L, names, model->node_count, layer->text, message);
}

static int layer(lua_State *L, const void *options)
{
    const dg_model *model = dg_want_model(L, 1, "layer");
    dg_push_layer(L, 1, want_node(L, model, &((const model_options *)options)->layer, "layer"));
    return 1;
}

static int features(lua_State *L, const void *options)
{
    const model_options *o = options;
    const dg_model *model = dg_want_model(L, 1, "features");
    dg_tell_scale(L, &model->base, o->rows, "features");
    int node = want_node(L, model, &o->layer, "features");
    dg_job job = dg_job_default();
    dg_tensor *out = dg_push_tensor(L);
    uint64_t seed = o->training ? dg_seed_or_next(&o->seed) : 0;
    dg_status status = o->training
                           ? dg_model_training_features(model, o->rows, node, seed, &job, out)
                           : dg_model_features(model, o->rows, node, &job, out);
    dg_check_call(L, status, "features");
    return 1;
}

/* --- weights -------------------------------------------------------------------------------- */

static int weights(lua_State *L)
{
    dg_weights all = dg_weights_of_model(dg_want_model(L, 1, "weights"));
    dg_push_weights(L, &all, false);
    return 1;
}

static int set_weights(lua_State *L, const void *options)
{
    dg_weights all = dg_weights_of_model(dg_want_model(L, 1, "set_weights"));
    dg_set_weights(L, &all, ((const model_options *)options)->weights);
    return 0;
}

static int gradients(lua_State *L, const void *options)
{
    const model_options *o = options;
    dg_model *model = dg_want_model(L, 1, "gradients");
    dg_job job = dg_job_default();
    double loss;
    uint64_t key = dg_key(dg_seed_or_next(&o->seed), "gradients", 0);
    dg_check_call(L, dg_model_compute_gradients(model, o->set, key, &job, &loss), "gradients");
    dg_weights all = dg_weights_of_model(model);
    dg_push_weights(L, &all, true);
    dg_push_number(L, loss);
    return 2;
}

#define LAYER_OPTION                                                                               \
    DG_ONE_OF(model_options, layer, .default_number = -1,                                          \
              .alternatives =                                                                      \
                  (const dg_param[]){ DG_EITHER(DG_TYPE_INT), DG_EITHER(DG_TYPE_TEXT), DG_END },   \
              .doc = "its position (-1 is the last), or its name")

static const dg_function methods[] = {
    DG_FUNCTION(
        "compile", compile,
        "Sets how the model is trained, and returns it; compiling again resets the optimizer.\nA "
        "metric that is a function gets the labels {n} (or numbers) and the outputs {n, classes} "
        "(or numbers {n})\nof an epoch, and returns a number; model files do not keep it.",
        "model:compile { optimizer = nn.Adam {}, loss = \"categorical_crossentropy\", "
        "metrics = { \"accuracy\" } }",
        DG_OPTIONS(compile), .hints = compile_hints),
    DG_FUNCTION(
        "features", features,
        "The output of a layer for each row: {n, ...} float32; with training = true as in a fit, "
        "in batches of 32: what\naugmentation makes of images. Then layers that are random draw "
        "anew at each call, from digits.seed, unless there is a seed.\nmodel(rows, { training = "
        "true }) gives those of the last layer.",
        "model:features(test, \"dense\")",
        DG_TAKES(model_options,
                 DG_HANDLE(model_options, rows, .required = true, .handle = &dg_rows_handle.handle,
                           .doc = "{n, ...}, or one row"),
                 LAYER_OPTION,
                 DG_BOOL(model_options, training, .doc = "as in training: random layers act"),
                 DG_SEED(model_options, seed, .doc = "for layers that are random")),
        .arguments = 2),
    DG_FUNCTION(
        "layer", layer,
        "A layer of the model: its weights, which can be set, trainable = false to freeze it, "
        "and its output, for models\nthat begin with what this one has learnt.",
        "model:layer(\"conv2d\").trainable = false", DG_TAKES(model_options, LAYER_OPTION),
        .arguments = 1),
    DG_PLAIN_FUNCTION("weights", weights,
                      "Copies of the weights, a table from names to tensors; its list part has the "
                      "names in order.",
                      "model:weights()[\"dense.kernel\"]"),
    DG_FUNCTION(
        "set_weights", set_weights,
        "Sets the given weights; if there is an error, no weight changes.",
        "model:set_weights(other:weights())",
        DG_TAKES(
            model_options,
            DG_SLOT(model_options, weights, .required = true, .handle = &dg_weights_handle.handle,
                    .doc =
                        "new values by name, as from weights(); other weights stay as they are")),
        .arguments = 1),
    DG_FUNCTION(
        "gradients", gradients,
        "The gradients of the loss over a set, computed as for one batch of training, but without "
        "an update: a table\nwith the names of weights(), and the loss. The model does not change.",
        "model:gradients(train:take(50))[\"dense.kernel\"]",
        DG_TAKES(
            model_options,
            DG_HANDLE(model_options, set, .required = true, .handle = &dg_set_handle.handle,
                      .doc = "the rows, as one batch"),
            DG_SEED(model_options, seed, .doc = "for layers that are random, such as Dropout")),
        .arguments = 1),
    DG_FUNCTION(
        "quantize", dg_lua_quantize,
        "A copy of the network that predicts in int8: the weights of convolutions and dense layers "
        "are whole numbers of 8 bits\nwith a scale for each output channel, the values between "
        "layers of 7 bits with a scale for each layer; other layers run in\nfloat32, as its "
        "summary says. It predicts faster, with a quarter of the memory, and as every model it is "
        "evaluated, saved\nand loaded; it cannot be fitted. Its predictions have the same bits on "
        "every processor (after Jacob et al. 2018).",
        "local small = model:quantize(train:take(1000))",
        DG_TAKES(dg_quantize_options,
                 DG_HANDLE(dg_quantize_options, calibration, .required = true,
                           .handle = &dg_rows_handle.handle,
                           .doc = "rows {n, ...} like those that it will predict, some hundreds: "
                                  "from the least to the greatest value that each layer gives for "
                                  "them its bytes will reach")),
        .arguments = 1),
    { .name = NULL },
};

const dg_class dg_model_class = {
    .name = DG_MODEL,
    .doc =
        "model\n"
        "A network with its weights: nn.Sequential makes one, digits.load reads one. compile it, "
        "fit it to a\ndataset, then evaluate, predict and save.",
    .base = &dg_learner_class,
    .methods = methods,
    .properties = dg_model_properties,
    .metamethods = dg_model_metamethods,
};
