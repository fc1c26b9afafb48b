/* What a set asks of a network: a class for each row, or a number. */
#ifndef DG_NN_ANSWERS_H
#define DG_NN_ANSWERS_H

#include "engine/nn/model.h"
#include "engine/nn/plan.h"

typedef struct dg_answers {
    const dg_dataset *set;
    int32_t *map; /* classes of the set to outputs of the model; NULL: numbers */
} dg_answers;

/* Room for what one row asks. */
typedef union dg_answer {
    int32_t position;
    float target;
} dg_answer;

/* At its first fit a model takes on the set's classes, one for each output: the labels found, or
 * 0 .. outputs-1 where these include all that were found. A model of one output, whose loss is not
 * one of classes, takes numbers instead: those of a set with numbers, or the values of its labels
 * where no accuracy was asked for. `who` begins the message; DG_INVALID says what the last layer or
 * the loss should be, also of a model with numbers that was compiled anew. */
dg_status dg_answers_adopt(dg_model *model, const dg_dataset *set, const char *who);

/* The model knows neither classes nor numbers again. */
void dg_answers_disown(dg_model *model);

/* For a model that knows which; `who` begins the message. dg_free the map. */
dg_status dg_answers_of(dg_answers *out, const dg_model *model, const dg_dataset *set,
                        const char *who);

/* Those of rows rows[first], ... (NULL: first, ...), in `room`. */
dg_truth dg_answers_take(const dg_answers *answers, const int64_t *rows, int64_t first,
                         int64_t count, dg_answer *room);

#endif
