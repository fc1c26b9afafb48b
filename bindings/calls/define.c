/* Functions that describe themselves and are written in Lua. */
#include "bindings/calls/define.h"

#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/nested.h"
#include "bindings/calls/parts.h"

/* What a script may write as the type of a parameter, beside the words of dg_add_word. Two more:
 * "list", of = a type, whose items have the range, choices and fields that the parameter's table
 * states, and which must not be empty if some = true; and "record", fields = parameters, open =
 * true. A list of types means any one of them; a list of lists is of = { "list", of = "number"
 * }. */
static const struct word {
    const char *word;
    dg_param_type type;
    size_t size;
    const dg_lua_handle *handle;
} words[] = {
    { "boolean", DG_TYPE_BOOL, sizeof(bool), NULL },
    { "integer", DG_TYPE_INT, sizeof(int64_t), NULL },
    { "number", DG_TYPE_FLOAT, sizeof(double), NULL },
    { "string", DG_TYPE_TEXT, sizeof(char *), NULL },
    { "path", DG_TYPE_PATH, sizeof(char *), NULL },
    { "choice", DG_TYPE_CHOICE, sizeof(int), NULL },
    { "integers", DG_TYPE_INTS, sizeof(dg_ints), NULL },
    { "pair", DG_TYPE_PAIR, 2 * sizeof(int64_t), NULL },
    { "seed", DG_TYPE_SEED, sizeof(dg_optional_seed), NULL },
    { "function", DG_TYPE_SLOT, sizeof(int), &dg_function_handle },
    { "table", DG_TYPE_SLOT, sizeof(int), &dg_table_handle },
    { "value", DG_TYPE_SLOT, sizeof(int), &dg_any_handle },
};

#define WORDS "digits.words" /* the registry's table: word -> dg_lua_handle */

void dg_add_word(lua_State *L, const char *word, const dg_lua_handle *handle)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, WORDS);
    lua_pushlightuserdata(L, (void *)handle);
    lua_setfield(L, -2, word);
    lua_pop(L, 1);
}

static bool find_word(lua_State *L, const char *name, struct word *out)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, name) == 0) {
            *out = words[i];
            return true;
        }
    luaL_getsubtable(L, LUA_REGISTRYINDEX, WORDS);
    lua_getfield(L, -1, name);
    *out = (struct word){ name, DG_TYPE_SLOT, sizeof(int), lua_touserdata(L, -1) };
    lua_pop(L, 2);
    return out->handle != NULL;
}

/* Errors in a definition are the library's own. */
static const char *text_field(lua_State *L, int table, const char *name)
{
    lua_getfield(L, table, name);
    const char *text = lua_tostring(L, -1); /* the table keeps it */
    lua_pop(L, 1);
    return text;
}

static bool true_field(lua_State *L, int table, const char *name)
{
    lua_getfield(L, table, name);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

static bool number_field(lua_State *L, int table, const char *name, double *out)
{
    int given;
    lua_getfield(L, table, name);
    double value = lua_tonumberx(L, -1, &given);
    lua_pop(L, 1);
    if (given) *out = value;
    return given;
}

static void read_range(lua_State *L, int table, dg_range *range)
{
    const struct {
        const char *name;
        int limits;
    } ends[] = { { "low", DG_LOW },
                 { "above", DG_LOW | DG_LOW_OPEN },
                 { "high", DG_HIGH },
                 { "below", DG_HIGH | DG_HIGH_OPEN } };
    for (int i = 0; i < 4; i++)
        if (number_field(L, table, ends[i].name, i < 2 ? &range->low : &range->high))
            range->limits |= ends[i].limits;
}

static void read_default(lua_State *L, int table, dg_param *param)
{
    int type = lua_getfield(L, table, "default");
    if (type == LUA_TSTRING) param->default_text = lua_tostring(L, -1);
    if (type == LUA_TBOOLEAN) param->default_number = lua_toboolean(L, -1);
    if (type == LUA_TNUMBER) param->default_number = lua_tonumber(L, -1);
    param->optional = type == LUA_TNIL && !param->required;
    lua_pop(L, 1);
}

/* Memory that the table at `table` keeps. */
static void *keep(lua_State *L, int table, size_t count, size_t size)
{
    void *memory = dg_scratch(L, count, size);
    memset(memory, 0, count * size);
    lua_rawsetp(L, table, memory);
    return memory;
}

/* The texts of the list in a field, which keeps them, then NULL; or NULL without one. */
static const char *const *read_texts(lua_State *L, int table, const char *name)
{
    const char **texts = NULL;
    if (lua_getfield(L, table, name) != LUA_TNIL) {
        int list = lua_gettop(L), count = (int)luaL_len(L, list);
        texts = keep(L, list, (size_t)count + 1, sizeof *texts);
        for (int i = 0; i < count; i++) {
            lua_rawgeti(L, list, i + 1);
            texts[i] = luaL_checkstring(L, -1);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return texts;
}

static size_t read_type(lua_State *L, int table, dg_param *param);
static dg_param *read_params(lua_State *L, int list, size_t *size);

/* { "table", ..., of = type } */
static void read_list(lua_State *L, int table, dg_param *param)
{
    int top = lua_gettop(L);
    dg_list *list = keep(L, table, 1, sizeof *list);
    list->item = (dg_param){ .name = param->name, .range = param->range, .required = true };
    if (lua_getfield(L, table, "of") == LUA_TNIL) lua_pushliteral(L, "value");
    if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "list") == 0)
        luaL_error(L, "define: write a list of lists as of = { \"list\", of = ... }");
    read_type(L, table, &list->item);
    list->some = true_field(L, table, "some");
    dg_list_init(L, list);
    lua_rawsetp(L, table, list->handle.handle.expects);
    lua_settop(L, top);
    param->handle = &list->handle.handle;
}

static void read_record(lua_State *L, int table, dg_param *param)
{
    dg_record *record = keep(L, table, 1, sizeof *record);
    lua_getfield(L, table, "fields");
    record->type = (dg_descriptor){ .kind = "table", .name = "" };
    record->type.params = read_params(L, lua_gettop(L), &record->type.options_size);
    record->open = true_field(L, table, "open");
    dg_record_init(L, record);
    lua_rawsetp(L, table, record->handle.handle.expects);
    lua_pop(L, 1);
    param->handle = &record->handle.handle;
}

static void read_alternatives(lua_State *L, int table, int list, dg_param *param)
{
    int count = (int)luaL_len(L, list);
    dg_param *each = keep(L, table, (size_t)count + 1, sizeof *each);
    for (int i = 0; i < count; i++) {
        each[i] = (dg_param){ .name = param->name, .range = param->range };
        lua_rawgeti(L, list, i + 1);
        read_type(L, table, &each[i]);
        lua_pop(L, 1);
    }
    param->type = DG_TYPE_ONE_OF;
    param->alternatives = each;
}

/* Reads the type of a parameter, which is on top of the stack, and what its table adds. Returns the
 * size of its field. */
static size_t read_type(lua_State *L, int table, dg_param *param)
{
    if (lua_type(L, -1) == LUA_TTABLE) {
        int given = lua_gettop(L);
        bool list_of = lua_getfield(L, given, "of") != LUA_TNIL;
        lua_rawgeti(L, given, 1);
        size_t size = sizeof(dg_one_of);
        if (list_of)
            size = read_type(L, given, param);
        else
            read_alternatives(L, table, given, param);
        lua_settop(L, given);
        return size;
    }
    const char *type = luaL_checkstring(L, -1);
    struct word found;
    bool list = strcmp(type, "list") == 0;
    if (list || strcmp(type, "record") == 0) {
        param->type = DG_TYPE_SLOT;
        (list ? read_list : read_record)(L, table, param);
        return sizeof(int);
    }
    if (!find_word(L, type, &found)) luaL_error(L, "define: there is no parameter type '%s'", type);
    param->type = found.type;
    param->handle = found.handle ? &found.handle->handle : NULL;
    if (param->type == DG_TYPE_CHOICE) param->choices = read_texts(L, table, "choices");
    return found.size;
}

/* { "bins", "integer", low = 1, default = 30, doc = "..." }, on top of the stack. */
static void read_param(lua_State *L, dg_param *param, size_t *size)
{
    int table = lua_gettop(L);
    double count = 0;
    lua_rawgeti(L, table, 1);
    lua_rawgeti(L, table, 2);
    *param = (dg_param){ .name = luaL_checkstring(L, -2), .offset = *size };
    read_range(L, table, &param->range);
    *size += (read_type(L, table, param) + 7) & ~(size_t)7;
    lua_settop(L, table);
    param->doc = text_field(L, table, "doc");
    param->expects = text_field(L, table, "expects");
    param->required = true_field(L, table, "required");
    param->named_only = true_field(L, table, "named_only");
    param->rest = true_field(L, table, "rest");
    number_field(L, table, "count", &count);
    param->count_low = param->count_high = (int)count;
    read_default(L, table, param);
}

/* The list of parameters at `list`, which keeps them; `*size`: of their options struct. */
static dg_param *read_params(lua_State *L, int list, size_t *size)
{
    int count = (int)luaL_len(L, list);
    if (count > DG_MAX_PARAMS)
        luaL_error(L, "define: at most %d parameters are allowed, found %d", DG_MAX_PARAMS, count);
    luaL_checkstack(L, 16, NULL);
    dg_param *params = keep(L, list, (size_t)count + 1, sizeof *params);
    *size = 0;
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, list, i + 1);
        read_param(L, &params[i], size);
        lua_pop(L, 1);
    }
    if (*size > DG_MAX_OPTIONS_SIZE) luaL_error(L, "define: the options are too large");
    return params;
}

int dg_lua_define(lua_State *L)
{
    enum { TABLE = 1, CALL, PARAMS, CLASS };
    luaL_checktype(L, TABLE, LUA_TTABLE);
    luaL_checktype(L, CALL, LUA_TFUNCTION);
    lua_settop(L, CALL);
    lua_getfield(L, TABLE, "params");
    lua_getfield(L, TABLE, "class");
    double arguments = 0;
    number_field(L, TABLE, "arguments", &arguments);
    const char *path = text_field(L, TABLE, "path"), *name = text_field(L, TABLE, "name");
    if (!path) return luaL_error(L, "define: path is missing");
    for (const char *each = name ? "" : path; *each; each++)
        if (each == path || each[-1] == '.' || each[-1] == ':') name = each;
    dg_lua_function function = {
        .type = { .kind = "function",
                  .name = name,
                  .alias = path,
                  .doc = text_field(L, TABLE, "doc"),
                  .example = text_field(L, TABLE, "example"),
                  .hints = (const dg_hint *)read_texts(L, TABLE, "hints") },
        .arguments = (int)arguments,
        .keeper = TABLE,
        .call = CALL,
        .class = true_field(L, TABLE, "method") ? CLASS : 0,
    };
    function.type.params = read_params(L, PARAMS, &function.type.options_size);
    dg_push_described_lua(L, &function);
    return 1;
}
