/* Functions that describe themselves. */
#include "bindings/calls/described.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/documents.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/signature.h"

#define DESCRIBED "digits.described" /* the registry's table: function -> its description */

/* The description of a function; upvalue 1 of the closure. Upvalue 3 of a method is the metatable
 * of the class that it was first pushed for. */
struct described {
    dg_descriptor type;          /* of kind "function" */
    const dg_function *function; /* NULL: a Lua function, upvalue 2 */
    int arguments;
    bool method;          /* the object is the first argument */
    bool needs_none;      /* it can be called without arguments; then `defaults` are its options */
    const void *defaults; /* user value 2 */
};

/* --- calling -------------------------------------------------------------------------------- */

/* Whether the value at index 1 has the method that runs: its metatable is the one at index `meta`,
 * of the class that the method was first pushed for, or that of another class that inherits it. */
static bool has_method(lua_State *L, const struct described *method, int meta)
{
    int top = lua_gettop(L);
    if (!lua_getmetatable(L, 1)) return false;
    bool found = lua_rawequal(L, -1, meta);
    if (!found) {
        lua_pushliteral(L, "methods");
        if (lua_rawget(L, -2) == LUA_TTABLE) {
            lua_pushstring(L, method->type.name);
            if (lua_rawget(L, -2) == LUA_TFUNCTION) lua_getupvalue(L, -1, 1);
        }
        found = lua_touserdata(L, -1) == method;
    }
    lua_settop(L, top);
    return found;
}

/* Raises unless the value at index 1 has the method that runs. */
static void check_object(lua_State *L, const struct described *described)
{
    if (has_method(L, described, lua_upvalueindex(3))) return;
    const char *full = described->type.alias; /* "dataset:split" */
    lua_pushlstring(L, full, strlen(full) - strlen(described->type.name));
    dg_push_signature(L, &described->type, described->arguments);
    dg_raise(L, "%s: use a colon: %s%s", described->type.name, lua_tostring(L, -2),
             lua_tostring(L, -1));
}

/* Reads the arguments into `options`, of which `part` is made. */
static const struct described *read_call(lua_State *L, dg_part *part, void *options)
{
    const struct described *described = lua_touserdata(L, lua_upvalueindex(1));
    int first = described->method ? 2 : 1;
    if (described->method) check_object(L, described);
    memcpy(options, described->defaults, described->type.options_size);
    *part = (dg_part){ .type = &described->type, .options = options, .borrows = true };
    if (!described->needs_none || lua_gettop(L) >= first)
        dg_read_options(L, part, described->arguments, first, 0);
    return described;
}

static int call_c(lua_State *L)
{
    alignas(max_align_t) char options[DG_MAX_OPTIONS_SIZE];
    dg_part part;
    const dg_function *function = read_call(L, &part, options)->function;
    return function->call ? function->call(L, options) : function->function(L);
}

const dg_function *dg_called(lua_State *L)
{
    const struct described *described = lua_touserdata(L, lua_upvalueindex(1));
    return described->function;
}

int dg_check_done(lua_State *L, dg_status status)
{
    dg_check_call(L, status, dg_called(L)->name);
    return 1;
}

static int finish_lua(lua_State *L, int status, lua_KContext base)
{
    (void)status;
    return lua_gettop(L) - (int)base;
}

/* Calls the Lua function with the object, the arguments, and a table of the options, all of them
 * checked or defaults. */
static int call_lua(lua_State *L)
{
    alignas(max_align_t) char options[DG_MAX_OPTIONS_SIZE];
    dg_part part;
    const struct described *described = read_call(L, &part, options);
    int base = lua_gettop(L), arguments = described->arguments > 0 ? described->arguments : 0;
    luaL_checkstack(L, arguments + 8, NULL);
    lua_pushvalue(L, lua_upvalueindex(2));
    if (described->method) lua_pushvalue(L, 1);
    for (int i = 0; i < arguments; i++) {
        dg_value value = dg_part_get(&part, i);
        dg_push_value(L, &value);
    }
    dg_push_options(L, &part, arguments);
    lua_callk(L, described->method + arguments + 1, LUA_MULTRET, base, finish_lua);
    return finish_lua(L, LUA_OK, base);
}

const dg_descriptor *dg_running(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1)); /* a struct described begins with it */
}

/* --- describing ----------------------------------------------------------------------------- */

/* Remembers the description on the stack at `index` for the function on top of it. */
static void remember(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, DESCRIBED);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, index);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* Pushes the description of `function`, a userdata that also keeps its full name. */
static struct described *push_description(lua_State *L, const dg_function *function,
                                          const char *prefix, bool method)
{
    struct described *described = lua_newuserdatauv(L, sizeof *described, 2);
    *described = (struct described){
        .type = { .kind = "function",
                  .name = function->name,
                  .doc = function->doc,
                  .example = function->example,
                  .params = function->params,
                  .options_size = function->size,
                  .hints = function->hints },
        .function = function,
        .arguments = function->arguments,
        .method = method,
    };
    lua_pushfstring(L, "%s%s", prefix, function->name);
    described->type.alias = lua_tostring(L, -1); /* in full, for help */
    lua_setiuservalue(L, -2, 1);
    return described;
}

/* Makes the closure of the description and the `upvalues` values behind it, on top of the stack. */
static void push_closure(lua_State *L, struct described *described, int upvalues)
{
    int index = lua_gettop(L) - upvalues;
    dg_part part;
    size_t size = described->type.options_size;
    void *defaults = memset(dg_scratch(L, 1, size), 0, size);
    lua_setiuservalue(L, index, 2);
    dg_part_open(&part, &described->type, defaults);
    described->defaults = defaults;
    described->needs_none = dg_part_finish(&part) == DG_OK;
    lua_pushvalue(L, index);
    lua_insert(L, index + 1);
    lua_pushcclosure(L, described->function ? call_c : call_lua, 1 + upvalues);
    remember(L, index);
    dg_document(L, -1, described->type.alias, described->type.doc);
    lua_remove(L, index);
}

void dg_push_described(lua_State *L, const dg_function *function, const char *prefix)
{
    push_closure(L, push_description(L, function, prefix, false), 0);
}

void dg_push_described_method(lua_State *L, const dg_function *function, int meta,
                              const char *prefix)
{
    meta = lua_absindex(L, meta);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, "digits.methods");
    if (lua_rawgetp(L, -1, function) == LUA_TNIL) {
        lua_pop(L, 1);
        struct described *described = push_description(L, function, prefix, true);
        lua_pushnil(L);
        lua_pushvalue(L, meta);
        push_closure(L, described, 2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, function);
    }
    lua_remove(L, -2);
}

void dg_push_described_lua(lua_State *L, const dg_lua_function *function)
{
    struct described *described = lua_newuserdatauv(L, sizeof *described, 2);
    *described = (struct described){
        .type = function->type,
        .arguments = function->arguments,
        .method = function->class != 0,
    };
    lua_pushvalue(L, function->keeper);
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, function->call);
    if (function->class) lua_pushvalue(L, function->class);
    push_closure(L, described, 1 + (function->class != 0));
}

const dg_descriptor *dg_test_described(lua_State *L, int index, int *arguments)
{
    index = lua_absindex(L, index);
    if (lua_type(L, index) != LUA_TFUNCTION) return NULL;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, DESCRIBED);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    const struct described *described = lua_touserdata(L, -1); /* the table keeps it */
    lua_pop(L, 2);
    if (!described) return NULL;
    *arguments = described->arguments;
    return &described->type;
}
