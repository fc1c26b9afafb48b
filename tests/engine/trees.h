/* For tests: random tables and learners made of trees. */
#ifndef TESTS_ENGINE_TREES_H
#define TESTS_ENGINE_TREES_H

#include "engine/tree/fitting.h"
#include "tests/engine/network.h"

/* Rows of `columns` values with labels 0 .. classes-1 (each occurs where rows allow it) that lean
 * on the first columns. Bytes: three of four are 0. Floats: one of eight is NaN if `holes`. */
const dg_dataset *tree_set(int64_t rows, int64_t columns, int classes, bool bytes, bool holes,
                           uint64_t seed);

/* A learner by name with options as network_part takes them. */
dg_learner *tree_learner(const char *name, const char *options);

/* Fits on so many threads; never fails. */
void tree_fit(dg_learner *learner, const dg_dataset *set, int threads);

/* Probabilities, whose rows sum to 1, or numbers for all rows of the set. */
dg_tensor tree_chances(const dg_learner *learner, const dg_dataset *set, int threads);

#endif
