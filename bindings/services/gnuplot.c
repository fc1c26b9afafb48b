/* gnuplot, as a child process. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/class.h"
#include "bindings/calls/memory.h"
#include "bindings/services/picture.h"
#include "engine/base/process.h"

#define INSTALL                                                                                    \
    "install it with `sudo apt-get install gnuplot-nox` (Debian, Ubuntu), `sudo dnf install "      \
    "gnuplot` (Fedora), `sudo pacman -S gnuplot` (Arch) or `brew install gnuplot`"

static int result_gc(lua_State *L)
{
    dg_process_release(luaL_checkudata(L, 1, "digits.process"));
    return 0;
}

/* What gnuplot said, on one line: without its drawing of where in a line it stopped, and without
 * the file's name. */
static const char *push_complaint(lua_State *L, const dg_process_result *result)
{
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    bool any = false, space = false;
    for (const char *c = result->messages; *c; c++) {
        if (isspace((unsigned char)*c)) {
            space = any;
            continue;
        }
        if (space) luaL_addchar(&buffer, ' ');
        luaL_addchar(&buffer, *c);
        any = true;
        space = false;
    }
    luaL_pushresult(&buffer);
    if (!any) {
        lua_pop(L, 1);
        lua_pushliteral(L, "it gave no reason");
    }
    return luaL_gsub(L, lua_tostring(L, -1), "\"/dev/stdin\" ", "");
}

int dg_lua_gnuplot(lua_State *L)
{
    static const luaL_Reg methods[] = { { "__gc", result_gc }, { NULL, NULL } };
    /* Commands come as a file: from a plain pipe gnuplot would go on after an error, and take
     * binary data for commands. */
    static const char *const arguments[] = { "gnuplot", "-d", "/dev/stdin", NULL };
    size_t size;
    const char *commands = luaL_checklstring(L, 1, &size);
    double seconds = luaL_checknumber(L, 2);
    dg_process_result *result = dg_push_object(L, "digits.process", methods, sizeof *result, 0);
    dg_job job = dg_job_default();
    dg_memory_enter(L);
    dg_status status = dg_process_run(result, arguments, commands, size, seconds, &job);
    if (result->missing)
        return dg_raise(L, "gnuplot, which draws the pictures, was not found: " INSTALL);
    if (status == DG_IO && result->messages && *result->messages)
        return dg_raise(L, "%s; it said: %s", dg_error_message(), push_complaint(L, result));
    dg_check_status(L, status);
    if (result->status != 0)
        return dg_raise(L, "gnuplot failed with status %d: %s", result->status,
                        push_complaint(L, result));
    lua_pushlstring(L, result->output, result->output_size);
    lua_pushlstring(L, result->messages, result->messages_size);
    dg_process_release(result);
    return 2;
}
