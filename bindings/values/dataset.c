/* Datasets as userdata, and the options of every function that makes one. */
#include "bindings/values/dataset.h"

#include "bindings/calls/check.h"
#include "bindings/calls/memory.h"
#include "bindings/calls/tables.h"
#include "bindings/values/tensor.h"

/* --- userdata ------------------------------------------------------------------------------- */

const dg_dataset **dg_push_dataset(lua_State *L)
{
    dg_memory_enter(L);
    return dg_class_push(L, DG_DATASET, sizeof(const dg_dataset *), 0);
}

const dg_dataset *dg_test_dataset(lua_State *L, int index)
{
    const dg_dataset **set = luaL_testudata(L, index, DG_DATASET);
    if (set && !*set) dg_raise(L, "the dataset was closed");
    dg_memory_enter(L);
    return set ? *set : NULL;
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
        dg_raise(L, "%s: expected a tensor of labels after the tensor of rows, found %s", function,
                 dg_push_found(L, y));
    const dg_tensor *labels = dg_want_tensor(L, y, function, "y");
    const dg_dataset **out = dg_push_dataset(L);
    dg_check_call(L, dg_dataset_new(out, values, labels, 0, NULL), function);
    return *out;
}

bool dg_join_pair(lua_State *L, int index, const char *function)
{
    if (!dg_test_tensor(L, index)) return false;
    if (lua_gettop(L) == index) lua_pushnil(L);
    dg_push_pair(L, index, index + 1, function);
    lua_replace(L, index);
    lua_remove(L, index + 1);
    return true;
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

/* --- the record ------------------------------------------------------------------------------ */

static bool is_false(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TBOOLEAN && !lua_toboolean(L, index);
}

static bool is_names(lua_State *L, int index, dg_value *out)
{
    return dg_is_table(L, index, out) || is_false(L, index);
}

static bool is_column(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return dg_test_tensor(L, index) || is_false(L, index);
}

const dg_lua_handle dg_names_handle = { { "list", "a list of strings, or false" }, is_names };
const dg_lua_handle dg_column_handle = { { "tensor", "a tensor, or false" }, is_column };

/* The list of texts at stack index `list` (0: not given), and how many; `*none`: it is false. */
static const char *const *read_names(lua_State *L, int list, const char *function, int64_t *count,
                                     bool *none)
{
    *none = list && is_false(L, list);
    if (!list || *none) return NULL;
    *count = (int64_t)lua_rawlen(L, list);
    const char **texts = dg_scratch(L, (size_t)*count, sizeof *texts);
    for (int64_t i = 0; i < *count; i++) {
        lua_rawgeti(L, list, i + 1);
        texts[i] = dg_want_text(L, -1, function, "a name");
        lua_pop(L, 1); /* the list keeps it */
    }
    return texts;
}

static const dg_tensor *read_column(lua_State *L, int value, bool *none)
{
    *none = value && is_false(L, value);
    return value && !*none ? dg_test_tensor(L, value) : NULL;
}

dg_dataset_fields dg_read_record(lua_State *L, const dg_record_options *o, const char *function)
{
    dg_dataset_fields fields = { .target = (dg_target)(o->target + 1), /* none: -1 */
                                 .shape = o->shape };
    fields.class_names =
        read_names(L, o->class_names, function, &fields.name_count, &fields.no_names);
    fields.feature_names =
        read_names(L, o->feature_names, function, &fields.feature_count, &fields.no_features);
    fields.weights = read_column(L, o->weights, &fields.no_weights);
    fields.groups = read_column(L, o->groups, &fields.no_groups);
    return fields;
}

void dg_warn_labels(lua_State *L, const dg_dataset *set, const char *function, dg_target target)
{
    if (target != DG_TARGET_NONE || !dg_dataset_seems_numeric(set)) return;
    lua_pushfstring(L,
                    "y has %I classes in %I rows; if they are numeric targets, set target = "
                    "\"numbers\"; if they are labels, set target = \"labels\"",
                    (lua_Integer)set->class_count, (lua_Integer)dg_dataset_rows(set));
    dg_tell(L, function, lua_tostring(L, -1));
    lua_pop(L, 1);
}
