/* Calling Lua safely, and reporting errors. */
#include "bindings/program/program.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bindings/calls/interrupt.h"

#ifndef DIGITS_VERSION
#define DIGITS_VERSION "(unknown version)"
#endif

const char *dg_program_version(void)
{
    return DG_PROGRAM_NAME " " DIGITS_VERSION " (" LUA_RELEASE ")";
}

/* Runs where the error was raised, so that the traceback has the whole stack. An error in a
 * callback of fit brings its own, which goes deeper. */
static int add_traceback(lua_State *L)
{
    const char *message = lua_tostring(L, 1);
    if (!message) {
        if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) return 1;
        message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    }
    if (!strstr(message, "\nstack traceback:\n"))
        luaL_traceback(L, L, message, 1);
    else
        lua_pushstring(L, message);
    return 1;
}

int dg_program_call(lua_State *L, int arguments, int results)
{
    int base = lua_gettop(L) - arguments;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, base);
    int status = lua_pcall(L, arguments, results, base);
    dg_interrupt_answered(L);
    lua_remove(L, base);
    return status;
}

static int report(lua_State *L, int status, const char *before)
{
    if (status == LUA_OK) return status;
    const char *message = lua_tostring(L, -1);
    fflush(stdout); /* what was printed comes first where both go to the same place */
    fprintf(stderr, "%s%s\n", before, message ? message : "(error message is not a string)");
    fflush(stderr);
    lua_pop(L, 1);
    return status;
}

int dg_program_report(lua_State *L, int status)
{
    return report(L, status, DG_PROGRAM_NAME ": ");
}

int dg_program_report_plain(lua_State *L, int status)
{
    return report(L, status, "");
}
