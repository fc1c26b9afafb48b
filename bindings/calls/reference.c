/* What help, completion and the reference manual show. */
#include "bindings/calls/reference.h"

#include <stdalign.h>
#include <stddef.h>

#include "bindings/calls/constructors.h"
#include "bindings/calls/described.h"
#include "bindings/calls/nested.h"
#include "bindings/calls/parts.h"
#include "bindings/calls/signature.h"
#include "bindings/calls/tables.h"

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
    dg_write_value(&text, &value);
    luaL_pushresult(&text);
    lua_setfield(L, -2, "default");
}

/* Pushes a list of what the parameters are. */
static void push_params(lua_State *L, const dg_descriptor *type)
{
    alignas(max_align_t) char options[DG_MAX_OPTIONS_SIZE] = { 0 };
    dg_part defaults;
    dg_part_open(&defaults, type, options);
    luaL_checkstack(L, 16, NULL);
    lua_newtable(L);
    for (int i = 0; i < dg_descriptor_param_count(type); i++) {
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

int dg_lua_describe(lua_State *L)
{
    int arguments;
    const dg_descriptor *function = dg_test_described(L, 1, &arguments);
    const dg_descriptor *type = function ? function : dg_test_constructor(L, 1);
    const dg_part *part = type ? NULL : dg_test_part(L, 1);
    if (part) type = part->type;
    if (!type) return 0;
    push_descriptor(L, type);
    const dg_part_kind *kind = dg_kind_of(L, type);
    if (kind->describe) kind->describe(L, type);
    if (function) {
        dg_set_integer(L, "arguments", arguments);
        dg_push_signature(L, function, arguments);
        lua_setfield(L, -2, "signature");
    }
    return 1;
}
