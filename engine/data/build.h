/* What the files of this room share: making a dataset piece by piece. */
#ifndef DG_DATA_BUILD_H
#define DG_DATA_BUILD_H

#include "engine/data/dataset.h"

/* --- making -------------------------------------------------------------------------------- */

/* A new set with everything empty and one reference, to be filled by its maker and only then given
 * out; released as any other if that fails. */
dg_status dg_dataset_begin(dg_dataset **out);

/* Makes one tensor of a new set, `out`, from those at `field` (an offset in dg_dataset) of old
 * ones. */
typedef dg_status dg_column_maker(dg_tensor *out, const dg_dataset *set, size_t field,
                                  const void *context);

/* A new set that has all that `set` has, its tensors made by `make`; still to be finished. The only
 * way in which a set is made from another: nothing is forgotten. */
dg_status dg_dataset_derive(dg_dataset **out, const dg_dataset *set, dg_column_maker *make,
                            const void *context);

/* The tensor at `field`. */
static inline dg_tensor *dg_column(const dg_dataset *set, size_t field)
{
    return (dg_tensor *)((char *)set + field);
}

/* A dg_column_maker: the same tensor once more. */
dg_status dg_column_share(dg_tensor *out, const dg_dataset *set, size_t field, const void *context);

/* Ends the making of a set: makes y of labels, and gives the set out with its tensors read-only; or
 * releases it (NULL is allowed) if `status` is a failure, which it returns, and `*out` is NULL. */
dg_status dg_dataset_finish(const dg_dataset **out, dg_dataset *set, dg_status status);

/* Gives the rows of a set that is being made another shape. DG_INVALID where it does not fit. */
dg_status dg_dataset_shape_rows(dg_dataset *set, const dg_ints *shape);

/* --- lists that sets share ------------------------------------------------------------------ */

/* Counted memory that never changes once it is filled; NULL is allowed in both. */
dg_status dg_shared_new(void *out, int64_t count, size_t size);
void *dg_shared_retain(const void *list);
void dg_shared_release(const void *list);

/* A shared list of copies of these texts, in place of `*list`, which is released. */
dg_status dg_shared_texts(char ***list, int64_t count, const char *const *texts);

/* --- classes ------------------------------------------------------------------------------- */

/* Copies the class list (and the names, unless NULL) into `set`, in place of what it had. */
dg_status dg_dataset_set_classes(dg_dataset *set, int64_t count, const int32_t *classes,
                                 const char *const *names);

/* Makes positions of labels and classes, in place of the old ones. */
dg_status dg_dataset_find_positions(dg_dataset *set);

/* Where `label` is among `count` ascending classes; -1: nowhere. */
int64_t dg_class_position(const int32_t *classes, int64_t count, int32_t label);

/* `values` sorted in place, each kept once; returns how many there are. */
int64_t dg_sort_distinct(int32_t *values, int64_t count);

/* The distinct values of an int32 tensor {n}, ascending; to be given back with dg_free. */
dg_status dg_distinct(int32_t **out, int64_t *count, const dg_tensor *values);

/* Whether a number can be a label. */
bool dg_is_label(double value);

/* "{0, 1, 2, ... 9}", cut to fit; returns `out`. */
const char *dg_classes_text(const int32_t *classes, int64_t count, char *out, size_t size);

#endif
