/* Classes of userdata, and modules: tables of functions that describe themselves, and answer
 * unknown names with a suggestion. */
#ifndef DIGITS_BINDINGS_CALLS_CLASS_H
#define DIGITS_BINDINGS_CALLS_CLASS_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

/* A function that was called with `options` read, and its arguments still on the stack. */
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
    int code; /* where several functions share a call: which of them (see dg_called) */
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
    const struct dg_class *base; /* whose methods, properties and metamethods it has too, unless it
                                      has its own of that name; or NULL */
    const dg_function *methods;  /* called as object:name(...) */
    const dg_property *properties;
    const luaL_Reg *metamethods; /* all but __index, __name; __gc serves as __close too */
    lua_CFunction index;         /* or NULL: asked, with object and key, for what is no method and
                                      no property; a string that it does not know is an error */
} dg_class;

/* Makes the metatable, and leaves nothing. `class` must live as long as L. */
void dg_class_register(lua_State *L, const dg_class *class);

/* A new userdata of the class, zeroed, on top of the stack. */
void *dg_class_push(lua_State *L, const dg_class *class, size_t size, int values);

/* The userdata at `index`, or NULL when it is something else. */
void *dg_class_test(lua_State *L, int index, const dg_class *class);

/* Raises that `object`, of this class, has no field `name`, with a suggestion. `extra`: so many
 * more tables with names on top of the stack. */
int dg_class_unknown(lua_State *L, const dg_class *class, const char *name, int extra);

/* Whether the value at index 1 has the method `name` that runs, whose closure has `first` as its
 * first upvalue: its metatable is the one at index `meta` (of the class that the method was first
 * pushed for), or of another class with this method, for classes share those of their base. */
bool dg_has_method(lua_State *L, const char *name, const void *first, int meta);

/* Pushes a table of functions; or sets them in the table on top of the stack. */
void dg_set_functions(lua_State *L, const dg_function *functions, const char *prefix);
void dg_push_functions(lua_State *L, const dg_function *functions, const char *prefix);

/* Says, for help(), what the value at `index` is called and does. */
void dg_document(lua_State *L, int index, const char *name, const char *doc);

/* Makes the table on top of the stack raise, with a suggestion, when an unknown name is read. */
void dg_make_strict(lua_State *L, const char *name);

/* Pushes the table of documents: value -> { name, text }; and that of classes by short name. */
void dg_push_documents(lua_State *L);
void dg_push_classes(lua_State *L);

/* Pushes a new list, a plain table that prints its values. */
void dg_push_list(lua_State *L, int count);

/* Gives the table on top of the stack the metatable `name`, to which scripts add __tostring. */
void dg_set_printable(lua_State *L, const char *name);

#endif
