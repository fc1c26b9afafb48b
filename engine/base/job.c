/* Pieces over OpenMP threads. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "engine/base/job.h"

#include <cblas.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

atomic_int dg_interrupt;

static atomic_int default_threads;
static pthread_once_t start_once = PTHREAD_ONCE_INIT;

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

dg_status dg_job_check(const dg_job *job)
{
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

/* The threads come to life, and OpenBLAS takes its buffers, while there is still memory: under a
 * limit, OpenBLAS's first product would wait for ever, and libgomp's first team would end the
 * program. SIGINT belongs to the main thread. */
static void start_threads(void)
{
    openblas_set_num_threads(1);
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
#pragma omp parallel num_threads(dg_threads())
    {
        float a[16] = { 0 }, b[16] = { 0 }, c[16];
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 4, 4, 4, 1, a, 4, b, 4, 0, c, 4);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* What the threads of one dg_parallel share. The failure of the lowest piece is kept with its
 * message, because the message slot of a worker is out of the caller's reach. */
struct run {
    const dg_job *job;
    dg_piece *function;
    void *context;
    int64_t pieces;
    atomic_llong next;
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

static void work(struct run *run, int worker)
{
    for (;;) {
        int64_t piece = atomic_fetch_add(&run->next, 1);
        if (piece >= atomic_load(&run->failed_piece)) return;
        dg_status status = dg_job_check(run->job);
        if (status == DG_OK) status = run->function(run->context, piece, worker);
        if (status != DG_OK) record_failure(run, piece, status);
    }
}

static dg_status run_here(const dg_job *job, int64_t pieces, dg_piece *function, void *context)
{
    for (int64_t piece = 0; piece < pieces; piece++) {
        DG_TRY(dg_job_check(job));
        DG_TRY(function(context, piece, 0));
    }
    return DG_OK;
}

dg_status dg_parallel(const dg_job *job, int64_t pieces, dg_piece *function, void *context)
{
    pthread_once(&start_once, start_threads);
    int threads = job->threads < pieces ? job->threads : (int)pieces;
    if (threads <= 1 || omp_in_parallel()) return run_here(job, pieces, function, context);
    struct run run = { .job = job, .function = function, .context = context, .pieces = pieces,
                       .next = 0, .failed_piece = pieces, .lock = PTHREAD_MUTEX_INITIALIZER };
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    /* a larger team may start new threads here: they inherit the mask */
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
#pragma omp parallel num_threads(threads)
    work(&run, omp_get_thread_num());
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (run.status != DG_OK) return dg_error(run.status, "%s", run.message);
    return DG_OK;
}
