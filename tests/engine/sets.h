/* For tests: small datasets, and what they must hold. */
#ifndef DG_TESTS_SETS_H
#define DG_TESTS_SETS_H

#include "engine/data/dataset.h"

/* float32 x of {rows, 2}: the number of the row, and ten times that. labels: NULL, or int32. */
const dg_dataset *make_set(int64_t rows, const int32_t *labels);

/* The number that make_set gave to row `row`. */
int64_t row_name(const dg_dataset *set, int64_t row);

/* Fails unless the set has these classes, counts and row names (NULL: not compared), and unless y,
 * labels and positions say the same. */
void expect_set(const dg_dataset *set, int64_t rows, const int64_t *names, int64_t class_count,
                const int32_t *classes, const int64_t *counts);

#endif
