/* What the files of this room share: making a dataset piece by piece. */
#ifndef DG_DATA_BUILD_H
#define DG_DATA_BUILD_H

#include "engine/data/dataset.h"

/* A new set with everything empty and one reference, to be filled by its maker and only then given
 * out; released as any other if that fails. */
dg_status dg_dataset_begin(dg_dataset **out);

/* Ends the making of a set: gives it out, with its tensors read-only, or releases it if `status` is
 * a failure, which it returns. */
dg_status dg_dataset_finish(const dg_dataset **out, dg_dataset *set, dg_status status);

/* Copies the class list (and the names, unless NULL) into `set`, in place of what it had. */
dg_status dg_dataset_set_classes(dg_dataset *set, int64_t count, const int32_t *classes,
                                 char *const *names);

/* Makes y from labels, positions and classes, as one-hot or not as set->one_hot says. */
dg_status dg_dataset_make_y(dg_dataset *set);

/* Where `label` is among `count` ascending classes; -1: nowhere. */
int64_t dg_class_position(const int32_t *classes, int64_t count, int32_t label);

/* `values` sorted in place, each kept once; returns how many there are. */
int64_t dg_sort_distinct(int32_t *values, int64_t count);

/* "{0, 1, 2, ... 9}", cut to fit; returns `out`. */
const char *dg_classes_text(const int32_t *classes, int64_t count, char *out, size_t size);

#endif
