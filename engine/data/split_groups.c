/* Splits and folds that keep the rows of a group together: scikit-learn's GroupShuffleSplit,
 * GroupKFold and StratifiedGroupKFold. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/data/build.h"
#include "engine/data/split.h"

/* --- groups ------------------------------------------------------------------------------- */

/* A group, in the order in which groups are dealt out. */
struct group {
    int64_t size, place; /* rows; its place in a random order */
    double uneven;       /* the squared spread of its rows over the classes */
    int64_t first;       /* of its keys */
    int32_t number;
};

/* The groups of a set, counted from 0. */
struct groups {
    int64_t count;
    struct group *at;
    int32_t *of_row;
    int64_t *part_of;
};

static void groups_release(struct groups *g)
{
    dg_free(g->at);
    dg_free(g->of_row);
    dg_free(g->part_of);
}

/* `g` is zero before; the places are random by `key`. */
static dg_status find_groups(struct groups *g, const dg_dataset *set, uint64_t key)
{
    int64_t rows = dg_dataset_rows(set);
    DG_OWNED int32_t *distinct = NULL;
    DG_TRY(dg_distinct(&distinct, &g->count, &set->groups));
    DG_TRY(dg_alloc(&g->of_row, rows, sizeof *g->of_row));
    DG_TRY(dg_alloc_zero(&g->at, g->count, sizeof *g->at));
    DG_TRY(dg_alloc(&g->part_of, g->count, sizeof *g->part_of));
    for (int64_t i = 0; i < rows; i++) {
        g->of_row[i] = (int32_t)dg_class_position(distinct, g->count, dg_int32s(&set->groups)[i]);
        g->at[g->of_row[i]].size++;
    }
    dg_random_permutation(key, g->count, g->part_of);
    for (int64_t i = 0; i < g->count; i++) {
        g->at[i].place = g->part_of[i];
        g->at[i].number = (int32_t)i;
    }
    return DG_OK;
}

static void spread_to_rows(int32_t *part_of, const struct groups *g, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) part_of[i] = (int32_t)g->part_of[g->of_row[i]];
}

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->uneven != y->uneven) return x->uneven > y->uneven ? -1 : 1;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* --- stratified --------------------------------------------------------------------------- */

/* The groups go, one after another, to the part where the classes are then spread most evenly over
 * parts: where the standard deviation over parts of the filled share of a class, summed over
 * classes, is least. The shares are relative to the parts' sizes. */
struct filling {
    int parts;
    const double *goals; /* of each part: its size, relative to the mean; 0: it gets nothing */
    int open;            /* how many parts get something */
    int64_t *class_rows;
    int64_t *held;   /* classes times parts */
    double *sizes;   /* rows of each part, relative to its goal */
    int64_t *counts; /* groups of each part */
    uint64_t *keys;  /* of each row: group << 32 | class; ascending */
};

static void filling_release(struct filling *f)
{
    dg_free(f->class_rows);
    dg_free(f->held);
    dg_free(f->sizes);
    dg_free(f->counts);
    dg_free(f->keys);
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The rows from `at` on that have the same group and class. */
static int64_t run_length(const uint64_t *keys, int64_t at, int64_t end)
{
    int64_t next = at + 1;
    while (next < end && keys[next] == keys[at]) next++;
    return next - at;
}

static dg_status prepare(struct filling *f, const dg_dataset *set, struct groups *g)
{
    int64_t rows = dg_dataset_rows(set), classes = set->class_count;
    if (f->parts > INT64_MAX / 8 / (classes + 1))
        return dg_error(DG_INVALID, "%d parts for %" PRId64 " classes are too many", f->parts,
                        classes);
    DG_TRY(dg_alloc(&f->class_rows, classes, sizeof *f->class_rows));
    DG_TRY(dg_alloc_zero(&f->held, classes * f->parts, sizeof *f->held));
    DG_TRY(dg_alloc_zero(&f->sizes, f->parts, sizeof *f->sizes));
    DG_TRY(dg_alloc_zero(&f->counts, f->parts, sizeof *f->counts));
    DG_TRY(dg_alloc(&f->keys, rows, sizeof *f->keys));
    dg_dataset_counts(set, f->class_rows);
    for (int64_t i = 0; i < rows; i++)
        f->keys[i] = (uint64_t)g->of_row[i] << 32 | (uint32_t)dg_int32s(&set->positions)[i];
    qsort(f->keys, (size_t)rows, sizeof *f->keys, compare_keys);
    for (int64_t i = 0, first = 0; i < g->count; first += g->at[i++].size) {
        double squares = 0, size = (double)g->at[i].size;
        int64_t end = first + g->at[i].size;
        for (int64_t at = first, run; at < end; at += run) {
            run = run_length(f->keys, at, end);
            squares += (double)run * (double)run;
        }
        g->at[i].first = first;
        g->at[i].uneven = squares - size * size / (double)classes;
    }
    return DG_OK;
}

/* The standard deviation over parts of the filled share of a class, if part `with` held `more` rows
 * of it. */
static double deviation(const struct filling *f, int64_t class, int with, int64_t more)
{
    double sum = 0, squares = 0;
    const int64_t *held = f->held + class * f->parts;
    for (int j = 0; j < f->parts; j++) {
        if (f->goals[j] == 0) continue;
        double share = (double)(held[j] + (j == with ? more : 0)) /
                       ((double)f->class_rows[class] * f->goals[j]);
        sum += share;
        squares += share * share;
    }
    double mean = sum / f->open, variance = squares / f->open - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}

/* The sum of deviations over the classes of a group, were it in that part; -1: in none. */
static double cost(const struct filling *f, const struct group *group, int part)
{
    double sum = 0;
    int64_t end = group->first + group->size;
    for (int64_t at = group->first, run; at < end; at += run) {
        run = run_length(f->keys, at, end);
        sum += deviation(f, (int64_t)(f->keys[at] & UINT32_MAX), part, run);
    }
    return sum;
}

static bool about_equal(double a, double b) /* as numpy.isclose */
{
    return fabs(a - b) <= 1e-8 + 1e-5 * fabs(b);
}

/* The best part for a group; an empty one, if as many groups are left as parts are empty. `whole`
 * is the sum of all deviations. */
static int best_part(const struct filling *f, const struct group *group, int64_t classes,
                     double *whole, bool only_empty)
{
    int best = -1;
    double least = 0, others = *whole - cost(f, group, -1);
    for (int j = 0; j < f->parts; j++) {
        if (f->goals[j] == 0 || (only_empty && f->counts[j] > 0)) continue;
        double mean = (others + cost(f, group, j)) / (double)classes;
        bool better =
            best < 0 || mean < least || (about_equal(mean, least) && f->sizes[j] < f->sizes[best]);
        if (better) best = j, least = mean;
    }
    *whole = least * (double)classes;
    return best;
}

static dg_status fill_stratified(struct groups *g, const dg_dataset *set, int parts,
                                 const double *goals, const dg_job *job)
{
    DG_CLEANUP(filling_release) struct filling f = { .parts = parts, .goals = goals };
    double whole = 0;
    for (int j = 0; j < parts; j++) f.open += goals[j] > 0;
    DG_TRY(prepare(&f, set, g));
    qsort(g->at, (size_t)g->count, sizeof *g->at, by_size);
    for (int64_t i = 0, empty = f.open; i < g->count; i++) {
        const struct group *group = &g->at[i];
        DG_TRY(dg_job_check(job));
        int part = best_part(&f, group, set->class_count, &whole, g->count - i <= empty);
        empty -= f.counts[part]++ == 0;
        f.sizes[part] += (double)group->size / goals[part];
        g->part_of[group->number] = part;
        for (int64_t at = group->first; at < group->first + group->size; at++)
            f.held[(int64_t)(f.keys[at] & UINT32_MAX) * parts + part]++;
    }
    return DG_OK;
}

/* --- splits --------------------------------------------------------------------------------- */

/* The fractions as multiples of their mean, over those above 0. */
static dg_status find_goals(double *goals, int count, const double *parts, int64_t groups)
{
    int open = 0;
    double sum = 0;
    bool fractions;
    DG_TRY(dg_split_check(count, parts, groups, "groups", &fractions));
    if (!fractions)
        return dg_error(DG_INVALID,
                        "split: stratify = true takes fractions of a set with groups, not counts: "
                        "how many groups a part gets depends on their rows");
    for (int j = 0; j < count; j++) {
        open += parts[j] > 0;
        sum += parts[j];
    }
    if (groups < open)
        return dg_error(DG_INVALID, "split: %d parts cannot share %" PRId64 " groups", open,
                        groups);
    for (int j = 0; j < count; j++) goals[j] = parts[j] * open / sum;
    return DG_OK;
}

dg_status dg_split_groups(int32_t *part_of, const dg_dataset *set, int count, const double *parts,
                          uint64_t seed, bool stratify)
{
    DG_CLEANUP(groups_release) struct groups g = { 0 };
    DG_OWNED int64_t *sizes = NULL;
    DG_OWNED int64_t *order = NULL;
    DG_OWNED double *goals = NULL;
    dg_job job = dg_job_default();
    DG_TRY(find_groups(&g, set, dg_key(seed, "split", 0)));
    if (stratify) {
        DG_TRY(dg_alloc(&goals, count, sizeof *goals));
        DG_TRY(find_goals(goals, count, parts, g.count));
        DG_TRY(fill_stratified(&g, set, count, goals, &job));
    } else {
        DG_TRY(dg_alloc(&sizes, count, sizeof *sizes));
        DG_TRY(dg_split_sizes(count, parts, g.count, "groups", sizes));
        DG_TRY(dg_alloc(&order, g.count, sizeof *order));
        for (int64_t i = 0; i < g.count; i++) order[i] = g.at[i].place;
        for (int64_t j = 0, next = 0; j < count; j++)
            for (int64_t i = 0; i < sizes[j]; i++) g.part_of[order[next++]] = j;
    }
    spread_to_rows(part_of, &g, dg_dataset_rows(set));
    return DG_OK;
}

/* --- folds ---------------------------------------------------------------------------------- */

/* Puts the largest group first, each into the fold that has the fewest rows. */
static dg_status fill_evenly(struct groups *g, int folds)
{
    DG_OWNED int64_t *sizes = NULL;
    DG_TRY(dg_alloc_zero(&sizes, folds, sizeof *sizes));
    qsort(g->at, (size_t)g->count, sizeof *g->at, by_size);
    for (int64_t i = 0; i < g->count; i++) {
        int least = 0;
        for (int j = 1; j < folds; j++)
            if (sizes[j] < sizes[least]) least = j;
        sizes[least] += g->at[i].size;
        g->part_of[g->at[i].number] = least;
    }
    return DG_OK;
}

dg_status dg_fold_groups(int32_t *fold_of, const dg_dataset *set, int folds, uint64_t seed,
                         bool stratify)
{
    DG_CLEANUP(groups_release) struct groups g = { 0 };
    DG_OWNED double *goals = NULL;
    dg_job job = dg_job_default();
    DG_TRY(find_groups(&g, set, dg_key(seed, "folds", 0)));
    if (folds > g.count)
        return dg_error(DG_INVALID, "folds must be from 2 to %" PRId64 " (the groups), found %d",
                        g.count, folds);
    DG_TRY(dg_alloc(&goals, folds, sizeof *goals));
    for (int j = 0; j < folds; j++) goals[j] = 1;
    DG_TRY(stratify ? fill_stratified(&g, set, folds, goals, &job) : fill_evenly(&g, folds));
    spread_to_rows(fold_of, &g, dg_dataset_rows(set));
    return DG_OK;
}
