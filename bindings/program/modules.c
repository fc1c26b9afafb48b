/* The searcher for the library's own modules. */
#include "bindings/program/modules.h"

#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/embedded.h"
#include "bindings/library.h"
#include "bindings/program/script.h"
#include "engine/part/param.h"

#define EXPERIMENTS "experiments."
#define COMMANDS "digits.commands."

/* Package's searcher for Lua files, upvalue 1; what it finds is noted. */
static int search_files(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    if (lua_isfunction(L, 1) && lua_type(L, 2) == LUA_TSTRING)
        dg_script_note_module(lua_tostring(L, 2));
    return lua_gettop(L);
}

/* Leaves the loader and its argument, or raises what is wrong with the module's text. */
static int found(lua_State *L, int status, const char *module, const char *path)
{
    if (status != LUA_OK)
        return luaL_error(L, "error loading module '%s' from '%s':\n\t%s", module, path,
                          lua_tostring(L, -1));
    lua_pushstring(L, path);
    return 2;
}

/* Pushes FOLDER/a/b.lua for " .a.b" and the like; true when it can be read. */
static bool push_readable(lua_State *L, const char *folder, const char *rest, const char *ending)
{
    lua_pushfstring(L, "%s%s%s", folder, luaL_gsub(L, rest, ".", "/"), ending);
    return access(lua_tostring(L, -1), R_OK) == 0;
}

/* Pushes the folder of the script, which arg[0] names, without its last slash. */
static const char *push_script_folder(lua_State *L)
{
    const char *script = "", *slash;
    if (lua_getglobal(L, "arg") == LUA_TTABLE && lua_rawgeti(L, -1, 0) == LUA_TSTRING)
        script = lua_tostring(L, -1);
    slash = strrchr(script, '/');
    return slash ? lua_pushlstring(L, script, (size_t)(slash - script)) : lua_pushliteral(L, ".");
}

static int search(lua_State *L)
{
    const char *module = luaL_checkstring(L, 1);
    const char *folder = lua_tostring(L, lua_upvalueindex(1));
    bool experiment = strncmp(module, EXPERIMENTS, sizeof EXPERIMENTS - 1) == 0;
    if (!experiment && strcmp(module, "digits") != 0 && strncmp(module, "digits.", 7) != 0)
        return 0;
    const char *rest = module + (experiment ? sizeof EXPERIMENTS - 2 : 6);
    if (experiment) folder = push_script_folder(L);
    if (folder && ((*rest && push_readable(L, folder, rest, ".lua")) ||
                   (!experiment && push_readable(L, folder, rest, "/init.lua")))) {
        const char *path = lua_tostring(L, -1);
        if (experiment) dg_script_note_module(path); /* the library has a version */
        return found(L, luaL_loadfile(L, path), module, path);
    }
    for (const struct digits_embedded *script = digits_embedded; script->name; script++) {
        if (strcmp(script->name, module) != 0) continue;
        lua_pushfstring(L, "@%s", script->path);
        size_t size = (size_t)(script->end - script->data);
        int status =
            luaL_loadbufferx(L, (const char *)script->data, size, lua_tostring(L, -1), "t");
        return found(L, status, module, script->path);
    }
    lua_pushfstring(L, "no module '%s' in the program", module);
    return 1;
}

/* The word of the command that `script` is, or NULL. */
static const char *command_word(const struct digits_embedded *script)
{
    size_t length = strlen(COMMANDS);
    return strncmp(script->name, COMMANDS, length) == 0 ? script->name + length : NULL;
}

bool dg_modules_have_command(const char *word)
{
    for (const struct digits_embedded *script = digits_embedded; script->name; script++)
        if (command_word(script) && strcmp(command_word(script), word) == 0) return true;
    return false;
}

const char *dg_modules_nearest_command(const char *word)
{
    const char *words[64];
    int count = 0;
    for (const struct digits_embedded *script = digits_embedded; script->name; script++)
        if (command_word(script) && count < 64) words[count++] = command_word(script);
    return dg_nearest(word, words, count);
}

void dg_modules_push_commands(lua_State *L)
{
    lua_newtable(L);
    for (const struct digits_embedded *script = digits_embedded; script->name; script++) {
        if (!command_word(script)) continue;
        lua_pushstring(L, command_word(script));
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
}

void dg_modules_register(lua_State *L, const char *folder)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_digits_core);
    lua_setfield(L, -2, "digits.core");
    lua_pop(L, 1);

    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushstring(L, folder);
    lua_pushcclosure(L, search, 1);
    lua_rawseti(L, -2, 2);
    lua_rawgeti(L, -1, 3);
    lua_pushcclosure(L, search_files, 1);
    lua_rawseti(L, -2, 3);
    lua_pop(L, 2);
}
