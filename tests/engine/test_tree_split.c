/* Bins, histograms and splits of trees against plain loops over the values. */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/tree/boost.h"
#include "engine/tree/cart.h"
#include "engine/tree/objective.h"
#include "tests/engine/trees.h"

static const dg_job two_threads = { .threads = 2 };

static double value_of(const dg_dataset *set, int64_t row, int64_t column)
{
    int64_t at = row * dg_dataset_row_size(set) + column;
    return set->x.dtype == DG_UINT8 ? dg_bytes(&set->x)[at] : (double)dg_floats(&set->x)[at];
}

/* --- bins --------------------------------------------------------------------------------- */

/* What the head of engine/tree/bins.c says of bins. */
static void check_bins(const dg_dataset *set, int max_bins)
{
    dg_bins bins;
    assert_ok(dg_bins_make(&bins, &set->x, NULL, max_bins, &two_threads));
    assert_ok(dg_bins_add_rows(&bins, &two_threads));
    assert_ok(dg_bins_add_blocks(&bins, &two_threads));
    int64_t next = 0, entries = 0, uncommon = 0;
    for (int32_t c = 0; c < bins.count; c++) {
        const dg_bin_column *column = &bins.columns[c];
        const float *low = bins.low + column->first, *high = bins.high + column->first;
        int64_t in_common = 0, in_other[DG_MAX_BINS] = { 0 };
        assert_true(c == 0 || column->feature > column[-1].feature);
        assert_int_equal(column->first, next);
        next += column->bins + (column->nan_bin >= 0);
        assert_in_range(column->bins, 1, max_bins);
        assert_in_range(column->bins + (column->nan_bin >= 0), 2, DG_MAX_BINS);
        for (int b = 1; b < column->bins; b++) assert_true(high[b - 1] < low[b]);
        for (int64_t i = 0; i < bins.rows; i++) {
            double value = value_of(set, i, column->feature);
            int bin = bins.by_column[c * bins.rows + i];
            in_other[bin]++;
            in_common += bin == column->common;
            assert_int_equal(bins.by_row[i * bins.count + c], bin);
            assert_int_equal(bins.uncommon[c * bins.words + i / 64] >> (i % 64) & 1,
                             bin != column->common);
            assert_int_equal(bins.row_bits[i * bins.row_words + c / 64] >> (c % 64) & 1,
                             bin != column->common);
            if (value != value)
                assert_int_equal(bin, column->nan_bin);
            else
                assert_true(value >= (double)low[bin] && value <= (double)high[bin]);
        }
        for (int b = 0; b < column->bins; b++)
            assert_true(in_other[b] > 0 && in_other[b] <= in_common);
        if (column->nan_bin >= 0) assert_true(in_other[column->nan_bin] > 0);
    }
    assert_int_equal(next, bins.total);
    for (int32_t b = 0; b < bins.block_count; b++) {
        const dg_bin_block *block = &bins.blocks[b];
        assert_int_equal(block->first_column, b ? block[-1].end_column : 0);
        assert_int_equal(block->end_bin, b + 1 < bins.block_count ? block[1].first_bin : next);
        entries += block->start[bins.rows];
    }
    if (bins.count) assert_int_equal(bins.blocks[bins.block_count - 1].end_column, bins.count);
    for (int64_t w = 0; w < bins.words * bins.count; w++)
        uncommon += __builtin_popcountll(bins.uncommon[w]);
    assert_int_equal(entries, uncommon);
    dg_bins_free(&bins);
}

static void test_bins_hold_their_values(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        const dg_dataset *set =
            tree_set(i < 2 ? 40 : 700, i % 2 ? 5 : 83, 3, i % 3 == 0, i % 3 == 2, (uint64_t)i);
        check_bins(set, 256);
        check_bins(set, 7);
        dg_dataset_release(set);
    }
}

static void test_a_heavy_value_has_a_bin_of_its_own(void **state)
{
    dg_tensor x;
    dg_bins bins;
    (void)state;
    assert_ok(dg_tensor_new(&x, DG_FLOAT32, 2, (int64_t[]){ 1000, 1 }));
    for (int i = 0; i < 1000; i++) dg_floats(&x)[i] = i < 600 ? 0 : (float)(i - 800) / 7;
    assert_ok(dg_bins_make(&bins, &x, NULL, 16, &two_threads));
    int zero = bins.by_column[0];
    assert_true(bins.low[zero] == 0 && bins.high[zero] == 0);
    assert_int_equal(bins.columns[0].common, zero);
    assert_int_equal(bins.columns[0].bins, 16);
    dg_bins_free(&bins);
    dg_tensor_release(&x);
}

static void test_infinities_are_refused(void **state)
{
    dg_tensor x;
    dg_bins bins;
    (void)state;
    assert_ok(dg_tensor_zeros(&x, DG_FLOAT32, 2, (int64_t[]){ 4, 3 }));
    float *values = dg_floats(&x);
    values[2 * 3 + 1] = -INFINITY;
    assert_fails_with(dg_bins_make(&bins, &x, NULL, 16, &two_threads), DG_INVALID,
                      "row 3, column 2");
    dg_tensor_release(&x);
}

/* --- classifying splits ------------------------------------------------------------------- */

/* The least sum of both sides' Gini impurities, over all columns, boundaries and sides of NaN. */
static double best_by_hand(const dg_dataset *set, int classes)
{
    int64_t rows = dg_dataset_rows(set), columns = dg_dataset_row_size(set);
    double best = INFINITY;
    for (int64_t c = 0; c < columns; c++)
        for (int64_t pivot = 0; pivot < rows; pivot++)
            for (int nan_left = 0; nan_left < 2; nan_left++) {
                double count[2][8] = { { 0 } }, weight[2] = { 0 }, squares[2] = { 0 };
                for (int64_t i = 0; i < rows; i++) {
                    double value = value_of(set, i, c);
                    bool left = value != value ? nan_left : value <= value_of(set, pivot, c);
                    count[left][dg_int32s(&set->positions)[i]]++;
                    weight[left]++;
                }
                if (weight[0] == 0 || weight[1] == 0) continue;
                for (int k = 0; k < classes; k++)
                    for (int side = 0; side < 2; side++)
                        squares[side] += count[side][k] * count[side][k];
                double impurity = (double)rows - squares[0] / weight[0] - squares[1] / weight[1];
                if (impurity < best) best = impurity;
            }
    return best;
}

static void test_the_best_split_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < 24; i++) {
        int classes = 2 + i % 3;
        const dg_dataset *set =
            tree_set(12 + 5 * i, 4, classes, i % 4 == 0, i % 2, 100 + (uint64_t)i);
        dg_learner *tree = tree_learner("DecisionTree", "max_depth=1");
        tree_fit(tree, set, 1);
        const dg_tree *grown = &dg_tree_learner_of(tree)->trees.tree[0];
        double impurity = 0;
        for (int32_t n = 0; n < grown->nodes; n++)
            if (grown->fact[n].leaf >= 0)
                impurity += (double)grown->fact[n].cover * (double)grown->fact[n].weight;
        assert_true(fabs(impurity - best_by_hand(set, classes)) < 1e-4);
        dg_learner_free(tree);
        dg_dataset_release(set);
    }
}

/* --- boosting splits ---------------------------------------------------------------------- */

struct boost_case {
    const dg_dataset *set;
    dg_bins bins;
    int64_t *pair, *scratch;
    uint32_t *row;
    dg_boost_sample sample;
};

/* Random derivatives in thousandths. */
static void make_case(struct boost_case *it, int64_t rows, bool bytes, bool holes, uint64_t seed)
{
    uint64_t state = seed << 32;
    it->set = tree_set(rows, 5, 2, bytes, holes, seed);
    assert_ok(dg_bins_make(&it->bins, &it->set->x, NULL, 256, &two_threads));
    assert_ok(dg_bins_add_blocks(&it->bins, &two_threads));
    assert_ok(dg_alloc(&it->pair, rows, sizeof *it->pair));
    assert_ok(dg_alloc(&it->row, rows, sizeof *it->row));
    assert_ok(dg_alloc(&it->scratch, two_threads.threads * dg_boost_scratch(&it->bins),
                       sizeof *it->scratch));
    for (int64_t i = 0; i < rows; i++) {
        it->row[i] = (uint32_t)i;
        it->pair[i] = dg_boost_pair((int32_t)support_random(&state, 2001) - 1000,
                                    1 + (int32_t)support_random(&state, 500));
    }
    it->sample = (dg_boost_sample){ .bins = &it->bins,
                                    .pair = it->pair,
                                    .gradient_unit = 1e-3,
                                    .hessian_unit = 1e-3,
                                    .count = rows,
                                    .row = it->row };
}

static void free_case(struct boost_case *it)
{
    dg_dataset_release(it->set);
    dg_bins_free(&it->bins);
    dg_free(it->pair);
    dg_free(it->scratch);
    dg_free(it->row);
}

/* The splits of a node of the rows first .. first+count-1, and of `rest`, if it is there. */
static void search_case(const struct boost_case *it, const dg_boost_options *options, int64_t first,
                        int64_t count, dg_boost_node *node, dg_boost_node *rest,
                        const int64_t *parent)
{
    node->wanted = true;
    node->sum = 0;
    for (int64_t i = first; i < first + count; i++) node->sum += it->pair[i];
    assert_ok(dg_boost_search(&it->sample, options, it->row + first, it->pair + first, count, node,
                              rest, parent, it->scratch, &two_threads));
}

static double gain_by_hand(const struct boost_case *it, const dg_boost_options *options)
{
    int64_t rows = it->bins.rows, columns = it->bins.features;
    double best = 0;
    for (int64_t c = 0; c < columns; c++)
        for (int64_t pivot = 0; pivot < rows; pivot++)
            for (int nan_left = 0; nan_left < 2; nan_left++) {
                double g[2] = { 0 }, h[2] = { 0 };
                for (int64_t i = 0; i < rows; i++) {
                    double value = value_of(it->set, i, c);
                    bool left = value != value ? nan_left : value <= value_of(it->set, pivot, c);
                    g[left] += 1e-3 * dg_boost_pair_gradient(it->pair[i]);
                    h[left] += 1e-3 * dg_boost_pair_hessian(it->pair[i]);
                }
                if (h[0] < options->min_child_weight || h[1] < options->min_child_weight) continue;
                double gain = dg_boost_score(options, g[0], h[0]) +
                              dg_boost_score(options, g[1], h[1]) -
                              dg_boost_score(options, g[0] + g[1], h[0] + h[1]);
                if (gain > best) best = gain;
            }
    return best;
}

static void test_the_greatest_gain_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++) {
        struct boost_case it;
        dg_boost_options options = { .learning_rate = 1,
                                     .reg_lambda = i % 3,
                                     .reg_alpha = i % 2,
                                     .min_child_weight = 0.5 + i % 4 };
        dg_boost_node root = { 0 };
        make_case(&it, 30 + 7 * i, i % 3 == 0, i % 3 == 1, 50 + (uint64_t)i);
        search_case(&it, &options, 0, it.bins.rows, &root, NULL, NULL);
        double wanted = gain_by_hand(&it, &options);
        assert_true(wanted > 0);
        assert_true(fabs(root.split.gain - wanted) < 1e-5 * wanted);
        free_case(&it);
    }
}

static void assert_same_split(const dg_boost_split *a, const dg_boost_split *b)
{
    assert_int_equal(a->column, b->column);
    if (a->column < 0) return;
    assert_true(a->gain == b->gain && a->nan_left == b->nan_left && a->left_sum == b->left_sum);
    assert_int_equal(a->left, b->left);
    assert_int_equal(a->right, b->right);
}

/* Returns how many columns are closed. */
static int assert_same_histogram(const dg_bins *bins, const int64_t *a, const int64_t *b)
{
    int closed = 0;
    for (int32_t i = 0; i < bins->count; i++) {
        const dg_bin_column *c = &bins->columns[i];
        size_t size = (size_t)(c->bins + (c->nan_bin >= 0)) * sizeof *a;
        bool is_closed = a[c->first + c->common] == DG_BOOST_CLOSED;
        assert_int_equal(b[c->first + c->common] == DG_BOOST_CLOSED, is_closed);
        if (!is_closed) assert_memory_equal(a + c->first, b + c->first, size);
        closed += is_closed;
    }
    return closed;
}

/* What follows from the parent and the other child is what the rows say. */
static void test_a_sibling_is_the_parent_less_the_other(void **state)
{
    int closed = 0, open = 0;
    (void)state;
    for (int i = 0; i < 24; i++) {
        const dg_boost_options options = { .learning_rate = 1,
                                           .reg_lambda = 1,
                                           .min_child_weight = i % 4 * 5 };
        struct boost_case it;
        int64_t *hist[4];
        make_case(&it, 40 + 9 * i, i % 2, i % 3 == 0, 80 + (uint64_t)i);
        int64_t rows = it.bins.rows, part = rows / 3;
        for (int h = 0; h < 4; h++) assert_ok(dg_alloc(&hist[h], it.bins.total, sizeof **hist));
        dg_boost_node parent = { .hist = hist[0] }, some = { .hist = hist[1] };
        dg_boost_node rest = { .wanted = true, .hist = hist[2] }, plain = { .hist = hist[3] };
        search_case(&it, &options, 0, rows, &parent, NULL, NULL);
        search_case(&it, &options, part, rows - part, &plain, NULL, NULL);
        rest.sum = plain.sum;
        search_case(&it, &options, 0, part, &some, &rest, hist[0]);
        assert_same_split(&rest.split, &plain.split);
        int closed_here = assert_same_histogram(&it.bins, rest.hist, plain.hist);
        closed += closed_here;
        open += it.bins.count - closed_here;
        search_case(&it, &options, 0, part, &plain, NULL, NULL);
        assert_same_split(&some.split, &plain.split);
        assert_same_histogram(&it.bins, some.hist, plain.hist);
        rest.hist = hist[0]; /* in place, and where none is kept */
        some.hist = NULL;
        search_case(&it, &options, 0, part, &some, &rest, hist[0]);
        assert_same_split(&some.split, &plain.split);
        assert_same_histogram(&it.bins, hist[0], hist[2]);
        for (int h = 0; h < 4; h++) dg_free(hist[h]);
        free_case(&it);
    }
    assert_true(closed > 10 && open > 10);
}

/* A column that has too little is closed, and one that a penalty of another order meets is not
 * overlooked: gains as by hand where numbers are far apart. */
static void test_gains_of_all_orders_are_found(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct boost_case it;
        dg_boost_options options = { .learning_rate = 1,
                                     .reg_lambda = i % 2 ? 1e-9 : 1e3,
                                     .reg_alpha = i % 3 == 0 ? 0.25 : 0,
                                     .min_child_weight = i % 4 ? 1e-9 : 3 };
        dg_boost_node root = { 0 };
        make_case(&it, 60 + 7 * i, i % 2, i % 3 == 1, 150 + (uint64_t)i);
        search_case(&it, &options, 0, it.bins.rows, &root, NULL, NULL);
        double wanted = gain_by_hand(&it, &options);
        assert_true(wanted > 0 && fabs(root.split.gain - wanted) < 1e-5 * wanted);
        free_case(&it);
    }
}

/* Leaves of a tree that some rows were drawn for have the values that are best for all rows. */
static void test_leaves_have_the_values_of_all_rows(void **state)
{
    enum { ROWS = 300 };
    const dg_boost_options options = { .max_depth = 3,
                                       .learning_rate = 0.5,
                                       .reg_lambda = 1,
                                       .by_tree = 1,
                                       .by_level = 1,
                                       .by_node = 1 };
    struct boost_case it;
    float g[ROWS], h[ROWS], margin[ROWS] = { 0 };
    dg_tree tree;
    (void)state;
    make_case(&it, ROWS, true, false, 8);
    for (int i = 0; i < ROWS; i++) {
        g[i] = 1e-3f * (float)dg_boost_pair_gradient(it.pair[i]);
        h[i] = 1e-3f * (float)dg_boost_pair_hessian(it.pair[i]);
        if (i % 3 == 0) it.row[i / 3] = (uint32_t)i;
    }
    it.sample.count = ROWS / 3;
    it.sample.gradient = g;
    it.sample.hessian = h;
    assert_ok(dg_boost_grow(&tree, &it.sample, &options, 1, margin, &two_threads));
    assert_true(tree.leaves > 4);
    for (int32_t n = 0; n < tree.nodes; n++) {
        double g_sum = 0, h_sum = 0;
        if (tree.fact[n].leaf < 0) continue;
        for (int i = 0; i < ROWS; i++) {
            if (margin[i] != tree.value[tree.fact[n].leaf]) continue;
            g_sum += (double)g[i];
            h_sum += (double)h[i];
        }
        double wanted = dg_boost_weight(&options, g_sum, h_sum);
        assert_true(fabs((double)tree.fact[n].weight - wanted) < 1e-5);
        assert_true(tree.fact[n].weight == tree.value[tree.fact[n].leaf]);
        assert_true(fabs((double)tree.fact[n].cover - h_sum) < 1e-4);
    }
    dg_tree_free(&tree);
    free_case(&it);
}

/* --- derivatives -------------------------------------------------------------------------- */

static double loss_of(dg_derivatives *d, float *at, float value)
{
    float kept = *at;
    *at = value;
    assert_ok(dg_objective_derive(d, &two_threads));
    *at = kept;
    return d->objective == DG_OBJECTIVE_SQUARED ? d->loss / 2 : d->loss;
}

/* Against central differences; the hessian of softmax is twice the diagonal of the true one, as in
 * XGBoost. */
static void check_derivatives(dg_objective objective, int64_t outputs, bool weighted)
{
    enum { ROWS = 5, MOST = 4 };
    const float step = 0.02f;
    int32_t target[ROWS] = { 0, 1, 1, 0, 1 };
    float number[ROWS] = { 0, 0.5f, -2.25f, 0, 1 };
    float weight[ROWS] = { 1, 2, 0.5f, 3, 1 }, margin[ROWS * MOST], gradient[ROWS * MOST];
    float hessian[ROWS * MOST], g[ROWS * MOST], h[ROWS * MOST];
    double size[MOST], sum[MOST];
    dg_derivatives d = { .objective = objective,
                         .rows = ROWS,
                         .outputs = outputs,
                         .target = target,
                         .number = number,
                         .weight = weighted ? weight : NULL,
                         .margin = margin,
                         .gradient = gradient,
                         .hessian = hessian,
                         .gradient_size = size,
                         .hessian_sum = sum };
    for (int i = 0; i < ROWS * MOST; i++)
        margin[i] = 3 * dg_unit_float(dg_random_word(3, (uint64_t)i)) - 1.5f;
    assert_ok(dg_objective_derive(&d, &two_threads));
    memcpy(g, gradient, sizeof g);
    memcpy(h, hessian, sizeof h);
    double middle = d.objective == DG_OBJECTIVE_SQUARED ? d.loss / 2 : d.loss;
    for (int64_t i = 0; i < ROWS * outputs; i++) {
        double up = loss_of(&d, &margin[i], margin[i] + step);
        double down = loss_of(&d, &margin[i], margin[i] - step);
        double factor = objective == DG_OBJECTIVE_SOFTMAX ? 2 : 1, s = (double)step;
        assert_true(fabs((up - down) / (2 * s) - (double)g[i]) < 1e-3);
        assert_true(fabs(factor * (up - 2 * middle + down) / (s * s) - (double)h[i]) < 2e-2);
    }
}

static void test_derivatives_are_those_of_the_loss(void **state)
{
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        check_derivatives(DG_OBJECTIVE_SOFTMAX, 2, weighted);
        check_derivatives(DG_OBJECTIVE_SOFTMAX, 4, weighted);
        check_derivatives(DG_OBJECTIVE_LOGISTIC, 1, weighted);
        check_derivatives(DG_OBJECTIVE_SQUARED, 1, weighted);
    }
}

struct late_cancel {
    atomic_int *flag;
    int allocations; /* until it is set */
};

static bool cancel_late(void *context, size_t bytes, bool failed)
{
    struct late_cancel *late = context;
    (void)bytes;
    (void)failed;
    if (late->allocations-- == 0) atomic_store(late->flag, 1);
    return false;
}

/* Whatever it is doing when it is asked to stop. */
static void test_a_cancelled_tree_leaves_nothing(void **state)
{
    const dg_boost_options options = { .max_depth = 4,
                                       .learning_rate = 1,
                                       .reg_lambda = 1,
                                       .by_tree = 1,
                                       .by_level = 1,
                                       .by_node = 1 };
    struct boost_case it;
    float margin[200] = { 0 };
    int cancelled = 0;
    dg_status status = DG_CANCELLED;
    (void)state;
    make_case(&it, 200, false, true, 3);
    for (int after = 0; status == DG_CANCELLED; after++) {
        atomic_int flag = 0;
        struct late_cancel late = { &flag, after };
        const dg_job job = { .threads = 1, .cancel = &flag };
        int64_t live = dg_memory_live();
        dg_tree tree;
        dg_memory_set_hook(cancel_late, &late);
        status = dg_boost_grow(&tree, &it.sample, &options, 1, margin, &job);
        dg_memory_set_hook(NULL, NULL);
        assert_true(status == DG_OK || status == DG_CANCELLED);
        cancelled += status == DG_CANCELLED;
        dg_tree_free(&tree);
        assert_int_equal(dg_memory_live(), live);
    }
    assert_in_range(cancelled, 10, 1000);
    free_case(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_bins_hold_their_values),
        leaving_nothing(test_a_heavy_value_has_a_bin_of_its_own),
        leaving_nothing(test_infinities_are_refused),
        leaving_nothing(test_the_best_split_is_found),
        leaving_nothing(test_the_greatest_gain_is_found),
        leaving_nothing(test_a_sibling_is_the_parent_less_the_other),
        leaving_nothing(test_gains_of_all_orders_are_found),
        leaving_nothing(test_leaves_have_the_values_of_all_rows),
        leaving_nothing(test_derivatives_are_those_of_the_loss),
        leaving_nothing(test_a_cancelled_tree_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
