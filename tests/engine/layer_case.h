/* One layer by itself: its forward() and backward() called as a plan would, on ranges of rows, and
 * compared with a plain forward in double precision and that one's numerical derivatives. */
#ifndef TESTS_ENGINE_LAYER_CASE_H
#define TESTS_ENGINE_LAYER_CASE_H

#include "engine/nn/layer.h"
#include "tests/engine/support.h"

typedef struct layer_case {
    const dg_part *part;
    const dg_layer_type *type;
    dg_layer_build build;
    int64_t rows, in_size, out_size; /* in_size: of the first input */
    int64_t in_sizes[DG_MAX_INPUTS];
    bool training, fused, relu;
    uint64_t key;
    int threads;
    float *x[DG_MAX_INPUTS], *dx[DG_MAX_INPUTS], *y, *dy;
    float *w[DG_MAX_WEIGHTS], *dw[DG_MAX_WEIGHTS];
    uint8_t *saved_rows, *saved_batch, *sums, *prepared;
} layer_case;

/* A layer on random rows, with random weights. Options as for network_part(). */
layer_case *layer_case_new(const char *name, const char *options, int inputs, const dg_shape *shape,
                           int64_t rows, uint64_t *random);
/* The same with a shape for each input. */
layer_case *layer_case_joining(const char *name, const char *options, int inputs,
                               const dg_shape *shapes, int64_t rows, uint64_t *random);
void layer_case_free(layer_case *c);

/* 0 where the layer asks for no weight at this place. */
int64_t layer_case_weight_size(const layer_case *c, int weight);

/* Forward and backward of all rows, `range` rows at a time unless under DG_CUT_BATCH, the last
 * range first; sums over the batch, under DG_CUT_SUMS, in parts that are always the same. Outputs
 * are NaN before, so that what is not assigned shows. dy is not changed. */
void layer_case_forward(layer_case *c, int64_t range);
void layer_case_backward(layer_case *c, int64_t range, bool wants_dx);

/* The layer in double precision: y from x and w, all rows. */
typedef void layer_reference(const layer_case *c, double *const *x, double *const *w, double *y);

/* y, dx and dw against the reference, with results cut into ranges of `range` rows. `samples`
 * elements of each gradient are looked at. dx must have the same bits where no dw is wanted. */
void layer_case_check(layer_case *c, layer_reference *reference, int64_t range, int samples,
                      uint64_t *random);

/* A number from -1 to 1. */
double layer_case_random(uint64_t *random);

#endif
