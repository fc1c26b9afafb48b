/* Constructors of parts. */
#include "bindings/calls/constructors.h"

#include "bindings/calls/check.h"
#include "bindings/calls/options.h"
#include "bindings/calls/parts.h"

const dg_descriptor *dg_test_constructor(lua_State *L, int index)
{
    const dg_descriptor **type = luaL_testudata(L, index, DG_CONSTRUCTOR);
    return type ? *type : NULL;
}

/* The constructor at index 1; pushes its name, "nn.Adam". */
static const dg_descriptor *check_constructor(lua_State *L)
{
    const dg_descriptor *type = *(const dg_descriptor **)luaL_checkudata(L, 1, DG_CONSTRUCTOR);
    lua_getiuservalue(L, 1, 1);
    return type;
}

/* Dense { 10, activation = "relu" }, Dense(10), Dense(10, { activation = "relu" }). */
static int construct(lua_State *L)
{
    const dg_descriptor *type = *(const dg_descriptor **)luaL_checkudata(L, 1, DG_CONSTRUCTOR);
    const dg_part_kind *kind = dg_kind_of(L, type);
    enum { OBJECT = 2, FIRST };
    const dg_part **slot = dg_push_part_slot(L);
    lua_insert(L, OBJECT);
    dg_part *part;
    dg_check_status(L, dg_part_begin(type, &part));
    *slot = part;
    dg_read_options(L, part, DG_FREE_ARGUMENTS, FIRST, kind->named ? OBJECT : 0);
    lua_settop(L, OBJECT);
    if (kind->make) kind->make(L, part);
    return 1;
}

static int constructor_tostring(lua_State *L)
{
    const dg_descriptor *type = check_constructor(L);
    lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), type->doc);
    return 1;
}

static int constructor_index(lua_State *L)
{
    check_constructor(L);
    const char *name = lua_tostring(L, -1);
    return dg_raise(L, "%s is a constructor without fields: call it, %s { ... }", name, name);
}

static const luaL_Reg metamethods[] = {
    { "__call", construct },
    { "__tostring", constructor_tostring },
    { "__index", constructor_index },
    { "__newindex", constructor_index },
    { NULL, NULL },
};

static const char *module_of(lua_State *L, const dg_descriptor *type)
{
    const dg_part_kind *kind = dg_kind_of(L, type);
    return kind->module_of ? kind->module_of(type) : kind->module;
}

void dg_add_constructors(lua_State *L)
{
    luaL_newmetatable(L, DG_CONSTRUCTOR);
    luaL_setfuncs(L, metamethods, 0);
    lua_pop(L, 1);
    for (int i = 0; dg_registry[i]; i++) {
        const char *name = dg_registry[i]->name, *module = module_of(L, dg_registry[i]);
        if (!module) continue;
        luaL_getsubtable(L, -1, module);
        *(const dg_descriptor **)lua_newuserdatauv(L, sizeof(dg_descriptor *), 1) = dg_registry[i];
        lua_pushfstring(L, "%s.%s", module, name);
        lua_setiuservalue(L, -2, 1);
        luaL_setmetatable(L, DG_CONSTRUCTOR);
        lua_setfield(L, -2, name);
        lua_pop(L, 1);
    }
}
