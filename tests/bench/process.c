/* usage: process RUNS PROGRAM [ARGUMENT ...]
 *
 * Runs the program RUNS times, one after another, without a shell, and measures it from outside:
 * prints "wall_ms N", the median of its wall times from start to end, and "peak_mb N", the most
 * memory that a run had resident, in millions of bytes, after what the program itself printed. Ends
 * with the program's status at the first run that fails. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

/* ru_maxrss: kilobytes on Linux, bytes on macOS. Spawned rather than forked, so that the child
 * never counts this process's memory as its own. */
#ifdef __APPLE__
#define MAXRSS_BYTES 1
#else
#define MAXRSS_BYTES 1024
#endif

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Runs it once. Returns its exit status, as a shell would tell it. */
static int run(char **command, double *seconds, double *peak)
{
    pid_t child;
    int status;
    struct rusage usage;
    double start = now();
    int error = posix_spawnp(&child, command[0], NULL, NULL, command, environ);
    if (error) {
        fprintf(stderr, "process: cannot run %s: %s\n", command[0], strerror(error));
        return 127;
    }
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR) return 1;
    *seconds = now() - start;
    double bytes = (double)usage.ru_maxrss * MAXRSS_BYTES;
    if (bytes > *peak) *peak = bytes;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int runs = argc > 2 ? atoi(argv[1]) : 0;
    if (runs < 1) {
        fputs("usage: process RUNS PROGRAM [ARGUMENT ...]\n", stderr);
        return 2;
    }
    double *seconds = calloc((size_t)runs, sizeof *seconds);
    double peak = 0;
    int status = seconds ? 0 : 1;
    for (int i = 0; i < runs && status == 0; i++) status = run(argv + 2, &seconds[i], &peak);
    if (status == 0) {
        qsort(seconds, (size_t)runs, sizeof *seconds, ascending);
        double median = (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2;
        printf("wall_ms %.3f\npeak_mb %.1f\n", 1e3 * median, 1e-6 * peak);
    }
    free(seconds);
    return status;
}
