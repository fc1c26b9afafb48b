/* usage: reading [MEGABYTES [SECONDS]]
 *
 * How fast one core reads what it has read before: prints "read_gbs N", the speed of the
 * quickest of the passes over MEGABYTES (2.4: the weights of the report's CNN) in SECONDS (1), in
 * the order of memory, from wherever the caches keep them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    double megabytes = argc > 1 ? atof(argv[1]) : 2.4;
    double seconds = argc > 2 ? atof(argv[2]) : 1;
    if (!(megabytes >= 0.01) || !(megabytes < 1e5) || !(seconds > 0)) {
        fputs("usage: reading [MEGABYTES [SECONDS]]\n", stderr);
        return EXIT_FAILURE;
    }
    size_t bytes = (size_t)(megabytes * 1e6);
    char *values = malloc(bytes);
    if (!values) return EXIT_FAILURE;
    memset(values, 1, bytes);
    double best = seconds;
    for (double begin = now(), end = begin; end - begin < seconds;) {
        double start = now();
        if (memchr(values, 0, bytes)) return EXIT_FAILURE; /* there is none: it reads all */
        end = now();
        if (end - start < best) best = end - start;
    }
    printf("read_gbs %.1f\n", (double)bytes / best / 1e9);
    free(values);
    return EXIT_SUCCESS;
}
