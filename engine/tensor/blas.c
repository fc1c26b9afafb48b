/* OpenBLAS: loading it, and buffers for it. */
#define _GNU_SOURCE /* dladdr */
#include "engine/tensor/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "engine/base/memory.h"

/* The name in the library itself, by which programs that link it find it; vendor/libraries asks
 * the linker for it. */
#ifndef DIGITS_OPENBLAS
#define DIGITS_OPENBLAS "libopenblas.so.0"
#endif

enum {
    ROOM = 160 << 20, /* OpenBLAS 0.3 takes 128 MB and a little at most */
    MOST_BUFFERS = 64,
};

static struct {
    bool loaded, serial;
    __typeof__(cblas_sgemm) *sgemm;
    __typeof__(openblas_get_config) *get_config;
    __typeof__(openblas_get_corename) *get_corename;
    __typeof__(openblas_get_num_threads) *get_num_threads;
    __typeof__(openblas_set_num_threads) *set_num_threads;
    __typeof__(openblas_get_parallel) *get_parallel;
    /* no header declares these; where a build hides them, the first products take the buffers, and
     * we only check for room beforehand */
    void *(*memory_alloc)(int unused);
    void (*memory_free)(void *buffer);
} blas;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* of calls to a serial build */
static int buffers;                                      /* that OpenBLAS has so far */

/* --- loading ------------------------------------------------------------------------------- */

/* The variables that builds of OpenBLAS read while they are loaded. On threads that are not
 * OpenMP's, a build with OpenMP obeys only the second. */
static const char *const variables[] = { "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS" };
enum { VARIABLES = sizeof variables / sizeof *variables };

static void *open_library(void)
{
    char *before[VARIABLES] = { NULL };
    bool room = true;
    for (int i = 0; i < VARIABLES && room; i++)
        if (getenv(variables[i])) room = dg_copy_text(&before[i], getenv(variables[i])) == DG_OK;
    for (int i = 0; i < VARIABLES && room; i++) setenv(variables[i], "1", 1);
    void *library = room ? dlopen(DIGITS_OPENBLAS, RTLD_NOW | RTLD_LOCAL) : NULL;
    for (int i = 0; i < VARIABLES && room; i++) {
        if (before[i])
            setenv(variables[i], before[i], 1);
        else
            unsetenv(variables[i]);
    }
    for (int i = 0; i < VARIABLES; i++) dg_free(before[i]);
    return library;
}

/* dlsym gives functions as pointers to data. */
static bool find(void *library, const char *name, void *function)
{
    *(void **)function = dlsym(library, name);
    return *(void **)function != NULL;
}

static dg_status load(void)
{
    if (blas.loaded) return DG_OK;
    void *library = open_library();
    if (!library) {
        const char *reason = dlerror();
        return dg_error(DG_IO,
                        "OpenBLAS, which multiplies matrices, cannot be loaded (%s): install its "
                        "package (libopenblas0 on Debian and Ubuntu, openblas on Fedora, Arch and "
                        "Homebrew), or rebuild on the machine that has it",
                        reason ? reason : "no reason given");
    }
    bool whole = find(library, "cblas_sgemm", &blas.sgemm) &&
                 find(library, "openblas_get_config", &blas.get_config) &&
                 find(library, "openblas_get_corename", &blas.get_corename) &&
                 find(library, "openblas_get_num_threads", &blas.get_num_threads) &&
                 find(library, "openblas_set_num_threads", &blas.set_num_threads) &&
                 find(library, "openblas_get_parallel", &blas.get_parallel);
    if (!whole) return dg_error(DG_IO, "%s is not OpenBLAS 0.3 or later", DIGITS_OPENBLAS);
    if (!find(library, "blas_memory_alloc", &blas.memory_alloc) ||
        !find(library, "blas_memory_free", &blas.memory_free))
        blas.memory_alloc = NULL;
    /* something else may have loaded it before */
    if (blas.get_num_threads() != 1) blas.set_num_threads(1);
    /* a serial build gives the same buffer to two threads */
    blas.serial = blas.get_parallel() == OPENBLAS_SEQUENTIAL;
    blas.loaded = true;
    return DG_OK;
}

dg_status dg_blas_describe(dg_blas_facts *out)
{
    *out = (dg_blas_facts){ 0 };
    pthread_mutex_lock(&lock);
    dg_status status = load();
    pthread_mutex_unlock(&lock);
    DG_TRY(status);
    const int parallel = blas.get_parallel();
    Dl_info where;
    out->config = blas.get_config();
    out->core = blas.get_corename();
    out->build = parallel == OPENBLAS_SEQUENTIAL ? "serial"
                 : parallel == OPENBLAS_OPENMP   ? "OpenMP"
                                                 : "pthreads";
    out->path = dladdr(*(void **)&blas.get_config, &where) ? where.dli_fname : DIGITS_OPENBLAS;
    out->threads = blas.get_num_threads();
    return DG_OK;
}

/* --- buffers ------------------------------------------------------------------------------- */

static dg_status ask_for_room(void)
{
    void *room;
    DG_TRY(dg_alloc(&room, ROOM, 1));
    dg_free(room);
    return DG_OK;
}

/* OpenBLAS hands out the buffers it has before it allocates more, and keeps returned ones. */
static dg_status take(int wanted)
{
    void *taken[MOST_BUFFERS] = { NULL };
    int count = 0;
    dg_status status = DG_OK;
    while (count < wanted && status == DG_OK) {
        if (count >= buffers) status = ask_for_room();
        if (status == DG_OK) status = load();
        if (status != DG_OK) break;
        taken[count++] = blas.memory_alloc ? blas.memory_alloc(0) : NULL;
    }
    if (count > buffers) buffers = count;
    while (count--)
        if (taken[count]) blas.memory_free(taken[count]);
    return status;
}

dg_status dg_blas_prepare(int *threads)
{
    dg_status status = DG_OK;
    pthread_mutex_lock(&lock);
    if (*threads > MOST_BUFFERS) *threads = MOST_BUFFERS;
    if (blas.serial) *threads = 1;
    if (*threads > buffers) status = take(*threads);
    if (*threads > buffers) *threads = buffers;
    pthread_mutex_unlock(&lock);
    if (*threads > 0) return DG_OK;
    return status == DG_IO ? status : dg_error_context(status, "OpenBLAS");
}

/* --- products ------------------------------------------------------------------------------ */

void dg_blas_multiply(CBLAS_TRANSPOSE a_transposed, CBLAS_TRANSPOSE b_transposed, int m, int n,
                      int k, const float *a, int a_leading, const float *b, int b_leading,
                      float *out, int out_leading)
{
    if (blas.serial) pthread_mutex_lock(&turn);
    blas.sgemm(CblasRowMajor, a_transposed, b_transposed, m, n, k, 1, a, a_leading, b, b_leading, 0,
               out, out_leading);
    if (blas.serial) pthread_mutex_unlock(&turn);
}
