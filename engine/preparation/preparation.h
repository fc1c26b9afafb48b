/* Preparation: steps that are fitted on the rows of a learner's fit and then applied to all rows
 * that it is given, so that nothing leaks into the learner from the rows it is evaluated on. A
 * learner owns its steps, applies them in fit, evaluate and predict, and saves them in its file. */
#ifndef DG_PREPARATION_H
#define DG_PREPARATION_H

#include <stdint.h>

#include "engine/parallel.h"
#include "engine/part/part.h"
#include "engine/tensor/tensor.h"

struct dg_tensor_file; /* engine/store/safetensors.h */

/* A fitted step; the beginning of its type's struct, which has step_size bytes. */
typedef struct dg_step {
    const struct dg_preparation_type *type;
    const dg_part *options; /* owned */
} dg_step;

/* A type of step: its file ends in this descriptor, which has a line in engine/registry.list. Rows
 * keep their shape. */
typedef struct dg_preparation_type {
    dg_descriptor part; /* kind "preparation" */
    size_t step_size;
    /* Learns from x {n, ...}, at least one row of contiguous floats, of which `values` make a row;
     * the step is filled with zeros except for type and options. */
    dg_status (*fit)(dg_step *step, const dg_tensor *x, int64_t values, const dg_job *job);
    /* Changes rows of as many contiguous floats in place. */
    dg_status (*apply)(const dg_step *step, dg_tensor *x, int64_t values, const dg_job *job);
    void (*release)(dg_step *step); /* what its struct owns; it may still be filled with zeros */
    /* Adds what was learnt to the tensors of a file; reads it from there, trusting nothing. */
    dg_status (*store)(const dg_step *step, struct dg_tensor_file *file);
    dg_status (*restore)(dg_step *step, int64_t values, const struct dg_tensor_file *file);
} dg_preparation_type;

/* Fitted steps, the first applied first. */
typedef struct dg_preparation {
    int count;
    dg_step **steps;
} dg_preparation;

enum { DG_MAX_STEPS = 64 };

/* Fits each step to x as the steps before it have changed it. DG_INVALID for a part of another
 * kind. */
dg_status dg_preparation_fit(dg_preparation *out, int count, const dg_part *const *steps,
                             const dg_tensor *x, const dg_job *job);
void dg_preparation_release(dg_preparation *preparation);

/* Adds a step, filled with zeros except for type and options, to be restored. */
dg_status dg_preparation_add(dg_preparation *preparation, const dg_part *options, dg_step **out);

/* `*out` becomes a copy of the rows of x in floats, prepared. */
dg_status dg_preparation_apply(const dg_preparation *preparation, const dg_tensor *x,
                               const dg_job *job, dg_tensor *out);

#endif
