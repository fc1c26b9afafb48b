/* Splits where the targets are numbers: those that lessen the squared error most. With the sum S of
 * the weighted numbers of a side and its weight W, the best split is the one with the greatest sum
 * of S * S / W over both sides. */
#include <string.h>

#include "engine/tree/cart_split.h"

/* cart->sums is all 0 except for the bins of the current column. */
static void sum_bins(dg_cart_scan *scan)
{
    dg_cart *cart = scan->cart;
    memset(scan->occurs, 0, sizeof scan->occurs);
    for (int64_t j = 0; j < scan->listed; j++) {
        int b = cart->bin[j];
        dg_cart_row row = cart->info[scan->row[j]];
        dg_cart_sum *sum = &cart->sums[b];
        sum->weight += (double)row.weight;
        sum->number += (double)row.weight * ((double)row.number - cart->center);
        sum->rows++;
        scan->occurs[b >> 6] |= (uint64_t)1 << (b & 63);
    }
}

static void clear_bins(const dg_cart_scan *scan)
{
    for (int i = 0; i < scan->bins; i++) scan->cart->sums[scan->order[i]] = (dg_cart_sum){ 0 };
}

static inline double score_numbers(const dg_cart_sum *a, const dg_cart_sum *b)
{
    return (a->number * a->number * b->weight + b->number * b->number * a->weight) /
           (a->weight * b->weight);
}

static inline void move_numbers(const dg_cart_scan *scan, int place, dg_cart_sum *from,
                                dg_cart_sum *to)
{
    const dg_cart_sum *sum = &scan->cart->sums[scan->order[place]];
    to->weight += sum->weight;
    to->number += sum->number;
    to->rows += sum->rows;
    from->weight = scan->node->weight - to->weight;
    from->number = scan->cart->total[0] - to->number;
    from->rows -= sum->rows;
}

static inline void judge_numbers(dg_cart_scan *scan, const dg_cart_sum *a, const dg_cart_sum *b,
                                 int left, bool nan_left)
{
    const dg_cart_options *options = scan->cart->options;
    if (dg_cart_too_few(options, a->rows, a->weight) ||
        dg_cart_too_few(options, b->rows, b->weight))
        return;
    if (!(a->weight > 0 && b->weight > 0)) return; /* lost in rounding */
    dg_cart_offer(scan, score_numbers(a, b), left, nan_left);
}

/* As in cart_split.c: from the top down to the common bin and from the bottom up to it, so that the
 * sums of the common bin are never needed; NaN, if there is any, on the side that `nan_left`
 * says. */
static void run_numbers(dg_cart_scan *scan, bool nan, bool nan_left)
{
    dg_cart_sum full = { scan->node->weight, scan->cart->total[0],
                         scan->node->end - scan->node->begin };
    dg_cart_sum left = full, right = { 0 };
    int top = scan->bins - 1, stop = scan->common < 0 ? 0 : scan->common;
    int numbers_top = nan && nan_left ? top - 1 : top;
    for (int i = numbers_top; i > stop; i--) {
        move_numbers(scan, i, &left, &right);
        judge_numbers(scan, &left, &right, i - 1, nan_left);
    }
    if (scan->common <= 0) return;
    right = full;
    left = (dg_cart_sum){ 0 };
    if (nan && nan_left) move_numbers(scan, top, &right, &left);
    for (int i = 0; i < scan->common && i < numbers_top; i++) {
        move_numbers(scan, i, &right, &left);
        judge_numbers(scan, &left, &right, i, nan_left);
    }
}

bool dg_cart_scan_numbers(dg_cart_scan *scan, int nan_bin)
{
    sum_bins(scan);
    dg_cart_list_bins(scan);
    bool varies = scan->bins > 1;
    bool nan = nan_bin >= 0 && scan->order[scan->bins - 1] == nan_bin;
    if (varies) run_numbers(scan, nan, false);
    if (varies && nan) run_numbers(scan, nan, true);
    clear_bins(scan);
    return varies;
}

int64_t dg_cart_count_numbers(dg_cart *cart, dg_cart_node *node)
{
    double sum = 0, squares = 0, weight = 0;
    float first = cart->info[cart->row[node->begin]].number;
    bool same = true;
    for (int64_t i = node->begin; i < node->end; i++) {
        dg_cart_row row = cart->info[cart->row[i]];
        double w = (double)row.weight, number = (double)row.number - cart->center;
        weight += w;
        sum += w * number;
        squares += w * number * number;
        same &= row.number == first;
    }
    node->weight = weight;
    cart->total[0] = sum;
    cart->squares = squares;
    return same ? 1 : 2;
}
