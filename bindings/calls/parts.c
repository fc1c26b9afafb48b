/* Parts as Lua values: everything here follows from the descriptors. */
#include "bindings/calls/parts.h"

#include <stdio.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/memory.h"
#include "bindings/calls/tables.h"
#include "engine/base/number.h"

#define KINDS "digits.part_kinds" /* the registry's table: kind -> dg_part_kind */
#define PART "digits.part"

struct part_value {
    const dg_part *part;        /* user value 1: the name that the user gave it, or nil */
    const dg_part_owner *owner; /* user value 2: the owner; NULL: there is none */
};

const dg_part_kind *dg_kind_of(lua_State *L, const dg_descriptor *type)
{
    static const dg_part_kind none = { 0 };
    luaL_getsubtable(L, LUA_REGISTRYINDEX, KINDS);
    lua_getfield(L, -1, type->kind);
    const dg_part_kind *kind = lua_touserdata(L, -1);
    lua_pop(L, 2);
    return kind ? kind : &none;
}

/* Takes the part that the owner has now. */
static void follow(lua_State *L, int index, struct part_value *value)
{
    luaL_checkstack(L, 4, NULL);
    lua_getiuservalue(L, index, 2);
    const dg_part *now = value->owner->part(L, lua_gettop(L));
    lua_pop(L, 1);
    if (!now || now == value->part) return;
    dg_part_release(value->part);
    value->part = dg_part_retain(now);
}

const dg_part *dg_test_part(lua_State *L, int index)
{
    struct part_value *value = luaL_testudata(L, index, PART);
    if (value && value->part && value->owner) follow(L, index, value);
    if (value && !value->part) dg_raise(L, "the part was closed");
    return value ? value->part : NULL;
}

/* nn.Adam in place of nn.Adam {}. */
void dg_refuse_constructor(lua_State *L, int index, const char *function, const char *option)
{
    if (!luaL_testudata(L, index, DG_CONSTRUCTOR)) return;
    lua_getiuservalue(L, index, 1);
    dg_raise(L, "%s: %s is a constructor: call it, as in %s = %s {}", function, option, option,
             lua_tostring(L, -1));
}

const dg_part **dg_push_part_slot(lua_State *L)
{
    luaL_checkstack(L, 8, NULL);
    dg_memory_enter(L);
    struct part_value *value = lua_newuserdatauv(L, sizeof *value, 2);
    *value = (struct part_value){ .part = NULL };
    luaL_setmetatable(L, PART);
    return &value->part;
}

void dg_push_part(lua_State *L, const dg_part *part)
{
    *dg_push_part_slot(L) = dg_part_retain(part);
}

void dg_push_owned_part(lua_State *L, int owner, const dg_part_owner *type)
{
    owner = lua_absindex(L, owner);
    const dg_part **slot = dg_push_part_slot(L);
    struct part_value *value = lua_touserdata(L, -1);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 2);
    value->owner = type;
    *slot = dg_part_retain(type->part(L, owner));
}

const char *dg_part_name(lua_State *L, int index)
{
    lua_getiuservalue(L, index, 1);
    const char *name = lua_tostring(L, -1); /* the user value keeps it */
    lua_pop(L, 1);
    return name;
}

const dg_part *dg_push_part_of(lua_State *L, int index, const char *kind, const char *function,
                               const char *option)
{
    const dg_part *part = dg_test_part(L, index);
    index = lua_absindex(L, index);
    if (part && strcmp(part->type->kind, kind) == 0) {
        lua_pushvalue(L, index);
        return part;
    }
    if (lua_type(L, index) == LUA_TSTRING) {
        dg_part *made;
        const dg_descriptor *type = dg_find_descriptor(kind, lua_tostring(L, index));
        if (!type) {
            dg_error_context(DG_INVALID, "%s", function);
            dg_check_status(L, DG_INVALID);
        }
        const dg_part **slot = dg_push_part_slot(L);
        dg_check_status(L, dg_part_default(type, &made));
        return *slot = made;
    }
    dg_refuse_constructor(L, index, function, option);
    const char *expected = lua_pushfstring(L, "%s %s or the name of one", dg_article(kind), kind);
    dg_wrong_type(L, index, function, option, expected);
    return NULL;
}

/* --- values of options ---------------------------------------------------------------------- */

void dg_push_value(lua_State *L, const dg_value *value)
{
    switch (value->type) {
    case DG_VALUE_NIL: lua_pushnil(L); break;
    case DG_VALUE_BOOL: lua_pushboolean(L, value->boolean); break;
    case DG_VALUE_INT: lua_pushinteger(L, value->integer); break;
    case DG_VALUE_FLOAT: lua_pushnumber(L, value->number); break;
    case DG_VALUE_TEXT: lua_pushstring(L, value->text); break;
    case DG_VALUE_PART: dg_push_part(L, value->part); break;
    case DG_VALUE_INTS:
        dg_push_list(L, value->ints.count);
        for (int i = 0; i < value->ints.count; i++) {
            lua_pushinteger(L, value->ints.at[i]);
            lua_rawseti(L, -2, i + 1);
        }
        break;
    case DG_VALUE_SPAN:
        dg_push_list(L, 2);
        for (int i = 0; i < 2; i++) {
            lua_pushnumber(L, value->span[i]);
            lua_rawseti(L, -2, i + 1);
        }
        break;
    case DG_VALUE_NUMBERS:
        dg_push_list(L, value->numbers.count);
        for (int i = 0; i < value->numbers.count; i++) {
            lua_pushnumber(L, value->numbers.at[i]);
            lua_rawseti(L, -2, i + 1);
        }
        break;
    case DG_VALUE_MAP:
        lua_newtable(L);
        for (int64_t i = 0; i < value->map.count; i++) {
            lua_pushnumber(L, value->map.at[i].number);
            lua_rawseti(L, -2, value->map.at[i].label);
        }
        break;
    case DG_VALUE_HANDLE:
        if (value->slot)
            lua_pushvalue(L, value->slot);
        else
            lua_pushnil(L);
        break;
    case DG_VALUE_OTHER: lua_pushnil(L); break;
    }
}

void dg_push_options(lua_State *L, const dg_part *part, int from)
{
    int count = dg_descriptor_param_count(part->type);
    luaL_checkstack(L, 8, NULL);
    lua_createtable(L, 0, count);
    for (int i = from < 0 ? 0 : from; i < count; i++) {
        dg_value value = dg_part_get(part, i);
        dg_push_value(L, &value);
        lua_setfield(L, -2, part->type->params[i].name);
    }
}

void dg_push_option(lua_State *L, const dg_part *part, int index)
{
    dg_value value = dg_part_get(part, index);
    dg_push_value(L, &value);
}

/* Name { options that were given } */
static void add_part(luaL_Buffer *out, const dg_part *part, const char *name)
{
    int count = dg_descriptor_param_count(part->type), shown = 0;
    luaL_addstring(out, part->type->name);
    for (int i = 0; i < count; i++) {
        if (!(part->given >> i & 1)) continue;
        luaL_addstring(out, shown++ ? ", " : " { ");
        luaL_addstring(out, part->type->params[i].name);
        luaL_addstring(out, " = ");
        dg_value value = dg_part_get(part, i);
        dg_write_value(out, &value);
    }
    if (name) {
        luaL_addstring(out, shown++ ? ", name = \"" : " { name = \"");
        luaL_addstring(out, name);
        luaL_addchar(out, '"');
    }
    luaL_addstring(out, shown ? " }" : " {}");
}

void dg_write_value(luaL_Buffer *out, const dg_value *value)
{
    char text[64];
    switch (value->type) {
    case DG_VALUE_TEXT:
        luaL_addchar(out, '"');
        luaL_addstring(out, value->text);
        luaL_addchar(out, '"');
        return;
    case DG_VALUE_PART: add_part(out, value->part, NULL); return;
    case DG_VALUE_FLOAT: /* as Lua prints it: 1.0 may mean all of something where 1 is a count */
        dg_value_text(value, text, sizeof text);
        luaL_addstring(out, text);
        if (strspn(text, "-0123456789") == strlen(text)) luaL_addstring(out, ".0");
        return;
    case DG_VALUE_INTS:
        for (int i = 0; i < value->ints.count; i++) {
            snprintf(text, sizeof text, "%s%lld", i ? ", " : "{", (long long)value->ints.at[i]);
            luaL_addstring(out, text);
        }
        luaL_addstring(out, value->ints.count ? "}" : "{}");
        return;
    case DG_VALUE_SPAN:
        dg_snprintf(text, sizeof text, "{%.14g, %.14g}", value->span[0], value->span[1]);
        luaL_addstring(out, text);
        return;
    case DG_VALUE_NUMBERS:
        for (int i = 0; i < value->numbers.count; i++) {
            dg_snprintf(text, sizeof text, "%s%.14g", i ? ", " : "{", value->numbers.at[i]);
            luaL_addstring(out, text);
        }
        luaL_addchar(out, '}');
        return;
    case DG_VALUE_MAP:
        for (int64_t i = 0; i < value->map.count; i++) {
            dg_snprintf(text, sizeof text, "%s[%lld] = %.14g", i ? ", " : "{ ",
                        (long long)value->map.at[i].label, value->map.at[i].number);
            luaL_addstring(out, text);
        }
        luaL_addstring(out, value->map.count ? " }" : "{}");
        return;
    default: dg_value_text(value, text, sizeof text); luaL_addstring(out, text);
    }
}

/* --- parts as values ------------------------------------------------------------------------ */

static int part_index(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (!part) return luaL_typeerror(L, 1, "part");
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    int found = dg_descriptor_param_index(part->type, name);
    if (found >= 0) {
        dg_push_option(L, part, found);
        return 1;
    }
    if (strcmp(name, "kind") == 0 || strcmp(name, "type") == 0) {
        lua_pushstring(L, name[0] == 'k' ? part->type->kind : part->type->name);
        return 1;
    }
    if (strcmp(name, "name") == 0 && dg_kind_of(L, part->type)->named) {
        lua_getiuservalue(L, 1, 1);
        return 1;
    }
    lua_newtable(L);
    for (const dg_param *param = part->type->params; param && param->name; param++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, param->name);
    }
    luaL_tolstring(L, 2, NULL);
    lua_insert(L, -2);
    return dg_unknown_field(L, part->type->name, lua_tostring(L, -2), 1);
}

/* __dir(part), for completion: the names of its options. */
static int part_dir(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (!part) return 0;
    int count = dg_descriptor_param_count(part->type);
    lua_createtable(L, count + 1, 0);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, part->type->params[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    if (dg_kind_of(L, part->type)->named) {
        lua_pushliteral(L, "name");
        lua_rawseti(L, -2, count + 1);
    }
    return 1;
}

static int part_newindex(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (!part) return luaL_typeerror(L, 1, "part");
    const dg_hint *hint = dg_kind_of(L, part->type)->hints;
    const char *field = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    const dg_part_owner *owner = ((struct part_value *)lua_touserdata(L, 1))->owner;
    if (owner && dg_descriptor_param_index(part->type, field) >= 0) {
        lua_getiuservalue(L, 1, 2);
        owner->set(L, lua_gettop(L), field, 3);
        return 0;
    }
    while (hint && hint->theirs && strcmp(hint->theirs, field) != 0) hint++;
    if (hint && hint->theirs)
        return dg_raise(L, "%s is a description and never changes; %s", part->type->name,
                        hint->ours);
    return dg_raise(L, "%s is a description and never changes: make another one", part->type->name);
}

static int part_call(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (!part) return luaL_typeerror(L, 1, "part");
    const dg_part_kind *kind = dg_kind_of(L, part->type);
    if (kind->call) return kind->call(L);
    return dg_raise(L, "%s cannot be called: it is %s %s", luaL_tolstring(L, 1, NULL),
                    dg_article(part->type->kind), part->type->kind);
}

static int part_tostring(lua_State *L)
{
    struct part_value *value = luaL_checkudata(L, 1, PART);
    const char *name = dg_part_name(L, 1);
    if (value->part) dg_test_part(L, 1);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    if (value->part)
        add_part(&out, value->part, name);
    else
        luaL_addstring(&out, "closed part");
    luaL_pushresult(&out);
    return 1;
}

static int part_eq(lua_State *L)
{
    const dg_part *a = dg_test_part(L, 1), *b = dg_test_part(L, 2);
    lua_pushboolean(L, a && b && dg_part_equal(a, b));
    return 1;
}

static int part_gc(lua_State *L)
{
    struct part_value *value = luaL_checkudata(L, 1, PART);
    dg_part_release(value->part);
    value->part = NULL;
    return 0;
}

static const luaL_Reg part_metamethods[] = {
    { "__index", part_index },
    { "__newindex", part_newindex },
    { "__call", part_call },
    { "__tostring", part_tostring },
    { "__eq", part_eq },
    { "__gc", part_gc },
    { "__close", part_gc },
    { "__dir", part_dir },
    { NULL, NULL },
};

void dg_add_kinds(lua_State *L, const dg_part_kind *kinds)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, KINDS);
    for (; kinds->kind; kinds++) {
        lua_pushlightuserdata(L, (void *)kinds);
        lua_setfield(L, -2, kinds->kind);
    }
    lua_pop(L, 1);
}

void dg_open_parts(lua_State *L)
{
    luaL_newmetatable(L, PART);
    luaL_setfuncs(L, part_metamethods, 0);
    lua_pop(L, 1);
}
