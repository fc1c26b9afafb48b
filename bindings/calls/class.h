/* Classes of userdata, and modules: tables of functions that describe themselves, and answer
 * unknown names with a suggestion. */
#ifndef DIGITS_BINDINGS_CALLS_CLASS_H
#define DIGITS_BINDINGS_CALLS_CLASS_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

/* A function whose arguments have been read into `options` and are still on the stack. */
typedef int dg_call(lua_State *L, const void *options);

/* A function of a module or a method, which describes itself (bindings/calls/described.h). It has
 * `call` and params, in the order of its arguments; or `function` and none. A list ends with a NULL
 * name. */
typedef struct dg_function {
    const char *name;
    lua_CFunction function;
    const char *doc; /* what it does; help() prints it */
    dg_call *call;
    const char *example; /* one line of Lua */
    const struct dg_param *params;
    size_t size;   /* of the options struct */
    int arguments; /* as in dg_read_options; an object before a colon does not count */
    const struct dg_hint *hints; /* as in dg_descriptor */
    int code;                    /* tells functions apart that share a call (see dg_called) */
} dg_function;

/* What object.name gives: `get` is called with the object and the name. The doc begins with the
 * name, in a line of its own. A list ends with a NULL name. */
typedef struct dg_property {
    const char *name;
    lua_CFunction get;
    const char *doc;
} dg_property;

typedef struct dg_class {
    const char *name;            /* "digits.tensor", the name of the metatable */
    const char *doc;             /* as of a function */
    const char *called;          /* what texts call an object of it; NULL: the name's last part */
    const struct dg_class *base; /* a class whose methods, properties and metamethods it inherits,
                                    unless it has its own of that name; or NULL */
    const dg_function *methods;  /* called as object:name(...) */
    const dg_property *properties;
    const luaL_Reg *metamethods; /* all but __index, __name; __gc serves as __close too */
    lua_CFunction index;         /* called with object and key if the key is neither a method nor a
                                    property; raises for a string that it does not know. Or NULL */
} dg_class;

/* Makes the metatable, and pushes nothing. `class` must live as long as L. */
void dg_class_register(lua_State *L, const dg_class *class);

/* Pushes a new object of the class of that name, `size` zeroed bytes with `values` user values. */
void *dg_class_push(lua_State *L, const char *class, size_t size, int values);

/* Raises that an object of the class of that name has no field `name`, with a suggestion. `extra`:
 * so many more tables with names on top of the stack. */
int dg_class_unknown(lua_State *L, const char *class, const char *name, int extra);

/* Pushes a table of functions; or sets them in the table on top of the stack. */
void dg_set_functions(lua_State *L, const dg_function *functions, const char *prefix);
void dg_push_functions(lua_State *L, const dg_function *functions, const char *prefix);

/* Makes the table on top of the stack raise, with a suggestion, when an unknown name is read. */
void dg_make_strict(lua_State *L, const char *name);

#endif
