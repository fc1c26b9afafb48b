/* A dataset's columns cut into at most 256 bins, once for all trees of a fit: one byte per value.
 *
 * Columns of bytes, and columns of floats with few enough values, get a bin for each value; others
 * get bins that hold about equally many rows. NaN has a bin of its own, behind those of numbers.
 * Columns that are the same in all rows are left out. In images most bytes of a column are equal:
 * histograms skip the bin with most rows, the `common` one, and recover it from the total. The
 * invariants of bins are stated at the head of bins.c. */
#ifndef DG_TREE_BINS_H
#define DG_TREE_BINS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/parallel.h"
#include "engine/base/status.h"
#include "engine/tensor/tensor.h"

enum { DG_MAX_BINS = 256 };

typedef struct dg_bin_column {
    int32_t feature; /* its place in a row of the data */
    int32_t bins;    /* of numbers, ascending */
    int32_t nan_bin; /* = bins, or -1: no value is NaN */
    int32_t common;  /* the bin of numbers with most rows, the first of equals */
    int64_t first;   /* its first bin among those of all columns */
} dg_bin_column;

/* Columns whose histograms together fit the second-level cache. `entry` holds, row after
 * row, the bins (counted from the block's first) of all values that are not in a common bin. */
typedef struct dg_bin_block {
    int32_t first_column, end_column;
    int64_t first_bin, end_bin;
    uint32_t *start; /* {rows + 1}: where each row's entries begin */
    uint16_t *entry;
} dg_bin_block;

typedef struct dg_bins {
    int64_t rows, features;
    int32_t count; /* columns */
    int64_t total; /* bins of all columns */
    dg_bin_column *columns;
    float *low, *high;  /* {total}: the least and the greatest value in each bin */
    uint8_t *by_column; /* {count, rows} */
    uint8_t *by_row;    /* {rows, count}, after dg_bins_add_rows; else NULL */
    int64_t words;      /* rows / 64, rounded up */
    uint64_t *uncommon; /* {count, words}: bits of rows whose bin is not common; as by_row */
    int64_t row_words;  /* count / 64, rounded up */
    uint64_t *row_bits; /* {rows, row_words}: the same bits by rows */
    int32_t block_count;
    dg_bin_block *blocks; /* after dg_bins_add_blocks; else NULL */
} dg_bins;

/* x: {n, ...} of bytes or floats, contiguous; 2 <= max_bins <= 256, NaN's bin not counted (with it
 * there are at most 256 as well). Row i of the bins is row order[i] of x (NULL: i). DG_INVALID for
 * an infinity: says row and column. */
dg_status dg_bins_make(dg_bins *out, const dg_tensor *x, const uint32_t *order, int64_t max_bins,
                       const dg_job *job);
dg_status dg_bins_add_rows(dg_bins *bins, const dg_job *job);
dg_status dg_bins_add_blocks(dg_bins *bins, const dg_job *job);
void dg_bins_free(dg_bins *bins);

/* The threshold of a split between bins `left` and `right` (left < right) of a column: values up to
 * it go left; where `right` is the bin of NaN, all numbers do. It cuts no bin between the two
 * either, so that a row goes the same way by its bin and by its value. */
float dg_bins_threshold(const dg_bins *bins, const dg_bin_column *column, int left, int right);

/* Partitions rows by a column: those in bins up to `left` come first, then the others, each in the
 * order they had; NaN goes left with nan_left. spare: {count}. Returns how many went left. */
int64_t dg_bins_partition(const dg_bins *bins, int32_t column, int left, bool nan_left,
                          uint32_t *row, int64_t count, uint32_t *spare);

#endif
