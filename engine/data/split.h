/* What splits share: split_sizes.c, split_groups.c. */
#ifndef DG_DATA_SPLIT_H
#define DG_DATA_SPLIT_H

#include "engine/data/dataset.h"

/* Whether the parts are fractions, else counts, of `total` things; `units` is their name, "rows" or
 * "groups". DG_INVALID: they are neither. */
dg_status dg_split_check(int count, const double *parts, int64_t total, const char *units,
                         bool *fractions);
/* How many of them each part gets. DG_INVALID: a part above 0 gets none. */
dg_status dg_split_sizes(int count, const double *parts, int64_t total, const char *units,
                         int64_t *sizes);

/* The part, or the fold, of each row of a set with groups; the outputs have room for all rows. */
dg_status dg_split_groups(int32_t *part_of, const dg_dataset *set, int count, const double *parts,
                          uint64_t seed, bool stratify);
dg_status dg_fold_groups(int32_t *fold_of, const dg_dataset *set, int folds, uint64_t seed,
                         bool stratify);

#endif
