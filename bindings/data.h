/* Datasets as Lua values. */
#ifndef DIGITS_BINDINGS_DATA_H
#define DIGITS_BINDINGS_DATA_H

#include <lua.h>

#include "bindings/check.h"
#include "bindings/class.h"
#include "bindings/options.h"
#include "engine/data/dataset.h"

extern const dg_class dg_dataset_class;
extern const dg_lua_handle dg_dataset_handle;

/* Registers the class and pushes the table data. */
void dg_open_data(lua_State *L);

/* A new, empty dataset on top of the stack, for the engine to fill. */
const dg_dataset **dg_push_dataset(lua_State *L);

/* The dataset at `index`, or NULL for another value; a closed one raises. */
const dg_dataset *dg_test_dataset(lua_State *L, int index);
const dg_dataset *dg_want_dataset(lua_State *L, int index, const char *function, const char *name);

/* A dataset for the tensors x and y at two indices: pushes it. */
const dg_dataset *dg_push_pair(lua_State *L, int x, int y, const char *function);

/* The option target, whose words are dg_target_words, by the index of its word or -1. */
extern const char *const dg_target_words[];
dg_target dg_target_of(int word);

/* The option class_names, at stack index `list` (0: not given); memory stays on the stack. */
extern const dg_lua_handle dg_class_names_handle;
void dg_read_class_names(lua_State *L, int list, const char *function, dg_dataset_parts *parts);

/* The option weights, at stack index `value` (0: not given). */
extern const dg_lua_handle dg_weights_handle;
void dg_read_weights(lua_State *L, int value, const char *function, dg_dataset_parts *parts);

/* Says what is hardly meant: numbers read as labels, where no target was given. */
void dg_warn_labels(lua_State *L, const dg_dataset *set, const char *function, dg_target target);

/* Pushes a list of labels, or of names. */
void dg_push_labels(lua_State *L, int64_t count, const int32_t *labels);
void dg_push_names(lua_State *L, int64_t count, char *const *names);

/* --- bindings/data_methods.c --- */

extern const dg_function dg_dataset_methods[];

/* For scripts/label_issues.lua. */
int dg_lua_label_doubt(lua_State *L);
int dg_lua_put_back(lua_State *L);

#endif
