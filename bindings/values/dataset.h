/* Datasets as Lua values. */
#ifndef DIGITS_BINDINGS_VALUES_DATASET_H
#define DIGITS_BINDINGS_VALUES_DATASET_H

#include <lua.h>

#include "bindings/calls/check.h"
#include "bindings/calls/class.h"
#include "bindings/calls/options.h"
#include "engine/data/dataset.h"

#define DG_DATASET "digits.dataset" /* the name of the class */

extern const dg_lua_handle dg_dataset_handle;

/* A new, empty dataset on top of the stack, for the engine to fill. */
const dg_dataset **dg_push_dataset(lua_State *L);

/* The dataset at `index`, or NULL for another value; a closed one raises. */
const dg_dataset *dg_test_dataset(lua_State *L, int index);
const dg_dataset *dg_want_dataset(lua_State *L, int index, const char *function, const char *name);

/* A dataset for the tensors x and y at two indices: pushes it. */
const dg_dataset *dg_push_pair(lua_State *L, int x, int y, const char *function);

/* If there is a tensor at `index`, makes it and the one behind it a dataset, in its place. */
bool dg_join_pair(lua_State *L, int index, const char *function);

/* The options of every function that makes a dataset, beside its rows. A struct of options begins
 * with it, a list of parameters contains DG_RECORD_PARAMS. */
typedef struct dg_record_options {
    int class_names, feature_names, weights, groups; /* stack indices, or 0 */
    int target;
    dg_ints shape;
} dg_record_options;

extern const dg_lua_handle dg_names_handle, dg_column_handle;

#define DG_RECORD_PARAMS                                                                           \
    DG_CHOICE(dg_record_options, target, .optional = true, .named_only = true,                     \
              .choices = dg_target_words,                                                          \
              .doc = "what y is; nil: integers are labels, other numbers are numbers to predict"), \
        DG_INTS(dg_record_options, shape, .named_only = true, DG_AT_LEAST(1), .count_low = 1,      \
                .count_high = DG_MAX_AXES - 1, .doc = "the shape of a row; nil: as in the data"),  \
        DG_SLOT(dg_record_options, class_names, .named_only = true,                                \
                .handle = &dg_names_handle.handle, .doc = "a name for each class; false: none"),   \
        DG_SLOT(dg_record_options, feature_names, .named_only = true,                              \
                .handle = &dg_names_handle.handle,                                                 \
                .doc = "a name for each value of a row; false: none"),                             \
        DG_SLOT(dg_record_options, weights, .named_only = true,                                    \
                .handle = &dg_column_handle.handle,                                                \
                .doc = "{n}: the weight of each row when trees are fitted; false: no weights"),    \
        DG_SLOT(dg_record_options, groups, .named_only = true, .handle = &dg_column_handle.handle, \
                .doc = "{n} integers: split and folds keep the rows of a group together; false: "  \
                       "none")

/* Converts them for the engine; memory stays on the stack. */
dg_dataset_fields dg_read_record(lua_State *L, const dg_record_options *options,
                                 const char *function);

/* Warns if numbers were probably read as labels and no target was given. */
void dg_warn_labels(lua_State *L, const dg_dataset *set, const char *function, dg_target target);

/* Pushes a list of labels, or of names. */
void dg_push_labels(lua_State *L, int64_t count, const int32_t *labels);
void dg_push_names(lua_State *L, int64_t count, char *const *names);

/* --- bindings/values/dataset_methods.c --- */

extern const dg_function dg_dataset_methods[];

/* --- bindings/values/data.c --- */

/* Registers the class and pushes the table data. */
void dg_open_data(lua_State *L);

/* For the scripts data.lua, data_sets.lua and label_issues.lua. */
int dg_lua_format_of(lua_State *L);
int dg_lua_idx_values(lua_State *L);
int dg_lua_label_doubt(lua_State *L);
int dg_lua_put_back(lua_State *L);

#endif
