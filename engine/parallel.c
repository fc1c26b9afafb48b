/* Pieces of work, and how they fail. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "engine/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/threads.h"

atomic_int dg_interrupt;

static atomic_int default_threads;

static int available_processors(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int dg_threads(void)
{
    int threads = atomic_load(&default_threads);
    if (threads) return threads;
    threads = available_processors();
    return threads < DG_MAX_THREADS ? threads : DG_MAX_THREADS;
}

dg_status dg_set_threads(int threads)
{
    if (threads < 1 || threads > DG_MAX_THREADS)
        return dg_error(DG_INVALID, "threads must be 1 to %d, found %d", DG_MAX_THREADS, threads);
    atomic_store(&default_threads, threads);
    return DG_OK;
}

dg_job dg_job_default(void)
{
    return (dg_job){ .threads = dg_threads(), .cancel = &dg_interrupt };
}

const dg_job *dg_job_or_default(const dg_job *job, dg_job *room)
{
    if (job) return job;
    *room = dg_job_default();
    return room;
}

dg_status dg_job_check(const dg_job *job)
{
    dg_job room;
    job = dg_job_or_default(job, &room);
    if (job->cancel && atomic_load_explicit(job->cancel, memory_order_relaxed))
        return dg_error(DG_CANCELLED, "interrupted");
    return DG_OK;
}

int64_t dg_pieces(int64_t count, int64_t grain, int64_t most)
{
    int64_t pieces = count / (grain > 0 ? grain : 1);
    if (pieces > most) pieces = most;
    return pieces < 1 ? 1 : pieces;
}

/* What the threads of one dg_parallel share. The failure of the lowest piece is kept with its
 * message, because the message slot of a worker is out of the caller's reach. */
struct run {
    const dg_job *job;
    dg_piece *function;
    void *context;
    atomic_llong failed_piece; /* the lowest so far; `pieces` while there is none */
    pthread_mutex_t lock;
    dg_status status;
    char message[DG_ERROR_SIZE];
};

static void record_failure(struct run *run, int64_t piece, dg_status status)
{
    pthread_mutex_lock(&run->lock);
    if (piece < atomic_load(&run->failed_piece)) {
        atomic_store(&run->failed_piece, piece);
        run->status = status;
        snprintf(run->message, sizeof run->message, "%s", dg_error_message());
    }
    pthread_mutex_unlock(&run->lock);
}

static void run_piece(void *context, int64_t piece, int worker)
{
    struct run *run = context;
    if (piece >= atomic_load(&run->failed_piece)) return;
    dg_status status = dg_job_check(run->job);
    if (status == DG_OK) status = run->function(run->context, piece, worker);
    if (status != DG_OK) record_failure(run, piece, status);
}

dg_status dg_parallel(const dg_job *job, int64_t pieces, dg_piece *function, void *context)
{
    dg_job room;
    job = dg_job_or_default(job, &room);
    int64_t threads = job->threads < pieces ? job->threads : pieces;
    struct run run = { .job = job,
                       .function = function,
                       .context = context,
                       .failed_piece = pieces,
                       .lock = PTHREAD_MUTEX_INITIALIZER };
    dg_pool_run(pieces, (int)threads - 1, run_piece, &run);
    if (run.status != DG_OK) return dg_error(run.status, "%s", run.message);
    return DG_OK;
}
