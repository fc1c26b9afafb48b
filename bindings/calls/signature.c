/* How a function or a constructor is called, in one line. */
#include "bindings/calls/signature.h"

#include <stdalign.h>
#include <stddef.h>

#include "bindings/calls/parts.h"

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
    dg_write_value(out, &value);
}

void dg_push_signature(lua_State *L, const dg_descriptor *type, int arguments)
{
    alignas(max_align_t) char options[DG_MAX_OPTIONS_SIZE] = { 0 };
    dg_part defaults;
    dg_part_open(&defaults, type, options);
    int count = dg_descriptor_param_count(type);
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
