/* Errors at the user's line, and single values that are checked. */
#include "bindings/calls/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/embedded.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/parallel.h"
#include "engine/part/part.h"

/* --- errors --------------------------------------------------------------------------------- */

/* Whether a chunk is one of the library's scripts, embedded or in the folder for development. */
static bool is_ours(const char *source)
{
    if (source[0] != '@') return false;
    if (strncmp(source + 1, "experiments/", 12) == 0) return false; /* held for users to run */
    for (const struct digits_embedded *script = digits_embedded; script->name; script++)
        if (strcmp(script->path, source + 1) == 0) return true;
    const char *folder = getenv("DIGITS_LUA_PATH");
    size_t length = folder ? strlen(folder) : 0;
    return length && strncmp(source + 1, folder, length) == 0 && source[1 + length] == '/';
}

/* Pushes the position of the user's code, "file.lua:12: ", or "". */
static void push_where(lua_State *L)
{
    lua_Debug ar;
    for (int level = 1; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0 || is_ours(ar.source)) continue;
        lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
        return;
    }
    lua_pushliteral(L, "");
}

void dg_tell(lua_State *L, const char *function, const char *text)
{
    push_where(L);
    lua_pushfstring(L, "%s: %s", function, text);
    lua_concat(L, 2);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, "digits.told");
    lua_pushvalue(L, -2);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_writestringerror(DG_PROGRAM_NAME ": warning: %s\n", lua_tostring(L, -3));
        lua_pushvalue(L, -3);
        lua_pushboolean(L, true);
        lua_rawset(L, -4);
    }
    lua_pop(L, 3);
}

void dg_push_number(lua_State *L, double value)
{
    lua_pushnumber(L, isnan(value) ? fabs(value) : value);
}

int dg_raise(lua_State *L, const char *format, ...)
{
    luaL_checkstack(L, 4, NULL);
    push_where(L);
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_concat(L, 2);
    return lua_error(L);
}

int dg_add_traceback(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING) luaL_traceback(L, L, lua_tostring(L, 1), 1);
    return 1;
}

void dg_check_status(lua_State *L, dg_status status)
{
    if (status == DG_OK) return;
    if (status == DG_CANCELLED) atomic_store(&dg_interrupt, 0);
    dg_raise(L, "%s", dg_error_message());
}

void dg_check_call(lua_State *L, dg_status status, const char *function)
{
    if (status == DG_OK) return;
    size_t length = strlen(function);
    const char *message = dg_error_message();
    bool told = strncmp(message, function, length) == 0 && message[length] == ':';
    if (status == DG_INVALID && !told) dg_error_context(status, "%s", function);
    dg_check_status(L, status);
}

const char *dg_push_found(lua_State *L, int index)
{
    int type = lua_type(L, index);
    switch (type) {
    case LUA_TNONE: return lua_pushliteral(L, "nothing");
    case LUA_TNIL: return lua_pushliteral(L, "nil");
    case LUA_TBOOLEAN: return lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) return lua_pushfstring(L, "%I", lua_tointeger(L, index));
        if (isnan(lua_tonumber(L, index))) return lua_pushliteral(L, "nan");
        return lua_pushfstring(L, "%f", lua_tonumber(L, index));
    case LUA_TSTRING: {
        char text[128];
        snprintf(text, sizeof text, "'%.100s' (a string)", lua_tostring(L, index));
        return lua_pushstring(L, text);
    }
    }
    if (type == LUA_TUSERDATA && luaL_getmetafield(L, index, "__name") == LUA_TSTRING) {
        const char *name = lua_tostring(L, -1), *dot = strrchr(name, '.');
        lua_pushfstring(L, "a %s", dot ? dot + 1 : name);
        lua_remove(L, -2);
        return lua_tostring(L, -1);
    }
    return lua_pushfstring(L, "a %s", lua_typename(L, type));
}

void *dg_scratch(lua_State *L, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size) dg_raise(L, "not enough memory");
    return lua_newuserdatauv(L, count * size + 1, 0);
}

void *dg_push_object(lua_State *L, const char *name, const luaL_Reg *methods, size_t size,
                     int values)
{
    void *object = memset(lua_newuserdatauv(L, size, values), 0, size);
    if (luaL_newmetatable(L, name)) {
        luaL_setfuncs(L, methods, 0);
        lua_pushvalue(L, -1);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
    return object;
}

/* --- boxes ---------------------------------------------------------------------------------- */

#define BOX "digits.box"

static int box_gc(lua_State *L)
{
    char **box = luaL_checkudata(L, 1, BOX);
    dg_free(*box);
    *box = NULL;
    return 0;
}

char **dg_push_box(lua_State *L)
{
    static const luaL_Reg methods[] = { { "__gc", box_gc }, { NULL, NULL } };
    return dg_push_object(L, BOX, methods, sizeof(char *), 0);
}

void dg_push_boxed(lua_State *L)
{
    char **box = lua_touserdata(L, -1);
    lua_pushstring(L, *box);
    dg_free(*box);
    *box = NULL;
    lua_remove(L, -2);
}

/* --- single values -------------------------------------------------------------------------- */

int dg_wrong_type(lua_State *L, int index, const char *function, const char *name,
                  const char *expected)
{
    const char *found = dg_push_found(L, index);
    return dg_raise(L, "%s: %s must be %s, found %s", function, name, expected, found);
}

bool dg_is_integer(lua_State *L, int index, int64_t *out)
{
    if (lua_type(L, index) != LUA_TNUMBER) return false;
    int whole = 0;
    lua_Integer value = lua_tointegerx(L, index, &whole);
    if (whole) *out = value;
    return whole;
}

int64_t dg_want_integer(lua_State *L, int index, const char *function, const char *name,
                        int64_t low, int64_t high)
{
    int64_t value;
    if (dg_is_integer(L, index, &value) && value >= low && value <= high) return value;
    char expected[96] = "a whole number";
    if (low > INT64_MIN && high < INT64_MAX)
        snprintf(expected, sizeof expected, "a whole number from %" PRId64 " to %" PRId64, low,
                 high);
    else if (low > INT64_MIN)
        snprintf(expected, sizeof expected, "a whole number of at least %" PRId64, low);
    return dg_wrong_type(L, index, function, name, expected);
}

double dg_want_number(lua_State *L, int index, const char *function, const char *name)
{
    if (lua_type(L, index) != LUA_TNUMBER) dg_wrong_type(L, index, function, name, "a number");
    return lua_tonumber(L, index);
}

const char *dg_want_text(lua_State *L, int index, const char *function, const char *name)
{
    if (lua_type(L, index) != LUA_TSTRING) dg_wrong_type(L, index, function, name, "a string");
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    if (strlen(text) != length)
        dg_raise(L, "%s: %s must be a string without NUL bytes", function, name);
    return text;
}

int dg_want_integers(lua_State *L, int index, const char *function, const char *name, int64_t *out,
                     int most)
{
    index = lua_absindex(L, index);
    if (lua_type(L, index) != LUA_TTABLE)
        dg_wrong_type(L, index, function, name, "a list of whole numbers");
    lua_Unsigned count = lua_rawlen(L, index);
    if (count > (lua_Unsigned)most)
        dg_raise(L, "%s: %s must be a list of at most %d whole numbers, found %I", function, name,
                 most, (lua_Integer)count);
    for (int i = 0; i < (int)count; i++) {
        lua_rawgeti(L, index, i + 1);
        if (!dg_is_integer(L, -1, &out[i]))
            dg_raise(L, "%s: %s must be a list of whole numbers, found %s at position %d", function,
                     name, dg_push_found(L, -1), i + 1);
        lua_pop(L, 1);
    }
    return (int)count;
}

uint64_t dg_seed_or_next(const dg_optional_seed *seed)
{
    return seed->given ? seed->value : dg_next_seed();
}

int dg_find_name(lua_State *L, const char *const *names, int count, const char *name,
                 const char *message)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    const char *nearest = dg_nearest(name, names, count);
    return dg_raise(L, "%s '%s'%s%s%s", message, name, nearest ? ", did you mean '" : "",
                    nearest ? nearest : "", nearest ? "'?" : "");
}

/* --- suggestions ---------------------------------------------------------------------------- */

const char *dg_suggest(lua_State *L, int tables, const char *word)
{
    enum { MOST = 512 };
    const char *names[MOST];
    int count = 0, top = lua_gettop(L);
    luaL_checkstack(L, 4, NULL);
    for (int table = top - tables + 1; table <= top; table++)
        for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING && count < MOST)
                names[count++] = lua_tostring(L, -2);
    return dg_nearest(word, names, count);
}

int dg_unknown_field(lua_State *L, const char *kind, const char *word, int tables)
{
    const char *nearest = dg_suggest(L, tables, word);
    if (nearest)
        return dg_raise(L, "%s has no field '%s', did you mean '%s'?", kind, word, nearest);
    return dg_raise(L, "%s has no field '%s'", kind, word);
}
