/* Matrix products of tensors, against plain loops. */
#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine/parallel.h"
#include "engine/tensor/blas.h"
#include "tests/engine/support.h"

static void check_product(const dg_tensor *a, const dg_tensor *b)
{
    dg_tensor out;
    int64_t k = a->shape[1], n = b->shape[1];
    assert_ok(dg_tensor_matmul(&out, a, b));
    assert_int_equal(out.dtype, DG_FLOAT32);
    assert_true(out.axes == 2 && out.shape[0] == a->shape[0] && out.shape[1] == n);
    int64_t count = dg_tensor_count(&out), stride = count > 4000 ? count / 4000 : 1;
    for (int64_t i = 0; i < count; i += stride) {
        double sum = 0, size = 0;
        for (int64_t j = 0; j < k; j++) {
            double term = support_at(a, i / n * k + j) * support_at(b, j * n + i % n);
            sum += term;
            size += fabs(term);
        }
        assert_true(fabs(support_at(&out, i) - sum) <= 1e-6 * size);
    }
    dg_tensor_release(&out);
}

/* A matrix of this shape, as it is, turned, cut out of a larger one, or broadcast. */
static dg_tensor random_matrix(uint64_t *random, int64_t rows, int64_t columns)
{
    dg_tensor whole, view, cut;
    switch (support_random(random, 4)) {
    case 0:
        assert_ok(dg_tensor_uniform(&whole, SHAPE(rows, columns), -1, 1, *random));
        return whole;
    case 1:
        assert_ok(dg_tensor_uniform(&whole, SHAPE(columns, rows), -1, 1, *random));
        assert_ok(dg_tensor_transpose(&view, &whole, NULL));
        break;
    case 2:
        assert_ok(dg_tensor_uniform(&whole, SHAPE(rows + 2, columns + 3), -1, 1, *random));
        assert_ok(dg_tensor_slice(&cut, &whole, 0, 1, rows + 1));
        assert_ok(dg_tensor_slice(&view, &cut, 1, 2, columns + 2));
        dg_tensor_release(&cut);
        break;
    default:
        assert_ok(dg_tensor_uniform(&whole, SHAPE(columns), -1, 1, *random));
        assert_ok(dg_tensor_broadcast(&view, &whole, SHAPE(rows, columns)));
        break;
    }
    dg_tensor_release(&whole);
    return view;
}

static void random_products(void **state)
{
    (void)state;
    uint64_t random = 6;
    for (int round = 0; round < 600; round++) {
        int64_t m = support_random(&random, 9), k = support_random(&random, 9);
        int64_t n = support_random(&random, 9);
        dg_tensor a = random_matrix(&random, m, k), b = random_matrix(&random, k, n);
        check_product(&a, &b);
        dg_tensor_release(&a);
        dg_tensor_release(&b);
    }
}

static void large_products(void **state)
{
    (void)state;
    uint64_t random = 7;
    const int64_t sizes[][3] = { { 3000, 200, 150 }, { 150, 200, 3000 }, { 1, 1000, 70000 } };
    int before = dg_threads();
    for (int i = 0; i < 3; i++) {
        for (int round = 0; round < 3; round++) {
            dg_tensor a = random_matrix(&random, sizes[i][0], sizes[i][1]), one, three;
            dg_tensor b = random_matrix(&random, sizes[i][1], sizes[i][2]);
            check_product(&a, &b);
            assert_ok(dg_set_threads(1));
            assert_ok(dg_tensor_matmul(&one, &a, &b));
            assert_ok(dg_set_threads(3));
            assert_ok(dg_tensor_matmul(&three, &a, &b));
            assert_ok(dg_set_threads(before));
            assert_true(dg_tensor_equal(&one, &three));
            dg_tensor_release(&a);
            dg_tensor_release(&b);
            dg_tensor_release(&one);
            dg_tensor_release(&three);
        }
    }
}

static void products_of_rows_and_columns(void **state)
{
    (void)state;
    dg_tensor m = support_tensor(DG_UINT8, SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)), out;
    dg_tensor three = support_tensor(DG_INT32, SHAPE(3), VALUES(1, 0, -1));
    dg_tensor two = support_tensor(DG_FLOAT32, SHAPE(2), VALUES(1, 10));
    assert_ok(dg_tensor_matmul(&out, &m, &three));
    support_expect(&out, DG_FLOAT32, SHAPE(2), VALUES(-2, -2));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_matmul(&out, &two, &m));
    support_expect(&out, DG_FLOAT32, SHAPE(3), VALUES(41, 52, 63));
    dg_tensor_release(&out);
    assert_ok(dg_tensor_matmul(&out, &two, &two));
    support_expect(&out, DG_FLOAT32, 0, NULL, VALUES(101));
    dg_tensor_release(&out);
    assert_fails(dg_tensor_matmul(&out, &m, &two), DG_INVALID,
                 "matmul: shapes {2, 3} and {2} do not match: the left has 3 columns, the "
                 "right has 2 rows");
    dg_tensor single;
    assert_ok(dg_tensor_full(&single, DG_FLOAT32, 0, NULL, 1));
    assert_fails_with(dg_tensor_matmul(&out, &single, &two), DG_INVALID, "one or two axes");
    dg_tensor_release(&single);
    dg_tensor_release(&m);
    dg_tensor_release(&three);
    dg_tensor_release(&two);
}

/* --- OpenBLAS ------------------------------------------------------------------------------- */

/* How many threads this process has; 0: unknown. */
static int threads_now(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (const struct dirent *e = tasks ? readdir(tasks) : NULL; e; e = readdir(tasks))
        count += e->d_name[0] != '.';
    if (tasks) closedir(tasks);
    return count;
}

/* Runs first: no thread is there but this one, and OpenBLAS adds none. */
static void openblas_has_no_threads(void **state)
{
    (void)state;
    dg_tensor a, out;
    dg_blas_facts facts;
    int before = dg_threads(), had = threads_now();
    setenv("OPENBLAS_NUM_THREADS", "2", 1);
    unsetenv("OMP_NUM_THREADS");
    assert_true(had <= 1 || getenv("TSAN_OPTIONS")); /* that sanitizer has a thread of its own */
    assert_ok(dg_set_threads(1));
    assert_ok(dg_tensor_full(&a, DG_FLOAT32, SHAPE(600, 600), 1));
    assert_ok(dg_tensor_matmul(&out, &a, &a));
    assert_true(support_at(&out, 0) == 600);
    assert_int_equal(threads_now(), had);
    assert_ok(dg_blas_describe(&facts));
    print_message("%s, %s, from %s\n", facts.config, facts.build, facts.path);
    assert_int_equal(facts.threads, 1);
    assert_string_equal(getenv("OPENBLAS_NUM_THREADS"), "2"); /* the environment is as it was */
    assert_null(getenv("OMP_NUM_THREADS"));
    assert_ok(dg_set_threads(before));
    dg_tensor_release(&a);
    dg_tensor_release(&out);
}

enum { CALLERS = 4, CALLS = 150, SIDE = 96 };

static void *multiply_often(void *argument)
{
    float *out = argument, a[SIDE * SIDE], b[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
        a[i] = (float)(i % 7 - 3);
        b[i] = (float)(i % 5 - 2);
    }
    for (int call = 0; call < CALLS; call++)
        dg_blas_multiply(CblasNoTrans, call % 2 ? CblasTrans : CblasNoTrans, SIDE, SIDE, SIDE, a,
                         SIDE, b, SIDE, out + call % 2 * SIDE * SIDE, SIDE);
    return NULL;
}

static void four_threads_may_call_it_at_once(void **state)
{
    (void)state;
    pthread_t thread[CALLERS];
    static float out[CALLERS][2 * SIDE * SIDE];
    int threads = CALLERS;
    assert_ok(dg_blas_prepare(&threads));
    assert_true(threads >= 1);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, multiply_often, out[i]), 0);
    for (int i = 0; i < CALLERS; i++) pthread_join(thread[i], NULL);
    for (int turned = 0; turned < 2; turned++)
        for (int i = 0; i < SIDE * SIDE; i++) {
            float sum = 0; /* of small whole numbers: exact */
            for (int k = 0; k < SIDE; k++) {
                int at = turned ? i % SIDE * SIDE + k : k * SIDE + i % SIDE;
                sum += (float)((i / SIDE * SIDE + k) % 7 - 3) * (float)(at % 5 - 2);
            }
            for (int caller = 0; caller < CALLERS; caller++)
                assert_true(out[caller][turned * SIDE * SIDE + i] == sum);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openblas_has_no_threads),
        cmocka_unit_test(four_threads_may_call_it_at_once),
        leaving_nothing(random_products),
        leaving_nothing(large_products),
        leaving_nothing(products_of_rows_and_columns),
    };
    return cmocka_run_group_tests(tests, support_needs_openblas, NULL);
}
