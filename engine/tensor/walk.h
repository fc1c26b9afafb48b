/* Walking several tensors of one shape together, whatever their strides.
 *
 * Neighbouring axes that one stride covers in all operands are joined first, so that contiguous
 * tensors are one long run; the axes that remain are walked by an odometer, one run along the
 * innermost axis at a time. */
#ifndef DG_TENSOR_WALK_H
#define DG_TENSOR_WALK_H

#include "engine/tensor/tensor.h"

enum { DG_MAX_OPERANDS = 3 };

typedef struct dg_walk {
    int operands, axes;
    int64_t count; /* elements */
    int64_t shape[DG_MAX_AXES];
    char *data[DG_MAX_OPERANDS];
    int64_t stride[DG_MAX_OPERANDS][DG_MAX_AXES]; /* in bytes */
} dg_walk;

/* `n` elements in a row: for each operand, the address of the first and the bytes to the next. */
typedef struct dg_run {
    int64_t first; /* the row-major position of the first */
    int64_t n;
    char *data[DG_MAX_OPERANDS];
    int64_t stride[DG_MAX_OPERANDS];
} dg_run;

typedef dg_status dg_run_function(void *context, const dg_run *run);

/* Up to DG_MAX_OPERANDS tensors, already broadcast to one shape. */
void dg_walk_begin(dg_walk *walk, int operands, const dg_tensor *const *tensors);

/* Calls `function` for the elements begin .. end-1 in order, until one call fails. */
dg_status dg_walk_range(const dg_walk *walk, int64_t begin, int64_t end, dg_run_function *function,
                        void *context);

/* The same for all elements, in parallel pieces if there are many, cancelled by dg_interrupt. */
dg_status dg_walk_all(const dg_walk *walk, dg_run_function *function, void *context);

#endif
