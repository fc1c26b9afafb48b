/* Buffers for OpenBLAS. */
#include "engine/tensor/blas.h"

#include <pthread.h>
#include <stdint.h>

#include "engine/base/memory.h"

enum {
    ROOM = 160 << 20, /* OpenBLAS 0.3 takes 128 MB and a little at most */
    MOST_BUFFERS = 64,
};

/* OpenBLAS's own, which no header of it declares. Where a build hides them, buffers are taken by
 * the first products, and only the asking beforehand is left. */
void *blas_memory_alloc(int unused) __attribute__((weak));
void blas_memory_free(void *buffer) __attribute__((weak));

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int buffers; /* that OpenBLAS has by now */

static dg_status ask_for_room(void)
{
    void *room;
    DG_TRY(dg_alloc(&room, ROOM, 1));
    dg_free(room);
    return DG_OK;
}

/* OpenBLAS gives out the buffers that it has before it takes more, and keeps those given back. */
static dg_status take(int wanted)
{
    void *taken[MOST_BUFFERS] = { NULL };
    int count = 0;
    dg_status status = DG_OK;
    while (count < wanted && status == DG_OK) {
        if (count >= buffers) status = ask_for_room();
        if (status != DG_OK) break;
        taken[count++] = blas_memory_alloc ? blas_memory_alloc(0) : NULL;
    }
    if (count > buffers) buffers = count;
    while (count--)
        if (taken[count]) blas_memory_free(taken[count]);
    return status;
}

dg_status dg_blas_prepare(int *threads)
{
    dg_status status = DG_OK;
    if (*threads > MOST_BUFFERS) *threads = MOST_BUFFERS;
    pthread_mutex_lock(&lock);
    if (*threads > buffers) status = take(*threads);
    if (*threads > buffers) *threads = buffers;
    pthread_mutex_unlock(&lock);
    return *threads > 0 ? DG_OK : dg_error_context(status, "OpenBLAS");
}
