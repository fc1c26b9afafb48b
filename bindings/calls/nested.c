/* Values that hold values: lists, and tables with fields. */
#include "bindings/calls/nested.h"

#include <math.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/signature.h"

enum { NAME_SIZE = 120 };

/* --- records -------------------------------------------------------------------------------- */

static int get_field(lua_State *L)
{
    lua_gettable(L, 1);
    return 1;
}

/* Pushes a table of the known fields of the value at `index`, and its list part if a field takes
 * that; returns whether all required fields are there. */
static bool push_known(lua_State *L, int index, const dg_descriptor *type)
{
    bool table = lua_type(L, index) == LUA_TTABLE;
    bool whole = true;
    lua_newtable(L);
    for (const dg_param *field = type->params; field->name; field++) {
        lua_pushstring(L, field->name);
        if (table) {
            lua_rawget(L, index);
        } else {
            lua_pushcfunction(L, get_field);
            lua_pushvalue(L, index);
            lua_pushstring(L, field->name);
            if (lua_pcall(L, 2, 1, 0) != LUA_OK || lua_isfunction(L, -1)) {
                lua_pop(L, 1);
                lua_pushnil(L);
            }
            lua_remove(L, -2);
        }
        whole = whole && !(field->required && lua_isnil(L, -1));
        lua_setfield(L, -2, field->name);
    }
    for (int i = 1; table && type->params[0].rest && i <= (int)lua_rawlen(L, index); i++) {
        lua_rawgeti(L, index, i);
        lua_rawseti(L, -2, i);
    }
    return whole;
}

static bool read_record(lua_State *L, int index, const char *who, const dg_param *param,
                        dg_value *out)
{
    const dg_record *record = (const dg_record *)param->handle;
    bool table = lua_type(L, index) == LUA_TTABLE;
    if (!table && !(record->open && lua_type(L, index) == LUA_TUSERDATA)) return false;
    dg_descriptor type = record->type;
    type.name = lua_pushfstring(L, "%s: %s", who, param->name);
    if (!record->open)
        lua_pushvalue(L, index);
    else if (!push_known(L, index, &type) && !table)
        return false;
    alignas(max_align_t) char options[DG_MAX_OPTIONS_SIZE];
    dg_part part;
    memset(options, 0, type.options_size);
    dg_part_open(&part, &type, options);
    dg_read_options(L, &part, 0, lua_gettop(L), 0);
    dg_push_options(L, &part, 0);
    out->slot = lua_gettop(L);
    return true;
}

/* The record that an item may be, or NULL. */
static const dg_record *record_of(const dg_param *item)
{
    if (item->type == DG_TYPE_SLOT && ((const dg_lua_handle *)item->handle)->convert == read_record)
        return (const dg_record *)item->handle;
    const dg_record *found = NULL;
    if (item->type == DG_TYPE_ONE_OF)
        for (const dg_param *each = item->alternatives; each->name && !found; each++)
            found = record_of(each);
    return found;
}

/* Whether the table at `index` has a field of the record. */
static bool has_fields(lua_State *L, int index, const dg_record *record)
{
    bool found = false;
    for (const dg_param *field = record->type.params; field->name && !found; field++) {
        lua_pushstring(L, field->name);
        found = lua_rawget(L, index) != LUA_TNIL;
        lua_pop(L, 1);
    }
    return found;
}

/* --- lists ---------------------------------------------------------------------------------- */

/* Checks the value on top of the stack, which stays there, as an item of the list, and appends it
 * to the table at `to`. */
static void add_item(lua_State *L, int to, const char *who, const dg_list *list, const char *name)
{
    dg_param item = list->item;
    item.name = name;
    int top = lua_gettop(L);
    double number = lua_type(L, top) == LUA_TNUMBER ? lua_tonumber(L, top) : 0;
    bool plain = item.type == DG_TYPE_FLOAT && lua_type(L, top) == LUA_TNUMBER &&
                 (isnan(number) || dg_param_in_range(&item, number));
    if (plain) {
        lua_pushvalue(L, top);
    } else {
        dg_value value = dg_read_value(L, top, who, &item);
        dg_check_status(L, dg_param_check(who, &item, &value));
        dg_push_value(L, &value);
    }
    lua_rawseti(L, to, (lua_Integer)lua_rawlen(L, to) + 1);
    lua_settop(L, top);
}

/* Numbers before texts. */
static bool comes_before(lua_State *L, int a, int b)
{
    int first = lua_type(L, a), second = lua_type(L, b);
    return first == second ? lua_compare(L, a, b, LUA_OPLT) : first == LUA_TNUMBER;
}

/* Pushes the keys of the tables in the table at `index`, sorted. */
static void push_keys(lua_State *L, int index)
{
    lua_newtable(L);
    int keys = lua_gettop(L), key = keys + 1, count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_settop(L, key)) {
        bool plain = lua_type(L, key) == LUA_TNUMBER || lua_type(L, key) == LUA_TSTRING;
        if (!plain || lua_type(L, -1) != LUA_TTABLE) continue;
        int place = ++count;
        for (; place > 1; place--) {
            lua_rawgeti(L, keys, place - 1);
            if (!comes_before(L, key, -1)) break;
            lua_rawseti(L, keys, place);
        }
        lua_pushvalue(L, key);
        lua_rawseti(L, keys, place);
    }
}

/* The records in the table at `index`, in the order of their keys, which are their labels unless
 * they have one. */
static void add_named(lua_State *L, int index, int to, const char *who, const dg_list *list)
{
    push_keys(L, index);
    int keys = lua_gettop(L);
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, keys); i++) {
        lua_rawgeti(L, keys, i);
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s", luaL_tolstring(L, -1, NULL));
        lua_pushvalue(L, -2);
        lua_rawget(L, index);
        add_item(L, to, who, list, name);
        lua_rawgeti(L, to, i);
        lua_pushstring(L, name);
        if (lua_getfield(L, -2, "label") == LUA_TNIL) {
            lua_pushvalue(L, -2);
            lua_setfield(L, -4, "label");
        }
        lua_settop(L, keys);
    }
}

static void check_some(lua_State *L, int made, const char *who, const dg_param *param)
{
    const dg_list *list = (const dg_list *)param->handle;
    int64_t count = (int64_t)lua_rawlen(L, made);
    bool numbers = list->item.type == DG_TYPE_FLOAT, finite = !numbers && count > 0;
    for (int64_t i = 1; i <= count && numbers && !finite; i++) {
        lua_rawgeti(L, made, i);
        finite = isfinite(lua_tonumber(L, -1));
        lua_pop(L, 1);
    }
    if (finite) return;
    dg_value empty = { .type = DG_VALUE_OTHER, .text = "an empty list" };
    if (count > 0) empty.text = "a list without a finite number";
    dg_check_status(L, dg_param_mismatch(who, param, &empty));
}

/* The list that an object stands for (a tensor for its elements), pushed: what its metamethod
 * __elements gives, called with whether items may be lists. */
static bool push_elements(lua_State *L, int index, const dg_list *list)
{
    if (lua_type(L, index) != LUA_TUSERDATA) return false;
    if (luaL_getmetafield(L, index, "__elements") == LUA_TNIL) return false;
    const dg_lua_handle *item = (const dg_lua_handle *)list->item.handle;
    lua_pushvalue(L, index);
    lua_pushboolean(L, list->item.type == DG_TYPE_SLOT && item->convert);
    lua_call(L, 2, 1);
    if (!lua_isnil(L, -1)) return true;
    lua_pop(L, 1);
    return false;
}

static bool read_list(lua_State *L, int index, const char *who, const dg_param *param,
                      dg_value *out)
{
    const dg_list *list = (const dg_list *)param->handle;
    const dg_record *record = record_of(&list->item);
    luaL_checkstack(L, 16, NULL);
    if (push_elements(L, index, list)) index = lua_gettop(L);
    if (lua_type(L, index) != LUA_TTABLE) return false;
    lua_newtable(L);
    int made = lua_gettop(L);
    int64_t count = (int64_t)lua_rawlen(L, index), keys = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) keys++;
    if (record && !param->rest && has_fields(L, index, record)) {
        lua_pushvalue(L, index);
        add_item(L, made, who, list, param->name);
    } else if (record && keys != count && dg_descriptor_param_find(&record->type, "label") >= 0 &&
               !param->rest) {
        add_named(L, index, made, who, list);
    } else {
        for (int64_t i = 1; i <= count; i++) {
            char name[NAME_SIZE];
            snprintf(name, sizeof name, "%s[%lld]", param->name, (long long)i);
            lua_rawgeti(L, index, i);
            add_item(L, made, who, list, name);
            lua_pop(L, 1);
        }
    }
    lua_settop(L, made);
    if (list->some) check_some(L, made, who, param);
    out->slot = made;
    return true;
}

/* --- in words ------------------------------------------------------------------------------- */

const dg_descriptor *dg_fields_of(const dg_param *param)
{
    const dg_record *record = record_of(param);
    const dg_lua_handle *kind = (const dg_lua_handle *)param->handle;
    if (record) return &record->type;
    if (kind && kind->convert == read_list)
        return dg_fields_of(&((const dg_list *)param->handle)->item);
    return kind ? kind->fields : NULL;
}

void dg_list_init(lua_State *L, dg_list *list)
{
    char each[512];
    dg_param_expects(&list->item, each, sizeof each);
    const char *text = "a list or tensor", *number = strstr(each, "number");
    if (list->item.type == DG_TYPE_FLOAT || list->item.type == DG_TYPE_INT) {
        number += strlen("number");
        lua_pushlstring(L, each + 2, (size_t)(number - each) - 2);
        text = lua_pushfstring(L, "a list or tensor of %ss%s", lua_tostring(L, -1), number);
        lua_remove(L, -2);
    } else if (list->item.handle != &dg_any_handle.handle) {
        text = lua_pushfstring(L, "a list, each %s", each);
    } else {
        lua_pushnil(L);
    }
    list->handle = (dg_lua_handle){ { "list", text }, NULL, read_list };
}

void dg_record_init(lua_State *L, dg_record *record)
{
    dg_push_signature(L, &record->type, 0);
    const char *text = lua_pushfstring(L, "a table%s", lua_tostring(L, -1));
    lua_remove(L, -2);
    record->handle = (dg_lua_handle){ { "table", text }, NULL, read_record };
}
