/* Journals and JSON, for scripts. */
#include "bindings/services/journal.h"

#include <math.h>

#include "bindings/calls/check.h"
#include "engine/base/atomic_file.h"
#include "engine/base/memory.h"
#include "engine/store/journal.h"
#include "engine/store/json.h"

#define JOURNAL "digits.journal"
#define PARSED "digits.json"

/* --- journals ------------------------------------------------------------------------------- */

static int fail(lua_State *L)
{
    lua_pushnil(L);
    lua_pushstring(L, dg_error_message());
    return 2;
}

static dg_journal *want_journal(lua_State *L)
{
    dg_journal *journal = luaL_checkudata(L, 1, JOURNAL);
    if (!journal->path) dg_raise(L, "the journal was closed");
    return journal;
}

static int journal_read(lua_State *L)
{
    const dg_journal *journal = want_journal(L);
    char **box = dg_push_box(L);
    dg_check_status(L, dg_journal_read(journal, box));
    lua_pushlstring(L, *box, (size_t)journal->size);
    return 1;
}

static int journal_cut(lua_State *L)
{
    dg_check_status(L, dg_journal_cut(want_journal(L), luaL_checkinteger(L, 2)));
    return 0;
}

static int journal_append(lua_State *L)
{
    size_t length;
    const char *line = luaL_checklstring(L, 2, &length);
    dg_check_status(L, dg_journal_append(want_journal(L), line, length));
    return 0;
}

static int journal_close(lua_State *L)
{
    dg_journal_close(luaL_checkudata(L, 1, JOURNAL));
    return 0;
}

int dg_lua_open_journal(lua_State *L)
{
    static const luaL_Reg methods[] = {
        { "read", journal_read },
        { "cut", journal_cut },
        { "append", journal_append },
        { "close", journal_close },
        { "__gc", journal_close },
        { "__close", journal_close },
        { NULL, NULL },
    };
    const char *path = dg_want_text(L, 1, "search", "the journal's path");
    dg_journal *journal = dg_push_object(L, JOURNAL, methods, sizeof *journal, 0);
    journal->descriptor = -1;
    return dg_journal_open(journal, path) == DG_OK ? 1 : fail(L);
}

int dg_lua_check_writable(lua_State *L)
{
    dg_atomic_file file;
    dg_status status =
        dg_atomic_open(&file, dg_want_text(L, 1, luaL_optstring(L, 2, "path"), "the path"));
    dg_atomic_abandon(&file);
    lua_pushboolean(L, status == DG_OK);
    if (status == DG_OK) return 1;
    lua_pushstring(L, dg_error_message());
    return 2;
}

/* --- JSON ----------------------------------------------------------------------------------- */

static void push_json(lua_State *L, const cJSON *item);

static void push_children(lua_State *L, const cJSON *item, bool named)
{
    const cJSON *child;
    int place = 0;
    lua_newtable(L);
    cJSON_ArrayForEach(child, item)
    {
        push_json(L, child);
        if (named)
            lua_setfield(L, -2, child->string);
        else
            lua_rawseti(L, -2, ++place);
    }
}

/* The parser has bounded the depth. */
static void push_json(lua_State *L, const cJSON *item)
{
    luaL_checkstack(L, 4, NULL);
    if (cJSON_IsNumber(item)) {
        double number = item->valuedouble;
        if (number == floor(number) && fabs(number) < 0x1p53)
            lua_pushinteger(L, (lua_Integer)number);
        else
            lua_pushnumber(L, number);
    } else if (cJSON_IsString(item)) {
        lua_pushstring(L, item->valuestring);
    } else if (cJSON_IsBool(item)) {
        lua_pushboolean(L, cJSON_IsTrue(item));
    } else if (cJSON_IsNull(item)) {
        lua_pushnumber(L, NAN);
    } else {
        push_children(L, item, cJSON_IsObject(item));
    }
}

static int parsed_gc(lua_State *L)
{
    cJSON **parsed = luaL_checkudata(L, 1, PARSED);
    cJSON_Delete(*parsed);
    *parsed = NULL;
    return 0;
}

int dg_lua_parse_json(lua_State *L)
{
    static const luaL_Reg methods[] = { { "__gc", parsed_gc }, { NULL, NULL } };
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length), *what = luaL_checkstring(L, 2);
    cJSON **parsed = dg_push_object(L, PARSED, methods, sizeof *parsed, 0);
    if (dg_json_parse(parsed, what, text, length) != DG_OK) return fail(L);
    push_json(L, *parsed);
    return 1;
}
