/* Wrappers that count arguments. */
#include "bindings/call.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "bindings/check.h"

/* --- what a text shows ----------------------------------------------------------------------- */

/* How many arguments there may be; INT_MAX: any number. */
struct arity {
    int plain;
    int table; /* where the first is a table, which holds all that "sizes..." stands for */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* Reads a form from its bracket on, and returns where it ends. */
static const char *read_form(const char *text, struct arity *most)
{
    bool braces = *text == '{', any = false, spread = false;
    int depth = 0, count = 0;
    for (; *text; text++) {
        if (*text == ')' || *text == '}') {
            if (--depth == 0) break;
        } else if (depth > 0 && count == 0 && *text != ' ') {
            count = 1;
        }
        if (depth == 1 && *text == ',') count++;
        if (depth == 1 && strncmp(text, "...", 3) == 0) {
            any = true;
            spread = spread || count == 1;
        }
        if (*text == '(' || *text == '{') depth++;
    }
    if (braces)
        count = 1;
    else if (any)
        count = INT_MAX;
    most->plain = larger(most->plain, count);
    if (braces || !spread) most->table = larger(most->table, count);
    return *text ? text + 1 : text;
}

/* Reads the forms; `*end` is where they end. */
static struct arity read_arity(const char *text, const char **end)
{
    struct arity most = { 0, 0 };
    for (*end = text;; text = *end + 4) {
        const char *bracket = text + strcspn(text, "({\n");
        if (*bracket != '(' && *bracket != '{') return most;
        *end = read_form(bracket, &most);
        if (strncmp(*end, " or ", 4) != 0) return most;
    }
}

/* --- calling --------------------------------------------------------------------------------- */

/* Raises unless the arguments from stack index `first` on are no more than the text shows. */
static void check_count(lua_State *L, int first, struct arity most, const char *name,
                        const char *text)
{
    int last = lua_gettop(L);
    while (last >= first && lua_isnil(L, last)) last--;
    int count = last - first + 1;
    if (count <= (lua_type(L, first) == LUA_TTABLE ? most.table : most.plain)) return;
    const char *end;
    read_arity(text, &end);
    lua_pushlstring(L, text, (size_t)(end - text));
    dg_raise(L, "%s: expected %s, found %d argument%s", name,
             luaL_gsub(L, luaL_gsub(L, lua_tostring(L, -1), "\n  ", " "), "\n", " "), count,
             count == 1 ? "" : "s");
}

static struct arity arity_upvalues(lua_State *L)
{
    return (struct arity){ (int)lua_tointeger(L, lua_upvalueindex(2)),
                           (int)lua_tointeger(L, lua_upvalueindex(3)) };
}

/* Upvalues: the dg_function, its arity, "model:", and the metatable. */
static int call_method(lua_State *L)
{
    const dg_function *function = lua_touserdata(L, lua_upvalueindex(1));
    if (!dg_has_method(L, function->name, function, lua_upvalueindex(5))) {
        struct arity arity = { 0, 0 };
        const char *end = function->doc + strcspn(function->doc, "({\n");
        if (*end == '(' || *end == '{') end = read_form(end, &arity);
        lua_pushlstring(L, function->doc, (size_t)(end - function->doc));
        return dg_raise(L, "%s: use a colon: %s%s", function->name,
                        lua_tostring(L, lua_upvalueindex(4)), lua_tostring(L, -1));
    }
    check_count(L, 2, arity_upvalues(L), function->name, function->doc);
    return function->function(L);
}

/* Upvalues: the dg_function and its arity. */
static int call_function(lua_State *L)
{
    const dg_function *function = lua_touserdata(L, lua_upvalueindex(1));
    check_count(L, 1, arity_upvalues(L), function->name, function->doc);
    return function->function(L);
}

void dg_push_exact(lua_State *L, const dg_function *function)
{
    const char *end;
    struct arity most = read_arity(function->doc, &end);
    lua_pushlightuserdata(L, (void *)function);
    lua_pushinteger(L, most.plain);
    lua_pushinteger(L, most.table);
    lua_pushcclosure(L, call_function, 3);
}

void dg_push_method(lua_State *L, const dg_function *function, int meta, const char *prefix)
{
    const char *end;
    meta = lua_absindex(L, meta);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, "digits.methods");
    if (lua_rawgetp(L, -1, function) == LUA_TNIL) {
        lua_pop(L, 1);
        struct arity most = read_arity(function->doc, &end);
        lua_pushlightuserdata(L, (void *)function);
        lua_pushinteger(L, most.plain);
        lua_pushinteger(L, most.table);
        lua_pushstring(L, prefix);
        lua_pushvalue(L, meta);
        lua_pushcclosure(L, call_method, 5);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, function);
    }
    lua_remove(L, -2);
}

/* --- functions written in Lua ---------------------------------------------------------------- */

static int finish_lua(lua_State *L, int status, lua_KContext context)
{
    (void)status, (void)context;
    return lua_gettop(L);
}

/* Upvalues: the function, its arity, its name and its text. */
static int call_lua(lua_State *L)
{
    const char *name = lua_tostring(L, lua_upvalueindex(4));
    const char *colon = strrchr(name, ':'), *dot = strrchr(name, '.');
    check_count(L, colon ? 2 : 1, arity_upvalues(L),
                colon ? colon + 1
                : dot ? dot + 1
                      : name,
                lua_tostring(L, lua_upvalueindex(5)));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, finish_lua);
    return lua_gettop(L);
}

/* Replaces the function on top of the stack, whose document `name` and `text` are. */
static void wrap_lua(lua_State *L, const char *name, const char *text)
{
    const char *end;
    struct arity most = read_arity(text, &end);
    lua_pushinteger(L, most.plain);
    lua_pushinteger(L, most.table);
    lua_pushstring(L, name);
    lua_pushstring(L, text);
    lua_pushcclosure(L, call_lua, 5);
    dg_document(L, -1, name, text);
}

int dg_exact(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    dg_push_documents(L);
    for (lua_pushnil(L); lua_next(L, 1);) {
        bool in_lua = lua_isfunction(L, -1) && !lua_iscfunction(L, -1);
        lua_pushvalue(L, -1);
        if (!in_lua || lua_rawget(L, 2) != LUA_TTABLE) {
            lua_settop(L, 3);
            continue;
        }
        lua_getfield(L, 5, "name");
        lua_getfield(L, 5, "text");
        lua_pushvalue(L, 3); /* the key; assigning to one that is there is allowed within next */
        lua_pushvalue(L, 4);
        wrap_lua(L, lua_tostring(L, 6), lua_tostring(L, 7));
        lua_rawset(L, 1);
        lua_settop(L, 3);
    }
    lua_settop(L, 1);
    return 1;
}
