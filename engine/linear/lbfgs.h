/* The minimum of a smooth function of many numbers by L-BFGS (Liu and Nocedal 1989), with the
 * defaults of scipy's L-BFGS-B without bounds: ten pairs, strong Wolfe conditions with 1e-3 and
 * 0.9. Plain loops in one order: the bits depend on those of the function only. */
#ifndef DG_LINEAR_LBFGS_H
#define DG_LINEAR_LBFGS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

typedef struct dg_lbfgs {
    int64_t size; /* numbers */
    int64_t max_iter;
    double tol;       /* done when no derivative is greater */
    double precision; /* or when an iteration lowers the value by at most this part of it */
    dg_status (*evaluate)(void *context, const double *x, double *value, double *gradient);
    /* After each iteration, from 1: `x` and `value` are the best so far, and were evaluated
     * last. `*stop` = true ends in good order. Or NULL. */
    dg_status (*on_step)(void *context, int64_t iteration, const double *x, double value,
                         bool *stop);
    void *context;
} dg_lbfgs;

typedef struct dg_lbfgs_result {
    int64_t iterations;
    double value;
    double steepest;         /* the greatest derivative where it ended */
    bool converged, stopped; /* neither: max_iter, or no better point is found */
} dg_lbfgs_result;

/* `x` {size}: the start, then the minimum; after a failure, the point of the last iteration. */
dg_status dg_lbfgs_minimise(const dg_lbfgs *problem, double *x, dg_lbfgs_result *result);

#endif
