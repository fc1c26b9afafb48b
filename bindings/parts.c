/* Constructors and parts: everything here follows from the descriptors. */
#include "bindings/parts.h"

#include <stdio.h>
#include <string.h>

#include "bindings/check.h"
#include "bindings/graph.h"
#include "bindings/learner.h"
#include "bindings/memory.h"
#include "engine/base/number.h"

#define CONSTRUCTOR "digits.constructor"
#define PART "digits.part"

struct part_value {
    const dg_part *part; /* user value 1: the name of a layer, or nil */
};

/* --- Lua values to options ------------------------------------------------------------------ */

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
static void refuse_constructor(lua_State *L, int index, const char *function, const char *option)
{
    const dg_descriptor **type = luaL_testudata(L, index, CONSTRUCTOR);
    if (type)
        dg_raise(L, "%s: %s is a constructor: call it, as in %s = %s.%s {}", function, option,
                 option, module_of(*type), (*type)->name);
}

static int wrong_value(lua_State *L, const dg_descriptor *type, const dg_param *param, int index)
{
    char expected[512];
    refuse_constructor(L, index, type->name, param->name);
    dg_param_expects(param, expected, sizeof expected);
    return dg_wrong_type(L, index, type->name, param->name, expected);
}

/* A list of whole numbers. */
static bool read_ints(lua_State *L, int index, dg_ints *out)
{
    lua_Unsigned count = lua_rawlen(L, index);
    if (count > DG_MAX_INTS) return false;
    int keys = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) keys++;
    if (keys != (int)count) return false;
    out->count = (int)count;
    bool whole = true;
    for (int i = 0; i < out->count; i++) {
        lua_rawgeti(L, index, i + 1);
        whole = whole && dg_is_integer(L, -1, &out->at[i]);
        lua_pop(L, 1);
    }
    return whole;
}

/* A table from labels to numbers, into memory that is pushed. */
static bool read_weights(lua_State *L, int index, dg_value *out)
{
    int64_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) count++;
    dg_label_weight *weights = dg_scratch(L, (size_t)count + 1, sizeof *weights);
    out->type = DG_VALUE_WEIGHTS;
    out->weights = weights;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        dg_label_weight *each = &weights[out->weight_count++];
        if (!dg_is_integer(L, -2, &each->label) || lua_type(L, -1) != LUA_TNUMBER) {
            lua_pop(L, 2);
            return false;
        }
        each->weight = lua_tonumber(L, -1);
    }
    return true;
}

/* False for a value that `param` (or NULL: no option) can not have. Texts are borrowed from the
 * stack; memory for the value may be pushed. */
static bool read_value(lua_State *L, int index, const dg_param *param, dg_value *out)
{
    *out = (dg_value){ .type = DG_VALUE_NIL };
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        out->type = DG_VALUE_BOOL;
        out->boolean = lua_toboolean(L, index);
        return true;
    case LUA_TNUMBER:
        out->type = lua_isinteger(L, index) ? DG_VALUE_INT : DG_VALUE_FLOAT;
        out->integer = lua_tointeger(L, index);
        out->number = lua_tonumber(L, index);
        return true;
    case LUA_TSTRING:
        out->type = DG_VALUE_TEXT;
        out->text = lua_tostring(L, index);
        return true;
    case LUA_TTABLE:
        if (param && param->type == DG_TYPE_WEIGHTS) return read_weights(L, index, out);
        out->type = DG_VALUE_INTS;
        return read_ints(L, index, &out->ints);
    case LUA_TUSERDATA:
        out->type = DG_VALUE_PART;
        out->part = dg_test_part(L, index);
        return out->part != NULL;
    default: return false;
    }
}

/* The parameter that positional value `position` (from 0) fills; the last one beyond the end. */
static const dg_param *param_at(const dg_descriptor *type, int position)
{
    const dg_param *found = NULL;
    int count = dg_param_count(type);
    for (int i = 0; i < count && position >= 0; i++) {
        if (type->params[i].named_only) continue;
        found = &type->params[i];
        position--;
    }
    return found;
}

static void set_position(lua_State *L, dg_part *part, int position, int index)
{
    dg_value value;
    const dg_param *param = param_at(part->type, position);
    int top = lua_gettop(L);
    index = lua_absindex(L, index);
    if (!read_value(L, index, param, &value) && param) wrong_value(L, part->type, param, index);
    dg_check_status(L, dg_part_set_at(part, position, &value));
    lua_settop(L, top);
}

static void set_name(lua_State *L, int object, int index)
{
    dg_want_text(L, index, "a layer", "name");
    lua_pushvalue(L, index);
    lua_setiuservalue(L, object, 1);
}

/* The named options in the table at `index`; the part is at `object`. */
static void set_named(lua_State *L, dg_part *part, int object, int index)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int64_t place;
        if (dg_is_integer(L, -2, &place) && place >= 1) continue;
        if (lua_type(L, -2) != LUA_TSTRING)
            dg_raise(L, "%s: unknown option %s", part->type->name, dg_push_found(L, -2));
        const char *name = lua_tostring(L, -2);
        if (is_layer(part->type) && strcmp(name, "name") == 0) {
            set_name(L, object, lua_gettop(L));
            continue;
        }
        int found = dg_param_find(part->type, name);
        if (found < 0) dg_check_status(L, DG_INVALID);
        dg_value value;
        int top = lua_gettop(L);
        const dg_param *param = &part->type->params[found];
        if (!read_value(L, top, param, &value)) wrong_value(L, part->type, param, top);
        dg_check_status(L, dg_part_set(part, name, &value));
        lua_settop(L, top);
    }
}

static void set_table(lua_State *L, dg_part *part, int object, int index)
{
    int count = (int)lua_rawlen(L, index);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int64_t place;
        if (dg_is_integer(L, -2, &place) && place > count)
            dg_raise(L, "%s: positional value %d is nil", part->type->name, count + 1);
    }
    for (int i = 1; i <= count; i++) {
        if (lua_rawgeti(L, index, i) == LUA_TNIL)
            dg_raise(L, "%s: positional value %d is nil", part->type->name, i);
        set_position(L, part, i - 1, -1);
        lua_pop(L, 1);
    }
    set_named(L, part, object, index);
}

/* Whether the table at `index` has names: then it is one of options. */
static bool has_names(lua_State *L, int index)
{
    bool names = false;
    if (lua_type(L, index) != LUA_TTABLE) return false;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        names = names || lua_type(L, -2) == LUA_TSTRING;
    return names;
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

/* The table where the constructor is found. */
static const char *module_of(const dg_descriptor *type)
{
    return is_learner(type) ? "tree" : "nn";
}

/* What is constructed is a part; of learners, one that was made as the part says. */
static int construct(lua_State *L)
{
    const dg_descriptor *type = *(const dg_descriptor **)luaL_checkudata(L, 1, CONSTRUCTOR);
    int arguments = lua_gettop(L);
    struct part_value *value = push_value(L);
    int object = lua_gettop(L);
    dg_part *part;
    dg_check_status(L, dg_part_begin(type, &part));
    value->part = part;
    if (arguments == 2 && lua_type(L, 2) == LUA_TTABLE) {
        set_table(L, part, object, 2);
    } else {
        bool options = arguments > 2 && has_names(L, arguments);
        for (int i = 2; i <= arguments - options; i++) set_position(L, part, i - 2, i);
        if (options) set_named(L, part, object, arguments);
    }
    dg_check_status(L, dg_part_finish(part));
    lua_settop(L, object);
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
    refuse_constructor(L, index, function, option);
    const char *expected =
        lua_pushfstring(L, "%s %s or the name of one", strchr("aeiou", kind[0]) ? "an" : "a", kind);
    dg_wrong_type(L, index, function, option, expected);
    return NULL;
}

/* --- parts as values ------------------------------------------------------------------------ */

static void push_option(lua_State *L, const dg_value *value)
{
    switch (value->type) {
    case DG_VALUE_NIL: lua_pushnil(L); break;
    case DG_VALUE_BOOL: lua_pushboolean(L, value->boolean); break;
    case DG_VALUE_INT: lua_pushinteger(L, value->integer); break;
    case DG_VALUE_FLOAT: lua_pushnumber(L, value->number); break;
    case DG_VALUE_TEXT: lua_pushstring(L, value->text); break;
    case DG_VALUE_PART: dg_push_part(L, value->part); break;
    case DG_VALUE_INTS:
        dg_push_list(L, value->ints.count);
        for (int i = 0; i < value->ints.count; i++) {
            lua_pushinteger(L, value->ints.at[i]);
            lua_rawseti(L, -2, i + 1);
        }
        break;
    case DG_VALUE_WEIGHTS:
        lua_newtable(L);
        for (int64_t i = 0; i < value->weight_count; i++) {
            lua_pushnumber(L, value->weights[i].weight);
            lua_rawseti(L, -2, value->weights[i].label);
        }
        break;
    }
}

void dg_push_option(lua_State *L, const dg_part *part, int index)
{
    dg_value value = dg_part_get(part, index);
    push_option(L, &value);
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

static int push_option_names(lua_State *L, const dg_descriptor *type)
{
    int count = dg_param_count(type);
    lua_createtable(L, count + 1, 0);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, type->params[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    if (is_layer(type)) {
        lua_pushliteral(L, "name");
        lua_rawseti(L, -2, count + 1);
    }
    return 1;
}

/* __dir(part), for completion. */
static int part_dir(lua_State *L)
{
    const dg_part *part = dg_test_part(L, 1);
    return part ? push_option_names(L, part->type) : 0;
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
    case DG_VALUE_INTS:
        for (int i = 0; i < value->ints.count; i++) {
            snprintf(text, sizeof text, "%s%lld", i ? ", " : "{", (long long)value->ints.at[i]);
            luaL_addstring(out, text);
        }
        luaL_addstring(out, value->ints.count ? "}" : "{}");
        return;
    case DG_VALUE_WEIGHTS:
        for (int64_t i = 0; i < value->weight_count; i++) {
            dg_print(text, sizeof text, "%s[%lld] = %.14g", i ? ", " : "{ ",
                     (long long)value->weights[i].label, value->weights[i].weight);
            luaL_addstring(out, text);
        }
        luaL_addstring(out, value->weight_count ? " }" : "{}");
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

/* __options(constructor) returns the names of its options, for completion. */
static int constructor_options(lua_State *L)
{
    return push_option_names(L, check_constructor(L));
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
    { "__options", constructor_options },
    { "__index", constructor_index },
    { "__newindex", constructor_index },
    { NULL, NULL },
};

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void push_param(lua_State *L, const dg_param *param, const dg_part *defaults, int index)
{
    char expected[512];
    lua_newtable(L);
    set_text(L, "name", param->name);
    set_text(L, "doc", param->doc);
    dg_param_expects(param, expected, sizeof expected);
    set_text(L, "expects", expected);
    lua_pushboolean(L, param->required);
    lua_setfield(L, -2, "required");
    lua_pushboolean(L, param->named_only);
    lua_setfield(L, -2, "named_only");
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

/* Pushes a part with the defaults of `type`, required options left at zero, for reading. */
static const dg_part *push_defaults(lua_State *L, const dg_descriptor *type)
{
    struct part_value *value = push_value(L);
    dg_part *part;
    dg_check_status(L, dg_part_begin(type, &part));
    value->part = part;
    return part;
}

int dg_describe_part(lua_State *L)
{
    const dg_descriptor **constructor = luaL_testudata(L, 1, CONSTRUCTOR);
    const dg_part *part = constructor ? NULL : dg_test_part(L, 1);
    if (!constructor && !part) return 0;
    const dg_descriptor *type = constructor ? *constructor : part->type;
    const dg_part *defaults = push_defaults(L, type);
    lua_newtable(L);
    set_text(L, "kind", type->kind);
    set_text(L, "name", type->name);
    set_text(L, "alias", type->alias);
    set_text(L, "doc", type->doc);
    set_text(L, "example", type->example);
    lua_newtable(L);
    int count = dg_param_count(type);
    for (int i = 0; i < count; i++) {
        push_param(L, &type->params[i], defaults, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "params");
    return 1;
}

/* --- opening -------------------------------------------------------------------------------- */

void dg_push_constructors(lua_State *L, const char *module)
{
    lua_newtable(L);
    for (int i = 0; dg_registry[i]; i++) {
        if (strcmp(module_of(dg_registry[i]), module) != 0) continue;
        const dg_descriptor **constructor = lua_newuserdatauv(L, sizeof *constructor, 0);
        *constructor = dg_registry[i];
        luaL_setmetatable(L, CONSTRUCTOR);
        lua_setfield(L, -2, dg_registry[i]->name);
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
