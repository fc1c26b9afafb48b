/* The bootstrap: how much the difference of two models varies with the rows they are judged on.
 *
 * Resample r draws its rows from Philox at positions (r, 0), (r, 1) ... of one key, so it does not
 * matter which thread draws it. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/metrics/labels.h"

enum { GRAIN = 1 << 19 }; /* draws of a piece */

/* One model: its predictions and, per row, a number whose mean is the metric, or its cell of the
 * confusion matrix. */
struct boot_side {
    dg_judged judged;
    double *scores;
    int32_t *cells;
};

struct bootstrap {
    const dg_metric *metric;
    struct boot_side a, b;
    int64_t rows, resamples, pieces;
    uint64_t key;
    double *differences; /* resamples */
};

/* --- preparing ---------------------------------------------------------------------------- */

static dg_status find_cells(struct boot_side *side)
{
    const dg_judged *judged = &side->judged;
    const dg_confusion *c = &judged->confusion;
    DG_TRY(dg_alloc(&side->cells, judged->rows, sizeof *side->cells));
    for (int64_t row = 0; row < judged->rows; row++)
        side->cells[row] = (int32_t)(dg_confusion_place(c, judged->truth[row]) * c->size +
                                     dg_confusion_place(c, judged->predicted[row]));
    return DG_OK;
}

static dg_status judge_side(struct boot_side *side, const dg_metric *metric, const dg_tensor *truth,
                            const dg_predictions *predictions, double *score)
{
    const dg_metric_type *type = metric->type;
    if (!type->by_row && type->of != DG_OF_CONFUSION && type->target != DG_TARGET_NUMBERS)
        return dg_error(DG_INVALID,
                        "%s is not a mean over rows: choose a metric of labels or numbers, "
                        "log_loss or top_k_accuracy",
                        metric->name);
    DG_TRY(dg_judged_new(&side->judged, type, truth, predictions));
    DG_TRY(dg_metric_compute(score, metric, &side->judged));
    if (type->of == DG_OF_CONFUSION) return find_cells(side);
    if (!type->by_row) return DG_OK;
    DG_TRY(dg_alloc(&side->scores, side->judged.rows, sizeof *side->scores));
    return type->compute(metric->options, &side->judged, side->scores);
}

static void free_side(struct boot_side *side)
{
    dg_free(side->scores);
    dg_free(side->cells);
    dg_judged_free(&side->judged);
}

/* --- resampling --------------------------------------------------------------------------- */

/* The rows of one resample: 64 random bits scaled to 0 .. rows-1. */
static void draw_rows(const struct bootstrap *boot, int64_t resample, int32_t *out)
{
    uint32_t words[4];
    for (int64_t i = 0; i < boot->rows; i += 2) {
        dg_philox(boot->key, (uint64_t)resample, (uint64_t)i / 2, words);
        for (int j = 0; j < 2 && i + j < boot->rows; j++) {
            uint64_t bits = (uint64_t)words[2 * j] << 32 | words[2 * j + 1];
            out[i + j] = (int32_t)(((unsigned __int128)bits * (uint64_t)boot->rows) >> 64);
        }
    }
}

static double mean_difference(const struct bootstrap *boot, const int32_t *drawn)
{
    const double *a = boot->a.scores, *b = boot->b.scores;
    double sum = 0;
    for (int64_t i = 0; i < boot->rows; i++) sum += a[drawn[i]] - b[drawn[i]];
    return sum / (double)boot->rows;
}

/* What a piece works in: the drawn rows of one model, in the form that the metric takes. */
struct boot_scratch {
    int32_t *drawn;
    dg_judged a, b;
};

static dg_status drawn_score(double *out, const struct bootstrap *boot,
                             const struct boot_side *side, const int32_t *drawn, dg_judged *work)
{
    for (int64_t i = 0; i < boot->rows && work->true_numbers; i++) {
        work->true_numbers[i] = side->judged.true_numbers[drawn[i]];
        work->predicted_numbers[i] = side->judged.predicted_numbers[drawn[i]];
    }
    if (side->cells) {
        dg_confusion *c = &work->confusion;
        memset(c->counts, 0, (size_t)(c->size * c->size) * sizeof *c->counts);
        for (int64_t i = 0; i < boot->rows; i++) c->counts[side->cells[drawn[i]]]++;
        dg_confusion_add_up(c);
    }
    return boot->metric->type->compute(boot->metric->options, work, out);
}

static dg_status prepare_work(dg_judged *work, const struct boot_side *side)
{
    const dg_confusion *from = &side->judged.confusion;
    dg_confusion *c = &work->confusion;
    int64_t size = from->size;
    work->rows = side->judged.rows;
    if (!side->cells) {
        DG_TRY(dg_alloc(&work->true_numbers, work->rows, sizeof *work->true_numbers));
        return dg_alloc(&work->predicted_numbers, work->rows, sizeof *work->predicted_numbers);
    }
    c->size = size;
    c->given = from->given;
    DG_TRY(dg_alloc(&c->labels, size, sizeof *c->labels));
    memcpy(c->labels, from->labels, (size_t)size * sizeof *c->labels);
    DG_TRY(dg_alloc(&c->counts, size * size, sizeof *c->counts));
    DG_TRY(dg_alloc(&c->truths, size, sizeof *c->truths));
    return dg_alloc(&c->predictions, size, sizeof *c->predictions);
}

static dg_status prepare_scratch(struct boot_scratch *scratch, const struct bootstrap *boot)
{
    DG_TRY(dg_alloc(&scratch->drawn, boot->rows, sizeof *scratch->drawn));
    if (boot->a.scores) return DG_OK;
    DG_TRY(prepare_work(&scratch->a, &boot->a));
    return prepare_work(&scratch->b, &boot->b);
}

static void free_scratch(struct boot_scratch *scratch)
{
    dg_free(scratch->drawn);
    dg_judged_free(&scratch->a);
    dg_judged_free(&scratch->b);
}

static dg_status bootstrap_piece(void *context, int64_t piece, int worker)
{
    struct bootstrap *boot = context;
    DG_CLEANUP(free_scratch) struct boot_scratch scratch = { 0 };
    (void)worker;
    DG_TRY(prepare_scratch(&scratch, boot));
    int64_t end = dg_piece_begin(boot->resamples, boot->pieces, piece + 1);
    for (int64_t r = dg_piece_begin(boot->resamples, boot->pieces, piece); r < end; r++) {
        double a = 0, b = 0;
        draw_rows(boot, r, scratch.drawn);
        if (boot->a.scores) {
            boot->differences[r] = mean_difference(boot, scratch.drawn);
            continue;
        }
        DG_TRY(drawn_score(&a, boot, &boot->a, scratch.drawn, &scratch.a));
        DG_TRY(drawn_score(&b, boot, &boot->b, scratch.drawn, &scratch.b));
        boot->differences[r] = a - b;
    }
    return DG_OK;
}

/* --- the interval ------------------------------------------------------------------------- */

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* As numpy.quantile: linear between neighbours. */
static double quantile(const double *sorted, int64_t count, double share)
{
    double place = share * (double)(count - 1);
    int64_t below = (int64_t)place;
    if (below >= count - 1) return sorted[count - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

static void free_bootstrap(struct bootstrap *boot)
{
    dg_free(boot->differences);
    free_side(&boot->a);
    free_side(&boot->b);
}

static dg_status resample(dg_bootstrap_result *out, struct bootstrap *boot, double level,
                          const dg_job *job)
{
    DG_TRY(dg_alloc(&boot->differences, boot->resamples, sizeof *boot->differences));
    DG_TRY(dg_parallel(job, boot->pieces, bootstrap_piece, boot));
    for (int64_t r = 0; r < boot->resamples; r++)
        if (isnan(boot->differences[r]))
            return dg_error(DG_INVALID, "%s is not defined for resample %" PRId64 " of the rows",
                            boot->metric->name, r + 1);
    qsort(boot->differences, (size_t)boot->resamples, sizeof *boot->differences, compare_doubles);
    out->low = quantile(boot->differences, boot->resamples, (1 - level) / 2);
    out->high = quantile(boot->differences, boot->resamples, (1 + level) / 2);
    return DG_OK;
}

static dg_status check_options(const dg_bootstrap_options *options)
{
    if (options->resamples < 1 || options->resamples > DG_MAX_RESAMPLES)
        return dg_error(DG_INVALID, "resamples must be 1 to %d, found %" PRId64, DG_MAX_RESAMPLES,
                        options->resamples);
    if (!(options->level > 0 && options->level < 1))
        return dg_error(DG_INVALID, "level must be above 0 and below 1, found %g", options->level);
    return DG_OK;
}

dg_status dg_bootstrap(dg_bootstrap_result *out, const dg_metric *metric, const dg_tensor *truth,
                       const dg_predictions *a, const dg_predictions *b,
                       const dg_bootstrap_options *options, const dg_job *job)
{
    DG_CLEANUP(free_bootstrap)
    struct bootstrap boot = { .metric = metric,
                              .rows = truth->shape[0],
                              .resamples = options->resamples,
                              .key = dg_key(options->seed, "bootstrap", 0) };
    *out = (dg_bootstrap_result){ 0 };
    DG_TRY(check_options(options));
    boot.pieces = dg_pieces(boot.resamples * boot.rows, GRAIN, boot.resamples);
    DG_TRY(judge_side(&boot.a, metric, truth, a, &out->a));
    DG_TRY(judge_side(&boot.b, metric, truth, b, &out->b));
    out->difference = out->a - out->b;
    return resample(out, &boot, options->level, job);
}
