/* Confusion matrices, and what is computed from them beside single numbers. */
#include "bindings/metrics/metrics.h"

#include "bindings/metrics/judging.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"

#define CONFUSION "digits.confusion_matrix"

/* --- userdata; its user value is the list of names, or nil ---------------------------------- */

static const dg_confusion *want_confusion(lua_State *L, const char *function)
{
    const dg_confusion *confusion = luaL_testudata(L, 1, CONFUSION);
    if (!confusion) dg_wrong_type(L, 1, function, "the value", "a confusion matrix");
    if (confusion && !confusion->counts) dg_raise(L, "the confusion matrix was closed");
    return confusion;
}

/* Pushes a list of a name for each label, or nil: those at `names` (0: not given), or those that
 * the dataset at `truth` has. */
static void push_names(lua_State *L, const dg_confusion *confusion, int names, int truth,
                       const char *function)
{
    const dg_dataset *set = names ? NULL : dg_test_dataset(L, truth);
    int64_t found = names ? (int64_t)lua_rawlen(L, names) : 0;
    if (names && found != confusion->size)
        dg_raise(L, "%s: there are %I names, but %I labels", function, (lua_Integer)found,
                 (lua_Integer)confusion->size);
    if (!names && (!set || !set->class_names)) {
        lua_pushnil(L);
        return;
    }
    dg_push_list(L, (int)confusion->size);
    for (int64_t i = 0; i < confusion->size; i++) {
        int64_t known = 0;
        if (names) {
            lua_rawgeti(L, names, i + 1);
            dg_want_text(L, -1, function, "each name");
        } else {
            while (known < set->class_count && set->classes[known] != confusion->labels[i]) known++;
            if (known < set->class_count)
                lua_pushstring(L, set->class_names[known]);
            else
                lua_pushfstring(L, "%d", (int)confusion->labels[i]);
        }
        lua_rawseti(L, -2, i + 1);
    }
}

/* The texts of the list on top of the stack, in scratch memory; NULL for nil. */
static const char *const *texts_of(lua_State *L, int64_t count)
{
    int list = lua_gettop(L);
    if (lua_isnil(L, list)) return NULL;
    const char **texts = dg_scratch(L, (size_t)count, sizeof *texts);
    for (int64_t i = 0; i < count; i++) {
        lua_rawgeti(L, list, i + 1);
        texts[i] = lua_tostring(L, -1);
        lua_pop(L, 1); /* the list keeps it */
    }
    return texts;
}

static int confusion_gc(lua_State *L)
{
    dg_confusion_free(luaL_checkudata(L, 1, CONFUSION));
    return 0;
}

static int confusion_tostring(lua_State *L)
{
    const dg_confusion *confusion = luaL_checkudata(L, 1, CONFUSION);
    if (!confusion->counts) {
        lua_pushliteral(L, "closed confusion matrix");
        return 1;
    }
    lua_getiuservalue(L, 1, 1);
    const char *const *names = texts_of(L, confusion->size);
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

static const dg_property properties[] = {
    { "labels", confusion_labels, "labels\nThe labels, in the order of rows and columns." },
    { "names", confusion_names, "names\nA name for each label, or nil." },
    { "counts", confusion_counts,
      "counts\nThe counts as an int32 tensor: a row for each true label, a column for each "
      "predicted one." },
    { "accuracy", confusion_accuracy, "accuracy\nThe share of counts on the diagonal." },
    { NULL, NULL, NULL },
};

static int64_t place_of(lua_State *L, int64_t label, const char *name,
                        const dg_confusion *confusion)
{
    int64_t place = label == (int32_t)label ? dg_confusion_place(confusion, (int32_t)label) : -1;
    if (place < 0)
        dg_raise(L, "count: %s is %I, which is not a label of the matrix", name,
                 (lua_Integer)label);
    return place;
}

typedef struct count_options {
    int64_t truth, predicted;
} count_options;

static const dg_param count_params[] = {
    DG_INT(count_options, truth, .required = true, .doc = "a label"),
    DG_INT(count_options, predicted, .required = true, .doc = "a label"),
    DG_END,
};

static int count(lua_State *L, const void *options)
{
    const count_options *o = options;
    const dg_confusion *confusion = want_confusion(L, "count");
    int64_t truth = place_of(L, o->truth, "truth", confusion);
    int64_t predicted = place_of(L, o->predicted, "predicted", confusion);
    lua_pushinteger(L, confusion->counts[truth * confusion->size + predicted]);
    return 1;
}

typedef struct most_confused_options {
    int64_t n;
} most_confused_options;

static const dg_param most_confused_params[] = {
    DG_INT(most_confused_options, n, DG_AT_LEAST(0), .default_number = 5,
           .doc = "the greatest number of mistakes to return"),
    DG_END,
};

static int most_confused(lua_State *L, const void *options)
{
    const dg_confusion *confusion = want_confusion(L, "most_confused");
    int64_t found, most = ((const most_confused_options *)options)->n;
    char **box = dg_push_box(L);
    dg_check_status(L, dg_confusion_most((dg_confused_pair **)box, &found, confusion, most));
    const dg_confused_pair *list = (const dg_confused_pair *)*box;
    dg_push_list(L, (int)found);
    for (int64_t i = 0; i < found; i++) {
        dg_push_record(L, 4);
        dg_set_integer(L, "truth", list[i].truth);
        dg_set_integer(L, "predicted", list[i].predicted);
        dg_set_integer(L, "count", list[i].count);
        dg_set_number(L, "share", list[i].share);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

typedef struct normalized_options {
    int of;
} normalized_options;

static const char *const of_words[] = { "true", "pred", "all", NULL };

static const dg_param normalized_params[] = {
    DG_CHOICE(normalized_options, of, .choices = of_words,
              .doc = "what a count is a share of: true: the rows with its true label; pred: those "
                     "with its predicted label; all: all rows"),
    DG_END,
};

static int normalized(lua_State *L, const void *options)
{
    const dg_confusion *confusion = want_confusion(L, "normalized");
    dg_confusion_share share = (dg_confusion_share)((const normalized_options *)options)->of;
    dg_check_status(L, dg_confusion_normalized(dg_push_tensor(L), confusion, share));
    return 1;
}

static const dg_function methods[] = {
    { DG_CALLED(count, 2),
      .doc = "How many rows of the label `truth` were predicted as `predicted`.",
      .example = "matrix:count(4, 9)" },
    { DG_CALLED(most_confused, 1),
      .doc = "The most frequent mistakes, a list of { truth =, predicted =, count =, share = }; "
             "share is\nrelative to the rows of that true label.",
      .example = "matrix:most_confused(5)[1].truth" },
    { DG_CALLED(normalized, 1), .doc = "The counts as shares, a float32 tensor.",
      .example = "matrix:normalized(\"true\")" },
    { NULL, NULL, NULL },
};

const dg_class dg_confusion_class = {
    .name = CONFUSION,
    .doc = "confusion_matrix\nHow often each label was predicted as each; printing it shows the "
           "table.\n\nlocal matrix = metrics.confusion_matrix(test.y, labels)",
    .methods = methods,
    .properties = properties,
    .metamethods = metamethods,
};

/* --- functions ------------------------------------------------------------------------------ */

#define NAMES(options)                                                                             \
    DG_SLOT(options, names, .handle = &names_handle.handle,                                        \
            .doc = "a name for each label; nil: the class names, if truth is a dataset")

static const dg_lua_handle names_handle = { { "list", "a list of strings" }, dg_is_table };

typedef struct confusion_matrix_options {
    dg_judge_options judge;
    int names;
} confusion_matrix_options;

static const dg_param confusion_matrix_params[] = {
    DG_TRUTH_PARAM, DG_PREDICTED_PARAM, DG_LABELS_PARAM, NAMES(confusion_matrix_options), DG_END,
};

static int confusion_matrix(lua_State *L, const void *options)
{
    const confusion_matrix_options *o = options;
    const char *function = dg_called(L)->name;
    const dg_tensor *truth = dg_want_labels(L, o->judge.truth, function, "truth");
    const dg_tensor *predicted = dg_want_labels(L, o->judge.predicted, function, "predicted");
    const dg_tensor *labels =
        o->judge.labels ? dg_want_labels(L, o->judge.labels, function, "labels") : NULL;
    dg_confusion *out = dg_class_push(L, CONFUSION, sizeof *out, 1);
    dg_check_call(L,
                  dg_confusion_new(out, truth, predicted, labels ? labels->shape[0] : 0,
                                   labels ? dg_int32s(labels) : NULL),
                  function);
    push_names(L, out, o->names, o->judge.truth, function);
    lua_setiuservalue(L, -2, 1);
    int64_t known = 0;
    for (int64_t i = 0; i < out->size; i++) known += out->truths[i];
    if (known == 0) dg_raise(L, "confusion_matrix: none of the labels occurs in the truth");
    return 1;
}

static const dg_param mistakes_params[] = { DG_TRUTH_PARAM, DG_PREDICTED_PARAM, DG_END };

typedef dg_judge_options mistakes_options;

static int mistakes(lua_State *L, const void *options)
{
    const mistakes_options *o = options;
    const dg_tensor *truth = dg_want_labels(L, o->truth, "mistakes", "truth");
    const dg_tensor *predicted = dg_want_labels(L, o->predicted, "mistakes", "predicted");
    dg_check_call(L, dg_mistakes(dg_push_tensor(L), truth, predicted, 1), "mistakes");
    return 1;
}

/* The confusion matrix of a function's arguments, pushed; with zero_division = "warn" it says which
 * labels make a score undefined. */
static const dg_confusion *push_matrix(lua_State *L, const dg_judge_options *judge, int zero_word)
{
    static const dg_metric_type of_matrix = { .of = DG_OF_CONFUSION };
    const char *function = dg_called(L)->name;
    const dg_confusion *c = &dg_push_judged(L, &of_matrix, function, judge)->confusion;
    char text[256];
    for (int64_t i = 0; i < c->size && zero_word == DG_ZERO_WARN; i++)
        if (dg_f_doubts(c, i, text, sizeof text)) dg_tell(L, function, text);
    return c;
}

typedef struct precision_recall_fscore_options {
    dg_judge_options judge;
    double beta;
    int zero_division;
} precision_recall_fscore_options;

static const dg_param precision_recall_fscore_params[] = {
    DG_TRUTH_PARAM,
    DG_PREDICTED_PARAM,
    DG_FLOAT(precision_recall_fscore_options, beta, DG_AT_LEAST(0), .default_number = 1,
             .doc = "the weight of recall relative to precision"),
    DG_LABELS_PARAM,
    DG_ZERO_DIVISION(precision_recall_fscore_options),
    DG_END,
};

static void push_scores(lua_State *L, const dg_f_scores *scores)
{
    dg_push_record(L, 4);
    dg_set_number(L, "precision", scores->precision);
    dg_set_number(L, "recall", scores->recall);
    dg_set_number(L, "fscore", scores->f);
    dg_set_integer(L, "support", scores->support);
}

static int precision_recall_fscore(lua_State *L, const void *options)
{
    const precision_recall_fscore_options *o = options;
    const dg_f_options f = { .beta = o->beta, .zero_division = dg_zero_division(o->zero_division) };
    const dg_confusion *confusion = push_matrix(L, &o->judge, o->zero_division);
    lua_createtable(L, 0, 5);
    dg_set_printable(L, "digits.scores");
    dg_push_by_label(L);
    for (int64_t i = 0; i < confusion->size; i++) {
        dg_f_scores scores = dg_f_of_label(confusion, i, &f);
        push_scores(L, &scores);
        lua_rawseti(L, -2, confusion->labels[i]);
    }
    lua_setfield(L, -2, "by_label");
    dg_push_labels(L, confusion->size, confusion->labels);
    lua_setfield(L, -2, "labels");
    for (int average = DG_MACRO; average <= DG_MICRO; average++) {
        if (average == DG_EACH) continue;
        dg_f_scores scores = dg_f_average(confusion, (dg_average)average, &f);
        push_scores(L, &scores);
        lua_setfield(L, -2, dg_average_words[average]);
    }
    return 1;
}

typedef struct classification_report_options {
    dg_judge_options judge;
    int64_t digits;
    int layout, names, zero_division;
} classification_report_options;

static const char *const layout_words[] = { "accuracy", "micro", NULL };

static const dg_param classification_report_params[] = {
    DG_TRUTH_PARAM,
    DG_PREDICTED_PARAM,
    DG_INT(classification_report_options, digits, DG_WITHIN(0, DG_MAX_DIGITS), .default_number = 2,
           .doc = "digits after the decimal point"),
    DG_CHOICE(classification_report_options, layout, .choices = layout_words,
              .doc = "the line for all rows: accuracy, or micro for \"micro avg\" instead"),
    DG_LABELS_PARAM,
    NAMES(classification_report_options),
    DG_ZERO_DIVISION(classification_report_options),
    DG_END,
};

static int classification_report(lua_State *L, const void *options)
{
    const classification_report_options *o = options;
    const char *function = dg_called(L)->name;
    const dg_report_options report = { .digits = (int)o->digits,
                                       .micro = o->layout == 1,
                                       .zero_division = dg_zero_division(o->zero_division) };
    const dg_confusion *confusion = push_matrix(L, &o->judge, o->zero_division);
    push_names(L, confusion, o->names, o->judge.truth, function);
    const char *const *names = texts_of(L, confusion->size);
    dg_check_call(L, dg_classification_report(dg_push_box(L), confusion, names, &report), function);
    dg_push_boxed(L);
    return 1;
}

const dg_function dg_confusion_metrics[] = {
    { DG_CALLED(mistakes, 2), .hints = dg_metric_hints,
      .doc = "The numbers of the rows where truth and prediction differ, an int32 tensor.",
      .example = "local wrong = metrics.mistakes(test.y, labels)" },
    { DG_CALLED(confusion_matrix, 2), .hints = dg_metric_hints,
      .doc = "How often each label was predicted as each. See help \"confusion_matrix\" for what "
             "it can do.",
      .example = "local matrix = metrics.confusion_matrix(test.y, labels)" },
    { DG_CALLED(precision_recall_fscore, 2), .hints = dg_metric_hints,
      .doc = "Precision, recall and F by label and on average. by_label[label], micro, macro and "
             "weighted are\n{ precision =, recall =, fscore =, support = }.",
      .example = "metrics.precision_recall_fscore(test.y, labels).by_label[4].recall" },
    { DG_CALLED(classification_report, 2), .hints = dg_metric_hints,
      .doc = "Precision, recall and F1 by label and on average, as a text in the layout of "
             "scikit-learn.",
      .example = "print(metrics.classification_report(test.y, labels))" },
    { NULL, NULL, NULL },
};
