/* Running a script elsewhere, for scripts. */
#include "bindings/services/redirect.h"

#include <stdlib.h>

#include "bindings/calls/check.h"
#include "engine/base/folder.h"
#include "engine/base/process.h"
#include "engine/base/redirect.h"

#define FOLDER "digits.folder"

/* redirect(folder), or redirect() for no longer */
static int redirect(lua_State *L)
{
    dg_check_status(L, dg_redirect_to(luaL_optstring(L, 1, NULL)));
    return 0;
}

/* redirect_read(path) and redirect_write(path) return where to open the file. */
static int redirect_read(lua_State *L)
{
    char room[PATH_MAX];
    lua_pushstring(L, dg_redirect_read(luaL_checkstring(L, 1), room));
    return 1;
}

static int redirect_write(lua_State *L)
{
    char room[PATH_MAX];
    const char *to;
    dg_check_status(L, dg_redirect_write(&to, luaL_checkstring(L, 1), room));
    lua_pushstring(L, to);
    return 1;
}

/* redirect_hide(path) */
static int redirect_hide(lua_State *L)
{
    dg_check_status(L, dg_redirect_hide(luaL_checkstring(L, 1)));
    return 0;
}

/* real_path(path) returns the whole path of a file or folder without links, or nil. */
static int real_path(lua_State *L)
{
    char path[PATH_MAX];
    lua_pushstring(L, realpath(luaL_checkstring(L, 1), path));
    return 1;
}

/* --- temporary folders ---------------------------------------------------------------------- */

static int folder_close(lua_State *L)
{
    char *path = luaL_checkudata(L, 1, FOLDER);
    if (*path) dg_folder_remove(path); /* what cannot be removed stays */
    *path = '\0';
    return 0;
}

static int folder_path(lua_State *L)
{
    lua_pushstring(L, luaL_checkudata(L, 1, FOLDER));
    return 1;
}

/* temporary_folder() makes a folder, which is removed when the value is closed; its method path()
 * returns where it is. */
static int temporary_folder(lua_State *L)
{
    static const luaL_Reg methods[] = { { "path", folder_path },
                                        { "__gc", folder_close },
                                        { "__close", folder_close },
                                        { NULL, NULL } };
    dg_check_status(L, dg_folder_make_temporary(dg_push_object(L, FOLDER, methods, PATH_MAX, 0)));
    return 1;
}

/* --- programs ------------------------------------------------------------------------------- */

/* attend(words, folder, input, quiet) runs the program words[1] in the folder, with the file
 * `input` (or nil) as its standard input, and returns its status. Ctrl-C kills it, and raises. */
static int attend(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int count = (int)lua_rawlen(L, 1), status = 0;
    const char *folder = luaL_checkstring(L, 2), *input = luaL_optstring(L, 3, NULL);
    const char **arguments = dg_scratch(L, (size_t)count + 1, sizeof *arguments);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, 1, i + 1);
        arguments[i] = luaL_checkstring(L, -1); /* the table keeps it */
        lua_pop(L, 1);
    }
    arguments[count] = NULL;
    dg_job job = dg_job_default();
    bool quiet = lua_toboolean(L, 4);
    dg_check_status(L, dg_process_attend(&status, arguments, folder, input, quiet, &job));
    lua_pushinteger(L, status);
    return 1;
}

void dg_open_redirect(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "redirect", redirect },
        { "redirect_read", redirect_read },
        { "redirect_write", redirect_write },
        { "redirect_hide", redirect_hide },
        { "real_path", real_path },
        { "temporary_folder", temporary_folder },
        { "attend", attend },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
