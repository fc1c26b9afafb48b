/* What the outputs of a network should be, from the labels or numbers of a set. */
#ifndef DG_NN_TRUTH_H
#define DG_NN_TRUTH_H

#include "engine/nn/model.h"
#include "engine/nn/plan.h"

/* How the labels of a set map to the outputs of a model. */
typedef struct dg_truth_map {
    const dg_dataset *set;
    int32_t *output_of; /* for each class of the set its output; NULL: the set's numbers */
    float *weights;     /* of each row of the set; NULL: all count the same */
} dg_truth_map;

/* Room for the truth of one row; of weighted rows, it takes two. */
typedef union dg_truth_row {
    int32_t position;
    float target, weight;
} dg_truth_row;

/* At its first fit a model adopts the classes of the set, one for each output: its labels, or
 * 0 .. outputs-1 if these include all of them. A model with one output whose loss is not for
 * classes predicts numbers instead: those of the set, or the values of its labels if no metric
 * needs classes. `who` begins the message; DG_INVALID if the last layer or the loss does not suit
 * the set. */
dg_status dg_model_adopt_target(dg_model *model, const dg_dataset *set, const char *who);

/* Back to before the first fit: neither classes nor numbers. */
void dg_model_forget_target(dg_model *model);

/* For a model that has adopted a target; `who` begins the message. To be released. */
dg_status dg_truth_map_of(dg_truth_map *out, const dg_model *model, const dg_dataset *set,
                          const char *who);
/* The rows count by the set's weights, if it has any, times those of their classes: a map of
 * numbers by label, the word that balances, or nil. */
dg_status dg_truth_map_weigh(dg_truth_map *map, const dg_model *model,
                             const dg_one_of *class_weight, const char *who);
void dg_truth_map_release(dg_truth_map *map);

/* The truth of rows rows[first], rows[first + 1] ... (rows NULL: first, first + 1 ...), in
 * `room`. */
dg_truth dg_truth_of_rows(const dg_truth_map *map, const int64_t *rows, int64_t first,
                          int64_t count, dg_truth_row *room);

#endif
