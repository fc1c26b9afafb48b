/* What can be made of a dataset. */
#include <stdlib.h>
#include <string.h>

#include "bindings/check.h"
#include "bindings/data.h"
#include "bindings/tensor.h"
#include "engine/base/part.h" /* dg_nearest */
#include "engine/base/random.h"

/* --- split and folds ------------------------------------------------------------------------ */

static const char *const split_options[] = { "seed", "stratify", NULL };

static const char *const split_hints[] = { "random_state",
                                           "use seed = ...",
                                           "test_size",
                                           "give all parts: set:split { 0.8, 0.2 }",
                                           "shuffle",
                                           "rows are always shuffled; see seed",
                                           NULL };

static int split(lua_State *L)
{
    enum { MOST_PARTS = 100 };
    const dg_dataset *set = dg_want_dataset(L, 1, "split", "the value");
    double parts[MOST_PARTS];
    const dg_dataset *made[MOST_PARTS] = { NULL };
    bool stratify = false;
    dg_args args = dg_args_open(L, 2, "split", split_options, split_hints, MOST_PARTS);
    if (args.positional == 0)
        dg_raise(L, "split: expected fractions that sum to 1, or counts: set:split { 0.8, 0.2 }");
    for (int i = 0; i < args.positional; i++) {
        lua_rawgeti(L, 2, i + 1);
        parts[i] = dg_want_number(L, -1, "split", "each part");
        lua_pop(L, 1);
    }
    dg_args_boolean(&args, "stratify", &stratify);
    uint64_t seed = dg_args_seed_or_next(&args);
    int base = lua_gettop(L);
    luaL_checkstack(L, args.positional + 8, NULL);
    for (int i = 0; i < args.positional; i++) dg_push_dataset(L);
    dg_check_call(L, dg_dataset_split(made, set, args.positional, parts, seed, stratify), "split");
    for (int i = 0; i < args.positional; i++)
        *(const dg_dataset **)lua_touserdata(L, base + 1 + i) = made[i];
    return args.positional;
}

/* The iterator: upvalues set, folds, seed, stratify, the fold that comes next. */
static int next_fold(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, lua_upvalueindex(1), "folds", "the set");
    int folds = (int)lua_tointeger(L, lua_upvalueindex(2));
    uint64_t seed = (uint64_t)lua_tointeger(L, lua_upvalueindex(3));
    bool stratify = lua_toboolean(L, lua_upvalueindex(4));
    int fold = (int)lua_tointeger(L, lua_upvalueindex(5));
    if (fold == folds) return 0;
    const dg_dataset **training = dg_push_dataset(L), **held_out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_fold(training, held_out, set, folds, fold, seed, stratify),
                  "folds");
    lua_pushinteger(L, fold + 1);
    lua_replace(L, lua_upvalueindex(5));
    return 2;
}

static int folds(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "folds", "the value");
    bool stratify = false;
    int64_t count = 0;
    if (lua_type(L, 2) == LUA_TNUMBER) {
        lua_createtable(L, 1, 0);
        lua_insert(L, 2);
        lua_rawseti(L, 2, 1);
    }
    dg_args args = dg_args_open(L, 2, "folds", split_options, split_hints, 1);
    if (args.positional == 0) dg_raise(L, "folds: expected how many: set:folds { 5 }");
    lua_rawgeti(L, 2, 1);
    int64_t rows = dg_dataset_rows(set);
    count = dg_want_integer(L, -1, "folds", "the number of folds", 2,
                            rows < INT32_MAX ? rows : INT32_MAX);
    dg_args_boolean(&args, "stratify", &stratify);
    uint64_t seed = dg_args_seed_or_next(&args);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, count);
    lua_pushinteger(L, (lua_Integer)seed);
    lua_pushboolean(L, stratify);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_fold, 5);
    return 1;
}

/* --- rows ----------------------------------------------------------------------------------- */

static int rows(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "rows", "the value");
    int64_t count, *numbers = dg_want_rows(L, 2, "rows", dg_dataset_rows(set), &count);
    dg_check_call(L, dg_dataset_take(dg_push_dataset(L), set, numbers, count), "rows");
    return 1;
}

static int take(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "take", "the value");
    int64_t count = dg_want_integer(L, 2, "take", "the number of rows", 0, dg_dataset_rows(set));
    dg_check_call(L, dg_dataset_head(dg_push_dataset(L), set, count), "take");
    return 1;
}

static int shuffle(lua_State *L)
{
    static const char *const names[] = { "seed", NULL };
    const dg_dataset *set = dg_want_dataset(L, 1, "shuffle", "the value");
    dg_args args = dg_args_open(L, 2, "shuffle", names, split_hints, 0);
    uint64_t seed = dg_args_seed_or_next(&args);
    dg_check_call(L, dg_dataset_shuffle(dg_push_dataset(L), set, seed), "shuffle");
    return 1;
}

/* The label of the class whose name is on top of the stack. */
static int32_t named_label(lua_State *L, const dg_dataset *set)
{
    const char *name = lua_tostring(L, -1);
    if (!set->class_names)
        dg_raise(L, "only: '%s' is a name, but the classes of the set have none: give labels",
                 name);
    const char *const *names = (const char *const *)set->class_names;
    for (int64_t i = 0; i < set->class_count; i++)
        if (strcmp(names[i], name) == 0) return set->classes[i];
    const char *nearest = dg_nearest(name, names, (int)set->class_count);
    return dg_raise(L, "only: there is no class '%s'%s%s%s", name,
                    nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static int only(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "only", "the value");
    if (lua_type(L, 2) != LUA_TTABLE)
        dg_wrong_type(L, 2, "only", "the labels", "a list of labels or class names");
    lua_Unsigned count = lua_rawlen(L, 2);
    int32_t *labels = dg_scratch(L, count, sizeof *labels);
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        labels[i] = lua_type(L, -1) == LUA_TSTRING
                        ? named_label(L, set)
                        : (int32_t)dg_want_integer(L, -1, "only", "a label", INT32_MIN, INT32_MAX);
        lua_pop(L, 1);
    }
    dg_check_call(L, dg_dataset_only(dg_push_dataset(L), set, labels, (int64_t)count), "only");
    return 1;
}

#define WEIGHTS "a set has none, they are given to fit(set, { sample_weight = ... })"

static int with(lua_State *L)
{
    static const char *const names[] = { "x", "y", "class_names", "target", NULL };
    static const char *const hints[] = { "labels",      "use y = ...",   "images",
                                         "use x = ...", "sample_weight", WEIGHTS,
                                         "weights",     WEIGHTS,         NULL };
    const dg_dataset *set = dg_want_dataset(L, 1, "with", "the value");
    dg_args args = dg_args_open(L, 2, "with", names, hints, 0);
    dg_dataset_parts parts = { .target = dg_target_option(&args) };
    if (dg_args_push(&args, "x")) parts.x = dg_want_tensor(L, -1, "with", "x");
    if (dg_args_push(&args, "y")) parts.y = dg_want_tensor(L, -1, "with", "y");
    parts.no_names =
        dg_args_push(&args, "class_names") && lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    if (!parts.no_names) dg_class_names_option(&args, &parts);
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_with(out, set, &parts), "with");
    if (parts.y || !set->labelled) dg_warn_labels(L, *out, "with", parts.target);
    return 1;
}

static int one_hot(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "one_hot", "the value");
    dg_check_call(L, dg_dataset_one_hot(dg_push_dataset(L), set), "one_hot");
    return 1;
}

static int counts(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, 1, "counts", "the value");
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

/* The iterator: upvalues set, size, the order (int64_t row numbers, in a userdata), where the next
 * batch begins. */
static int next_batch(lua_State *L)
{
    const dg_dataset *set = dg_want_dataset(L, lua_upvalueindex(1), "batches", "the set");
    int64_t size = lua_tointeger(L, lua_upvalueindex(2)), count = dg_dataset_rows(set);
    const int64_t *order = lua_touserdata(L, lua_upvalueindex(3));
    int64_t first = lua_tointeger(L, lua_upvalueindex(4));
    if (first >= count) return 0;
    if (size > count - first) size = count - first;
    dg_check_call(L, dg_dataset_take(dg_push_dataset(L), set, order + first, size), "batches");
    lua_pushinteger(L, first + size);
    lua_replace(L, lua_upvalueindex(4));
    return 1;
}

static int batches(lua_State *L)
{
    static const char *const names[] = { "size", "shuffle", "seed", NULL };
    static const char *const hints[] = { "batch_size", "use size = ...", "random_state",
                                         "use seed = ...", NULL };
    const dg_dataset *set = dg_want_dataset(L, 1, "batches", "the value");
    int64_t size = 32, count = dg_dataset_rows(set);
    bool shuffled = false;
    if (lua_type(L, 2) == LUA_TNUMBER) {
        lua_createtable(L, 1, 0);
        lua_insert(L, 2);
        lua_rawseti(L, 2, 1);
    }
    dg_args args = dg_args_open(L, 2, "batches", names, hints, 1);
    if (dg_args_push_either(&args, 1, "size"))
        size = dg_want_integer(L, -1, "batches", "size", 1, INT64_MAX);
    dg_args_boolean(&args, "shuffle", &shuffled);
    uint64_t seed = 0;
    if (shuffled) seed = dg_args_seed_or_next(&args);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, size);
    int64_t *order = dg_scratch(L, (size_t)count, sizeof *order);
    if (shuffled)
        dg_random_permutation(dg_key(seed, "shuffle", 0), count, order);
    else
        for (int64_t i = 0; i < count; i++) order[i] = i;
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_batch, 4);
    return 1;
}

const dg_function dg_dataset_methods[] = {
    { "split", split,
      "split { parts..., seed = nil, stratify = false }\n"
      "Cuts the rows, in random order, into several sets: fractions that sum to 1, or counts that "
      "sum to\nthe rows. stratify spreads each class alike.\n"
      "local train, test = set:split { 0.8, 0.2, seed = 1, stratify = true }" },
    { "folds", folds,
      "folds { k, seed = nil, stratify = false }\n"
      "Iterates over k pairs of a training set and the rows held out; each row is held out once.\n"
      "for training, held_out in set:folds { 5, seed = 1 } do ... end" },
    { "only", only,
      "only { labels or class names... }\n"
      "The rows with one of these labels; the classes shrink to them.\n"
      "set:only { 4, 9 } or set:only { \"cat\", \"dog\" }" },
    { "with", with,
      "with { x = nil, y = nil, class_names = nil, target = nil }\n"
      "A set with other rows or labels and the rest of this one. The classes are those found in a "
      "new y (with\nas many one-hot columns as classes, these); class_names stay with all their "
      "classes, and each label\nmust have one: class_names = { ... } gives others, class_names = "
      "false none. target is as in\ndata.from_tensors, and without y reads the old one anew.\n"
      "local y = set.y:copy(); y[17] = 4; set = set:with { y = y }" },
    { "rows", rows,
      "rows { numbers... } or rows(tensor)\nThese rows in this order, counted from 1.\n"
      "set:rows { 5, 1, 7 }" },
    { "take", take, "take(n)\nThe first n rows.\nset:take(1000)" },
    { "shuffle", shuffle,
      "shuffle { seed = nil }\nThe rows in random order.\nset:shuffle { seed = 1 }" },
    { "one_hot", one_hot, "one_hot()\nThe same rows with y as {n, classes} zeros and ones." },
    { "batches", batches,
      "batches { size = 32, shuffle = false, seed = nil }\n"
      "Iterates over sets of up to size rows, which together have all of them.\n"
      "for batch in set:batches { 50, shuffle = true } do print(batch.x, batch.y) end" },
    { "counts", counts,
      "counts()\nHow many rows each class has, a table asked by label.\nprint(set:counts()[4])" },
    { NULL, NULL, NULL },
};
