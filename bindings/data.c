/* The class of datasets, and where they come from. */
#include "bindings/data.h"

#include <string.h>

#include "bindings/check.h"
#include "bindings/memory.h"
#include "bindings/tensor.h"
#include "engine/data/doubt.h"

struct set_value {
    const dg_dataset *set;
};

/* --- userdata ------------------------------------------------------------------------------- */

const dg_dataset **dg_push_dataset(lua_State *L)
{
    dg_memory_enter(L);
    struct set_value *value = dg_class_push(L, &dg_dataset_class, sizeof *value, 0);
    return &value->set;
}

const dg_dataset *dg_test_dataset(lua_State *L, int index)
{
    const struct set_value *value = dg_class_test(L, index, &dg_dataset_class);
    if (value && !value->set) dg_raise(L, "the dataset was closed");
    dg_memory_enter(L);
    return value ? value->set : NULL;
}

static bool read_handle(lua_State *L, int index, dg_value *out)
{
    return (out->pointer = dg_test_dataset(L, index)) != NULL;
}

const dg_lua_handle dg_dataset_handle = { { "dataset", "a dataset" }, read_handle };

const dg_dataset *dg_want_dataset(lua_State *L, int index, const char *function, const char *name)
{
    const dg_dataset *set = dg_test_dataset(L, index);
    if (!set) dg_wrong_type(L, index, function, name, "a dataset");
    return set;
}

const dg_dataset *dg_push_pair(lua_State *L, int x, int y, const char *function)
{
    const dg_tensor *values = dg_want_tensor(L, x, function, "x");
    if (!dg_test_tensor(L, y))
        dg_raise(L, "%s: after a tensor of rows, a tensor of labels must follow, found %s",
                 function, dg_push_found(L, y));
    const dg_tensor *labels = dg_want_tensor(L, y, function, "y");
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_new(out, values, labels, 0, NULL), function);
    return *out;
}

void dg_push_labels(lua_State *L, int64_t count, const int32_t *labels)
{
    dg_push_list(L, (int)count);
    for (int64_t i = 0; i < count; i++) {
        lua_pushinteger(L, labels[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

void dg_push_names(lua_State *L, int64_t count, char *const *names)
{
    if (!names) {
        lua_pushnil(L);
        return;
    }
    dg_push_list(L, (int)count);
    for (int64_t i = 0; i < count; i++) {
        lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

/* --- properties ----------------------------------------------------------------------------- */

static int push_shared(lua_State *L, const dg_tensor *tensor)
{
    if (!tensor->storage) {
        lua_pushnil(L);
        return 1;
    }
    dg_tensor *out = dg_push_tensor(L);
    *out = dg_tensor_retain(tensor);
    return 1;
}

static int set_x(lua_State *L)
{
    return push_shared(L, &dg_want_dataset(L, 1, "x", "the value")->x);
}

static int set_y(lua_State *L)
{
    return push_shared(L, &dg_want_dataset(L, 1, "y", "the value")->y);
}

static int set_labels(lua_State *L)
{
    return push_shared(L, &dg_want_dataset(L, 1, "labels", "the value")->labels);
}

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

static int set_shape(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "shape", "the value");
    dg_push_list(L, set->x.axes - 1);
    for (int i = 1; i < set->x.axes; i++) {
        lua_pushinteger(L, set->x.shape[i]);
        lua_rawseti(L, -2, i);
    }
    return 1;
}

static const dg_function properties[] = {
    { "x", set_x,
      "x\nThe rows, a tensor {n, ...}, which shares the memory of the set and is read-only, as are "
      "y and\nlabels: set.x:copy() can be written to." },
    { "y", set_y,
      "y\nThe labels, a read-only tensor {n} int32, or {n, classes} float32 when one-hot; or the "
      "numbers to\npredict, {n} float32; or nil." },
    { "labels", set_labels,
      "labels\nThe labels as a read-only tensor {n} int32, one-hot or not; or nil." },
    { "classes", set_classes, "classes\nThe label values that there are, ascending." },
    { "class_names", set_class_names, "class_names\nA name for each class, or nil." },
    { "shape", set_shape, "shape\nThe shape of one row: {28, 28, 1}." },
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
    const struct set_value *value = luaL_checkudata(L, 1, dg_dataset_class.name);
    const dg_dataset *set = value->set;
    char shape[256];
    if (!set) {
        lua_pushliteral(L, "closed dataset");
        return 1;
    }
    dg_shape_text(set->x.axes - 1, set->x.shape + 1, shape, sizeof shape);
    int64_t rows = dg_dataset_rows(set);
    lua_pushfstring(L, "dataset: %I row%s of %s %s", (lua_Integer)rows, rows == 1 ? "" : "s", shape,
                    dg_dtype_name(set->x.dtype));
    if (set->labelled)
        lua_pushfstring(L, ", %I class%s%s", (lua_Integer)set->class_count,
                        set->class_count == 1 ? "" : "es", set->one_hot ? ", one-hot" : "");
    else
        lua_pushstring(L, set->numeric ? ", with numbers" : ", without labels");
    lua_concat(L, 2);
    return 1;
}

static int set_newindex(lua_State *L)
{
    return dg_raise(L, "a dataset never changes: set:with { y = ... } makes another one of it");
}

static int set_gc(lua_State *L)
{
    struct set_value *value = luaL_checkudata(L, 1, dg_dataset_class.name);
    dg_dataset_release(value->set);
    value->set = NULL;
    return 0;
}

static const luaL_Reg metamethods[] = {
    { "__len", set_len },
    { "__tostring", set_tostring },
    { "__newindex", set_newindex },
    { "__gc", set_gc },
    { NULL, NULL },
};

const dg_class dg_dataset_class = {
    .name = "digits.dataset",
    .doc = "dataset\n"
           "Rows of values with labels, or with numbers to predict: digits.data has the functions "
           "that read them.\nA dataset never changes; its methods make new ones, and a tensor that "
           "it was made from can be written\nto without changing it. #set is the number of its "
           "rows.",
    .methods = dg_dataset_methods,
    .properties = properties,
    .metamethods = metamethods,
};

/* --- parts ---------------------------------------------------------------------------------- */

dg_target dg_target_option(const dg_args *args)
{
    const char *text = NULL;
    if (!dg_args_text(args, "target", &text)) return DG_TARGET_BY_TYPE;
    if (strcmp(text, "labels") == 0) return DG_TARGET_LABELS;
    if (strcmp(text, "numbers") != 0)
        dg_raise(args->L, "%s: target must be \"labels\" or \"numbers\", found '%s'",
                 args->function, text);
    return DG_TARGET_NUMBERS;
}

void dg_class_names_option(const dg_args *args, dg_dataset_parts *parts)
{
    lua_State *L = args->L;
    if (!dg_args_push(args, "class_names")) return;
    if (lua_type(L, -1) != LUA_TTABLE)
        dg_wrong_type(L, -1, args->function, "class_names", "a list of strings");
    int64_t count = (int64_t)lua_rawlen(L, -1);
    int list = lua_gettop(L);
    const char **texts = dg_scratch(L, (size_t)count, sizeof *texts);
    for (int64_t i = 0; i < count; i++) {
        lua_rawgeti(L, list, i + 1);
        texts[i] = dg_want_text(L, -1, args->function, "a class name");
        lua_pop(L, 1); /* the list keeps it */
    }
    parts->name_count = count;
    parts->class_names = texts;
}

void dg_warn_labels(lua_State *L, const dg_dataset *set, const char *function, dg_target target)
{
    if (target != DG_TARGET_BY_TYPE || !dg_dataset_doubts_labels(set)) return;
    lua_pushfstring(L,
                    "y has %I classes in %I rows; if they are numbers, say target = \"numbers\" "
                    "(target = \"labels\" says that they are not)",
                    (lua_Integer)set->class_count, (lua_Integer)dg_dataset_rows(set));
    dg_tell(L, function, lua_tostring(L, -1));
    lua_pop(L, 1);
}

/* --- sources -------------------------------------------------------------------------------- */

/* A text option that may be given by position; NULL when it is not given. */
static const char *text_either(const dg_args *args, int position, const char *name)
{
    if (!dg_args_push_either(args, position, name)) return NULL;
    const char *text = dg_want_text(args->L, -1, args->function, name);
    lua_pop(args->L, 1); /* the table keeps it */
    return text;
}

/* A single text stands for { text }. */
static void text_to_table(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) != LUA_TSTRING) return;
    lua_createtable(L, 1, 0);
    lua_insert(L, 1);
    lua_rawseti(L, 1, 1);
}

static dg_header header_option(const dg_args *args)
{
    dg_header header = DG_HEADER_AUTO;
    lua_State *L = args->L;
    if (!dg_args_push(args, "header")) return header;
    bool automatic = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "auto") == 0;
    if (lua_type(L, -1) == LUA_TBOOLEAN)
        header = lua_toboolean(L, -1) ? DG_HEADER_YES : DG_HEADER_NO;
    else if (!automatic)
        dg_wrong_type(L, -1, args->function, "header", "true, false or \"auto\"");
    lua_pop(L, 1);
    return header;
}

static int read_csv(lua_State *L)
{
    static const char *const names[] = { "images", "labels", "label_column", "header", "dtype",
                                         "shape",  "target", "max_line",     NULL };
    static const char *const hints[] = { "path", "give the path first: data.csv { \"file.csv\" }",
                                         "file", "give the path first: data.csv { \"file.csv\" }",
                                         NULL };
    text_to_table(L);
    dg_args args = dg_args_open(L, 1, "csv", names, hints, 1);
    dg_csv_options options = { .header = header_option(&args), .target = dg_target_option(&args) };
    options.images = text_either(&args, 1, "images");
    if (!options.images) dg_raise(L, "csv: images is required (the path of a file)");
    dg_args_text(&args, "labels", &options.labels);
    dg_args_integer(&args, "label_column", 1, INT64_MAX, &options.label_column);
    if (options.labels && options.label_column)
        dg_raise(L, "csv: labels and label_column cannot both be given");
    if (dg_args_push(&args, "dtype")) {
        options.dtype = dg_want_dtype(L, -1, "csv");
        options.dtype_given = true;
    }
    if (dg_args_push(&args, "shape"))
        options.axes = dg_want_integers(L, -1, "csv", "shape", options.shape, DG_MAX_AXES - 1);
    dg_args_integer(&args, "max_line", 1, INT64_MAX, &options.max_line);
    dg_job job = dg_job_default();
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_status(L, dg_csv_read(out, &options, &job));
    dg_warn_labels(L, *out, "csv", options.target);
    return 1;
}

static int read_idx(lua_State *L)
{
    static const char *const names[] = { "images", "labels", "target", "max_bytes", NULL };
    text_to_table(L);
    dg_args args = dg_args_open(L, 1, "idx", names, NULL, 2);
    dg_idx_options options = { .target = dg_target_option(&args) };
    options.images = text_either(&args, 1, "images");
    options.labels = text_either(&args, 2, "labels");
    if (!options.images) dg_raise(L, "idx: images is required (the path of a file)");
    dg_args_integer(&args, "max_bytes", 1, INT64_MAX, &options.max_bytes);
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_status(L, dg_idx_open(out, &options));
    dg_warn_labels(L, *out, "idx", options.target);
    return 1;
}

static int from_tensors(lua_State *L)
{
    static const char *const names[] = { "x", "y", "class_names", "target", NULL };
    dg_args args = dg_args_open(L, 1, "from_tensors", names, NULL, 2);
    dg_dataset_parts parts = { .target = dg_target_option(&args) };
    if (!dg_args_push_either(&args, 1, "x")) dg_raise(L, "from_tensors: x is required (a tensor)");
    parts.x = dg_want_tensor(L, -1, "from_tensors", "x");
    if (dg_args_push_either(&args, 2, "y")) parts.y = dg_want_tensor(L, -1, "from_tensors", "y");
    dg_class_names_option(&args, &parts);
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_make(out, &parts), "from_tensors");
    dg_warn_labels(L, *out, "from_tensors", parts.target);
    return 1;
}

static int concat(lua_State *L)
{
    static const char *const names[] = { NULL };
    dg_args args = dg_args_open(L, 1, "concat", names, NULL, -1);
    if (args.positional == 0) dg_raise(L, "concat: expected a list of datasets, found none");
    const dg_dataset **sets = dg_scratch(L, (size_t)args.positional, sizeof *sets);
    for (int i = 0; i < args.positional; i++) {
        lua_rawgeti(L, 1, i + 1);
        sets[i] = dg_want_dataset(L, -1, "concat", "each value");
        lua_pop(L, 1); /* the table keeps it */
    }
    dg_check_call(L, dg_dataset_concat(dg_push_dataset(L), args.positional, sets), "concat");
    return 1;
}

/* labels(probabilities, classes) */
static int labels(lua_State *L)
{
    const dg_tensor *chances = dg_want_tensor(L, 1, "labels", "the probabilities");
    if (chances->axes != 2)
        dg_raise(L, "labels: the probabilities must have two axes, found %d", chances->axes);
    dg_dtype dtype = DG_INT32;
    dg_push_tensor_of(L, 2, "labels", &dtype);
    const dg_tensor *classes = lua_touserdata(L, -1);
    if (classes->axes != 1 || classes->shape[0] != chances->shape[1])
        dg_raise(L, "labels: there are %I columns of probabilities, but %I classes",
                 (lua_Integer)chances->shape[1],
                 (lua_Integer)(classes->axes == 1 ? classes->shape[0] : 0));
    dg_tensor *best = dg_push_tensor(L);
    dg_check_call(L, dg_tensor_reduce(best, DG_ARGMAX, chances, 1, false, 1), "labels");
    int64_t count, *rows = dg_want_rows(L, -1, "labels", classes->shape[0], &count);
    dg_check_call(L, dg_tensor_take(dg_push_tensor(L), classes, rows, count), "labels");
    return 1;
}

/* --- doubt ---------------------------------------------------------------------------------- */

/* label_doubt(set, chances): rows, issues, confidence, quality and suggested labels. */
int dg_lua_label_doubt(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "label_issues", "the set");
    const dg_tensor *chances = dg_want_tensor(L, 2, "label_issues", "chances");
    dg_tensor *rows = dg_push_tensor(L), *issues = dg_push_tensor(L),
              *confidence = dg_push_tensor(L), *quality = dg_push_tensor(L),
              *suggested = dg_push_tensor(L);
    dg_doubt doubt;
    dg_check_status(L, dg_label_doubt(&doubt, set, chances, 1));
    *rows = doubt.rows;
    *issues = doubt.issues;
    *confidence = doubt.confidence;
    *quality = doubt.quality;
    *suggested = doubt.suggested;
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
    { "csv", read_csv,
      "csv { path, label_column = nil, header = \"auto\", dtype = nil, shape = nil, target = nil, "
      "max_line = 2^24 }\nor csv { images = path, labels = path, ... }\n"
      "A dataset from a CSV file: a row a line. Labels come from one of its columns or from a "
      "second file.\nIf all of them are written as integers they are labels, if one is not (151.0) "
      "all are numbers; target =\n\"labels\" or \"numbers\" says otherwise. A first line of names "
      "only is a header; one of names and values is\nrefused unless header = true or false says "
      "what it is.\nWhole numbers 0..255 make uint8; dtype = \"float32\" admits any number. "
      "Without "
      "shape, rows are {columns}.\nA line of more than max_line bytes is refused.\n"
      "data.csv { \"mnist_train.csv\", label_column = 1, shape = { 28, 28, 1 } }" },
    { "idx", read_idx,
      "idx { images = path, labels = path, target = \"labels\", max_bytes = nil }\n"
      "A dataset from IDX files, gzipped or not; {n, h, w} images become {n, h, w, 1}. A .gz that "
      "unpacks to\nmore than max_bytes (unless given, a hundred times its size, or 256 MiB if that "
      "is more) is refused.\n"
      "data.idx { images = \"train-images-idx3-ubyte\", labels = \"train-labels-idx1-ubyte\" }" },
    { "from_tensors", from_tensors,
      "from_tensors { x = tensor, y = tensor, class_names = nil, target = nil }\n"
      "A dataset of rows x and labels y: integers {n}, or one-hot {n, k}. A float32 y {n} is "
      "numbers, whatever\nits values, for trees, and for networks of one output with loss = "
      "\"mean_squared_error\";\ntarget = \"labels\" reads whole floats as labels, target = "
      "\"numbers\" integers as numbers.\n"
      "data.from_tensors { x = digits.zeros { 10, 28, 28, 1 }, y = digits.zeros { 10, dtype = "
      "\"int32\" } }" },
    { "concat", concat,
      "concat { sets... }\nThe rows of several datasets, one after another.\n"
      "data.concat { train, validation }" },
    { "labels", labels,
      "labels(probabilities, classes)\n"
      "The most likely label of each row of a {n, k} tensor, as {n} int32; column i belongs to "
      "classes[i].\ndata.labels(model:predict_proba(test), model.classes)" },
    { NULL, NULL, NULL },
};

void dg_open_data(lua_State *L)
{
    dg_class_register(L, &dg_dataset_class);
    dg_push_functions(L, sources, "data.");
}
