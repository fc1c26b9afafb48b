/* Splits and folds of rows; split_groups.c has those that keep groups together.
 *
 * A stratified split is a table, class by part, whose rows must sum
 * to the sizes of the classes and its columns to the sizes of the parts. Controlled rounding makes
 * every entry its ideal value rounded down or up (Cox, "A constructive procedure for unbiased
 * controlled rounding", JASA 1987; here cycles are always turned in the same direction). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/data/build.h"
#include "engine/data/split.h"

/* --- controlled rounding -------------------------------------------------------------------- */

/* The table is rounded class by class. Classes and parts are the vertices of a graph, and entries
 * with a fraction are its edges. Along a cycle, adding to and subtracting from fractions in turn
 * changes no sum, and goes on until one of them is 0 or 1. Rows and columns sum to whole numbers,
 * so in the end all fractions lie on cycles. An open class has at least two fractions, and a graph
 * without cycles has fewer edges than vertices, so after each class fewer classes are open than
 * there are parts. */
struct rounding {
    int parts;
    int64_t unit;                 /* fractions are counted in 1 / unit */
    int64_t *table;               /* classes times parts: rounded down, then up where chosen */
    int room;                     /* the most open classes; vertex room + j is part j */
    int open;                     /* how many are open; vertex i is open class i */
    int64_t *class_of, *fraction; /* of each open class: its number; and of each part */
    int *degree, *path, *place;   /* of each vertex; place: its index in the path, or -1 */
};

static int64_t *edge(const struct rounding *r, int a, int b)
{
    return a < r->room ? &r->fraction[(int64_t)a * r->parts + b - r->room]
                       : &r->fraction[(int64_t)b * r->parts + a - r->room];
}

/* Whether an edge may lie on a cycle: both of its ends still have edges. */
static bool is_alive(const struct rounding *r, int i, int j)
{
    return *edge(r, i, r->room + j) && r->degree[i] && r->degree[r->room + j];
}

/* Counts the edges of vertices, and repeatedly removes the edge of a vertex that has only one.
 * Returns an open class that has some left; -1: there are no cycles. */
static int strip(struct rounding *r)
{
    for (int v = 0; v < r->room + r->parts; v++) r->degree[v] = 0;
    for (int i = 0; i < r->open; i++)
        for (int j = 0; j < r->parts; j++)
            if (*edge(r, i, r->room + j)) r->degree[i]++, r->degree[r->room + j]++;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < r->open; i++)
            for (int j = 0; j < r->parts; j++)
                if (is_alive(r, i, j) && (r->degree[i] == 1 || r->degree[r->room + j] == 1)) {
                    r->degree[i]--, r->degree[r->room + j]--;
                    changed = true;
                }
    }
    for (int i = 0; i < r->open; i++)
        if (r->degree[i]) return i;
    return -1;
}

/* A neighbour of `v` along an edge that is alive, other than `before`. */
static int next_vertex(const struct rounding *r, int v, int before)
{
    bool is_class = v < r->room;
    for (int k = 0; k < (is_class ? r->parts : r->open); k++) {
        int w = is_class ? r->room + k : k;
        if (w != before && (is_class ? is_alive(r, v, k) : is_alive(r, k, v - r->room))) return w;
    }
    return -1;
}

/* Walks from `v` until a vertex is met again, then turns that cycle until a fraction is gone. */
static void turn_cycle(struct rounding *r, int v)
{
    int length = 0, before = -1, first;
    for (int i = 0; i < r->room + r->parts; i++) r->place[i] = -1;
    while (r->place[v] < 0) {
        r->place[v] = length;
        r->path[length++] = v;
        int next = next_vertex(r, v, before);
        before = v;
        v = next;
    }
    first = r->place[v];
    int64_t amount = r->unit;
    for (int k = first; k < length; k++) {
        int64_t size = *edge(r, r->path[k], r->path[k + 1 < length ? k + 1 : first]);
        int64_t most = (k - first) % 2 ? size : r->unit - size;
        if (most < amount) amount = most;
    }
    for (int k = first; k < length; k++) {
        int a = r->path[k], b = r->path[k + 1 < length ? k + 1 : first];
        int64_t *size = edge(r, a, b);
        *size += (k - first) % 2 ? -amount : amount;
        if (*size < r->unit) continue;
        *size = 0;
        int i = a < r->room ? a : b, j = (a < r->room ? b : a) - r->room;
        r->table[r->class_of[i] * r->parts + j]++;
    }
}

/* Adds class `k`, which has `size` rows, and turns the cycles that it makes. */
static void round_class(struct rounding *r, int64_t k, int64_t size, const int64_t *part_sizes)
{
    r->class_of[r->open] = k;
    for (int j = 0; j < r->parts; j++) {
        __int128 product = (__int128)size * part_sizes[j];
        r->table[k * r->parts + j] = (int64_t)(product / r->unit);
        r->fraction[(int64_t)r->open * r->parts + j] = (int64_t)(product % r->unit);
    }
    r->open++;
    for (int v = strip(r); v >= 0; v = strip(r)) turn_cycle(r, v);
    int kept = 0;
    for (int i = 0; i < r->open; i++) {
        int64_t *from = &r->fraction[(int64_t)i * r->parts], any = 0;
        for (int j = 0; j < r->parts; j++) any |= from[j];
        if (!any) continue;
        memmove(&r->fraction[(int64_t)kept * r->parts], from, (size_t)r->parts * sizeof *from);
        r->class_of[kept++] = r->class_of[i];
    }
    r->open = kept;
}

/* Fills `table` (classes times parts) from the sizes of classes and of parts, which both sum to
 * the rows of the set. */
static dg_status round_table(const dg_dataset *set, int parts, const int64_t *part_sizes,
                             int64_t *table)
{
    struct rounding r = { .parts = parts, .unit = dg_dataset_rows(set), .table = table };
    r.room = set->class_count < parts ? (int)set->class_count : parts;
    int64_t vertices = (int64_t)r.room + parts;
    DG_OWNED int64_t *class_sizes = NULL;
    DG_OWNED int64_t *class_of = NULL;
    DG_OWNED int64_t *fraction = NULL;
    DG_OWNED int *of_vertices = NULL;
    DG_TRY(dg_alloc(&class_sizes, set->class_count, sizeof *class_sizes));
    DG_TRY(dg_alloc(&class_of, r.room, sizeof *class_of));
    DG_TRY(dg_alloc(&fraction, (int64_t)r.room * parts, sizeof *fraction));
    DG_TRY(dg_alloc(&of_vertices, 3 * vertices, sizeof *of_vertices));
    r.class_of = class_of;
    r.fraction = fraction;
    r.degree = of_vertices;
    r.path = of_vertices + vertices;
    r.place = r.path + vertices;
    dg_dataset_counts(set, class_sizes);
    for (int64_t k = 0; k < set->class_count; k++) round_class(&r, k, class_sizes[k], part_sizes);
    return DG_OK;
}

static dg_status check_cut(const dg_dataset *set, int how, const char *who)
{
    if (how & DG_SPLIT_STRATIFIED &&
        dg_dataset_want_labels(set, "stratify = true needs labels") != DG_OK)
        return dg_error_context(DG_INVALID, "%s", who);
    if (!(how & DG_SPLIT_GROUPS) || set->groups.storage) return DG_OK;
    return dg_error(DG_INVALID,
                    "%s: groups = true, but the set has no groups: give it some by set:with { "
                    "groups = a tensor of integers, one per row }",
                    who);
}

static bool in_groups(const dg_dataset *set, int how)
{
    return set->groups.storage && !(how & DG_SPLIT_ROWS);
}

/* --- splits --------------------------------------------------------------------------------- */

/* Part i gets the rows rows[begin[i]] .. rows[begin[i + 1] - 1]. */
struct split {
    int64_t *order;   /* the rows, shuffled */
    int32_t *part_of; /* of each row */
    int64_t *rows;
    int64_t *begin;
    int64_t *sizes; /* of parts; then where to put the next row of each part */
    int64_t *table; /* classes times parts: how many rows a part still takes */
};

static void split_release(struct split *p)
{
    dg_free(p->order);
    dg_free(p->part_of);
    dg_free(p->rows);
    dg_free(p->begin);
    dg_free(p->sizes);
    dg_free(p->table);
}

/* Parts fill up class by class, so without this their last rows would all have the same class. */
static void shuffle_parts(struct split *p, int count, uint64_t seed)
{
    for (int j = 0; j < count; j++) {
        int64_t *from = p->rows + p->begin[j], *to = p->order + p->begin[j];
        int64_t rows = p->begin[j + 1] - p->begin[j];
        dg_random_permutation(dg_key(seed, "part", (uint64_t)j), rows, to);
        for (int64_t i = 0; i < rows; i++) to[i] = from[to[i]];
    }
    int64_t *rows = p->order;
    p->order = p->rows;
    p->rows = rows;
}

static dg_status deal_rows(struct split *p, const dg_dataset *set, int count, const double *parts,
                           uint64_t seed, bool stratify)
{
    int64_t rows = dg_dataset_rows(set), classes = stratify ? set->class_count : 1;
    if (count > INT64_MAX / 8 / (classes + 1))
        return dg_error(DG_INVALID, "split: %d parts for %" PRId64 " classes are too many", count,
                        classes);
    DG_TRY(dg_alloc(&p->table, classes * count, sizeof *p->table));
    DG_TRY(dg_split_sizes(count, parts, rows, "rows", p->sizes));
    if (stratify)
        DG_TRY(round_table(set, count, p->sizes, p->table));
    else
        memcpy(p->table, p->sizes, (size_t)count * sizeof *p->table);
    dg_random_permutation(dg_key(seed, "split", 0), rows, p->order);
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = p->order[i], *takes = p->table;
        int32_t part = 0;
        if (stratify) takes += dg_int32s(&set->positions)[row] * (int64_t)count;
        while (takes[part] == 0) part++;
        takes[part]--;
        p->part_of[row] = part;
    }
    return DG_OK;
}

static dg_status plan_split(struct split *p, const dg_dataset *set, int count, const double *parts,
                            uint64_t seed, int how)
{
    int64_t rows = dg_dataset_rows(set);
    bool groups = in_groups(set, how), stratify = how & DG_SPLIT_STRATIFIED;
    DG_TRY(dg_alloc(&p->order, rows, sizeof *p->order));
    DG_TRY(dg_alloc(&p->part_of, rows, sizeof *p->part_of));
    DG_TRY(dg_alloc(&p->rows, rows, sizeof *p->rows));
    DG_TRY(dg_alloc_zero(&p->begin, (int64_t)count + 1, sizeof *p->begin));
    DG_TRY(dg_alloc(&p->sizes, count, sizeof *p->sizes));
    if (groups) {
        DG_TRY(dg_split_groups(p->part_of, set, count, parts, seed, stratify));
        dg_random_permutation(dg_key(seed, "rows", 0), rows, p->order);
    } else {
        DG_TRY(deal_rows(p, set, count, parts, seed, stratify));
    }
    for (int64_t i = 0; i < rows; i++) p->begin[p->part_of[i] + 1]++;
    for (int j = 0; j < count; j++) {
        p->sizes[j] = p->begin[j];
        p->begin[j + 1] += p->begin[j];
    }
    for (int64_t i = 0; i < rows; i++) p->rows[p->sizes[p->part_of[p->order[i]]]++] = p->order[i];
    if (stratify && !groups) shuffle_parts(p, count, seed);
    return DG_OK;
}

dg_status dg_dataset_split(const dg_dataset **out, const dg_dataset *set, int count,
                           const double *parts, uint64_t seed, int how)
{
    DG_CLEANUP(split_release) struct split p = { 0 };
    for (int i = 0; i < count; i++) out[i] = NULL;
    DG_TRY(check_cut(set, how, "split"));
    dg_status status = plan_split(&p, set, count, parts, seed, how);
    for (int i = 0; status == DG_OK && i < count; i++)
        status = dg_dataset_take(&out[i], set, p.rows + p.begin[i], p.begin[i + 1] - p.begin[i]);
    for (int i = 0; status != DG_OK && i < count; i++) {
        dg_dataset_release(out[i]);
        out[i] = NULL;
    }
    return status;
}

/* --- folds ---------------------------------------------------------------------------------- */

/* Sorts `order` by class, and keeps the order within a class. */
static dg_status sort_by_class(const dg_dataset *set, int64_t *order)
{
    int64_t rows = dg_dataset_rows(set), sum = 0;
    const int32_t *positions = dg_int32s(&set->positions);
    DG_OWNED int64_t *begin = NULL;
    DG_OWNED int64_t *sorted = NULL;
    DG_TRY(dg_alloc(&sorted, rows, sizeof *sorted));
    DG_TRY(dg_alloc(&begin, set->class_count, sizeof *begin));
    dg_dataset_counts(set, begin);
    for (int64_t k = 0; k < set->class_count; k++) {
        int64_t size = begin[k];
        begin[k] = sum;
        sum += size;
    }
    for (int64_t i = 0; i < rows; i++) sorted[begin[positions[order[i]]]++] = order[i];
    memcpy(order, sorted, (size_t)rows * sizeof *order);
    return DG_OK;
}

/* Rows are dealt like cards, class by class, so the sizes of folds differ by at most one row, and
 * so do those of each class within them. `fold_of` and `order` have room for the rows. */
static dg_status deal(const dg_dataset *set, int folds, uint64_t seed, bool stratify,
                      int64_t *order, int32_t *fold_of)
{
    int64_t rows = dg_dataset_rows(set);
    uint64_t key = dg_key(seed, "folds", 0);
    dg_random_permutation(key, rows, order);
    if (stratify) DG_TRY(sort_by_class(set, order));
    for (int64_t i = 0; i < rows; i++) fold_of[order[i]] = (int32_t)(i % folds);
    if (stratify) dg_random_permutation(key, rows, order);
    return DG_OK;
}

dg_status dg_dataset_fold(const dg_dataset **training, const dg_dataset **held_out,
                          const dg_dataset *set, int folds, int fold, uint64_t seed, int how)
{
    bool stratify = how & DG_SPLIT_STRATIFIED;
    int64_t rows = dg_dataset_rows(set), trained = 0, held = 0;
    DG_OWNED int64_t *order = NULL;
    DG_OWNED int64_t *chosen = NULL;
    DG_OWNED int32_t *fold_of = NULL;
    DG_OWNED_DATASET first = NULL;
    *training = *held_out = NULL;
    if (folds < 2 || folds > rows)
        return dg_error(DG_INVALID, "folds must be from 2 to %" PRId64 " (the rows), found %d",
                        rows, folds);
    if (fold < 0 || fold >= folds)
        return dg_error(DG_INVALID, "fold %d does not exist: there are %d", fold + 1, folds);
    DG_TRY(check_cut(set, how, "folds"));
    DG_TRY(dg_alloc(&order, rows, sizeof *order));
    DG_TRY(dg_alloc(&chosen, rows, sizeof *chosen));
    DG_TRY(dg_alloc(&fold_of, rows, sizeof *fold_of));
    if (in_groups(set, how)) {
        DG_TRY(dg_fold_groups(fold_of, set, folds, seed, stratify));
        dg_random_permutation(dg_key(seed, "folds", 0), rows, order);
    } else {
        DG_TRY(deal(set, folds, seed, stratify, order, fold_of));
    }
    for (int64_t i = 0; i < rows; i++) /* those held out are filled in from the back */
        chosen[fold_of[order[i]] == fold ? rows - ++held : trained++] = order[i];
    DG_TRY(dg_dataset_take(&first, set, chosen, trained));
    DG_TRY(dg_dataset_take(held_out, set, chosen + trained, held));
    *training = DG_TAKE(first);
    return DG_OK;
}
