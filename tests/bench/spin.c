/* What two threads can gain on this machine. usage: spin
 *
 * Prints "threads_spin N": the time in which two threads do two loops of arithmetic in registers at
 * once, as a share of the time in which one does them in turn; the median of pairs. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 9, STEPS = 60000000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *spin(void *state)
{
    uint64_t x = *(uint64_t *)state;
    for (int i = 0; i < STEPS; i++) x = x * 6364136223846793005u + 1;
    *(uint64_t *)state = x;
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    double share[PAIRS];
    uint64_t state[2] = { 1, 2 };
    for (int i = 0; i < PAIRS; i++) {
        pthread_t other;
        double begin = now();
        spin(&state[0]);
        spin(&state[1]);
        double middle = now();
        if (pthread_create(&other, NULL, spin, &state[0])) return 1;
        spin(&state[1]);
        pthread_join(other, NULL);
        share[i] = (now() - middle) / (middle - begin);
    }
    qsort(share, PAIRS, sizeof *share, compare);
    return printf("threads_spin %.4f\n", share[PAIRS / 2]) < 0 || state[0] == state[1];
}
