/* How the rows and labels of a dataset meet a network's input and outputs. */
#ifndef DG_NN_TARGETS_H
#define DG_NN_TARGETS_H

#include "engine/nn/model.h"

/* Whether rows of `x` fit the input of the model; `who` begins the message ("fit"). */
dg_status dg_check_input(const dg_model *model, const dg_tensor *x, const char *who);

/* At the first fit the model takes on the set's classes, one for each output: the labels found, or
 * 0 .. outputs-1 where these include all that were found. Later it does nothing. */
dg_status dg_adopt_classes(dg_model *model, const dg_dataset *set);

/* Forgets the classes. */
void dg_model_free_classes(dg_model *model);

/* `*out` (dg_free it) becomes the output of the model that stands for each class of the set.
 * DG_INVALID for a label in the set that the model does not know. */
dg_status dg_map_classes(int32_t **out, const dg_model *model, const dg_dataset *set,
                         const char *who);

/* The least and greatest value of x as the network sees it; NaN is passed over. */
void dg_input_range(const dg_model *model, const dg_tensor *x, float *low, float *high);

/* How many of `rows` outputs have their greatest value at their position. */
int64_t dg_count_correct(const float *output, const int32_t *positions, int64_t rows,
                         int64_t width);

/* The place of the greatest of `width` values; the first of equals. */
int64_t dg_argmax(const float *values, int64_t width);

#endif
