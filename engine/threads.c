/* A pool of threads that take pieces of work as they come free. */
#include "engine/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "engine/parallel.h"

enum {
    SPINS = 4000, /* looks for new work before a thread goes to sleep: tens of microseconds */
    MOST_AT_ONCE = 1 << 30,
    STACK_BYTES = 1 << 20, /* of a thread */
};

struct pool;

struct helper {
    struct pool *pool;
    int worker;
    pthread_t thread;
};

struct pool {
    /* The turn in the upper half, pieces not yet taken in the lower. To take a piece is to lower
     * the count within the same turn, so whoever succeeds knows that the run is still going on,
     * and may read the fields below. */
    _Atomic uint64_t open;
    atomic_llong left;  /* pieces not yet done */
    atomic_int allowed; /* helpers that may take part */
    int64_t first, pieces;
    dg_pool_work *work;
    void *context;

    pthread_mutex_t lock;
    pthread_cond_t opened, enlarged, finished;
    atomic_int sleepers; /* helpers waiting for `opened` */
    atomic_int spares;   /* those that may not take part, waiting for `enlarged` */
    atomic_bool waiting; /* the owner waits for `finished` */
    bool ending;         /* under the lock */
    int helpers, capacity;
    struct helper **helper;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t pool_key;
static _Thread_local struct pool *own_pool;
static _Thread_local bool within;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint64_t turn_of(uint64_t open)
{
    return open >> 32;
}

static uint32_t count_of(uint64_t open)
{
    return (uint32_t)open;
}

bool dg_in_piece(void)
{
    return within;
}

/* --- taking pieces ------------------------------------------------------------------------ */

static void finish_piece(struct pool *pool)
{
    if (atomic_fetch_sub(&pool->left, 1) != 1 || !atomic_load(&pool->waiting)) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->finished);
    pthread_mutex_unlock(&pool->lock);
}

/* Takes and does one piece; false when none is open to this worker. */
static bool do_piece(struct pool *pool, int worker)
{
    uint64_t open = atomic_load(&pool->open);
    do {
        if (count_of(open) == 0 || worker > atomic_load(&pool->allowed)) return false;
    } while (!atomic_compare_exchange_weak(&pool->open, &open, open - 1));
    pool->work(pool->context, pool->first + pool->pieces - (int64_t)count_of(open), worker);
    finish_piece(pool);
    return true;
}

static bool is_open(struct pool *pool, int worker)
{
    return count_of(atomic_load(&pool->open)) > 0 && worker <= atomic_load(&pool->allowed);
}

/* Sleeps, under the lock, until things may have changed. Helpers that may not take part sleep
 * apart: woken at each run, they would only be in the way. */
static void doze(struct pool *pool, int worker)
{
    bool spare = worker > atomic_load(&pool->allowed);
    atomic_int *count = spare ? &pool->spares : &pool->sleepers;
    atomic_fetch_add(count, 1); /* before looking again: the owner looks at it last */
    bool still = spare == (worker > atomic_load(&pool->allowed)) && !is_open(pool, worker);
    if (still) pthread_cond_wait(spare ? &pool->enlarged : &pool->opened, &pool->lock);
    atomic_fetch_sub(count, 1);
}

/* Returns when there may be work, or with false when the pool ends. */
static bool await_work(struct pool *pool, int worker)
{
    for (int i = 0; i < SPINS; i++) {
        if (is_open(pool, worker)) return true;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    while (!pool->ending && !is_open(pool, worker)) doze(pool, worker);
    bool ending = pool->ending;
    pthread_mutex_unlock(&pool->lock);
    return !ending;
}

static void *help(void *argument)
{
    struct helper *helper = argument;
    within = true;
    while (await_work(helper->pool, helper->worker))
        while (do_piece(helper->pool, helper->worker)) continue;
    return NULL;
}

/* --- life --------------------------------------------------------------------------------- */

static void end_pool(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->opened);
    pthread_cond_broadcast(&pool->enlarged);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->helpers; i++) {
        pthread_join(pool->helper[i]->thread, NULL);
        free(pool->helper[i]);
    }
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->opened);
    pthread_cond_destroy(&pool->enlarged);
    pthread_cond_destroy(&pool->finished);
    free(pool->helper);
    free(pool);
}

static void start(void)
{
    pthread_key_create(&pool_key, end_pool);
}

static struct pool *get_pool(void)
{
    pthread_once(&once, start);
    if (own_pool) return own_pool;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->opened, NULL);
    pthread_cond_init(&pool->enlarged, NULL);
    pthread_cond_init(&pool->finished, NULL);
    pthread_setspecific(pool_key, pool);
    return own_pool = pool;
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
    if (pool->helpers == pool->capacity) {
        int capacity = pool->capacity ? 2 * pool->capacity : 4;
        struct helper **more = realloc(pool->helper, (size_t)capacity * sizeof *more);
        if (!more) return false;
        pool->helper = more;
        pool->capacity = capacity;
    }
    struct helper *helper = malloc(sizeof *helper);
    if (!helper) return false;
    *helper = (struct helper){ .pool = pool, .worker = pool->helpers + 1 };
    if (dg_thread_start(&helper->thread, help, helper) != 0) {
        free(helper);
        return false;
    }
    pool->helper[pool->helpers++] = helper;
    return true;
}

/* --- running ------------------------------------------------------------------------------ */

static void await_done(struct pool *pool)
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

static void wake(struct pool *pool, const atomic_int *waiting, pthread_cond_t *condition)
{
    if (atomic_load(waiting) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(condition);
    pthread_mutex_unlock(&pool->lock);
}

static void run_open(struct pool *pool, int64_t first, int64_t pieces, int helpers,
                     dg_pool_work *work, void *context)
{
    uint64_t turn = turn_of(atomic_load(&pool->open)) + 1;
    pool->first = first;
    pool->pieces = pieces;
    pool->work = work;
    pool->context = context;
    atomic_store(&pool->left, pieces);
    int before = atomic_exchange(&pool->allowed, helpers);
    atomic_store(&pool->open, turn << 32 | (uint64_t)pieces);
    wake(pool, &pool->sleepers, &pool->opened);
    if (helpers > before) wake(pool, &pool->spares, &pool->enlarged);
    within = true;
    while (do_piece(pool, 0)) continue;
    within = false;
    await_done(pool);
}

void dg_pool_run(int64_t pieces, int helpers, dg_pool_work *work, void *context)
{
    struct pool *pool = helpers > 0 && pieces > 1 && !within ? get_pool() : NULL;
    if (!pool) {
        pthread_once(&once, start);
        for (int64_t i = 0; i < pieces; i++) work(context, i, 0);
        return;
    }
    while (pool->helpers < helpers && add_helper(pool)) continue;
    for (int64_t first = 0; first < pieces; first += MOST_AT_ONCE) {
        int64_t left = pieces - first;
        run_open(pool, first, left < MOST_AT_ONCE ? left : MOST_AT_ONCE, helpers, work, context);
    }
}
