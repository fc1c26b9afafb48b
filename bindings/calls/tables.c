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
