/* The class of datasets, and the module data, whose functions make them. */
#include <stddef.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/define.h"
#include "bindings/calls/described.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/tables.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/data/formats/idx.h"
#include "engine/data/label_issues.h"

/* --- properties ----------------------------------------------------------------------------- */

/* The tensor at `field` of the set at index 1. */
static int push_column(lua_State *L, const char *name, size_t field)
{
    const dg_tensor *tensor =
        (const dg_tensor *)((const char *)dg_want_dataset(L, 1, name, "the value") + field);
    if (tensor->storage)
        *dg_push_tensor(L) = dg_tensor_retain(tensor);
    else
        lua_pushnil(L);
    return 1;
}

#define COLUMN(field)                                                                              \
    static int set_##field(lua_State *L)                                                           \
    {                                                                                              \
        return push_column(L, #field, offsetof(dg_dataset, field));                                \
    }
COLUMN(x)
COLUMN(y)
COLUMN(labels)
COLUMN(weights)
COLUMN(groups)

static int set_classes(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "classes", "the value");
    dg_push_labels(L, set->class_count, set->classes);
    return 1;
}

static int set_class_names(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "class_names", "the value");
    dg_push_names(L, set->class_count, set->class_names);
    return 1;
}

static int set_feature_names(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "feature_names", "the value");
    dg_push_names(L, dg_dataset_row_size(set), set->feature_names);
    return 1;
}

static int set_target(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "target", "the value");
    lua_pushstring(L, set->target == DG_TARGET_NONE ? NULL : dg_target_name(set->target));
    return 1;
}

static int set_shape(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "shape", "the value");
    dg_ints shape = { .count = set->x.axes - 1 };
    memcpy(shape.at, set->x.shape + 1, (size_t)shape.count * sizeof *shape.at);
    dg_push_value(L, &(dg_value){ .type = DG_VALUE_INTS, .ints = shape });
    return 1;
}

static const dg_property properties[] = {
    { "x", set_x,
      "x\nThe rows, a tensor {n, ...}, which shares the memory of the set and is read-only, as are "
      "y and\nlabels: set.x:copy() can be written to." },
    { "y", set_y,
      "y\nThe labels, a read-only tensor {n} int32, or {n, classes} float32 when one-hot; or the "
      "numbers to\npredict, {n} float32; or nil." },
    { "labels", set_labels,
      "labels\nThe labels as a read-only tensor {n} int32, one-hot or not; or nil." },
    { "target", set_target, "target\nWhat y is: \"labels\", \"numbers\" or nil." },
    { "classes", set_classes, "classes\nThe label values that occur, ascending; a copy." },
    { "class_names", set_class_names,
      "class_names\nA name for each class, or nil; a copy: set:with { class_names = ... } makes a "
      "set with others." },
    { "feature_names", set_feature_names,
      "feature_names\nA name for each value of a row, such as those in the header of a CSV file; "
      "or nil; a copy." },
    { "weights", set_weights,
      "weights\nThe weight of each row in a fit, a read-only tensor {n} float32; or nil. Trees use "
      "them unless\nsample_weight is given to fit; networks do not support them yet. evaluate and "
      "metrics weight all rows alike." },
    { "groups", set_groups,
      "groups\nThe group of each row, a read-only tensor {n} int32; or nil. split and folds keep "
      "each group together." },
    { "shape", set_shape, "shape\nThe shape of one row, such as {28, 28, 1}; a copy." },
    { NULL, NULL, NULL },
};

/* --- the rest of a value -------------------------------------------------------------------- */

static int set_len(lua_State *L)
{
    lua_pushinteger(L, dg_dataset_rows(dg_want_dataset(L, 1, "#", "the value")));
    return 1;
}

static int set_tostring(lua_State *L)
{
    const dg_dataset *set = *(const dg_dataset **)luaL_checkudata(L, 1, DG_DATASET);
    char shape[256];
    if (!set) {
        lua_pushliteral(L, "closed dataset");
        return 1;
    }
    dg_shape_text(set->x.axes - 1, set->x.shape + 1, shape, sizeof shape);
    int64_t rows = dg_dataset_rows(set);
    lua_pushfstring(L, "dataset: %I row%s of %s %s", (lua_Integer)rows, rows == 1 ? "" : "s", shape,
                    dg_dtype_name(set->x.dtype));
    if (set->target == DG_TARGET_LABELS)
        lua_pushfstring(L, ", %I class%s%s", (lua_Integer)set->class_count,
                        set->class_count == 1 ? "" : "es", set->one_hot ? ", one-hot" : "");
    else
        lua_pushstring(L, set->target == DG_TARGET_NUMBERS ? ", with numbers" : ", without labels");
    lua_pushstring(L, set->weights.storage ? ", weighted" : "");
    lua_pushstring(L, set->groups.storage ? ", in groups" : "");
    lua_concat(L, 4);
    return 1;
}

static int set_newindex(lua_State *L)
{
    return dg_raise(L, "a dataset never changes: set:with { y = ... } makes a new one from it");
}

static int set_gc(lua_State *L)
{
    const dg_dataset **set = luaL_checkudata(L, 1, DG_DATASET);
    dg_dataset_release(*set);
    *set = NULL;
    return 0;
}

static const luaL_Reg metamethods[] = {
    { "__len", set_len },
    { "__tostring", set_tostring },
    { "__newindex", set_newindex },
    { "__gc", set_gc },
    { NULL, NULL },
};

static const dg_class dataset_class = {
    .name = DG_DATASET,
    .doc = "dataset\n"
           "Rows of values with labels, or with numbers to predict: digits.data has the functions "
           "that read them.\nA dataset never changes; its methods make new ones, and a tensor that "
           "it was made from can be written\nto without changing it. #set is the number of its "
           "rows.",
    .methods = dg_dataset_methods,
    .properties = properties,
    .metamethods = metamethods,
};

/* --- sources -------------------------------------------------------------------------------- */

/* The options of a format's function: those of any set, then those of the format. */
enum { FORMAT_OPTIONS = (sizeof(dg_record_options) + 15) / 16 * 16 };

static int read_format(lua_State *L, const void *options)
{
    const char *name = dg_running(L)->name;
    const dg_descriptor *format = dg_find_descriptor("format", name);
    dg_dataset_fields fields = dg_read_record(L, options, name);
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_call(L,
                  dg_format_read(out, (const dg_format_type *)format,
                                 (const char *)options + FORMAT_OPTIONS, &fields, NULL),
                  name);
    dg_warn_labels(L, *out, name, fields.target);
    return 1;
}

/* The function of a format, which is never freed. */
struct format_function {
    dg_function function;
    dg_param params[DG_MAX_PARAMS];
};

/* Adds the function of a format to the table on top of the stack. */
static void add_format(lua_State *L, const dg_descriptor *format)
{
    static const dg_param record[] = { DG_RECORD_PARAMS, DG_END };
    struct format_function *made = lua_newuserdatauv(L, sizeof *made, 0);
    luaL_ref(L, LUA_REGISTRYINDEX);
    int own = dg_descriptor_param_count(format);
    if (own + dg_params_count(record) >= DG_MAX_PARAMS)
        luaL_error(L, "data.%s has too many parameters", format->name);
    for (int i = 0; i < own; i++) {
        made->params[i] = format->params[i];
        made->params[i].offset += FORMAT_OPTIONS;
    }
    memcpy(made->params + own, record, sizeof record);
    made->function = (dg_function){ .name = format->name,
                                    .call = read_format,
                                    .params = made->params,
                                    .size = FORMAT_OPTIONS + format->options_size,
                                    .hints = format->hints,
                                    .doc = format->doc,
                                    .example = format->example };
    dg_push_described(L, &made->function, "data.");
    lua_setfield(L, -2, format->name);
}

/* format_of(path): the name of the format of a file, data[name] reads it. */
int dg_lua_format_of(lua_State *L)
{
    const dg_format_type *format;
    dg_check_status(L, dg_format_find(&format, luaL_checkstring(L, 1)));
    lua_pushstring(L, format->part.name);
    return 1;
}

/* idx_values(path): the values of an IDX file as a tensor. */
int dg_lua_idx_values(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    dg_check_status(L, dg_idx_values(dg_push_tensor(L), path));
    return 1;
}

typedef struct from_tensors_options {
    dg_record_options record;
    const dg_tensor *x, *y;
} from_tensors_options;

static const dg_param from_tensors_params[] = {
    DG_HANDLE(from_tensors_options, x, .required = true, .handle = &dg_tensor_handle.handle,
              .doc = "the rows, {n, ...}"),
    DG_HANDLE(from_tensors_options, y, .handle = &dg_tensor_handle.handle,
              .doc = "labels or numbers, {n}, or one-hot labels, {n, classes}"),
    DG_RECORD_PARAMS,
    DG_END,
};

static const dg_hint from_tensors_hints[] = {
    { "sample_weight", "use weights = ..." },
    { NULL },
};

static int from_tensors(lua_State *L, const void *options)
{
    const from_tensors_options *o = options;
    dg_dataset_fields fields = dg_read_record(L, &o->record, "from_tensors");
    fields.x = o->x;
    fields.y = o->y;
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_make(out, &fields), "from_tensors");
    dg_warn_labels(L, *out, "from_tensors", fields.target);
    return 1;
}

static const dg_lua_handle sets_handle = { { "list", "a list of datasets" }, dg_is_table };

typedef struct concat_options {
    int sets; /* the table that holds them */
} concat_options;

static const dg_param concat_params[] = {
    DG_SLOT(concat_options, sets, .rest = true, .required = true, .handle = &sets_handle.handle,
            .doc = "datasets whose rows have the same shape and type"),
    DG_END,
};

static int concat(lua_State *L, const void *options)
{
    const concat_options *o = options;
    int count = (int)lua_rawlen(L, o->sets);
    const dg_dataset **sets = dg_scratch(L, (size_t)count, sizeof *sets);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, o->sets, i + 1);
        sets[i] = dg_want_dataset(L, -1, "concat", "each value");
        lua_pop(L, 1); /* the table keeps it */
    }
    dg_check_call(L, dg_dataset_concat(dg_push_dataset(L), count, sets), "concat");
    return 1;
}

typedef struct labels_options {
    const dg_tensor *probabilities;
    int classes;
} labels_options;

static const dg_param labels_params[] = {
    DG_HANDLE(labels_options, probabilities, .required = true, .handle = &dg_tensor_handle.handle,
              .doc = "{n, k}: the probability of each class for each row"),
    DG_SLOT(labels_options, classes, .required = true, .handle = &dg_any_handle.handle,
            .doc = "the label that each column belongs to, a list or a tensor"),
    DG_END,
};

static int labels(lua_State *L, const void *options)
{
    const labels_options *o = options;
    const dg_tensor *given = o->probabilities;
    if (given->axes != 2)
        dg_raise(L, "labels: the probabilities must have two axes, found %d", given->axes);
    dg_dtype dtype = DG_INT32;
    dg_push_tensor_of(L, o->classes, "labels", &dtype);
    const dg_tensor *classes = lua_touserdata(L, -1);
    if (classes->axes != 1 || classes->shape[0] != given->shape[1])
        dg_raise(L, "labels: there are %I columns of probabilities, but %I classes",
                 (lua_Integer)given->shape[1],
                 (lua_Integer)(classes->axes == 1 ? classes->shape[0] : 0));
    dg_tensor *best = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_reduce(best, DG_REDUCE_ARGMAX, given, 1, false, 1), "labels");
    int64_t count, *rows = dg_want_rows(L, -1, "labels", classes->shape[0], &count);
    dg_check_call(L, dg_tensor_take(dg_push_tensor(L), classes, rows, count), "labels");
    return 1;
}

/* --- label issues --------------------------------------------------------------------------- */

/* label_doubt(set, probabilities): rows, issues, confidence, quality and suggested labels. */
int dg_lua_label_doubt(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "label_issues", "the set");
    const dg_tensor *probabilities = dg_want_tensor(L, 2, "label_issues", "probabilities");
    dg_tensor *rows = dg_push_tensor(L), *issues = dg_push_tensor(L),
              *confidence = dg_push_tensor(L), *quality = dg_push_tensor(L),
              *suggested = dg_push_tensor(L);
    dg_label_issues found;
    dg_check_status(L, dg_find_label_issues(&found, set, probabilities, 1));
    *rows = found.rows;
    *issues = found.issues;
    *confidence = found.confidence;
    *quality = found.quality;
    *suggested = found.suggested;
    return 5;
}

/* put_back(tensor, rows): row i of the tensor goes to place rows[i]. */
int dg_lua_put_back(lua_State *L)
{
    const dg_tensor *tensor = dg_want_tensor(L, 1, "put_back", "the tensor");
    int64_t count, *rows = dg_want_rows(L, 2, "put_back", tensor->shape[0], &count);
    int64_t *from = dg_scratch(L, (size_t)count, sizeof *from);
    for (int64_t i = 0; i < count; i++) from[rows[i]] = i;
    dg_check_status(L, dg_tensor_take(dg_push_tensor(L), tensor, from, count));
    return 1;
}

static const dg_function sources[] = {
    { DG_CALLED(from_tensors, 0), .hints = from_tensors_hints,
      .doc = "A dataset of rows x and of labels or numbers y. Labels may be one-hot. Numbers can "
             "be predicted by trees, and\nby networks of one output with loss = "
             "\"mean_squared_error\". Writing into x or y later does not change the set.",
      .example = "data.from_tensors { x = digits.zeros { 10, 28, 28, 1 }, y = digits.zeros { 10, "
                 "dtype = \"int32\" } }" },
    { DG_CALLED(concat, 0), .doc = "The rows of several datasets, one after another.",
      .example = "data.concat { train, validation }" },
    { DG_CALLED(labels, 2),
      .doc = "The most likely label of each row of probabilities, as {n} int32.",
      .example = "data.labels(model:predict_proba(test), model.classes)" },
    { NULL, NULL, NULL },
};

void dg_open_data(lua_State *L)
{
    static const dg_part_kind kinds[] = { { "preparation", .module = "data" }, { NULL } };
    dg_add_word(L, "dataset", &dg_dataset_handle);
    dg_add_kinds(L, kinds);
    dg_class_register(L, &dataset_class);
    dg_push_functions(L, sources, "data.");
    const dg_descriptor *format;
    for (int at = 0; (format = dg_next_of_kind("format", &at));) add_format(L, format);
}
