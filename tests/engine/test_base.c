/* The base: messages, random numbers, jobs. */
#include <dirent.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/parallel.h"
#include "engine/base/kernel.h"
#include "engine/base/number.h"
#include "engine/base/random.h"
#include "tests/engine/support.h"

/* --- messages -------------------------------------------------------------------------------- */

static void messages_are_kept_and_extended(void **state)
{
    (void)state;
    assert_int_equal(dg_error(DG_IO, "disk %d is full", 3), DG_IO);
    assert_string_equal(dg_error_message(), "disk 3 is full");
    assert_int_equal(dg_error_context(DG_IO, "saving '%s'", "a.b"), DG_IO);
    assert_string_equal(dg_error_message(), "saving 'a.b': disk 3 is full");
    dg_error(DG_IO, "again: %s", dg_error_message());
    assert_string_equal(dg_error_message(), "again: saving 'a.b': disk 3 is full");
    dg_error(DG_INVALID, "%s is -nan, (-nan) x-nan.csv -nano %g", "-nan", -0.5);
    assert_string_equal(dg_error_message(), "nan is nan, (nan) x-nan.csv -nano -0.5");
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    dg_error(DG_INVALID, "%s", text);
    assert_int_equal(strlen(dg_error_message()), DG_ERROR_SIZE - 1);
    dg_error_context(DG_INVALID, "y");
    assert_int_equal(strlen(dg_error_message()), DG_ERROR_SIZE - 1);
    assert_int_equal(strncmp(dg_error_message(), "y: xxx", 6), 0);
}

/* --- random numbers -------------------------------------------------------------------------- */

/* The vectors of Random123's kat_vectors for philox4x32, 10 rounds. */
static void philox_gives_the_known_answers(void **state)
{
    (void)state;
    const struct {
        uint64_t key, high, low;
        uint32_t out[4];
    } known[] = {
        { 0, 0, 0, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { UINT64_MAX, UINT64_MAX, UINT64_MAX, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { 0x299f31d0a4093822,
          0x0370734413198a2e,
          0x85a308d3243f6a88,
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        dg_philox(known[i].key, known[i].high, known[i].low, out);
        for (int k = 0; k < 4; k++) {
            assert_int_equal(out[k], known[i].out[k]);
            if (known[i].high == 0)
                assert_int_equal(dg_random_word(known[i].key, (uint64_t)k), known[i].out[k]);
        }
    }
}

static void check_blocks(uint64_t first)
{
    const uint64_t key = 0x299f31d0a4093822;
    uint32_t out[4 * DG_PHILOX_BLOCKS], block[4];
    dg_philox_blocks(key, first, out);
    for (int b = 0; b < DG_PHILOX_BLOCKS; b++) {
        dg_philox(key, 0, first + (uint64_t)b, block);
        for (int w = 0; w < 4; w++) assert_int_equal(out[w * DG_PHILOX_BLOCKS + b], block[w]);
    }
}

/* On each level, also where the lower word of the position overflows. */
static void blocks_are_those_of_philox(void **state)
{
    (void)state;
    for (int level = DG_LEVEL_DEFAULT; level < DG_LEVELS; level++) {
        if (!dg_has_level((dg_level)level)) continue;
        assert_ok(dg_kernel_use(dg_level_name((dg_level)level)));
        check_blocks(0);
        check_blocks(12345);
        check_blocks(UINT32_MAX - 5);
        check_blocks((uint64_t)7 << 32);
        check_blocks(UINT64_MAX - 15);
    }
    assert_ok(dg_kernel_choose());
}

static void keys_differ_by_seed_purpose_and_index(void **state)
{
    (void)state;
    uint64_t key = dg_key(1, "shuffle", 2);
    assert_true(key == dg_key(1, "shuffle", 2));
    assert_true(key != dg_key(2, "shuffle", 2));
    assert_true(key != dg_key(1, "dropout", 2));
    assert_true(key != dg_key(1, "shuffle", 3));
}

/* A chi-square of 2 degrees of freedom above 27.6 has probability 1e-6. */
static void below_is_unbiased(void **state)
{
    (void)state;
    enum { DRAWS = 30000 };
    int counts[3] = { 0 };
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t drawn = dg_random_below(7, i, 3);
        assert_true(drawn < 3);
        counts[drawn]++;
    }
    double square = 0;
    for (int i = 0; i < 3; i++) square += pow(counts[i] - DRAWS / 3.0, 2) / (DRAWS / 3.0);
    assert_true(square < 27.6);
    assert_true(dg_random_below(7, 0, 1) == 0);
    /* with a bound of three quarters of 2^64, taking the remainder would favour the lowest third */
    uint64_t bound = 3 * ((uint64_t)1 << 62);
    int low = 0;
    for (uint64_t i = 0; i < DRAWS; i++) low += dg_random_below(8, i, bound) < bound / 3;
    assert_true(abs(low - DRAWS / 3) < 450); /* 5.5 standard deviations; the bias would be 5000 */
}

static void permutations_are_permutations(void **state)
{
    (void)state;
    int64_t order[1000], again[1000];
    bool seen[1000] = { false };
    dg_random_permutation(5, 1000, order);
    dg_random_permutation(5, 1000, again);
    assert_memory_equal(order, again, sizeof order);
    int64_t in_place = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(order[i] >= 0 && order[i] < 1000 && !seen[order[i]]);
        seen[order[i]] = true;
        in_place += order[i] == i;
    }
    assert_true(in_place < 12); /* one is expected */
    dg_random_permutation(6, 1000, again);
    assert_memory_not_equal(order, again, sizeof order);
    dg_random_permutation(6, 0, again);
}

/* All six orders of three are equally likely: chi-square of 5 degrees above 35.9 is 1e-6. */
static void permutations_are_fair(void **state)
{
    (void)state;
    enum { DRAWS = 60000 };
    int counts[27] = { 0 };
    double square = 0;
    for (uint64_t key = 0; key < DRAWS; key++) {
        int64_t order[3];
        dg_random_permutation(dg_key(1, "test", key), 3, order);
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    for (int i = 0; i < 27; i++)
        if (counts[i]) square += pow(counts[i] - DRAWS / 6.0, 2) / (DRAWS / 6.0);
    assert_true(square < 35.9);
}

static void check_moments(const float *x, int n, double mean, double deviation, double slack)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) sum += (double)x[i];
    for (int i = 0; i < n; i++) squares += pow((double)x[i] - sum / n, 2);
    assert_true(fabs(sum / n - mean) < slack);
    assert_true(fabs(sqrt(squares / n) - deviation) < slack);
}

static void distributions_have_their_moments(void **state)
{
    (void)state;
    enum { N = 200000 };
    float *x = malloc(N * sizeof *x), *part = malloc(N * sizeof *part);
    assert_true(x && part);
    dg_random_uniform(3, -1, 3, 0, N, x);
    check_moments(x, N, 1, 4 / sqrt(12), 0.015);
    for (int i = 0; i < N; i++) assert_true(x[i] >= -1 && x[i] < 3);
    dg_random_uniform(3, -1, 3, 0, 777, part); /* element i depends on key and i only */
    assert_memory_equal(x, part, 777 * sizeof *x);
    dg_random_normal(3, 2, 0.5f, 0, N, x);
    check_moments(x, N, 2, 0.5, 0.01);
    dg_random_normal(3, 2, 0.5f, 0, 777, part);
    assert_memory_equal(x, part, 777 * sizeof *x);
    /* a normal cut at two deviations has deviation 0.87962566 */
    dg_random_truncated_normal(3, 1, 2, N, x);
    check_moments(x, N, 1, 2 * 0.87962566, 0.02);
    for (int i = 0; i < N; i++) assert_true(fabsf(x[i] - 1) <= 4);
    free(x);
    free(part);
}

/* Mean and variance of Beta(a, b), whatever a and b are. */
static void beta_numbers_have_their_moments(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    const double of[][2] = { { 0.01, 0.01 }, { 0.2, 0.2 }, { 1, 1 }, { 8, 8 }, { 0.5, 3 } };
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        double a = of[k][0], b = of[k][1], sum = 0, squares = 0, mean = a / (a + b);
        for (uint64_t i = 0; i < DRAWS; i++) {
            double x = dg_random_beta(dg_key(3, "test", i), a, b);
            assert_true(x >= 0 && x <= 1);
            sum += x;
            squares += (x - mean) * (x - mean);
        }
        double variance = a * b / ((a + b) * (a + b) * (a + b + 1));
        assert_true(fabs(sum / DRAWS - mean) < 4.5 * sqrt(variance / DRAWS));
        assert_true(fabs(squares / DRAWS - variance) < 0.04 * variance);
        assert_true(dg_random_beta(5, a, b) == dg_random_beta(5, a, b));
    }
}

static void objects_get_seeds_of_their_own(void **state)
{
    (void)state;
    dg_set_seed(9);
    uint64_t first = dg_next_seed(), second = dg_next_seed();
    assert_true(dg_seed() == 9 && first != second);
    dg_set_seed(9);
    assert_true(dg_next_seed() == first && dg_next_seed() == second);
    dg_set_seed(10);
    assert_true(dg_next_seed() != first);
    dg_set_seed(0);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void numbers_read_back_the_same(void **state)
{
    (void)state;
    const double numbers[] = {
        0, 0.1, -0.1, 1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 1e22
    };
    char text[32];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char *end;
        dg_number_text(numbers[i], text, sizeof text);
        assert_true(dg_strtod(text, &end) == numbers[i] && *end == '\0');
    }
    dg_number_text(0.1, text, sizeof text);
    assert_string_equal(text, "0.1");
    dg_number_text(-INFINITY, text, sizeof text);
    assert_string_equal(text, "-1e999");
    assert_true(dg_strtod(text, NULL) == -INFINITY);
    dg_number_text(NAN, text, sizeof text);
    assert_string_equal(text, "nan");
}

/* --- jobs ------------------------------------------------------------------------------------ */

enum { PIECES = 200 };

struct work {
    int runs[PIECES];
    double sums[PIECES];
    int fails_at, fails_too; /* pieces */
    int threads;
    atomic_int cancel, begun;
};

static dg_status add_up(void *context, int64_t piece, int worker)
{
    struct work *work = context;
    assert_true(worker >= 0 && worker < work->threads);
    work->runs[piece]++;
    for (int i = 1; i < 1000; i++) work->sums[piece] += 1.0 / (double)(piece * 1000 + i);
    return DG_OK;
}

static void every_piece_runs_once(void **state)
{
    (void)state;
    double first[PIECES];
    for (int threads = 1; threads <= 5; threads++) {
        struct work work = { .threads = threads };
        dg_job job = { .threads = threads };
        assert_ok(dg_parallel(&job, PIECES, add_up, &work));
        for (int i = 0; i < PIECES; i++) assert_int_equal(work.runs[i], 1);
        if (threads == 1) memcpy(first, work.sums, sizeof first);
        assert_memory_equal(first, work.sums, sizeof first);
    }
    dg_job job = { .threads = 2 };
    assert_ok(dg_parallel(&job, 0, add_up, NULL));
}

static dg_status fail_at_two(void *context, int64_t piece, int worker)
{
    struct work *work = context;
    (void)worker;
    atomic_fetch_add(&work->begun, 1);
    if (piece == work->fails_at) { /* later than the other, on two threads */
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        return dg_error(DG_FORMAT, "piece %d failed", (int)piece);
    }
    if (piece == work->fails_too) return dg_error(DG_NUMERIC, "piece %d failed", (int)piece);
    return DG_OK;
}

static void the_lowest_failure_reports(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        struct work work = { .fails_at = 5, .fails_too = 6 };
        dg_job job = { .threads = threads };
        assert_fails(dg_parallel(&job, PIECES, fail_at_two, &work), DG_FORMAT, "piece 5 failed");
        /* how many more are begun before others hear of it is theirs to race for */
        if (threads == 1) assert_int_equal(atomic_load(&work.begun), 6);
    }
}

static dg_status cancel_soon(void *context, int64_t piece, int worker)
{
    struct work *work = context;
    (void)worker;
    atomic_fetch_add(&work->begun, 1);
    if (piece == 3) atomic_store(&work->cancel, 1);
    while (piece > 3 && !atomic_load(&work->cancel)) /* piece 3 was taken before this one */
        nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
    return DG_OK;
}

static void cancelling_stops_between_pieces(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        struct work work = { .threads = threads };
        dg_job job = { .threads = threads, .cancel = &work.cancel };
        assert_ok(dg_job_check(&job));
        assert_fails(dg_parallel(&job, PIECES, cancel_soon, &work), DG_CANCELLED, "interrupted");
        /* each other thread may have been within one more piece */
        assert_true(atomic_load(&work.begun) <= 4 + threads - 1);
        assert_int_equal(dg_job_check(&job), DG_CANCELLED);
        atomic_store(&work.begun, 0);
        assert_int_equal(dg_parallel(&job, PIECES, cancel_soon, &work), DG_CANCELLED);
        assert_int_equal(atomic_load(&work.begun), 0);
    }
}

static dg_status count_nested(void *context, int64_t piece, int worker)
{
    atomic_int *count = context;
    (void)piece;
    assert_int_equal(worker, 0); /* one after another */
    atomic_fetch_add(count, 1);
    return DG_OK;
}

static dg_status nest(void *context, int64_t piece, int worker)
{
    (void)piece, (void)worker;
    dg_job job = { .threads = 2 };
    return dg_parallel(&job, 10, count_nested, context);
}

static void nested_calls_run_in_place(void **state)
{
    (void)state;
    atomic_int count = 0;
    dg_job job = { .threads = 2 };
    assert_ok(dg_parallel(&job, 10, nest, &count));
    assert_int_equal(atomic_load(&count), 100);
}

static void pieces_cover_what_there_is(void **state)
{
    (void)state;
    assert_int_equal(dg_pieces(0, 10, 5), 1);
    assert_int_equal(dg_pieces(99, 10, 5), 5);
    assert_int_equal(dg_pieces(29, 10, 5), 2);
    for (int64_t count = 0; count < 50; count++) {
        for (int64_t pieces = 1; pieces < 9; pieces++) {
            assert_int_equal(dg_piece_begin(count, pieces, 0), 0);
            assert_int_equal(dg_piece_begin(count, pieces, pieces), count);
            for (int64_t i = 0; i < pieces; i++) {
                int64_t n = dg_piece_begin(count, pieces, i + 1) - dg_piece_begin(count, pieces, i);
                assert_true(n == count / pieces || n == count / pieces + 1);
            }
        }
    }
}

/* How often each thread of the process has gone to sleep, by the number of the thread. */
static int count_sleeps(int *number, long *sleeps, int most)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *task; tasks && (task = readdir(tasks)) && count < most;) {
        char path[300], line[200];
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!file) continue;
        number[count] = atoi(task->d_name);
        while (fgets(line, sizeof line, file))
            if (sscanf(line, "voluntary_ctxt_switches: %ld", &sleeps[count]) == 1) count++;
        fclose(file);
    }
    if (tasks) closedir(tasks);
    return count;
}

static dg_status sleep_a_little(void *workers, int64_t piece, int worker)
{
    (void)piece;
    atomic_fetch_or((atomic_uint *)workers, 1u << worker);
    nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL);
    return DG_OK;
}

/* Threads that another call needed sleep on while fewer are allowed, and are there again after. */
static void threads_that_may_not_take_part_sleep(void **state)
{
    enum { MOST = 64, RUNS = 100 };
    int number[MOST], later_number[MOST], woken = 0;
    long sleeps[MOST], later[MOST];
    atomic_uint workers = 0;
    (void)state;
    dg_job many = { .threads = 12 }, few = { .threads = 2 };
    for (int i = 0; i < 3; i++) assert_ok(dg_parallel(&many, 12, sleep_a_little, &workers));
    for (int i = 0; i < 3; i++) assert_ok(dg_parallel(&few, 2, sleep_a_little, &workers));
    nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    int count = count_sleeps(number, sleeps, MOST);
    for (int i = 0; i < RUNS; i++) assert_ok(dg_parallel(&few, 2, sleep_a_little, &workers));
    assert_int_equal(count_sleeps(later_number, later, MOST), count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(later_number[i], number[i]);
        woken += later[i] - sleeps[i] > RUNS / 2;
    }
    assert_true(woken <= 2);
    atomic_store(&workers, 0);
    for (int i = 0; i < 1000 && atomic_load(&workers) <= 3; i++)
        assert_ok(dg_parallel(&many, 12, sleep_a_little, &workers));
    assert_true(atomic_load(&workers) > 3); /* more than workers 0 and 1 */
}

static void threads_can_be_set(void **state)
{
    (void)state;
    int before = dg_threads();
    assert_true(before >= 1);
    assert_ok(dg_set_threads(3));
    assert_int_equal(dg_threads(), 3);
    assert_int_equal(dg_job_default().threads, 3);
    assert_fails(dg_set_threads(0), DG_INVALID, "threads must be 1 to 1024, found 0");
    assert_fails_with(dg_set_threads(1025), DG_INVALID, "found 1025");
    assert_int_equal(dg_threads(), 3);
    assert_ok(dg_set_threads(before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_kept_and_extended),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(beta_numbers_have_their_moments),
        cmocka_unit_test(philox_gives_the_known_answers),
        cmocka_unit_test(blocks_are_those_of_philox),
        cmocka_unit_test(keys_differ_by_seed_purpose_and_index),
        cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(permutations_are_permutations),
        cmocka_unit_test(permutations_are_fair),
        cmocka_unit_test(distributions_have_their_moments),
        cmocka_unit_test(objects_get_seeds_of_their_own),
        cmocka_unit_test(numbers_read_back_the_same),
        cmocka_unit_test(every_piece_runs_once),
        cmocka_unit_test(the_lowest_failure_reports),
        cmocka_unit_test(cancelling_stops_between_pieces),
        cmocka_unit_test(nested_calls_run_in_place),
        cmocka_unit_test(pieces_cover_what_there_is),
        cmocka_unit_test(threads_that_may_not_take_part_sleep),
        cmocka_unit_test(threads_can_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
