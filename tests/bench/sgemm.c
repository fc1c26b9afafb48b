/* usage: sgemm [THREADS [SECONDS]]
 *
 * What the machine can do: prints "gflops_CORE N", the speed of single-precision products of
 * 512 x 512 matrices when THREADS (2) threads each compute their own for SECONDS (1), with one
 * thread to a call of OpenBLAS, as the library calls it. CORE is whose kernels OpenBLAS took. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIZE = 512 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void multiply(const float *a, const float *b, float *c)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1, a, SIZE, b, SIZE, 0,
                c, SIZE);
}

/* Products a second that this thread computes; 0 when there is no memory. All threads begin
 * together, after one product each that wakes OpenBLAS and touches the memory. */
static double measure(double seconds)
{
    float *values = malloc(3 * SIZE * SIZE * sizeof *values);
    float *b = values + SIZE * SIZE, *c = b + SIZE * SIZE;
    for (int i = 0; values && i < 2 * SIZE * SIZE; i++) values[i] = (float)(i % 17) / 17 - 0.5f;
    if (values) multiply(values, b, c);
#pragma omp barrier
    double start = now(), elapsed = 0;
    int products = 0;
    while (values && elapsed < seconds) {
        multiply(values, b, c);
        products++;
        elapsed = now() - start;
    }
    free(values);
    return products ? products / elapsed : 0;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 2;
    double seconds = argc > 2 ? atof(argv[2]) : 1;
    double rate = 0;
    if (threads < 1 || !(seconds > 0)) {
        fputs("usage: sgemm [THREADS [SECONDS]]\n", stderr);
        return EXIT_FAILURE;
    }
    openblas_set_num_threads(1);
#pragma omp parallel num_threads(threads) reduction(+ : rate)
    rate += measure(seconds);
    printf("gflops_%s %.1f\n", openblas_get_corename(), rate * 2e-9 * SIZE * SIZE * SIZE);
    return rate > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
