/* Metrics of labels, and the class of confusion matrices. */
#include "bindings/data.h"
#include "bindings/metrics.h"
#include "bindings/tensor.h"

/* --- userdata; its user value is the list of names, or nil ---------------------------------- */

static const dg_confusion *want_confusion(lua_State *L, const char *function)
{
    const dg_confusion *confusion = dg_class_test(L, 1, &dg_confusion_class);
    if (!confusion) dg_wrong_type(L, 1, function, "the value", "a confusion matrix");
    if (confusion && !confusion->counts) dg_raise(L, "the confusion matrix was closed");
    return confusion;
}

/* names = { ... }, a string for each of `count` labels: pushes a copy. */
static void push_given_names(lua_State *L, const char *function, int64_t count)
{
    int given = lua_gettop(L);
    if (lua_type(L, given) != LUA_TTABLE)
        dg_wrong_type(L, given, function, "names", "a list of strings");
    int64_t found = (int64_t)lua_rawlen(L, given);
    if (found != count)
        dg_raise(L, "%s: there are %I names, but %I labels", function, (lua_Integer)found,
                 (lua_Integer)count);
    dg_push_list(L, (int)count);
    for (int64_t i = 1; i <= count; i++) {
        lua_rawgeti(L, given, i);
        dg_want_text(L, -1, function, "each name");
        lua_rawseti(L, -2, i);
    }
}

/* Pushes the names that the dataset `truth` has for the labels, or nil. */
static void push_names_of_set(lua_State *L, const dg_confusion *confusion)
{
    const dg_dataset *set = dg_test_dataset(L, 1);
    if (!set || !set->class_names) {
        lua_pushnil(L);
        return;
    }
    dg_push_list(L, (int)confusion->size);
    for (int64_t i = 0; i < confusion->size; i++) {
        lua_pushinteger(L, confusion->labels[i]);
        lua_tostring(L, -1); /* where the set does not know the label */
        for (int64_t k = 0; k < set->class_count; k++) {
            if (set->classes[k] != confusion->labels[i]) continue;
            lua_pop(L, 1);
            lua_pushstring(L, set->class_names[k]);
            break;
        }
        lua_rawseti(L, -2, i + 1);
    }
}

const dg_confusion *dg_push_confusion(lua_State *L, const dg_args *args, bool named)
{
    const char *function = args->function;
    const dg_tensor *truth = dg_want_labels(L, 1, function, "truth");
    const dg_tensor *predicted = dg_want_labels(L, 2, function, "predicted");
    const dg_tensor *labels = dg_args_labels(args, "labels");
    dg_confusion *out = dg_class_push(L, &dg_confusion_class, sizeof *out, 1);
    int at = lua_gettop(L);
    dg_check_call(L,
                  dg_confusion_new(out, truth, predicted, labels ? labels->shape[0] : 0,
                                   labels ? dg_int32s(labels) : NULL),
                  function);
    if (!named) return out;
    if (dg_args_push(args, "names"))
        push_given_names(L, function, out->size);
    else
        push_names_of_set(L, out);
    lua_setiuservalue(L, at, 1);
    lua_settop(L, at);
    return out;
}

const char *const *dg_confusion_names(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    const dg_confusion *confusion = lua_touserdata(L, index);
    if (lua_getiuservalue(L, index, 1) != LUA_TTABLE) return NULL;
    int list = lua_gettop(L);
    const char **names = dg_scratch(L, (size_t)confusion->size, sizeof *names);
    for (int64_t i = 0; i < confusion->size; i++) {
        lua_rawgeti(L, list, i + 1);
        names[i] = lua_tostring(L, -1);
        lua_pop(L, 1); /* the list keeps it */
    }
    return names;
}

static int confusion_gc(lua_State *L)
{
    dg_confusion_free(luaL_checkudata(L, 1, dg_confusion_class.name));
    return 0;
}

static int confusion_tostring(lua_State *L)
{
    const dg_confusion *confusion = luaL_checkudata(L, 1, dg_confusion_class.name);
    if (!confusion->counts) {
        lua_pushliteral(L, "closed confusion matrix");
        return 1;
    }
    const char *const *names = dg_confusion_names(L, 1);
    dg_check_status(L, dg_confusion_text(dg_push_box(L), confusion, names));
    dg_push_boxed(L);
    return 1;
}

static const luaL_Reg metamethods[] = {
    { "__tostring", confusion_tostring },
    { "__gc", confusion_gc },
    { NULL, NULL },
};

/* --- properties and methods ----------------------------------------------------------------- */

static int confusion_labels(lua_State *L)
{
    const dg_confusion *confusion = want_confusion(L, "labels");
    dg_push_labels(L, confusion->size, confusion->labels);
    return 1;
}

static int confusion_names(lua_State *L)
{
    want_confusion(L, "names");
    lua_getiuservalue(L, 1, 1);
    return 1;
}

static int confusion_counts(lua_State *L)
{
    const dg_confusion *confusion = want_confusion(L, "counts");
    int64_t size = confusion->size;
    dg_tensor *out = dg_push_tensor(L);
    dg_check_status(L, dg_tensor_new(out, DG_INT32, 2, (int64_t[]){ size, size }));
    for (int64_t i = 0; i < size * size; i++) dg_int32s(out)[i] = (int32_t)confusion->counts[i];
    return 1;
}

static int confusion_accuracy(lua_State *L)
{
    dg_push_number(L, dg_confusion_accuracy(want_confusion(L, "accuracy")));
    return 1;
}

static const dg_function properties[] = {
    { "labels", confusion_labels, "labels\nThe labels, in the order of rows and columns." },
    { "names", confusion_names, "names\nA name for each label, or nil." },
    { "counts", confusion_counts,
      "counts\nThe counts as an int32 tensor: a row for each true label, a column for each "
      "predicted one." },
    { "accuracy", confusion_accuracy, "accuracy\nThe share of counts on the diagonal." },
    { NULL, NULL, NULL },
};

static int64_t want_place(lua_State *L, int index, const char *name, const dg_confusion *confusion)
{
    int64_t label = dg_want_integer(L, index, "count", name, INT64_MIN, INT64_MAX);
    int64_t place = label == (int32_t)label ? dg_confusion_place(confusion, (int32_t)label) : -1;
    if (place < 0)
        dg_raise(L, "count: %s is %I, which is none of the labels of the matrix", name,
                 (lua_Integer)label);
    return place;
}

/* matrix:count(truth, predicted) */
static int confusion_count(lua_State *L)
{
    const dg_confusion *confusion = want_confusion(L, "count");
    int64_t truth = want_place(L, 2, "truth", confusion);
    int64_t predicted = want_place(L, 3, "predicted", confusion);
    lua_pushinteger(L, confusion->counts[truth * confusion->size + predicted]);
    return 1;
}

/* matrix:most_confused(n) */
static int most_confused(lua_State *L)
{
    const dg_confusion *confusion = want_confusion(L, "most_confused");
    int64_t most = 5, count;
    if (!lua_isnoneornil(L, 2))
        most = dg_want_integer(L, 2, "most_confused", "the number", 0, INT64_MAX);
    char **box = dg_push_box(L);
    dg_check_status(L, dg_confusion_most((dg_confused **)box, &count, confusion, most));
    const dg_confused *list = (const dg_confused *)*box;
    dg_push_list(L, (int)count);
    for (int64_t i = 0; i < count; i++) {
        lua_createtable(L, 0, 4);
        dg_set_printable(L, "digits.record");
        dg_set_count(L, "truth", list[i].truth);
        dg_set_count(L, "predicted", list[i].predicted);
        dg_set_count(L, "count", list[i].count);
        dg_set_number(L, "share", list[i].share);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* matrix:normalized(of) */
static int normalized(lua_State *L)
{
    static const char *const words[] = { "true", "pred", "all", NULL };
    const dg_confusion *confusion = want_confusion(L, "normalized");
    int share = 0;
    if (!lua_isnoneornil(L, 2)) {
        lua_createtable(L, 0, 1);
        lua_pushvalue(L, 2);
        lua_setfield(L, -2, "of");
        dg_args args = { .L = L, .table = lua_gettop(L), .function = "normalized" };
        share = dg_args_word(&args, "of", words, 0);
    }
    dg_check_status(L, dg_confusion_normalized(dg_push_tensor(L), confusion, (dg_share)share));
    return 1;
}

static const dg_function methods[] = {
    { "count", confusion_count,
      "count(truth, predicted)\nHow many rows of the label `truth` were predicted as "
      "`predicted`.\nmatrix:count(4, 9)" },
    { "most_confused", most_confused,
      "most_confused(n)\n"
      "The n most frequent mistakes, 5 if not given. They are a list of { truth =, predicted =, "
      "count =,\n"
      "share = }; share is of the rows of that truth.\n"
      "matrix:most_confused(5)[1].truth" },
    { "normalized", normalized,
      "normalized(of)\n"
      "The counts as shares, a float32 tensor. of: \"true\" (of the true label), \"pred\" (of the "
      "predicted\n"
      "one) or \"all\" (of all rows).\n"
      "matrix:normalized(\"true\")" },
    { NULL, NULL, NULL },
};

const dg_class dg_confusion_class = {
    .name = "digits.confusion_matrix",
    .doc = "confusion_matrix\nHow often each label was predicted as each; printing it shows the "
           "table.\nlocal matrix = metrics.confusion_matrix(test.y, labels)",
    .methods = methods,
    .properties = properties,
    .metamethods = metamethods,
};

/* --- functions of labels -------------------------------------------------------------------- */

static const char *const hints[] = {
    "target_names",
    "use names = { ... }",
    "n_classes",
    "use labels = { ... }",
    "output_dict",
    "use metrics.precision_recall_fscore",
    "normalize",
    "use metrics.confusion_matrix(...):normalized(\"true\")",
    "sample_weight",
    "rows count alike",
    "pos_label",
    "use labels = { label }",
    NULL,
};

/* confusion_matrix(truth, predicted, { labels, names }) */
static int confusion_matrix(lua_State *L)
{
    static const char *const names[] = { "labels", "names", NULL };
    lua_settop(L, 3);
    dg_args args = dg_args_open(L, 3, "confusion_matrix", names, hints, 0);
    const dg_confusion *confusion = dg_push_confusion(L, &args, true);
    int64_t known = 0;
    for (int64_t i = 0; i < confusion->size; i++) known += confusion->truths[i];
    if (known == 0) dg_raise(L, "confusion_matrix: the truth has none of the labels");
    return 1;
}

static int accuracy(lua_State *L)
{
    double out = 0;
    lua_settop(L, 3);
    dg_args_open(L, 3, "accuracy", (const char *const[]){ NULL }, hints, 0);
    const dg_tensor *truth = dg_want_labels(L, 1, "accuracy", "truth");
    const dg_tensor *predicted = dg_want_labels(L, 2, "accuracy", "predicted");
    dg_check_call(L, dg_accuracy(&out, truth, predicted), "accuracy");
    dg_push_number(L, out);
    return 1;
}

static int mistakes(lua_State *L)
{
    lua_settop(L, 3);
    dg_args_open(L, 3, "mistakes", (const char *const[]){ NULL }, hints, 0);
    const dg_tensor *truth = dg_want_labels(L, 1, "mistakes", "truth");
    const dg_tensor *predicted = dg_want_labels(L, 2, "mistakes", "predicted");
    dg_check_call(L, dg_mistakes(dg_push_tensor(L), truth, predicted, 1), "mistakes");
    return 1;
}

/* A function with no options but labels. */
static int number_of_matrix(lua_State *L, const char *function,
                            double (*compute)(const dg_confusion *))
{
    lua_settop(L, 3);
    dg_args args = dg_args_open(L, 3, function, (const char *const[]){ NULL }, hints, 0);
    dg_push_number(L, compute(dg_push_confusion(L, &args, false)));
    return 1;
}

static int balanced_accuracy(lua_State *L)
{
    return number_of_matrix(L, "balanced_accuracy", dg_balanced_accuracy);
}

static int matthews_corrcoef(lua_State *L)
{
    return number_of_matrix(L, "matthews_corrcoef", dg_matthews);
}

static int cohen_kappa(lua_State *L)
{
    static const char *const names[] = { "weights", "labels", NULL };
    static const char *const words[] = { "linear", "quadratic", NULL };
    lua_settop(L, 3);
    dg_args args = dg_args_open(L, 3, "cohen_kappa", names, hints, 0);
    int weights = dg_args_word(&args, "weights", words, -1) + 1;
    const dg_confusion *confusion = dg_push_confusion(L, &args, false);
    dg_push_number(L, dg_cohen_kappa(confusion, (dg_kappa_weights)weights));
    return 1;
}

/* --- precision, recall, F ------------------------------------------------------------------- */

enum which { PRECISION, RECALL, F };

/* zero_division = "warn": says which label makes a score undefined. */
static void tell_undefined(lua_State *L, const char *function, const dg_confusion *c)
{
    for (int64_t i = 0; i < c->size; i++) {
        if (c->predictions[i] && c->truths[i]) continue;
        dg_tell(L, function,
                lua_pushfstring(L, "%s of label %d is not defined, and taken for 0: %s",
                                c->predictions[i] ? "the recall" : "the precision",
                                (int)c->labels[i],
                                c->predictions[i] ? "no row has it" : "it was never predicted"));
        lua_pop(L, 1);
    }
}

static void push_score(lua_State *L, const dg_f_scores *scores, enum which which)
{
    dg_push_number(L, which == PRECISION ? scores->precision
                      : which == RECALL  ? scores->recall
                                         : scores->f);
}

/* One score: an average, or a table by label. */
static int one_score(lua_State *L, const char *function, enum which which)
{
    static const char *const names[] = { "average", "labels", "zero_division", NULL };
    static const char *const words[] = { "micro", "macro", "weighted", "none", NULL };
    lua_settop(L, 3);
    dg_args args = dg_args_open(L, 3, function, names, hints, 0);
    int average = dg_args_word(&args, "average", words, DG_MACRO);
    bool warn;
    dg_f_options options = { .beta = 1, .zero_division = dg_args_zero_division(&args, &warn) };
    const dg_confusion *confusion = dg_push_confusion(L, &args, false);
    if (warn) tell_undefined(L, function, confusion);
    if (average <= DG_WEIGHTED) {
        dg_f_scores scores = dg_f_average(confusion, (dg_average)average, &options);
        push_score(L, &scores, which);
        return 1;
    }
    dg_push_by_label(L);
    for (int64_t i = 0; i < confusion->size; i++) {
        dg_f_scores scores = dg_f_of_label(confusion, i, &options);
        push_score(L, &scores, which);
        lua_rawseti(L, -2, confusion->labels[i]);
    }
    return 1;
}

static int precision(lua_State *L)
{
    return one_score(L, "precision", PRECISION);
}

static int recall(lua_State *L)
{
    return one_score(L, "recall", RECALL);
}

static int f1(lua_State *L)
{
    return one_score(L, "f1", F);
}

static void push_scores(lua_State *L, const dg_f_scores *scores)
{
    lua_createtable(L, 0, 4);
    dg_set_printable(L, "digits.record");
    dg_set_number(L, "precision", scores->precision);
    dg_set_number(L, "recall", scores->recall);
    dg_set_number(L, "fscore", scores->f);
    dg_set_count(L, "support", scores->support);
}

static int precision_recall_fscore(lua_State *L)
{
    static const char *const names[] = { "beta", "labels", "zero_division", NULL };
    static const char *const averages[] = { "micro", "macro", "weighted" };
    lua_settop(L, 3);
    dg_args args = dg_args_open(L, 3, "precision_recall_fscore", names, hints, 0);
    bool warn;
    dg_f_options options = { .beta = 1, .zero_division = dg_args_zero_division(&args, &warn) };
    if (dg_args_number(&args, "beta", &options.beta) && !(options.beta >= 0))
        dg_raise(L, "precision_recall_fscore: beta must be at least 0, found %f", options.beta);
    const dg_confusion *confusion = dg_push_confusion(L, &args, false);
    if (warn) tell_undefined(L, "precision_recall_fscore", confusion);
    lua_createtable(L, 0, 5);
    dg_set_printable(L, "digits.scores");
    dg_push_by_label(L);
    for (int64_t i = 0; i < confusion->size; i++) {
        dg_f_scores scores = dg_f_of_label(confusion, i, &options);
        push_scores(L, &scores);
        lua_rawseti(L, -2, confusion->labels[i]);
    }
    lua_setfield(L, -2, "by_label");
    dg_push_labels(L, confusion->size, confusion->labels);
    lua_setfield(L, -2, "labels");
    for (int average = DG_MICRO; average <= DG_WEIGHTED; average++) {
        dg_f_scores scores = dg_f_average(confusion, (dg_average)average, &options);
        push_scores(L, &scores);
        lua_setfield(L, -2, averages[average]);
    }
    return 1;
}

static int classification_report(lua_State *L)
{
    static const char *const names[] = { "digits", "layout",        "labels",
                                         "names",  "zero_division", NULL };
    static const char *const layouts[] = { "accuracy", "micro", NULL };
    lua_settop(L, 3);
    dg_args args = dg_args_open(L, 3, "classification_report", names, hints, 0);
    int64_t digits = 2;
    bool warn;
    dg_args_integer(&args, "digits", 0, DG_MOST_DIGITS, &digits);
    dg_report_options options = { .digits = (int)digits,
                                  .micro = dg_args_word(&args, "layout", layouts, 0) == 1,
                                  .zero_division = dg_args_zero_division(&args, &warn) };
    const dg_confusion *confusion = dg_push_confusion(L, &args, true);
    if (warn) tell_undefined(L, "classification_report", confusion);
    const char *const *words = dg_confusion_names(L, -1);
    dg_check_call(L, dg_classification_report(dg_push_box(L), confusion, words, &options),
                  "classification_report");
    dg_push_boxed(L);
    return 1;
}

const dg_function dg_label_metrics[] = {
    { "accuracy", accuracy,
      "accuracy(truth, predicted, {})\n"
      "The share of rows with the right label. Labels are a tensor of integers {n} or one-hot "
      "{n, k},\n"
      "a list, or a dataset, here and in the other functions.\n"
      "metrics.accuracy(test.y, model:predict(test))" },
    { "balanced_accuracy", balanced_accuracy,
      "balanced_accuracy(truth, predicted, {})\nThe mean recall of the labels in truth." },
    { "mistakes", mistakes,
      "mistakes(truth, predicted, {})\nThe numbers of the rows where they differ, an int32 "
      "tensor.\nlocal wrong = metrics.mistakes(test.y, labels)" },
    { "confusion_matrix", confusion_matrix,
      "confusion_matrix(truth, predicted, { labels = nil, names = nil })\n"
      "How often each label was predicted as each. See help \"confusion_matrix\" for what it can "
      "do.\n"
      "labels: only these, in this order; otherwise all that are found in either. names: a text "
      "for each,\n"
      "for printing; otherwise the class names of a dataset as truth.\n"
      "local matrix = metrics.confusion_matrix(test.y, labels)" },
    { "precision", precision,
      "precision(truth, predicted, { average = \"macro\", labels = nil, zero_division = 0 })\n"
      "Of the rows predicted as a label, the share that has it. average: \"macro\" (the mean of "
      "labels),\n"
      "\"weighted\" (by their rows), \"micro\" (of all rows together) or \"none\" (a table, "
      "t[label]).\n"
      "zero_division: the score of a label that was never predicted (or, for recall, that no row "
      "has): 0, 1,\n"
      "NaN (averages leave it out), or \"warn\", which is 0 and says so.\n"
      "metrics.precision(test.y, labels, { average = \"none\" })[4]" },
    { "recall", recall,
      "recall(truth, predicted, { average = \"macro\", labels = nil, zero_division = 0 })\n"
      "Of the rows that have a label, the share predicted so. Options as of precision." },
    { "f1", f1,
      "f1(truth, predicted, { average = \"macro\", labels = nil, zero_division = 0 })\n"
      "The harmonic mean of precision and recall. Options as of precision." },
    { "precision_recall_fscore", precision_recall_fscore,
      "precision_recall_fscore(truth, predicted, { beta = 1, labels = nil, zero_division = 0 })\n"
      "Precision, recall and F by label and on average. by_label[label], micro, macro and weighted "
      "are\n"
      "{ precision =, recall =, fscore =, support = }.\n"
      "metrics.precision_recall_fscore(test.y, labels).by_label[4].recall" },
    { "classification_report", classification_report,
      "classification_report(truth, predicted, { digits = 2, layout = \"accuracy\", labels = nil, "
      "names = nil, zero_division = 0 })\n"
      "scikit-learn's text of precision, recall and F1 by label and on average. layout = \"micro\" "
      "has the\n"
      "line \"micro avg\" in place of \"accuracy\".\n"
      "print(metrics.classification_report(test.y, labels))" },
    { "cohen_kappa", cohen_kappa,
      "cohen_kappa(truth, predicted, { weights = nil, labels = nil })\n"
      "Agreement beyond chance, 1 at most. weights = \"linear\" or \"quadratic\": mistakes count "
      "by their\n"
      "distance." },
    { "matthews_corrcoef", matthews_corrcoef,
      "matthews_corrcoef(truth, predicted, {})\nThe correlation of truth and prediction, -1 to "
      "1." },
    { NULL, NULL, NULL },
};
