/* Tables as results. */
#include "bindings/calls/tables.h"

#include <lauxlib.h>

#include "bindings/calls/check.h"

void dg_set_printable(lua_State *L, const char *name)
{
    luaL_newmetatable(L, name);
    lua_setmetatable(L, -2);
}

void dg_push_list(lua_State *L, int count)
{
    lua_createtable(L, count, 0);
    dg_set_printable(L, "digits.list");
}

/* --- lists that cannot be written to: an empty table, whose metatable has the list ----------- */

#define FIXED "__list" /* the field of that metatable */

bool dg_push_fixed(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TTABLE && luaL_getmetafield(L, index, FIXED) != LUA_TNIL;
}

static void push_own(lua_State *L)
{
    if (!dg_push_fixed(L, 1)) luaL_typeerror(L, 1, "list");
}

static int fixed_newindex(lua_State *L)
{
    return dg_raise(L, "%s", lua_tostring(L, lua_upvalueindex(1)));
}

static int fixed_len(lua_State *L)
{
    push_own(L);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

static int fixed_pairs(lua_State *L)
{
    lua_getglobal(L, "next");
    push_own(L);
    return 2;
}

static int fixed_tostring(lua_State *L)
{
    push_own(L);
    luaL_tolstring(L, -1, NULL);
    return 1;
}

void dg_fix_list(lua_State *L, const char *message)
{
    static const luaL_Reg metamethods[] = { { "__len", fixed_len },
                                            { "__pairs", fixed_pairs },
                                            { "__tostring", fixed_tostring },
                                            { NULL, NULL } };
    int list = lua_gettop(L);
    luaL_checkstack(L, 8, NULL);
    lua_newtable(L);
    luaL_newlib(L, metamethods);
    lua_pushvalue(L, list);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, list);
    lua_setfield(L, -2, FIXED);
    lua_pushstring(L, message);
    lua_pushcclosure(L, fixed_newindex, 1);
    lua_setfield(L, -2, "__newindex");
    dg_set_text(L, "__name", "digits.list");
    lua_setmetatable(L, -2);
    lua_remove(L, list);
}

void dg_push_record(lua_State *L, int fields)
{
    lua_createtable(L, 0, fields);
    dg_set_printable(L, "digits.record");
}

void dg_set_number(lua_State *L, const char *field, double value)
{
    dg_push_number(L, value);
    lua_setfield(L, -2, field);
}

void dg_set_integer(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

void dg_set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}
