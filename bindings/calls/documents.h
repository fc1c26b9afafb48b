/* What help() knows: the name and the text of functions, properties and classes. */
#ifndef DIGITS_BINDINGS_CALLS_DOCUMENTS_H
#define DIGITS_BINDINGS_CALLS_DOCUMENTS_H

#include <lua.h>

/* Records the name and the documentation of the value at `index`. */
void dg_document(lua_State *L, int index, const char *name, const char *doc);

/* Pushes the table of documents: value -> { name, text }; and that of classes by short name. */
void dg_push_documents(lua_State *L);
void dg_push_classes(lua_State *L);

#endif
