/* Metrics in Lua: judging labels and chances against the truth. */
#ifndef DIGITS_BINDINGS_METRICS_H
#define DIGITS_BINDINGS_METRICS_H

#include <lua.h>

#include "bindings/check.h"
#include "bindings/class.h"
#include "engine/metrics/metrics.h"

/* Registers the class and pushes the table metrics. */
void dg_open_metrics(lua_State *L);

/* --- what the files of this room share ------------------------------------------------------ */

/* The labels at `index` (a list, a tensor, a dataset) as {n} int32; what they are made of stays on
 * the stack. */
const dg_tensor *dg_want_labels(lua_State *L, int index, const char *function, const char *name);

/* The same for numbers (a list, a tensor, a dataset of numbers), of any type and shape. */
const dg_tensor *dg_want_numbers(lua_State *L, int index, const char *function, const char *name);

/* The option labels = { ... } or classes = { ... }: its tensor, left on the stack, or NULL. */
const dg_tensor *dg_args_labels(const dg_args *args, const char *name);

/* Whose the columns of chances are: classes = { ... }, or the classes of the dataset at `truth` if
 * there are as many. */
void dg_args_classes(const dg_args *args, int truth, dg_answers *answers);

/* An option that is one of `words` (ending in NULL): its place, or `otherwise`. */
int dg_args_word(const dg_args *args, const char *name, const char *const *words, int otherwise);

/* zero_division = 0 | 1 | NaN | "warn", else 0. "warn" is 0 too, and told to the user where
 * `*warn` says so. */
double dg_args_zero_division(const dg_args *args, bool *warn);

/* Pushes a new matrix for the truth and the answers at stack places 1 and 2, of `labels` (or NULL).
 * Frees itself. */
const dg_confusion *dg_push_confusion(lua_State *L, const dg_args *args, bool named);

/* The names of the labels of the matrix at `index`, in scratch memory; NULL: it has none. */
const char *const *dg_confusion_names(lua_State *L, int index);

/* Sets a number, a field of the table on top of the stack. */
void dg_set_number(lua_State *L, const char *field, double value);
void dg_set_count(lua_State *L, const char *field, int64_t value);

/* A table that prints itself with a value for each label: t[label]. */
void dg_push_by_label(lua_State *L);

extern const dg_class dg_confusion_class;      /* bindings/metrics_confusion.c */
extern const dg_function dg_label_metrics[];   /* bindings/metrics_confusion.c */
extern const dg_function dg_chance_metrics[];  /* bindings/metrics_chances.c */
extern const dg_function dg_compare_metrics[]; /* bindings/metrics_compare.c */
extern const dg_function dg_number_metrics[];  /* bindings/metrics_numbers.c */

#endif
