/* Datasets: rows of values, each with a label if there are labels, or with a number to predict. A
 * dataset never changes: its tensors are read-only, and what is made from one is a new one. */
#ifndef DG_DATA_DATASET_H
#define DG_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/part/param.h" /* dg_ints */
#include "engine/base/status.h"
#include "engine/data/target.h"
#include "engine/tensor/tensor.h"

/* What a set is made of. What is made from a set keeps all of it: a new field of rows is a line in
 * the list `columns`, a new shared list one in `shared`, both in engine/data/dataset.c. */
typedef struct dg_dataset {
    int references;
    dg_tensor x;      /* {n, ...}, uint8 or float32, contiguous */
    dg_target target; /* what y has; none: there is no y */
    bool one_hot;     /* what a y of labels looks like */
    dg_tensor y;      /* {n} int32 labels, {n, classes} float32 one-hot, or {n} float32 numbers */
    dg_tensor labels; /* {n} int32, whatever y looks like; without labels it is empty, as are */
    dg_tensor positions; /* {n} int32: the position of each label in `classes` */
    int64_t class_count;
    int32_t *classes;     /* the label values, ascending; kept by all that is made from this set */
    char **class_names;   /* NULL, or a name for each class */
    char **feature_names; /* NULL, or a name for each of the values in a row */
    dg_tensor weights;    /* {n} float32, how much each row counts in a fit; or empty: all alike */
    dg_tensor groups;     /* {n} int32: rows of one group are never parted; or empty */
} dg_dataset;

int64_t dg_dataset_rows(const dg_dataset *set);
int64_t dg_dataset_row_size(const dg_dataset *set); /* values in a row */
/* The number that is to be predicted for row `row` of a set with y: its label, if it has one. */
float dg_dataset_number(const dg_dataset *set, int64_t row);

/* What metrics take as the truth: {n} numbers or labels, the latter however y looks. */
const dg_tensor *dg_dataset_truth(const dg_dataset *set);

const dg_dataset *dg_dataset_retain(const dg_dataset *set);
void dg_dataset_release(const dg_dataset *set); /* NULL is allowed */
/* A local set that is released wherever its scope is left; initialised with NULL at the latest, and
 * handed over with DG_TAKE (engine/base/memory.h). */
#define DG_OWNED_DATASET DG_CLEANUP(dg_dataset_release_owned) const dg_dataset *
void dg_dataset_release_owned(const dg_dataset **place);

/* --- sources ------------------------------------------------------------------------------ */

/* x: {n, ...}; int32 becomes float32. y: NULL, {n} or {n, 1} labels or numbers as `target` says
 * (none: by the type, float32 is numbers and integers are labels, whatever the values; labels given
 * as floats must be whole numbers of 32 bits; numbers given as integers become float32), or one-hot
 * {n, k} of any type (each row exactly one 1, else 0), whose classes are 0 .. k-1. weights: NULL or
 * {n}, of any type, converted to float32: finite, at least 0, not all 0; learners that take weights
 * count rows by them, evaluation does not. groups: NULL or {n} integers. class_names and
 * feature_names: NULL, or as many as classes, as values in a row. shape: of a row; count 0: that of
 * x.
 * Storage is shared where the type allows, and its other owners can no more write to it
 * (engine/tensor/tensor.h). */
typedef struct dg_dataset_parts {
    const dg_tensor *x, *y, *weights, *groups;
    dg_target target;
    dg_ints shape;
    int64_t name_count, feature_count;
    const char *const *class_names, *const *feature_names;
    bool no_names, no_features, no_weights, no_groups; /* for dg_dataset_with: drops them */
} dg_dataset_parts;

/* DG_INVALID: different lengths, a y that is not finite or not what it is to be, weights that are
 * none. */
dg_status dg_dataset_make(const dg_dataset **out, const dg_dataset_parts *parts);
/* The same, with y by its type. */
dg_status dg_dataset_new(const dg_dataset **out, const dg_tensor *x, const dg_tensor *y,
                         int64_t name_count, const char *const *class_names);

/* Whether labels look as if they were numbers: more than 40 rows, and more classes than a quarter
 * of them. Readers warn then. */
bool dg_dataset_doubts_labels(const dg_dataset *set);

/* --- what can be made of one -------------------------------------------------------------- */

/* The set with those parts replaced that are not NULL; target alone reads its y anew. The classes
 * of a new y are the labels found in it; those of a one-hot y with as many columns as the set has
 * classes are these. Class names that are not replaced stay with the whole list of their classes:
 * DG_INVALID if a label of the new y has none. Weights and groups stay with as many rows, feature
 * names with as many values in a row. */
dg_status dg_dataset_with(const dg_dataset **out, const dg_dataset *set,
                          const dg_dataset_parts *parts);
/* Rows in the order given, from 0 (messages name them from 1, as users do). */
dg_status dg_dataset_take(const dg_dataset **out, const dg_dataset *set, const int64_t *rows,
                          int64_t count);
/* The first n rows; DG_INVALID if there are fewer. */
dg_status dg_dataset_head(const dg_dataset **out, const dg_dataset *set, int64_t n);
dg_status dg_dataset_shuffle(const dg_dataset **out, const dg_dataset *set, uint64_t seed);
/* Rows with one of these labels, in order; the classes shrink to them, ascending. */
dg_status dg_dataset_only(const dg_dataset **out, const dg_dataset *set, const int32_t *labels,
                          int64_t count);
/* One after another: same row shape; classes are united; uint8 with float32 is refused, labels with
 * numbers, and weights or groups with none. One-hot if all are. Class names are kept if each class
 * has one; two names for a class, or for a feature, are refused. */
dg_status dg_dataset_concat(const dg_dataset **out, int count, const dg_dataset *const *sets);
/* The same rows, which share their storage, in the shape {n, shape...}. */
dg_status dg_dataset_reshape(const dg_dataset **out, const dg_dataset *set, const dg_ints *shape);
/* The same rows with y as one-hot float32. */
dg_status dg_dataset_one_hot(const dg_dataset **out, const dg_dataset *set);
/* DG_INVALID unless the {n} float32 weights are finite, at least 0 and not all 0 (of no rows, they
 * are right). who: what the message begins with. */
dg_status dg_check_weights(const dg_tensor *weights, const char *who);
/* DG_INVALID where x {n, ...}, contiguous, has an infinity or, unless `holes` says that it may mark
 * missing values, a NaN: says row and column. */
dg_status dg_check_finite(const dg_tensor *x, bool holes, const char *who, const dg_job *job);
/* That message; row and column are counted from 0. */
dg_status dg_not_finite(const char *who, int64_t row, int64_t column, bool holes);
/* DG_INVALID unless the set has labels: says what it has. who: begins the message; or NULL. */
dg_status dg_dataset_want_labels(const dg_dataset *set, const char *who);
/* How many rows have each class, in the order of classes: `out` has room for class_count. */
void dg_dataset_counts(const dg_dataset *set, int64_t *out);

/* A number that follows from types, shapes, values, y, weights and groups, so that two sets can be
 * told apart; not from names. */
uint64_t dg_dataset_fingerprint(const dg_dataset *set);

/* --- splitting (engine/data/split.c) ------------------------------------------------------ */

/* Cuts the rows, in random order, into `count` sets. Parts are all fractions that sum to 1 within
 * 1e-9, or all counts that sum to the rows. Sizes by largest remainder; exact totals. Stratified:
 * each class is spread likewise, and the totals stay exact. A fraction above 0 that gets no row
 * is DG_INVALID. `out` has room for `count`. Of a set with groups, whole groups are counted and
 * dealt out instead of rows (scikit-learn's GroupShuffleSplit); they cannot be stratified. */
dg_status dg_dataset_split(const dg_dataset **out, const dg_dataset *set, int count,
                           const double *parts, uint64_t seed, bool stratify);
/* Fold `fold` (from 0) of `folds`: what it trains on, and what it holds out. Over all folds each
 * row is held out once; sizes differ by one at most, in each class too when stratified.
 * 2 <= folds <= rows. */
dg_status dg_dataset_fold(const dg_dataset **training, const dg_dataset **held_out,
                          const dg_dataset *set, int folds, int fold, uint64_t seed, bool stratify);

#endif
