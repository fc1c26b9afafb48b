/* What help() knows. */
#include "bindings/calls/documents.h"

#include <lauxlib.h>

#include "bindings/calls/tables.h"

void dg_push_documents(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, "digits.documents");
}

void dg_push_classes(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, "digits.classes");
}

void dg_document(lua_State *L, int index, const char *name, const char *doc)
{
    index = lua_absindex(L, index);
    dg_push_documents(L);
    lua_pushvalue(L, index);
    lua_createtable(L, 0, 2);
    dg_set_text(L, "name", name);
    dg_set_text(L, "text", doc);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}
