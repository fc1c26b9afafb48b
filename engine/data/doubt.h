/* Which labels are doubtful, by chances that models gave to rows that they were not fitted on:
 * confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in
 * dataset labels", JAIR 70, 2021). */
#ifndef DG_DATA_DOUBT_H
#define DG_DATA_DOUBT_H

#include "engine/data/dataset.h"

typedef struct dg_doubt {
    dg_tensor rows;       /* {n} int32: all rows, the most doubtful first, counted from `origin` */
    dg_tensor confidence; /* {n} float32, by row: the chance of the given label */
    dg_tensor suggested;  /* {n} int32, by row: the label of the likeliest class */
    int64_t estimate;     /* how many labels are wrong, by the confident joint */
} dg_doubt;

/* chances: {n, classes} float32; column k belongs to classes[k] of the set. Rows are ranked by
 * their normalised margin; of equals, the first comes first. A row counts in the estimate when the
 * class that it reaches the threshold of, most confidently, is not its own; the threshold of a
 * class is the mean chance of the class among the rows labelled so. DG_INVALID: other shapes,
 * NaN. */
dg_status dg_label_doubt(dg_doubt *out, const dg_dataset *set, const dg_tensor *chances,
                         int origin);
void dg_doubt_release(dg_doubt *doubt);

#endif
