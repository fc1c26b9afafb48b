/* Functions that describe themselves. */
#include "bindings/calls/described.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/documents.h"
#include "bindings/calls/nested.h"
#include "bindings/learners/learner.h"
#include "bindings/values/dataset.h"
#include "bindings/values/tensor.h"

#define DESCRIBED "digits.described" /* the registry's table: function -> its description */

/* What a function says of itself; upvalue 1 of the closure. A method's upvalue 3 is the metatable
 * of the class that it is for, or was first pushed for. */
struct described {
    dg_descriptor type;          /* of kind "function" */
    const dg_function *function; /* NULL: a Lua function, upvalue 2 */
    int arguments;
    bool method;          /* the object is the first argument */
    bool needs_none;      /* may be called without arguments: then the options are these */
    const void *defaults; /* user value 2 */
};

/* --- calling -------------------------------------------------------------------------------- */

/* Whether the value at index 1 has the method that runs: its metatable is the one at index `meta`,
 * of the class that the method was first pushed for, or that of another class with this method,
 * for classes share those of their base. */
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

/* Calls the Lua function with the object, the arguments, and a table of the options, all of which
 * have passed the check or are defaults. */
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

/* --- functions written in Lua --------------------------------------------------------------- */

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

/* What a script may write as the type of a parameter. Two more: "list", of = a type, whose items
 * have the range, choices and fields that the parameter's table states; some = true: not an empty
 * one; and "record", fields = parameters, open = true. A list of types stands for one of them; one
 * with `of` is that of a list of its own: of = { "list", of = "number" }. */
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
    { "tensor", DG_TYPE_SLOT, sizeof(int), &dg_tensor_handle },
    { "dataset", DG_TYPE_SLOT, sizeof(int), &dg_dataset_handle },
    { "model", DG_TYPE_SLOT, sizeof(int), &dg_learner_handle },
    { "picture", DG_TYPE_SLOT, sizeof(int), &picture_handle },
};

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
    list->item = (dg_param){ .name = param->name, .range = param->range };
    if (lua_getfield(L, table, "of") == LUA_TNIL) lua_pushliteral(L, "value");
    if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "list") == 0)
        luaL_error(L, "define: a list of lists is of = { \"list\", of = ... }");
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

/* The type of a parameter, on top of the stack, about which its table says more. Returns the size
 * of its field. */
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
    const struct word *found = NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, type) == 0) found = &words[i];
    bool list = strcmp(type, "list") == 0;
    if (list || strcmp(type, "record") == 0) {
        param->type = DG_TYPE_SLOT;
        (list ? read_list : read_record)(L, table, param);
        return sizeof(int);
    }
    if (!found) luaL_error(L, "define: no type of parameter is named '%s'", type);
    param->type = found->type;
    param->handle = found->handle ? &found->handle->handle : NULL;
    if (param->type == DG_TYPE_CHOICE) param->choices = read_texts(L, table, "choices");
    return found->size;
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
    if (count > DG_MAX_PARAMS) luaL_error(L, "define: more than %d parameters", DG_MAX_PARAMS);
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

int dg_define(lua_State *L)
{
    enum { TABLE = 1, CALL, PARAMS, DESCRIBED_VALUE };
    luaL_checktype(L, TABLE, LUA_TTABLE);
    luaL_checktype(L, CALL, LUA_TFUNCTION);
    lua_settop(L, CALL);
    lua_getfield(L, TABLE, "params");
    double arguments = 0;
    number_field(L, TABLE, "arguments", &arguments);
    const char *path = text_field(L, TABLE, "path"), *name = text_field(L, TABLE, "name");
    if (!path) return luaL_error(L, "define: there is no path");
    for (const char *each = name ? "" : path; *each; each++)
        if (each == path || each[-1] == '.' || each[-1] == ':') name = each;
    struct described *described = lua_newuserdatauv(L, sizeof *described, 2);
    *described = (struct described){
        .type = { .kind = "function",
                  .name = name,
                  .alias = path,
                  .doc = text_field(L, TABLE, "doc"),
                  .example = text_field(L, TABLE, "example"),
                  .hints = (const dg_hint *)read_texts(L, TABLE, "hints") },
        .arguments = (int)arguments,
        .method = true_field(L, TABLE, "method"),
    };
    described->type.params = read_params(L, PARAMS, &described->type.options_size);
    lua_pushvalue(L, TABLE);
    lua_setiuservalue(L, DESCRIBED_VALUE, 1);
    lua_pushvalue(L, CALL);
    lua_getfield(L, TABLE, "class"); /* of a method: the metatable of its objects */
    push_closure(L, described, 2);
    return 1;
}
