/* The one reader of options. */
#include "bindings/calls/options.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/signature.h"
#include "bindings/calls/tables.h"

/* --- handles -------------------------------------------------------------------------------- */

static bool read_function(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return lua_type(L, index) == LUA_TFUNCTION;
}

bool dg_is_table(lua_State *L, int index, dg_value *out)
{
    (void)out;
    return lua_type(L, index) == LUA_TTABLE;
}

const dg_lua_handle dg_any_handle = { { "value", "a value" }, NULL };
const dg_lua_handle dg_function_handle = { { "function", "a function" }, read_function };
const dg_lua_handle dg_table_handle = { { "table", "a table" }, dg_is_table };

/* --- one value ------------------------------------------------------------------------------ */

/* Reads a list of whole numbers that has no other fields. */
static bool read_ints(lua_State *L, int index, dg_ints *out)
{
    lua_Unsigned count = lua_rawlen(L, index);
    if (count > DG_MAX_INTS) return false;
    int keys = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) keys++;
    if (keys != (int)count) return false;
    out->count = (int)count;
    bool whole = true;
    for (int i = 0; i < out->count; i++) {
        lua_rawgeti(L, index, i + 1);
        whole = whole && dg_is_integer(L, -1, &out->at[i]);
        lua_pop(L, 1);
    }
    return whole;
}

/* Reads two lists of two whole numbers each as one list. */
static bool read_pairs(lua_State *L, int index, dg_ints *out)
{
    dg_ints pair = { 0 };
    int keys = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) keys++;
    bool pairs = keys == 2;
    out->count = 4;
    for (int i = 0; pairs && i < 2; i++) {
        pairs = lua_rawgeti(L, index, i + 1) == LUA_TTABLE && read_ints(L, lua_gettop(L), &pair) &&
                pair.count == 2;
        memcpy(out->at + 2 * i, pair.at, 2 * sizeof *out->at);
        lua_pop(L, 1);
    }
    return pairs;
}

/* Reads a list of two numbers that has no other fields. */
static bool read_span(lua_State *L, int index, dg_value *out)
{
    int keys = 0, numbers = 0;
    out->type = DG_VALUE_SPAN;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) keys++;
    for (int i = 0; i < 2; i++) {
        numbers += lua_rawgeti(L, index, i + 1) == LUA_TNUMBER;
        out->span[i] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return keys == 2 && numbers == 2;
}

/* Reads a list of numbers that has no other fields. */
static bool read_numbers(lua_State *L, int index, dg_numbers *out)
{
    if (lua_type(L, index) != LUA_TTABLE) return false;
    lua_Unsigned count = lua_rawlen(L, index), keys = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) keys++;
    if (keys != count || count > DG_MAX_NUMBERS) return false;
    for (lua_Unsigned i = 0; i < count; i++) {
        if (lua_rawgeti(L, index, (lua_Integer)i + 1) != LUA_TNUMBER) {
            lua_pop(L, 1);
            return false;
        }
        out->at[out->count++] = lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return true;
}

/* Reads a table from labels to numbers, into memory that is pushed. */
static bool read_map(lua_State *L, int index, dg_value *out)
{
    int64_t count = 0;
    if (lua_type(L, index) != LUA_TTABLE) return false;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) count++;
    out->type = DG_VALUE_MAP;
    out->map.at = dg_scratch(L, (size_t)count + 1, sizeof *out->map.at);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        struct dg_map_entry *each = &out->map.at[out->map.count++];
        if (!dg_is_integer(L, -2, &each->label) || lua_type(L, -1) != LUA_TNUMBER) {
            lua_pop(L, 2);
            return false;
        }
        each->number = lua_tonumber(L, -1);
    }
    return true;
}

static bool read_handle(lua_State *L, int index, const char *who, const dg_param *param,
                        dg_value *out)
{
    const dg_lua_handle *kind = (const dg_lua_handle *)param->handle;
    out->type = DG_VALUE_HANDLE;
    out->handle = param->handle;
    out->slot = index;
    if (kind->convert) return kind->convert(L, index, who, param, out);
    return !lua_isnil(L, index) && (!kind->read || kind->read(L, index, out));
}

static bool read_plain(lua_State *L, int index, dg_value *out)
{
    switch (lua_type(L, index)) {
    case LUA_TNIL: return true;
    case LUA_TBOOLEAN:
        out->type = DG_VALUE_BOOL;
        out->boolean = lua_toboolean(L, index);
        return true;
    case LUA_TNUMBER:
        out->type = lua_isinteger(L, index) ? DG_VALUE_INT : DG_VALUE_FLOAT;
        out->integer = lua_tointeger(L, index);
        out->number = lua_tonumber(L, index);
        return true;
    case LUA_TSTRING:
        out->type = DG_VALUE_TEXT;
        out->text = lua_tostring(L, index);
        return strlen(out->text) == lua_rawlen(L, index);
    case LUA_TTABLE: out->type = DG_VALUE_INTS; return read_ints(L, index, &out->ints);
    case LUA_TUSERDATA:
        out->type = DG_VALUE_PART;
        out->part = dg_test_part(L, index);
        return out->part != NULL;
    default: return false;
    }
}

/* Whether the value at `index` is of the kind that `param` looks for (NULL: of any plain kind). */
static bool read_for(lua_State *L, int index, const char *who, const dg_param *param, dg_value *out)
{
    *out = (dg_value){ .type = DG_VALUE_NIL };
    switch (param ? param->type : DG_TYPE_BOOL) {
    case DG_TYPE_HANDLE:
    case DG_TYPE_SLOT: return read_handle(L, index, who, param, out);
    case DG_TYPE_MAP: return read_map(L, index, out);
    case DG_TYPE_INTS:
        if (!param->pairs || lua_type(L, index) != LUA_TTABLE) break;
        if (!read_pairs(L, index, &out->ints)) break;
        out->type = DG_VALUE_INTS;
        return true;
    case DG_TYPE_SPAN:
        if (lua_type(L, index) == LUA_TTABLE) return read_span(L, index, out);
        break;
    case DG_TYPE_NUMBERS:
        if (!read_numbers(L, index, &out->numbers)) break;
        out->type = DG_VALUE_NUMBERS;
        return true;
    case DG_TYPE_ONE_OF:
        for (const dg_param *each = param->alternatives; each->name; each++) {
            dg_value checked;
            if (!read_for(L, index, who, each, out)) continue;
            checked = *out;
            if (dg_param_check("", each, &checked) == DG_OK) return true;
        }
        for (const dg_param *each = param->alternatives; each->name; each++)
            if (each->type == DG_TYPE_MAP && read_for(L, index, who, each, out)) return true;
        break;
    default: break;
    }
    return read_plain(L, index, out);
}

dg_value dg_read_value(lua_State *L, int index, const char *who, const dg_param *param)
{
    dg_value value;
    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, NULL);
    if (dg_push_fixed(L, index)) index = lua_gettop(L);
    if (read_for(L, index, who, param, &value)) return value;
    if (param) dg_refuse_constructor(L, index, who, param->name);
    bool nul =
        lua_type(L, index) == LUA_TSTRING && strlen(lua_tostring(L, index)) != lua_rawlen(L, index);
    const char *found = nul ? "a string with NUL bytes" : dg_push_found(L, index);
    return (dg_value){ .type = DG_VALUE_OTHER, .text = found };
}

/* --- tables --------------------------------------------------------------------------------- */

/* Pops what reading a value has pushed, unless the options of a call refer to it. */
static void leave(lua_State *L, const dg_part *part, int top)
{
    if (!part->borrows) lua_settop(L, top);
}

/* Makes the part that a call names; it lives as long as the call's arguments. */
static void make_named_part(lua_State *L, const dg_part *part, const dg_param *param,
                            dg_value *value)
{
    if (!part->borrows || !param || param->type != DG_TYPE_PART || value->type != DG_VALUE_TEXT)
        return;
    lua_pushstring(L, value->text);
    value->part = dg_push_part_of(L, -1, param->kind, part->type->name, param->name);
    value->type = DG_VALUE_PART;
}

static void set_position(lua_State *L, dg_part *part, int position, int index)
{
    const dg_param *param = part->gathering && lua_type(L, index) == LUA_TNUMBER
                                ? part->gathering
                                : dg_params_at(part->type->params, position);
    int top = lua_gettop(L);
    dg_value value = dg_read_value(L, index, part->type->name, param);
    make_named_part(L, part, param, &value);
    dg_check_status(L, dg_part_set_at(part, position, &value));
    leave(L, part, top);
}

static void set_name(lua_State *L, const dg_part *part, int object, int index)
{
    dg_want_text(L, index, part->type->name, "name");
    lua_pushvalue(L, index);
    lua_setiuservalue(L, object, 1);
}

/* Raises for a key of the table at `index` that is neither an option nor the place of one of
 * `count` values by position; of several unknown names for the first in order. */
static void check_keys(lua_State *L, const dg_part *part, int object, int index, int count)
{
    const char *unknown = NULL;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int64_t place;
        if (lua_type(L, -2) != LUA_TSTRING) {
            if (!dg_is_integer(L, -2, &place) || place < 1)
                dg_raise(L, "%s: unknown option %s", part->type->name, dg_push_found(L, -2));
            if (place > count)
                dg_raise(L, "%s: positional value %d is nil", part->type->name, count + 1);
            continue;
        }
        const char *name = lua_tostring(L, -2);
        bool known = dg_descriptor_param_index(part->type, name) >= 0 ||
                     (object && strcmp(name, "name") == 0);
        if (!known && (!unknown || strcmp(name, unknown) < 0)) unknown = name;
    }
    if (unknown && dg_descriptor_param_find(part->type, unknown) < 0)
        dg_check_status(L, DG_INVALID);
}

/* The named options in the table at `index`, in the order of the parameters. */
static void set_named(lua_State *L, dg_part *part, int object, int index, int count)
{
    check_keys(L, part, object, index, count);
    for (const dg_param *param = part->type->params; param && param->name; param++) {
        int top = lua_gettop(L);
        luaL_checkstack(L, 8, NULL);
        lua_pushstring(L, param->name);
        if (lua_rawget(L, index) == LUA_TNIL) {
            lua_settop(L, top);
            continue;
        }
        dg_value value = dg_read_value(L, -1, part->type->name, param);
        make_named_part(L, part, param, &value);
        dg_check_status(L, dg_part_set(part, param->name, &value));
        leave(L, part, top);
    }
    if (!object) return;
    lua_pushliteral(L, "name");
    if (lua_rawget(L, index) != LUA_TNIL) set_name(L, part, object, -1);
    lua_pop(L, 1);
}

/* An empty list of sizes, {}, has no values by position, but is given nevertheless. */
static void set_empty_list(lua_State *L, dg_part *part)
{
    const dg_param *params = part->type->params, *first = dg_params_at(params, 0);
    if (first && first->type == DG_TYPE_INTS && dg_param_count_low(first) == 0 &&
        !(part->given >> (first - params) & 1))
        dg_check_status(L, dg_part_set_at(part, 0, &(dg_value){ .type = DG_VALUE_INTS }));
}

static void set_table(lua_State *L, dg_part *part, int object, int index)
{
    int count = (int)lua_rawlen(L, index);
    const dg_param *rest = dg_params_at(part->type->params, 0);
    bool whole = rest && rest->rest && count > 0;
    if (whole) set_position(L, part, 0, index);
    for (int i = 1; i <= count && !whole; i++) {
        if (lua_rawgeti(L, index, i) == LUA_TNIL)
            dg_raise(L, "%s: positional value %d is nil", part->type->name, i);
        set_position(L, part, i - 1, -1);
        if (!part->borrows) lua_pop(L, 1);
    }
    set_named(L, part, object, index, count);
    if (count == 0) set_empty_list(L, part);
}

/* --- calls ---------------------------------------------------------------------------------- */

/* Whether the table at `index` has names as keys: then it is a table of options. */
static bool has_names(lua_State *L, int index)
{
    bool names = false;
    if (lua_type(L, index) != LUA_TTABLE) return false;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        names = names || lua_type(L, -2) == LUA_TSTRING;
    return names;
}

static void refuse_positions(lua_State *L, const dg_part *part, int index)
{
    if (lua_rawlen(L, index) == 0) return;
    lua_rawgeti(L, index, 1);
    dg_raise(L, "%s: expected named options, found %s without a name", part->type->name,
             dg_push_found(L, -1));
}

/* Pushes a list of the values from `first` to `last`. */
static void push_values(lua_State *L, const dg_part *part, int first, int last)
{
    lua_createtable(L, last - first + 1, 0);
    for (int i = first; i <= last; i++) {
        if (lua_isnil(L, i))
            dg_raise(L, "%s: positional value %d is nil", part->type->name, i - first + 1);
        lua_pushvalue(L, i);
        lua_rawseti(L, -2, i - first + 1);
    }
}

/* Values by position, then perhaps a table of names: Dense { 10 }, Dense(10, { use_bias = false }).
 */
static void read_free(lua_State *L, dg_part *part, int first, int last, int object)
{
    while (last >= first && lua_isnil(L, last)) last--;
    if (first == last && lua_type(L, first) == LUA_TTABLE) {
        set_table(L, part, object, first);
        return;
    }
    bool options = first < last && has_names(L, last);
    const dg_param *rest = dg_params_at(part->type->params, 0);
    if (rest && rest->rest && first <= last - options) {
        push_values(L, part, first, last - options);
        set_position(L, part, 0, lua_gettop(L));
    } else {
        for (int i = first; i <= last - options; i++) set_position(L, part, i - first, i);
    }
    if (!options) return;
    refuse_positions(L, part, last);
    set_named(L, part, object, last, 0);
}

static void refuse_surplus(lua_State *L, const dg_part *part, int arguments, int found)
{
    dg_push_signature(L, part->type, arguments);
    dg_raise(L, "%s: expected %s, found %d argument%s", part->type->name, lua_tostring(L, -1),
             found, found == 1 ? "" : "s");
}

/* Whether no value of the parameter is a table. */
static bool takes_no_table(const dg_param *param)
{
    if (param->type != DG_TYPE_ONE_OF) return param->type <= DG_TYPE_CHOICE;
    for (const dg_param *each = param->alternatives; each->name; each++)
        if (!takes_no_table(each)) return false;
    return true;
}

/* Whether the last argument is the table of options: the argument in whose place it stands may be
 * left out and is never a table, as in kernels(model, { most = 4 }). */
static bool skips(lua_State *L, const dg_part *part, int position, int last)
{
    const dg_param *param = &part->type->params[position];
    bool options = lua_type(L, last) == LUA_TTABLE && lua_rawlen(L, last) == 0;
    return options && !param->required && takes_no_table(param);
}

/* Joins arguments that are read from two values. */
static void join_arguments(lua_State *L, const dg_part *part, int arguments, int first)
{
    for (int i = 0; i < arguments && first + i <= lua_gettop(L); i++) {
        const dg_lua_handle *kind = (const dg_lua_handle *)part->type->params[i].handle;
        if (kind && kind->join) kind->join(L, first + i, part->type->name);
    }
}

static void read_after(lua_State *L, dg_part *part, int arguments, int first)
{
    join_arguments(L, part, arguments, first);
    int last = lua_gettop(L);
    int options = first + arguments;
    bool options_known = dg_params_count(part->type->params) > arguments || part->type->hints;
    int most = arguments + options_known;
    while (last >= first && lua_isnil(L, last)) last--;
    if (last >= first && last < options && skips(L, part, last - first, last)) options = last;
    if (last - first + 1 > most) refuse_surplus(L, part, arguments, last - first + 1);
    for (int i = first; i < options && i <= last; i++)
        if (!lua_isnil(L, i)) set_position(L, part, i - first, i);
    if (last < options) return;
    if (arguments == 0 && lua_type(L, options) != LUA_TTABLE) {
        set_position(L, part, 0, options);
        return;
    }
    if (lua_type(L, options) != LUA_TTABLE)
        dg_raise(L, "%s: expected a table of options, found %s", part->type->name,
                 dg_push_found(L, options));
    if (arguments > 0) refuse_positions(L, part, options);
    set_table(L, part, 0, options);
}

void dg_read_options(lua_State *L, dg_part *part, int arguments, int first, int object)
{
    luaL_checkstack(L, 16, NULL);
    if (arguments == DG_FREE_ARGUMENTS)
        read_free(L, part, first, lua_gettop(L), object);
    else
        read_after(L, part, arguments, first);
    dg_check_status(L, dg_part_finish(part));
}
