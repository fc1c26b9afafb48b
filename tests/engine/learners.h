/* For tests of learners of any type: golden examples, the same bits, damaged files. */
#ifndef TESTS_ENGINE_LEARNERS_H
#define TESTS_ENGINE_LEARNERS_H

#include <cjson/cJSON.h>

#include "engine/store/safetensors.h"
#include "tests/engine/trees.h"

/* The JSON of a file; a member of an object, which must be there. */
cJSON *learners_read(const char *path);
const cJSON *learners_member(const cJSON *object, const char *name);

/* Numbers of a list: {n}, or (columns not 0) {n / columns, columns}; NULL or null: no storage. */
dg_tensor learners_tensor(const cJSON *list, int64_t columns, dg_dtype dtype);

/* A learner with the options of an example. */
dg_learner *learners_make(const char *name, const cJSON *options);

/* A set of x {n, ...} and y; weights: without storage, there are none. Releases all three. */
const dg_dataset *learners_set(dg_tensor x, dg_tensor y, dg_tensor weights);

/* Each number is within `tolerance` times the greatest of those wanted. */
void learners_expect_near(const float *found, const cJSON *wanted, double tolerance);

/* A fit is refused with these words, and leaves nothing fitted. */
void learners_expect_unfit(const char *name, const char *options, const dg_dataset *set,
                           const dg_fit_options *fitting, const char *words);

/* A class that the set lists, but no row of the fit has, gets nothing; its rows can be judged. */
void learners_expect_absent(const char *name, const char *options);

/* Fits and predicts with each allocation failing in turn: nothing is lost, and the next fit is as
 * good as any. */
void learners_expect_no_memory(const char *name, const char *options, const dg_dataset *set);

/* Fits on 1, 2, 3 and 7 threads, predicts on as many; saves and loads; predicts rows alone: all to
 * the same bits. */
void learners_expect_same_bits(const char *name, const char *options, const dg_dataset *set);

/* Loading the model with its tensor `name` changed by `change` is refused with `words`. */
void learners_expect_refused(const dg_learner *learner, const char *name,
                             void (*change)(dg_tensor *tensor), const char *words);
/* Changes for that: of the first value; of the shape; of the type. */
void learners_make_nan(dg_tensor *tensor);
void learners_make_infinite(dg_tensor *tensor);
void learners_make_negative(dg_tensor *tensor);
void learners_make_huge(dg_tensor *tensor);
void learners_shorten(dg_tensor *tensor);
void learners_retype(dg_tensor *tensor);

/* Random changes of the bytes of the model's file: each loads or is refused with DG_FORMAT. */
void learners_fuzz(const dg_learner *learner, const dg_dataset *set, int rounds);

#endif
