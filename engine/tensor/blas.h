/* OpenBLAS under threads of our own. It is loaded when the first product needs it, with its thread
 * count set to one: loaded with the program, a build with threads starts them before `main`, waits
 * forever if they find no memory, and dies if they cannot be created. */
#ifndef DG_TENSOR_BLAS_H
#define DG_TENSOR_BLAS_H

#include <cblas.h>

#include "engine/base/status.h"

/* Must be called before dg_blas_multiply. OpenBLAS keeps a buffer for each product that runs at the
 * same time, allocates it on first use, and retries forever if the system has no memory left. So
 * this allocates them beforehand, after checking that there is room. `*threads`, the number of
 * threads that are to multiply at the same time, is lowered to the number that can. DG_NO_MEMORY:
 * not even one can. DG_IO: the library cannot be loaded. */
dg_status dg_blas_prepare(int *threads);

/* cblas_sgemm, row-major, alpha 1 and beta 0: out (m, n) = a (m, k) times b (k, n). May be called
 * by several threads at once; a build of OpenBLAS that is not thread-safe is given
 * one call at a time. */
void dg_blas_multiply(CBLAS_TRANSPOSE a_transposed, CBLAS_TRANSPOSE b_transposed, int m, int n,
                      int k, const float *a, int a_leading, const float *b, int b_leading,
                      float *out, int out_leading);

/* Describes the library in use; the texts are static. Loads it; DG_IO: it cannot be loaded. */
typedef struct dg_blas_facts {
    const char *config; /* "OpenBLAS 0.3.21 ..." */
    const char *core;   /* the processor its kernels are chosen for: "SkylakeX" */
    const char *build;  /* "pthreads", "OpenMP" or "serial" */
    const char *path;   /* of the file, or the name by which it was found */
    int threads;        /* used by one call: 1 */
} dg_blas_facts;
dg_status dg_blas_describe(dg_blas_facts *out);

#endif
