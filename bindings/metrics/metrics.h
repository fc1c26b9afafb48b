/* The module metrics: judging predictions against the truth. The room metrics/ uses values/ and
 * calls/. */
#ifndef DIGITS_BINDINGS_METRICS_METRICS_H
#define DIGITS_BINDINGS_METRICS_METRICS_H

#include <lua.h>

#include "bindings/calls/class.h"

/* Registers the class and pushes the table metrics. */
void dg_open_metrics(lua_State *L);

/* --- what the other files of this room add ---------------------------------------------------- */

extern const dg_class dg_confusion_class;          /* bindings/metrics/confusion.c */
extern const dg_function dg_confusion_metrics[];   /* bindings/metrics/confusion.c */
extern const dg_function dg_probability_metrics[]; /* bindings/metrics/probabilities.c */
extern const dg_function dg_compare_metrics[];     /* bindings/metrics/compare.c */

#endif
