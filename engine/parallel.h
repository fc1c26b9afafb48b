/* Parallel work, with results that do not depend on how many threads do it.
 *
 * Work is cut into pieces whose number follows from the problem alone; threads take pieces as they
 * come free; sums of pieces are added up by the caller, in the order of the pieces. */
#ifndef DG_PARALLEL_H
#define DG_PARALLEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

enum { DG_MAX_THREADS = 1024 };

/* Not zero once the user asked to stop (the program's Ctrl-C handler sets it, and clears it when
 * the request has been answered). */
extern atomic_int dg_interrupt;

/* One run of something long: how many threads it may use, and whether it should stop. Wherever a
 * function takes a job, NULL stands for dg_job_default(). */
typedef struct dg_job {
    int threads;              /* at least 1 */
    const atomic_int *cancel; /* stop when not zero; NULL: cannot be cancelled */
} dg_job;

/* A job with the default number of threads that stops on dg_interrupt. */
dg_job dg_job_default(void);

/* The job itself; for NULL the default one, which is put into `*room`. For functions that read the
 * fields of their job. */
const dg_job *dg_job_or_default(const dg_job *job, dg_job *room);

/* DG_CANCELLED with the message "interrupted" when the job should stop. */
dg_status dg_job_check(const dg_job *job);

/* The default number of threads: at first the number of processors that this process may use.
 * dg_set_threads returns DG_INVALID outside 1 .. DG_MAX_THREADS. */
int dg_threads(void);
dg_status dg_set_threads(int threads);

/* Runs `function(context, piece, worker)` once for each piece 0 .. pieces-1, on the calling thread
 * and up to job->threads - 1 helpers, and waits until all are done. `worker` is 0 ..
 * job->threads-1 and tells apart pieces that run at the same time: scratch memory belongs to a
 * worker. If pieces fail, the failure of the lowest piece is the result, and later pieces are not
 * begun. Stops with DG_CANCELLED between pieces when cancelled. If threads cannot be started, fewer
 * are used. Within a piece, a nested call runs its pieces one after another, as worker 0. */
typedef dg_status dg_piece_function(void *context, int64_t piece, int worker);
dg_status dg_parallel(const dg_job *job, int64_t pieces, dg_piece_function *function,
                      void *context);

/* Whether the calling thread is within a piece. */
bool dg_in_piece(void);

/* How many pieces `count` items make when a piece has about `grain` of them and there are at most
 * `most` pieces; at least 1. Depends on nothing else, so neither do the results. */
int64_t dg_pieces(int64_t count, int64_t grain, int64_t most);

/* The first item of piece `piece` when `count` items are cut into `pieces` as evenly as possible;
 * the piece ends where the next begins. */
static inline int64_t dg_piece_begin(int64_t count, int64_t pieces, int64_t piece)
{
    return count / pieces * piece + (piece < count % pieces ? piece : count % pieces);
}

/* Starts a thread that receives no signals (they are for the main thread), with a stack that is
 * large enough for everything the engine does, however small `ulimit -s` is. Returns 0, or the
 * reason as an errno. */
int dg_thread_start(pthread_t *out, void *(*function)(void *), void *argument);

#endif
