/* Labels from what people have, and what follows from comparing them row by row. */
#include "engine/metrics/labels.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/data/dataset.h"

/* Floats, bytes and one-hot rows are read as a dataset reads its labels: rows without values. */
static dg_status read_as_dataset(dg_tensor *out, const dg_tensor *labels)
{
    dg_tensor nothing;
    const dg_dataset *set;
    DG_TRY(dg_tensor_new(&nothing, DG_UINT8, 2, (int64_t[]){ labels->shape[0], 0 }));
    dg_status status = dg_dataset_make(
        &set, &(dg_dataset_fields){ .x = &nothing, .y = labels, .target = DG_TARGET_LABELS });
    dg_tensor_release(&nothing);
    DG_TRY(status);
    *out = dg_tensor_retain(&set->labels);
    dg_dataset_release(set);
    return DG_OK;
}

dg_status dg_labels_read(dg_tensor *out, const dg_tensor *labels, const char *name)
{
    char shape[256];
    *out = (dg_tensor){ 0 };
    if (labels->axes != 1 && labels->axes != 2)
        return dg_error(DG_INVALID,
                        "%s has the shape %s, expected labels {rows}, or one-hot {rows, classes}",
                        name, dg_shape_text(labels->axes, labels->shape, shape, sizeof shape));
    if (labels->dtype == DG_FLOAT32 && labels->shape[0] > 0 &&
        (labels->axes == 1 || labels->shape[1] == 1))
        return dg_error(DG_INVALID,
                        "%s: these are numbers (float32), not labels, which are integers: "
                        "y:astype \"int32\" makes labels of whole numbers; r2 and the errors take "
                        "numbers",
                        name);
    dg_status status = labels->dtype == DG_INT32 && labels->axes == 1
                           ? dg_tensor_contiguous(out, labels)
                           : read_as_dataset(out, labels);
    if (status != DG_INVALID) return status;
    if (labels->axes == 2)
        dg_error(status, "%s; data.labels(probabilities, classes) makes labels of probabilities",
                 dg_error_message());
    return dg_error_context(status, "%s", name);
}

dg_status dg_labels_check(const dg_tensor *truth, const char *truth_name, const dg_tensor *other,
                          const char *other_name)
{
    int64_t rows = truth->shape[0], others = other->shape[0];
    if (rows != others)
        return dg_error(DG_INVALID, "%s has %" PRId64 " rows, but %s has %" PRId64, truth_name,
                        rows, other_name, others);
    if (rows == 0) return dg_error(DG_INVALID, "%s has no rows", truth_name);
    if (rows >= INT32_MAX)
        return dg_error(DG_INVALID, "%" PRId64 " rows are too many: row numbers are int32", rows);
    return DG_OK;
}

static int64_t count_matches(const dg_tensor *truth, const dg_tensor *predicted)
{
    const int32_t *t = dg_int32s(truth), *p = dg_int32s(predicted);
    int64_t same = 0;
    for (int64_t row = 0; row < truth->shape[0]; row++) same += t[row] == p[row];
    return same;
}

dg_status dg_mistakes(dg_tensor *out, const dg_tensor *truth, const dg_tensor *predicted,
                      int origin)
{
    *out = (dg_tensor){ 0 };
    DG_TRY(dg_labels_check(truth, "truth", predicted, "predicted"));
    int64_t rows = truth->shape[0], wrong = rows - count_matches(truth, predicted);
    DG_TRY(dg_tensor_new(out, DG_INT32, 1, &wrong));
    const int32_t *t = dg_int32s(truth), *p = dg_int32s(predicted);
    int32_t *next = dg_int32s(out);
    for (int64_t row = 0; row < rows; row++)
        if (t[row] != p[row]) *next++ = (int32_t)row + origin;
    return DG_OK;
}

/* Up to 128 numbers in eight running sums; longer lists are halved at a multiple of eight. */
double dg_numpy_sum(const double *values, int64_t count)
{
    if (count < 8) {
        double sum = 0;
        for (int64_t i = 0; i < count; i++) sum += values[i];
        return sum;
    }
    if (count > 128) {
        int64_t half = count / 2 - count / 2 % 8;
        return dg_numpy_sum(values, half) + dg_numpy_sum(values + half, count - half);
    }
    double r[8];
    int64_t i = 0;
    for (int j = 0; j < 8; j++) r[j] = values[i++];
    for (; i + 8 <= count; i += 8)
        for (int j = 0; j < 8; j++) r[j] += values[i + j];
    double sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < count; i++) sum += values[i];
    return sum;
}

/* --- words -------------------------------------------------------------------------------- */

const char *dg_label_name(const dg_confusion *confusion, const char *const *names, int64_t place,
                          char word[DG_LABEL_WORD_SIZE])
{
    if (names) return names[place];
    snprintf(word, DG_LABEL_WORD_SIZE, "%" PRId32, confusion->labels[place]);
    return word;
}

int dg_letters(const char *text)
{
    int count = 0;
    for (; *text; text++) count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

void dg_add_right(dg_text *text, const char *word, int width)
{
    int gap = width - dg_letters(word);
    dg_text_add(text, "%*s%s", gap > 0 ? gap : 0, "", word);
}
