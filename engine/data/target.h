/* What is predicted for a row: a label, which stands for a class, or a number. Datasets, learners,
 * losses and metrics each have a `target`, so that mismatches are found by comparing two words. */
#ifndef DG_DATA_TARGET_H
#define DG_DATA_TARGET_H

#include "engine/base/status.h"

typedef enum dg_target {
    DG_TARGET_NONE, /* not known yet, or either will do; each field says which */
    DG_TARGET_LABELS,
    DG_TARGET_NUMBERS
} dg_target;

/* "labels", "numbers" and NULL: without one for DG_TARGET_NONE. */
extern const char *const dg_target_words[];

/* "none", "labels" or "numbers". */
const char *dg_target_name(dg_target target);

/* DG_INVALID: "WHO: WHAT is not defined for numeric targets: FIX", or for class targets, of
 * something whose target differs from `found`. */
dg_status dg_target_error(const char *who, const char *what, dg_target found, const char *fix);

#endif
