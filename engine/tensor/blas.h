/* OpenBLAS under threads of our own. It is loaded when the first product needs it, with its thread
 * count set to one: loaded with the program, a build with threads starts them before `main`, waits
 * for ever where they find no memory, and dies where they are refused. */
#ifndef DG_TENSOR_BLAS_H
#define DG_TENSOR_BLAS_H

#include <cblas.h>

#include "engine/base/status.h"

/* Must come before products of OpenBLAS. It keeps a buffer for each product that runs at the same
 * time, takes it from the system at first need, and where the system has none left tries for ever.
 * So this takes them, after asking whether there is room: `*threads` becomes, of the threads that
 * are wanted, how many may multiply at the same time. DG_NO_MEMORY: not even one. DG_IO: the
 * library is not there. */
dg_status dg_blas_prepare(int *threads);

/* cblas_sgemm, row-major, alpha 1 and beta 0: out (m, n) = a (m, k) times b (k, n). May be called
 * by several threads at once; a build of OpenBLAS that does not bear it gets one call at a time. */
void dg_blas_multiply(CBLAS_TRANSPOSE a_transposed, CBLAS_TRANSPOSE b_transposed, int m, int n,
                      int k, const float *a, int a_leading, const float *b, int b_leading,
                      float *out, int out_leading);

/* What serves, for people: texts are static. Loads the library; DG_IO: it is not there. */
typedef struct dg_blas_facts {
    const char *config; /* "OpenBLAS 0.3.21 ..." */
    const char *core;   /* the processor that its kernels are for: "SkylakeX" */
    const char *build;  /* "pthreads", "OpenMP" or "serial" */
    const char *path;   /* of the file, or the name by which it was found */
    int threads;        /* that one call uses: 1 */
} dg_blas_facts;
dg_status dg_blas_describe(dg_blas_facts *out);

#endif
