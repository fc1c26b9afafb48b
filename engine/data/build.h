/* What the files of this folder share: making a dataset step by step. */
#ifndef DG_DATA_BUILD_H
#define DG_DATA_BUILD_H

#include "engine/data/dataset.h"

/* --- making -------------------------------------------------------------------------------- */

/* A new set, empty and with one reference, which its maker fills and then passes to
 * dg_dataset_finish. */
dg_status dg_dataset_begin(dg_dataset **out);

/* Makes one tensor of a new set, `out`, from those at `field` (an offset in dg_dataset) of old
 * ones. */
typedef dg_status dg_column_maker(dg_tensor *out, const dg_dataset *set, size_t field,
                                  const void *context);

/* A new set with all fields of `set`, its tensors made by `make`; still to be finished. Sets are
 * made from others in no other way, so no field is forgotten. */
dg_status dg_dataset_derive(dg_dataset **out, const dg_dataset *set, dg_column_maker *make,
                            const void *context);

/* The tensor at `field`. */
static inline dg_tensor *dg_column(const dg_dataset *set, size_t field)
{
    return (dg_tensor *)((char *)set + field);
}

/* A dg_column_maker: the same tensor. */
dg_status dg_column_share(dg_tensor *out, const dg_dataset *set, size_t field, const void *context);

/* Completes a set: makes y of labels and the tensors read-only. If `status` is a failure, releases
 * the set (NULL is allowed) and returns the failure; `*out` is NULL then. */
dg_status dg_dataset_finish(const dg_dataset **out, dg_dataset *set, dg_status status);

/* Reshapes the rows of a set that is being made. DG_INVALID if the shape does not fit. */
dg_status dg_dataset_shape_rows(dg_dataset *set, const dg_ints *shape);

/* --- lists that sets share ------------------------------------------------------------------ */

/* Reference-counted memory that does not change once it is filled; NULL may be retained and
 * released. */
dg_status dg_shared_new(void *out, int64_t count, size_t size);
void *dg_shared_retain(const void *list);
void dg_shared_release(const void *list);

/* Replaces `*list`, which is released, by a shared list of copies of these texts. */
dg_status dg_shared_texts(char ***list, int64_t count, const char *const *texts);

/* --- classes ------------------------------------------------------------------------------- */

/* Replaces the classes of `set` by copies of these, and the names (NULL: none). */
dg_status dg_dataset_set_classes(dg_dataset *set, int64_t count, const int32_t *classes,
                                 const char *const *names);

/* Computes positions from labels and classes. */
dg_status dg_dataset_find_positions(dg_dataset *set);

/* The position of `label` among `count` ascending classes; -1: it is not one of them. */
int64_t dg_class_position(const int32_t *classes, int64_t count, int32_t label);

/* Sorts `values` in place and keeps each once; returns how many are left. */
int64_t dg_sort_distinct(int32_t *values, int64_t count);

/* The distinct values of an int32 tensor {n}, ascending; dg_free them. */
dg_status dg_distinct(int32_t **out, int64_t *count, const dg_tensor *values);

/* Whether a number can be a label: a whole number of 32 bits. */
bool dg_is_label(double value);

/* "{0, 1, 2, ... 9}", shortened to fit; returns `out`. */
const char *dg_classes_text(const int32_t *classes, int64_t count, char *out, size_t size);

#endif
