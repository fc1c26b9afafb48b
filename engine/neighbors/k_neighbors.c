/* KNeighbors: the rows of the fit that are nearest to a row vote on its class, or their numbers are
 * averaged, as in scikit-learn's KNeighborsClassifier and KNeighborsRegressor.
 *
 * A product of matrices finds, within a bound of its rounding, the rows that may be among the
 * nearest: |q - t|^2 = |q|^2 + |t|^2 - 2 qt. Their distances are then computed in doubles from the
 * values themselves, so they are exact for bytes, and equal distances are equal; of these the first
 * row counts. So the neighbours, and all bits that follow, do not depend on how the work is cut. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/fitting.h"
#include "engine/neighbors/distance.h"
#include "engine/stopping.h"
#include "engine/store/safetensors.h"
#include "engine/tensor/product.h"

enum { UNIFORM, DISTANCE };

typedef struct k_neighbors_options {
    int64_t n_neighbors;
    int weights, metric;
} k_neighbors_options;

typedef struct k_neighbors {
    dg_learner base;
    dg_tensor rows;   /* {n, values} uint8 or float32 */
    dg_tensor target; /* {n}: int32 places among the classes, or float32 numbers */
    float *square;    /* {n}: the square of the length of each row */
    double longest;   /* the greatest length of a row */
} k_neighbors;

static k_neighbors *of(const dg_learner *learner)
{
    return (k_neighbors *)learner;
}

static const k_neighbors_options *options_of(const dg_learner *learner)
{
    return learner->options->options;
}

/* --- life --------------------------------------------------------------------------------- */

static void forget(k_neighbors *learner)
{
    dg_tensor_release(&learner->rows);
    dg_tensor_release(&learner->target);
    dg_free(learner->square);
    learner->square = NULL;
    learner->base.fitted = false;
}

static void k_neighbors_free(dg_learner *learner)
{
    forget(of(learner));
}

/* --- the rows of the fit ------------------------------------------------------------------- */

/* How many rows of the fit, and how many queries, are held as floats at a time. */
static int64_t block_rows(int64_t values)
{
    enum { MOST = 128, LEAST = 16, ROOM = 1 << 20 };
    int64_t rows = ROOM / values;
    return rows > MOST ? MOST : rows < LEAST ? LEAST : rows;
}

struct k_neighbors_measure {
    k_neighbors *learner;
    int64_t values, block;
};

static dg_status k_neighbors_measure_piece(void *context, int64_t piece, int worker)
{
    const struct k_neighbors_measure *m = context;
    int64_t rows = m->learner->rows.shape[0], first = piece * m->block;
    int64_t count = rows - first < m->block ? rows - first : m->block;
    DG_OWNED float *room = NULL;
    (void)worker;
    DG_TRY(dg_alloc(&room, count * m->values, sizeof *room));
    const float *row = dg_rows_as_floats(&m->learner->rows, m->values, first, count, room);
    for (int64_t i = 0; i < count; i++)
        m->learner->square[first + i] =
            (float)dg_square_distance(row + i * m->values, NULL, m->values);
    return DG_OK;
}

/* What follows from the rows. */
static dg_status measure_rows(k_neighbors *learner, const dg_job *job)
{
    int64_t rows = learner->rows.shape[0];
    struct k_neighbors_measure m = { learner, learner->rows.shape[1],
                                     block_rows(learner->rows.shape[1]) };
    DG_TRY(dg_alloc(&learner->square, rows, sizeof *learner->square));
    DG_TRY(dg_parallel(job, (rows + m.block - 1) / m.block, k_neighbors_measure_piece, &m));
    float most = 0;
    for (int64_t i = 0; i < rows; i++) most = fmaxf(most, learner->square[i]);
    learner->longest = sqrt((double)most * (1 + (double)FLT_EPSILON));
    return DG_OK;
}

/* --- fitting ------------------------------------------------------------------------------ */

static dg_status check_fit(const dg_learner *learner, const dg_dataset *set,
                           const dg_fit_options *options, const dg_job *job)
{
    int64_t rows = dg_dataset_rows(set), values = dg_dataset_row_size(set);
    int64_t neighbors = options_of(learner)->n_neighbors;
    if (values < 1 || values > INT32_MAX)
        return dg_error(DG_INVALID, "fit: KNeighbors takes rows of 1 to %d values, found %" PRId64,
                        INT32_MAX, values);
    if (neighbors > rows)
        return dg_error(DG_INVALID,
                        "fit: n_neighbors is %" PRId64 ", the set has %" PRId64 " row%s", neighbors,
                        rows, rows == 1 ? "" : "s");
    DG_TRY(dg_check_validation(set, options->validation, NULL, set->target, false, job));
    DG_TRY(dg_stopping_check(options, NULL, set->target));
    return dg_check_finite(&set->x, false, "fit", job);
}

static dg_status keep(k_neighbors *learner, const dg_dataset *set)
{
    dg_tensor positions;
    int64_t rows = dg_dataset_rows(set), values = dg_dataset_row_size(set);
    forget(learner);
    DG_TRY(dg_learner_adopt(&learner->base, set, set->target));
    DG_TRY(dg_tensor_reshape(&learner->rows, &set->x, 2, (int64_t[]){ rows, values }));
    positions = set->target == DG_TARGET_NUMBERS ? set->y : set->positions;
    return dg_tensor_contiguous(&learner->target, &positions);
}

static dg_status k_neighbors_fit(dg_learner *learner, const dg_dataset *set,
                                 const dg_fit_options *options, const dg_job *job,
                                 dg_fit_result *result)
{
    dg_log log = { .epoch = 1, .epochs = 1 };
    double start = dg_clock();
    DG_TRY(check_fit(learner, set, options, job));
    DG_TRY(keep(of(learner), set));
    DG_TRY(measure_rows(of(learner), job));
    learner->fitted = true;
    result->best_epoch = 1;
    log.seconds = dg_clock() - start;
    return dg_finish_whole_fit(learner, options, job, &log);
}

/* --- searching ---------------------------------------------------------------------------- */

struct k_neighbors_near {
    double square; /* of the distance */
    int64_t row;
};

/* What a thread works with. */
struct k_neighbors_scratch {
    float *rows;     /* {block, values} of the fit */
    float *queries;  /* {block, values} */
    float *turned;   /* {values, block}: the same, transposed */
    float *products; /* {block, block}: of rows and queries */
    float *limit;    /* {block}: the greatest |t|^2 - 2 qt of a t that may be among the nearest */
    double *square;  /* {block}: |q|^2 */
    int64_t *found;  /* {block}: how many neighbours so far, at most n_neighbors */
};

struct k_neighbors_search {
    const k_neighbors *learner;
    const dg_tensor *x; /* {n, ...}: the queries, rows to be predicted */
    int64_t n, values, block, neighbors;
    int64_t parts; /* into which the rows of the fit are cut, if there are few queries */
    int workers;
    struct k_neighbors_scratch *scratch; /* {workers} */
    struct k_neighbors_near *near;       /* {parts, n, neighbors}, ascending; row -1: none */
    float *out;
};

static dg_status alloc_scratch(struct k_neighbors_scratch *s, int64_t block, int64_t values)
{
    DG_TRY(dg_alloc(&s->rows, block * values, sizeof *s->rows));
    DG_TRY(dg_alloc(&s->queries, block * values, sizeof *s->queries));
    DG_TRY(dg_alloc(&s->turned, block * values, sizeof *s->turned));
    DG_TRY(dg_alloc(&s->products, block * block, sizeof *s->products));
    DG_TRY(dg_alloc(&s->limit, block, sizeof *s->limit));
    DG_TRY(dg_alloc(&s->square, block, sizeof *s->square));
    return dg_alloc(&s->found, block, sizeof *s->found);
}

static void free_scratch(struct k_neighbors_scratch *s)
{
    dg_free(s->rows);
    dg_free(s->queries);
    dg_free(s->turned);
    dg_free(s->products);
    dg_free(s->limit);
    dg_free(s->square);
    dg_free(s->found);
}

/* How far |t|^2 - 2 qt, computed in floats, may be from its exact value: a sum of n products
 * is off by at most n u |q| |t| (Higham, Accuracy and Stability of Numerical Algorithms, 3.1), with
 * u = 2^-24; plus the rounding of the rest, and of what is too small for a float. */
static double slack(const struct k_neighbors_search *search, double square)
{
    double n = (double)search->values + 4, longest = search->learner->longest;
    double all = square + longest * longest;
    if (n > 0x1p20 || !(all < 1e36)) return INFINITY;
    return 1.25 * (0x1p-24 * (2 * n * sqrt(square) * longest + 4 * all) + n * 0x1p-146);
}

/* A row of the fit that may be near, by its product. */
static void consider(const struct k_neighbors_search *search, const struct k_neighbors_scratch *s,
                     struct k_neighbors_near *near, int64_t query, int64_t row, const float *values)
{
    int64_t most = search->neighbors, at = s->found[query];
    double square = dg_square_distance(s->queries + query * search->values, values, search->values);
    if (at == most && square >= near[most - 1].square) return;
    if (at == most)
        at--;
    else
        s->found[query]++;
    for (; at > 0 && near[at - 1].square > square; at--) near[at] = near[at - 1];
    near[at] = (struct k_neighbors_near){ square, row };
    if (s->found[query] < most) return;
    double limit = near[most - 1].square - s->square[query] + slack(search, s->square[query]);
    s->limit[query] = nextafterf((float)limit, INFINITY);
}

DG_KERNEL(bool, any_near, (const float *products, const float *limit, float square, int n),
          (products, limit, square, n))
{
    int found = 0;
#pragma omp simd reduction(| : found)
    for (int i = 0; i < n; i++) found |= !(square - 2 * products[i] > limit[i]); /* NaN is, too */
    return found;
}

/* Rows first .. first + count of the fit against the queries of the scratch. */
static void search_rows(const struct k_neighbors_search *search,
                        const struct k_neighbors_scratch *s, struct k_neighbors_near *near,
                        int64_t queries, int64_t first, int64_t count)
{
    const k_neighbors *learner = search->learner;
    const float *row = dg_rows_as_floats(&learner->rows, search->values, first, count, s->rows);
    dg_product product = { .m = count,
                           .n = queries,
                           .k = search->values,
                           .a = { .at = row, .row_step = search->values, .depth_step = 1 },
                           .b = s->turned,
                           .b_step = search->block,
                           .c = s->products,
                           .c_step = search->block };
    dg_multiply(&product);
    for (int64_t i = 0; i < count; i++) {
        const float *qt = s->products + i * search->block;
        float square = learner->square[first + i];
        if (!any_near(qt, s->limit, square, (int)queries)) continue;
        for (int64_t q = 0; q < queries; q++)
            if (!(square - 2 * qt[q] > s->limit[q]))
                consider(search, s, near + q * search->neighbors, q, first + i,
                         row + i * search->values);
    }
}

/* A block of queries against a part of the rows. */
static dg_status k_neighbors_search_piece(void *context, int64_t piece, int worker)
{
    const struct k_neighbors_search *search = context;
    const struct k_neighbors_scratch *s = &search->scratch[worker];
    int64_t part = piece % search->parts, query = piece / search->parts * search->block;
    int64_t queries = search->n - query < search->block ? search->n - query : search->block;
    int64_t rows = search->learner->rows.shape[0];
    int64_t row = dg_piece_begin(rows, search->parts, part);
    int64_t end = dg_piece_begin(rows, search->parts, part + 1);
    struct k_neighbors_near *near = search->near + (part * search->n + query) * search->neighbors;
    const float *q = dg_rows_as_floats(search->x, search->values, query, queries, s->queries);
    if (q != s->queries)
        memcpy(s->queries, q, (size_t)(queries * search->values) * sizeof *s->queries);
    dg_transpose(queries, search->values, q, search->values, s->turned, search->block);
    for (int64_t i = 0; i < queries; i++) {
        s->square[i] = dg_square_distance(q + i * search->values, NULL, search->values);
        s->limit[i] = INFINITY;
        s->found[i] = 0;
    }
    for (; row < end; row += search->block)
        search_rows(search, s, near, queries, row,
                    end - row < search->block ? end - row : search->block);
    for (int64_t i = 0; i < queries; i++)
        for (int64_t k = s->found[i]; k < search->neighbors; k++)
            near[i * search->neighbors + k] = (struct k_neighbors_near){ INFINITY, -1 };
    return DG_OK;
}

/* --- voting ------------------------------------------------------------------------------- */

/* Moves the nearest of all parts into the first. */
static void merge(const struct k_neighbors_search *search, int64_t query,
                  struct k_neighbors_near *room)
{
    int64_t most = search->neighbors, step = search->n * most;
    struct k_neighbors_near *near = search->near + query * most;
    for (int64_t part = 1; part < search->parts; part++) {
        const struct k_neighbors_near *a = near, *b = near + part * step;
        for (int64_t k = 0; k < most; k++)
            room[k] = b->row >= 0 && (a->row < 0 || b->square < a->square) ? *b++ : *a++;
        memcpy(near, room, (size_t)most * sizeof *room);
    }
}

/* The weight of a neighbour: 1, or 1 / distance; if some are at distance 0, only these count. */
static double weight_of(const struct k_neighbors_search *search,
                        const struct k_neighbors_near *near, int64_t k)
{
    if (options_of(&search->learner->base)->weights == UNIFORM) return 1;
    if (near[0].square == 0) return near[k].square == 0;
    return 1 / sqrt(near[k].square);
}

static void vote(const struct k_neighbors_search *search, int64_t query, double *votes)
{
    const k_neighbors *learner = search->learner;
    const struct k_neighbors_near *near = search->near + query * search->neighbors;
    int64_t classes = learner->base.class_count;
    double all = 0, number = 0;
    for (int64_t c = 0; c < classes; c++) votes[c] = 0;
    for (int64_t k = 0; k < search->neighbors; k++) {
        double weight = weight_of(search, near, k);
        all += weight;
        if (classes)
            votes[dg_int32s(&learner->target)[near[k].row]] += weight;
        else
            number += weight * (double)dg_floats(&learner->target)[near[k].row];
    }
    for (int64_t c = 0; c < classes; c++)
        search->out[query * classes + c] = (float)(votes[c] / all);
    if (!classes) search->out[query] = (float)(number / all);
}

static dg_status vote_all(const struct k_neighbors_search *search)
{
    DG_OWNED struct k_neighbors_near *room = NULL;
    DG_OWNED double *votes = NULL;
    DG_TRY(dg_alloc(&room, search->neighbors, sizeof *room));
    DG_TRY(dg_alloc(&votes, search->learner->base.class_count, sizeof *votes));
    for (int64_t query = 0; query < search->n; query++) {
        merge(search, query, room);
        vote(search, query, votes);
    }
    return DG_OK;
}

static dg_status search_all(struct k_neighbors_search *search, const dg_job *job)
{
    int64_t pieces = (search->n + search->block - 1) / search->block * search->parts;
    dg_job few = *job;
    if (few.threads > pieces) few.threads = (int)pieces;
    search->workers = few.threads;
    DG_TRY(dg_alloc(&search->near, search->parts * search->n * search->neighbors,
                    sizeof *search->near));
    DG_TRY(dg_alloc_zero(&search->scratch, few.threads, sizeof *search->scratch));
    for (int i = 0; i < few.threads; i++)
        DG_TRY(alloc_scratch(&search->scratch[i], search->block, search->values));
    DG_TRY(dg_parallel(&few, pieces, k_neighbors_search_piece, search));
    return vote_all(search);
}

static void search_release(struct k_neighbors_search *search)
{
    for (int i = 0; search->scratch && i < search->workers; i++) free_scratch(&search->scratch[i]);
    dg_free(search->scratch);
    dg_free(search->near);
}

static dg_status k_neighbors_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                           const dg_job *job, dg_tensor *out)
{
    enum { PIECES = 64 };
    const k_neighbors *mine = of(learner);
    int64_t width = learner->class_count ? learner->class_count : 1;
    if (!learner->fitted) return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(dg_check_finite(x, false, "predict", job));
    DG_CLEANUP(search_release)
    struct k_neighbors_search search = { .learner = mine,
                                         .x = x,
                                         .n = x->shape[0],
                                         .values = mine->rows.shape[1],
                                         .block = block_rows(mine->rows.shape[1]),
                                         .neighbors = options_of(learner)->n_neighbors };
    int64_t blocks = (search.n + search.block - 1) / search.block;
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 2, (int64_t[]){ search.n, width }));
    if (search.n == 0) return DG_OK;
    search.out = dg_floats(out);
    search.parts = dg_pieces(mine->rows.shape[0], search.block, (PIECES + blocks - 1) / blocks);
    dg_status status = search_all(&search, job);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}

/* --- words and files ---------------------------------------------------------------------- */

static dg_status k_neighbors_summary(const dg_learner *learner, char **out)
{
    dg_text text = { 0 };
    dg_describe_learner(learner, &text);
    if (learner->fitted)
        dg_text_add(&text, "\nneighbors: %" PRId64 " of %" PRId64 " rows",
                    options_of(learner)->n_neighbors, of(learner)->rows.shape[0]);
    return dg_text_take(&text, out);
}

static dg_status k_neighbors_store(const dg_learner *learner, dg_tensor_file *file)
{
    DG_TRY(dg_tensor_file_add(file, "rows", &of(learner)->rows));
    bool numbers = learner->target == DG_TARGET_NUMBERS;
    return dg_tensor_file_add(file, numbers ? "numbers" : "classes", &of(learner)->target);
}

static dg_status check_target(const dg_learner *learner, const char *name, const dg_tensor *target)
{
    for (int64_t i = 0; i < target->shape[0]; i++) {
        bool fits = learner->target == DG_TARGET_NUMBERS
                        ? isfinite(dg_floats(target)[i])
                        : dg_int32s(target)[i] >= 0 && dg_int32s(target)[i] < learner->class_count;
        if (!fits)
            return dg_error(DG_FORMAT, "the tensor '%s' has an invalid value in row %" PRId64, name,
                            i + 1);
    }
    return DG_OK;
}

static dg_status k_neighbors_restore(dg_learner *learner, const struct cJSON *root,
                                     const dg_tensor_file *file)
{
    k_neighbors *mine = of(learner);
    dg_tensor rows, target;
    int64_t values = dg_learner_row_size(learner), neighbors = options_of(learner)->n_neighbors;
    dg_job job = dg_job_default();
    (void)root;
    bool numbers = learner->class_count == 0;
    if (numbers) learner->target = DG_TARGET_NUMBERS;
    const char *name = numbers ? "numbers" : "classes";
    DG_TRY(dg_tensor_file_want(file, "rows", &rows));
    if (rows.dtype == DG_INT32 || rows.axes != 2 || rows.shape[1] != values)
        return dg_error(DG_FORMAT,
                        "the tensor 'rows' must be uint8 or float32 rows of %" PRId64 " values",
                        values);
    if (rows.shape[0] < neighbors)
        return dg_error(DG_FORMAT, "n_neighbors is %" PRId64 ", the file has %" PRId64 " rows",
                        neighbors, rows.shape[0]);
    DG_TRY(dg_tensor_file_want_as(file, name, numbers ? DG_FLOAT32 : DG_INT32, 1, rows.shape,
                                  &target));
    DG_TRY(check_target(learner, name, &target));
    if (dg_check_finite(&rows, false, "'rows'", &job) != DG_OK)
        return dg_error(DG_FORMAT, "the tensor 'rows' has a value that is not finite");
    mine->rows = dg_tensor_retain(&rows);
    mine->target = dg_tensor_retain(&target);
    learner->fitted = true;
    return measure_rows(mine, &job);
}

/* --- descriptor --------------------------------------------------------------------------- */

static double n_samples_fit(const dg_learner *learner)
{
    return (double)of(learner)->rows.shape[0];
}

static const dg_attribute attributes[] = {
    { .name = "n_samples_fit", .doc = "how many rows it was fitted on", .number = n_samples_fit },
    { .name = NULL },
};

static const char *const weight_words[] = { "uniform", "distance", NULL };
static const char *const metric_words[] = { "euclidean", NULL };

static const dg_param params[] = {
    DG_INT(k_neighbors_options, n_neighbors, DG_WITHIN(1, INT32_MAX), .default_number = 5,
           .doc = "how many rows vote"),
    DG_CHOICE(k_neighbors_options, weights, .choices = weight_words, .default_text = "uniform",
              .doc =
                  "the weight of a vote: uniform: 1; distance: 1 / distance, and if rows are equal "
                  "to the one that is predicted, only these vote"),
    DG_CHOICE(k_neighbors_options, metric, .choices = metric_words, .default_text = "euclidean",
              .doc = "how distances are measured"),
    DG_END,
};

static const dg_hint hints[] = {
    { "k", "use n_neighbors = ..." },
    { "p", "distances are euclidean, which is p = 2: leave it out" },
    { "algorithm", "all distances are computed: leave it out" },
    { "leaf_size", "there is no tree of rows: leave it out" },
    { "metric_params", "the metric is euclidean: leave it out" },
    { "n_jobs", "use digits.threads(n)" },
    { NULL },
};

const dg_learner_type dg_k_neighbors = {
    .part = { .kind = "learner",
              .name = "KNeighbors",
              .alias = "k_neighbors",
              .peers = (const char *const[]){ "KNeighborsClassifier", "KNeighborsRegressor", NULL },
              .doc = "the class, or the mean number, of the nearest rows (Cover and Hart 1967)",
              .example = "neighbors.KNeighbors { n_neighbors = 3 }",
              .params = params,
              .options_size = sizeof(k_neighbors_options),
              .hints = hints },
    .module = "neighbors",
    .size = sizeof(k_neighbors),
    .free = k_neighbors_free,
    .fit = k_neighbors_fit,
    .predict_proba = k_neighbors_predict_proba,
    .evaluate = dg_evaluate_outputs,
    .summary = k_neighbors_summary,
    .attributes = attributes,
    .store = k_neighbors_store,
    .restore = k_neighbors_restore,
};
