/* The methods of datasets. */
#include <math.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/tables.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"
#include "engine/base/random.h"
#include "engine/part/part.h" /* dg_nearest */

/* The set, which is the first argument: the call of the method has checked it. */
static const dg_dataset *self(lua_State *L)
{
    return dg_want_dataset(L, 1, "the method", "the value");
}

/* --- split and folds ------------------------------------------------------------------------ */

/* How to cut, for the engine. */
static int cut(bool stratify, const dg_one_of *groups)
{
    int how = stratify ? DG_SPLIT_STRATIFIED : 0;
    if (groups->type == DG_VALUE_NIL) return how;
    return how | (groups->boolean ? DG_SPLIT_GROUPS : DG_SPLIT_ROWS);
}

#define STRATIFY(options)                                                                          \
    DG_BOOL(options, stratify, .named_only = true,                                                 \
            .doc = "give each set the same share of every class, or nearly so where groups stay "  \
                   "together")
static const dg_param boolean[] = { DG_EITHER(DG_TYPE_BOOL), DG_END };

#define GROUPS(options)                                                                            \
    DG_ONE_OF(options, groups, .named_only = true, .alternatives = boolean,                        \
              .doc = "true: the rows of a group stay together, and there must be groups; false: "  \
                     "groups are not looked at; nil: true if the set has groups")
#define ORDER_SEED(options)                                                                        \
    DG_SEED(options, seed, .named_only = true, .doc = "for the random order")

static const dg_lua_handle parts_handle = {
    { "list", "fractions that sum to 1, or counts: set:split { 0.8, 0.2 }" }, dg_is_table
};

typedef struct split_options {
    int parts; /* the table that holds them */
    bool stratify;
    dg_one_of groups;
    dg_optional_seed seed;
} split_options;

static const dg_param split_params[] = {
    DG_SLOT(split_options, parts, .rest = true, .required = true, .handle = &parts_handle.handle,
            .doc =
                "how much each set gets: fractions that sum to 1, or counts that sum to the rows"),
    ORDER_SEED(split_options),
    STRATIFY(split_options),
    GROUPS(split_options),
    DG_END,
};

static const dg_hint split_hints[] = {
    { "random_state", "use seed = ..." },
    { "test_size", "give all parts: set:split { 0.8, 0.2 }" },
    { "shuffle", "rows are always shuffled; see seed" },
    { NULL },
};

static int split(lua_State *L, const void *options)
{
    enum { MOST_PARTS = 100 };
    const split_options *o = options;
    double parts[MOST_PARTS];
    const dg_dataset *made[MOST_PARTS] = { NULL };
    int count = (int)lua_rawlen(L, o->parts);
    if (count > MOST_PARTS)
        dg_raise(L, "split: at most %d parts are allowed, found %d", MOST_PARTS, count);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, o->parts, i + 1);
        parts[i] = dg_want_number(L, -1, "split", "each part");
        lua_pop(L, 1);
    }
    int base = lua_gettop(L);
    luaL_checkstack(L, count + 8, NULL);
    for (int i = 0; i < count; i++) dg_push_dataset(L);
    dg_check_call(L,
                  dg_dataset_split(made, self(L), count, parts, dg_seed_or_next(&o->seed),
                                   cut(o->stratify, &o->groups)),
                  "split");
    for (int i = 0; i < count; i++) *(const dg_dataset **)lua_touserdata(L, base + 1 + i) = made[i];
    return count;
}

typedef struct folds_options {
    int64_t k;
    bool stratify;
    dg_one_of groups;
    dg_optional_seed seed;
} folds_options;

static const dg_param folds_params[] = {
    DG_INT(folds_options, k, .required = true, DG_WITHIN(2, INT32_MAX),
           .doc = "the number of folds, at most the number of rows"),
    ORDER_SEED(folds_options),
    STRATIFY(folds_options),
    GROUPS(folds_options),
    DG_END,
};

/* Upvalue 2 of the iterator; upvalue 1 is the set. */
struct folding {
    int folds, next, how;
    uint64_t seed;
};

static int next_fold(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, lua_upvalueindex(1), "folds", "the set");
    struct folding *f = lua_touserdata(L, lua_upvalueindex(2));
    if (f->next == f->folds) return 0;
    const dg_dataset **training = dg_push_dataset(L), **held_out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_fold(training, held_out, set, f->folds, f->next, f->seed, f->how),
                  "folds");
    f->next++;
    return 2;
}

static int folds(lua_State *L, const void *options)
{
    const folds_options *o = options;
    int64_t rows = dg_dataset_rows(self(L));
    if (o->k > rows)
        dg_raise(L, "folds: k must be a whole number from 2 to %I, the number of rows, found %I",
                 (lua_Integer)rows, (lua_Integer)o->k);
    lua_pushvalue(L, 1);
    *(struct folding *)dg_scratch(L, 1, sizeof(struct folding)) = (struct folding){
        .folds = (int)o->k, .how = cut(o->stratify, &o->groups), .seed = dg_seed_or_next(&o->seed)
    };
    lua_pushcclosure(L, next_fold, 2);
    return 1;
}

/* --- rows ----------------------------------------------------------------------------------- */

typedef struct rows_options {
    int numbers;
} rows_options;

static const dg_lua_handle rows_handle = { { "rows", "a list of row numbers or an integer tensor" },
                                           NULL };

static const dg_param rows_params[] = {
    DG_SLOT(rows_options, numbers, .required = true, .handle = &rows_handle.handle,
            .doc = "the numbers of the rows, counted from 1, negative ones from the end"),
    DG_END,
};

static int rows(lua_State *L, const void *options)
{
    const rows_options *o = options;
    const dg_dataset *set = self(L);
    int64_t count, *numbers = dg_want_rows(L, o->numbers, "rows", dg_dataset_rows(set), &count);
    dg_check_call(L, dg_dataset_take(dg_push_dataset(L), set, numbers, count), "rows");
    return 1;
}

typedef struct take_options {
    int64_t n;
} take_options;

static const dg_param take_params[] = {
    DG_INT(take_options, n, .required = true, DG_AT_LEAST(0),
           .doc = "how many rows, at most all of them"),
    DG_END,
};

static int take(lua_State *L, const void *options)
{
    const take_options *o = options;
    dg_check_call(L, dg_dataset_head(dg_push_dataset(L), self(L), o->n), "take");
    return 1;
}

typedef struct shuffle_options {
    dg_optional_seed seed;
} shuffle_options;

static const dg_param shuffle_params[] = { ORDER_SEED(shuffle_options), DG_END };

static int shuffle(lua_State *L, const void *options)
{
    const shuffle_options *o = options;
    dg_check_call(L, dg_dataset_shuffle(dg_push_dataset(L), self(L), dg_seed_or_next(&o->seed)),
                  "shuffle");
    return 1;
}

/* The label of the class whose name is on top of the stack. */
static int32_t named_label(lua_State *L, const dg_dataset *set)
{
    const char *name = lua_tostring(L, -1);
    if (!set->class_names)
        dg_raise(L, "only: '%s' is a name, but the classes of the set have no names: give labels",
                 name);
    const char *const *names = (const char *const *)set->class_names;
    return set
        ->classes[dg_find_name(L, names, (int)set->class_count, name, "only: there is no class")];
}

typedef struct only_options {
    int labels; /* the table that holds them */
} only_options;

static const dg_lua_handle labels_handle = { { "list", "a list of labels or class names" },
                                             dg_is_table };

static const dg_param only_params[] = {
    DG_SLOT(only_options, labels, .rest = true, .required = true, .handle = &labels_handle.handle,
            .doc = "labels, or names of classes"),
    DG_END,
};

static int only(lua_State *L, const void *options)
{
    const only_options *o = options;
    const dg_dataset *set = self(L);
    lua_Unsigned count = lua_rawlen(L, o->labels);
    int32_t *labels = dg_scratch(L, count, sizeof *labels);
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_rawgeti(L, o->labels, (lua_Integer)i + 1);
        labels[i] = lua_type(L, -1) == LUA_TSTRING
                        ? named_label(L, set)
                        : (int32_t)dg_want_integer(L, -1, "only", "a label", INT32_MIN, INT32_MAX);
        lua_pop(L, 1);
    }
    dg_check_call(L, dg_dataset_only(dg_push_dataset(L), set, labels, (int64_t)count), "only");
    return 1;
}

/* --- other parts ----------------------------------------------------------------------------- */

typedef struct with_options {
    dg_record_options record;
    const dg_tensor *x, *y;
} with_options;

static const dg_param with_params[] = {
    DG_HANDLE(with_options, x, .handle = &dg_tensor_handle.handle, .doc = "new rows"),
    DG_HANDLE(with_options, y, .handle = &dg_tensor_handle.handle,
              .doc = "new labels or numbers; target alone reinterprets the old ones"),
    DG_RECORD_PARAMS,
    DG_END,
};

static const dg_hint with_hints[] = {
    { "labels", "use y = ..." },
    { "images", "use x = ..." },
    { "sample_weight", "use weights = ..." },
    { NULL },
};

static int with(lua_State *L, const void *options)
{
    const with_options *o = options;
    dg_dataset_fields parts = dg_read_record(L, &o->record, "with");
    parts.x = o->x;
    parts.y = o->y;
    const dg_dataset *set = self(L), **out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_with(out, set, &parts), "with");
    if (parts.y || set->target != DG_TARGET_LABELS) dg_warn_labels(L, *out, "with", parts.target);
    return 1;
}

typedef struct reshape_options {
    dg_ints shape;
} reshape_options;

static const dg_param reshape_params[] = {
    DG_INTS(reshape_options, shape, .required = true, DG_AT_LEAST(1), .count_low = 1,
            .count_high = DG_MAX_AXES - 1,
            .doc = "the new shape of a row, with the same number of values"),
    DG_END,
};

static int reshape(lua_State *L, const void *options)
{
    const reshape_options *o = options;
    dg_check_call(L, dg_dataset_reshape(dg_push_dataset(L), self(L), &o->shape), "reshape");
    return 1;
}

static int one_hot(lua_State *L, const void *options)
{
    (void)options;
    dg_check_call(L, dg_dataset_one_hot(dg_push_dataset(L), self(L)), "one_hot");
    return 1;
}

static int counts(lua_State *L, const void *options)
{
    const dg_dataset *set = self(L);
    (void)options;
    dg_check_status(L, dg_dataset_want_labels(set, "counts"));
    int64_t *numbers = dg_scratch(L, (size_t)set->class_count, sizeof *numbers);
    dg_dataset_counts(set, numbers);
    lua_newtable(L);
    dg_set_printable(L, "digits.counts");
    for (int64_t i = 0; i < set->class_count; i++) {
        lua_pushinteger(L, numbers[i]);
        lua_rawseti(L, -2, set->classes[i]);
    }
    return 1;
}

/* --- batches -------------------------------------------------------------------------------- */

typedef struct batches_options {
    int64_t size;
    bool shuffle;
    dg_optional_seed seed;
} batches_options;

static const dg_param batches_params[] = {
    DG_INT(batches_options, size, DG_AT_LEAST(1), .default_number = 32,
           .doc = "rows per batch; the last one may have fewer"),
    DG_BOOL(batches_options, shuffle, .named_only = true, .doc = "take the rows in random order"),
    ORDER_SEED(batches_options),
    DG_END,
};

static const dg_hint batches_hints[] = {
    { "batch_size", "use size = ..." },
    { "random_state", "use seed = ..." },
    { NULL },
};

/* Upvalue 2 of the iterator; upvalue 1 is the set. */
struct batching {
    int64_t size, first; /* the row that comes next */
    int64_t order[];
};

static int next_batch(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, lua_upvalueindex(1), "batches", "the set");
    struct batching *b = lua_touserdata(L, lua_upvalueindex(2));
    int64_t left = dg_dataset_rows(set) - b->first, size = left < b->size ? left : b->size;
    if (left <= 0) return 0;
    dg_check_call(L, dg_dataset_take(dg_push_dataset(L), set, b->order + b->first, size),
                  "batches");
    b->first += size;
    return 1;
}

static int batches(lua_State *L, const void *options)
{
    const batches_options *o = options;
    int64_t count = dg_dataset_rows(self(L));
    lua_pushvalue(L, 1);
    struct batching *b = dg_scratch(L, (size_t)count + 2, sizeof *b->order);
    b->size = o->size;
    b->first = 0;
    if (o->shuffle)
        dg_random_permutation(dg_key(dg_seed_or_next(&o->seed), "shuffle", 0), count, b->order);
    else
        for (int64_t i = 0; i < count; i++) b->order[i] = i;
    lua_pushcclosure(L, next_batch, 2);
    return 1;
}

static const dg_param no_params[] = { DG_END };

const dg_function dg_dataset_methods[] = {
    { DG_CALLED(split, 0), .hints = split_hints,
      .doc =
          "Splits the rows, in random order, into several sets. If the set has groups, these are "
          "dealt out instead\nof rows, and counted; with stratify = true, fractions are of rows "
          "and classes, and come out nearly.",
      .example = "local train, test = set:split { 0.8, 0.2, seed = 1, stratify = true }" },
    { DG_CALLED(folds, 0), .hints = split_hints,
      .doc = "Iterates over k pairs of a training set and the rows held out; each row is held out "
             "once.",
      .example = "for training, held_out in set:folds { 5, seed = 1 } do ... end" },
    { DG_CALLED(only, 0), .doc = "The rows with one of these labels; only these remain as classes.",
      .example = "set:only { 4, 9 } or set:only { \"cat\", \"dog\" }" },
    { DG_CALLED(with, 0), .hints = with_hints,
      .doc = "A new set with other rows, labels or names, and the rest of this one. A new y "
             "defines the classes, unless it is\none-hot with as many columns as there are "
             "classes; class_names stay, and each label must have one; weights\nand groups stay if "
             "the number of rows does, feature_names if the number of values in a row does.",
      .example = "local y = set.y:copy(); y[17] = 4; set = set:with { y = y }" },
    { DG_CALLED(rows, 1), .doc = "These rows in this order.", .example = "set:rows { 5, 1, 7 }" },
    { DG_CALLED(take, 1), .doc = "The first n rows.", .example = "set:take(1000)" },
    { DG_CALLED(shuffle, 0), .hints = split_hints, .doc = "The rows in random order.",
      .example = "set:shuffle { seed = 1 }" },
    { DG_CALLED(reshape, 0), .doc = "The same rows in another shape; they share their memory.",
      .example = "set:reshape { 28, 28, 1 }" },
    { .name = "one_hot",
      .call = one_hot,
      .params = no_params,
      .doc = "The same rows with y as {n, classes} zeros and ones.",
      .example = "set:one_hot().y" },
    { DG_CALLED(batches, 0), .hints = batches_hints,
      .doc = "Iterates over sets of up to `size` rows, which together hold all rows.",
      .example = "for batch in set:batches { 50, shuffle = true } do print(batch.x, batch.y) end" },
    { .name = "counts",
      .call = counts,
      .params = no_params,
      .doc = "The number of rows of each class, a table indexed by label.",
      .example = "print(set:counts()[4])" },
    { NULL, NULL, NULL },
};
