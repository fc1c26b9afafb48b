/* Models that predict together. */
#ifndef DIGITS_BINDINGS_LEARNERS_ENSEMBLE_H
#define DIGITS_BINDINGS_LEARNERS_ENSEMBLE_H

#include "bindings/calls/class.h"

extern const dg_function dg_ensemble_function; /* digits.ensemble */

#endif
