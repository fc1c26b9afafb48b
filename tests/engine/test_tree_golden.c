/* Small trees against scikit-learn's and XGBoost's, split by split (tests/golden/make_trees.py). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "engine/base/memory.h"
#include "engine/store/learner_file.h"
#include "engine/tree/fitting.h"
#include "engine/tree/xgboost_json.h"
#include "tests/engine/network.h"
#include "tests/engine/scratch.h"
#include "tests/engine/support.h"

static const dg_job two_threads = { .threads = 2 };

static cJSON *golden, *older; /* of XGBoost 3.2, and 1.7 */

static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_non_null(found);
    return found;
}

static cJSON *read_json(const char *path)
{
    size_t count;
    char *text = scratch_read(path, &count);
    cJSON *found = cJSON_Parse(text);
    free(text);
    return found;
}

static int read_golden(void **state)
{
    (void)state;
    golden = read_json("tests/golden/trees.json");
    older = read_json("tests/golden/xgboost_1_7.json");
    return golden && older ? 0 : -1;
}

static int free_golden(void **state)
{
    (void)state;
    cJSON_Delete(golden);
    cJSON_Delete(older);
    return 0;
}

/* A float32 tensor of the numbers of a list; null is NaN. */
static dg_tensor tensor_of(const cJSON *list, int64_t columns)
{
    dg_tensor out;
    int64_t size = cJSON_GetArraySize(list), i = 0;
    const cJSON *item;
    assert_ok(dg_tensor_new(&out, DG_FLOAT32, columns ? 2 : 1,
                            (int64_t[]){ columns ? size / columns : size, columns }));
    for (item = list->child; item; item = item->next)
        dg_floats(&out)[i++] = cJSON_IsNull(item) ? NAN : (float)item->valuedouble;
    return out;
}

static dg_learner *make_learner(const cJSON *example)
{
    char text[512] = "";
    const cJSON *item;
    dg_learner *learner;
    cJSON_ArrayForEach(item, member(example, "options"))
    {
        size_t used = strlen(text);
        if (cJSON_IsString(item))
            snprintf(text + used, sizeof text - used, "%s=%s ", item->string, item->valuestring);
        else
            snprintf(text + used, sizeof text - used, "%s=%.15g ", item->string, item->valuedouble);
    }
    const dg_part *part = network_part("learner", member(example, "learner")->valuestring, text);
    assert_ok(dg_learner_new(&learner, part, 1));
    dg_part_release(part);
    return learner;
}

/* --- nodes -------------------------------------------------------------------------------- */

static void expect_near(double found, double wanted, const char *what, int tree, int node)
{
    if (fabs(found - wanted) <= 1e-4 * fmax(1, fabs(wanted))) return;
    fail_msg("tree %d, node %d: %s is %.9g, wanted %.9g", tree, node, what, found, wanted);
}

/* Whether a row comes to the node. */
static bool reaches(const dg_tree *tree, const float *row, int32_t node)
{
    int32_t at = 0;
    while (at != node && tree->fact[at].leaf < 0) {
        const dg_tree_rule *rule = &tree->rule[at];
        float value = row[dg_tree_rule_feature(rule)];
        at = rule->left + (value != value ? rule->feature >= 0 : value > rule->threshold);
    }
    return at == node;
}

/* No row of the node goes another way: below (XGBoost) or up to (scikit-learn) the wanted
 * number. */
static void expect_same_side(const dg_tensor *x, const dg_tree *tree, int32_t node, double wanted,
                             bool below)
{
    int64_t columns = x->shape[1];
    for (int64_t i = 0; i < x->shape[0]; i++) {
        const float *row = dg_floats(x) + i * columns;
        float value = row[dg_tree_rule_feature(&tree->rule[node])];
        if (value != value || !reaches(tree, row, node)) continue;
        assert_int_equal(value <= tree->rule[node].threshold,
                         below ? (double)value < wanted : (double)value <= wanted);
    }
}

static void expect_tree(const dg_tree *tree, int index, const cJSON *nodes, const dg_tensor *x,
                        bool boosted)
{
    int32_t todo[256] = { 0 };
    int waiting = 1, at = 0;
    assert_int_equal(tree->nodes, cJSON_GetArraySize(nodes));
    for (const cJSON *item = nodes->child; item; item = item->next, at++) {
        int32_t node = todo[--waiting];
        const dg_tree_rule *rule = &tree->rule[node];
        const dg_tree_fact *fact = &tree->fact[node];
        int feature = cJSON_GetArrayItem(item, 0)->valueint;
        double number = cJSON_GetArrayItem(item, 1)->valuedouble;
        double gain = cJSON_GetArrayItem(item, 2)->valuedouble;
        expect_near((double)fact->cover, cJSON_GetArrayItem(item, 3)->valuedouble, "weight", index,
                    at);
        if (feature < 0) {
            assert_true(fact->leaf >= 0);
            if (boosted)
                expect_near((double)tree->value[fact->leaf], number, "value", index, at);
            else
                expect_near((double)fact->weight, gain, "impurity", index, at);
            continue;
        }
        assert_true(fact->leaf < 0);
        assert_int_equal(dg_tree_rule_feature(rule), feature);
        expect_same_side(x, tree, node, number, boosted);
        if (!boosted) expect_near((double)rule->threshold, number, "threshold", index, at);
        expect_near((double)fact->gain, gain, "gain", index, at);
        todo[waiting++] = rule->left + 1;
        todo[waiting++] = rule->left;
    }
    assert_int_equal(waiting, 0);
}

/* --- examples ----------------------------------------------------------------------------- */

static void expect_close(const dg_tensor *found, const cJSON *wanted, double tolerance)
{
    const cJSON *item;
    int64_t i = 0;
    assert_int_equal(dg_tensor_count(found), cJSON_GetArraySize(wanted));
    cJSON_ArrayForEach(item, wanted)
    {
        if (fabs((double)dg_floats(found)[i] - item->valuedouble) > tolerance)
            fail_msg("number %lld is %.9g, wanted %.9g", (long long)i, (double)dg_floats(found)[i],
                     item->valuedouble);
        i++;
    }
}

static void check_predictions(const dg_learner *learner, const dg_tensor *x, const cJSON *example,
                              double tolerance)
{
    dg_tensor proba;
    assert_ok(dg_learner_outputs(learner, x, &two_threads, &proba));
    expect_close(&proba, member(example, "proba"), tolerance);
    dg_tensor_release(&proba);
}

static void check_importances(const dg_learner *learner, const cJSON *example)
{
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(example, "importances");
    dg_tensor found;
    if (!wanted) return;
    assert_ok(dg_tree_learner_importances(learner, NULL, &found));
    expect_close(&found, wanted, 1e-5);
    dg_tensor_release(&found);
}

/* Labels, or numbers where squares are to be small. */
static dg_tensor targets_of(const cJSON *example)
{
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(example, "options");
    const cJSON *objective = cJSON_GetObjectItemCaseSensitive(options, "objective");
    dg_tensor found = tensor_of(member(example, "y"), 0), labels;
    if (objective && strcmp(objective->valuestring, "reg:squarederror") == 0) return found;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(example, "numbers"))) return found;
    assert_ok(dg_tensor_astype(&labels, &found, DG_INT32));
    dg_tensor_release(&found);
    return labels;
}

static void check_example(const cJSON *example)
{
    bool boosted = strcmp(member(example, "learner")->valuestring, "GradientBoosting") == 0;
    int64_t columns = (int64_t)member(example, "columns")->valuedouble;
    dg_tensor x = tensor_of(member(example, "x"), columns), y = targets_of(example);
    dg_tensor weight = { 0 };
    const dg_dataset *set;
    dg_dataset_fields parts = { .x = &x, .y = &y };
    dg_fit_options options = { 0 };
    dg_fit_result result;
    if (!cJSON_IsNull(member(example, "weight"))) {
        weight = tensor_of(member(example, "weight"), 0);
        parts.weights = &weight;
    }
    assert_ok(dg_dataset_make(&set, &parts));
    dg_learner *learner = make_learner(example);
    assert_ok(dg_learner_fit(learner, set, &options, &two_threads, &result));
    const dg_trees *trees = &dg_tree_learner_of(learner)->trees;
    const cJSON *wanted = member(example, "nodes"), *nodes;
    int index = 0;
    assert_int_equal(trees->count, cJSON_GetArraySize(wanted));
    cJSON_ArrayForEach(nodes, wanted)
    {
        expect_tree(&trees->tree[index], index, nodes, &x, boosted);
        index++;
    }
    check_predictions(learner, &x, example, 1e-5);
    check_importances(learner, example);
    dg_learner_free(learner);
    dg_dataset_release(set);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_tensor_release(&weight);
}

static void check_all(const char *name)
{
    const cJSON *example;
    int checked = 0;
    cJSON_ArrayForEach(example, member(golden, "cases"))
    {
        if (strcmp(member(example, "learner")->valuestring, name) != 0) continue;
        check_example(example);
        checked++;
    }
    assert_true(checked >= 4);
}

static void test_trees_are_scikit_learns(void **state)
{
    (void)state;
    check_all("DecisionTree");
}

static void test_trees_are_xgboosts(void **state)
{
    (void)state;
    check_all("GradientBoosting");
}

/* --- forests ------------------------------------------------------------------------------ */

struct marks {
    double sum, squares;
};

static void add_mark(struct marks *marks, double value)
{
    marks->sum += value;
    marks->squares += value * value;
}

/* The means over seeds are apart by no more than three of their standard errors. */
static void expect_alike(const struct marks *ours, int seeds, const cJSON *theirs, int their_seeds,
                         const char *what)
{
    double mean = ours->sum / seeds, variance = ours->squares / seeds - mean * mean;
    double wanted = cJSON_GetArrayItem(theirs, 0)->valuedouble;
    double spread = cJSON_GetArrayItem(theirs, 1)->valuedouble;
    double apart = 3 * sqrt(fmax(variance, 0) / seeds + spread * spread / their_seeds);
    if (fabs(mean - wanted) > apart)
        fail_msg("%s is %g, of scikit-learn %g: apart by more than %g", what, mean, wanted, apart);
}

static void judge_forest(const cJSON *all, const cJSON *example, int seed, struct marks *losses,
                         struct marks *oob)
{
    char options[64];
    const dg_dataset *sets[2];
    dg_tensor x = tensor_of(member(all, "x"), 6), y = targets_of(example), weight = { 0 };
    bool weighted = !cJSON_IsNull(member(example, "weight"));
    dg_fit_options fitting = { 0 };
    dg_fit_result result;
    dg_scores scores;
    if (weighted) weight = tensor_of(member(example, "weight"), 0);
    for (int i = 0; i < 2; i++) {
        dg_tensor part[2], *whole[] = { &x, &y };
        int64_t rows = x.shape[0] / 2;
        for (int k = 0; k < 2; k++)
            assert_ok(dg_tensor_slice(&part[k], whole[k], 0, i * rows, (i + 1) * rows));
        dg_dataset_fields parts = { .x = &part[0], .y = &part[1] };
        if (weighted && i == 0) parts.weights = &weight;
        assert_ok(dg_dataset_make(&sets[i], &parts));
        for (int k = 0; k < 2; k++) dg_tensor_release(&part[k]);
    }
    snprintf(options, sizeof options, "n_estimators=50 seed=%d oob_score=true", seed);
    const dg_part *part = network_part("learner", "RandomForest", options);
    dg_learner *forest;
    assert_ok(dg_learner_new(&forest, part, 1));
    dg_part_release(part);
    assert_ok(dg_learner_fit(forest, sets[0], &fitting, &two_threads, &result));
    assert_ok(dg_learner_evaluate(forest, sets[1], &two_threads, &scores));
    assert_true(scores.has_accuracy == (forest->target == DG_TARGET_LABELS));
    add_mark(losses, forest->target == DG_TARGET_NUMBERS ? sqrt(scores.loss) : 1 - scores.accuracy);
    add_mark(oob, dg_tree_learner_of(forest)->oob_score);
    dg_learner_free(forest);
    for (int i = 0; i < 2; i++) dg_dataset_release(sets[i]);
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    dg_tensor_release(&weight);
}

/* Of numbers and of classes, with weights and without. */
static void test_forests_do_as_well_as_scikit_learns(void **state)
{
    enum { SEEDS = 20 };
    const cJSON *all = member(golden, "forests"), *example;
    int theirs = member(all, "seeds")->valueint, checked = 0;
    (void)state;
    cJSON_ArrayForEach(example, member(all, "cases"))
    {
        struct marks losses = { 0 }, oob = { 0 };
        for (int seed = 0; seed < SEEDS; seed++) judge_forest(all, example, seed, &losses, &oob);
        expect_alike(&losses, SEEDS, member(example, "loss"), theirs, "the loss");
        if (cJSON_IsNull(member(example, "weight")))
            expect_alike(&oob, SEEDS, member(example, "oob"), theirs, "the out-of-bag score");
        checked++;
    }
    assert_int_equal(checked, 4);
}

/* --- files -------------------------------------------------------------------------------- */

static dg_learner *read_text(const char *text)
{
    dg_learner *learner;
    scratch_write(scratch_path("theirs.json"), text, strlen(text));
    assert_ok(dg_learner_load(&learner, scratch_path("theirs.json")));
    return learner;
}

static void check_model(const cJSON *example, const char *model)
{
    dg_tensor x = tensor_of(member(example, "x"), (int64_t)member(example, "columns")->valuedouble);
    dg_learner *first = read_text(model), *second;
    check_predictions(first, &x, example, 1e-6);
    assert_ok(dg_xgboost_write(first, scratch_path("ours.json")));
    assert_ok(dg_learner_load(&second, scratch_path("ours.json")));
    check_predictions(second, &x, example, 1e-6);
    dg_learner_free(second);
    assert_ok(dg_learner_save(first, scratch_path("ours.safetensors")));
    assert_ok(dg_learner_load(&second, scratch_path("ours.safetensors")));
    check_predictions(second, &x, example, 1e-6);
    dg_learner_free(first);
    dg_learner_free(second);
    dg_tensor_release(&x);
}

static int check_models(const cJSON *file, const char *version)
{
    const cJSON *example;
    int checked = 0;
    cJSON_ArrayForEach(example, member(file, "cases"))
    {
        const cJSON *model = cJSON_GetObjectItemCaseSensitive(example, "model");
        if (!model) continue;
        assert_non_null(strstr(model->valuestring, version));
        check_model(example, model->valuestring);
        checked++;
    }
    return checked;
}

/* What XGBoost wrote predicts what XGBoost predicts; written and read again, still. */
static void test_models_of_xgboost_are_read(void **state)
{
    (void)state;
    assert_int_equal(check_models(golden, "\"version\":[3,2,0]"), 8);
    assert_int_equal(check_models(older, "\"version\":[1,7,4]"), 8);
}

/* The first model of XGBoost 3.2 whose text has `words`. */
static const char *model_with(const char *words)
{
    const cJSON *example;
    cJSON_ArrayForEach(example, member(golden, "cases"))
    {
        const cJSON *model = cJSON_GetObjectItemCaseSensitive(example, "model");
        if (model && strstr(model->valuestring, words)) return model->valuestring;
    }
    fail_msg("no model has %s", words);
    return NULL;
}

/* `text` with `to` where `from` first stands; dg_free it. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    char *changed = NULL;
    assert_non_null(at);
    assert_ok(dg_alloc(&changed, (int64_t)(strlen(text) + strlen(to) + 1), 1));
    size_t before = (size_t)(at - text);
    memcpy(changed, text, before);
    strcpy(changed + before, to);
    strcat(changed, at + strlen(from));
    return changed;
}

static void expect_classes(const char *text, const char *attributes, int32_t first, int32_t last)
{
    char *changed = replaced(text, "\"attributes\":{", attributes);
    dg_learner *learner = read_text(changed);
    assert_int_equal(learner->class_count, 3);
    assert_int_equal(learner->classes[0], first);
    assert_int_equal(learner->classes[2], last);
    dg_learner_free(learner);
    dg_free(changed);
}

/* An attribute that a user made is no reason to refuse the file. */
static void test_labels_come_from_attributes(void **state)
{
    const char *text = model_with("\"objective\":{\"name\":\"multi:softprob\"");
    (void)state;
    text = strstr(text, "\"attributes\":{}") ? text : "";
    expect_classes(text, "\"attributes\":{", 0, 2);
    expect_classes(text, "\"attributes\":{\"classes\":\"3 5 8\"", 3, 8);
    expect_classes(text, "\"attributes\":{\"classes\":\"cat dog bird\"", 0, 2);
    expect_classes(text, "\"attributes\":{\"classes\":\"3 5 8 9\"", 0, 2);
    expect_classes(text, "\"attributes\":{\"classes\":\"1 2\"", 0, 2);
    expect_classes(text, "\"attributes\":{\"classes\":\"1 2 3\",\"digits_classes\":\"3 5 8\"", 3,
                   8);
}

static void test_ubjson_is_named(void **state)
{
    static const char ubjson[] = "{L\0\0\0\0\0\0\0\7learner{L\0\0\0\0\0\0\0\nattributes{}}";
    static const char *const names[] = { "model.json", "model.ubj", "model" };
    dg_learner *learner;
    (void)state;
    for (int i = 0; i < 3; i++) {
        scratch_write(scratch_path(names[i]), ubjson, sizeof ubjson - 1);
        assert_fails_with(dg_learner_load(&learner, scratch_path(names[i])), DG_FORMAT,
                          "is XGBoost's UBJSON, a binary format that is not supported: save the "
                          "model as .json");
    }
}

static void expect_refused(const char *text, const char *from, const char *to, const char *words)
{
    char *changed = replaced(text, from, to);
    dg_learner *learner = NULL;
    scratch_write(scratch_path("bad.json"), changed, strlen(changed));
    assert_fails_with(dg_learner_load(&learner, scratch_path("bad.json")), DG_FORMAT, words);
    assert_null(learner);
    dg_free(changed);
}

static void test_damaged_models_are_refused(void **state)
{
    const char *text = model_with("\"multi:softprob\""), *base;
    dg_learner *learner;
    (void)state;
    expect_refused(text, "gbtree\"", "dart\"", "the booster 'dart' is not supported");
    expect_refused(text, "\"name\":\"multi:softprob\"", "\"name\":\"rank:ndcg\"", "'rank:ndcg'");
    expect_refused(text, "\"num_class\":\"3\"", "\"num_class\":\"4\"", "for each of 4 outputs");
    expect_refused(member(member(older, "cases")->child, "model")->valuestring,
                   "\"num_class\":\"3\"", "\"num_class\":\"4\"",
                   "found 9 trees and the classes of 9, expected as many of both, a multiple of 4");
    expect_refused(text, "\"left_children\":[1", "\"left_children\":[0",
                   "cannot have the children 0");
    expect_refused(text, "\"left_children\":[1", "\"left_children\":[99999",
                   "tree 0: 'left_children'");
    expect_refused(text, "\"left_children\":[1", "\"left_children\":[2", "tree 0: node 0");
    expect_refused(text, "\"left_children\":[1,", "\"left_children\":[", "'left_children' has");
    expect_refused(text, "\"split_indices\":[", "\"split_indices\":[7.5,", "'split_indices'");
    expect_refused(text, "\"split_indices\":[0", "\"split_indices\":[7", "no feature 7 of 4");
    expect_refused(text, "\"split_indices\":[0", "\"split_indices\":[4", "no feature 4 of 4");
    expect_refused(text, "\"num_target\":\"1\"", "\"num_target\":\"2\"", "2 targets");
    base = "\"base_score\":\"[";
    expect_refused(text, base, "\"base_score\":\"[1,", "one for each of 3 outputs");
    expect_refused(text, base, "\"base_score\":\"[x", "found '[x");
    expect_refused(text, base, "\"base_score\":\"", "base_score' must be one number");
    expect_refused(text, base, "\"base_score\":\"[1E99,", "'learner_model_param.base_score'");
    expect_refused(model_with("\"objective\":{\"name\":\"binary:logistic\""), base,
                   "\"base_score\":\"[-", "must be a probability, found -0.");
    expect_refused(model_with("\"best_iteration\""), "\"best_iteration\":\"",
                   "\"best_iteration\":\"x", "'attributes.best_iteration'");
    expect_refused(text, "\"split_conditions\":[", "\"split_conditions\":[\"x\",",
                   "'split_conditions'");
    expect_refused(text, "\"split_type\":[0", "\"split_type\":[1", "splits by category");
    expect_refused(text, "\"num_class\":\"3\",\"num_feature\":\"4\"",
                   "\"num_class\":\"3\",\"num_feature\":\"four\"", "num_feature");
    expect_refused(text, "\"learner\"", "\"teacher\"", "'learner'");
    expect_refused(text, "\"tree_info\":[0", "\"tree_info\":[1", "tree 0 cannot be of class 1");
    expect_refused(text, "}", "", "bad.json");
    assert_fails_with(dg_learner_load(&learner, scratch_path("none.json")), DG_IO, "none.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_trees_are_scikit_learns),
        leaving_nothing(test_trees_are_xgboosts),
        leaving_nothing(test_forests_do_as_well_as_scikit_learns),
        leaving_nothing(test_models_of_xgboost_are_read),
        leaving_nothing(test_labels_come_from_attributes),
        leaving_nothing(test_ubjson_is_named),
        leaving_nothing(test_damaged_models_are_refused),
    };
    return cmocka_run_group_tests(tests, read_golden, free_golden);
}
