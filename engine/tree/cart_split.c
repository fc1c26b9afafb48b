/* The best split of a node.
 *
 * For a column, the rows whose bin is not the common one are collected and linked to their bins
 * (one list per bin, and one bit for each bin that has one), which needs no sorting and no clearing
 * of tables. Then a boundary runs over the bins that occur, from the top down to the common bin and
 * from the bottom up to it; rows that it passes change sides one by one, and with them the
 * impurities of both sides. Rows in the common bin are never touched: in images those are four of
 * five.
 *
 * In a node with many rows they are first counted by bin and class; then whole bins change
 * sides. */
#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/tree/cart_split.h"

/* In nodes with at most this many rows, bins are read from by_row, not by_column: the rows stay in
 * cache down to the leaves. */
enum { FEW_ROWS = 1024 };

/* Impurities: for Gini's, the sum over classes of squared weights; for entropy, of w log2 w. */
struct cart_side {
    double sum, weight;
    int64_t rows;
};

static inline double plogp(const dg_cart *cart, double weight)
{
    if (cart->sample->plogp) return cart->sample->plogp[(int64_t)weight];
    return weight > 0 ? weight * dg_log2_64(weight) : 0;
}

struct cart_change {
    double from, to;
};

/* How the sums of w log2 w change when `w` of a class goes from a side that has `less` of it to one
 * that has `more`. */
DG_KERNEL(struct cart_change, plogp_change, (double less, double more, double w), (less, more, w))
{
    double p[] = { less - w, less, more + w, more };
    for (int i = 0; i < 4; i++) {
        double value = p[i] * dg_log2_64(p[i]);
        p[i] = p[i] > 0 ? value : 0;
    }
    return (struct cart_change){ p[0] - p[1], p[2] - p[3] };
}

static inline struct cart_change table_change(const double *table, double less, double more,
                                              double w)
{
    return (struct cart_change){ table[(int64_t)(less - w)] - table[(int64_t)less],
                                 table[(int64_t)(more + w)] - table[(int64_t)more] };
}

/* --- which bins occur --------------------------------------------------------------------- */

/* Rows of the node whose bin is not common, from the rows' bits, which are few enough to stay in
 * the first cache. Their bins are prefetched. */
static int64_t collect_few(const dg_cart *cart, const dg_cart_node *node, int32_t column,
                           uint32_t *restrict listed)
{
    const dg_bins *bins = cart->sample->bins;
    int64_t count = node->end - node->begin, kept = 0, stride = bins->row_words;
    const uint32_t *row = cart->row + node->begin;
    const uint64_t *bits = bins->row_bits + column / 64;
    const uint8_t *from = bins->by_row + column;
    for (int64_t i = 0; i < count; i++) {
        listed[kept] = row[i];
        kept += bits[row[i] * stride] >> (column % 64) & 1;
    }
    for (int64_t j = 0; j < kept; j++) __builtin_prefetch(from + listed[j] * (int64_t)bins->count);
    return kept;
}

/* The same from the bits of the node and those of the column. */
static int64_t collect_many(const dg_cart *cart, const dg_cart_node *node, int32_t column,
                            uint32_t *restrict listed)
{
    const dg_bins *bins = cart->sample->bins;
    const uint64_t *uncommon = bins->uncommon + column * bins->words;
    const uint8_t *from = bins->by_column + column * bins->rows;
    int64_t kept = 0, last = cart->row[node->end - 1] / 64;
    for (int64_t w = cart->row[node->begin] / 64; w <= last; w++) {
        uint64_t bits = uncommon[w] & cart->member[w];
        if (bits) __builtin_prefetch(from + 64 * w);
        for (; bits; bits &= bits - 1) listed[kept++] = (uint32_t)(64 * w + __builtin_ctzll(bits));
    }
    return kept;
}

static bool has_few(const dg_cart_node *node)
{
    return node->end - node->begin <= FEW_ROWS;
}

static void read_bins(const dg_cart_scan *scan, uint8_t *restrict bin)
{
    const dg_bins *bins = scan->cart->sample->bins;
    bool few = has_few(scan->node);
    int64_t stride = few ? bins->count : 1;
    const uint8_t *from =
        few ? bins->by_row + scan->column : bins->by_column + scan->column * bins->rows;
    for (int64_t j = 0; j < scan->listed; j++) bin[j] = from[scan->row[j] * stride];
}

static void link_rows(dg_cart_scan *scan)
{
    dg_cart *cart = scan->cart;
    for (int64_t j = 0; j < scan->listed; j++) {
        int b = cart->bin[j];
        uint64_t bit = (uint64_t)1 << (b & 63), *word = &scan->occurs[b >> 6];
        cart->next[j] = scan->head[b] | -(int32_t) !(*word & bit); /* -1 ends a list */
        scan->head[b] = (int32_t)j;
        *word |= bit;
    }
}

/* cart->tally is zero except for the bins of the current column. */
static void tally_rows(dg_cart_scan *scan)
{
    dg_cart *cart = scan->cart;
    int64_t classes = cart->sample->classes;
    memset(scan->tally_rows, 0, sizeof scan->tally_rows);
    for (int64_t j = 0; j < scan->listed; j++) {
        int b = cart->bin[j];
        dg_cart_row row = cart->info[scan->row[j]];
        cart->tally[b * classes + row.class] += (double)row.weight;
        scan->tally_rows[b]++;
    }
    for (int b = 0; b < DG_MAX_BINS; b++)
        scan->occurs[b >> 6] |= (uint64_t)(scan->tally_rows[b] > 0) << (b & 63);
}

static void clear_tally(const dg_cart_scan *scan)
{
    int64_t classes = scan->cart->sample->classes;
    for (int i = 0; i < scan->bins; i++)
        memset(scan->cart->tally + scan->order[i] * classes, 0,
               (size_t)classes * sizeof *scan->cart->tally);
}

/* False when all rows are in one bin. */
static bool find_bins(dg_cart_scan *scan)
{
    memset(scan->occurs, 0, sizeof scan->occurs);
    if (scan->tallied)
        tally_rows(scan);
    else
        link_rows(scan);
    dg_cart_list_bins(scan);
    return scan->bins > 1;
}

/* --- the boundary ------------------------------------------------------------------------- */

/* All rows on one side. */
static void fill_sides(dg_cart_scan *scan, struct cart_side *full, struct cart_side *empty)
{
    const dg_cart *cart = scan->cart;
    memset(cart->moved, 0, (size_t)cart->sample->classes * sizeof *cart->moved);
    full->sum = scan->sum;
    full->weight = scan->node->weight;
    full->rows = scan->node->end - scan->node->begin;
    empty->sum = empty->weight = 0;
    empty->rows = 0;
}

/* The same as move_rows, for all rows of a bin at once. */
static inline void move_tally(const dg_cart_scan *scan, int bin, struct cart_side *from,
                              struct cart_side *to)
{
    const dg_cart *cart = scan->cart;
    int64_t classes = cart->sample->classes;
    const double *restrict total = cart->total, *restrict tally = cart->tally + bin * classes;
    double *restrict moved = cart->moved;
    double less_sum[2] = { 0 }, more_sum[2] = { 0 }, weight[2] = { 0 }; /* even, odd classes */
    for (int64_t c = 0; c < classes; c += 2)
        for (int64_t k = 0; k < 2 && c + k < classes; k++) {
            double w = tally[c + k], more = moved[c + k], less = total[c + k] - more;
            less_sum[k] += w * (2 * less - w);
            more_sum[k] += w * (2 * more + w);
            moved[c + k] = more + w;
            weight[k] += w;
        }
    from->sum -= less_sum[0] + less_sum[1];
    to->sum += more_sum[0] + more_sum[1];
    from->weight -= weight[0] + weight[1];
    to->weight += weight[0] + weight[1];
    from->rows -= scan->tally_rows[bin];
    to->rows += scan->tally_rows[bin];
}

/* `moved` has what `to` has of each class; what is left of the total `from` has. */
static inline void move_rows(const dg_cart_scan *scan, int bin, struct cart_side *from,
                             struct cart_side *to, bool entropy)
{
    const dg_cart *cart = scan->cart;
    const double *total = cart->total;
    double *restrict moved = cart->moved;
    double from_sum = from->sum, to_sum = to->sum, weight = 0;
    int64_t rows = 0;
    for (int32_t j = scan->head[bin]; j >= 0; j = cart->next[j], rows++) {
        dg_cart_row row = cart->info[scan->row[j]];
        int32_t c = row.class;
        double w = (double)row.weight, more = moved[c], less = total[c] - more;
        if (entropy) {
            const double *table = cart->sample->plogp;
            struct cart_change change =
                table ? table_change(table, less, more, w) : plogp_change(less, more, w);
            from_sum += change.from;
            to_sum += change.to;
        } else {
            from_sum -= w * (2 * less - w);
            to_sum += w * (2 * more + w);
        }
        moved[c] = more + w;
        weight += w;
    }
    from->sum = from_sum;
    to->sum = to_sum;
    from->weight -= weight;
    to->weight += weight;
    from->rows -= rows;
    to->rows += rows;
}

static inline void move_classes(const dg_cart_scan *scan, int bin, struct cart_side *from,
                                struct cart_side *to, bool entropy)
{
    if (scan->tallied)
        move_tally(scan, bin, from, to);
    else
        move_rows(scan, bin, from, to, entropy);
}

static inline double score_side(const dg_cart *cart, const struct cart_side *side, bool entropy)
{
    return entropy ? side->sum - plogp(cart, side->weight) : side->sum / side->weight;
}

/* The same for both sides, with one division. */
static inline double score_sides(const dg_cart *cart, const struct cart_side *a,
                                 const struct cart_side *b, bool entropy)
{
    if (entropy) return score_side(cart, a, true) + score_side(cart, b, true);
    return (a->sum * b->weight + b->sum * a->weight) / (a->weight * b->weight);
}

/* Judges the boundary between places `left` and `left` + 1 of the order. */
static inline void judge_classes(dg_cart_scan *scan, const struct cart_side *a,
                                 const struct cart_side *b, int left, bool nan_left, bool entropy)
{
    const dg_cart *cart = scan->cart;
    const dg_cart_options *options = cart->options;
    if (dg_cart_too_few(options, a->rows, a->weight) ||
        dg_cart_too_few(options, b->rows, b->weight))
        return;
    dg_cart_offer(scan, score_sides(cart, a, b, entropy), left, nan_left);
}

/* With NaN, if there is any, on the side that `nan_left` says. */
static inline void run_classes(dg_cart_scan *scan, bool nan, bool nan_left, bool entropy)
{
    struct cart_side left, right;
    int top = scan->bins - 1, stop = scan->common < 0 ? 0 : scan->common;
    int numbers_top = nan && nan_left ? top - 1 : top;
    fill_sides(scan, &left, &right);
    for (int i = numbers_top; i > stop; i--) {
        move_classes(scan, scan->order[i], &left, &right, entropy);
        judge_classes(scan, &left, &right, i - 1, nan_left, entropy);
    }
    if (scan->common <= 0) return;
    fill_sides(scan, &right, &left);
    if (nan && nan_left) move_classes(scan, scan->order[top], &right, &left, entropy);
    for (int i = 0; i < scan->common && i < numbers_top; i++) {
        move_classes(scan, scan->order[i], &right, &left, entropy);
        judge_classes(scan, &left, &right, i, nan_left, entropy);
    }
}

/* --- a node ------------------------------------------------------------------------------- */

int64_t dg_cart_count(dg_cart *cart, dg_cart_node *node)
{
    int64_t classes = cart->sample->classes, found = 0;
    if (cart->sample->number) return dg_cart_count_numbers(cart, node);
    memset(cart->total, 0, (size_t)classes * sizeof *cart->total);
    for (int64_t i = node->begin; i < node->end; i++) {
        dg_cart_row row = cart->info[cart->row[i]];
        cart->total[row.class] += (double)row.weight;
    }
    node->weight = 0;
    for (int64_t c = 0; c < classes; c++) {
        node->weight += cart->total[c];
        found += cart->total[c] > 0;
    }
    return found;
}

static double sum_classes(const dg_cart *cart)
{
    double sum = 0;
    for (int64_t c = 0; c < cart->sample->classes; c++) {
        double w = cart->total[c];
        sum += cart->options->entropy ? plogp(cart, w) : w * w;
    }
    return sum;
}

/* A column whose rows are collected. */
struct collected {
    int32_t column; /* -1: none */
    int slot;       /* in `listed` */
    int64_t count;
};

/* NaN, if there is any, is tried on both sides. */
static void run_both(dg_cart_scan *scan, int nan_bin)
{
    bool nan = nan_bin >= 0 && scan->order[scan->bins - 1] == nan_bin;
    if (scan->cart->options->entropy) {
        run_classes(scan, nan, false, true);
        if (nan) run_classes(scan, nan, true, true);
    } else {
        run_classes(scan, nan, false, false);
        if (nan) run_classes(scan, nan, true, false);
    }
}

/* A bin costs about as much as this many rows for each class. */
static bool tally_pays(const dg_cart *cart, int64_t rows)
{
    return cart->tally && !cart->options->entropy && rows >= 32 * cart->sample->classes;
}

/* False when the column is constant in the node. */
static bool scan_column(dg_cart_scan *scan, struct collected it)
{
    if (it.column < 0) return true;
    const dg_bin_column *described = &scan->cart->sample->bins->columns[it.column];
    scan->column = it.column;
    scan->row = scan->cart->listed[it.slot];
    scan->listed = it.count;
    read_bins(scan, scan->cart->bin);
    if (scan->cart->sample->number) return dg_cart_scan_numbers(scan, described->nan_bin);
    scan->tallied = tally_pays(scan->cart, it.count);
    bool varies = find_bins(scan);
    if (varies) run_both(scan, described->nan_bin);
    if (scan->tallied) clear_tally(scan);
    return varies;
}

/* Scans a column one turn late, when its bins have come from memory. Whether it is constant is
 * known at once, except for columns without any row in the common bin. */
static bool take_column(dg_cart_scan *scan, int32_t column, struct collected *waiting)
{
    dg_cart *cart = scan->cart;
    const dg_cart_node *node = scan->node;
    struct collected it = { column, !waiting->slot, 0 };
    uint32_t *listed = cart->listed[it.slot];
    it.count = has_few(node) ? collect_few(cart, node, column, listed)
                             : collect_many(cart, node, column, listed);
    if (it.count == 0) return false;
    scan_column(scan, *waiting);
    *waiting = it;
    if (it.count < node->end - node->begin) return true;
    waiting->column = -1;
    return scan_column(scan, it);
}

static void swap_features(int32_t *list, int64_t a, int64_t b)
{
    int32_t kept = list[a];
    list[a] = list[b];
    list[b] = kept;
}

/* Draws features until max_features were looked at and one of them was not constant. Constant ones
 * gather at the front of the list, in the order known from the parent, drawn now, found now; those
 * that were drawn and are not constant gather at the end. */
static void draw_columns(dg_cart *cart, dg_cart_node *node, dg_cart_scan *scan)
{
    int32_t *features = cart->features;
    int64_t known = node->constants, end = cart->sample->bins->features;
    int64_t drawn = 0, found = 0, visited = 0;
    struct collected waiting = { .column = -1 };
    while (end > known + found &&
           (visited < cart->options->max_features || visited <= found + drawn)) {
        visited++;
        int64_t at =
            drawn + (int64_t)dg_stream_below(&cart->stream, (uint64_t)(end - found - drawn));
        if (at < known) {
            swap_features(features, drawn++, at);
            continue;
        }
        at += found;
        int32_t column = cart->column_of[features[at]];
        if (column < 0 || !take_column(scan, column, &waiting)) {
            swap_features(features, at, known + found++);
            continue;
        }
        swap_features(features, at, --end);
    }
    scan_column(scan, waiting);
    memcpy(features, cart->constant, (size_t)known * sizeof *features);
    memcpy(cart->constant + known, features + known, (size_t)found * sizeof *features);
    node->constants = known + found;
}

/* Sets the bits of the node's rows, or clears them. */
static void mark(const dg_cart *cart, const dg_cart_node *node, bool set)
{
    for (int64_t i = node->begin; i < node->end; i++) {
        uint32_t row = cart->row[i];
        cart->member[row / 64] = set ? cart->member[row / 64] | (uint64_t)1 << (row % 64) : 0;
    }
}

void dg_cart_find_split(dg_cart *cart, dg_cart_node *node)
{
    dg_cart_scan scan = { .cart = cart,
                          .node = node,
                          .best = { .score = -INFINITY, .column = -1 } };
    struct cart_side all = { .weight = node->weight };
    if (cart->sample->number) {
        node->score = cart->total[0] * cart->total[0] / node->weight;
    } else {
        all.sum = scan.sum = sum_classes(cart);
        node->score = score_side(cart, &all, cart->options->entropy);
    }
    if (!has_few(node)) mark(cart, node, true);
    draw_columns(cart, node, &scan);
    if (!has_few(node)) mark(cart, node, false);
    node->split = scan.best;
}
