/* The bootstrap: how far the difference of two models would go with other rows of the same kind.
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

/* One model: a number a row whose mean is the metric, a cell of its confusion matrix a row, or what
 * it predicts and the truth of that. */
struct side {
    double *scores;
    double *truth, *numbers; /* of a metric of numbers */
    int32_t *cells;
    dg_confusion confusion;
};

struct bootstrap {
    const dg_metric *metric;
    struct side a, b;
    int64_t rows, resamples, pieces;
    uint64_t key;
    double *differences; /* resamples */
};

/* --- preparing ---------------------------------------------------------------------------- */

static dg_status find_cells(struct side *side, const dg_tensor *truth, const dg_tensor *labels)
{
    dg_confusion *c = &side->confusion;
    int64_t rows = truth->shape[0];
    DG_TRY(dg_confusion_new(c, truth, labels, 0, NULL));
    DG_TRY(dg_alloc(&side->cells, rows, sizeof *side->cells));
    for (int64_t row = 0; row < rows; row++)
        side->cells[row] = (int32_t)(dg_confusion_place(c, dg_int32s(truth)[row]) * c->size +
                                     dg_confusion_place(c, dg_int32s(labels)[row]));
    return DG_OK;
}

static dg_status judge_labels(struct side *side, const dg_metric *metric, const dg_tensor *truth,
                              const dg_answers *answers)
{
    dg_tensor labels;
    int64_t rows = truth->shape[0];
    DG_TRY(dg_answers_labels(&labels, answers));
    dg_status status = dg_labels_check(truth, "truth", &labels, "the answers");
    if (status == DG_OK && !metric->type->of_matches)
        status = find_cells(side, truth, &labels);
    else if (status == DG_OK)
        status = dg_alloc(&side->scores, rows, sizeof *side->scores);
    for (int64_t row = 0; row < rows && side->scores; row++)
        side->scores[row] = dg_int32s(truth)[row] == dg_int32s(&labels)[row];
    dg_tensor_release(&labels);
    return status;
}

static dg_status judge(struct side *side, const dg_metric *metric, const dg_tensor *truth,
                       const dg_answers *answers)
{
    dg_chances chances;
    if (metric->type->of_numbers)
        return dg_numbers_read(&side->truth, &side->numbers, truth, answers->numbers);
    if (!dg_metric_of_chances(metric)) return judge_labels(side, metric, truth, answers);
    if (!metric->type->of_rows)
        return dg_error(DG_INVALID,
                        "%s is no mean over rows: choose a metric of labels or numbers, "
                        "log_loss or top_k_accuracy",
                        metric->type->name);
    DG_TRY(dg_answers_chances(&chances, metric, truth, answers));
    dg_status status = dg_alloc(&side->scores, chances.rows, sizeof *side->scores);
    if (status == DG_OK) metric->type->of_rows(&chances, metric->k, side->scores);
    dg_chances_free(&chances);
    return status;
}

static void free_side(struct side *side)
{
    dg_free(side->scores);
    dg_free(side->truth);
    dg_free(side->numbers);
    dg_free(side->cells);
    dg_confusion_free(&side->confusion);
}

/* --- resampling --------------------------------------------------------------------------- */

/* The rows of one resample: 64 random bits scaled to 0 .. rows-1. */
static void draw(const struct bootstrap *boot, int64_t resample, int32_t *out)
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

/* What a piece works in. */
struct scratch {
    int32_t *drawn;
    dg_confusion a, b;
    double *truth, *numbers;
};

static double drawn_score(const struct bootstrap *boot, const struct side *side,
                          struct scratch *scratch, dg_confusion *work)
{
    const int32_t *drawn = scratch->drawn;
    for (int64_t i = 0; i < boot->rows && side->numbers; i++) {
        scratch->truth[i] = side->truth[drawn[i]];
        scratch->numbers[i] = side->numbers[drawn[i]];
    }
    if (side->numbers)
        return boot->metric->type->of_numbers(scratch->truth, scratch->numbers, boot->rows);
    memset(work->counts, 0, (size_t)(work->size * work->size) * sizeof *work->counts);
    for (int64_t i = 0; i < boot->rows; i++) work->counts[side->cells[drawn[i]]]++;
    dg_confusion_add_up(work);
    return boot->metric->type->of_confusion(work);
}

static dg_status copy_matrix(dg_confusion *out, const dg_confusion *from)
{
    int64_t size = out->size = from->size;
    out->given = from->given;
    DG_TRY(dg_alloc(&out->counts, size * size, sizeof *out->counts));
    DG_TRY(dg_alloc(&out->truths, size, sizeof *out->truths));
    return dg_alloc(&out->predictions, size, sizeof *out->predictions);
}

static dg_status prepare_scratch(struct scratch *scratch, const struct bootstrap *boot)
{
    DG_TRY(dg_alloc(&scratch->drawn, boot->rows, sizeof *scratch->drawn));
    if (boot->a.scores) return DG_OK;
    if (boot->a.numbers) {
        DG_TRY(dg_alloc(&scratch->truth, boot->rows, sizeof *scratch->truth));
        return dg_alloc(&scratch->numbers, boot->rows, sizeof *scratch->numbers);
    }
    DG_TRY(copy_matrix(&scratch->a, &boot->a.confusion));
    return copy_matrix(&scratch->b, &boot->b.confusion);
}

static dg_status run_piece(void *context, int64_t piece, int worker)
{
    struct bootstrap *boot = context;
    struct scratch scratch = { 0 };
    (void)worker;
    dg_status status = prepare_scratch(&scratch, boot);
    int64_t end = dg_piece_begin(boot->resamples, boot->pieces, piece + 1);
    for (int64_t r = dg_piece_begin(boot->resamples, boot->pieces, piece);
         r < end && status == DG_OK; r++) {
        draw(boot, r, scratch.drawn);
        boot->differences[r] = boot->a.scores
                                   ? mean_difference(boot, scratch.drawn)
                                   : drawn_score(boot, &boot->a, &scratch, &scratch.a) -
                                         drawn_score(boot, &boot->b, &scratch, &scratch.b);
    }
    dg_free(scratch.drawn);
    dg_free(scratch.truth);
    dg_free(scratch.numbers);
    dg_confusion_free(&scratch.a);
    dg_confusion_free(&scratch.b);
    return status;
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

static dg_status resample(dg_bootstrap_result *out, struct bootstrap *boot, double level,
                          const dg_job *job)
{
    DG_TRY(dg_alloc(&boot->differences, boot->resamples, sizeof *boot->differences));
    DG_TRY(dg_parallel(job, boot->pieces, run_piece, boot));
    for (int64_t r = 0; r < boot->resamples; r++)
        if (isnan(boot->differences[r]))
            return dg_error(DG_INVALID, "%s is not defined for resample %" PRId64 " of the rows",
                            boot->metric->type->name, r + 1);
    qsort(boot->differences, (size_t)boot->resamples, sizeof *boot->differences, compare_doubles);
    out->low = quantile(boot->differences, boot->resamples, (1 - level) / 2);
    out->high = quantile(boot->differences, boot->resamples, (1 + level) / 2);
    return DG_OK;
}

static dg_status check_options(const dg_bootstrap_options *options)
{
    if (options->resamples < 1 || options->resamples > DG_MOST_RESAMPLES)
        return dg_error(DG_INVALID, "resamples must be 1 to %d, found %" PRId64, DG_MOST_RESAMPLES,
                        options->resamples);
    if (!(options->level > 0 && options->level < 1))
        return dg_error(DG_INVALID, "level must be above 0 and below 1, found %g", options->level);
    return DG_OK;
}

dg_status dg_bootstrap(dg_bootstrap_result *out, const dg_metric *metric, const dg_tensor *truth,
                       const dg_answers *a, const dg_answers *b,
                       const dg_bootstrap_options *options, const dg_job *job)
{
    struct bootstrap boot = { .metric = metric,
                              .rows = truth->shape[0],
                              .resamples = options->resamples,
                              .key = dg_key(options->seed, "bootstrap", 0) };
    *out = (dg_bootstrap_result){ 0 };
    DG_TRY(check_options(options));
    boot.pieces = dg_pieces(boot.resamples * boot.rows, GRAIN, boot.resamples);
    dg_status status = judge(&boot.a, metric, truth, a);
    if (status == DG_OK) status = judge(&boot.b, metric, truth, b);
    if (status == DG_OK) status = dg_metric_score(&out->a, metric, truth, a);
    if (status == DG_OK) status = dg_metric_score(&out->b, metric, truth, b);
    if (status == DG_OK) status = resample(out, &boot, options->level, job);
    out->difference = out->a - out->b;
    dg_free(boot.differences);
    free_side(&boot.a);
    free_side(&boot.b);
    return status;
}
