/* Rasters, terminals and files, for scripts/plot. */
#include "bindings/services/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bindings/calls/check.h"
#include "bindings/calls/define.h"
#include "bindings/values/tensor.h"
#include "engine/base/atomic_file.h"
#include "engine/base/memory.h"
#include "engine/picture/picture.h"

/* colour(values, name, low, high) returns a raster. */
static int colour(lua_State *L)
{
    const dg_tensor *values = dg_want_tensor(L, 1, "plot", "the values");
    dg_colours colours;
    dg_check_call(L, dg_colours_find(luaL_checkstring(L, 2), &colours), "plot");
    double low = luaL_checknumber(L, 3), high = luaL_checknumber(L, 4);
    dg_check_call(L, dg_picture_colour(dg_push_tensor(L), values, colours, low, high), "plot");
    return 1;
}

/* bytes(raster, factor) returns the bytes of the raster enlarged, as a string. */
static int bytes(lua_State *L)
{
    const dg_tensor *raster = dg_want_tensor(L, 1, "plot", "the raster");
    lua_Integer factor = luaL_checkinteger(L, 2);
    dg_tensor *whole = dg_push_tensor(L);
    dg_check_status(L, dg_picture_enlarge(whole, raster, factor));
    lua_pushlstring(L, whole->data, (size_t)dg_tensor_count(whole));
    return 1;
}

static const char *const terminals[] = {
    [DG_TERMINAL_PLAIN] = "plain",
    [DG_TERMINAL_256] = "256",
    [DG_TERMINAL_TRUE] = "true",
    NULL,
};

/* text(raster, columns, "plain" | "256" | "true") */
static int text(lua_State *L)
{
    const dg_tensor *raster = dg_want_tensor(L, 1, "plot", "the raster");
    lua_Integer columns = luaL_checkinteger(L, 2);
    dg_terminal terminal = (dg_terminal)luaL_checkoption(L, 3, NULL, terminals);
    dg_check_call(L, dg_picture_text(raster, columns, terminal, dg_push_box(L)), "plot");
    dg_push_boxed(L);
    return 1;
}

/* shade(raster, row, column, terminal, text) returns the text on the colour of that pixel. */
static int shade(lua_State *L)
{
    const dg_tensor *raster = dg_want_tensor(L, 1, "plot", "the raster");
    const int64_t row = luaL_checkinteger(L, 2) - 1, column = luaL_checkinteger(L, 3) - 1;
    dg_terminal terminal = (dg_terminal)luaL_checkoption(L, 4, NULL, terminals);
    uint8_t rgb[3];
    for (int64_t c = 0; c < 3; c++) {
        double value;
        dg_check_status(L, dg_tensor_get(raster, (int64_t[]){ row, column, c }, &value));
        rgb[c] = (uint8_t)value;
    }
    dg_check_status(L, dg_picture_shade(luaL_checkstring(L, 5), rgb, terminal, dg_push_box(L)));
    dg_push_boxed(L);
    return 1;
}

/* range(values) returns the least and the greatest finite value, or nothing. */
static int range(lua_State *L)
{
    double low, high;
    if (!dg_picture_range(dg_want_tensor(L, 1, "plot", "the values"), &low, &high)) return 0;
    lua_pushnumber(L, low);
    lua_pushnumber(L, high);
    return 2;
}

/* histogram(values, low, high, bins) returns a list of counts. */
static int histogram(lua_State *L)
{
    const dg_tensor *values = dg_want_tensor(L, 1, "histogram", "the values");
    double low = luaL_checknumber(L, 2), high = luaL_checknumber(L, 3);
    lua_Integer bins = luaL_checkinteger(L, 4);
    int64_t *counts = dg_scratch(L, (size_t)bins, sizeof *counts);
    dg_check_call(L, dg_picture_histogram(values, low, high, bins, counts), "histogram");
    lua_createtable(L, (int)bins, 0);
    for (lua_Integer i = 0; i < bins; i++) {
        lua_pushinteger(L, counts[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static dg_status write_whole(const char *path, const char *content, size_t size)
{
    DG_CLEANUP(dg_atomic_abandon) dg_atomic_file file = { .descriptor = -1 };
    DG_TRY(dg_atomic_open(&file, path));
    DG_TRY(dg_atomic_write(&file, content, size));
    return dg_atomic_commit(&file);
}

/* write(path, bytes): the whole file or nothing. */
static int write_file(lua_State *L)
{
    const char *path = dg_want_text(L, 1, "save", "the path");
    size_t size;
    const char *content = luaL_checklstring(L, 2, &size);
    dg_check_status(L, write_whole(path, content, size));
    return 0;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

/* https://no-color.org: NO_COLOR, when it is not empty, asks for none. */
static const char *colours_of_terminal(void)
{
    const char *kind = getenv("TERM"), *depth = getenv("COLORTERM");
    if (!isatty(STDOUT_FILENO) || is_set("NO_COLOR") || !kind || strcmp(kind, "dumb") == 0)
        return "plain";
    if (depth && (strcmp(depth, "truecolor") == 0 || strcmp(depth, "24bit") == 0)) return "true";
    return strstr(kind, "256color") || strstr(kind, "kitty") ? "256" : "plain";
}

/* terminal() returns the width of standard output in columns, and its colours, as text() names
 * them. If it is not a terminal, the width is COLUMNS, or 80. */
static int terminal(lua_State *L)
{
    struct winsize size;
    lua_Integer columns = 0;
    const char *said = getenv("COLUMNS");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
    if (columns <= 0 && said) columns = strtol(said, NULL, 10);
    lua_pushinteger(L, columns >= 20 && columns <= 1000 ? columns : 80);
    lua_pushstring(L, colours_of_terminal());
    return 2;
}

static const luaL_Reg functions[] = {
    { "shade", shade },      { "range", range },       { "colour", colour },
    { "bytes", bytes },      { "text", text },         { "histogram", histogram },
    { "write", write_file }, { "terminal", terminal }, { "gnuplot", dg_lua_gnuplot },
    { NULL, NULL },
};

static bool read_picture(lua_State *L, int index, dg_value *out)
{
    (void)out;
    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) return false;
    luaL_getmetatable(L, "digits.picture");
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

static const dg_lua_handle picture_handle = { { "picture", "a picture" }, read_picture, NULL };

void dg_open_picture(lua_State *L)
{
    dg_add_word(L, "picture", &picture_handle);
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "picture");
}
