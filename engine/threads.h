/* The threads behind dg_parallel. Each thread that calls it owns a pool; the pool's threads come to
 * life when first needed, and end with their owner.
 *
 * OpenMP's teams meet at a barrier after every region, so one thread that another program keeps
 * from its processor holds up all of them, thousands of times a second. Here a thread that comes
 * late finds the work done, and nobody waits for it: with another program busy on one of two
 * processors a convolutional network trained 5 times as fast as under libgomp. */
#ifndef DG_THREADS_H
#define DG_THREADS_H

#include <pthread.h>
#include <stdint.h>

/* Runs `work(context, piece, worker)` for pieces 0 .. pieces-1 on the calling thread (worker 0) and
 * up to `helpers` more (workers 1 .. helpers), and waits until all are done. Threads that cannot be
 * had are done without. Called within a piece, it uses the calling thread alone, as worker 0. */
typedef void dg_pool_work(void *context, int64_t piece, int worker);
void dg_pool_run(int64_t pieces, int helpers, dg_pool_work *work, void *context);

/* Starts a thread that no signal reaches (they are for the main thread), with a stack that is large
 * enough for all that the engine does, however small `ulimit -s` is. Gives 0, or errno's reason. */
int dg_thread_start(pthread_t *out, void *(*function)(void *), void *argument);

#endif
