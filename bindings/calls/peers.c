/* Peers' names, by class. */
#include "bindings/calls/peers.h"

#include <stddef.h>
#include <string.h>

struct advice {
    const char *name, *ours;
};

static const struct advice learner[] = {
    { "score", "use evaluate: model:evaluate(test).accuracy" },
    { "eval", "use evaluate: model:evaluate(test)" },
    { "test", "use evaluate: model:evaluate(test)" },
    { "train", "use fit: model:fit(train)" },
    { "fit_generator", "use fit: model:fit(train)" },
    { "train_on_batch", "use fit: model:fit(x, y, { epochs = 1 })" },
    { "partial_fit",
      "use fit: a network continues where it stopped, trees do with continue = true" },
    { "fit_predict", "use fit, then predict" },
    { "fit_transform", "use fit, then predict, or model:features(rows, layer) of a network" },
    { "transform", "use predict, or model:features(rows, layer) of a network" },
    { "forward", "use predict_proba: model:predict_proba(test)" },
    { "predict_classes", "use predict: model:predict(test) gives labels" },
    { "predict_generator", "use predict: model:predict(test)" },
    { "predict_on_batch", "use predict: model:predict(rows)" },
    { "predict_log_proba", "use predict_proba: model:predict_proba(test):log()" },
    { "decision_function", "use predict_proba: model:predict_proba(test)" },
    { "apply", "use tree_text to see where rows go" },
    { "get_weights", "use weights: model:weights()[name]" },
    { "state_dict", "use weights: model:weights()[name]" },
    { "load_state_dict", "use set_weights, or digits.load(path)" },
    { "load_weights", "use digits.load(path), or set_weights" },
    { "load_model", "use digits.load(path)" },
    { "save_weights", "use save: model:save \"model.safetensors\"" },
    { "save_model", "use save: model:save \"model.safetensors\"" },
    { "dump", "use save: model:save \"model.safetensors\"" },
    { "to_json", "use summary: print(model:summary())" },
    { "get_config", "use summary: print(model:summary())" },
    { "count_params", "use parameters: model.parameters" },
    { "get_layer", "use layers: model.layers[2]" },
    { "get_params", "options are fields: forest.n_estimators" },
    { "set_params", "make a new one with these options" },
    { "evals_result", "use history: model.history" },
    { "best_iteration", "use best_round" },
    { "best_ntree_limit", "use best_round" },
    { "oob_score_", "use oob_accuracy" },
    { "get_booster", "save it as .json to see its trees" },
    { "estimators_", "use tree_text(number) to see a tree" },
    { "cuda", "models run on the processor" },
    { "to", "models run on the processor" },
    { NULL, NULL },
};

static const struct advice dataset[] = {
    { "[1]", "the values of a row are set.x[1] and its target set.y[1]; set:rows { 1 } is a set" },
    { "batch", "use batches: for batch in set:batches { size = 32 } do" },
    { "head", "use take: set:take(5)" },
    { "sample", "use shuffle, then take: set:shuffle {}:take(100)" },
    { "train_test_split", "use split: set:split { 0.8, 0.2 }" },
    { "random_split", "use split: set:split { 0.8, 0.2 }" },
    { "kfold", "use folds: for training, held_out in set:folds { 5 } do" },
    { "filter", "use only: set:only { 4, 9 }" },
    { "value_counts", "use counts: set:counts()" },
    { "iloc", "use rows: set:rows { 1, 2 }" },
    { "loc", "use rows: set:rows { 1, 2 }" },
    { "images", "use x: set.x" },
    { "data", "use x: set.x" },
    { "features", "use x: set.x" },
    { "target", "use y: set.y" },
    { "targets", "use y: set.y" },
    { "concatenate", "use digits.data.concat { a, b }" },
    { "to_categorical", "use one_hot: set:one_hot()" },
    { "target_names", "use class_names" },
    { NULL, NULL },
};

static const struct advice tensor[] = {
    { "T", "use transpose: t:transpose()" },
    { "permute", "use transpose: t:transpose { 2, 1 }" },
    { "view", "use reshape: t:reshape { 2, 3 }" },
    { "flatten", "use reshape: t:reshape { -1 }" },
    { "ravel", "use reshape: t:reshape { -1 }" },
    { "squeeze", "use reshape: t:reshape { 2, 3 }" },
    { "unsqueeze", "use reshape: t:reshape { 1, 2, 3 }" },
    { "expand_dims", "use reshape: t:reshape { 1, 2, 3 }" },
    { "size", "use shape: t.shape; #t is the first size" },
    { "ndim", "use #t.shape" },
    { "dim", "use #t.shape" },
    { "numpy", "use totable: t:totable()" },
    { "tolist", "use totable: t:totable()" },
    { "clone", "use copy: t:copy()" },
    { "dot", "use matmul: a:matmul(b)" },
    { "mm", "use matmul: a:matmul(b)" },
    { "type", "use astype: t:astype \"float32\"" },
    { "float", "use astype: t:astype \"float32\"" },
    { "int", "use astype: t:astype \"int32\"" },
    { "pow", "use the operator: a ^ 2" },
    { "add", "use the operator: a + b" },
    { "sub", "use the operator: a - b" },
    { "mul", "use the operator: a * b" },
    { "div", "use the operator: a / b" },
    { "clamp", "use clip: t:clip(0, 1)" },
    { NULL, NULL },
};

static const struct {
    const char *class;
    const struct advice *advice;
} classes[] = {
    { "digits.learner", learner },
    { "digits.dataset", dataset },
    { "digits.tensor", tensor },
};

const char *dg_peer_advice(const char *class_name, const char *name)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strcmp(classes[i].class, class_name) != 0) continue;
        for (const struct advice *a = classes[i].advice; a->name; a++)
            if (strcmp(a->name, name) == 0) return a->ours;
    }
    return NULL;
}
