/* Reading XGBoost's JSON. Nothing in the file is trusted. */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/memory.h"
#include "engine/base/redirect.h"
#include "engine/base/number.h"
#include "engine/store/json.h"
#include "engine/store/part_json.h"
#include "engine/tree/fitting.h"
#include "engine/tree/xgboost_json.h"

enum { MOST_CLASSES = 1 << 20, MOST_FEATURES = 1 << 30 };

/* The nodes of a tree as the file has them. */
struct xgboost_nodes {
    int64_t count;
    double *left, *right, *feature, *condition, *nan_left, *cover, *gain, *weight, *type;
};

/* --- members ------------------------------------------------------------------------------ */

/* A member by a path such as "gradient_booster.model". */
static dg_status descend(const cJSON *object, const char *path, int type, const cJSON **out)
{
    char name[64];
    *out = object;
    for (const char *at = path; at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
        size_t length = strcspn(at, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        dg_status status = dg_json_member(*out, name, at[length] ? cJSON_Object : type, out);
        if (status != DG_OK) return dg_error_context(status, "in '%s'", path);
    }
    return DG_OK;
}

/* A number that XGBoost writes as a text. */
static dg_status number_text(const cJSON *object, const char *path, double low, double high,
                             double *out)
{
    const cJSON *item;
    char *end;
    DG_TRY(descend(object, path, cJSON_String, &item));
    *out = dg_strtod(item->valuestring, &end);
    if (end == item->valuestring || *end || !(*out >= low && *out <= high))
        return dg_error(DG_FORMAT, "'%s' must be a number from %g to %g as a string, found '%.40s'",
                        path, low, high, item->valuestring);
    return DG_OK;
}

/* The scores that rows begin with. XGBoost writes one as a text, which all outputs share; from
 * version 3 on "[...]" with one, or with one for each output. */
static dg_status read_base_scores(const cJSON *root, int64_t outputs, double *out)
{
    static const char path[] = "learner_model_param.base_score";
    const cJSON *item;
    int64_t count = 0;
    DG_TRY(descend(root, path, cJSON_String, &item));
    const char *text = item->valuestring;
    bool list = *text == '[', more = true;
    const char *at = text + list;
    while (more && count < outputs) {
        char *end;
        double score = dg_strtod(at, &end);
        if (end == at || !(fabs(score) <= (double)FLT_MAX)) break;
        out[count++] = score;
        more = list && *end == ',';
        at = end + more;
    }
    bool good = !more && strcmp(at, list ? "]" : "") == 0;
    if (!good || (count != 1 && count != outputs))
        return dg_error(DG_FORMAT,
                        "'%s' must be one number, or a list in brackets with one for each of "
                        "%" PRId64 " outputs, as a string, found '%.60s'",
                        path, outputs, text);
    for (int64_t k = count; k < outputs; k++) out[k] = out[0];
    return DG_OK;
}

static dg_status whole_text(const cJSON *object, const char *path, int64_t low, int64_t high,
                            int64_t *out)
{
    double number;
    DG_TRY(number_text(object, path, (double)low, (double)high, &number));
    *out = (int64_t)number;
    if ((double)*out == number) return DG_OK;
    return dg_error(DG_FORMAT, "'%s' must be a whole number, found %g", path, number);
}

/* --- a tree ------------------------------------------------------------------------------- */

/* `*out` becomes the numbers of the list `name`, each from low to high, whole if `whole`. */
static dg_status read_list(const cJSON *tree, const char *name, int64_t count, double low,
                           double high, bool whole, double **out)
{
    const cJSON *list, *item;
    int64_t i = 0;
    DG_TRY(dg_json_member(tree, name, cJSON_Array, &list));
    if (cJSON_GetArraySize(list) != count)
        return dg_error(DG_FORMAT, "'%s' has %d numbers for %" PRId64 " nodes", name,
                        cJSON_GetArraySize(list), count);
    DG_TRY(dg_alloc(out, count, sizeof **out));
    cJSON_ArrayForEach(item, list)
    {
        bool flag = cJSON_IsBool(item);
        double number = flag ? cJSON_IsTrue(item) : item->valuedouble;
        if ((!flag && !cJSON_IsNumber(item)) || !(number >= low && number <= high) ||
            (whole && number != floor(number)))
            return dg_error(DG_FORMAT, "'%s', node %" PRId64 ": expected a %snumber from %g to %g",
                            name, i, whole ? "whole " : "", low, high);
        (*out)[i++] = number;
    }
    return DG_OK;
}

/* Nodes that XGBoost has pruned (gamma) stay in the lists, with features that do not exist: what a
 * node splits by is checked when it is reached. */
static dg_status read_nodes(const cJSON *tree, struct xgboost_nodes *n)
{
    DG_TRY(whole_text(tree, "tree_param.num_nodes", 1, INT32_MAX / 2, &n->count));
    double last = (double)(n->count - 1), most = (double)FLT_MAX;
    DG_TRY(read_list(tree, "left_children", n->count, -1, last, true, &n->left));
    DG_TRY(read_list(tree, "right_children", n->count, -1, last, true, &n->right));
    DG_TRY(read_list(tree, "split_indices", n->count, 0, INT32_MAX, true, &n->feature));
    DG_TRY(read_list(tree, "split_conditions", n->count, -most, most, false, &n->condition));
    DG_TRY(read_list(tree, "default_left", n->count, 0, 1, true, &n->nan_left));
    DG_TRY(read_list(tree, "sum_hessian", n->count, -most, most, false, &n->cover));
    DG_TRY(read_list(tree, "loss_changes", n->count, -most, most, false, &n->gain));
    DG_TRY(read_list(tree, "base_weights", n->count, -most, most, false, &n->weight));
    if (!cJSON_GetObjectItemCaseSensitive(tree, "split_type")) return DG_OK;
    DG_TRY(read_list(tree, "split_type", n->count, 0, 1, true, &n->type));
    for (int64_t i = 0; i < n->count; i++)
        if (n->type[i] != 0)
            return dg_error(DG_FORMAT,
                            "'split_type', node %" PRId64 ": splits by category are not supported",
                            i);
    return DG_OK;
}

static void free_nodes(struct xgboost_nodes *n)
{
    double *lists[] = { n->left,  n->right, n->feature, n->condition, n->nan_left,
                        n->cover, n->gain,  n->weight,  n->type };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) dg_free(lists[i]);
}

/* Node `from` of the file becomes node `to`, which is a leaf so far. */
static dg_status take_node(const struct xgboost_nodes *n, int64_t features, int32_t from,
                           dg_tree *tree, int32_t to, int32_t *from_of)
{
    int32_t left, a = (int32_t)n->left[from], b = (int32_t)n->right[from];
    tree->fact[to].cover = (float)n->cover[from];
    tree->fact[to].weight = (float)n->weight[from];
    if (a < 0 && b < 0) return DG_OK;
    if (a < 0 || b < 0 || a == b || a == 0 || b == 0)
        return dg_error(DG_FORMAT, "node %d cannot have the children %d and %d", from, a, b);
    if (tree->nodes + 2 > n->count)
        return dg_error(DG_FORMAT, "node %d: a node has two parents", from);
    if (n->feature[from] >= (double)features)
        return dg_error(DG_FORMAT, "'split_indices', node %d: there is no feature %g of %" PRId64,
                        from, n->feature[from], features);
    float condition = (float)n->condition[from];
    float threshold = nextafterf(condition, -INFINITY);
    if (!isfinite(threshold))
        return dg_error(DG_FORMAT, "'split_conditions', node %d is out of range", from);
    DG_TRY(dg_tree_split(tree, to, (int32_t)n->feature[from], threshold, n->nan_left[from] != 0,
                         &left));
    tree->fact[to].gain = (float)n->gain[from];
    from_of[left] = a;
    from_of[left + 1] = b;
    return DG_OK;
}

static dg_status build_tree(const struct xgboost_nodes *n, int64_t features, dg_tree *tree,
                            int32_t *from_of)
{
    DG_TRY(dg_tree_begin(tree, (int32_t)n->count));
    from_of[0] = 0;
    for (int32_t i = 0; i < tree->nodes; i++)
        DG_TRY(take_node(n, features, from_of[i], tree, i, from_of));
    DG_TRY(dg_tree_finish(tree, 1));
    for (int32_t i = 0; i < tree->nodes; i++)
        if (tree->fact[i].leaf >= 0)
            tree->value[tree->fact[i].leaf] = (float)n->condition[from_of[i]];
    return DG_OK;
}

static dg_status read_tree(const cJSON *item, dg_trees *trees)
{
    DG_CLEANUP(free_nodes) struct xgboost_nodes n = { 0 };
    DG_CLEANUP(dg_tree_free) dg_tree tree = { 0 };
    DG_OWNED int32_t *from_of = NULL;
    if (!cJSON_IsObject(item))
        return dg_error(DG_FORMAT, "expected an object, found %s", dg_json_kind(item));
    DG_TRY(read_nodes(item, &n));
    DG_TRY(dg_alloc(&from_of, n.count, sizeof *from_of));
    DG_TRY(build_tree(&n, trees->features, &tree, from_of));
    return dg_trees_add(trees, &tree);
}

static dg_status read_trees(const cJSON *root, dg_trees *trees)
{
    const cJSON *list, *info, *item;
    int64_t parallel, t = 0;
    DG_TRY(whole_text(root, "gradient_booster.model.gbtree_model_param.num_parallel_tree", 0,
                      INT32_MAX, &parallel));
    if (parallel > 1)
        return dg_error(DG_FORMAT,
                        "a boosted forest (num_parallel_tree %" PRId64 ") is not supported",
                        parallel);
    DG_TRY(descend(root, "gradient_booster.model.trees", cJSON_Array, &list));
    DG_TRY(descend(root, "gradient_booster.model.tree_info", cJSON_Array, &info));
    if (cJSON_GetArraySize(list) != cJSON_GetArraySize(info) ||
        cJSON_GetArraySize(list) % trees->group)
        return dg_error(DG_FORMAT,
                        "found %d trees and the classes of %d, expected as many of both, a "
                        "multiple of %" PRId64,
                        cJSON_GetArraySize(list), cJSON_GetArraySize(info), trees->group);
    cJSON_ArrayForEach(item, info)
    {
        int64_t class;
        DG_TRY(dg_json_whole(item, "'tree_info'", 0, INT32_MAX, &class));
        if (class != t++ % trees->group)
            return dg_error(DG_FORMAT, "'tree_info': tree %" PRId64 " cannot be of class %" PRId64,
                            t - 1, class);
    }
    t = 0;
    cJSON_ArrayForEach(item, list)
    {
        dg_status status = read_tree(item, trees);
        if (status != DG_OK) return dg_error_context(status, "tree %" PRId64, t);
        t++;
    }
    return DG_OK;
}

/* --- the learner -------------------------------------------------------------------------- */

/* Whether `text` is `count` ascending labels, which become the learner's classes. */
static bool are_labels(const char *text, dg_learner *learner, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        char *end;
        errno = 0;
        long long label = strtoll(text, &end, 10);
        if (end == text || errno || label < INT32_MIN || label > INT32_MAX ||
            (i > 0 && label <= learner->classes[i - 1]))
            return false;
        learner->classes[i] = (int32_t)label;
        text = end;
    }
    return *text == '\0';
}

/* The labels that this program wrote, or 0 .. count-1. Earlier versions wrote them as "classes": a
 * name that other people's attributes may have, so what is not a list of labels is ignored. */
static dg_status read_classes(const cJSON *root, dg_learner *learner, int64_t count)
{
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(root, "attributes");
    const cJSON *ours = cJSON_GetObjectItemCaseSensitive(attributes, DG_XGBOOST_CLASSES);
    const cJSON *older = cJSON_GetObjectItemCaseSensitive(attributes, "classes");
    DG_TRY(dg_alloc(&learner->classes, count, sizeof *learner->classes));
    learner->class_count = count;
    learner->target = DG_TARGET_LABELS;
    if (cJSON_IsString(ours)) {
        if (are_labels(ours->valuestring, learner, count)) return DG_OK;
        return dg_error(DG_FORMAT,
                        "'attributes." DG_XGBOOST_CLASSES "' must be %" PRId64
                        " ascending labels, found '%.60s'",
                        count, ours->valuestring);
    }
    if (cJSON_IsString(older) && are_labels(older->valuestring, learner, count)) return DG_OK;
    for (int64_t i = 0; i < count; i++) learner->classes[i] = (int32_t)i;
    return DG_OK;
}

static dg_status read_base(const cJSON *root, dg_tree_learner *learner)
{
    int64_t outputs = learner->trees.group;
    DG_OWNED double *score = NULL;
    DG_TRY(dg_alloc(&score, outputs, sizeof *score));
    DG_TRY(read_base_scores(root, outputs, score));
    DG_TRY(dg_alloc(&learner->base_margin, outputs, sizeof *learner->base_margin));
    for (int64_t k = 0; k < outputs; k++) {
        if (learner->objective == DG_OBJECTIVE_LOGISTIC && !(score[k] >= 0 && score[k] <= 1))
            return dg_error(DG_FORMAT,
                            "'learner_model_param.base_score' must be a probability, found %g",
                            score[k]);
        learner->base_margin[k] = dg_objective_margin(learner->objective, score[k]);
    }
    return DG_OK;
}

static dg_status read_objective(const cJSON *root, dg_tree_learner *learner)
{
    const cJSON *name, *params = cJSON_GetObjectItemCaseSensitive(root, "learner_model_param");
    int64_t classes, targets = 1;
    if (cJSON_GetObjectItemCaseSensitive(params, "num_target"))
        DG_TRY(whole_text(root, "learner_model_param.num_target", 0, INT32_MAX, &targets));
    if (targets > 1)
        return dg_error(DG_FORMAT, "a model of %" PRId64 " targets is not supported", targets);
    DG_TRY(descend(root, "objective.name", cJSON_String, &name));
    DG_TRY(whole_text(root, "learner_model_param.num_class", 0, MOST_CLASSES, &classes));
    learner->trees.group = 1;
    if (strcmp(name->valuestring, "multi:softprob") == 0 ||
        strcmp(name->valuestring, "multi:softmax") == 0) {
        if (classes < 1)
            return dg_error(DG_FORMAT, "'learner_model_param.num_class' is 0 for '%s'",
                            name->valuestring);
        learner->objective = DG_OBJECTIVE_SOFTMAX;
        learner->trees.group = classes;
        return read_classes(root, &learner->base, classes);
    }
    if (strcmp(name->valuestring, "binary:logistic") == 0) {
        learner->objective = DG_OBJECTIVE_LOGISTIC;
        return read_classes(root, &learner->base, 2);
    }
    if (strcmp(name->valuestring, "reg:squarederror") != 0)
        return dg_error(DG_FORMAT,
                        "the objective '%.60s' is not supported (multi:softprob, "
                        "binary:logistic and reg:squarederror are)",
                        name->valuestring);
    learner->objective = DG_OBJECTIVE_SQUARED;
    learner->base.target = DG_TARGET_NUMBERS;
    return DG_OK;
}

/* XGBoost's early stopping keeps all trees and records the best round. XGBClassifier and
 * XGBRegressor predict with the trees up to it, a Booster with all: so do we with what either has
 * written. */
static dg_status read_best_round(const cJSON *root, dg_tree_learner *learner)
{
    dg_trees *trees = &learner->trees;
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(root, "attributes");
    int64_t rounds = trees->count / trees->group, best;
    learner->best_round = rounds;
    if (!cJSON_GetObjectItemCaseSensitive(attributes, "best_iteration")) return DG_OK;
    DG_TRY(whole_text(root, "attributes.best_iteration", 0, INT32_MAX, &best));
    if (best >= rounds) return DG_OK; /* of a longer model, of which this is a slice */
    learner->best_round = best + 1;
    if (cJSON_GetObjectItemCaseSensitive(attributes, "scikit_learn"))
        dg_trees_keep(trees, learner->best_round * trees->group);
    return DG_OK;
}

static dg_status read_learner(const cJSON *root, dg_tree_learner *learner)
{
    const cJSON *booster;
    dg_trees *trees = &learner->trees;
    DG_TRY(descend(root, "gradient_booster.name", cJSON_String, &booster));
    if (strcmp(booster->valuestring, "gbtree") != 0)
        return dg_error(DG_FORMAT, "the booster '%.60s' is not supported (gbtree is)",
                        booster->valuestring);
    DG_TRY(whole_text(root, "learner_model_param.num_feature", 1, MOST_FEATURES, &trees->features));
    DG_TRY(read_objective(root, learner));
    DG_TRY(read_base(root, learner));
    trees->width = 1;
    DG_TRY(read_trees(root, trees));
    DG_TRY(read_best_round(root, learner));
    learner->base.row = (dg_ints){ 1, { trees->features } };
    learner->base.fitted = true;
    return DG_OK;
}

/* The whole file; cJSON wants a NUL behind it. */
static dg_status read_text(const char *path, char **out, size_t *length)
{
    int descriptor;
    int64_t size;
    DG_TRY(dg_file_open(path, &descriptor, &size));
    dg_status status = dg_alloc(out, size + 1, 1);
    if (status == DG_OK) status = dg_file_read(path, descriptor, 0, (size_t)size, *out);
    if (status == DG_OK) (*out)[size] = '\0';
    *length = (size_t)size;
    close(descriptor);
    return status;
}

/* What this program wrote of the options; XGBoost's own files do not say what a model was made
 * with. */
static bool read_options(const cJSON *object, const dg_learner_type *type, const dg_part **options,
                         uint64_t *seed)
{
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(object, "attributes");
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(attributes, DG_XGBOOST_OPTIONS);
    cJSON *root = NULL;
    *options = NULL;
    if (!cJSON_IsString(item)) return false;
    const char *text = item->valuestring;
    dg_status status = dg_json_parse(&root, DG_XGBOOST_OPTIONS, text, strlen(text));
    if (status == DG_OK) status = dg_part_from_json(options, "learner", root);
    if (status == DG_OK)
        status = dg_json_seed_value(cJSON_GetObjectItemCaseSensitive(root, "seed"), "seed", seed);
    cJSON_Delete(root);
    if (status == DG_OK && (*options)->type == &type->part) return true;
    dg_part_release(*options);
    *options = NULL;
    return false;
}

static dg_status make_learner(const cJSON *object, const dg_learner_type *type, dg_learner **out)
{
    const dg_part *options;
    dg_part *defaults;
    uint64_t seed = 0;
    bool known = read_options(object, type, &options, &seed);
    if (!known) {
        DG_TRY(dg_part_default(&type->part, &defaults));
        options = defaults;
    }
    dg_status status = dg_learner_new(out, options, seed);
    dg_part_release(options);
    if (status == DG_OK) dg_tree_learner_of(*out)->options_unknown = !known;
    return status;
}

/* UBJSON, XGBoost's default format: an object whose first name, "learner", stands behind its
 * length. */
static bool is_ubjson(const char *text, size_t length)
{
    enum { LENGTH_AT_MOST = 9 };
    static const char name[] = "learner";
    if (length < 2 || text[0] != '{' || !strchr("iUIlL", text[1])) return false;
    for (size_t at = 2; at <= 2 + LENGTH_AT_MOST && at + sizeof name - 1 <= length; at++)
        if (memcmp(text + at, name, sizeof name - 1) == 0) return true;
    return false;
}

static dg_status refuse_ubjson(const char *path)
{
    return dg_error(DG_FORMAT,
                    "%s: is XGBoost's UBJSON, a binary format that is not supported: save the "
                    "model as .json (save_model(\"model.json\"))",
                    path);
}

dg_status dg_xgboost_check(const char *path)
{
    char start[32], room[PATH_MAX];
    FILE *file = fopen(dg_redirect_read(path, room), "rb");
    size_t length = file ? fread(start, 1, sizeof start, file) : 0;
    if (file) fclose(file);
    return is_ubjson(start, length) ? refuse_ubjson(path) : DG_OK;
}

dg_status dg_xgboost_read(dg_learner **out, const dg_learner_type *type, const char *path)
{
    char *text = NULL;
    size_t length = 0;
    cJSON *root = NULL;
    const cJSON *object;
    dg_learner *learner = NULL;
    *out = NULL;
    dg_status status = read_text(path, &text, &length);
    if (status == DG_OK && is_ubjson(text, length)) status = refuse_ubjson(path);
    if (status == DG_OK) status = dg_json_parse(&root, path, text, length);
    dg_free(text);
    DG_TRY(status);
    status = dg_json_member(root, "learner", cJSON_Object, &object);
    if (status == DG_OK) status = make_learner(object, type, &learner);
    if (status == DG_OK) {
        status = read_learner(object, dg_tree_learner_of(learner));
        if (status != DG_OK) dg_error_context(status, "'learner'");
    }
    cJSON_Delete(root);
    if (status != DG_OK) {
        dg_learner_free(learner);
        return dg_error_context(status, "%s: is not a model of XGBoost that can be read", path);
    }
    *out = learner;
    return DG_OK;
}
