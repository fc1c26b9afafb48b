/* The confusion matrix: how often each label was answered by each. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/data/build.h" /* dg_class_position */
#include "engine/metrics/labels.h"

/* --- labels ------------------------------------------------------------------------------- */

/* Adds the labels of `tensor` to an ascending list with room for DG_MAX_LABELS. */
static dg_status add_labels(int32_t *list, int64_t *count, const dg_tensor *tensor)
{
    const int32_t *labels = dg_int32s(tensor);
    for (int64_t row = 0; row < tensor->shape[0]; row++) {
        if (dg_class_position(list, *count, labels[row]) >= 0) continue;
        if (*count == DG_MAX_LABELS)
            return dg_error(DG_INVALID,
                            "there are more than %d different labels: these are not classes",
                            DG_MAX_LABELS);
        int64_t at = (*count)++;
        for (; at > 0 && list[at - 1] > labels[row]; at--) list[at] = list[at - 1];
        list[at] = labels[row];
    }
    return DG_OK;
}

int64_t dg_confusion_place(const dg_confusion *confusion, int32_t label)
{
    for (int64_t i = 0; i < confusion->size; i++)
        if (confusion->labels[i] == label) return i;
    return -1;
}

static dg_status check_given(int64_t count, const int32_t *labels)
{
    if (count == 0) return dg_error(DG_INVALID, "labels must name at least one label");
    if (count > DG_MAX_LABELS)
        return dg_error(DG_INVALID, "labels must be at most %d, found %" PRId64, DG_MAX_LABELS,
                        count);
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < i; j++)
            if (labels[i] == labels[j])
                return dg_error(DG_INVALID, "labels has %" PRId32 " twice", labels[i]);
    return DG_OK;
}

/* --- counting ----------------------------------------------------------------------------- */

static dg_status allocate_confusion(dg_confusion *c, int64_t size)
{
    c->size = size;
    DG_TRY(dg_alloc(&c->labels, size, sizeof *c->labels));
    DG_TRY(dg_alloc_zero(&c->counts, size * size, sizeof *c->counts));
    DG_TRY(dg_alloc_zero(&c->truths, size, sizeof *c->truths));
    return dg_alloc_zero(&c->predictions, size, sizeof *c->predictions);
}

/* found: all labels of both, ascending; place: of each in the matrix, or -1. */
static void count_rows(dg_confusion *c, const dg_tensor *truth, const dg_tensor *predicted,
                       const int32_t *found, const int64_t *place, int64_t found_count)
{
    for (int64_t row = 0; row < c->rows; row++) {
        int64_t t = place[dg_class_position(found, found_count, dg_int32s(truth)[row])];
        int64_t p = place[dg_class_position(found, found_count, dg_int32s(predicted)[row])];
        c->right += dg_int32s(truth)[row] == dg_int32s(predicted)[row];
        if (t >= 0) c->truths[t]++;
        if (p >= 0) c->predictions[p]++;
        if (t >= 0 && p >= 0) c->counts[t * c->size + p]++;
    }
}

static dg_status fill_confusion(dg_confusion *c, const dg_tensor *truth, const dg_tensor *predicted,
                                int32_t *found, int64_t *place, const int32_t *labels,
                                int64_t label_count)
{
    int64_t count = 0, listed = 0;
    DG_TRY(add_labels(found, &count, truth));
    DG_TRY(add_labels(found, &count, predicted));
    DG_TRY(allocate_confusion(c, labels ? label_count : count));
    memcpy(c->labels, labels ? labels : found, (size_t)c->size * sizeof *labels);
    for (int64_t i = 0; i < count; i++) {
        place[i] = labels ? dg_confusion_place(c, found[i]) : i;
        listed += place[i] >= 0;
    }
    c->rows = truth->shape[0];
    c->given = labels != NULL;
    c->complete = listed == count;
    count_rows(c, truth, predicted, found, place, count);
    return DG_OK;
}

dg_status dg_confusion_new(dg_confusion *out, const dg_tensor *truth, const dg_tensor *predicted,
                           int64_t label_count, const int32_t *labels)
{
    DG_OWNED int32_t *found = NULL;
    DG_OWNED int64_t *place = NULL;
    *out = (dg_confusion){ 0 };
    DG_TRY(dg_labels_check(truth, "truth", predicted, "predicted"));
    if (labels) DG_TRY(check_given(label_count, labels));
    DG_TRY(dg_alloc(&found, DG_MAX_LABELS, sizeof *found));
    DG_TRY(dg_alloc(&place, DG_MAX_LABELS, sizeof *place));
    dg_status status = fill_confusion(out, truth, predicted, found, place, labels, label_count);
    if (status != DG_OK) dg_confusion_free(out);
    return status;
}

void dg_confusion_free(dg_confusion *confusion)
{
    dg_free(confusion->labels);
    dg_free(confusion->counts);
    dg_free(confusion->truths);
    dg_free(confusion->predictions);
    *confusion = (dg_confusion){ 0 };
}

void dg_confusion_add_up(dg_confusion *c)
{
    c->rows = c->right = 0;
    for (int64_t i = 0; i < c->size; i++) c->truths[i] = c->predictions[i] = 0;
    for (int64_t i = 0; i < c->size; i++) {
        for (int64_t j = 0; j < c->size; j++) {
            int64_t count = c->counts[i * c->size + j];
            c->truths[i] += count;
            c->predictions[j] += count;
            c->rows += count;
        }
        c->right += c->counts[i * c->size + i];
    }
}

double dg_listed_sums(const dg_confusion *c, double *truths, double *predictions)
{
    double all = 0;
    for (int64_t i = 0; i < c->size; i++) truths[i] = predictions[i] = 0;
    for (int64_t i = 0; i < c->size; i++) {
        for (int64_t j = 0; j < c->size; j++) {
            double count = (double)c->counts[i * c->size + j];
            truths[i] += count;
            predictions[j] += count;
            all += count;
        }
    }
    return all;
}

double dg_confusion_accuracy(const dg_confusion *c)
{
    int64_t right = 0, all = 0;
    for (int64_t i = 0; i < c->size * c->size; i++) {
        all += c->counts[i];
        if (i / c->size == i % c->size) right += c->counts[i];
    }
    return all ? (double)right / (double)all : NAN;
}

/* --- shares and mistakes ------------------------------------------------------------------ */

dg_status dg_confusion_normalized(dg_tensor *out, const dg_confusion *c, dg_confusion_share share)
{
    DG_OWNED int64_t *sums = NULL;
    int64_t n = c->size, total = 0;
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_alloc_zero(&sums, n, sizeof *sums));
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 2, (int64_t[]){ n, n }));
    for (int64_t i = 0; i < n * n; i++) {
        sums[share == DG_SHARE_OF_TRUTH ? i / n : i % n] += c->counts[i];
        total += c->counts[i];
    }
    for (int64_t i = 0; i < n * n; i++) {
        int64_t of = share == DG_SHARE_OF_TRUTH ? sums[i / n] : sums[i % n];
        if (share == DG_SHARE_OF_ALL) of = total;
        dg_floats(out)[i] = of ? (float)((double)c->counts[i] / (double)of) : 0;
    }
    return DG_OK;
}

struct mistake {
    int64_t place, count;
    double share;
};

static int compare_mistakes(const void *left, const void *right)
{
    const struct mistake *a = left, *b = right;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    if (a->share != b->share) return a->share > b->share ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

/* Those that occurred, in the order of the matrix; list NULL: only counts them. */
static int64_t list_mistakes(struct mistake *list, const dg_confusion *c)
{
    int64_t count = 0;
    for (int64_t i = 0; i < c->size * c->size; i++) {
        int64_t truth = i / c->size;
        if (c->counts[i] == 0 || i % c->size == truth) continue;
        if (list)
            list[count] = (struct mistake){ i, c->counts[i],
                                            (double)c->counts[i] / (double)c->truths[truth] };
        count++;
    }
    return count;
}

dg_status dg_confusion_most(dg_confused_pair **out, int64_t *found, const dg_confusion *c,
                            int64_t most)
{
    DG_OWNED struct mistake *list = NULL;
    int64_t count = list_mistakes(NULL, c);
    *out = NULL;
    *found = 0;
    DG_TRY(dg_alloc(&list, count, sizeof *list));
    list_mistakes(list, c);
    if (count > 0) qsort(list, (size_t)count, sizeof *list, compare_mistakes);
    if (count > most) count = most;
    DG_TRY(dg_alloc(out, count, sizeof **out));
    for (int64_t i = 0; i < count; i++)
        (*out)[i] =
            (dg_confused_pair){ c->labels[list[i].place / c->size],
                                c->labels[list[i].place % c->size], list[i].count, list[i].share };
    *found = count;
    return DG_OK;
}

/* --- the table ---------------------------------------------------------------------------- */

enum { NARROWEST = 5 };

dg_status dg_confusion_text(char **out, const dg_confusion *c, const char *const *names)
{
    static const char corner[] = "truth \\ predicted";
    int first = (int)strlen(corner), width = NARROWEST;
    char word[DG_LABEL_WORD_SIZE];
    dg_text text = { 0 };
    for (int64_t i = 0; i < c->size; i++) {
        int own = dg_letters(dg_label_name(c, names, i, word));
        if (own > first) first = own;
        if (own > width) width = own;
    }
    for (int64_t i = 0; i < c->size * c->size; i++) {
        int own = snprintf(word, sizeof word, "%" PRId64, c->counts[i]);
        if (own > width) width = own;
    }
    dg_add_right(&text, corner, first);
    for (int64_t i = 0; i < c->size; i++)
        dg_add_right(&text, dg_label_name(c, names, i, word), width + 1);
    for (int64_t i = 0; i < c->size; i++) {
        dg_text_add(&text, "\n");
        dg_add_right(&text, dg_label_name(c, names, i, word), first);
        for (int64_t j = 0; j < c->size; j++)
            dg_text_add(&text, " %*" PRId64, width, c->counts[i * c->size + j]);
    }
    return dg_text_take(&text, out);
}
