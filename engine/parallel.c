/* Threads that take pieces of work as they come free.
 *
 * Each thread that calls dg_parallel owns a pool of helpers, which are started when first needed
 * and end with their owner. A pool does one run at a time. Pieces are taken without a lock, because
 * the following always holds:
 *
 * - `open` holds the turn, which rises by one with every run, in its upper half, and the number of
 *   pieces that nobody has taken yet in its lower half. Only the owner begins a turn. Taking a
 *   piece lowers the count within the same turn, by one exchange, so each piece is taken once.
 * - `left` is the number of pieces that are not finished. A piece counts from before it can be
 *   taken until its function has returned, so `left` is never less than the count in `open`.
 * - The owner writes the fields of the run only while `left` is 0, before it begins a turn, and
 *   returns only when `left` is 0 again. So whoever holds a piece may read them, and nobody else
 *   may. `allowed` alone is read before a piece is held; if it belonged to another turn than
 *   `open`, the exchange fails.
 * - A helper sets `asleep` before it looks at `open` for the last time, and the owner looks at
 *   `asleep` after it has set `open`, so no helper sleeps through a turn it may take part in.
 *
 * OpenMP's teams meet at a barrier after every region, so one thread that another program keeps
 * from its processor holds up all of them, thousands of times a second. Here a thread that comes
 * late finds the work done, and nobody waits for it: with another program busy on one of two
 * processors a convolutional network trained 5 times as fast as under libgomp. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "engine/parallel.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SPINS = 4000,          /* times a thread looks for work before it sleeps: tens of µs */
    STACK_BYTES = 1 << 20, /* of a thread */
};

struct helper {
    struct pool *pool;
    int worker; /* 1 .. DG_MAX_THREADS - 1; the owner is worker 0 */
    pthread_t thread;
    pthread_cond_t wake;
    atomic_bool asleep; /* waits for `wake` */
};

struct pool {
    _Atomic uint64_t open;
    atomic_llong left;
    atomic_int allowed; /* helpers 1 .. allowed may take part in the run */

    /* The run. The failure of its lowest failed piece is kept here with the message, because the
     * message slot of a helper is out of the owner's reach. */
    const dg_job *job;
    dg_piece_function *function;
    void *context;
    int64_t pieces;
    atomic_llong failed; /* the lowest piece that has failed; `pieces` while none has */
    dg_status status;    /* under the lock */
    char message[DG_ERROR_SIZE];

    pthread_mutex_t lock;
    pthread_cond_t finished;
    atomic_bool waiting; /* the owner waits for `finished` */
    bool ending;         /* under the lock */
    int helpers;
    struct helper *helper[DG_MAX_THREADS - 1];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t pool_key;
static _Thread_local struct pool *own_pool;
static _Thread_local bool within;

bool dg_in_piece(void)
{
    return within;
}

/* --- jobs --------------------------------------------------------------------------------- */

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

/* --- taking pieces ------------------------------------------------------------------------ */

static uint32_t count_of(uint64_t open)
{
    return (uint32_t)open;
}

/* The next piece for this worker, or -1 when none is open to it. */
static int64_t take_piece(struct pool *pool, int worker)
{
    uint64_t open = atomic_load(&pool->open);
    do {
        if (count_of(open) == 0 || worker > atomic_load(&pool->allowed)) return -1;
    } while (!atomic_compare_exchange_weak(&pool->open, &open, open - 1));
    return pool->pieces - (int64_t)count_of(open);
}

static void record_failure(struct pool *pool, int64_t piece, dg_status status)
{
    pthread_mutex_lock(&pool->lock);
    if (piece < atomic_load(&pool->failed)) {
        atomic_store(&pool->failed, piece);
        pool->status = status;
        snprintf(pool->message, sizeof pool->message, "%s", dg_error_message());
    }
    pthread_mutex_unlock(&pool->lock);
}

static void finish_piece(struct pool *pool, int64_t piece, dg_status status)
{
    if (status != DG_OK) record_failure(pool, piece, status);
    if (atomic_fetch_sub(&pool->left, 1) != 1 || !atomic_load(&pool->waiting)) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->finished);
    pthread_mutex_unlock(&pool->lock);
}

/* The next piece for this worker to run, or -1. After a failure or an interrupt, pieces are taken
 * and finished without being run. */
static int64_t next_piece(struct pool *pool, int worker)
{
    for (int64_t piece; (piece = take_piece(pool, worker)) >= 0;) {
        dg_status status = DG_OK;
        if (piece < atomic_load(&pool->failed)) {
            status = dg_job_check(pool->job);
            if (status == DG_OK) return piece;
        }
        finish_piece(pool, piece, status);
    }
    return -1;
}

/* --- helpers ------------------------------------------------------------------------------ */

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool is_open(struct pool *pool, int worker)
{
    return count_of(atomic_load(&pool->open)) > 0 && worker <= atomic_load(&pool->allowed);
}

/* Returns when there may be work, or with false when the pool ends. */
static bool await_work(struct helper *helper)
{
    struct pool *pool = helper->pool;
    for (int i = 0; i < SPINS; i++) {
        if (is_open(pool, helper->worker)) return true;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&helper->asleep, true);
    while (!pool->ending && !is_open(pool, helper->worker))
        pthread_cond_wait(&helper->wake, &pool->lock);
    atomic_store(&helper->asleep, false);
    bool ending = pool->ending;
    pthread_mutex_unlock(&pool->lock);
    return !ending;
}

static void *parallel_helper(void *argument)
{
    struct helper *helper = argument;
    struct pool *pool = helper->pool;
    within = true;
    while (await_work(helper))
        for (int64_t piece; (piece = next_piece(pool, helper->worker)) >= 0;)
            finish_piece(pool, piece, pool->function(pool->context, piece, helper->worker));
    return NULL;
}

/* Wakes the helpers that sleep although they may take part. Whoever passes the lock finds a helper
 * that is asleep in its wait; signalled within the lock, it would wake up only to wait for that. */
static void wake_helpers(struct pool *pool, int allowed)
{
    for (int i = 0; i < allowed; i++) {
        struct helper *helper = pool->helper[i];
        if (!atomic_load(&helper->asleep)) continue;
        pthread_mutex_lock(&pool->lock);
        pthread_mutex_unlock(&pool->lock);
        pthread_cond_signal(&helper->wake);
    }
}

int dg_thread_start(pthread_t *out, void *(*function)(void *), void *argument)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    int reason = pthread_attr_init(&attributes);
    if (reason != 0) return reason;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    reason = pthread_create(out, &attributes, function, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return reason;
}

static bool add_helper(struct pool *pool)
{
    struct helper *helper = calloc(1, sizeof *helper);
    if (!helper) return false;
    helper->pool = pool;
    helper->worker = pool->helpers + 1;
    pthread_cond_init(&helper->wake, NULL);
    if (dg_thread_start(&helper->thread, parallel_helper, helper) != 0) {
        pthread_cond_destroy(&helper->wake);
        free(helper);
        return false;
    }
    pool->helper[pool->helpers++] = helper;
    return true;
}

/* --- pools -------------------------------------------------------------------------------- */

static void end_pool(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    for (int i = 0; i < pool->helpers; i++) pthread_cond_signal(&pool->helper[i]->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->helpers; i++) {
        pthread_join(pool->helper[i]->thread, NULL);
        pthread_cond_destroy(&pool->helper[i]->wake);
        free(pool->helper[i]);
    }
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->finished);
    free(pool);
}

static void make_key(void)
{
    pthread_key_create(&pool_key, end_pool);
}

/* The calling thread's pool with at least `helpers` helpers, or as many as can be started; NULL if
 * that is none. */
static struct pool *get_pool(int helpers)
{
    if (!own_pool) {
        pthread_once(&once, make_key);
        struct pool *pool = calloc(1, sizeof *pool);
        if (!pool) return NULL;
        pthread_mutex_init(&pool->lock, NULL);
        pthread_cond_init(&pool->finished, NULL);
        pthread_setspecific(pool_key, pool);
        own_pool = pool;
    }
    while (own_pool->helpers < helpers && add_helper(own_pool)) continue;
    return own_pool->helpers > 0 ? own_pool : NULL;
}

/* --- running ------------------------------------------------------------------------------ */

static void begin_run(struct pool *pool, const dg_job *job, int64_t pieces,
                      dg_piece_function *function, void *context, int helpers)
{
    uint64_t turn = (atomic_load(&pool->open) >> 32) + 1;
    pool->job = job;
    pool->pieces = pieces;
    pool->function = function;
    pool->context = context;
    pool->status = DG_OK;
    atomic_store(&pool->failed, pieces);
    atomic_store(&pool->left, pieces);
    if (helpers > pool->helpers) helpers = pool->helpers;
    atomic_store(&pool->allowed, helpers);
    atomic_store(&pool->open, turn << 32 | (uint64_t)pieces);
    wake_helpers(pool, helpers);
}

static void end_run(struct pool *pool)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->left) == 0) return;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->waiting, true);
    while (atomic_load(&pool->left) > 0) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->waiting, false);
    pthread_mutex_unlock(&pool->lock);
}

/* How many helpers a run may have. */
static int helpers_for(const dg_job *job, int64_t pieces)
{
    if (within || pieces > UINT32_MAX) return 0;
    int threads = job->threads < DG_MAX_THREADS ? job->threads : DG_MAX_THREADS;
    return threads < pieces ? threads - 1 : (int)pieces - 1;
}

dg_status dg_parallel(const dg_job *job, int64_t pieces, dg_piece_function *function, void *context)
{
    dg_job room;
    job = dg_job_or_default(job, &room);
    int helpers = helpers_for(job, pieces);
    struct pool *pool = helpers > 0 ? get_pool(helpers) : NULL;
    if (!pool) {
        for (int64_t piece = 0; piece < pieces; piece++) {
            DG_TRY(dg_job_check(job));
            DG_TRY(function(context, piece, 0));
        }
        return DG_OK;
    }
    begin_run(pool, job, pieces, function, context, helpers);
    within = true;
    for (int64_t piece; (piece = next_piece(pool, 0)) >= 0;)
        finish_piece(pool, piece, function(context, piece, 0));
    within = false;
    end_run(pool);
    if (pool->status != DG_OK) return dg_error(pool->status, "%s", pool->message);
    return DG_OK;
}
