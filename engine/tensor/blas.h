/* OpenBLAS under threads of our own. */
#ifndef DG_TENSOR_BLAS_H
#define DG_TENSOR_BLAS_H

#include "engine/base/status.h"

/* Must come before products of OpenBLAS. It keeps a buffer for each product that runs at the same
 * time, takes it from the system at first need, and where the system has none left tries for ever.
 * So this takes them, after asking whether there is room: `*threads` becomes, of the threads that
 * are wanted, how many may multiply at the same time. DG_NO_MEMORY: not even one. */
dg_status dg_blas_prepare(int *threads);

#endif
