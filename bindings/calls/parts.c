/* Constructors and parts: everything here follows from the descriptors. */
#include "bindings/calls/parts.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "bindings/calls/check.h"
#include "bindings/calls/described.h"
#include "bindings/calls/nested.h"
#include "bindings/calls/tables.h"
#include "bindings/learners/graph.h"
#include "bindings/learners/learner.h"
#include "bindings/values/memory.h"
#include "engine/base/number.h"

#define CONSTRUCTOR "digits.constructor"
#define PART "digits.part"

struct part_value {
    const dg_part *part; /* user value 1: the name of a layer, or nil */
};

static bool is_layer(const dg_descriptor *type)
{
    return strcmp(type->kind, "layer") == 0;
}

const dg_part *dg_test_part(lua_State *L, int index)
{
    const struct part_value *value = luaL_testudata(L, index, PART);
    if (value && !value->part) dg_raise(L, "the part was closed");
    return value ? value->part : NULL;
}

static const char *module_of(const dg_descriptor *type);

/* nn.Adam in place of nn.Adam {}. */
void dg_refuse_constructor(lua_State *L, int index, const char *function, const char *option)
{
    const dg_descriptor **type = luaL_testudata(L, index, CONSTRUCTOR);
    if (type)
        dg_raise(L, "%s: %s is a constructor: call it, as in %s = %s.%s {}", function, option,
                 option, module_of(*type), (*type)->name);
}

static struct part_value *push_value(lua_State *L)
{
    luaL_checkstack(L, 8, NULL);
    dg_memory_enter(L);
    struct part_value *value = lua_newuserdatauv(L, sizeof *value, 1);
    value->part = NULL;
    luaL_setmetatable(L, PART);
    return value;
}

/* Dense { 10, activation = "relu" }, Dense(10), Dense(10, { activation = "relu" }). */
static bool is_learner(const dg_descriptor *type)
{
    return strcmp(type->kind, "learner") == 0;
}

/* The table where the constructor is found; NULL: there is none. */
static const char *module_of(const dg_descriptor *type)
{
    /* data.NAME and metrics.NAME are functions */
    if (strcmp(type->kind, "format") == 0 || strcmp(type->kind, "metric") == 0) return NULL;
    if (strcmp(type->kind, "preparation") == 0) return "data";
    return is_learner(type) ? ((const dg_learner_type *)type)->module : "nn";
}

/* What is constructed is a part; of learners, one that was made as the part says. */
static int construct(lua_State *L)
{
    const dg_descriptor *type = *(const dg_descriptor **)luaL_checkudata(L, 1, CONSTRUCTOR);
    enum { OBJECT = 2, FIRST };
    struct part_value *value = push_value(L);
    lua_insert(L, OBJECT);
    dg_part *part;
    dg_check_status(L, dg_part_begin(type, &part));
    value->part = part;
    dg_read_options(L, part, DG_FREE_ARGUMENTS, FIRST, is_layer(type) ? OBJECT : 0);
    lua_settop(L, OBJECT);
    if (is_learner(type)) dg_push_new_learner(L, part);
    return 1;
}

void dg_push_part(lua_State *L, const dg_part *part)
{
    push_value(L)->part = dg_part_retain(part);
}

const char *dg_layer_name(lua_State *L, int index)
{
    lua_getiuservalue(L, index, 1);
    const char *name = lua_tostring(L, -1); /* the user value keeps it */
    lua_pop(L, 1);
    return name;
}

const dg_part *dg_push_part_of(lua_State *L, int index, const char *kind, const char *function,
                               const char *option)
{
    const dg_part *part = dg_test_part(L, index);
    index = lua_absindex(L, index);
    if (part && strcmp(part->type->kind, kind) == 0) {
        lua_pushvalue(L, index);
        return part;
    }
    if (lua_type(L, index) == LUA_TSTRING) {
        dg_part *made;
        const dg_descriptor *type = dg_find_descriptor(kind, lua_tostring(L, index));
        if (!type) {
            dg_error_context(DG_INVALID, "%s", function);
            dg_check_status(L, DG_INVALID);
        }
        struct part_value *value = push_value(L);
        dg_check_status(L, dg_part_default(type, &made));
        value->part = made;
        return made;
    }
    dg_refuse_constructor(L, index, function, option);
    const char *expected =
        lua_pushfstring(L, "%s %s or the name of one", strchr("aeiou", kind[0]) ? "an" : "a", kind);
    dg_wrong_type(L, index, function, option, expected);
    return NULL;
}

/* --- parts as values ------------------------------------------------------------------------ */

void dg_push_option(lua_State *L, const dg_part *part, int index)
{
    dg_value value = dg_part_get(part, index);
    dg_push_value(L, &value);
}

static int part_index(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (!part) return luaL_typeerror(L, 1, "part");
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    int found = dg_param_index(part->type, name);
    if (found >= 0) {
        dg_push_option(L, part, found);
        return 1;
    }
    if (strcmp(name, "kind") == 0 || strcmp(name, "type") == 0) {
        lua_pushstring(L, name[0] == 'k' ? part->type->kind : part->type->name);
        return 1;
    }
    if (is_layer(part->type) && strcmp(name, "name") == 0) {
        lua_getiuservalue(L, 1, 1);
        return 1;
    }
    lua_newtable(L);
    for (const dg_param *param = part->type->params; param && param->name; param++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, param->name);
    }
    luaL_tolstring(L, 2, NULL);
    lua_insert(L, -2);
    return dg_unknown_field(L, part->type->name, lua_tostring(L, -2), 1);
}

/* __dir(part), for completion: the names of its options. */
static int part_dir(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (!part) return 0;
    int count = dg_param_count(part->type);
    lua_createtable(L, count + 1, 0);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, part->type->params[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    if (is_layer(part->type)) {
        lua_pushliteral(L, "name");
        lua_rawseti(L, -2, count + 1);
    }
    return 1;
}

static int part_newindex(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    if (!part) return luaL_typeerror(L, 1, "part");
    if (strcmp(part->type->kind, "layer") == 0 && lua_type(L, 2) == LUA_TSTRING &&
        strcmp(lua_tostring(L, 2), "trainable") == 0)
        return dg_raise(L,
                        "%s is a description and never changes; layers cannot be frozen yet, "
                        "all weights are trained",
                        part->type->name);
    return dg_raise(L, "%s is a description and never changes: make another one", part->type->name);
}

static void add_value(luaL_Buffer *out, const dg_value *value);

/* Name { options that were given } */
static void add_part(luaL_Buffer *out, const dg_part *part, const char *name)
{
    int count = dg_param_count(part->type), shown = 0;
    luaL_addstring(out, part->type->name);
    for (int i = 0; i < count; i++) {
        if (!(part->given >> i & 1)) continue;
        luaL_addstring(out, shown++ ? ", " : " { ");
        luaL_addstring(out, part->type->params[i].name);
        luaL_addstring(out, " = ");
        dg_value value = dg_part_get(part, i);
        add_value(out, &value);
    }
    if (name) {
        luaL_addstring(out, shown++ ? ", name = \"" : " { name = \"");
        luaL_addstring(out, name);
        luaL_addchar(out, '"');
    }
    luaL_addstring(out, shown ? " }" : " {}");
}

static void add_value(luaL_Buffer *out, const dg_value *value)
{
    char text[64];
    switch (value->type) {
    case DG_VALUE_TEXT:
        luaL_addchar(out, '"');
        luaL_addstring(out, value->text);
        luaL_addchar(out, '"');
        return;
    case DG_VALUE_PART: add_part(out, value->part, NULL); return;
    case DG_VALUE_FLOAT: /* as Lua shows it: 1.0 may be all of something, where 1 is a count */
        dg_value_text(value, text, sizeof text);
        luaL_addstring(out, text);
        if (strspn(text, "-0123456789") == strlen(text)) luaL_addstring(out, ".0");
        return;
    case DG_VALUE_INTS:
        for (int i = 0; i < value->ints.count; i++) {
            snprintf(text, sizeof text, "%s%lld", i ? ", " : "{", (long long)value->ints.at[i]);
            luaL_addstring(out, text);
        }
        luaL_addstring(out, value->ints.count ? "}" : "{}");
        return;
    case DG_VALUE_MAP:
        for (int64_t i = 0; i < value->map.count; i++) {
            dg_print(text, sizeof text, "%s[%lld] = %.14g", i ? ", " : "{ ",
                     (long long)value->map.at[i].label, value->map.at[i].number);
            luaL_addstring(out, text);
        }
        luaL_addstring(out, value->map.count ? " }" : "{}");
        return;
    default: dg_value_text(value, text, sizeof text); luaL_addstring(out, text);
    }
}

static int part_tostring(lua_State *L)
{
    const struct part_value *value = luaL_checkudata(L, 1, PART);
    const char *name = dg_layer_name(L, 1);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    if (value->part)
        add_part(&out, value->part, name);
    else
        luaL_addstring(&out, "closed part");
    luaL_pushresult(&out);
    return 1;
}

static int part_eq(lua_State *L)
{
    const dg_part *a = dg_test_part(L, 1), *b = dg_test_part(L, 2);
    lua_pushboolean(L, a && b && dg_part_equal(a, b));
    return 1;
}

static int part_gc(lua_State *L)
{
    struct part_value *value = luaL_checkudata(L, 1, PART);
    dg_part_release(value->part);
    value->part = NULL;
    return 0;
}

static const luaL_Reg part_metamethods[] = {
    { "__index", part_index },
    { "__newindex", part_newindex },
    { "__call", dg_call_layer },
    { "__tostring", part_tostring },
    { "__eq", part_eq },
    { "__gc", part_gc },
    { "__close", part_gc },
    { "__dir", part_dir },
    { NULL, NULL },
};

/* --- constructors as values ----------------------------------------------------------------- */

static const dg_descriptor *check_constructor(lua_State *L)
{
    return *(const dg_descriptor **)luaL_checkudata(L, 1, CONSTRUCTOR);
}

static int constructor_tostring(lua_State *L)
{
    const dg_descriptor *type = check_constructor(L);
    lua_pushfstring(L, "%s.%s: %s", module_of(type), type->name, type->doc);
    return 1;
}

static int constructor_index(lua_State *L)
{
    const dg_descriptor *type = check_constructor(L);
    return dg_raise(L, "%s.%s is a constructor without fields: call it, %s.%s { ... }",
                    module_of(type), type->name, module_of(type), type->name);
}

static const luaL_Reg constructor_metamethods[] = {
    { "__call", construct },
    { "__tostring", constructor_tostring },
    { "__index", constructor_index },
    { "__newindex", constructor_index },
    { NULL, NULL },
};

static void push_params(lua_State *L, const dg_descriptor *type);
static void push_param(lua_State *L, const dg_param *param, const dg_part *defaults, int index);

/* Into the table on top of the stack: which numbers, words, or values of several types. */
static void set_domain(lua_State *L, const dg_param *param)
{
    const dg_range *range = &param->range;
    if (range->limits & DG_LOW) {
        lua_pushnumber(L, range->low);
        lua_setfield(L, -2, range->limits & DG_LOW_OPEN ? "above" : "low");
    }
    if (range->limits & DG_HIGH) {
        lua_pushnumber(L, range->high);
        lua_setfield(L, -2, range->limits & DG_HIGH_OPEN ? "below" : "high");
    }
    if (param->choices) {
        lua_newtable(L);
        for (int i = 0; param->choices[i]; i++) {
            lua_pushstring(L, param->choices[i]);
            lua_rawseti(L, -2, i + 1);
        }
        lua_setfield(L, -2, "choices");
    }
    if (!param->alternatives) return;
    lua_newtable(L);
    for (int i = 0; param->alternatives[i].name; i++) {
        push_param(L, &param->alternatives[i], NULL, 0);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "alternatives");
}

/* defaults: NULL where there are none. */
static void push_param(lua_State *L, const dg_param *param, const dg_part *defaults, int index)
{
    char expected[512];
    const dg_descriptor *fields = dg_fields_of(param);
    luaL_checkstack(L, 16, NULL);
    lua_newtable(L);
    dg_set_text(L, "name", param->name);
    dg_set_text(L, "doc", param->doc);
    dg_param_expects(param, expected, sizeof expected);
    dg_set_text(L, "expects", expected);
    dg_set_text(L, "type", dg_param_type_word(param));
    lua_pushboolean(L, param->required);
    lua_setfield(L, -2, "required");
    lua_pushboolean(L, param->named_only);
    lua_setfield(L, -2, "named_only");
    if (fields) push_params(L, fields), lua_setfield(L, -2, "fields");
    set_domain(L, param);
    if (!defaults) return;
    dg_value value = dg_part_get(defaults, index);
    if (param->default_text)
        value = (dg_value){ .type = DG_VALUE_TEXT, .text = param->default_text };
    if (param->required || value.type == DG_VALUE_NIL) return;
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    add_value(&text, &value);
    luaL_pushresult(&text);
    lua_setfield(L, -2, "default");
}

/* name, or name... for what gathers; name = default for what may be left out. */
static void add_param(luaL_Buffer *out, const dg_param *param, const dg_part *defaults, bool plain)
{
    luaL_addstring(out, param->name);
    bool gathers = param->rest || (param->type == DG_TYPE_INTS && !param->named_only);
    if (gathers) luaL_addstring(out, "...");
    if (plain || gathers || param->required) return;
    luaL_addstring(out, " = ");
    dg_value value = dg_param_get(param, defaults->options);
    if (value.type == DG_VALUE_NIL && param->default_text)
        value = (dg_value){ .type = DG_VALUE_TEXT, .text = param->default_text };
    add_value(out, &value);
}

void dg_push_signature(lua_State *L, const dg_descriptor *type, int arguments)
{
    alignas(max_align_t) char options[DG_MAX_OPTIONS_SIZE] = { 0 };
    dg_part defaults;
    dg_part_open(&defaults, type, options);
    int count = dg_param_count(type);
    if (arguments < 0) arguments = 0;
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    luaL_addstring(&out, type->name);
    luaL_addstring(&out, arguments > 0 ? "(" : count > 0 ? " " : "()");
    for (int i = 0; i < count; i++) {
        if (i > 0) luaL_addstring(&out, ", ");
        if (i == arguments) luaL_addstring(&out, "{ ");
        add_param(&out, &type->params[i], &defaults, i < arguments);
    }
    if (count > arguments) luaL_addstring(&out, " }");
    if (arguments > 0) luaL_addchar(&out, ')');
    luaL_pushresult(&out);
}

/* Pushes a list of what the parameters are. */
static void push_params(lua_State *L, const dg_descriptor *type)
{
    alignas(max_align_t) char options[DG_MAX_OPTIONS_SIZE] = { 0 };
    dg_part defaults;
    dg_part_open(&defaults, type, options);
    luaL_checkstack(L, 16, NULL);
    lua_newtable(L);
    for (int i = 0; i < dg_param_count(type); i++) {
        push_param(L, &type->params[i], &defaults, i);
        lua_rawseti(L, -2, i + 1);
    }
}

/* Pushes a table of what the descriptor says. */
static void push_descriptor(lua_State *L, const dg_descriptor *type)
{
    lua_newtable(L);
    dg_set_text(L, "kind", type->kind);
    dg_set_text(L, "name", type->name);
    dg_set_text(L, "alias", type->alias);
    dg_set_text(L, "doc", type->doc);
    dg_set_text(L, "example", type->example);
    push_params(L, type);
    lua_setfield(L, -2, "params");
}

/* Pushes a list of the formats of other programs: "XGBoost's JSON (.json)". */
static void push_formats(lua_State *L, const dg_learner_type *type)
{
    lua_newtable(L);
    for (int i = 0; type->formats && type->formats[i]; i++) {
        lua_pushfstring(L, "%s (%s)", type->formats[i]->name, type->formats[i]->ending);
        lua_rawseti(L, -2, i + 1);
    }
}

int dg_describe(lua_State *L)
{
    int arguments;
    const dg_descriptor *function = dg_test_described(L, 1, &arguments);
    const dg_descriptor **constructor = luaL_testudata(L, 1, CONSTRUCTOR);
    const dg_part *part = constructor || function ? NULL : dg_test_part(L, 1);
    if (!function && !constructor && !part) return 0;
    const dg_descriptor *type = function ? function : constructor ? *constructor : part->type;
    push_descriptor(L, type);
    if (is_learner(type)) {
        push_formats(L, (const dg_learner_type *)type);
        lua_setfield(L, -2, "formats");
    }
    if (function) {
        lua_pushinteger(L, arguments);
        lua_setfield(L, -2, "arguments");
        dg_push_signature(L, function, arguments);
        lua_setfield(L, -2, "signature");
    }
    return 1;
}

/* --- opening -------------------------------------------------------------------------------- */

void dg_add_constructors(lua_State *L)
{
    for (int i = 0; dg_registry[i]; i++) {
        const char *module = module_of(dg_registry[i]);
        if (!module) continue;
        luaL_getsubtable(L, -1, module);
        const dg_descriptor **constructor = lua_newuserdatauv(L, sizeof *constructor, 0);
        *constructor = dg_registry[i];
        luaL_setmetatable(L, CONSTRUCTOR);
        lua_setfield(L, -2, dg_registry[i]->name);
        lua_pop(L, 1);
    }
}

void dg_open_parts(lua_State *L)
{
    luaL_newmetatable(L, PART);
    luaL_setfuncs(L, part_metamethods, 0);
    luaL_newmetatable(L, CONSTRUCTOR);
    luaL_setfuncs(L, constructor_metamethods, 0);
    lua_pop(L, 2);
}
