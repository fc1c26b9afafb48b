/* What the outputs of a network should be: the truth of a set, row by row. */
#ifndef DG_NN_TRUTH_H
#define DG_NN_TRUTH_H

#include "engine/nn/model.h"
#include "engine/nn/plan.h"

/* From the labels or numbers of a set to the outputs of a model. */
typedef struct dg_truth_map {
    const dg_dataset *set;
    int32_t *output_of; /* for each class of the set the output of the model; NULL: numbers */
} dg_truth_map;

/* Room for the truth of one row. */
typedef union dg_truth_row {
    int32_t position;
    float target;
} dg_truth_row;

/* At its first fit a model takes on the set's classes, one for each output: the labels found, or
 * 0 .. outputs-1 where these include all that were found. A model of one output, whose loss is not
 * one of classes, takes numbers instead: those of a set with numbers, or the values of its labels
 * where no accuracy was asked for. `who` begins the message; DG_INVALID says what the last layer or
 * the loss should be, also of a model with numbers that was compiled anew. */
dg_status dg_model_adopt_target(dg_model *model, const dg_dataset *set, const char *who);

/* The model knows neither classes nor numbers again. */
void dg_model_forget_target(dg_model *model);

/* For a model that knows which; `who` begins the message. To be released. */
dg_status dg_truth_map_of(dg_truth_map *out, const dg_model *model, const dg_dataset *set,
                          const char *who);
void dg_truth_map_release(dg_truth_map *map);

/* The truth of rows rows[first], rows[first + 1] ... (rows NULL: first, first + 1 ...), in
 * `room`. */
dg_truth dg_truth_of_rows(const dg_truth_map *map, const int64_t *rows, int64_t first,
                          int64_t count, dg_truth_row *room);

#endif
