/* Classes and modules with documentation. */
#include "bindings/calls/class.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/documents.h"
#include "bindings/calls/peers.h"
#include "engine/part/part.h"

void dg_set_functions(lua_State *L, const dg_function *functions, const char *prefix)
{
    for (; functions->name; functions++) {
        dg_push_described(L, functions, prefix);
        lua_setfield(L, -2, functions->name);
    }
}

void dg_push_functions(lua_State *L, const dg_function *functions, const char *prefix)
{
    lua_newtable(L);
    dg_set_functions(L, functions, prefix);
}

/* --- modules -------------------------------------------------------------------------------- */

static int unknown_in_module(lua_State *L)
{
    const char *module = lua_tostring(L, lua_upvalueindex(1));
    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TSTRING)
        return dg_raise(L, "%s has no field %s", module, dg_push_found(L, 2));
    const char *name = lua_tostring(L, 2);
    for (int i = 0; dg_registry[i]; i++) {
        const dg_descriptor *peer = dg_registry[i];
        if (!dg_is_peer(peer, name)) continue;
        lua_pushstring(L, peer->name);
        if (lua_rawget(L, 1) != LUA_TNIL)
            return dg_raise(L, "%s has no field '%s': here it is %s%s%s", module, name, peer->name,
                            peer->example ? ", as in " : "", peer->example ? peer->example : "");
    }
    lua_pushvalue(L, 1);
    return dg_unknown_field(L, module, name, 1);
}

void dg_make_strict(lua_State *L, const char *name)
{
    lua_createtable(L, 0, 2);
    lua_pushstring(L, name);
    lua_pushcclosure(L, unknown_in_module, 1);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_setmetatable(L, -2);
}

/* Appends the string keys of the table on top of the stack to the list at `list`, and pops it. */
static void list_names(lua_State *L, int list)
{
    int place = (int)lua_rawlen(L, list);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_rawseti(L, list, ++place);
    }
    lua_pop(L, 1);
}

/* __dir(object) returns the names of its methods and properties, for completion. */
static int class_dir(lua_State *L)
{
    lua_newtable(L);
    int list = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    list_names(L, list);
    lua_pushvalue(L, lua_upvalueindex(2));
    list_names(L, list);
    return 1;
}

/* --- classes -------------------------------------------------------------------------------- */

static const char class_key; /* in a metatable: its class */

static const char *short_name(const dg_class *class)
{
    const char *dot = strrchr(class->name, '.');
    return dot ? dot + 1 : class->name;
}

int dg_class_unknown(lua_State *L, const char *class_name, const char *name, int extra)
{
    luaL_getmetatable(L, class_name);
    lua_rawgetp(L, -1, &class_key);
    const dg_class *class = lua_touserdata(L, -1);
    lua_pop(L, 2);
    const char *advice = dg_peer_advice(class->name, name);
    if (!advice && class->base) advice = dg_peer_advice(class->base->name, name);
    if (advice) return dg_raise(L, "a %s has no field '%s': %s", short_name(class), name, advice);
    luaL_getmetatable(L, class->name);
    lua_getfield(L, -1, "methods");
    lua_getfield(L, -2, "properties");
    lua_remove(L, -3);
    lua_pushfstring(L, "a %s", short_name(class));
    lua_insert(L, -(3 + extra));
    return dg_unknown_field(L, lua_tostring(L, -(3 + extra)), name, 2 + extra);
}

/* Upvalues: the class, its methods, its properties. */
static int class_index(lua_State *L)
{
    const dg_class *class = lua_touserdata(L, lua_upvalueindex(1));
    if (lua_type(L, 2) == LUA_TSTRING) {
        lua_pushvalue(L, 2);
        if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return 1;
        lua_pushvalue(L, 2);
        if (lua_rawget(L, lua_upvalueindex(3)) != LUA_TNIL) {
            lua_CFunction property = lua_tocfunction(L, -1);
            lua_settop(L, 2);
            return property(L);
        }
        lua_settop(L, 2);
    }
    if (class->index) return class->index(L);
    if (lua_type(L, 2) == LUA_TSTRING)
        return dg_class_unknown(L, class->name, lua_tostring(L, 2), 0);
    const char *advice = lua_type(L, 2) == LUA_TSTRING ? NULL : dg_peer_advice(class->name, "[1]");
    return dg_raise(L, "a %s cannot be indexed with %s%s%s", short_name(class), dg_push_found(L, 2),
                    advice ? ": " : "", advice ? advice : "");
}

static void add_metamethods(lua_State *L, const luaL_Reg *meta)
{
    for (; meta && meta->name; meta++) {
        lua_pushcfunction(L, meta->func);
        lua_setfield(L, -2, meta->name);
    }
}

static const char *called(const dg_class *class)
{
    return class->called ? class->called : short_name(class);
}

/* Adds the methods of a class, whose metatable is at `meta`, to the table on top of the stack. */
static void add_methods(lua_State *L, const dg_class *class, int meta)
{
    const char *prefix = lua_pushfstring(L, "%s:", called(class));
    for (const dg_function *each = class->methods; each && each->name; each++) {
        dg_push_described_method(L, each, meta, prefix);
        lua_setfield(L, -3, each->name);
    }
    lua_pop(L, 1);
}

static void add_properties(lua_State *L, const dg_class *class)
{
    for (const dg_property *each = class->properties; each && each->name; each++) {
        lua_pushlightuserdata(L, (void *)each);
        lua_pushcclosure(L, each->get, 1); /* a value of its own, even if others share the getter */
        lua_pushfstring(L, "%s.%s", called(class), each->name);
        dg_document(L, -2, lua_tostring(L, -1), each->doc);
        lua_pop(L, 1);
        lua_setfield(L, -2, each->name);
    }
}

void dg_class_register(lua_State *L, const dg_class *class)
{
    const dg_class none = { 0 }, *base = class->base ? class->base : &none;
    luaL_newmetatable(L, class->name);
    add_metamethods(L, base->metamethods);
    add_metamethods(L, class->metamethods);
    if (lua_getfield(L, -1, "__gc") != LUA_TNIL)
        lua_setfield(L, -2, "__close");
    else
        lua_pop(L, 1);
    int meta = lua_gettop(L);
    lua_newtable(L);
    if (class->base) add_methods(L, base, meta);
    add_methods(L, class, meta);
    lua_setfield(L, meta, "methods");
    lua_newtable(L);
    if (class->base) add_properties(L, base);
    add_properties(L, class);
    lua_setfield(L, meta, "properties");
    lua_pushlightuserdata(L, (void *)class);
    lua_rawsetp(L, meta, &class_key);
    lua_pushlightuserdata(L, (void *)class);
    lua_getfield(L, -2, "methods");
    lua_getfield(L, -3, "properties");
    lua_pushcclosure(L, class_index, 3);
    lua_setfield(L, -2, "__index");
    lua_getfield(L, -1, "methods");
    lua_getfield(L, -2, "properties");
    lua_pushcclosure(L, class_dir, 2);
    lua_setfield(L, -2, "__dir");

    dg_document(L, -1, short_name(class), class->doc);
    dg_push_classes(L);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, short_name(class));
    lua_pop(L, 2);
}

void *dg_class_push(lua_State *L, const char *class, size_t size, int values)
{
    luaL_checkstack(L, 4, NULL);
    void *object = lua_newuserdatauv(L, size, values);
    memset(object, 0, size);
    luaL_setmetatable(L, class);
    return object;
}
