/* Writing XGBoost's JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/atomic_file.h"
#include "engine/base/math64.h"
#include "engine/base/memory.h"
#include "engine/base/text.h"
#include "engine/store/json.h"
#include "engine/store/part_json.h"
#include "engine/tree/fitting.h"
#include "engine/tree/xgboost_json.h"

/* One number of each node; XGBoost tells floats by their point or exponent. */
enum field {
    BASE_WEIGHTS,
    DEFAULT_LEFT,
    LEFT_CHILDREN,
    LOSS_CHANGES,
    PARENTS,
    RIGHT_CHILDREN,
    SPLIT_CONDITIONS,
    SPLIT_INDICES,
    SPLIT_TYPE,
    SUM_HESSIAN,
    FIELDS
};
static const char *const field_names[] = { "base_weights",     "default_left",  "left_children",
                                           "loss_changes",     "parents",       "right_children",
                                           "split_conditions", "split_indices", "split_type",
                                           "sum_hessian" };

static void add_float(dg_text *text, float value)
{
    dg_text_add(text, "%.8E", (double)value);
}

static void add_field(dg_text *text, const dg_tree *tree, enum field field, int32_t node,
                      const int32_t *parent)
{
    const dg_tree_rule *rule = &tree->rule[node];
    const dg_tree_fact *fact = &tree->fact[node];
    bool leaf = fact->leaf >= 0;
    switch (field) {
    case BASE_WEIGHTS: add_float(text, fact->weight); break;
    case DEFAULT_LEFT: dg_text_add(text, "%d", !leaf && rule->feature < 0); break;
    case LEFT_CHILDREN: dg_text_add(text, "%d", leaf ? -1 : rule->left); break;
    case LOSS_CHANGES: add_float(text, fact->gain); break;
    case PARENTS: dg_text_add(text, "%d", parent[node]); break;
    case RIGHT_CHILDREN: dg_text_add(text, "%d", leaf ? -1 : rule->left + 1); break;
    case SPLIT_CONDITIONS:
        add_float(text, leaf ? tree->value[fact->leaf] : nextafterf(rule->threshold, INFINITY));
        break;
    case SPLIT_INDICES: dg_text_add(text, "%d", leaf ? 0 : dg_tree_rule_feature(rule)); break;
    case SPLIT_TYPE: dg_text_add(text, "0"); break;
    default: add_float(text, fact->cover); break;
    }
}

static dg_status add_tree(dg_text *text, const dg_trees *trees, int64_t index)
{
    const dg_tree *tree = &trees->tree[index];
    DG_OWNED int32_t *parent = NULL;
    DG_TRY(dg_alloc(&parent, tree->nodes, sizeof *parent));
    parent[0] = INT32_MAX;
    for (int32_t i = 0; i < tree->nodes; i++)
        if (tree->fact[i].leaf < 0) parent[tree->rule[i].left] = parent[tree->rule[i].left + 1] = i;
    dg_text_add(text,
                "%s{\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],"
                "\"categories_sizes\":[],\"id\":%" PRId64,
                index ? "," : "", index);
    for (int f = 0; f < FIELDS; f++) {
        dg_text_add(text, ",\"%s\":[", field_names[f]);
        for (int32_t i = 0; i < tree->nodes; i++) {
            if (i) dg_text_add(text, ",");
            add_field(text, tree, (enum field)f, i, parent);
        }
        dg_text_add(text, "]");
    }
    dg_text_add(text,
                ",\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"%" PRId64
                "\",\"num_nodes\":\"%d\",\"size_leaf_vector\":\"0\"}}",
                trees->features, tree->nodes);
    return DG_OK;
}

static void add_labels(dg_text *text, const dg_learner *learner, const char *between)
{
    for (int64_t i = 0; i < learner->class_count; i++)
        dg_text_add(text, "%s%d", i ? between : "", learner->classes[i]);
}

static const char *objective_name(const dg_tree_learner *learner)
{
    switch (learner->objective) {
    case DG_OBJECTIVE_SOFTMAX: return "multi:softprob";
    case DG_OBJECTIVE_LOGISTIC: return "binary:logistic";
    default: return "reg:squarederror";
    }
}

static bool has_positions(const dg_learner *learner)
{
    for (int64_t i = 0; i < learner->class_count; i++)
        if (learner->classes[i] != i) return false;
    return true;
}

bool dg_xgboost_loses(const dg_learner *learner, char *out, size_t size)
{
    if (has_positions(learner)) return false;
    snprintf(out, size,
             "XGBoost does not keep labels: it will predict 0 to %" PRId64
             " for the labels %d to %d of this model, in their order (this program reads the "
             "labels back)",
             learner->class_count - 1, learner->classes[0],
             learner->classes[learner->class_count - 1]);
    return true;
}

/* A JSON text within a JSON text. */
static void add_quoted(dg_text *text, const char *quoted)
{
    for (; *quoted; quoted++)
        dg_text_add(text, *quoted == '"' || *quoted == '\\' ? "\\%c" : "%c", *quoted);
}

static dg_status add_options(dg_text *text, const dg_tree_learner *learner)
{
    cJSON *root = cJSON_CreateObject();
    DG_TRY(dg_json_made(root));
    dg_status status = dg_part_to_json(root, learner->base.options);
    if (status == DG_OK) status = dg_json_add(root, "seed", dg_json_seed(learner->base.seed));
    char *json = status == DG_OK ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (status == DG_OK && !json) status = dg_json_made(NULL);
    if (status == DG_OK) {
        dg_text_add(text, "\"" DG_XGBOOST_OPTIONS "\":\"");
        add_quoted(text, json);
        dg_text_add(text, "\",");
    }
    cJSON_free(json);
    return status;
}

/* Labels and options, for us; and what XGBClassifier and XGBRegressor want to find, as JSON in a
 * text. */
static dg_status add_attributes(dg_text *text, const dg_tree_learner *learner)
{
    const dg_learner *base = &learner->base;
    if (!learner->options_unknown) DG_TRY(add_options(text, learner));
    if (base->class_count) {
        dg_text_add(text, "\"" DG_XGBOOST_CLASSES "\":\"");
        add_labels(text, base, " ");
        dg_text_add(text, "\",");
    }
    dg_text_add(text, "\"scikit_learn\":\"{\\\"objective\\\":\\\"%s\\\",", objective_name(learner));
    if (base->class_count) {
        dg_text_add(text, "\\\"n_classes_\\\":%" PRId64 ",\\\"classes_\\\":[", base->class_count);
        add_labels(text, base, ",");
        dg_text_add(text, "],");
    }
    dg_text_add(text, "\\\"_estimator_type\\\":\\\"%s\\\"}\"",
                base->class_count ? "classifier" : "regressor");
    return DG_OK;
}

/* Whether the outputs begin with different margins, which takes a list. */
static bool bases_differ(const dg_tree_learner *learner)
{
    for (int64_t k = 1; k < learner->trees.group; k++)
        if (learner->base_margin[k] != learner->base_margin[0]) return true;
    return false;
}

static void add_base(dg_text *text, const dg_tree_learner *learner)
{
    bool list = bases_differ(learner);
    for (int64_t k = 0; k < (list ? learner->trees.group : 1); k++) {
        float base = learner->base_margin[k];
        if (learner->objective == DG_OBJECTIVE_LOGISTIC)
            base = (float)(1 / (1 + dg_exp64(-(double)base)));
        dg_text_add(text, k ? "," : list ? "[" : "");
        add_float(text, base);
    }
    if (list) dg_text_add(text, "]");
}

static void add_params(dg_text *text, const dg_tree_learner *learner)
{
    int64_t classes = learner->base.class_count;
    bool softmax = learner->objective == DG_OBJECTIVE_SOFTMAX;
    dg_text_add(text, "\"learner_model_param\":{\"base_score\":\"");
    add_base(text, learner);
    dg_text_add(text,
                "\",\"boost_from_average\":\"0\",\"num_class\":\"%" PRId64
                "\",\"num_feature\":\"%" PRId64 "\",\"num_target\":\"1\"},",
                softmax ? classes : 0, learner->trees.features);
    if (softmax)
        dg_text_add(text,
                    "\"objective\":{\"name\":\"%s\",\"softmax_multiclass_param\":{"
                    "\"num_class\":\"%" PRId64 "\"}}",
                    objective_name(learner), classes);
    else
        dg_text_add(text,
                    "\"objective\":{\"name\":\"%s\",\"reg_loss_param\":{\"scale_pos_weight\":"
                    "\"1\"}}",
                    objective_name(learner));
}

static dg_status describe_model(dg_text *text, const dg_tree_learner *learner)
{
    const dg_trees *trees = &learner->trees;
    dg_text_add(text, "{\"learner\":{\"attributes\":{");
    DG_TRY(add_attributes(text, learner));
    dg_text_add(text,
                "},\"feature_names\":[],\"feature_types\":[],\"gradient_booster\":{\"model\":{"
                "\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",\"num_trees\":\"%" PRId64
                "\",\"size_leaf_vector\":\"0\"},\"tree_info\":[",
                trees->count);
    for (int64_t t = 0; t < trees->count; t++)
        dg_text_add(text, "%s%" PRId64, t ? "," : "", t % trees->group);
    dg_text_add(text, "],\"trees\":[");
    for (int64_t t = 0; t < trees->count; t++) DG_TRY(add_tree(text, trees, t));
    dg_text_add(text, "]},\"name\":\"gbtree\"},");
    add_params(text, learner);
    dg_text_add(text, "},\"version\":%s}", bases_differ(learner) ? "[3,1,0]" : "[1,7,4]");
    return DG_OK;
}

dg_status dg_xgboost_write(const dg_learner *learner, const char *path)
{
    dg_text text = { 0 };
    char *whole = NULL;
    if (!learner->fitted)
        return dg_error(DG_INVALID, "cannot write %s: the model was never fitted", path);
    dg_status status = describe_model(&text, dg_tree_learner_of(learner)),
              taken = dg_text_take(&text, &whole);
    if (status == DG_OK) status = taken;
    if (status == DG_OK) {
        dg_atomic_file file;
        status = dg_atomic_open(&file, path);
        if (status == DG_OK) status = dg_atomic_write(&file, whole, strlen(whole));
        if (status == DG_OK) status = dg_atomic_commit(&file);
        dg_atomic_abandon(&file);
    }
    dg_free(whole);
    return status;
}
