/* Datasets: rows of values, each with a label or a number to predict, or with neither. A dataset
 * never changes: its tensors are read-only, and its methods make new datasets. */
#ifndef DG_DATA_DATASET_H
#define DG_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/part/param.h" /* dg_ints */
#include "engine/base/status.h"
#include "engine/data/target.h"
#include "engine/tensor/tensor.h"

/* Sets that are made from a set keep all of its fields: a new tensor with an entry for each row is
 * a line in the list `columns`, a new list one in `shared`, both in engine/data/dataset.c. */
typedef struct dg_dataset {
    int references;   /* changed atomically, as those of tensors are */
    uint64_t print;   /* what dg_dataset_fingerprint found, or 0; likewise */
    dg_tensor x;      /* {n, ...}, uint8 or float32, contiguous */
    dg_target target; /* what y has; none: there is no y */
    bool one_hot;     /* what a y of labels looks like */
    dg_tensor y;      /* {n} int32 labels, {n, classes} float32 one-hot, or {n} float32 numbers */
    dg_tensor labels; /* {n} int32, whatever y looks like; without labels it is empty, as are */
    dg_tensor positions; /* {n} int32: the position of each label in `classes` */
    int64_t class_count;
    int32_t *classes;     /* the labels, ascending; also of classes that no row has any more */
    char **class_names;   /* NULL, or a name for each class */
    char **feature_names; /* NULL, or a name for each of the values in a row */
    dg_tensor
        weights;      /* {n} float32: how much each row counts in a fit; empty: all rows the same */
    dg_tensor groups; /* {n} int32: splits keep the rows of a group together; or empty */
} dg_dataset;

int64_t dg_dataset_rows(const dg_dataset *set);
int64_t dg_dataset_row_size(const dg_dataset *set); /* values in a row */
/* The number to be predicted for row `row` of a set with y; its label, if it has labels. */
float dg_dataset_number(const dg_dataset *set, int64_t row);

/* The truth for metrics: {n} numbers or labels, whatever y looks like. */
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
 * Storage is shared if the type allows it, and its other owners can no longer write to it
 * (engine/tensor/tensor.h). */
typedef struct dg_dataset_fields {
    const dg_tensor *x, *y, *weights, *groups;
    dg_target target;
    dg_ints shape;
    int64_t name_count, feature_count;
    const char *const *class_names, *const *feature_names;
    bool no_names, no_features, no_weights, no_groups; /* in dg_dataset_with: drop them */
} dg_dataset_fields;

/* DG_INVALID: different lengths, a y that is not finite or does not fit the target, invalid
 * weights. */
dg_status dg_dataset_make(const dg_dataset **out, const dg_dataset_fields *fields);
/* The same, with the target by the type of y. */
dg_status dg_dataset_new(const dg_dataset **out, const dg_tensor *x, const dg_tensor *y,
                         int64_t name_count, const char *const *class_names);

/* Whether the labels look like numbers to predict: more than 40 rows, and more classes than a
 * quarter of the rows. Readers warn then. */
bool dg_dataset_seems_numeric(const dg_dataset *set);

/* --- made from a set -------------------------------------------------------------- */

/* The set with the fields replaced that are not NULL; a target without y reads its y anew. The
 * classes of a new y are the labels found in it; a one-hot y with as many columns as the set has
 * classes has these. Class names that are not replaced stay, with all of their classes: DG_INVALID
 * if a label of the new y has no name. Weights and groups stay if the number of rows does, feature
 * names if the number of values in a row does; else DG_INVALID. */
dg_status dg_dataset_with(const dg_dataset **out, const dg_dataset *set,
                          const dg_dataset_fields *fields);
/* Rows in the given order, counted from 0 (in messages from 1, as users count). */
dg_status dg_dataset_take(const dg_dataset **out, const dg_dataset *set, const int64_t *rows,
                          int64_t count);
/* The first n rows; DG_INVALID if there are fewer. */
dg_status dg_dataset_head(const dg_dataset **out, const dg_dataset *set, int64_t n);
dg_status dg_dataset_shuffle(const dg_dataset **out, const dg_dataset *set, uint64_t seed);
/* The rows with one of these labels, in their order; no other classes are kept. */
dg_status dg_dataset_only(const dg_dataset **out, const dg_dataset *set, const int32_t *labels,
                          int64_t count);
/* The rows of one set after another. They must have the same row shape, dtype and target, and all
 * or none of them weights, and groups. Classes are united; the result is one-hot if all are. Class
 * names are kept if each class has one; two names for a class, or for a feature, are refused. */
dg_status dg_dataset_concat(const dg_dataset **out, int count, const dg_dataset *const *sets);
/* The same rows in the shape {n, shape...}; they share their storage. */
dg_status dg_dataset_reshape(const dg_dataset **out, const dg_dataset *set, const dg_ints *shape);
/* The same rows with y as one-hot float32. */
dg_status dg_dataset_one_hot(const dg_dataset **out, const dg_dataset *set);
/* DG_INVALID unless the {n} float32 weights are finite, at least 0 and not all 0 (an empty tensor
 * is valid). `who` begins the message. */
dg_status dg_check_weights(const dg_tensor *weights, const char *who);
/* DG_INVALID if x {n, ...}, contiguous, has an infinity or, unless `holes` says that it marks
 * missing values, a NaN; the message has row and column. */
dg_status dg_check_finite(const dg_tensor *x, bool holes, const char *who, const dg_job *job);
/* DG_INVALID with that message; row and column are counted from 0. */
dg_status dg_not_finite(const char *who, int64_t row, int64_t column, bool holes);
/* DG_INVALID unless the set has labels; the message says what it has. `who` begins it; or NULL. */
dg_status dg_dataset_want_labels(const dg_dataset *set, const char *who);
/* How many rows each class has, in the order of classes: `out` has room for class_count. */
void dg_dataset_counts(const dg_dataset *set, int64_t *out);

/* A hash of types, shapes, values, y, weights and groups, but not of names; computed once. */
uint64_t dg_dataset_fingerprint(const dg_dataset *set);

/* --- splitting (engine/data/split.c, split_groups.c) --------------------------------------- */

/* How rows are cut into parts: some of these, added up. */
enum {
    DG_SPLIT_STRATIFIED = 1, /* the same share of every class in each part */
    DG_SPLIT_GROUPS = 2,     /* refuse a set without groups; those of a set that has some stay
                              together anyway, unless */
    DG_SPLIT_ROWS = 4,       /* groups are not looked at */
};

/* Splits the rows, in random order, into `count` sets. `parts` are either fractions that sum to 1
 * within 1e-9 or counts that sum to the rows. Sizes are by largest remainder, totals exact.
 * Stratified: each class is divided in the same way, and the totals stay exact. A fraction above 0
 * that gets no row is DG_INVALID. `out` has room for `count`.
 *
 * If the set has groups, groups are counted and dealt out instead of rows (scikit-learn's
 * GroupShuffleSplit); stratified, `parts` are fractions of the rows and of each class, and come out
 * as closely as a group after another, those most uneven in classes first, can be put where classes
 * are spread most evenly (the rule of its StratifiedGroupKFold); each part gets a group. */
dg_status dg_dataset_split(const dg_dataset **out, const dg_dataset *set, int count,
                           const double *parts, uint64_t seed, int how);
/* Fold `fold` (from 0) of `folds`: the rows to train on and those held out. Over all folds, each
 * row is held out once; sizes differ by at most one, stratified also within each class.
 * 2 <= folds <= rows. With groups: as GroupKFold and StratifiedGroupKFold, 2 <= folds <= groups. */
dg_status dg_dataset_fold(const dg_dataset **training, const dg_dataset **held_out,
                          const dg_dataset *set, int folds, int fold, uint64_t seed, int how);

#endif
